//! A sync on demand.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::api::call::Call;
use crate::api::dispatch::only_reads;
use crate::api::failure::Failure;
use crate::api::reply::Answer;
use crate::api::tenant::Tenant;
use crate::engine::{AskedSync, NotAsked, SyncKind};

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Asks for a sync, unless one of its kind waits or is under way.
pub(in crate::api) async fn force_sync(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let wanted: Wanted = call.json_or_default()?;
    let kind = match wanted.kind.as_deref() {
        None | Some("FULL") => SyncKind::Full,
        Some("DELTA") => SyncKind::Delta,
        Some(_) => return Err(Failure::invalid("`type` is FULL or DELTA")),
    };
    let AskedSync { id, kind, already } =
        call.api.running.ask_for_sync(&tenant.connection, kind).map_err(|refused| match refused {
            NotAsked::NoConnection => Failure::no_integration(),
            NotAsked::NoSyncs => only_reads(),
            NotAsked::Inactive(_) => Failure::without_code(
                StatusCode::CONFLICT,
                "The integration is inactive",
                format!("no sync can be asked for: {refused}"),
            ),
        })?;
    let kind = match kind {
        SyncKind::Full => "FULL",
        SyncKind::Delta => "DELTA",
    };
    Ok(Answer::data(&json!({"already_queued": already, "sync_id": id, "type": kind})))
}
