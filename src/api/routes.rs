//! Every endpoint, as one table: the router, the tests and the description of the API are made from it.

use axum::http::Method;
use futures_util::future::BoxFuture;
use percent_encoding::percent_decode_str;

use super::actions;
use super::call::Call;
use super::failure::{Failure, Family};
use super::general;
use super::lists;
use super::openapi;
use super::reply::Answer;
use super::tenant::{Key, Tenant};

/// What a handler gives.
pub(crate) type Reply = BoxFuture<'static, Result<Answer, Failure>>;

/// What answers, and what it must be given for that: who has no tenant cannot be asked for one's records.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Whoever asks.
    Open(fn(Call) -> Reply),
    /// Whoever has a key.
    Keyed(fn(Call, Key) -> Reply),
    /// Whoever has a key that opens all connections.
    Operator(fn(Call, Key) -> Reply),
    /// Whoever has a key to the connection that the header `X-Integration-Id` names.
    Tenant(fn(Call, Tenant) -> Reply),
    /// Whoever has a key to the connection that `{integration_id}` in the path names.
    TenantInPath(fn(Call, Tenant) -> Reply),
}

/// An endpoint.
pub(crate) struct Route {
    /// The name of the operation, and of the function that answers.
    pub name: &'static str,
    pub method: Method,
    /// The path, with names in braces for its values.
    pub path: &'static str,
    /// What it does, for the description of the API.
    pub summary: &'static str,
    /// The codes that it may give.
    pub family: Family,
    /// Whether it changes something at the source or here: a key that only reads is refused. It goes on when the client goes
    /// away, may take longer, and may be sent large bodies.
    pub writes: bool,
    pub handler: Handler,
}

macro_rules! handler {
    ($kind:ident $function:path) => {
        handler!(@ $kind $function)
    };
    (@ Open $function:path) => { Handler::Open(|call| Box::pin($function(call))) };
    (@ $kind:ident $function:path) => { Handler::$kind(|call, who| Box::pin($function(call, who))) };
}

