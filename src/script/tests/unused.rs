//! Functions that nobody calls.

use std::collections::BTreeSet;

use super::*;

fn unused(scripts: &[(&str, &str)], called: &[(&str, &str)]) -> Vec<String> {
    let problems = Problems::new();
    let file = |name: &str, text: &str| (name.to_owned(), Some(SourceFile::new(format!("{name}.rhai"), text)));
    let files = scripts.iter().map(|(name, text)| file(name, text)).collect();
    let scripts = Scripts::compile(&files, &Tables::new(), &Limits::default(), &problems);
    let called: BTreeSet<_> =
        called.iter().map(|(script, function)| ((*script).to_owned(), (*function).to_owned())).collect();
    let shown = |(function, place): (Function, Place)| {
        let (line, column) = place.file.line_column(place.span.start);
        format!("{} {}:{line}:{column}", function.name, place.file.path)
    };
    scripts.unused(&called).into_iter().map(shown).collect()
}

#[test]
fn what_nobody_reaches_is_told_with_its_place() {
    let main = "import \"money\" as money;\nfn f(x) { g(x) }\nfn g(x) { x }\nfn lonely(x) { lonelier(x) }\nfn lonelier(x) { x }";
    let money = "fn twice(x) { x * 2 }";
    let scripts = [("main", main), ("money", money)];
    assert_eq!(
        unused(&scripts, &[("main", "f")]),
        ["lonelier main.rhai:5:4", "lonely main.rhai:4:4", "twice money.rhai:1:4"]
    );
    assert_eq!(unused(&scripts, &[("main", "lonely"), ("main", "f"), ("money", "twice")]), Vec::<String>::new());
}

#[test]
fn names_in_closures_pointers_and_other_files_count() {
    let main = "fn f(x) { x.map(|y| inside(y)) }\nfn inside(y) { y }\nfn g(x) { x.filter(Fn(\"pointed\")) }\nfn pointed(y) { true }\nfn h(x) { elsewhere(x) }";
    let other = "fn elsewhere(x) { x }";
    let called = [("main", "f"), ("main", "g"), ("main", "h")];
    assert_eq!(unused(&[("main", main), ("other", other)], &called), Vec::<String>::new());
}
