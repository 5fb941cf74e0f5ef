//! A connector's folder and a connection, compiled into one immutable revision.

mod actions;
mod changes;
mod check;
mod connection;
mod definition;
mod files;
mod form;
mod headers;
pub(crate) mod keys;
mod limits;
mod live;
mod options;
mod outside;
mod overlay;
mod pages;
mod permissions;
mod remote;
mod schedule;
mod secrets;
mod still;
mod warn;
mod watch;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest;
use url::Url;

use self::connection::SANDBOX;
#[cfg(not(test))]
use self::definition::Definition;
use self::files::Files;
use crate::diagnostics::{Place, Problem, Problems, Report, SourceFile, closest};
use crate::mapping::action::ActionPlan;
use crate::mapping::{Dialect, Document, LabelsPlan, Plan, Surroundings, compile, labels};
use crate::model::{ACTIONS, MODELS, Model};
use crate::schema::Schema;
use crate::script::{self, Scripts};
use crate::table::{Table, Tables};
use crate::yaml::Located;

#[cfg(test)]
pub(crate) use self::definition::Definition;
pub use crate::mapping::Operation;
pub use check::{Check, Checked};
pub use connection::{Connection, Reference, SandboxSettings, WebhookCredentials};
pub use files::Home;
pub use form::{Form, FormAddress, FormSetting};
pub use live::Live;
pub use options::{ModelOptions, Options, SyncRules};
pub use outside::{EndUser, Passthrough, Tool};
pub use permissions::{PermissionHelp, Permissions};
pub use remote::{
    CircuitLimits, EndMember, Faults, Header, HeaderPart, Limits, OAUTH2_CREDENTIALS, OAuth2, Paging, Placement, Rate,
    Remote, Retry, RetryBudget, Sequence,
};
pub use schedule::{Schedule, Times, WrongTimes};
pub use watch::{Changed, Manner, Watch, WatchOptions};
pub use webhooks::{EventMeaning, Payload, Webhooks};

/// Stands for the address of a sandbox that was not started; nothing listens there.
const NO_SANDBOX: &str = "http://127.0.0.1:9/";

/// Everything that a connection runs with, compiled together and never changed.
#[derive(Debug)]
pub struct Revision {
    /// Names the contents: the same files and settings have the same hash.
    pub hash: String,
    /// The connector's name.
    pub connector: String,
    /// The name of the source, for people.
    pub title: String,
    /// What the source is called in the HTTP API.
    pub tool: Tool,
    /// Parts of the source that clients of the HTTP API may ask as they are.
    pub passthrough: BTreeMap<String, Passthrough>,
    /// How the source is reached.
    pub remote: Remote,
    /// How the source tells of changes by itself, if it does.
    pub webhooks: Option<Webhooks>,
    /// The source's types.
    pub schema: Schema,
    /// The files that it was compiled from, the connection's own first.
    pub files: Vec<Arc<SourceFile>>,
    plans: BTreeMap<&'static str, Arc<Plan>>,
    actions: BTreeMap<&'static str, Arc<ActionPlan>>,
    labels: Option<LabelsPlan>,
}

impl Revision {
    /// Reads and compiles what `connection` needs. All that is wrong with any file is reported together.
    pub fn load(home: &Home, connection: &Connection) -> Result<Revision, Report> {
        let problems = Problems::new();
        let revision = load(home, connection, &problems);
        problems.into_result(revision)
    }

    /// The hash that the present files of a connection would have, without compiling them; none when some cannot be
    /// read.
    pub fn hash_of(home: &Home, connection: &Connection) -> Option<String> {
        let problems = Problems::new();
        let files = home.files(known_connector(home, connection, &problems)?, &problems);
        let overlay = home.overlay(connection, &problems).unwrap_or_default();
        (problems.count() == 0).then(|| hash(&all_files(connection, &files, &overlay)))
    }

    /// The plan of a model, if the connector maps it.
    pub fn plan(&self, model: &Model) -> Option<&Arc<Plan>> {
        self.plans.get(model.name)
    }

