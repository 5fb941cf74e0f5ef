//! `connections/NAME.yaml`: one tenant of a source.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::definition::Definition;
use super::keys;
use super::limits::SaidLimits;
use super::options::{self, Options};
use super::outside::{EndUser, end_user};
use super::secrets::secrets;
use super::{Home, digest_of};
use crate::diagnostics::{Place, Problem, Problems, Report, SourceFile, Span, closest};
use crate::vault;
use crate::yaml::{self, Fields, Located, Value};

/// Stands in a setting for the base address of the local sandbox.
pub(super) const SANDBOX: &str = "{sandbox}";

/// A connection as its file says it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The name of the file; it is part of every id.
    pub name: String,
    /// The connector that it uses.
    pub connector: Located<String>,
    /// What the connector asks of a connection.
    pub settings: BTreeMap<String, Located<String>>,
    /// Where each credential that the connector asks for is kept; none for a sandbox.
    pub credentials: Option<BTreeMap<String, Reference>>,
    /// The sandbox to start in place of a remote system.
    pub sandbox: Option<SandboxSettings>,
    /// What the webhooks of its source prove themselves with.
    pub webhooks: WebhookCredentials,
    /// Whose it is.
    pub end_user: EndUser,
    /// What is done with its records.
    pub options: Options,
    /// The folder beside its file that holds what it says in the place of the connector's mappings.
    pub overlay: Option<Located<String>>,
    pub(super) tenant: String,
    /// What it says of limits in the place of its connector.
    pub(super) limits: SaidLimits,
    pub(super) file: Arc<SourceFile>,
    /// The names of the settings, and where they begin, for messages about them.
    pub(super) setting_keys: Vec<Located<String>>,
    pub(super) settings_span: Option<Span>,
}

/// Where a text is kept that has no place in a file under version control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// In an environment variable.
    Environment(String),
    /// In a file.
    File(String),
    /// In the vault, under this name.
    Vault(String),
}

impl Reference {
    /// Reads `env:NAME`, `file:PATH` or `vault:NAME`.
    pub fn read(text: &str) -> Option<Reference> {
        match text.split_once(':') {
            Some(("env", name)) if !name.trim().is_empty() => Some(Reference::Environment(name.trim().to_owned())),
            Some(("file", path)) if !path.trim().is_empty() => Some(Reference::File(path.trim().to_owned())),
            Some(("vault", name)) if vault::check_name(name.trim()).is_ok() => {
                Some(Reference::Vault(name.trim().to_owned()))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Environment(name) => write!(f, "env:{name}"),
            Reference::File(path) => write!(f, "file:{path}"),
            Reference::Vault(name) => write!(f, "vault:{name}"),
        }
    }
}

/// What the webhooks of a source prove themselves with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookCredentials {
    /// Where the public key is kept that their signatures fit; none when it is fetched.
    pub key: Option<Located<Reference>>,
    /// Where the secret is kept that they carry in a header.
    pub secret: Option<Located<Reference>>,
}

/// What the sandbox is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SandboxSettings {
    /// The seed of its made-up data.
    pub seed: Option<u64>,
    /// How many candidates it has.
    pub candidates: Option<u32>,
    /// Milliseconds that every request takes longer.
    pub latency_ms: Option<u64>,
}

impl Connection {
    /// Reads the connection of that name.
    pub fn load(home: &Home, name: &str) -> Result<Connection, Report> {
        let problems = Problems::new();
        let connection = Connection::read(home, name, &problems);
        problems.into_result(connection)
    }

    /// The same; what is wrong is reported.
    pub(super) fn read(home: &Home, name: &str, problems: &Problems) -> Option<Connection> {
        let known = home.connections();
        if !known.iter().any(|known| known == name) {
            let problem = Problem::error("M0610", format!("there is no connection `{name}`"));
            problems.report(if known.is_empty() {
                problem.help(format!("connections are files in {}", home.root().join("connections").display()))
            } else {
                problem.suggest(name, known.iter().map(String::as_str))
            });
            return None;
        }
        let file = home.read(&format!("connections/{name}.yaml"), problems)?;
        let file = SourceFile::with_secrets(file.path.as_str(), file.text.as_str(), secrets(&file.text));
        Connection::parse(name, &file, |connector| asked_by(home, connector), problems)
    }

