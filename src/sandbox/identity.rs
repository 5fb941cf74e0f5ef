//! The identity server: tokens for one client of one realm.

use super::faults::{Answer, Call, Endpoint, Fault, Target, refusal};
use super::scopes::{self, Scopes};
use super::server::{Line, Shared};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use url::form_urlencoded;

/// Tokens that were given out, with the moment they end and what they open.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    valid: Mutex<HashMap<String, (Instant, Scopes)>>,
}

impl Tokens {
    /// What a request with this header may do, if it may pass at all.
    pub(super) fn admits(&self, authorization: Option<&str>) -> Option<Scopes> {
        let token = authorization.and_then(|value| strip_scheme(value, "bearer"))?;
        let tokens = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        let (end, scopes) = tokens.get(token.trim())?;
        (Instant::now() < *end).then(|| scopes.clone())
    }

    /// Refuses every token that was given out so far.
    pub(super) fn revoke(&self) {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn issue(&self, issuer: &str, client_id: &str, scope: &str, lifetime: Duration) -> String {
        let token = jwt_shaped(issuer, client_id, scope, lifetime);
        let mut tokens = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        tokens.retain(|_, (end, _)| *end > now);
        tokens.insert(token.clone(), (now + lifetime, Scopes::of(scope)));
        token
    }
}

fn strip_scheme<'h>(value: &'h str, scheme: &str) -> Option<&'h str> {
    let (given, rest) = value.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Looks like a JWT; the signature is chance, and nobody but this server can tell whether it is good.
fn jwt_shaped(issuer: &str, client_id: &str, scope: &str, lifetime: Duration) -> String {
    let issued = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "sandbox"});
    let claims = json!({
        "exp": issued + lifetime.as_secs(), "iat": issued, "iss": issuer, "azp": client_id, "typ": "Bearer",
        "scope": scope,
    });
    let signature: Vec<u8> = (0..64).map(|_| fastrand::u8(..)).collect();
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(header.to_string()), part(claims.to_string()), URL_SAFE_NO_PAD.encode(signature))
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({"error": error, "error_description": description}))
}

fn unknown_realm() -> Answer {
    Answer::json(StatusCode::NOT_FOUND, &json!({"error": "Realm does not exist"}))
}

/// `POST /auth/realms/{realm}/protocol/openid-connect/token`.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(realm): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fired = shared.faults.fire(Endpoint::Token, &Call::default());
    shared.begin_faults(&fired).await;
    let instead = fired.iter().find_map(|fired| Some((fired.after, refusal(Target::Token, fired, 0)?)));
    let lifetime = fired.iter().find_map(|fired| match fired.fault {
        Fault::Lifetime { seconds } => Some(Duration::from_secs(seconds)),
        _ => None,
    });
    let lifetime = lifetime.unwrap_or(shared.options.token_lifetime);
    let answer = match instead {
        Some((false, answer)) => answer,
        Some((true, answer)) => {
            give(&shared, &realm, &headers, &body, lifetime);
            answer
        }
        None => give(&shared, &realm, &headers, &body, lifetime),
    };
    let answer = fired.iter().fold(answer, |answer, fired| answer.damage(&fired.fault));
    shared.counters.token_answered(&answer);
    answer.send(&line, shared.closing())
}

/// The token, or why there is none.
fn give(shared: &Shared, realm: &str, headers: &HeaderMap, body: &[u8], lifetime: Duration) -> Answer {
    if realm != shared.options.realm {
        return unknown_realm();
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let value = |name: &str| form.get(name).map(String::as_str).filter(|text| !text.is_empty());
    match value("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type"),
        None => return refuse(StatusCode::BAD_REQUEST, "invalid_request", "Missing form parameter: grant_type"),
    }
    let in_body = value("client_id").map(|id| (id.to_owned(), value("client_secret").unwrap_or_default().to_owned()));
    let Some((id, secret)) = basic_credentials(headers).or(in_body) else {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", "Invalid client or Invalid client credentials");
    };
    if id != shared.options.client_id {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", "Invalid client or Invalid client credentials");
    }
    if secret != shared.options.client_secret {
        return refuse(StatusCode::UNAUTHORIZED, "unauthorized_client", "Invalid client or Invalid client credentials");
    }
    let scope = value("scope").unwrap_or(&shared.options.scopes);
    let own = Scopes::of(&shared.options.scopes);
    let is_refused = |scope: &&str| !scopes::is_known(scope) || !own.cover(&Scopes::of(scope));
    if let Some(unknown) = scope.split_whitespace().find(is_refused) {
        return refuse(StatusCode::BAD_REQUEST, "invalid_scope", &format!("Invalid scopes: {unknown}"));
    }
    let access_token = shared.tokens.issue(&issuer(shared), &id, scope, lifetime);
    shared.counters.token_given();
    let reply = json!({
        "access_token": access_token, "expires_in": lifetime.as_secs(), "refresh_expires_in": 0,
        "token_type": "Bearer", "not-before-policy": 0, "scope": scope,
    });
    Answer::json(StatusCode::OK, &reply)
}

/// Client id and secret of an `Authorization: Basic` header; both are form-encoded inside it, as OAuth 2 wants.
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = strip_scheme(headers.get(header::AUTHORIZATION)?.to_str().ok()?, "basic")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn issuer(shared: &Shared) -> String {
    format!("{}/auth/realms/{}", shared.base_url, shared.options.realm)
}

/// `GET /auth/realms/{realm}/.well-known/openid-configuration`.
pub(super) async fn discovery(State(shared): State<Arc<Shared>>, Path(realm): Path<String>) -> Response {
    if realm != shared.options.realm {
        let body = Json(json!({"error": "Realm does not exist"}));
        return (StatusCode::NOT_FOUND, body).into_response();
    }
    let issuer = issuer(&shared);
    let endpoint = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": endpoint("auth"),
        "token_endpoint": endpoint("token"),
        "userinfo_endpoint": endpoint("userinfo"),
        "jwks_uri": endpoint("certs"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
    .into_response()
}
