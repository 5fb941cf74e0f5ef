//! `url_host`: the host of a URL, without `www.`.

use std::borrow::Cow;

use url::Url;

pub(super) fn read(text: &str) -> Option<Cow<'_, str>> {
    let url = Url::parse(text).or_else(|_| Url::parse(&format!("https://{text}"))).ok()?;
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    host.contains('.').then(|| Cow::Owned(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_host_is_found_with_and_without_a_scheme() {
        assert_eq!(read("https://www.example.org/in/ada").as_deref(), Some("example.org"));
        assert_eq!(read("example.org/in/ada").as_deref(), Some("example.org"));
        assert_eq!(read("not a url"), None);
    }
}
