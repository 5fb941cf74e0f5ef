//! Moments as the store writes them: UTC with milliseconds, so that text sorts as time does.

use jiff::Timestamp;

use super::error::Problem;

/// `2026-11-20T10:00:00.000Z`.
pub(super) fn text(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// The moment that a column holds.
pub(super) fn parse(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|error: jiff::Error| Problem::from(sqlx::Error::Decode(error.into())))
}

/// [`parse`] for a column that may be null.
pub(super) fn parse_optional(text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    text.as_deref().map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn milliseconds_are_always_written() {
        let whole: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        assert_eq!(text(whole), "2026-11-20T10:00:00.000Z");
        let fine: Timestamp = "2026-11-20T10:00:00.123987Z".parse().unwrap();
        assert_eq!(text(fine), "2026-11-20T10:00:00.123Z");
    }

    proptest! {
        #[test]
        fn text_sorts_as_time_does(a in 0_i64..4_000_000_000_000, b in 0_i64..4_000_000_000_000) {
            let (a, b) = (Timestamp::from_millisecond(a).unwrap(), Timestamp::from_millisecond(b).unwrap());
            prop_assert_eq!(text(a).cmp(&text(b)), a.cmp(&b));
            prop_assert_eq!(parse(&text(a)).unwrap(), a);
        }
    }
}
