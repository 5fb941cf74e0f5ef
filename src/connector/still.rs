//! The files of a home at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::files::text_of;

/// The folders that a home reads, and how their files end.
pub(super) const READ: [(&str, &[&str]); 3] =
    [("mappings", &["yaml", "graphql"]), ("scripts", &["rhai"]), ("connections", &["yaml", "rhai"])];

/// No home has its files deeper.
pub(super) const DEEPEST: usize = 3;

/// Every file of a home that something may read, by its path from the home on. A folder stands there with a slash at its end.
#[derive(Debug, Default)]
pub(super) struct Still {
    files: BTreeMap<String, Result<String, String>>,
    /// A folder that could not be listed, and why. What is in it is not known to be gone.
    trouble: Option<(String, String)>,
}

impl Still {
    /// What is in the folder `root` now. A file that cannot be read is there, with why.
    pub fn take(root: &Path) -> Still {
        let mut still = Still::default();
        for (folder, extensions) in READ {
            still.add(root, folder, extensions, DEEPEST);
        }
        still
    }

    /// These texts.
    pub fn of_texts(texts: impl IntoIterator<Item = (String, String)>) -> Still {
        let mut still = Still::default();
        for (path, text) in texts {
            let folders = path.match_indices('/').map(|(slash, _)| path[..=slash].to_owned());
            still.files.extend(folders.map(|folder| (folder, Ok(String::new()))));
            still.files.insert(path, Ok(text));
        }
        still
    }

    fn add(&mut self, root: &Path, folder: &str, extensions: &[&str], depth: usize) {
        let entries =
            match std::fs::read_dir(root.join(folder)).and_then(|entries| entries.collect::<io::Result<Vec<_>>>()) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return,
                Err(error) => {
                    self.trouble = Some((folder.to_owned(), error.to_string()));
                    return;
                }
            };
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // Editors leave hidden files beside the ones they write.
            if name.starts_with('.') {
                continue;
            }
            let (path, full) = (format!("{folder}/{name}"), entry.path());
            if full.is_dir() {
                self.files.insert(format!("{path}/"), Ok(String::new()));
                if depth > 1 {
                    self.add(root, &path, extensions, depth - 1);
                }
            } else if full.extension().is_some_and(|found| extensions.iter().any(|known| found == *known)) {
                self.files.insert(path, text_of(&full));
            }
        }
    }

    /// A folder that could not be listed, and why.
    pub fn trouble(&self) -> Option<&(String, String)> {
        self.trouble.as_ref()
    }

    /// Every file; one that cannot be read has no text.
    pub fn files(&self) -> impl Iterator<Item = (&str, Option<&String>)> {
        let files = self.files.iter().filter(|(path, _)| !path.ends_with('/'));
        files.map(|(path, text)| (path.as_str(), text.as_ref().ok()))
    }

    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub fn read(&self, path: &str) -> Result<String, String> {
        self.files.get(path).cloned().unwrap_or_else(|| Err("there is no such file".to_owned()))
    }

    /// The names of the folders in a folder, in order.
    pub fn folders(&self, folder: &str) -> impl Iterator<Item = String> {
        let names = self.within(folder).into_iter().filter_map(|name| name.strip_suffix('/'));
        names.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned)
    }

    /// The names of the files in a folder, without their extension, in order.
    pub fn names(&self, folder: &str, extension: &str) -> impl Iterator<Item = String> {
        let files = self.within(folder).into_iter().filter(|name| !name.contains('/'));
        let names = files.filter_map(|name| name.strip_suffix(extension)?.strip_suffix('.'));
        // `a-b.yaml` sorts before `a.yaml`, and `a-b` after `a`.
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect::<BTreeSet<String>>().into_iter()
    }

    /// The paths below a folder, from the folder on.
    fn within(&self, folder: &str) -> Vec<&str> {
        let start = format!("{folder}/");
        let paths = self.files.range(start.clone()..).map(|(path, _)| path.as_str());
        paths.map_while(|path| path.strip_prefix(start.as_str())).collect()
    }
}
