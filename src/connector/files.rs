//! The files of a connector, as they are on disk or as they were.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

use super::secrets::secrets_of_connector;
use super::still::Still;
use crate::diagnostics::{Problem, Problems, Report, SourceFile};
use crate::vault::VAULT_FILE;

/// Larger files are no mappings.
pub(super) const LARGEST: u64 = 8 << 20;

/// A folder that holds `mappings/`, `scripts/` and `connections/`.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    /// Texts that stand for files, by path.
    drafts: BTreeMap<String, String>,
    /// All there is, in place of what is on disk.
    still: Option<Arc<Still>>,
    /// The vault's file, when it is not the usual one.
    vault: Option<PathBuf>,
}

/// The texts that make up a connector or an overlay. What could not be read was reported; it keeps its name, so that nothing that
/// names it is blamed.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub definition: Option<Arc<SourceFile>>,
    pub schema: Option<Arc<SourceFile>>,
    pub mappings: Vec<Arc<SourceFile>>,
    pub actions: BTreeMap<String, Option<Arc<SourceFile>>>,
    pub tables: BTreeMap<String, Option<Arc<SourceFile>>>,
    pub scripts: BTreeMap<String, Option<Arc<SourceFile>>>,
}

impl Files {
    /// Every file, always in the same order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        let named = self.actions.values().chain(self.tables.values()).chain(self.scripts.values()).flatten();
        self.definition.iter().chain(&self.schema).chain(&self.mappings).chain(named)
    }
}

impl Home {
    /// The home at `root`.
    pub fn new(root: impl Into<PathBuf>) -> Home {
        Home { root: root.into(), drafts: BTreeMap::new(), still: None, vault: None }
    }

    /// A home of these texts, by path. Nothing is read from the folder, which is only what messages name.
    pub fn of_texts(root: impl Into<PathBuf>, texts: impl IntoIterator<Item = (String, String)>) -> Home {
        let still = Some(Arc::new(Still::of_texts(texts)));
        Home { still, ..Home::new(root) }
    }

    /// The home as it is now: what is compiled from it has seen the same files, whoever writes meanwhile.
    #[must_use]
    pub fn still(&self) -> Home {
        let still = self.still.clone().unwrap_or_else(|| Arc::new(Still::take(&self.root)));
        Home { still: Some(still), ..self.clone() }
    }

