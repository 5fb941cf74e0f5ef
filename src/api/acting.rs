//! Actions through the control of a running engine.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::control::Served;
use crate::action::{ActionError, Code, DryRun, Wish};
use crate::engine::Acted;
use crate::model::{ACTIONS, Action};

/// The largest request: files may stand in it, in Base64.
pub(super) const LARGEST: usize = 96 << 20;

/// What somebody wants done.
#[derive(Serialize, Deserialize)]
pub struct ActRequest {
    /// The connection.
    pub connection: String,
    /// The name of the action.
    pub action: String,
    /// Its input.
    pub input: Value,
    /// The text by which a repetition is known.
    pub key: Option<String>,
    /// Only tell what would be done.
    pub dry_run: bool,
}

/// What came of it: one of these.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActAnswer {
    /// It was done.
    Done(ActedAnswer),
    /// What would be done.
    DryRun(Box<DryRun>),
    /// It did not come to its end.
    Error(Box<ActionError>),
}

/// What an action did.
#[derive(Debug, Serialize, Deserialize)]
pub struct ActedAnswer {
    /// The id of the run.
    pub run: String,
    /// The name of the action.
    pub action: String,
    /// The unified record that is its result.
    pub result: Option<Box<RawValue>>,
    /// What was not done as it was asked for.
    pub warnings: Vec<String>,
    /// Whether it was done before, and this only tells of it.
    pub repeated: bool,
}

/// A run of the journal that is to be gone on with.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResumeRequest {
    /// The id of the run.
    pub run: String,
}

impl From<Acted> for ActedAnswer {
    fn from(acted: Acted) -> ActedAnswer {
        let Acted { run, action, result, warnings, repeated } = acted;
        let result = result.and_then(|record| RawValue::from_string(record.json().to_owned()).ok());
        ActedAnswer { run, action: action.name.to_owned(), result, warnings, repeated }
    }
}

impl From<Result<Acted, ActionError>> for ActAnswer {
    fn from(acted: Result<Acted, ActionError>) -> ActAnswer {
        match acted {
            Ok(acted) => ActAnswer::Done(acted.into()),
            Err(error) => ActAnswer::Error(Box::new(error)),
        }
    }
}

impl From<Result<DryRun, ActionError>> for ActAnswer {
    fn from(dry_run: Result<DryRun, ActionError>) -> ActAnswer {
        match dry_run {
            Ok(dry_run) => ActAnswer::DryRun(Box::new(dry_run)),
            Err(error) => ActAnswer::Error(Box::new(error)),
        }
    }
}

impl ActRequest {
    fn wish(self) -> Result<Wish, ActionError> {
        let Some(action) = Action::named(&self.action) else {
            let known: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
            let message = format!("there is no action `{}`; there are {}", self.action, known.join(", "));
            return Err(ActionError::new(Code::ActionNotAvailable, message));
        };
        Ok(Wish { action, input: self.input, key: self.key })
    }
}

pub(super) async fn act(State(served): State<Served>, Json(request): Json<ActRequest>) -> Response {
    let (connection, is_dry) = (request.connection.clone(), request.dry_run);
    let answer = match request.wish() {
        Err(error) => ActAnswer::Error(Box::new(error)),
        Ok(wish) if is_dry => served.running.dry_run(&connection, &wish).await.into(),
        Ok(wish) => served.running.act(&connection, wish).await.into(),
    };
    Json(answer).into_response()
}

pub(super) async fn resume(State(served): State<Served>, Json(request): Json<ResumeRequest>) -> Response {
    Json(ActAnswer::from(served.running.resume_action(&request.run).await)).into_response()
}
