//! Redirects, each of which leads to an address that has to be looked at like the first.

use reqwest::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::error::{FetchError, Refused};
use super::guard::Guard;

/// The most redirects that are followed.
const REDIRECTS: usize = 5;

/// Asks for what is at an address or at the one that it leads to, and says where that was.
pub(super) async fn get(guard: &Guard, client: &Client, mut url: Url) -> Result<(Response, Url), FetchError> {
    for _ in 0..=REDIRECTS {
        let request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        let response = request.send().await.map_err(|error| FetchError::broken(&error))?;
        if let Some(peer) = response.remote_addr() {
            guard.address(peer.ip())?;
        }
        match response.status() {
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => return Ok((response, url)),
            status if is_redirect(status) => url = next(guard, &url, &response)?,
            status => return Err(FetchError::Status(status.as_u16())),
        }
    }
    Err(FetchError::Redirects(REDIRECTS))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn next(guard: &Guard, from: &Url, response: &Response) -> Result<Url, FetchError> {
    let nowhere = || FetchError::from(Refused::Malformed("a redirect leads nowhere".to_owned()));
    let location = response.headers().get(LOCATION).ok_or_else(nowhere)?;
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| nowhere())?;
    let to = from.join(location).map_err(|error| Refused::Malformed(format!("of a redirect: {error}")))?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Refused::Downgrade.into());
    }
    guard.check(&to)?;
    Ok(to)
}
