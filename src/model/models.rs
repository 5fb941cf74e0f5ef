//! The five models of the unified API, as tables.
//!
//! `id`, `remote_id`, `changed_at`, `remote_deleted_at` and `remote_data` stand on every row; of these a mapping
//! fills `remote_id` only. The rest is the engine's.

use super::{Field, Kind, Members, Model};

/// Every model, in the order in which a sync reads them: what others refer to comes first.
pub static MODELS: &[&Model] = &[&USERS, &APPLICATION_STAGES, &JOBS, &CANDIDATES, &APPLICATIONS];

pub(super) const fn field(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: false, about }
}

pub(super) const fn required(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: true, about }
}

const fn open(values: &'static [&'static str]) -> Kind {
    Kind::Enum { values, open: true }
}

pub(super) const fn closed(values: &'static [&'static str]) -> Kind {
    Kind::Enum { values, open: false }
}

const REMOTE_ID: Field = required("remote_id", Kind::Text, "The source's id of the record");
const CUSTOM_FIELDS: Field = field("custom_fields", Kind::Map, "The source's free fields by key");
const REMOTE_CREATED_AT: Field = field("remote_created_at", Kind::Timestamp, "When the source created the record");
const REMOTE_UPDATED_AT: Field = field("remote_updated_at", Kind::Timestamp, "When the source last changed the record");
const REMOTE_URL: Field =
    field("remote_url", Kind::Url, "Where the record is shown in the source's own user interface");
const ACTIVE: Kind = closed(&["ACTIVE", "INACTIVE"]);
const ROLES: Kind = closed(&["HIRING_MANAGER", "RECRUITER", "COORDINATOR", "SOURCER", "INTERVIEWER", "ADMIN"]);
const TEAM_ROLES: Kind = closed(&["HIRING_MANAGER", "RECRUITER", "COORDINATOR", "SOURCER", "INTERVIEWER"]);

static LOCATION: &[Field] = &[
    field("city", Kind::Text, "City"),
    field("country", Kind::Text, "ISO 3166-1 alpha-2 code where it can be told, else the source's text"),
    field("raw", Kind::Text, "The place as the source writes it in one line"),
    field("state", Kind::Text, "State, province or region"),
    field("street_1", Kind::Text, "Street and number"),
    field("street_2", Kind::Text, "Second line of the street address"),
    field("zip_code", Kind::Text, "Postal code"),
];

static SYSTEM_ROLE: &[Field] = &[
    field("remote_id", Kind::Text, "The source's id of the role"),
    field("remote_label", Kind::Text, "The source's name of the role"),
    field("unified_type", ROLES, "What the role amounts to"),
    field("scope", closed(&["SYSTEM"]), "The role holds everywhere"),
];

static JOB_ROLE: &[Field] = &[
    field("remote_id", Kind::Text, "The source's id of the role"),
    field("remote_label", Kind::Text, "The source's name of the role"),
    field("unified_type", ROLES, "What the role amounts to"),
    field("scope", closed(&["JOB"]), "The role holds on this job"),
];

static TEAM_MEMBER: &[Field] = &[
    required("id", Kind::Id("users"), "The user"),
    field("remote_id", Kind::Text, "The source's id of the user"),
    field("first_name", Kind::Text, "First name"),
    field("last_name", Kind::Text, "Last name, infix included"),
    field("email", Kind::Email, "E-mail address"),
    field("hiring_team_roles", Kind::List(&TEAM_ROLES), "Older form of job_roles: the unified types only"),
    field("job_roles", Kind::List(&Kind::Object(JOB_ROLE)), "What the user does on this job"),
];

static POSTING: &[Field] = &[
    required("id", Kind::Id("job_postings"), "The posting"),
    field("remote_id", Kind::Text, "The source's id of the posting"),
    field("title", Kind::Text, "Public title"),
    field("description_html", Kind::Text, "Public text as HTML"),
    field("status", closed(&["ACTIVE", "INACTIVE", "DRAFT"]), "Whether it can be seen"),
    field("visibility", closed(&["PUBLIC", "INTERNAL", "UNLISTED"]), "Who can see it"),
    field("url", Kind::Text, "Where it can be seen"),
];

static TAG: &[Field] = &[
    required("id", Kind::Id("tags"), "The tag"),
    field("name", Kind::Text, "Its label"),
    field("remote_id", Kind::Text, "The source's id of the tag"),
];

static EMAIL: &[Field] =
    &[required("email_address", Kind::Email, "The address"), field("type", Kind::Text, "Free text such as PRIVATE")];

static PHONE: &[Field] = &[
    required("phone_number", Kind::Text, "The number as the source writes it"),
    field("type", Kind::Text, "Free text such as HOME"),
];

static SOCIAL: &[Field] = &[
    required("link", Kind::Text, "The link"),
    field("type", Kind::Text, "Free text such as LINKEDIN"),
    field("username", Kind::Text, "The account's name"),
];

static JOB_STAGES: Members = Members {
    model: "application_stages",
    fields: &[
        ("id", "id"),
        ("remote_id", "remote_id"),
        ("name", "name"),
        ("status", "status"),
        ("custom_fields", "custom_fields"),
        ("index", "global_index"),
    ],
};

