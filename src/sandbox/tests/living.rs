//! A tenant that changes while it is read.

use super::super::{Churn, Faults};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

const EMPLOYEES: &str = "crEmployeePage(norestrict: true, pageable: {size: 1, \
    sort: [{property: \"employeeID\", direction: DESC}]})";

fn no_fields() -> serde_json::Map<String, Value> {
    serde_json::Map::new()
}

fn total(sandbox: &Sandbox, query: &str) -> i64 {
    let data = sandbox.query(&format!("{{ {query}(norestrict: true) {{ totalElements }} }}")).unwrap();
    data[query]["totalElements"].as_i64().unwrap()
}

#[tokio::test]
async fn inserted_records_have_the_next_ids_and_are_whole() {
    let session = Session::open(small()).await;
    let sandbox = &session.sandbox;
    session.data(&format!("{{ {EMPLOYEES} {{ totalElements }} }}")).await;
    let given = json!({"firstName": "Aagje"}).as_object().unwrap().clone();
    assert_eq!(sandbox.insert("CREmployee", &given).unwrap(), "10301");
    assert_eq!(sandbox.insert("CREmployee", &no_fields()).unwrap(), "10302");
    let newest = session
        .data(&format!("{{ {EMPLOYEES} {{ totalElements items {{ _id deleted creationDate toUser {{ _id toEmployee {{ _id }} }} }} }} }}"))
        .await;
    let row = &newest["crEmployeePage"]["items"][0];
    assert_eq!(newest["crEmployeePage"]["totalElements"], 302);
    assert_eq!(
        (&row["_id"], &row["deleted"], &row["toUser"]["toEmployee"]["_id"]),
        (&json!("10302"), &json!(0), &json!("10302"))
    );
    assert!(row["creationDate"].as_str().unwrap() > "2026-11-20", "made now");
    let first = session.data("{ crEmployee(_id: \"10301\") { firstName emailAddresses { totalElements } } }").await;
    assert_eq!(first["crEmployee"]["firstName"], "Aagje");

    let vacancy = sandbox.insert("CRVacancy", &no_fields()).unwrap();
    assert_eq!(vacancy, "1121");
    let ends = json!({"toEmployee": {"_id": "10301"}, "toVacancy": {"_id": vacancy}});
    let id = sandbox.insert("CRMatch", ends.as_object().unwrap()).unwrap();
    assert_eq!(id, "10301.1121");
    let twice = sandbox.insert("CRMatch", ends.as_object().unwrap()).unwrap_err().to_string();
    assert_eq!(twice, "there is a match between the candidate and the vacancy already");
    let seen = session
        .data(
            "{ crMatch(_id: \"10301.1121\") { toEmployee { firstName } } \
             crVacancy(_id: \"1121\") { matchCount matches { items { _id } } publications { totalElements } } \
             crEmployee(_id: \"10301\") { newestMatch { _id } } }",
        )
        .await;
    assert_eq!(seen["crMatch"]["toEmployee"]["firstName"], "Aagje");
    assert_eq!(seen["crVacancy"]["matches"]["items"], json!([{"_id": "10301.1121"}]));
    assert_eq!(
        (&seen["crVacancy"]["matchCount"], &seen["crEmployee"]["newestMatch"]["_id"]),
        (&json!(1), &json!("10301.1121"))
    );
    sandbox.remove_match(&id).unwrap();
    assert_eq!(sandbox.insert("CRMatch", ends.as_object().unwrap()).unwrap(), id, "the pair is free again");

    let office = total(sandbox, "crUserPage");
    let user = sandbox.insert("CRUser", &no_fields()).unwrap();
    assert_eq!(total(sandbox, "crUserPage"), office + 1);
    let data = session
        .data(&format!("{{ crUser(_id: \"{user}\", ekey: user) {{ deleted }} crUserPage(ekey: user, norestrict: true) {{ totalElements }} }}"))
        .await;
    assert_eq!((&data["crUser"]["deleted"], &data["crUserPage"]["totalElements"]), (&json!(0), &json!(26)));
    let refused = sandbox.insert("CRUrl", &no_fields()).unwrap_err().to_string();
    assert_eq!(refused, "a CRUrl cannot be made by itself; CREmployee, CRVacancy, CRMatch and CRUser can");
}

#[tokio::test]
async fn some_new_records_were_never_modified() {
    let session = Session::open(small()).await;
    let mut modified = BTreeSet::new();
    for _ in 0..30 {
        let id = session.sandbox.insert("CREmployee", &no_fields()).unwrap();
        let data = session.sandbox.query(&format!("{{ crEmployee(_id: \"{id}\") {{ modificationDate }} }}")).unwrap();
        modified.insert(data["crEmployee"]["modificationDate"].is_null());
    }
    assert_eq!(modified.len(), 2);
}

