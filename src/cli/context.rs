//! What a command runs with.

use std::path::PathBuf;

use super::error::CliError;
use super::terminal::Terminal;
use crate::connector::{Connection, Home};
use crate::diagnostics::closest;
use crate::engine::{Engine, STORE_FILE};

/// The home folder, the store and the terminal.
#[derive(Debug)]
pub(super) struct Context {
    pub home: PathBuf,
    pub store: Option<PathBuf>,
    pub vault: Option<PathBuf>,
    pub terminal: Terminal,
}

impl Context {
    /// The home folder, if it is one.
    pub fn home(&self) -> Result<Home, CliError> {
        if ["mappings", "connections"].iter().any(|folder| self.home.join(folder).is_dir()) {
            return Ok(Home::new(&self.home).with_vault(self.vault.clone()));
        }
        Err(CliError::usage(format!(
            "{} is no home folder: it has neither mappings/ nor connections/; name one with --home DIR",
            self.home.display()
        )))
    }

    /// The engine, with a new store if there is none.
    pub async fn engine(&self) -> Result<Engine, CliError> {
        let home = self.home()?;
        Ok(Engine::open(home.root(), self.store.as_deref()).await?.with_vault(self.vault.clone()))
    }

    /// The file that holds the store.
    pub fn store_path(&self) -> PathBuf {
        self.store.clone().unwrap_or_else(|| self.home.join(STORE_FILE))
    }

    /// The engine over a store that was filled before, which stays as it is.
    pub async fn reading_engine(&self) -> Result<Engine, CliError> {
        let home = self.home()?;
        self.expect_store()?;
        Ok(Engine::open_to_read(home.root(), self.store.as_deref()).await?.with_vault(self.vault.clone()))
    }

    /// The engine over a store that was filled before.
    pub async fn filled_engine(&self) -> Result<Engine, CliError> {
        self.home()?;
        self.expect_store()?;
        self.engine().await
    }

    fn expect_store(&self) -> Result<(), CliError> {
        let store = self.store_path();
        if !store.is_file() {
            return Err(CliError::usage(format!(
                "there is no store {} yet; read a connection with `{}`",
                store.display(),
                self.spell("sync CONNECTION")
            )));
        }
        Ok(())
    }

    /// Makes sure that records of a connection are or may come to be in the store.
    pub async fn expect_connection(&self, engine: &Engine, name: &str) -> Result<(), CliError> {
        let stored = engine.store().connections().await?;
        let known = engine.home().connections();
        if stored.iter().chain(&known).any(|known| known == name) {
            return Ok(());
        }
        let known = stored.iter().chain(&known).map(String::as_str);
        let hint = closest(name, known).map_or(String::new(), |close| format!("; did you mean `{close}`?"));
        Err(CliError::usage(format!("there is no connection `{name}`{hint}")))
    }

    /// The connection of that name, or the only one there is, or the only one that has a sandbox: what works with one
    /// tenant goes on working when another comes beside it. `how` is the way to name one.
    pub fn connection(&self, name: Option<&str>, how: &str) -> Result<(Home, Connection), CliError> {
        let home = self.home()?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => match home.connections().as_slice() {
                [only] => only.clone(),
                [] => {
                    let folder = home.root().join("connections");
                    return Err(CliError::usage(format!("there is no connection in {}", folder.display())));
                }
                several => {
                    let sandboxed = |name: &&String| Connection::load(&home, name).is_ok_and(|c| c.sandbox.is_some());
                    let with_sandbox: Vec<&String> = several.iter().filter(sandboxed).collect();
                    let [only] = with_sandbox.as_slice() else {
                        let message = format!("name one of the connections {}, as {how}", several.join(", "));
                        return Err(CliError::usage(message));
                    };
                    (*only).clone()
                }
            },
        };
        let connection = Connection::load(&home, &name)?;
        Ok((home, connection))
    }

    /// A command as one would type it to run it on the same home folder and store.
    pub fn spell(&self, command: &str) -> String {
        let flag = |name: &str, variable: &str, value: &PathBuf| match std::env::var_os(variable) {
            Some(set) if set == value.as_os_str() => String::new(),
            _ => format!(" --{name} {}", quoted(&value.to_string_lossy())),
        };
        let home =
            if self.home.as_os_str() == "." { String::new() } else { flag("home", "CROSSWALK_HOME", &self.home) };
        let store = self.store.as_ref().map_or(String::new(), |store| flag("store", "CROSSWALK_STORE", store));
        let vault = self.vault.as_ref().map_or(String::new(), |vault| flag("vault", "CROSSWALK_VAULT", vault));
        format!("crosswalk{home}{store}{vault} {command}")
    }
}

/// A word as a shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+:@".contains(character);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("/srv/home-1"), "/srv/home-1");
        assert_eq!(quoted("/srv/my home"), "'/srv/my home'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
