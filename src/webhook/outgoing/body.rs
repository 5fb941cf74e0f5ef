//! What is told, as it is written: JSON indented by two spaces, its members always in the same order. Receivers parse it,
//! write it again in that form and compare signatures.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::Standing;

/// What sources are to clients of the API. There are no others yet.
const CATEGORY: &str = "ATS";

/// What an endpoint can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// Rows were created, changed or deleted.
    DataChanged,
    /// A sync ended, however it did.
    SyncFinished,
    /// There is a connection that there was not before.
    IntegrationCreated,
    /// The file of a connection is gone.
    IntegrationDeleted,
    /// A connection stands otherwise than before.
    IntegrationStateChanged,
}

impl EventType {
    /// All of them.
    pub const ALL: [EventType; 5] = [
        EventType::DataChanged,
        EventType::SyncFinished,
        EventType::IntegrationCreated,
        EventType::IntegrationDeleted,
        EventType::IntegrationStateChanged,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            EventType::DataChanged => "data-changed",
            EventType::SyncFinished => "sync-finished",
            EventType::IntegrationCreated => "integration-created",
            EventType::IntegrationDeleted => "integration-deleted",
            EventType::IntegrationStateChanged => "integration-state-changed",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// A connection as those know it who are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// Its id: the tool's slug, a colon, and an id.
    pub id: String,
    /// The tool's slug.
    pub tool: String,
    /// Whose it is.
    pub end_user: EndUser,
}

/// Whose a connection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndUser {
    /// The customer.
    pub organization_name: String,
    /// Who connected it.
    pub creator_email: Option<String>,
    /// The client's own id of the customer.
    pub origin_id: Option<String>,
}

/// Whether a connection was read to the end once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SetupStatus {
    /// Some model was never read to its end.
    FinalSyncPending,
    /// Every model was.
    Completed,
}

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SyncEnd {
    /// All was read.
    Succeeded,
    /// The engine was told to end; the next sync goes on there.
    Cancelled,
    /// Nothing was read to its end.
    Failed,
    /// Some model was not read to its end.
    PartiallyFailed,
    /// The source does not take the credentials.
    AuthenticationFailed,
    /// The source did not answer in time.
    TimedOut,
}

/// A sync that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncTold {
    /// Its id.
    pub id: String,
    /// How it ended.
    pub end: SyncEnd,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Rows of these models were created, changed or deleted.
    DataChanged(Vec<String>),
    /// A sync ended.
    SyncFinished(SyncTold),
    /// There is a connection that there was not before.
    Created,
    /// The file of a connection is gone since then.
    Deleted(Timestamp),
    /// A connection stands so since then.
    StateChanged(Standing, SetupStatus, Timestamp),
}

impl Event {
    /// What it is.
    pub fn kind(&self) -> EventType {
        match self {
            Event::DataChanged(_) => EventType::DataChanged,
            Event::SyncFinished(_) => EventType::SyncFinished,
            Event::Created => EventType::IntegrationCreated,
            Event::Deleted(_) => EventType::IntegrationDeleted,
            Event::StateChanged(..) => EventType::IntegrationStateChanged,
        }
    }

    /// The message with this id that tells it of a connection.
    pub fn body(&self, id: &str, of: &Integration) -> String {
        let kind = self.kind().as_str();
        let (integration_id, integration_tool, integration_category) = (of.id.as_str(), of.tool.as_str(), CATEGORY);
        match self {
            Event::DataChanged(models) => {
                let changed_models = models.iter().map(|model| Changed { name: format!("ats_{model}") }).collect();
                let data = DataChanged { integration_id, integration_tool, integration_category, changed_models };
                written(id, kind, data)
            }
            Event::SyncFinished(sync) => written(
                id,
                kind,
                SyncFinished {
                    sync_id: &sync.id,
                    sync_state: sync.end,
                    sync_started_at: moment(sync.began_at),
                    sync_ended_at: moment(sync.ended_at),
                    sync_duration_seconds: sync.ended_at.duration_since(sync.began_at).as_secs().max(0),
                    integration_id,
                    integration_tool,
                    integration_category,
                    end_user: &of.end_user,
                    log_url: format!("urn:crosswalk:sync:{}", sync.id),
                },
            ),
            Event::Created => written(id, kind, Reference::of(of, None)),
            Event::Deleted(at) => written(id, kind, Reference::of(of, Some(moment(*at)))),
            Event::StateChanged(standing, setup_status, at) => written(
                id,
                kind,
                StateChanged {
                    integration_tool,
                    integration_id,
                    integration_category,
                    end_user: &of.end_user,
                    // Nobody looks at a first sync before others may read it.
                    qa_status: "PASSED",
                    setup_status: *setup_status,
                    state: match standing {
                        Standing::Active => "ACTIVE",
                        Standing::Invalid => "INVALID",
                        Standing::Inactive => "INACTIVE",
                    },
                    updated_at: moment(*at),
                },
            ),
        }
    }
}

/// The message by which an endpoint is tried. Its type is none that an endpoint can ask for.
pub(super) fn test(id: &str) -> String {
    written(id, "test", Nothing {})
}

