//! A plain text table that fits a width.

use std::borrow::Cow;

use console::{measure_text_width, truncate_str};

use super::terminal::Paint;

/// What stands between two columns.
const GAP: &str = "  ";

/// A column is not made narrower than this for the sake of others.
const NARROWEST: usize = 6;

/// A text that is longer can be read when it is cut to this.
const READABLE: usize = 16;

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone)]
enum Row {
    Cells(Vec<String>),
    /// A line above the rows that belong together.
    Heading(String),
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    title: String,
    fit: Fit,
}

/// What becomes of a column for which there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// A number: stands at the right, and keeps its width.
    Number,
    /// Keeps its width: a part of it is of no use.
    Whole,
    /// Is cut, with an ellipsis.
    Cut,
    /// Goes on in the next line.
    Wrap,
}

impl Column {
    /// A column of numbers.
    pub fn number(title: impl Into<String>) -> Column {
        Column { title: title.into(), fit: Fit::Number }
    }

    /// A column of texts of which a part is of no use.
    pub fn whole(title: impl Into<String>) -> Column {
        Column { title: title.into(), fit: Fit::Whole }
    }

    /// A column of texts that are cut when they are too long.
    pub fn text(title: impl Into<String>) -> Column {
        Column { title: title.into(), fit: Fit::Cut }
    }

    /// A column of texts that go on in the next line when they are too long.
    pub fn wrapped(title: impl Into<String>) -> Column {
        Column { title: title.into(), fit: Fit::Wrap }
    }

    fn can_shrink(&self) -> bool {
        matches!(self.fit, Fit::Cut | Fit::Wrap)
    }
}

impl Table {
    pub fn new(columns: Vec<Column>) -> Table {
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row; control characters in it become spaces.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(Row::Cells(cells.into_iter().map(|cell| one_line(cell.as_ref()).into_owned()).collect()));
    }

