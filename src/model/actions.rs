//! The actions of the unified API, as tables.

use super::{APPLICATIONS, Field, Kind, Model};

/// A write that the unified API knows.
#[derive(Debug)]
pub struct Action {
    /// The name in files, commands and the journal, such as `create_candidate`.
    pub name: &'static str,
    /// What to call it on a screen.
    pub label: &'static str,
    /// What it does, for documentation.
    pub about: &'static str,
    /// The members of its input.
    pub fields: &'static [Field],
    /// The model of which the touched row is the action's result; none, and the result is empty.
    pub result: Option<&'static Model>,
    /// Whether the same input again within a day is the same wish.
    pub lasting: bool,
}

impl Action {
    /// The action of that name.
    pub fn named(name: &str) -> Option<&'static Action> {
        ACTIONS.iter().copied().find(|action| action.name == name)
    }
}

/// Every action.
pub static ACTIONS: &[&Action] = &[&SET_APPLICATION_STAGE, &ADD_APPLICATION_NOTE];

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: true, about }
}

/// Moves an application.
pub static SET_APPLICATION_STAGE: Action = Action {
    name: "set_application_stage",
    label: "Move application to stage",
    about: "Moves an application to another stage of its job",
    fields: &[
        required("application_id", Kind::Id("applications"), "The application"),
        required("stage_id", Kind::Id("application_stages"), "The stage to move to, one of the job's"),
    ],
    result: Some(&APPLICATIONS),
    lasting: false,
};

/// Puts a note on an application.
pub static ADD_APPLICATION_NOTE: Action = Action {
    name: "add_application_note",
    label: "Add note to application",
    about: "Puts a note on an application",
    fields: &[
        required("application_id", Kind::Id("applications"), "The application"),
        required("content", Kind::Text, "The note"),
        Field { name: "content_type", kind: Kind::Text, required: false, about: "How the note is written" },
    ],
    result: None,
    lasting: true,
};
