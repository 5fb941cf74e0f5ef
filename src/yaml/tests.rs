//! Whatever a file looks like, places point at what was read.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

/// A made-up tree and how it is written.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(String, Style),
    List(Vec<Tree>, bool),
    Map(Vec<(String, Style, Tree)>, bool),
}

#[derive(Debug, Clone, Copy)]
enum Style {
    Plain,
    Single,
    Double,
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![Just(Style::Plain), Just(Style::Single), Just(Style::Double)]
}

fn tree() -> impl Strategy<Value = Tree> {
    let text = "[a-zé日'\"\\\\. -]{0,8}";
    let leaf = (text, style()).prop_map(|(text, style)| Tree::Scalar(text, style));
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 1..5), any::<bool>())
                .prop_map(|(items, flow)| Tree::List(items, flow)),
            (prop::collection::vec((text, style(), inner), 1..5), any::<bool>())
                .prop_map(|(entries, flow)| Tree::Map(entries, flow)),
        ]
    })
}

/// Writes trees, and notes what each scalar and key says and how it is written, in the order of the file.
#[derive(Default)]
struct Writer {
    text: String,
    scalars: Vec<(String, String)>,
}

impl Writer {
    /// A number makes every scalar different from all others, so that a place can only be the right one.
    fn scalar(&mut self, text: &str, style: Style) {
        let number = self.scalars.len();
        let (value, written) = match style {
            Style::Plain => {
                let plain: String = text.chars().filter(|c| c.is_alphabetic() || *c == '.').collect();
                let value = format!("v{number}{plain}z");
                (value.clone(), value)
            }
            Style::Single => {
                let value = format!("{number}{text}");
                let written = format!("'{}'", value.replace('\'', "''"));
                (value, written)
            }
            Style::Double => {
                let value = format!("{number}{text}");
                let written =
                    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('é', "\\u00e9"));
                (value, written)
            }
        };
        self.text.push_str(&written);
        self.scalars.push((value, written));
    }

    fn flow(&mut self, tree: &Tree) {
        match tree {
            Tree::Scalar(text, style) => self.scalar(text, *style),
            Tree::List(items, _) => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.text.push_str(if at == 0 { "" } else { " , " });
                    self.flow(item);
                }
                self.text.push(']');
            }
            Tree::Map(entries, _) => {
                self.text.push_str("{ ");
                for (at, (key, style, value)) in entries.iter().enumerate() {
                    self.text.push_str(if at == 0 { "" } else { ", " });
                    self.scalar(key, *style);
                    self.text.push_str(": ");
                    self.flow(value);
                }
                self.text.push_str(" }");
            }
        }
    }

    fn block(&mut self, tree: &Tree, indent: usize) {
        let start = |writer: &mut Writer| write!(writer.text, "{:indent$}", "").unwrap();
        match tree {
            Tree::List(items, false) => {
                for item in items {
                    start(self);
                    self.text.push('-');
                    self.nested(item, indent);
                }
            }
            Tree::Map(entries, false) => {
                for (key, style, value) in entries {
                    start(self);
                    self.scalar(key, *style);
                    self.text.push(':');
                    self.nested(value, indent);
                }
            }
            other => {
                start(self);
                self.flow(other);
                self.text.push_str(" # é 日\n");
            }
        }
    }

    fn nested(&mut self, tree: &Tree, indent: usize) {
        if let Tree::List(_, false) | Tree::Map(_, false) = tree {
            self.text.push_str(" # à\n");
            self.block(tree, indent + 2);
        } else {
            self.text.push(' ');
            self.flow(tree);
            self.text.push_str("\n\n");
        }
    }
}

/// The scalars and keys of what was read, in the order of the file.
fn scalars(node: &Node, found: &mut Vec<Located<String>>) {
    match &node.value {
        Value::Text(text) => found.push(Located { value: text.clone(), span: node.span }),
        Value::List(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Map(entries) => {
            for entry in entries {
                found.push(entry.key.clone());
                scalars(&entry.value, found);
            }
        }
        other => panic!("{other:?} was not written"),
    }
}

proptest! {
    #[test]
    fn places_point_at_what_was_read(tree in tree(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let mut writer = Writer::default();
        writer.block(&tree, 0);
        let file = SourceFile::new("t.yaml", writer.text.as_str());
        let problems = Problems::new();
        let node = parse(&file, &problems);
        let Some(node) = node else { panic!("{}\n{}", writer.text, problems.into_result::<()>(None).unwrap_err()) };
        let mut found = Vec::new();
        scalars(&node, &mut found);
        prop_assert_eq!(found.len(), writer.scalars.len());
        for (scalar, (value, written)) in found.iter().zip(&writer.scalars) {
            prop_assert_eq!(&scalar.value, value);
            prop_assert_eq!(&file.text[scalar.span.start..scalar.span.end], written);
            let mut ends: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
            ends = [from.get(&ends), to.get(&ends)].into_iter().copied().collect();
            ends.sort_unstable();
            if let [start, end] = ends[..] && start < end {
                let part = scalar.part(&file, start..end);
                let shown = &file.text[part.start..part.end];
                prop_assert!(shown == &value[start..end] || part == scalar.span, "{shown}");
                if value.len() == written.len() {
                    prop_assert_eq!(part.start, scalar.span.start + start);
                }
            }
        }
    }
}

#[test]
fn a_part_is_found_behind_folds_and_escapes() {
    for (written, word) in [
        ("'a ''b'' cd'", "cd"),
        ("\"a\\tb\\n cd\"", "cd"),
        (">-\n  ab\n  ab cd\n", "cd"),
        ("|\n  ab\n\n  cd\n", "cd"),
        ("ab\n  ab\n  cd", "cd"),
    ] {
        let file = SourceFile::new("t.yaml", format!("é: {written}"));
        let problems = Problems::new();
        let node = parse(&file, &problems).unwrap();
        let Value::Map(entries) = &node.value else { panic!("a map") };
        let text = text(&entries[0].value, &file, &problems).unwrap();
        let at = text.value.find(word).unwrap();
        let part = text.part(&file, at..at + word.len());
        assert_eq!(part.start, file.text.find(word).unwrap(), "{written}");
        assert_eq!(&file.text[part.start..part.end], word, "{written}");
    }
}

#[test]
fn a_container_ends_where_its_bracket_closes() {
    for (written, shown) in [
        ("{ a: [b, {c: d}] } # e", "{ a: [b, {c: d}] }"),
        ("[a, 'b]'] # ]", "[a, 'b]']"),
        ("[ ] # none", "[ ]"),
        ("[a,\n  b]", "[a,"),
        ("a:\n  b: c", "a:"),
    ] {
        let file = SourceFile::new("t.yaml", written);
        let node = parse(&file, &Problems::new()).unwrap();
        assert_eq!(&file.text[node.span.start..node.span.end], shown);
    }
}
