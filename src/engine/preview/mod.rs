//! What a change of mappings would do to the stored records, before it does.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use self::compare::Comparison;
use super::{Engine, EngineError};
use crate::connector::{Connection, Home, Revision};
use crate::mapping::{Labels, Plan, Reads};
use crate::model::{MODELS, Model};
use crate::store::{KeptRevision, ReadsNumber, RowKey, StoredRaw, in_the_background};

/// Records that are looked at together.
const BATCH: u32 = 500;

/// What the present files would do to the stored records of a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// The connection.
    pub connection: String,
    /// The hash of the present files.
    pub revision: String,
    /// What they are compared with: `stored`, a folder, or the hash of a revision.
    pub against: String,
    /// The models that become other, in the order of a sync.
    pub models: Vec<ModelPreview>,
}

/// What becomes of the records of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ModelPreview {
    /// The model.
    pub model: String,
    /// The stored records.
    pub records: u64,
    /// Those of them that become other.
    pub changed: u64,
    /// Fields that become other in some record, in the order of the model.
    pub fields: Vec<FieldPreview>,
    /// What does not fit any more, or does not fit otherwise than before.
    pub new_issues: Vec<Remark>,
    /// What did not fit before.
    pub mended_issues: Vec<Remark>,
    /// Why records cannot be mapped any more.
    pub new_failures: Vec<Remark>,
    /// Records that could not be mapped before.
    pub mended_failures: u64,
    /// Paths that are read and were not when some records came. They are known after the next sync.
    pub new_paths: Vec<String>,
    /// Records that lack them, and stay what they are until then.
    pub waiting: u64,
    /// Fields that read them: what they become is not known yet.
    pub unknown_fields: Vec<String>,
    /// Whether the next sync asks for other records.
    pub other_rows: bool,
    /// Whether it is mapped no more.
    pub removed: bool,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldPreview {
    /// The field.
    pub field: String,
    /// The records in which it becomes other.
    pub changed: u64,
    /// Some of them.
    pub samples: Vec<Sample>,
}

/// A value of one record, before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// The unified id.
    pub id: String,
    /// The source's id.
    pub remote_id: String,
    /// The value now.
    pub before: Value,
    /// The value then.
    pub after: Value,
}

/// Something that is said of some records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remark {
    /// What is said.
    pub message: String,
    /// Of how many records.
    pub records: u64,
}

/// What the present files are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The values that the store holds.
    Stored,
    /// What the files of another home would make of the stored records.
    Folder(std::path::PathBuf),
    /// What a revision that the store keeps would make of them; the beginning of its hash is enough.
    Revision(String),
}

impl Preview {
    /// Whether anything becomes other.
    pub fn changes(&self) -> bool {
        !self.models.is_empty()
    }
}

impl ModelPreview {
    fn is_something(&self) -> bool {
        self.changed > 0
            || self.waiting > 0
            || self.other_rows
            || self.removed
            || self.mended_failures > 0
            || [&self.new_issues, &self.mended_issues, &self.new_failures].iter().any(|remarks| !remarks.is_empty())
    }
}

impl Engine {
    /// What the present files would do to the stored records of a connection, with up to `samples` values a field. Nothing
    /// is written, and the source is not asked.
    pub async fn preview(
        &self,
        connection: &Connection,
        against: &Against,
        samples: usize,
    ) -> Result<Preview, EngineError> {
        let revision = Revision::load(&self.home.still(), connection)?;
        let (against, base) = self.base(connection, against).await?;
        let task = Task {
            engine: self,
            connection: &connection.name,
            labels: Arc::new(self.store.labels(&connection.name).await?),
            reads: self.store.reads().await?,
            samples,
            now: Timestamp::now(),
        };
        let mut models = Vec::new();
        for model in MODELS {
            let preview = task.model(&revision, base.as_ref(), model).await?;
            models.extend(preview.filter(ModelPreview::is_something));
        }
        Ok(Preview { connection: connection.name.clone(), revision: revision.hash, against, models })
    }

    /// What the present files are compared with, by its name and as a revision. None for what is stored.
    async fn base(
        &self,
        connection: &Connection,
        against: &Against,
    ) -> Result<(String, Option<Revision>), EngineError> {
        match against {
            Against::Stored => Ok(("stored".to_owned(), None)),
            Against::Folder(folder) => {
                let home = Home::new(folder.as_path()).still();
                // A checkout of the mappings alone has no connections.
                let has_it = home.connections().contains(&connection.name);
                let theirs = if has_it { Connection::load(&home, &connection.name)? } else { connection.clone() };
                Ok((folder.display().to_string(), Some(Revision::load(&home, &theirs)?)))
            }
            Against::Revision(hash) => {
                let (kept, files) = self.kept_files(&connection.name, hash).await?;
                let home = Home::of_texts(self.home.root(), files);
                let theirs = Connection::load(&home, &connection.name)?;
                Ok((kept.hash, Some(Revision::load(&home, &theirs)?)))
            }
        }
    }

