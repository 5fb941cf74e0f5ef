//! From raw JSON text to slots in one walk: what the plan does not need is skipped, and no tree is built.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::{Node, Scope, Shape};

/// The values of a record by slot. One value serves many records: [`Projection::read`] keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Projection<'a> {
    slots: Vec<Slot<'a>>,
    lists: Vec<List>,
    items: Vec<Item>,
}

/// A value as the source wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Json(&'a str),
}

/// A record or an item: where its slots and lists begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    slots: usize,
    lists: usize,
}

const NONE: usize = usize::MAX;

#[derive(Debug, Clone, Copy)]
struct List {
    first: usize,
    last: usize,
}

#[derive(Debug, Clone, Copy)]
struct Item {
    row: Row,
    next: usize,
}

impl<'a> Projection<'a> {
    /// Reads a record.
    pub fn read(&mut self, scope: &Scope, raw: &'a str) -> Result<Row, serde_json::Error> {
        self.slots.clear();
        self.lists.clear();
        self.items.clear();
        let row = self.row(scope);
        let mut deserializer = serde_json::Deserializer::from_str(raw);
        Members { projection: self, scope, shape: &scope.root, row }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(row)
    }

    /// The value of a slot.
    #[inline]
    pub fn slot(&self, row: Row, slot: usize) -> &Slot<'a> {
        &self.slots[row.slots + slot]
    }

    /// The items of a list.
    pub fn items(&self, row: Row, list: usize) -> impl Iterator<Item = Row> + '_ {
        let mut next = self.lists[row.lists + list].first;
        std::iter::from_fn(move || {
            let item = self.items.get(next)?;
            next = item.next;
            Some(item.row)
        })
    }

    fn row(&mut self, scope: &Scope) -> Row {
        let row = Row { slots: self.slots.len(), lists: self.lists.len() };
        self.slots.resize(row.slots + scope.slots.len(), Slot::Null);
        self.lists.resize(row.lists + scope.lists.len(), List { first: NONE, last: NONE });
        row
    }

    fn append(&mut self, list: usize, scope: &Scope) -> Row {
        let row = self.row(scope);
        let item = self.items.len();
        self.items.push(Item { row, next: NONE });
        match self.lists[list].last {
            NONE => self.lists[list].first = item,
            last => self.items[last].next = item,
        }
        self.lists[list].last = item;
        row
    }
}

/// An object of which some members are needed. Anything else in its place counts as null.
struct Members<'p, 'a, 's> {
    projection: &'p mut Projection<'a>,
    scope: &'s Scope,
    shape: &'s Shape,
    row: Row,
}

impl<'a> DeserializeSeed<'a> for Members<'_, 'a, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Members<'_, 'a, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<bool, M::Error> {
        let Members { projection, scope, shape, row } = self;
        let mut expected = 0;
        while let Some(found) = members.next_key_seed(Name { shape, expected })? {
            let Some(at) = found else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            expected = at + 1;
            match &shape.members[at].node {
                Node::Kept => {
                    members.next_value::<IgnoredAny>()?;
                }
                Node::Slot(slot) => {
                    let value = members.next_value_seed(Leaf)?;
                    projection.slots[row.slots + slot] = value;
                }
                Node::Json(slot) => {
                    let text = members.next_value::<&RawValue>()?.get();
                    projection.slots[row.slots + slot] = if text == "null" { Slot::Null } else { Slot::Json(text) };
                }
                Node::Object { present, shape } => {
                    let inner = Members { projection: &mut *projection, scope, shape, row };
                    let found = members.next_value_seed(inner)?;
                    if let Some(slot) = present {
                        projection.slots[row.slots + slot] = if found { Slot::Bool(true) } else { Slot::Null };
                    }
                }
                Node::List { list, page } => {
                    let scope = &scope.lists[*list].scope;
                    let list = row.lists + list;
                    let items = Items { projection: &mut *projection, scope, list };
                    if *page {
                        members.next_value_seed(Page(items))?;
                    } else {
                        members.next_value_seed(items)?;
                    }
                }
            }
        }
        Ok(true)
    }
}

/// A member's name, to its index.
struct Name<'s> {
    shape: &'s Shape,
    expected: usize,
}

impl<'a> DeserializeSeed<'a> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.shape.find(name, self.expected))
    }
}

/// A single value. Objects and lists in its place count as null.
struct Leaf;

impl<'a> DeserializeSeed<'a> for Leaf {
    type Value = Slot<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Slot<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Leaf {
    type Value = Slot<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Slot<'a>, E> {
        Ok(Slot::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Slot<'a>, E> {
        Ok(Slot::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Slot<'a>, E> {
        Ok(Slot::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Slot<'a>, E> {
        Ok(i64::try_from(value).map_or(Slot::Float(value as f64), Slot::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Slot<'a>, E> {
        Ok(Slot::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'a str) -> Result<Slot<'a>, E> {
        Ok(Slot::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Slot<'a>, E> {
        Ok(Slot::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<Slot<'a>, S::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Slot::Null)
    }

    fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<Slot<'a>, M::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Slot::Null)
    }
}

/// The rows of a list.
struct Items<'p, 'a, 's> {
    projection: &'p mut Projection<'a>,
    scope: &'s Scope,
    list: usize,
}

impl<'a> DeserializeSeed<'a> for Items<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Items<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<(), S::Error> {
        let Items { projection, scope, list } = self;
        while let Some(()) = items.next_element_seed(ListItem { projection: &mut *projection, scope, list })? {}
        Ok(())
    }
}

/// One row of a list; `null` in its place is no row.
struct ListItem<'p, 'a, 's> {
    projection: &'p mut Projection<'a>,
    scope: &'s Scope,
    list: usize,
}

impl<'a> DeserializeSeed<'a> for ListItem<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ListItem<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'a>>(self, members: M) -> Result<(), M::Error> {
        let row = self.projection.append(self.list, self.scope);
        Members { projection: self.projection, scope: self.scope, shape: &self.scope.root, row }
            .visit_map(members)
            .map(|_| ())
    }
}

/// A page: its rows stand under one member, which is the only one that is asked for.
struct Page<'p, 'a, 's>(Items<'p, 'a, 's>);

impl<'a> DeserializeSeed<'a> for Page<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Page<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<(), M::Error> {
        if members.next_key::<IgnoredAny>()?.is_none() {
            return Ok(());
        }
        members.next_value_seed(self.0)?;
        if members.next_key::<IgnoredAny>()?.is_some() {
            return Err(M::Error::custom("a page inside a record has more than the member that was asked for"));
        }
        Ok(())
    }
}
