//! Countries.

use std::borrow::Cow;

/// The ISO 3166-1 alpha-2 code of a country, from a two- or three-letter code or the English short name.
pub fn country(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let found = match text.len() {
        2 => rust_iso3166::from_alpha2(&text.to_uppercase()),
        3 => rust_iso3166::from_alpha3(&text.to_uppercase()),
        _ => rust_iso3166::ALL.iter().find(|country| country.name.eq_ignore_ascii_case(text)).copied(),
    };
    found.map(|country| Cow::Borrowed(country.alpha2))
}

#[cfg(test)]
mod tests {
    use super::country;

    #[test]
    fn codes_and_english_names_are_countries() {
        for text in ["NL", "nl", "NLD", "Belgium"] {
            assert!(country(text).is_some(), "{text}");
        }
        assert_eq!(country("NLD").as_deref(), Some("NL"));
        assert_eq!(country("XX"), None);
        assert_eq!(country("Nederland"), None);
    }
}
