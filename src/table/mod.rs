//! Lookup and keyword tables: which source texts mean which unified value. Built into hash maps and one automaton a
//! table when they are loaded, so that no table is searched row by row while records are mapped.

mod meaning;
mod rows;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use self::rows::Rows;
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::yaml::{Choice, Is, Key, Keys};

/// The tables of a connector by name. One that cannot be used has its name taken all the same: what is wrong with it
/// was reported, and rules that use it are not to blame.
pub type Tables = BTreeMap<String, Option<Arc<Table>>>;

/// A table of source texts and the values they stand for.
#[derive(Debug)]
pub struct Table {
    /// The name that rules use, which is that of its file.
    pub name: String,
    /// Where the values stand, for messages about them.
    pub values: Vec<(String, Place)>,
    /// Where its rows begin.
    pub place: Place,
    /// The source's texts, in the order in which keywords are tried.
    pub entries: Vec<Entry>,
    search: Search,
}

/// A text of the source.
#[derive(Debug, Clone)]
pub struct Entry {
    /// In lower case and without outer blanks.
    pub text: String,
    /// What it stands for: an index in [`Table::values`].
    pub value: usize,
    /// Where it stands.
    pub place: Place,
}

const VALUES: Is = Is::Defined("rows");

pub(crate) static TABLE: Keys = Keys::new(
    "a table",
    "Which texts of the source mean which unified value",
    &[
        Key::optional(
            "lookup",
            VALUES,
            "Values, and the source's texts for each. The whole text must equal one of them; case and outer blanks do not matter",
        )
        .example("{ HOUR: [hourly, per hour] }"),
        Key::optional(
            "keywords",
            VALUES,
            "Values, and words for each. The rows are asked from top to bottom and the first word that the text contains wins, so what is more particular comes first",
        )
        .example("{ CLOSED: [inactive, filled], OPEN: [active, open] }"),
    ],
)
.choosing(&[Choice { of: &["lookup", "keywords"], required: true }]);

/// How a table is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The whole text must be in the table.
    Lookup,
    /// The first keyword that the text contains counts.
    Keywords,
}

impl Manner {
    /// The key of a table's file, and of the rules that use it.
    pub fn key(self) -> &'static str {
        match self {
            Manner::Lookup => "lookup",
            Manner::Keywords => "keywords",
        }
    }
}

/// Each yields the index of an entry.
#[derive(Debug)]
enum Search {
    Lookup(HashMap<String, usize>),
    /// The automaton, and the entry of each of its patterns: a keyword that is written twice is one pattern.
    Keywords(AhoCorasick, Vec<usize>),
}

/// What was found in a table, and by which of its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The index in [`Table::values`].
    pub value: usize,
    /// The text of the table, in lower case.
    pub word: String,
    /// Where that stands.
    pub place: Place,
}

impl Table {
    /// Reads a table's file.
    pub fn parse(name: &str, file: &Arc<SourceFile>, problems: &Problems) -> Option<Table> {
        Rows::parse(name, file, problems)?.table(name, problems)
    }

    /// Reads a table's file and lays an overlay's file over it: its entries go before those of the table, a text that
    /// both have means what the overlay says, and a row that the overlay writes as `null` is gone.
    pub fn overlaid(
        name: &str,
        file: &Arc<SourceFile>,
        overlay: &Arc<SourceFile>,
        problems: &Problems,
    ) -> Option<Table> {
        let base = Rows::parse(name, file, problems);
        let overlay = Rows::parse_overlay(name, overlay, problems);
        base?.overlaid(name, overlay?, problems)?.table(name, problems)
    }

    /// How it is searched.
    pub fn manner(&self) -> Manner {
        match self.search {
            Search::Lookup(_) => Manner::Lookup,
            Search::Keywords(..) => Manner::Keywords,
        }
    }

    /// The entry that `text` is, or that it contains.
    pub fn entry(&self, text: &str) -> Option<&Entry> {
        self.entry_index(text).map(|entry| &self.entries[entry])
    }

    fn entry_index(&self, text: &str) -> Option<usize> {
        match &self.search {
            Search::Lookup(entries) => entries.get(fold(text).as_ref()).copied(),
            Search::Keywords(automaton, entries) => {
                // The automaton does not mind the case of ASCII letters.
                let folded = if text.is_ascii() { Cow::Borrowed(text) } else { fold(text) };
                let found = automaton.find_overlapping_iter(folded.as_ref());
                found.map(|found| found.pattern().as_usize()).min().map(|pattern| entries[pattern])
            }
        }
    }

