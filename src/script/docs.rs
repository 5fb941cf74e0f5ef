//! What is written about the functions of the host, from their table: for Rhai's language server, and for people.

use std::fmt::Write;

use super::Limits;
use super::host::{GROUPS, Gives, HostFunction, Kind, functions};

/// A definition file of the host's functions for Rhai's language server.
pub fn definitions() -> String {
    let mut text = String::from("module static;\n");
    for function in functions() {
        text.push('\n');
        for line in wrapped(function.about, 110) {
            let _ = writeln!(text, "/// {line}");
        }
        text.push_str("///\n/// ```rhai\n");
        for (expression, expected) in function.examples {
            let _ = writeln!(text, "/// {expression}    // {expected}");
        }
        text.push_str("/// ```\n");
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|parameter| format!("{}: {}", parameter.name, parameter.kind.of_rhai()))
            .collect();
        let _ = writeln!(text, "fn {}({}) -> {};", function.name, parameters.join(", "), function.gives.of_rhai());
    }
    text
}

/// The reference of the host's functions and of the limits, in Markdown.
pub fn reference() -> String {
    let mut text = String::from(HEAD);
    for group in GROUPS {
        let _ = write!(text, "\n## {}\n", group.title);
        for function in group.functions {
            push_function(function, &mut text);
        }
    }
    text.push_str(LIMITS);
    for (key, meaning, usual, most) in limits() {
        let _ = writeln!(text, "| `{key}` | {meaning} | {usual} | {most} |");
    }
    text
}

const HEAD: &str = "# Functions for scripts

This page is written by the engine from the functions themselves; each example is one of its tests. What a script is and how a
mapping calls it is said in [mapping.md](mapping.md#scripts). Beside these functions a script has those of
[Rhai](https://rhai.rs/book/ref/) for texts, numbers, lists and maps, save `eval`, `exit` and `sleep`.

All are pure: the same arguments give the same result. None sees a file, the network, the environment, a clock or chance. An
argument that is `()` makes the result `()`, unless it says otherwise; an argument of another type fails the field.
";

const LIMITS: &str = "
## Limits

One call of a function may use so much. A call that wants more fails its field of its record; the report says which limit it was, and
where. A connector can set each in `connector.yaml`:

```yaml
scripts: { operations: 1000000, time: 500ms }
```

| Key | Means | Usually | At most |
|---|---|---|---|
";

fn limits() -> [(&'static str, &'static str, String, String); 7] {
    let (usual, most) = (Limits::default(), Limits::CEILING);
    let number = |pair: (u64, u64)| (thousands(pair.0), thousands(pair.1));
    let size = |pair: (usize, usize)| number((pair.0 as u64, pair.1 as u64));
    let row = |key, meaning, (usual, most)| (key, meaning, usual, most);
    [
        row("operations", "statements and parts of expressions", number((usual.operations, most.operations))),
        row("call_depth", "functions that call each other", size((usual.call_depth, most.call_depth))),
        row("string", "bytes of a text, or of all texts in a list", size((usual.string, most.string))),
        row("array", "items of a list, with those of lists in it", size((usual.array, most.array))),
        row("map", "entries of a map, with those of maps in it", size((usual.map, most.map))),
        row("memory", "bytes that all variables hold together", size((usual.memory, most.memory))),
        row(
            "time",
            "time on the clock",
            (format!("{} ms", usual.time.as_millis()), format!("{} ms", most.time.as_millis())),
        ),
    ]
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn push_function(function: &HostFunction, text: &mut String) {
    let parameters: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name).collect();
    let _ = write!(text, "\n### `{}({})`\n\n", function.name, parameters.join(", "));
    for line in wrapped(function.about, 130) {
        let _ = writeln!(text, "{line}");
    }
    text.push_str("\n```rust\n");
    for (expression, expected) in function.examples {
        let _ = writeln!(text, "{expression}    // {expected}");
    }
    text.push_str("```\n");
}

/// The lines of a paragraph.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

impl Kind {
    fn of_rhai(self) -> &'static str {
        match self {
            Kind::Text => "String",
            Kind::Integer => "int",
            Kind::List => "Array",
            Kind::Any => "?",
        }
    }
}

impl Gives {
    fn of_rhai(self) -> &'static str {
        match self {
            Gives::Text => "String",
            Gives::Integer => "int",
            Gives::Bool => "bool",
            Gives::Nothing => "()",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// With the variable `UPDATE_GENERATED` set, the files are written instead of compared.
    #[test]
    fn what_is_committed_is_current() {
        for (path, text) in
            [("docs/scripts.md", super::reference()), ("scripts/crosswalk.d.rhai", super::definitions())]
        {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            if std::env::var_os("UPDATE_GENERATED").is_some() {
                std::fs::write(&file, &text).unwrap();
            }
            let found = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(found == text, "{path} is not current; set UPDATE_GENERATED=1 and run the test again");
        }
    }
}