#[tokio::test]
async fn a_removed_record_takes_what_hangs_on_it_along() {
    let session = Session::open(small()).await;
    let sandbox = &session.sandbox;
    let find = "{ crEmployeePage(norestrict: true, pageable: {size: 1}, qualifier: \"matches.toVacancy.vacancyID > 0\") \
                { items { _id toUser { _id } matches { items { _id } } } } }";
    let found = sandbox.query(find).unwrap()["crEmployeePage"]["items"][0].take();
    let (id, user) = (found["_id"].as_str().unwrap(), found["toUser"]["_id"].as_str().unwrap());
    let matched = found["matches"]["items"][0]["_id"].as_str().unwrap();
    sandbox.remove("CREmployee", id).unwrap();
    let data = sandbox
        .query(&format!("{{ crEmployee(_id: \"{id}\") {{ _id }} crUser(_id: \"{user}\") {{ _id }} crMatch(_id: \"{matched}\") {{ _id }} }}"))
        .unwrap();
    assert_eq!(data, json!({"crEmployee": null, "crUser": null, "crMatch": null}));
    sandbox.remove("CRUser", "101").unwrap();
    // Nothing points at what is gone, and every required relation still has its end.
    for page in ["crVacancyPage", "crEmployeePage", "crPublicationPage"] {
        let owners = sandbox.query(&format!(
            "{{ {page}(norestrict: true, pageable: {{size: 100}}) {{ items {{ owner {{ _id }} }} }} }}"
        ));
        assert!(!owners.unwrap().to_string().contains("\"101\""), "{page}");
    }
}

#[tokio::test]
async fn archived_records_come_back() {
    let session = Session::open(small()).await;
    let count = || total_of(&session.sandbox, "crVacancyPage(qualifier: \"vacancyID = 1010\")");
    session.sandbox.archive("CRVacancy", "1010").unwrap();
    assert_eq!(count(), 0);
    session.sandbox.unarchive("CRVacancy", "1010").unwrap();
    assert_eq!(count(), 1);
}

fn total_of(sandbox: &Sandbox, call: &str) -> i64 {
    let data = sandbox.query(&format!("{{ {call} {{ totalElements }} }}")).unwrap();
    data.as_object().unwrap().values().next().unwrap()["totalElements"].as_i64().unwrap()
}

/// Everything that a client can see of the main records.
fn everything(sandbox: &Sandbox) -> BTreeMap<&'static str, Value> {
    let read = |query: &'static str, fields: &str| {
        let page = |page: u32| {
            let text = format!(
                "{{ {query}(norestrict: true, pageable: {{page: {page}, size: 100}}) {{ last items {{ {fields} }} }} }}"
            );
            sandbox.query(&text).unwrap()[query].take()
        };
        let mut rows = Vec::new();
        for nth in 0.. {
            let mut answer = page(nth);
            rows.append(answer["items"].as_array_mut().unwrap());
            if answer["last"] == true {
                break;
            }
        }
        rows.sort_by_key(|row| row["_id"].as_str().unwrap().to_owned());
        (query, Value::Array(rows))
    };
    BTreeMap::from([
        read("crVacancyPage", "_id jobTitle minSalary deleted toStatusNode { _id }"),
        read("crEmployeePage", "_id currentEmployerName homeCity mobileNumber deleted"),
        read("crMatchPage", "_id notes statusInfo { _id } toEmployee { _id } toVacancy { _id }"),
        read("crUserPage", "_id jobTitle deleted"),
    ])
}

#[tokio::test]
async fn churn_is_the_same_for_the_same_seed() {
    let states = async |seed: u64| {
        let sandbox = Sandbox::start(small()).await.unwrap();
        let before = everything(&sandbox);
        assert!(sandbox.churn(seed, 120) >= 100);
        (before, everything(&sandbox), sandbox.stats().changes)
    };
    let (before, first, changes) = states(1).await;
    let (_, again, _) = states(1).await;
    let (_, other, _) = states(2).await;
    assert_eq!(first, again);
    assert_ne!(first, other);
    for (query, rows) in &before {
        assert_ne!(rows, &first[query], "{query}");
    }
    assert!(["created", "updated", "deleted"].iter().all(|word| changes[*word] > 5), "{changes:?}");
}

