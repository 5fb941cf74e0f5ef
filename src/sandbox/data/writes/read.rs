//! Request objects, read against the schema and the tenant. Nothing is changed here.

use super::super::made::key_fields;
use super::super::{SCHEMA, absent};
use super::draft::{Draft, Write};
use super::{Failure, Kind, Moment, Record, Scope, Value, World, field_definition, id, unknown, widths};
use apollo_compiler::schema::{InputObjectType, Type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

/// Members of request objects that say what is done with them.
const CONTROL: &[&str] = &["_id", "_kind", "_lookup", "_remove"];

/// Members that the source works out by itself; what a client gives is passed over.
const KEPT_BY_THE_SOURCE: &[&str] = &["modificationDate", "notesHash", "contentHash"];

/// Members that are no fields of the type: the field that holds what is written there.
const OTHER_NAMES: &[(&str, &str)] = &[("unsavedContent", "content"), ("clearNotes", "notesAsTextConvertedFromHTML")];

/// Reads the objects of one request.
pub(super) struct Reader<'w> {
    world: &'w World,
}

/// The relation that an object stands in.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) kind: Kind,
    /// The record that has the relation, unless it is new too.
    pub(super) record: Option<Record>,
    pub(super) field: &'p str,
    /// Whether the object is an item of a list.
    pub(super) is_item: bool,
}

