//! `url_host`, `url_part` and `url_query`.

use super::{Gives, HostFunction, maybe, text};
use crate::diagnostics::closest;
use crate::text::{URL_PARTS, url_host, url_part, url_query};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "url_host",
        parameters: &[text("url")],
        gives: Gives::Text,
        about: "The host of a web address without `www.`; the address may lack its scheme. `()` when it is none.",
        examples: &[(r#"url_host("www.example.org/in/ada")"#, r#""example.org""#), (r#"url_host("no address")"#, "()")],
        body: |call| maybe(url_host(&call.text(0)).as_deref()),
    },
    HostFunction {
        name: "url_part",
        parameters: &[text("url"), text("part")],
        gives: Gives::Text,
        about: "A part of a web address as it is written there: `scheme`, `host`, `port`, `path`, `query` or \
            `fragment`. `()` when the address has none.",
        examples: &[
            (r#"url_part("https://example.org/in/ada?x=1", "path")"#, r#""/in/ada""#),
            (r#"url_part("https://example.org/in/ada", "query")"#, "()"),
        ],
        body: |call| {
            let part = call.text(1);
            if !URL_PARTS.contains(&part.as_str()) {
                let hint = closest(&part, URL_PARTS.iter().copied()).map(|close| format!("; did you mean `{close}`?"));
                return Err(format!("an address has no part `{part}`{}", hint.unwrap_or_default()).into());
            }
            maybe(url_part(&call.text(0), &part))
        },
    },
    HostFunction {
        name: "url_query",
        parameters: &[text("url"), text("name")],
        gives: Gives::Text,
        about: "What the query of a web address says for a name, decoded; the first if it says more. `()` when it \
            says nothing.",
        examples: &[
            (r#"url_query("https://example.org/?ref=job%20board", "ref")"#, r#""job board""#),
            (r#"url_query("https://example.org/", "ref")"#, "()"),
        ],
        body: |call| maybe(url_query(&call.text(0), &call.text(1))),
    },
];
