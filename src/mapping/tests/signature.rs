//! What counts as a change of what a plan does, and what does not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::laws::{made, next, post};
use super::{Dialect, Document, Plan, Surroundings, TABLES, dialect, map, schema};
use crate::diagnostics::{Problems, SourceFile};
use crate::mapping::{DateFormat, NestedLists, Overlay, Signature, Spelling};
use crate::script::{Limits, Scripts};
use crate::table::{Table, Tables};

const RECORD: &str = Signature::RECORD;

const MAPPING: &str = r"
model: jobs
scripts: [functions]
read: { query: posts, sort: [id] }
conditions:
  high: rank > 1 or weight >= 2.5
  over: closed <= $now
group: label.tag
custom_fields:
  from: extras
  others: keep
  fields:
    licence: { field: 12, type: text }
    travel_km: { field: 10, type: integer }
fields:
  remote_id: id
  name: [title, subtitle]
  job_code: { join: [$tenant, title, number], with: ' ' }
  description: { call: loud, args: [title] }
  confidential: [{ value: true, when: over }, { value: false }]
  experience_level: { path: label.tag, lookup: colours, otherwise: keep, default: FULL_TIME }
  status: { path: subtitle, keywords: moods, otherwise: null }
  visibility: { each: readers, when: high and name is not empty, value: PUBLIC }
  category: { call: asked, args: [label.text] }
  department: { call: imported, args: [label.text, $tenant, $now] }
  opened_at: opened
  closed_at: { each: editors, path: joined, take: latest }
  contact_id: { ref: users, path: author.id }
  stages: { members: application_stages, of: label.id }
  location: { each: author, object: { city: name } }
  hiring_team:
    all:
      - { each: editors, object: { id: { ref: users, path: id }, email: mail } }
      - { each: readers, object: { id: { ref: users, path: id }, first_name: name } }
    unique: id
";

const FUNCTIONS: &str = r#"
import "shared" as s;

fn loud(text) { `${ if text == () { "}" } else { mark(text) } }! // {}` }
fn mark(text) { text + "?" }
fn asked(text) { lookup("colours", text) }
fn imported(text, tenant, now) { s::twice(text) }
fn alone(text) { "}" + text }
"#;

const SHARED: &str = "fn twice(text) { `${text}${text}` }\nfn other(text) { text }";

/// Files and settings, as they are before they are compiled.
#[derive(Clone)]
struct Written {
    mapping: String,
    mapping_path: String,
    overlay: Option<String>,
    scripts: BTreeMap<&'static str, String>,
    tables: BTreeMap<&'static str, String>,
    dialect: Dialect,
    limits: Limits,
}

fn written() -> Written {
    let mut dialect = dialect();
    dialect.free_fields.keys = vec![Spelling::new("_{id}").unwrap(), Spelling::new("{id}").unwrap()];
    dialect.settings.insert("other".to_owned(), "Other".to_owned());
    Written {
        mapping: MAPPING.to_owned(),
        mapping_path: "jobs.yaml".to_owned(),
        overlay: None,
        scripts: BTreeMap::from([("functions", FUNCTIONS.to_owned()), ("shared", SHARED.to_owned())]),
        tables: TABLES.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
        dialect,
        limits: Limits::default(),
    }
}

impl Written {
    fn plan(&self) -> Plan {
        let problems = Problems::new();
        let tables = self.tables.iter().map(|(name, text)| {
            let file = SourceFile::new(*name, text.as_str());
            ((*name).to_owned(), Table::parse(name, &file, &problems).map(Arc::new))
        });
        let tables: Tables = tables.collect();
        let files = self
            .scripts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Some(SourceFile::new(format!("{name}.rhai"), text.as_str()))));
        let scripts = Scripts::compile(&files.collect(), &tables, &self.limits, &problems);
        let mut document =
            Document::parse(&SourceFile::new(self.mapping_path.as_str(), self.mapping.as_str()), &problems);
        if let (Some(document), Some(text)) = (&mut document, &self.overlay) {
            let overlay = Overlay::parse(&SourceFile::new("overlay.yaml", text.as_str()), &problems);
            document.overlay(overlay.expect("an overlay"));
        }
        let schema = schema();
        let around = Surroundings { schema: &schema, dialect: &self.dialect, tables: &tables, scripts: &scripts };
        let plan = document.and_then(|document| super::super::compile(&document, around, &problems));
        problems.into_result(plan).unwrap_or_else(|report| panic!("{}\n{report}", self.mapping))
    }

    fn signature(&self) -> Signature {
        self.plan().signature().clone()
    }

    /// The text of a file, which must have `from`, with `to` in its place.
    fn edited(text: &str, from: &str, to: &str) -> String {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }

    fn mapping(mut self, from: &str, to: &str) -> Written {
        self.mapping = Written::edited(&self.mapping, from, to);
        self
    }

    fn script(mut self, name: &'static str, from: &str, to: &str) -> Written {
        self.scripts.insert(name, Written::edited(&self.scripts[name], from, to));
        self
    }

    fn table(mut self, name: &'static str, from: &str, to: &str) -> Written {
        self.tables.insert(name, Written::edited(&self.tables[name], from, to));
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Written)) -> Written {
        change(&mut self);
        self
    }
}

