use super::evaluate::matches_pattern;
use super::*;
use crate::sandbox::data::Value;
use proptest::prelude::*;
use std::collections::HashMap;

fn parse(text: &str) -> Result<Qualifier, SyntaxError> {
    super::parse(text, WallClock::Amsterdam)
}

#[derive(Debug)]
struct Row(HashMap<String, Vec<Value>>);

impl Rows for Row {
    fn values(&self, path: &str) -> Vec<Value> {
        self.0.get(path).cloned().unwrap_or_else(|| vec![Value::Null])
    }
}

fn row<const N: usize>(fields: [(&str, Vec<Value>); N]) -> Row {
    Row(fields.map(|(name, values)| (name.to_owned(), values)).into())
}

fn finds(qualifier: &str, row: &Row) -> bool {
    evaluate(&parse(qualifier).unwrap(), row) == Some(true)
}

#[test]
fn the_filters_seen_in_client_code_parse() {
    for text in [
        "toStatusNode.parentNodes.value = 'CandidateActiveTag'",
        "toMedium.code = 'web' AND publicationStart <= (NSCalendarDate)'2026-01-01 00:00:00' AND \
         (publicationEnd > (NSCalendarDate)'2026-01-01 00:00:00' OR publicationEnd = nil)",
        "toVacancy.isOpenApplication = 0",
        "modificationDate >= (NSCalendarDate)'2026-04-28 00:00:00 Etc/GMT'",
        "toStatusNode.tag == \"JobActiveTag\"",
        "parentNode == nil",
        "name caseInsensitiveLike '*van*' or not (deleted = (NSNumber) 1)",
    ] {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn errors_say_where() {
    for (text, message) in [
        ("", "qualifier: expected a key path at character 1"),
        ("deleted", "qualifier: expected an operator at character 8"),
        ("deleted = ", "qualifier: expected a value at character 11"),
        ("deleted = 0 deleted = 1", "qualifier: expected `AND`, `OR` or the end at character 13"),
        ("(deleted = 0", "qualifier: expected `)` at character 13"),
        ("name = 'open", "qualifier: a text without its closing quote at character 8"),
        ("deleted => 0", "qualifier: unknown operator `=>` at character 9"),
        ("a..b = 1", "qualifier: expected a key path at character 1"),
        ("name like nil", "qualifier: `like` wants a text at character 11"),
        ("deleted IN (1)", "qualifier: expected an operator at character 9"),
        (
            "d > (NSCalendarDate) '2026-01-01'",
            "qualifier: expected a date such as '2026-01-31 00:00:00 Etc/GMT' at character 22",
        ),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
    }
    assert!(parse(&"(".repeat(100_000)).unwrap_err().problem.contains("nested too deeply"));
    assert!(parse(&"NOT ".repeat(100_000)).unwrap_err().problem.contains("nested too deeply"));
}

#[test]
fn and_binds_stronger_than_or() {
    let row = row([("a", vec![Value::Int(1)])]);
    assert!(finds("a = 1 OR a = 2 AND a = 3", &row));
    assert!(!finds("(a = 1 OR a = 2) AND a = 3", &row));
}

#[test]
fn any_value_of_a_to_many_path_may_fit() {
    let row = row([("urls.url", vec!["https://example.org".into(), "https://example.com".into()])]);
    assert!(finds("urls.url = 'https://example.com'", &row));
    assert!(finds("urls.url like '*.org'", &row));
    assert!(!finds("urls.url = 'https://example.net'", &row));
}

#[test]
fn an_absent_value_is_found_only_by_nil() {
    let row = row([]);
    assert!(finds("a = nil", &row));
    for text in ["a = 1", "a != 1", "NOT a = 1", "a < 1", "a like '*'", "a != nil"] {
        assert!(!finds(text, &row), "{text}");
    }
}

#[test]
fn the_id_finds_nothing() {
    let row = row([("_id", vec!["5".into()])]);
    assert!(!finds("_id = '5'", &row));
    assert!(!finds("_id != '7'", &row));
}

#[test]
fn patterns_have_two_wildcards() {
    for (pattern, text, fits) in [
        ("abc*", "abcdef", true),
        ("*def", "abcdef", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*b*d*", "abcde", true),
        ("*", "", true),
        ("", "a", false),
        ("**a", "ba", true),
    ] {
        assert_eq!(matches_pattern(pattern, text), fits, "{pattern} {text}");
    }
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Nil),
        "[a-zA-Z0-9 *?'é%]{0,8}".prop_map(Literal::Text),
        "[a-z \"]{0,6}".prop_map(Literal::Text),
        (-1_000_000_i64..1_000_000).prop_map(|number| Literal::Number(number as f64 / 4.0)),
        (0_i64..4_000_000_000).prop_map(|seconds| Literal::Date(Moment(seconds))),
    ]
}

fn comparison() -> impl Strategy<Value = Qualifier> {
    let operator = prop_oneof![
        Just(Operator::Equal),
        Just(Operator::NotEqual),
        Just(Operator::Less),
        Just(Operator::LessOrEqual),
        Just(Operator::Greater),
        Just(Operator::GreaterOrEqual),
    ];
    let pattern = prop_oneof![Just(Operator::Like), Just(Operator::CaseInsensitiveLike)];
    let path = prop_oneof![Just("a"), Just("b"), Just("many.c"), Just("many._d9")];
    prop_oneof![
        (path.clone(), operator, literal()).prop_map(|(path, operator, literal)| Qualifier::Compare {
            path: path.to_owned(),
            operator,
            literal
        }),
        (path, pattern, "[a-z*?]{0,6}").prop_map(|(path, operator, text)| Qualifier::Compare {
            path: path.to_owned(),
            operator,
            literal: Literal::Text(text)
        }),
    ]
}

fn qualifier() -> impl Strategy<Value = Qualifier> {
    comparison().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Qualifier::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Qualifier::Or),
            inner.prop_map(|inner| Qualifier::Not(Box::new(inner))),
        ]
    })
}