    /// Adds a line above the rows that follow.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Heading(text.into()));
    }

    /// Leaves out columns at the right until each of the others has room to be read.
    pub fn leave_out_what_is_too_much(&mut self, width: usize) {
        while self.columns.len() > 1 {
            let natural = self.columns.iter().zip(self.natural_widths());
            let widths: Vec<usize> =
                natural.map(|(column, width)| if column.can_shrink() { width.min(READABLE) } else { width }).collect();
            if total(&widths) <= width {
                break;
            }
            self.columns.pop();
        }
    }

    /// The width of the table when nothing is cut.
    pub fn width(&self) -> usize {
        total(&self.natural_widths())
    }

    /// The table, with lines of at most `width` columns where the number of columns allows it.
    pub fn render(&self, width: Option<usize>, paint: Paint) -> String {
        let mut widths = self.natural_widths();
        if let Some(width) = width {
            self.shrink(&mut widths, width);
        }
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.clone()).collect();
        let mut text = String::new();
        for line in self.lines(&titles, &widths) {
            text.push_str(&paint.bold(&line));
            text.push('\n');
        }
        for row in &self.rows {
            match row {
                Row::Cells(cells) => self.lines(cells, &widths).iter().for_each(|line| {
                    text.push_str(line);
                    text.push('\n');
                }),
                Row::Heading(heading) => {
                    let heading = truncate_str(heading, width.unwrap_or(usize::MAX), "…");
                    text.push_str(&format!("\n{}\n", paint.cyan(&heading)));
                }
            }
        }
        text
    }

    fn natural_widths(&self) -> Vec<usize> {
        let cells = |index: usize| {
            self.rows.iter().filter_map(move |row| match row {
                Row::Cells(cells) => cells.get(index),
                Row::Heading(_) => None,
            })
        };
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(index, column)| {
                let widest = cells(index).map(|cell| measure_text_width(cell)).max().unwrap_or(0);
                widest.max(measure_text_width(&column.title))
            })
            .collect()
    }

    /// Takes from the widest column until the table fits.
    fn shrink(&self, widths: &mut [usize], width: usize) {
        let mut excess = total(widths).saturating_sub(width);
        while excess > 0 {
            let widest = (0..widths.len())
                .filter(|&index| self.columns[index].can_shrink() && widths[index] > NARROWEST)
                .max_by_key(|&index| widths[index]);
            let Some(widest) = widest else { break };
            widths[widest] -= 1;
            excess -= 1;
        }
    }

    fn lines(&self, row: &[String], widths: &[usize]) -> Vec<String> {
        let cells: Vec<Vec<Cow<'_, str>>> = self
            .columns
            .iter()
            .zip(row)
            .zip(widths)
            .map(|((column, cell), &width)| match column.fit {
                Fit::Number | Fit::Whole => vec![Cow::Borrowed(cell.as_str())],
                Fit::Cut => vec![truncate_str(cell, width, "…")],
                Fit::Wrap => wrap(cell, width).into_iter().map(Cow::Owned).collect(),
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line = |at: usize| {
            let mut line = String::new();
            for ((column, cell), &width) in self.columns.iter().zip(&cells).zip(widths) {
                let text = cell.get(at).map_or("", |text| text);
                let padding = " ".repeat(width.saturating_sub(measure_text_width(text)));
                if !line.is_empty() {
                    line.push_str(GAP);
                }
                match column.fit {
                    Fit::Number => line.extend([padding.as_str(), text]),
                    Fit::Whole | Fit::Cut | Fit::Wrap => line.extend([text, padding.as_str()]),
                }
            }
            line.trim_end().to_owned()
        };
        (0..height).map(line).collect()
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

/// The text without line ends and other control characters, which would move the cursor.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace("\r\n", " ").replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// Breaks a line at its spaces, and within a word that is longer than a line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        while !word.is_empty() {
            let line = lines.last_mut().expect("there is a line from the beginning");
            let used = measure_text_width(line);
            let gap = usize::from(used > 0);
            if used + gap + measure_text_width(word) <= width {
                line.push_str(&" ".repeat(gap));
                line.push_str(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            let (head, tail) = word.split_at(fitting(word, width));
            line.push_str(head);
            word = tail;
        }
    }
    lines
}

/// How many bytes of a word that is too long to put into a line: up to a joint of the word if there is one, and at
/// least one character, or nothing would ever end.
fn fitting(word: &str, width: usize) -> usize {
    let mut used = 0;
    let mut joint = None;
    let mut before = ' ';
    for (at, character) in word.char_indices() {
        used += measure_text_width(character.encode_utf8(&mut [0; 4]));
        if used > width && at > 0 {
            return joint.unwrap_or(at);
        }
        let is_hump = before.is_lowercase() && character.is_uppercase();
        if at > 0 && (is_hump || matches!(character, '.' | '/' | '_' | '-')) {
            joint = Some(at);
        }
        before = character;
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Paint = Paint { on: false };

    fn people() -> Table {
        let mut table = Table::new(vec![Column::text("name"), Column::number("age"), Column::wrapped("note")]);
        table.row(["Noor de Vries", "41", "likes long walks"]);
        table.row(["Bo", "7", "none\nat all"]);
        table
    }

    #[test]
    fn numbers_stand_at_the_right_and_texts_at_the_left() {
        assert_eq!(
            people().render(None, PLAIN),
            "name           age  note\nNoor de Vries   41  likes long walks\nBo               7  none at all\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_cut_or_wrapped() {
        assert_eq!(
            people().render(Some(24), PLAIN),
            "name       age  note\nNoor de …   41  likes\n                long\n                walks\nBo           7  none at\n                all\n"
        );
    }

    #[test]
    fn columns_that_could_not_be_read_are_left_out() {
        let mut table = people();
        table.leave_out_what_is_too_much(20);
        assert_eq!(table.render(Some(20), PLAIN), "name           age\nNoor de Vries   41\nBo               7\n");
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken() {
        assert_eq!(wrap("ab abcdefg h", 3), ["ab", "abc", "def", "g h"]);
        assert_eq!(wrap("toCompany.visitCity, x", 13), ["toCompany", ".visitCity, x"]);
        assert_eq!(wrap("", 3), [""]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            rows in proptest::collection::vec(("\\PC{0,40}", "\\PC{0,40}"), 0..8),
            width in 14_usize..80,
        ) {
            let mut table = Table::new(vec![Column::text("a"), Column::wrapped("b")]);
            for (cut, wrapped) in &rows {
                table.row([cut, wrapped]);
            }
            for line in table.render(Some(width), PLAIN).lines() {
                prop_assert!(measure_text_width(line) <= width, "{line:?}");
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in "\\PC{0,60}", width in 2_usize..30) {
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&wrap(&text, width).join("\n")), bare(&text));
        }
    }
}
