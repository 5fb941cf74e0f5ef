//! No text of a mapping, an overlay or a table makes the checker panic, hang or take memory without bound, and no
//! picture points outside of its file.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crosswalk::diagnostics::{Place, Problems, Report, SourceFile};
use crosswalk::mapping::{Dialect, Document, Overlay, PageArguments, PageStart, SortArgument, Surroundings, compile};
use crosswalk::schema::{Scalar, Schema};
use crosswalk::script::{Limits, Scripts};
use crosswalk::table::{Table, Tables};
use proptest::prelude::*;
use proptest::sample::Index;

/// The path of the texts that are tried.
const TESTED: &str = "mappings/test/jobs.yaml";

const JOBS: &str = include_str!("../mappings/carerix/jobs.yaml");

/// Far more than any text needs, also in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

struct World {
    schema: Schema,
    dialect: Dialect,
    tables: Tables,
    scripts: Scripts,
}

fn file(path: &str) -> Arc<SourceFile> {
    SourceFile::new(path, std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap())
}

fn world() -> World {
    let problems = Problems::new();
    let scalars = [("NSCalendarDate", Scalar::DateTime), ("NSDictionary", Scalar::Json)];
    let scalars = scalars.map(|(name, scalar)| (name.to_owned(), scalar)).into();
    let schema = Schema::parse(&file("mappings/carerix/schema.graphql"), scalars, "items", &problems).unwrap();
    let pages = PageArguments {
        items: "items".into(),
        members: vec!["last".into()],
        argument: Some("pageable".into()),
        start: PageStart::Number("page".into()),
        size: "size".into(),
        sort: Some(SortArgument {
            argument: "sort".into(),
            property: "property".into(),
            direction: "direction".into(),
            ascending: "ASC".into(),
            descending: "DESC".into(),
        }),
        filter: Some("qualifier".into()),
        nested: None,
    };
    let settings = ["tenant", "vacancy_url"].map(|name| (name.to_owned(), "acme".to_owned())).into();
    let flags = [(0, false), (1, true)].into();
    let dialect = Dialect { pages, settings, flags, ..Dialect::default() };
    let names = ["countries", "currencies", "remote_work_status", "salary_period", "salary_period_tags"];
    let more = ["medium_visibility", "hiring_roles", "employment_type", "employment_type_hints", "job_status"];
    let table = |name: &str| {
        let file = file(&format!("mappings/carerix/tables/{name}.yaml"));
        Some(Arc::new(Table::parse(name, &file, &problems).unwrap()))
    };
    let tables: Tables = names.iter().chain(&more).map(|name| ((*name).to_owned(), table(name))).collect();
    let scripts = [("jobs".to_owned(), Some(file("scripts/carerix/jobs.rhai")))].into();
    let scripts = Scripts::compile(&scripts, &tables, &Limits::default(), &problems);
    World { schema, dialect, tables, scripts }
}

thread_local! {
    static WORLD: OnceLock<World> = const { OnceLock::new() };
}

/// Reads and compiles a text and looks at what is reported.
fn check(text: &str) -> Option<Report> {
    let started = Instant::now();
    let report = WORLD.with(|world| {
        let World { schema, dialect, tables, scripts } = world.get_or_init(self::world);
        let problems = Problems::with_warnings();
        let file = SourceFile::new(TESTED, text);
        let around = Surroundings { schema, dialect, tables, scripts };
        if let Some(document) = Document::parse(&file, &problems)
            && let Some(plan) = compile(&document, around, &problems)
        {
            document.warn(&plan, &problems);
        }
        // The same text, laid over the real mapping.
        let overlaid = Problems::with_warnings();
        let mut document = Document::parse(&self::file("mappings/carerix/jobs.yaml"), &overlaid).unwrap();
        if let Some(overlay) = Overlay::parse(&file, &overlaid) {
            document.overlay(overlay);
            compile(&document, around, &overlaid);
        }
        looked_at(text, &overlaid.into_report());
        problems.into_report()
    });
    looked_at(text, &report);
    assert!(started.elapsed() < LONGEST, "took {:?}", started.elapsed());
    report.has_errors().then_some(report)
}

