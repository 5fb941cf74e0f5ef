//! What a path of field names leads to.

use super::own::Own;
use super::{Scalar, Schema};
use crate::diagnostics::closest;

/// One name of a path, and what it leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The field.
    pub name: String,
    /// What the field holds.
    pub target: Target,
    /// The names of the arguments that the field takes; none of them is required, but for one that lists are given.
    pub arguments: Vec<String>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A single value. The second is the name of its type.
    Scalar(Scalar, String),
    /// One object of this type.
    Object(String),
    /// A page of objects of this type: its rows are the objects.
    Page(String),
    /// A plain list of objects of this type.
    List(String),
}

impl Target {
    /// Whether it holds any number of things.
    pub fn is_list(&self) -> bool {
        matches!(self, Target::Page(_) | Target::List(_))
    }

    /// The name of the type, whatever it is of.
    fn type_name(&self) -> &str {
        match self {
            Target::Scalar(_, name) | Target::Object(name) | Target::Page(name) | Target::List(name) => name,
        }
    }

    /// The type of the object or objects.
    pub fn object(&self) -> Option<&str> {
        match self {
            Target::Scalar(..) => None,
            Target::Object(name) | Target::Page(name) | Target::List(name) => Some(name),
        }
    }
}

/// Why a path leads nowhere. `at` and `length` are bytes within the path.
#[derive(Debug, Clone, PartialEq)]
pub struct PathError {
    /// Where in the path the faulty name begins.
    pub at: usize,
    /// How long it is.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// The word under the caret.
    pub label: String,
    /// What to do, if that can be told.
    pub help: Option<String>,
}

/// Types can lead back to themselves, so a path could go on for ever.
const LONGEST: usize = 16;

