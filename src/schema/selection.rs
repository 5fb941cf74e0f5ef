//! What an operation selects of the rows of a page, and operations that select less of them.

use apollo_compiler::ast::{Definition, Document, Field, OperationDefinition, Selection as Selected};
use apollo_compiler::{Name, Node};

/// What is asked of an object of which nothing else is: GraphQL wants a field.
pub(super) const TYPE_NAME: &str = "__typename";

/// An operation whose query field yields pages of rows, taken apart.
#[derive(Debug, Clone)]
pub struct Selection {
    document: Document,
    /// The query field, and behind it the path from a page to its rows.
    way: Vec<String>,
}

/// An operation that asks for a part of what another does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionPart {
    /// The document.
    pub text: String,
    /// The members of a row that it asks for and no other part does, in order. What it asks for beside them is the id.
    pub members: Vec<String>,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Whole,
    /// With those of its own that are kept; without any it goes as well.
    Within,
    /// The same, but without any it is only asked whether it is there.
    Object,
    Nothing,
}

impl Selection {
    /// Takes an operation apart whose query field `root` yields pages with the rows at `items`. None when it is of
    /// another form.
    pub fn parse(operation: &str, root: &str, items: &str) -> Option<Selection> {
        let document = Document::parse(operation, "operation.graphql").ok()?;
        let way = std::iter::once(root).chain(items.split('.')).map(str::to_owned).collect();
        let selection = Selection { document, way };
        selection.rows().map(|_| ())?;
        Some(selection)
    }

    /// The members of a row in the order in which they are asked for, and how many values are asked of each.
    pub fn members(&self) -> Vec<(&str, usize)> {
        let fields = self.rows().into_iter().flatten().filter_map(field);
        fields.map(|field| (field.name.as_str(), weight(field))).collect()
    }

    /// Whether there is a single value or an object at the end of a path of a row.
    pub fn has(&self, path: &str) -> bool {
        let mut here = self.rows();
        path.split('.').all(|name| {
            let found = here.and_then(|fields| fields.iter().filter_map(field).find(|field| field.name == name));
            here = found.map(|field| field.selection_set.as_slice());
            found.is_some()
        })
    }

    /// The operation with only some members of a row, and what is asked at these paths. The members stay in order.
    pub fn part(&self, members: &[&str], paths: &[String]) -> String {
        self.with(|path| match path {
            [member] if members.contains(&member.as_str()) => Keep::Whole,
            _ if paths.iter().any(|wanted| wanted.split('.').eq(path.iter())) => Keep::Whole,
            _ if paths.iter().any(|wanted| leads_to(path, wanted)) => Keep::Within,
            _ => Keep::Nothing,
        })
    }

    /// So many operations, or fewer, which together ask for what this one does, with about as many values each. All ask
    /// for what stands at the paths in `ids`. None where there is nothing to divide.
    pub fn split(&self, count: usize, ids: &[String]) -> Option<Vec<SelectionPart>> {
        let members: Vec<_> = self.members();
        let mut heaviest: Vec<_> =
            members.iter().enumerate().filter(|(_, (name, _))| !ids.iter().any(|id| id == name)).collect();
        let count = count.min(heaviest.len());
        if count < 2 || ids.is_empty() {
            return None;
        }
        heaviest.sort_by_key(|(_, (_, weight))| std::cmp::Reverse(*weight));
        let mut parts: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new()); count];
        for (at, (_, weight)) in heaviest {
            if let Some((load, part)) = parts.iter_mut().min_by_key(|(load, _)| *load) {
                *load += weight;
                part.push(at);
            }
        }
        let parts = parts.into_iter().map(|(_, mut part)| {
            part.sort_unstable();
            let members: Vec<&str> = part.into_iter().map(|at| members[at].0).collect();
            let text = self.part(&members, ids);
            SelectionPart { text, members: members.into_iter().map(str::to_owned).collect() }
        });
        Some(parts.collect())
    }

    /// The operation without what it asks at these paths of a row, which go through pages of lists as the answer does.
    pub fn without(&self, paths: &[&str]) -> String {
        self.with(|path| match path {
            _ if paths.iter().any(|lost| lost.split('.').eq(path.iter())) => Keep::Nothing,
            _ if paths.iter().any(|lost| leads_to(path, lost)) => Keep::Object,
            _ => Keep::Whole,
        })
    }

    /// The path from a page to its rows.
    pub(super) fn items(&self) -> &[String] {
        &self.way[1..]
    }

    /// The query field, and behind it the path from a page to its rows.
    pub(super) fn way(&self) -> &[String] {
        &self.way
    }

    pub(super) fn operation(&self) -> Option<&OperationDefinition> {
        self.document.definitions.iter().find_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(&**operation),
            _ => None,
        })
    }

    fn rows(&self) -> Option<&[Selected]> {
        let mut here = self.operation()?.selection_set.as_slice();
        for name in &self.way {
            here = &here.iter().filter_map(field).find(|field| field.name == name.as_str())?.selection_set;
        }
        Some(here)
    }

    fn with(&self, keep: impl Fn(&[String]) -> Keep) -> String {
        let mut document = self.document.clone();
        let operation = document.definitions.iter_mut().find_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation.make_mut()),
            _ => None,
        });
        if let Some(operation) = operation {
            enter(&mut operation.selection_set, &self.way, &keep);
        }
        document.serialize().to_string()
    }
}

