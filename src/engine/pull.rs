//! Brings the schema of a connector up to what its source says of itself.

use std::fs;
use std::io::{self, Write};

use super::EngineError;
use crate::connector::{Connection, Home, Remote, Revision};
use crate::diagnostics::{Problem, Problems, Report, SourceFile};
use crate::mapping::Plan;
use crate::schema::{Change, ChangeKind, Refreshed, Schema, Target, refresh};
use crate::source::{Caps, Credentials, Health, Source};

/// A schema as the source has it now, and what follows from that. Nothing is written yet.
#[derive(Debug)]
pub struct SchemaPull {
    /// The file in the home folder.
    pub path: String,
    /// Its new text.
    pub text: String,
    /// What is different.
    pub changes: Vec<Change>,
    /// What the connection's mappings read that is still there and looks different.
    pub readers: Vec<SchemaReader>,
    /// What no longer compiles.
    pub problems: Report,
}

/// A field of a model that reads what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaReader {
    /// The model.
    pub model: &'static str,
    /// Its field; none when it is the list of rows that changed.
    pub field: Option<String>,
    /// The path from the row, or the query.
    pub path: String,
    /// What changed on the way.
    pub change: Change,
}

impl SchemaPull {
    /// Asks the source of a connection for its types. The file keeps the types that it has, unless `all` are wanted.
    pub async fn read(
        home: &Home,
        connection: &Connection,
        credentials: Credentials,
        all: bool,
    ) -> Result<SchemaPull, EngineError> {
        let connector = connection.connector.value.as_str();
        let health = Health::new(&connection.name, &Caps::default());
        let source = Source::of_health(Remote::load(home, connection)?, credentials, health)?;
        let file = home.schema(connector)?;
        let introspection = source.introspect().await?;
        let text = file.as_ref().map_or("", |file| file.text.as_str());
        // A connector that has no types yet gets all.
        let refreshed = refresh(text, &introspection, all || text.trim().is_empty());
        let Refreshed { text, changes } = match (refreshed, file) {
            (Ok(refreshed), _) => refreshed,
            (Err(why), file) => return Err(unreadable(file.as_deref(), &why).into()),
        };
        let path = Home::schema_path(connector);
        let before = Revision::load(home, connection);
        let after = Revision::load(&home.clone().with_draft(&path, &text), connection);
        let readers = before.as_ref().or(after.as_ref()).map(|revision| readers(revision, &changes));
        let readers = readers.unwrap_or_default();
        let problems = new_problems(before.err(), after.err());
        Ok(SchemaPull { path, text, changes, readers, problems })
    }

    /// Writes the file. It is the old one or the new one at any moment.
    pub fn write(&self, home: &Home) -> io::Result<()> {
        let path = home.root().join(&self.path);
        let new = path.with_extension("graphql.new");
        let mut file = fs::File::create(&new)?;
        file.write_all(self.text.as_bytes())?;
        file.sync_all()?;
        fs::rename(new, path)
    }
}

/// What is wrong with a schema that cannot be brought up to date.
fn unreadable(file: Option<&SourceFile>, why: &str) -> Report {
    let problems = Problems::new();
    if let Some(file) = file {
        let file = SourceFile::new(file.path.as_str(), file.text.as_str());
        Schema::parse(&file, Default::default(), "", &problems);
    }
    if problems.count() == 0 {
        problems.report(Problem::error("M0150", format!("this is not a valid GraphQL schema: {why}")));
    }
    problems.into_report()
}

/// What is wrong now and was not before.
fn new_problems(before: Option<Report>, after: Option<Report>) -> Report {
    let problems = Problems::new();
    let known = before.map(|report| report.problems).unwrap_or_default();
    for problem in after.into_iter().flat_map(|report| report.problems).filter(|problem| !known.contains(problem)) {
        problems.report(problem);
    }
    problems.into_report()
}

fn readers(revision: &Revision, changes: &[Change]) -> Vec<SchemaReader> {
    let is_silent = |change: &&Change| change.member.is_none() || matches!(change.kind, ChangeKind::Came(_));
    let is_of_enum = |change: &&Change| revision.schema.enum_values(&change.ty).is_some();
    let changes: Vec<&Change> = changes.iter().filter(|change| is_of_enum(change) || !is_silent(change)).collect();
    revision.plans().flat_map(|plan| readers_of(plan, &revision.schema, &changes)).collect()
}

fn readers_of(plan: &Plan, schema: &Schema, changes: &[&Change]) -> Vec<SchemaReader> {
    let model = plan.model().name;
    let query = plan.operation().root.as_str();
    let Some(rows) = schema.query(query).and_then(|field| schema.rows_of(&field.ty)) else { return Vec::new() };
    let mut found = Vec::new();
    let of_query = |change: &&&Change| change.member.as_deref() == Some(query) && schema.is_query_type(&change.ty);
    for change in changes.iter().filter(of_query) {
        found.push(SchemaReader { model, field: None, path: query.to_owned(), change: (*change).clone() });
    }
    for source in plan.sources() {
        for path in &source.paths {
            let Ok(steps) = schema.walk(rows, path) else { continue };
            let mut owner = rows.to_string();
            for step in steps {
                let is_met = |change: &&&Change| {
                    let is_field = change.ty == owner && change.member.as_deref() == Some(step.name.as_str());
                    is_field || matches!(&step.target, Target::Scalar(_, name) if *name == change.ty)
                };
                found.extend(changes.iter().filter(is_met).map(|change| SchemaReader {
                    model,
                    field: Some(source.field.clone()),
                    path: path.clone(),
                    change: (*change).clone(),
                }));
                owner = step.target.object().unwrap_or_default().to_owned();
            }
        }
    }
    found
}
