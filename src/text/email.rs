//! E-mail addresses.

use std::borrow::Cow;

use email_address::EmailAddress;

/// An e-mail address without blanks around it and with the domain in small letters. The part before the `@` keeps its
/// case, which may matter to the server.
pub fn email(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if !EmailAddress::is_valid(text) {
        return None;
    }
    let (name, domain) = text.rsplit_once('@')?;
    if domain.chars().any(char::is_uppercase) {
        return Some(Cow::Owned(format!("{name}@{}", domain.to_lowercase())));
    }
    Some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn the_domain_has_no_case_and_blanks_do_not_count() {
        assert_eq!(email(" Ada.Example@Example.ORG\n").as_deref(), Some("Ada.Example@example.org"));
        assert_eq!(email("ada@example.org").as_deref(), Some("ada@example.org"));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "ada", "ada@", "@example.org", "ada@@example.org", "ada at example.org", "a b@example.org"] {
            assert_eq!(email(text), None, "{text}");
        }
    }
}
