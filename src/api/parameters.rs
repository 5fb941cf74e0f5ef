//! The parameters of lists, and the question that they make.

use jiff::{Timestamp, civil::DateTime};
use serde_json::{Value, json};

use crate::diagnostics::closest;
use crate::engine::{PAGE_SIZE, PageQuery};
use crate::model::{List, Takes};
use crate::store::{Narrow, Wanted};

/// The most rows of a page.
const LARGEST_PAGE: u32 = 250;

const CURSOR: &str = "cursor";
const SIZE: &str = "page_size";
const UPDATED_AFTER: &str = "updated_after";
const INCLUDE_DELETED: &str = "include_deleted";
const IGNORE_UNSUPPORTED: &str = "ignore_unsupported_filters";
const IDS: &str = "ids";
const REMOTE_IDS: &str = "remote_ids";

/// A parameter of every list.
pub(super) struct Common {
    pub name: &'static str,
    /// What it means, for the description of the API.
    pub about: &'static str,
    /// What it takes.
    pub schema: fn() -> Value,
}

const fn common(name: &'static str, about: &'static str, schema: fn() -> Value) -> Common {
    Common { name, about, schema }
}

/// The parameters of every list. Those of [`List::filters`] stand beside them.
pub(super) static COMMON: [Common; 7] = [
    common(CURSOR, "Where the page begins: `next` of the page before, with all else as it was there", text),
    common(
        SIZE,
        "How many rows a page has at most",
        || json!({ "type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE }),
    ),
    common(
        UPDATED_AFTER,
        "Rows that changed later than this, themselves or in what they show",
        || json!({ "type": "string", "examples": ["2026-01-31T09:30:00.000Z"] }),
    ),
    common(INCLUDE_DELETED, "Rows that are gone at the source as well", flag),
    common(IGNORE_UNSUPPORTED, "Filters of which the integration knows nothing let everything pass, not nothing", flag),
    common(IDS, "Rows with one of these ids; several are joined by commas", text),
    common(REMOTE_IDS, "Rows with one of these ids of the source; several are joined by commas", text),
];

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "enum": [true, false], "default": false })
}

/// What a query asks of a list, or everything that is wrong with it.
pub(crate) fn page_query(list: &'static List, query: &[(String, String)]) -> Result<PageQuery, String> {
    let mut reader = Reader { query, problems: Vec::new() };
    let asked = PageQuery {
        list,
        cursor: reader.text(CURSOR).filter(|cursor| !cursor.trim().is_empty()),
        page_size: reader.size(SIZE).unwrap_or(PAGE_SIZE),
        updated_after: reader.moment(UPDATED_AFTER),
        include_deleted: reader.flag(INCLUDE_DELETED),
        ignore_unsupported_filters: reader.flag(IGNORE_UNSUPPORTED),
        narrowed: reader.narrowed(list),
    };
    reader.unknown(list, asked.ignore_unsupported_filters);
    if reader.problems.is_empty() { Ok(asked) } else { Err(reader.problems.join("; ")) }
}

struct Reader<'q> {
    query: &'q [(String, String)],
    problems: Vec<String>,
}

