//! The fields of the schema: root queries, records and pages.

use super::data::{Kind, Language, Record, Scope, Value, WallClock, World, activity_key};
use super::failure::Failure;
use super::faults::Poisoning;
use super::page::{Orders, Paging, Selection};
use super::scopes::Scopes;
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};

/// Sizes of pages when none is asked for.
const PAGE_SIZE: u32 = 20;
const LIST_SIZE: u32 = 100;

/// The data and the orders in which it was already asked for.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) world: World,
    pub(crate) orders: Orders,
}

/// What one request is answered from.
pub(crate) struct Context<'w> {
    pub(crate) tenant: &'w Tenant,
    pub(crate) page_cap: Option<u32>,
    /// How dates without a zone are read in qualifiers.
    pub(crate) clock: WallClock,
    /// Told of every field that is read.
    pub(crate) poison: &'w Poisoning,
    /// What may be asked for.
    pub(crate) scopes: &'w Scopes,
}

/// `Query`.
pub(crate) struct Query<'w>(pub(crate) Context<'w>);

fn text_argument<'a>(arguments: &'a JsonMap, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(JsonValue::as_str)
}

impl Query<'_> {
    /// A record that was written.
    pub(crate) fn written(&self, record: Record, arguments: &JsonMap) -> ResolvedValue<'_> {
        self.object(Language::of_argument(text_argument(arguments, "language")), record)
    }

    /// `crAttachmentFor…By`: the first file of a record whose type has the tag. The record is the argument beside it.
    fn attachment_for(&self, field: &str, arguments: &JsonMap) -> ResolvedValue<'_> {
        let world = &self.0.tenant.world;
        let owner = field.strip_prefix("crAttachmentFor").and_then(|rest| rest.strip_suffix("By"));
        let kind = owner.and_then(Kind::from_name);
        let id = arguments.iter().find(|(name, _)| name.as_str() != "tag").and_then(|(_, id)| id.as_str());
        let found = kind.zip(id).and_then(|(kind, id)| world.find(kind, Scope::All, id));
        let files = found.map(|owner| world.field(owner, "attachments", Language::Dutch));
        let tag = Value::from(text_argument(arguments, "tag").unwrap_or_default().to_owned());
        let is_tagged = |file: &Record| world.follow(*file, "toTypeNode.tag", Language::Dutch).contains(&tag);
        match files {
            Some(Value::Many(files)) => {
                let first = files.into_iter().find(is_tagged);
                first.map_or_else(ResolvedValue::null, |file| self.object(Language::Dutch, file))
            }
            _ => ResolvedValue::null(),
        }
    }

    fn object(&self, language: Language, record: Record) -> ResolvedValue<'_> {
        ResolvedValue::object(RecordObject { context: &self.0, language, record, nested: false })
    }

    fn page(&self, kind: Kind, scope: Scope, arguments: &JsonMap) -> Result<ResolvedValue<'_>, Failure> {
        let Context { tenant, page_cap, clock, .. } = self.0;
        let default = page_cap.map_or(PAGE_SIZE, |cap| cap.min(PAGE_SIZE));
        let paging = Paging::read(arguments.get("pageable"), default, page_cap)?;
        let language = Language::of_argument(text_argument(arguments, "language"));
        let selection = Selection {
            kind,
            scope,
            qualifier: text_argument(arguments, "qualifier").unwrap_or_default().to_owned(),
            clock,
            sort: paging.sort.clone(),
            norestrict: arguments.get("norestrict").and_then(JsonValue::as_bool).unwrap_or(false),
            language,
        };
        let rows = tenant.orders.rows(&tenant.world, &selection)?;
        let items = paging.slice(&rows).iter().map(|&row| Record::new(kind, row)).collect();
        let (context, total) = (&self.0, rows.len());
        Ok(ResolvedValue::object(PageObject { context, language, kind, items, total, paging, nested: false }))
    }

    /// A ready-made search that the sandbox has no answer to.
    fn empty_page(&self, kind: Kind, arguments: &JsonMap) -> Result<ResolvedValue<'_>, Failure> {
        let paging = Paging::read(arguments.get("pageable"), PAGE_SIZE, self.0.page_cap)?;
        let (context, language, items) = (&self.0, Language::Dutch, Vec::new());
        Ok(ResolvedValue::object(PageObject { context, language, kind, items, total: 0, paging, nested: false }))
    }

    /// `crDataNodeListBy`: nodes by the type's identifier or name, by tag and by parent.
    fn data_nodes(&self, arguments: &JsonMap) -> ResolvedValue<'_> {
        let world = &self.0.tenant.world;
        let language = Language::of_argument(text_argument(arguments, "language"));
        let fits = |record: Record, path: &str, argument: &str| {
            let wanted = text_argument(arguments, argument);
            let values = wanted.map(|wanted| (wanted, world.follow(record, path, Language::Dutch)));
            values.is_none_or(|(wanted, values)| values.contains(&Value::from(wanted.to_owned())))
        };
        let of_type = |record| fits(record, "type.identifier", "type") || fits(record, "type.name", "type");
        let nodes = world.rows(Kind::DataNode, Scope::All).map(|row| Record::new(Kind::DataNode, row));
        let found: Vec<Record> = nodes
            .filter(|&node| of_type(node) && fits(node, "tag", "tag") && fits(node, "parentNode._id", "parent"))
            .collect();
        ResolvedValue::list(found.into_iter().map(move |record| self.object(language, record)))
    }
}

