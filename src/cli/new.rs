//! `crosswalk new`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::context::Context;
use super::error::{CliError, Exit};

/// A name becomes part of paths, and in capitals of a variable.
const LONGEST_NAME: usize = 40;

const NOTES: &str = "\
Names are lower-case letters, digits and `_`, and begin with a letter. Nothing that
exists is overwritten.

Examples:
  crosswalk new connector acme            files for a source called Acme
  crosswalk new connector acme --home ~/crosswalk";

/// Lay down files to begin with
#[derive(Debug, Args)]
pub(super) struct New {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lay down a connector: a small one that works as it is, to be changed
    #[command(after_help = NOTES)]
    Connector {
        /// The name of the connector
        name: String,
    },
}

/// A file to be laid down. `{{name}}` stands for the connector's name, wherever it is written.
struct Template {
    path: &'static str,
    text: &'static str,
    about: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template {
        path: "mappings/{{name}}/connector.yaml",
        text: include_str!("new/connector.yaml"),
        about: "how the source is reached, and how it writes things",
    },
    Template { path: "mappings/{{name}}/schema.graphql", text: include_str!("new/schema.graphql"), about: "its types" },
    Template { path: "mappings/{{name}}/users.yaml", text: include_str!("new/users.yaml"), about: "a small mapping" },
    Template {
        path: "mappings/{{name}}/jobs.yaml",
        text: include_str!("new/jobs.yaml"),
        about: "a mapping with conditions, a table, a function and a list",
    },
    Template {
        path: "mappings/{{name}}/tables/job_status.yaml",
        text: include_str!("new/job_status.yaml"),
        about: "the table",
    },
    Template { path: "scripts/{{name}}/jobs.rhai", text: include_str!("new/jobs.rhai"), about: "the function" },
    Template {
        path: "connections/{{name}}.yaml.sample",
        text: include_str!("new/connection.yaml"),
        about: "a tenant, to be copied",
    },
];

impl New {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let What::Connector { name } = &self.what;
        check(name)?;
        let home = context.home()?;
        let files: Vec<(PathBuf, String)> = TEMPLATES
            .iter()
            .map(|template| (filled(template.path, name).into(), filled(template.text, name)))
            .collect();
        refuse_what_exists(home.root(), name, &files)?;
        lay_down(home.root(), &files)?;

        let width = files.iter().map(|(path, _)| path.as_os_str().len()).max().unwrap_or_default();
        let mut text = String::from("Laid down\n");
        for ((path, _), template) in files.iter().zip(TEMPLATES) {
            text.push_str(&format!("  {:width$}  {}\n", path.display(), template.about));
        }
        context.terminal.print(&text)?;
        let terminal = &context.terminal;
        terminal.note(&format!("\n{}", terminal.stderr.bold("What to do next")));
        terminal.note(&format!("  copy connections/{name}.yaml.sample to connections/{name}.yaml and fill it in"));
        terminal.note(&format!("  {}", context.spell(&format!("coverage {name}"))));
        terminal.note(&format!(
            "  put the schema of the source into mappings/{name}/schema.graphql, and change what no longer fits"
        ));
        terminal.note(&format!("  {}", context.spell(&format!("sync {name}"))));
        Ok(Exit::Done)
    }
}

fn filled(text: &str, name: &str) -> String {
    let mut title = name.replace('_', " ");
    title[..1].make_ascii_uppercase();
    text.replace("{{name}}", name).replace("{{NAME}}", &name.to_ascii_uppercase()).replace("{{title}}", &title)
}

fn check(name: &str) -> Result<(), CliError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let reason = match name.chars().find(|c| !fits(*c)) {
        _ if name.is_empty() => "it is empty".to_owned(),
        _ if name.len() > LONGEST_NAME => format!("it has more than {LONGEST_NAME} characters"),
        Some(stray) => format!("`{}` is not a lower-case letter, a digit or `_`", stray.escape_default()),
        None if !name.starts_with(|c: char| c.is_ascii_lowercase()) => "it does not begin with a letter".to_owned(),
        None => return Ok(()),
    };
    Err(CliError::usage(format!("`{}` cannot be the name of a connector: {reason}", name.escape_default())))
}

