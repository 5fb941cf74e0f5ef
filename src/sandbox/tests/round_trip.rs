//! Everything that can be written, written and read back.

use super::super::data::{Kind, SCHEMA};
use super::*;
use apollo_compiler::schema::ExtendedType;

/// Members that say what is done with an object, and those that the source works out by itself.
const NOT_WRITTEN: &[&str] =
    &["_id", "_kind", "_lookup", "_remove", "modificationDate", "notesHash", "contentHash", "additionalInfoPartial"];

/// Members that are read only through others, or that rules of their own decide.
const ELSEWHERE: &[&str] = &[
    "CRAttachment.unsavedContent",
    "CRAttachment.size",
    "CRToDo.clearNotes",
    "CRToDo.toDoTypeKey",
    "CRToDo.todoTypeKey",
    "CREmployee.matches",
    "CREmployee.toUser",
    "CRVacancy.matches",
    "CRMatch.toEmployee",
    "CRMatch.toVacancy",
    "CRMatch.toPublication",
    "CRMatch.statusInfo",
    "CRObjectAttachment.objectEntityName",
    "CRObjectAttachment.objectID1",
    "CRObjectAttachment.objectID2",
];

/// Types of which none is drawn, so that there is nothing to link to.
fn is_drawn(kind: Kind) -> bool {
    !matches!(kind, Kind::Job | Kind::ToDo | Kind::ToDoNotes | Kind::AttachmentData | Kind::EmployeeDocument)
}

/// The member that an item of a list is told by.
fn item_member(kind: Kind) -> &'static str {
    match kind {
        Kind::Attachment => "filePath",
        Kind::EmailAddress => "emailAddress",
        Kind::PhoneNumber => "phoneNumber",
        Kind::Url => "url",
        Kind::WorkHistory => "function",
        Kind::Publication => "titleInformation",
        Kind::StatusInfoName => "name",
        Kind::DataNodeValue => "value",
        Kind::VacancyUser | Kind::Job | Kind::EmployeeDocument => "_kind",
        _ => "_id",
    }
}

/// Two names of one address hold the same text.
fn text_for(member: &str) -> String {
    let business = ["emailAddressBusiness", "businessEmailAddress"].contains(&member);
    let private = ["emailAddressPrivate", "privateEmailAddress"].contains(&member);
    match member {
        _ if business => "zakelijk@example.org".to_owned(),
        _ if private => "prive@example.org".to_owned(),
        "emailAddress" => "ada+jobs@example.org".to_owned(),
        member => format!("é {member}").chars().take(32).collect(),
    }
}

struct Trip {
    request: Value,
    selection: String,
    expected: serde_json::Map<String, Value>,
}

/// The id of some record.
fn some(session: &Session, kind: Kind) -> String {
    let root = kind.name().replacen("CR", "cr", 1);
    let rows = session.seen(&format!("{{ {root}Page(pageable: {{size: 1}}) {{ items {{ _id }} }} }}"));
    id_of(&rows["items"][0]).to_owned()
}

/// A request with every member of a type, and what is read of it afterwards.
fn trip(session: &Session, kind: Kind) -> Trip {
    let name = kind.name();
    let input = SCHEMA.get_input_object(&format!("{name}Request")).unwrap();
    let mut trip = Trip { request: json!({"_kind": name}), selection: String::new(), expected: Default::default() };
    for (member, definition) in &input.fields {
        let member = member.as_str();
        let type_name = definition.ty.inner_named_type().as_str();
        let is_key = super::super::data::is_key(kind, member);
        let is_read = SCHEMA.type_field(name, member).is_ok();
        if NOT_WRITTEN.contains(&member)
            || ELSEWHERE.contains(&format!("{name}.{member}").as_str())
            || is_key
            || !is_read
        {
            continue;
        }
        let (written, selected, read) =
            if let Some(target) = type_name.strip_suffix("PageRequest").and_then(Kind::from_name) {
                let told_by = item_member(target);
                let item = match told_by {
                    "_id" => link(target.name(), &some(session, target)),
                    "_kind" => json!({"_kind": target.name()}),
                    told_by => json!({"_kind": target.name(), told_by: text_for(told_by)}),
                };
                let read = json!({"items": [{told_by: item[told_by]}]});
                (json!({"items": [item]}), format!("{member} {{ items {{ {told_by} }} }}"), read)
            } else if let Some(target) = type_name.strip_suffix("Request").and_then(Kind::from_name) {
                let (written, read) = match target {
                    Kind::ToDoNotes => (json!({"_kind": "CRToDoNotes", "notes": "Eén\ntwee"}), "notes"),
                    Kind::AttachmentData => continue,
                    target if !is_drawn(target) => continue,
                    target => (link(target.name(), &some(session, target)), "_id"),
                };
                (written.clone(), format!("{member} {{ {read} }}"), json!({read: written[read]}))
            } else {
                let value = match type_name {
                    "Int" => json!(1),
                    "Float" => json!(12.5),
                    "NSCalendarDate" => json!("2026-07-01 09:30:00"),
                    "NSDictionary" => json!({"_10361": "x", "_10363": ["10461"]}),
                    "NSArray" => json!(["een", "twee"]),
                    "NSData" => json!("SGFsbG8="),
                    _ => json!(text_for(member)),
                };
                (value.clone(), member.to_owned(), value)
            };
        trip.request[member] = written;
        trip.selection.push_str(&format!("{selected} "));
        trip.expected.insert(member.to_owned(), read);
    }
    trip
}

#[tokio::test]
async fn everything_that_can_be_written_reads_back_as_it_was_written() {
    let session = Session::open(small()).await;
    let (mut types, mut fields, mut lost) = (0, 0, Vec::new());
    for (name, definition) in &SCHEMA.types {
        let ExtendedType::InputObject(_) = definition else { continue };
        let Some(kind) = name.strip_suffix("Request").and_then(Kind::from_name) else { continue };
        let root = kind.name().replacen("CR", "cr", 1);
        if SCHEMA.type_field("Mutation", &format!("{root}Create")).is_err() {
            continue;
        }
        let Trip { mut request, selection, expected } = trip(&session, kind);
        match kind {
            Kind::Match => {
                let made = session.sandbox.insert("CREmployee", &Default::default()).unwrap();
                request["toEmployee"] = link("CREmployee", &made);
                request["toVacancy"] = link("CRVacancy", "1001");
            }
            Kind::ObjectAttachment => {
                request["objectEntityName"] = json!("CREmployee");
                request["objectID1"] = json!(10_001);
                request["objectID2"] = json!(0);
            }
            _ => {}
        }
        let create = format!("mutation($request: {name}!) {{ {root}Create(request: $request) {{ _id }} }}");
        let made = session.write(&create, json!({"request": request})).await;
        let read = format!("{{ {root}(_id: \"{}\") {{ {selection} }} }}", id_of(&made));
        let seen = if expected.is_empty() || SCHEMA.type_field("Query", &root).is_err() {
            Value::Null
        } else {
            session.seen(&read)
        };
        for (field, expected) in &expected {
            if let Value::Object(seen) = &seen {
                let seen = &seen[field];
                let holds = match (expected["items"][0].clone(), seen["items"].as_array()) {
                    (Value::Null, _) | (_, None) => seen == expected,
                    (item, Some(items)) => items.contains(&item),
                };
                if !holds {
                    lost.push(format!("{name}.{field}: wrote {expected}, read {seen}"));
                }
                fields += 1;
            }
        }
        types += 1;
    }
    assert_eq!(lost, Vec::<String>::new());
    assert!(types >= 22 && fields > 330, "{types} types, {fields} fields");
}
