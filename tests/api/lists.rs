//! The five lists: every row to the end, every key, every filter, and nothing of anybody else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::{Answered, Keyed, Server, TempHome};
use crate::shapes::check;

const LISTS: [&str; 5] = ["users", "application-stages", "jobs", "candidates", "applications"];

async fn ask(server: &Server, keyed: &Keyed, list: &str, query: &[(&str, &str)]) -> Answered {
    Answered::of(server.request(reqwest::Method::GET, &format!("/ats/{list}"), keyed).query(query)).await
}

/// All rows of a list, page by page.
async fn walk(server: &Server, keyed: &Keyed, list: &str, query: &[(&str, &str)]) -> Vec<Value> {
    let mut cursor: Option<String> = None;
    let mut rows = Vec::new();
    loop {
        let mut query = query.to_vec();
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answered = ask(server, keyed, list, &query).await;
        let data = answered.data();
        rows.extend(data["results"].as_array().unwrap().iter().cloned());
        assert!(data.as_object().unwrap().contains_key("next"));
        match data["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return rows,
        }
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_list_goes_to_its_end_with_every_key() {
    let home = TempHome::new(&[]);
    home.connect("acme", "seed: 7, candidates: 120", "options: { remote_data: true }\n");
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    server.until_synced(&keyed).await;
    for list in LISTS {
        let all = walk(&server, &keyed, list, &[("page_size", "250")]).await;
        assert!(all.len() > 5, "{list} has {} rows", all.len());
        for row in &all {
            check(list, row);
            assert!(row["remote_data"].as_object().is_some_and(|raw| raw.len() == 1), "{row}");
        }
        let once: BTreeSet<&str> = ids(&all).into_iter().collect();
        assert_eq!(once.len(), all.len());
        for size in ["1", "7", "100.0"] {
            if size == "1" && all.len() > 60 {
                continue;
            }
            assert_eq!(ids(&walk(&server, &keyed, list, &[("page_size", size)]).await), ids(&all), "{list} by {size}");
        }
    }
    // What one list shows of another is what that one says.
    let candidates = walk(&server, &keyed, "candidates", &[]).await;
    let applications = walk(&server, &keyed, "applications", &[]).await;
    let jobs = walk(&server, &keyed, "jobs", &[]).await;
    let mut shown = 0;
    for application in &applications {
        // What is gone is hidden wherever it would be shown.
        let Some(candidate) = candidates.iter().find(|candidate| candidate["id"] == application["candidate_id"]) else {
            assert_eq!(application["candidate"], Value::Null);
            continue;
        };
        assert_eq!(application["candidate"]["tags"], candidate["tags"]);
        let entries = candidate["applications"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["id"] == application["id"]).unwrap();
        assert_eq!(entry["changed_at"], application["changed_at"]);
        assert_eq!(entry["job"], application["job"]);
        let job = jobs.iter().find(|job| job["id"] == application["job_id"]);
        assert_eq!(application["job"]["name"], job.map_or(&Value::Null, |job| &job["name"]).clone());
        shown += 1;
    }
    let entries = candidates.iter().map(|candidate| candidate["applications"].as_array().unwrap().len()).sum::<usize>();
    assert_eq!(entries, shown);
    assert!(jobs.iter().all(|job| !job["stages"].as_array().unwrap().is_empty()));
}

/// Asks for what some row has, and compares with a search through all rows.
async fn compare(
    server: &Server,
    keyed: &Keyed,
    list: &str,
    all: &[Value],
    filter: (&str, &str),
    fits: impl Fn(&Value) -> bool,
) {
    let found = walk(server, keyed, list, &[filter, ("page_size", "3")]).await;
    let expected: Vec<Value> = all.iter().filter(|row| fits(row)).cloned().collect();
    assert_eq!(ids(&found), ids(&expected), "{list} by {filter:?}");
    assert!(!expected.is_empty(), "{list} by {filter:?} is no test");
}

#[tokio::test]
async fn filters_find_what_a_search_through_all_rows_does() {
    let home = TempHome::new(&[]);
    home.connect("acme", "seed: 7, candidates: 60", "");
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    server.until_synced(&keyed).await;
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let first = |rows: &[Value], field: &str| -> Value {
        rows.iter().find(|row| row[field].as_str().is_some_and(|text| !text.contains(','))).unwrap()[field].clone()
    };
    let among = |list: &str, value: &Value| list.split(',').any(|one| Some(one) == value.as_str());

    let users = walk(&server, &keyed, "users", &[]).await;
    let email = first(&users, "email").as_str().unwrap().to_uppercase();
    compare(&server, &keyed, "users", &users, ("emails", &format!("{email},x@y.nl")), |row| {
        text(row, "email").eq_ignore_ascii_case(&email)
    })
    .await;

    let jobs = walk(&server, &keyed, "jobs", &[]).await;
    for (filter, field) in [
        ("job_codes", "job_code"),
        ("statuses", "status"),
        ("status", "status"),
        ("employment_types", "employment_type"),
        ("visibilities", "visibility"),
        ("post_url", "post_url"),
        ("remote_ids", "remote_id"),
        ("ids", "id"),
    ] {
        let wanted = first(&jobs, field);
        compare(&server, &keyed, "jobs", &jobs, (filter, wanted.as_str().unwrap()), |row| row[field] == wanted).await;
    }
    let name = first(&jobs, "name");
    let part: String = name.as_str().unwrap().chars().take(5).collect::<String>().to_uppercase();
    compare(&server, &keyed, "jobs", &jobs, ("name_contains", &part), |row| {
        text(row, "name").to_ascii_uppercase().contains(&part)
    })
    .await;
    let mut days: Vec<String> = jobs.iter().map(|row| text(row, "remote_created_at")[..10].to_owned()).collect();
    days.sort();
    let day = days[days.len() / 2].clone();
    compare(&server, &keyed, "jobs", &jobs, ("remote_created_after", &format!("{day}T23:59:59.999Z")), |row| {
        text(row, "remote_created_at")[..10] >= *day
    })
    .await;

    let candidates = walk(&server, &keyed, "candidates", &[]).await;
    for field in ["first_name", "last_name"] {
        let wanted = first(&candidates, field).as_str().unwrap().to_uppercase();
        compare(&server, &keyed, "candidates", &candidates, (field, &wanted), |row| {
            text(row, field).to_uppercase() == wanted
        })
        .await;
    }
    let with = candidates.iter().rev().find(|row| row["email_addresses"].as_array().unwrap().len() > 1).unwrap();
    let email = with["email_addresses"][1]["email_address"].as_str().unwrap().to_uppercase();
    compare(&server, &keyed, "candidates", &candidates, ("email", &email), |row| {
        let addresses = row["email_addresses"].as_array().unwrap().iter();
        addresses.map(|entry| text(entry, "email_address")).any(|address| address.eq_ignore_ascii_case(&email))
    })
    .await;

    let applications = walk(&server, &keyed, "applications", &[]).await;
    let two = format!("{},{}", text(&applications[0], "job_id"), text(&applications[9], "job_id"));
    compare(&server, &keyed, "candidates", &candidates, ("job_ids", &two), |row| {
        applications.iter().any(|other| other["candidate_id"] == row["id"] && among(&two, &other["job_id"]))
    })
    .await;
    compare(&server, &keyed, "applications", &applications, ("job_ids", &two), |row| among(&two, &row["job_id"])).await;
    let with_job = applications.iter().find(|row| row["job"].is_object()).unwrap();
    let remote = text(&with_job["job"], "remote_id");
    compare(&server, &keyed, "applications", &applications, ("job_remote_ids", &remote), |row| {
        row["job"]["remote_id"] == remote
    })
    .await;
    for (filter, field) in [("outcomes", "outcome"), ("outcome", "outcome"), ("current_stage_ids", "current_stage_id")]
    {
        let wanted = first(&applications, field);
        compare(&server, &keyed, "applications", &applications, (filter, wanted.as_str().unwrap()), |row| {
            row[field] == wanted
        })
        .await;
    }
    let since = applications.iter().map(|row| text(row, "changed_at")).max().unwrap();
    assert!(walk(&server, &keyed, "applications", &[("updated_after", &since)]).await.is_empty());
    let before = "2000-01-01T00:00:00+02:00";
    assert_eq!(walk(&server, &keyed, "applications", &[("updated_after", before)]).await, applications);
    // Both at once, and one that nothing fits.
    let outcome = text(&applications[0], "outcome");
    let both = walk(&server, &keyed, "applications", &[("job_ids", &two), ("outcomes", &outcome)]).await;
    let expected = applications.iter().filter(|row| among(&two, &row["job_id"]) && row["outcome"] == outcome.as_str());
    assert_eq!(both.len(), expected.count());
    assert!(walk(&server, &keyed, "applications", &[("outcomes", "LOST")]).await.is_empty());
}

#[tokio::test]
async fn tenants_never_see_each_other() {
    let home = TempHome::new(&[]);
    home.connect("acme", "seed: 7, candidates: 40", "");
    home.connect("other", "seed: 8, candidates: 40", "");
    let server = home.serve(&[]);
    let (acme, other) = (home.key("acme", "acme", &[]), home.key("other", "other", &[]));
    server.until_synced(&acme).await;
    server.until_synced(&other).await;
    for list in LISTS {
        let (own, foreign) = (walk(&server, &acme, list, &[]).await, walk(&server, &other, list, &[]).await);
        let own_ids: BTreeSet<&str> = ids(&own).into_iter().collect();
        assert!(!foreign.is_empty() && ids(&foreign).iter().all(|id| !own_ids.contains(id)));
        let foreign_ids = ids(&foreign).join(",");
        for more in [("include_deleted", "false"), ("include_deleted", "true")] {
            assert!(walk(&server, &acme, list, &[("ids", &foreign_ids), more]).await.is_empty(), "{list}");
        }
        // Both sources number their records alike; each is asked for its own.
        let remote_ids: Vec<&str> = foreign.iter().map(|row| row["remote_id"].as_str().unwrap()).collect();
        let same = walk(&server, &acme, list, &[("remote_ids", &remote_ids.join(","))]).await;
        assert!(ids(&same).iter().all(|id| own_ids.contains(id)));
        let page = ask(&server, &other, list, &[("page_size", "1")]).await.data().clone();
        let cursor = page["next"].as_str().unwrap();
        let refused = ask(&server, &acme, list, &[("page_size", "1"), ("cursor", cursor)]).await;
        let message = refused.error(400, json!("PLATFORM.INPUT_INVALID"));
        assert!(message.starts_with("`cursor`: "), "{message}");
        let rest = walk(&server, &other, list, &[("page_size", "250"), ("cursor", cursor)]).await;
        assert_eq!(rest.len() + 1, foreign.len());
    }
    let foreign_jobs = ids(&walk(&server, &other, "jobs", &[]).await).join(",");
    for list in ["candidates", "applications"] {
        assert!(walk(&server, &acme, list, &[("job_ids", &foreign_jobs)]).await.is_empty());
    }
    let bound = home.key("bound", "acme", &["--connection", "acme"]);
    let stranger = Keyed { integration: other.integration.clone(), ..bound };
    for list in LISTS {
        ask(&server, &stranger, list, &[]).await.error(404, json!("PLATFORM.INTEGRATION_NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_given_says_why() {
    let home = TempHome::new(&["acme"]);
    home.connect("paused", "seed: 7, candidates: 5", "options: { paused: true }\n");
    home.connect("off", "seed: 7, candidates: 5", "options: { models: { users: { off: true } } }\n");
    let server = home.serve(&[]);
    let (acme, paused, off) = (home.key("a", "acme", &[]), home.key("p", "paused", &[]), home.key("o", "off", &[]));
    for list in LISTS {
        let message = ask(&server, &paused, list, &[]).await.error(409, json!("INTEGRATION.SETUP_SYNC_PENDING"));
        assert!(message.contains("first sync"), "{message}");
    }
    ask(&server, &off, "users", &[]).await.error(400, json!("INTEGRATION.MODEL_DISABLED"));
    server.until_synced(&acme).await;
    let wrong = [("page_size", "0"), ("include_deleted", "maybe"), ("updated_after", "yesterday"), ("emial", "x")];
    let message = ask(&server, &acme, "users", &wrong).await.error(400, json!("PLATFORM.INPUT_INVALID"));
    for (name, _) in wrong {
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
    assert!(message.contains("did you mean `emails`?"), "{message}");
    ask(&server, &acme, "users", &[("cursor", "eyJwYWdlIjoyfQ==")]).await.error(400, json!("PLATFORM.INPUT_INVALID"));

    // A filter on what this source never fills.
    let path = "mappings/carerix/users.yaml";
    let users = std::fs::read_to_string(home.path().join(path)).unwrap();
    let line = users.lines().find(|line| line.starts_with("  email: ")).unwrap();
    home.write(path, &users.replace(line, "  email: null"));
    home.expect(&["reload"]);
    let asked = [("emails", "nobody@nowhere.nl")];
    assert!(walk(&server, &acme, "users", &asked).await.is_empty());
    let ignoring = [asked[0], ("ignore_unsupported_filters", "true")];
    assert_eq!(walk(&server, &acme, "users", &ignoring).await, walk(&server, &acme, "users", &[]).await);

    std::fs::remove_file(home.path().join(path)).unwrap();
    home.expect(&["reload"]);
    ask(&server, &acme, "users", &[]).await.error(400, json!("INTEGRATION.MODEL_NOT_AVAILABLE"));
    assert!(!walk(&server, &acme, "jobs", &[]).await.is_empty());
}
