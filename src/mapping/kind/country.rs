//! `country`: an ISO 3166-1 alpha-2 code, from a two- or three-letter code or the English short name.

use std::borrow::Cow;

pub(super) fn read(text: &str) -> Option<Cow<'_, str>> {
    let found = match text.len() {
        2 => rust_iso3166::from_alpha2(&text.to_uppercase()),
        3 => rust_iso3166::from_alpha3(&text.to_uppercase()),
        _ => rust_iso3166::ALL.iter().find(|country| country.name.eq_ignore_ascii_case(text)).copied(),
    };
    found.map(|country| Cow::Borrowed(country.alpha2))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn codes_and_english_names_are_countries() {
        for text in ["NL", "nl", "NLD", "Belgium"] {
            assert!(read(text).is_some(), "{text}");
        }
        assert_eq!(read("NLD").as_deref(), Some("NL"));
        assert_eq!(read("XX"), None);
        assert_eq!(read("Nederland"), None);
    }
}
