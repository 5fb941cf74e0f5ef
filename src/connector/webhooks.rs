//! `webhooks` of `connector.yaml`: how the source tells of changes by itself, and what its events mean.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::connection::Connection;
use super::definition::Definition;
use super::headers;
use super::{fill, placeholders, url};
use crate::diagnostics::{Problem, Problems, SourceFile};
use crate::model::{MODELS, Model};
use crate::yaml::{Entry, Fields, Is, Key, Keys, Located, Node};

/// How old an event may be where nobody says.
const WINDOW: Duration = Duration::from_secs(5 * 60);

pub(super) static WEBHOOKS: Keys = Keys::new(
    "`webhooks`",
    "How the source tells of changes by itself: signed requests to `crosswalk run --webhooks`",
    &[
        Key::required("signature", Is::Keys(&SIGNATURE), "How a request proves that the source sent it"),
        Key::optional(
            "secret_header",
            Is::Defined("header_name"),
            "The header that carries a secret beside the signature, where a connection has one: `webhooks: { secret: … }`",
        ),
        Key::required(
            "payload",
            Is::Keys(&PAYLOAD),
            "Where things stand in the JSON of a request, as paths of members",
        ),
        Key::optional(
            "tenant",
            Is::Text,
            "What `tenant` of the payload says of events of a connection, with its settings in braces",
        ),
        Key::optional(
            "window",
            Is::Duration,
            "How far the time of an event may be from now; one beyond it is left to the next sync. 5m where it is not said",
        ),
        Key::required(
            "events",
            Is::Map(&Is::Keys(&EVENT)),
            "What each event means; those that do not stand here are counted, and no more",
        )
        .example("{ \"invoice:updated\": { model: jobs } }"),
    ],
);

pub(super) static SIGNATURE: Keys = Keys::new(
    "`signature`",
    "How a request proves that the source sent it",
    &[
        Key::required("header", Is::Defined("header_name"), "The header that carries the signature"),
        Key::required(
            "scheme",
            Is::OneOf(SCHEMES),
            "What it is: `rsa-sha256` is RSA (PKCS #1 v1.5) with SHA-256 over the body, in base64",
        ),
        Key::optional(
            "key_url",
            Is::Defined("address"),
            "Where the public key is fetched, as a connection's requests are let in; a connection may have one of its own: `webhooks: { key: … }`",
        ),
    ],
);

/// What `scheme` takes.
const SCHEMES: &[&str] = &["rsa-sha256"];

pub(super) static PAYLOAD: Keys = Keys::new(
    "`payload`",
    "Where things stand in the JSON of a request, as paths of members such as `data.id`",
    &[
        Key::required("id", Is::Text, "The id of the delivery; the same one is taken once"),
        Key::required("time", Is::Text, "When it happened, as RFC 3339 writes it"),
        Key::required("type", Is::Text, "The name of the event"),
        Key::required("entity", Is::Text, "The id of the record"),
        Key::optional("tenant", Is::Text, "Whose record it is"),
    ],
);

pub(super) static EVENT: Keys = Keys::new(
    "an event",
    "What an event of the source means",
    &[
        Key::required("model", Is::Defined("model_name"), "The model of the record, which is read again by its id"),
        Key::optional(
            "gone",
            Is::Flag,
            "It says that the record is gone: one that the source does not give any more is marked as deleted",
        ),
    ],
);

/// How the source of a connection tells of changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhooks {
    /// The header that carries the signature: RSA with SHA-256 over the body, in base64.
    pub signature_header: String,
    /// Where the public key is fetched, for a connection without one of its own.
    pub key_url: Option<Url>,
    /// The header that carries a secret beside it, for a connection that has one.
    pub secret_header: Option<String>,
    /// Where things stand in the JSON of a request.
    pub payload: Payload,
    /// What the payload says of whose record it is; none when it is not compared.
    pub tenant: Option<String>,
    /// How far the time of an event may be from now.
    pub window: Duration,
    /// What each event means, by its name.
    pub events: BTreeMap<String, EventMeaning>,
}

/// Where things stand in the JSON of a request: paths of members, with dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The id of the delivery.
    pub id: String,
    /// When it happened.
    pub time: String,
    /// The name of the event.
    pub kind: String,
    /// The id of the record.
    pub entity: String,
    /// Whose record it is.
    pub tenant: Option<String>,
}

/// What an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventMeaning {
    /// The model of the record.
    pub model: &'static Model,
    /// Whether it says that the record is gone.
    pub gone: bool,
}

/// The same, before settings are filled in.
#[derive(Debug)]
pub(crate) struct Pattern {
    signature_header: String,
    key_url: Option<Located<String>>,
    secret_header: Option<String>,
    payload: Payload,
    tenant: Option<Located<String>>,
    window: Duration,
    events: BTreeMap<String, EventMeaning>,
}

