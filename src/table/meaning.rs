//! What a table says, whatever it is written like.

use std::collections::{BTreeMap, BTreeSet};

use super::{Search, Table};

impl Table {
    /// Its texts by what they stand for, when `meant` tells that of each of [`Table::values`]. Two tables of one manner
    /// with equal meanings say the same of every text.
    ///
    /// The order of lookups is none. Keywords are groups in the order in which they are tried; those of one group all
    /// mean the same, so nobody sees which of them was found.
    pub fn meaning<M: Ord>(&self, meant: impl Fn(usize) -> M) -> Vec<(M, BTreeSet<&str>)> {
        match &self.search {
            Search::Lookup(entries) => {
                let mut meaning: BTreeMap<M, BTreeSet<&str>> = BTreeMap::new();
                for (text, entry) in entries {
                    meaning.entry(meant(self.entries[*entry].value)).or_default().insert(text);
                }
                meaning.into_iter().collect()
            }
            Search::Keywords(_, entries) => {
                let mut meaning: Vec<(M, BTreeSet<&str>)> = Vec::new();
                for entry in entries.iter().map(|entry| &self.entries[*entry]) {
                    let meant = meant(entry.value);
                    match meaning.last_mut() {
                        Some((last, texts)) if *last == meant => _ = texts.insert(&entry.text),
                        _ => meaning.push((meant, BTreeSet::from([entry.text.as_str()]))),
                    }
                }
                meaning
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostics::{Problems, SourceFile};

    fn table(text: &str) -> Table {
        Table::parse("t", &SourceFile::new("t.yaml", text), &Problems::new()).unwrap_or_else(|| panic!("{text}"))
    }

    fn by_value(table: &Table) -> Vec<(String, BTreeSet<&str>)> {
        table.meaning(|value| table.values[value].0.clone())
    }

    #[test]
    fn lookups_have_no_order_and_keywords_have_one() {
        let [one, other] = ["lookup: {A: [X, y], B: z}", "lookup: {B: [' Z '], A: [y, x]}"].map(table);
        assert_eq!(by_value(&one), by_value(&other));
        let [one, other] = ["keywords: {A: [x, y], B: z}", "keywords: {B: z, A: [x, y]}"].map(table);
        assert_ne!(by_value(&one), by_value(&other));
        let [one, other] = ["keywords: {A: [x, y], B: z}", "keywords: {A: [y, x], B: [z, x]}"].map(table);
        assert_eq!(by_value(&one), by_value(&other), "which word of a row is found makes no difference");
        let meant = |value| value < 2;
        let [one, other] = ["keywords: {A: x, B: y, C: z}", "keywords: {B: y, A: x, C: z}"].map(table);
        assert_eq!(one.meaning(meant), other.meaning(meant), "rows that mean the same have no order");
    }

    proptest! {
        #[test]
        fn equal_meanings_say_the_same(
            rows in prop::collection::vec(("[A-C]", prop::collection::vec("[ab]{1,2}", 1..3)), 2),
            texts in prop::collection::vec("[ab]{0,4}", 8),
        ) {
            prop_assume!(rows[0].0 != rows[1].0);
            let row = |at: usize| format!("{}: [{}]", rows[at].0, rows[at].1.join(", "));
            let one = table(&format!("keywords: {{{}, {}}}", row(0), row(1)));
            let other = table(&format!("keywords: {{{}, {}}}", row(1), row(0)));
            if by_value(&one) == by_value(&other) {
                for text in texts {
                    prop_assert_eq!(one.value(&text), other.value(&text));
                }
            }
        }
    }
}
