//! From raw JSON text to slots in one walk: what the plan does not need is skipped, and no tree is built.

use super::Failure;
use super::json::{Number, Scanned, Scanner, Text, explain};
use super::shape::{Member, Node, Scope, Shape, SlotInfo};
use super::time::Moment;
use crate::schema::Scalar;

/// The values of a record by slot. One value serves many records: [`Projection::read`] keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Projection<'a> {
    slots: Vec<Slot<'a>>,
    lists: Vec<List>,
    items: Vec<Item>,
    misfits: Vec<Misfit>,
}

/// A place of the record that held something else than the schema says, and so counts as null.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub path: String,
    pub wanted: &'static str,
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
    /// Reads a record; `rows_of_page` is the path from a page to its rows. What is not of the shape that the schema says
    /// counts as null and is listed by [`Projection::misfits`]; only text that is no JSON, or no object,
    /// is an error.
    pub fn read(&mut self, scope: &Scope, rows_of_page: &[Box<str>], raw: &'a str) -> Result<Row, Failure> {
        self.slots.clear();
        self.lists.clear();
        self.items.clear();
        self.misfits.clear();
        let row = self.row(scope);
        let mut reader = Reader { scanner: Scanner::new(raw), rows_of_page, projection: self };
        let read = reader.object(scope, &scope.root, row).and_then(|read| reader.scanner.end().map(|()| read));
        match read {
            Ok(Read::There) => Ok(row),
            Ok(Read::Null | Read::Misfit) => Err(refused("a record is an object")),
            Err(malformed) => Err(refused(&explain(raw, malformed))),
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
        self.slots.resize_with(row.slots + scope.slots.len(), || Slot::Null);
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
fn refused(why: &str) -> Failure {
    Failure(format!("the source sent a record that is not of its schema: {why}"))
}

/// What stood in the place of an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    There,
    Null,
    Misfit,
}

struct Reader<'p, 'a> {
    scanner: Scanner<'a>,
    rows_of_page: &'p [Box<str>],
    projection: &'p mut Projection<'a>,
}

impl<'a> Reader<'_, 'a> {
    /// An object, of which some members are needed.
    fn object(&mut self, scope: &Scope, shape: &Shape, row: Row) -> Scanned<Read> {
        if self.scanner.peek() != b'{' {
            return self.other();
        }
        let mut expected = 0;
        let mut more = self.scanner.open(b'}');
        while more {
            match self.name(shape, expected)? {
                Some(at) => {
                    expected = at + 1;
                    self.member(scope, &shape.members[at], row)?;
                }
                None => {
                    self.scanner.skip()?;
                }
            }
            more = self.scanner.next(b'}')?;
        }
        Ok(Read::There)
    }

    /// What is not what was wanted.
    fn other(&mut self) -> Scanned<Read> {
        let text = self.scanner.skip()?;
        Ok(if text == "null" { Read::Null } else { Read::Misfit })
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
        let name = self.scanner.name()?;
        Ok(shape.find(&name.read()))
    }

    fn member(&mut self, scope: &Scope, member: &Member, row: Row) -> Scanned<()> {
        let known = self.projection.misfits.len();
        let wanted = match &member.node {
            Node::Kept => {
                self.scanner.skip()?;
                None
            }
            Node::Slot(slot) => {
                let value = self.value(&scope.slots[*slot])?;
                let misfit = value.is_none();
                self.set(row, *slot, value.unwrap_or(Slot::Null));
                misfit.then_some("a single value")
            }
            Node::Json(slot) => {
                let text = self.scanner.skip()?;
                self.set(row, *slot, if text == "null" { Slot::Null } else { Slot::Json(text) });
                None
            }
            Node::Object { present, shape } => {
                let read = self.object(scope, shape, row)?;
                if let Some(slot) = present {
                    self.set(row, *slot, if read == Read::There { Slot::Bool(true) } else { Slot::Null });
                }
                (read == Read::Misfit).then_some("an object")
            }
            Node::List { list, page } => {
                let scope = &scope.lists[*list].scope;
                let list = row.lists + list;
                let read = match (page, self.scanner.peek()) {
                    (false, _) => self.rows(scope, list, &[], false)?,
                    (true, b'{') => self.rows(scope, list, self.rows_of_page, false)?,
                    (true, _) => self.other()?,
                };
                (read == Read::Misfit).then_some(if *page { "a page of objects" } else { "a list of objects" })
            }
        };
        if wanted.is_some() || self.projection.misfits.len() > known {
            self.name_misfits(known, &member.name, wanted);
        }
        Ok(())
    }

    /// Puts the name of the member before the misfits that were found inside it, and adds the member itself.
    #[cold]
    fn name_misfits(&mut self, known: usize, name: &str, wanted: Option<&'static str>) {
        let misfits = &mut self.projection.misfits;
        for misfit in &mut misfits[known..] {
            misfit.path = format!("{name}.{}", misfit.path);
        }
        misfits.extend(wanted.map(|wanted| Misfit { path: name.to_owned(), wanted }));
    }

    fn set(&mut self, row: Row, slot: usize, value: Slot<'a>) {
        self.projection.slots[row.slots + slot] = value;
    }

    /// A single value; `None` for an object or a list.
    #[inline]
    fn value(&mut self, info: &SlotInfo) -> Scanned<Option<Slot<'a>>> {
        Ok(Some(match self.scanner.peek() {
            b'"' => match (self.scanner.text()?.trimmed(), &info.date) {
                (None, _) => Slot::Null,
                (Some(text), None) => Slot::Text(text),
                (Some(text), Some(format)) => match format.parse(&text.read()) {
                    Some(moment) => Slot::Time(moment),
                    None => Slot::NoDate(text),
                },
            },
            b'n' => self.scanner.null().map(|()| Slot::Null)?,
            b't' | b'f' => Slot::Bool(self.scanner.boolean()?),
            b'{' | b'[' => {
                self.scanner.skip()?;
                return Ok(None);
            }
            _ => match self.scanner.number()? {
                // So that a script never meets both in one field.
                Number::Int(number) if info.scalar == Scalar::Float => Slot::Float(number as f64),
                Number::Int(number) => Slot::Int(number),
                Number::Float(number) => Slot::Float(number),
            },
        }))
    }

    /// The rows of a list, or of a page, in which `path` leads to them. One list stands on the way, and `in_list` says
    /// whether it was entered. `null` in the place of a row is no row.
    fn rows(&mut self, scope: &Scope, list: usize, path: &[Box<str>], in_list: bool) -> Scanned<Read> {
        match (self.scanner.peek(), path.split_first()) {
            (b'[', _) if !in_list => {
                // Of a list that stands in the record twice the last counts, as with any other member.
                self.projection.lists[list] = List { first: NONE, last: NONE };
                let mut read = Read::There;
                let mut more = self.scanner.open(b']');
                while more {
                    if self.rows(scope, list, path, true)? == Read::Misfit {
                        read = Read::Misfit;
                    }
                    more = self.scanner.next(b']')?;
                }
                Ok(read)
            }
            (b'{', Some((name, rest))) => {
                let mut read = Read::There;
                let mut more = self.scanner.open(b'}');
                while more {
                    if self.scanner.name()?.read() == **name {
                        read = self.rows(scope, list, rest, in_list)?;
                    } else {
                        self.scanner.skip()?;
                    }
                    more = self.scanner.next(b'}')?;
                }
                Ok(read)
            }
            (b'{', None) if in_list => {
                let row = self.projection.append(list, scope);
                self.object(scope, &scope.root, row)
            }
            _ => self.other(),
        }
    }
}
