//! Answers that are wrong by what they say.

use super::super::failure::Failure;
use super::{Answer, Fault, Fired, Poison};
use apollo_compiler::response::{JsonMap, JsonValue};
use axum::http::{StatusCode, header};
use serde_json::{Value as Json, json};

/// What an answer was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Token,
    Graphql,
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The answer that takes the place of the right one, if the fault is of that kind. An error on some root fields only
/// is no refusal: the others are answered.
pub(crate) fn refusal(target: Target, fired: &Fired, roots: usize) -> Option<Answer> {
    let keycloak = |code: u16, error: &str, description: &str| {
        Answer::json(status(code), &json!({"error": error, "error_description": description}))
    };
    Some(match &fired.fault {
        Fault::InvalidClient => keycloak(401, "invalid_client", "Invalid client or Invalid client credentials"),
        Fault::InvalidScope => keycloak(400, "invalid_scope", "Invalid scopes"),
        Fault::UnknownRealm => Answer::json(StatusCode::NOT_FOUND, &json!({"error": "Realm does not exist"})),
        Fault::Unauthorized => Answer::html(StatusCode::UNAUTHORIZED).with(header::WWW_AUTHENTICATE, "Bearer"),
        Fault::Forbidden => Answer::json(StatusCode::FORBIDDEN, &json!({"message": "Forbidden"})),
        Fault::Throttled { retry_after, as_date } => Answer::throttled(*retry_after, *as_date),
        Fault::Status { code, retry_after, as_date } => {
            let reason = status(*code).canonical_reason().unwrap_or("Error");
            let path = if target == Target::Token { "/auth" } else { "/graphql" };
            let body = json!({"status": code, "error": reason, "path": path});
            Answer::json(status(*code), &body).retry_after(*retry_after, *as_date)
        }
        Fault::Html { code } => Answer::html(status(*code)),
        Fault::Empty { code } => Answer::empty(status(*code)),
        Fault::Reset => Answer::reset(),
        Fault::Denied | Fault::Error { .. } if fired.keys.len() == roots => {
            let (failure, code) = failure(&fired.fault)?;
            let at = |key: &String| failure.at(&[json!(key)]);
            let errors: Vec<Json> =
                if fired.keys.is_empty() { vec![failure.error()] } else { fired.keys.iter().map(at).collect() };
            Answer::json(status(code), &json!({"data": null, "errors": errors}))
        }
        _ => return None,
    })
}

/// The error of a fault that is told inside an answer, and the status of that.
fn failure(fault: &Fault) -> Option<(Failure, u16)> {
    match fault {
        Fault::Denied => Some((Failure::of("PERMISSION_DENIED", None, "Access denied"), 200)),
        Fault::Error { error_type, error_detail, message, status } => {
            let text = message.as_deref().unwrap_or("The request could not be completed");
            Some((Failure::of(error_type, error_detail.as_deref(), text), *status))
        }
        _ => None,
    }
}

/// Makes root fields or places in them null, and adds the errors; yields the status if that changes too.
pub(crate) fn nulled(data: &mut Option<JsonMap>, errors: &mut Vec<Json>, fired: &Fired) -> Option<u16> {
    let data = data.as_mut()?;
    if let Fault::Partial { paths, error_type } = &fired.fault {
        let failure = Failure::of(error_type, None, "Exception while fetching data");
        for path in paths {
            let parts: Vec<&str> = path.split('.').collect();
            if let Some((root, rest)) = parts.split_first()
                && let Some(value) = data.get_mut(*root)
            {
                erase(value, rest, &mut vec![json!(root)], &mut |path| errors.push(failure.at(path)));
            }
        }
        return None;
    }
    let (failure, code) = failure(&fired.fault)?;
    for key in &fired.keys {
        if let Some(value) = data.get_mut(key.as_str()) {
            *value = JsonValue::Null;
            errors.push(failure.at(&[json!(key)]));
        }
    }
    Some(code)
}

fn erase(value: &mut JsonValue, parts: &[&str], path: &mut Vec<Json>, erased: &mut impl FnMut(&[Json])) {
    let Some((part, rest)) = parts.split_first() else {
        if !value.is_null() {
            *value = JsonValue::Null;
            erased(path);
        }
        return;
    };
    let mut go = |value: &mut JsonValue, step: Json, path: &mut Vec<Json>| {
        path.push(step);
        erase(value, rest, path, erased);
        path.pop();
    };
    match value {
        JsonValue::Object(members) => {
            if let Some(value) = members.get_mut(*part) {
                go(value, json!(part), path);
            }
        }
        JsonValue::Array(rows) => {
            for (nth, row) in rows.iter_mut().enumerate() {
                let id = row.get("_id").and_then(JsonValue::as_str);
                if *part == "*"
                    || part.parse() == Ok(nth)
                    || part.strip_prefix('#').is_some_and(|wanted| id == Some(wanted))
                {
                    go(row, json!(nth), path);
                }
            }
        }
        _ => {}
    }
}

/// The answer to a request that came upon a row that cannot be read.
pub(crate) fn spoiled(poison: &Poison, roots: &[String]) -> Answer {
    if poison.html {
        return Answer::html(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let failure = Failure::of("INTERNAL", None, "Exception while fetching data: java.lang.NullPointerException");
    let errors: Vec<Json> = roots.iter().map(|key| failure.at(&[json!(key)])).collect();
    Answer::json(StatusCode::OK, &json!({"data": null, "errors": errors}))
}