    /// A connection that has no file yet, with the text that it would have.
    pub fn draft(home: &Home, name: &str, text: &str) -> Result<Connection, Report> {
        let problems = Problems::new();
        let file = SourceFile::with_secrets(format!("connections/{name}.yaml"), text, secrets(text));
        let connection = Connection::parse(name, &file, |connector| asked_by(home, connector), &problems);
        problems.into_result(connection)
    }

    /// What a connector is checked with when no connection uses it: it says nothing, and nothing is missing.
    pub(super) fn of_nobody(connector: &str) -> Connection {
        Connection {
            name: String::new(),
            connector: Located { value: connector.to_owned(), span: Span::default() },
            settings: BTreeMap::new(),
            credentials: None,
            sandbox: None,
            webhooks: WebhookCredentials::default(),
            end_user: EndUser::default(),
            options: Options::default(),
            overlay: None,
            tenant: String::new(),
            limits: SaidLimits::default(),
            file: SourceFile::new("connections/", ""),
            setting_keys: Vec::new(),
            settings_span: None,
        }
    }

    /// Whether nobody wrote it.
    pub(super) fn is_of_nobody(&self) -> bool {
        self.name.is_empty()
    }

    /// `asked_by` gives the credentials that a connector asks for, or nothing when that cannot be told.
    pub(crate) fn parse(
        name: &str,
        file: &Arc<SourceFile>,
        asked_by: impl Fn(&str) -> Option<Vec<String>>,
        problems: &Problems,
    ) -> Option<Connection> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, &keys::CONNECTION, file, problems)?;
        let connector = fields.required_text("connector");
        let settings = fields
            .map("settings")
            .iter()
            .filter_map(|entry| Some((entry.key.value.clone(), yaml::text(&entry.value, file, problems)?)))
            .collect();
        let setting_keys = fields.map("settings").iter().map(|entry| entry.key.clone()).collect();
        let settings_span = fields.entry("settings").map(|entry| entry.key.span);
        let credentials = match (fields.entry("sandbox"), fields.entry("credentials")) {
            (Some(sandbox), Some(credentials)) => {
                problems.report(
                    Problem::error("M0615", "a connection has `credentials` or a `sandbox`")
                        .at(file, credentials.key.span, "for a remote system")
                        .because(Place::new(file, sandbox.key.span), "in place of a remote system")
                        .help("remove one of them"),
                );
                None
            }
            (Some(_), None) => None,
            (None, _) => fields.require("credentials"),
        };
        let asked = connector.as_ref().and_then(|connector| asked_by(&connector.value));
        let credentials = credentials.map(|node| credential_sources(node, asked.as_deref(), file, problems));
        let sandbox = fields.get("sandbox").map(|node| sandbox(node, file, problems));
        let end_user = fields.get("end_user").and_then(|node| end_user(node, file, problems));
        let options = fields.get("options").map(|node| options::read(node, file, problems));
        let limits = fields.get("limits").map(|node| SaidLimits::parse(node, file, problems));
        let webhooks = fields.get("webhooks").and_then(|node| webhook_credentials(node, file, problems));
        let overlay = fields.text("overlay");
        fields.close();
        let connector = connector?;
        let sandbox = sandbox.flatten();
        Some(Connection {
            name: name.to_owned(),
            tenant: tenant(&connector.value, &settings, sandbox),
            connector,
            settings,
            credentials: credentials.flatten(),
            sandbox,
            webhooks: webhooks.unwrap_or_default(),
            end_user: end_user.unwrap_or_default(),
            options: options.flatten().unwrap_or_default(),
            overlay,
            limits: limits.flatten().unwrap_or_default(),
            file: Arc::clone(file),
            setting_keys,
            settings_span,
        })
    }

    /// A digest of whom the connection reads: what was read of another says nothing of this one. It tells nothing of the
    /// connection, and an address that is only found when a sandbox starts makes no difference.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Fills in the base address of the sandbox that was started for this connection.
    #[must_use]
    pub fn with_sandbox(mut self, base: &str) -> Connection {
        for value in self.settings.values_mut() {
            value.value = value.value.replace(SANDBOX, base);
        }
        self
    }
}

