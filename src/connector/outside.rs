//! `tool` and `passthrough` of `connector.yaml`, and `end_user` of a connection: what clients of the HTTP API see of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use super::connection::Connection;
use super::definition::Definition;
use super::{headers, url};
use crate::diagnostics::{Problem, Problems, SourceFile};
use crate::yaml::{self, Entry, Fields, Is, Key, Keys, Located, Node};

pub(super) static TOOL: Keys = Keys::new(
    "`tool`",
    "What the source is called in the HTTP API",
    &[
        Key::required(
            "slug",
            Is::Defined("slug"),
            "What stands before the colon of an integration's id: small letters and digits. One that clients know already may be taken over",
        ),
        Key::optional("label", Is::Text, "The name of the source, for people; `title` where it is not said"),
        Key::optional("internal_label", Is::Text, "A name for those who run the engine"),
        Key::optional("guide", Is::Text, "The address of the page that says how a customer connects it"),
        Key::optional("beta", Is::Flag, "Whether it is still being tried"),
    ],
);

pub(super) static PASSTHROUGH: Keys = Keys::new(
    "an address of `passthrough`",
    "A part of the source that clients of the HTTP API may ask as it is, with the credentials of a connection",
    &[
        Key::required("base", Is::Defined("address"), "The address below which requests go, with settings in braces"),
        Key::optional(
            "let_through",
            Is::Several(&Is::Defined("header_name")),
            "Headers that a client may send, and is given, beside the usual ones",
        ),
    ],
);

pub(super) static END_USER: Keys = Keys::new(
    "`end_user`",
    "Whose connection it is, for clients of the HTTP API",
    &[
        Key::optional("organization_name", Is::Text, "The customer; the connection's name where it is not said"),
        Key::optional("creator_email", Is::Text, "Who connected it"),
        Key::optional("origin_id", Is::Text, "The client's own id of the customer"),
    ],
);

/// What a source is called in the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// What stands before the colon of an integration's id.
    pub slug: String,
    /// The name of the source, for people.
    pub label: String,
    /// A name for those who run the engine.
    pub internal_label: Option<String>,
    /// The address of the page that says how a customer connects it.
    pub guide: Option<String>,
    /// Whether it is still being tried.
    pub beta: bool,
}

impl Tool {
    /// What a source is called whose connector does not say it.
    fn of(connector: &str, title: &str) -> Tool {
        let slug: String = connector.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        Tool { slug, label: title.to_owned(), internal_label: None, guide: None, beta: false }
    }
}

/// A part of a source that clients may ask as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passthrough {
    /// The address below which requests go.
    pub base: Url,
    /// Headers beside the usual ones, in small letters.
    pub headers: Vec<String>,
}

/// The same, before settings are filled in.
#[derive(Debug)]
pub(crate) struct PassthroughPattern {
    name: String,
    base: Located<String>,
    headers: Vec<String>,
}

/// Whose connection it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndUser {
    /// The customer; the connection's name where none is said.
    pub organization_name: Option<String>,
    /// Who connected it.
    pub creator_email: Option<String>,
    /// The client's own id of the customer.
    pub origin_id: Option<String>,
}

pub(super) fn tool(
    node: Option<&Node>,
    connector: &str,
    title: &str,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> Option<Tool> {
    let usual = Tool::of(connector, title);
    let Some(node) = node else { return Some(usual) };
    let fields = Fields::open(node, &TOOL, file, problems)?;
    let text = |key| fields.text(key).map(|text| text.value);
    let slug = fields.required_text("slug").filter(|slug| {
        let is_slug = is_slug(&slug.value);
        if !is_slug {
            problems.report(
                Problem::error("M0640", format!("`{}` is no slug", slug.value))
                    .at(file, slug.span, "cannot stand before a colon")
                    .help("a slug is small letters and digits, such as `acmeats`"),
            );
        }
        is_slug
    });
    let label = text("label").unwrap_or(usual.label);
    let (internal_label, guide) = (text("internal_label"), text("guide"));
    let beta = fields.flag("beta").unwrap_or_default();
    fields.close();
    Some(Tool { slug: slug?.value, label, internal_label, guide, beta })
}

pub(super) fn passthrough(entry: &Entry, file: &Arc<SourceFile>, problems: &Problems) -> Option<PassthroughPattern> {
    let fields = Fields::open(&entry.value, &PASSTHROUGH, file, problems)?;
    let name = &entry.key;
    let is_named = is_slug(&name.value);
    if !is_named {
        problems.report(
            Problem::error("M0640", format!("`{}` cannot stand in an address", name.value))
                .at(file, name.span, "names a part of the source")
                .help("a name is small letters and digits, such as `graphql`"),
        );
    }
    let base = fields.required_text("base");
    let mut extra = Vec::new();
    for header in fields.texts("let_through") {
        let lower = header.value.to_lowercase();
        if !headers::is_token(&lower) || CARRIED.contains(&lower.as_str()) {
            problems.report(
                Problem::error("M0640", format!("the header `{}` cannot be let through", header.value))
                    .at(file, header.span, "is no header of a client")
                    .help("credentials and what belongs to the connection are the engine's"),
            );
            continue;
        }
        extra.push(lower);
    }
    fields.close();
    Some(PassthroughPattern { name: is_named.then(|| name.value.clone())?, base: base?, headers: extra })
}

/// Headers that are the engine's, or of one connection between two machines.
const CARRIED: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The parts of a source that clients may ask, with the settings of a connection filled in.
pub(super) fn of_connection(
    definition: &Definition,
    connection: &Connection,
    settings: &BTreeMap<String, String>,
    problems: &Problems,
) -> BTreeMap<String, Passthrough> {
    let filled = |pattern: &PassthroughPattern| {
        let base = url(definition, &pattern.base, connection, settings, problems)?;
        Some((pattern.name.clone(), Passthrough { base, headers: pattern.headers.clone() }))
    };
    definition.passthrough.iter().filter_map(filled).collect()
}

pub(super) fn end_user(node: &yaml::Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<EndUser> {
    let fields = Fields::open(node, &END_USER, file, problems)?;
    let text = |key| fields.text(key).map(|text| text.value);
    let end_user = EndUser {
        organization_name: text("organization_name"),
        creator_email: text("creator_email"),
        origin_id: text("origin_id"),
    };
    fields.close();
    Some(end_user)
}
