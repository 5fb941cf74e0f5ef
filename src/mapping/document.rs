//! A mapping file as it is written: every key known, nothing resolved yet.

use std::sync::Arc;

use super::custom::Section;
use super::keys::{self, MAPPING, NO_ORIGIN, READ, RULES};
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span, closest};
use crate::yaml::{self, Entry, Fields, Located, Node, Value};

/// A mapping file, with what an overlay puts in the place of its parts.
#[derive(Debug)]
pub struct Document {
    pub(super) file: Arc<SourceFile>,
    pub(super) model: Located<String>,
    pub(super) scripts: Vec<Part<Located<String>>>,
    pub(super) read: Read,
    pub(super) conditions: Vec<Part<NamedText>>,
    pub(super) group: Option<Part<Located<String>>>,
    pub(super) fields: Vec<Part<Field>>,
    pub(super) custom_fields: Option<Part<Section>>,
    pub(super) also: Vec<Part<Located<String>>>,
}

/// A part of a document, and the file that it stands in: the mapping's own or an overlay's.
#[derive(Debug, Clone)]
pub(super) struct Part<T> {
    pub file: Arc<SourceFile>,
    pub value: T,
}

/// What is asked of the source.
#[derive(Debug)]
pub(super) struct Read {
    pub query: Located<String>,
    /// The query that gives one record by its id.
    pub one: Option<Located<String>>,
    pub filter: Option<Part<Located<String>>>,
    pub arguments: Vec<Part<Entry>>,
    /// None where the file asks for no order; whether it may is the source's matter.
    pub sort: Option<Part<Sort>>,
    /// All rows are read each time, though the source could be asked for those that changed.
    pub whole: bool,
    pub span: Span,
}

/// The order in which rows are read.
#[derive(Debug)]
pub(super) struct Sort {
    /// None when they could not be read, which was reported.
    pub keys: Vec<Located<String>>,
    pub span: Span,
}

/// A condition and its name.
#[derive(Debug, Clone)]
pub(super) struct NamedText {
    pub name: Located<String>,
    pub text: Located<String>,
}

/// A field of the model.
#[derive(Debug)]
pub(super) struct Field {
    pub name: Located<String>,
    pub spec: Spec,
    /// Where the mapping's own rule stands that this one, of an overlay, takes the place of.
    pub replaces: Option<Place>,
}

/// What fills a field: alternatives, of which the first that yields something wins.
#[derive(Debug)]
pub(super) struct Spec {
    /// The field's name.
    pub span: Span,
    /// Those that can be read; the others were reported.
    pub rules: Vec<Rule>,
    /// Whether the field is switched off by `null`.
    pub off: bool,
}

/// One origin and its steps.
#[derive(Debug)]
pub(super) struct Rule {
    pub span: Span,
    pub origin: Origin,
    pub each: Option<Located<String>>,
    pub when: Option<Located<String>>,
    pub fit: Option<Fit>,
    pub otherwise: Option<Located<Otherwise>>,
    pub default: Option<Node>,
    pub unique: Option<Located<String>>,
    pub take: Option<Located<String>>,
}

#[derive(Debug)]
pub(super) enum Origin {
    Path(Vec<Located<String>>),
    Join {
        parts: Vec<Located<String>>,
        with: String,
    },
    Value(Node),
    Call {
        function: Located<String>,
        arguments: Vec<Located<String>>,
    },
    Object(Vec<(Located<String>, Spec)>),
    Ref {
        entity: Located<String>,
        paths: Vec<Located<String>>,
    },
    All(Vec<Rule>),
    Members {
        model: Located<String>,
        of: Located<String>,
    },
    /// It was reported.
    Unusable,
}

/// What a value must fit.
#[derive(Debug)]
pub(super) enum Fit {
    Lookup(Located<String>),
    Keywords(Located<String>),
    Kind(Located<String>),
}

/// What becomes of a value that fits nowhere.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Otherwise {
    Keep,
    Null,
    Error,
    Next,
    Value(Node),
}

const FITS: &[&str] = &["lookup", "keywords", "as"];

/// More nested objects and lists than any model has.
const DEEPEST: usize = 8;

