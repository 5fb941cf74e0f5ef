//! A file of an action as it is written: every key known, nothing resolved yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::document::{NamedText, Part, Reader, Spec};
use super::keys::{self, ACTION, ALREADY, KINDS, NO_KIND, NONE, ON_ERROR};
use super::plan::{FailCode, Word};
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::yaml::{self, Entry, Fields, Located, Node, Value};

/// A file of an action.
#[derive(Debug)]
pub struct ActionDocument {
    pub(super) file: Arc<SourceFile>,
    pub(super) action: Located<String>,
    pub(super) scripts: Vec<Part<Located<String>>>,
    pub(super) conditions: Vec<Part<NamedText>>,
    /// Paths of the input, and what is said when they were given.
    pub(super) accepts: Vec<(Located<String>, Located<String>)>,
    pub(super) steps: Vec<Step>,
    pub(super) touches: Vec<(Located<String>, Spec)>,
}

/// A step.
#[derive(Debug)]
pub(super) struct Step {
    pub id: String,
    pub span: Span,
    pub when: Option<Located<String>>,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Find { name: Located<String>, ask: Ask, none: Option<Fail> },
    Change { word: Word, name: Located<String>, ask: Ask, already: Option<Ask>, on_error: Option<Message> },
    ForEach { list: Located<String>, name: Located<String>, steps: Vec<Step> },
    FetchFile { name: Located<String>, from: Located<String>, max_size: Option<u64>, types: Vec<String> },
    Fail(Fail),
    Warn(Message),
    Stop,
}

/// What the source is asked for.
#[derive(Debug)]
pub(super) struct Ask {
    /// The field of the query or mutation type.
    pub field: Located<String>,
    pub arguments: Vec<Part<(Located<String>, Spec)>>,
    pub filter: Option<Located<String>>,
    pub with: Vec<(Located<String>, Spec)>,
    pub sort: Vec<Located<String>>,
}

#[derive(Debug)]
pub(super) struct Fail {
    pub code: FailCode,
    pub at: Option<String>,
    pub message: Message,
}

#[derive(Debug)]
pub(super) enum Message {
    Fixed(String),
    Made(Spec),
}

/// More nested lists than any input has.
const DEEPEST: usize = 4;

impl ActionDocument {
    /// Reads a file of an action and reports everything in it that is not of the language.
    pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<ActionDocument> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, &ACTION, file, problems)?;
        let reader = Reader { file, problems };
        let action = fields.required_text("action");
        let scripts = fields.texts("scripts").into_iter().map(|name| reader.part(name)).collect();
        let conditions = reader.conditions(&fields);
        let accepts = fields.map("accepts").iter();
        let accepts = accepts.filter_map(|entry| Some((entry.key.clone(), yaml::text(&entry.value, file, problems)?)));
        let accepts = accepts.collect();
        fields.require("steps");
        let steps = Steps { reader: &reader, ids: BTreeMap::new() }.steps(fields.list("steps"), 0);
        let touches = reader.specs(fields.map("touches"), 0);
        fields.close();
        Some(ActionDocument { file: Arc::clone(file), action: action?, scripts, conditions, accepts, steps, touches })
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The action.
    pub fn action(&self) -> &Located<String> {
        &self.action
    }
}

/// Reads steps, and gives each an id.
struct Steps<'a> {
    reader: &'a Reader<'a>,
    ids: BTreeMap<String, usize>,
}

