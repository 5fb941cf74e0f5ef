//! `pages` of `connector.yaml`: how lists are read, by numbered pages or by cursors.

use std::sync::Arc;

use super::keys::{MANNERS, NESTED, PAGES, PAGES_BY_CURSOR, SORT};
use super::remote::{EndMember, Paging, Sequence};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::mapping::{NestedLists, PageArguments, PageStart, SortArgument};
use crate::yaml::{Fields, Located, Node, Value};

/// What `pages` says: how pages are asked for, and how their answers are read.
#[derive(Debug)]
pub(crate) struct Pages {
    pub arguments: PageArguments,
    pub paging: Paging,
    /// The members of a page, for messages about them. The first leads to its rows.
    pub members: Vec<Located<String>>,
    /// The arguments that ask for a page, for messages about them: of the query field, and then of `arguments.argument`.
    pub asked_by: [Vec<Located<String>>; 2],
}

impl Pages {
    /// What the members are for.
    pub fn help(&self) -> &'static str {
        match self.paging.sequence {
            Sequence::Numbered { .. } => {
                "`items` names the member of a page that holds its rows, `last` the one that ends the list, `total` the one that counts"
            }
            Sequence::Cursors { .. } => {
                "`items` is the path from a page to its rows, such as `edges.node`, `next` to the cursor of the next page, `has_next` to the flag, `total` to the count"
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Number,
    Cursor,
}

pub(super) fn parse(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Pages> {
    let by = by(node, file, problems)?;
    let keys = if by == By::Number { &PAGES } else { &PAGES_BY_CURSOR };
    let fields = Fields::open(node, keys, file, problems)?;
    let size = fields.integer("size").unwrap_or(100);
    let items = fields.required_text("items");
    let (end, end_member) = end(&fields, by, file, problems);
    let argument = fields.text("argument");
    let (start, sequence, next) = match by {
        By::Number => {
            let prefetch = fields.integer("prefetch").unwrap_or(4);
            let sequence = usize::try_from(prefetch).ok().map(|prefetch| Sequence::Numbered { prefetch });
            (fields.required_text("page"), sequence, None)
        }
        By::Cursor => {
            let next = fields.required_text("next");
            let sequence = next.as_ref().map(|next| Sequence::Cursors { next: next.value.clone() });
            (fields.required_text("cursor"), sequence, next)
        }
    };
    let total = fields.text("total");
    let size_argument = fields.required_text("size_argument");
    let filter = fields.text("filter");
    let sort = match fields.entry("sort").map(|entry| &entry.value) {
        // Numbered pages without an order lose rows, so it takes a word to have none.
        None if by == By::Number => fields.require("sort").map(|_| None),
        None | Some(Node { value: Value::Null, .. }) => Some(None),
        Some(node) => sort(node, file, problems).map(Some),
    };
    let size_of_lists = size_argument.as_ref().filter(|_| argument.is_none()).map(|name| name.value.as_str());
    let nested = fields.get("nested").map(|node| nested(node, size_of_lists, file, problems));
    fields.close();
    if by == By::Number && end.is_none() {
        return None;
    }
    let (items, size, start, size_argument) = (items?, u32::try_from(size).ok()?, start?, size_argument?);
    let beside: Vec<Located<String>> = [end_member, next, total.clone()].into_iter().flatten().collect();
    let total = total.map(|total| total.value);
    Some(Pages {
        arguments: PageArguments {
            items: items.value.clone(),
            members: beside.iter().map(|member| member.value.clone()).collect(),
            argument: argument.as_ref().map(|name| name.value.clone()),
            start: match by {
                By::Number => PageStart::Number(start.value.clone()),
                By::Cursor => PageStart::Cursor(start.value.clone()),
            },
            size: size_argument.value.clone(),
            sort: sort?,
            filter: filter.as_ref().map(|name| name.value.clone()),
            nested: nested.flatten(),
        },
        paging: Paging { size, sequence: sequence?, items: items.value.clone(), end, total },
        members: std::iter::once(items).chain(beside).collect(),
        asked_by: {
            let of_pages = vec![start, size_argument];
            let of_query: Vec<Located<String>> = argument.clone().into_iter().chain(filter).collect();
            match argument {
                Some(_) => [of_query, of_pages],
                None => [of_query.into_iter().chain(of_pages).collect(), Vec::new()],
            }
        },
    })
}

/// Whether pages are told apart by number or by cursor.
fn by(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<By> {
    let fields = Fields::open(node, &PAGES, file, problems)?;
    let Some(text) = fields.text("by") else { return Some(By::Number) };
    match text.value.as_str() {
        "number" => Some(By::Number),
        "cursor" => Some(By::Cursor),
        other => {
            problems.report(
                Problem::error("M0608", format!("pages cannot be read by `{other}`"))
                    .at(file, text.span, "unknown manner")
                    .suggest(other, MANNERS.iter().copied()),
            );
            None
        }
    }
}

/// The member that tells the last page: one of two keys, of which numbered pages need one.
fn end(
    fields: &Fields<'_>,
    by: By,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> (Option<EndMember>, Option<Located<String>>) {
    let has_next = fields.text("has_next");
    let last = match by {
        By::Number if has_next.is_none() => fields.required_text("last"),
        _ => fields.text("last"),
    };
    if let (Some(has_next), Some(last)) = (&has_next, &last) {
        problems.report(
            Problem::error("M0608", "`last` and `has_next` say the same")
                .at(file, has_next.span, "of all pages but the last")
                .because(Place::new(file, last.span), "of the last page")
                .help("keep the one that the source has"),
        );
    }
    match (last, has_next) {
        (Some(last), _) => (Some(EndMember::Last(last.value.clone())), Some(last)),
        (None, Some(has_next)) => (Some(EndMember::HasNext(has_next.value.clone())), Some(has_next)),
        (None, None) => (None, None),
    }
}

fn sort(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<SortArgument> {
    let fields = Fields::open(node, &SORT, file, problems)?;
    let text = |key| fields.required_text(key).map(|text| text.value);
    let (argument, property, direction) = (text("argument"), text("property"), text("direction"));
    let (ascending, descending) = (text("ascending"), text("descending"));
    fields.close();
    Some(SortArgument {
        argument: argument?,
        property: property?,
        direction: direction?,
        ascending: ascending?,
        descending: descending?,
    })
}

/// `size_argument` is the name of the argument where it needs not be said.
fn nested(
    node: &Node,
    size_argument: Option<&str>,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> Option<NestedLists> {
    let fields = Fields::open(node, &NESTED, file, problems)?;
    let argument = match size_argument {
        Some(usual) => Some(fields.text("argument").map_or_else(|| usual.to_owned(), |text| text.value)),
        None => fields.required_text("argument").map(|text| text.value),
    };
    let size = fields.integer("size").unwrap_or(100);
    fields.close();
    Some(NestedLists { argument: argument?, size: u32::try_from(size).ok()? })
}
