//! JSON Schemas of the files of a home folder, with which editors complete and check them, and of what actions are
//! given. They are made from the tables of keys that the readers read by, and from the models and actions.

mod action;
mod connector;
mod input;
#[cfg(test)]
mod input_tests;
mod mapping;
mod print;
mod shape;
mod table;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;

pub use input::input_schema;
use serde_json::Value;

use crate::connector::Home;
use crate::model::Action;

/// The schema of one kind of file.
#[derive(Debug)]
pub struct FileSchema {
    /// What the files are, such as `mapping`.
    pub name: &'static str,
    /// Where the schema stands in a home folder.
    pub path: &'static str,
    make: fn() -> Value,
}

/// All of them.
pub static SCHEMAS: &[FileSchema] = &[
    FileSchema { name: "mapping", path: "mappings/mapping.schema.json", make: mapping::mapping },
    FileSchema { name: "action", path: "mappings/action.schema.json", make: action::action },
    FileSchema { name: "table", path: "mappings/table.schema.json", make: table::table },
    FileSchema { name: "connector", path: "mappings/connector.schema.json", make: connector::connector },
    FileSchema { name: "connection", path: "connections/connection.schema.json", make: connector::connection },
    FileSchema { name: "overlay", path: "connections/overlay.schema.json", make: mapping::overlay },
    FileSchema { name: "overlay_table", path: "connections/overlay_table.schema.json", make: table::overlay },
];

/// [`input_schema`] as a person reads it.
pub fn input_schema_text(action: &'static Action) -> String {
    print::print(&input_schema(action))
}

impl FileSchema {
    /// The schema of that name.
    pub fn named(name: &str) -> Option<&'static FileSchema> {
        SCHEMAS.iter().find(|schema| schema.name == name)
    }

    /// The schema (JSON Schema, draft 7).
    pub fn json(&self) -> Value {
        (self.make)()
    }

    /// The schema as its file holds it.
    pub fn text(&self) -> String {
        print::print(&self.json())
    }

    /// Whether the file in a home folder is this schema.
    pub fn is_current(&self, home: &Home) -> bool {
        fs::read_to_string(home.root().join(self.path)).is_ok_and(|text| text == self.text())
    }

    /// Writes the file into a home folder.
    pub fn write(&self, home: &Home) -> io::Result<()> {
        let path = home.root().join(self.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, self.text())
    }
}
