//! `phone_e164`.

use super::{Gives, HostFunction, any, maybe, text};
use crate::text::phone_e164;

pub(super) const FUNCTION: HostFunction = HostFunction {
    name: "phone_e164",
    parameters: &[text("number"), any("country")],
    gives: Gives::Text,
    about: "The telephone number in the form of E.164, such as `+442079460018`; `()` when nobody can be called by it. A \
        number without a country's code is one of `country`, an alpha-2 code. Where that is `()`, only international \
        numbers are understood.",
    examples: &[
        (r#"phone_e164("020 - 7946 0018", "GB")"#, r#""+442079460018""#),
        (r#"phone_e164("0044 20 7946 0018", ())"#, r#""+442079460018""#),
        (r#"phone_e164("020 - 7946 0018", ())"#, "()"),
    ],
    body: |call| {
        let country = call.any(1).clone().into_immutable_string().ok();
        maybe(phone_e164(&call.text(0), country.as_deref()))
    },
};
