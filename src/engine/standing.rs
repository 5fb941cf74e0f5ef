//! How a connection stands, from how it stood and what was seen of it.

use std::time::Duration;

use jiff::Timestamp;

use crate::connector::Connection;
use crate::engine::EngineError;
use crate::model::MODELS;
use crate::store::{ConnectionState, Standing, Store};
use crate::sync::{State as Ended, SyncReport};

/// What was seen of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is to be read.
    Present,
    /// It is not, for this reason.
    Absent(String),
    /// A sync of it ended.
    Synced(Sync),
}

/// What a sync tells of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sync {
    /// Why it did not come to its end.
    pub error: Option<String>,
    /// Whether an earlier one did not that read what this one did not.
    pub others_fail: bool,
    pub credentials: Credentials,
    /// When the next one is due, if the clock says it.
    pub next_at: Option<Timestamp>,
}

/// What a source makes of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credentials {
    Taken,
    Refused,
    /// It was not reached, so it says nothing.
    Untold,
}

impl Credentials {
    pub fn of(result: &Result<SyncReport, EngineError>) -> Credentials {
        let report = match result {
            Ok(report) => report,
            Err(EngineError::Source(error)) if error.refuses_the_credentials() => return Credentials::Refused,
            Err(_) => return Credentials::Untold,
        };
        let mut told = Credentials::Untold;
        for model in &report.models {
            match &model.state {
                Ended::Interrupted(error) | Ended::Failed(error) if error.refuses_the_credentials() => {
                    return Credentials::Refused;
                }
                Ended::Interrupted(_) | Ended::NotRead => {}
                // Whoever refuses to do something knows who asks; a gateway that answers in its place does not.
                Ended::Failed(error) if error.refuses_the_request() => told = Credentials::Taken,
                Ended::Failed(_) => {}
                _ => told = Credentials::Taken,
            }
        }
        told
    }
}

/// How a connection stands from `now` on.
pub(super) fn next(
    connection: &str,
    before: Option<&ConnectionState>,
    seen: &Seen,
    now: Timestamp,
    invalid_after: Duration,
) -> ConnectionState {
    let mut state = before.cloned().unwrap_or_else(|| ConnectionState {
        connection: connection.to_owned(),
        standing: Standing::Active,
        since: now,
        reason: None,
        refused_since: None,
        failures: 0,
        error: None,
        tried_at: None,
        next_at: None,
    });
    let (standing, reason) = match seen {
        Seen::Absent(reason) => {
            // Nobody asks the source meanwhile, so what it says is no longer without a break.
            (state.refused_since, state.next_at) = (None, None);
            (Standing::Inactive, Some(reason.clone()))
        }
        Seen::Present if state.standing == Standing::Inactive => (Standing::Active, None),
        Seen::Present => (state.standing, state.reason.clone()),
        Seen::Synced(sync) => {
            state.tried_at = Some(now);
            state.next_at = sync.next_at.or(state.next_at);
            if sync.error.is_some() {
                state.failures += 1;
                state.error.clone_from(&sync.error);
            } else if !sync.others_fail {
                (state.failures, state.error) = (0, None);
            }
            match sync.credentials {
                Credentials::Taken => state.refused_since = None,
                Credentials::Refused => state.refused_since = state.refused_since.or(Some(now)),
                Credentials::Untold => {}
            }
            match state.refused_since {
                Some(since) if state.standing != Standing::Inactive && is_longer(since, now, invalid_after) => (
                    Standing::Invalid,
                    Some(format!("the source has refused the credentials since {}", since.strftime("%F %H:%M UTC"))),
                ),
                // A time of grace that was made longer does not mend what is broken.
                Some(_) if state.standing == Standing::Invalid => (Standing::Invalid, state.reason.clone()),
                // It was read by hand, and is still not read by the clock.
                _ if state.standing == Standing::Inactive => (Standing::Inactive, state.reason.clone()),
                _ => (Standing::Active, None),
            }
        }
    };
    if standing != state.standing {
        state.since = now;
    }
    (state.standing, state.reason) = (standing, reason);
    state
}

fn is_longer(since: Timestamp, now: Timestamp, than: Duration) -> bool {
    Duration::try_from(now.duration_since(since)).is_ok_and(|passed| passed >= than)
}

/// What the file of a connection says of whether it is read.
pub(super) fn seen_in_its_file(connection: &Connection) -> Seen {
    if connection.options.paused {
        return Seen::Absent("its file says `paused`".to_owned());
    }
    if MODELS.iter().all(|model| connection.options.clock(model).is_none()) {
        return Seen::Absent("its file switches all models off".to_owned());
    }
    Seen::Present
}

