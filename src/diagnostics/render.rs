//! Pictures of problems.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Place, Problem, Report, Severity};

impl Report {
    /// Every problem with its excerpt and caret, and a last line that counts them; `color` for a terminal.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for problem in &self.problems {
            text.push_str(&renderer.render(&groups(problem)));
            text.push_str("\n\n");
        }
        let count = self.problems.len();
        text.push_str(&format!("{count} problem{} found; nothing was changed.", if count == 1 { "" } else { "s" }));
        text
    }
}

fn groups(problem: &Problem) -> Vec<Group<'_>> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(problem.message.as_str())
        .id(problem.code)
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    if let Some((place, label)) = &problem.place {
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            problem.context.iter().partition(|(other, _)| other.file == place.file);
        let snippet = snippet(place).annotation(annotation(AnnotationKind::Primary, place, label));
        let snippet = here.iter().fold(snippet, |snippet, (other, label)| {
            snippet.annotation(annotation(AnnotationKind::Context, other, label))
        });
        group = group.element(snippet);
        for (other, label) in elsewhere {
            group = group.element(snippet_of(other, label));
        }
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

fn snippet(place: &Place) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(place.file.text.as_str()).path(place.file.path.as_str())
}

fn snippet_of<'a>(place: &'a Place, label: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    snippet(place).annotation(annotation(AnnotationKind::Context, place, label))
}

fn annotation<'a>(kind: AnnotationKind, place: &Place, label: &'a str) -> annotate_snippets::Annotation<'a> {
    kind.span(place.span.range_in(&place.file.text)).label(label)
}
