//! The functions that the host gives to scripts.

use std::cell::RefCell;
use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult};

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
    engine.register_fn("unknown", |what: &str, value: Dynamic| {
        UNKNOWN.with_borrow_mut(|unknown| unknown.push(format!("unknown {what}: `{value}`")));
    });
}

fn find(tables: &Tables, manner: Manner, name: &str, text: &Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
    let table: &Arc<Table> = tables.get(name).ok_or_else(|| format!("there is no table `{name}`"))?;
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