impl Reader<'_> {
    fn values(&self, name: &str) -> Vec<String> {
        self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// The value of a parameter that has one.
    fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.values(name);
        if values.len() > 1 {
            self.problems.push(format!("`{name}` is given {} times; give it once", values.len()));
        }
        values.pop()
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let values = self.values(name);
        (!values.is_empty()).then(|| values.iter().flat_map(|value| value.split(',')).map(str::to_owned).collect())
    }

    fn read<T>(&mut self, name: &str, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = read(text.trim());
        if value.is_none() {
            self.problems.push(format!("`{name}` has to be {expected}"));
        }
        value
    }

    fn flag(&mut self, name: &str) -> bool {
        let flag = |text: &str| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        self.read(name, "`true` or `false`", flag).unwrap_or_default()
    }

    fn size(&mut self, name: &str) -> Option<u32> {
        let expected = format!("a whole number from 1 to {LARGEST_PAGE}");
        self.read(name, &expected, |text| whole(text).filter(|size| (1..=LARGEST_PAGE).contains(size)))
    }

    fn moment(&mut self, name: &str) -> Option<Timestamp> {
        self.read(name, "a date, or a date and a time, such as `2026-11-24T09:30:00.000Z`", moment)
    }

    fn narrowed(&mut self, list: &'static List) -> Vec<Narrow> {
        let mut narrowed: Vec<Narrow> = Vec::new();
        narrowed.extend(self.texts(IDS).map(Narrow::Ids));
        narrowed.extend(self.texts(REMOTE_IDS).map(Narrow::RemoteIds));
        for filter in list.filters {
            let wanted = match filter.takes {
                Takes::Text => self.text(filter.name).map(|text| Wanted::Texts(vec![text])),
                Takes::Texts => self.texts(filter.name).map(Wanted::Texts),
                Takes::Day => {
                    let moment = self.moment(filter.name);
                    moment.map(|moment| Wanted::From(moment.to_zoned(jiff::tz::TimeZone::UTC).date()))
                }
            };
            narrowed.extend(wanted.map(|wanted| Narrow::By(filter, wanted)));
        }
        narrowed
    }

    /// Parameters that the list does not have. A list that is not narrowed as it was meant to be is worse than none.
    fn unknown(&mut self, list: &'static List, is_ignored: bool) {
        if is_ignored {
            return;
        }
        let known: Vec<&str> =
            COMMON.iter().map(|common| common.name).chain(list.filters.iter().map(|filter| filter.name)).collect();
        let mut unknown: Vec<&str> =
            self.query.iter().map(|(name, _)| name.as_str()).filter(|name| !known.contains(name)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for name in unknown {
            let name: String = name.chars().take(LONGEST_NAME).collect();
            let near = closest(&name, known.iter().copied());
            let help = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            self.problems.push(format!("this list has no parameter `{name}`{help}"));
        }
    }
}

/// So much of a name that nobody knows is repeated.
const LONGEST_NAME: usize = 60;

/// A whole number, which some clients write as `5.0`.
fn whole(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain(whole) && is_plain(fraction) && fraction.bytes().all(|byte| byte == b'0')).then(|| whole.parse().ok())?
}

/// The moment that a text names.
fn moment(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() {
        return None;
    }
    let (local, zone) = zoned(text);
    let local: DateTime = finest(local).parse().ok()?;
    format!("{local}{zone}").parse().ok()
}

/// A text without its zone, and the zone. A plus that was not encoded comes as a blank.
fn zoned(text: &str) -> (&str, String) {
    /// A day, a time and an offset.
    const SHORTEST: usize = "2026-11-24T09:30:00+01:00".len();
    const DAY: usize = "2026-11-24".len();
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return (local, "Z".to_owned());
    }
    let Some(at) = text.len().checked_sub("+01:00".len()).filter(|at| *at >= DAY) else {
        return (text, "Z".to_owned());
    };
    let (local, offset) = text.split_at(at);
    let is_offset = offset.as_bytes()[3] == b':';
    match offset.as_bytes()[0] {
        b'+' | b'-' if is_offset => (local, offset.to_owned()),
        b' ' if is_offset && text.len() >= SHORTEST => (local, offset.replacen(' ', "+", 1)),
        _ => (text, "Z".to_owned()),
    }
}

