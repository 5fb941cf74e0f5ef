//! From raw JSON text to slots in one walk: what the plan does not need is skipped, and no tree is built.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::{Node, Scope, Shape};

/// The values of a record by slot. One value serves many records: [`Projection::read`] keeps its memory.
#[derive(Debug)]
pub(super) struct Projection<'a> {
    slots: Vec<Slot<'a>>,
    lists: Vec<List>,
    items: Vec<Item>,
    misfits: Vec<Misfit>,
    /// The member of a page that holds its rows.
    rows_of_page: Box<str>,
}

/// A place of the record that held something else than the schema says, and so counts as null.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub path: String,
    pub wanted: &'static str,
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
    /// An empty projection; `rows_of_page` is the member of a page that holds its rows.
    pub fn new(rows_of_page: &str) -> Projection<'a> {
        let rows_of_page = rows_of_page.into();
        Projection { slots: Vec::new(), lists: Vec::new(), items: Vec::new(), misfits: Vec::new(), rows_of_page }
    }

    /// Reads a record. What is not of the shape that the schema says counts as null and is listed by
    /// [`Projection::misfits`]; only text that is no JSON, or no object, is an error.
    pub fn read(&mut self, scope: &Scope, raw: &'a str) -> Result<Row, serde_json::Error> {
        self.slots.clear();
        self.lists.clear();
        self.items.clear();
        self.misfits.clear();
        let row = self.row(scope);
        let mut deserializer = serde_json::Deserializer::from_str(raw);
        let record = Members { projection: self, scope, shape: &scope.root, row }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        match record {
            Read::There => Ok(row),
            Read::Null | Read::Misfit => Err(serde_json::Error::custom("a record is an object")),
        }
    }

    /// Where the record that was read last is not of its schema.
    pub fn misfits(&self) -> &[Misfit] {
        &self.misfits
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

/// What stood in the place of an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    There,
    Null,
    Misfit,
}

/// Whatever is of another type than the schema says is a misfit.
macro_rules! misfits {
    ($misfit:expr; $($visit:ident $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($misfit)
        })*
    };
    ($misfit:expr; scalars) => {
        misfits!($misfit; visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);
    };
    ($misfit:expr; list) => {
        fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<Self::Value, S::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok($misfit)
        }
    };
    ($misfit:expr; object) => {
        fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<Self::Value, M::Error> {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($misfit)
        }
    };
}

/// An object of which some members are needed.
struct Members<'p, 'a, 's> {
    projection: &'p mut Projection<'a>,
    scope: &'s Scope,
    shape: &'s Shape,
    row: Row,
}

impl<'a> DeserializeSeed<'a> for Members<'_, 'a, '_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Members<'_, 'a, '_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::Null)
    }

    fn visit_map<M: MapAccess<'a>>(mut self, mut members: M) -> Result<Read, M::Error> {
        let mut expected = 0;
        while let Some(found) = members.next_key_seed(Name { shape: self.shape, expected })? {
            let Some(at) = found else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            expected = at + 1;
            self.member(at, &mut members)?;
        }
        Ok(Read::There)
    }

    misfits!(Read::Misfit; scalars);
    misfits!(Read::Misfit; list);
}

