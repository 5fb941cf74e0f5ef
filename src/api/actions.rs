//! The writes of the unified API. An action's input is what the body says, and what the path does.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::failure::{self, Failure};
use super::reply::{Answer, Warning};
use super::tenant::Tenant;
use crate::action::{self, ActionError, Wish};
use crate::engine::{Acted, PageQuery};
use crate::model::{self, APPLICATIONS, Action, CANDIDATES, Id, Model};

/// By it a client says that a request is the one that it sent before.
const KEY: &str = "idempotency-key";

/// Characters of the longest key.
const LONGEST_KEY: usize = 255;

/// The members of an application that the answer to a new one does not have.
const NOT_OF_NEW: [&str; 2] = ["interviews", "offers"];

/// What a stage is known by inside an application.
const STAGE: [&str; 4] = ["id", "name", "remote_id", "index"];

/// `POST /v1/ats/jobs/{job_id}/applications`
pub(super) async fn create_application(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let mut input = body(&call)?;
    let mut application = Map::from_iter([("job_id".to_owned(), call.value("job_id").into())]);
    application.extend(input.remove("stage_id").map(|stage| ("stage_id".to_owned(), stage)));
    input.insert("application".to_owned(), application.into());
    let acted = act(&call, &tenant, &model::CREATE_APPLICATION, input).await.map_err(in_the_path)?;
    let mut made = result(&call, &tenant, &APPLICATIONS, &acted).await?;
    NOT_OF_NEW.iter().for_each(|name| drop(made.remove(*name)));
    if let Some(Value::Object(stage)) = made.get_mut("current_stage") {
        stage.retain(|name, _| STAGE.contains(&name.as_str()));
    }
    let candidate = made.get("candidate_id").and_then(Value::as_str).map(str::to_owned);
    if let Some(id) = candidate {
        let candidate = row(&call, &tenant, &CANDIDATES, &id).await?.map(|mut candidate| {
            candidate.remove("applications");
            Value::Object(candidate)
        });
        made.insert("candidate".to_owned(), candidate.unwrap_or_default());
    }
    Ok(written(&made.into(), &acted))
}

/// `POST /v1/ats/candidates`
pub(super) async fn create_candidate(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let input = body(&call)?;
    let job = input.get("application").and_then(|application| application.get("job_id"));
    let Some(job) = job.and_then(Value::as_str).map(|job| id_of(&tenant, job)) else {
        return Err(Failure::invalid(
            "`/application/job_id`: is missing; it names the job that the candidate applies for",
        ));
    };
    let acted = act(&call, &tenant, &model::CREATE_CANDIDATE, input).await?;
    let mut made = result(&call, &tenant, &CANDIDATES, &acted).await?;
    if let Some(Value::Array(applications)) = made.get_mut("applications") {
        applications.retain(|application| application["job"]["id"] == job);
    }
    Ok(written(&made.into(), &acted))
}

/// `POST /v1/ats/applications/{application_id}/attachments`
pub(super) async fn add_application_attachment(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    without_result(call, tenant, &model::ADD_APPLICATION_ATTACHMENT, "application_id").await
}

/// `POST /v1/ats/candidates/{candidate_id}/attachments`
pub(super) async fn add_candidate_attachment(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    without_result(call, tenant, &model::ADD_CANDIDATE_ATTACHMENT, "candidate_id").await
}

/// `PUT /v1/ats/applications/{application_id}/stage`
pub(super) async fn set_application_stage(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    without_result(call, tenant, &model::SET_APPLICATION_STAGE, "application_id").await
}

/// `POST /v1/ats/applications/{application_id}/result-links`
pub(super) async fn add_application_result_link(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    without_result(call, tenant, &model::ADD_APPLICATION_RESULT_LINK, "application_id").await
}

/// `POST /v1/ats/applications/{application_id}/notes`
pub(super) async fn add_application_note(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    without_result(call, tenant, &model::ADD_APPLICATION_NOTE, "application_id").await
}

/// An action whose answer is empty; `of` is the name of the record in the path and in the input.
async fn without_result(call: Call, tenant: Tenant, action: &'static Action, of: &str) -> Result<Answer, Failure> {
    let mut input = body(&call)?;
    input.insert(of.to_owned(), call.value(of).into());
    let acted = act(&call, &tenant, action, input).await?;
    Ok(written(&json!({}), &acted))
}

fn body(call: &Call) -> Result<Map<String, Value>, Failure> {
    call.json()
}