impl Document {
    /// Reads a mapping file and reports everything in it that is not of the language.
    pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<Document> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, &MAPPING, file, problems)?;
        let reader = Reader { file, problems };
        let read = fields.require("read").and_then(|node| reader.read(node));
        let has_fields = matches!(fields.require("fields"), Some(Node { value: Value::Map(_), .. }));
        let changes = reader.changes(&fields);
        fields.close();
        Some(Document {
            file: Arc::clone(file),
            model: changes.model?,
            scripts: changes.scripts,
            read: read?,
            conditions: changes.conditions,
            group: changes.group,
            fields: has_fields.then_some(changes.fields)?,
            custom_fields: changes.custom_fields,
            also: changes.also,
        })
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The model that is mapped.
    pub fn model(&self) -> &Located<String> {
        &self.model
    }

    pub(super) fn field(&self, name: &str) -> Option<&Part<Field>> {
        self.fields.iter().find(|part| part.value.name.value == name)
    }
}

impl Reader<'_> {
    /// What mappings and overlays have in common.
    pub(super) fn changes(&self, fields: &Fields<'_>) -> Changes {
        let model = fields.required_text("model");
        let scripts = fields.texts("scripts").into_iter().map(|name| self.part(name)).collect();
        let conditions = self.conditions(fields);
        let group = fields.text("group").map(|path| self.part(path));
        let custom_fields = fields.entry("custom_fields").and_then(|entry| Section::read(entry, self));
        let also = fields.texts("also").into_iter().map(|path| self.part(path)).collect();
        let specs = self.specs(fields.map("fields"), 0).into_iter();
        let specs = specs.map(|(name, spec)| self.part(Field { name, spec, replaces: None })).collect();
        Changes { model, scripts, conditions, group, fields: specs, custom_fields, also }
    }

    /// Named conditions.
    pub(super) fn conditions(&self, fields: &Fields<'_>) -> Vec<Part<NamedText>> {
        let conditions = fields.map("conditions").iter().filter_map(|entry| {
            let text = yaml::text(&entry.value, self.file, self.problems)?;
            Some(self.part(NamedText { name: entry.key.clone(), text }))
        });
        conditions.collect()
    }

    pub(super) fn part<T>(&self, value: T) -> Part<T> {
        Part { file: Arc::clone(self.file), value }
    }
}

/// What is asked of the source, save the query itself.
#[derive(Debug, Default)]
pub(super) struct ReadChanges {
    pub filter: Option<Part<Located<String>>>,
    pub arguments: Vec<Part<Entry>>,
    pub sort: Option<Part<Sort>>,
}

/// The parts of a mapping or an overlay.
#[derive(Debug)]
pub(super) struct Changes {
    pub model: Option<Located<String>>,
    pub scripts: Vec<Part<Located<String>>>,
    pub conditions: Vec<Part<NamedText>>,
    pub group: Option<Part<Located<String>>>,
    pub fields: Vec<Part<Field>>,
    pub custom_fields: Option<Part<Section>>,
    pub also: Vec<Part<Located<String>>>,
}

/// Reads the parts of a mapping or an overlay.
pub(super) struct Reader<'a> {
    pub file: &'a Arc<SourceFile>,
    pub problems: &'a Problems,
}

