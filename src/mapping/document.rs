//! A mapping file as it is written: every key known, nothing resolved yet.

use std::sync::Arc;

use crate::diagnostics::{Problem, Problems, SourceFile, Span};
use crate::yaml::{self, Entry, Fields, Located, Node, Value};

/// A mapping file.
#[derive(Debug)]
pub struct Document {
    pub(super) file: Arc<SourceFile>,
    pub(super) model: Located<String>,
    pub(super) scripts: Vec<Located<String>>,
    pub(super) read: Read,
    pub(super) conditions: Vec<(Located<String>, Located<String>)>,
    pub(super) group: Option<Located<String>>,
    pub(super) fields: Vec<(Located<String>, Spec)>,
    pub(super) also: Vec<Located<String>>,
}

/// What is asked of the source.
#[derive(Debug)]
pub(super) struct Read {
    pub query: Located<String>,
    pub filter: Option<Located<String>>,
    pub arguments: Vec<Entry>,
    pub sort: Vec<Located<String>>,
}

/// What fills a field: alternatives, of which the first that yields something wins. None of them: switched off.
#[derive(Debug)]
pub(super) struct Spec {
    pub rules: Vec<Rule>,
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
}

#[derive(Debug)]
pub(super) enum Origin {
    Path(Vec<Located<String>>),
    Join { parts: Vec<Located<String>>, with: String },
    Value(Node),
    Call { function: Located<String>, arguments: Vec<Located<String>> },
    Object(Vec<(Located<String>, Spec)>),
    Ref { entity: Located<String>, paths: Vec<Located<String>> },
    All(Vec<Rule>),
    Members { model: Located<String>, of: Located<String> },
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

const ORIGINS: &[&str] = &["path", "join", "value", "call", "object", "ref", "all", "members"];

/// More nested objects and lists than any model has.
const DEEPEST: usize = 8;

impl Document {
    /// Reads a mapping file and reports everything in it that is not of the language.
    pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<Document> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, "a mapping", file, problems)?;
        let reader = Reader { file, problems };
        let model = fields.required_text("model");
        let scripts = fields.texts("scripts");
        let read = fields.require("read").and_then(|node| reader.read(node));
        let conditions = fields
            .map("conditions")
            .iter()
            .filter_map(|entry| Some((entry.key.clone(), yaml::text(&entry.value, file, problems)?)))
            .collect();
        let group = fields.text("group");
        let also = fields.texts("also");
        let specs = match fields.require("fields") {
            Some(Node { value: Value::Map(_), .. }) => Some(reader.specs(fields.map("fields"), 0)),
            Some(_) => {
                fields.map("fields");
                None
            }
            None => None,
        };
        fields.close();
        Some(Document {
            file: Arc::clone(file),
            model: model?,
            scripts,
            read: read?,
            conditions,
            group,
            fields: specs?,
            also,
        })
    }

    /// The model that is mapped.
    pub fn model(&self) -> &Located<String> {
        &self.model
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    problems: &'a Problems,
}