#[tokio::test]
async fn pages_drift_when_records_change_between_them() {
    let session = Session::open(small()).await;
    let walk = async || {
        let mut seen = Vec::new();
        for page in 0.. {
            let query = format!(
                "{{ crMatchPage(pageable: {{page: {page}, size: 20, sort: [{{property: \"creationDate\"}}]}}) {{ last items {{ _id }} }} }}"
            );
            let mut answer = session.data(&query).await["crMatchPage"].take();
            seen.extend(answer["items"].as_array().unwrap().iter().map(|row| row["_id"].as_str().unwrap().to_owned()));
            if answer["last"].take() == true {
                return seen;
            }
        }
        unreachable!()
    };
    let still = walk().await;
    assert_eq!(still.iter().collect::<BTreeSet<_>>().len(), still.len());
    let plan = "churn: { every: 1, do: { seed: 5, deletes: 4 } }";
    session.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
    let drifted: BTreeSet<String> = walk().await.into_iter().collect();
    session.sandbox.set_faults(Faults::default()).unwrap();
    let present: BTreeSet<String> = walk().await.into_iter().collect();
    assert!(present.iter().any(|id| !drifted.contains(id)), "a row slipped before the offset");
    assert!(session.sandbox.stats().faults["churn"] > 10);
}

#[tokio::test]
async fn what_changed_since_a_moment_is_found_in_order() {
    let session = Session::open(small()).await;
    let sandbox = &session.sandbox;
    let since =
        session.sandbox.query("{ crVacancyPage(pageable: {size: 1}) { items { _id } } }").map(|_| now()).unwrap();
    sandbox.churn_as(Churn { seed: 3, edits: 40, inserts: 20, ..Churn::default() });
    for (query, key, zone) in [
        ("crVacancyPage", "vacancyID", ""),
        ("crEmployeePage", "employeeID", " Europe"),
        ("crMatchPage", "toEmployee.employeeID", " +0000"),
        ("crUserPage", "userID", " Etc/GMT"),
    ] {
        let at = match zone {
            "" | " Europe" => since.0.clone(),
            _ => format!("{}{zone}", since.1),
        };
        let filter = format!("(modificationDate >= (NSCalendarDate)'{at}' OR creationDate >= (NSCalendarDate)'{at}')");
        let text = format!(
            "query($f: String) {{ {query}(norestrict: true, qualifier: $f, pageable: {{size: 100, \
             sort: [{{property: \"modificationDate\"}}, {{property: \"{key}\"}}]}}) {{ items {{ _id modificationDate }} }} }}"
        );
        let rows = session.data_with(&text, json!({"f": filter})).await[query]["items"].take();
        let rows = rows.as_array().unwrap();
        assert!((2..=60).contains(&rows.len()), "{query}: {}", rows.len());
        let dates: Vec<&str> = rows.iter().map(|row| row["modificationDate"].as_str().unwrap_or("")).collect();
        assert!(dates.is_sorted(), "{query}: {dates:?}");
    }
}

/// A moment shortly before now, by the clock of Amsterdam and by that of UTC.
fn now() -> (String, String) {
    let now = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(5);
    let amsterdam = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let form = "%Y-%m-%d %H:%M:%S";
    (now.to_zoned(amsterdam).strftime(form).to_string(), now.strftime(form).to_string())
}

#[tokio::test]
async fn a_date_without_a_zone_can_mean_utc() {
    let filter =
        "{ crVacancyPage(norestrict: true, qualifier: \"creationDate = (NSCalendarDate)'AT'\") { totalElements } }";
    let counts = async |utc: bool| {
        let session = Session::open(Options { unzoned_dates_are_utc: utc, ..small() }).await;
        let created = json!({"creationDate": "2026-06-01 12:00:00"});
        session.sandbox.insert("CRVacancy", created.as_object().unwrap()).unwrap();
        let mut found = Vec::new();
        for at in
            ["2026-06-01 12:00:00", "2026-06-01 10:00:00", "2026-06-01 12:00:00 +0200", "2026-06-01 10:00:00 Etc/GMT"]
        {
            found.push(
                session.data(&filter.replace("AT", at)).await["crVacancyPage"]["totalElements"].as_i64().unwrap(),
            );
        }
        found
    };
    assert_eq!(counts(false).await, [1, 0, 1, 1]);
    assert_eq!(counts(true).await, [0, 1, 1, 1]);
}

#[tokio::test]
async fn the_tenant_is_asked_past_all_faults() {
    let session = Session::open(small()).await;
    let plan = "removed_fields: [CRVacancy.jobTitle]\nrate: { per_second: 0.001, burst: 1 }\nrules: [{ do: reset }]\n\
                poisoned: [{ type: CRVacancy, id: '1001' }]";
    session.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
    let data = session.sandbox.query("{ crVacancy(_id: \"1001\") { _id jobTitle } }").unwrap();
    assert_eq!(data["crVacancy"]["_id"], "1001");
    let refused = session.sandbox.query("{ crVacancy(_id: \"1001\") { shoe } }").unwrap_err();
    assert!(refused.contains("Field 'shoe' in type 'CRVacancy' is undefined"), "{refused}");
    assert_eq!(session.sandbox.stats().requests, 0);
}
