//! The record as a whole: its fields, and what is none.

use std::collections::BTreeSet;

use super::super::plan::{FieldPlan, GroupKey, Plan};
use super::super::shape::{ListInfo, Member, Node, Scope, Shape, SlotInfo};
use super::{Digest, Signature};
use crate::model::{Kind, Model};
use crate::schema::Scalar;
use crate::script::Library;

/// The digest of each field and of the rest.
pub(super) fn digests(plan: &Plan) -> Vec<(&'static str, String)> {
    let Plan {
        model,
        // What is asked for decides which records there are, and not what becomes of them.
        operation: _,
        one: _,
        changes: _,
        ids: _,
        rows: _,
        chooses_rows: _,
        reads: _,
        signature: _,
        scope,
        rows_of_page,
        remote_id,
        fields,
        deletion,
        group,
        members_of,
        flags,
        library,
        // Each call has those that it asks.
        tables_of_scripts: _,
        // For people and warnings.
        sources: _,
        lookups: _,
    } = plan;
    let Model { name: model_name, about: _, fields: shown } = model;
    let mut signer = Signer { rows_of_page, library, seen: BTreeSet::new() };
    let at = At { scope, path: String::new() };
    let mut digests = Vec::new();
    for field in std::iter::once(remote_id).chain(fields) {
        let mut digest = Digest::default();
        signer.field(field, &at, &mut digest);
        digests.push((field.name, digest.finish()));
    }
    for field in shown.iter().filter(|field| matches!(field.kind, Kind::Members(_))) {
        let mut digest = Digest::default();
        digest.option(members_of.as_ref(), |digest, key| signer.key(key, &at, digest));
        digests.push((field.name, digest.finish()));
    }
    let mut digest = Digest::default();
    // What a plan says is done by the engine, which may do it otherwise in another version: then all is mapped again, once.
    digest.text(env!("CARGO_PKG_VERSION"));
    digest.text(model_name);
    digest.option(deletion.as_ref(), |digest, (slot, mark)| {
        signer.slot(*slot, &at, digest);
        digest.integer(*mark);
    });
    digest.option(group.as_ref(), |digest, key| signer.key(key, &at, digest));
    digest.list(flags, |digest, (number, flag)| {
        digest.integer(*number);
        digest.flag(*flag);
    });
    let mut beside = BTreeSet::new();
    checked(&scope.root, &at, &mut beside);
    digest.list(
        beside.iter().filter(|(path, _)| !signer.seen.contains(path)).collect::<Vec<_>>(),
        |digest, (path, what)| {
            digest.text(path);
            digest.tag(what);
        },
    );
    digests.push((Signature::RECORD, digest.finish()));
    digests
}

/// Writes parts of a plan into digests.
pub(super) struct Signer<'p> {
    pub rows_of_page: &'p [Box<str>],
    pub library: &'p Library,
    /// What was written that the source is asked for: paths from the record to values, objects and lists.
    pub seen: BTreeSet<String>,
}

/// Where paths begin.
pub(super) struct At<'p> {
    pub scope: &'p Scope,
    /// The path from the record.
    pub path: String,
}

impl At<'_> {
    /// A path of the scope, from the record.
    pub fn full(&self, path: &str) -> String {
        if self.path.is_empty() { path.to_owned() } else { format!("{}.{path}", self.path) }
    }
}

/// What is looked at whether a field needs it or not: an issue says where the source sent something of another shape.
fn checked(shape: &Shape, at: &At<'_>, found: &mut BTreeSet<(String, &'static str)>) {
    visit(shape, "", at, found);

    fn visit(shape: &Shape, before: &str, at: &At<'_>, found: &mut BTreeSet<(String, &'static str)>) {
        for Member { name, key: _, node } in &shape.members {
            let path = if before.is_empty() { name.to_string() } else { format!("{before}.{name}") };
            let full = at.full(&path);
            match node {
                Node::Kept | Node::Json(_) => {}
                Node::Slot(_) => _ = found.insert((full, "value")),
                Node::Object { present: _, shape } => {
                    found.insert((full, "object"));
                    visit(shape, &path, at, found);
                }
                Node::List { list, page } => {
                    let ListInfo { path: _, scope, arguments: _ } = &at.scope.lists[*list];
                    checked(&scope.root, &At { scope, path: full.clone() }, found);
                    found.insert((full, if *page { "page" } else { "list" }));
                }
            }
        }
    }
}

