//! Syncs that somebody asks for, and the ids by which they are known.

use super::Running;
use crate::connector::Connection;
use crate::engine::standing::{Seen, seen_in_its_file};
use crate::model::Id;

/// How much a sync reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncKind {
    /// Everything.
    Full,
    /// What changed, and everything where that is due.
    Delta,
}

/// A sync that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedSync {
    /// Names it: [`Synced::asked`](super::Synced) and the log have it.
    pub id: String,
    /// What it is: where a source cannot be asked for what changed, everything is read.
    pub kind: SyncKind,
    /// Whether the same was asked for before, and is not through.
    pub already: bool,
}

/// Why no sync can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// There is no such connection, or it has no revision to run with.
    #[error("there is no such connection at work")]
    NoConnection,
    /// The engine reads no sources.
    #[error("the engine reads no sources; it was started so")]
    NoSyncs,
    /// The connection is not read.
    #[error("the connection is not read: {0}")]
    Inactive(String),
}

/// What was asked for, by its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    queued: Wish,
    under_way: Wish,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wish {
    full: Option<String>,
    delta: Option<String>,
}

impl Wish {
    fn of(&mut self, kind: SyncKind) -> &mut Option<String> {
        match kind {
            SyncKind::Full => &mut self.full,
            SyncKind::Delta => &mut self.delta,
        }
    }

    fn ids(&self) -> Vec<String> {
        self.full.iter().chain(&self.delta).cloned().collect()
    }
}

impl Wishes {
    /// Asks for a sync, unless one of the kind is asked for or under way. Gives its id, and whether it is that one.
    fn ask(&mut self, kind: SyncKind, new: impl FnOnce() -> String) -> (String, bool) {
        for known in [&mut self.queued, &mut self.under_way] {
            if let Some(id) = known.of(kind) {
                return (id.clone(), true);
            }
        }
        (self.queued.of(kind).insert(new()).clone(), false)
    }

    /// Whether one waits.
    pub fn are_queued(&self) -> bool {
        self.queued != Wish::default()
    }

    /// A sync begins, and answers all that wait. True when everything has to be read for that.
    pub fn begin(&mut self) -> bool {
        self.under_way = std::mem::take(&mut self.queued);
        self.under_way.full.is_some()
    }

    /// It ended. Gives the ids of what it answered.
    pub fn end(&mut self) -> Vec<String> {
        std::mem::take(&mut self.under_way).ids()
    }

    /// It was broken off, and another will answer them.
    pub fn put_back(&mut self) {
        let Wish { full, delta } = std::mem::take(&mut self.under_way);
        self.queued.full = full.or(self.queued.full.take());
        self.queued.delta = delta.or(self.queued.delta.take());
    }
}

impl Running {
    /// Asks for a sync of a connection, which begins now or as soon as the one under way ends. Where one of its kind waits or
    /// is under way, it is that one.
    pub fn ask_for_sync(&self, connection: &str, kind: SyncKind) -> Result<AskedSync, NotAsked> {
        if !self.syncs() {
            return Err(NotAsked::NoSyncs);
        }
        let member = self.shared.members().get(connection).cloned().ok_or(NotAsked::NoConnection)?;
        let can_tell_changes = member.live.revision().plans().any(|plan| plan.changes().is_some());
        let kind = if can_tell_changes { kind } else { SyncKind::Full };
        let (id, already) = {
            let mut state = member.state();
            if let Seen::Absent(reason) = seen_in_its_file(&state.connection) {
                return Err(NotAsked::Inactive(reason));
            }
            state.wishes.ask(kind, new_id)
        };
        if !already {
            tracing::info!(connection, sync = id, ?kind, "a sync was asked for");
            member.sync_now.notify_one();
        }
        Ok(AskedSync { id, kind, already })
    }

    /// A connection as its file said it last when it could be read.
    pub fn connection(&self, name: &str) -> Option<Connection> {
        self.shared.members().get(name).map(|member| member.state().connection.clone())
    }
}

fn new_id() -> String {
    let drawn: [u64; 2] = [fastrand::u64(..), fastrand::u64(..)];
    Id::derive("", "sync", &format!("{drawn:?}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_waits_or_is_under_way() {
        let mut wishes = Wishes::default();
        let mut numbers = 0..;
        let mut new = || numbers.next().unwrap().to_string();
        assert_eq!(wishes.ask(SyncKind::Delta, &mut new), ("0".into(), false));
        assert_eq!(wishes.ask(SyncKind::Delta, &mut new), ("0".into(), true));
        assert_eq!(wishes.ask(SyncKind::Full, &mut new), ("1".into(), false));
        assert!(wishes.are_queued());
        assert!(wishes.begin(), "everything is to be read");
        assert!(!wishes.are_queued());
        assert_eq!(wishes.ask(SyncKind::Full, &mut new), ("1".into(), true));
        wishes.put_back();
        assert!(wishes.are_queued());
        assert!(wishes.begin());
        assert_eq!(wishes.end(), ["1", "0"]);
        assert_eq!(wishes.ask(SyncKind::Full, &mut new), ("2".into(), false));
        assert!(wishes.begin());
        wishes.end();
        assert!(!wishes.begin(), "one by the clock reads what changed");
    }
}