fn any_row() -> impl Strategy<Value = Row> {
    let value = prop_oneof![
        Just(Value::Null),
        (-4_i64..4).prop_map(Value::Int),
        "[a-c]{0,2}".prop_map(Value::from),
        (0_i64..4_000_000_000).prop_map(|seconds| Value::Date(Moment(seconds))),
    ];
    let path = prop_oneof![Just("a"), Just("b"), Just("many.c"), Just("many._d9")].prop_map(str::to_owned);
    proptest::collection::hash_map(path, proptest::collection::vec(value, 1..4), 0..4).prop_map(Row)
}

fn not(inner: Qualifier) -> Qualifier {
    Qualifier::Not(Box::new(inner))
}

proptest! {
    #[test]
    fn a_printed_qualifier_parses_to_itself(original in qualifier()) {
        let printed = original.to_string();
        prop_assert_eq!(parse(&printed), Ok(original), "{}", printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_row_of_tokens_makes_the_parser_panic(
        words in proptest::collection::vec(
            prop_oneof![
                Just("a"), Just("AND"), Just("OR"), Just("NOT"), Just("("), Just(")"), Just("="), Just("like"),
                Just("nil"), Just("'x'"), Just("12"), Just("(NSNumber)"), Just("(NSCalendarDate)"), Just("\"")
            ],
            0..14,
        )
    ) {
        let _ = parse(&words.join(" "));
    }

    #[test]
    fn de_morgan_holds(left in qualifier(), right in qualifier(), row in any_row()) {
        let not_both = not(Qualifier::And(vec![left.clone(), right.clone()]));
        let either_not = Qualifier::Or(vec![not(left.clone()), not(right.clone())]);
        prop_assert_eq!(evaluate(&not_both, &row), evaluate(&either_not, &row));
        let not_any = not(Qualifier::Or(vec![left.clone(), right.clone()]));
        let both_not = Qualifier::And(vec![not(left), not(right)]);
        prop_assert_eq!(evaluate(&not_any, &row), evaluate(&both_not, &row));
    }
}
