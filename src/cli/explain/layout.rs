//! Lines with places at their right, or below them where the terminal is narrow.

use console::{measure_text_width, truncate_str};

use super::super::table::{one_line, wrap};
use super::super::terminal::Paint;

/// A line of an explanation.
#[derive(Debug, Clone)]
pub(super) struct Line {
    depth: usize,
    text: String,
    style: Style,
    /// Where in the files it stands.
    place: Option<String>,
    /// How far the lines stand in that follow it when it is too long.
    hang: usize,
    /// It is cut when it is too long.
    is_cut: bool,
    /// How far a place stands in below it.
    place_margin: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Title,
    Issue,
}

/// A file or a pager is given lines of this width.
const UNSEEN_WIDTH: usize = 120;

/// Where less than this is left for the text, places stand below it.
const NARROWEST: usize = 44;

impl Line {
    pub fn plain(text: impl Into<String>) -> Line {
        Line { depth: 0, text: text.into(), style: Style::Plain, place: None, hang: 2, is_cut: false, place_margin: 4 }
    }

    pub fn title(text: impl Into<String>) -> Line {
        Line { style: Style::Title, ..Line::plain(text) }
    }

    pub fn issue(text: impl Into<String>) -> Line {
        Line { style: Style::Issue, ..Line::plain(text) }
    }

    pub fn empty() -> Line {
        Line::plain("")
    }

    pub fn at(mut self, place: Option<impl ToString>) -> Line {
        self.place = place.map(|place| place.to_string());
        self
    }

    pub fn deeper(mut self, depth: usize) -> Line {
        self.depth += depth;
        self
    }

    /// When it is too long, its end is of no use.
    pub fn cut(mut self) -> Line {
        self.is_cut = true;
        self
    }

    /// A place below it stands in so far.
    pub fn place_margin(mut self, margin: usize) -> Line {
        self.place_margin = margin;
        self
    }

    /// When it is too long, it goes on where it began.
    pub fn flush(mut self) -> Line {
        self.hang = 0;
        self
    }

    fn width(&self) -> usize {
        2 * self.depth + measure_text_width(&self.text)
    }

    /// The text in lines of at most `width`, all standing in.
    fn folded(&self, width: usize) -> Vec<String> {
        let text = one_line(&self.text);
        let margin = " ".repeat(2 * self.depth);
        if self.width() <= width {
            return vec![format!("{margin}{text}")];
        }
        let hang = self.hang;
        // What is wrapped loses the blanks in it; those at the beginning are the margin.
        let first = width.saturating_sub(margin.len());
        if self.is_cut {
            return vec![format!("{margin}{}", truncate_str(&text, first, "…"))];
        }
        let mut lines = Vec::new();
        let mut rest = text.into_owned();
        while !rest.is_empty() {
            let (indent, room) = if lines.is_empty() { (0, first) } else { (hang, first.saturating_sub(hang)) };
            let (line, tail) = cut(&rest, room.max(8));
            lines.push(format!("{margin}{}{line}", " ".repeat(indent)));
            rest = tail;
        }
        lines
    }
}

/// The part of a text that a line has room for, and the rest.
fn cut(text: &str, width: usize) -> (String, String) {
    if measure_text_width(text) <= width {
        return (text.to_owned(), String::new());
    }
    let lines = wrap(text, width);
    (lines[0].clone(), lines[1..].join(" "))
}

/// The lines as a terminal of this width shows them.
pub(super) fn layout(lines: &[Line], width: Option<usize>, paint: Paint) -> String {
    let width = width.unwrap_or(UNSEEN_WIDTH);
    let widest_place = lines.iter().filter_map(|line| line.place.as_deref()).map(measure_text_width).max().unwrap_or(0);
    let room = width.saturating_sub(widest_place + 2);
    let beside = room >= NARROWEST;
    let with_place = lines.iter().filter(|line| line.place.is_some());
    let column = with_place.map(Line::width).max().unwrap_or(0).min(room);
    let mut text = String::new();
    for line in lines {
        let folded = line.folded(if beside && line.place.is_some() { column } else { width });
        for (at, part) in folded.iter().enumerate() {
            text.push_str(&match line.style {
                Style::Plain => part.clone(),
                Style::Title => paint.bold(part),
                Style::Issue => paint.yellow(part),
            });
            if let (true, 0, Some(place)) = (beside, at, &line.place) {
                let gap = column.saturating_sub(measure_text_width(part)) + 2;
                text.push_str(&format!("{}{}", " ".repeat(gap), paint.cyan(place)));
            }
            text.push('\n');
        }
        if let (false, Some(place)) = (beside, &line.place) {
            let margin = 2 * line.depth + line.place_margin;
            let margin = margin.min(width.saturating_sub(measure_text_width(place)));
            text.push_str(&format!("{}{}\n", " ".repeat(margin), paint.cyan(place)));
        }
    }
    text
}

/// Texts in columns, as far as they fit.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| measure_text_width(cell)).max();
    let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let mut text = String::new();
        for (at, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if at + 1 < row.len() {
                text.push_str(&" ".repeat(widths[at] - measure_text_width(cell) + 2));
            }
        }
        text
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Paint = Paint { on: false };

    fn lines() -> Vec<Line> {
        vec![
            Line::title("name = \"Welder\"").at(Some("mappings/carerix/jobs.yaml:28")),
            Line::plain("jobTitle  \"Welder of pipes and of other things that are long\"").deeper(1),
            Line::plain("table words").at(Some("t.yaml:3")).deeper(1),
        ]
    }

    #[test]
    fn places_stand_in_a_column() {
        let expected = "\
name = \"Welder\"  mappings/carerix/jobs.yaml:28
  jobTitle  \"Welder of pipes and of other things that are long\"
  table words    t.yaml:3
";
        assert_eq!(layout(&lines(), Some(90), PLAIN), expected);
    }

    #[test]
    fn places_stand_below_where_there_is_no_room() {
        let expected = "\
name = \"Welder\"
    mappings/carerix/jobs.yaml:28
  jobTitle \"Welder of pipes and of
    other things that are long\"
  table words
      t.yaml:3
";
        assert_eq!(layout(&lines(), Some(36), PLAIN), expected);
    }

    #[test]
    fn nothing_that_was_sent_can_move_the_cursor() {
        let text = layout(&[Line::plain("\u{1b}[2J\r\u{9b}x")], Some(40), PLAIN);
        assert!(!text.trim_end_matches('\n').contains(char::is_control), "{text:?}");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(texts in prop::collection::vec(("\\PC{0,90}", 0_usize..4, prop::option::of("[a-z/]{1,20}:[0-9]{1,3}")), 0..8), width in 40_usize..110) {
            let lines: Vec<Line> = texts.into_iter().map(|(text, depth, place)| Line::plain(text).at(place).deeper(depth)).collect();
            for line in layout(&lines, Some(width), PLAIN).lines() {
                prop_assert!(measure_text_width(line) <= width, "{line:?}");
            }
        }
    }
}
