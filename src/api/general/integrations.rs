//! What there is to know of one integration.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::coverage::{Covered, Covers, REMOTE_DATA, Status, switched_off};
use super::tools::{COLOUR, icon};
use crate::api::call::Call;
use crate::api::failure::Failure;
use crate::api::reply::Answer;
use crate::api::tenant::Tenant;
use crate::connector::{Connection, Revision};
use crate::engine::ConnectionStatus;
use crate::model::Id;
use crate::store::Standing;

/// State, setup, scopes and coverage of an integration.
pub(in crate::api) async fn integration(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let running = &call.api.running;
    let status = running.full_status_of(&tenant.connection).await?.ok_or_else(Failure::no_integration)?;
    let connection = running.connection(&tenant.connection).ok_or_else(Failure::no_integration)?;
    let created_at = call.api.engine.store().first_seen(&tenant.connection).await?;
    let covers = Covers::of(&tenant.revision);
    let off = switched_off(&connection.options);
    let tool = &tenant.revision.tool;
    Ok(Answer::data(&json!({
        "id": tenant.id.to_string(),
        "tool": {
            "id": tool.slug,
            "label": tool.label,
            "internal_label": tool.internal_label,
            "logo_url": icon(tool, COLOUR),
            "icon_url": icon(tool, COLOUR),
        },
        "category": "ATS",
        "status": match status.state {
            Some(Standing::Invalid) => "INVALID",
            Some(Standing::Inactive) => "INACTIVE",
            Some(Standing::Active) | None => "ACTIVE",
        },
        "setup_status": setup_status(&status, &tenant.revision, &off),
        "end_user": end_user(&connection),
        "scope_config": {
            "id": Id::derive(&tenant.connection, "scopes", "").to_string(),
            "name": null,
        },
        "data_expired_at": expired_at(&status).map(written),
        "created_at": written(created_at.or(status.since).unwrap_or_else(Timestamp::now)),
        "beta": tool.beta,
        "read_models": covers.read_models.iter().map(|model| read_model(model, &off, &connection)).collect::<Vec<_>>(),
        "write_actions": covers.write_actions.iter().map(write_action).collect::<Vec<_>>(),
    })))
}

/// Complete once every model that is read was read to its end.
fn setup_status(status: &ConnectionStatus, revision: &Revision, off: &BTreeSet<String>) -> &'static str {
    let is_read = |name: &str| status.models.iter().any(|model| model.model == name && model.read_at.is_some());
    let mut wanted =
        revision.plans().map(|plan| plan.model().name).filter(|name| !off.contains(&format!("ats_{name}")));
    if wanted.all(is_read) { "COMPLETED" } else { "FINAL_SYNC_PENDING" }
}

/// Since when records lack what the mappings read now; the next sync brings it.
fn expired_at(status: &ConnectionStatus) -> Option<Timestamp> {
    status.remap.iter().any(|remap| remap.waiting > 0).then_some(status.since).flatten()
}

fn end_user(connection: &Connection) -> Value {
    let whose = &connection.end_user;
    json!({
        "organization_name": whose.organization_name.as_deref().unwrap_or(&connection.name),
        "creator_email": whose.creator_email,
        "origin_id": whose.origin_id,
    })
}

fn read_model(model: &Covered, off: &BTreeSet<String>, connection: &Connection) -> Value {
    let is_off = off.contains(&model.id);
    let fields = model.fields.iter().map(|(id, status)| {
        let is_off = is_off || (id == REMOTE_DATA && !connection.options.remote_data);
        json!({
            "id": id,
            "is_available": *status == Status::Supported && !is_off,
            "coverage_status": status,
            "scope_config_setting": setting(is_off),
            "opted_out_by_customer": false,
        })
    });
    json!({
        "id": model.id,
        "label": model.label,
        "is_available": model.status == Status::Supported && !is_off,
        "coverage_status": model.status,
        "scope_config_setting": setting(is_off),
        "opted_out_by_customer": false,
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn write_action(action: &Covered) -> Value {
    let fields = action
        .fields
        .iter()
        .map(|(id, status)| json!({"id": id, "is_available": *status == Status::Supported, "coverage_status": status}));
    json!({
        "id": action.id,
        "label": action.label,
        "is_available": action.status == Status::Supported,
        "coverage_status": action.status,
        "scope_config_setting": setting(false),
        "opted_out_by_customer": false,
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn setting(is_off: bool) -> &'static str {
    if is_off { "DISABLED" } else { "ENABLED" }
}

/// A moment as the contract writes it.
fn written(moment: Timestamp) -> String {
    format!("{moment:.3}")
}
