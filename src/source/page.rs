//! A page of a list: its rows as the text that came, and where the next one begins.

use std::{fmt, ops::Range, sync::Arc};

use bytes::Bytes;

use super::graphql::GraphqlError;
use crate::schema::Lost;

/// Where a page of a list begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// The number of the page, from 0. Where pages begin at cursors it only counts them.
    pub page: u32,
    /// The cursor that the page before gave, as JSON: a text or a number.
    pub cursor: Option<String>,
}

impl From<u32> for Position {
    fn from(page: u32) -> Position {
        Position { page, cursor: None }
    }
}

/// A row that a page should have and that the remote system cannot give.
#[derive(Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its place in the list, from 0.
    pub position: u64,
    /// The row with nothing but its ids, as the text that came; none when the remote system does not even give those.
    pub ids: Option<String>,
    /// What came in its place.
    pub cause: String,
}

impl fmt::Debug for Skipped {
    /// Ids are somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Skipped").field("position", &self.position).field("cause", &self.cause).finish_non_exhaustive()
    }
}

/// A page of the remote system's list.
#[derive(Clone)]
pub struct Page {
    /// Its number, from 0.
    pub number: u32,
    /// Whether no page follows.
    pub last: bool,
    /// Where the next page begins, whether or not there is one. None where a cursor is needed and the page gave none.
    pub next: Option<Position>,
    /// How many rows all pages have together, if the remote system says so.
    pub total: Option<u64>,
    /// What went wrong with single fields while the rest of the page was answered.
    pub errors: Vec<GraphqlError>,
    /// The rows that are not among the others because the remote system cannot give them.
    pub skipped: Vec<Skipped>,
    /// What no row has because the remote system does not have it any more.
    pub lost: Arc<[Lost]>,
    pub(super) text: Text,
    pub(super) rows: Vec<Range<usize>>,
    pub(super) given: usize,
}

/// An answer that was found to be text, as such and as bytes.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) text: Arc<String>,
    pub(super) bytes: Bytes,
}

impl Text {
    pub(super) fn new(text: String) -> Self {
        struct Owner(Arc<String>);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        let text = Arc::new(text);
        let bytes = Bytes::from_owner(Owner(Arc::clone(&text)));
        Self { text, bytes }
    }

    /// Where a part of the text stands.
    pub(super) fn place(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + part.len()
    }
}

impl Page {
    /// The JSON text of each row, in order. A row that is `null` is left out.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter().map(|row| &self.text.text[row.clone()])
    }

    /// The same as slices that share the answer's memory.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Bytes> {
        self.rows.iter().map(|row| self.text.bytes.slice(row.clone()))
    }

    /// How many rows the answer has, those that are `null` or were skipped included.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Whether the list ends here. A short page is no sign of it: the server may cap its pages. Nor is an empty one where
    /// pages begin at cursors: the server may filter a page after cutting it.
    pub fn ends_list(&self) -> bool {
        self.last
    }
}

/// Pages that are put together from several answers.
impl Page {
    /// A numbered page without rows, to which others are appended.
    pub(super) fn empty(number: u32) -> Page {
        let next = Some(Position::from(number.saturating_add(1)));
        Page {
            number,
            last: false,
            next,
            total: None,
            errors: Vec::new(),
            skipped: Vec::new(),
            lost: Arc::default(),
            text: Text::new(String::new()),
            rows: Vec::new(),
            given: 0,
        }
    }

    /// Puts the rows of the page that follows behind those of this one. [`Page::finish`] comes last.
    pub(super) fn append(&mut self, page: Page) {
        let before = self.rows.len();
        self.errors.extend(
            page.errors.iter().cloned().map(|error| GraphqlError { row: error.row.map(|row| row + before), ..error }),
        );
        self.push_rows(page.items());
        self.last |= page.ends_list();
        self.total = self.total.or(page.total);
        self.given += page.given;
        self.lost = page.lost;
    }

    /// Puts rows behind those that are there.
    pub(super) fn push_rows<'r>(&mut self, rows: impl Iterator<Item = &'r str>) {
        let text = Arc::make_mut(&mut self.text.text);
        for row in rows {
            let start = text.len();
            text.push_str(row);
            self.rows.push(start..text.len());
        }
    }

    /// Makes the rows that were appended readable.
    pub(super) fn finish(&mut self) {
        self.text = Text::new(std::mem::take(Arc::make_mut(&mut self.text.text)));
    }
}

#[cfg(test)]
impl Page {
    /// A page of `given` rows that are numbers.
    pub(super) fn of_numbers(number: u32, given: u64, last: bool, total: Option<u64>) -> Self {
        Self::of_rows(number, &(0..given).collect::<Vec<_>>(), last, total)
    }

    /// A page of these numbers.
    pub(super) fn of_rows(number: u32, given: &[u64], last: bool, total: Option<u64>) -> Self {
        let (mut text, mut rows) = (String::new(), Vec::new());
        for row in given {
            let start = text.len();
            text.push_str(&row.to_string());
            rows.push(start..text.len());
        }
        let next = Some(Position::from(number + 1));
        let last = last || given.is_empty();
        Self { number, last, next, total, text: Text::new(text), rows, given: given.len(), ..Self::empty(number) }
    }
}

impl fmt::Debug for Page {
    /// Rows are people's records, so they are counted and not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .field("last", &self.last)
            .field("total", &self.total)
            .field("errors", &self.errors.len())
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}