impl<'w> Reader<'w> {
    pub(super) fn of(world: &'w World) -> Reader<'w> {
        Reader { world }
    }

    /// The request of a mutation about one record, or about a new one.
    pub(super) fn root(
        &self,
        kind: Kind,
        request: &Map<String, Json>,
        record: Option<Record>,
    ) -> Result<Draft, Failure> {
        if let Some(id) = id(request, "_id")
            && record.is_none_or(|record| self.world.id(record) != id)
        {
            return Err(Failure::bad_request(&format!("request._id: '{id}' is not the record that is written")));
        }
        self.draft(kind, request, record, None)
    }

    /// An object of a request, about a record or about a new one.
    pub(super) fn draft(
        &self,
        kind: Kind,
        request: &Map<String, Json>,
        record: Option<Record>,
        place: Option<Place<'_>>,
    ) -> Result<Draft, Failure> {
        match request.get("_kind").and_then(Json::as_str) {
            Some(name) if name == kind.name() => {}
            Some(name) => return Err(Failure::bad_request(&format!("_kind: expected {}, got {name}", kind.name()))),
            None => return Err(Failure::bad_request(&format!("_kind: a {} must name its type", kind.name()))),
        }
        let input = format!("{}Request", kind.name());
        let input: &InputObjectType = SCHEMA
            .get_input_object(&input)
            .ok_or_else(|| Failure::bad_request(&format!("{} cannot be written", kind.name())))?;
        let mut draft = Draft::of(kind, record);
        for (name, value) in request {
            if CONTROL.contains(&name.as_str())
                || KEPT_BY_THE_SOURCE.contains(&name.as_str())
                || key_fields(kind).contains(&name.as_str())
            {
                continue;
            }
            let definition = input
                .fields
                .get(name.as_str())
                .ok_or_else(|| Failure::bad_request(&format!("{} has no field `{name}`", input.name)))?;
            let write = self.write((kind, record), name, &definition.ty, value)?;
            let name = OTHER_NAMES.iter().find(|(other, _)| other == name).map_or(name.as_str(), |(_, field)| field);
            draft.writes.push((name.to_owned(), write));
        }
        if record.is_none() {
            self.demand(&draft, place)?;
        }
        if kind == Kind::Match {
            self.world.check_match(&draft, place.filter(|place| place.is_item))?;
        }
        Ok(draft)
    }

    /// Whether a new record has all that it must have.
    fn demand(&self, draft: &Draft, place: Option<Place<'_>>) -> Result<(), Failure> {
        let Some(object) = SCHEMA.get_object(draft.kind.name()) else { return Ok(()) };
        let is_parent = |name: &str| {
            let target =
                field_definition(draft.kind, name).and_then(|field| Kind::from_name(field.ty.inner_named_type()));
            place.is_some_and(|place| place.is_item && Some(place.kind) == target)
        };
        // The source makes these by itself, and a match through a publication is on its vacancy.
        let follows = |name: &str| match (draft.kind, name) {
            (Kind::Employee, "toUser") => true,
            (Kind::Match, "toVacancy") => draft.gives("toPublication"),
            (Kind::DataNode, "type") => draft.gives("parentNodes"),
            _ => KEPT_BY_THE_SOURCE.contains(&name),
        };
        let missing = object.fields.iter().find(|(name, field)| {
            !name.starts_with('_')
                && field.ty.is_non_null()
                && absent(draft.kind, name) == Value::Null
                && !(draft.gives(name) || is_parent(name) || follows(name))
        });
        match missing {
            Some((name, _)) => Err(Failure::bad_request(&not_null(draft.kind, name))),
            None => Ok(()),
        }
    }

    fn write(
        &self,
        (kind, record): (Kind, Option<Record>),
        name: &str,
        ty: &Type,
        value: &Json,
    ) -> Result<Write, Failure> {
        let type_name = ty.inner_named_type().as_str();
        if let Some(target) = type_name.strip_suffix("PageRequest").and_then(Kind::from_name) {
            return self.items(Place { kind, record, field: name, is_item: true }, target, value);
        }
        if let Some(target) = type_name.strip_suffix("Request").and_then(Kind::from_name) {
            let place = Place { kind, record, field: name, is_item: false };
            let linked = self.reference(place, target, value)?;
            let must_be = field_definition(kind, name).is_some_and(|field| field.ty.is_non_null());
            if linked.is_none() && must_be {
                return Err(Failure::bad_request(&not_null(kind, name)));
            }
            return Ok(Write::One(linked.map(Box::new)));
        }
        self.scalar(kind, name, type_name, value)
    }

    fn items(&self, place: Place<'_>, target: Kind, value: &Json) -> Result<Write, Failure> {
        let items = match value.get("items") {
            _ if value.is_null() => return Ok(Write::Many(Vec::new())),
            Some(Json::Array(items)) => items.as_slice(),
            Some(item) => std::slice::from_ref(item),
            None => return Err(Failure::bad_request(&format!("{}.items is missing", place.field))),
        };
        let drafts = items.iter().map(|item| self.reference(place, target, item));
        Ok(Write::Many(drafts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()))
    }

    /// An object in a relation: a link, a change of what is linked, or a new record; none for a null.
    fn reference(&self, place: Place<'_>, target: Kind, value: &Json) -> Result<Option<Draft>, Failure> {
        let Some(request) = value.as_object() else { return Ok(None) };
        let remove = request.get("_remove").and_then(Json::as_bool).unwrap_or(false);
        if remove && !place.is_item {
            return Ok(None);
        }
        let record = match (id(request, "_id"), request.get("_lookup").and_then(Json::as_object)) {
            (Some(id), _) => {
                let found = self.world.find(target, Scope::All, &id);
                Some(found.ok_or_else(|| unknown(target, &id))?)
            }
            (None, Some(lookup)) => {
                let member = |name| id(lookup, name).unwrap_or_default();
                if target != Kind::DataNode {
                    let problem = format!("{}: only CRDataNode can be looked up", place.field);
                    return Err(Failure::bad_request(&problem));
                }
                match self.world.look_up((place.kind, place.field), &member("key"), &member("value")) {
                    Err(_) if self.world.habits.failed_lookups_are_null => return Ok(None),
                    found => Some(found?),
                }
            }
            (None, None) => None,
        };
        if remove && record.is_none() {
            let problem = format!("{}: `_remove` needs the `_id` of what is removed", place.field);
            return Err(Failure::bad_request(&problem));
        }
        let mut draft = self.draft(target, request, record, Some(place))?;
        draft.remove = remove;
        Ok(Some(draft))
    }

    fn scalar(&self, kind: Kind, name: &str, type_name: &str, value: &Json) -> Result<Write, Failure> {
        let unfit = || Failure::bad_request(&format!("{}.{name}: {value} is no {type_name}", kind.name()));
        if type_name == "NSData" {
            return match value {
                Json::Null => Ok(Write::Content(None)),
                Json::String(text) => {
                    let bytes = STANDARD
                        .decode(text)
                        .map_err(|_| Failure::bad_request(&format!("{}.{name}: this is not base64", kind.name())))?;
                    Ok(Write::Content(Some(bytes)))
                }
                _ => Err(unfit()),
            };
        }
        if value.is_null() {
            let must_be = field_definition(kind, name).is_some_and(|field| field.ty.is_non_null());
            return match must_be {
                true => Err(Failure::bad_request(&not_null(kind, name))),
                false => Ok(Write::Value(Value::Null)),
            };
        }
        Ok(Write::Value(match (type_name, value) {
            ("Int", Json::Number(number)) => Value::Int(number.as_i64().ok_or_else(unfit)?),
            ("Float", Json::Number(number)) => Value::Float(number.as_f64().ok_or_else(unfit)?),
            ("String", Json::String(text)) => Value::from(self.fitting(kind, name, text)?),
            ("NSCalendarDate", Json::String(text)) => Value::Date(Moment::parse(text).ok_or_else(unfit)?),
            ("NSDictionary", Json::Object(members)) if name.ends_with("Partial") => {
                return Ok(Write::Merge(dictionary(members)));
            }
            ("NSDictionary", Json::Object(members)) => {
                let mut members = dictionary(members);
                members.retain(|_, value| !value.is_null());
                Value::Json(Json::Object(members))
            }
            ("NSArray", Json::Array(_)) => Value::Json(value.clone()),
            _ => return Err(unfit()),
        }))
    }

    fn fitting(&self, kind: Kind, name: &str, text: &str) -> Result<String, Failure> {
        match widths::of(kind, name) {
            Some(width) if text.chars().count() > width => match self.world.habits.long_texts_are_cut {
                true => Ok(text.chars().take(width).collect()),
                false => {
                    let problem = format!(
                        "The {name} property of {} exceeds the maximum length of {width} characters",
                        kind.name()
                    );
                    Err(Failure::bad_request(&problem))
                }
            },
            _ => Ok(text.to_owned()),
        }
    }
}

fn not_null(kind: Kind, name: &str) -> String {
    format!("The {name} property of {} must not be null", kind.name())
}

/// A dictionary as it is kept: keys are XML names, so numbers get an underscore, and plain values are texts.
fn dictionary(members: &Map<String, Json>) -> Map<String, Json> {
    let key = |name: &str| match name.starts_with(|first: char| first.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name.to_owned(),
    };
    members.iter().map(|(name, value)| (key(name), as_texts(value))).collect()
}

fn as_texts(value: &Json) -> Json {
    match value {
        Json::Number(number) => number.to_string().into(),
        Json::Bool(flag) => i32::from(*flag).to_string().into(),
        Json::Array(items) => items.iter().map(as_texts).collect(),
        Json::Object(members) => Json::Object(dictionary(members)),
        Json::Null | Json::String(_) => value.clone(),
    }
}