    /// The revision of a connection of which the hash begins so, and the texts of its files by path.
    pub(super) async fn kept_files(
        &self,
        connection: &str,
        hash: &str,
    ) -> Result<(KeptRevision, BTreeMap<String, String>), EngineError> {
        let revision = self.kept_revision(connection, hash).await?;
        match self.store.files_of(&revision).await? {
            Some(files) => Ok((revision, files)),
            None => Err(EngineError::NotKept { connection: connection.to_owned(), revision: revision.hash }),
        }
    }

    /// The revision of a connection of which the hash begins so.
    pub async fn kept_revision(&self, connection: &str, hash: &str) -> Result<KeptRevision, EngineError> {
        let mut known = self.store.revisions(Some(connection), u32::MAX).await?;
        known.retain(|kept| kept.hash.starts_with(hash));
        let unknown = || EngineError::NoRevision { connection: connection.to_owned(), revision: hash.to_owned() };
        match known.len() {
            1 => Ok(known.remove(0)),
            _ => Err(unknown()),
        }
    }
}

/// One preview.
struct Task<'a> {
    engine: &'a Engine,
    connection: &'a str,
    labels: Arc<Labels>,
    reads: Vec<(ReadsNumber, Reads)>,
    samples: usize,
    now: Timestamp,
}

impl Task<'_> {
    async fn model(
        &self,
        revision: &Revision,
        base: Option<&Revision>,
        model: &'static Model,
    ) -> Result<Option<ModelPreview>, EngineError> {
        let Some(plan) = revision.plan(model) else {
            let was_mapped = match base {
                Some(base) => base.plan(model).is_some(),
                None => self.engine.store.latest_complete(self.connection, model).await?.is_some(),
            };
            return Ok(was_mapped.then(|| ModelPreview {
                model: model.name.to_owned(),
                removed: true,
                ..ModelPreview::default()
            }));
        };
        let before = base.and_then(|base| base.plan(model));
        if let Some(before) = before
            && before.signature() == plan.signature()
            && before.rows_signature() == plan.rows_signature()
        {
            return Ok(None);
        }
        let mut preview = ModelPreview { model: model.name.to_owned(), ..ModelPreview::default() };
        preview.other_rows = match before {
            Some(before) => before.rows_signature() != plan.rows_signature(),
            None => {
                let latest = self.engine.store.latest_complete(self.connection, model).await?;
                latest.is_some_and(|run| !run.choice.is_empty() && run.choice != plan.rows_signature())
            }
        };
        self.records(plan, before, &mut preview).await?;
        Ok(Some(preview))
    }

    async fn records(
        &self,
        plan: &Arc<Plan>,
        before: Option<&Arc<Plan>>,
        preview: &mut ModelPreview,
    ) -> Result<(), EngineError> {
        let model = plan.model();
        let alike = match before {
            Some(_) => BTreeSet::new(),
            None => self.engine.store.alike(self.connection, model, &plan.signature().hash()).await?,
        };
        let (covering, new_paths) = self.covering(plan).await?;
        let unknown = fields_that_read(plan, &new_paths);
        let mut comparison =
            Comparison::new(plan, before, self.connection, &self.labels, self.now, self.samples, unknown);
        let mut after = RowKey(0);
        loop {
            let mut rows = self.engine.store.stored_raw(self.connection, model, after, BATCH).await?;
            let Some(last) = rows.last() else { break };
            after = last.raw.key;
            preview.records += rows.len() as u64;
            // What an equal plan mapped stays what it is.
            rows.retain(|row| !alike.contains(row.raw.revision()));
            // Of a record that came in parts nobody knows what a read brought: it is not compared.
            let lacks = |row: &StoredRaw| row.fetched_by.is_some_and(|number| !covering.contains(&number));
            let rows: Vec<(bool, StoredRaw)> = rows.into_iter().map(|row| (lacks(&row), row)).collect();
            preview.waiting += rows.iter().filter(|(lacks, _)| *lacks).count() as u64;
            comparison = in_the_background(move || {
                comparison.add(&rows);
                comparison
            })
            .await;
        }
        comparison.finish(preview);
        if preview.waiting > 0 {
            preview.new_paths = new_paths;
        } else {
            preview.unknown_fields.clear();
        }
        Ok(())
    }

    /// The reads that have all that a plan reads, and the paths that those lack which brought other records.
    async fn covering(&self, plan: &Plan) -> Result<(BTreeSet<ReadsNumber>, Vec<String>), EngineError> {
        let used = self.engine.store.reads_of(self.connection, plan.model()).await?;
        let mut covering = BTreeSet::new();
        let mut lacking = BTreeSet::new();
        for (number, reads) in self.reads.iter().filter(|(number, _)| used.contains(number)) {
            if reads.covers(plan.reads()) {
                covering.insert(*number);
            } else {
                lacking.extend(reads.missing(plan.reads()));
            }
        }
        Ok((covering, lacking.into_iter().collect()))
    }
}

/// The fields that read one of these paths.
fn fields_that_read(plan: &Plan, paths: &[String]) -> Vec<String> {
    let reads = |source: &&crate::mapping::FieldSource| {
        source.paths.iter().any(|read| paths.iter().any(|path| path == read || path.starts_with(&format!("{read}."))))
    };
    plan.sources().iter().filter(reads).map(|source| source.field.clone()).collect()
}