/// Goes on to the rows, and thins them out.
fn enter(fields: &mut Vec<Selected>, way: &[String], keep: &impl Fn(&[String]) -> Keep) {
    let Some((name, rest)) = way.split_first() else {
        thin_out(fields, &mut Vec::new(), keep);
        return;
    };
    for selected in fields {
        if let Selected::Field(field) = selected
            && field.name == name.as_str()
        {
            enter(&mut field.make_mut().selection_set, rest, keep);
        }
    }
}

fn thin_out(fields: &mut Vec<Selected>, path: &mut Vec<String>, keep: &impl Fn(&[String]) -> Keep) {
    fields.retain_mut(|selected| {
        let Selected::Field(field) = selected else { return true };
        path.push(field.name.to_string());
        let decision = keep(path);
        let kept = match decision {
            Keep::Whole => true,
            Keep::Nothing => false,
            Keep::Within | Keep::Object => {
                let inner = &mut field.make_mut().selection_set;
                thin_out(inner, path, keep);
                if inner.is_empty() && decision == Keep::Object {
                    inner.push(type_name());
                }
                !inner.is_empty()
            }
        };
        path.pop();
        kept
    });
}

fn type_name() -> Selected {
    Selected::Field(Node::new(Field {
        alias: None,
        name: Name::new_static_unchecked(TYPE_NAME),
        arguments: Vec::new(),
        directives: Default::default(),
        selection_set: Vec::new(),
    }))
}

pub(super) fn field(selected: &Selected) -> Option<&Field> {
    match selected {
        Selected::Field(field) => Some(field),
        _ => None,
    }
}

/// How many values are asked for.
fn weight(of: &Field) -> usize {
    if of.selection_set.is_empty() { 1 } else { of.selection_set.iter().filter_map(field).map(weight).sum() }
}

/// Whether a path goes on to where another ends.
fn leads_to(path: &[String], end: &str) -> bool {
    let mut names = end.split('.');
    path.iter().all(|name| names.next() == Some(name)) && names.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATION: &str = "query posts($page: Int!) {
      posts(paging: {number: $page, sort: \"a \\\"b\\\"\"}) {
        rows { id author { id name boss { name } } editors(size: 50) { rows { mail } } title }
        last
      }
    }";

    fn selection() -> Selection {
        Selection::parse(OPERATION, "posts", "rows").unwrap()
    }

    fn squeezed(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn members_are_told_with_what_is_asked_of_them() {
        assert_eq!(selection().members(), [("id", 1), ("author", 3), ("editors", 1), ("title", 1)]);
        assert!(selection().has("author.boss.name") && selection().has("editors.rows"));
        assert!(!selection().has("author.mail") && !selection().has("id.x"));
    }

    #[test]
    fn a_part_keeps_its_members_and_the_id() {
        let part = squeezed(&selection().part(&["title"], &["author.id".to_owned()]));
        assert!(part.starts_with("query posts($page: Int!) { posts(paging: {number: $page, sort: \"a \\\"b\\\"\"})"));
        assert!(part.ends_with("{ rows { author { id } title } last } }"), "{part}");
        let part = squeezed(&selection().part(&["editors", "author"], &["id".to_owned()]));
        let rows = "rows { id author { id name boss { name } } editors(size: 50) { rows { mail } } } last";
        assert!(part.contains(rows), "{part}");
    }

    #[test]
    fn parts_divide_the_members_by_weight() {
        let parts = selection().split(2, &["id".to_owned()]).unwrap();
        assert_eq!(parts.iter().map(|part| part.members.join(" ")).collect::<Vec<_>>(), ["author", "editors title"]);
        assert!(parts.iter().all(|part| squeezed(&part.text).contains("rows { id ")));
        let of = |count: usize, ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            selection().split(count, &ids).map(|parts| parts.into_iter().map(|part| part.members).collect::<Vec<_>>())
        };
        assert_eq!(of(8, &["id"]).unwrap(), [["author"], ["editors"], ["title"]], "there are no more");
        assert_eq!(of(8, &["author.id"]).unwrap().len(), 4, "what holds the id holds more");
        assert_eq!((of(1, &["id"]), of(2, &[])), (None, None));
    }

    #[test]
    fn what_is_gone_is_left_out_and_its_object_asked_for_all_the_same() {
        let without = squeezed(&selection().without(&["author.boss.name", "editors.rows.mail", "title"]));
        let rows = "rows { id author { id name boss { __typename } } editors(size: 50) { rows { __typename } } } last";
        assert!(without.contains(rows), "{without}");
        assert!(squeezed(&selection().without(&["editors"])).contains("boss { name } } title } last"));
    }

    #[test]
    fn what_is_no_read_of_pages_is_none() {
        for (operation, root, items) in
            [("query {", "posts", "rows"), (OPERATION, "post", "rows"), (OPERATION, "posts", "edges.node")]
        {
            assert!(Selection::parse(operation, root, items).is_none());
        }
    }
}