    /// The home as it would be with this text in a file that it has. The path is relative to the folder.
    #[must_use]
    pub fn with_draft(mut self, path: &str, text: &str) -> Home {
        self.drafts.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The home with its credentials in another vault than `crosswalk.vault` in the folder.
    #[must_use]
    pub fn with_vault(mut self, file: Option<PathBuf>) -> Home {
        self.vault = file;
        self
    }

    /// The file that holds the vault, or will.
    pub fn vault(&self) -> PathBuf {
        self.vault.clone().unwrap_or_else(|| self.root.join(VAULT_FILE))
    }

    /// What is wrong with a folder that could not be listed when the home was held still: what is in it is not known.
    pub fn trouble(&self) -> Option<Report> {
        let (folder, why) = self.still.as_ref()?.trouble()?;
        let problems = Problems::new();
        problems.report(Problem::error("M0010", format!("cannot read {folder}/: {why}")));
        Some(problems.into_report())
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The names of the connections, in order.
    pub fn connections(&self) -> Vec<String> {
        self.names("connections", "yaml")
    }

    /// The names of the connectors, in order.
    pub fn connectors(&self) -> Vec<String> {
        if let Some(still) = &self.still {
            return still
                .folders("mappings")
                .filter(|name| still.has(&format!("mappings/{name}/connector.yaml")))
                .collect();
        }
        let folders = std::fs::read_dir(self.root.join("mappings")).into_iter().flatten().flatten();
        let mut names: Vec<String> = folders
            .filter(|entry| entry.path().join("connector.yaml").is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Where the schema of a connector stands, from the folder on.
    pub fn schema_path(connector: &str) -> String {
        format!("mappings/{connector}/schema.graphql")
    }

    /// The paths and texts of the files that a connection runs with: its own, those of its connector, those of its
    /// overlay. A file that cannot be read has no text.
    pub fn files_of(
        &self,
        connection: &str,
        connector: &str,
        overlay: Option<&str>,
    ) -> BTreeMap<String, Option<String>> {
        let home = self.still();
        let Some(still) = &home.still else { return BTreeMap::new() };
        let mut prefixes = vec![format!("mappings/{connector}/"), format!("scripts/{connector}/")];
        prefixes.extend(overlay.map(|overlay| format!("connections/{overlay}/")));
        let own = format!("connections/{connection}.yaml");
        let is_of_it = |path: &str| path == own || prefixes.iter().any(|prefix| path.starts_with(prefix));
        still.files().filter(|(path, _)| is_of_it(path)).map(|(path, text)| (path.to_owned(), text.cloned())).collect()
    }

    /// The schema of a connector, if there is one.
    pub fn schema(&self, connector: &str) -> Result<Option<Arc<SourceFile>>, Report> {
        let path = Home::schema_path(connector);
        if !self.has(&path) {
            return Ok(None);
        }
        let problems = Problems::new();
        let file = self.read(&path, &problems);
        problems.into_result(file).map(Some)
    }

    /// Reads a file of the home; the path is relative and is what messages show.
    pub(super) fn read(&self, path: &str, problems: &Problems) -> Option<Arc<SourceFile>> {
        if let Some(text) = self.drafts.get(path) {
            return Some(source(path, text.clone()));
        }
        let read = match &self.still {
            Some(still) => still.read(path),
            None => text_of(&self.root.join(path)),
        };
        match read {
            Ok(text) => Some(source(path, text)),
            Err(why) => {
                problems.report(
                    Problem::error("M0010", format!("cannot read {path}: {why}"))
                        .help(format!("the home folder is {}", self.root.display())),
                );
                None
            }
        }
    }

    pub(super) fn files(&self, connector: &str, problems: &Problems) -> Files {
        let folder = format!("mappings/{connector}");
        let mut mappings = self.read_all(&folder, "yaml", problems);
        Files {
            definition: mappings.remove("connector").flatten(),
            schema: self.read(&Home::schema_path(connector), problems),
            mappings: mappings.into_values().flatten().collect(),
            actions: self.read_all(&format!("{folder}/actions"), "yaml", problems),
            tables: self.read_all(&format!("{folder}/tables"), "yaml", problems),
            scripts: self.read_all(&format!("scripts/{connector}"), "rhai", problems),
        }
    }

    pub(super) fn overlay_files(&self, overlay: &str, problems: &Problems) -> Files {
        let folder = format!("connections/{overlay}");
        Files {
            definition: None,
            schema: None,
            mappings: self.read_all(&folder, "yaml", problems).into_values().flatten().collect(),
            actions: BTreeMap::new(),
            tables: self.read_all(&format!("{folder}/tables"), "yaml", problems),
            scripts: self.read_all(&format!("{folder}/scripts"), "rhai", problems),
        }
    }

    /// The names of the overlays, in order: the folders among the connections.
    pub fn overlays(&self) -> Vec<String> {
        if let Some(still) = &self.still {
            return still.folders("connections").filter(|name| !name.starts_with('.')).collect();
        }
        let folders = std::fs::read_dir(self.root.join("connections")).into_iter().flatten().flatten();
        let mut names: Vec<String> = folders
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    fn has(&self, path: &str) -> bool {
        match &self.still {
            Some(still) => still.has(path),
            None => self.root.join(path).exists(),
        }
    }

    fn read_all(
        &self,
        folder: &str,
        extension: &str,
        problems: &Problems,
    ) -> BTreeMap<String, Option<Arc<SourceFile>>> {
        let read = |name: &str| self.read(&format!("{folder}/{name}.{extension}"), problems);
        self.names(folder, extension).into_iter().map(|name| (name.clone(), read(&name))).collect()
    }

    /// The names of the files in a folder, without their extension.
    fn names(&self, folder: &str, extension: &str) -> Vec<String> {
        if let Some(still) = &self.still {
            return still.names(folder, extension).collect();
        }
        let entries = std::fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|found| found == extension) && path.is_file())
            .filter_map(|path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned))
            // Editors leave hidden files beside the ones they write.
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }
}

fn source(path: &str, text: String) -> Arc<SourceFile> {
    let hidden = if path.ends_with("/connector.yaml") { secrets_of_connector(&text) } else { Vec::new() };
    SourceFile::with_secrets(path, text, hidden)
}

/// The text of a file, or why there is none.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > LARGEST => Err(format!("it is larger than {} MiB", LARGEST >> 20)),
        Ok(_) => std::fs::read(path).map_err(why).and_then(|bytes| String::from_utf8(bytes).map_err(not_text)),
        Err(error) => Err(why(error)),
    }
}

fn why(error: std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

fn not_text(error: FromUtf8Error) -> String {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not UTF-8 text")
}
