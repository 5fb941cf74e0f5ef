use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{Dynamic, FnArgsVec};

use super::super::{Limits, Scripts};
use super::*;
use crate::diagnostics::{Problems, SourceFile, Span};
use crate::table::Table;
use crate::yaml::Located;

fn evaluate(expression: &str) -> Result<String, String> {
    let problems = Problems::new();
    let table = |name: &str, text: &str| {
        (name.to_owned(), Table::parse(name, &SourceFile::new("table.yaml", text), &problems).map(Arc::new))
    };
    let tables = Tables::from([
        table("levels", "keywords:\n  SENIOR: [senior]\n  JUNIOR: [junior]\n"),
        table("colours", "lookup:\n  red: [rood]\n"),
    ]);
    let file = SourceFile::new("test.rhai", format!("fn f() {{ {expression} }}"));
    let files = BTreeMap::from([("test".to_owned(), Some(file))]);
    let scripts = Scripts::compile(&files, &tables, &Limits::default(), &problems);
    let wanted = Located { value: "test".to_owned(), span: Span { start: 0, end: 4 } };
    let library = scripts.library(&[(&SourceFile::new("m.yaml", "test"), &wanted)], &problems);
    assert_eq!(problems.count(), 0, "{expression}: {}", problems.into_result::<()>(None).unwrap_err());
    let result = library.caller().call("f", FnArgsVec::new, |_| {});
    result.map(|value: Dynamic| format!("{value:?}")).map_err(|error| error.to_string())
}

#[test]
fn every_example_is_true() {
    for function in functions() {
        assert!(!function.examples.is_empty(), "{}", function.name);
        for (expression, expected) in function.examples {
            assert_eq!(evaluate(expression), evaluate(expected), "{expression}");
        }
    }
}

#[test]
fn nothing_comes_of_nothing() {
    for function in functions() {
        for (at, parameter) in function.parameters.iter().enumerate() {
            let argument = |parameter: &Parameter| match parameter.kind {
                Kind::Text if function.name == "lookup" => r#""colours""#,
                Kind::Text | Kind::Any => r#""levels""#,
                Kind::Integer => "1",
                Kind::List => "[]",
            };
            let mut arguments: Vec<&str> = function.parameters.iter().map(argument).collect();
            arguments[at] = "()";
            let call = format!("{}({})", function.name, arguments.join(", "));
            let result = evaluate(&call);
            if parameter.kind == Kind::Any {
                assert!(result.is_ok(), "{call}: {result:?}");
            } else {
                assert_eq!(result, Ok("()".to_owned()), "{call}");
            }
        }
    }
}

#[test]
fn an_argument_of_another_kind_is_told() {
    assert_eq!(
        evaluate("email(12)").unwrap_err(),
        "`text` of `email` is a text, not a whole number (test.rhai:1:10, in `f`)"
    );
    assert_eq!(
        evaluate(r#"add_days("2026-11-20", 1.5)"#).unwrap_err(),
        "`days` of `add_days` is a whole number, not a number (test.rhai:1:10, in `f`)"
    );
    assert_eq!(evaluate(r#"add_days("2026-11-20", 1.0)"#).unwrap(), r#""2026-11-21""#);
}

#[test]
fn what_no_argument_can_be_is_told() {
    for (call, message) in [
        (r#"let table = "levels"; lookup(table, "x")"#, "use `keyword`"),
        (r#"date_part("2026-11-20", "yaer")"#, "did you mean `year`?"),
        (r#"url_part("example.org", "pth")"#, "did you mean `path`?"),
        (r#"to_zone("2026-11-20T10:00:00Z", "Europe/Atlantis")"#, "no time zone `Europe/Atlantis`"),
        (r#"let a = "x"; a.pad(600000, "x"); html_to_text(a)"#, "512 KiB"),
    ] {
        let error = evaluate(call).unwrap_err();
        assert!(error.contains(message), "{call}: {error}");
    }
}

#[test]
fn extreme_dates_are_none() {
    for call in [
        r#"add_days("2026-11-20", 9000000000)"#,
        r#"add_months("2026-11-20T10:00:00.000Z", -9223372036854775807)"#,
        r#"add_days("9999-12-31", 1)"#,
    ] {
        assert_eq!(evaluate(call).unwrap(), "()", "{call}");
    }
}

#[test]
fn names_are_of_one_function_each() {
    let names: BTreeSet<&str> = functions().map(|function| function.name).collect();
    assert_eq!(names.len(), functions().count());
}