/// Keeps what was seen. The store's trouble is told in the log: what is read goes before what is said of it.
pub(super) async fn keep(store: &Store, connection: &str, seen: Seen, now: Timestamp, invalid_after: Duration) {
    let next = |before: Option<&ConnectionState>| next(connection, before, &seen, now, invalid_after);
    match store.change_state(connection, now, next).await {
        Ok(None) => {}
        Ok(Some(change)) => {
            let before = change.before.map_or("new", Standing::as_str);
            let (state, reason) = (change.standing.as_str(), change.reason.as_deref().unwrap_or_default());
            match change.standing {
                Standing::Active => tracing::info!(connection, before, state, "the connection is active"),
                Standing::Inactive => tracing::info!(connection, before, state, reason, "the connection is not read"),
                Standing::Invalid => {
                    tracing::error!(connection, before, state, reason, "the connection needs other credentials");
                }
            }
        }
        Err(error) => tracing::warn!(connection, %error, "the state of the connection could not be kept"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE_DAYS: Duration = Duration::from_secs(3 * 24 * 3600);

    fn at(hour: u32) -> Timestamp {
        let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        start + Duration::from_secs(u64::from(hour) * 3600)
    }

    fn synced(credentials: Credentials) -> Seen {
        let error = (credentials != Credentials::Taken).then(|| "no".to_owned());
        Seen::Synced(Sync { error, others_fail: false, credentials, next_at: None })
    }

    /// What is seen hour by hour, and how the connection stands then.
    fn walk(steps: &[(u32, Seen)]) -> Vec<(Standing, Timestamp)> {
        let mut state = None;
        let mut stood = Vec::new();
        for (hour, seen) in steps {
            let after = next("acme", state.as_ref(), seen, at(*hour), THREE_DAYS);
            stood.push((after.standing, after.since));
            state = Some(after);
        }
        stood
    }

    #[test]
    fn three_days_of_refusals_make_a_connection_invalid_and_one_answer_active() {
        use Credentials::{Refused, Taken, Untold};
        let stood = walk(&[
            (0, synced(Taken)),
            (1, synced(Refused)),
            (72, synced(Refused)),
            (73, synced(Untold)),
            (74, synced(Refused)),
            (75, Seen::Present),
            (76, synced(Untold)),
            (77, synced(Taken)),
        ]);
        use Standing::{Active, Invalid};
        let since_73 = (Invalid, at(73));
        assert_eq!(
            stood,
            [
                (Active, at(0)),
                (Active, at(0)),
                (Active, at(0)),
                since_73,
                since_73,
                since_73,
                since_73,
                (Active, at(77))
            ]
        );
    }

    #[test]
    fn an_answer_between_refusals_begins_the_count_anew() {
        use Credentials::{Refused, Taken};
        let stood = walk(&[(0, synced(Refused)), (60, synced(Taken)), (61, synced(Refused)), (120, synced(Refused))]);
        assert!(stood.iter().all(|(standing, _)| *standing == Standing::Active), "{stood:?}");
    }

    #[test]
    fn a_pause_ends_a_row_of_refusals() {
        use Credentials::Refused;
        let stood = walk(&[
            (0, synced(Refused)),
            (80, synced(Refused)),
            (81, Seen::Absent("paused".into())),
            (82, Seen::Present),
            (83, synced(Refused)),
        ]);
        use Standing::{Active, Inactive, Invalid};
        let standings: Vec<Standing> = stood.into_iter().map(|(standing, _)| standing).collect();
        assert_eq!(standings, [Active, Invalid, Inactive, Active, Active]);
    }

    #[test]
    fn what_is_paused_can_be_read_by_hand_and_stays_paused() {
        let stood = walk(&[(0, Seen::Absent("paused".into())), (1, synced(Credentials::Taken))]);
        assert_eq!(stood[1], (Standing::Inactive, at(0)));
    }

    #[test]
    fn failures_are_counted_until_one_sync_comes_to_its_end() {
        let failed = synced(Credentials::Untold);
        let one = next("acme", None, &failed, at(0), THREE_DAYS);
        let two = next("acme", Some(&one), &failed, at(1), THREE_DAYS);
        assert_eq!((two.failures, two.error.as_deref(), two.tried_at), (2, Some("no"), Some(at(1))));
        let of_other_models = Sync { error: None, others_fail: true, credentials: Credentials::Taken, next_at: None };
        let others = next("acme", Some(&two), &Seen::Synced(of_other_models), at(2), THREE_DAYS);
        assert_eq!((others.failures, others.error.as_deref()), (2, Some("no")), "what failed still does");
        let good = next("acme", Some(&two), &synced(Credentials::Taken), at(2), THREE_DAYS);
        assert_eq!((good.failures, good.error), (0, None));
    }
}
