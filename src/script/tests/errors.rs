//! What a failed call says.

use super::*;

fn fail(text: &str) -> CallError {
    call(text, vec![]).unwrap_err()
}

#[test]
fn the_stack_is_told_from_the_inside() {
    let text = "fn f() {\n    middle(1)\n}\nfn middle(x) {\n    let y = inner(x);\n    y\n}\nfn inner(x) {\n    throw \"no\"\n}";
    let error = fail(text);
    assert_eq!(error.to_string(), "no (test.rhai:9:5, in `inner`, called by `middle` at 5:13, called by `f` at 2:5)");
    assert_eq!((error.message.as_str(), error.file(), error.position()), ("no", "test.rhai", Some((9, 5))));
    let places: Vec<_> = error.stack.iter().map(|frame| (frame.function.as_deref().unwrap(), frame.position)).collect();
    assert_eq!(places, [("inner", Some((9, 5))), ("middle", Some((5, 13))), ("f", Some((2, 5)))]);
}

#[test]
fn a_recursion_is_folded() {
    let error = fail("fn f() { g(20) }\nfn g(n) { if n == 0 { throw \"deep\" } g(n - 1) }");
    assert_eq!(error.to_string(), "deep (test.rhai:2:23, in `g` 21 deep, called by `f` at 1:10)");
}

#[test]
fn a_long_stack_is_cut() {
    let mut text = String::from("fn f() { f1() }\n");
    for n in 1..20 {
        text.push_str(&format!("fn f{n}() {{ f{}() }}\n", n + 1));
    }
    text.push_str("fn f20() { throw \"deep\" }\n");
    let error = fail(&text);
    assert_eq!((error.stack.len(), error.more), (8, 13));
    assert!(error.to_string().ends_with("and 13 more)"), "{error}");
}

#[test]
fn a_closure_is_a_frame() {
    let error = fail("fn f() {\n  [1, 2].map(|x| x.nothing)\n}");
    assert!(
        error.to_string().contains("test.rhai:2:20, in a closure, called by `map` at 2:10, called by `f` at 2:10"),
        "{error}"
    );
}

#[test]
fn every_limit_says_its_name_and_where() {
    for (text, message, place) in [
        ("fn f() {\n  g()\n}\nfn g() {\n  loop { }\n}", "`operations`", "5:3, in `g`, called by `f` at 2:3"),
        ("fn f() {\n  let n = 0;\n  loop { n += 1; }\n}", "`operations`", "3:1"),
        (
            "fn f() {\n  g()\n}\nfn g() { h() }\nfn h() { g() }",
            "`call_depth`",
            "in `h`, called by `g` at 4:10, called by `h` at 5:10",
        ),
        ("fn f() {\n  let s = \"x\";\n  loop { s += s; }\n}", "`string`", "3:1"),
        ("fn f() {\n  let a = [1];\n  loop { a += a; }\n}", "`array`", "3:1"),
        (
            "fn f() {\n  let s = \"x\"; s.pad(1000000, \"x\");\n  let m = #{};\n  for i in 0..1000 { m[`k${i}`] = s + i; }\n}",
            "`memory`",
            "4:",
        ),
        ("fn f() {\n  let a = [];\n  for i in 0..20000 { a = [take(a)]; }\n}", "nested", "3:"),
    ] {
        let error = fail(text);
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(
            error.to_string().contains(&format!("test.rhai:{place}")) || error.to_string().contains(place),
            "{text}: {error}"
        );
    }
}

#[test]
fn limits_are_those_of_the_connector() {
    let limits = Limits { map: 100, call_depth: 5, operations: 2000, ..Limits::default() };
    for (text, message) in [
        (
            "fn f() { let m = #{}; for i in 0..101 { m.set(`k${i}`, 1); } }",
            "a map of more than 100 entries; raise `map`",
        ),
        ("fn f() { g(5) } fn g(n) { if n == 0 { 1 } else { g(n - 1) } }", "more than 5 deep; raise `call_depth`"),
        ("fn f() { for i in 0..1000 { i + 1; } }", "more than 2000 operations; raise `operations`"),
    ] {
        let (library, problems) = library_within(text, &limits);
        assert_eq!(problems, Vec::<String>::new());
        let error = library.caller().call("f", || vec![].into(), |_| {}).unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(call(text, vec![]).is_ok(), "{text}");
    }
}

#[test]
fn a_closure_that_uses_what_is_worked_on_is_told_so() {
    let error = fail("fn f() {\n    let a = [1, 2];\n    a.map(|x| a.len())\n}");
    assert!(error.message.contains("copy it into another variable"), "{error}");
    assert_eq!(error.position().map(|(line, _)| line), Some(3), "{error}");
}

#[test]
fn anything_can_be_thrown() {
    for (value, message) in [
        ("\"no\"", "no"),
        ("\"\"", "a script threw an empty text"),
        ("()", "a script threw `()`"),
        ("12", "a script threw 12"),
        ("#{ message: \"no salary\", code: 3 }", "no salary"),
        ("#{ code: 3 }", "a script threw a map"),
        ("[1, 2]", "a script threw a value of the type array"),
        ("Fn(\"f\")", "a script threw a value of the type Fn"),
        ("\"line\\none\"", "line one"),
    ] {
        let error = fail(&format!("fn f() {{ throw {value} }}"));
        assert_eq!(error.message, message, "{value}");
        assert_eq!(error.position(), Some((1, 10)), "{value}");
    }
    let error = fail("fn f() { let s = \"x\"; s.pad(100000, \"x\"); throw s }");
    assert!(error.message.len() < 400);
}

#[test]
fn what_is_caught_does_not_fail() {
    assert_eq!(call("fn f() { try { throw 1 } catch(e) { return e + 1; } }", vec![]).unwrap().as_int(), Ok(2));
    let error = fail("fn f() { loop { try { loop { } } catch { } } }");
    assert!(error.message.contains("`operations`"), "limits are not caught: {error}");
}
