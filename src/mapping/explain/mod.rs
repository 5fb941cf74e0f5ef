//! Why a record became what it is. The evaluator that maps tells of its steps, and they are written down: there is no
//! second way to a value that could differ from the first.
//!
//! Everything here is written as JSON with the names of its members, and they keep their meaning.

mod find;
mod record;

use serde::Serialize;
use serde_json::Value;

use self::record::Recorder;
use super::{Context, Issue, Mapped, Plan};
use crate::diagnostics::Place;
use crate::model::{Field as ModelField, Kind};

pub use find::{Entry, NotFound, Spot};

/// Why a record became what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The model.
    pub model: &'static str,
    /// The connection.
    pub connection: String,
    /// What `$now` was, in UTC.
    pub now: String,
    /// The source's id; null when the record has none.
    pub remote_id: Option<String>,
    /// The unified id; null when the record did not map.
    pub id: Option<String>,
    /// Why the record did not map at all.
    pub failure: Option<String>,
    /// The fields in the order of the model. Of a record that did not map, those that were reached.
    pub fields: Vec<Field>,
    /// Whether the source marks the record as deleted; null when it has no such mark.
    pub deletion: Option<Deletion>,
    /// The group that the record belongs to; null when the mapping names none.
    pub group: Option<Group>,
    /// What fitted nowhere.
    pub issues: Vec<Issue>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file, from the home folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A field of the record or of an object in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Where it is mapped; null when no file speaks of it.
    pub place: Option<Location>,
    /// Where it was mapped before a connection replaced that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Location>,
    /// What it became. Of members it is null, as they are put together when a record is read.
    pub value: Value,
    /// Its alternatives in their order, those that were not tried too.
    pub rules: Vec<Rule>,
}

/// An alternative of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// Where it stands.
    pub place: Location,
    /// `path`, `join`, `value`, `call`, `object`, `ref`, `all` or `members`.
    pub origin: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// What it gave: of a list field, the list of its entries.
    pub value: Value,
    /// What it goes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// What it did with the items of a list, as far as it went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// What it did otherwise.
    #[serde(flatten)]
    pub turn: Turn,
}

/// What a rule goes over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Each {
    /// The path of the list or the object, from the record.
    pub path: String,
    /// How many items there are: of an object, one or none.
    pub count: usize,
}

/// What a rule did with an item of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The item's path from the record, such as `readers[0]`.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What it gave.
    pub value: Value,
    /// What was done.
    #[serde(flatten)]
    pub turn: Turn,
}

/// What a rule did with the record, an object in it, or an item of a list.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Turn {
    /// Its condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// The steps in the order in which they were taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Of a list field: the number of the entry that it became, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<usize>,
}

/// What became of a rule or an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It gave a value.
    Value,
    /// It gave none.
    Empty,
    /// It had a value that did not fit. The field is null, and no other alternative is tried.
    Stopped,
    /// Its condition did not hold.
    Condition,
    /// The object is not there that it starts at.
    Absent,
    /// It gave what the list has already.
    Duplicate,
    /// Its values were looked at, to take the earliest or the latest.
    LookedAt,
    /// An alternative before it gave a value.
    NotTried,
}

/// The condition of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct When {
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub place: Location,
    /// Whether it held.
    pub held: bool,
    /// The test that it is.
    pub test: Test,
}

/// A part of a condition. Parts that could not change the answer were not looked at and are not here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Test {
    /// Whether it held.
    pub held: bool,
    /// What it is.
    #[serde(flatten)]
    pub kind: TestKind,
}

/// What a part of a condition is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "test", rename_all = "snake_case")]
pub enum TestKind {
    /// Tests joined by `and`.
    All {
        /// Up to the first that did not hold.
        tests: Vec<Test>,
    },
    /// Tests joined by `or`.
    Any {
        /// Up to the first that held.
        tests: Vec<Test>,
    },
    /// `not`.
    Not {
        /// The only one.
        tests: Vec<Test>,
    },
    /// A condition of the mapping's `conditions`.
    Named {
        /// Its name.
        name: String,
        /// Where it is defined.
        place: Location,
        /// The only one.
        tests: Vec<Test>,
    },
    /// A question about one value.
    Asked {
        /// The question.
        text: String,
        /// The value.
        seen: Read,
    },
}

/// A value of the source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Read {
    /// The path from the record, such as `readers[0].name`.
    pub path: String,
    /// What the source sent.
    pub raw: Value,
    /// What that means: trimmed, a date in UTC, or null.
    pub value: Value,
    /// What is remarkable about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}

/// What is remarkable about a value of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// The source sent no such member.
    Missing,
    /// A text of blanks only counts as null.
    Blank,
    /// Outer blanks were taken off.
    Trimmed,
    /// A date of the source became one in UTC.
    Date,
    /// It stands in the place of a date and is none.
    NoDate,
    /// It is an object or a list where the schema has a single value.
    WrongShape,
}

