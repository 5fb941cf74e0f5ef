use super::super::SCHEMA;
use super::super::made::key_fields;
use super::*;
use apollo_compiler::schema::ExtendedType;

/// Every member of a request is a field of the type, but for a few that the schema only takes.
#[test]
fn what_can_be_written_can_be_read() {
    let (mut members, mut only_written) = (0, Vec::new());
    for (name, definition) in &SCHEMA.types {
        let ExtendedType::InputObject(input) = definition else { continue };
        let Some(kind) = name.strip_suffix("Request").and_then(Kind::from_name) else { continue };
        for member in input.fields.keys().filter(|member| !["_lookup", "_remove"].contains(&member.as_str())) {
            members += 1;
            if field_definition(kind, member).is_none() {
                only_written.push(format!("{}.{member}", kind.name()));
            }
        }
    }
    assert!(members > 400, "the requests were searched");
    only_written.sort();
    let expected = [
        "CRAgency.importID",
        "CRAttachment.unsavedContent",
        "CREmployeeDocument.importID",
        "CRJob.importID",
        "CRMedium.importID",
        "CRToDo.clearNotes",
    ];
    assert_eq!(only_written, expected);
}

#[test]
fn every_key_is_a_field() {
    for kind in Kind::ALL {
        for key in key_fields(*kind) {
            assert!(field_definition(*kind, key).is_some(), "{kind:?}.{key}");
        }
    }
}

#[test]
fn the_name_of_a_mutation_says_what_it_is_about() {
    assert_eq!(Act::of("crToDoNotesCreate"), Some((Kind::ToDoNotes, Act::Create)));
    assert_eq!(Act::of("crMatchDelete"), Some((Kind::Match, Act::Delete)));
    assert_eq!(Act::of("crShoeCreate"), None);
    for mutation in SCHEMA.get_object("Mutation").unwrap().fields.keys() {
        assert!(kind_of_mutation(mutation).is_some(), "{mutation}");
    }
}
