//! What differs between two texts, line by line.

use console::{measure_text_width, truncate_str};
use similar::{ChangeTag, TextDiff};

use super::terminal::Paint;

/// Lines that stand before and after a difference, as they are in both texts.
const CONTEXT: usize = 3;

/// What stands in front of a line.
const MARGIN: usize = 2;

/// How much of what two long lines share is shown in front of where they part.
const LEAD: usize = 12;

/// The lines that differ, each within `width` columns, with what stands around them.
pub(super) fn lines(old: &str, new: &str, width: Option<usize>, paint: Paint) -> String {
    let diff = TextDiff::from_lines(old, new);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(MARGIN).max(1));
    let mut text = String::new();
    for (at, hunk) in diff.unified_diff().context_radius(CONTEXT).iter_hunks().enumerate() {
        if at > 0 {
            text.push_str("  …\n");
        }
        let changes: Vec<(ChangeTag, &str)> =
            hunk.iter_changes().map(|change| (change.tag(), change.value().trim_end_matches(['\n', '\r']))).collect();
        for (at, &(tag, line)) in changes.iter().enumerate() {
            let from = twin(&changes, at).map_or(0, |twin| shared(line, twin));
            let shown = window(line, from, room);
            text.push_str(&match tag {
                ChangeTag::Delete => paint.red(&format!("- {shown}")),
                ChangeTag::Insert => paint.green(&format!("+ {shown}")),
                ChangeTag::Equal => format!("  {shown}"),
            });
            text.push('\n');
        }
    }
    text
}

/// The line that took the place of a line, or whose place it took: the one as far into the lines of the other kind.
fn twin<'t>(changes: &[(ChangeTag, &'t str)], at: usize) -> Option<&'t str> {
    let (tag, _) = changes[at];
    if tag == ChangeTag::Equal {
        return None;
    }
    let start = changes[..at].iter().rposition(|(tag, _)| *tag == ChangeTag::Equal).map_or(0, |equal| equal + 1);
    let block = changes[start..].iter().take_while(|(tag, _)| *tag != ChangeTag::Equal);
    let place = changes[start..at].iter().filter(|(other, _)| *other == tag).count();
    block.filter(|(other, _)| *other != tag).nth(place).map(|(_, line)| *line)
}

/// How many characters two lines have in common at their beginning.
fn shared(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// As much of a line as there is room for. When the place at which something changes would not be seen, the line
/// begins a little before it.
fn window(line: &str, from: usize, room: usize) -> String {
    if measure_text_width(line) <= room {
        return line.to_owned();
    }
    let start: String = line.chars().take(from + 1).collect();
    if measure_text_width(&start) < room {
        return truncate_str(line, room, "…").into_owned();
    }
    let lead = LEAD.min(room / 3);
    let rest: String = line.chars().skip(from.saturating_sub(lead)).collect();
    truncate_str(&format!("…{rest}"), room, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Paint = Paint { on: false };

    #[test]
    fn what_differs_is_shown_with_what_stands_around_it() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let new = old.replace("5\n", "five\n").replace("12\n", "12\n13\n");
        let expected = "  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n  …\n  10\n  11\n  12\n+ 13\n";
        assert_eq!(lines(old, &new, None, PLAIN), expected);
        assert_eq!(lines(old, old, None, PLAIN), "");
    }

    #[test]
    fn a_difference_far_into_a_long_line_is_in_sight() {
        let line = |end: &str| format!("\"description\": \"{}{end}\"\n", "very long ".repeat(30));
        let shown = lines(&line("old end"), &line("new end"), Some(40), PLAIN);
        assert_eq!(shown, "- …very long old end\"\n+ …very long new end\"\n".replace("…very", "…g very"));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            old in proptest::collection::vec("\\PC{0,60}", 0..8),
            new in proptest::collection::vec("\\PC{0,60}", 0..8),
            width in 10_usize..60,
        ) {
            for line in lines(&old.join("\n"), &new.join("\n"), Some(width), PLAIN).lines() {
                prop_assert!(measure_text_width(line) <= width, "{:?}", line);
            }
        }
    }
}
