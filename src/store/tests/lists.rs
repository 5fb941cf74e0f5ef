//! Lists against a plain search through all rows, over random histories of two connections.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{
    APPLICATION_STAGES, APPLICATIONS, CANDIDATES, Filter, LISTS, Link, Linked, List, MODELS, Takes, Test,
};

const CONNECTIONS: [&str; 2] = ["acme", "other"];
const TEXTS: [&str; 4] = ["Ömer", "öMER", "a%b", "A_b"];
const MAILS: [&str; 4] = ["X@y.nl", "x@Y.nl", "z@y.nl", "w@y.nl"];
const GROUPS: [Option<&str>; 3] = [None, Some("g1"), Some("g2")];

/// What a row is made of; each number chooses among few.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Form {
    a: usize,
    b: usize,
    c: usize,
    deleted: bool,
}

#[derive(Debug, Clone)]
enum Step {
    /// A row is written.
    Write { connection: usize, model: usize, row: usize, form: Form },
    /// All rows of a model are read, and only some are there.
    Full { connection: usize, model: usize, kept: u8 },
}

/// A row as the plain search knows it.
#[derive(Debug, Clone)]
struct Known {
    remote_id: String,
    id: String,
    form: Form,
    value: Value,
    group: Option<&'static str>,
    members_of: Option<&'static str>,
    changed_at: i64,
    gone: bool,
}

/// Everything that was ever written, by connection and model, in the order in which it came.
#[derive(Debug, Default)]
struct Plain {
    rows: BTreeMap<(usize, usize), Vec<Known>>,
    /// When something left an owner, or came to a group: connection, model, owner, minute.
    moves: Vec<(usize, usize, String, i64)>,
}

fn index_of(model: &str) -> usize {
    MODELS.iter().position(|known| known.name == model).unwrap()
}

fn id(connection: usize, model: &str, row: usize) -> String {
    Id::derive(CONNECTIONS[connection], model, &row.to_string()).to_string()
}

fn known(connection: usize, model: usize, row: usize, form: Form, minute: i64) -> Known {
    let Form { a, b, c, .. } = form;
    let mail = |at: usize| json!({"email_address": MAILS[at % 4], "type": null});
    let day = |at: usize| format!("2026-11-{:02}T0{}:00:00.000Z", 19 + at % 3, at % 10);
    let value = match MODELS[model].name {
        "users" => json!({"email": (a > 0).then_some(MAILS[a])}),
        "application_stages" => json!({"name": TEXTS[a % 4], "global_index": b}),
        "jobs" => json!({
            "name": TEXTS[a % 4], "job_code": TEXTS[b % 4], "status": (if c % 2 == 0 { "OPEN" } else { "CLOSED" }), "post_url": TEXTS[c % 4],
            "employment_type": Value::Null, "visibility": "PUBLIC", "remote_created_at": day(a),
        }),
        "candidates" => json!({
            "first_name": TEXTS[a % 4], "last_name": (b % 2 == 0).then_some("é"),
            "email_addresses": (0..c % 3).map(|at| mail(at + a)).collect::<Vec<_>>(),
        }),
        _ => json!({
            "candidate_id": (a < 3).then(|| id(connection, "candidates", a)),
            "job_id": (b < 3).then(|| id(connection, "jobs", b)),
            "current_stage_id": id(connection, "application_stages", c % 3),
            "outcome": (if c % 2 == 0 { "PENDING" } else { "HIRED" }), "remote_created_at": day(b),
        }),
    };
    let name = MODELS[model].name;
    Known {
        remote_id: row.to_string(),
        id: id(connection, name, row),
        form,
        value,
        group: GROUPS[c % 3].filter(|_| name == "application_stages"),
        members_of: GROUPS[b % 3].filter(|_| name == "jobs"),
        changed_at: minute,
        gone: form.deleted,
    }
}

impl Known {
    fn write(&self, connection: usize, model: usize) -> RecordWrite {
        RecordWrite {
            deleted: self.form.deleted,
            group: self.group.map(str::to_owned),
            members_of: self.members_of.map(str::to_owned),
            ..record(CONNECTIONS[connection], MODELS[model], &self.remote_id, self.value.clone())
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.value[field].as_str()
    }

    fn shown_in(&self) -> Option<String> {
        (!self.gone).then(|| self.group.unwrap_or_default().to_owned())
    }
}

impl Plain {
    fn of(&self, connection: usize, model: &str) -> &[Known] {
        self.rows.get(&(connection, index_of(model))).map_or(&[], Vec::as_slice)
    }