/// A text with no more digits of a second than there can be.
fn finest(text: &str) -> String {
    const DIGITS: usize = 9;
    match text.split_once('.') {
        Some((before, digits)) if digits.len() > DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}.{}", &digits[..DIGITS])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{APPLICATIONS, CANDIDATES, JOBS, LISTS, USERS};

    fn asked(model: &crate::model::Model, query: &str) -> Result<PageQuery, String> {
        let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        page_query(List::of(model), &query)
    }

    #[test]
    fn what_the_clients_send_is_understood() {
        let usual = asked(&USERS, "page_size=100&include_deleted=false&ignore_unsupported_filters=false").unwrap();
        assert_eq!((usual.page_size, usual.include_deleted, usual.narrowed.len()), (100, false, 0));
        let none = asked(&USERS, "").unwrap();
        assert_eq!((none.page_size, none.cursor, none.updated_after), (100, None, None));
        let floats = asked(&USERS, "page_size=5.0&include_deleted=true&ignore_unsupported_filters=true").unwrap();
        assert_eq!((floats.page_size, floats.include_deleted, floats.ignore_unsupported_filters), (5, true, true));
        let lists = asked(&JOBS, "statuses=OPEN%2CCLOSED&name_contains=a+b%20c&ids=x,y&status=OPEN").unwrap();
        let narrowed = format!(
            "{:?}",
            lists
                .narrowed
                .iter()
                .map(|narrow| match narrow {
                    Narrow::By(filter, wanted) => format!("{} {wanted:?}", filter.name),
                    other => format!("{other:?}"),
                })
                .collect::<Vec<_>>()
        );
        assert_eq!(
            narrowed,
            r#"["Ids([\"x\", \"y\"])", "statuses Texts([\"OPEN\", \"CLOSED\"])", "status Texts([\"OPEN\"])", "name_contains Texts([\"a b c\"])"]"#
        );
        let cursor = asked(&USERS, "cursor=a%2Bb%2F%3D").unwrap();
        assert_eq!(cursor.cursor.as_deref(), Some("a+b/="));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let problems = asked(
            &CANDIDATES,
            "page_size=251&include_deleted=yes&updated_after=soon&email=a&email=b&first_nam=x&remote_created_after=1",
        )
        .unwrap_err();
        assert_eq!(
            problems,
            "`page_size` has to be a whole number from 1 to 250; `updated_after` has to be a date, or a date and a time, \
             such as `2026-11-24T09:30:00.000Z`; `include_deleted` has to be `true` or `false`; `email` is given 2 times; \
             give it once; this list has no parameter `first_nam`; did you mean `first_name`?; this list has no parameter \
             `remote_created_after`"
        );
        assert!(asked(&CANDIDATES, "ignore_unsupported_filters=true&anything=1").is_ok());
        for wrong in ["0", "-1", "5.5", "1e1", "", "4294967297", "1.", ".0", "٣"] {
            assert!(asked(&USERS, &format!("page_size={wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_are_understood_in_all_forms_of_the_contract() {
        for (text, expected) in [
            ("2024-05-06T03:04:05.678Z", "2024-05-06T03:04:05.678Z"),
            ("2024-05-06T03:04:05.678000Z", "2024-05-06T03:04:05.678Z"),
            ("2024-05-06T03:04:05.678000000000001Z", "2024-05-06T03:04:05.678Z"),
            ("2024-05-06T03:04:05", "2024-05-06T03:04:05Z"),
            ("2024-05-06 03:04:05", "2024-05-06T03:04:05Z"),
            ("2024-05-06T03:04:05+02:00", "2024-05-06T01:04:05Z"),
            ("2024-05-06T03:04:05 02:00", "2024-05-06T01:04:05Z"),
            ("2024-05-06T03:04:05.5-02:30", "2024-05-06T05:34:05.5Z"),
            ("2024-05-06", "2024-05-06T00:00:00Z"),
            ("2024-05-06Z", "2024-05-06T00:00:00Z"),
            ("2024-05-06+02:00", "2024-05-05T22:00:00Z"),
        ] {
            assert_eq!(moment(text), Some(expected.parse().unwrap()), "{text}");
        }
        for wrong in [
            "",
            "Z",
            "2024-13-01",
            "2024-05-06T25:00:00Z",
            "1700000000",
            "now",
            "2024-05-06T03:04:05+99:00",
            "２０２４",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
        let day = asked(&APPLICATIONS, "remote_created_after=2024-05-06T01:00:00%2B02:00").unwrap();
        let [Narrow::By(_, wanted)] = &day.narrowed[..] else { panic!("{day:?}") };
        assert_eq!(*wanted, Wanted::From(jiff::civil::date(2024, 5, 5)));
    }

    proptest! {
        #[test]
        fn no_query_is_too_strange(list in 0..5_usize, query in prop::collection::vec(("[a-z_]{0,12}", "\\PC{0,30}"), 0..6)) {
            let _ = page_query(&LISTS[list], &query);
        }

        #[test]
        fn no_moment_is_too_strange(text in "[0-9TZ:.+ -]{0,35}") {
            let _ = moment(&text);
        }
    }
}
