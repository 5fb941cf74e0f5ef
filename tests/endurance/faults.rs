//! The faults of a source, one by one: the table of docs/faults.md, row by row.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use crosswalk::sandbox::Faults;
use crosswalk::sync::{ModelReport, State, SyncOptions};
use futures_util::FutureExt;

use crate::tenant::Tenant;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a sync makes of a fault.
enum Then {
    /// Nobody notices.
    Complete,
    /// This model fails, with these words, and the others are read.
    OneFails(&'static str, &'static str),
    /// No model is read, with these words.
    NoneRead(&'static str),
    /// This model is not read to its end, with these words, and the others are.
    Incomplete(&'static str, &'static str),
    /// Records of this model fail, with these words.
    RecordsFail(&'static str, &'static str),
}

use Then::{Complete, Incomplete, NoneRead, OneFails, RecordsFail};

/// The name in the table, the plan of faults, and what becomes of the sync.
const MATRIX: &[(&str, &str, Then)] = &[
    ("A token ends in mid-walk", "rules: [{ when: { numbers: [3, 7] }, do: revoke_tokens }]", Complete),
    ("Tokens live for a second", "rules: [{ on: token, do: { lifetime: { seconds: 1 } } }]", Complete),
    ("401, once", "rules: [{ when: { numbers: [4] }, do: unauthorized }]", Complete),
    ("401, always", "rules: [{ do: unauthorized }]", NoneRead("token was refused")),
    ("The secret is wrong", "rules: [{ on: token, do: invalid_client }]", NoneRead("client")),
    ("The scope is refused", "rules: [{ on: token, do: invalid_scope }]", NoneRead("scope")),
    ("The realm does not exist", "rules: [{ on: token, do: unknown_realm }]", NoneRead("404")),
    ("The identity host fails, twice", "rules: [{ on: token, times: 2, do: { status: { code: 503 } } }]", Complete),
    (
        "403 on one model",
        "rules: [{ when: { operation: crVacancyPage }, do: forbidden }]",
        OneFails("jobs", "access denied"),
    ),
    (
        "Access denied on one model",
        "rules: [{ when: { operation: crVacancyPage }, do: denied }]",
        OneFails("jobs", "PERMISSION_DENIED"),
    ),
    (
        "429 with `Retry-After`",
        "rules: [{ when: { every: 3 }, times: 4, do: { throttled: { retry_after: 1 } } }]",
        Complete,
    ),
    (
        "429 with `Retry-After` as a date",
        "rules: [{ when: { every: 3 }, times: 4, do: { throttled: { retry_after: 1, as_date: true } } }]",
        Complete,
    ),
    ("429 without `Retry-After`", "rules: [{ when: { every: 3 }, times: 4, do: { throttled: {} } }]", Complete),
    (
        "Throttled by a GraphQL error",
        "rules: [{ when: { every: 3 }, times: 4, do: { error: { error_type: UNAVAILABLE, error_detail: ENHANCE_YOUR_CALM } } }]",
        Complete,
    ),
    ("A rate limit", "rate: { per_second: 200, burst: 3 }", Complete),
    ("A limit of requests at once", "concurrency: { limit: 2 }", Complete),
    ("502, 503, 504, now and then", "rules: [{ when: { every: 4 }, do: { status: { code: 503 } } }]", Complete),
    (
        "500 on one model, always",
        "rules: [{ when: { operation: crVacancyPage }, do: { status: { code: 500 } } }]",
        OneFails("jobs", "500"),
    ),
    (
        "503 on one model, always",
        "rules: [{ when: { operation: crVacancyPage }, do: { status: { code: 503 } } }]",
        OneFails("jobs", "503"),
    ),
    ("A slow answer", "rules: [{ when: { every: 3 }, do: { delay: { ms: 150 } } }]", Complete),
    ("An answer that stalls", "rules: [{ when: { numbers: [3] }, do: { stall: { ms: 5000 } } }]", Complete),
    ("An answer that does not begin", "rules: [{ when: { numbers: [3] }, do: { delay: { ms: 5000 } } }]", Complete),
    ("The connection is reset", "rules: [{ when: { every: 4 }, do: reset }]", Complete),
    ("The connection is reset in the answer", "rules: [{ when: { every: 4 }, do: reset_in_body }]", Complete),
    ("Truncated JSON", "rules: [{ when: { every: 4 }, do: truncated }]", Complete),
    ("Invalid JSON", "rules: [{ when: { every: 4 }, do: invalid_json }]", Complete),
    ("Invalid UTF-8", "rules: [{ when: { every: 4 }, do: invalid_utf8 }]", Complete),
    ("An HTML page of status 200", "rules: [{ when: { every: 4 }, do: { html: {} } }]", Complete),
    ("An HTML page of status 502", "rules: [{ when: { every: 4 }, do: { html: { code: 502 } } }]", Complete),
    ("An empty answer", "rules: [{ when: { every: 4 }, do: { empty: {} } }]", Complete),
    ("Another `Content-Type`", "rules: [{ do: { content_type: { value: text/plain } } }]", Complete),
    (
        "A field of some rows fails",
        "rules: [{ when: { operation: crEmployeePage }, do: { partial: { paths: [crEmployeePage.items.2.firstName] } } }]",
        RecordsFail("candidates", "firstName"),
    ),
    (
        "A field is gone from the schema",
        "removed_fields: [CRVacancy.jobTitle]",
        RecordsFail("jobs", "CRVacancy.jobTitle"),
    ),
    (
        "A row that cannot be read",
        "poisoned: [{ type: CRVacancy, id: POISONED, only_when_selecting: [jobTitle] }]",
        RecordsFail("jobs", "the source cannot give this record"),
    ),
    (
        "A row of which not even the id can be read",
        "poisoned: [{ type: CRVacancy, id: POISONED }]",
        Incomplete("jobs", "not at all"),
    ),
    ("A query that costs too much", "cost: { budget: 0.2 }", Complete),
];

fn of<'r>(reports: &'r [ModelReport], model: &str) -> &'r ModelReport {
    reports.iter().find(|report| report.model.name == model).unwrap()
}

