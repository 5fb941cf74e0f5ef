//! The strict reader of maps.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use super::{Entry, Is, Keys, Located, Node, Value};
use crate::diagnostics::{Problem, Problems, SourceFile, Span, closest};

/// A map with a table of its keys, which are taken one by one; what is wrong with any of them is reported, and so is a
/// key that the table does not list.
pub struct Fields<'a> {
    entries: &'a [Entry],
    keys: &'static Keys,
    missing: RefCell<Vec<&'static str>>,
    told: RefCell<Vec<&'a str>>,
    span: Span,
    file: &'a Arc<SourceFile>,
    problems: &'a Problems,
}

impl<'a> Fields<'a> {
    /// Opens `node`, which must be a map with these keys.
    pub fn open(
        node: &'a Node,
        keys: &'static Keys,
        file: &'a Arc<SourceFile>,
        problems: &'a Problems,
    ) -> Option<Fields<'a>> {
        match &node.value {
            Value::Map(entries) => Some(Fields {
                entries,
                keys,
                missing: RefCell::default(),
                told: RefCell::default(),
                span: node.span,
                file,
                problems,
            }),
            other => {
                problems.report(
                    Problem::error("M0003", format!("{} is a map, not {}", keys.what, other.describe())).at(
                        file,
                        node.span,
                        "a map of keys and values is expected here",
                    ),
                );
                None
            }
        }
    }

    /// Where the map begins.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The entry of `key`, if it is there. Asking for a key that the table does not list is a mistake of the program.
    pub fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        debug_assert!(self.keys.has(key), "the table of {} does not list `{key}`", self.keys.what);
        self.entries.iter().find(|entry| entry.key.value == key)
    }

    /// The value of `key`, if it is there and not null.
    pub fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.value).filter(|node| node.value != Value::Null)
    }

    /// The value of `key`; its absence is a problem.
    pub fn require(&self, key: &'static str) -> Option<&'a Node> {
        let entry = self.entry(key);
        match entry {
            None => self.missing.borrow_mut().push(key),
            Some(entry) if entry.value.value == Value::Null => {
                self.problems.report(Problem::error("M0004", format!("{} needs `{key}`", self.keys.what)).at(
                    self.file,
                    entry.key.span,
                    "has no value",
                ));
            }
            Some(_) => {}
        }
        entry.map(|entry| &entry.value).filter(|node| node.value != Value::Null)
    }

    /// The text of `key`, if it is there.
    pub fn text(&self, key: &'static str) -> Option<Located<String>> {
        self.get(key).and_then(|node| text(node, self.file, self.problems))
    }

    /// The text of `key`; its absence is a problem.
    pub fn required_text(&self, key: &'static str) -> Option<Located<String>> {
        self.require(key).and_then(|node| text(node, self.file, self.problems))
    }

    /// The texts of `key`, which may be one text or a list of them.
    pub fn texts(&self, key: &'static str) -> Vec<Located<String>> {
        self.get(key).map(|node| texts(node, self.file, self.problems)).unwrap_or_default()
    }

    /// The whole number of `key`, if it is there and within the range that the table gives.
    pub fn integer(&self, key: &'static str) -> Option<i64> {
        let node = self.get(key)?;
        let (low, high) = match self.keys.all().find(|known| known.name == key)?.is {
            Is::Integer(low, high) => (low, high),
            Is::Defined(_) => (i64::MIN, i64::MAX),
            other => unreachable!("`{key}` is {other:?}"),
        };
        match node.value {
            Value::Int(value) if (low..=high).contains(&value) => Some(value),
            Value::Int(value) => {
                let range = if high == i64::MAX { format!("{low} or more") } else { format!("from {low} to {high}") };
                self.problems.report(Problem::error("M0003", format!("`{key}` is {range}, not {value}")).at(
                    self.file,
                    node.span,
                    "out of range",
                ));
                None
            }
            _ => {
                self.wrong(node, &format!("`{key}` is a whole number"));
                None
            }
        }
    }

    /// The flag of `key`, if it is there.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let node = self.get(key)?;
        match node.value {
            Value::Bool(value) => Some(value),
            _ => {
                self.wrong(node, &format!("`{key}` is true or false"));
                None
            }
        }
    }

    /// The duration of `key` (`250ms`, `60s`, `5m`, `2h`, `7d`), if it is there.
    pub fn duration(&self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        let parsed = duration(&text.value);
        if parsed.is_none() {
            self.problems.report(Problem::error("M0005", format!("`{}` is not a duration", text.value)).at(
                self.file,
                text.span,
                "a number and a unit: 250ms, 60s, 5m, 2h, 7d",
            ));
        }
        parsed
    }

    /// The entries of the map under `key`.
    pub fn map(&self, key: &'static str) -> &'a [Entry] {
        let Some(node) = self.get(key) else { return &[] };
        match &node.value {
            Value::Map(entries) => entries,
            _ => {
                self.wrong(node, &format!("`{key}` is a map"));
                &[]
            }
        }
    }

    /// The items of the list under `key`.
    pub fn list(&self, key: &'static str) -> &'a [Node] {
        let Some(node) = self.get(key) else { return &[] };
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.wrong(node, &format!("`{key}` is a list"));
                &[]
            }
        }
    }

    /// The entries that the table does not list, save those that were told of.
    pub fn unknown(&self) -> Vec<&'a Entry> {
        let told = self.told.borrow();
        let known = |name: &str| self.keys.has(name) || told.contains(&name);
        self.entries.iter().filter(|entry| !known(&entry.key.value)).collect()
    }

    /// Says that what is wrong with an entry was reported.
    pub fn tell(&self, entry: &'a Entry) {
        self.told.borrow_mut().push(&entry.key.value);
    }

    /// Ends the reading: keys that the table does not list are problems, and so are those that are missing. A missing
    /// key that was misspelt is one problem.
    pub fn close(self) {
        let unknown = self.unknown();
        let mut missing = self.missing.take();
        let named = |key: &str| self.entries.iter().any(|entry| entry.key.value == key);
        let required = self.keys.all().filter(|key| key.required && !named(key.name)).map(|key| key.name);
        missing.extend(required.filter(|key| !missing.contains(key)).collect::<Vec<_>>());
        for entry in unknown {
            let name = entry.key.value.as_str();
            if let Some(meant) = closest(name, self.keys.names()) {
                missing.retain(|key| *key != meant);
            }
            let shown = if self.file.hides(entry.key.span) { "of this name" } else { &format!("`{name}`") };
            self.problems.report(
                Problem::error("M0002", format!("{} has no key {shown}", self.keys.what))
                    .at(self.file, entry.key.span, "unknown key")
                    .suggest(name, self.keys.names()),
            );
        }
        for key in missing {
            self.problems.report(Problem::error("M0004", format!("{} needs `{key}`", self.keys.what)).at(
                self.file,
                self.span,
                format!("`{key}` is missing"),
            ));
        }
    }

    fn wrong(&self, node: &Node, wanted: &str) {
        self.problems.report(Problem::error("M0003", format!("{wanted}, not {}", node.value.describe())).at(
            self.file,
            node.span,
            "of the wrong type",
        ));
    }
}

