//! Edits of a text that leave the rest of it alone.

use std::collections::BTreeMap;
use std::ops::Range;

/// Edits, all of places in the text as it was.
pub(super) struct Edits<'a> {
    text: &'a str,
    /// What is taken out, and what is put in its place.
    replaced: Vec<(Range<usize>, String)>,
    inserted: BTreeMap<usize, String>,
    appended: String,
}

impl<'a> Edits<'a> {
    pub fn new(text: &'a str) -> Edits<'a> {
        Edits { text, replaced: Vec::new(), inserted: BTreeMap::new(), appended: String::new() }
    }

    pub fn replace(&mut self, range: Range<usize>, by: String) {
        self.replaced.push((range, by));
    }

    pub fn insert(&mut self, at: usize, text: String) {
        self.inserted.entry(at).or_default().push_str(&text);
    }

    /// A definition at the end of the text.
    pub fn append(&mut self, definition: &str) {
        self.appended.push('\n');
        self.appended.push_str(definition);
    }

    /// Takes out a definition with the comment right above it and the blank line behind it.
    pub fn remove_definition(&mut self, range: Range<usize>) {
        let mut range = self.with_line(range);
        while let Some(above) =
            self.line_above(range.start).filter(|line| self.text[line.clone()].trim_start().starts_with('#'))
        {
            range.start = above.start;
        }
        if self.text[range.end..].starts_with('\n') {
            range.end += 1;
        }
        self.replace(range, String::new());
    }

    /// Takes out a member, and its line when nothing else stands there.
    pub fn remove_member(&mut self, range: Range<usize>) {
        let mut range = self.with_line(range);
        let rest = &self.text[range.end..];
        if !self.text[range.clone()].ends_with('\n') && rest.trim_start_matches(' ').starts_with(',') {
            range.end += rest.len() - rest.trim_start_matches([' ', ',']).len();
        }
        self.replace(range, String::new());
    }

    /// Puts a member behind another, or where the body begins when there is none.
    pub fn insert_member(&mut self, after: Option<Range<usize>>, body_start: usize, member: &str) {
        let lines = |indent: &str| member.lines().map(|line| format!("\n{indent}{line}")).collect::<String>();
        let Some(after) = after else { return self.insert(body_start, lines("  ")) };
        let rest = self.text[after.end..].split('\n').next().unwrap_or_default();
        if is_nothing(rest) {
            self.insert(after.end + rest.trim_end_matches('\r').len(), lines(self.indent(after.start)));
        } else if member.contains('\n') {
            self.insert(after.end, lines("  ") + "\n");
        } else {
            self.insert(after.end, format!(", {member}"));
        }
    }

    /// The text with all of it done.
    pub fn apply(self) -> String {
        let mut edits: Vec<(Range<usize>, String)> = self.replaced;
        edits.extend(self.inserted.into_iter().map(|(at, text)| (at..at, text)));
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut text = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, by) in edits {
            text.push_str(&self.text[at..range.start.max(at)]);
            text.push_str(&by);
            at = range.end.max(at);
        }
        text.push_str(&self.text[at..]);
        if !self.appended.is_empty() && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if text.is_empty() { self.appended.trim_start().to_owned() } else { text + &self.appended }
    }

    /// The lines of a range when nothing but comments stands beside it.
    fn with_line(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text[range.end..].split_inclusive('\n').next().unwrap_or_default();
        if self.text[start..range.start].trim().is_empty() && is_nothing(rest) {
            start..range.end + rest.len()
        } else {
            range
        }
    }

    /// The line that ends where another starts.
    fn line_above(&self, start: usize) -> Option<Range<usize>> {
        let above = self.text[..start].strip_suffix('\n')?;
        Some(above.rfind('\n').map_or(0, |at| at + 1)..start)
    }

    fn indent(&self, at: usize) -> &'a str {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[start..at];
        &line[..line.len() - line.trim_start().len()]
    }
}

/// Whether a rest of a line is blank, a comma or a comment.
fn is_nothing(rest: &str) -> bool {
    let rest = rest.trim_start().trim_start_matches(',').trim_start();
    rest.is_empty() || rest.starts_with('#')
}
