//! Scripts that import others.

use super::*;

/// Compiles scripts by their names; the mapping names the first.
fn load(scripts: &[(&str, &str)]) -> (Library, Vec<String>) {
    let problems = Problems::new();
    let file = |name: &str, text: &str| (name.to_owned(), Some(SourceFile::new(format!("{name}.rhai"), text)));
    let files = scripts.iter().map(|(name, text)| file(name, text)).collect();
    let compiled = Scripts::compile(&files, &Tables::new(), &Limits::default(), &problems);
    let wanted = Located { value: scripts[0].0.to_owned(), span: Span { start: 0, end: 1 } };
    let library = compiled.library(&[(&SourceFile::new("m.yaml", "main"), &wanted)], &problems);
    let report = problems.into_result::<()>(None).unwrap_err();
    let told = |problem: &Problem| match &problem.help {
        Some(help) => format!("{}: {} ({help})", problem.code, problem.message),
        None => format!("{}: {}", problem.code, problem.message),
    };
    (library, report.problems.iter().map(told).collect())
}

fn run(scripts: &[(&str, &str)], argument: i64) -> Result<Dynamic, CallError> {
    let (library, problems) = load(scripts);
    assert_eq!(problems, Vec::<String>::new());
    library.caller().call("f", || vec![argument.into()].into(), |_| {})
}

#[test]
fn functions_of_an_import_are_called_by_its_name() {
    let scripts = [
        ("main", "import \"money\" as money;\nfn f(x) { money::twice(x) + money::thrice(x) }"),
        (
            "money",
            "import \"basics\" as b;\nfn twice(x) { b::times(x, 2) }\nfn thrice(x) { own(x) }\nfn own(x) { b::times(x, 3) }",
        ),
        ("basics", "fn times(x, n) { x * n }"),
        ("other", "fn times(x, n) { 0 }"),
    ];
    for _ in 0..2 {
        assert_eq!(run(&scripts, 7).unwrap().as_int(), Ok(35));
    }
    let (library, _) = load(&scripts);
    let names: Vec<&str> = library.functions().iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["f"], "a mapping calls what it names itself");
}

#[test]
fn an_error_in_an_import_names_its_file() {
    let scripts = [
        ("main", "import \"money\" as money;\nfn f(x) { money::check(x) }"),
        ("money", "fn check(x) {\n  inner(x)\n}\nfn inner(x) {\n  throw \"no money\"\n}"),
    ];
    let error = run(&scripts, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no money (money.rhai:5:3, in `inner`, called by `check` at 2:3, called by `f` at main.rhai:2:18)"
    );
    let scripts = [("main", "import \"m\" as m;\nfn f(x) { m::stuck(x) }"), ("m", "fn stuck(x) {\n  loop { }\n}")];
    let error = run(&scripts, 1).unwrap_err();
    assert!(error.to_string().ends_with("(m.rhai:2:3, in `stuck`, called by `f` at main.rhai:2:14)"), "{error}");
}

#[test]
fn what_cannot_be_imported_is_told() {
    let money = ("money", "fn twice(x) { x * 2 }");
    for (text, expected) in [
        ("import \"monee\" as m; fn f(x) { x }", "M0401: there is no script `monee` (did you mean `money`?)"),
        ("import \"../money\" as m; fn f(x) { x }", "M0401: there is no script `../money`"),
        ("import \"/etc/passwd\" as m; fn f(x) { x }", "M0401: there is no script `/etc/passwd`"),
        ("import \"money.rhai\" as m; fn f(x) { x }", "M0401: there is no script `money.rhai`"),
        ("import \"main\" as m; fn f(x) { x }", "M0408: scripts import each other in a circle: `main` → `main`"),
        ("import \"mon\" + \"ey\" as m; fn f(x) { x }", "M0407: an import says the script and the name"),
        ("import \"money\"; fn f(x) { x }", "M0407: an import says the script and the name"),
        ("fn f(x) { import \"money\" as m; m::twice(x) }", "M0407: an import stands at the top of a script"),
        (
            "import \"money\" as m; fn f(x) { m::twise(x) }",
            "M0403: there is no function `m::twise` (did you mean `twice`?)",
        ),
        (
            "import \"money\" as m; fn f(x) { m::twice() }",
            "M0404: `twice` does not take 0 arguments (its parameters are (x))",
        ),
        ("import \"money\" as m; fn f(x) { twice(x) }", "M0403: there is no function `twice`"),
        ("fn f(x) { m::twice(x) }", "M0405"),
        ("import \"money\" as m; fn f(x) { m::twice }", "M0403: there is no value `m::twice`"),
        ("import \"money\" as m; fn f(x) { m::twice(x) } fn twice(x) { x }", "M0402: two scripts define `twice`"),
    ] {
        let (_, problems) = load(&[("main", text), money]);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{text}: {problems:?}");
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    }
}

#[test]
fn circles_and_names_of_two_scripts_are_told() {
    let (_, problems) = load(&[
        ("main", "import \"a\" as a; fn f(x) { a::g(x) }"),
        ("a", "import \"b\" as b; fn g(x) { b::h(x) }"),
        ("b", "import \"a\" as a; fn h(x) { a::g(x) }"),
    ]);
    assert_eq!(
        problems,
        [
            "M0408: scripts import each other in a circle: `a` → `b` → `a` (move what both need into a script of its own)"
        ]
    );
    let (_, problems) = load(&[
        ("main", "import \"a\" as x; fn f(y) { x::g(y) }"),
        ("a", "import \"b\" as x; fn g(y) { x::h(y) }"),
        ("b", "fn h(y) { y }"),
    ]);
    assert_eq!(
        problems,
        ["M0409: `x` means two scripts (call one of them differently: both files are used by one mapping)"]
    );
}

#[test]
fn an_imported_file_is_on_its_own() {
    let (_, problems) =
        load(&[("main", "import \"a\" as a; fn f(x) { a::g(x) } fn helper(x) { x }"), ("a", "fn g(x) { helper(x) }")]);
    assert_eq!(problems, ["M0403: there is no function `helper`"]);
}
