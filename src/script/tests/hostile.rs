//! Scripts that want to harm. Each is stopped soon, in bounded memory, and its place is told.

use std::time::{Duration, Instant};

use super::*;

/// A call is stopped within this time, on a busy machine and in a debug build too; nearly all are within a hundredth.
const SOON: Duration = Duration::from_secs(6);

/// Scripts that run into a limit or a refusal when `f` is called.
const RUNAWAYS: &[&str] = &[
    // Time and operations.
    "fn f() { loop { } }",
    "fn f() { while true { 1 + 1; } }",
    "fn f() { do { } while true }",
    "fn f() { for i in 0..9223372036854775807 { let x = i; } }",
    "fn f() { for i in range(0, 9223372036854775807, 1) { i } }",
    "fn f() { let a = []; a.pad(20000, 0); a.map(|x| { let b = []; b.pad(20000, 0); b.map(|y| { let c = []; c.pad(20000, 0); c.map(|z| z) }) }) }",
    "fn f() { let a = []; a.pad(20000, 0); a.for_each(|| { let n = 1; while n > 0 { n += 1; } }) }",
    "fn f() { let a = []; a.pad(20000, 1); a.sort(|x, y| { let b = []; b.pad(20000, 1); b.sort(|x, y| y - x); x - y }) }",
    "fn f() { let a = []; a.pad(20000, 0); a.dedup(|x, y| { loop { } }) }",
    "fn f() { let a = []; a.pad(20000, 0); loop { a.reduce(|sum, x| sum + x, 0); } }",
    "fn f() { try { loop { } } catch { loop { } } }",
    "fn f() { let s = \"ab\"; s.pad(400000, \"ab\"); loop { s.index_of(\"b\" + s); } }",
    // Depth.
    "fn f() { f() }",
    "fn f() { g() } fn g() { h() } fn h() { f() }",
    "fn f() { [1].map(|x| f()) }",
    "fn f() { let g = |h| h.call(h); g.call(g) }",
    "fn f() { 1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + f()))))))))) }",
    "fn f() { [[[[[[f()]]]]]] }",
    "fn f() { if true { if true { if true { if true { if true { if true { if true { f() } } } } } } } }",
    "fn f() { #{ a: #{ a: #{ a: #{ a: #{ a: #{ a: [1].map(|x| f()) } } } } } } }",
    "fn f() { [1].map(|x| [1].map(|x| [1].map(|x| f()))) }",
    "fn f() { [1].map(|a| [2].filter(|b| f())) }",
    "fn f() { if true { if true { [[[1].map(|x| [[f()]])]] } } }",
    "fn f() { let g = |x| f(); [1].map(|x| [2].map(|y| g.call(x) + (1 + (1 + (1 + (1 + (1 + f()))))))) }",
    "fn f() { [1].map(|x| [2].filter(|y| [3].some(|z| [4].all(|w| f())))) }",
    // Size.
    "fn f() { let s = \"x\"; loop { s += s; } }",
    "fn f() { let s = \"x\"; loop { s = `${s}${s}`; } }",
    "fn f() { let s = \"x\"; s.pad(9000000000, \"x\") }",
    "fn f() { let s = \"x\"; s.pad(100000, \"x\"); s.replace(\"x\", s); s.len() }",
    "fn f() { let s = \"x\"; s.pad(100000, \"x\"); s.replace(\"\", s); s.len() }",
    "fn f() { let s = \"x\"; s.pad(100000, \"x\"); s.replace('x', s); s.len() }",
    "fn f() { let s = \"x\"; s.pad(4000000, \"x\"); s.split(\"\"); s.to_blob() + s.chars() }",
    "fn f() { let a = []; loop { a.push(a); } }",
    "fn f() { let a = [0]; loop { a += a; } }",
    "fn f() { let a = [0]; loop { a.append(a); } }",
    "fn f() { let a = []; a.pad(9000000000, 0) }",
    "fn f() { let a = []; a.pad(19000, 0); a.pad(20000, a) }",
    "fn f() { let a = [0]; loop { a.splice(0, 0, a); } }",
    "fn f() { let m = #{}; for i in 0..1000000 { m.set(i.to_string(), i); } }",
    "fn f() { let b = blob(9000000000); b }",
    "fn f() { let s = \"x\"; loop { s = s.to_debug(); } }",
    "fn f() { let s = \"x\"; s.pad(1000000, \"x\"); let m = #{}; for i in 0..10000 { m[`k${i}`] = s + i; } }",
    "fn f() { let s = \"x\"; s.pad(1000000, \"x\"); let a = []; a.pad(10000, 0); for i in 0..10000 { a[i] = s + i; } }",
    "fn f() { let a = []; a.pad(20000, 0); let m = #{}; for i in 0..10000 { m[`k${i}`] = a; } }",
    "fn f() { let a = []; a.pad(20000, 0); let m = #{}; loop { m.x = a; m.y = m; } }",
    // Depth of values, which copying, showing and dropping them would follow.
    "fn f() { let a = []; loop { a = [take(a)]; } }",
    "fn f() { let m = #{}; loop { let n = #{}; n.a = take(m); m = n; } }",
    "fn f() { let m = #{}; loop { m = #{ a: #{ a: #{ a: #{ a: #{ a: #{ a: take(m) } } } } } }; } }",
    "fn f() { let a = []; for i in 0..100 { a = [[[[[take(a)]]]]]; } a.to_debug(); loop { } }",
    "fn f() { let p = Fn(\"f\"); loop { p = Fn(\"f\").curry(p); } }",
    // What is not there.
    "fn f() { Fn(\"sleep\").call(10) }",
    "fn f() { Fn(\"eval\").call(\"1\") }",
    "fn f() { \"x\".call(\"y\") }",
    "fn f() { parse_json(\"[[[\") }",
    "fn f() { let s = \"[\"; s.pad(1000000, \"[\"); parse_json(s) }",
    // Numbers.
    "fn f() { 9223372036854775807 + 1 }",
    "fn f() { 1 / 0 }",
    "fn f() { 10 ** 1000 }",
    "fn f() { [1, 2, 3][9223372036854775807] }",
];

