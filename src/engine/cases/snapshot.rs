//! Snapshots as insta writes them: `---`, lines about them, `---`, and the content.

use std::fmt::Write;
use std::io;
use std::path::Path;

use serde_json::Value;

/// The line that says which test the snapshot is of. insta writes it for the test that asserts these snapshots.
const SOURCE: &str = "source: tests/mapping.rs";

/// A snapshot: its head, without the line number that only pending ones have, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    head: String,
    content: String,
}

impl Snapshot {
    /// A snapshot of this content, in place of an earlier one if there is one.
    pub fn new(content: &str, earlier: Option<&Snapshot>) -> Snapshot {
        let head = earlier.map_or_else(|| format!("{SOURCE}\n"), |earlier| earlier.head.clone());
        Snapshot { head, content: normal(content) }
    }

    /// The snapshot in a file; none when there is no such file.
    pub fn read(path: &Path) -> io::Result<Option<Snapshot>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(Snapshot::parse(&text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A text without a head is all content.
    fn parse(text: &str) -> Snapshot {
        let text = text.replace("\r\n", "\n");
        let parts = text.strip_prefix("---\n").and_then(|rest| match rest.strip_prefix("---\n") {
            Some(content) => Some(("", content)),
            None => rest.split_once("\n---\n"),
        });
        let Some((head, content)) = parts else {
            return Snapshot { head: format!("{SOURCE}\n"), content: normal(&text) };
        };
        let kept = head.lines().filter(|line| !line.starts_with("assertion_line:"));
        Snapshot { head: kept.flat_map(|line| [line, "\n"]).collect(), content: normal(content) }
    }

    /// What the snapshot holds, without a line end at its end.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Writes it, and the folder if there is none.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, format!("---\n{}---\n{}\n", self.head, self.content))
    }
}

fn normal(content: &str) -> String {
    content.trim_end().replace("\r\n", "\n")
}

/// JSON as insta writes it. It differs from `serde_json`'s in large and small numbers, and sorts the members of objects
/// whatever the features of that crate are.
pub(super) fn json(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Array(items) => {
            list(('[', ']'), items.iter(), depth, text, |item, text| write(item, depth + 1, text));
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            list(('{', '}'), members.into_iter(), depth, text, |(key, value), text| {
                text.push_str(&quoted(key));
                text.push_str(": ");
                write(value, depth + 1, text);
            });
        }
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => {
                let start = text.len();
                write!(text, "{float}").expect("writing to a String cannot fail");
                if !text[start..].contains('.') {
                    text.push_str(".0");
                }
            }
            None => text.push_str(&number.to_string()),
        },
        Value::String(string) => text.push_str(&quoted(string)),
        Value::Bool(_) | Value::Null => text.push_str(&value.to_string()),
    }
}

fn list<T>(
    (open, close): (char, char),
    items: impl ExactSizeIterator<Item = T>,
    depth: usize,
    text: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    text.push(open);
    let count = items.len();
    for (at, item) in items.enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        write(item, text);
    }
    if count > 0 {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    }
    text.push(close);
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(".{0,6}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// insta's own word on how a value is written, and on what a file of ours holds.
        #[test]
        fn what_is_written_is_what_insta_writes(value in value()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("jobs__case.snap.new");
            Snapshot::new(&json(&value), None).write(&path).unwrap();
            let read = insta::internals::SnapshotContents::Text(
                insta::Snapshot::from_file(&path).unwrap().as_text().unwrap().clone(),
            );
            let mut settings = insta::Settings::clone_current();
            settings.set_omit_expression(true);
            let expected = settings.bind(|| insta::_macro_support::serialize_value(
                &value,
                insta::_macro_support::SerializationFormat::Json,
            ));
            prop_assert_eq!(read.as_text().unwrap().to_string(), expected.trim_end());
        }
    }

    #[test]
    fn a_snapshot_is_what_it_was_whatever_ends_its_lines() {
        let written = "---\nsource: tests/mapping.rs\n---\n{\n  \"a\": \"---\\n\"\n}\n";
        for text in [written.to_owned(), written.replace('\n', "\r\n"), format!("{written}\n\n")] {
            assert_eq!(Snapshot::parse(&text), Snapshot::new("{\n  \"a\": \"---\\n\"\n}", None), "{text:?}");
        }
    }

    #[test]
    fn a_head_stays_but_for_the_line_of_a_pending_one() {
        let pending = Snapshot::parse("---\nsource: tests/own.rs\nassertion_line: 12\n---\n1\n");
        assert_eq!(pending.head, "source: tests/own.rs\n");
        assert_eq!(Snapshot::new("2", Some(&pending)).head, "source: tests/own.rs\n");
        assert_eq!(Snapshot::parse("just text").content(), "just text");
    }

    #[test]
    fn numbers_are_written_in_full() {
        assert_eq!(
            json(&json!([1e21, 1e-7, 38.0, 2])),
            "[\n  1000000000000000000000.0,\n  0.0000001,\n  38.0,\n  2\n]"
        );
        assert_eq!(json(&json!({ "b": [], "a": {} })), "{\n  \"a\": {},\n  \"b\": []\n}");
    }
}