/// Anything of that name may be somebody's work, also where no file would be overwritten.
fn refuse_what_exists(home: &Path, name: &str, files: &[(PathBuf, String)]) -> Result<(), CliError> {
    let folders = [format!("mappings/{name}"), format!("scripts/{name}"), format!("connections/{name}.yaml")];
    let wanted = folders.iter().map(PathBuf::from).chain(files.iter().map(|(path, _)| path.clone()));
    // A broken link is there too.
    let existing: Vec<String> = wanted
        .filter(|path| home.join(path).symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    match existing.first() {
        None => Ok(()),
        Some(first) => {
            Err(CliError::usage(format!("{first} exists already, and nothing was written; choose another name")))
        }
    }
}

/// Writes all files or none. What was made is taken away again when something cannot be.
fn lay_down(home: &Path, files: &[(PathBuf, String)]) -> Result<(), CliError> {
    let mut made = Vec::new();
    let Some((path, error)) =
        files.iter().find_map(|(path, text)| write_new(home, path, text, &mut made).err().map(|error| (path, error)))
    else {
        return Ok(());
    };
    let left: Vec<String> = made
        .into_iter()
        .rev()
        .filter(|path| if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) }.is_err())
        .map(|path| path.display().to_string())
        .collect();
    let outcome = match left.as_slice() {
        [] => "nothing was written".to_owned(),
        left => format!("remove what is left: {}", left.join(", ")),
    };
    Err(CliError::usage(format!("{} cannot be written: {error}; {outcome}", path.display())))
}

/// Writes a file that must not exist, with the folders on its way. What comes to be is added to `made`.
fn write_new(home: &Path, path: &Path, text: &str, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut folder = home.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        if !folder.is_dir() {
            fs::create_dir(&folder)?;
            made.push(folder.clone());
        }
    }
    let path = home.join(path);
    let mut file = File::create_new(&path)?;
    made.push(path);
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Connection, Home, Revision};
    use crate::engine::Coverage;

    fn files(name: &str) -> Vec<(PathBuf, String)> {
        TEMPLATES.iter().map(|template| (filled(template.path, name).into(), filled(template.text, name))).collect()
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    #[test]
    fn what_is_laid_down_compiles_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        lay_down(folder.path(), &files("big_acme")).unwrap();
        let sample = folder.path().join("connections/big_acme.yaml.sample");
        fs::copy(sample, folder.path().join("connections/big_acme.yaml")).unwrap();
        let home = Home::new(folder.path());
        let connection = Connection::load(&home, "big_acme").unwrap_or_else(|report| panic!("{report}"));
        let revision = Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!((revision.connector.as_str(), revision.title.as_str()), ("big_acme", "Big acme"));
        let coverage = Coverage::read(&home, &connection).unwrap();
        assert_eq!(coverage.iter().map(|model| model.model).collect::<Vec<_>>(), ["users", "jobs"]);
        assert!(connection.credentials.unwrap().contains_key("api_key"));
        for (path, text) in files("big_acme") {
            assert!(!text.contains("{{") && !path.display().to_string().contains('{'), "{}", path.display());
        }
    }

    #[test]
    fn names_that_make_no_path_are_refused_with_a_reason() {
        let reason = |name: &str| check(name).unwrap_err().to_string();
        for (name, expected) in [
            ("", "`` cannot be the name of a connector: it is empty"),
            ("Acme", "`A` is not a lower-case letter, a digit or `_`"),
            ("../acme", "`.` is not a lower-case letter"),
            ("a-b", "`-` is not a lower-case letter"),
            ("a\nb", "`\\n` is not a lower-case letter"),
            ("9lives", "it does not begin with a letter"),
            ("_a", "it does not begin with a letter"),
        ] {
            assert!(reason(name).contains(expected), "{}", reason(name));
        }
        assert!(reason(&"a".repeat(41)).contains("more than 40 characters"));
        assert!(check("acme_2").is_ok());
    }

    #[test]
    fn what_exists_is_never_overwritten() {
        for there in ["mappings/acme", "scripts/acme", "connections/acme.yaml", "connections/acme.yaml.sample"] {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join(there)).unwrap();
            let error = refuse_what_exists(folder.path(), "acme", &files("acme")).unwrap_err();
            assert!(error.to_string().starts_with(&format!("{there} exists already")), "{error}");
            assert!(refuse_what_exists(folder.path(), "acme_2", &files("acme_2")).is_ok());
        }
    }

    #[test]
    fn a_failure_on_the_way_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // The folder of scripts cannot be made, because a file is in its place.
        fs::write(folder.path().join("scripts"), "mine").unwrap();
        let error = lay_down(folder.path(), &files("acme")).unwrap_err().to_string();
        assert!(error.starts_with("scripts/acme/jobs.rhai cannot be written: "), "{error}");
        assert!(error.ends_with("; nothing was written"), "{error}");
        assert_eq!(entries(folder.path()), 1);
        assert_eq!(fs::read_to_string(folder.path().join("scripts")).unwrap(), "mine");
    }
}