impl<'a> Members<'_, 'a, '_> {
    fn member<M: MapAccess<'a>>(&mut self, at: usize, members: &mut M) -> Result<(), M::Error> {
        let Members { projection, scope, shape, row } = self;
        let (scope, row) = (*scope, *row);
        let member = &shape.members[at];
        let known = projection.misfits.len();
        let wanted = match &member.node {
            Node::Kept => {
                members.next_value::<IgnoredAny>()?;
                return Ok(());
            }
            Node::Slot(slot) => {
                let value = members.next_value_seed(Leaf)?;
                let misfit = value.is_none();
                projection.slots[row.slots + slot] = value.unwrap_or(Slot::Null);
                misfit.then_some("a single value")
            }
            Node::Json(slot) => {
                let text = members.next_value::<&RawValue>()?.get();
                projection.slots[row.slots + slot] = if text == "null" { Slot::Null } else { Slot::Json(text) };
                return Ok(());
            }
            Node::Object { present, shape } => {
                let inner = Members { projection, scope, shape, row };
                let read = members.next_value_seed(inner)?;
                if let Some(slot) = present {
                    let there = read == Read::There;
                    projection.slots[row.slots + slot] = if there { Slot::Bool(true) } else { Slot::Null };
                }
                (read == Read::Misfit).then_some("an object")
            }
            Node::List { list, page } => {
                let scope = &scope.lists[*list].scope;
                let list = row.lists + list;
                let items = Items { projection, scope, list };
                let read =
                    if *page { members.next_value_seed(Page(items))? } else { members.next_value_seed(items)? };
                (read == Read::Misfit).then_some(if *page { "a page of objects" } else { "a list of objects" })
            }
        };
        for misfit in &mut projection.misfits[known..] {
            misfit.path.insert(0, '.');
            misfit.path.insert_str(0, &member.name);
        }
        if let Some(wanted) = wanted {
            projection.misfits.push(Misfit { path: member.name.to_string(), wanted });
        }
        Ok(())
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

/// A single value; `None` for an object or a list.
struct Leaf;

impl<'a> DeserializeSeed<'a> for Leaf {
    type Value = Option<Slot<'a>>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Leaf {
    type Value = Option<Slot<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Slot::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Slot::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Slot::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(value).map_or(Slot::Float(value as f64), Slot::Int)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Slot::Float(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'a str) -> Result<Self::Value, E> {
        Ok(Some(Slot::Text(Cow::Borrowed(value))))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(Slot::Text(Cow::Owned(value.to_owned()))))
    }

    misfits!(None; list);
    misfits!(None; object);
}

/// The rows of a list.
struct Items<'p, 'a, 's> {
    projection: &'p mut Projection<'a>,
    scope: &'s Scope,
    list: usize,
}

impl<'a> DeserializeSeed<'a> for Items<'_, 'a, '_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Items<'_, 'a, '_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::Null)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<Read, S::Error> {
        let Items { projection, scope, list } = self;
        // Of a list that stands in the record twice the last counts, as with any other member.
        projection.lists[list] = List { first: NONE, last: NONE };
        let mut read = Read::There;
        while let Some(item) = items.next_element_seed(ListItem { projection: &mut *projection, scope, list })? {
            if item == Read::Misfit {
                read = Read::Misfit;
            }
        }
        Ok(read)
    }

    misfits!(Read::Misfit; scalars);
    misfits!(Read::Misfit; object);
}

/// One row of a list; `null` in its place is no row.
struct ListItem<'p, 'a, 's> {
    projection: &'p mut Projection<'a>,
    scope: &'s Scope,
    list: usize,
}

impl<'a> DeserializeSeed<'a> for ListItem<'_, 'a, '_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ListItem<'_, 'a, '_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::Null)
    }

    fn visit_map<M: MapAccess<'a>>(self, members: M) -> Result<Read, M::Error> {
        let row = self.projection.append(self.list, self.scope);
        Members { projection: self.projection, scope: self.scope, shape: &self.scope.root, row }.visit_map(members)
    }

    misfits!(Read::Misfit; scalars);
    misfits!(Read::Misfit; list);
}

/// A page, whose rows stand under one of its members.
struct Page<'p, 'a, 's>(Items<'p, 'a, 's>);

impl<'a> DeserializeSeed<'a> for Page<'_, 'a, '_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Page<'_, 'a, '_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page or null")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::Null)
    }

    fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<Read, M::Error> {
        let Page(Items { projection, scope, list }) = self;
        let mut read = Read::There;
        while let Some(is_rows) = members.next_key_seed(Is(&projection.rows_of_page))? {
            if is_rows {
                read = members.next_value_seed(Items { projection: &mut *projection, scope, list })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(read)
    }

    misfits!(Read::Misfit; scalars);
    misfits!(Read::Misfit; list);
}

/// Whether a member has this name.
struct Is<'s>(&'s str);

impl<'a> DeserializeSeed<'a> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}