async fn act(
    call: &Call,
    tenant: &Tenant,
    action: &'static Action,
    input: Map<String, Value>,
) -> Result<Acted, Failure> {
    let key = call.header(KEY).map(str::trim).filter(|key| !key.is_empty());
    if key.is_some_and(|key| key.len() > LONGEST_KEY) {
        return Err(Failure::invalid(format!("the header `Idempotency-Key` has more than {LONGEST_KEY} characters")));
    }
    if let Some(model) = action.result {
        // What cannot be shown afterwards is not made: lists are refused the same way until the first sync is through.
        row(call, tenant, model, "").await?;
    }
    let wish = Wish { action, input: input.into(), key: key.map(str::to_owned) };
    Ok(call.api.running.act(&tenant.connection, wish).await?)
}

/// The record that an action made.
async fn result(
    call: &Call,
    tenant: &Tenant,
    model: &'static Model,
    acted: &Acted,
) -> Result<Map<String, Value>, Failure> {
    let record = acted.result.as_ref().map(|record| record.value());
    let id = record.as_ref().and_then(|record| record["id"].as_str()).unwrap_or_default();
    row(call, tenant, model, id).await?.ok_or_else(|| {
        tracing::error!(run = acted.run, "what an action made is not among the records");
        Failure::internal()
    })
}

async fn row(
    call: &Call,
    tenant: &Tenant,
    model: &'static Model,
    id: &str,
) -> Result<Option<Map<String, Value>>, Failure> {
    let view = call.api.running.view(&tenant.connection).ok_or_else(Failure::no_integration)?;
    let page = call.api.engine.page(&view, &PageQuery::new(model).of_ids([id])).await?;
    Ok(page.rows.first().and_then(|row| serde_json::from_str(row).ok()))
}

/// The unified id of a job that may be named by that of the source.
fn id_of(tenant: &Tenant, job: &str) -> String {
    match job.strip_prefix("remote:") {
        Some(remote_id) => Id::derive(&tenant.connection, "jobs", remote_id).to_string(),
        None => job.to_owned(),
    }
}

fn written(data: &Value, acted: &Acted) -> Answer {
    let warnings: Vec<Warning> = acted.warnings.iter().map(|message| Warning { message: message.clone() }).collect();
    Answer::written(data, &warnings)
}

/// Where an application is made for a job in the path, the body has its stage at its top.
fn in_the_path(failure: Failure) -> Failure {
    let message =
        failure.message.replace("/application/job_id", "job_id").replace("/application/stage_id", "/stage_id");
    Failure { message, ..failure }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Failure {
        let message = told(&error);
        let failure = match code(error.code) {
            Some(code) => Failure::of(code, message),
            None => Failure::without_code(StatusCode::NOT_FOUND, "Not found", message),
        };
        Failure { log_url: error.run.map(|run| format!("urn:crosswalk:action:{run}")), ..failure }
    }
}

/// What went wrong, all of it, and how far the action came.
fn told(error: &ActionError) -> String {
    let mut message = error.message.clone();
    for problem in &error.problems {
        let problem = problem.to_string();
        if !message.contains(&problem) {
            message.push_str(&format!("; {problem}"));
        }
    }
    if !error.done.is_empty() {
        message.push_str(&format!(" (done: {}; not done: {}", error.done.join(", "), error.undone.join(", ")));
        message.push_str(if error.resumable { "; the same request goes on there)" } else { ")" });
    }
    message
}

fn code(code: action::Code) -> Option<failure::Code> {
    use action::Code as Of;
    use failure::Code;
    Some(match code {
        Of::InputInvalid => Code::PlatformInputInvalid,
        Of::NotFound => return None,
        Of::JobClosed => Code::AtsJobClosed,
        Of::ApplicationExists => Code::AtsApplicationAlreadyExists,
        Of::Refused => Code::RemoteInputInvalid,
        Of::Inactive => Code::IntegrationInactive,
        Of::ActionNotAvailable => Code::IntegrationActionNotAvailable,
        Of::ActionDisabled => Code::IntegrationActionDisabled,
        Of::ModelNotAvailable => Code::IntegrationModelNotAvailable,
        Of::ModelDisabled => Code::IntegrationModelDisabled,
        Of::PermissionMissing => Code::IntegrationPermissionMissing,
        Of::AuthenticationInvalid => Code::IntegrationAuthenticationInvalid,
        Of::RemoteUnavailable => Code::RemoteServiceUnavailable,
        Of::RemoteRateLimited => Code::RemoteRateLimitExceeded,
        Of::RemoteError => Code::RemoteUnknownHttpError,
        Of::TimedOut | Of::Unclear => Code::PlatformTaskTimedOut,
        Of::IntegrationNotFound => Code::PlatformIntegrationNotFound,
        Of::Unknown => Code::PlatformUnknownError,
    })
}
