//! Rhai under limits: compile, check names and arity, call.