fn todos(ekey: &str) -> Scope {
    activity_key(ekey).map_or(Scope::All, Scope::ToDos)
}

fn scope(field: &str, arguments: &JsonMap) -> Scope {
    match (field, text_argument(arguments, "ekey")) {
        ("crContact" | "crContactPage", _) | ("crUser" | "crUserPage", Some("Contact")) => Scope::Contacts,
        ("crUser" | "crUserPage", Some("user")) => Scope::Office,
        ("crNote" | "crNotePage", _) => todos("note"),
        ("crToDo" | "crToDoPage", Some(ekey)) => todos(ekey),
        _ => Scope::All,
    }
}

impl ObjectValue for Query<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    /// What a root field returns follows from its type and arguments; few need a rule of their own.
    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let (name, arguments) = (info.field_name(), info.arguments());
        let type_name = info.field_definition().ty.inner_named_type().as_str();
        let scope = scope(name, arguments);
        let record_type = type_name.strip_suffix("Page").unwrap_or(type_name);
        if Kind::from_name(record_type).is_some() && !self.0.scopes.open(record_type, false) {
            return Err(Failure::denied().into());
        }
        match (name, Kind::from_page_name(type_name), Kind::from_name(type_name)) {
            ("crDataNodeListBy", ..) => Ok(self.data_nodes(arguments)),
            ("crPublicationPageBy", Some(kind), _) => Ok(self.empty_page(kind, arguments)?),
            (name, ..) if name.starts_with("crAttachmentFor") => Ok(self.attachment_for(name, arguments)),
            (_, Some(kind), _) => Ok(self.page(kind, scope, arguments)?),
            (_, None, Some(kind)) => {
                let language = Language::of_argument(text_argument(arguments, "language"));
                let id = text_argument(arguments, "_id");
                let record = id.and_then(|id| self.0.tenant.world.find(kind, scope, id));
                Ok(record.map_or_else(ResolvedValue::null, |record| self.object(language, record)))
            }
            _ => Ok(ResolvedValue::null()),
        }
    }
}

/// A record in an answer.
struct RecordObject<'w> {
    context: &'w Context<'w>,
    language: Language,
    record: Record,
    /// Whether it was reached through another record.
    nested: bool,
}

impl ObjectValue for RecordObject<'_> {
    fn type_name(&self) -> &str {
        self.record.kind.name()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let RecordObject { context, language, record, nested } = *self;
        let world = &context.tenant.world;
        context.poison.reads(world, record, info.field_name(), nested);
        Ok(match world.field(record, info.field_name(), language) {
            Value::Null => ResolvedValue::null(),
            Value::Int(number) => ResolvedValue::leaf(number),
            Value::Float(number) => ResolvedValue::leaf(number),
            Value::Text(text) => ResolvedValue::leaf(text.into_owned()),
            Value::Date(moment) => ResolvedValue::leaf(moment.to_string()),
            Value::Json(json) => ResolvedValue::leaf(json),
            Value::One(record) => ResolvedValue::object(RecordObject { record, nested: true, ..*self }),
            Value::Many(records) => {
                let paging = Paging::read(info.arguments().get("pageable"), LIST_SIZE, context.page_cap)?;
                let type_name = info.field_definition().ty.inner_named_type().as_str();
                let kind = Kind::from_page_name(type_name).ok_or_else(|| self.unknown_field_error(info))?;
                let (items, total) = (paging.slice(&records).to_vec(), records.len());
                ResolvedValue::object(PageObject { context, language, kind, items, total, paging, nested: true })
            }
        })
    }
}

/// A page in an answer.
struct PageObject<'w> {
    context: &'w Context<'w>,
    language: Language,
    nested: bool,
    kind: Kind,
    items: Vec<Record>,
    total: usize,
    paging: Paging,
}

impl ObjectValue for PageObject<'_> {
    fn type_name(&self) -> &str {
        self.kind.page_name()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let pages = self.total.div_ceil(self.paging.size);
        let count = |number: usize| ResolvedValue::leaf(number as i64);
        Ok(match info.field_name() {
            "first" => ResolvedValue::leaf(self.paging.page == 0),
            "last" => ResolvedValue::leaf(self.paging.page + 1 >= pages),
            "numberOfElements" => count(self.items.len()),
            "page" => count(self.paging.page),
            "size" => count(self.paging.size),
            "sort" => ResolvedValue::leaf(self.paging.sort_text()),
            "totalElements" => count(self.total),
            "totalPages" => count(pages),
            "items" => {
                let (context, language, nested) = (self.context, self.language, self.nested);
                let object =
                    move |&record: &Record| ResolvedValue::object(RecordObject { context, language, record, nested });
                ResolvedValue::list(self.items.iter().map(object))
            }
            _ => return Err(self.unknown_field_error(info)),
        })
    }
}
