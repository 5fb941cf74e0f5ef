//! What the kinds of GraphQL errors mean, in one table. Their names are those that servers have in common.

use super::error::{Request, SourceError, list};
use super::graphql::{GraphqlError, texts};

/// What a kind of error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Who asks is not known any more: the token is old.
    Credentials,
    /// Who asks lacks a right.
    Right,
    /// There are too many requests in a time.
    TooFast,
    /// There are too many requests at the same time.
    AtOnce,
    /// The time ran out on the other side.
    Late,
    /// Something on the other side cannot be reached.
    Unavailable,
}

const KINDS: &[(&str, Meaning)] = &[
    ("UNAUTHENTICATED", Meaning::Credentials),
    ("PERMISSION_DENIED", Meaning::Right),
    ("FORBIDDEN", Meaning::Right),
    ("TOO_MANY_REQUESTS", Meaning::TooFast),
    ("ENHANCE_YOUR_CALM", Meaning::TooFast),
    ("THROTTLED_CPU", Meaning::TooFast),
    ("THROTTLED", Meaning::TooFast),
    ("RATE_LIMITED", Meaning::TooFast),
    ("RATE_LIMIT_EXCEEDED", Meaning::TooFast),
    ("THROTTLED_CONCURRENCY", Meaning::AtOnce),
    ("DEADLINE_EXCEEDED", Meaning::Late),
    ("UNAVAILABLE", Meaning::Unavailable),
    ("SERVICE_UNAVAILABLE", Meaning::Unavailable),
    ("SERVICE_ERROR", Meaning::Unavailable),
    ("TCP_FAILURE", Meaning::Unavailable),
];

impl Meaning {
    /// What the errors of an answer mean together; none when that is nothing of these. One that is about who asks says it
    /// all; what may pass is only said when every error says it, since the request fails by the others again. Kinds in
    /// `again` are taken for such.
    pub fn of(errors: &[GraphqlError], again: &[String]) -> Option<Meaning> {
        let each: Vec<Option<Meaning>> = errors.iter().map(|error| Meaning::of_one(error, again)).collect();
        let has = |meaning| each.contains(&Some(meaning));
        if let Some(meaning) = [Meaning::Credentials, Meaning::Right].into_iter().find(|meaning| has(*meaning)) {
            return Some(meaning);
        }
        if each.iter().any(Option::is_none) {
            return None;
        }
        let passing = [Meaning::AtOnce, Meaning::TooFast, Meaning::Late, Meaning::Unavailable];
        passing.into_iter().find(|meaning| has(*meaning))
    }

    /// What errors are that mean this.
    pub fn error(self, request: Request, errors: &[GraphqlError]) -> SourceError {
        let messages = texts(errors);
        match self {
            Meaning::Credentials => SourceError::Unauthorized { request },
            Meaning::Right => SourceError::Forbidden { request, messages },
            Meaning::TooFast => SourceError::Throttled { request, at_once: false, messages, retry_after: None },
            Meaning::AtOnce => SourceError::Throttled { request, at_once: true, messages, retry_after: None },
            Meaning::Late => {
                let cause = format!("the remote system ran out of time: {}", list(&messages));
                SourceError::Unavailable { request, cause, retry_after: None }
            }
            Meaning::Unavailable => {
                let cause = format!("the remote system says so: {}", list(&messages));
                SourceError::Unavailable { request, cause, retry_after: None }
            }
        }
    }

    fn of_one(error: &GraphqlError, again: &[String]) -> Option<Meaning> {
        // What is said in detail goes before what that is a kind of.
        let known = error.kinds().find_map(|kind| {
            let known = KINDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind));
            known.map(|(_, meaning)| *meaning)
        });
        let is_listed = || error.kinds().any(|kind| again.iter().any(|listed| listed.eq_ignore_ascii_case(kind)));
        known.or_else(|| is_listed().then_some(Meaning::Unavailable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(kinds: &[(Option<&str>, Option<&str>)]) -> Vec<GraphqlError> {
        let error = |(kind, detail): &(Option<&str>, Option<&str>)| GraphqlError {
            message: "m".to_owned(),
            path: None,
            kind: kind.map(str::to_owned),
            detail: detail.map(str::to_owned),
            row: None,
        };
        kinds.iter().map(error).collect()
    }

    #[test]
    fn the_detail_says_more_than_the_kind() {
        let of = |detail| Meaning::of(&errors(&[(Some("UNAVAILABLE"), Some(detail))]), &[]);
        assert_eq!(of("TOO_MANY_REQUESTS"), Some(Meaning::TooFast));
        assert_eq!(of("enhance_your_calm"), Some(Meaning::TooFast));
        assert_eq!(of("THROTTLED_CONCURRENCY"), Some(Meaning::AtOnce));
        assert_eq!(of("DEADLINE_EXCEEDED"), Some(Meaning::Late));
        assert_eq!(of("SOMETHING_NEW"), Some(Meaning::Unavailable));
    }

    #[test]
    fn what_may_pass_has_to_be_all_there_is() {
        let of = |kinds: &[_], again: &[&str]| {
            let again: Vec<String> = again.iter().map(|kind| (*kind).to_owned()).collect();
            Meaning::of(&errors(kinds), &again)
        };
        let (busy, inside, refused, plain) =
            ((Some("UNAVAILABLE"), None), (Some("INTERNAL"), None), (Some("PERMISSION_DENIED"), None), (None, None));
        assert_eq!(of(&[busy, busy], &[]), Some(Meaning::Unavailable));
        assert_eq!(of(&[busy, inside], &[]), None);
        assert_eq!(of(&[busy, inside], &["internal"]), Some(Meaning::Unavailable));
        assert_eq!(of(&[busy, plain], &["INTERNAL"]), None);
        assert_eq!(of(&[busy, refused], &[]), Some(Meaning::Right));
        assert_eq!(of(&[], &[]), None);
    }
}
