//! Pictures of problems.

use std::borrow::Cow;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Place, Problem, Report, Severity, SourceFile};

/// Nobody mends more at once.
const MOST_PICTURES: usize = 100;

impl Report {
    /// Every problem with its excerpt and caret, and a last line that counts them; `color` for a terminal.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for problem in self.problems.iter().take(MOST_PICTURES) {
            text.push_str(&renderer.render(&[picture(problem)]));
            text.push_str("\n\n");
        }
        if self.problems.len() + self.not_kept > MOST_PICTURES {
            text.push_str(&format!("The first {MOST_PICTURES} of "));
        }
        text.push_str(&self.tally());
        text
    }

    /// How many there are, in a sentence.
    fn tally(&self) -> String {
        let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let (errors, warnings) = (self.count(Severity::Error) + self.not_kept, self.count(Severity::Warning));
        match (errors, warnings) {
            (0, 0) => "No problem found.".to_owned(),
            (0, warnings) => format!("{} found.", counted(warnings, "warning")),
            (errors, 0) => format!("{} found; nothing was changed.", counted(errors, "problem")),
            (errors, warnings) => {
                format!("{} and {} found; nothing was changed.", counted(errors, "error"), counted(warnings, "warning"))
            }
        }
    }
}

fn picture(problem: &Problem) -> Group<'_> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(problem.message.as_str())
        .id(problem.code)
        .elements(Vec::<Snippet<'_, Annotation<'_>>>::new());
    if let Some((place, label)) = &problem.place {
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            problem.context.iter().partition(|(other, _)| other.file == place.file);
        let mut marks = vec![(AnnotationKind::Primary, place, label.as_str())];
        marks.extend(here.into_iter().map(|(place, label)| (AnnotationKind::Context, place, label.as_str())));
        group = group.element(excerpt(&place.file, &marks));
        for (other, label) in elsewhere {
            group = group.element(excerpt(&other.file, &[(AnnotationKind::Context, other, label)]));
        }
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The lines of a file from the first mark to the last: files can be long, and each picture would walk all of one.
fn excerpt<'a>(file: &'a Arc<SourceFile>, marks: &[(AnnotationKind, &Place, &'a str)]) -> Snippet<'a, Annotation<'a>> {
    let ranges: Vec<_> = marks.iter().map(|(_, place, _)| place.span.range_in(&file.text)).collect();
    let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
    let last = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let start = file.text[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let end = file.text[last..].find('\n').map_or(file.text.len(), |newline| last + newline + 1);
    let lines = match file.shown() {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
        Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
    };
    let snippet = Snippet::source(lines).line_start(file.line_column(start).0).path(file.path.as_str());
    marks.iter().zip(ranges).fold(snippet, |snippet, ((kind, _, label), range)| {
        snippet.annotation(kind.span(range.start - start..range.end - start).label(*label))
    })
}