    /// How the names of free fields are read, if some plan needs them.
    pub fn labels(&self) -> Option<&LabelsPlan> {
        self.labels.as_ref()
    }

    /// The plan of an action, if the connector has a file for it.
    pub fn action(&self, name: &str) -> Option<&Arc<ActionPlan>> {
        self.actions.get(name)
    }

    /// The plans of actions, in the order in which the unified API lists them.
    pub fn actions(&self) -> impl Iterator<Item = &Arc<ActionPlan>> {
        ACTIONS.iter().filter_map(|action| self.actions.get(action.name))
    }

    /// The plans in the order in which a sync reads the models.
    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        MODELS.iter().filter_map(|model| self.plans.get(model.name))
    }
}

fn load(home: &Home, connection: &Connection, problems: &Problems) -> Option<Revision> {
    let files = home.files(known_connector(home, connection, problems)?, problems);
    let overlay = home.overlay(connection, problems).unwrap_or_default();
    let tables = tables(&files, &overlay, problems);
    let definition = files.definition.as_ref().and_then(|file| Definition::parse(file, problems));
    let limits = definition.as_ref().map_or_else(script::Limits::default, |definition| definition.scripts.clone());
    let mut script_files = files.scripts.clone();
    script_files.extend(overlay.scripts.clone());
    let scripts = Scripts::compile(&script_files, &tables, &limits, problems);
    let mut documents = documents(&files, problems);
    overlay::lay(&overlay.mappings, &mut documents, problems);
    let definition = definition?;
    let settings = settings(&definition, connection, problems);
    let remote = remote(&definition, connection, &settings, problems);
    let webhooks = webhooks::of_connection(&definition, connection, &settings, problems);
    let passthrough = outside::of_connection(&definition, connection, &settings, problems);
    let schema = schema(&definition, files.schema.as_ref()?, problems)?;
    let dialect = dialect(&definition, &settings);
    let around = Surroundings { schema: &schema, dialect: &dialect, tables: &tables, scripts: &scripts };
    let labels = definition.free_fields.labels.as_ref().map(|source| labels(source, around, problems));
    let mut plans: BTreeMap<&'static str, Arc<Plan>> = BTreeMap::new();
    for document in &documents {
        let before = problems.count();
        let Some(plan) = compile(document, around, problems) else { continue };
        // What is broken is not what it was meant to be: there is nothing to warn of yet.
        if problems.wants_warnings() && problems.count() == before {
            document.warn(&plan, problems);
        }
        plans.insert(plan.model().name, Arc::new(plan));
    }
    let action_documents = actions::documents(&files, problems);
    let actions = actions::compile(&action_documents, around, problems);
    let remote = remote?;
    if problems.wants_warnings() {
        let plans: Vec<&Plan> = plans.values().map(Arc::as_ref).collect();
        // What cannot be read may use anything.
        if plans.len() == documents.len()
            && documents.len() == files.mappings.len()
            && actions.len() == files.actions.len()
        {
            let used = warn::used(&documents, &action_documents);
            warn::tables(&tables, &[&files, &overlay], &used, &plans, problems);
            warn::functions(&scripts, &used, problems);
        }
    }
    let labels = labels.flatten().filter(|_| plans.values().any(|plan| plan.needs_labels()));
    let files = all_files(connection, &files, &overlay);
    let (connector, title, tool) = (definition.name, definition.title, definition.tool);
    let hash = hash(&files);
    Some(Revision {
        hash,
        connector,
        title,
        tool,
        passthrough,
        remote,
        webhooks,
        schema,
        files,
        plans,
        actions,
        labels,
    })
}

impl Remote {
    /// How a connection reaches its source, whatever state its mappings and schema are in.
    pub fn load(home: &Home, connection: &Connection) -> Result<Remote, Report> {
        let problems = Problems::new();
        let remote = known_connector(home, connection, &problems).and_then(|connector| {
            let file = home.read(&format!("mappings/{connector}/connector.yaml"), &problems)?;
            let definition = Definition::parse(&file, &problems)?;
            let settings = settings(&definition, connection, &problems);
            remote(&definition, connection, &settings, &problems)
        });
        problems.into_result(remote)
    }
}