#[track_caller]
fn changes(edited: Written, expected: &[&str]) {
    let (before, after) = (written().signature(), edited.signature());
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(after.changed_fields(&before), expected);
    assert_eq!(before.hash() == after.hash(), expected.is_empty());
}

#[test]
fn the_way_a_mapping_is_written_is_no_change() {
    let same = |from: &str, to: &str| changes(written().mapping(from, to), &[]);
    same("model: jobs", "# Jobs.\n\n\nmodel: jobs # so they are called");
    same("name: [title, subtitle]", "name: [ title,\n    subtitle ]");
    same("opened_at: opened", "opened_at: { path: [opened] }");
    same("{ value: true, when: over }", "{ when: closed <= $now, value: true }");
    same("rank > 1 or weight >= 2.5", "rank > 1.0 OR  weight>=2.50");
    same("  remote_id: id\n", "  post_url: null\n  remote_id: id\n");
    let moved = written().mapping("  opened_at: opened\n", "").mapping("  name:", "  opened_at: opened\n  name:");
    changes(moved, &[]);
    let renamed = written().mapping("  over: closed", "  ended: closed").mapping("when: over", "when: ended");
    changes(renamed, &[]);
    changes(written().with(|written| written.mapping_path = "elsewhere/vacancies.yaml".to_owned()), &[]);
    let overlay =
        "model: jobs\nfields: { opened_at: opened, status: { path: subtitle, keywords: moods, otherwise: null } }";
    changes(written().with(|written| written.overlay = Some(overlay.to_owned())), &[]);
}

#[test]
fn the_way_scripts_and_tables_are_written_is_no_change() {
    let same = |name, from: &str, to: &str| changes(written().script(name, from, to), &[]);
    same("functions", "fn mark", "/// Marks {\n// a text `\n/* \" /* } */ */ fn mark");
    same("functions", "{ text + \"?\" }", "{\n\n  // so\n  text /* and */ +\n\t\"?\"\n}");
    same("functions", "fn mark(text) {", "fn mark( text ){");
    same("functions", "fn alone(text) { \"}\" + text }", "");
    same("functions", "fn alone(text) { \"}\" + text }", "fn alone(text) { `}` + loud(`{${text}`) }");
    same("shared", "fn other(text) { text }", "fn other(text) { text + 1 }\nfn more() { }");
    let moved = written().script("functions", "fn mark(text) { text + \"?\" }\n", "");
    changes(moved.script("functions", "fn loud", "fn mark(text) { text + \"?\" }\nfn loud"), &[]);
    let renamed = written().mapping("[functions]", "[better]").with(|written| {
        let text = written.scripts.remove("functions").unwrap();
        written.scripts.insert("better", text.replace("shared", "common"));
        let text = written.scripts.remove("shared").unwrap();
        written.scripts.insert("common", text);
    });
    changes(renamed, &[]);
    let same = |name, from: &str, to: &str| changes(written().table(name, from, to), &[]);
    same("colours", "  OPEN: [groen, Green]\n  CLOSED: [rood]", "  CLOSED: rood # red\n  OPEN: [GREEN, ' groen']");
    same("moods", "[blij, zonnig]", "[zonnig, blij, Blij]");
    same("sizes", "klein", "tiny");
}

