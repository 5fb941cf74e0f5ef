//! Going back to the files of an earlier revision.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Engine, EngineError};
use crate::connector::{Connection, Home};
use crate::store::KeptRevision;

/// What it takes to have the files of an earlier revision again.
#[derive(Debug, Clone)]
pub struct Rollback {
    /// The revision.
    pub revision: KeptRevision,
    /// Files that become other, in the order of their paths.
    pub steps: Vec<RollbackStep>,
    /// Other connections that run with some of them.
    pub shared_with: Vec<String>,
}

/// A file that becomes other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackStep {
    /// Its path from the home on.
    pub path: String,
    /// Its text then; none when it is removed.
    pub text: Option<String>,
    /// Whether it is there now.
    pub is_there: bool,
    /// Whether no kept revision has what it holds now: it would be lost.
    pub loses_edits: bool,
}

impl Engine {
    /// What it takes to go back to a revision of a connection; the beginning of its hash is enough. Nothing is written
    /// yet.
    pub async fn rollback(&self, connection: &str, hash: &str) -> Result<Rollback, EngineError> {
        let revision = self.kept_revision(connection, hash).await?;
        let texts = self.store.files_of(&revision).await?.ok_or_else(|| EngineError::NotKept {
            connection: connection.to_owned(),
            revision: revision.hash.clone(),
        })?;
        let then = Connection::load(&Home::of_texts(self.home.root(), texts.clone()), connection)?;
        let overlay = then.overlay.as_ref().map(|overlay| overlay.value.as_str());
        let present = self.home.files_of(connection, &then.connector.value, overlay);
        let mut steps = Vec::new();
        for path in texts.keys().chain(present.keys()).collect::<BTreeSet<_>>() {
            let (text, now) = (texts.get(path), present.get(path));
            if now.is_some_and(|now| now.as_ref() == text) {
                continue;
            }
            let loses_edits = match now {
                None => false,
                // What cannot be read may be anything.
                Some(None) => true,
                Some(Some(now)) => !self.store.keeps_text(now).await?,
            };
            steps.push(RollbackStep { path: path.clone(), text: text.cloned(), is_there: now.is_some(), loses_edits });
        }
        let own = format!("connections/{connection}.yaml");
        let shares = steps.iter().any(|step| step.path != own);
        let shared_with = if shares { self.of_connector(&then.connector.value, connection) } else { Vec::new() };
        Ok(Rollback { revision, steps, shared_with })
    }

    /// The other connections of a connector.
    fn of_connector(&self, connector: &str, but: &str) -> Vec<String> {
        let mut names = self.home.connections();
        names.retain(|name| {
            name != but && Connection::load(&self.home, name).is_ok_and(|other| other.connector.value == connector)
        });
        names
    }

    /// Writes and removes the files of a rollback. A file is replaced whole, so that nobody ever reads a part of it.
    pub fn carry_out(&self, rollback: &Rollback) -> Result<(), EngineError> {
        for step in &rollback.steps {
            let path = self.home.root().join(&step.path);
            if !is_of_home(&step.path) {
                let cause = io::Error::other("the path leads out of the folders of a home");
                return Err(EngineError::File { path, cause });
            }
            carry_out(&path, step.text.as_deref()).map_err(|cause| EngineError::File { path, cause })?;
        }
        Ok(())
    }
}

/// Whether a path stays where the files of a home are. It comes from a file that anybody may have written.
fn is_of_home(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let starts_well = matches!(parts.next(), Some(Component::Normal(first)) if ["mappings", "scripts", "connections"].iter().any(|folder| first == *folder));
    starts_well && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn carry_out(path: &Path, text: Option<&str>) -> io::Result<()> {
    let Some(text) = text else { return std::fs::remove_file(path) };
    // A link stays a link: what it leads to is replaced.
    let path: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.rollback"));
    std::fs::write(&beside, text)?;
    if let Ok(metadata) = std::fs::metadata(&path) {
        std::fs::set_permissions(&beside, metadata.permissions())?;
    }
    std::fs::rename(&beside, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_the_home() {
        for path in ["mappings/carerix/jobs.yaml", "connections/acme.yaml", "scripts/a/b.rhai"] {
            assert!(is_of_home(path), "{path}");
        }
        for path in ["../x.yaml", "mappings/../../x.yaml", "/etc/passwd", "other/x.yaml", "", "mappings/../.bashrc"] {
            assert!(!is_of_home(path), "{path}");
        }
    }
}
