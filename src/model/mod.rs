//! The target: unified models and actions, their fields and types, and the ids of rows.
//!
//! Everything that depends on what a unified record looks like (the checker of mappings, the columns of the
//! store's views, the coverage table) reads the tables of [`MODELS`], and what depends on what an action is given
//! (validation, JSON Schemas, the checker of steps) those of [`ACTIONS`]; nothing repeats them.

mod actions;
mod id;
pub mod input;
mod models;
pub mod typed;

pub use actions::{
    ACTIONS, ADD_APPLICATION_ATTACHMENT, ADD_APPLICATION_NOTE, ADD_APPLICATION_RESULT_LINK, ADD_CANDIDATE_ATTACHMENT,
    Action, COUNTRY, CREATE_APPLICATION, CREATE_CANDIDATE, LONG_TEXT, MEDIA_TYPE, SET_APPLICATION_STAGE,
};
pub use id::Id;
pub use models::{APPLICATION_STAGES, APPLICATIONS, CANDIDATES, ENTITIES, JOBS, MODELS, USERS};

/// A unified model: a named list of typed fields.
#[derive(Debug)]
pub struct Model {
    /// The name in mapping files, commands and the store, such as `application_stages`.
    pub name: &'static str,
    /// What one row is, for documentation.
    pub about: &'static str,
    /// What a mapping may fill, in the order in which a record is written.
    pub fields: &'static [Field],
}

impl Model {
    /// The model of that name.
    pub fn named(name: &str) -> Option<&'static Model> {
        MODELS.iter().copied().find(|model| model.name == name)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        field(self.fields, name)
    }
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Model {}

/// The field called `name` among `fields`.
pub fn field(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.name == name)
}

/// One field of a model, of an action's input, or of an object inside one.
#[derive(Debug)]
pub struct Field {
    /// The key in the unified record or the input.
    pub name: &'static str,
    /// What its values look like.
    pub kind: Kind,
    /// An object inside a list that lacks this field is left out of the list; a record that lacks it fails, and an
    /// input that lacks it is refused.
    pub required: bool,
    /// What it means, for documentation and editors.
    pub about: &'static str,
}

/// The type of a unified value. Every value may also be null, and a list may be empty.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// An e-mail address; a malformed one becomes null and is reported.
    Email,
    /// An absolute URL; a malformed one becomes null and is reported.
    Url,
    /// A JSON number.
    Number,
    /// A JSON number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A moment, written in UTC as `YYYY-MM-DDTHH:mm:ss.sssZ`.
    Timestamp,
    /// One of the listed texts. An open one also lets the source's own text through.
    Enum {
        /// The texts of the contract.
        values: &'static [&'static str],
        /// Whether other texts may pass.
        open: bool,
    },
    /// The id of a row of the named entity: 24 characters, made by `ref`.
    Id(&'static str),
    /// A nested object with these fields.
    Object(&'static [Field]),
    /// A list of these.
    List(&'static Kind),
    /// A JSON object with keys of the source's making.
    Map,
    /// A text of a certain form; in inputs only.
    Shaped(&'static Shape),
    /// The bytes of a file, written in Base64; in inputs only. An object that has such a field is a file, of which either
    /// this is given or an address.
    Base64,
    /// Any JSON value; in inputs only.
    Any,
    /// Rows of another model that belong to this one; filled when a record is read, never stored in it.
    Members(&'static Members),
    /// A value of one of the source's own types, which an action writes. No model has such a field.
    Foreign(Foreign),
}

/// What an action writes into the source. The names are those of the source's schema; they live as long as the program, like
/// everything that a kind points to, and are as many as schemas have types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// An input object. Its members are looked up where a file names them: such types contain one another.
    Object(&'static str),
    /// One of the values of an enum.
    Choice(&'static str),
    /// A moment, written as dates of this scalar are.
    Moment(&'static str),
    /// A whole number; true and false become the numbers that stand for them.
    Whole,
    /// JSON of any shape.
    Json,
    /// A text or a number that is put into a filter.
    Operand,
}

/// A form that a text has.
#[derive(Debug)]
pub struct Shape {
    /// What to call such a text in a message.
    pub about: &'static str,
    /// The whole text as a regular expression of JSON Schema, without anchors. Nothing stands for any text.
    pub pattern: Option<&'static str>,
    /// How many characters it may have, with the blanks around it.
    pub most: usize,
    /// Whether a text has the form; the same as `pattern`.
    pub fits: fn(&str) -> bool,
}

/// How the rows of another model are shown inside a record.
#[derive(Debug)]
pub struct Members {
    /// The model whose rows are shown.
    pub model: &'static str,
    /// Key of the shown object and the field of the row that it repeats.
    pub fields: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// What to call this type in a message.
    pub fn describe(&self) -> String {
        match self {
            Kind::Text => "text".into(),
            Kind::Email => "an e-mail address".into(),
            Kind::Url => "a URL".into(),
            Kind::Number => "a number".into(),
            Kind::Integer => "a whole number".into(),
            Kind::Boolean => "true or false".into(),
            Kind::Timestamp => "a date and time".into(),
            Kind::Enum { values, .. } => format!("one of {}", values.join(", ")),
            Kind::Id(entity) => format!("the id of one of the {entity}"),
            Kind::Object(_) => "an object".into(),
            Kind::List(kind) => format!("a list ({} each)", kind.describe()),
            Kind::Map => "a map".into(),
            Kind::Shaped(shape) => shape.about.into(),
            Kind::Base64 => "Base64".into(),
            Kind::Any => "any value".into(),
            Kind::Members(members) => format!("the {} of the record", members.model),
            Kind::Foreign(foreign) => foreign.describe(),
        }
    }
}

impl Foreign {
    fn describe(self) -> String {
        match self {
            Foreign::Object(name) => format!("an object of type {name}"),
            Foreign::Choice(name) => format!("a value of {name}"),
            Foreign::Moment(_) => "a date and time".into(),
            Foreign::Whole => "a whole number or a flag".into(),
            Foreign::Json => "JSON of any shape".into(),
            Foreign::Operand => "a text or a number".into(),
        }
    }
}
