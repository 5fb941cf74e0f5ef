//! The functions that the host gives to scripts.

use std::cell::RefCell;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult};

use crate::table::{Manner, Table, Tables};

thread_local! {
    static UNKNOWN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Hands over what `unknown` was called with since the last time.
pub(super) fn take_unknown(take: &mut impl FnMut(String)) {
    UNKNOWN.with_borrow_mut(|unknown| unknown.drain(..).for_each(take));
}

pub(super) fn register(engine: &mut Engine, tables: &Tables) {
    for (name, manner) in [("keyword", Manner::Keywords), ("lookup", Manner::Lookup)] {
        let tables = tables.clone();
        engine.register_fn(name, move |table: &str, text: Dynamic| find(&tables, manner, table, &text));
    }
    engine.register_fn("has_text", |list: Array, text: Dynamic| {
        has(&list, &text, |other, text| other.to_lowercase() == text.to_lowercase())
    });
    engine.register_fn("has_number", |list: Array, number: Dynamic| has(&list, &number, is_same_number));
    engine.register_fn("unknown", |what: &str, value: Dynamic| {
        UNKNOWN.with_borrow_mut(|unknown| unknown.push(format!("unknown {what}: `{value}`")));
    });
}

/// Whether a list holds a text that is the same as `wanted`; nothing is the same as `()`.
fn has(list: &Array, wanted: &Dynamic, same: fn(&str, &str) -> bool) -> bool {
    let text = |value: &Dynamic| value.as_immutable_string_ref().ok().map(|text| text.to_string());
    text(wanted).is_some_and(|wanted| list.iter().filter_map(text).any(|other| same(&other, &wanted)))
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

pub(super) fn find(tables: &Tables, manner: Manner, name: &str, text: &Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
    let table: &Arc<Table> =
        tables.get(name).and_then(Option::as_ref).ok_or_else(|| format!("there is no table `{name}`"))?;
    if table.manner() != manner {
        return Err(match manner {
            Manner::Keywords => format!("`{name}` is not a keyword table; use `lookup`"),
            Manner::Lookup => format!("`{name}` is not a lookup table; use `keyword`"),
        }
        .into());
    }
    if text.is_unit() {
        return Ok(Dynamic::UNIT);
    }
    let text = text.as_immutable_string_ref()?;
    Ok(table.value(&text).map_or(Dynamic::UNIT, |value| value.into()))
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