#[test]
fn a_change_of_a_rule_changes_its_field() {
    let change = |from: &str, to: &str, fields: &[&str]| changes(written().mapping(from, to), fields);
    change("[title, subtitle]", "[subtitle, title]", &["name"]);
    change("[title, subtitle]", "title", &["name"]);
    change("remote_id: id", "remote_id: number", &["remote_id"]);
    change("with: ' '", "with: '-'", &["job_code"]);
    change("[$tenant, title, number]", "[title, $tenant, number]", &["job_code"]);
    change("[$tenant, title, number]", "[$other, title, number]", &["job_code"]);
    change("when: over }, { value", "when: closed < $now }, { value", &["confidential"]);
    change("closed <= $now", "closed <= '2026-01-31T00:00:00Z'", &["confidential"]);
    change("rank > 1 or", "rank > 2 or", &["visibility"]);
    change("high and name is not empty", "high and name is empty", &["visibility"]);
    change("value: PUBLIC", "value: INTERNAL", &["visibility"]);
    change("each: readers, when: high and", "each: editors, when: high and", &["visibility"]);
    change("default: FULL_TIME", "default: PART_TIME", &["experience_level"]);
    change("otherwise: keep", "otherwise: error", &["experience_level"]);
    change("lookup: colours", "lookup: sizes", &["experience_level"]);
    change("otherwise: null", "otherwise: keep", &["status"]);
    change("otherwise: null", "otherwise: DRAFT", &["status"]);
    change("call: asked, args: [label.text]", "call: asked, args: [label.tag]", &["category"]);
    change("call: asked", "call: mark", &["category"]);
    change("$tenant, $now]", "$now, $now]", &["department"]);
    change("opened_at: opened", "opened_at: closed", &["opened_at"]);
    change("opened_at: opened", "opened_at: null", &["opened_at"]);
    change("take: latest", "take: earliest", &["closed_at"]);
    change(", take: latest", "", &["closed_at"]);
    change("ref: users, path: author.id", "ref: users, path: author.boss.id", &["contact_id"]);
    change("of: label.id", "of: author.id", &["stages"]);
    change("each: author, object: { city: name }", "object: { city: author.name }", &["location"]);
    change("{ city: name }", "{ zip_code: name }", &["location"]);
    change("    unique: id\n", "", &["hiring_team"]);
    change("unique: id", "unique: email", &["hiring_team"]);
    change("first_name: name", "first_name: mail", &["hiring_team"]);
    change("field: 12, type: text", "field: 13, type: text", &["custom_fields"]);
    change("field: 12, type: text", "field: 12", &["custom_fields"]);
    change("licence:", "driving_licence:", &["custom_fields"]);
    change("others: keep", "others: drop", &["custom_fields"]);
    change("group: label.tag", "group: label.id", &[RECORD]);
    change("group: label.tag", "", &[RECORD]);
    let overlay = "model: jobs\nfields: { name: subtitle, opened_at: null }\nconditions: { over: closed < $now }";
    let overlaid = written().with(|written| written.overlay = Some(overlay.to_owned()));
    changes(overlaid, &["confidential", "name", "opened_at"]);
}

#[test]
fn a_change_of_a_script_changes_the_fields_that_call_it() {
    let change = |name, from: &str, to: &str, fields: &[&str]| changes(written().script(name, from, to), fields);
    change("functions", "text + \"?\"", "text + \"??\"", &["description"]);
    change("functions", "text + \"?\"", "text - \"?\"", &["description"]);
    change("functions", "! // {}`", "! //  {}`", &["description"]);
    change("functions", "{ \"}\" } else", "{ \"{\" } else", &["description"]);
    change("functions", "\"colours\", text", "\"colours\", text + \"\"", &["category"]);
    change("shared", "`${text}${text}`", "`${text} ${text}`", &["department"]);
    change("shared", "`${text}${text}`", "text + text", &["department"]);
    change("functions", "s::twice(text)", "s::other(text)", &["department"]);
    change("functions", "text + \"?\"", "lookup(\"sizes\", text)", &["description"]);
    // Functions that are named without being called.
    for calls in [
        "let f = mark; f.call(text)",
        "Fn(\"mark\").call(text)",
        "[text].map(\"mark\")[0]",
        "[text].map(|x| mark(x))[0]",
    ] {
        let other = |body: &str| written().script("functions", "lookup(\"colours\", text)", body);
        let edited = other(calls).script("functions", "text + \"?\"", "text + \"!\"").signature();
        assert_eq!(edited.changed_fields(&other(calls).signature()), ["category", "description"], "{calls}");
    }
    // What is called only shows while it runs.
    for calls in ["Fn(text).call(text)", "[text].map(text)", "Fn(\"ma\" + text).call(1)", "is_def_fn(text, 1)"] {
        let other = |body: &str| written().script("functions", "lookup(\"colours\", text)", body);
        let edited = other(calls).script("functions", "\"}\" + text", "text").signature();
        assert_eq!(edited.changed_fields(&other(calls).signature()), ["category"], "{calls}");
    }
}

