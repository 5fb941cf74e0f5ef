//! The seven actions of the unified API, as tables.
//!
//! An input holds what the HTTP API puts into paths as well: `candidate_id` and the like are members of it.

use super::models::{closed, field, required};
use super::{APPLICATIONS, CANDIDATES, Field, Kind, Model, Shape};

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
    /// Members that callers repeat out of habit: they are taken and say nothing.
    pub ignored: &'static [&'static str],
    /// The model of which the touched row is the action's result; none, and the result is empty.
    pub result: Option<&'static Model>,
    /// Whether the same input again within a day is the same wish. Where it is not, the input may be wished for again
    /// as soon as it came true.
    pub lasting: bool,
    /// The permission that the unified API names for it.
    pub scope: &'static str,
}

impl Action {
    /// The action of that name.
    pub fn named(name: &str) -> Option<&'static Action> {
        ACTIONS.iter().copied().find(|action| action.name == name)
    }

    /// The member of the input with that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        super::field(self.fields, name)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Action {}

/// Every action, in the order in which the unified API lists them.
pub static ACTIONS: &[&Action] = &[
    &CREATE_CANDIDATE,
    &CREATE_APPLICATION,
    &ADD_APPLICATION_ATTACHMENT,
    &SET_APPLICATION_STAGE,
    &ADD_APPLICATION_RESULT_LINK,
    &ADD_APPLICATION_NOTE,
    &ADD_CANDIDATE_ATTACHMENT,
];

/// A text of several lines.
pub static LONG_TEXT: Shape = Shape { about: "text", pattern: None, most: 100_000, fits: |_| true };

/// A country by its code.
pub static COUNTRY: Shape = Shape {
    about: "the two-letter code of a country in capitals (ISO 3166-1), such as NL",
    pattern: Some("[A-Z]{2}"),
    most: 255,
    fits: |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
};

/// What kind of content a file has.
pub static MEDIA_TYPE: Shape = Shape {
    about: "a content type such as application/pdf",
    pattern: Some("[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+"),
    most: 255,
    fits: |text| {
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte))
        };
        text.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name))
    },
};

const CONTACT_TYPE: Kind = closed(&["PERSONAL", "WORK", "OTHER"]);

static A_FILE: Kind = Kind::Object(FILE);
static AN_ANSWER: Kind = Kind::Object(ANSWER);

const APPLICATION_ID: Field = required("application_id", Kind::Id("applications"), "The application");
const CANDIDATE_ID: Field = required("candidate_id", Kind::Id("candidates"), "The candidate");
const ATTACHMENT: Field = required("attachment", Kind::Object(FILE), "The file");
const ATTACHMENTS: Field =
    field("attachments", Kind::List(&A_FILE), "Files such as the curriculum vitae, in the order given");
const REMOTE_FIELDS: Field = field("remote_fields", Kind::Map, "Further input for one tool, by the tool's name");

static MORE_EMAILS: &[Field] =
    &[required("email_address", Kind::Email, "The address"), required("type", CONTACT_TYPE, "What the address is for")];

static MORE_PHONES: &[Field] = &[
    required("phone_number", Kind::Text, "The number, as the candidate writes it"),
    required("type", CONTACT_TYPE, "What the number is for"),
];

static HOME: &[Field] = &[
    required("country", Kind::Shaped(&COUNTRY), "Country"),
    field("city", Kind::Text, "City"),
    field("state", Kind::Text, "State, province or region"),
    field("street_1", Kind::Text, "Street and number"),
    field("zip_code", Kind::Text, "Postal code"),
];

static SALARY: &[Field] = &[
    required("amount", Kind::Number, "How much, in the currency that the source works with"),
    required("period", closed(&["MONTH", "YEAR"]), "What it is paid for"),
];

static SOCIAL_LINK: &[Field] = &[required("url", Kind::Url, "Address of the profile")];

static CANDIDATE: &[Field] = &[
    required("first_name", Kind::Text, "First name"),
    required("last_name", Kind::Text, "Last name, infix included"),
    required("email_address", Kind::Email, "The address by which the candidate is known"),
    field("additional_email_addresses", Kind::List(&Kind::Object(MORE_EMAILS)), "Further e-mail addresses"),
    field("company", Kind::Text, "Current employer"),
    field("title", Kind::Text, "Current job title"),
    field("phone_number", Kind::Text, "The first telephone number"),
    field("additional_phone_numbers", Kind::List(&Kind::Object(MORE_PHONES)), "Further telephone numbers"),
    field("location", Kind::Object(HOME), "Where the candidate lives"),
    field("gender", closed(&["MALE", "FEMALE", "OTHER"]), "Gender"),
    field("availability_date", Kind::Timestamp, "From when the candidate can work"),
    field("salary_expectations", Kind::Object(SALARY), "What the candidate wants to earn"),
    field("social_links", Kind::List(&Kind::Object(SOCIAL_LINK)), "Profiles elsewhere"),
];

static APPLICATION: &[Field] = &[
    required("job_id", Kind::Id("jobs"), "The job that is applied to"),
    field("stage_id", Kind::Id("application_stages"), "The stage to begin in, one of the job's; its first if none"),
];

static FILE: &[Field] = &[
    required("name", Kind::Text, "File name with its ending"),
    required("type", closed(&["CV", "COVER_LETTER", "OTHER"]), "What the file is"),
    field("content_type", Kind::Shaped(&MEDIA_TYPE), "What the content is; needed beside `data`"),
    field("data", Kind::Base64, "The content, in Base64; this or `data_url`"),
    field("data_url", Kind::Url, "Where the content is fetched from, at once and without credentials; this or `data`"),
];

