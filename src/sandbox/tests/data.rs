use super::super::data::{Kind, Language, Record, SCHEMA, Scope, Value as Field, World};
use super::*;
use apollo_compiler::ast::Type;
use std::collections::BTreeSet;

/// All leaf fields of a type, and those of its relations one level down.
fn selection(kind: &str, depth: usize) -> String {
    let fields = &SCHEMA.get_object(kind).unwrap().fields;
    let parts = fields.iter().filter_map(|(name, definition)| {
        let type_name = definition.ty.inner_named_type().as_str();
        match SCHEMA.get_object(type_name) {
            None if SCHEMA.get_union(type_name).is_some() => None,
            None => Some(name.to_string()),
            Some(_) if depth == 0 => None,
            Some(_) => Some(match type_name.strip_suffix("Page") {
                Some(item) => format!("{name} {{ totalElements items {{ {} }} }}", selection(item, depth - 1)),
                None => format!("{name} {{ {} }}", selection(type_name, depth - 1)),
            }),
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Every field of the schema answers with a value of its type, for every record: the executor checks each one.
#[tokio::test]
async fn every_field_of_every_type_fits_the_schema() {
    let session = Session::open(Options { candidates: 120, ..Options::default() }).await;
    let pages = SCHEMA.get_object("Query").unwrap().fields.iter().filter_map(|(query, definition)| {
        Some((query, Kind::from_page_name(definition.ty.inner_named_type())?)).filter(|_| query.ends_with("Page"))
    });
    for (query, kind) in pages {
        for page in 0..3 {
            let fields = selection(kind.name(), 1);
            let arguments = format!("norestrict: true, pageable: {{page: {page}, size: 100}}");
            session.data(&format!("{{ {query}({arguments}) {{ items {{ {fields} }} }} }}")).await;
        }
    }
}

#[tokio::test]
async fn the_same_seed_answers_the_same_bytes_and_another_one_does_not() {
    let body = json!({"query": format!(
        "{{ crEmployeePage(pageable: {{size: 100}}) {{ items {{ {} }} }} crVacancyPage {{ items {{ {} }} }} }}",
        selection("CREmployee", 1),
        selection("CRVacancy", 1)
    )});
    let first = Session::open(small()).await.post(body.clone()).await.bytes().await.unwrap();
    let again = Session::open(small()).await.post(body.clone()).await.bytes().await.unwrap();
    let other = Session::open(Options { seed: 1, ..small() }).await.post(body).await.bytes().await.unwrap();
    assert!(first.len() > 100_000);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

fn values(world: &World, kind: Kind, path: &str) -> Vec<Field> {
    let rows = world.rows(kind, Scope::All).map(|row| Record::new(kind, row));
    rows.flat_map(|record| world.follow(record, path, Language::Dutch)).collect()
}

fn texts(world: &World, kind: Kind, path: &str) -> BTreeSet<Option<String>> {
    let text = |value: Field| match value {
        Field::Text(text) => Some(text.into_owned()),
        Field::Null => None,
        other => panic!("{path}: {other:?}"),
    };
    values(world, kind, path).into_iter().map(text).collect()
}

/// Whatever the seed, the habits that connectors trip over are there.
#[test]
fn habits_appear_with_every_seed() {
    for seed in [1, 2, 99, 20_261_120] {
        let world = World::new(seed, 1_500);
        for flag in ["isTemplate", "isOpenApplication", "isConfidential", "isAnonymous", "deleted"] {
            assert!(values(&world, Kind::Vacancy, flag).contains(&Field::Int(1)), "{flag}");
        }
        let contracts = texts(&world, Kind::Vacancy, "toContractTypeNode.value");
        assert_eq!(contracts.len(), 11, "{contracts:?}");
        let statuses = texts(&world, Kind::Vacancy, "toStatusNode.value");
        assert_eq!(statuses.len(), 8, "{statuses:?}");
        let periods = texts(&world, Kind::Vacancy, "toSalaryPeriodNode.value");
        assert_eq!(periods.len(), 6, "{periods:?}");
        assert_eq!(texts(&world, Kind::Vacancy, "toSalaryCurrencyNode.exportCode").len(), 3);
        assert_eq!(texts(&world, Kind::Publication, "toMedium.code").len(), 5);
        assert_eq!(texts(&world, Kind::Publication, "toStatusNode.tag").len(), 5);
        for flag in ["closed", "deleted"] {
            assert!(values(&world, Kind::Publication, flag).contains(&Field::Int(1)), "{flag}");
        }
        for kind in [Kind::Vacancy, Kind::Employee, Kind::Match] {
            assert!(values(&world, kind, "modificationDate").contains(&Field::Null), "{kind:?}");
        }
        assert!(values(&world, Kind::EmailAddress, "invalid").contains(&Field::Int(1)));
        assert!(texts(&world, Kind::EmailAddress, "emailAddress").iter().flatten().any(|text| text.contains("@@")));
        assert_eq!(texts(&world, Kind::Url, "toUrlLabel.tag").len(), 3);
        assert_eq!(texts(&world, Kind::VacancyUser, "toVacancyRoleNode.value").len(), 8);
        let stages = values(&world, Kind::Match, "statusInfo.statusInfoID");
        let stages: BTreeSet<_> = stages.iter().map(|value| format!("{value:?}")).collect();
        assert_eq!(stages.len(), 23, "every stage, and none");
        assert!(texts(&world, Kind::Match, "toRejectionReasonNode.value").len() == 5);
    }
}

#[test]
fn dates_avoid_the_hour_that_does_not_exist_and_use_the_one_that_exists_twice() {
    let world = World::new(Options::default().seed, 1_500);
    let mut printed = BTreeSet::new();
    for name in ["creationDate", "modificationDate"] {
        for value in values(&world, Kind::Employee, name) {
            if let Field::Date(moment) = value {
                printed.insert(moment.to_string());
            }
        }
    }
    assert!(printed.contains("2026-10-25 02:30:00"));
    assert!(printed.contains("2026-03-29 01:59:59") && printed.contains("2026-03-29 03:00:00"));
    assert!(!printed.iter().any(|text| text.starts_with("2026-03-29 02:")));
}

#[test]
fn a_stage_belongs_to_the_procedure_of_the_vacancy() {
    let world = World::new(3, 1_500);
    for row in world.rows(Kind::Match, Scope::All) {
        let record = Record::new(Kind::Match, row);
        let one = |path| world.follow(record, path, Language::Dutch).remove(0);
        let stage = one("statusInfo.toProductGroupNode.dataNodeID");
        assert!(stage == Field::Null || stage == one("toVacancy.toProductNode.dataNodeID"), "match {row}");
    }
}

#[test]
fn nobody_is_twice_on_a_vacancy() {
    let world = World::new(4, 3_000);
    let ids = values(&world, Kind::Match, "_id");
    let distinct: BTreeSet<String> = ids.iter().map(|id| format!("{id:?}")).collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn ids_find_their_records() {
    let world = World::new(5, 200);
    for kind in Kind::ALL.iter().copied() {
        for row in world.rows(kind, Scope::All) {
            let record = Record::new(kind, row);
            assert_eq!(world.find(kind, Scope::All, &world.id(record)), Some(record));
        }
        for id in ["", "0", "-1", "99999999999", "x", "1.2"] {
            assert_eq!(world.find(kind, Scope::All, id), None, "{kind:?} {id}");
        }
    }
}

#[tokio::test]
async fn an_edit_shows_and_is_newer_than_everything_before() {
    let session = Session::open(small()).await;
    let sandbox = &session.sandbox;
    let newest = "{ crEmployeePage(norestrict: true, pageable: {size: 1, \
                  sort: {property: \"modificationDate\", direction: DESC}}) { items { _id firstName deleted } } }";
    let before = session.column(newest, "_id").await;
    assert_ne!(before, ["10017"]);
    sandbox.edit("CREmployee", "10017", |fields| drop(fields.insert("firstName".to_owned(), json!("Aagje")))).unwrap();
    let data = session.data(newest).await;
    let row = &data["crEmployeePage"]["items"][0];
    assert_eq!((&row["_id"], &row["firstName"]), (&json!("10017"), &json!("Aagje")));
    sandbox.archive("CREmployee", "10017").unwrap();
    let query = "{ crEmployeePage(qualifier: \"employeeID = 10017\") { totalElements } }";
    assert_eq!(session.data(query).await["crEmployeePage"]["totalElements"], 0);
    let row = session.data(newest).await;
    assert_eq!(row["crEmployeePage"]["items"][0], json!({"_id": "10017", "firstName": "Aagje", "deleted": 1}));
}

#[tokio::test]
async fn a_match_can_change_its_stage_and_vanish() {
    let session = Session::open(small()).await;
    let first = session.data("{ crMatchPage(pageable: {size: 1}) { items { _id toEmployee { _id } } } }").await;
    let found = &first["crMatchPage"]["items"][0];
    let id = found["_id"].as_str().unwrap();
    let query = "query($id: ID!, $who: ID!) { crMatch(_id: $id) { statusInfo { _id } } \
                 crEmployee(_id: $who) { matches { totalElements } } crMatchPage { totalElements } }";
    let read = async || session.data_with(query, json!({"id": id, "who": found["toEmployee"]["_id"]})).await;
    session
        .sandbox
        .edit("CRMatch", id, |fields| drop(fields.insert("statusInfo".to_owned(), json!({"_id": "26"}))))
        .unwrap();
    let before = read().await;
    assert_eq!(before["crMatch"]["statusInfo"]["_id"], "26");
    session.sandbox.remove_match(id).unwrap();
    let after = read().await;
    assert_eq!(after["crMatch"], Value::Null);
    for path in ["/crEmployee/matches/totalElements", "/crMatchPage/totalElements"] {
        let count = |data: &Value| data.pointer(path).and_then(Value::as_i64).unwrap();
        assert_eq!(count(&after), count(&before) - 1, "{path}");
    }
}

#[tokio::test]
async fn edits_that_cannot_be_are_refused() {
    let session = Session::open(small()).await;
    let edit = |kind: &str, id: &str, field: &str, value: Value| {
        let refused = session.sandbox.edit(kind, id, |fields| drop(fields.insert(field.to_owned(), value)));
        refused.unwrap_err().to_string()
    };
    assert_eq!(edit("CRShoe", "1", "size", json!(4)), "the schema has no record type `CRShoe`");
    assert_eq!(edit("CRUser", "1", "name", json!("x")), "there is no CRUser with the id `1`");
    assert_eq!(edit("CRUser", "101", "shoeSize", json!(4)), "`CRUser` has no field `shoeSize`");
    assert_eq!(
        edit("CRUser", "101", "deleted", json!("yes")),
        "`CRUser.deleted` is of type Int!, which \"yes\" does not fit"
    );
}

#[test]
fn no_required_field_is_missing_a_value() {
    let world = World::new(6, 150);
    for kind in Kind::ALL.iter().copied() {
        let required = SCHEMA
            .get_object(kind.name())
            .unwrap()
            .fields
            .iter()
            .filter(|(_, definition)| matches!(definition.ty, Type::NonNullNamed(_)));
        for (name, _) in required {
            assert!(!values(&world, kind, name).contains(&Field::Null), "{}.{name}", kind.name());
        }
    }
}
