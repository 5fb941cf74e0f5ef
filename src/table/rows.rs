//! The rows of a table as its file writes them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use super::{Entry, Manner, Search, TABLE, Table, fold};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::yaml::{self, Fields, Located, Value};

const ROWS: &str = "write a value and the source's texts for it, such as `OPEN: [in progress, on hold]`";

/// Values, and the texts that stand for them.
pub(super) struct Rows {
    manner: Manner,
    /// Where the manner stands.
    key: Place,
    values: Vec<(String, Place)>,
    entries: Vec<Entry>,
    /// Rows that an overlay takes out.
    gone: Vec<(Located<String>, Arc<SourceFile>)>,
}

impl Rows {
    pub fn parse(name: &str, file: &Arc<SourceFile>, problems: &Problems) -> Option<Rows> {
        Rows::read(name, file, problems, false)
    }

    pub fn parse_overlay(name: &str, file: &Arc<SourceFile>, problems: &Problems) -> Option<Rows> {
        Rows::read(name, file, problems, true)
    }

    fn read(name: &str, file: &Arc<SourceFile>, problems: &Problems, is_overlay: bool) -> Option<Rows> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, &TABLE, file, problems)?;
        let (manner, key, rows) = written(name, fields, file, problems)?;
        let mut read = Rows { manner, key, values: Vec::new(), entries: Vec::new(), gone: Vec::new() };
        for row in rows {
            if matches!(&row.value.value, Value::Null) {
                if is_overlay {
                    read.gone.push((row.key.clone(), Arc::clone(file)));
                } else {
                    problems.report(Problem::error("M0303", format!("nothing stands for `{}`", row.key.value)).at(
                        file,
                        row.key.span,
                        "write the source's texts behind it",
                    ));
                }
                continue;
            }
            let value = read.values.len();
            read.values.push((row.key.value.clone(), Place::new(file, row.key.span)));
            for text in yaml::texts(&row.value, file, problems) {
                let folded = fold(&text.value).into_owned();
                if folded.is_empty() {
                    problems.report(Problem::error("M0303", "an empty text stands for nothing").at(
                        file,
                        text.span,
                        "write the source's text",
                    ));
                } else {
                    read.entries.push(Entry { text: folded, value, place: Place::new(file, text.span) });
                }
            }
        }
        Some(read)
    }

    /// These rows with an overlay's before them.
    pub fn overlaid(mut self, name: &str, overlay: Rows, problems: &Problems) -> Option<Rows> {
        if self.manner != overlay.manner {
            problems.report(
                Problem::error("M0302", format!("the table `{name}` is searched by `{}`", self.manner.key()))
                    .at(&overlay.key.file, overlay.key.span, "searched in another manner")
                    .because(self.key.clone(), "laid over this")
                    .help(format!("write `{}`, or give the table another name", self.manner.key())),
            );
            return None;
        }
        for (row, file) in &overlay.gone {
            match self.values.iter().position(|(value, _)| *value == row.value) {
                Some(value) => self.entries.retain(|entry| entry.value != value),
                None => problems.report(
                    Problem::error("M0303", format!("the table `{name}` has no row `{}` to take out", row.value))
                        .at(file, row.span, "no such row")
                        .suggest(&row.value, self.values.iter().map(|(value, _)| value.as_str())),
                ),
            }
        }
        let mut entries = overlay.entries;
        let own: HashMap<&str, usize> =
            self.values.iter().enumerate().map(|(at, (value, _))| (value.as_str(), at)).collect();
        let own = |value: &String| own.get(value.as_str()).copied();
        let merged: Vec<Result<usize, &(String, Place)>> =
            overlay.values.iter().map(|value| own(&value.0).ok_or(value)).collect();
        let mut values = self.values.clone();
        let indexes: Vec<usize> = merged
            .into_iter()
            .map(|value| match value {
                Ok(known) => known,
                Err(new) => {
                    values.push(new.clone());
                    values.len() - 1
                }
            })
            .collect();
        entries.iter_mut().for_each(|entry| entry.value = indexes[entry.value]);
        let told: HashSet<String> = entries.iter().map(|entry| entry.text.clone()).collect();
        entries.extend(self.entries.into_iter().filter(|entry| !told.contains(&entry.text)));
        Some(Rows { values, entries, gone: Vec::new(), ..self })
    }

    pub fn table(self, name: &str, problems: &Problems) -> Option<Table> {
        let Rows { manner, key, values, mut entries, .. } = self;
        let search = match manner {
            Manner::Lookup => Search::Lookup(lookup(&entries, problems)),
            Manner::Keywords => {
                if !can_be_searched(&entries, &key, problems) {
                    return None;
                }
                let mut known = HashSet::new();
                let first: Vec<usize> =
                    (0..entries.len()).filter(|entry| known.insert(entries[*entry].text.as_str())).collect();
                let keywords = first.iter().map(|entry| entries[*entry].text.as_str());
                match AhoCorasick::builder().ascii_case_insensitive(true).build(keywords) {
                    Ok(automaton) => Search::Keywords(automaton, first),
                    Err(error) => {
                        let (_, place) = values.first()?;
                        problems.report(
                            Problem::error("M0302", format!("these keywords cannot be searched: {error}")).at(
                                &place.file,
                                place.span,
                                "too many or too long",
                            ),
                        );
                        return None;
                    }
                }
            }
        };
        entries.shrink_to_fit();
        Some(Table { name: name.to_owned(), place: key, values, entries, search })
    }
}

/// An automaton takes time and memory for every letter, so what no person means is refused before one is made.
fn can_be_searched(entries: &[Entry], key: &Place, problems: &Problems) -> bool {
    let before = problems.count();
    for entry in entries.iter().filter(|entry| entry.text.len() > LONGEST_KEYWORD) {
        problems.report(
            Problem::error("M0303", format!("a keyword has at most {LONGEST_KEYWORD} letters"))
                .at(&entry.place.file, entry.place.span, format!("has {}", entry.text.chars().count()))
                .help("write the word that tells, or use `lookup` for whole texts"),
        );
    }
    if entries.iter().map(|entry| entry.text.len()).sum::<usize>() > MOST_LETTERS {
        problems.report(
            Problem::error("M0302", format!("keywords have at most {MOST_LETTERS} letters together"))
                .at(&key.file, key.span, "has more")
                .help("make several tables of it, or use `lookup` for whole texts"),
        );
    }
    problems.count() == before
}

const LONGEST_KEYWORD: usize = 200;
const MOST_LETTERS: usize = 500_000;

fn lookup(entries: &[Entry], problems: &Problems) -> HashMap<String, usize> {
    let mut first: HashMap<String, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(earlier) = first.get(&entry.text) {
            problems.report(
                Problem::error("M0304", format!("`{}` stands in this table twice", entry.text))
                    .at(&entry.place.file, entry.place.span, "the second time")
                    .because(entries[*earlier].place.clone(), "the first time"),
            );
        } else {
            first.insert(entry.text.clone(), at);
        }
    }
    first
}

fn written<'a>(
    name: &str,
    fields: Fields<'a>,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> Option<(Manner, Place, &'a [yaml::Entry])> {
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
    Some((manner, Place::new(file, entry.key.span), rows))
}
