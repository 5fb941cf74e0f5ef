//! What a plan reads from a record: a trie of the paths it needs, with a numbered slot for each value.
//!
//! The trie is both the query (its selection set) and the projection (which members of the raw text are kept).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::time::DateFormat;
use crate::schema::{Scalar, Step, Target};

/// The slots of one kind of row: the record itself, or the items of a list in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub root: Shape,
    pub slots: Vec<SlotInfo>,
    pub lists: Vec<ListInfo>,
}

#[derive(Debug, Clone)]
pub(super) struct SlotInfo {
    /// The path from the start of the scope, for messages.
    pub path: String,
    pub scalar: Scalar,
    /// The name of the scalar's type, which says how dates are written.
    pub type_name: String,
    /// How a date is written.
    pub date: Option<Arc<DateFormat>>,
}

#[derive(Debug, Clone)]
pub(super) struct ListInfo {
    /// The path from the start of the outer scope.
    pub path: String,
    pub scope: Scope,
    /// The names of the arguments that the list takes.
    pub arguments: Vec<String>,
}

/// The members of one object that are needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub members: Vec<Member>,
    index: HashMap<Box<str>, usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub name: Box<str>,
    /// `"name":`, as it nearly always stands in the raw text.
    pub key: Box<[u8]>,
    pub node: Node,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Asked for and kept in the raw record, but not read.
    Kept,
    Slot(usize),
    /// A value of any shape, read as its text.
    Json(usize),
    Object {
        /// A slot that tells whether there is an object.
        present: Option<usize>,
        shape: Shape,
    },
    List {
        list: usize,
        /// Whether the rows stand under the items member of a page.
        page: bool,
    },
}

/// Where a path ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Column {
    /// One value of the row.
    Slot(usize),
    /// The values of a list's items.
    Items(usize, Box<Column>),
}

impl Scope {
    /// The slot or column of a path that ends at a scalar.
    pub fn column(&mut self, steps: &[Step]) -> Column {
        if let Some(at) = steps.iter().position(|step| step.target.is_list()) {
            let list = self.list(&steps[..=at]);
            return Column::Items(list, Box::new(self.lists[list].scope.column(&steps[at + 1..])));
        }
        let (last, before) = steps.split_last().expect("a path has a step");
        let Target::Scalar(scalar, type_name) = &last.target else {
            unreachable!("the compiler asks for columns of scalars only");
        };
        let next = self.slots.len();
        let member = self.root.enter(before).member(&last.name, Node::Kept);
        if let Node::Slot(slot) | Node::Json(slot) = member.node {
            return Column::Slot(slot);
        }
        member.node = if *scalar == Scalar::Json { Node::Json(next) } else { Node::Slot(next) };
        self.slots.push(SlotInfo {
            path: dotted(steps),
            scalar: scalar.clone(),
            type_name: type_name.clone(),
            date: None,
        });
        Column::Slot(next)
    }

    /// The number of a list that a path leads to through single objects.
    pub fn list(&mut self, steps: &[Step]) -> usize {
        let (last, before) = steps.split_last().expect("a path has a step");
        let next = self.lists.len();
        let page = matches!(last.target, Target::Page(_));
        let member = self.root.enter(before).member(&last.name, Node::List { list: next, page });
        let Node::List { list, .. } = member.node else { unreachable!("a list is a list in every path") };
        if list == next {
            let arguments = last.arguments.clone();
            self.lists.push(ListInfo { path: dotted(steps), scope: Scope::default(), arguments });
        }
        list
    }

    /// The slot that tells whether there is an object at the end of a path.
    pub fn presence(&mut self, steps: &[Step]) -> usize {
        let next = self.slots.len();
        let (last, before) = steps.split_last().expect("a path has a step");
        let node = Node::Object { present: None, shape: Shape::default() };
        let Node::Object { present, .. } = &mut self.root.enter(before).member(&last.name, node).node else {
            unreachable!("an object is an object in every path")
        };
        let slot = *present.get_or_insert(next);
        if slot == next {
            let path = dotted(steps);
            self.slots.push(SlotInfo { path, scalar: Scalar::Boolean, type_name: String::new(), date: None });
        }
        slot
    }

    /// Asks for the value at the end of a path without reading it.
    pub fn keep(&mut self, steps: &[Step]) {
        if let Some(at) = steps.iter().position(|step| step.target.is_list()) {
            let list = self.list(&steps[..=at]);
            return self.lists[list].scope.keep(&steps[at + 1..]);
        }
        let (last, before) = steps.split_last().expect("a path has a step");
        self.root.enter(before).member(&last.name, Node::Kept);
    }
}

impl Scope {
    /// Says how the dates of the scope are written, by the names of their types.
    pub fn set_dates(&mut self, formats: &BTreeMap<String, Arc<DateFormat>>) {
        for slot in &mut self.slots {
            slot.date = formats.get(&slot.type_name).filter(|_| slot.scalar == Scalar::DateTime).cloned();
        }
        for list in &mut self.lists {
            list.scope.set_dates(formats);
        }
    }
}

impl Shape {
    /// The index of a member.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// What stands at the end of a path through single objects.
    pub fn node(&self, path: &str) -> Option<&Node> {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        match (&self.members[self.find(name)?].node, rest) {
            (node, None) => Some(node),
            (Node::Object { shape, .. }, Some(rest)) => shape.node(rest),
            _ => None,
        }
    }

    fn member(&mut self, name: &str, node: Node) -> &mut Member {
        let next = self.members.len();
        let at = *self.index.entry(name.into()).or_insert(next);
        if at == next {
            let key = format!("\"{name}\":").into_bytes().into();
            self.members.push(Member { name: name.into(), key, node });
        }
        &mut self.members[at]
    }

    fn enter(&mut self, steps: &[Step]) -> &mut Shape {
        let mut here = self;
        for step in steps {
            let node = Node::Object { present: None, shape: Shape::default() };
            here = match &mut here.member(&step.name, node).node {
                Node::Object { shape, .. } => shape,
                _ => unreachable!("an object is an object in every path"),
            };
        }
        here
    }
}

fn dotted(steps: &[Step]) -> String {
    steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(".")
}