impl Schema {
    /// The steps of a dotted path that starts at an object of type `from`.
    pub fn walk(&self, from: &str, path: &str) -> Result<Vec<Step>, PathError> {
        let mut steps: Vec<Step> = Vec::new();
        let mut here = from.to_owned();
        let mut at = 0;
        for name in path.split('.') {
            let error = |message: String, label: &str, help: Option<String>| PathError {
                at,
                length: name.len(),
                message,
                label: label.to_owned(),
                help,
            };
            if path.is_empty() {
                return Err(error("an empty text is not a path".to_owned(), "names no field", None));
            }
            if let Some(members) = self.own.members(&here) {
                let step = Own::step(members, &here, name, at)?;
                here = step.target.type_name().to_owned();
                steps.push(step);
                at += name.len() + 1;
                continue;
            }
            if name.is_empty() {
                return Err(error(format!("`{path}` is not a path"), "a field name is missing", None));
            }
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let help = "a path is field names and dots; a constant is written as `{ value: … }`";
                return Err(error(format!("`{path}` is not a path"), "no field has such a name", Some(help.into())));
            }
            if steps.len() == LONGEST {
                return Err(error(format!("a path has at most {LONGEST} names"), "one too many", None));
            }
            let Some(fields) = self.fields_of(&here) else {
                let before = steps.last().map_or("", |step| step.name.as_str());
                return Err(error(
                    format!("`{before}` is a {here} and has no fields"),
                    "leads nowhere",
                    Some(format!("end the path at `{before}`")),
                ));
            };
            let Some(field) = fields.get(name) else {
                let help = closest(name, fields.keys().map(|name| name.as_str()))
                    .map(|close| format!("did you mean `{close}`?"));
                return Err(error(format!("unknown field `{name}` on type `{here}`"), "no such field", help));
            };
            let target = self.target(&field.ty);
            let given = self.given_to_lists.as_deref().filter(|_| target.as_ref().is_some_and(Target::is_list));
            if field.arguments.iter().any(|argument| argument.is_required() && given != Some(argument.name.as_str())) {
                return Err(error(
                    format!("`{name}` of `{here}` cannot be read without arguments"),
                    "needs arguments",
                    None,
                ));
            }
            let target = target.ok_or_else(|| {
                error(
                    format!("`{name}` is of type `{}`, which this connector cannot read", field.ty),
                    "of a type without a meaning here",
                    Some("scalars get their meaning under `scalars` in connector.yaml; unions are not read".into()),
                )
            })?;
            here = target.type_name().to_owned();
            let arguments = field.arguments.iter().map(|argument| argument.name.to_string()).collect();
            steps.push(Step { name: name.to_owned(), target, arguments });
            at += name.len() + 1;
        }
        Ok(steps)
    }

    /// The names of the fields of a type that hold single values.
    pub fn scalars_of(&self, type_name: &str) -> Vec<&str> {
        if let Some(members) = self.own.members(type_name) {
            let values = members.iter().filter(|(_, target)| matches!(target, Target::Scalar(..)));
            return values.map(|(name, _)| name.as_str()).collect();
        }
        let fields = self.fields_of(type_name).into_iter().flatten();
        fields
            .filter(|(_, field)| matches!(self.target(&field.ty), Some(Target::Scalar(..))))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// What a field or argument of that type holds, if this connector can read it.
    pub fn target(&self, ty: &apollo_compiler::ast::Type) -> Option<Target> {
        let name = ty.inner_named_type();
        if let Some(scalar) = self.scalar(name) {
            // A list of scalars is as good as JSON: nothing can be said about its entries.
            return Some(Target::Scalar(if ty.is_list() { Scalar::Json } else { scalar }, name.to_string()));
        }
        if let Some(rows) = self.rows_of(ty) {
            return Some(Target::Page(rows.to_string()));
        }
        self.fields_of(name)?;
        Some(if ty.is_list() { Target::List(name.to_string()) } else { Target::Object(name.to_string()) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::diagnostics::{Problems, SourceFile};

    fn schema() -> Schema {
        let file = SourceFile::new(
            "schema.graphql",
            "scalar Date scalar Odd
             type Query { jobs: JobPage }
             type JobPage { items: [Job] last: Boolean }
             type Job { title: String! opened: Date odd: Odd owner: Person team: PersonPage all: [Person] }
             type PersonPage { items: [Person] }
             type Person { name: String boss: Person }",
        );
        let problems = Problems::new();
        Schema::parse(&file, BTreeMap::from([("Date".into(), Scalar::DateTime)]), "items", &problems).unwrap()
    }

    #[test]
    fn a_path_knows_what_it_leads_to() {
        let schema = schema();
        let last = |path| schema.walk("Job", path).unwrap().pop().unwrap().target;
        assert_eq!(last("title"), Target::Scalar(Scalar::Text, "String".into()));
        assert_eq!(last("opened"), Target::Scalar(Scalar::DateTime, "Date".into()));
        assert_eq!(last("owner.boss"), Target::Object("Person".into()));
        assert_eq!(last("team"), Target::Page("Person".into()));
        assert_eq!(last("all"), Target::List("Person".into()));
        assert_eq!(last("team.name"), Target::Scalar(Scalar::Text, "String".into()));
    }

    #[test]
    fn rows_stand_where_the_path_of_a_page_leads() {
        let file = SourceFile::new(
            "schema.graphql",
            "type Query { jobs(first: Int!, after: Key, filter: Filter): JobConnection single: JobEdge lists: Lists }
             scalar Key
             input Filter { state: String page: Paging } input Paging { size: Int! }
             type JobConnection { edges: [JobEdge!]! pageInfo: PageInfo! }
             type PageInfo { endCursor: Key hasNextPage: Boolean! }
             type JobEdge { node: Job! }
             type Lists { edges: [Nest] } type Nest { node: [Job] }
             type Job { title: String team(first: Int): PersonConnection crew(first: Int!): PersonConnection }
             type PersonConnection { edges: [PersonEdge] } type PersonEdge { node: Person }
             type Person { name: String jobs: JobConnection }",
        );
        let problems = Problems::new();
        let scalars = BTreeMap::from([("Key".into(), Scalar::Text)]);
        let schema = Schema::parse(&file, scalars, "edges.node", &problems).unwrap();
        assert_eq!(schema.queries(), ["jobs"], "a list of lists is no page");
        assert!(schema.has_page_member("pageInfo.endCursor") && !schema.has_page_member("pageInfo.startCursor"));
        let last = |path| schema.walk("Job", path).unwrap().pop().unwrap().target;
        assert_eq!(last("team"), Target::Page("Person".into()));
        assert_eq!(last("team.jobs.title"), Target::Scalar(Scalar::Text, "String".into()));
        assert!(schema.walk("Job", "crew.name").unwrap_err().message.contains("without arguments"));
        let schema = schema.giving_to_lists(Some("first".into()));
        assert!(schema.walk("Job", "crew.name").is_ok());
        assert_eq!(schema.argument_type("jobs", &["after"]), Some("Key"));
        assert_eq!(schema.argument_type("jobs", &["filter", "page"]), Some("Paging"));
        assert_eq!(schema.argument_type("jobs", &["filter", "size"]), None);
    }

    #[test]
    fn a_wrong_path_says_where_and_why() {
        let schema = schema();
        let error = schema.walk("Job", "owner.nam").unwrap_err();
        assert_eq!((error.at, error.length), (6, 3));
        assert_eq!(error.help.as_deref(), Some("did you mean `name`?"));
        assert_eq!(schema.walk("Job", "title.x").unwrap_err().at, 6);
        assert!(schema.walk("Job", "odd").unwrap_err().message.contains("cannot read"));
        assert!(schema.walk("Job", "owner..name").is_err());
        assert!(schema.walk("Job", "").is_err());
    }
}