/// Every endpoint.
pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "healthz",
        method: Method::GET,
        path: "/healthz",
        summary: "Whether the process answers",
        family: Family::General,
        writes: false,
        handler: handler!(Open general::healthz),
    },
    Route {
        name: "readyz",
        method: Method::GET,
        path: "/readyz",
        summary: "Whether requests may be sent here: the store can be read, and the server is not about to end",
        family: Family::General,
        writes: false,
        handler: handler!(Open general::readyz),
    },
    Route {
        name: "metrics",
        method: Method::GET,
        path: "/metrics",
        summary: "The figures of the engine and of the API, as text for Prometheus",
        family: Family::General,
        writes: false,
        handler: handler!(Operator general::metrics),
    },
    Route {
        name: "openapi",
        method: Method::GET,
        path: "/openapi.json",
        summary: "This description of the API",
        family: Family::General,
        writes: false,
        handler: handler!(Open openapi::openapi),
    },
    Route {
        name: "check_api_key",
        method: Method::GET,
        path: "/v1/check-api-key",
        summary: "Whether the key works",
        family: Family::General,
        writes: false,
        handler: handler!(Keyed general::check_api_key),
    },
    Route {
        name: "get_users",
        method: Method::GET,
        path: "/v1/ats/users",
        summary: "People who use the source, a page at a time",
        family: Family::Ats,
        writes: false,
        handler: handler!(Tenant lists::users),
    },
    Route {
        name: "get_jobs",
        method: Method::GET,
        path: "/v1/ats/jobs",
        summary: "Jobs with their stages, postings and teams, a page at a time",
        family: Family::Ats,
        writes: false,
        handler: handler!(Tenant lists::jobs),
    },
    Route {
        name: "get_candidates",
        method: Method::GET,
        path: "/v1/ats/candidates",
        summary: "Candidates with their applications, a page at a time",
        family: Family::Ats,
        writes: false,
        handler: handler!(Tenant lists::candidates),
    },
    Route {
        name: "get_application_stages",
        method: Method::GET,
        path: "/v1/ats/application-stages",
        summary: "Every stage that an application can be in, a page at a time; `stages` of a job are its own",
        family: Family::Ats,
        writes: false,
        handler: handler!(Tenant lists::application_stages),
    },
    Route {
        name: "get_applications",
        method: Method::GET,
        path: "/v1/ats/applications",
        summary: "Applications with their candidates, jobs and stages, a page at a time",
        family: Family::Ats,
        writes: false,
        handler: handler!(Tenant lists::applications),
    },
    Route {
        name: "create_application",
        method: Method::POST,
        path: "/v1/ats/jobs/{job_id}/applications",
        summary: "Makes an application for a job, and its candidate where there is none",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::create_application),
    },
    Route {
        name: "create_candidate",
        method: Method::POST,
        path: "/v1/ats/candidates",
        summary: "The older form of the same: makes a candidate with an application",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::create_candidate),
    },
    Route {
        name: "add_application_attachment",
        method: Method::POST,
        path: "/v1/ats/applications/{application_id}/attachments",
        summary: "Adds a file to an application, or to its candidate where the source has no place for it",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::add_application_attachment),
    },
    Route {
        name: "add_candidate_attachment",
        method: Method::POST,
        path: "/v1/ats/candidates/{candidate_id}/attachments",
        summary: "Adds a file to a candidate",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::add_candidate_attachment),
    },
    Route {
        name: "set_application_stage",
        method: Method::PUT,
        path: "/v1/ats/applications/{application_id}/stage",
        summary: "Moves an application to a stage of its job",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::set_application_stage),
    },
    Route {
        name: "add_application_result_link",
        method: Method::POST,
        path: "/v1/ats/applications/{application_id}/result-links",
        summary: "Adds a link to a result, with details, to an application",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::add_application_result_link),
    },
    Route {
        name: "add_application_note",
        method: Method::POST,
        path: "/v1/ats/applications/{application_id}/notes",
        summary: "Adds a note to an application",
        family: Family::Ats,
        writes: true,
        handler: handler!(Tenant actions::add_application_note),
    },
    Route {
        name: "tools",
        method: Method::GET,
        path: "/v1/tools/{category}",
        summary: "The tools of the connections that the key opens, and what their connectors cover",
        family: Family::General,
        writes: false,
        handler: handler!(Keyed general::tools),
    },
    Route {
        name: "integration",
        method: Method::GET,
        path: "/v1/integrations/{integration_id}",
        summary: "State, setup, scopes and coverage of an integration",
        family: Family::General,
        writes: false,
        handler: handler!(TenantInPath general::integration),
    },
    Route {
        name: "custom_fields",
        method: Method::GET,
        path: "/v1/integrations/{integration_id}/custom-fields",
        summary: "The custom fields of an integration, and what they show",
        family: Family::General,
        writes: false,
        handler: handler!(TenantInPath general::custom_fields),
    },
    Route {
        name: "map_custom_field",
        method: Method::PUT,
        path: "/v1/integrations/{integration_id}/custom-fields/{custom_field_id}",
        summary: "Confirms what a custom field shows; another wish is refused, since mappings stand in files",
        family: Family::General,
        writes: true,
        handler: handler!(TenantInPath general::map_custom_field),
    },
    Route {
        name: "force_sync",
        method: Method::POST,
        path: "/v1/force-sync",
        summary: "Asks for a sync of an integration",
        family: Family::General,
        writes: false,
        handler: handler!(Tenant general::force_sync),
    },
    Route {
        name: "passthrough",
        method: Method::POST,
        path: "/v1/passthrough/{tool}/{api}",
        summary: "Sends one request to the source as it is, with the credentials of an integration",
        family: Family::General,
        writes: true,
        handler: handler!(Tenant general::passthrough),
    },
];

/// An endpoint, for whoever describes the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The name of the operation.
    pub name: &'static str,
    /// `GET`, `POST` and so on.
    pub method: &'static str,
    /// The path, with names in braces for its values.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Whether it wants a key.
    pub wants_key: bool,
    /// Whether it wants the header `X-Integration-Id`.
    pub wants_integration: bool,
    /// Whether a key that only reads is refused.
    pub writes: bool,
}

