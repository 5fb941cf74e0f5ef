//! `country` and `currency`: codes of ISO.

use super::{Gives, HostFunction, maybe, text};
use crate::text::{country, currency};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "country",
        parameters: &[text("text")],
        gives: Gives::Text,
        about: "The ISO 3166-1 alpha-2 code of a country, from a code of two or three letters or its English name; \
            `()` when there is no such country.",
        examples: &[(r#"country("nld")"#, r#""NL""#), (r#"country("Elbonia")"#, "()")],
        body: |call| maybe(country(&call.text(0)).as_deref()),
    },
    HostFunction {
        name: "currency",
        parameters: &[text("text")],
        gives: Gives::Text,
        about: "The ISO 4217 code of a currency in capitals, from the code in any case; `()` when there is none.",
        examples: &[(r#"currency("sek")"#, r#""SEK""#), (r#"currency("crowns")"#, "()")],
        body: |call| maybe(currency(&call.text(0)).as_deref()),
    },
];
