//! The types are as the tables say: nothing more, nothing less.

use std::any::type_name;
use std::fmt::Debug;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value, json};

use super::super::input::{FileFields, Limits, check};
use super::super::{Field, Kind, Model};
use super::*;

/// What the engine adds to the rows of every model.
const ADDED: &[&str] = &["id", "remote_data", "changed_at", "remote_deleted_at"];

/// Tells which members a struct asks for.
struct Members<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Members<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        members: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(members);
        Err(Error::custom("asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn members<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut members = Vec::new();
    assert!(T::deserialize(Members(&mut members)).is_err());
    members.sort_unstable();
    members
}

fn names(fields: &[Field], added: &[&'static str]) -> Vec<&'static str> {
    let mut names: Vec<&str> = fields.iter().map(|field| field.name).chain(added.iter().copied()).collect();
    names.sort_unstable();
    names
}

/// A value of that kind. `turn` chooses among words.
fn sample(kind: &Kind, turn: usize) -> Value {
    match kind {
        Kind::Text => json!("text"),
        Kind::Email => json!("ada@example.org"),
        Kind::Url => json!("https://example.org"),
        Kind::Number => json!(2.5),
        Kind::Integer => json!(3),
        Kind::Boolean => json!(true),
        Kind::Timestamp => json!("2026-01-31T12:00:00.250Z"),
        Kind::Enum { values, open } => match values.get(turn % (values.len() + usize::from(*open))) {
            Some(word) => json!(word),
            None => json!("the source's text"),
        },
        Kind::Id(_) => json!("5ZKGLqxfgCaQRRrXyfe5Ka3G"),
        Kind::Object(fields) => filled(fields, turn),
        Kind::List(item) => (0..8).map(|at| sample(item, turn + at)).collect(),
        Kind::Map => json!({ "key": [1, "a"] }),
        Kind::Foreign(_) => unreachable!("no table of ours has a type of a source"),
        Kind::Members(shown) => {
            let model = Model::named(shown.model).unwrap();
            let value = |field: &str| match field {
                "id" => json!("5ZKGLqxfgCaQRRrXyfe5Ka3G"),
                field => sample(&model.field(field).unwrap().kind, turn),
            };
            let member = shown.fields.iter().map(|(key, field)| ((*key).to_owned(), value(field)));
            json!([Value::Object(member.collect())])
        }
        Kind::Shaped(shape) => {
            let samples = ["text", "NL", "application/pdf"];
            json!(samples.into_iter().find(|text| (shape.fits)(text)).unwrap())
        }
        Kind::Base64 => json!("QUJD"),
        Kind::Any => json!(["a", 1]),
    }
}

fn filled(fields: &[Field], turn: usize) -> Value {
    let members = fields.iter().map(|field| (field.name.to_owned(), sample(&field.kind, turn)));
    Value::Object(members.collect())
}

fn only_required(fields: &[Field]) -> Map<String, Value> {
    let required = fields.iter().filter(|field| field.required);
    let value = |field: &Field| match &field.kind {
        Kind::Object(fields) => Value::Object(only_required(fields)),
        kind => sample(kind, 0),
    };
    required.map(|field| (field.name.to_owned(), value(field))).collect()
}

fn round<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    let read: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{}: {error}", type_name::<T>()));
    serde_json::to_value(read).unwrap()
}

fn is_of_the_table<T: Row + Serialize>() {
    let fields = T::MODEL.fields;
    assert_eq!(members::<T>(), names(fields, ADDED), "{}", type_name::<T>());
    let added = json!({
        "id": "5ZKGLqxfgCaQRRrXyfe5Ka3G", "remote_data": { "a": 1 }, "changed_at": "2026-01-31T12:00:00.000Z",
        "remote_deleted_at": "2026-02-01T12:00:00.000Z",
    });
    // Every word of every list of words has its turn.
    for turn in 0..8 {
        let mut row = filled(fields, turn);
        row.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
        assert_eq!(round::<T>(&row), row);
    }
    let mut least = only_required(fields);
    least.insert("id".into(), added["id"].clone());
    least.insert("changed_at".into(), added["changed_at"].clone());
    let mut nulls = round::<T>(&Value::Object(least.clone()));
    let with_nulls = round::<T>(&{
        let mut row = Value::Object(fields.iter().map(|field| (field.name.to_owned(), Value::Null)).collect());
        row.as_object_mut().unwrap().extend(least);
        row["something_new"] = json!({ "a": 1 });
        row
    });
    assert_eq!(nulls, with_nulls, "null, and what is not known");
    nulls.as_object_mut().unwrap().retain(|_, value| value.is_null());
    assert!(nulls.as_object().unwrap().len() >= fields.len() / 2, "every member is written: {nulls}");
}

#[test]
fn rows_are_as_the_tables_of_the_models_say() {
    is_of_the_table::<User>();
    is_of_the_table::<Job>();
    is_of_the_table::<Candidate>();
    is_of_the_table::<ApplicationStage>();
    is_of_the_table::<Application>();
    let typed = [User::MODEL, Job::MODEL, Candidate::MODEL, ApplicationStage::MODEL, Application::MODEL];
    assert!(super::super::MODELS.iter().all(|model| typed.contains(model)), "a model has no type");
}

/// The fields of an object inside a model or an input.
fn inside(fields: &'static [Field], path: &str) -> &'static [Field] {
    path.split('.').fold(fields, |fields, name| {
        match &super::super::field(fields, name).unwrap_or_else(|| panic!("no field {name}")).kind {
            Kind::Object(fields) | Kind::List(Kind::Object(fields)) => fields,
            kind => panic!("{name} is {}", kind.describe()),
        }
    })
}

/// How many objects stand inside these fields.
fn objects(fields: &'static [Field]) -> usize {
    let inner = |kind: &'static Kind| match kind {
        Kind::Object(fields) | Kind::List(Kind::Object(fields)) => 1 + objects(fields),
        _ => 0,
    };
    fields.iter().map(|field| inner(&field.kind)).sum()
}

#[test]
fn objects_inside_have_no_more_than_the_tables_say() {
    let inner = [
        (User::MODEL, "system_roles", members::<SystemRole>()),
        (Job::MODEL, "location", members::<Location>()),
        (Job::MODEL, "job_postings", members::<JobPosting>()),
        (Job::MODEL, "hiring_team", members::<HiringTeamMember>()),
        (Job::MODEL, "hiring_team.job_roles", members::<JobRole>()),
        (Candidate::MODEL, "location", members::<Location>()),
        (Candidate::MODEL, "phone_numbers", members::<PhoneNumber>()),
        (Candidate::MODEL, "email_addresses", members::<EmailAddress>()),
        (Candidate::MODEL, "social_media", members::<SocialMedia>()),
        (Candidate::MODEL, "tags", members::<Tag>()),
    ];
    assert_eq!(inner.len(), super::super::MODELS.iter().map(|model| objects(model.fields)).sum::<usize>());
    for (model, path, members) in inner {
        assert_eq!(members, names(inside(model.fields, path), &[]), "{} {path}", model.name);
    }
    let Kind::Members(stages) = &Job::MODEL.field("stages").unwrap().kind else { panic!("stages are members") };
    let mut shown: Vec<&str> = stages.fields.iter().map(|(key, _)| *key).collect();
    shown.sort_unstable();
    assert_eq!(members::<JobStage>(), shown);
}

fn is_of_the_input<T: ActionInput + DeserializeOwned + PartialEq + Debug>() {
    let fields = T::ACTION.fields;
    assert_eq!(members::<T>(), names(fields, &[]), "{}", type_name::<T>());
    for turn in 0..8 {
        let input = filled(fields, turn);
        assert_eq!(round::<T>(&input), input);
    }
    let least = Value::Object(only_required(fields));
    assert_eq!(round::<T>(&least), least, "what has no value is left out");
    let mut taken = filled(fields, 0);
    remove_addresses(&mut taken, fields);
    let typed: T = serde_json::from_value(taken.clone()).unwrap();
    let checked = typed.check(&Limits::default());
    assert_eq!(checked, check(T::ACTION, &taken, &Limits::default()));
    // What was taken is one of the type again, canonical as it is.
    assert_eq!(round::<T>(checked.unwrap().value()), round::<T>(&taken));
}

/// A file has one content.
fn remove_addresses(value: &mut Value, fields: &'static [Field]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| remove_addresses(item, fields)),
        Value::Object(members) => {
            if let Some(file) = FileFields::among(fields) {
                members.remove(file.address.name);
            }
            for field in fields {
                if let (Kind::Object(inner) | Kind::List(Kind::Object(inner)), Some(value)) =
                    (&field.kind, members.get_mut(field.name))
                {
                    remove_addresses(value, inner);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn inputs_are_as_the_tables_of_the_actions_say() {
    is_of_the_input::<CreateCandidate>();
    is_of_the_input::<CreateApplication>();
    is_of_the_input::<AddApplicationAttachment>();
    is_of_the_input::<SetApplicationStage>();
    is_of_the_input::<AddApplicationResultLink>();
    is_of_the_input::<AddApplicationNote>();
    is_of_the_input::<AddCandidateAttachment>();
    let typed = [
        CreateCandidate::ACTION,
        CreateApplication::ACTION,
        AddApplicationAttachment::ACTION,
        SetApplicationStage::ACTION,
        AddApplicationResultLink::ACTION,
        AddApplicationNote::ACTION,
        AddCandidateAttachment::ACTION,
    ];
    assert!(super::super::ACTIONS.iter().all(|action| typed.contains(action)), "an action has no type");
}

#[test]
fn objects_inside_inputs_have_no_more_than_the_tables_say() {
    let fields = CreateCandidate::ACTION.fields;
    let inner = [
        ("candidate", members::<CandidateInput>()),
        ("candidate.additional_email_addresses", members::<EmailInput>()),
        ("candidate.additional_phone_numbers", members::<PhoneInput>()),
        ("candidate.location", members::<HomeInput>()),
        ("candidate.salary_expectations", members::<Salary>()),
        ("candidate.social_links", members::<SocialLink>()),
        ("application", members::<ApplicationInput>()),
        ("attachments", members::<Attachment>()),
        ("source", members::<Source>()),
        ("sourced_by", members::<SourcedBy>()),
        ("gdpr_consent", members::<GdprConsent>()),
        ("screening_question_answers", members::<Answer>()),
    ];
    assert_eq!(inner.len(), objects(fields));
    for (path, members) in inner {
        assert_eq!(members, names(inside(fields, path), &[]), "{path}");
    }
    let link = AddApplicationResultLink::ACTION.fields;
    assert_eq!(members::<Details>(), names(inside(link, "details"), &[]));
    assert_eq!(members::<Attribute>(), names(inside(link, "details.attributes"), &[]));
}

#[test]
fn an_open_word_is_known_or_the_text_of_the_source() {
    let read = |text: &str| serde_json::from_value::<Open<JobStatus>>(json!(text)).unwrap();
    assert_eq!(read("OPEN"), Open::Known(JobStatus::Open));
    assert_eq!(read("On hold"), Open::Other("On hold".to_owned()));
    assert_eq!(read("On hold").to_string(), "On hold");
    assert_eq!(read("CLOSED").known().map(ToString::to_string).as_deref(), Some("CLOSED"));
    assert_eq!(JobStatus::ALL.len(), 4);
}

#[test]
fn a_file_is_made_of_its_content_or_of_its_address() {
    let input =
        |attachment| AddCandidateAttachment { candidate_id: "remote:1".to_owned(), attachment, remote_fields: None };
    let content = Attachment::with_content("cv.pdf", AttachmentType::Cv, "application/pdf", b"ABC");
    assert_eq!(input(content).check(&Limits::default()).unwrap().value()["attachment"]["data"], "QUJD");
    let fetched = Attachment::at("cv.pdf", AttachmentType::Cv, "https://example.org/cv.pdf");
    assert!(input(fetched).check(&Limits::default()).is_ok());
}