#[test]
fn what_surrounds_a_mapping_counts_where_it_is_used() {
    let change = |name, from: &str, to: &str, fields: &[&str]| changes(written().table(name, from, to), fields);
    change("colours", "groen", "grün", &["category", "experience_level"]);
    change("colours", "CLOSED: [rood]", "CLOSED: [rood]\n  DRAFT: [blauw]", &["category", "experience_level"]);
    change("moods", "[blij, zonnig]", "[blij]", &["status"]);
    change(
        "moods",
        "  CLOSED: [niet blij]\n  OPEN: [blij, zonnig]",
        "  OPEN: [blij, zonnig]\n  CLOSED: [niet blij]",
        &["status"],
    );
    for asks in ["lookup(text, text)", "text.lookup(text)", "Fn(\"lookup\").call(\"sizes\", text)"] {
        let other = || written().script("functions", "lookup(\"colours\", text)", asks);
        let edited = other().table("sizes", "klein", "tiny").signature();
        assert_eq!(edited.changed_fields(&other().signature()), ["category"], "{asks}");
    }
    let change = |fields: &[&str], change: fn(&mut Written)| changes(written().with(change), fields);
    let calls = ["category", "department", "description"];
    change(&calls, |written| written.limits.operations += 1);
    change(&calls, |written| written.limits.time += Duration::from_millis(1));
    change(&["department", "job_code"], |written| _ = written.dialect.settings.insert("tenant".into(), "Other".into()));
    change(&[], |written| _ = written.dialect.settings.insert("other".into(), "Else".into()));
    let dates = ["closed_at", "confidential", "opened_at"];
    let set = |written: &mut Written, format: &str, zone: &str| {
        written.dialect.dates.insert("Moment".into(), DateFormat::new(format, zone).unwrap());
    };
    changes(written().with(|written| set(written, "yyyy-MM-dd HH:mm:ss", "Europe/Amsterdam")), &dates);
    changes(written().with(|written| set(written, "yyyy-MM-dd HH:mm", "Europe/London")), &dates);
    change(&[RECORD], |written| written.dialect.deletion = Some(("gone".into(), 2)));
    change(&[RECORD], |written| written.dialect.deletion = None);
    change(&[RECORD], |written| _ = written.dialect.flags.insert(2, true));
    change(&["custom_fields"], |written| written.dialect.free_fields.keys.reverse());
    // An issue says where a record has another shape, whatever for it was asked.
    changes(written().mapping("group:", "also: [author.boss.name]\ngroup:"), &[RECORD]);
    changes(written().mapping("group:", "also: [author.name, mail]\ngroup:"), &[]);
}

#[test]
fn a_signature_is_kept_as_json() {
    let signature = written().signature();
    let json = serde_json::to_string(&signature).unwrap();
    assert_eq!(serde_json::from_str::<Signature>(&json).unwrap(), signature);
    let model = crate::model::JOBS.fields.iter().map(|field| field.name);
    let mut all: Vec<&str> = model.chain([RECORD]).collect();
    all.sort_unstable();
    let empty: Signature = serde_json::from_str("{}").unwrap();
    assert_eq!(signature.changed_fields(&empty), all);
    assert_eq!(empty.changed_fields(&signature), all);
    let other: Signature = serde_json::from_str(&json.replace("\"name\"", "\"nickname\"")).unwrap();
    assert_eq!(signature.changed_fields(&other), ["name", "nickname"]);
    assert_eq!((signature.hash().len(), signature.hash() == other.hash()), (16, false));
}

#[test]
fn the_rows_that_are_read_are_a_matter_of_their_own() {
    let plan = written().plan();
    let same = |written: Written| assert_eq!(written.plan().rows_signature(), plan.rows_signature());
    same(written().mapping("[title, subtitle]", "mail"));
    same(written().mapping("model: jobs", "# more\nmodel: jobs"));
    same(written().with(|written| written.dialect.pages.members.truncate(1)));
    let other = |written: Written| assert_ne!(written.plan().rows_signature(), plan.rows_signature());
    other(written().mapping("sort: [id]", "sort: [-id]"));
    other(written().mapping("sort: [id]", "sort: [title, id]"));
}

