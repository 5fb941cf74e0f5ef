//! What a connector asks for, from flags, the environment, stdin or whoever sits at the terminal.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::ask;
use crate::cli::error::CliError;
use crate::connector::{Form, FormSetting};
use crate::diagnostics::closest;

/// The answers to a form.
#[derive(Debug)]
pub(super) struct Answers {
    /// The settings that differ from their defaults, in the order of the form.
    pub settings: Vec<(String, String)>,
    /// The credentials, in the order of the form.
    pub credentials: Vec<(String, SecretString)>,
}

impl Answers {
    /// Takes what is given, and asks for the rest where somebody can be asked.
    pub fn gather(form: &Form, set: &[String], from_env: &[String], stdin: bool) -> Result<Answers, CliError> {
        let set = settings(form, set)?;
        let mut given = from_environment(form, from_env)?;
        if stdin {
            from_lines(form, &ask::stdin()?, &mut given)?;
        }
        let asks = !stdin && ask::is_possible();
        if !asks {
            refuse_gaps(form, &set, &given)?;
        }
        let mut settings = Vec::new();
        for setting in &form.settings {
            let value = match set.get(&setting.name) {
                Some(value) => value.clone(),
                None if asks => ask_for(setting)?,
                None => setting.default.clone().unwrap_or_default(),
            };
            if setting.default.as_deref() != Some(value.as_str()) {
                settings.push((setting.name.clone(), value));
            }
        }
        let mut credentials = Vec::new();
        for name in &form.credentials {
            let secret = match given.remove(name) {
                Some(secret) => secret,
                None => ask_for_secret(name)?,
            };
            credentials.push((name.clone(), secret));
        }
        Ok(Answers { settings, credentials })
    }
}

/// The end of the input looks like an empty line, so an empty answer is not asked for again forever.
const TRIES: usize = 3;

fn ask_for(setting: &FormSetting) -> Result<String, CliError> {
    let about = if setting.about.is_empty() { String::new() } else { format!(" – {}", setting.about) };
    for _ in 0..TRIES {
        let value = ask::text(&format!("{}{about}", setting.name), setting.default.as_deref())?;
        if !value.is_empty() {
            return Ok(value);
        }
    }
    Err(CliError::usage(format!("the setting `{}` is missing; nothing was written", setting.name)))
}

fn ask_for_secret(name: &str) -> Result<SecretString, CliError> {
    let secret = ask::secret(name)?;
    if secret.expose_secret().is_empty() {
        return Err(CliError::usage(format!("the credential `{name}` is empty; nothing was written")));
    }
    Ok(secret)
}

/// The settings of the command line. Nothing that may be a secret is repeated in a message.
fn settings(form: &Form, set: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut settings = BTreeMap::new();
    for text in set {
        let Some((name, value)) = text.split_once('=') else {
            return Err(CliError::usage("--set takes SETTING=VALUE, such as tenant=acme"));
        };
        if form.credentials.iter().any(|credential| credential == name) {
            return Err(CliError::usage(format!(
                "`{name}` is a credential, and those are no arguments: this one stood in the list of processes and in \
                 the shell's history, so replace it at the source; give the next one on the terminal, \
                 by --from-env or by --stdin"
            )));
        }
        if !form.settings.iter().any(|setting| setting.name == name) {
            let known = form.settings.iter().map(|setting| setting.name.as_str());
            let names = known.clone().collect::<Vec<_>>().join(", ");
            let hint = match closest(name, known) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("there are {names}"),
            };
            return Err(CliError::usage(format!("{} has no such setting as one of --set; {hint}", form.title)));
        }
        if value.trim().is_empty() {
            return Err(CliError::usage(format!("the setting `{name}` is blank")));
        }
        settings.insert(name.to_owned(), value.trim().to_owned());
    }
    Ok(settings)
}

fn from_environment(form: &Form, from_env: &[String]) -> Result<BTreeMap<String, SecretString>, CliError> {
    let mut given = BTreeMap::new();
    for text in from_env {
        let Some((name, variable)) = text.split_once('=') else {
            return Err(CliError::usage("--from-env takes CREDENTIAL=VARIABLE, such as client_id=ACME_ID"));
        };
        expect_credential(form, name, "--from-env")?;
        let value = Zeroizing::new(std::env::var(variable).unwrap_or_default());
        if value.trim().is_empty() {
            // What should be the name of a variable may be the secret.
            return Err(CliError::usage(format!(
                "the environment variable that --from-env names for `{name}` is not set"
            )));
        }
        given.insert(name.to_owned(), SecretString::from(value.trim()));
    }
    Ok(given)
}

fn from_lines(form: &Form, text: &str, given: &mut BTreeMap<String, SecretString>) -> Result<(), CliError> {
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once('=').filter(|(_, value)| !value.trim().is_empty()) else {
            return Err(CliError::usage(format!("line {} of stdin is not CREDENTIAL=VALUE", at + 1)));
        };
        expect_credential(form, name.trim(), &format!("line {} of stdin", at + 1))?;
        given.insert(name.trim().to_owned(), SecretString::from(value.trim()));
    }
    Ok(())
}

fn expect_credential(form: &Form, name: &str, place: &str) -> Result<(), CliError> {
    if form.credentials.iter().any(|credential| credential == name) {
        return Ok(());
    }
    let names = form.credentials.join(", ");
    Err(CliError::usage(format!("{place} names no credential of {}; there are {names}", form.title)))
}

fn refuse_gaps(
    form: &Form,
    set: &BTreeMap<String, String>,
    given: &BTreeMap<String, SecretString>,
) -> Result<(), CliError> {
    let is_open = |setting: &&FormSetting| setting.default.is_none() && !set.contains_key(&setting.name);
    let settings = form.settings.iter().filter(is_open).map(|setting| format!("--set {}=…", setting.name));
    let credentials = form.credentials.iter().filter(|name| !given.contains_key(*name));
    let credentials = credentials.map(|name| format!("--from-env {name}=VARIABLE (or --stdin)"));
    let missing: Vec<String> = settings.chain(credentials).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(CliError::usage(format!("there is no terminal to ask on; add {}", missing.join(", "))))
}
