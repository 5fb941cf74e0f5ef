//! `has_text` and `has_number`: what a list holds.

use rhai::Dynamic;

use super::{Call, Gives, HostFunction, Outcome, any, list};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "has_text",
        parameters: &[list("list"), any("text")],
        gives: Gives::Bool,
        about: "Whether the list holds the text, whatever its case. Nothing is the same as `()`.",
        examples: &[
            (r#"has_text(["ada@example.org", ()], "Ada@Example.org")"#, "true"),
            (r#"has_text([()], ())"#, "false"),
        ],
        body: |call| has(call, |other, text| other.to_lowercase() == text.to_lowercase()),
    },
    HostFunction {
        name: "has_number",
        parameters: &[list("list"), any("number")],
        gives: Gives::Bool,
        about: "Whether the list holds the telephone number, however it is written and with or without the code of \
            the country. Nothing is the same as `()`.",
        examples: &[
            (r#"has_number(["+31 (0)6 0000 0012"], "06 0000 0012")"#, "true"),
            (r#"has_number(["06 0000 0013"], "06 0000 0012")"#, "false"),
        ],
        body: |call| has(call, is_same_number),
    },
];

/// Whether a list holds a text that is the same as the wanted one.
fn has(call: &Call<'_>, same: fn(&str, &str) -> bool) -> Outcome {
    let text = |value: &Dynamic| value.as_immutable_string_ref().ok().map(|text| text.clone());
    let (Ok(list), Some(wanted)) = (call.any(0).as_array_ref(), text(call.any(1))) else { return Ok(false.into()) };
    Ok(list.iter().filter_map(text).any(|other| same(&other, &wanted)).into())
}

/// Fewer digits than this end too many numbers to tell that two are the same.
const TELLING_DIGITS: usize = 8;

/// Whether two texts are one telephone number: +31 (0)6 0000 0012, 0031 6 0000 0012 and 06 0000 0012 are, since
/// either may lack the country's code.
fn is_same_number(one: &str, other: &str) -> bool {
    let bare = |number: &str| {
        let digits: String = number.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').to_owned()
    };
    let (one, other) = (bare(one), bare(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    short == long || (short.len() >= TELLING_DIGITS && long.ends_with(&short))
}

#[cfg(test)]
mod tests {
    use super::is_same_number;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for other in ["+31 (0)6 0000 0012", "0031-6-0000.0012", "+31600000012", "06/0000 0012"] {
            assert!(is_same_number("06 0000 0012", other), "{other}");
        }
        assert!(!is_same_number("06 0000 0012", "06 0000 0013"));
        assert!(!is_same_number("112", "06 0000 0112"));
    }
}
