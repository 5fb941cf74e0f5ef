//! What counts as a change of a mapping, and what does not.

use super::*;

/// A mapping with its scripts, tables and dialect, so that each can be changed.
#[derive(Clone)]
struct Files {
    top: String,
    fields: String,
    functions: String,
    imported: String,
    tables: Vec<(String, String)>,
    dialect: Dialect,
    limits: Limits,
}

const TOP: &str = "conditions: { high: rank > 1, dated: joined <= $now }\ngroup: label.id";

const FIELDS: &str = "\
name: [title, subtitle]
job_code: { join: [title, $tenant], with: ' ' }
description: { call: outer, args: [title] }
category: { call: spoken, args: [title] }
department: { call: asks, args: [title] }
experience_level: { path: label.text, lookup: colours, otherwise: keep }
status: { path: title, keywords: moods, otherwise: null, default: OPEN }
visibility: { each: readers, when: high, value: PUBLIC }
opened_at: opened
closed_at: { path: [opened, closed], take: earliest }
contact_id: { ref: users, path: author.id }
hiring_team: { each: editors, object: { id: { ref: users, path: id }, first_name: name }, unique: id }";

const CUSTOM: &str = "custom_fields: { from: extras, others: keep, fields: { size: { field: 4, type: number } } }\n";

const SCRIPT: &str = "import \"words\" as words;

