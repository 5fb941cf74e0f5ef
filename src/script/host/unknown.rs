//! `unknown`.

use std::cell::RefCell;

use rhai::Dynamic;

use super::{Gives, HostFunction, any, text};

pub(super) const FUNCTION: HostFunction = HostFunction {
    name: "unknown",
    parameters: &[text("what"), any("value")],
    gives: Gives::Nothing,
    about: "Reports a value that fits nowhere as an issue of the record, and gives `()`. `what` says what it should \
        have been.",
    examples: &[(r#"unknown("contract type", "Zzp'er?")"#, "()")],
    body: |call| {
        let (what, value) = (call.text(0), call.any(1));
        REPORTED.with_borrow_mut(|reported| {
            if reported.len() < MOST_REPORTS {
                let value =
                    if value.is_array() || value.is_map() { "several values".to_owned() } else { value.to_string() };
                let message = format!("unknown {what}: `{value}`");
                reported.push(message.chars().take(LONGEST_REPORT).collect());
            }
        });
        Ok(Dynamic::UNIT)
    },
};

/// More reports of one call are not kept.
const MOST_REPORTS: usize = 100;
const LONGEST_REPORT: usize = 500;

thread_local! {
    static REPORTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Hands over what was reported since the last time.
pub fn take(take: &mut impl FnMut(String)) {
    REPORTED.with_borrow_mut(|reported| reported.drain(..).for_each(take));
}