impl Steps<'_> {
    fn steps(&mut self, nodes: &[Node], depth: usize) -> Vec<Step> {
        nodes.iter().filter_map(|node| self.step(node, depth)).collect()
    }

    fn step(&mut self, node: &Node, depth: usize) -> Option<Step> {
        let Reader { file, problems } = *self.reader;
        if depth > DEEPEST {
            let deep = Problem::error("M0006", "steps are nested deeper than any input");
            problems.report(deep.at(file, node.span, "too deep"));
            return None;
        }
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let found: Vec<&Entry> = entries.iter().filter(|entry| keys::named(&entry.key.value).is_some()).collect();
        let keys = found.first().and_then(|entry| keys::named(&entry.key.value)).unwrap_or(&NO_KIND);
        let fields = Fields::open(node, keys, file, problems)?;
        self.strays(&fields, &found);
        let kind = match found.first() {
            Some(entry) => self.kind(entry, &fields, depth),
            None => {
                let names: Vec<String> = KINDS.iter().map(|keys| format!("`{}`", keys::name(keys))).collect();
                if fields.unknown().is_empty() {
                    problems.report(
                        Problem::error("M0800", "nothing says what this step does")
                            .at(file, node.span, "of no kind")
                            .help(format!("add one of {}", names.join(", "))),
                    );
                }
                None
            }
        };
        let when = fields.text("when");
        fields.close();
        let kind = kind?;
        let id = self.id(&kind);
        Some(Step { id, span: found.first()?.key.span, when, kind })
    }

    /// A step is of one kind.
    fn strays<'a>(&self, fields: &Fields<'a>, found: &[&'a Entry]) {
        let Reader { file, problems } = *self.reader;
        let [first, others @ ..] = found else { return };
        for other in others.iter().filter(|other| fields.unknown().iter().any(|entry| entry.key == other.key)) {
            fields.tell(other);
            problems.report(
                Problem::error("M0800", "a step does one thing")
                    .at(file, other.key.span, "one too many")
                    .because(Place::new(file, first.key.span), "the first")
                    .help("make two steps of it"),
            );
        }
    }

    fn kind(&mut self, entry: &Entry, fields: &Fields<'_>, depth: usize) -> Option<Kind> {
        let Reader { file, problems } = *self.reader;
        let node = &entry.value;
        let text = |node: &Node| yaml::text(node, file, problems);
        match entry.key.value.as_str() {
            "find" => {
                let ask = self.ask(fields, "query");
                let none = fields.get("none").map(|node| self.none(node));
                let name = self.name(text(node)?)?;
                Some(Kind::Find { name, ask: ask?, none: none.flatten() })
            }
            "for_each" => {
                let inner = self.steps(fields.list("steps"), depth + 1);
                let name = fields.required_text("as").and_then(|name| self.name(name));
                Some(Kind::ForEach { list: text(node)?, name: name?, steps: inner })
            }
            "fetch_file" => {
                let from = fields.required_text("from");
                let max_size = fields.text("max_size").and_then(|text| self.size(&text));
                let types = fields.texts("types").into_iter().map(|text| text.value).collect();
                let name = self.name(text(node)?)?;
                Some(Kind::FetchFile { name, from: from?, max_size, types })
            }
            "fail" => self.fail(fields).map(Kind::Fail),
            "warn" => self.message(node).map(Kind::Warn),
            "stop" => self.always("stop", fields).then_some(Kind::Stop),
            word => {
                let word = Word::ALL.into_iter().find(|known| known.as_str() == word)?;
                let ask = self.ask(fields, "mutation");
                let already = fields.get("already").map(|node| self.already(node));
                let on_error = fields.get("on_error").map(|node| self.on_error(node));
                let name = self.name(text(node)?)?;
                self.repetition(fields, entry);
                Some(Kind::Change { word, name, ask: ask?, already: already.flatten(), on_error: on_error.flatten() })
            }
        }
    }

    /// Either twice is the same as once, or something tells whether it happened.
    fn repetition(&self, fields: &Fields<'_>, step: &Entry) {
        let Reader { file, problems } = *self.reader;
        let repeatable = fields.entry("repeatable").filter(|_| self.always("repeatable", fields));
        match (fields.entry("already"), repeatable) {
            (Some(already), Some(repeatable)) => problems.report(
                Problem::error("M0802", "a change has `already` or `repeatable`")
                    .at(file, repeatable.key.span, "twice is the same as once")
                    .because(Place::new(file, already.key.span), "asks whether it happened")
                    .help("remove one of them"),
            ),
            (None, None) if fields.entry("repeatable").is_none() => problems.report(
                Problem::error("M0802", "nothing says what is done when nobody knows whether this change happened")
                    .at(file, step.key.span, "neither `already` nor `repeatable`")
                    .help("add `already: { query: …, where: … }`, which finds what the change makes, or `repeatable: true` if twice is the same as once"),
            ),
            _ => {}
        }
    }

    /// Whether a key that can only be true is.
    fn always(&self, key: &'static str, fields: &Fields<'_>) -> bool {
        let flag = fields.flag(key);
        if flag == Some(false)
            && let Some(entry) = fields.entry(key)
        {
            let Reader { file, problems } = *self.reader;
            problems.report(
                Problem::error("M0003", format!("`{key}` is true or left out"))
                    .at(file, entry.value.span, "says nothing")
                    .help("remove it"),
            );
        }
        flag == Some(true)
    }

    fn ask(&self, fields: &Fields<'_>, key: &'static str) -> Option<Ask> {
        let field = fields.required_text(key);
        let arguments = self.reader.specs(fields.map("arguments"), 0).into_iter();
        let arguments = arguments.map(|argument| self.reader.part(argument)).collect();
        let is_query = key == "query";
        let filter = is_query.then(|| fields.text("where")).flatten();
        let with = if is_query { self.reader.specs(fields.map("with"), 0) } else { Vec::new() };
        let sort = if is_query { fields.texts("sort") } else { Vec::new() };
        Some(Ask { field: field?, arguments, filter, with, sort })
    }

    fn already(&self, node: &Node) -> Option<Ask> {
        let Reader { file, problems } = *self.reader;
        let fields = Fields::open(node, &ALREADY, file, problems)?;
        let ask = self.ask(&fields, "query");
        fields.close();
        ask
    }

    fn none(&self, node: &Node) -> Option<Fail> {
        let Reader { file, problems } = *self.reader;
        let fields = Fields::open(node, &NONE, file, problems)?;
        let fail = self.fail(&fields);
        fields.close();
        fail
    }

    fn on_error(&self, node: &Node) -> Option<Message> {
        let Reader { file, problems } = *self.reader;
        let fields = Fields::open(node, &ON_ERROR, file, problems)?;
        let message = fields.require("warn").and_then(|node| self.message(node));
        fields.close();
        message
    }

    fn fail(&self, fields: &Fields<'_>) -> Option<Fail> {
        let Reader { file, problems } = *self.reader;
        let code = fields.required_text("fail").and_then(|text| {
            let found = FailCode::ALL.into_iter().find(|code| code.as_str() == text.value);
            if found.is_none() {
                problems.report(
                    Problem::error("M0801", format!("there is no error `{}`", text.value))
                        .at(file, text.span, "unknown")
                        .suggest(&text.value, FailCode::NAMES),
                );
            }
            found
        });
        let at = fields.text("at").map(|text| {
            if !text.value.starts_with('/') {
                problems.report(
                    Problem::error("M0801", format!("`{}` is no JSON pointer", text.value))
                        .at(file, text.span, "does not begin with `/`")
                        .help("write such as `/application/job_id`"),
                );
            }
            text.value
        });
        let message = fields.require("message").and_then(|node| self.message(node));
        Some(Fail { code: code?, at, message: message? })
    }

    fn message(&self, node: &Node) -> Option<Message> {
        let Reader { file, problems } = *self.reader;
        if matches!(node.value, Value::Map(_) | Value::List(_)) {
            let entry = Entry { key: Located { value: "message".to_owned(), span: node.span }, value: node.clone() };
            return Some(Message::Made(self.reader.spec(&entry, 0)));
        }
        yaml::text(node, file, problems).map(|text| Message::Fixed(text.value))
    }

    /// A name that steps bind.
    fn name(&self, text: Located<String>) -> Option<Located<String>> {
        let Reader { file, problems } = *self.reader;
        let is_name = text.value.starts_with(|c: char| c.is_ascii_lowercase())
            && text.value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let why = match text.value.as_str() {
            "input" => "the input has this name",
            _ if !is_name => "letters a to z, digits and `_`",
            _ => return Some(text),
        };
        problems.report(
            Problem::error("M0803", format!("`{}` cannot be a name", text.value))
                .at(file, text.span, why)
                .help("choose a name such as `candidate`"),
        );
        None
    }

    fn size(&self, text: &Located<String>) -> Option<u64> {
        let Reader { file, problems } = *self.reader;
        let size = size(&text.value);
        if size.is_none() {
            problems.report(Problem::error("M0005", format!("`{}` is not a size", text.value)).at(
                file,
                text.span,
                "a number and a unit: 500kB, 7MB",
            ));
        }
        size
    }

    fn id(&mut self, kind: &Kind) -> String {
        let id = match kind {
            Kind::Find { name, .. } => format!("find_{}", name.value),
            Kind::Change { word, name, .. } => format!("{}_{}", word.as_str(), name.value),
            Kind::ForEach { name, .. } => format!("each_{}", name.value),
            Kind::FetchFile { name, .. } => format!("fetch_{}", name.value),
            Kind::Fail(fail) => format!("fail_{}", fail.code.as_str()),
            Kind::Warn(_) => "warn".to_owned(),
            Kind::Stop => "stop".to_owned(),
        };
        let count = self.ids.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 { id } else { format!("{id}_{count}") }
    }
}

/// A number and a unit: `7MB` is seven million bytes.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let amount: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "kB" => 1_000,
        "MB" => 1_000_000,
        _ => return None,
    };
    amount.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!((size("7MB"), size("500 kB")), (Some(7_000_000), Some(500_000)));
        assert_eq!((size("7"), size("MB"), size("7 Mb")), (None, None, None));
    }
}
