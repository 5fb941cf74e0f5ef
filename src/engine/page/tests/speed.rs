//! How fast pages are. Run with `cargo test --release --lib page::tests::speed -- --ignored --nocapture`.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection};

use super::*;

const CANDIDATE_ROWS: usize = 100_000;
const JOB_ROWS: usize = 5_000;
const STAGE_ROWS: usize = 60;
const PAGE: u32 = 250;
const CLIENTS: usize = 8;
const LENGTH: Duration = Duration::from_secs(20);

fn text(random: &mut fastrand::Rng, length: usize) -> String {
    (0..length).map(|_| if random.u8(0..6) == 0 { ' ' } else { random.lowercase() }).collect()
}

fn job(random: &mut fastrand::Rng, number: usize) -> RecordWrite {
    let unified = json!({
        "name": text(random, 30), "job_code": number.to_string(), "description": text(random, 4_000), "status": "OPEN",
        "remote_created_at": "2026-11-20T10:00:00.000Z", "hiring_team": [], "job_postings": [],
    });
    RecordWrite { members_of: Some((number % 4).to_string()), ..row(&JOBS, &number.to_string(), unified) }
}

fn candidate(random: &mut fastrand::Rng, number: usize) -> RecordWrite {
    let unified = json!({
        "first_name": text(random, 7), "last_name": text(random, 10), "company": text(random, 15), "title": null,
        "confidential": false, "source": text(random, 10),
        "phone_numbers": [{"phone_number": "+31612345678", "type": "MOBILE"}],
        "email_addresses": [{"email_address": format!("c{number}@example.nl"), "type": null}],
        "social_media": [], "location": {"city": text(random, 9), "country": "NL", "street_1": text(random, 20)},
        "custom_fields": {"a": text(random, 40), "b": text(random, 40), "c": text(random, 200)},
        "remote_url": "https://example.nl/1", "remote_created_at": "2026-11-20T10:00:00.000Z",
        "remote_updated_at": "2026-11-20T10:00:00.000Z", "tags": [{"id": id("tags", "1"), "name": "x", "remote_id": "1"}],
    });
    row(&CANDIDATES, &number.to_string(), unified)
}

fn application(random: &mut fastrand::Rng, number: usize) -> RecordWrite {
    let pick = |model: &str, number: usize| id(model, &number.to_string());
    let unified = json!({
        "outcome": "PENDING", "rejection_reason_name": null, "rejected_at": null,
        "current_stage_id": pick("application_stages", random.usize(0..STAGE_ROWS)),
        "job_id": pick("jobs", random.usize(0..JOB_ROWS)), "candidate_id": pick("candidates", number / 2),
        "custom_fields": {"a": text(random, 40)}, "remote_url": null, "remote_created_at": "2026-11-20T10:00:00.000Z",
        "remote_updated_at": "2026-11-20T10:00:00.000Z",
    });
    row(&APPLICATIONS, &number.to_string(), unified)
}

fn stage(random: &mut fastrand::Rng, number: usize) -> RecordWrite {
    let unified = json!({"name": text(random, 20), "status": "ACTIVE", "global_index": number, "custom_fields": null});
    RecordWrite { group: Some((number % 4).to_string()), ..row(&APPLICATION_STAGES, &number.to_string(), unified) }
}

fn pages(rows: usize, make: fn(&mut fastrand::Rng, usize) -> RecordWrite) -> impl Iterator<Item = Vec<RecordWrite>> {
    const AT_ONCE: usize = 500;
    let mut random = fastrand::Rng::with_seed(7);
    (0..rows.div_ceil(AT_ONCE)).map(move |page| {
        (page * AT_ONCE..rows.min((page + 1) * AT_ONCE)).map(|number| make(&mut random, number)).collect()
    })
}

fn say(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    let mut report = std::io::stderr();
    writeln!(
        report,
        "{what:>58}: p50 {:>7.2} ms  p99 {:>7.2} ms  max {:>7.2} ms  ({} pages)",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    )
    .unwrap();
}

