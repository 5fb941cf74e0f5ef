//! `phone_e164`.

use super::{Gives, HostFunction, any, maybe, text};
use crate::text::phone_e164;

pub(super) const FUNCTION: HostFunction = HostFunction {
    name: "phone_e164",
    parameters: &[text("number"), any("country")],
    gives: Gives::Text,
    about: "The telephone number in the form of E.164, such as `+31207940800`; `()` when nobody can be called by it. A \
        number without a country's code is one of `country`, an alpha-2 code. Where that is `()`, only international \
        numbers are understood.",
    examples: &[
        (r#"phone_e164("020 - 794 08 00", "NL")"#, r#""+31207940800""#),
        (r#"phone_e164("0031 20 794 0800", ())"#, r#""+31207940800""#),
        (r#"phone_e164("020 - 794 08 00", ())"#, "()"),
    ],
    body: |call| {
        let country = call.any(1).clone().into_immutable_string().ok();
        maybe(phone_e164(&call.text(0), country.as_deref()))
    },
};
