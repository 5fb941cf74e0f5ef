//! A connector's folder and a connection, compiled into one immutable revision.

mod connection;
mod definition;
mod files;
mod remote;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use url::Url;

use self::definition::Definition;
use self::files::Files;
use crate::diagnostics::{Place, Problem, Problems, Report, SourceFile};
use crate::mapping::{Dialect, Document, Plan, Surroundings, compile};
use crate::model::{MODELS, Model};
use crate::schema::Schema;
use crate::script::Scripts;
use crate::table::{Table, Tables};
use crate::yaml::Located;

pub use crate::mapping::Operation;
pub use connection::{Connection, CredentialSource, Options, Reference, SandboxSettings};
pub use files::Home;
pub use remote::{Limits, Paging, Placement, Remote};

/// Everything that a connection runs with, compiled together and never changed.
#[derive(Debug)]
pub struct Revision {
    /// Names the contents: the same files and settings have the same hash.
    pub hash: String,
    /// The connector's name.
    pub connector: String,
    /// The name of the source, for people.
    pub title: String,
    /// How the source is reached.
    pub remote: Remote,
    /// The source's types.
    pub schema: Schema,
    plans: BTreeMap<&'static str, Arc<Plan>>,
}

impl Revision {
    /// Reads and compiles what `connection` needs. All that is wrong with any file is reported together.
    pub fn load(home: &Home, connection: &Connection) -> Result<Revision, Report> {
        let problems = Problems::new();
        let revision = load(home, connection, &problems);
        problems.into_result(revision)
    }

    /// The plan of a model, if the connector maps it.
    pub fn plan(&self, model: &Model) -> Option<&Arc<Plan>> {
        self.plans.get(model.name)
    }

    /// The plans in the order in which a sync reads the models.
    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        MODELS.iter().filter_map(|model| self.plans.get(model.name))
    }
}

fn load(home: &Home, connection: &Connection, problems: &Problems) -> Option<Revision> {
    let connector = &connection.connector;
    let known = home.connectors();
    if !known.contains(&connector.value) {
        problems.report(
            Problem::error("M0612", format!("there is no connector `{}`", connector.value))
                .at(&connection.file, connector.span, "no such folder with a connector.yaml in mappings/")
                .suggest(&connector.value, known.iter().map(String::as_str)),
        );
        return None;
    }
    let files = home.files(&connector.value, problems)?;
    let definition = Definition::parse(&files.definition, problems)?;
    let settings = settings(&definition, connection, problems);
    let schema = schema(&definition, &files, problems)?;
    let dialect = dialect(&definition, &settings);
    let tables: Tables = files
        .tables
        .iter()
        .filter_map(|(name, file)| Some((name.clone(), Arc::new(Table::parse(name, file, problems)?))))
        .collect();
    let scripts = Scripts::compile(&files.scripts, &tables, problems);
    let around = Surroundings { schema: &schema, dialect: &dialect, tables: &tables, scripts: &scripts };
    let plans = plans(&files, around, problems);
    let endpoint = url(&definition, &definition.endpoint, &settings, problems);
    let token_url = url(&definition, &definition.token_url, &settings, problems);
    let paging = Paging {
        size: definition.page_size,
        prefetch: definition.prefetch,
        items: definition.pages.items.clone(),
        last: definition.pages.last.clone(),
        total: definition.pages.total.clone(),
    };
    let remote = Remote {
        endpoint: endpoint?,
        token_url: token_url?,
        scopes: definition.scopes,
        placement: definition.placement,
        expiry_margin: definition.expiry_margin,
        paging,
        limits: definition.limits,
    };
    let hash = hash(&files, connection);
    Some(Revision { hash, connector: definition.name, title: definition.title, remote, schema, plans })
}

