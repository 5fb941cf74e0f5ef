//! Lookup and keyword tables: which source texts mean which unified value. Built into hash maps and one automaton a
//! table when they are loaded, so that no table is searched row by row while records are mapped.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
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
    /// The source's texts, in lower case, and where they stand.
    words: Vec<(String, Place)>,
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
    Lookup(HashMap<String, Word>),
    /// The words by the number of their pattern.
    Keywords {
        automaton: AhoCorasick,
        words: Vec<Word>,
    },
}

/// A text of the source in the table.
#[derive(Debug, Clone, Copy)]
struct Word {
    /// The index of what it stands for.
    value: u32,
    /// Its index among the words.
    number: u32,
}

impl Word {
    fn new(number: usize, value: usize) -> Word {
        // A file has far fewer lines.
        let small = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Word { value: small(value), number: small(number) }
    }
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
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, "a table", file, problems)?;
        let (manner, rows) = Table::rows(name, fields, file, problems)?;
        let rows = Rows::read(rows, file, problems);
        let words = rows.texts.iter().map(|(text, _)| (text.value.clone(), Place::new(file, text.span))).collect();
        let search = match manner {
            Manner::Lookup => rows.into_lookup(file, problems),
            Manner::Keywords => rows.into_keywords(file, problems)?,
        };
        let values = search.1.into_iter().map(|value| (value.value, Place::new(file, value.span))).collect();
        Some(Table { name: name.to_owned(), values, words, search: search.0 })
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
        self.search(text).map(|word| word.value as usize)
    }

    /// The same, with the text of the table that was found.
    pub fn hit(&self, text: &str) -> Option<Hit> {
        let found = self.search(text)?;
        let (word, place) = self.words[found.number as usize].clone();
        Some(Hit { value: found.value as usize, word, place })
    }

    fn search(&self, text: &str) -> Option<Word> {
        match &self.search {
            Search::Lookup(words) => words.get(fold(text).as_ref()).copied(),
            Search::Keywords { automaton, words } => {
                // The automaton does not mind the case of ASCII letters.
                let folded = if text.is_ascii() { Cow::Borrowed(text) } else { fold(text) };
                automaton
                    .find_overlapping_iter(folded.as_ref())
                    .map(|found| found.pattern().as_usize())
                    .min()
                    .map(|keyword| words[keyword])
            }
        }
    }

    /// What `text` stands for.
    pub fn value(&self, text: &str) -> Option<&str> {
        self.find(text).map(|index| self.values[index].0.as_str())
    }
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
        let mut first: HashMap<String, (Word, crate::diagnostics::Span)> = HashMap::new();
        for (number, (text, value)) in self.texts.into_iter().enumerate() {
            if let Some((_, earlier)) = first.get(&text.value) {
                problems.report(
                    Problem::error("M0304", format!("`{}` stands in this table twice", text.value))
                        .at(file, text.span, "the second time")
                        .because(Place::new(file, *earlier), "the first time"),
                );
            } else {
                first.insert(text.value, (Word::new(number, value), text.span));
            }
        }
        let words = first.into_iter().map(|(text, (word, _))| (text, word)).collect();
        (Search::Lookup(words), self.values)
    }

    fn into_keywords(self, file: &Arc<SourceFile>, problems: &Problems) -> Option<(Search, Vec<Located<String>>)> {
        let words = self.texts.iter().enumerate().map(|(number, (_, value))| Word::new(number, *value)).collect();
        let keywords = self.texts.iter().map(|(text, _)| text.value.as_str());
        match AhoCorasick::builder().ascii_case_insensitive(true).build(keywords) {
            Ok(automaton) => Some((Search::Keywords { automaton, words }, self.values)),
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
    fn a_table_says_what_is_wrong_with_it() {
        assert_eq!(table("lookup:\n  A: [x, X]\n").1, 1);
        assert_eq!(table("lookup:\n  A: ['']\n").1, 1);
        assert!(table("other: 1\n").0.is_none());
        assert!(table("lookup: {A: x}\nkeywords: {B: y}\n").0.is_none());
    }
}
