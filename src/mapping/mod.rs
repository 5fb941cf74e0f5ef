//! A mapping: the YAML document, its check against both schemas, the compiled plan, and the evaluation of a record.
//!
//! ```text
//! YAML text → Document → (compile: schema, model, tables, scripts) → Plan → Session → unified JSON
//! ```

pub mod action;
mod calls;
mod changes;
mod compile;
mod condition;
mod custom;
mod dialect;
mod document;
mod eval;
pub mod explain;
mod json;
pub(crate) mod keys;
mod kind;
mod overlay;
mod plan;
mod project;
mod reads;
mod record;
mod shape;
mod signature;
mod time;
mod trace;
mod uses;
mod warn;
mod write;

pub use changes::Changes;
pub(crate) use compile::keeps_text;
pub use compile::{Surroundings, TypeMark, compile, labels};
pub use custom::{CustomFieldSource, FreeFieldName, FreeFields, Labels, LabelsPlan, LabelsSource, Spelling};
pub use dialect::{ChangeRule, ChangedRows, Dialect, NestedLists, PageArguments, PageStart, SortArgument};
pub use document::Document;
pub use eval::Session;
pub use explain::Explanation;
pub(crate) use keys::LABELS;
pub(crate) use kind::kinds;
pub use overlay::Overlay;
pub use plan::{FieldSource, Operation, Plan};
pub use reads::Reads;
pub use record::{Context, Failure, Issue, Mapped, Severity};
pub use signature::Signature;
pub use time::DateFormat;
pub use uses::{PathUse, Uses};
pub use warn::Used;

#[cfg(test)]
mod tests;