/// People who use the source.
pub static USERS: Model = Model {
    name: "users",
    about: "A person who works in the source",
    fields: &[
        REMOTE_ID,
        field("first_name", Kind::Text, "First name"),
        field("last_name", Kind::Text, "Last name, infix included"),
        field("email", Kind::Email, "E-mail address"),
        field("status", ACTIVE, "Whether the user can log in"),
        field("system_roles", Kind::List(&Kind::Object(SYSTEM_ROLE)), "What the user may do everywhere"),
    ],
};

/// Openings that candidates apply to.
pub static JOBS: Model = Model {
    name: "jobs",
    about: "An opening that candidates apply to",
    fields: &[
        REMOTE_ID,
        field("name", Kind::Text, "Title"),
        field("job_code", Kind::Text, "The number that people use for the job"),
        field("description", Kind::Text, "Text of the job, usually HTML"),
        field("confidential", Kind::Boolean, "Superseded by visibility"),
        field("weekly_hours", Kind::Number, "Hours a week"),
        field(
            "employment_type",
            open(&["FULL_TIME", "PART_TIME", "CONTRACT", "SEASONAL", "INTERNSHIP"]),
            "Kind of employment",
        ),
        field("status", open(&["OPEN", "CLOSED", "DRAFT", "ARCHIVED"]), "Where the job is in its life"),
        field("visibility", open(&["PUBLIC", "INTERNAL", "UNLISTED", "CONFIDENTIAL"]), "Who can see the job"),
        field("category", Kind::Text, "Field of work"),
        field("department", Kind::Text, "Department or office"),
        field("post_url", Kind::Text, "Where the job is posted"),
        field("experience_level", Kind::Text, "The source's text, unchanged"),
        field("remote_work_status", open(&["REMOTE", "HYBRID", "TEMPORARY", "ON_SITE"]), "Where the work is done"),
        field("salary_amount", Kind::Number, "The salary when it is one amount"),
        field("salary_amount_from", Kind::Number, "Lower end of the salary"),
        field("salary_amount_to", Kind::Number, "Upper end of the salary"),
        field("salary_currency", Kind::Text, "ISO 4217 where possible"),
        field(
            "salary_period",
            open(&["YEAR", "MONTH", "TWO_WEEKS", "WEEK", "DAY", "HOUR"]),
            "What the salary is paid for",
        ),
        field("location", Kind::Object(LOCATION), "Where the work is"),
        CUSTOM_FIELDS,
        REMOTE_URL,
        field("opened_at", Kind::Timestamp, "When the job was opened"),
        field("closed_at", Kind::Timestamp, "When the job was or will be closed"),
        REMOTE_CREATED_AT,
        REMOTE_UPDATED_AT,
        field("contact_id", Kind::Id("users"), "The user in charge; superseded by hiring_team"),
        field("stages", Kind::Members(&JOB_STAGES), "The stages an application can be in"),
        field("job_postings", Kind::List(&Kind::Object(POSTING)), "Public texts of the job"),
        field("hiring_team", Kind::List(&Kind::Object(TEAM_MEMBER)), "Users who work on the job"),
    ],
};

/// People who apply.
pub static CANDIDATES: Model = Model {
    name: "candidates",
    about: "A person who applies",
    fields: &[
        REMOTE_ID,
        field("first_name", Kind::Text, "First name"),
        field("last_name", Kind::Text, "Last name, infix included"),
        field("company", Kind::Text, "Current employer"),
        field("title", Kind::Text, "Current job title"),
        field("confidential", Kind::Boolean, "Whether only some users may see the candidate"),
        field("source", Kind::Text, "Where the candidate came from"),
        field("phone_numbers", Kind::List(&Kind::Object(PHONE)), "Phone numbers"),
        field("email_addresses", Kind::List(&Kind::Object(EMAIL)), "E-mail addresses, primary first"),
        field("social_media", Kind::List(&Kind::Object(SOCIAL)), "Links to profiles"),
        field("location", Kind::Object(LOCATION), "Where the candidate lives"),
        CUSTOM_FIELDS,
        REMOTE_URL,
        REMOTE_CREATED_AT,
        REMOTE_UPDATED_AT,
        field("tags", Kind::List(&Kind::Object(TAG)), "Labels on the candidate"),
    ],
};

/// Steps of an application.
pub static APPLICATION_STAGES: Model = Model {
    name: "application_stages",
    about: "A step that an application can be in",
    fields: &[
        REMOTE_ID,
        field("name", Kind::Text, "Name"),
        field("status", ACTIVE, "Whether the stage is in use"),
        field("global_index", Kind::Integer, "Place in the order of all stages"),
        CUSTOM_FIELDS,
    ],
};

/// Candidates on jobs.
pub static APPLICATIONS: Model = Model {
    name: "applications",
    about: "One candidate on one job",
    fields: &[
        REMOTE_ID,
        field("outcome", closed(&["PENDING", "HIRED", "DECLINED"]), "How it ended, if it did"),
        field("rejection_reason_name", Kind::Text, "Why it was declined"),
        field("rejected_at", Kind::Timestamp, "When it was declined"),
        field("current_stage_id", Kind::Id("application_stages"), "Where it is"),
        field("job_id", Kind::Id("jobs"), "The job"),
        field("candidate_id", Kind::Id("candidates"), "The candidate"),
        CUSTOM_FIELDS,
        REMOTE_URL,
        REMOTE_CREATED_AT,
        REMOTE_UPDATED_AT,
    ],
};

/// What `ref` may point at: the models and the entities that only stand inside their rows.
pub static ENTITIES: &[&str] =
    &["users", "application_stages", "jobs", "candidates", "applications", "job_postings", "tags"];
