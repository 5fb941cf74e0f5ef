//! What a field of a record holds, before it becomes JSON.

use super::{Kind, Moment};
use std::borrow::Cow;

/// One record: its type and its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) row: u32,
}

impl Record {
    pub(crate) const fn new(kind: Kind, row: u32) -> Record {
        Record { kind, row }
    }
}

/// The value of a field. Dates stay moments until they are printed, so that filters and sorting compare time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Float(f64),
    Text(Cow<'static, str>),
    Date(Moment),
    Json(serde_json::Value),
    One(Record),
    Many(Vec<Record>),
}

impl Value {
    /// A relation to rows of one type.
    pub(crate) fn many(kind: Kind, rows: impl IntoIterator<Item = u32>) -> Value {
        Value::Many(rows.into_iter().map(|row| Record::new(kind, row)).collect())
    }

    /// A flag, which the API writes as 0 or 1.
    pub(crate) fn flag(on: bool) -> Value {
        Value::Int(i64::from(on))
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Value {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Int(i64::from(number))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

impl From<Moment> for Value {
    fn from(moment: Moment) -> Value {
        Value::Date(moment)
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Value {
        Value::One(record)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Value {
        Value::Json(json)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
