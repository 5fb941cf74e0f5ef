//! Problems for programs: one object each, with ranges.

use serde::Serialize;

use super::{Place, Problem, Severity};

/// A problem as editors and build servers read it.
#[derive(Serialize)]
struct Told<'p> {
    severity: Severity,
    code: &'static str,
    message: &'p str,
    #[serde(flatten)]
    place: Option<Spot<'p>>,
    related: Vec<Spot<'p>>,
    help: Option<&'p str>,
}

/// A place and what is said of it.
#[derive(Serialize)]
struct Spot<'p> {
    file: &'p str,
    range: Range,
    label: &'p str,
}

#[derive(Serialize)]
struct Range {
    start: Point,
    end: Point,
}

/// Both from 1; columns are characters.
#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
}

impl Problem {
    /// The problem as one line of JSON: `severity`, `code`, `message`, `file`, `range` (from `start` up to `end`, each
    /// with `line` and `column`, both from 1), `label`, `related` places and `help`. A problem of no certain file has
    /// no `file`, `range` and `label`.
    pub fn json(&self) -> String {
        let told = Told {
            severity: self.severity,
            code: self.code,
            message: &self.message,
            place: self.place.as_ref().map(|(place, label)| spot(place, label)),
            related: self.context.iter().map(|(place, label)| spot(place, label)).collect(),
            help: self.help.as_deref(),
        };
        serde_json::to_string(&told).expect("texts and numbers are JSON")
    }
}

fn spot<'p>(place: &'p Place, label: &'p str) -> Spot<'p> {
    let point = |offset| {
        let (line, column) = place.file.line_column(offset);
        Point { line, column }
    };
    let range = place.span.range_in(&place.file.text);
    Spot { file: &place.file.path, range: Range { start: point(range.start), end: point(range.end) }, label }
}
