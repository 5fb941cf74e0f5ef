//! Going back to the files of an earlier revision.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

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
    /// What it holds now; none when it is not there, or cannot be read.
    pub seen: Option<String>,
    /// Whether it is there now.
    pub is_there: bool,
    /// Whether no kept revision has what it holds now: it would be lost.
    pub loses_edits: bool,
}

impl Engine {
    /// What it takes to go back to a revision of a connection; the beginning of its hash is enough. Nothing is written
    /// yet.
    pub async fn rollback(&self, connection: &str, hash: &str) -> Result<Rollback, EngineError> {
        let (revision, texts) = self.kept_files(connection, hash).await?;
        let then = Connection::load(&Home::of_texts(self.home.root(), texts.clone()), connection)?;
        let overlay = then.overlay.as_ref().map(|overlay| overlay.value.as_str());
        let read = Read { connection, connector: &then.connector.value, overlay };
        let mut present = self.home.files_of(connection, &then.connector.value, overlay);
        present.retain(|path, _| read.reads(path));
        if let Some(path) = texts.keys().find(|path| !read.reads(path)) {
            let cause = io::Error::other("the store names a file that is none of this connection");
            return Err(EngineError::File { path: self.home.root().join(path), cause });
        }
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
            let seen = now.cloned().flatten();
            let step =
                RollbackStep { path: path.clone(), text: text.cloned(), seen, is_there: now.is_some(), loses_edits };
            steps.push(step);
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
    /// Nothing is done when a file is not what it was when the steps were told.
    pub fn carry_out(&self, rollback: &Rollback) -> Result<(), EngineError> {
        let root = self.home.root();
        for step in &rollback.steps {
            self.expect_untouched(step).map_err(|cause| EngineError::File { path: root.join(&step.path), cause })?;
        }
        for step in &rollback.steps {
            let path = root.join(&step.path);
            carry_out(&path, step.text.as_deref()).map_err(|cause| EngineError::File { path, cause })?;
        }
        Ok(())
    }

    fn expect_untouched(&self, step: &RollbackStep) -> io::Result<()> {
        let path = self.home.root().join(&step.path);
        let now = std::fs::read_to_string(&path).ok();
        if now != step.seen || path.exists() != step.is_there {
            return Err(io::Error::other("it was changed meanwhile; nothing was written"));
        }
        // Behind a link there may be files of anybody.
        let real = std::fs::canonicalize(&path).or_else(|_| std::fs::canonicalize(path.parent().unwrap_or(&path)));
        match (real, std::fs::canonicalize(self.home.root())) {
            (Ok(real), Ok(root)) if !real.starts_with(&root) => {
                Err(io::Error::other("a link leads out of the home there; put the files behind it back by hand"))
            }
            _ => Ok(()),
        }
    }
}

/// What a connection reads.
struct Read<'a> {
    connection: &'a str,
    connector: &'a str,
    overlay: Option<&'a str>,
}

impl Read<'_> {
    /// Whether a file is one that the connection runs with.
    fn reads(&self, path: &str) -> bool {
        let file = |rest: &str, extension: &str| {
            let name = rest.strip_suffix(extension).and_then(|name| name.strip_suffix('.'));
            name.is_some_and(|name| !name.is_empty() && !name.starts_with('.') && !name.contains('/'))
        };
        let within =
            |folder: String, extension: &str| path.strip_prefix(&folder).is_some_and(|rest| file(rest, extension));
        let laid_out = |folder: &str, scripts: String| {
            within(format!("{folder}/"), "yaml")
                || within(format!("{folder}/tables/"), "yaml")
                || within(format!("{folder}/actions/"), "yaml")
                || within(scripts, "rhai")
        };
        let Read { connection, connector, overlay } = self;
        let mappings = format!("mappings/{connector}");
        path == format!("connections/{connection}.yaml")
            || path == Home::schema_path(connector)
            || laid_out(&mappings, format!("scripts/{connector}/"))
            || overlay.is_some_and(|overlay| {
                let folder = format!("connections/{overlay}");
                laid_out(&folder, format!("{folder}/scripts/"))
            })
    }
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
    fn only_files_of_the_connection_are_touched() {
        let read = Read { connection: "acme", connector: "carerix", overlay: Some("acme") };
        for path in [
            "connections/acme.yaml",
            "connections/acme/jobs.yaml",
            "connections/acme/tables/a.yaml",
            "connections/acme/scripts/a.rhai",
            "mappings/carerix/connector.yaml",
            "mappings/carerix/schema.graphql",
            "mappings/carerix/tables/a.yaml",
            "scripts/carerix/jobs.rhai",
        ] {
            assert!(read.reads(path), "{path}");
        }
        for path in [
            "connections/other.yaml",
            "connections/other/jobs.yaml",
            "mappings/carerix/old/jobs.yaml",
            "mappings/carerix/../../x.yaml",
            "mappings/carerix/tables/../../../x.yaml",
            "scripts/carerix/x.sh",
            "scripts/carerix/.hidden.rhai",
            "../x.yaml",
            "/etc/passwd",
            "",
        ] {
            assert!(!read.reads(path), "{path}");
        }
    }
}
