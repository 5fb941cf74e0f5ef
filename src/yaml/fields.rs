//! The strict reader of maps.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use super::{Entry, Located, Node, Value};
use crate::diagnostics::{Problem, Problems, SourceFile, Span, closest};

/// A map whose keys are taken one by one; what is wrong with any of them is reported, and so is a key that nobody
/// asked for.
pub struct Fields<'a> {
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<&'static str>>,
    span: Span,
    what: &'static str,
    file: &'a Arc<SourceFile>,
    problems: &'a Problems,
}

impl<'a> Fields<'a> {
    /// Opens `node`, which must be a map; `what` names it in messages, such as "a connection".
    pub fn open(
        node: &'a Node,
        what: &'static str,
        file: &'a Arc<SourceFile>,
        problems: &'a Problems,
    ) -> Option<Fields<'a>> {
        match &node.value {
            Value::Map(entries) => Some(Fields {
                entries,
                asked: RefCell::default(),
                missing: RefCell::default(),
                span: node.span,
                what,
                file,
                problems,
            }),
            other => {
                problems.report(Problem::error("M0003", format!("{what} is a map, not {}", other.describe())).at(
                    file,
                    node.span,
                    "a map of keys and values is expected here",
                ));
                None
            }
        }
    }

    /// Where the map begins.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The entry of `key`, if it is there.
    pub fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
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
                self.problems.report(Problem::error("M0004", format!("{} needs `{key}`", self.what)).at(
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

    /// The whole number of `key`, if it is there.
    pub fn integer(&self, key: &'static str, allowed: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let node = self.get(key)?;
        match node.value {
            Value::Int(value) if allowed.contains(&value) => Some(value),
            Value::Int(value) => {
                let (low, high) = (allowed.start(), allowed.end());
                let range = if *high == i64::MAX { format!("{low} or more") } else { format!("from {low} to {high}") };
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

    /// The duration of `key` (`250ms`, `60s`, `5m`), if it is there.
    pub fn duration(&self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        let parsed = parse_duration(&text.value);
        if parsed.is_none() {
            self.problems.report(Problem::error("M0005", format!("`{}` is not a duration", text.value)).at(
                self.file,
                text.span,
                "a number and a unit: 250ms, 60s, 5m, 2h",
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

    /// The entries that nobody asked for so far.
    pub fn unknown(&self) -> Vec<&'a Entry> {
        let asked = self.asked.borrow();
        self.entries.iter().filter(|entry| !asked.contains(&entry.key.value.as_str())).collect()
    }

    /// Ends the reading: keys that nobody asked for are problems, and so are those that are missing. A missing key
    /// that was misspelt is one problem.
    pub fn close(self) {
        let unknown = self.unknown();
        let mut missing = self.missing.take();
        let asked = self.asked.borrow();
        for entry in unknown {
            let name = entry.key.value.as_str();
            if let Some(meant) = closest(name, asked.iter().copied()) {
                missing.retain(|key| *key != meant);
            }
            let shown = if self.file.hides(entry.key.span) { "of this name" } else { &format!("`{name}`") };
            self.problems.report(
                Problem::error("M0002", format!("{} has no key {shown}", self.what))
                    .at(self.file, entry.key.span, "unknown key")
                    .suggest(name, asked.iter().copied()),
            );
        }
        for key in missing {
            self.problems.report(Problem::error("M0004", format!("{} needs `{key}`", self.what)).at(
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

fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let amount: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(amount)),
        "s" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_secs(amount.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(amount.checked_mul(3600)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    #[test]
    fn every_node_knows_its_place() {
        let file = SourceFile::new("a.yaml", "name: jobTitle\nlist: [a, \"b c\"]\nmap:\n  key: 12\n");
        let problems = Problems::new();
        let node = parse(&file, &problems).unwrap();
        let fields = Fields::open(&node, "the file", &file, &problems).unwrap();
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
        let fields = Fields::open(&node, "the file", &file, &problems).unwrap();
        assert_eq!(fields.required_text("name"), None);
        assert_eq!(fields.required_text("title"), None);
        assert_eq!(fields.flag("flag"), None);
        fields.close();
        let report = problems.into_result::<()>(None).unwrap_err();
        let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["M0002", "M0004", "M0003"], "a misspelt key is not missing as well");
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("2h"), Some(Duration::from_secs(7200)));
        assert_eq!(parse_duration("60"), None);
        assert_eq!(parse_duration("s"), None);
    }
}