/// A step on the way to a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// A value of the source was read.
    Read(Read),
    /// A setting of the connection was taken.
    Setting {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// A constant of the mapping was taken.
    Constant {
        /// The constant.
        value: Value,
    },
    /// What was read before was joined.
    Join {
        /// What stands between the parts.
        with: String,
    },
    /// The unified id of another record was worked out.
    Id {
        /// What the id is of.
        entity: String,
        /// The id.
        value: Value,
    },
    /// Of the dates read before, one was taken.
    Taken {
        /// `earliest` or `latest`.
        which: &'static str,
        /// The date, or null when there was none.
        value: Value,
    },
    /// The fields of an object were filled.
    Object {
        /// Them, up to the one that was lacking.
        fields: Vec<Field>,
        /// The field for want of which the object was left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        lacks: Option<&'static str>,
    },
    /// The rules of an `all` had their turns.
    Rules {
        /// Them.
        rules: Vec<Rule>,
    },
    /// A custom field was filled from a free field of the source.
    CustomField {
        /// Its key.
        key: String,
        /// The id of the free field; none when the record has no such field.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// What the source has there.
        raw: Value,
        /// What it became.
        value: Value,
    },
    /// A function was called.
    Call(Call),
    /// A table was asked.
    Table(Lookup),
    /// A text was read as one of a kind.
    Kind {
        /// The kind.
        kind: &'static str,
        /// The text.
        text: String,
        /// What it means, if it is of the kind.
        value: Option<String>,
    },
    /// The value did not fit, and this was done.
    Otherwise {
        /// `keep`, `null`, `error`, `next` or `value`.
        does: &'static str,
        /// The value in its place.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
        /// Where that is said.
        place: Location,
    },
    /// There was no value, and the rule's default was taken.
    Default {
        /// The default.
        value: Value,
        /// Where it stands.
        place: Location,
    },
    /// A value became one of the field's type.
    Convert {
        /// The type.
        to: String,
        /// What it was.
        from: Value,
        /// What it became.
        value: Value,
    },
    /// Something was reported.
    Issue(Issue),
    /// The records are shown of another model that belong to the group, and those that belong to none.
    Members {
        /// The model.
        model: &'static str,
        /// The group, or null when the record names none.
        group: Option<String>,
    },
}

/// A call of a script's function.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Call {
    /// Its name.
    pub function: String,
    /// Where it is defined.
    pub place: Option<Location>,
    /// What it was called with.
    pub arguments: Vec<Argument>,
    /// The tables that it asked, if that can be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Lookup>,
    /// What it gave; null when it failed.
    pub result: Value,
    /// Where the value stands that it gave; null when it failed, or when that cannot be told.
    pub returned: Option<Location>,
    /// What it reported through `unknown`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Why it failed, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Argument {
    /// The name of the parameter.
    pub name: String,
    /// What the mapping names: a path, `$now` or a setting.
    pub from: String,
    /// The value.
    pub value: Value,
    /// What was read for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Read>,
}

/// A table that was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lookup {
    /// Its name.
    pub table: String,
    /// The text that was looked for.
    pub text: String,
    /// What was found.
    pub hit: Option<Hit>,
}

/// What was found in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The word of the table, in lower case.
    pub word: String,
    /// What the row gives.
    pub value: Value,
    /// Where the word stands.
    pub place: Location,
}

/// The source's mark of deletion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deletion {
    /// The mark.
    pub seen: Read,
    /// What it is in a deleted record.
    pub mark: i64,
    /// Whether the record is marked.
    pub deleted: bool,
}

/// A value by which records belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Where the mapping names it.
    pub place: Location,
    /// The value.
    pub seen: Read,
    /// The group; null when the record belongs to none.
    pub value: Option<String>,
}

impl Plan {
    /// Maps a record as [`Plan::map`] does, and says how each field came by its value. This costs many times what
    /// mapping costs.
    pub fn explain(&self, raw: &str, context: &Context<'_>) -> Explanation {
        let mut mapped = Mapped::default();
        let mut recorder = Recorder::new(self, raw);
        let failure = self.session(context).map_traced(raw, &mut mapped, &mut recorder).err();
        let found = recorder.into_record();
        let mut fields = found.fields.into_iter().peekable();
        let mut all = Vec::with_capacity(self.model.fields.len());
        for field in self.model.fields {
            if let Kind::Members(members) = &field.kind {
                if failure.is_none() {
                    all.push(members_field(field, members.model, found.members.as_ref()));
                }
            } else {
                all.extend(fields.next_if(|known| known.name == field.name));
            }
        }
        let remote_id = Some(mapped.remote_id).filter(|id| !id.is_empty()).or_else(|| self.identify(raw));
        Explanation {
            model: self.model.name,
            connection: context.connection.to_owned(),
            now: super::time::text(context.now.as_millisecond()).as_str().to_owned(),
            remote_id,
            id: mapped.id.filter(|_| failure.is_none()).map(|id| id.as_str().to_owned()),
            failure: failure.map(|failure| failure.0),
            fields: all,
            deletion: found.deletion,
            group: found.group,
            issues: mapped.issues,
        }
    }
}

/// The field that shows the records of another model.
fn members_field(field: &'static ModelField, model: &'static str, group: Option<&Group>) -> Field {
    let rule = group.map(|group| Rule {
        place: group.place.clone(),
        origin: "members",
        outcome: Outcome::Value,
        value: Value::Null,
        each: None,
        items: Vec::new(),
        turn: Turn {
            steps: vec![Step::Read(group.seen.clone()), Step::Members { model, group: group.value.clone() }],
            ..Turn::default()
        },
    });
    Field {
        name: field.name,
        place: group.map(|group| group.place.clone()),
        replaces: None,
        value: Value::Null,
        rules: rule.into_iter().collect(),
    }
}

impl From<&Place> for Location {
    fn from(place: &Place) -> Location {
        let (line, column) = place.file.line_column(place.span.start);
        Location { file: place.file.path.clone(), line, column }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