// Outer calls inner.
fn outer(text) { inner(text) + `!${inner(text)}` }
fn inner(text) { text + \"a\" }

/// Asks a table.
fn asks(text) { keyword(\"moods\", text) }
fn spoken(text) { words::said(text) }
fn unrelated(text) { text }
";

impl Files {
    fn new() -> Files {
        Files {
            top: TOP.to_owned(),
            fields: FIELDS.to_owned(),
            functions: SCRIPT.to_owned(),
            imported: "fn said(text) { text + \"b\" }\nfn unsaid() { 1 }\n".to_owned(),
            tables: TABLES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            dialect: Dialect { free_fields: free_fields(), ..dialect() },
            limits: Limits::default(),
        }
    }

    fn plan(&self) -> Plan {
        let problems = Problems::new();
        let table = |(name, text): &(String, String)| {
            let table = Table::parse(name, &SourceFile::new(name.as_str(), text.as_str()), &problems);
            (name.clone(), table.map(Arc::new))
        };
        let tables: Tables = self.tables.iter().map(table).collect();
        let scripts = BTreeMap::from([
            ("functions".to_owned(), Some(SourceFile::new("functions.rhai", self.functions.as_str()))),
            ("words".to_owned(), Some(SourceFile::new("words.rhai", self.imported.as_str()))),
        ]);
        let scripts = Scripts::compile(&scripts, &tables, &self.limits, &problems);
        let schema = schema();
        let around = Surroundings { schema: &schema, dialect: &self.dialect, tables: &tables, scripts: &scripts };
        let fields: String = self.fields.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!(
            "model: jobs\nscripts: [functions]\nread: {{ query: posts, sort: [id] }}\n{}\n{CUSTOM}fields:\n  remote_id: id\n{fields}",
            self.top
        );
        let document = Document::parse(&SourceFile::new("mapping.yaml", text), &problems);
        let plan = document.and_then(|document| super::super::compile(&document, around, &problems));
        problems.into_result(plan).unwrap_or_else(|report| panic!("{report}"))
    }

    /// The fields that a change makes other.
    fn changed_by(&self, change: impl FnOnce(&mut Files)) -> Vec<String> {
        let mut changed = self.clone();
        change(&mut changed);
        changed.plan().signature().changed_fields(self.plan().signature())
    }

    fn replace(text: &mut String, from: &str, to: &str) {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        *text = text.replace(from, to);
    }
}

fn free_fields() -> super::super::FreeFields {
    super::super::FreeFields {
        keys: vec![super::super::Spelling::new("_{id}").unwrap()],
        dates: vec![DateFormat::new("yyyy-MM-dd", "UTC").unwrap()],
        labels: None,
    }
}

#[test]
fn how_it_is_written_does_not_count() {
    let files = Files::new();
    let none: [&str; 0] = [];
    assert_eq!(files.changed_by(|_| {}), none);
    assert_eq!(files.changed_by(|files| files.top.insert_str(0, "# A comment.\n\n")), none);
    let backwards = |files: &mut Files| {
        files.fields = files.fields.lines().rev().map(|line| format!("# Above.\n{line} # behind\n")).collect();
    };
    assert_eq!(files.changed_by(backwards), none);
    let rule = "{ path: label.text, lookup: colours, otherwise: keep }";
    let other = "{ otherwise: keep, lookup: 'colours', path: \"label.text\" }";
    assert_eq!(files.changed_by(|files| Files::replace(&mut files.fields, rule, other)), none);
    let list = "[title, subtitle]";
    assert_eq!(
        files.changed_by(|files| Files::replace(&mut files.fields, list, "\n    - title\n    - subtitle")),
        none
    );
    // Rows of a lookup have no order.
    let lookup =
        |files: &mut Files| files.tables[0].1 = "lookup:\n  CLOSED: [ROOD]\n  OPEN: [green, ' Groen ']\n".to_owned();
    assert_eq!(files.changed_by(lookup), none);
    // The name of a condition.
    let renamed = |files: &mut Files| {
        Files::replace(&mut files.top, "high:", "above:");
        Files::replace(&mut files.fields, "when: high", "when: above");
    };
    assert_eq!(files.changed_by(renamed), none);
}

#[test]
fn where_and_how_a_function_stands_does_not_count() {
    let files = Files::new();
    let none: [&str; 0] = [];
    let moved = "import \"words\" as words;
fn unrelated(text) { text }
fn spoken(text) {
    // Comments are nothing.
    words::said(text)
}
fn asks( text )
{ keyword(\"moods\", /* which? */ text) }


fn inner(text) { text + \"a\" }
fn outer(text) { inner(text) + `!${inner(text)}` }
";
    assert_eq!(files.changed_by(|files| files.functions = moved.to_owned()), none);
    let unrelated =
        |files: &mut Files| Files::replace(&mut files.functions, "unrelated(text) { text }", "unrelated(text) { 1 }");
    assert_eq!(files.changed_by(unrelated), none);
    assert_eq!(files.changed_by(|files| Files::replace(&mut files.imported, "{ 1 }", "{ 2 }")), none);
    let unasked = |files: &mut Files| Files::replace(&mut files.tables[2].1, "klein", "kleiner");
    assert_eq!(files.changed_by(unasked), none);
}

#[test]
fn what_a_rule_does_counts_for_its_field() {
    let files = Files::new();
    for (from, to, field) in [
        ("name: [title, subtitle]", "name: [subtitle, title]", "name"),
        ("name: [title, subtitle]", "name: title", "name"),
        ("with: ' '", "with: '-'", "job_code"),
        ("call: outer", "call: inner", "description"),
        ("otherwise: keep", "otherwise: error", "experience_level"),
        ("default: OPEN", "default: CLOSED", "status"),
        (", default: OPEN", "", "status"),
        ("each: readers", "each: editors", "visibility"),
        ("value: PUBLIC", "value: INTERNAL", "visibility"),
        ("when: high", "when: dated", "visibility"),
        ("take: earliest", "take: latest", "closed_at"),
        (", take: earliest", "", "closed_at"),
        ("{ ref: users, path: author.id }", "{ ref: users, path: author.boss.id }", "contact_id"),
        (", unique: id", "", "hiring_team"),
        ("first_name: name", "last_name: name", "hiring_team"),
        ("opened_at: opened", "opened_at: closed", "opened_at"),
        ("job_code: {", "# job_code: {", "job_code"),
    ] {
        assert_eq!(files.changed_by(|files| Files::replace(&mut files.fields, from, to)), [field], "{to}");
    }
}

#[test]
fn what_rules_share_counts_where_they_use_it() {
    let files = Files::new();
    let top = |from: &'static str, to: &'static str| files.changed_by(|files| Files::replace(&mut files.top, from, to));
    assert_eq!(top("rank > 1", "rank > 2"), ["visibility"]);
    assert_eq!(top("group: label.id", "group: label.tag"), ["(record)"]);
    let table = |at: usize, from: &'static str, to: &'static str| {
        files.changed_by(|files| Files::replace(&mut files.tables[at].1, from, to))
    };
    assert_eq!(table(0, "rood", "rode"), ["experience_level"]);
    assert_eq!(table(0, "CLOSED: [rood]", "SHUT: [rood]"), ["experience_level"]);
    // A function asks this one too.
    assert_eq!(table(1, "[blij, zonnig]", "[zonnig, blij]"), ["department", "status"]);
    let function =
        |from: &'static str, to: &'static str| files.changed_by(|files| Files::replace(&mut files.functions, from, to));
    assert_eq!(function("text + \"a\"", "text + \"A\""), ["description"]);
    assert_eq!(function("`!${inner(text)}`", "`?${inner(text)}`"), ["description"]);
    assert_eq!(files.changed_by(|files| Files::replace(&mut files.imported, "\"b\"", "\"c\"")), ["category"]);
    let calls = ["category", "department", "description"];
    assert_eq!(files.changed_by(|files| files.limits.operations = 17), calls);
    let setting = |files: &mut Files| {
        files.dialect.settings.insert("tenant".into(), "Other".into());
    };
    assert_eq!(files.changed_by(setting), ["job_code"]);
    let dates = |files: &mut Files| {
        let format = DateFormat::new("yyyy-MM-dd HH:mm", "UTC").unwrap();
        files.dialect.dates.insert("Moment".into(), format);
    };
    assert_eq!(files.changed_by(dates), ["closed_at", "opened_at"]);
    assert_eq!(files.changed_by(|files| files.dialect.deletion = Some(("gone".into(), 2))), ["(record)"]);
    assert_eq!(files.changed_by(|files| files.dialect.free_fields.dates.clear()), ["custom_fields"]);
    assert!(files.changed_by(|files| files.dialect.flags.clear()).len() > 10);
}

#[test]
fn a_table_that_is_named_by_a_computed_text_may_be_any() {
    let mut files = Files::new();
    Files::replace(&mut files.functions, "keyword(\"moods\", text)", "keyword(\"mo\" + \"ods\", text)");
    let table = |files: &mut Files| Files::replace(&mut files.tables[2].1, "klein", "kleiner");
    assert_eq!(files.changed_by(table), ["department"]);
}

#[test]
fn what_is_read_and_which_rows_are_told_apart_from_what_is_done() {
    let plan = |top: &str, fields: &str| super::plan("jobs", top, fields);
    let plain = plan("", "name: title");
    let more = plan("also: [link]", "name: title\ncontact_id: { ref: users, path: author.id }");
    assert!(more.reads().covers(plain.reads()) && !plain.reads().covers(more.reads()));
    assert_eq!(plain.reads().missing(more.reads()), ["author.id", "link"]);
    assert_eq!(plain.choice(), more.choice());
    // What is only kept is no part of what is done.
    assert_eq!(plan("also: [link]", "name: title").signature(), plain.signature());
    let text = "model: jobs\nread: { query: posts, sort: [-id] }\nfields: { remote_id: id, name: title }\n";
    let sorted = compile(text).unwrap();
    assert_eq!(sorted.signature(), plain.signature());
    assert_ne!(sorted.choice(), plain.choice());
    let other_ids =
        compile("model: jobs\nread: { query: posts, sort: [id] }\nfields: { remote_id: title, name: title }\n")
            .unwrap();
    assert_ne!(other_ids.choice(), plain.choice());
    assert_eq!(other_ids.signature().changed_fields(plain.signature()), ["remote_id"]);
}

#[test]
fn it_is_kept_as_text_and_read_again() {
    let files = Files::new();
    let plan = files.plan();
    let text = serde_json::to_string(plan.signature()).unwrap();
    let again: super::super::Signature = serde_json::from_str(&text).unwrap();
    assert_eq!((&again, again.hash()), (plan.signature(), plan.signature().hash()));
    let reads: super::super::Reads = serde_json::from_str(&serde_json::to_string(plan.reads()).unwrap()).unwrap();
    assert_eq!(&reads, plan.reads());
    assert_eq!(files.plan().signature(), plan.signature(), "the same files always do the same");
}