    /// What becomes of a row, as it is told of lists.
    fn put(&mut self, connection: usize, model: usize, row: usize, form: Form, minute: i64) {
        let mut new = known(connection, model, row, form, minute);
        let rows = self.rows.entry((connection, model)).or_default();
        let old = rows.iter_mut().find(|known| known.remote_id == new.remote_id);
        let before = old.as_ref().map(|old| (**old).clone());
        match (old, &before) {
            (Some(old), Some(before)) => {
                let is_same =
                    before.value == new.value && before.gone == new.gone && before.members_of == new.members_of;
                if is_same {
                    new.changed_at = before.changed_at;
                }
                *old = new.clone();
            }
            _ => rows.push(new.clone()),
        }
        self.moved(connection, model, before.as_ref(), &new, minute);
    }

    fn moved(&mut self, connection: usize, model: usize, before: Option<&Known>, after: &Known, minute: i64) {
        let groups = [before.and_then(Known::shown_in), after.shown_in()];
        if groups[0] != groups[1] {
            self.moves.extend(groups.into_iter().flatten().map(|group| (connection, model, group, minute)));
        }
        if let Some(left) = before.and_then(|before| before.text("candidate_id"))
            && after.text("candidate_id") != Some(left)
            && !after.gone
        {
            self.moves.push((connection, model, left.to_owned(), minute));
        }
    }

    fn keep_only(&mut self, connection: usize, model: usize, kept: u8, minute: i64) -> Vec<Known> {
        let mut rows = self.rows.remove(&(connection, model)).unwrap_or_default();
        let is_kept = |row: &Known| kept & (1 << (row.remote_id.parse::<u8>().unwrap() % 8)) != 0 && !row.form.deleted;
        let seen: Vec<Known> = rows.iter().filter(|row| is_kept(row)).cloned().collect();
        for row in &mut rows {
            let before = row.clone();
            row.gone = !is_kept(row);
            if row.gone != before.gone {
                row.changed_at = minute;
                self.moved(connection, model, Some(&before), row, minute);
            }
        }
        self.rows.insert((connection, model), rows);
        seen
    }

    fn changed_after(&self, connection: usize, list: &List, row: &Known, minute: i64) -> bool {
        let moved = |model: &str, owner: &str| {
            let model = index_of(model);
            self.moves.iter().any(|(c, m, o, at)| (*c, *m, o.as_str()) == (connection, model, owner) && *at > minute)
        };
        let linked = list.linked.iter().any(|linked| match linked.link {
            Link::One { counts: false, .. } => false,
            Link::One { by, .. } => {
                let others = self.of(connection, linked.model).iter();
                others.filter(|other| row.text(by) == Some(&other.id)).any(|other| other.changed_at > minute)
            }
            Link::Many { by } => {
                let others = self.of(connection, linked.model).iter();
                others.filter(|other| other.text(by) == Some(&row.id)).any(|other| other.changed_at > minute)
                    || moved(linked.model, &row.id)
            }
        });
        let grouped = list.members().any(|(_, members)| {
            moved(members.model, "") || row.members_of.is_some_and(|group| moved(members.model, group))
        });
        row.changed_at > minute || linked || grouped
    }

    fn fits(&self, connection: usize, row: &Known, narrow: &Narrow) -> bool {
        let (filter, wanted) = match narrow {
            Narrow::Ids(ids) => return ids.contains(&row.id),
            Narrow::RemoteIds(ids) => return ids.contains(&row.remote_id),
            Narrow::By(filter, wanted) => (filter, wanted),
        };
        let texts: Vec<String> = match wanted {
            Wanted::Texts(texts) => texts.clone(),
            Wanted::From(day) => vec![day.to_string()],
        };
        let among = |text: Option<&str>| text.is_some_and(|text| texts.iter().any(|wanted| wanted == text));
        let same_address = |one: &str| texts.iter().any(|wanted| wanted.eq_ignore_ascii_case(one));
        match filter.test {
            Test::OneOf(field) => among(row.text(field)),
            Test::OneOfAddresses(field) => row.text(field).is_some_and(same_address),
            Test::Caseless(field) => row.text(field).is_some_and(|text| text.to_lowercase() == texts[0].to_lowercase()),
            Test::Contains(field) => {
                row.text(field).is_some_and(|text| text.to_ascii_lowercase().contains(&texts[0].to_ascii_lowercase()))
            }
            Test::FromDay(field) => row.text(field).is_some_and(|text| text[..10] >= *texts[0]),
            Test::Email => {
                let list = row.value["email_addresses"].as_array();
                list.is_some_and(|list| list.iter().any(|entry| same_address(entry["email_address"].as_str().unwrap())))
            }
            // The id of a job follows from its remote id, whether the job was read or not.
            Test::OneOfRemote(field) => row.text(field).is_some_and(|of| {
                texts.iter().any(|job| Id::derive(CONNECTIONS[connection], "jobs", job).as_str() == of)
            }),
            Test::Through { model, by, field } => self
                .of(connection, model)
                .iter()
                .any(|other| !other.gone && other.text(by) == Some(&row.id) && among(other.text(field))),
        }
    }
}

/// A store and the plain search, with the same history.
struct Both {
    scratch: Scratch,
    plain: Plain,
    minute: i64,
}

impl Both {
    async fn open() -> Both {
        Both { scratch: Scratch::open().await, plain: Plain::default(), minute: 0 }
    }