/// Every endpoint of the API.
pub fn endpoints() -> impl Iterator<Item = Endpoint> {
    ROUTES.iter().map(|route| Endpoint {
        name: route.name,
        method: route.method.as_str(),
        path: route.path,
        summary: route.summary,
        wants_key: !matches!(route.handler, Handler::Open(_)),
        wants_integration: matches!(route.handler, Handler::Tenant(_)),
        writes: route.writes,
    })
}

/// What a method and a path lead to.
pub(crate) enum Found {
    Route(&'static Route, Values),
    /// The path is there, and has these methods only.
    OtherMethods(Vec<&'static Method>),
    Nothing,
}

/// The names in a path, in their order.
pub(super) fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|piece| piece.strip_prefix('{')?.strip_suffix('}'))
}

/// The values in a path, by their names.
pub(crate) type Values = Vec<(&'static str, String)>;

/// Finds what answers. A path is decoded piece by piece, so that it makes no difference how a client encodes a value.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let Some(pieces) = pieces(path) else { return Found::Nothing };
    let mut methods = Vec::new();
    for route in ROUTES {
        let Some(values) = values(route.path, &pieces) else { continue };
        if route.method == *method || (method == Method::HEAD && route.method == Method::GET) {
            return Found::Route(route, values);
        }
        methods.push(&route.method);
    }
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods) }
}

/// The pieces of a path between its slashes, decoded; none when one is no text.
fn pieces(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/')?.split('/').map(decoded).collect()
}

/// A text with its `%XX` resolved.
fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

/// The values that stand in a path where the pattern has names.
fn values(pattern: &'static str, pieces: &[String]) -> Option<Values> {
    let mut values = Vec::new();
    let mut expected = pattern[1..].split('/');
    for piece in pieces {
        let expected = expected.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if piece.is_empty() => return None,
            Some(name) => values.push((name, piece.clone())),
            None if expected == piece => {}
            None => return None,
        }
    }
    expected.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_the_same_however_it_is_encoded() {
        let pattern = "/v1/ats/jobs/{job_id}/applications";
        let value = |path: &str| values(pattern, &pieces(path).unwrap()).map(|values| values[0].1.clone());
        for path in [
            "/v1/ats/jobs/remote:10/applications",
            "/v1/ats/jobs/remote%3A10/applications",
            "/v1/ats/jobs/remote%3a10/applications",
        ] {
            assert_eq!(value(path).as_deref(), Some("remote:10"));
        }
        assert_eq!(value("/v1/ats/jobs/remote%3A1%2F0/applications").as_deref(), Some("remote:1/0"));
        assert_eq!(value("/v1/ats/jobs/remote:1/0/applications"), None);
        assert_eq!(value("/v1/ats/jobs//applications"), None);
        assert_eq!(value("/v1/ats/jobs/1/applications/"), None);
        assert_eq!(pieces("/v1/%ff"), None);
        assert_eq!(decoded("100%").as_deref(), Some("100%"));
    }

    #[test]
    fn no_two_routes_answer_the_same_and_each_says_what_it_does() {
        let blank = |path: &str| {
            path.split('/').map(|piece| if piece.starts_with('{') { "{}" } else { piece }).collect::<Vec<_>>().join("/")
        };
        let mut seen = std::collections::BTreeSet::new();
        for route in ROUTES {
            assert!(seen.insert((route.method.as_str(), blank(route.path))), "{} twice", route.path);
            assert!(seen.insert(("", route.name.to_owned())), "{} twice", route.name);
            assert!(!route.summary.is_empty());
            assert_eq!(route.family == Family::Ats, route.path.starts_with("/v1/ats/"));
            assert_eq!(matches!(route.handler, Handler::TenantInPath(_)), route.path.contains("{integration_id}"));
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(value in "\\PC{1,20}") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decoded(&encoded), Some(value));
        }

        #[test]
        fn no_path_is_too_strange(path in "\\PC{0,40}") {
            let _ = find(&Method::GET, &path);
        }
    }
}
