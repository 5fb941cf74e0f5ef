//! What an operation asks for and a source no longer has, by the source's own description of its types.

use apollo_compiler::ast::{Field, Selection as Selected};

use super::introspection::{FieldDescription, Introspection, TypeKind, is_of_graphql};
use super::selection::{Selection, TYPE_NAME, field};

/// A value of a row that an operation asks for and that the source does not have, or not like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its path from the row, as the answer would have it.
    pub path: String,
    /// The same as a mapping writes it: without what leads from the pages of lists to their rows.
    pub written: String,
    /// What is wrong with it, such as "the source has no such field any more: `Person.name`".
    pub reason: String,
}

impl Lost {
    /// Whether what a mapping reads at a path is lost with this.
    pub fn holds(&self, path: &str) -> bool {
        [&self.path, &self.written]
            .into_iter()
            .any(|lost| path.strip_prefix(lost.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }
}

impl Introspection {
    /// What of the rows an operation asks for in vain. The error says what of the page itself is missing, without which
    /// nothing can be read.
    pub fn lost(&self, selection: &Selection) -> Result<Vec<Lost>, String> {
        let mut finder = Finder { types: self, selection, path: Vec::new(), found: Vec::new(), amiss: None };
        if let (Some(query), Some(operation)) = (&self.query, selection.operation()) {
            finder.fields(query, &operation.selection_set);
        }
        match finder.amiss {
            Some(reason) => Err(reason),
            None => Ok(finder.found),
        }
    }
}

struct Finder<'a> {
    types: &'a Introspection,
    selection: &'a Selection,
    path: Vec<String>,
    found: Vec<Lost>,
    /// What is wrong above or beside the rows.
    amiss: Option<String>,
}

impl Finder<'_> {
    fn fields(&mut self, of: &str, fields: &[Selected]) {
        for asked in fields.iter().filter_map(field).filter(|field| field.name != TYPE_NAME) {
            self.path.push(asked.name.to_string());
            self.field(of, asked);
            self.path.pop();
        }
    }

    fn field(&mut self, of: &str, asked: &Field) {
        // A type that the source does not describe may have anything.
        let Some(fields) = self.types.types.get(of).and_then(|ty| ty.fields.as_ref()) else { return };
        let name = asked.name.as_str();
        match fields.iter().find(|field| field.name == name) {
            None => self.tell(format!("the source has no such field any more: `{of}.{name}`")),
            Some(field) => match self.misfit(field, asked) {
                Some(what) => self.tell(format!("the source has changed `{of}.{name}`: it {what}")),
                None => self.fields(field.ty.named(), &asked.selection_set),
            },
        }
    }

    /// Why a field cannot be asked for like this.
    fn misfit(&self, field: &FieldDescription, asked: &Field) -> Option<String> {
        let given = |name: &str| asked.arguments.iter().any(|argument| argument.name == name);
        if let Some(stray) =
            asked.arguments.iter().find(|given| !field.args.iter().any(|known| given.name == known.name.as_str()))
        {
            return Some(format!("takes no `{}` any more", stray.name));
        }
        let needed = field
            .args
            .iter()
            .find(|argument| argument.ty.is_required() && argument.default_value.is_none() && !given(&argument.name));
        if let Some(needed) = needed {
            return Some(format!("needs `{}` now", needed.name));
        }
        let named = field.ty.named();
        let is_object = match self.types.types.get(named) {
            Some(ty) => matches!(ty.kind, TypeKind::Object | TypeKind::Interface | TypeKind::Union),
            None if is_of_graphql(named) => false,
            None => return None,
        };
        match (is_object, asked.selection_set.is_empty()) {
            (true, true) => Some(format!("is an object now, a {named}")),
            (false, false) => Some("is a single value now".to_owned()),
            _ => None,
        }
    }

    fn tell(&mut self, reason: String) {
        let way = self.selection.way();
        match self.path.strip_prefix(way) {
            Some(path) if !path.is_empty() => {
                let written = self.written(path);
                self.found.push(Lost { path: path.join("."), written, reason });
            }
            _ => {
                self.amiss.get_or_insert(reason);
            }
        }
    }

