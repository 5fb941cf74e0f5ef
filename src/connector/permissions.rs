//! What a source calls its permissions, and where its customers set them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keys::{PERMISSION_HELP, PERMISSIONS};
use crate::diagnostics::{Problems, SourceFile};
use crate::yaml::{self, Fields, Node};

/// What a source calls its permissions, and where its customers set them. Nothing hangs on it but messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The permission that opens everything that the mappings read.
    pub general: Option<String>,
    /// By query, the permissions of which one is enough.
    pub by_query: BTreeMap<String, Vec<String>>,
    /// Words in an error that say that a permission is missing.
    pub denied: Vec<String>,
    /// Words by which the identity server says that a client gets no tokens of its own.
    pub tokens_off: Vec<String>,
    /// What to do about it, for people.
    pub help: PermissionHelp,
}

/// What to do when something is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionHelp {
    /// Where a client is given a permission.
    pub permission: Option<String>,
    /// Where the credentials come from.
    pub client: Option<String>,
    /// Where a client is allowed tokens of its own.
    pub tokens: Option<String>,
    /// What to do when tokens are refused that were only just issued.
    pub refused_token: Option<String>,
}

impl Permissions {
    /// The permissions that open a query: any of them is enough.
    pub fn opening(&self, query: &str) -> Vec<String> {
        let narrower = self.by_query.get(query).into_iter().flatten();
        self.general.iter().chain(narrower).cloned().collect()
    }

    /// Whether a text says that a permission is missing.
    pub fn denies(&self, text: &str) -> bool {
        says(text, &self.denied)
    }

    /// Whether a text says that the client gets no tokens of its own.
    pub fn says_tokens_are_off(&self, text: &str) -> bool {
        says(text, &self.tokens_off)
    }

    pub(super) fn parse(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Permissions> {
        let fields = Fields::open(node, &PERMISSIONS, file, problems)?;
        let texts = |key| fields.texts(key).into_iter().map(|text| text.value).collect();
        let queries = fields.map("by_query").iter().map(|entry| {
            let names = yaml::texts(&entry.value, file, problems).into_iter().map(|name| name.value);
            (entry.key.value.clone(), names.collect())
        });
        let permissions = Permissions {
            general: fields.text("general").map(|text| text.value),
            by_query: queries.collect(),
            denied: texts("denied"),
            tokens_off: texts("tokens_off"),
            help: fields.get("help").and_then(|node| help(node, file, problems)).unwrap_or_default(),
        };
        fields.close();
        Some(permissions)
    }
}

fn help(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<PermissionHelp> {
    let fields = Fields::open(node, &PERMISSION_HELP, file, problems)?;
    let text = |key| fields.text(key).map(|text| text.value);
    let help = PermissionHelp {
        permission: text("permission"),
        client: text("client"),
        tokens: text("tokens"),
        refused_token: text("refused_token"),
    };
    fields.close();
    Some(help)
}

fn says(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(&word.to_lowercase()))
}