#[test]
fn what_is_read_of_a_row_has_its_arguments() {
    let plan = written().plan();
    let reads: Vec<&str> = plan.reads().iter().collect();
    for path in
        ["id", "label.tag", "readers.rank", "editors(paging: {number: 0, size: 50}).rows.joined", "extras", "gone"]
    {
        assert!(reads.contains(&path), "{path}: {reads:?}");
    }
    let missing = |written: Written| plan.reads().missing(written.plan().reads());
    assert_eq!(missing(written().mapping("[title, subtitle]", "[title, mail]")), ["mail"]);
    assert_eq!(missing(written().mapping("opened_at: opened", "opened_at: null")), Vec::<String>::new());
    assert_eq!(missing(written().mapping("group:", "also: [editors.boss.mail]\ngroup:")), ["editors.rows.boss.mail"]);
    let more = written().with(|written| {
        written.dialect.pages.nested = Some(NestedLists { argument: "paging".to_owned(), size: 60 });
    });
    let lists = missing(more);
    assert!(lists.iter().all(|path| path.starts_with("editors(paging: {number: 0, size: 60}).rows.")), "{lists:?}");
    assert_eq!(lists.len(), 3);
    let present = |to| written().mapping("each: author, object: { city: name }", to);
    let there = present("each: author.boss, object: { city: { value: here } }");
    assert_eq!(missing(there.clone()), ["author.boss"]);
    let named = present("each: author.boss, object: { city: name }").plan();
    assert!(named.reads().covers(there.plan().reads()), "who reads something of an object knows that it is there");
}

/// What reads say, and what the operation asks for, of two parts of the program.
#[test]
fn reads_are_what_the_operation_selects() {
    let plan = written().plan();
    let mut open: Vec<String> = Vec::new();
    let mut selected = Vec::new();
    for line in plan.operation().text.lines().skip(3) {
        let line = line.trim();
        if let Some(entered) = line.strip_suffix('{') {
            open.push(entered.replace(" { ", ".").trim().to_owned());
        } else if line.starts_with('}') {
            if open.pop().is_none() {
                break;
            }
        } else {
            selected.push(open.iter().map(String::as_str).chain([line]).collect::<Vec<_>>().join("."));
        }
    }
    selected.sort_unstable();
    assert_eq!(plan.reads().iter().collect::<Vec<_>>(), selected);
}

/// Ways to fill fields, some of which are two ways to write the same.
const WAYS: &[(&str, &[&str])] = &[
    (
        "name",
        &["title", "[title]", "[title, subtitle]", "{ path: title, when: open = 1 }", "{ path: title, when: opens }"],
    ),
    ("job_code", &["{ join: [title, $tenant], with: ' ' }", "{ join: [title, $other], with: ' ' }", "null"]),
    (
        "description",
        &[
            "{ call: loud, args: [title] }",
            "{ args: [title], call: loud }",
            "{ call: mark, args: [title] }",
            "{ call: alone, args: [title] }",
        ],
    ),
    (
        "experience_level",
        &[
            "{ path: [label.tag, label.text], lookup: colours, otherwise: keep }",
            "{ path: [label.tag, label.text], lookup: copy, otherwise: keep }",
            "{ path: label.text, lookup: copy, otherwise: null }",
            "{ path: label.text, lookup: colours, otherwise: null }",
        ],
    ),
    (
        "status",
        &[
            "{ path: title, keywords: moods, otherwise: null }",
            "{ path: title, keywords: words, otherwise: null }",
            "[{ path: title, keywords: moods, otherwise: next }, { value: OPEN }]",
        ],
    ),
    (
        "confidential",
        &[
            "open",
            "[open, remote]",
            "[{ value: true, when: label.text in table colours }, { value: false }]",
            "[{ value: true, when: label.text in table copy }, { value: false }]",
        ],
    ),
    (
        "opened_at",
        &["opened", "closed", "{ each: editors, path: joined, take: latest }", "{ each: editors, path: joined }"],
    ),
    (
        "location",
        &[
            "{ each: author, object: { city: name } }",
            "{ object: { city: author.name } }",
            "{ each: author, object: { zip_code: mail, city: name } }",
        ],
    ),
    ("custom_fields", &["extras", "null"]),
    (
        "hiring_team",
        &[
            "{ each: readers, object: { id: { ref: users, path: id }, email: mail }, unique: id }",
            "{ each: readers, unique: id, object: { email: mail, id: { ref: users, path: id } } }",
            "{ each: editors, object: { id: { ref: users, path: id }, email: mail }, unique: id }",
            "{ each: readers, when: high, object: { id: { ref: users, path: id }, email: mail } }",
            "{ each: readers, when: rank > 1, object: { id: { ref: users, path: id }, email: mail } }",
        ],
    ),
];