    async fn take(&mut self, step: &Step) {
        self.minute += 1;
        let minute = self.minute;
        let (connection, model, kind, rows) = match *step {
            Step::Write { connection, model, row, form } => {
                self.plain.put(connection, model, row, form, minute);
                let rows = &self.plain.rows[&(connection, model)];
                let row = rows.iter().find(|known| known.remote_id == row.to_string()).unwrap().clone();
                (connection, model, RunKind::Reread, vec![row])
            }
            Step::Full { connection, model, kept } => {
                (connection, model, RunKind::Full, self.plain.keep_only(connection, model, kept, minute))
            }
        };
        let new =
            NewRun { kind, connection: CONNECTIONS[connection], model: MODELS[model], full: true, ..new_run(minute) };
        let mut run = self.scratch.store.begin(new).await.unwrap();
        let rows = rows.iter().map(|row| row.write(connection, model)).collect();
        let rows = page(&run, at(minute), rows);
        self.scratch.store.write_page(&mut run, rows).await.unwrap();
        self.scratch.store.finish(run, Outcome::Complete, at(minute)).await.unwrap();
    }

    /// The remote ids of a list, read in pages of this size.
    async fn listed(&self, connection: usize, read: &ListRead<'_>, size: u32, few: u32) -> Vec<String> {
        let (mut after, mut found) = (read.after, Vec::new());
        loop {
            let mut snapshot = self.scratch.store.begin_snapshot(CONNECTIONS[connection], few).await.unwrap();
            let rows = snapshot.rows(&ListRead { after, limit: size, ..*read }).await.unwrap();
            snapshot.end().await.unwrap();
            let Some(last) = rows.last() else { return found };
            after = Some(last.key);
            found.extend(rows.iter().map(|row| {
                assert_eq!(
                    row.id,
                    Id::derive(CONNECTIONS[connection], read.list.model.name, remote_id(row)).to_string()
                );
                remote_id(row).to_owned()
            }));
        }
    }
}

/// The row's own remote id stands in what it was made of.
fn remote_id(row: &ListedRow) -> &str {
    // Ids of few rows: the one whose derived id this is.
    const FEW: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
    let is_of = |remote: &&&str| {
        MODELS.iter().any(|model| CONNECTIONS.iter().any(|c| Id::derive(c, model.name, remote).as_str() == row.id))
    };
    FEW.iter().find(is_of).unwrap()
}

fn form() -> impl Strategy<Value = Form> {
    (0..4_usize, 0..4_usize, 0..6_usize, prop::bool::weighted(0.15)).prop_map(|(a, b, c, deleted)| Form {
        a,
        b,
        c,
        deleted,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let write = (0..2_usize, 0..5_usize, 0..4_usize, form()).prop_map(|(connection, model, row, form)| Step::Write {
        connection,
        model,
        row,
        form,
    });
    let full = (0..2_usize, 0..5_usize, any::<u8>()).prop_map(|(connection, model, kept)| Step::Full {
        connection,
        model,
        kept,
    });
    prop_oneof![8 => write, 1 => full]
}

/// What a filter may be asked for, by a number.
fn wanted(filter: &Filter, connection: usize, choice: usize) -> Wanted {
    let day = || Wanted::From(jiff::civil::date(2026, 11, 19 + (choice % 4) as i8));
    let pool: Vec<String> = match filter.test {
        Test::OneOf("job_id") | Test::Through { .. } => (0..4).map(|row| id(connection, "jobs", row)).collect(),
        Test::OneOf("current_stage_id") => (0..4).map(|row| id(connection, "application_stages", row)).collect(),
        Test::OneOfRemote(_) => (0..4).map(|row| row.to_string()).collect(),
        Test::Email | Test::OneOfAddresses(_) => ["x@y.NL", "z@y.nl", "q@y.nl", ""].map(str::to_owned).to_vec(),
        Test::Contains(_) => ["%", "_", "b", "ö"].map(str::to_owned).to_vec(),
        _ => ["ÖMER", "A_b", "OPEN", "HIRED", "PUBLIC", "É", "öMER"].map(str::to_owned).to_vec(),
    };
    let pick = |at: usize| pool[(choice + at) % pool.len()].clone();
    match filter.takes {
        Takes::Day => day(),
        Takes::Text => Wanted::Texts(vec![pick(0)]),
        Takes::Texts => Wanted::Texts((0..choice % 3).map(pick).collect()),
    }
}

fn run_to_end<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn linked(list: &'static List) -> Vec<&'static Linked> {
    list.linked.iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_list_is_what_a_plain_search_finds(
        steps in prop::collection::vec(step(), 1..60),
        queries in prop::collection::vec((any::<[u8; 6]>(), any::<bool>()), 60),
    ) {
        run_to_end(async {
            let mut both = Both::open().await;
            for step in &steps {
                both.take(step).await;
            }
            for (choice, include_deleted) in queries {
                let [list, which, value, since, size, connection] = choice.map(usize::from);
                let (list, connection) = (&LISTS[list % LISTS.len()], connection % 2);
                let mut narrowed: Vec<Narrow> = Vec::new();
                // None, one or two of all that there are.
                for at in 0..which % 3 {
                    let which = which / 3 + at * 7;
                    narrowed.push(match which % (list.filters.len() + 2) {
                        0 => Narrow::Ids((0..value % 3).map(|row| id(connection, list.model.name, row)).collect()),
                        1 => Narrow::RemoteIds((0..value % 3).map(|row| row.to_string()).collect()),
                        other => {
                            let filter = &list.filters[other - 2];
                            Narrow::By(filter, wanted(filter, connection, value))
                        }
                    });
                }
                let minute = (since % 3 > 0).then(|| since as i64 % (steps.len() as i64 + 1));
                let linked = linked(list);
                let read = ListRead {
                    list,
                    after: None,
                    limit: 0,
                    include_deleted,
                    updated_after: minute.map(at),
                    linked: &linked,
                    narrowed: &narrowed,
                };
                let expected: Vec<&str> = both
                    .plain
                    .of(connection, list.model.name)
                    .iter()
                    .filter(|row| include_deleted || !row.gone)
                    .filter(|row| narrowed.iter().all(|narrow| both.plain.fits(connection, row, narrow)))
                    .filter(|row| minute.is_none_or(|minute| both.plain.changed_after(connection, list, row, minute)))
                    .map(|row| row.remote_id.as_str())
                    .collect();
                for few in [0, 2, 5_000] {
                    let found = both.listed(connection, &read, 1 + size as u32 % 4, few).await;
                    prop_assert_eq!(&found, &expected, "{} narrowed by {:?}, changed after {:?}, {} taken for few", list.model.name, narrowed, minute, few);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_walk_finds_every_row_once_that_was_there_all_the_time(
        first in prop::collection::vec(step(), 10..40),
        later in prop::collection::vec((step(), 1..4_u32), 1..12),
        model in 0..5_usize,
    ) {
        run_to_end(async {
            let mut both = Both::open().await;
            for step in &first {
                both.take(step).await;
            }
            let list = &LISTS[model];
            let there = |both: &Both| -> Vec<String> {
                let rows = both.plain.of(0, list.model.name).iter().filter(|row| !row.gone);
                rows.map(|row| row.remote_id.clone()).collect()
            };
            let mut throughout = there(&both);
            let (mut after, mut walked) = (None, Vec::new());
            let mut later = later.into_iter();
            loop {
                let (step, limit) = later.next().map_or((None, 1), |(step, limit)| (Some(step), limit));
                let read =
                    ListRead { list, after, limit, include_deleted: false, updated_after: None, linked: &[], narrowed: &[] };
                let mut snapshot = both.scratch.store.snapshot(CONNECTIONS[0]).await.unwrap();
                let rows = snapshot.rows(&read).await.unwrap();
                snapshot.end().await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some(last.key);
                walked.extend(rows.iter().map(|row| remote_id(row).to_owned()));
                if let Some(step) = step {
                    both.take(&step).await;
                    let now = there(&both);
                    throughout.retain(|remote_id| now.contains(remote_id));
                }
            }
            for remote_id in throughout {
                let times = walked.iter().filter(|walked| **walked == remote_id).count();
                prop_assert_eq!(times, 1, "{} of {:?}", remote_id, walked);
            }
            let mut once = walked.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), walked.len(), "no row came twice: {:?}", walked);
            Ok(())
        })?;
    }
}

#[test]
fn lists_link_by_what_the_store_can_find() {
    for list in LISTS {
        for linked in list.linked {
            match linked.link {
                Link::Many { by } | Link::One { by, counts: true } => assert_eq!(by, "candidate_id"),
                Link::One { .. } => {}
            }
        }
        for filter in list.filters {
            if let Test::Through { by, field, .. } = filter.test {
                assert_eq!((by, field), ("candidate_id", "job_id"));
            }
        }
    }
}

#[tokio::test]
async fn no_list_goes_through_a_whole_table_or_sorts_one() {
    let mut both = Both::open().await;
    let form = Form { a: 0, b: 0, c: 0, deleted: false };
    for model in 0..MODELS.len() {
        both.take(&Step::Write { connection: 0, model, row: 0, form }).await;
    }
    for list in LISTS {
        let mut all: Vec<Vec<Narrow>> =
            vec![vec![], vec![Narrow::Ids(vec!["x".into()])], vec![Narrow::RemoteIds(vec![])]];
        all.extend(list.filters.iter().map(|filter| vec![Narrow::By(filter, wanted(filter, 0, 1))]));
        for narrowed in &all {
            for (updated_after, few) in [(None, 5_000), (Some(at(0)), 5_000), (Some(at(0)), 0)] {
                let linked = linked(list);
                let read = ListRead {
                    list,
                    after: None,
                    limit: 3,
                    include_deleted: false,
                    updated_after,
                    linked: &linked,
                    narrowed,
                };
                let mut snapshot = both.scratch.store.begin_snapshot(CONNECTIONS[0], few).await.unwrap();
                let plan = snapshot.plan_of(&read).await;
                assert!(!plan.is_empty());
                for step in &plan {
                    let is_small = step.contains("VIRTUAL TABLE") || step.contains("SUBQUERY");
                    assert!(!step.starts_with("SCAN") || is_small, "{plan:#?} of {narrowed:?}");
                    assert!(!step.contains("TEMP B-TREE FOR ORDER BY"), "{plan:#?} of {narrowed:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_snapshot_shows_is_of_one_moment() {
    let mut both = Both::open().await;
    let model = |of: &Model| index_of(of.name);
    let form = Form { a: 0, b: 0, c: 0, deleted: false };
    for model in [model(&CANDIDATES), model(&APPLICATIONS), model(&APPLICATION_STAGES)] {
        both.take(&Step::Write { connection: 0, model, row: 0, form }).await;
    }
    let mut snapshot = both.scratch.store.snapshot(CONNECTIONS[0]).await.unwrap();
    let candidate = id(0, "candidates", 0);
    both.take(&Step::Full { connection: 0, model: model(&APPLICATIONS), kept: 0 }).await;
    both.take(&Step::Write { connection: 0, model: model(&APPLICATION_STAGES), row: 1, form }).await;
    assert_eq!(snapshot.of_candidates("applications", &[&candidate]).await.unwrap().len(), 1);
    assert_eq!(snapshot.of_groups("application_stages", &[]).await.unwrap().len(), 1);
    assert_eq!(snapshot.of_ids("candidates", &[&candidate], false, false).await.unwrap().len(), 1);
    drop(snapshot);

    let mut now = both.scratch.store.snapshot(CONNECTIONS[0]).await.unwrap();
    assert_eq!(now.of_candidates("applications", &[&candidate]).await.unwrap().len(), 0);
    assert_eq!(now.of_groups("application_stages", &[]).await.unwrap().len(), 2);
    let mut other = both.scratch.store.snapshot(CONNECTIONS[1]).await.unwrap();
    for model in MODELS {
        assert!(other.of_ids(model.name, &[&candidate], true, true).await.unwrap().is_empty());
        assert!(other.raw(model.name, &[RowKey(1), RowKey((2 << 40) + 1)]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn models_that_were_never_read_to_the_end_are_told() {
    let scratch = Scratch::open().await;
    let never = async |models: &[&'static Model]| {
        let mut snapshot = scratch.store.snapshot(CONNECTION).await.unwrap();
        snapshot.never_read(models).await.unwrap().iter().map(|model| model.name).collect::<Vec<_>>()
    };
    assert_eq!(never(&[&USERS, &JOBS]).await, ["users", "jobs"]);
    let run = scratch.store.begin(new_run(0)).await.unwrap();
    scratch.store.finish(run, Outcome::Failed("broken".into()), at(0)).await.unwrap();
    assert_eq!(never(&[&USERS]).await, ["users"]);
    scratch.sync(1, vec![users(0..3)]).await;
    assert_eq!(never(&[&USERS, &JOBS]).await, ["jobs"]);
}
