//! What becomes of a case.

use serde_json::{Value, json};

use super::{CONNECTION, NOW};
use crate::mapping::{Context, Labels, Mapped, Plan};

/// What a raw record maps to, as its snapshot shows it: `unified`, `issues`, and where they say something `group`,
/// `members_of` and `deleted`; or `failure`, why the record could not be mapped.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome(Value);

/// Why a case is no record. It never quotes the case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub(super) String);

impl Outcome {
    /// Maps a raw record.
    pub fn of(plan: &Plan, raw: &str) -> Result<Outcome, Unreadable> {
        Outcome::with_labels(plan, raw, &Labels::default())
    }

    /// Maps a raw record whose free fields and options have these names.
    pub fn with_labels(plan: &Plan, raw: &str, labels: &Labels) -> Result<Outcome, Unreadable> {
        must_be_an_object(raw)?;
        let now = NOW.parse().expect("the moment of the cases is well formed");
        Ok(Outcome(match plan.map(raw, &Context { labels, ..Context::new(CONNECTION, now) }) {
            Ok(mapped) => shown(&mapped),
            Err(failure) => json!({ "failure": failure.to_string() }),
        }))
    }

    /// The outcome as a value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The unified record, if there is one.
    pub fn unified(&self) -> Option<&Value> {
        self.0.get("unified")
    }

    /// Why the record could not be mapped.
    pub fn failure(&self) -> Option<&str> {
        self.0.get("failure")?.as_str()
    }
}

fn shown(mapped: &Mapped) -> Value {
    let unified: Value = serde_json::from_slice(&mapped.unified).expect("a mapped record is JSON");
    let issues: Vec<String> = mapped.issues.iter().map(ToString::to_string).collect();
    let mut shown = json!({ "unified": unified, "issues": issues });
    for (key, value) in [("group", &mapped.group), ("members_of", &mapped.members_of)] {
        if let Some(value) = value {
            shown[key] = json!(value);
        }
    }
    if mapped.deleted {
        shown["deleted"] = json!(true);
    }
    shown
}

fn must_be_an_object(raw: &str) -> Result<(), Unreadable> {
    if raw.trim().is_empty() {
        return Err(Unreadable("it is empty".to_owned()));
    }
    let is = match serde_json::from_str(raw) {
        Ok(Value::Object(_)) => return Ok(()),
        Ok(Value::Array(_)) => "a list",
        Ok(Value::String(_)) => "a text",
        Ok(Value::Number(_)) => "a number",
        Ok(Value::Bool(_)) => "true or false",
        Ok(Value::Null) => "null",
        Err(error) => return Err(Unreadable(format!("it is no JSON: {error}"))),
    };
    Err(Unreadable(format!("it is {is}, and one record is a JSON object")))
}
