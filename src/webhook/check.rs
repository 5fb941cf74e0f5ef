//! Whether a request came from the source, and what it tells. Pure: nothing here waits, reads or writes.

use std::sync::LazyLock;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::key::Key;
use crate::connector::{EventMeaning, Webhooks};

/// The longest id of a delivery or a record, in bytes.
const LONGEST_ID: usize = 200;

/// What requests of the source are held to.
#[derive(Debug)]
pub struct Proof {
    /// The key that their signatures fit.
    pub key: Key,
    /// The secret that they carry, if they do.
    pub secret: Option<SecretString>,
}

/// A request that came from the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It tells of a record.
    Event(Event),
    /// Its time is too far from now: an old one that somebody kept, or a clock that is wrong. The next sync brings what it tells.
    OutOfTime,
    /// Its event has no meaning here.
    Unheard,
}

/// What the source tells of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The source's own id of the delivery.
    pub delivery: String,
    /// When it happened.
    pub time: Timestamp,
    /// What it means.
    pub meaning: EventMeaning,
    /// The source's id of the record.
    pub remote_id: String,
}

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// There is no such connection, or its source sends nothing.
    Nobody,
    /// The key that its signature would have to fit is not known now.
    NoKey,
    /// It has no signature, or one that does not fit.
    Signature,
    /// It has no secret, or a wrong one.
    Secret,
    /// It is about another tenant.
    Tenant,
    /// It came from the source, and is not what the connector says.
    Malformed,
    /// Too many came.
    TooMany,
    /// The store could not keep what it tells.
    Store,
}

impl Refused {
    /// The name of the reason, for figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Refused::Nobody => "nobody",
            Refused::NoKey => "no_key",
            Refused::Signature => "signature",
            Refused::Secret => "secret",
            Refused::Tenant => "tenant",
            Refused::Malformed => "malformed",
            Refused::TooMany => "too_many",
            Refused::Store => "store",
        }
    }
}

