//! The functions that the host gives to scripts, in one table: from it they are registered, their calls are checked,
//! and their documentation is written. One file holds a function or a few of a kind.
//!
//! All are pure: they see their arguments and the tables of the connector. What is `()` in an argument makes the
//! result `()`, save where a parameter says that it takes anything.

mod countries;
mod dates;
mod email;
mod html_to_text;
mod lists;
mod log;
mod phone_e164;
mod tables;
mod unknown;
mod urls;

use std::any::TypeId;

use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext};

use crate::table::Tables;

pub(super) use tables::ask as ask_table;
pub(super) use unknown::take as take_unknown;

/// A function of the host.
#[derive(Debug)]
pub(super) struct HostFunction {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    pub gives: Gives,
    /// What it does, in one paragraph.
    pub about: &'static str,
    /// Expressions and what they are equal to; each runs as a test.
    pub examples: &'static [(&'static str, &'static str)],
    pub body: fn(&Call<'_>) -> Outcome,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    List,
    /// Anything, `()` included.
    Any,
}

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Text,
    Integer,
    Bool,
    Nothing,
}

pub(super) type Outcome = Result<Dynamic, Box<EvalAltResult>>;

/// A part of the documentation, and the functions in it.
#[derive(Debug)]
pub(super) struct Group {
    pub title: &'static str,
    pub functions: &'static [HostFunction],
}

/// All functions of the host.
pub(super) const GROUPS: &[Group] = &[
    Group { title: "Tables", functions: tables::FUNCTIONS },
    Group { title: "Lists", functions: lists::FUNCTIONS },
    Group { title: "Texts", functions: &[html_to_text::FUNCTION, email::FUNCTION, phone_e164::FUNCTION] },
    Group { title: "Codes", functions: countries::FUNCTIONS },
    Group { title: "Dates", functions: dates::FUNCTIONS },
    Group { title: "Web addresses", functions: urls::FUNCTIONS },
    Group { title: "Reports", functions: &[unknown::FUNCTION, log::FUNCTION] },
];

pub(super) fn functions() -> impl Iterator<Item = &'static HostFunction> {
    GROUPS.iter().flat_map(|group| group.functions)
}

/// Whether the function of that name asks tables.
pub(super) fn asks_tables(name: &str) -> bool {
    tables::FUNCTIONS.iter().any(|function| function.name == name)
}

/// The names of the parameters of a function.
pub(super) fn parameters(name: &str) -> Option<Vec<&'static str>> {
    let function = functions().find(|function| function.name == name)?;
    Some(function.parameters.iter().map(|parameter| parameter.name).collect())
}

const fn text(name: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Text }
}

const fn integer(name: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Integer }
}

const fn list(name: &'static str) -> Parameter {
    Parameter { name, kind: Kind::List }
}

const fn any(name: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Any }
}

/// A call of a function, whose arguments are of the kinds that its parameters say.
pub(super) struct Call<'c> {
    context: &'c NativeCallContext<'c>,
    tables: &'c Tables,
    arguments: &'c [&'c mut Dynamic],
}

impl Call<'_> {
    /// The argument of a parameter that takes a text.
    fn text(&self, at: usize) -> ImmutableString {
        self.arguments[at].clone().into_immutable_string().unwrap_or_default()
    }

    /// The argument of a parameter that takes a whole number.
    fn integer(&self, at: usize) -> i64 {
        whole(self.arguments[at]).unwrap_or_default()
    }

    /// An argument as it is.
    fn any(&self, at: usize) -> &Dynamic {
        self.arguments[at]
    }
}

/// A whole number, however it is written.
fn whole(value: &Dynamic) -> Option<i64> {
    let whole = |float: f64| (float.fract() == 0.0 && float.abs() < 1e15).then_some(float as i64);
    value.as_int().ok().or_else(|| value.as_float().ok().and_then(whole))
}

/// A text, or `()`.
fn maybe(text: Option<impl Into<ImmutableString>>) -> Outcome {
    Ok(text.map_or(Dynamic::UNIT, |text| text.into().into()))
}

/// Gives an engine the functions.
pub(super) fn register(engine: &mut Engine, tables: &Tables) {
    for function in functions() {
        let tables = tables.clone();
        let types = vec![TypeId::of::<Dynamic>(); function.parameters.len()];
        engine.register_raw_fn(function.name, types, move |context, arguments| match function.check(arguments)? {
            Checked::Nothing => Ok(Dynamic::UNIT),
            Checked::Fine => (function.body)(&Call { context: &context, tables: &tables, arguments }),
        });
    }
}

enum Checked {
    Fine,
    /// An argument is `()`, and so is the result.
    Nothing,
}

impl HostFunction {
    fn check(&self, arguments: &[&mut Dynamic]) -> Result<Checked, Box<EvalAltResult>> {
        let mut checked = Checked::Fine;
        for (parameter, argument) in self.parameters.iter().zip(arguments) {
            let fits = match parameter.kind {
                Kind::Any => true,
                _ if argument.is_unit() => {
                    checked = Checked::Nothing;
                    true
                }
                Kind::Text => argument.is_string(),
                Kind::Integer => whole(argument).is_some(),
                Kind::List => argument.is_array(),
            };
            if !fits {
                let (name, found) = (parameter.name, described(argument));
                return Err(format!("`{name}` of `{}` is {}, not {found}", self.name, parameter.kind.wanted()).into());
            }
        }
        Ok(checked)
    }
}

impl Kind {
    fn wanted(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Integer => "a whole number",
            Kind::List => "a list",
            Kind::Any => "anything",
        }
    }
}

fn described(value: &Dynamic) -> &'static str {
    match () {
        () if value.is_string() => "a text",
        () if value.is_int() => "a whole number",
        () if value.is_float() => "a number",
        () if value.is_bool() => "true or false",
        () if value.is_array() => "a list",
        () if value.is_map() => "a map",
        () => "a value of another type",
    }
}

#[cfg(test)]
mod tests;
