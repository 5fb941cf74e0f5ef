//! What a plan does, whatever it is written like.
//!
//! Plans with equal signatures map every record alike, so a comment, another order of keys or a function that moved makes
//! nothing to do. What only tells where something stands is left out: places, names of files, and so the line that an
//! issue of a script names, which may be that of an earlier edition.

mod reads;
mod rule;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::reads::Reads;
use self::rule::Writer;
use super::plan::{GroupKey, Operation, Plan};
use crate::digest::Digest;
use crate::table::Tables;

/// Stands for what a record has beside its fields: whether it is deleted, and what it belongs to.
const RECORD: &str = "(record)";

/// Digests of what a plan does, by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(BTreeMap<String, String>);

impl Signature {
    /// One digest over all.
    pub fn hash(&self) -> String {
        let mut digest = Digest::default();
        for (field, part) in &self.0 {
            digest.text(field).text(part);
        }
        digest.short()
    }

    /// The fields of which the plans differ, in alphabetical order. `(record)` stands for whether a record is deleted and
    /// what it belongs to.
    pub fn changed_fields(&self, earlier: &Signature) -> Vec<String> {
        let fields: BTreeSet<&String> = self.0.keys().chain(earlier.0.keys()).collect();
        fields.into_iter().filter(|field| self.0.get(*field) != earlier.0.get(*field)).cloned().collect()
    }

    /// A digest of what decides which rows `operation` asks for, and under which ids they are kept.
    pub(super) fn choice(&self, operation: &Operation) -> String {
        let mut digest = Digest::default();
        // The query field and its arguments stand above what is asked of each row.
        operation.text.lines().take(2).for_each(|line| {
            digest.text(line);
        });
        digest.option(self.0.get("remote_id"), |digest, remote_id| {
            digest.text(remote_id);
        });
        digest.short()
    }

    /// What `plan` does. `tables` are those that its functions may ask.
    pub(super) fn of(plan: &Plan, tables: &Tables) -> Signature {
        // Taken apart, so that nothing new is forgotten here.
        let Plan {
            model: _,
            operation: _,
            one: _,
            scope,
            rows_of_page,
            remote_id,
            fields,
            deletion,
            group,
            members_of,
            flags,
            library,
            tables_of_scripts: _,
            sources: _,
            lookups: _,
            signature: _,
            reads: _,
            choice: _,
        } = plan;
        let digest = |write: &dyn Fn(&mut Writer<'_>)| {
            let mut writer = Writer::new(scope, library, tables);
            // Another version of the engine may map otherwise.
            writer.digest.text(env!("CARGO_PKG_VERSION"));
            writer.digest.count(flags.len());
            for (number, flag) in flags {
                writer.digest.number(*number).number(i64::from(*flag));
            }
            writer.digest.count(rows_of_page.len());
            rows_of_page.iter().for_each(|part| {
                writer.digest.text(part);
            });
            write(&mut writer);
            writer.digest.short()
        };
        let record = digest(&|writer| {
            writer.option(deletion.as_ref(), |writer, (slot, value)| {
                writer.slot(*slot);
                writer.digest.number(*value);
            });
            for key in [group, members_of] {
                writer.option(key.as_ref(), |writer, GroupKey { slot, place: _ }| writer.slot(*slot));
            }
        });
        let fields = std::iter::once(remote_id).chain(fields);
        let fields = fields.map(|field| (field.name.to_owned(), digest(&|writer| writer.field(field))));
        Signature(fields.chain([(RECORD.to_owned(), record)]).collect())
    }
}

impl Plan {
    /// What it does, whatever it is written like.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// What its operation asks of each row.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// A digest of what decides which rows its operation asks for, and under which ids they are kept.
    pub fn choice(&self) -> &str {
        &self.choice
    }
}
