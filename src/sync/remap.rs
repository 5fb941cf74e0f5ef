//! Maps stored records again, from what the source sent: without a request, in batches, each with one revision.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::mapper;
use super::pace::Pace;
use crate::connector::{Live, Revision};
use crate::mapping::{Context, Failure, Labels, Mapped, Plan};
use crate::model::{Id, MODELS, Model};
use crate::store::{
    RawRecord, RecordWrite, RemapTarget, RemapWrite, Remapped, RowKey, Store, StoreError, Unmapped, Unpacker,
    in_the_background,
};

/// Records of a batch. A sync waits for the store no longer than one takes.
const BATCH: u32 = 400;

/// A connection whose stored records are mapped again.
#[derive(Debug, Clone)]
pub struct Remapping {
    /// Its name.
    pub connection: String,
    /// What it is mapped with. Each batch is mapped with the revision that is in use then.
    pub live: Arc<Live>,
    /// Where its records are.
    pub store: Store,
    /// When to step back.
    pub pace: Pace,
}

/// What a remap did, or has done so far, with one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemapProgress {
    /// The model.
    pub model: &'static Model,
    /// What was done.
    pub done: Remapped,
    /// What is left.
    pub left: Unmapped,
}

impl Remapping {
    /// Maps every record again that the present revision would map otherwise. A record that lacks what the revision
    /// reads waits for the next sync, and stays what it is.
    pub async fn run(&self, mut observe: impl FnMut(RemapProgress)) -> Result<Vec<RemapProgress>, StoreError> {
        self.store.recover().await?;
        let mut done = Vec::new();
        for model in MODELS {
            let progress = self.model(model, &mut observe).await?;
            if progress.done.mapped > 0 || progress.left != Unmapped::default() {
                done.push(progress);
            }
        }
        Ok(done)
    }

    async fn model(
        &self,
        model: &'static Model,
        observe: &mut impl FnMut(RemapProgress),
    ) -> Result<RemapProgress, StoreError> {
        let mut progress = RemapProgress { model, done: Remapped::default(), left: Unmapped::default() };
        let mut before: Option<(String, u64)> = None;
        loop {
            let revision = self.live.revision();
            let Some(task) = Task::new(&self.store, &self.connection, &revision, model).await? else {
                return Ok(progress);
            };
            progress.left = self.store.unmapped(&task.target).await?;
            if progress.left.ready == 0 {
                return Ok(progress);
            }
            // What a pass over all did not make less, another will not either.
            if before.is_some_and(|(hash, ready)| hash == revision.hash && progress.left.ready >= ready) {
                return Ok(progress);
            }
            before = Some((revision.hash.clone(), progress.left.ready));
            observe(progress);
            self.pass(&task, &mut progress, observe).await?;
        }
    }

    /// Goes once over the rows, or until the revision is another. While a batch is written, the next is mapped and the
    /// one after it read.
    async fn pass(
        &self,
        task: &Task,
        progress: &mut RemapProgress,
        observe: &mut impl FnMut(RemapProgress),
    ) -> Result<(), StoreError> {
        let (send, mut mapped) = mpsc::channel(1);
        let mapping = async move {
            let mut raw = self.store.to_remap(&task.target, RowKey(0), BATCH).await?;
            while let Some(last) = raw.last()
                && Arc::ptr_eq(&task.revision, &self.live.revision())
            {
                let after = last.key;
                let (rows, next) = tokio::join!(task.map(raw), self.store.to_remap(&task.target, after, BATCH));
                if send.send(rows).await.is_err() {
                    break;
                }
                raw = next?;
            }
            Ok(())
        };
        let writing = async {
            let mut began = Instant::now();
            while let Some(rows) = mapped.recv().await {
                let written = self.write(task, rows).await?;
                progress.left.ready = progress.left.ready.saturating_sub(written.mapped);
                progress.done += written;
                observe(*progress);
                self.pace.yield_to_syncs(began.elapsed()).await;
                began = Instant::now();
            }
            Ok(())
        };
        tokio::try_join!(mapping, writing).map(|((), ())| ())
    }

    async fn write(&self, task: &Task, rows: Vec<(RawRecord, RecordWrite)>) -> Result<Remapped, StoreError> {
        let (target, revision) = (&task.target, task.revision.hash.as_str());
        self.store.write_remapped(RemapWrite { target, revision, now: task.now, at: Timestamp::now(), rows }).await
    }
}

