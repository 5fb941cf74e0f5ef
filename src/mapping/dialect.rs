//! How a source writes things: what `connector.yaml` says that mappings depend on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::action::Quoting;
use super::compile::TypeMark;
use super::custom::FreeFields;
use super::time::DateFormat;
use crate::diagnostics::SourceFile;
use crate::yaml::Entry;

/// How a source writes things.
#[derive(Debug, Clone, Default)]
pub struct Dialect {
    /// How each date scalar is written.
    pub dates: BTreeMap<String, DateFormat>,
    /// What whole numbers mean where true or false is wanted.
    pub flags: BTreeMap<i64, bool>,
    /// The field that marks a record as deleted, and its value then; true is 1. Types without the field have no such mark.
    pub deletion: Option<(String, i64)>,
    /// How rows are asked for that changed since a moment; without it all are read each time.
    pub changes: Option<ChangeRule>,
    /// Arguments that every query field gets when it has them, and the file that says so.
    pub arguments: (Option<Arc<SourceFile>>, Vec<Entry>),
    /// How pages are asked for.
    pub pages: PageArguments,
    /// How free fields are written.
    pub free_fields: FreeFields,
    /// What a connection says, for `$name`.
    pub settings: BTreeMap<String, String>,
    /// The values that a setting can have, where `connector.yaml` lists them.
    pub setting_values: BTreeMap<String, Vec<String>>,
    /// The member of input objects that names their type, if there is one.
    pub type_mark: Option<TypeMark>,
    /// How values stand in filters; without it no filter can have any.
    pub quoting: Option<Quoting>,
}

/// How rows are asked for that changed since a moment.
#[derive(Debug, Clone)]
pub struct ChangeRule {
    /// How the moment is written.
    pub since: DateFormat,
    /// How much earlier is asked for.
    pub overlap: Duration,
    /// A mapping's own filter and that of a read, joined: `{where}` and `{changes}` stand for them.
    pub joined: String,
    /// What together gives every row that changed.
    pub reads: Vec<ChangedRows>,
}

/// Some of the rows that changed.
#[derive(Debug, Clone)]
pub struct ChangedRows {
    /// The filter; `{since}` stands for the moment.
    pub filter: String,
    /// The order in which rows change.
    pub sort: Vec<String>,
}

/// How pages are asked for.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// The path from a page to its rows, such as `items` or `edges.node`.
    pub items: String,
    /// The paths of what else a page says of itself: whether it is the last, where the next begins, how many rows there are.
    pub members: Vec<String>,
    /// The argument whose members the following are; without it they are arguments of the query field themselves.
    pub argument: Option<String>,
    /// The one that says where a page begins.
    pub start: PageStart,
    /// The one for the number of rows.
    pub size: String,
    /// How an order is asked for, if it is.
    pub sort: Option<SortArgument>,
    /// The argument of the query field that takes the mapping's `where`.
    pub filter: Option<String>,
    /// How lists inside a row are asked for; without it the source decides how many rows it gives.
    pub nested: Option<NestedLists>,
}

/// The argument that says where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageStart {
    /// By the number of the page, from 0.
    Number(String),
    /// By the cursor that the page before gave; the first page has none.
    Cursor(String),
}

impl Default for PageStart {
    fn default() -> Self {
        PageStart::Number(String::new())
    }
}

/// How lists inside a row are asked for.
#[derive(Debug, Clone)]
pub struct NestedLists {
    /// The argument that takes page and size, or else the size itself.
    pub argument: String,
    /// How many rows of each list are read.
    pub size: u32,
}

/// How an order is asked for.
#[derive(Debug, Clone, Default)]
pub struct SortArgument {
    /// The member that takes the list of sort keys.
    pub argument: String,
    /// The member of a sort key that names the property.
    pub property: String,
    /// The member of a sort key that names the direction.
    pub direction: String,
    /// The enum value for ascending.
    pub ascending: String,
    /// The enum value for descending.
    pub descending: String,
}
