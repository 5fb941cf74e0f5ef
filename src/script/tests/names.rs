//! What scripts can reach.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::check;
use super::super::engine::Engines;
use super::*;

/// The names of all functions that a script can call, those of Rhai included.
fn names() -> BTreeSet<String> {
    let engines = Engines::new(&Tables::new(), &Limits::default());
    let native = check::native_functions(&engines.running).into_iter().map(|(name, _)| name);
    native.filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_')).collect()
}

/// A new release of Rhai that brings functions shows here.
#[test]
fn every_function_is_known() {
    let names: Vec<String> = names().into_iter().collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("script__functions", names.join("\n")));
}

#[test]
fn no_function_reaches_out_of_the_script() {
    let words = [
        "rand",
        "random",
        "shuffle",
        "sample",
        "uuid",
        "time",
        "timestamp",
        "now",
        "today",
        "clock",
        "elapsed",
        "sleep",
        "env",
        "var",
        "args",
        "exec",
        "spawn",
        "command",
        "shell",
        "open",
        "file",
        "read",
        "write",
        "path",
        "fetch",
        "http",
        "request",
        "socket",
        "connect",
        "eval",
        "exit",
        "import",
        "load",
        "input",
        "back_trace",
    ];
    let names = names();
    assert!(names.len() > 100, "the functions were listed");
    let found: Vec<&str> = words.into_iter().filter(|word| names.contains(*word)).collect();
    assert_eq!(found, Vec::<&str>::new());
}

#[test]
fn what_was_taken_away_is_not_reached_by_its_name_either() {
    for text in [
        r#"fn f() { Fn("sleep").call(1) }"#,
        r#"fn f() { Fn("sleep").call(1.5) }"#,
        r#"fn f() { Fn("exit").call() }"#,
        r#"fn f() { Fn("exit").call(12) }"#,
        r#"fn f() { let g = "exit"; call(Fn(g), "out") }"#,
        r#"fn f() { Fn("back_trace").call() }"#,
        r#"fn f() { Fn("get_fn_metadata_list").call("f") }"#,
    ] {
        let error = call(text, vec![]).unwrap_err();
        assert!(error.message.starts_with("a script has no `"), "{text}: {error}");
    }
    let error = call(r#"fn f() { Fn("eval").call("1 + 1") }"#, vec![]).unwrap_err();
    assert!(error.message.contains("eval"), "{error}");
}

#[test]
fn no_function_gives_something_else_the_second_time() {
    for (expression, _) in host::functions().flat_map(|function| function.examples) {
        if expression.contains("levels") || expression.contains("colours") {
            continue;
        }
        let text = format!("fn f() {{ {expression} }}");
        let once = format!("{:?}", call(&text, vec![]).unwrap());
        assert_eq!(once, format!("{:?}", call(&text, vec![]).unwrap()), "{expression}");
    }
}
