//! What is asked for: the input checked, its ids turned into the source's, and the key by which a repetition is known.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Acting, ActionError, Code, InputProblem, SAME_FOR};
use crate::model::input::{self, Limits};
use crate::model::{Action, Field, Kind, Model};
use crate::store::{NewAction, text_digest};

/// Stands before an id of the source.
const REMOTE: &str = "remote:";

/// The longest key.
const LONGEST_KEY: usize = 255;

/// What somebody wants done.
#[derive(Clone)]
pub struct Wish {
    /// The action.
    pub action: &'static Action,
    /// Its input, as it came.
    pub input: Value,
    /// The text by which a repetition is known; where there is none, the input itself does.
    pub key: Option<String>,
}

impl fmt::Debug for Wish {
    /// Only what action it is: the rest is of persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wish").field("action", &self.action.name).finish_non_exhaustive()
    }
}

/// An id of an input, and the source's id that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// What it names, such as `jobs`.
    pub entity: String,
    /// The source's id.
    pub remote_id: String,
}

/// An input that can be worked with.
pub(super) struct Ready {
    pub action: &'static Action,
    /// With ids of the source.
    pub value: Value,
    /// A digest of what a repetition is known by.
    pub key: String,
    /// How long the key stands for it after it is done; none while the journal keeps it.
    key_for: Option<SignedDuration>,
    /// A digest of the input.
    pub hash: String,
    /// Its text, to be kept.
    text: String,
}

impl Ready {
    pub fn row<'a>(&'a self, id: &'a str, connection: &'a str, revision: &'a str, now: Timestamp) -> NewAction<'a> {
        NewAction {
            id,
            connection,
            action: self.action.name,
            key: &self.key,
            key_for: self.key_for,
            input_hash: &self.hash,
            input: &self.text,
            revision,
            now,
        }
    }
}

/// Names a key that was given, or an input for which none was. One never is the other.
pub(super) fn given_key(key: &str) -> String {
    text_digest(&format!("given {key}"))
}

fn derived_key(action: &Action, input: &str) -> String {
    text_digest(&format!("derived {} {input}", action.name))
}

impl Acting {
    /// Checks what is asked for and turns ids into the source's. All that is wrong is told at once.
    pub(super) async fn ready(&self, wish: Wish) -> Result<Ready, ActionError> {
        let (value, _) = self.resolved(&wish).await?;
        let text = input::canonical(&value);
        let key = match &wish.key {
            None => derived_key(wish.action, &text),
            Some(key) if key.trim().is_empty() || key.chars().count() > LONGEST_KEY => {
                let message = format!("a key has 1 to {LONGEST_KEY} characters");
                return Err(ActionError::new(Code::InputInvalid, message));
            }
            Some(key) => given_key(key),
        };
        let key_for = match (&wish.key, wish.action.lasting) {
            (Some(_), _) => None,
            (None, true) => Some(SAME_FOR),
            (None, false) => Some(SignedDuration::ZERO),
        };
        Ok(Ready { action: wish.action, hash: text_digest(&text), value, key, key_for, text })
    }

    /// The input with the source's ids, and which they are.
    pub(super) async fn resolved(&self, wish: &Wish) -> Result<(Value, Vec<Resolved>), ActionError> {
        let checked = input::check(wish.action, &wish.input, &Limits::default());
        let mut value =
            checked.map_err(|problems| ActionError::of_input(problems.into_iter().map(told).collect()))?.into_value();
        let mut ids = Vec::new();
        find_ids(&value, wish.action.fields, "", &mut ids);
        let mut problems = Vec::new();
        let mut resolved = Vec::new();
        for (pointer, entity) in ids {
            let Some(place) = value.pointer_mut(&pointer) else { continue };
            let Some(id) = place.as_str() else { continue };
            match self.remote_id(entity, id).await? {
                Ok(remote_id) => {
                    *place = Value::String(remote_id.clone());
                    resolved.push(Resolved { pointer, entity: entity.to_owned(), remote_id });
                }
                Err(message) => problems.push(InputProblem { pointer, message }),
            }
        }
        match problems.is_empty() {
            true => Ok((value, resolved)),
            false => {
                let message = match problems.as_slice() {
                    [only] => only.to_string(),
                    several => format!("{} ids of the input name nothing", several.len()),
                };
                Err(ActionError { problems, ..ActionError::new(Code::NotFound, message) })
            }
        }
    }

    /// The source's id that an id stands for, or what is wrong with it.
    async fn remote_id(&self, entity: &str, id: &str) -> Result<Result<String, String>, ActionError> {
        if let Some(remote) = id.strip_prefix(REMOTE) {
            return Ok(Ok(remote.to_owned()));
        }
        let Some(model) = Model::named(entity) else {
            return Ok(Err(format!("only an id of the source can stand here, as `{REMOTE}` and the id")));
        };
        let connection = &self.reading.connection;
        let store = &self.reading.store;
        let stored = store.get(Some(connection), model, id).await.map_err(ActionError::of_store)?;
        Ok(match stored.filter(|stored| stored.id == id) {
            None => Err(format!(
                "there is no such record in {entity} of the connection `{connection}`; \
                 one that was not read yet can be named by the source's id, as `{REMOTE}` and the id"
            )),
            Some(stored) if stored.remote_deleted_at.is_some() => Err("the record is deleted at the source".to_owned()),
            Some(stored) => Ok(stored.remote_id),
        })
    }
}

fn told(problem: input::Problem) -> InputProblem {
    InputProblem { pointer: problem.pointer, message: problem.message }
}

/// Where ids stand in an input, and what each names.
fn find_ids(value: &Value, fields: &'static [Field], pointer: &str, found: &mut Vec<(String, &'static str)>) {
    walk(value, fields, pointer, &mut |kind, _, pointer| {
        if let Kind::Id(entity) = kind {
            found.push((pointer.to_owned(), entity));
        }
    });
}

/// Tells of each value of an input with its kind and its place.
pub(super) fn walk(value: &Value, fields: &'static [Field], pointer: &str, tell: &mut impl FnMut(&Kind, &Value, &str)) {
    let Value::Object(members) = value else { return };
    for field in fields {
        if let Some(value) = members.get(field.name).filter(|value| !value.is_null()) {
            walk_one(value, &field.kind, &format!("{pointer}/{}", field.name), tell);
        }
    }
}

fn walk_one(value: &Value, kind: &Kind, pointer: &str, tell: &mut impl FnMut(&Kind, &Value, &str)) {
    match (kind, value) {
        (Kind::Object(fields), value) => walk(value, fields, pointer, tell),
        (Kind::List(kind), Value::Array(entries)) => {
            for (at, entry) in entries.iter().enumerate() {
                walk_one(entry, kind, &format!("{pointer}/{at}"), tell);
            }
        }
        (kind, value) => tell(kind, value, pointer),
    }
}
