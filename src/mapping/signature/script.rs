//! What a call of a script runs and asks.

use super::Digest;
use super::rule::table;
use crate::script::{Limits, Reached};

pub(super) fn reached(reached: &Reached<'_>, digest: &mut Digest) {
    let Reached { functions, tables, limits } = reached;
    digest.list(functions, |digest, (name, tokens)| {
        digest.text(name);
        digest.text(tokens);
    });
    digest.list(tables, |digest, (name, known)| {
        digest.text(name);
        digest.option(known.as_ref(), |digest, known| {
            table(known, |value| known.values[value].0.as_bytes(), digest);
        });
    });
    let Limits { operations, call_depth, string, array, map, memory, time } = limits;
    digest.integer(operations.cast_signed());
    [call_depth, string, array, map, memory].into_iter().for_each(|limit| digest.count(*limit));
    digest.text(&time.as_nanos().to_string());
}
