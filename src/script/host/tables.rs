//! `keyword` and `lookup`: what the tables of the connector say.

use super::{Call, Gives, HostFunction, Outcome, maybe, text};
use crate::table::{Manner, Tables};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "keyword",
        parameters: &[text("table"), text("text")],
        gives: Gives::Text,
        about: "The value of the first row of a keyword table of which a word stands in the text, whatever its case. \
            It is `()` when no word does.",
        examples: &[
            (r#"keyword("levels", "Senior developer (m/f)")"#, r#""SENIOR""#),
            (r#"keyword("levels", "Developer") ?? "MEDIOR""#, r#""MEDIOR""#),
        ],
        body: |call| find(call, Manner::Keywords),
    },
    HostFunction {
        name: "lookup",
        parameters: &[text("table"), text("text")],
        gives: Gives::Text,
        about: "The value of the row of a lookup table that has the whole text, whatever its case. It is `()` when no \
            row has.",
        examples: &[(r#"lookup("colours", "ROOD")"#, r#""red""#), (r#"lookup("colours", "rood of groen")"#, "()")],
        body: |call| find(call, Manner::Lookup),
    },
];

fn find(call: &Call<'_>, manner: Manner) -> Outcome {
    ask(call.tables, manner, &call.text(0), &call.text(1))
}

/// What a table says of a text.
pub(in crate::script) fn ask(tables: &Tables, manner: Manner, name: &str, text: &str) -> Outcome {
    let table = tables.get(name).and_then(Option::as_ref).ok_or_else(|| format!("there is no table `{name}`"))?;
    if table.manner() != manner {
        return Err(match manner {
            Manner::Keywords => format!("`{name}` is not a keyword table; use `lookup`"),
            Manner::Lookup => format!("`{name}` is not a lookup table; use `keyword`"),
        }
        .into());
    }
    maybe(table.value(text))
}