/// The connector that a connection names, if there is one.
fn known_connector<'a>(home: &Home, connection: &'a Connection, problems: &Problems) -> Option<&'a str> {
    let connector = &connection.connector;
    let known = home.connectors();
    if known.contains(&connector.value) {
        return Some(&connector.value);
    }
    problems.report(
        Problem::error("M0612", format!("there is no connector `{}`", connector.value))
            .at(&connection.file, connector.span, "no such folder with a connector.yaml in mappings/")
            .suggest(&connector.value, known.iter().map(String::as_str)),
    );
    None
}

fn remote(
    definition: &Definition,
    connection: &Connection,
    settings: &BTreeMap<String, String>,
    problems: &Problems,
) -> Option<Remote> {
    let endpoint = url(definition, &definition.endpoint, connection, settings, problems);
    let oauth2 = definition.oauth2.as_ref().map(|oauth2| {
        let definition::OAuth2 { token_url, scopes, placement, expiry_margin } = oauth2;
        let token_url = url(definition, token_url, connection, settings, problems)?;
        Some(OAuth2 { token_url, scopes: scopes.clone(), placement: *placement, expiry_margin: *expiry_margin })
    });
    let of_source = match connection.sandbox {
        Some(_) => definition.limits.of_a_sandbox(),
        None => definition.limits.clone(),
    };
    let page_size = connection.limits.page_size().or(of_source.page_size());
    let usual = &definition.pages.paging;
    Some(Remote {
        endpoint: endpoint?,
        oauth2: match oauth2 {
            Some(oauth2) => Some(oauth2?),
            None => None,
        },
        headers: definition.headers.iter().map(|header| header.filled(settings)).collect(),
        paging: Paging { size: page_size.unwrap_or(usual.size), ..usual.clone() },
        limits: connection.limits.over(of_source.over(Limits::default())),
        faults: definition.faults.clone(),
    })
}

/// The settings of a connection, with those that it leaves to their defaults. One that is missing is blank, so that
/// nobody who uses it is blamed.
fn settings(definition: &Definition, connection: &Connection, problems: &Problems) -> BTreeMap<String, String> {
    let known: Vec<&str> = definition.settings.iter().map(|setting| setting.name.value.as_str()).collect();
    let mut meant = Vec::new();
    for key in &connection.setting_keys {
        if !known.contains(&key.value.as_str()) {
            meant.extend(closest(&key.value, known.iter().copied()));
            problems.report(
                Problem::error("M0613", format!("`{}` has no setting `{}`", definition.name, key.value))
                    .at(&connection.file, key.span, "unknown setting")
                    .suggest(&key.value, known.iter().copied()),
            );
        }
    }
    let mut settings = BTreeMap::new();
    for setting in &definition.settings {
        let name = &setting.name.value;
        let given = connection.settings.get(name);
        let value =
            given.map(|value| &value.value).or(setting.default.as_ref()).filter(|value| !value.trim().is_empty());
        let missing = if connection.is_of_nobody() { SANDBOX } else { "" };
        if value.is_none() && !connection.is_of_nobody() && !meant.contains(&name.as_str()) {
            let (span, label) = match (given, connection.settings_span) {
                (Some(given), _) => (given.span, "is blank".to_owned()),
                (None, Some(settings)) => (settings, format!("without `{name}`")),
                (None, None) => (connection.connector.span, format!("asks for `{name}`")),
            };
            problems.report(
                Problem::error("M0614", format!("the setting `{name}` is missing"))
                    .at(&connection.file, span, label)
                    .help(format!("add `{name}` to `settings`: {}", setting.about)),
            );
        }
        if let Some(given) = given.filter(|given| !setting.takes(&given.value)) {
            problems.report(
                Problem::error("M0619", format!("`{}` is no value of the setting `{name}`", given.value))
                    .at(&connection.file, given.span, "no such value")
                    .suggest(&given.value, setting.values.iter().map(String::as_str)),
            );
        }
        let value = fill(value.map_or(missing, String::as_str), &settings);
        settings.insert(name.clone(), value);
    }
    settings
}