    /// A path as a mapping writes it. Where it goes through a page, only the way to the rows is asked of that.
    fn written(&self, path: &[String]) -> String {
        let items = self.selection.items();
        let mut written: Vec<&str> = Vec::new();
        let mut here = path;
        while let Some((name, rest)) = here.split_first() {
            written.push(name);
            here = match rest.strip_prefix(items) {
                Some(rows) if !rows.is_empty() => rows,
                _ => rest,
            };
        }
        written.join(".")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(name: &str, ty: &str) -> serde_json::Value {
        let kind = if ["String", "Int", "ID", "Moment"].contains(&ty) { "SCALAR" } else { "OBJECT" };
        json!({"name": name, "args": [], "type": {"kind": kind, "name": ty}})
    }

    fn source(person: serde_json::Value) -> Introspection {
        let page = json!([field("rows", "Post"), field("last", "Int")]);
        let post = json!([field("id", "ID"), field("author", "Person"), field("editors", "Persons")]);
        let persons = json!([field("rows", "Person")]);
        let object = |name: &str, fields| json!({"kind": "OBJECT", "name": name, "fields": fields});
        Introspection::read(&json!({"queryType": {"name": "Query"}, "types": [
            object("Query", json!([field("posts", "Posts")])), object("Posts", page), object("Post", post),
            object("Person", person), object("Persons", persons), {"kind": "SCALAR", "name": "Moment"},
        ]}))
        .unwrap()
    }

    fn lost(source: &Introspection, rows: &str) -> Result<Vec<Lost>, String> {
        let operation = format!("query posts {{ posts {{ rows {{ {rows} }} last }} }}");
        source.lost(&Selection::parse(&operation, "posts", "rows").unwrap())
    }

    #[test]
    fn fields_that_are_gone_or_others_now_are_named() {
        let with_argument = json!({"name": "rank", "type": {"kind": "SCALAR", "name": "Int"},
            "args": [{"name": "of", "type": {"kind": "NON_NULL", "ofType": {"kind": "SCALAR", "name": "Int"}}}]});
        let source =
            source(json!([field("name", "String"), field("boss", "Moment"), field("at", "Person"), with_argument]));
        let rows = "id title author { name mail boss { name } at rank __typename } editors { rows { mail name } }";
        let lost = lost(&source, rows).unwrap();
        let told: Vec<_> = lost.iter().map(|lost| (lost.written.as_str(), lost.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                ("title", "the source has no such field any more: `Post.title`"),
                ("author.mail", "the source has no such field any more: `Person.mail`"),
                ("author.boss", "the source has changed `Person.boss`: it is a single value now"),
                ("author.at", "the source has changed `Person.at`: it is an object now, a Person"),
                ("author.rank", "the source has changed `Person.rank`: it needs `of` now"),
                ("editors.mail", "the source has no such field any more: `Person.mail`"),
            ]
        );
        assert_eq!(lost[5].path, "editors.rows.mail");
        assert!(lost[2].holds("author.boss.name") && lost[2].holds("author.boss") && !lost[2].holds("author.bosses"));
        assert!(lost[5].holds("editors.mail") && lost[5].holds("editors.rows.mail"));
    }

    #[test]
    fn what_is_there_is_not_lost() {
        let source = source(json!([field("name", "String")]));
        assert_eq!(lost(&source, "id author { name } editors { rows { name } }"), Ok(Vec::new()));
        assert_eq!(
            lost(&source, "id author { name(x: 1) }").unwrap()[0].reason,
            "the source has changed `Person.name`: it takes no `x` any more"
        );
    }

    #[test]
    fn a_page_that_is_another_is_no_matter_of_a_field() {
        let source = source(json!([]));
        let ask = |operation: &str| source.lost(&Selection::parse(operation, "posts", "rows").unwrap());
        let amiss = ask("query posts { posts { rows { id } total } }").unwrap_err();
        assert_eq!(amiss, "the source has no such field any more: `Posts.total`");
        assert!(
            ask("query posts { posts(size: 1) { rows { id } } }")
                .unwrap_err()
                .contains("`Query.posts`: it takes no `size`")
        );
    }
}
