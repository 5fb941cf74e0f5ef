//! `email`.

use super::{Gives, HostFunction, maybe, text};
use crate::text::email;

pub(super) const FUNCTION: HostFunction = HostFunction {
    name: "email",
    parameters: &[text("text")],
    gives: Gives::Text,
    about: "The e-mail address without blanks around it and with the domain in small letters; `()` when it is none.",
    examples: &[(r#"email(" Ada@Example.ORG ")"#, r#""Ada@example.org""#), (r#"email("ask Ada")"#, "()")],
    body: |call| maybe(email(&call.text(0)).as_deref()),
};
