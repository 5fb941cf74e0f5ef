//! `crosswalk connect`.

mod answers;
mod file;

use std::path::Path;

use clap::Args;
use secrecy::SecretString;

use self::answers::Answers;
use super::access;
use super::context::Context;
use super::error::{CliError, Exit};
use crate::connector::{Connection, Form, Home};
use crate::diagnostics::closest;
use crate::engine::{AccessReport, EngineError, Verdict};
use crate::source::Credentials;
use crate::vault::{Vault, replace};

/// A name becomes part of paths and of every id.
const LONGEST_NAME: usize = 40;

const NOTES: &str = "\
On a terminal it asks for what the connector needs. In a script, settings come by
--set, and credentials by --from-env or --stdin. A secret is never an argument: those
stand in the list of processes.

Then the source is asked for a token and for one row of each model. When all is open,
the secrets are put into the vault and connections/NAME.yaml is written, which points
there. The vault needs its key: see `crosswalk vault --help`.

Examples:
  crosswalk connect acme
  crosswalk connect acme --set tenant=acme --set realm=acme \\
      --from-env client_id=ACME_ID --from-env client_secret=ACME_SECRET
  printf 'client_id=%s\\nclient_secret=%s\\n' \"$ID\" \"$SECRET\" |
      crosswalk connect acme --set tenant=acme --set realm=acme --stdin

Exit codes:
    0  connected
    2  wrong usage, trouble with the vault or a file, or the source refuses something
    3  the source could not be reached";

/// Connect a tenant: ask for its credentials, check them, keep them
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Connect {
    /// The name of the connection; it becomes part of every id
    name: String,
    /// The connector; needed where there are several
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// The value of a setting; may be repeated
    #[arg(long = "set", value_name = "SETTING=VALUE")]
    settings: Vec<String>,
    /// The environment variable that has a credential; may be repeated
    #[arg(long, value_name = "CREDENTIAL=VARIABLE")]
    from_env: Vec<String>,
    /// Read credentials from stdin, one CREDENTIAL=VALUE a line
    #[arg(long)]
    stdin: bool,
    /// Write without asking the source
    #[arg(long)]
    unchecked: bool,
    /// Replace a connection and entries of the vault that are there; options and overlay stay
    #[arg(long)]
    force: bool,
}

impl Connect {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        check_name(&self.name)?;
        let home = context.home()?;
        let form = Form::load(&home, &self.connector(&home)?)?;
        let path = home.root().join(format!("connections/{}.yaml", self.name));
        let vault = super::vault::open(context)?;
        vault.check()?;
        self.refuse_what_exists(&form, &path, &vault)?;
        let Answers { settings, credentials } = Answers::gather(&form, &self.settings, &self.from_env, self.stdin)?;
        let old = if path.exists() { std::fs::read_to_string(&path) } else { Ok(String::new()) };
        let old = old.map_err(|error| CliError::usage(format!("{} cannot be read: {error}", path.display())))?;
        let text = file::text(&self.name, &form, &settings, &old);
        let connection = Connection::draft(&home, &self.name, &text)?;
        if !self.unchecked
            && let Some(exit) = check(context, &home, &connection, &credentials).await?
        {
            return Ok(exit);
        }
        self.write(context, &path, &text, &vault, credentials)?;
        Ok(Exit::Done)
    }

    fn connector(&self, home: &Home) -> Result<String, CliError> {
        let known = home.connectors();
        match (&self.connector, known.as_slice()) {
            (Some(name), known) if known.contains(name) => Ok(name.clone()),
            (Some(name), known) => {
                let close = closest(name, known.iter().map(String::as_str));
                let hint = close.map_or(String::new(), |close| format!("; did you mean `{close}`?"));
                Err(CliError::usage(format!("there is no connector `{}`{hint}", name.escape_default())))
            }
            (None, [only]) => Ok(only.clone()),
            (None, []) => {
                let folder = home.root().join("mappings");
                Err(CliError::usage(format!("there is no connector in {}", folder.display())))
            }
            (None, several) => {
                Err(CliError::usage(format!("name one of the connectors {} with --connector", several.join(", "))))
            }
        }
    }

    fn refuse_what_exists(&self, form: &Form, path: &Path, vault: &Vault) -> Result<(), CliError> {
        if self.force {
            return Ok(());
        }
        if path.exists() {
            return Err(CliError::usage(format!(
                "connections/{}.yaml exists already; replace it with --force, or change one of its secrets with `crosswalk vault set`",
                self.name
            )));
        }
        let names = if vault.path().exists() { Vault::names(vault.path())? } else { Vec::new() };
        let entries = form.credentials.iter().map(|credential| file::entry(&self.name, credential));
        match entries.into_iter().find(|entry| names.contains(entry)) {
            Some(entry) => {
                let vault = vault.path().display();
                Err(CliError::usage(format!(
                    "the vault {vault} has an entry `{entry}` already; replace it with --force"
                )))
            }
            None => Ok(()),
        }
    }

    /// The secrets go first: a file that points nowhere would be worse than a secret that nobody uses.
    fn write(
        &self,
        context: &Context,
        path: &Path,
        text: &str,
        vault: &Vault,
        credentials: Vec<(String, SecretString)>,
    ) -> Result<(), CliError> {
        let entries: Vec<(String, SecretString)> =
            credentials.into_iter().map(|(name, secret)| (file::entry(&self.name, &name), secret)).collect();
        let names: Vec<String> = entries.iter().map(|(name, _)| name.clone()).collect();
        vault.set(entries)?;
        let failed = |cause| EngineError::File { path: path.to_owned(), cause };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        replace(path, text.as_bytes(), false).map_err(failed)?;
        let (terminal, name) = (&context.terminal, &self.name);
        terminal.print(&format!("Wrote connections/{name}.yaml, and {} into the vault\n", names.join(", ")))?;
        terminal.note(&format!("\n{}", terminal.stderr.bold("What to do next")));
        terminal.note(&format!("  {}", context.spell(&format!("sync {name}"))));
        terminal.note(&format!("  {}", context.spell(&format!("check {name} --online"))));
        Ok(())
    }
}

/// Asks the source. What to end with when something is not open.
async fn check(
    context: &Context,
    home: &Home,
    connection: &Connection,
    credentials: &[(String, SecretString)],
) -> Result<Option<Exit>, CliError> {
    let credentials: Credentials = credentials.iter().cloned().collect();
    context.terminal.note("Asking the source what these credentials open …");
    let report = AccessReport::read(home, connection, credentials).await?;
    context.terminal.print(&access::text(&report, context.terminal.stdout))?;
    if report.verdict() == Verdict::Open {
        return Ok(None);
    }
    context.terminal.note("\nNothing was written. Mend it and connect again, or write it as it is with --unchecked.");
    Ok(Some(access::exit(&report)))
}

fn check_name(name: &str) -> Result<(), CliError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= LONGEST_NAME && name.chars().all(fits) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "`{}` cannot be the name of a connection: it has up to {LONGEST_NAME} letters, digits, `_` and `-`, and begins \
         with a letter or digit",
        name.escape_default()
    )))
}