/// Reads a text as a table, and as what an overlay says of one.
fn check_table(text: &str) -> Report {
    let started = Instant::now();
    let problems = Problems::with_warnings();
    let tested = SourceFile::new(TESTED, text);
    let real = file("mappings/carerix/tables/job_status.yaml");
    let tables = [
        Table::parse("job_status", &tested, &problems),
        Table::overlaid("job_status", &real, &tested, &problems),
        Table::overlaid("job_status", &tested, &real, &problems),
    ];
    for table in tables.iter().flatten() {
        table.warn(&problems);
        for entry in table.entries.iter().take(20) {
            assert!(table.find(&entry.text).is_some());
        }
    }
    let report = problems.into_report();
    looked_at(text, &report);
    assert!(started.elapsed() < LONGEST, "took {:?}", started.elapsed());
    report
}

/// Every place is in its file, in pictures and for programs.
fn looked_at(text: &str, report: &Report) {
    for problem in &report.problems {
        problem.place.iter().chain(&problem.context).for_each(|(place, _)| inside(place));
        assert!(problem.json().starts_with('{'));
    }
    pictures_are_inside(text, &report.render(false));
}

fn inside(place: &Place) {
    let (start, end) = (place.span.start, place.span.end);
    assert!(start <= end && end <= place.file.text.len() + 1, "{start}..{end} of {}", place.file.text.len());
}

/// The places that pictures of the tested file name are in it.
fn pictures_are_inside(text: &str, rendered: &str) {
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for place in rendered.lines().filter_map(|line| line.split_once("--> mappings/test/jobs.yaml:")) {
        let (line, column) = place.1.split_once(':').unwrap();
        let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
        assert!(line <= lines.len() && column <= lines[line - 1] + 1, "{line}:{column}");
    }
}