/// The text of a node. Numbers are taken as they are written: ids and codes often look like numbers.
pub(crate) fn text(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Located<String>> {
    let value = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => file.text[node.span.start..node.span.end].to_owned(),
        other => {
            problems.report(Problem::error("M0003", format!("text is expected here, not {}", other.describe())).at(
                file,
                node.span,
                "of the wrong type",
            ));
            return None;
        }
    };
    Some(Located { value, span: node.span })
}

/// One text, or a list of them.
pub(crate) fn texts(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Vec<Located<String>> {
    match &node.value {
        Value::List(items) => items.iter().filter_map(|item| text(item, file, problems)).collect(),
        _ => text(node, file, problems).into_iter().collect(),
    }
}

/// A number and a unit: `250ms`, `60s`, `5m`, `2h`, `7d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let amount: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(amount)),
        "s" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_secs(amount.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(amount.checked_mul(3600)?)),
        "d" => Some(Duration::from_secs(amount.checked_mul(86_400)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Key, parse};

    static FILE: Keys = Keys::new(
        "the file",
        "A file of these tests",
        &[
            Key::optional("name", Is::Text, "A text"),
            Key::optional("list", Is::Several(&Is::Text), "Texts"),
            Key::optional("map", Is::Map(&Is::Anything), "A map"),
        ],
    );

    static STRICT: Keys = Keys::new(
        "the file",
        "A file of these tests",
        &[
            Key::required("name", Is::Text, "A text"),
            Key::required("title", Is::Text, "Another text"),
            Key::optional("flag", Is::Flag, "A flag"),
        ],
    );

    #[test]
    fn every_node_knows_its_place() {
        let file = SourceFile::new("a.yaml", "name: jobTitle\nlist: [a, \"b c\"]\nmap:\n  key: 12\n");
        let problems = Problems::new();
        let node = parse(&file, &problems).unwrap();
        let fields = Fields::open(&node, &FILE, &file, &problems).unwrap();
        let at = |span: Span| &file.text[span.start..span.end];
        assert_eq!(at(fields.text("name").unwrap().span), "jobTitle");
        let list = fields.texts("list");
        assert_eq!((at(list[0].span), list[1].value.as_str()), ("a", "b c"));
        let entry = &fields.map("map")[0];
        assert_eq!((at(entry.key.span), at(entry.value.span)), ("key", "12"));
        fields.close();
        assert_eq!(problems.count(), 0);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let file = SourceFile::new("a.yaml", "nane: 1\nflag: maybe\n");
        let problems = Problems::new();
        let node = parse(&file, &problems).unwrap();
        let fields = Fields::open(&node, &STRICT, &file, &problems).unwrap();
        assert_eq!(fields.required_text("name"), None);
        assert_eq!(fields.required_text("title"), None);
        assert_eq!(fields.flag("flag"), None);
        fields.close();
        let report = problems.into_result::<()>(None).unwrap_err();
        let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["M0002", "M0004", "M0003"], "a misspelt key is not missing as well");
    }

    #[test]
    #[should_panic(expected = "the table of the file does not list `colour`")]
    fn a_key_that_no_table_lists_is_not_asked_for() {
        let file = SourceFile::new("a.yaml", "colour: red\n");
        let problems = Problems::new();
        let node = parse(&file, &problems).unwrap();
        Fields::open(&node, &FILE, &file, &problems).unwrap().text("colour");
    }

    #[test]
    fn a_required_key_is_missed_even_when_nobody_asks_for_it() {
        let file = SourceFile::new("a.yaml", "flag: true\n");
        let problems = Problems::new();
        let node = parse(&file, &problems).unwrap();
        Fields::open(&node, &STRICT, &file, &problems).unwrap().close();
        let report = problems.into_result::<()>(None).unwrap_err();
        let messages: Vec<&str> = report.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["the file needs `name`", "the file needs `title`"]);
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        assert_eq!(duration("3d"), Some(Duration::from_secs(259_200)));
        assert_eq!(duration("60"), None);
        assert_eq!(duration("s"), None);
    }
}
