//! Web addresses.

use std::borrow::Cow;

use url::Url;

/// Reads an address; without a scheme it is one of the web.
fn read(text: &str) -> Option<Url> {
    let text = text.trim();
    Url::parse(text).ok().filter(Url::has_host).or_else(|| Url::parse(&format!("https://{text}")).ok())
}

/// The host of an address, without `www.`.
pub fn url_host(text: &str) -> Option<Cow<'_, str>> {
    let url = read(text)?;
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    host.contains('.').then(|| Cow::Owned(host.to_owned()))
}

/// The names of the parts of an address that [`url_part`] gives.
pub const URL_PARTS: &[&str] = &["scheme", "host", "port", "path", "query", "fragment"];

/// A part of an address, by its name: one of [`URL_PARTS`]. It is none where the address has no such part.
pub fn url_part(text: &str, part: &str) -> Option<String> {
    let url = read(text).filter(|url| url.host_str().is_some_and(|host| host.contains('.')))?;
    let found = match part {
        "scheme" => url.scheme(),
        "host" => url.host_str()?,
        "port" => return url.port_or_known_default().map(|port| port.to_string()),
        "path" => url.path(),
        "query" => url.query()?,
        "fragment" => url.fragment()?,
        _ => return None,
    };
    Some(found.to_owned())
}

/// The first value that the query of an address gives to `name`, decoded.
pub fn url_query(text: &str, name: &str) -> Option<String> {
    let url = read(text)?;
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_with_and_without_a_scheme() {
        assert_eq!(url_host("https://www.example.org/in/ada").as_deref(), Some("example.org"));
        assert_eq!(url_host("example.org/in/ada").as_deref(), Some("example.org"));
        assert_eq!(url_host("example.org:8080/in/ada").as_deref(), Some("example.org"));
        assert_eq!(url_host("not a url"), None);
    }

    #[test]
    fn every_part_is_given() {
        let url = "https://www.example.org/jobs/12?utm=x%20y&utm=z#apply";
        let parts: Vec<Option<String>> = URL_PARTS.iter().map(|part| url_part(url, part)).collect();
        let wanted = ["https", "www.example.org", "443", "/jobs/12", "utm=x%20y&utm=z", "apply"];
        assert_eq!(parts, wanted.map(|part| Some(part.to_owned())));
        assert_eq!(url_part("example.org", "query"), None);
        assert_eq!(url_part("no address", "path"), None);
    }

    #[test]
    fn a_query_is_decoded() {
        assert_eq!(url_query("example.org/?a=1&b=x%20y&b=z", "b").as_deref(), Some("x y"));
        assert_eq!(url_query("example.org/?a=1", "b"), None);
    }
}