#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Move(Index, usize, Index),
    Insert(Index, String),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let marks = "[-:{}\\[\\],&*!|>'\"%@`#?\\n\\t $.=()~<é\u{0}\u{feff}\u{2028}-]{1,4}";
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 1..80_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), 1..400_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at(), 1..80_usize, at()).prop_map(|(from, length, to)| Change::Move(from, length, to)),
        (at(), marks).prop_map(|(at, text)| Change::Insert(at, text)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        let slice = |at: &Index, length: usize, bytes: &[u8]| {
            let start = place(at, bytes);
            start..(start + length).min(bytes.len())
        };
        match change {
            Change::Set(at, byte) => {
                let at = place(at, &bytes);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Change::Remove(at, length) => {
                let range = slice(at, *length, &bytes);
                bytes.drain(range);
            }
            Change::Repeat(at, length) => {
                let range = slice(at, *length, &bytes);
                let copy = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, copy);
            }
            Change::Move(from, length, to) => {
                let range = slice(from, *length, &bytes);
                let piece: Vec<u8> = bytes.drain(range).collect();
                let to = place(to, &bytes);
                bytes.splice(to..to, piece);
            }
            Change::Insert(at, text) => {
                let at = place(at, &bytes);
                bytes.splice(at..at, text.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_marks_of_yaml(text in "[-a-c:{}\\[\\],&*!|>'\"#? \n\t\\\\é.$=()0-2]{0,120}") {
        check(&text);
    }

    #[test]
    fn the_real_mapping_with_any_changes(changes in prop::collection::vec(change(), 1..6)) {
        check(&changed(JOBS, &changes));
    }

    #[test]
    fn the_real_table_with_any_changes(changes in prop::collection::vec(change(), 1..6)) {
        check_table(&changed(include_str!("../mappings/carerix/tables/job_status.yaml"), &changes));
    }

    #[test]
    fn any_condition(text in "(deleted|startDate|jobTitle|owner|publications\\.closed|and|or|not|is|empty|in|[(),=<>!]|'x'|\\$now|[0-9é'\"&]| ){0,12}", quote in "[\"']?") {
        check(&format!("model: jobs\nread: {{ query: crVacancyPage, sort: [vacancyID] }}\nfields:\n  remote_id: _id\n  name: {{ path: jobTitle, when: {quote}{text}{quote} }}\n"));
    }
}

const HEAD: &str = "model: jobs\nread: { query: crVacancyPage, sort: [vacancyID] }\nfields:\n  remote_id: _id\n";

#[test]
fn the_real_mapping_has_no_problem_here() {
    assert!(check(JOBS).is_none(), "{}", check(JOBS).unwrap());
}

#[test]
fn any_depth() {
    for depth in [5, 10, 20, 21, 22, 23, 24, 100, 100_000] {
        for (open, close) in [
            ("[", "]"),
            ("{ a: ", "}"),
            ("{ all: [ ", "] }"),
            ("{ object: { location: ", "} }"),
            ("- ", ""),
            ("? ", ""),
        ] {
            let text = format!("{HEAD}  hiring_team: {}{}\n", open.repeat(depth), close.repeat(depth));
            assert!(check(&text).is_some(), "{depth} {open}");
        }
        let mut stairs = HEAD.to_owned();
        for step in 0..depth.min(2000) {
            writeln!(stairs, "{}a:", "  ".repeat(step + 1)).unwrap();
        }
        assert!(check(&stairs).is_some());
        assert!(check(&format!("{HEAD}  name: {{ path: jobTitle, when: {} }}\n", "not ".repeat(depth))).is_some());
        assert!(check(&format!("{HEAD}  name: owner{}\n", ".createdBy".repeat(depth))).is_some());
    }
}

#[test]
fn any_size() {
    let long = "x".repeat(3_000_000);
    for text in [
        format!("{HEAD}  name: {long}\n"),
        format!("{HEAD}  name: {{ value: '{long}' }}\n"),
        format!("{HEAD}  \"{long}\": jobTitle\n"),
        format!("{HEAD}  status: {{ value: {long} }}\n"),
        format!("{HEAD}  name: {{ path: jobTitle, when: {long} }}\n"),
        format!("{HEAD}  name: {}\n", "jobTitle.".repeat(300_000)),
        format!("{HEAD}  name: >\n{}", "    é \n".repeat(300_000)),
        format!("{HEAD}  name: [{}]\n", "jobTittle, ".repeat(20_000)),
        format!("{HEAD}  name: {{ path: jobTitle, when: \"{}\" }}\n", "deletd = 0 and ".repeat(100_000)),
        format!("{HEAD}{}", (0..40_000).fold(String::new(), |text, n| text + &format!("  f{n}: jobTitle\n"))),
        format!("{HEAD}{}", "  name: jobTittle\n".repeat(20_000)),
        "\n".repeat(3_000_000),
        "#".repeat(3_000_000),
        "a: &a 1\n".repeat(100_000),
        "- *a\n".repeat(100_000),
        "---\n".repeat(100_000),
    ] {
        if let Some(report) = check(&text) {
            assert!(report.render(false).len() < 1_000_000);
        }
    }
}

#[test]
fn any_table() {
    let long = "x".repeat(100_000);
    for manner in ["lookup", "keywords"] {
        for rows in [
            format!("  OPEN: [{long}, {long}y, z{long}]\n"),
            (0..20_000).map(|n| format!("  OPEN{n}: [open {n}]\n")).collect(),
            format!("  OPEN: [{}]\n", "open, ".repeat(20_000)),
            format!("  OPEN: [{}]\n", (1..1500).map(|n| "a".repeat(n) + ", ").collect::<String>()),
            format!("  OPEN: {}x{}\n", "[".repeat(50), "]".repeat(50)),
        ] {
            check_table(&format!("{manner}:\n{rows}"));
        }
    }
    assert_eq!(most_memory().filter(|mib| *mib > 600), None, "MiB");
}

#[test]
fn any_growth() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut conditions = "conditions:\n  c0: deleted = 0\n".to_owned();
    for n in 1..60 {
        let before = n - 1;
        writeln!(aliases, "a{n}: &a{n} [{}]", format!("*a{before}, ").repeat(10)).unwrap();
        writeln!(conditions, "  c{n}: {}c{before}", format!("c{before} or ").repeat(9)).unwrap();
    }
    assert!(check(&aliases).is_some());
    assert!(check(&format!("{conditions}{HEAD}  name: {{ path: jobTitle, when: c59 }}\n")).is_some());
    // Many rules with a condition that is large but allowed.
    let rules = "    - { path: jobTitle, when: c3 }\n".repeat(5_000);
    assert!(check(&format!("{conditions}{HEAD}  name:\n{rules}")).is_some());
    let chain: String = (0..20_000).map(|n| format!("  c{n}: c{}\n", n + 1)).collect();
    assert!(
        check(&format!("conditions:\n{chain}  c20000: deleted = 0\n{HEAD}  name: {{ path: jobTitle, when: c0 }}\n"))
            .is_some()
    );
    assert_eq!(most_memory().filter(|mib| *mib > 600), None, "MiB");
}

/// The most memory that this process ever had, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}