/// A mapping with these ways, in an order and with comments of the seed's.
fn drawn(ways: &[usize], also: &str, seed: &mut u64) -> Written {
    let mut fields: Vec<String> = WAYS
        .iter()
        .zip(ways)
        .map(|((name, known), way)| format!("  {name}: {}\n", known[way % known.len()]))
        .chain(["  remote_id: id\n".to_owned()])
        .collect();
    for at in (1..fields.len()).rev() {
        fields.swap(at, (next(seed) as usize) % (at + 1));
    }
    let comment = |seed: &mut u64| ["", "# fields: none\n", "\n  # indented\n"][(next(seed) % 3) as usize];
    let fields: String = fields.iter().map(|field| format!("{}{field}", comment(seed))).collect();
    written().with(|written| {
        written.mapping = format!(
            "model: jobs\nscripts: functions\nread: {{ query: posts, sort: [id] }}\nalso: [{also}]\n\
             conditions: {{ high: rank > 1, opens: open = 1 }}\nfields:\n{fields}"
        );
        written.tables.insert("copy", "lookup: { CLOSED: rood, OPEN: [green, groen] }".to_owned());
        written.tables.insert("words", "keywords: { OPEN: [blij, zonnig], CLOSED: [niet blij] }".to_owned());
    })
}

fn ways() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..20, WAYS.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn equal_signatures_make_the_same(
        ways in ways(), others in ways(),
        keeps in prop::collection::vec(any::<bool>(), WAYS.len()),
        also in select(vec!["", "mail", "author.boss.name"]),
        posts in prop::collection::vec(post(), 12),
        seed in 1_u64..,
    ) {
        let seed = &mut { seed };
        let mixed: Vec<usize> = ways.iter().zip(&others).zip(keeps).map(|((one, other), keep)| if keep { *one } else { *other }).collect();
        let (one, other) = (drawn(&ways, "", seed).plan(), drawn(&mixed, also, seed).plan());
        let changed = other.signature().changed_fields(one.signature());
        for post in posts {
            let raw = post.to_string();
            let (Ok(first), Ok(second)) = (map(&one, &raw), map(&other, &raw)) else { continue };
            for (name, value) in first.unified.as_object().unwrap() {
                prop_assert!(changed.contains(name) || *value == second.unified[name], "{}: {}", name, raw);
            }
            if changed.is_empty() {
                prop_assert_eq!(made(&first.mapped), made(&second.mapped));
            }
            let of = |issues: &[crate::mapping::Issue], name: &str| {
                issues.iter().filter(|issue| issue.field == name).map(ToString::to_string).collect::<Vec<_>>()
            };
            for name in WAYS.iter().map(|(name, _)| *name).filter(|name| !changed.iter().any(|changed| changed == name)) {
                prop_assert_eq!(of(&first.mapped.issues, name), of(&second.mapped.issues, name));
            }
        }
    }

    #[test]
    fn order_and_comments_change_nothing(ways in ways(), one in 1_u64.., other in 1_u64..) {
        let (one, other) = (drawn(&ways, "mail", &mut { one }).plan(), drawn(&ways, "mail", &mut { other }).plan());
        prop_assert_eq!(one.signature(), other.signature());
        prop_assert_eq!((one.reads(), one.rows_signature()), (other.reads(), other.rows_signature()));
    }
}

#[test]
fn the_same_in_other_words_is_no_change() {
    let signature = |ways: &[usize]| drawn(ways, "", &mut 1).signature();
    let first = signature(&[0; 10]);
    assert_eq!(first, signature(&[0, 0, 1, 1, 0, 0, 0, 0, 0, 1]));
    let ways =
        |name: &str, way: usize| WAYS.iter().map(|(known, _)| if *known == name { way } else { 0 }).collect::<Vec<_>>();
    assert_eq!(signature(&ways("name", 3)), signature(&ways("name", 4)), "a condition is what its name stands for");
    assert_eq!(signature(&ways("confidential", 2)), signature(&ways("confidential", 3)), "a table is what it says");
    let shown = signature(&ways("experience_level", 2)).changed_fields(&signature(&ways("experience_level", 3)));
    assert_eq!(shown, ["experience_level"], "an issue names the table");
}