pub(super) fn parse(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Pattern> {
    let fields = Fields::open(node, &WEBHOOKS, file, problems)?;
    let header = |text: Option<Located<String>>| {
        let text = text?;
        if headers::is_token(&text.value) {
            return Some(text.value);
        }
        problems.report(
            Problem::error("M0630", format!("`{}` is no name of a header", text.value))
                .at(file, text.span, "cannot be sent")
                .help("names are letters, digits and hyphens, such as `X-Signature`"),
        );
        None
    };
    let signature = fields.require("signature").and_then(|node| {
        let fields = Fields::open(node, &SIGNATURE, file, problems)?;
        let name = header(fields.required_text("header"));
        let scheme = fields.required_text("scheme");
        if let Some(scheme) = &scheme
            && !SCHEMES.contains(&scheme.value.as_str())
        {
            problems.report(
                Problem::error("M0630", format!("signatures of the scheme `{}` cannot be checked", scheme.value))
                    .at(file, scheme.span, "unknown scheme")
                    .suggest(&scheme.value, SCHEMES.iter().copied()),
            );
        }
        let key_url = fields.text("key_url");
        fields.close();
        scheme?;
        Some((name?, key_url))
    });
    let secret_header = fields.get("secret_header").map(|_| header(fields.text("secret_header")));
    let payload = fields.require("payload").and_then(|node| payload(node, file, problems));
    let tenant = fields.text("tenant");
    let window = fields.duration("window").unwrap_or(WINDOW);
    let mut events = BTreeMap::new();
    for entry in fields.map("events") {
        events.extend(event(entry, file, problems).map(|meaning| (entry.key.value.clone(), meaning)));
    }
    fields.require("events");
    fields.close();
    let (signature_header, key_url) = signature?;
    let secret_header = match secret_header {
        Some(header) => Some(header?),
        None => None,
    };
    Some(Pattern { signature_header, key_url, secret_header, payload: payload?, tenant, window, events })
}

fn payload(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Payload> {
    let fields = Fields::open(node, &PAYLOAD, file, problems)?;
    let path = |key| fields.required_text(key).map(|path| path.value);
    let (id, time, kind, entity) = (path("id"), path("time"), path("type"), path("entity"));
    let tenant = fields.text("tenant").map(|path| path.value);
    fields.close();
    Some(Payload { id: id?, time: time?, kind: kind?, entity: entity?, tenant })
}

fn event(entry: &Entry, file: &Arc<SourceFile>, problems: &Problems) -> Option<EventMeaning> {
    let fields = Fields::open(&entry.value, &EVENT, file, problems)?;
    let (model, gone) = (fields.required_text("model"), fields.flag("gone").unwrap_or_default());
    fields.close();
    let name = model?;
    let model = Model::named(&name.value);
    if model.is_none() {
        problems.report(
            Problem::error("M0630", format!("there is no model `{}`", name.value))
                .at(file, name.span, "no record of it can be read")
                .suggest(&name.value, MODELS.iter().map(|model| model.name)),
        );
    }
    Some(EventMeaning { model: model?, gone })
}

/// The webhooks of a connection; what the connection says of them has to fit.
pub(super) fn of_connection(
    definition: &Definition,
    connection: &Connection,
    settings: &BTreeMap<String, String>,
    problems: &Problems,
) -> Option<Webhooks> {
    let own = &connection.webhooks;
    let refuse = |told: &Option<Located<super::Reference>>, message: String, help: &str| {
        if let Some(told) = told {
            let problem = Problem::error("M0631", message).at(&connection.file, told.span, "of no use");
            problems.report(problem.help(help));
        }
    };
    let Some(pattern) = &definition.webhooks else {
        let message = || format!("`{}` says nothing of webhooks", definition.name);
        let help = "remove it, or describe them under `webhooks` in connector.yaml";
        refuse(&own.key, message(), help);
        refuse(&own.secret, message(), help);
        return None;
    };
    if pattern.secret_header.is_none() {
        let message = format!("webhooks of `{}` carry no secret", definition.name);
        refuse(
            &own.secret,
            message,
            "remove it, or name the header under `webhooks` in connector.yaml: `secret_header: …`",
        );
    }
    let key_url = match &pattern.key_url {
        Some(address) => Some(url(definition, address, connection, settings, problems)?),
        None => None,
    };
    Some(Webhooks {
        signature_header: pattern.signature_header.clone(),
        key_url,
        secret_header: pattern.secret_header.clone(),
        payload: pattern.payload.clone(),
        tenant: match &pattern.tenant {
            Some(tenant) => Some(filled(definition, tenant, settings, problems)?),
            None => None,
        },
        window: pattern.window,
        events: pattern.events.clone(),
    })
}

/// A text with the settings filled in.
fn filled(
    definition: &Definition,
    pattern: &Located<String>,
    settings: &BTreeMap<String, String>,
    problems: &Problems,
) -> Option<String> {
    let text = &pattern.value;
    let unknown = placeholders(text).into_iter().find(|(start, end)| !settings.contains_key(&text[start + 1..end - 1]));
    if let Some((start, end)) = unknown {
        let name = &text[start + 1..end - 1];
        problems.report(
            Problem::error("M0605", format!("there is no setting `{name}`"))
                .at(&definition.file, pattern.part(&definition.file, start..end), "cannot be filled in")
                .suggest(name, settings.keys().map(String::as_str)),
        );
        return None;
    }
    Some(fill(text, settings))
}