fn settings(definition: &Definition, connection: &Connection, problems: &Problems) -> BTreeMap<String, String> {
    for (name, value) in &connection.settings {
        if !definition.settings.iter().any(|setting| setting.name.value == *name) {
            problems.report(
                Problem::error("M0613", format!("`{}` has no setting `{name}`", definition.name))
                    .at(&connection.file, value.span, "for an unknown setting")
                    .suggest(name, definition.settings.iter().map(|setting| setting.name.value.as_str())),
            );
        }
    }
    let mut settings = BTreeMap::new();
    for setting in &definition.settings {
        let given = connection.settings.get(&setting.name.value).map(|value| value.value.clone());
        match given.or_else(|| setting.default.clone()) {
            Some(value) => {
                settings.insert(setting.name.value.clone(), value);
            }
            None => problems.report(
                Problem::error("M0614", format!("the setting `{}` is missing", setting.name.value))
                    .at(&connection.file, connection.connector.span, "asks for it")
                    .because(Place::new(&definition.file, setting.name.span), setting.about.as_str())
                    .help(format!("add it to `settings` in {}", connection.file.path)),
            ),
        }
    }
    settings
}

fn schema(definition: &Definition, files: &Files, problems: &Problems) -> Option<Schema> {
    let schema = Schema::parse(&files.schema, definition.scalars.clone(), &definition.pages.items, problems)?;
    for scalar in &definition.scalar_keys {
        if !schema.has_scalar(&scalar.value) {
            problems.report(
                Problem::error("M0151", format!("the schema has no scalar `{}`", scalar.value))
                    .at(&definition.file, scalar.span, "no such scalar")
                    .suggest(&scalar.value, schema.own_scalars()),
            );
        }
    }
    Some(schema)
}

fn dialect(definition: &Definition, settings: &BTreeMap<String, String>) -> Dialect {
    Dialect {
        dates: definition.dates.clone(),
        flags: definition.flags.clone(),
        deletion: definition.deletion.clone(),
        arguments: (Some(Arc::clone(&definition.file)), definition.arguments.clone()),
        pages: definition.pages.clone(),
        settings: settings.clone(),
    }
}

fn plans(files: &Files, around: Surroundings<'_>, problems: &Problems) -> BTreeMap<&'static str, Arc<Plan>> {
    let mut plans = BTreeMap::new();
    let mut taken: BTreeMap<String, (Arc<SourceFile>, crate::diagnostics::Span)> = BTreeMap::new();
    for file in &files.mappings {
        let Some(document) = Document::parse(file, problems) else { continue };
        let model = document.model();
        if let Some((other, span)) = taken.get(&model.value) {
            problems.report(
                Problem::error("M0213", format!("two files map {}", model.value))
                    .at(file, model.span, "mapped here too")
                    .because(Place::new(other, *span), "mapped here"),
            );
            continue;
        }
        taken.insert(model.value.clone(), (Arc::clone(file), model.span));
        if let Some(plan) = compile(&document, around, problems) {
            plans.insert(plan.model().name, Arc::new(plan));
        }
    }
    plans
}

/// Fills settings into a URL pattern.
fn url(
    definition: &Definition,
    pattern: &Located<String>,
    settings: &BTreeMap<String, String>,
    problems: &Problems,
) -> Option<Url> {
    let mut text = pattern.value.clone();
    for (name, value) in settings {
        text = text.replace(&format!("{{{name}}}"), value.trim_end_matches('/'));
    }
    match Url::parse(&text) {
        // A connection to the sandbox that was not started has no address yet.
        Err(_) if text.contains("{sandbox}") => Url::parse("http://127.0.0.1:9/").ok(),
        Ok(url) if !text.contains('{') => Some(url),
        _ => {
            problems.report(
                Problem::error("M0605", format!("`{text}` is no URL"))
                    .at(&definition.file, pattern.span, "with the connection's settings filled in")
                    .help("a {name} that is left over is no setting of this connector"),
            );
            None
        }
    }
}

fn hash(files: &Files, connection: &Connection) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut add = |path: &str, text: &str| {
        for part in [path, text] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.as_bytes());
        }
    };
    let single = [&files.definition, &files.schema, &connection.file];
    let many = files.mappings.iter().chain(files.tables.values()).chain(files.scripts.values());
    for file in single.into_iter().chain(many) {
        add(&file.path, &file.text);
    }
    let digest = context.finish();
    digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connectors_that_come_with_the_engine_compile() {
        let home = Home::new(env!("CARGO_MANIFEST_DIR"));
        for name in home.connections() {
            let connection = Connection::load(&home, &name).unwrap_or_else(|report| panic!("{report}"));
            let revision = Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"));
            assert_eq!(revision.plans().count(), MODELS.len());
        }
    }
}
