//! A mapping: the YAML document, its check against both schemas, the compiled plan, and the evaluation of a record.

mod record;

pub use record::{Context, Failure, Issue, Mapped, Severity};
