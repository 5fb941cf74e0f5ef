//! What the credentials of a connection open, asked of its source just now.

mod finding;

use std::time::Duration;

use serde::Serialize;

pub use finding::{Cause, Finding};

use self::finding::Judge;
use super::EngineError;
use crate::connector::{Connection, Form, Home, Limits, Operation, Remote, Revision};
use crate::source::{Credentials, Source};

/// A check is waited for, so it gives up sooner than a sync.
const TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS: usize = 2;
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the credentials of a connection open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessReport {
    /// The connection.
    pub connection: String,
    /// Its connector.
    pub connector: String,
    /// The name of the source, for people.
    pub title: String,
    /// Whether the identity server gave a token; none where requests carry none.
    pub token: Option<Probe>,
    /// The models in the order of a sync, and the names of free fields where they are read.
    pub models: Vec<Probe>,
}

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// What was asked for: `token`, the name of a model, or [`FREE_FIELDS`].
    pub name: String,
    /// What became of it.
    pub state: ProbeState,
    /// How many records there are, if the source says so.
    pub records: Option<u64>,
    /// What is wrong.
    pub finding: Option<Finding>,
}

/// The name of the [`Probe`] that reads the names of free fields.
pub const FREE_FIELDS: &str = "free fields";

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeState {
    /// All was given.
    Open,
    /// It was given, without some of its fields.
    Partly,
    /// It was not given.
    Refused,
    /// There was no answer, or none of use.
    Failed,
    /// Nobody asked, because an earlier question went wrong.
    NotAsked,
}

/// What a report comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is open.
    Open,
    /// Something was refused, or asked for in the wrong place.
    Refused,
    /// Something could not be asked, and nothing was refused.
    Unreachable,
}

impl AccessReport {
    /// Asks the source of a connection: for a token, then for one row of each model. It needs no store.
    pub async fn read(
        home: &Home,
        connection: &Connection,
        credentials: Credentials,
    ) -> Result<AccessReport, EngineError> {
        let home = home.still();
        let revision = Revision::load(&home, connection)?;
        let form = Form::load(&home, &revision.connector)?;
        let mut remote = revision.remote.clone();
        remote.paging.size = 1;
        remote.limits = Limits {
            timeout: remote.limits.timeout.min(TIMEOUT),
            attempts: remote.limits.attempts.min(ATTEMPTS),
            pause: remote.limits.pause.min(PAUSE),
            longest_pause: remote.limits.longest_pause.min(LONGEST_PAUSE),
            longest_wait: remote.limits.longest_wait.min(LONGEST_PAUSE),
            ..remote.limits
        };
        let mut report = AccessReport {
            connection: connection.name.clone(),
            connector: revision.connector.clone(),
            title: revision.title.clone(),
            token: None,
            models: Vec::new(),
        };
        let judge = Judge::new(&form, connection, &remote);
        let source = Source::new(remote.clone(), credentials)?;
        report.token = token(&source, &remote, &judge).await;
        let mut gone_wrong = report.token.as_ref().is_some_and(|probe| probe.state != ProbeState::Open);
        let mut some_open = false;
        for (name, operation) in questions(&revision) {
            let probe = if gone_wrong {
                Probe { name: name.to_owned(), state: ProbeState::NotAsked, records: None, finding: None }
            } else {
                model(&source, name, operation, &judge).await
            };
            some_open |= matches!(probe.state, ProbeState::Open | ProbeState::Partly);
            // What keeps the first model away keeps all away.
            gone_wrong |= !some_open && probe.finding.as_ref().is_some_and(|finding| finding.cause.is_of_all());
            report.models.push(probe);
        }
        Ok(report)
    }

    /// What was asked, the token first.
    pub fn probes(&self) -> impl Iterator<Item = &Probe> {
        self.token.iter().chain(&self.models)
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let findings = || self.probes().filter_map(|probe| probe.finding.as_ref());
        if findings().any(|finding| finding.cause.is_refusal()) {
            Verdict::Refused
        } else if findings().next().is_some() {
            Verdict::Unreachable
        } else {
            Verdict::Open
        }
    }
}

fn questions(revision: &Revision) -> Vec<(&str, &Operation)> {
    let models = revision.plans().map(|plan| (plan.model().name, plan.operation()));
    let labels = revision.labels().map(|labels| (FREE_FIELDS, labels.operation()));
    models.chain(labels).collect()
}

async fn token(source: &Source, remote: &Remote, judge: &Judge<'_>) -> Option<Probe> {
    remote.oauth2.as_ref()?;
    let finding = source.authenticate().await.err().map(|error| judge.of_token(&error));
    let state = finding.as_ref().map_or(ProbeState::Open, Finding::state);
    Some(Probe { name: "token".to_owned(), state, records: None, finding })
}

async fn model(source: &Source, name: &str, operation: &Operation, judge: &Judge<'_>) -> Probe {
    let name = name.to_owned();
    match source.page(operation, 0).await {
        Ok(page) => {
            let finding = judge.of_fields(&operation.root, &page.errors);
            let state = if finding.is_some() { ProbeState::Partly } else { ProbeState::Open };
            Probe { name, state, records: page.total, finding }
        }
        Err(error) => {
            let finding = judge.of_page(&operation.root, &error);
            Probe { name, state: finding.state(), records: None, finding: Some(finding) }
        }
    }
}