impl Reader<'_> {
    fn read(&self, node: &Node) -> Option<Read> {
        let fields = Fields::open(node, "`read`", self.file, self.problems)?;
        let query = fields.required_text("query");
        let filter = fields.text("where");
        let arguments = fields.map("arguments").to_vec();
        fields.require("sort");
        let sort = fields.texts("sort");
        fields.close();
        Some(Read { query: query?, filter, arguments, sort })
    }

    fn specs(&self, entries: &[Entry], depth: usize) -> Vec<(Located<String>, Spec)> {
        entries.iter().map(|entry| (entry.key.clone(), self.spec(entry, depth))).collect()
    }

    fn spec(&self, entry: &Entry, depth: usize) -> Spec {
        let rules = match &entry.value.value {
            Value::Null => Vec::new(),
            Value::List(items) => items.iter().filter_map(|item| self.rule(item, depth)).collect(),
            _ => self.rule(&entry.value, depth).into_iter().collect(),
        };
        Spec { rules }
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
        let fields = Fields::open(node, "a rule", self.file, self.problems)?;
        let origin = self.origin(&fields, entries, depth);
        let rule = Rule {
            span: entries.first().map_or(node.span, |entry| entry.key.span),
            each: fields.text("each"),
            when: fields.text("when"),
            fit: self.fit(&fields),
            otherwise: fields.entry("otherwise").and_then(|entry| self.otherwise(&entry.value)),
            default: fields.get("default").cloned(),
            unique: fields.text("unique"),
            origin: origin.unwrap_or(Origin::All(Vec::new())),
        };
        fields.close();
        Some(rule)
    }

    /// A rule without a usable origin is reported here and goes on as an empty one, so that its other keys are
    /// still looked at.
    fn origin(&self, fields: &Fields<'_>, entries: &[Entry], depth: usize) -> Option<Origin> {
        let is_ref = entries.iter().any(|entry| entry.key.value == "ref");
        let found: Vec<&Entry> = entries
            .iter()
            .filter(|entry| ORIGINS.contains(&entry.key.value.as_str()) && !(is_ref && entry.key.value == "path"))
            .collect();
        for entry in &found {
            // Known keys, so that a second origin is not called unknown as well.
            let key = ORIGINS.iter().find(|key| **key == entry.key.value).expect("filtered by this list");
            fields.entry(key);
        }
        if let [first, second, ..] = found[..] {
            self.problems.report(
                Problem::error("M0007", "a rule has one origin")
                    .at(self.file, second.key.span, format!("`{}` is a second one", second.key.value))
                    .because(
                        crate::diagnostics::Place::new(self.file, first.key.span),
                        format!("`{}` is the first", first.key.value),
                    )
                    .help("write alternatives as a list of rules"),
            );
        }
        let Some(entry) = found.first() else {
            self.problems.report(
                Problem::error("M0007", "a rule needs an origin")
                    .at(self.file, fields.span(), "says nowhere what the value comes from")
                    .help(format!("add one of {}", names(ORIGINS))),
            );
            return None;
        };
        let node = &entry.value;
        Some(match entry.key.value.as_str() {
            "path" => Origin::Path(yaml::texts(node, self.file, self.problems)),
            "join" => Origin::Join {
                parts: yaml::texts(node, self.file, self.problems),
                with: fields.text("with").map_or_else(String::new, |with| with.value),
            },
            "value" => Origin::Value(node.clone()),
            "call" => {
                Origin::Call { function: yaml::text(node, self.file, self.problems)?, arguments: fields.texts("args") }
            }
            "object" => match &node.value {
                Value::Map(entries) => Origin::Object(self.specs(entries, depth + 1)),
                _ => {
                    fields.map("object");
                    return None;
                }
            },
            "ref" => {
                fields.require("path");
                Origin::Ref { entity: yaml::text(node, self.file, self.problems)?, paths: fields.texts("path") }
            }
            "all" => Origin::All(fields.list("all").iter().filter_map(|item| self.rule(item, depth + 1)).collect()),
            _ => {
                Origin::Members { model: yaml::text(node, self.file, self.problems)?, of: fields.required_text("of")? }
            }
        })
    }

    fn fit(&self, fields: &Fields<'_>) -> Option<Fit> {
        let lookup = fields.text("lookup").map(Fit::Lookup);
        let keywords = fields.text("keywords").map(Fit::Keywords);
        let kind = fields.text("as").map(Fit::Kind);
        let mut found = [lookup, keywords, kind].into_iter().flatten();
        let first = found.next();
        if let Some(second) = found.next() {
            self.problems.report(
                Problem::error("M0008", "a rule has one of `lookup`, `keywords` and `as`")
                    .at(self.file, second.name().span, "one too many")
                    .help("write alternatives as a list of rules"),
            );
        }
        first
    }

    fn otherwise(&self, node: &Node) -> Option<Located<Otherwise>> {
        let value = match &node.value {
            Value::Null => Otherwise::Null,
            Value::Text(text) if text == "keep" => Otherwise::Keep,
            Value::Text(text) if text == "error" => Otherwise::Error,
            Value::Text(text) if text == "next" => Otherwise::Next,
            Value::List(_) | Value::Map(_) => {
                self.problems.report(Problem::error("M0003", "`otherwise` is keep, next, null, error or a value").at(
                    self.file,
                    node.span,
                    "of the wrong type",
                ));
                return None;
            }
            _ => Otherwise::Value(node.clone()),
        };
        Some(Located { value, span: node.span })
    }
}

impl Fit {
    pub(super) fn name(&self) -> &Located<String> {
        match self {
            Fit::Lookup(name) | Fit::Keywords(name) | Fit::Kind(name) => name,
        }
    }
}

fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