static SOURCE: &[Field] = &[
    field("name", Kind::Text, "What to call where the candidate came from"),
    field("unified_key", Kind::Text, "The same by a key that is alike in all tools"),
    field("id", Kind::Text, "The source's id of it"),
];

static SOURCED_BY: &[Field] = &[required("user_id", Kind::Id("users"), "The user")];

static GDPR_CONSENT: &[Field] = &[
    field("expires_at", Kind::Timestamp, "Until when the candidate's data may be kept"),
    field("given", Kind::Boolean, "Whether the candidate agreed to that"),
];

static ANSWER: &[Field] = &[
    required("question_id", Kind::Text, "The question"),
    required(
        "answer",
        Kind::Any,
        "A text, a number, true or false, a list of options, or a file, as the question wants",
    ),
];

static ATTRIBUTE: &[Field] = &[
    required("key", Kind::Text, "What was measured, such as Score"),
    required("value", Kind::Text, "What came of it"),
];

static DETAILS: &[Field] = &[
    required("custom_field_name_prefix", Kind::Text, "Stands before each key: `Acme:` makes `Acme: Score`"),
    required("attributes", Kind::List(&Kind::Object(ATTRIBUTE)), "What is told beside the link"),
];

const CANDIDATE_FIELD: Field = required("candidate", Kind::Object(CANDIDATE), "Who applies");
const SOURCE_FIELD: Field =
    field("source", Kind::Object(SOURCE), "Where the candidate came from; what the connection says goes before it");
const SOURCED_BY_FIELD: Field = field("sourced_by", Kind::Object(SOURCED_BY), "Which user found the candidate");
const GDPR_FIELD: Field = field("gdpr_consent", Kind::Object(GDPR_CONSENT), "What the candidate agreed to");
const ANSWERS_FIELD: Field =
    field("screening_question_answers", Kind::List(&AN_ANSWER), "Answers to questions of the job");

/// Makes a candidate and, for a job, an application.
pub static CREATE_CANDIDATE: Action = Action {
    name: "create_candidate",
    label: "Create candidate",
    about: "Creates a candidate and, when a job is named, the application for it",
    fields: &[
        CANDIDATE_FIELD,
        field(
            "application",
            Kind::Object(APPLICATION),
            "What the candidate applies to; without it there is only the candidate",
        ),
        ATTACHMENTS,
        SOURCE_FIELD,
        SOURCED_BY_FIELD,
        GDPR_FIELD,
        ANSWERS_FIELD,
        REMOTE_FIELDS,
    ],
    ignored: &[],
    result: Some(&CANDIDATES),
    lasting: true,
    scope: "Create applications and candidates",
};

/// Makes an application and its candidate.
pub static CREATE_APPLICATION: Action = Action {
    name: "create_application",
    label: "Create application",
    about: "Creates an application on a job, and its candidate where the source does not know them yet",
    fields: &[
        CANDIDATE_FIELD,
        required("application", Kind::Object(APPLICATION), "What the candidate applies to"),
        ATTACHMENTS,
        SOURCE_FIELD,
        SOURCED_BY_FIELD,
        GDPR_FIELD,
        ANSWERS_FIELD,
        REMOTE_FIELDS,
    ],
    ignored: &[],
    result: Some(&APPLICATIONS),
    lasting: true,
    scope: "Create applications and candidates",
};

/// Puts a file on an application.
pub static ADD_APPLICATION_ATTACHMENT: Action = Action {
    name: "add_application_attachment",
    label: "Add attachment to application",
    about: "Puts a file on an application, or on its candidate where the source has no place on the application",
    fields: &[APPLICATION_ID, ATTACHMENT, REMOTE_FIELDS],
    ignored: &["candidate_id"],
    result: None,
    lasting: true,
    scope: "Add attachments",
};

/// Moves an application.
pub static SET_APPLICATION_STAGE: Action = Action {
    name: "set_application_stage",
    label: "Move application to stage",
    about: "Moves an application to another stage of its job",
    fields: &[
        APPLICATION_ID,
        required("stage_id", Kind::Id("application_stages"), "The stage to move to, one of the job's"),
        REMOTE_FIELDS,
    ],
    ignored: &[],
    result: None,
    lasting: false,
    scope: "Set application stage",
};

/// Puts a link on an application.
pub static ADD_APPLICATION_RESULT_LINK: Action = Action {
    name: "add_application_result_link",
    label: "Add result link to application",
    about: "Puts a link to a result, such as that of a test, on an application",
    fields: &[
        APPLICATION_ID,
        required("label", Kind::Text, "What to call the link"),
        required("url", Kind::Url, "Where it leads"),
        field("details", Kind::Object(DETAILS), "What is told beside the link"),
        REMOTE_FIELDS,
    ],
    ignored: &["candidate_id"],
    result: None,
    lasting: true,
    scope: "Add result links",
};

/// Puts a note on an application.
pub static ADD_APPLICATION_NOTE: Action = Action {
    name: "add_application_note",
    label: "Add note to application",
    about: "Puts a note on an application",
    fields: &[
        APPLICATION_ID,
        required("content", Kind::Shaped(&LONG_TEXT), "The note"),
        field("content_type", closed(&["PLAIN_TEXT"]), "How the note is written"),
        REMOTE_FIELDS,
    ],
    ignored: &["candidate_id"],
    result: None,
    lasting: true,
    scope: "Add notes",
};

/// Puts a file on a candidate.
pub static ADD_CANDIDATE_ATTACHMENT: Action = Action {
    name: "add_candidate_attachment",
    label: "Add attachment to candidate",
    about: "Puts a file on a candidate",
    fields: &[CANDIDATE_ID, ATTACHMENT, REMOTE_FIELDS],
    ignored: &["application_id"],
    result: None,
    lasting: true,
    scope: "Add attachments",
};
