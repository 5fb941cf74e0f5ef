//! Actions: the YAML document, its check against the unified input and the source's schema, the compiled plan, and the
//! values of its steps.
//!
//! ```text
//! YAML text → Document → (compile: input, schema, tables, scripts) → ActionPlan → Evaluation → requests
//! ```
//!
//! What a step does to the world (sending, keeping a journal, trying again) is not decided here.

mod ask;
mod compile;
mod document;
mod evaluate;
mod filter;
pub(crate) mod keys;
pub(in crate::mapping) mod lasting;
mod names;
mod plan;
mod warn;

pub use compile::compile;
pub use document::ActionDocument;

pub use evaluate::{ActionContext, Decided, Evaluation, Issues, Request, Touched};
pub use filter::Quoting;
pub(in crate::mapping) use names::Names;
#[cfg(test)]
mod tests;

pub use plan::{
    ActionPlan, Fail, FailCode, FetchFile, Find, ForEach, MadeMessage, Message, Mutate, Step, StepKind, Word,
};
