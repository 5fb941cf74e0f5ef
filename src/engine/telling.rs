//! What those who use the engine are told of: messages for their endpoints.

use aws_lc_rs::rand;
use jiff::Timestamp;

use super::standing::Credentials;
use super::{Engine, EngineError, IntegrationId};
use crate::connector::{Connection, Revision};
use crate::model::Id;
use crate::source::{GivenUp, SourceError};
use crate::store::{Endpoint, NewMessage, StoreError, Telling};
use crate::sync::{State, SyncReport};
use crate::webhook::outgoing::{EndUser, Event, EventType, Integration, SyncEnd, SyncTold};

/// The id of something that has none.
pub(super) fn new_id() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Id::derive("", "webhooks", &text).to_string()
}

/// A connection as those know it who are told.
pub(super) fn integration(connection: &Connection, revision: &Revision) -> Integration {
    let id = IntegrationId::new(revision, &connection.name);
    let whose = &connection.end_user;
    Integration {
        tool: id.tool().to_owned(),
        id: id.to_string(),
        end_user: EndUser {
            organization_name: whose.organization_name.clone().unwrap_or_else(|| connection.name.clone()),
            creator_email: whose.creator_email.clone(),
            origin_id: whose.origin_id.clone(),
        },
    }
}

/// The endpoints that are told of something of a connection.
pub(super) fn who_wants<'a>(
    endpoints: &'a [Endpoint],
    kind: EventType,
    connection: &'a str,
) -> impl Iterator<Item = &'a Endpoint> {
    endpoints.iter().filter(move |endpoint| endpoint.wants(kind.as_str(), connection))
}

/// The message that tells `event`; none when nobody gets it.
pub(super) fn message<'a>(
    event: &Event,
    connection: &str,
    of: &Integration,
    endpoints: impl Iterator<Item = &'a Endpoint>,
) -> Option<NewMessage> {
    let endpoints: Vec<String> = endpoints.map(|endpoint| endpoint.id.clone()).collect();
    if endpoints.is_empty() {
        return None;
    }
    let id = new_id();
    let body = event.body(&id, of);
    Some(NewMessage { id, kind: event.kind().as_str(), connection: connection.to_owned(), body, endpoints })
}

/// Tells that a sync ended. The store's trouble is told in the log: what is read goes before what is said of it.
pub(super) async fn tell_sync_end(
    engine: &Engine,
    connection: &Connection,
    revision: &Revision,
    end: SyncEnd,
    (began_at, ended_at): (Timestamp, Timestamp),
) {
    let event = Event::SyncFinished(SyncTold { id: new_id(), end, began_at, ended_at });
    if let Err(error) = tell(engine, connection, revision, &event, ended_at).await {
        tracing::warn!(connection = connection.name, %error, "nobody could be told that a sync ended");
    }
}

async fn tell(
    engine: &Engine,
    connection: &Connection,
    revision: &Revision,
    event: &Event,
    now: Timestamp,
) -> Result<(), StoreError> {
    let endpoints = engine.store.endpoints().await?;
    let name = connection.name.as_str();
    let wanting = who_wants(&endpoints, event.kind(), name);
    let Some(message) = message(event, name, &integration(connection, revision), wanting) else { return Ok(()) };
    engine.store.tell(Telling { messages: vec![message], ..Telling::default() }, now).await
}

/// How a sync ended.
pub(super) fn sync_end(result: &Result<SyncReport, EngineError>) -> SyncEnd {
    if Credentials::of(result) == Credentials::Refused {
        return SyncEnd::AuthenticationFailed;
    }
    let (error, some_were_read, all_were_read) = match result {
        Ok(report) => {
            let was_read = |state: &State| matches!(state, State::Complete);
            let some = report.models.iter().any(|model| was_read(&model.state));
            (report.source_error(), some, report.models.iter().all(|model| was_read(&model.state)))
        }
        Err(EngineError::Source(error)) => (Some(error), false, false),
        Err(_) => (None, false, false),
    };
    match error {
        _ if all_were_read => SyncEnd::Succeeded,
        Some(error) if is_late(error) && !some_were_read => SyncEnd::TimedOut,
        Some(_) if !some_were_read => SyncEnd::Failed,
        None if result.is_err() => SyncEnd::Failed,
        _ => SyncEnd::PartiallyFailed,
    }
}

fn is_late(error: &SourceError) -> bool {
    match error {
        SourceError::Timeout { .. } => true,
        SourceError::GivenUp { cause, why: GivenUp::Budget | GivenUp::Circuit } => is_late(cause),
        _ => false,
    }
}
