//! The script calls of a session. Functions see nothing but their arguments, so what one gave for some arguments it
//! gives again: of the labels of a picklist, each is worked out once.

use std::collections::HashMap;

use rhai::{Array, Dynamic, ImmutableString};

use super::time;
use super::write::Value;
use crate::script::{CallError, Caller};

/// An argument of a call.
#[derive(Debug)]
pub(super) enum Input<'v> {
    One(Value<'v>),
    /// The values of a list's items.
    Many(Vec<Value<'v>>),
    /// The same in every call of a session.
    Fixed(&'v ImmutableString),
}

/// Calls the functions of a plan.
pub(super) struct Calls<'p> {
    caller: Caller<'p>,
    given: HashMap<Box<[u8]>, Given>,
    key: Vec<u8>,
}

/// What a function gave.
struct Given {
    result: Dynamic,
    unknown: Vec<String>,
}

/// More are not kept, so that a long session does not grow with its records.
const MOST_KEPT: usize = 4096;

impl<'p> Calls<'p> {
    pub fn new(caller: Caller<'p>) -> Calls<'p> {
        Calls { caller, given: HashMap::new(), key: Vec::new() }
    }

    /// Calls a function. What it reports through `unknown` is handed to `unknown`.
    pub fn call(
        &mut self,
        function: &str,
        inputs: &[Input<'_>],
        unknown: impl FnMut(String),
    ) -> Result<Dynamic, CallError> {
        self.key.clear();
        push_bytes(b'(', function.as_bytes(), &mut self.key);
        for input in inputs {
            push_input(input, &mut self.key);
        }
        if let Some(given) = self.given.get(self.key.as_slice()) {
            given.unknown.iter().cloned().for_each(unknown);
            return Ok(given.result.clone());
        }
        let arguments = || inputs.iter().map(argument).collect();
        let mut heard = Vec::new();
        let result = self.caller.call(function, arguments, |message| heard.push(message));
        heard.iter().cloned().for_each(unknown);
        if let Ok(result) = &result {
            if self.given.len() == MOST_KEPT {
                self.given.clear();
            }
            let given = Given { result: result.clone(), unknown: heard };
            self.given.insert(self.key.as_slice().into(), given);
        }
        result
    }
}

/// An argument as the function sees it.
pub(super) fn argument(input: &Input<'_>) -> Dynamic {
    match input {
        Input::One(value) => dynamic(value),
        Input::Many(values) => values.iter().map(dynamic).collect::<Array>().into(),
        Input::Fixed(text) => (*text).clone().into(),
    }
}

fn dynamic(value: &Value<'_>) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.read().as_ref().into(),
        Value::Time(moment) => time::text(*moment).as_str().into(),
        Value::Json(json) => serde_json::from_str(json).unwrap_or(Dynamic::UNIT),
    }
}

/// Appends what tells an argument from every other one.
fn push_input(input: &Input<'_>, key: &mut Vec<u8>) {
    match input {
        Input::One(value) => push_value(value, key),
        Input::Many(values) => {
            push_bytes(b'[', &values.len().to_le_bytes(), key);
            values.iter().for_each(|value| push_value(value, key));
        }
        Input::Fixed(text) => push_bytes(b'"', text.as_bytes(), key),
    }
}

fn push_value(value: &Value<'_>, key: &mut Vec<u8>) {
    match value {
        Value::Null => key.push(b'0'),
        Value::Bool(value) => key.push(if *value { b't' } else { b'f' }),
        Value::Int(value) => push_bytes(b'i', &value.to_le_bytes(), key),
        Value::Float(value) => push_bytes(b'n', &value.to_le_bytes(), key),
        Value::Time(moment) => push_bytes(b'd', &moment.to_le_bytes(), key),
        Value::Text(text) => push_bytes(b'"', text.read().as_bytes(), key),
        Value::Json(json) => push_bytes(b'{', json.as_bytes(), key),
    }
}

fn push_bytes(tag: u8, bytes: &[u8], key: &mut Vec<u8>) {
    key.push(tag);
    // Lengths keep ("a", "bc") apart from ("ab", "c").
    key.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    key.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostics::{Problems, SourceFile, Span};
    use crate::script::{Library, Limits, Scripts};
    use crate::table::Tables;
    use crate::yaml::Located;

    fn library(text: &str) -> Library {
        let problems = Problems::new();
        let file = SourceFile::new("test.rhai", text);
        let files = BTreeMap::from([("test".to_owned(), Some(file))]);
        let scripts = Scripts::compile(&files, &Tables::new(), &Limits::default(), &problems);
        let wanted = Located { value: "test".to_owned(), span: Span { start: 0, end: 4 } };
        let library = scripts.library(&[(&SourceFile::new("m.yaml", "test"), &wanted)], &problems);
        assert_eq!(problems.count(), 0);
        library
    }

    fn text(text: &str) -> Value<'_> {
        Value::text(Cow::Borrowed(text))
    }

    #[test]
    fn a_repeated_call_gives_and_reports_the_same() {
        let library = library(r#"fn f(t) { unknown("type", t) } fn g(t) { throw "no " + t }"#);
        let mut calls = Calls::new(library.caller());
        for _ in 0..2 {
            let mut heard = Vec::new();
            let result = calls.call("f", &[Input::One(text("odd"))], |message| heard.push(message));
            assert!(result.unwrap().is_unit());
            assert_eq!(heard, ["unknown type: `odd`"]);
            let error = calls.call("g", &[Input::One(text("way"))], |_| {}).unwrap_err();
            assert_eq!(error.message, "no way");
        }
    }

    #[test]
    fn a_long_session_does_not_grow_without_end() {
        let library = library("fn f(n) { n }");
        let mut calls = Calls::new(library.caller());
        for number in 0..3 * MOST_KEPT as i64 {
            let result = calls.call("f", &[Input::One(Value::Int(number))], |_| {}).unwrap();
            assert_eq!(result.as_int(), Ok(number));
        }
        assert!(calls.given.len() <= MOST_KEPT);
    }

    fn values() -> impl Strategy<Value = Vec<Option<String>>> {
        prop::collection::vec(prop::option::of("[ab\"\\[]{0,3}"), 0..4)
    }

    proptest! {
        #[test]
        fn different_arguments_are_told_apart(one in values(), other in values(), nested: bool) {
            let key = |texts: &[Option<String>]| {
                let value = |text: &Option<String>| text.as_deref().map_or(Value::Null, |text| Value::text(Cow::Owned(text.to_owned())));
                let values: Vec<Value<'static>> = texts.iter().map(value).collect();
                let mut key = Vec::new();
                if nested {
                    push_input(&Input::Many(values), &mut key);
                } else {
                    values.into_iter().for_each(|value| push_input(&Input::One(value), &mut key));
                }
                key
            };
            let blank_is_null = |texts: &[Option<String>]| -> Vec<Option<String>> {
                texts.iter().map(|text| text.clone().filter(|text| !text.is_empty())).collect()
            };
            prop_assert_eq!(key(&one) == key(&other), blank_is_null(&one) == blank_is_null(&other));
        }
    }
}
