//! Events, and which of them a hook asks for.

use super::super::data::{Change, Kind, Language, Record, Scope, Value, World};
use serde_json::{Value as Json, json};

/// The word for a type in the names of events; types without one have no events.
fn entity(world: &World, record: Record) -> Option<&'static str> {
    Some(match record.kind {
        Kind::Match => "crmatch",
        Kind::Employee => "cremployee",
        Kind::Vacancy => "crvacancy",
        Kind::Publication => "crpublication",
        Kind::Company => "crcompany",
        Kind::Job => "crjob",
        Kind::User if world.has_row(Kind::User, Scope::Contacts, record.row) => "crcontact",
        _ => return None,
    })
}

/// The name of the event of a change.
pub(super) fn event_type(world: &World, change: &Change) -> Option<String> {
    entity(world, change.record).map(|entity| format!("{entity}:{}", change.kind.word()))
}

/// What a hook asks for: one event, and perhaps a condition.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    event_type: String,
    /// As it was written.
    text: Option<String>,
    /// All of them must hold.
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// `metadata.paths has any of ['a', 'b']`: one of the fields was changed.
    AnyChanged(Vec<String>),
    /// `data.name eq 'value'`: a field, in lower case, has the value; a relation by its id.
    Equals(String, String),
}

impl Filter {
    /// Reads `{eventType, condition?}`; one report writes `type`.
    pub(super) fn read(filter: &Json) -> Result<Filter, String> {
        let event_type = filter.get("eventType").or_else(|| filter.get("type")).and_then(Json::as_str);
        let event_type = event_type.ok_or("a filter needs an `eventType`")?.to_owned();
        let is_known = event_type.split_once(':').is_some_and(|(entity, change)| {
            let entities = [
                "crmatch",
                "cremployee",
                "crvacancy",
                "crpublication",
                "crcompany",
                "crcontact",
                "crjob",
                "crplacement",
            ];
            entities.contains(&entity) && ["created", "updated", "deleted"].contains(&change)
        });
        if !is_known {
            return Err(format!("there is no event `{event_type}`"));
        }
        let text = filter.get("condition").and_then(Json::as_str).map(str::to_owned);
        let conditions = text.as_deref().unwrap_or_default().split(" and ").filter(|part| !part.trim().is_empty());
        let conditions = conditions.map(condition).collect::<Result<_, _>>()?;
        Ok(Filter { event_type, text, conditions })
    }

    pub(super) fn to_json(&self) -> Json {
        json!({ "eventType": self.event_type, "condition": self.text })
    }

    pub(super) fn wants(&self, world: &World, event_type: &str, change: &Change) -> bool {
        self.event_type == event_type && self.conditions.iter().all(|condition| holds(condition, world, change))
    }
}

fn condition(text: &str) -> Result<Condition, String> {
    let text = text.trim();
    let refuse = || format!("the condition `{text}` is not understood");
    let unquoted = |part: &str| {
        let part = part.trim();
        let inner = part.strip_prefix('\'').and_then(|part| part.strip_suffix('\''));
        inner.map(str::to_owned).ok_or_else(refuse)
    };
    if let Some(list) = text.strip_prefix("metadata.paths has any of") {
        let list = list.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']')).ok_or_else(refuse)?;
        return Ok(Condition::AnyChanged(list.split(',').map(unquoted).collect::<Result<_, _>>()?));
    }
    let (name, value) = text.strip_prefix("data.").and_then(|rest| rest.split_once(" eq ")).ok_or_else(refuse)?;
    Ok(Condition::Equals(name.trim().to_lowercase(), unquoted(value)?))
}

fn holds(condition: &Condition, world: &World, change: &Change) -> bool {
    match condition {
        Condition::AnyChanged(paths) => paths.iter().any(|path| change.fields.contains(path)),
        Condition::Equals(name, wanted) => {
            let fields = super::super::data::SCHEMA.get_object(change.record.kind.name());
            let mut names = fields.into_iter().flat_map(|object| object.fields.keys());
            let field = names.find(|field| field.to_lowercase() == *name);
            let value = field.map(|field| world.field(change.record, field, Language::Dutch));
            match value {
                Some(Value::Text(text)) => text == wanted.as_str(),
                Some(Value::Int(number)) => number.to_string() == *wanted,
                Some(Value::Date(moment)) => moment.to_string() == *wanted,
                Some(Value::One(record)) => world.id(record) == *wanted,
                _ => false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conditions_that_were_seen_are_read() {
        let paths = |paths: &[&str]| Condition::AnyChanged(paths.iter().map(|path| (*path).to_owned()).collect());
        assert_eq!(condition("metadata.paths has any of ['toStatusNode']"), Ok(paths(&["toStatusNode"])));
        assert_eq!(condition("metadata.paths has any of ['a', 'b']"), Ok(paths(&["a", "b"])));
        assert_eq!(
            condition("data.statusinfo eq '26'"),
            Ok(Condition::Equals("statusinfo".to_owned(), "26".to_owned()))
        );
        for text in ["data.statusinfo = '26'", "metadata.paths has any of 'a'", "data.statusinfo eq 26"] {
            assert!(condition(text).is_err(), "{text}");
        }
        assert!(Filter::read(&json!({"eventType": "crshoe:created"})).is_err());
        assert!(Filter::read(&json!({"type": "crmatch:deleted"})).is_ok());
    }
}
