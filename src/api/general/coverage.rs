//! What a connector fills, as clients are told it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::connector::{Options, Revision};
use crate::engine::{Coverage, Support};
use crate::model::{ACTIONS, Field, Kind, MODELS};

/// Whether something is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    /// It is.
    Supported,
    /// The source has nothing for it.
    Unsupported,
    /// No mapping speaks of it.
    NotImplemented,
}

/// A model or an action, and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covered {
    pub id: String,
    pub label: String,
    pub status: Status,
    pub fields: Vec<(String, Status)>,
}

/// Something that a connector can do beside models and actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Feature {
    pub id: &'static str,
    pub label: &'static str,
    pub status: Status,
}

/// All that a revision covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covers {
    pub read_models: Vec<Covered>,
    pub write_actions: Vec<Covered>,
    pub features: Vec<Feature>,
}

impl Covers {
    /// What the files of a revision say.
    pub fn of(revision: &Revision) -> Covers {
        let coverage = Coverage::of_revision(revision);
        let read_models = MODELS.iter().map(|model| {
            let known = coverage.iter().find(|known| known.model == model.name);
            let of_field = |name: &str| {
                let fields = known.into_iter().flat_map(|known| &known.fields);
                fields.into_iter().find(|field| field.field == name).map_or(Status::NotImplemented, |field| match field
                    .support
                {
                    Support::Mapped => Status::Supported,
                    Support::Absent => Status::Unsupported,
                    Support::Unsaid => Status::NotImplemented,
                })
            };
            let status = if known.is_some() { Status::Supported } else { Status::NotImplemented };
            let mut fields: Vec<(String, Status)> =
                model.fields.iter().map(|field| (field.name.to_owned(), of_field(field.name))).collect();
            fields.push((REMOTE_DATA.to_owned(), status));
            Covered { id: format!("ats_{}", model.name), label: label(model.name), status, fields }
        });
        Covers { read_models: read_models.collect(), write_actions: actions(revision), features: features(revision) }
    }

    /// What either of two covers.
    pub fn or(mut self, other: Covers) -> Covers {
        let best = |one: &mut Status, other: Status| {
            if *one != Status::Supported && other != Status::NotImplemented {
                *one = other;
            }
        };
        for (mine, others) in
            [(&mut self.read_models, other.read_models), (&mut self.write_actions, other.write_actions)]
        {
            for other in others {
                let Some(one) = mine.iter_mut().find(|one| one.id == other.id) else {
                    mine.push(other);
                    continue;
                };
                best(&mut one.status, other.status);
                for ((_, status), (_, other)) in one.fields.iter_mut().zip(other.fields) {
                    best(status, other);
                }
            }
        }
        for (one, other) in self.features.iter_mut().zip(other.features) {
            best(&mut one.status, other.status);
        }
        self
    }
}

/// The member of a record that holds the source's own; the engine fills it.
pub(super) const REMOTE_DATA: &str = "remote_data";

/// What the files of actions say.
fn actions(revision: &Revision) -> Vec<Covered> {
    let actions = ACTIONS.iter().map(|action| {
        let plan = revision.action(action.name);
        let unread: BTreeSet<&str> = plan.iter().flat_map(|plan| plan.unread()).map(|(path, _)| path).collect();
        let status = if plan.is_some() { Status::Supported } else { Status::NotImplemented };
        let is_unread =
            |path: &str| unread.iter().any(|unread| path == *unread || path.starts_with(&format!("{unread}.")));
        let mut paths = Vec::new();
        leaves("", action.fields, &mut paths);
        let fields = paths.into_iter().map(|path| {
            let status = if plan.is_some() && is_unread(&path) { Status::Unsupported } else { status };
            (path, status)
        });
        Covered { id: action.name.to_owned(), label: action.label.to_owned(), status, fields: fields.collect() }
    });
    actions.collect()
}

/// The paths of the values in an input, such as `candidate.first_name`.
fn leaves(of: &str, fields: &[Field], paths: &mut Vec<String>) {
    for field in fields {
        let path = if of.is_empty() { field.name.to_owned() } else { format!("{of}.{}", field.name) };
        match &field.kind {
            Kind::Object(fields) | Kind::List(Kind::Object(fields)) => leaves(&path, fields, paths),
            _ => paths.push(path),
        }
    }
}

fn features(revision: &Revision) -> Vec<Feature> {
    let feature = |id, label, has: bool| {
        let status = if has { Status::Supported } else { Status::NotImplemented };
        Feature { id, label, status }
    };
    let has_custom_fields = Coverage::of_revision(revision)
        .iter()
        .flat_map(|model| &model.fields)
        .any(|field| field.field == "custom_fields" && field.support == Support::Mapped);
    vec![
        feature("custom_fields", "Custom fields", has_custom_fields),
        feature("delta_syncs", "Delta syncs", revision.plans().any(|plan| plan.changes().is_some())),
        feature("upstream_webhooks", "Upstream webhooks", revision.webhooks.is_some()),
        feature("passthrough", "Passthrough", !revision.passthrough.is_empty()),
    ]
}

/// `application_stages` as one would say it.
fn label(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

/// Models that a connection does not read, by their names.
pub(super) fn switched_off(options: &Options) -> BTreeSet<String> {
    let off = options.models.iter().filter(|(_, own)| own.off);
    off.map(|(name, _)| format!("ats_{name}")).collect()
}
