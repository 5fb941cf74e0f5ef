//! `crosswalk check`: everything that is wrong, at its place, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::assert_screen;
use crate::home::{Run, TempHome};

const JOBS: &str = "mappings/carerix/jobs.yaml";
const CANDIDATES: &str = "mappings/carerix/candidates.yaml";
const APPLICATIONS: &str = "mappings/carerix/applications.yaml";
const USERS: &str = "mappings/carerix/users.yaml";

/// A slip: the file, what stands there, what is written in its place, the code, and the words that are underlined.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str);

const SLIPS: [Slip; 20] = [
    (JOBS, "name: [jobTitle,", "name: [jobTittle,", "M0101", "jobTittle"),
    (JOBS, "department: agency", "departement: agency", "M0201", "departement"),
    (JOBS, "remote_created_at: creationDate", "remote_created_at: workWeekDays", "M0101", "workWeekDays"),
    (JOBS, "keywords: remote_work_status", "keywords: remote_work_stats", "M0301", "remote_work_stats"),
    (JOBS, "lookup: salary_period_tags, otherwise: next", "lookup: salary_period_tags", "M0210", "salary_period_tags"),
    (JOBS, "live: started and not over", "live: started and not ovr", "M0502", "ovr"),
    (JOBS, "call: last_end", "call: lst_end", "M0403", "lst_end"),
    (
        JOBS,
        "call: salary_amount, args: [minSalary, maxSalary]",
        "call: salary_amount, args: [minSalary]",
        "M0404",
        "salary_amount, args",
    ),
    (
        JOBS,
        "salary_amount_to: { path: maxSalary",
        "salary_amount_to: { path: toSalaryPeriodNode",
        "M0102",
        "toSalaryPeriodNode, when",
    ),
    (CANDIDATES, "unique: phone_number", "unique: phone_numbr", "M0201", "phone_numbr"),
    (CANDIDATES, "confidential: isConfidential", "company: isConfidential", "M0009", "company: isConf"),
    (CANDIDATES, "ref: tags", "ref: tag", "M0204", "tag, path"),
    (APPLICATIONS, "value: HIRED", "value: HIRD", "M0203", "HIRD"),
    (APPLICATIONS, "take: latest", "take: lates", "M0214", "lates }"),
    (APPLICATIONS, "candidate_id: { ref: candidates", "candidate_id: { ref: jobs", "M0204", "jobs, path: toEmployee"),
    (USERS, "sort: [creationDate, userID]", "sort: [creationDate, userId]", "M0101", "userId"),
    (USERS, "ekey: user", "ekey: usr", "M0105", "usr }"),
    ("mappings/carerix/tables/contact_labels.yaml", "HOME: [thuis", "HOME: [privé", "M0304", "privé, home"),
    (
        "scripts/carerix/jobs.rhai",
        "keyword(\"employment_type\", label)",
        "keyword(\"employment_typ\", label)",
        "M0301",
        "employment_typ\"",
    ),
    ("connections/sandbox.yaml", "remote_data: true", "remote_data: yes", "M0003", "yes"),
];

#[test]
fn twenty_slips_are_twenty_problems_at_their_places() {
    let home = TempHome::new();
    for (file, from, to, ..) in SLIPS {
        home.edit(file, from, to);
    }
    let run = home.expect(2, &["check", "sandbox", "--format", "json"]);
    let found: BTreeSet<(String, u64, u64, String)> = run
        .stdout
        .lines()
        .map(|line| {
            let problem: Value = serde_json::from_str(line).unwrap();
            assert_eq!(problem["severity"], "error", "{line}");
            let start = &problem["range"]["start"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let number = |value: &Value| value.as_u64().unwrap();
            (text(&problem["file"]), number(&start["line"]), number(&start["column"]), text(&problem["code"]))
        })
        .collect();
    let expected: BTreeSet<(String, u64, u64, String)> = SLIPS
        .iter()
        .map(|(file, _, _, code, words)| {
            let text = std::fs::read_to_string(home.path().join(file)).unwrap();
            let places: Vec<(usize, &str)> =
                text.lines().enumerate().filter(|(_, line)| line.contains(words)).collect();
            let [(line, text)] = places[..] else { panic!("`{words}` stands {} times in {file}", places.len()) };
            let column = text[..text.find(words).unwrap()].chars().count();
            ((*file).to_owned(), line as u64 + 1, column as u64 + 1, (*code).to_owned())
        })
        .collect();
    assert_eq!(expected.len(), 20);
    assert_eq!(found, expected);
    assert_eq!(run.stdout.lines().count(), 20);
}

#[test]
fn what_is_right_is_said_in_one_line_a_connection() {
    let home = TempHome::new();
    let run = home.expect(0, &["check", "--strict"]);
    assert_eq!(run.stderr, "");
    assert!(
        run.stdout.starts_with("connection sandbox (carerix): users, application_stages, jobs, "),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("No problem found.\n"), "{}", run.stdout);
    assert_eq!(home.expect(0, &["check", "sandbox", "--format", "json"]).stdout, "");
    assert!(!home.store().exists(), "a check makes no store");
}

#[test]
fn warnings_fail_only_where_they_are_wanted() {
    let home = TempHome::new();
    home.edit(USERS, "  can_log_in:", "  unasked: deleted = 1\n  can_log_in:");
    home.edit("mappings/carerix/tables/salary_period.yaml", "YEAR: [jaar, year]", "YEAR: [jaar, year, maand]");
    let run = home.expect(0, &["check"]);
    assert_screen!("check_warnings", run.stdout.split_once("\n\n").unwrap().1);
    home.expect(2, &["check", "--strict"]);
    let json = home.expect(0, &["check", "--format", "json"]).stdout;
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_screen!("check_json", serde_json::to_string_pretty(&first).unwrap());
    // Warnings are for whoever asks: a sync says nothing of them.
    assert!(!home.expect(0, &["sync", "sandbox"]).stderr.contains("warning["));
}

#[test]
fn a_check_of_what_is_not_there_says_so() {
    let home = TempHome::new();
    let run = home.expect(2, &["check", "sandbx"]);
    assert!(run.stdout.contains("did you mean `sandbox`?"), "{}", run.stdout);
    let run = Run::of(&home.command(&["check"]).env("COLUMNS", "60").args(["--home", "nowhere"]).output().unwrap());
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("is no home folder"), "{}", run.stderr);
}
