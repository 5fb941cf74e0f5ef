//! Pages for people: how the connections stand, live, and what the API can do. They are three hand-written files each, need
//! nothing from elsewhere, and hold no data themselves: that comes behind a key.

mod follow;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::shared::Api;

/// Nothing is loaded or sent elsewhere, and no page may frame these.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, type and content of each file.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("status.html")),
    ("/docs", HTML, include_str!("docs.html")),
    ("/assets/style.css", CSS, include_str!("style.css")),
    ("/assets/status.js", SCRIPT, include_str!("status.js")),
    ("/assets/docs.js", SCRIPT, include_str!("docs.js")),
];

/// The routes of the pages.
pub(super) fn pages(api: &Arc<Api>) -> Router {
    let files = FILES.iter().fold(Router::new(), |router, (path, content_type, content)| {
        router.route(path, get(move || async move { file(content_type, content) }))
    });
    files.merge(follow::route(Arc::clone(api)))
}

fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, content).into_response()
}
