//! The lists of unified records.

use super::call::Call;
use super::failure::{Code, Failure};
use super::parameters::page_query;
use super::reply::Answer;
use super::tenant::Tenant;
use crate::engine::PageError;
use crate::model::{APPLICATION_STAGES, APPLICATIONS, CANDIDATES, JOBS, List, Model, USERS};

/// `GET /v1/ats/users`
pub(super) async fn users(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    list(&USERS, call, tenant).await
}

/// `GET /v1/ats/jobs`
pub(super) async fn jobs(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    list(&JOBS, call, tenant).await
}

/// `GET /v1/ats/candidates`
pub(super) async fn candidates(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    list(&CANDIDATES, call, tenant).await
}

/// `GET /v1/ats/application-stages`
pub(super) async fn application_stages(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    list(&APPLICATION_STAGES, call, tenant).await
}

/// `GET /v1/ats/applications`
pub(super) async fn applications(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    list(&APPLICATIONS, call, tenant).await
}

async fn list(model: &'static Model, call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let query = page_query(List::of(model), call.query()).map_err(Failure::invalid)?;
    let view = call.api.running.view(&tenant.connection).ok_or_else(Failure::no_integration)?;
    let page = call.api.engine.page(&view, &query).await?;
    Ok(Answer::page(&page.rows, page.next.as_deref()))
}

impl From<PageError> for Failure {
    fn from(error: PageError) -> Failure {
        match error {
            PageError::NotMapped { model, .. } => Failure::of(
                Code::IntegrationModelNotAvailable,
                format!("this integration has no {model}: the mappings of its source do not fill them"),
            ),
            PageError::Disabled { model, .. } => {
                Failure::of(Code::IntegrationModelDisabled, format!("{model} are switched off for this integration"))
            }
            PageError::FirstSync { models, .. } => Failure::of(
                Code::IntegrationSetupSyncPending,
                format!("the first sync is not through: {} are still being read; try again later", models.join(", ")),
            ),
            PageError::Cursor(error) => Failure::invalid(format!("`cursor`: {error}")),
            PageError::Store(error) => Failure::from(error),
        }
    }
}
