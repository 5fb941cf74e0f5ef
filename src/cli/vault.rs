//! `crosswalk vault`.

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::ask;
use super::context::Context;
use super::error::{CliError, Exit};
use crate::vault::{KEY_VARIABLE, NEW_KEY_VARIABLE, Vault as File, VaultError, VaultKey, check_name};

const NOTES: &str = "\
The vault is a file in the home folder, crosswalk.vault unless --vault names another.
Its key is in the environment variable CROSSWALK_VAULT_KEY and nowhere else: whoever
has both can read every secret, and without the key nobody can.

Examples:
  crosswalk vault key                                make a key for a new vault
  export CROSSWALK_VAULT_KEY=$(crosswalk vault key)  the same, to try it
  crosswalk vault list                               the names, never the secrets
  crosswalk vault set acme/client_secret             ask for the secret, or take it from stdin
  crosswalk vault rekey                              seal it with CROSSWALK_VAULT_NEW_KEY

Exit codes:
    0  done
    2  wrong usage, a missing or wrong key, or trouble with the file";

/// Keep secrets in an encrypted file
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Vault {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key and print it, once
    Key,
    /// List the names of the entries; needs no key
    List,
    /// Keep a secret, which is asked for or comes by stdin
    Set {
        /// The name of the entry, such as acme/client_secret
        name: String,
        /// What must not be here
        #[arg(hide = true)]
        stray: Vec<String>,
    },
    /// Forget a secret
    Remove {
        /// The name of the entry
        name: String,
    },
    /// Seal all entries with the key in CROSSWALK_VAULT_NEW_KEY
    Rekey,
}

impl Vault {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match &self.what {
            What::Key => key(context)?,
            What::List => {
                let names = File::names(&context.home()?.vault())?;
                context.terminal.print(&names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
            }
            What::Set { name, stray } if stray.is_empty() => set(context, name)?,
            What::Set { .. } => {
                return Err(CliError::usage(
                    "a secret is no argument: this one stood in the list of processes and in the shell's history, so \
                     replace it at the source; then run the command with the name alone, which asks for it or takes it from stdin",
                ));
            }
            What::Remove { name } => {
                open(context)?.remove(name)?;
                context.terminal.print(&format!("Removed {name}\n"))?;
            }
            What::Rekey => {
                let vault = open(context)?;
                let (old, new) = (key_in(KEY_VARIABLE)?, key_in(NEW_KEY_VARIABLE)?);
                if old.is_same(&new) {
                    return Err(VaultError::SameKey.into());
                }
                let count = vault.rekey(&new)?;
                context.terminal.print(&format!("Sealed {count} entries with the new key\n"))?;
                context.terminal.note(&format!(
                    "Put the new key into {KEY_VARIABLE} now, wherever it is set, and take the old one away. Copies of the \
                     file that were made before still open with the old key: if that was seen by others, \
                     replace the secrets at their sources as well."
                ));
            }
        }
        Ok(Exit::Done)
    }
}

fn key_in(variable: &'static str) -> Result<VaultKey, CliError> {
    Ok(VaultKey::from_environment(variable)?)
}

/// The vault of the home, which need not be there yet.
pub(super) fn open(context: &Context) -> Result<File, CliError> {
    Ok(File::from_environment(context.home()?.vault())?)
}

fn key(context: &Context) -> Result<(), CliError> {
    let text = VaultKey::generate().text();
    context.terminal.print(&format!("{}\n", text.expose_secret()))?;
    context.terminal.note(&format!(
        "\nThis is the key of a new vault. It is kept nowhere and not shown again. Put it where the secrets of your\n\
         services are kept, and give it to crosswalk in the environment variable {KEY_VARIABLE}.\n\
         Keep a copy apart from the machine: without it nobody opens the vault again."
    ));
    Ok(())
}

fn set(context: &Context, name: &str) -> Result<(), CliError> {
    check_name(name)?;
    let vault = open(context)?;
    // Nobody types a secret for a vault that does not open.
    vault.check()?;
    let secret = match ask::is_possible() {
        true => ask::secret(name)?,
        false => SecretString::from(ask::stdin()?.trim()),
    };
    vault.set([(name.to_owned(), secret)])?;
    context.terminal.print(&format!("Kept {name} in {}\n", vault.path().display()))?;
    Ok(())
}
