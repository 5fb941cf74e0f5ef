//! A problem with file, line, column, excerpt, caret and hint; many at once.
//!
//! Whoever reads a file that a person wrote reports what is wrong to [`Problems`] and goes on, so that one run
//! shows everything that needs mending.

mod render;
mod suggest;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

pub use suggest::closest;

/// A file that a person wrote, as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path to show.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// A file with this path and text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<SourceFile> {
        Arc::new(SourceFile { path: path.into(), text: text.into() })
    }

    /// Line and column (both from 1, columns in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// A range of bytes in a [`SourceFile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The part of this span that starts `offset` bytes in and is `length` bytes long.
    pub fn part(self, offset: usize, length: usize) -> Span {
        let start = (self.start + offset).min(self.end);
        Span { start, end: (start + length).min(self.end) }
    }

    fn range_in(self, text: &str) -> Range<usize> {
        let start = text.floor_char_boundary(self.start.min(text.len()));
        let end = text.ceil_char_boundary(self.end.min(text.len()));
        start..end.max(start)
    }
}

/// A span of a certain file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Where in it.
    pub span: Span,
}

impl Place {
    /// The place of `span` in `file`.
    pub fn new(file: &Arc<SourceFile>, span: Span) -> Place {
        Place { file: Arc::clone(file), span }
    }
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be run with it.
    Error,
    /// Worth a look.
    Warning,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Names the kind of problem, such as `M0101`; it never changes its meaning.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What went wrong, in one line.
    pub message: String,
    /// Where, with what to write under the caret.
    pub place: Option<(Place, String)>,
    /// Other places that explain it.
    pub context: Vec<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            context: Vec::new(),
            help: None,
        }
    }

    /// Puts the caret under `span` of `file`, with a word on it.
    pub fn at(mut self, file: &Arc<SourceFile>, span: Span, label: impl Into<String>) -> Problem {
        self.place = Some((Place::new(file, span), label.into()));
        self
    }

    /// Underlines another place that explains this one.
    pub fn because(mut self, place: Place, label: impl Into<String>) -> Problem {
        self.context.push((place, label.into()));
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Asks "did you mean" when one of `known` is close to `name`; otherwise lists them when they are few.
    pub fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
        let known: Vec<&str> = known.into_iter().collect();
        match closest(name, known.iter().copied()) {
            Some(close) => self.help(format!("did you mean `{close}`?")),
            None if known.is_empty() || known.len() > 12 => self,
            None => {
                let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                self.help(format!("known are {}", list.join(", ")))
            }
        }
    }
}

/// Everything that was found wrong so far. Shared by reference, so that each reader can report on its own.
#[derive(Debug, Default)]
pub struct Problems {
    list: RefCell<Vec<Problem>>,
}

impl Problems {
    /// No problem yet.
    pub fn new() -> Problems {
        Problems::default()
    }

    /// Adds one.
    pub fn report(&self, problem: Problem) {
        self.list.borrow_mut().push(problem);
    }

    /// How many problems there are, warnings included.
    pub fn count(&self) -> usize {
        self.list.borrow().len()
    }

    /// The problems in the order of their files and places when there is an error, otherwise `value`.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Report> {
        let mut list = self.list.into_inner();
        let broken = list.iter().any(|problem| problem.severity == Severity::Error);
        match value {
            Some(value) if !broken => Ok(value),
            _ => {
                list.sort_by_key(|problem| {
                    problem.place.as_ref().map(|(place, _)| (place.file.path.clone(), place.span.start))
                });
                list.dedup();
                Err(Report { problems: list })
            }
        }
    }
}

/// Problems that keep something from being loaded.
#[derive(Debug, Clone)]
pub struct Report {
    /// In the order of their files and places.
    pub problems: Vec<Problem>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
