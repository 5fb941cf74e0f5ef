//! Script calls.

use std::borrow::Cow;

use rhai::{Dynamic, FnArgsVec};

use super::super::calls::Input;
use super::super::plan::{Argument, Call, Rule, unmapped};
use super::super::project::Row;
use super::super::trace::Trace;
use super::super::write::Value;
use super::{Eval, Found, tell};
use crate::model::Kind;

impl<'e, T: Trace> Eval<'e, '_, '_, T> {
    pub(super) fn call(&mut self, call: &'e Call, row: Row) -> Result<Dynamic, String> {
        self.trace.enter_call(call);
        let inputs: FnArgsVec<Input<'e>> = call.arguments.iter().map(|argument| self.input(argument, row)).collect();
        let (field, issues, trace) = (self.field, &mut *self.issues, &mut *self.trace);
        let result = self.calls.call(&call.function, &inputs, |message| {
            trace.unknown(&message);
            tell(issues, unmapped(field, message));
        });
        self.trace.leave_call(call, &inputs, &result);
        result.map_err(|error| error.to_string())
    }

    fn input(&mut self, argument: &'e Argument, row: Row) -> Input<'e> {
        self.trace.argument();
        match argument {
            Argument::Slot(slot) => Input::One(self.read(row, *slot)),
            Argument::Items(column) => {
                let mut values = Vec::new();
                self.column(column, row, &mut |value| values.push(value));
                Input::Many(values)
            }
            Argument::Now => Input::Fixed(&self.now.text),
            Argument::Setting(value) => Input::Fixed(value),
            Argument::Key => self.key.map_or(Input::One(Value::Null), Input::Fixed),
        }
    }

    /// Writes what a script returned.
    pub(super) fn returned(&mut self, rule: &'e Rule, result: Dynamic, kind: &Kind, out: &mut Vec<u8>) -> Found {
        if !result.is_string() {
            return self.fitted(rule, value(result), kind, out);
        }
        let text = result.into_immutable_string().expect("it is a text");
        self.fitted(rule, Value::text(Cow::Borrowed(&text)), kind, out)
    }
}

/// What a script returned, unless it is a text.
fn value(result: Dynamic) -> Value<'static> {
    if result.is_unit() {
        return Value::Null;
    }
    if let Ok(value) = result.as_bool() {
        return Value::Bool(value);
    }
    if let Ok(value) = result.as_int() {
        return Value::Int(value);
    }
    if let Ok(value) = result.as_float() {
        return Value::Float(value);
    }
    if result.is_char() {
        return Value::text(Cow::Owned(result.to_string()));
    }
    serde_json::to_string(&result).map_or(Value::Null, |json| Value::Json(Cow::Owned(json)))
}
