//! All that a store holds at a moment, and what must be true of it whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub model: String,
    pub remote_id: String,
    pub changed_at: String,
    pub deleted: bool,
    pub vanished: bool,
    /// What those who read unified records see; none when the record never mapped.
    pub unified: Option<String>,
    /// The rest, but for what only tells when, in which order and with which other fields it came.
    pub rest: String,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub number: i64,
    pub at: String,
    pub model: String,
    pub created: i64,
    pub changed: i64,
    pub deleted: i64,
    pub keys: Option<Vec<i64>>,
}

/// What is in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    pub rows: BTreeMap<i64, Stored>,
    pub told: Vec<Told>,
    /// Runs that are under way or were broken off.
    pub running: Vec<String>,
}

impl Picture {
    /// Reads the store, which must be sound.
    pub async fn of(path: &Path) -> Picture {
        let mut store = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        let check: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut store).await.unwrap();
        assert_eq!(check, "ok");
        assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut store).await.unwrap().is_empty());
        // A kill may come before the first table.
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'events'")
            .fetch_one(&mut store)
            .await
            .unwrap();
        let picture = match tables {
            0 => Picture::default(),
            _ => Picture {
                rows: rows(&mut store).await,
                told: told(&mut store).await,
                running: running(&mut store).await,
            },
        };
        store.close().await.unwrap();
        picture
    }

    /// The records by model and remote id, without the times at which they came.
    pub fn contents(&self) -> BTreeMap<(String, String), String> {
        let content = |row: &Stored| {
            let Stored { model, remote_id, deleted, vanished, unified, rest, .. } = row;
            ((model.clone(), remote_id.clone()), format!("deleted {deleted}, vanished {vanished}, {unified:?}, {rest}"))
        };
        self.rows.values().map(content).collect()
    }

    /// Sums of the events of each model after a number: created, changed, deleted.
    pub fn sums_after(&self, number: i64) -> BTreeMap<&str, (i64, i64, i64)> {
        let mut sums = BTreeMap::new();
        for told in self.told.iter().filter(|told| told.number > number) {
            let sum: &mut (i64, i64, i64) = sums.entry(told.model.as_str()).or_default();
            *sum = (sum.0 + told.created, sum.1 + told.changed, sum.2 + told.deleted);
        }
        sums
    }

    pub fn last_number(&self) -> i64 {
        self.told.last().map_or(0, |told| told.number)
    }

    /// What was told at an earlier moment is still told, as it was and under the same numbers, and those only grow.
    pub fn assert_tells_on(&self, earlier: &Picture, what: &str) {
        assert!(self.told.starts_with(&earlier.told), "{what}: events of before are gone or others");
        assert!(self.told.is_sorted_by(|one, next| one.number < next.number), "{what}: numbers of events");
    }

    /// What happened since an earlier moment was told, and what was told happened.
    pub fn assert_told_what_happened(&self, earlier: &Picture, what: &str) {
        self.assert_tells_on(earlier, what);
        let mut last_of: BTreeMap<i64, &Told> = BTreeMap::new();
        for told in &self.told {
            if let Some(keys) = &told.keys {
                let distinct: BTreeSet<&i64> = keys.iter().collect();
                assert_eq!(distinct.len() as i64, told.created + told.changed + told.deleted, "{what}: {told:?}");
                last_of.extend(keys.iter().map(|key| (*key, told)));
            }
        }
        let vanished_at = |row: &Stored| {
            let of_all = self.told.iter().filter(|told| told.keys.is_none() && told.model == row.model);
            row.deleted && of_all.into_iter().any(|told| told.at == row.changed_at)
        };
        // Whoever has heard the events knows of each row that it is as it was made at its last change.
        for (key, row) in self.rows.iter().filter(|(_, row)| row.unified.is_some()) {
            let heard = last_of.get(key).is_some_and(|told| told.at == row.changed_at) || vanished_at(row);
            assert!(heard, "{what}: nobody was told of the last change of {row:?}, only {:?}", last_of.get(key));
        }
        let shown = self.rows.values().filter(|row| row.unified.is_some()).count() as i64;
        // One that is flagged when it comes for the first time is told of as deleted.
        assert!(self.told.iter().map(|told| told.created).sum::<i64>() <= shown, "{what}: each is created once");
        for told in self.told.iter().filter(|told| told.number > earlier.last_number()) {
            for key in told.keys.iter().flatten() {
                let (then, now) = (earlier.rows.get(key), &self.rows[key]);
                let seen = |row: &Stored| (row.unified.clone(), row.deleted);
                assert_ne!(then.map(seen), Some(seen(now)), "{what}: told, and nothing happened: {told:?} {now:?}");
            }
        }
    }

    /// As many rows vanished as were told to, where nothing else happened to them.
    pub fn assert_told_what_vanished(&self, earlier: &Picture, what: &str) {
        let mut vanished: BTreeMap<&str, i64> = BTreeMap::new();
        for told in self.told.iter().filter(|told| told.number > earlier.last_number() && told.keys.is_none()) {
            *vanished.entry(told.model.as_str()).or_default() += told.deleted;
        }
        for (model, told) in vanished {
            let was_live = |key: &i64| earlier.rows.get(key).is_none_or(|row| !row.deleted);
            let is_gone = |row: &Stored| row.model == model && row.vanished && row.unified.is_some();
            let gone = self.rows.iter().filter(|(key, row)| is_gone(row) && was_live(key)).count();
            assert_eq!(told, gone as i64, "{what}: {model} that vanished");
        }
    }
}

async fn rows(store: &mut SqliteConnection) -> BTreeMap<i64, Stored> {
    let rows = sqlx::query(
        "SELECT records.key, scopes.model, remote_id, changed_at, remote_deleted_at IS NOT NULL, vanished, json, \
         concat_ws(' | ', id, raw.key IS NULL, issues, failure, group_key, members_of, fetched_by IS 0) \
         FROM records JOIN scopes ON scopes.number = records.scope LEFT JOIN unified ON unified.key = records.key \
         LEFT JOIN raw ON raw.key = records.key",
    );
    let stored = |row: &sqlx::sqlite::SqliteRow| Stored {
        model: row.get(1),
        remote_id: row.get(2),
        changed_at: row.get(3),
        deleted: row.get(4),
        vanished: row.get(5),
        unified: row.get(6),
        rest: row.get(7),
    };
    rows.fetch_all(store).await.unwrap().iter().map(|row| (row.get(0), stored(row))).collect()
}

async fn told(store: &mut SqliteConnection) -> Vec<Told> {
    let rows = sqlx::query("SELECT number, at, model, created, changed, deleted, keys FROM events ORDER BY number");
    let told = |row: &sqlx::sqlite::SqliteRow| Told {
        number: row.get(0),
        at: row.get(1),
        model: row.get(2),
        created: row.get(3),
        changed: row.get(4),
        deleted: row.get(5),
        keys: row.get::<Option<&str>, _>(6).map(|keys| serde_json::from_str(keys).unwrap()),
    };
    rows.fetch_all(store).await.unwrap().iter().map(told).collect()
}

async fn running(store: &mut SqliteConnection) -> Vec<String> {
    let rows = sqlx::query_scalar("SELECT concat_ws(' ', kind, 'of', model) FROM syncs WHERE state = 'running'");
    rows.fetch_all(store).await.unwrap()
}