/// Puts settings in place of their names in braces. A setting may so be made from those that stand before it.
fn fill(pattern: &str, settings: &BTreeMap<String, String>) -> String {
    settings.iter().fold(pattern.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The schema, if it is clear what its scalars mean: otherwise any path could be right.
fn schema(definition: &Definition, file: &Arc<SourceFile>, problems: &Problems) -> Option<Schema> {
    let schema = Schema::parse(file, definition.scalars.clone(), &definition.pages.paging.items, problems)?;
    let mut clear = definition.all_scalars_known;
    for scalar in &definition.scalar_keys {
        if !schema.has_scalar(&scalar.value) {
            clear = false;
            problems.report(
                Problem::error("M0151", format!("the schema has no scalar `{}`", scalar.value))
                    .at(&definition.file, scalar.span, "no such scalar")
                    .suggest(&scalar.value, schema.own_scalars()),
            );
        }
    }
    for member in &definition.pages.members {
        if !schema.has_page_member(&member.value) {
            clear = false;
            problems.report(
                Problem::error("M0152", format!("no query of the schema yields pages with `{}`", member.value))
                    .at(&definition.file, member.span, "no such member")
                    .help(definition.pages.help()),
            );
            // Without rows there are no pages.
            break;
        }
    }
    clear = clear && page_arguments_are_known(definition, &schema, problems);
    if let Some(changes) = definition.changes.as_ref().filter(|_| clear) {
        changes::check(changes, &definition.pages, &schema, &definition.file, problems);
    }
    if let Some((path, _)) = &definition.deletion
        && clear
        && !schema.some_rows_have_flag(&path.value)
    {
        problems.report(
            Problem::error("M0153", format!("no row has a flag `{}`", path.value))
                .at(&definition.file, path.span, "no deletion would be seen")
                .help("name the field by which the source marks deleted rows, or remove `deletion`"),
        );
    }
    let given = definition.pages.arguments.nested.as_ref().map(|nested| nested.argument.clone());
    clear.then(|| schema.giving_to_lists(given))
}

/// Whether some query takes each argument that asks for a page.
fn page_arguments_are_known(definition: &Definition, schema: &Schema, problems: &Problems) -> bool {
    let pages = &definition.pages;
    let [of_query, of_pages] = &pages.asked_by;
    let object = pages.arguments.argument.as_deref();
    for (names, of) in [(of_query, None), (of_pages, object)] {
        let known = schema.page_arguments(of);
        let unknown: Vec<&Located<String>> = names.iter().filter(|name| !known.contains(name.value.as_str())).collect();
        for name in &unknown {
            let message = match of {
                None => format!("no query that yields pages has an argument `{}`", name.value),
                Some(of) => format!("the argument `{of}` has no member `{}`", name.value),
            };
            problems.report(
                Problem::error("M0154", message)
                    .at(&definition.file, name.span, "cannot be sent")
                    .suggest(&name.value, known.iter().copied()),
            );
        }
        if !unknown.is_empty() {
            return false;
        }
    }
    true
}

fn dialect(definition: &Definition, settings: &BTreeMap<String, String>) -> Dialect {
    Dialect {
        dates: definition.dates.clone(),
        flags: definition.flags.clone(),
        deletion: definition.deletion.as_ref().map(|(path, value)| (path.value.clone(), *value)),
        changes: definition.changes.as_ref().map(|changes| changes.rule.clone()),
        arguments: (Some(Arc::clone(&definition.file)), definition.arguments.clone()),
        pages: definition.pages.arguments.clone(),
        free_fields: definition.free_fields.clone(),
        settings: settings.clone(),
        setting_values: definition
            .settings
            .iter()
            .filter(|setting| !setting.values.is_empty())
            .map(|setting| (setting.name.value.clone(), setting.values.clone()))
            .collect(),
        type_mark: definition.type_mark.clone(),
        quoting: definition.quoting.clone(),
    }
}

/// The tables of a connector, those of the overlay laid over them.
fn tables(files: &Files, overlay: &Files, problems: &Problems) -> Tables {
    let names: BTreeSet<&String> = files.tables.keys().chain(overlay.tables.keys()).collect();
    let table = |name: &str| match (files.tables.get(name), overlay.tables.get(name)) {
        (Some(file), None) | (None, Some(file)) => Table::parse(name, file.as_ref()?, problems),
        (Some(file), Some(overlay)) => Table::overlaid(name, file.as_ref()?, overlay.as_ref()?, problems),
        (None, None) => None,
    };
    names.into_iter().map(|name| (name.clone(), table(name).map(Arc::new))).collect()
}

/// The mapping files, each of its own model.
fn documents(files: &Files, problems: &Problems) -> Vec<Document> {
    let mut documents: Vec<Document> = Vec::new();
    for file in &files.mappings {
        let Some(document) = Document::parse(file, problems) else { continue };
        let model = document.model();
        if let Some(other) = documents.iter().find(|other| other.model().value == model.value) {
            problems.report(
                Problem::error("M0213", format!("two files map {}", model.value))
                    .at(file, model.span, "mapped here too")
                    .because(Place::new(other.file(), other.model().span), "mapped here")
                    .help("remove one of them"),
            );
        } else {
            documents.push(document);
        }
    }
    documents
}

/// Fills settings into the pattern of an address.
fn url(
    definition: &Definition,
    pattern: &Located<String>,
    connection: &Connection,
    settings: &BTreeMap<String, String>,
    problems: &Problems,
) -> Option<Url> {
    let mut text = pattern.value.clone();
    let mut complete = true;
    for (start, end) in placeholders(&pattern.value) {
        let name = &pattern.value[start + 1..end - 1];
        match settings.get(name) {
            Some(value) => {
                complete &= !value.is_empty();
                text = text.replace(&pattern.value[start..end], value.trim_end_matches('/'));
            }
            None => {
                complete = false;
                problems.report(
                    Problem::error("M0605", format!("there is no setting `{name}`"))
                        .at(&definition.file, pattern.part(&definition.file, start..end), "cannot be filled in")
                        .suggest(name, settings.keys().map(String::as_str)),
                );
            }
        }
    }
    if !complete {
        return None;
    }
    // A connection to the sandbox that was not started has no address yet.
    let parsed = if text.contains(SANDBOX) { Url::parse(NO_SANDBOX) } else { Url::parse(&text) };
    if let Ok(url) = parsed
        && matches!(url.scheme(), "http" | "https")
    {
        return Some(url);
    }
    let mut problem = Problem::error("M0605", format!("`{text}` is no web address"))
        .at(&definition.file, pattern.span, "with the connection's settings filled in")
        .help("an address begins with https://");
    for (start, end) in placeholders(&pattern.value) {
        if let Some(value) = connection.settings.get(&pattern.value[start + 1..end - 1]) {
            problem = problem.because(Place::new(&connection.file, value.span), "filled in from here");
        }
    }
    problems.report(problem);
    None
}

/// Where `{name}` stands in a pattern.
fn placeholders(pattern: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = pattern[at..].find('{').map(|offset| at + offset) {
        let Some(end) = pattern[start..].find('}').map(|offset| start + offset + 1) else { break };
        found.push((start, end));
        at = end;
    }
    found
}

fn all_files(connection: &Connection, files: &Files, overlay: &Files) -> Vec<Arc<SourceFile>> {
    std::iter::once(&connection.file).chain(files.all()).chain(overlay.all()).cloned().collect()
}

fn hash(files: &[Arc<SourceFile>]) -> String {
    digest_of(files.iter().flat_map(|file| [file.path.as_str(), file.text.as_str()]))
}

/// A short digest of texts and of where one ends and the next begins.
fn digest_of<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in texts {
        context.update(&(text.len() as u64).to_le_bytes());
        context.update(text.as_bytes());
    }
    context.finish().as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