impl<'p> Signer<'p> {
    pub fn field(&mut self, field: &FieldPlan, at: &At<'p>, digest: &mut Digest) {
        let FieldPlan { name, place: _, replaces: _, key: _, kind: field_kind, required, rules } = field;
        digest.text(name);
        kind(field_kind, digest);
        digest.flag(*required);
        digest.list(rules, |digest, rule| self.rule(rule, at, digest));
    }

    fn key(&mut self, key: &GroupKey, at: &At<'p>, digest: &mut Digest) {
        let GroupKey { slot, place: _ } = key;
        self.slot(*slot, at, digest);
    }

    /// A slot counts as its path and as the way in which its value is read.
    pub fn slot(&mut self, slot: usize, at: &At<'p>, digest: &mut Digest) {
        // The type says how a date is written, which stands here itself.
        let SlotInfo { path, scalar, type_name: _, date } = &at.scope.slots[slot];
        digest.text(path);
        digest.tag(match scalar {
            Scalar::Text => "text",
            Scalar::Int => "int",
            Scalar::Float => "float",
            Scalar::Boolean => "boolean",
            Scalar::DateTime => "date",
            Scalar::Json => "json",
        });
        digest.option(date.as_ref(), |digest, date| date.sign(digest));
        self.see(&at.full(path));
    }

    /// A list, and where the paths of its items begin.
    pub fn list(&mut self, list: usize, at: &At<'p>, digest: &mut Digest) -> At<'p> {
        // Arguments are a matter of what is read.
        let ListInfo { path, scope, arguments: _ } = &at.scope.lists[list];
        let is_page = matches!(at.scope.root.node(path), Some(Node::List { page: true, .. }));
        digest.text(path);
        digest.option(is_page.then_some(self.rows_of_page), |digest, rows| {
            digest.list(rows, |digest, name| digest.text(name));
        });
        let path = at.full(path);
        self.see(&path);
        At { scope, path }
    }

    fn see(&mut self, path: &str) {
        let steps = path.match_indices('.').map(|(at, _)| &path[..at]);
        let steps: Vec<String> = steps.chain([path]).map(str::to_owned).collect();
        self.seen.extend(steps);
    }
}

/// The fields of an object stand in the rules that fill it.
fn kind(kind: &Kind, digest: &mut Digest) {
    match kind {
        Kind::Text => digest.tag("text"),
        Kind::Email => digest.tag("email"),
        Kind::Url => digest.tag("url"),
        Kind::Number => digest.tag("number"),
        Kind::Integer => digest.tag("integer"),
        Kind::Boolean => digest.tag("boolean"),
        Kind::Timestamp => digest.tag("timestamp"),
        Kind::Enum { values, open } => {
            digest.tag("enum");
            digest.list(*values, |digest, value| digest.text(value));
            digest.flag(*open);
        }
        Kind::Id(entity) => {
            digest.tag("id");
            digest.text(entity);
        }
        Kind::Object(_) => digest.tag("object"),
        Kind::List(item) => {
            digest.tag("list");
            self::kind(item, digest);
        }
        Kind::Map => digest.tag("map"),
        Kind::Members(_) => digest.tag("members"),
        Kind::Foreign(foreign) => digest.text(&format!("{foreign:?}")),
        Kind::Shaped(shape) => {
            digest.tag("shaped");
            digest.text(shape.about);
        }
        Kind::Base64 => digest.tag("base64"),
        Kind::Any => digest.tag("any"),
    }
}