    /// The index in [`Table::values`] of what `text` stands for.
    pub fn find(&self, text: &str) -> Option<usize> {
        self.entry(text).map(|entry| entry.value)
    }

    /// The same, with the text of the table that was found.
    pub fn hit(&self, text: &str) -> Option<Hit> {
        let entry = self.entry(text)?;
        Some(Hit { value: entry.value, word: entry.text.clone(), place: entry.place.clone() })
    }

    /// Where texts of the table stand in `text`; they may overlap.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        match &self.search {
            Search::Lookup(values) if values.contains_key(fold(text).as_ref()) => {
                std::iter::once(0..text.len()).collect()
            }
            Search::Lookup(_) => Vec::new(),
            Search::Keywords(automaton, _) => {
                let lower = text.to_lowercase();
                // Some letters take another number of bytes in lower case: then only those of ASCII are told apart.
                let searched = if same_places(&lower, text) { &lower } else { text };
                automaton.find_overlapping_iter(searched).map(|found| found.range()).collect()
            }
        }
    }

    /// What `text` stands for.
    pub fn value(&self, text: &str) -> Option<&str> {
        self.find(text).map(|index| self.values[index].0.as_str())
    }

    /// Warns of keywords that never decide: whatever contains them contains an earlier one.
    pub fn warn(&self, problems: &Problems) {
        let Search::Keywords(automaton, entries) = &self.search else { return };
        let mut seen: HashMap<&str, usize> = HashMap::new();
        // Keywords can be made to contain one another without end.
        let mut left = MOST_LOOKED_AT;
        for (at, entry) in self.entries.iter().enumerate() {
            let twice = seen.get(entry.text.as_str()).copied();
            seen.entry(&entry.text).or_insert(at);
            let within = || {
                let found = automaton.find_overlapping_iter(&entry.text).take(left);
                let found: Vec<usize> = found.map(|found| entries[found.pattern().as_usize()]).collect();
                left -= found.len();
                found.into_iter().min().filter(|first| *first < at)
            };
            let Some(first) = twice.or_else(within) else { continue };
            let first = &self.entries[first];
            let (value, other) = (&self.values[entry.value].0, &self.values[first.value].0);
            let (what, help) = if value == other {
                (format!("`{}` adds nothing to `{}`", entry.text, first.text), "remove it".to_owned())
            } else if entry.text == first.text {
                (format!("`{}` never means {value}: it means {other}", entry.text), "remove one of them".to_owned())
            } else {
                let what = format!("`{}` never means {value}: `{}` is tried first", entry.text, first.text);
                (what, format!("put {value} above {other}, or choose a keyword that does not contain `{}`", first.text))
            };
            problems.report(
                Problem::warning("M0703", what)
                    .at(&entry.place.file, entry.place.span, "never decides")
                    .because(first.place.clone(), format!("every text with `{}` contains this, too", entry.text))
                    .help(help),
            );
        }
    }
}

/// Keywords within keywords that are looked at when warnings are wanted.
const MOST_LOOKED_AT: usize = 200_000;

/// Whether every character of one text begins where one of the other does.
fn same_places(one: &str, other: &str) -> bool {
    one.char_indices().map(|(at, _)| at).eq(other.char_indices().map(|(at, _)| at)) && one.len() == other.len()
}

