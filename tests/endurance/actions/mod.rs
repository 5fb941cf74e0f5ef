//! Actions: what each does at the source, and that it does it once.

mod crash;
mod office;
mod once;
mod refusals;