#[test]
fn runaways_are_stopped_and_their_place_is_told() {
    let mut wrong = Vec::new();
    for text in RUNAWAYS {
        let (library, problems) = library(&format!("{text}\nfn fine(x) {{ x + 1 }}"));
        if !problems.is_empty() {
            wrong.push(format!("{text}: {problems:?}"));
            continue;
        }
        let started = Instant::now();
        let mut caller = library.caller();
        let error = caller.call("f", || vec![].into(), |_| {}).map(|value| value.type_name()).err();
        let took = started.elapsed();
        let is_told = |error: &CallError| {
            let line = error.to_string();
            error.position().is_some() && error.file() == "test.rhai" && line.len() < 1500 && !line.contains('\n')
        };
        if took > SOON || !error.as_ref().is_some_and(is_told) {
            wrong.push(format!("{text}: {error:?} after {took:?}"));
        }
        let next = caller.call("fine", || vec![Dynamic::from(1_i64)].into(), |_| {});
        assert_eq!(next.unwrap().as_int(), Ok(2), "{text}");
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(most_memory().filter(|mib| *mib > 1500), None, "MiB");
}

#[test]
fn the_deepest_calls_that_can_be_allowed_fit_the_stack() {
    // What threads have where nothing else is said.
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(recurse_within_the_ceiling).unwrap().join().unwrap();
}

fn recurse_within_the_ceiling() {
    let limits = Limits { call_depth: Limits::CEILING.call_depth, ..Limits::default() };
    let recursions = RUNAWAYS.iter().filter(|text| text.contains("f()") && text.matches("f()").count() > 1);
    assert!(recursions.clone().count() > 8, "they were found");
    for text in recursions {
        let (library, problems) = library_within(text, &limits);
        assert_eq!(problems, Vec::<String>::new(), "{text}");
        let error = library.caller().call("f", || vec![].into(), |_| {}).unwrap_err();
        assert!(error.message.starts_with("called functions "), "{text}: {error}");
    }
}

/// The most memory that this process ever had, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

#[test]
fn contradicting_comparisons_do_no_harm() {
    let text = "fn f() {
        let a = []; for i in 0..1000 { a.push((i * 7919) % 3001); }
        a.sort(|x, y| 1); a.sort(|x, y| x % 3 - y % 2); a.sort(|x, y| true);
        let b = a.map(|x| if x % 3 == 0 { 0.0 / 0.0 } else { x.to_float() });
        b.sort(); b.sort_desc();
        let c = [3, 1, 2];
        let d = [1, 1, 2, 3, 3, 1]; d.dedup(|x, y| x == y); if d != [1, 2, 3, 1] { throw d.to_string() }
        [a.len(), b.len(), c.order().to_string(), c.order(|x, y| y - x).to_string(), c.order_desc().to_string()].to_string()
    }";
    let result = call(text, vec![]).unwrap().into_string().unwrap();
    assert_eq!(result, r#"[1000, 1000, "[1, 2, 3]", "[3, 2, 1]", "[3, 2, 1]"]"#);
    let error = call("fn f() { [2, 1].sort(|x, y| throw \"no order\") }", vec![]).unwrap_err();
    assert!(error.message.contains("no order"), "{error}");
}

#[test]
fn texts_of_any_depth_are_refused_or_read() {
    let deep = 100_000;
    let mut wrong = Vec::new();
    for (open, core, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("#{a:", "1", "}"),
        ("if true {", "1", "}"),
        ("loop {", "break", "}"),
        ("-", "1", ""),
        ("!", "true", ""),
        ("1 + ", "1", ""),
        ("1 - (", "1", ")"),
        ("x.", "y", ""),
        ("x[", "0", "]"),
        ("x?.", "y", ""),
        ("x ?? ", "1", ""),
        ("true && ", "true", ""),
        ("1 == ", "1", ""),
        ("|x| ", "x", ""),
        ("|x| { ", "x", "}"),
        ("if x { 1 } else ", "{ 2 }", ""),
        ("switch x { 1 => ", "1", "}"),
        ("`${", "1", "}`"),
        ("/* ", "1", " */"),
        ("f(", "1", ")"),
        ("return ", "1", ""),
        ("throw ", "1", ""),
        ("try {", "1", "} catch {}"),
        ("x = ", "1", ""),
        ("x.f(", "1", ")"),
        ("let x = ", "1", ""),
        ("const x = ", "1", ""),
        ("1 in ", "1", ""),
        ("x::", "x()", ""),
        ("while x ", "{}", ""),
        ("do ", "{} while x", ""),
        ("for i in x ", "{}", ""),
        ("import \"x\" as x; ", "1", ""),
    ] {
        for depth in [30, 60, 250, 1000, deep] {
            let text = format!("fn f(x) {{ {}{core}{} }}", open.repeat(depth), close.repeat(depth));
            let started = Instant::now();
            let (library, problems) = library(&text);
            if problems.is_empty() {
                let _ = library.caller().call("f", || vec![Dynamic::from(1_i64)].into(), |_| {});
            }
            let took = started.elapsed();
            if took > SOON || (depth == deep && problems.is_empty() && open != "/* ") {
                wrong.push(format!("{depth} {open} after {took:?}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_reaches_out_is_refused() {
    for (text, expected) in [
        ("fn f() { sleep(10) }", "M0403"),
        ("fn f() { exit(1) }", "M0403"),
        ("fn f() { eval(\"1\") }", "M0405"),
        ("fn f() { timestamp() }", "M0403"),
        ("fn f() { rand() }", "M0403"),
        ("fn f() { open(\"/etc/passwd\") }", "M0403"),
        ("fn f() { env(\"HOME\") }", "M0403"),
        ("fn f() { this.x = 1; }", "M0410"),
        ("fn f() { [1].for_each(|| this = 2) }", "M0410"),
        ("import \"../../etc/passwd\" as p; fn f() { 1 }", "M0401"),
        ("export f; fn f() { 1 }", "M04"),
    ] {
        let (_, problems) = library(text);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{text}: {problems:?}");
    }
}

#[test]
fn reports_and_lines_are_bounded() {
    let (library, _) =
        library("fn f() { for i in 0..5000 { unknown(\"x\", i); log(`line ${i}`); print(i); debug(i); } }");
    let mut heard = Vec::new();
    library.caller().call("f", || vec![].into(), |text| heard.push(text)).map(drop).unwrap();
    assert_eq!(heard.len(), 100);
    assert_eq!(heard[99], "unknown x: `99`");
}

#[test]
fn a_stopped_call_reports_once() {
    let (library, _) = library("fn f() { unknown(\"x\", 1); loop { } }");
    let mut caller = library.caller();
    let mut heard = Vec::new();
    caller.call("f", || vec![].into(), |text| heard.push(text)).unwrap_err();
    assert_eq!(heard, ["unknown x: `1`"]);
}
