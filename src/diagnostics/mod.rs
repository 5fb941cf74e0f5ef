//! A problem with file, line, column, excerpt, caret and hint; many at once.
//!
//! Whoever reads a file that a person wrote reports what is wrong to [`Problems`] and goes on, so that one run
//! shows everything that needs mending.

mod json;
mod render;
mod suggest;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

pub use suggest::closest;

/// A file that a person wrote, as it was read.
#[derive(Debug)]
pub struct SourceFile {
    /// The path to show.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// What no excerpt may show.
    hidden: Vec<Span>,
    /// Where its lines begin, found when it is first asked: a file may have many problems.
    lines: OnceLock<Vec<usize>>,
}

impl PartialEq for SourceFile {
    fn eq(&self, other: &SourceFile) -> bool {
        self.path == other.path && self.text == other.text && self.hidden == other.hidden
    }
}

impl Eq for SourceFile {}

impl SourceFile {
    /// A file with this path and text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<SourceFile> {
        SourceFile::with_secrets(path, text, Vec::new())
    }

    /// A file of which some parts may be secrets: excerpts show stars in their place.
    pub fn with_secrets(path: impl Into<String>, text: impl Into<String>, hidden: Vec<Span>) -> Arc<SourceFile> {
        Arc::new(SourceFile { path: path.into(), text: text.into(), hidden, lines: OnceLock::new() })
    }

    /// Whether something there may be a secret, which no message may repeat.
    pub fn hides(&self, span: Span) -> bool {
        self.hidden.iter().any(|hidden| hidden.start < span.end && span.start < hidden.end)
    }

    /// The text as excerpts may show it: as long as the text itself, so that places stay what they are.
    fn shown(&self) -> Cow<'_, str> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut shown = self.text.clone();
        for span in &self.hidden {
            let range = span.range_in(&self.text);
            let stars: String =
                self.text[range.clone()].split('\n').map(|line| "*".repeat(line.len())).collect::<Vec<_>>().join("\n");
            shown.replace_range(range, &stars);
        }
        Cow::Owned(shown)
    }

    /// Line and column (both from 1, columns in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let lines = self.lines.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(newline, _)| newline + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset);
        (line, self.text[lines[line - 1]..offset].chars().count() + 1)
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

    /// The bytes of `text` to underline. The end of a text is the end of what is written in it.
    fn range_in(self, text: &str) -> Range<usize> {
        let start = text.floor_char_boundary(self.start.min(text.trim_end().len()));
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

impl std::fmt::Display for Place {
    /// File and line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.path, self.file.line_column(self.span.start).0)
    }
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
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

/// A message may quote a name or text of any length and content.
const LONGEST_MESSAGE: usize = 300;

fn on_one_line(text: impl Into<String>) -> String {
    let mut text: String = text.into();
    if text.chars().any(char::is_control) {
        text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    }
    if text.len() > LONGEST_MESSAGE {
        text.truncate(text.floor_char_boundary(LONGEST_MESSAGE));
        text.push('…');
    }
    text
}

impl Problem {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Problem {
        Problem::new(code, Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Problem {
        Problem::new(code, Severity::Warning, message)
    }

    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Problem {
        Problem { code, severity, message: on_one_line(message), place: None, context: Vec::new(), help: None }
    }

    /// Puts the caret under `span` of `file`, with a word on it.
    pub fn at(mut self, file: &Arc<SourceFile>, span: Span, label: impl Into<String>) -> Problem {
        self.place = Some((Place::new(file, span), on_one_line(label)));
        self
    }

    /// Underlines another place that explains this one.
    pub fn because(mut self, place: Place, label: impl Into<String>) -> Problem {
        self.context.push((place, on_one_line(label)));
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(on_one_line(help));
        self
    }

    fn order(&self) -> Option<(&str, usize)> {
        self.place.as_ref().map(|(place, _)| (place.file.path.as_str(), place.span.start))
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
    count: Cell<usize>,
    keeps_warnings: bool,
}

/// More errors are counted, but no longer kept: nobody reads them, and a file can be made to have any number.
const MOST_KEPT: usize = 1000;

impl Problems {
    /// No problem yet. Warnings are not wanted: whoever loads a file to run it asks whether it can be run.
    pub fn new() -> Problems {
        Problems::default()
    }

    /// No problem yet, and warnings are wanted too.
    pub fn with_warnings() -> Problems {
        Problems { keeps_warnings: true, ..Problems::default() }
    }

    /// Whether warnings are wanted; when not, nobody needs to look for them.
    pub fn wants_warnings(&self) -> bool {
        self.keeps_warnings
    }

    /// Adds one.
    pub fn report(&self, problem: Problem) {
        let mut list = self.list.borrow_mut();
        if problem.severity == Severity::Warning && (!self.keeps_warnings || list.len() == MOST_KEPT) {
            return;
        }
        self.count.set(self.count.get() + 1);
        if list.len() < MOST_KEPT {
            list.push(problem);
        }
    }

    /// How many problems there are, warnings included.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// The problems when there is an error, otherwise `value`.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Report> {
        let report = self.into_report();
        match value {
            Some(value) if !report.has_errors() => Ok(value),
            _ => Err(report),
        }
    }

    /// The problems in the order of their files and places.
    pub fn into_report(self) -> Report {
        let not_kept = self.count.get() - self.list.borrow().len();
        let mut list = self.list.into_inner();
        list.sort_by(|a, b| a.order().cmp(&b.order()));
        keep_first(&mut list);
        Report { problems: list, not_kept }
    }
}

/// What is used in several places is looked at several times; its mistakes are told once.
fn keep_first(list: &mut Vec<Problem>) {
    let mut seen = HashSet::new();
    list.retain(|problem| {
        let place =
            problem.place.as_ref().map(|(place, _)| (place.file.path.clone(), place.span.start, place.span.end));
        seen.insert((problem.code, problem.message.clone(), place))
    });
}

/// What was found wrong with some files.
#[derive(Debug, Clone)]
pub struct Report {
    /// In the order of their files and places.
    pub problems: Vec<Problem>,
    /// How many errors there are beside them.
    not_kept: usize,
}

impl Report {
    /// Whether something cannot be run.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0 || self.not_kept > 0
    }

    /// How many problems of that severity are listed.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