/// The first pages of a walk.
async fn walk(kept: &Kept, mut query: PageQuery, most: usize) -> (Vec<Duration>, usize) {
    let (mut times, mut rows) = (Vec::new(), 0);
    while times.len() < most {
        let began = Instant::now();
        let page = kept.page(&query).await;
        times.push(began.elapsed());
        rows += page.rows.len();
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    (times, rows)
}

/// The same page of candidates as a statement of SQLite alone, which makes the JSON too.
const BY_SQL: &str = "SELECT json_object('record', json(unified.json), 'changed_at', records.changed_at, 'applications', \
    (SELECT json_group_array(json_object('id', r.id, 'outcome', u.json ->> 'outcome', 'changed_at', r.changed_at, \
        'job', (SELECT json_object('id', jr.id, 'name', ju.json ->> 'name') FROM records jr INDEXED BY records_by_id CROSS JOIN unified ju ON ju.key = jr.key \
                WHERE jr.id = u.json ->> 'job_id'), \
        'stage', (SELECT json_object('id', sr.id, 'name', su.json ->> 'name') FROM records sr INDEXED BY records_by_id CROSS JOIN unified su ON su.key = sr.key \
                WHERE sr.id = u.json ->> 'current_stage_id'))) \
     FROM unified u INDEXED BY unified_of_candidates CROSS JOIN records r ON r.key = u.key \
     WHERE instr(u.json, '\"candidate_id\":\"') > 0 AND u.json ->> 'candidate_id' = +records.id AND r.remote_deleted_at IS NULL)) \
    FROM records CROSS JOIN unified ON unified.key = records.key \
    WHERE records.key > (SELECT (number << 40) + ? FROM scopes WHERE model = 'candidates') \
      AND records.key < (SELECT (number + 1) << 40 FROM scopes WHERE model = 'candidates') \
      AND records.remote_deleted_at IS NULL ORDER BY records.key LIMIT ?";

/// What the store alone takes for a page of candidates.
async fn parts(kept: &Kept) {
    let mut times: [Vec<Duration>; 5] = Default::default();
    for _ in 0..50 {
        let began = Instant::now();
        let mut snapshot = kept.engine.store().snapshot(CONNECTION).await.unwrap();
        snapshot.never_read(&kept.view.models_of(List::of(&CANDIDATES))).await.unwrap();
        times[0].push(began.elapsed());
        let read = ListRead {
            list: List::of(&CANDIDATES),
            after: None,
            limit: PAGE,
            include_deleted: false,
            updated_after: None,
            linked: &[],
            narrowed: &[],
        };
        let began = Instant::now();
        let rows = snapshot.rows(&read).await.unwrap();
        times[1].push(began.elapsed());
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let began = Instant::now();
        let applications = snapshot.of_candidates("applications", &ids).await.unwrap();
        times[2].push(began.elapsed());
        let jobs: Vec<String> = applications
            .iter()
            .map(|(_, row)| serde_json::from_str::<Value>(&row.json).unwrap()["job_id"].as_str().unwrap().to_owned())
            .collect();
        let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
        let began = Instant::now();
        snapshot.of_ids("jobs", &jobs, false, true).await.unwrap();
        times[3].push(began.elapsed());
        let began = Instant::now();
        super::super::show::rows(&mut snapshot, &kept.view, List::of(&CANDIDATES), &rows, false).await.unwrap();
        times[4].push(began.elapsed());
    }
    for (what, times) in ["beginning", "rows", "applications", "jobs", "all that is shown"].into_iter().zip(times) {
        say(what, times);
    }
}

async fn by_sql(kept: &Kept, pages: usize) -> Vec<Duration> {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(kept.engine.store().path()).disable_statement_logging();
    let mut connection = options.connect().await.unwrap();
    let mut times = Vec::new();
    for page in 0..pages {
        let began = Instant::now();
        let rows: Vec<String> = sqlx::query_scalar(BY_SQL)
            .bind((page * PAGE as usize) as i64)
            .bind(PAGE)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        times.push(began.elapsed());
        assert_eq!(rows.len(), PAGE as usize);
    }
    connection.close().await.unwrap();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn milliseconds_a_page() {
    let kept = Arc::new(Kept::new().await);
    let began = Instant::now();
    kept.write_pages(&USERS, RunKind::Full, []).await;
    kept.write_pages(&APPLICATION_STAGES, RunKind::Full, pages(STAGE_ROWS, stage)).await;
    kept.write_pages(&JOBS, RunKind::Full, pages(JOB_ROWS, job)).await;
    kept.write_pages(&CANDIDATES, RunKind::Full, pages(CANDIDATE_ROWS, candidate)).await;
    let since = Timestamp::now();
    kept.write_pages(&APPLICATIONS, RunKind::Full, pages(2 * CANDIDATE_ROWS, application)).await;
    let before_last = Timestamp::now();
    let mut random = fastrand::Rng::with_seed(3);
    let some = (0..300).map(|number| application(&mut random, number * 101)).collect();
    kept.write_pages(&APPLICATIONS, RunKind::Reread, [some]).await;
    writeln!(std::io::stderr(), "{:>58}: {:?}", "everything was written in", began.elapsed()).unwrap();

    let of = |model: &Model| PageQuery { page_size: PAGE, ..PageQuery::new(model) };
    for model in [&CANDIDATES, &APPLICATIONS, &JOBS] {
        say(&format!("{} alone", model.name), walk(&kept, of(model), 200).await.0);
    }
    say("the same candidates by SQL alone", by_sql(&kept, 100).await);
    parts(&kept).await;
    let by = |model: &Model, filter: &str, texts: &[&str]| {
        let filter = List::of(model).filter(filter).unwrap();
        of(model).by(filter, Wanted::Texts(texts.iter().map(|text| (*text).to_owned()).collect())).unwrap()
    };
    let job_ids: Vec<String> = (0..20).map(|number| id("jobs", &number.to_string())).collect();
    let job_ids: Vec<&str> = job_ids.iter().map(String::as_str).collect();
    let stage_id = id("application_stages", "7");
    for (what, query) in [
        ("one address", by(&CANDIDATES, "email", &["C77777@example.nl"])),
        ("a first name that nobody has", by(&CANDIDATES, "first_name", &["Nobody"])),
        ("candidates of 20 jobs", by(&CANDIDATES, "job_ids", &job_ids)),
        ("applications on 20 jobs", by(&APPLICATIONS, "job_ids", &job_ids)),
        ("applications in one stage of 60", by(&APPLICATIONS, "current_stage_ids", &[&stage_id])),
        (
            "candidates, few of 300 applications changed",
            PageQuery { updated_after: Some(before_last), ..of(&CANDIDATES) },
        ),
        ("candidates, all applications changed", PageQuery { updated_after: Some(since), ..of(&CANDIDATES) }),
        ("applications, few changed", PageQuery { updated_after: Some(before_last), ..of(&APPLICATIONS) }),
        ("nothing changed", PageQuery { updated_after: Some(Timestamp::now()), ..of(&APPLICATIONS) }),
    ] {
        let (times, rows) = walk(&kept, query, 40).await;
        say(&format!("{what} ({rows} rows)"), times);
    }

    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (kept, done) = (Arc::clone(&kept), Arc::clone(&done));
        async move {
            let mut random = fastrand::Rng::with_seed(9);
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                let rows = (0..100).map(|_| {
                    let number = random.usize(0..CANDIDATE_ROWS);
                    candidate(&mut random, number)
                });
                let rows: Vec<RecordWrite> = rows.collect();
                written += rows.len();
                kept.write_pages(&CANDIDATES, RunKind::Reread, [rows]).await;
            }
            written
        }
    });
    let clients = (0..CLIENTS).map(|_| {
        let (kept, query) = (Arc::clone(&kept), of(&CANDIDATES));
        tokio::spawn(async move {
            let (began, mut times) = (Instant::now(), Vec::new());
            while began.elapsed() < LENGTH {
                times.extend(walk(&kept, query.clone(), 50).await.0);
            }
            times
        })
    });
    let mut times = Vec::new();
    for client in futures_util::future::join_all(clients).await {
        times.extend(client.unwrap());
    }
    let rate = times.len() as f64 / LENGTH.as_secs_f64();
    done.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    say(&format!("candidates, {CLIENTS} clients, a sync writes ({rate:.0} pages/s)"), times);
    writeln!(std::io::stderr(), "{:>58}: {:.0} rows/s", "written meanwhile", written as f64 / LENGTH.as_secs_f64())
        .unwrap();
}