#[derive(Serialize)]
struct Message<'a, T> {
    id: &'a str,
    r#type: &'a str,
    data: T,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Changed {
    name: String,
}

#[derive(Serialize)]
struct DataChanged<'a> {
    integration_id: &'a str,
    integration_tool: &'a str,
    integration_category: &'a str,
    changed_models: Vec<Changed>,
}

#[derive(Serialize)]
struct SyncFinished<'a> {
    sync_id: &'a str,
    sync_state: SyncEnd,
    sync_started_at: String,
    sync_ended_at: String,
    sync_duration_seconds: i64,
    integration_id: &'a str,
    integration_tool: &'a str,
    integration_category: &'a str,
    end_user: &'a EndUser,
    log_url: String,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: &'a str,
    tool: &'a str,
    category: &'a str,
    end_user: &'a EndUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
}

impl Reference<'_> {
    fn of(integration: &Integration, deleted_at: Option<String>) -> Reference<'_> {
        let Integration { id, tool, end_user } = integration;
        Reference { id, tool, category: CATEGORY, end_user, deleted_at }
    }
}

#[derive(Serialize)]
struct StateChanged<'a> {
    integration_tool: &'a str,
    integration_id: &'a str,
    integration_category: &'a str,
    end_user: &'a EndUser,
    qa_status: &'a str,
    setup_status: SetupStatus,
    state: &'a str,
    updated_at: String,
}

fn written<T: Serialize>(id: &str, kind: &str, data: T) -> String {
    serde_json::to_string_pretty(&Message { id, r#type: kind, data }).expect("texts and numbers are JSON")
}

fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integration() -> Integration {
        let end_user = EndUser {
            organization_name: "Acme \"A\" é".to_owned(),
            creator_email: None,
            origin_id: Some("7".to_owned()),
        };
        Integration { id: "nursery:5ZKGLqxfgCaQRRrXyfe5Ka3G".to_owned(), tool: "nursery".to_owned(), end_user }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn bodies_are_written_as_receivers_write_them_again() {
        let models = vec!["jobs".to_owned(), "application_stages".to_owned()];
        let expected = r#"{
  "id": "m",
  "type": "data-changed",
  "data": {
    "integration_id": "nursery:5ZKGLqxfgCaQRRrXyfe5Ka3G",
    "integration_tool": "nursery",
    "integration_category": "ATS",
    "changed_models": [
      {
        "name": "ats_jobs"
      },
      {
        "name": "ats_application_stages"
      }
    ]
  }
}"#;
        assert_eq!(Event::DataChanged(models).body("m", &integration()), expected);
        let expected = r#"{
  "id": "m",
  "type": "integration-deleted",
  "data": {
    "id": "nursery:5ZKGLqxfgCaQRRrXyfe5Ka3G",
    "tool": "nursery",
    "category": "ATS",
    "end_user": {
      "organization_name": "Acme \"A\" é",
      "creator_email": null,
      "origin_id": "7"
    },
    "deleted_at": "2026-11-24T10:00:00.000Z"
  }
}"#;
        assert_eq!(Event::Deleted(at("2026-11-24T10:00:00Z")).body("m", &integration()), expected);
        assert_eq!(test("m"), "{\n  \"id\": \"m\",\n  \"type\": \"test\",\n  \"data\": {}\n}");
    }

    #[test]
    fn the_other_bodies_have_all_members_of_the_contract() {
        let sync = SyncTold {
            id: "s".to_owned(),
            end: SyncEnd::PartiallyFailed,
            began_at: at("2026-11-24T10:00:00.9Z"),
            ended_at: at("2026-11-24T10:01:02.1Z"),
        };
        let body: serde_json::Value =
            serde_json::from_str(&Event::SyncFinished(sync).body("m", &integration())).unwrap();
        assert_eq!(
            body["data"],
            serde_json::json!({
                "sync_id": "s", "sync_state": "PARTIALLY_FAILED", "sync_started_at": "2026-11-24T10:00:00.900Z",
                "sync_ended_at": "2026-11-24T10:01:02.100Z", "sync_duration_seconds": 61,
                "integration_id": integration().id, "integration_tool": "nursery", "integration_category": "ATS",
                "end_user": {"organization_name": "Acme \"A\" é", "creator_email": null, "origin_id": "7"},
                "log_url": "urn:crosswalk:sync:s",
            })
        );
        let changed = Event::StateChanged(Standing::Invalid, SetupStatus::FinalSyncPending, at("2026-11-24T10:00:00Z"));
        let body: serde_json::Value = serde_json::from_str(&changed.body("m", &integration())).unwrap();
        assert_eq!(body["type"], "integration-state-changed");
        assert_eq!(
            (&body["data"]["state"], &body["data"]["setup_status"], &body["data"]["qa_status"]),
            (&"INVALID".into(), &"FINAL_SYNC_PENDING".into(), &"PASSED".into())
        );
        let created: serde_json::Value = serde_json::from_str(&Event::Created.body("m", &integration())).unwrap();
        assert_eq!(created["data"].as_object().unwrap().len(), 4);
    }
}
