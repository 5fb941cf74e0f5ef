//! Crosswalk is an embedded, scriptable integration engine: declarative YAML mappings and small Rhai functions say
//! how the records of an applicant tracking system become unified records.
//!
//! `ARCHITECTURE.md` has the plan of the house. From the ground floor up; a module uses only what stands above it
//! in this list, and `sandbox` stands beside the house.

pub mod action;
pub mod api;
pub mod cli;
pub mod connector;
pub mod diagnostics;
pub mod engine;
pub mod fetch;
pub mod mapping;
pub mod model;
pub mod sandbox;
pub mod schema;
pub mod script;
pub mod source;
pub mod store;
pub mod sync;
pub mod table;
pub mod text;
pub mod vault;
pub mod webhook;
pub mod yaml;
