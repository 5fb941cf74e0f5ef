//! A mapping file as it is written: every key known, nothing resolved yet.

use std::sync::Arc;

use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
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
    /// The query that gives one record by its id.
    pub one: Option<Located<String>>,
    pub filter: Option<Located<String>>,
    pub arguments: Vec<Entry>,
    pub sort: Vec<Located<String>>,
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

const ORIGINS: &[&str] = &["path", "join", "value", "call", "object", "ref", "all", "members"];

const FITS: &[&str] = &["lookup", "keywords", "as"];

/// Keys that one origin only has.
const COMPANIONS: &[(&str, &str)] = &[("with", "join"), ("args", "call"), ("of", "members")];

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
            Some(node) => {
                let specs = reader.specs(fields.map("fields"), 0);
                matches!(node.value, Value::Map(_)).then_some(specs)
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

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
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
        let one = fields.text("one");
        let filter = fields.text("where");
        let arguments = fields.map("arguments").to_vec();
        let before = self.problems.count();
        let sort = fields.require("sort").map(|node| yaml::texts(node, self.file, self.problems));
        if sort.as_ref().is_some_and(Vec::is_empty) && self.problems.count() == before {
            let key = fields.entry("sort").map_or(node.span, |entry| entry.key.span);
            self.problems.report(
                Problem::error("M0004", "`read` needs `sort`")
                    .at(self.file, key, "names no key")
                    .help("pages are counted: without a fixed order rows slip through between them"),
            );
        }
        fields.close();
        Some(Read { query: query?, one, filter, arguments, sort: sort? })
    }

    fn specs(&self, entries: &[Entry], depth: usize) -> Vec<(Located<String>, Spec)> {
        entries.iter().map(|entry| (entry.key.clone(), self.spec(entry, depth))).collect()
    }

    fn spec(&self, entry: &Entry, depth: usize) -> Spec {
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
        let fields = Fields::open(node, "a rule", self.file, self.problems)?;
        let origin = self.origin(&fields, entries, depth);
        self.strays(&fields, entries);
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
    fn strays(&self, fields: &Fields<'_>, entries: &[Entry]) {
        let unknown: Vec<Span> = fields.unknown().iter().map(|entry| entry.key.span).collect();
        for entry in entries.iter().filter(|entry| unknown.contains(&entry.key.span)) {
            let Some((key, origin)) = COMPANIONS.iter().find(|(key, _)| *key == entry.key.value) else { continue };
            fields.entry(key);
            self.problems.report(
                Problem::error("M0002", format!("`{key}` goes with `{origin}`"))
                    .at(self.file, entry.key.span, format!("without `{origin}`"))
                    .help(format!("remove it, or write the rule with `{origin}`")),
            );
        }
    }

    /// A rule without a usable origin is reported here and goes on without one, so that its other keys are still
    /// looked at.
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
                    .because(Place::new(self.file, first.key.span), format!("`{}` is the first", first.key.value))
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

fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