fn error(report: &ModelReport) -> Option<String> {
    match &report.state {
        State::Failed(error) | State::Interrupted(error) => Some(error.to_string()),
        State::Incomplete(why) => Some(why.clone()),
        _ => None,
    }
}

async fn bear(name: &str, plan: &str, then: &Then) {
    let tenant = Tenant::start(40).await;
    let vacancies =
        tenant.sandbox.query("{ crVacancyPage(qualifier: \"isTemplate = 0 AND deleted = 0\") { items { _id } } }");
    let poisoned = vacancies.unwrap()["crVacancyPage"]["items"][5]["_id"].as_str().unwrap().to_owned();
    let plan = plan.replace("POISONED", &poisoned);
    tenant.sandbox.set_faults(Faults::parse(&plan).unwrap_or_else(|error| panic!("{name}: {error}"))).unwrap();
    let reports = tenant.report(&SyncOptions::default()).await.models;
    let states: Vec<_> = reports.iter().map(|report| (report.model.name, error(report))).collect();
    let complete = |but: &str| {
        let others = reports.iter().filter(|report| report.model.name != but);
        assert!(others.clone().all(|report| matches!(report.state, State::Complete)), "{name}: {states:?}");
    };
    let reasons = |model: &str| {
        let ranked: Vec<String> =
            of(&reports, model).reasons.ranked().into_iter().map(|(_, reason, _)| reason.to_owned()).collect();
        ranked.join("\n")
    };
    match then {
        Complete => complete(""),
        OneFails(model, words) | Incomplete(model, words) => {
            complete(model);
            let error = error(of(&reports, model)).unwrap_or_default();
            assert!(error.contains(words), "{name}: {error}");
        }
        NoneRead(words) => {
            let (first, others) = reports.split_first().unwrap();
            let error = error(first).unwrap_or_default();
            assert!(error.to_lowercase().contains(words), "{name}: {error}");
            assert!(others.iter().all(|report| matches!(report.state, State::NotRead)), "{name}: {states:?}");
        }
        RecordsFail(model, words) => {
            complete("");
            assert!(of(&reports, model).counts.failed > 0, "{name}");
            assert!(reasons(model).contains(words), "{name}: {}", reasons(model));
        }
    }
    tenant.sandbox.set_faults(Faults::default()).unwrap();
    let after = tenant.report(&SyncOptions::default()).await;
    assert_eq!(after.source_error().map(ToString::to_string), None, "{name}");
    tenant.assert_equal(name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_borne_as_the_table_says() {
    let mut wrong = Vec::new();
    for (name, plan, then) in MATRIX {
        if AssertUnwindSafe(bear(name, plan, then)).catch_unwind().await.is_err() {
            wrong.push(*name);
        }
    }
    assert_eq!(wrong, Vec::<&str>::new(), "what is wrong with them stands above");
}

#[test]
fn every_row_of_the_table_is_a_test() {
    let page = std::fs::read_to_string(format!("{ROOT}/docs/faults.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let rows: BTreeSet<&str> = rows.skip(1).filter(|name| !name.starts_with('-')).collect();
    let tests: BTreeSet<&str> = MATRIX.iter().map(|(name, ..)| *name).collect();
    assert_eq!(rows, tests);
}