fn tenant(connector: &str, settings: &BTreeMap<String, Located<String>>, sandbox: Option<SandboxSettings>) -> String {
    let made_up = sandbox.map(|SandboxSettings { seed, candidates, .. }| format!("{seed:?} {candidates:?}"));
    let settings = settings.iter().flat_map(|(name, value)| [name.as_str(), value.value.as_str()]);
    digest_of([connector].into_iter().chain(settings).chain(made_up.as_deref()))
}

fn sandbox(node: &yaml::Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<SandboxSettings> {
    let fields = Fields::open(node, &keys::SANDBOX, file, problems)?;
    let natural = |key| fields.integer(key).and_then(|value| u64::try_from(value).ok());
    let settings = SandboxSettings {
        seed: natural("seed"),
        candidates: natural("candidates").and_then(|count| u32::try_from(count).ok()),
        latency_ms: natural("latency_ms"),
    };
    fields.close();
    Some(settings)
}

fn webhook_credentials(node: &yaml::Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<WebhookCredentials> {
    let fields = Fields::open(node, &keys::WEBHOOK_CREDENTIALS, file, problems)?;
    let place = |key| {
        let text = fields.text(key)?;
        let value = reference(&text, file, problems)?;
        Some(Located { value, span: text.span })
    };
    let credentials = WebhookCredentials { key: place("key"), secret: place("secret") };
    fields.close();
    Some(credentials)
}

/// The credentials that a connector asks for. What is wrong with its files is told when they are compiled.
fn asked_by(home: &Home, connector: &str) -> Option<Vec<String>> {
    if !home.connectors().iter().any(|known| known == connector) {
        return None;
    }
    let unheard = Problems::new();
    let file = home.read(&format!("mappings/{connector}/connector.yaml"), &unheard)?;
    Some(Definition::parse(&file, &unheard)?.credentials())
}

fn credential_sources(
    node: &yaml::Node,
    asked: Option<&[String]>,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> Option<BTreeMap<String, Reference>> {
    let Value::Map(entries) = &node.value else {
        problems.report(Problem::error("M0003", format!("`credentials` is a map, not {}", node.value.describe())).at(
            file,
            node.span,
            "a map of keys and values is expected here",
        ));
        return None;
    };
    let mut sources = BTreeMap::new();
    let mut meant = Vec::new();
    for entry in entries {
        let name = entry.key.value.as_str();
        if let Some(asked) = asked
            && !asked.iter().any(|known| known == name)
        {
            let asked = || asked.iter().map(String::as_str);
            meant.extend(closest(name, asked()));
            let shown = if file.hides(entry.key.span) { "of this name" } else { &format!("`{name}`") };
            problems.report(
                Problem::error("M0002", format!("`credentials` has no key {shown}"))
                    .at(file, entry.key.span, "unknown key")
                    .suggest(name, asked()),
            );
        } else if entry.value.value == Value::Null {
            meant.push(name);
            // The word of an unknown key may be a secret.
            let shown = if file.hides(entry.key.span) { "a value" } else { &format!("`{name}`") };
            problems.report(Problem::error("M0004", format!("`credentials` needs {shown}")).at(
                file,
                entry.key.span,
                "has no value",
            ));
        } else {
            meant.push(name);
            let reference = yaml::text(&entry.value, file, problems).and_then(|text| reference(&text, file, problems));
            sources.extend(reference.map(|reference| (name.to_owned(), reference)));
        }
    }
    let missing = asked.unwrap_or_default().iter().filter(|name| !meant.contains(&name.as_str()));
    for name in missing {
        problems.report(Problem::error("M0004", format!("`credentials` needs `{name}`")).at(
            file,
            node.span,
            format!("`{name}` is missing"),
        ));
    }
    Some(sources)
}

fn reference(text: &Located<String>, file: &Arc<SourceFile>, problems: &Problems) -> Option<Reference> {
    let reference = Reference::read(&text.value);
    if reference.is_none() {
        problems.report(
            Problem::error("M0611", "credentials stand elsewhere, not in this file")
                .at(file, text.span, "may be a secret, so it is not shown")
                .help("write `env:NAME` for an environment variable, `file:PATH` for a file or `vault:NAME` for an entry of the vault; if a secret stood here, replace it at the source"),
        );
    }
    reference
}