/// Looks at a request that came at `now`.
pub fn check(
    rules: &Webhooks,
    proof: &Proof,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Checked, Refused> {
    let header = |name: &str| headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
    let is_signed = proof.key.fits(header(&rules.signature_header), body);
    let has_secret = match (&proof.secret, &rules.secret_header) {
        (Some(secret), Some(name)) => is_same(secret, header(name)),
        (Some(_), None) => false,
        (None, _) => true,
    };
    match (is_signed, has_secret) {
        (false, _) => return Err(Refused::Signature),
        (_, false) => return Err(Refused::Secret),
        (true, true) => {}
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
    let member = |path: &str| member(&body, path).ok_or(Refused::Malformed);
    if let (Some(tenant), Some(path)) = (&rules.tenant, &rules.payload.tenant)
        && !member(path)?.eq_ignore_ascii_case(tenant)
    {
        return Err(Refused::Tenant);
    }
    let time: Timestamp = member(&rules.payload.time)?.parse().map_err(|_| Refused::Malformed)?;
    let (delivery, kind) = (member(&rules.payload.id)?, member(&rules.payload.kind)?);
    let Some(meaning) = rules.events.get(&kind).copied() else { return Ok(Checked::Unheard) };
    let remote_id = member(&rules.payload.entity)?;
    if delivery.len() > LONGEST_ID || remote_id.len() > LONGEST_ID {
        return Err(Refused::Malformed);
    }
    let window = SignedDuration::try_from(rules.window).unwrap_or(SignedDuration::MAX);
    if now.duration_since(time).abs() > window {
        return Ok(Checked::OutOfTime);
    }
    Ok(Checked::Event(Event { delivery, time, meaning, remote_id }))
}

/// Takes as long over a request for a connection that there is not, so that nobody learns which there are.
pub fn check_for_nobody(body: &[u8]) -> Refused {
    static DECOY: LazyLock<(Key, String)> = LazyLock::new(|| {
        let key = Key::parse(include_str!("nobody.pem")).expect("the key is one");
        (key, "A".repeat(342) + "==")
    });
    let (key, signature) = &*DECOY;
    // Nobody has the private half of that key.
    let _ = key.fits(signature.as_bytes(), body);
    Refused::Nobody
}

/// Whether a secret is this one. How long that takes tells nothing of either.
fn is_same(secret: &SecretString, given: &[u8]) -> bool {
    let secret = digest(&SHA256, secret.expose_secret().as_bytes());
    verify_slices_are_equal(secret.as_ref(), digest(&SHA256, given).as_ref()).is_ok()
}

/// The text or number at a path of members.
fn member(body: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(body, |value, name| value.get(name))?;
    match found {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::key::tests::{public, sign};
    use super::*;
    use crate::connector::Payload;
    use crate::model::{JOBS, USERS};

    fn rules() -> Webhooks {
        Webhooks {
            signature_header: "X-Signature".to_owned(),
            key_url: None,
            secret_header: Some("X-Secret".to_owned()),
            payload: Payload {
                id: "id".to_owned(),
                time: "at".to_owned(),
                kind: "what".to_owned(),
                entity: "data.key".to_owned(),
                tenant: Some("tenant".to_owned()),
            },
            tenant: Some("Acme".to_owned()),
            window: Duration::from_secs(300),
            events: [
                ("job:gone".to_owned(), EventMeaning { model: &JOBS, gone: true }),
                ("user:new".to_owned(), EventMeaning { model: &USERS, gone: false }),
            ]
            .into(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn body() -> Value {
        json!({"id": "d-1", "at": at(0).to_string(), "what": "job:gone", "tenant": "acme", "data": {"key": 7}})
    }

    fn proof(secret: Option<&str>) -> Proof {
        Proof { key: Key::parse(&public()).unwrap(), secret: secret.map(SecretString::from) }
    }

    fn look(
        body: &str,
        signature: Option<&str>,
        given: Option<&str>,
        secret: Option<&str>,
        now: Timestamp,
    ) -> Result<Checked, Refused> {
        let mut headers = HeaderMap::new();
        let pairs = [("x-signature", signature), ("x-secret", given)];
        for (name, value) in pairs.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            headers.insert(name, value.parse().unwrap());
        }
        check(&rules(), &proof(secret), &headers, body.as_bytes(), now)
    }

    fn signed(body: &Value) -> Result<Checked, Refused> {
        let text = body.to_string();
        look(&text, Some(&sign(text.as_bytes())), None, None, at(1))
    }

    #[test]
    fn what_the_source_signed_is_read() {
        let event = Event {
            delivery: "d-1".to_owned(),
            time: at(0),
            meaning: EventMeaning { model: &JOBS, gone: true },
            remote_id: "7".to_owned(),
        };
        assert_eq!(signed(&body()), Ok(Checked::Event(event)));
        assert_eq!(
            signed(&json!({"id": "d", "at": at(0).to_string(), "what": "x", "tenant": "ACME"})),
            Ok(Checked::Unheard)
        );
    }

    #[test]
    fn what_nobody_signed_is_not() {
        let text = body().to_string();
        let other = sign(b"something else");
        for signature in [None, Some(""), Some("AAAA"), Some("%"), Some(other.as_str())] {
            assert_eq!(look(&text, signature, None, None, at(0)), Err(Refused::Signature));
        }
        let cut = &text[..text.len() - 3];
        assert_eq!(look(cut, Some(&sign(text.as_bytes())), None, None, at(0)), Err(Refused::Signature));
        assert_eq!(check_for_nobody(text.as_bytes()), Refused::Nobody);
    }

    #[test]
    fn a_secret_is_asked_for_where_the_connection_has_one() {
        let text = body().to_string();
        let signature = sign(text.as_bytes());
        let given = |given| look(&text, Some(&signature), given, Some("pear"), at(0));
        assert!(given(Some("pear")).is_ok());
        for wrong in [None, Some(""), Some("pea"), Some("pears"), Some("PEAR")] {
            assert_eq!(given(wrong), Err(Refused::Secret));
        }
    }

    #[test]
    fn a_time_far_from_now_is_left_to_the_next_sync() {
        let text = body().to_string();
        let signature = sign(text.as_bytes());
        let now = |seconds| look(&text, Some(&signature), None, None, at(seconds)).unwrap();
        for seconds in [-301, 301, 86_400] {
            assert_eq!(now(seconds), Checked::OutOfTime);
        }
        for seconds in [-300, 0, 300] {
            assert!(matches!(now(seconds), Checked::Event(_)));
        }
    }

    #[test]
    fn what_is_signed_and_makes_no_sense_is_refused() {
        for (name, value) in [
            ("id", json!(null)),
            ("id", json!("x".repeat(201))),
            ("at", json!("yesterday")),
            ("what", json!([])),
            ("data", json!({"key": ""})),
            ("data", json!("7")),
        ] {
            let mut body = body();
            body[name] = value;
            assert_eq!(signed(&body), Err(Refused::Malformed), "{body}");
        }
        assert_eq!(look("[", Some(&sign(b"[")), None, None, at(0)), Err(Refused::Malformed));
        let mut body = body();
        body["tenant"] = json!("other");
        assert_eq!(signed(&body), Err(Refused::Tenant));
    }
}
