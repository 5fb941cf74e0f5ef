mod errors;
mod hostile;
mod imports;
mod names;
mod unused;

use rhai::Dynamic;

use super::*;
use crate::table::Table;

pub(super) fn library(text: &str) -> (Library, Vec<String>) {
    library_within(text, &Limits::default())
}

fn library_within(text: &str, limits: &Limits) -> (Library, Vec<String>) {
    let problems = Problems::new();
    let table = SourceFile::new("kinds.yaml", "keywords:\n  A: [alpha]\n");
    let tables = Tables::from([("kinds".into(), Table::parse("kinds", &table, &problems).map(Arc::new))]);
    let file = SourceFile::new("test.rhai", text);
    let files = BTreeMap::from([("test".to_owned(), Some(file))]);
    let scripts = Scripts::compile(&files, &tables, limits, &problems);
    let mapping = SourceFile::new("m.yaml", "test");
    let wanted = Located { value: "test".to_owned(), span: Span { start: 0, end: 4 } };
    let library = scripts.library(&[(&mapping, &wanted)], &problems);
    let report = problems.into_result::<()>(None).unwrap_err();
    (library, report.problems.iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect())
}

fn call(text: &str, arguments: Vec<Dynamic>) -> Result<Dynamic, CallError> {
    let (library, problems) = library(text);
    assert_eq!(problems, Vec::<String>::new());
    library.caller().call("f", || arguments.clone().into(), |_| {})
}

#[test]
fn a_function_sees_its_arguments_and_the_tables() {
    assert_eq!(call("fn f(a, b) { a + b }", vec![2.into(), 3.into()]).unwrap().as_int(), Ok(5));
    let found = call(r#"fn f(t) { keyword("kinds", t) ?? "none" }"#, vec!["The Alpha".into()]).unwrap();
    assert_eq!(found.into_string().unwrap(), "A");
    assert!(call(r#"fn f(t) { keyword("kinds", t) }"#, vec![Dynamic::UNIT]).unwrap().is_unit());
}

#[test]
fn what_is_unknown_is_handed_over_and_null() {
    let (library, _) = library(r#"fn f(t) { unknown("contract type", t) }"#);
    let mut heard = Vec::new();
    let result = library.caller().call("f", || vec![Dynamic::from("odd")].into(), |text| heard.push(text)).unwrap();
    assert!(result.is_unit());
    assert_eq!(heard, ["unknown contract type: `odd`"]);
}

#[test]
fn a_throw_says_where() {
    let error =
        call("fn f(a) {\n  if a < 0 { throw \"no salary is negative\"; }\n  a\n}", vec![(-1_i64).into()]).unwrap_err();
    assert_eq!(error.to_string(), "no salary is negative (test.rhai:2:14, in `f`)");
}

#[test]
fn mistakes_are_found_without_running() {
    for (text, expected) in [
        ("fn f( { }", "M0405"),
        ("let x = 1; fn f() { x }", "M0405"),
        ("fn f() { 1 } f();", "M0406"),
        ("fn f(a) { if false { nonsense(a) } }", "M0403: there is no function `nonsense`"),
        ("fn f(a) { g(a, 1) } fn g(a) { a }", "M0404: `g` does not take 2 arguments"),
        ("fn f(a) { a.trimm() }", "M0403"),
        ("fn f(a) { eval(a) }", "M0405"),
    ] {
        let (_, problems) = library(text);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{text}: {problems:?}");
    }
}

#[test]
fn a_call_is_checked_by_name_and_arity() {
    let (library, _) = library("fn salary(from, to) { from }");
    let problems = Problems::new();
    let mapping = SourceFile::new("m.yaml", "salery");
    let others = SourceFile::new("other.rhai", "fn wages() { 1 }");
    let files = BTreeMap::from([("other".to_owned(), Some(others))]);
    let others = Scripts::compile(&files, &Tables::new(), &Limits::default(), &problems);
    let at = |name: &str| Located { value: name.to_owned(), span: Span { start: 0, end: 6 } };
    assert!(library.check(&at("salary"), 2, &others, &mapping, &problems));
    assert!(!library.check(&at("salary"), 1, &others, &mapping, &problems));
    assert!(!library.check(&at("salery"), 2, &others, &mapping, &problems));
    assert!(!library.check(&at("wages"), 0, &others, &mapping, &problems));
    let report = problems.into_result::<()>(None).unwrap_err();
    let help: Vec<_> = report.problems.iter().map(|problem| problem.help.as_deref().unwrap()).collect();
    assert_eq!(
        help,
        [
            "its parameters are (from, to)",
            "did you mean `salary`?",
            "add `other` to `scripts`: it defines this function"
        ]
    );
}

#[test]
fn tables_that_a_script_names_are_there() {
    let (_, problems) = library(r#"fn f(t) { keyword("kind", t) ?? lookup("kinds", t) ?? keyword(t, t) }"#);
    assert_eq!(problems, ["M0301: there is no table `kind`", "M0301: `kinds` is a keyword table"]);
}