/// What is left to be mapped again by `revision`, of each model that it maps.
pub async fn left_for(
    store: &Store,
    connection: &str,
    revision: &Arc<Revision>,
) -> Result<Vec<(&'static Model, Unmapped)>, StoreError> {
    let mut left = Vec::new();
    for model in MODELS {
        if let Some(task) = Task::new(store, connection, revision, model).await? {
            left.push((*model, store.unmapped(&task.target).await?));
        }
    }
    Ok(left)
}

/// The same of one model.
pub(super) async fn left(
    store: &Store,
    connection: &str,
    revision: &Arc<Revision>,
    model: &'static Model,
) -> Result<Unmapped, StoreError> {
    match Task::new(store, connection, revision, model).await? {
        Some(task) => store.unmapped(&task.target).await,
        None => Ok(Unmapped::default()),
    }
}

/// One revision's work on one model.
struct Task {
    connection: String,
    revision: Arc<Revision>,
    plan: Arc<Plan>,
    target: RemapTarget,
    labels: Arc<Labels>,
    /// The `$now` of the mapping.
    now: Timestamp,
}

impl Task {
    /// None when the revision does not map the model.
    async fn new(
        store: &Store,
        connection: &str,
        revision: &Arc<Revision>,
        model: &'static Model,
    ) -> Result<Option<Task>, StoreError> {
        let Some(plan) = revision.plan(model) else { return Ok(None) };
        let labels = if plan.needs_labels() { store.labels(connection).await? } else { Labels::default() };
        // Names that were never read are like a path that was not.
        let readable = if plan.needs_labels() && labels.is_empty() {
            Vec::new()
        } else {
            let reads = store.reads().await?.into_iter();
            reads.filter(|(_, reads)| reads.covers(plan.reads())).map(|(number, _)| number).collect()
        };
        let signature = plan.signature().hash();
        Ok(Some(Task {
            connection: connection.to_owned(),
            revision: Arc::clone(revision),
            plan: Arc::clone(plan),
            target: RemapTarget { connection: connection.to_owned(), model, signature, readable },
            labels: Arc::new(labels),
            now: Timestamp::now(),
        }))
    }

    /// Maps a batch on two threads that no task needs.
    async fn map(&self, mut first: Vec<RawRecord>) -> Vec<(RawRecord, RecordWrite)> {
        let second = first.split_off(first.len() / 2);
        let halves = [first, second].map(|half| {
            let (connection, plan, labels, now) =
                (self.connection.clone(), Arc::clone(&self.plan), Arc::clone(&self.labels), self.now);
            in_the_background(move || {
                let context = Context { labels: &labels, ..Context::new(&connection, now) };
                map_again(&plan, &context, half)
            })
        });
        let mut mapped = Vec::new();
        for half in halves {
            mapped.extend(half.await);
        }
        mapped
    }
}

fn map_again(plan: &Plan, context: &Context<'_>, raw: Vec<RawRecord>) -> Vec<(RawRecord, RecordWrite)> {
    let mut unpacker = Unpacker::default();
    let texts: Vec<Option<String>> = raw.iter().map(|raw| unpacker.text(raw)).collect();
    let mut session = plan.session(context);
    let mut mapped = Mapped::default();
    let rows: Vec<RecordWrite> = raw
        .iter()
        .zip(&texts)
        .map(|(raw, text)| {
            let failed = |message| failed(plan, context, raw, message);
            let Some(text) = text else {
                return failed("what the source sent cannot be read in the store; the next sync brings it anew");
            };
            match mapper::record(plan, context.connection, &mut session, &mut mapped, text, Bytes::new(), None) {
                Some(row) if row.remote_id == raw.remote_id => row,
                // A row is found by its id, so it cannot get another.
                Some(_) => failed("it has another `remote_id` now; the next sync brings it under that"),
                None => failed("it has no `remote_id` now"),
            }
        })
        .collect();
    raw.into_iter().zip(rows).collect()
}

fn failed(plan: &Plan, context: &Context<'_>, raw: &RawRecord, message: &str) -> RecordWrite {
    RecordWrite {
        remote_id: raw.remote_id.clone(),
        id: Id::derive(context.connection, plan.model().name, &raw.remote_id),
        raw: Bytes::new(),
        unified: Err(Failure(message.to_owned())),
        deleted: false,
        group: None,
        members_of: None,
        issues: Vec::new(),
        partial: false,
    }
}