/// Case and outer blanks do not matter.
fn fold(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        text.into()
    } else {
        text.to_lowercase().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (Option<Table>, usize) {
        let problems = Problems::new();
        let table = Table::parse("t", &SourceFile::new("t.yaml", text), &problems);
        (table, problems.count())
    }

    #[test]
    fn a_lookup_wants_the_whole_text_and_does_not_mind_case() {
        let (table, problems) = table("lookup:\n  MONTH: [MonthTag, per maand]\n  HOUR: uur\n");
        let table = table.unwrap();
        assert_eq!(problems, 0);
        assert_eq!(table.value(" Per Maand "), Some("MONTH"));
        assert_eq!(table.value("UUR"), Some("HOUR"));
        assert_eq!(table.value("uurloon"), None);
    }

    #[test]
    fn the_first_keyword_of_the_table_wins_wherever_it_stands_in_the_text() {
        let (table, _) = table(
            "keywords:\n  INTERNSHIP: [stage, Écolage]\n  CONTRACT: [tijdelijk, contract]\n  FULL_TIME: [vast]\n",
        );
        let table = table.unwrap();
        assert_eq!(table.value("Vast contract, na een stage"), Some("INTERNSHIP"));
        assert_eq!(table.value("ÉCOLAGE"), Some("INTERNSHIP"));
        assert_eq!(table.value("Vast of tijdelijk"), Some("CONTRACT"));
        assert_eq!(table.value("Vrijwilliger"), None);
    }

    fn overlaid(text: &str, overlay: &str) -> (Option<Table>, usize) {
        let problems = Problems::new();
        let (file, overlay) = (SourceFile::new("t.yaml", text), SourceFile::new("overlay/t.yaml", overlay));
        (Table::overlaid("t", &file, &overlay, &problems), problems.count())
    }

    #[test]
    fn an_overlay_adds_moves_and_takes_out() {
        let base = "keywords:\n  CLOSED: [vervuld, dicht]\n  OPEN: [open, actief]\n  DRAFT: [concept]\n";
        let (table, problems) = overlaid(base, "keywords:\n  ON_HOLD: [openstaand]\n  OPEN: [dicht]\n  DRAFT: null\n");
        let table = table.unwrap();
        assert_eq!(problems, 0);
        assert_eq!(table.value("Openstaand"), Some("ON_HOLD"), "what the overlay says is tried first");
        assert_eq!(table.value("dicht"), Some("OPEN"));
        assert_eq!(table.value("vervuld"), Some("CLOSED"));
        assert_eq!(table.value("actief"), Some("OPEN"));
        assert_eq!(table.value("concept"), None);
        let file = |text: &str| table.entry(text).unwrap().place.file.path.clone();
        assert_eq!((file("dicht").as_str(), file("actief").as_str()), ("overlay/t.yaml", "t.yaml"));
    }

    #[test]
    fn an_overlay_is_searched_like_its_table() {
        assert_eq!(overlaid("lookup: {A: x}\n", "keywords: {A: y}\n").1, 1);
        assert_eq!(overlaid("lookup: {A: x}\n", "lookup: {B: null}\n").1, 1);
    }

    #[test]
    fn keywords_that_never_decide_are_told() {
        let warnings = |text: &str| {
            let problems = Problems::with_warnings();
            Table::parse("t", &SourceFile::new("t.yaml", text), &problems).unwrap().warn(&problems);
            problems.count()
        };
        assert_eq!(warnings("keywords:\n  OPEN: [actief]\n  CLOSED: [inactief]\n"), 1);
        assert_eq!(warnings("keywords:\n  CLOSED: [inactief]\n  OPEN: [actief]\n"), 0);
        assert_eq!(warnings("keywords:\n  OPEN: [actief, zeer actief]\n"), 1);
        assert_eq!(warnings("lookup:\n  OPEN: [actief]\n  CLOSED: [inactief]\n"), 0);
    }

    #[test]
    fn a_hit_names_the_word_and_its_place() {
        let (lookup, _) = table("lookup:\n  MONTH: [MonthTag, Per Maand]\n");
        let (keywords, _) = table("keywords:\n  INTERNSHIP:\n    - stage\n    - Écolage\n");
        for (table, text, word, line) in [
            (&lookup, " PER MAAND ", "per maand", 2),
            (&keywords, "Na een Stage", "stage", 3),
            (&keywords, "Vrije ÉCOLAGE", "écolage", 4),
        ] {
            let hit = table.as_ref().unwrap().hit(text).unwrap();
            assert_eq!((hit.word.as_str(), hit.place.file.line_column(hit.place.span.start).0), (word, line));
            assert_eq!(table.as_ref().unwrap().find(text), Some(hit.value));
        }
        assert_eq!(lookup.unwrap().hit("uur"), None);
    }

    #[test]
    fn the_places_of_a_tables_texts_are_found() {
        let (keywords, _) = table("keywords:\n  OPEN: [actief, één]\n  CLOSED: [inactief]\n");
        let keywords = keywords.unwrap();
        assert_eq!(keywords.places("Inactief, ÉÉN"), [0..8, 2..8, 10..15]);
        assert!(keywords.places("niets").is_empty());
        let (lookup, _) = table("lookup:\n  HOUR: uur\n");
        assert_eq!(lookup.unwrap().places(" UUR ").first(), Some(&(0..5)));
    }

    #[test]
    fn a_table_says_what_is_wrong_with_it() {
        assert_eq!(table("lookup:\n  A: [x, X]\n").1, 1);
        assert_eq!(table("lookup:\n  A: ['']\n").1, 1);
        assert!(table("other: 1\n").0.is_none());
        assert!(table("lookup: {A: x}\nkeywords: {B: y}\n").0.is_none());
    }
}
