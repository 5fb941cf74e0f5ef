//! Lookup and keyword tables: which source texts mean which unified value. Built into hash maps and one automaton a
//! table when they are loaded, so that no table is searched row by row while records are mapped.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::yaml::{self, Entry, Fields, Located, Value};

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
    search: Search,
}

const ROWS: &str = "write a value and the source's texts for it, such as `OPEN: [in progress, on hold]`";

/// How a table is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The whole text must be in the table.
    Lookup,
    /// The first keyword that the text contains counts.
    Keywords,
}

#[derive(Debug)]
enum Search {
    Lookup(HashMap<String, usize>),
    Keywords { automaton: AhoCorasick, value_of: Vec<usize> },
}

impl Table {
    /// Reads a table's file.
    pub fn parse(name: &str, file: &Arc<SourceFile>, problems: &Problems) -> Option<Table> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, "a table", file, problems)?;
        let (manner, rows) = Table::rows(name, fields, file, problems)?;
        let rows = Rows::read(rows, file, problems);
        let search = match manner {
            Manner::Lookup => rows.into_lookup(file, problems),
            Manner::Keywords => rows.into_keywords(file, problems)?,
        };
        let values = search.1.into_iter().map(|value| (value.value, Place::new(file, value.span))).collect();
        Some(Table { name: name.to_owned(), values, search: search.0 })
    }

    fn rows<'a>(
        name: &str,
        fields: Fields<'a>,
        file: &Arc<SourceFile>,
        problems: &Problems,
    ) -> Option<(Manner, &'a [Entry])> {
        let lookup = fields.entry("lookup").map(|entry| (Manner::Lookup, entry, fields.map("lookup")));
        let keywords = fields.entry("keywords").map(|entry| (Manner::Keywords, entry, fields.map("keywords")));
        let misspelt = !fields.unknown().is_empty();
        let span = fields.span();
        fields.close();
        let (manner, entry, rows) = match (lookup, keywords) {
            (Some(found), None) | (None, Some(found)) => found,
            (Some((_, lookup, _)), Some((_, keywords, _))) => {
                problems.report(
                    Problem::error("M0302", format!("the table `{name}` has both `lookup` and `keywords`"))
                        .at(file, keywords.key.span, "searched in one manner")
                        .because(Place::new(file, lookup.key.span), "and in the other")
                        .help("make two tables of it"),
                );
                return None;
            }
            (None, None) => {
                if !misspelt {
                    problems.report(
                        Problem::error("M0302", format!("the table `{name}` needs `lookup` or `keywords`"))
                            .at(file, span, "has neither")
                            .help(ROWS),
                    );
                }
                return None;
            }
        };
        if rows.is_empty() {
            if matches!(&entry.value.value, Value::Null | Value::Map(_)) {
                problems.report(
                    Problem::error("M0302", format!("the table `{name}` has no rows"))
                        .at(file, entry.key.span, "nothing follows")
                        .help(ROWS),
                );
            }
            return None;
        }
        Some((manner, rows))
    }

    /// How it is searched.
    pub fn manner(&self) -> Manner {
        match self.search {
            Search::Lookup(_) => Manner::Lookup,
            Search::Keywords { .. } => Manner::Keywords,
        }
    }

    /// The index in [`Table::values`] of what `text` stands for.
    pub fn find(&self, text: &str) -> Option<usize> {
        match &self.search {
            Search::Lookup(values) => values.get(fold(text).as_ref()).copied(),
            Search::Keywords { automaton, value_of } => {
                // The automaton does not mind the case of ASCII letters.
                let folded = if text.is_ascii() { Cow::Borrowed(text) } else { fold(text) };
                automaton
                    .find_overlapping_iter(folded.as_ref())
                    .map(|found| found.pattern().as_usize())
                    .min()
                    .map(|keyword| value_of[keyword])
            }
        }
    }

    /// Where texts of the table stand in `text`; they may overlap.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        match &self.search {
            Search::Lookup(values) if values.contains_key(fold(text).as_ref()) => {
                std::iter::once(0..text.len()).collect()
            }
            Search::Lookup(_) => Vec::new(),
            Search::Keywords { automaton, .. } => {
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
}

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

struct Rows {
    values: Vec<Located<String>>,
    /// A source text and the index of its value.
    texts: Vec<(Located<String>, usize)>,
}

impl Rows {
    fn read(rows: &[Entry], file: &Arc<SourceFile>, problems: &Problems) -> Rows {
        let mut texts = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            if matches!(&row.value.value, Value::Null) {
                problems.report(Problem::error("M0303", format!("nothing stands for `{}`", row.key.value)).at(
                    file,
                    row.key.span,
                    "write the source's texts behind it",
                ));
                continue;
            }
            texts.extend(yaml::texts(&row.value, file, problems).into_iter().map(|text| (text, index)));
        }
        for (text, _) in &mut texts {
            text.value = fold(&text.value).into_owned();
        }
        texts.retain(|(text, _)| {
            let blank = text.value.is_empty();
            if blank {
                problems.report(Problem::error("M0303", "an empty text stands for nothing").at(
                    file,
                    text.span,
                    "write the source's text",
                ));
            }
            !blank
        });
        Rows { values: rows.iter().map(|row| row.key.clone()).collect(), texts }
    }

    fn into_lookup(self, file: &Arc<SourceFile>, problems: &Problems) -> (Search, Vec<Located<String>>) {
        let mut first: HashMap<String, (usize, crate::diagnostics::Span)> = HashMap::new();
        for (text, value) in self.texts {
            if let Some((_, earlier)) = first.get(&text.value) {
                problems.report(
                    Problem::error("M0304", format!("`{}` stands in this table twice", text.value))
                        .at(file, text.span, "the second time")
                        .because(Place::new(file, *earlier), "the first time"),
                );
            } else {
                first.insert(text.value, (value, text.span));
            }
        }
        let map = first.into_iter().map(|(text, (value, _))| (text, value)).collect();
        (Search::Lookup(map), self.values)
    }

    fn into_keywords(self, file: &Arc<SourceFile>, problems: &Problems) -> Option<(Search, Vec<Located<String>>)> {
        let value_of = self.texts.iter().map(|(_, value)| *value).collect();
        let keywords = self.texts.iter().map(|(text, _)| text.value.as_str());
        match AhoCorasick::builder().ascii_case_insensitive(true).build(keywords) {
            Ok(automaton) => Some((Search::Keywords { automaton, value_of }, self.values)),
            Err(error) => {
                problems.report(Problem::error("M0302", format!("these keywords cannot be searched: {error}")).at(
                    file,
                    self.values[0].span,
                    "too many or too long",
                ));
                None
            }
        }
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