impl Reader<'_> {
    fn read(&self, node: &Node) -> Option<Read> {
        let fields = Fields::open(node, &READ, self.file, self.problems)?;
        let one = fields.text("one");
        let whole = fields.flag("whole").unwrap_or_default();
        let read = self.read_of(&fields);
        fields.close();
        read.map(|read| Read { one, whole, ..read })
    }

    /// What is asked of the source, of a map that may say more.
    pub(super) fn read_of(&self, fields: &Fields<'_>) -> Option<Read> {
        let query = fields.required_text("query");
        let ReadChanges { filter, arguments, sort } = self.read_changes(fields);
        Some(Read { query: query?, one: None, filter, arguments, sort, whole: false, span: fields.span() })
    }

    /// What mappings and overlays may both say of the read.
    pub(super) fn read_changes(&self, fields: &Fields<'_>) -> ReadChanges {
        let filter = fields.text("where").map(|text| self.part(text));
        let arguments = fields.map("arguments").iter().map(|entry| self.part(entry.clone())).collect();
        let before = self.problems.count();
        let sort = fields.entry("sort").map(|entry| {
            // Whoever names the key wants an order.
            let keys = fields.require("sort").map(|node| yaml::texts(node, self.file, self.problems));
            Sort { keys: keys.unwrap_or_default(), span: entry.key.span }
        });
        if let Some(Sort { keys, span }) = &sort
            && keys.is_empty()
            && self.problems.count() == before
        {
            self.problems.report(
                Problem::error("M0004", "`read` needs `sort`")
                    .at(self.file, *span, "names no key")
                    .help("pages are counted: without a fixed order rows slip through between them"),
            );
        }
        // A key that was misspelt is not missing as well.
        let misspelt = fields.unknown().into_iter().find(|entry| closest(&entry.key.value, ["sort"]).is_some());
        let sort = sort.or_else(|| misspelt.map(|entry| Sort { keys: Vec::new(), span: entry.key.span }));
        ReadChanges { filter, arguments, sort: sort.map(|sort| self.part(sort)) }
    }

    pub(super) fn specs(&self, entries: &[Entry], depth: usize) -> Vec<(Located<String>, Spec)> {
        entries.iter().map(|entry| (entry.key.clone(), self.spec(entry, depth))).collect()
    }

    pub(super) fn spec(&self, entry: &Entry, depth: usize) -> Spec {
        let off = entry.value.value == Value::Null;
        let rules = match &entry.value.value {
            Value::Null => Vec::new(),
            Value::List(items) => {
                if items.is_empty() {
                    self.nothing(
                        "this list of alternatives is empty",
                        entry.value.span,
                        "write `null` to switch the field off",
                    );
                }
                items.iter().filter_map(|item| self.rule(item, depth)).collect()
            }
            _ => self.rule(&entry.value, depth).into_iter().collect(),
        };
        Spec { span: entry.key.span, rules, off }
    }

    fn nothing(&self, message: &str, span: Span, help: &str) {
        self.problems.report(Problem::error("M0007", message).at(self.file, span, "yields nothing").help(help));
    }

    fn rule(&self, node: &Node, depth: usize) -> Option<Rule> {
        if depth > DEEPEST {
            self.problems.report(
                Problem::error("M0006", "rules are nested deeper than any model").at(self.file, node.span, "too deep"),
            );
            return None;
        }
        if let Value::Text(_) = &node.value {
            let path = yaml::text(node, self.file, self.problems)?;
            return Some(Rule {
                span: node.span,
                origin: Origin::Path(vec![path]),
                each: None,
                when: None,
                fit: None,
                otherwise: None,
                default: None,
                unique: None,
                take: None,
            });
        }
        let Value::Map(entries) = &node.value else {
            self.problems.report(
                Problem::error("M0003", format!("a path or a rule is expected here, not {}", node.value.describe()))
                    .at(self.file, node.span, "of the wrong type")
                    .help("a constant is written as `{ value: … }`"),
            );
            return None;
        };
        let origins = origins(entries);
        let keys = origins.first().and_then(|entry| keys::named(&entry.key.value)).unwrap_or(&NO_ORIGIN);
        let fields = Fields::open(node, keys, self.file, self.problems)?;
        let origin = self.origin(&fields, &origins, depth);
        self.strays(&fields);
        let fit = self.fit(&fields, entries);
        let otherwise = fields.entry("otherwise").and_then(|entry| self.otherwise(&entry.value, fit.is_some()));
        let rule = Rule {
            span: entries.first().map_or(node.span, |entry| entry.key.span),
            each: fields.text("each"),
            when: fields.text("when"),
            // A key that nobody knows may have been meant as the table.
            otherwise: otherwise.filter(|_| fit.is_some() || fields.unknown().is_empty()),
            fit,
            default: fields.get("default").cloned(),
            unique: fields.text("unique"),
            take: fields.text("take"),
            origin: origin.unwrap_or(Origin::Unusable),
        };
        fields.close();
        Some(rule)
    }

    /// Keys that go with an origin other than the rule's.
    fn strays(&self, fields: &Fields<'_>) {
        for entry in fields.unknown() {
            let Some((key, origin)) = keys::companion_of(&entry.key.value) else { continue };
            fields.tell(entry);
            self.problems.report(
                Problem::error("M0002", format!("`{key}` goes with `{origin}`"))
                    .at(self.file, entry.key.span, format!("without `{origin}`"))
                    .help(format!("remove it, or write the rule with `{origin}`")),
            );
        }
    }

    /// A rule without a usable origin is reported here and goes on without one, so that its other keys are still
    /// looked at.
    fn origin<'a>(&self, fields: &Fields<'a>, found: &[&'a Entry], depth: usize) -> Option<Origin> {
        for entry in found.iter().skip(1) {
            // A second origin is not unknown as well.
            fields.tell(entry);
        }
        if let [first, second, ..] = found {
            self.problems.report(
                Problem::error("M0007", "a rule has one origin")
                    .at(self.file, second.key.span, format!("`{}` is a second one", second.key.value))
                    .because(Place::new(self.file, first.key.span), format!("`{}` is the first", first.key.value))
                    .help("write alternatives as a list of rules"),
            );
        }
        let Some(entry) = found.first() else {
            self.problems.report(
                Problem::error("M0007", "a rule needs an origin")
                    .at(self.file, fields.span(), "says nowhere what the value comes from")
                    .help(format!("add one of {}", names(RULES.iter().map(keys::name)))),
            );
            return None;
        };
        let node = &entry.value;
        let before = self.problems.count();
        let origin = match entry.key.value.as_str() {
            "path" => Origin::Path(yaml::texts(node, self.file, self.problems)),
            "join" => {
                let with = fields.get("with").and_then(|with| yaml::text(with, self.file, self.problems));
                let with = with.map_or_else(String::new, |with| with.value);
                Origin::Join { parts: yaml::texts(node, self.file, self.problems), with }
            }
            "value" => Origin::Value(node.clone()),
            "call" => {
                let arguments = fields.texts("args");
                Origin::Call { function: yaml::text(node, self.file, self.problems)?, arguments }
            }
            "object" => Origin::Object(self.specs(fields.map("object"), depth + 1)),
            "ref" => {
                let paths = fields.require("path").map(|node| yaml::texts(node, self.file, self.problems));
                Origin::Ref { entity: yaml::text(node, self.file, self.problems)?, paths: paths? }
            }
            "all" => Origin::All(fields.list("all").iter().filter_map(|item| self.rule(item, depth + 1)).collect()),
            _ => {
                let of = fields.required_text("of");
                Origin::Members { model: yaml::text(node, self.file, self.problems)?, of: of? }
            }
        };
        if !origin.is_empty() {
            return Some(origin);
        }
        if self.problems.count() == before {
            let message = format!("`{}` names nothing", entry.key.value);
            self.nothing(&message, entry.key.span, "name at least one thing that fills the field");
        }
        None
    }

    fn fit(&self, fields: &Fields<'_>, entries: &[Entry]) -> Option<Fit> {
        let lookup = fields.text("lookup").map(Fit::Lookup);
        let keywords = fields.text("keywords").map(Fit::Keywords);
        let kind = fields.text("as").map(Fit::Kind);
        let written: Vec<&Entry> = entries.iter().filter(|entry| FITS.contains(&entry.key.value.as_str())).collect();
        if let [first, second, ..] = written[..] {
            self.problems.report(
                Problem::error("M0008", "a rule has one of `lookup`, `keywords` and `as`")
                    .at(self.file, second.key.span, "one too many")
                    .because(Place::new(self.file, first.key.span), "the first")
                    .help("write alternatives as a list of rules"),
            );
        }
        lookup.or(keywords).or(kind)
    }

    fn otherwise(&self, node: &Node, required: bool) -> Option<Located<Otherwise>> {
        let value =
            match &node.value {
                Value::Null => Otherwise::Null,
                Value::Text(text) if text == "keep" => Otherwise::Keep,
                Value::Text(text) if text == "error" => Otherwise::Error,
                Value::Text(text) if text == "next" => Otherwise::Next,
                Value::List(_) | Value::Map(_) => {
                    let is = node.value.describe();
                    self.problems.report(
                        Problem::error("M0003", format!("`otherwise` is keep, null, error, next or a value, not {is}"))
                            .at(self.file, node.span, "of the wrong type"),
                    );
                    // Something was said, so it is not missing as well.
                    required.then_some(Otherwise::Null)?
                }
                _ => Otherwise::Value(node.clone()),
            };
        Some(Located { value, span: node.span })
    }
}

impl Origin {
    fn is_empty(&self) -> bool {
        match self {
            Origin::Path(texts) | Origin::Join { parts: texts, .. } | Origin::Ref { paths: texts, .. } => {
                texts.is_empty()
            }
            Origin::Object(entries) => entries.is_empty(),
            Origin::All(rules) => rules.is_empty(),
            Origin::Value(_) | Origin::Call { .. } | Origin::Members { .. } | Origin::Unusable => false,
        }
    }
}

impl Fit {
    pub(super) fn name(&self) -> &Located<String> {
        match self {
            Fit::Lookup(name) | Fit::Keywords(name) | Fit::Kind(name) => name,
        }
    }
}

/// The entries of a rule that say where its value comes from. Beside `ref`, `path` is no origin of its own.
fn origins(entries: &[Entry]) -> Vec<&Entry> {
    let is_ref = entries.iter().any(|entry| entry.key.value == "ref");
    let is_origin = |key: &str| keys::named(key).is_some() && !(is_ref && key == "path");
    entries.iter().filter(|entry| is_origin(&entry.key.value)).collect()
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
