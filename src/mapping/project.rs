//! From raw JSON text to slots in one walk: what the plan does not need is skipped, and no tree is built.

use super::Failure;
use super::json::{Malformed, Number, Scanned, Scanner, Text, explain};
use super::shape::{Node, Scope, Shape, SlotInfo};
use super::time::Moment;
use crate::schema::Scalar;

/// The values of a record by slot. One value serves many records: [`Projection::read`] keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Projection<'a> {
    slots: Vec<Slot<'a>>,
    lists: Vec<List>,
    items: Vec<Item>,
}

/// A value as the source wrote it, with its type's own reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot<'a> {
    /// Null, missing, or a blank text.
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Without outer blanks.
    Text(Text<'a>),
    Time(Moment),
    /// What stands in the place of a date.
    NoDate(Text<'a>),
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
    pub fn read(&mut self, scope: &Scope, raw: &'a str) -> Result<Row, Failure> {
        self.slots.clear();
        self.lists.clear();
        self.items.clear();
        let row = self.row(scope);
        let mut reader = Reader { scanner: Scanner::new(raw), projection: self };
        let read = reader.object(scope, &scope.root, row).and_then(|()| reader.scanner.end());
        match read {
            Ok(()) => Ok(row),
            Err(malformed) => Err(refused(raw, malformed)),
        }
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

#[cold]
fn refused(raw: &str, malformed: Malformed) -> Failure {
    Failure(format!("the source sent a record that is not of its schema: {}", explain(raw, malformed)))
}

struct Reader<'p, 'a> {
    scanner: Scanner<'a>,
    projection: &'p mut Projection<'a>,
}

impl<'a> Reader<'_, 'a> {
    /// An object, of which some members are needed.
    fn object(&mut self, scope: &Scope, shape: &Shape, row: Row) -> Scanned<()> {
        self.scanner.expect(b'{')?;
        if self.scanner.take(b'}') {
            return Ok(());
        }
        let mut expected = 0;
        loop {
            match self.name(shape, expected)? {
                Some(at) => {
                    expected = at + 1;
                    self.member(scope, &shape.members[at].node, row)?;
                }
                None => {
                    self.scanner.skip()?;
                }
            }
            if !self.scanner.take(b',') {
                return self.scanner.expect(b'}');
            }
        }
    }

    /// The member whose name comes next. Sources answer in the order in which they were asked, so the member after
    /// the last one is nearly always the right one.
    #[inline]
    fn name(&mut self, shape: &Shape, expected: usize) -> Scanned<Option<usize>> {
        if let Some(member) = shape.members.get(expected)
            && self.scanner.take_all(&member.key)
        {
            return Ok(Some(expected));
        }
        let name = self.scanner.text()?;
        self.scanner.expect(b':')?;
        Ok(shape.find(&name.read()))
    }

    fn member(&mut self, scope: &Scope, node: &Node, row: Row) -> Scanned<()> {
        match node {
            Node::Kept => self.scanner.skip().map(drop),
            Node::Slot(slot) => {
                let value = self.value(&scope.slots[*slot])?;
                self.set(row, *slot, value);
                Ok(())
            }
            Node::Json(slot) => {
                let text = self.scanner.skip()?;
                self.set(row, *slot, if text == "null" { Slot::Null } else { Slot::Json(text) });
                Ok(())
            }
            Node::Object { present, shape } => {
                let found = self.scanner.peek() != b'n';
                if let Some(slot) = present {
                    self.set(row, *slot, if found { Slot::Bool(true) } else { Slot::Null });
                }
                if found { self.object(scope, shape, row) } else { self.scanner.null() }
            }
            Node::List { list, page } => {
                let scope = &scope.lists[*list].scope;
                let list = row.lists + list;
                match self.scanner.peek() {
                    b'n' => self.scanner.null(),
                    _ if *page => self.page(scope, list),
                    _ => self.list(scope, list),
                }
            }
        }
    }

    fn set(&mut self, row: Row, slot: usize, value: Slot<'a>) {
        self.projection.slots[row.slots + slot] = value;
    }

    /// A single value. Objects and lists in its place count as null.
    #[inline]
    fn value(&mut self, info: &SlotInfo) -> Scanned<Slot<'a>> {
        Ok(match self.scanner.peek() {
            b'"' => match self.scanner.text()?.trimmed() {
                None => Slot::Null,
                Some(text) => match &info.date {
                    None => Slot::Text(text),
                    Some(format) => match format.parse(&text.read()) {
                        Some(moment) => Slot::Time(moment),
                        None => Slot::NoDate(text),
                    },
                },
            },
            b'n' => self.scanner.null().map(|()| Slot::Null)?,
            b't' | b'f' => Slot::Bool(self.scanner.boolean()?),
            b'{' | b'[' => self.scanner.skip().map(|_| Slot::Null)?,
            _ => match self.scanner.number()? {
                // So that a script never meets both in one field.
                Number::Int(number) if info.scalar == Scalar::Float => Slot::Float(number as f64),
                Number::Int(number) => Slot::Int(number),
                Number::Float(number) => Slot::Float(number),
            },
        })
    }

    /// The rows of a list; `null` in the place of one is no row.
    fn list(&mut self, scope: &Scope, list: usize) -> Scanned<()> {
        self.scanner.expect(b'[')?;
        if self.scanner.take(b']') {
            return Ok(());
        }
        loop {
            if self.scanner.peek() == b'n' {
                self.scanner.null()?;
            } else {
                let row = self.projection.append(list, scope);
                self.object(scope, &scope.root, row)?;
            }
            if !self.scanner.take(b',') {
                return self.scanner.expect(b']');
            }
        }
    }

    /// A page: its rows stand under one member, which is the only one that is asked for.
    fn page(&mut self, scope: &Scope, list: usize) -> Scanned<()> {
        self.scanner.expect(b'{')?;
        if self.scanner.take(b'}') {
            return Ok(());
        }
        self.scanner.text()?;
        self.scanner.expect(b':')?;
        match self.scanner.peek() {
            b'n' => self.scanner.null()?,
            _ => self.list(scope, list)?,
        }
        self.scanner.expect(b'}')
    }
}
