//! A mapping: the YAML document, its check against both schemas, the compiled plan, and the evaluation of a record.
//!
//! ```text
//! YAML text → Document → (compile: schema, model, tables, scripts) → Plan → Session → unified JSON
//! ```

mod calls;
mod compile;
mod condition;
mod dialect;
mod document;
mod eval;
mod json;
mod kind;
mod plan;
mod project;
mod record;
mod shape;
mod time;
mod uses;
mod write;

pub use compile::{Surroundings, compile};
pub use dialect::{Dialect, PageArguments, SortArgument};
pub use document::Document;
pub use eval::Session;
pub use plan::{FieldSource, Operation, Plan};
pub use record::{Context, Failure, Issue, Mapped, Severity};
pub use time::DateFormat;
pub use uses::{PathUse, Uses};

#[cfg(test)]
mod tests;
