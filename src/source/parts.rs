//! Pages of the same rows, each with other members of them, put together as if all had been asked for at once.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::graphql::GraphqlError;
use super::page::Page;

/// A page of whole rows.
pub(super) struct Joined {
    pub(super) page: Page,
    /// Whether every row was in every part. Errors of the page tell of the others.
    pub(super) is_whole: bool,
}

/// Puts pages together by the ids of their rows. `members` are those of a row in order, each with the part that brings it. A
/// row comes out as the text that the source would have given for all of it, if it spaces all texts alike.
pub(super) fn join(answers: &[Page], members: &[(&str, usize)], ids: &[String]) -> Joined {
    let Some(first) = answers.first() else {
        return Joined { page: Page::empty(0), is_whole: true };
    };
    let parts: Vec<Vec<Row<'_>>> = answers
        .iter()
        .map(|page| page.items().enumerate().map(|(at, row)| Row::read(at, row, ids)).collect())
        .collect();
    // The rows in the order of the first part, and in each part where they are.
    let mut order: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, Vec<Option<usize>>> = HashMap::new();
    for (part, rows) in parts.iter().enumerate() {
        for (at, row) in rows.iter().enumerate() {
            let place = places.entry(&row.id).or_insert_with(|| {
                order.push(&row.id);
                vec![None; parts.len()]
            });
            place[part].get_or_insert(at);
        }
    }
    let mut page = Page { rows: Vec::new(), errors: Vec::new(), ..first.clone() };
    page.text = Page::empty(0).text;
    let mut is_whole = true;
    for (index, id) in order.iter().enumerate() {
        let found: Vec<Option<&Row<'_>>> =
            places[id].iter().zip(&parts).map(|(at, rows)| at.map(|at| &rows[at])).collect();
        page.push_rows(std::iter::once(whole(&found, members).as_str()));
        if found.iter().any(Option::is_none) {
            is_whole = false;
            let message = "the record had moved to another page when the rest of it was asked for".to_owned();
            page.errors.push(GraphqlError { message, path: None, kind: None, detail: None, row: Some(index) });
        }
    }
    let index_of: HashMap<&str, usize> = order.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    for (answer, rows) in answers.iter().zip(&parts) {
        for error in &answer.errors {
            let row = error.row.and_then(|row| index_of.get(rows.get(row)?.id.as_str()).copied());
            page.errors.push(GraphqlError { row, ..error.clone() });
        }
    }
    page.finish();
    Joined { page, is_whole }
}

/// The text of a row that has these parts.
fn whole(found: &[Option<&Row<'_>>], members: &[(&str, usize)]) -> String {
    let Some(first) = found.iter().flatten().next() else { return String::new() };
    let mut text = first.open.to_owned();
    let mut between = "";
    for (name, part) in members {
        let Some(member) = found[*part].and_then(|row| row.members.iter().find(|(known, _)| known == name)) else {
            continue;
        };
        text.push_str(between);
        text.push_str(member.1);
        between = first.between;
    }
    text.push_str(first.close);
    text
}

/// A row, taken apart.
struct Row<'t> {
    /// The values of its ids, as JSON.
    id: String,
    open: &'t str,
    /// Names, and the texts of names and values.
    members: Vec<(String, &'t str)>,
    between: &'t str,
    close: &'t str,
}

impl<'t> Row<'t> {
    fn read(at: usize, text: &'t str, ids: &[String]) -> Row<'t> {
        let mut row = Row { id: String::new(), open: "{", members: Vec::new(), between: ",", close: "}" };
        let mut values: Vec<(usize, &RawValue)> = Vec::new();
        let mut end = 0;
        for (name, value) in serde_json::Deserializer::from_str(text).deserialize_map(Members).unwrap_or_default() {
            let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
            let gap = text[end..start].find('"').map_or(start, |quote| end + quote);
            match row.members.len() {
                0 => row.open = &text[..gap],
                1 => row.between = &text[end..gap],
                _ => {}
            }
            end = start + value.get().len();
            values.push((row.members.len(), value));
            row.members.push((name, &text[gap..end]));
        }
        if !values.is_empty() {
            row.close = &text[end..];
        }
        let id = |path: &String| {
            let (name, rest) = path.split_once('.').map_or((path.as_str(), None), |(name, rest)| (name, Some(rest)));
            let value = values.iter().find(|(at, _)| row.members[*at].0 == name)?.1;
            let value: Value = serde_json::from_str(value.get()).ok()?;
            Some(
                rest.into_iter()
                    .flat_map(|rest| rest.split('.'))
                    .try_fold(&value, |value, name| value.get(name))
                    .filter(|value| !value.is_null())?
                    .to_string(),
            )
        };
        // Of a row without an id only its place is known.
        let found: Vec<String> = ids.iter().filter_map(id).collect();
        row.id = if found.is_empty() { format!("at {at}") } else { found.join("\n") };
        row
    }
}

struct Members;

impl<'t> Visitor<'t> for Members {
    type Value = Vec<(String, &'t RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// The members of an object, in order, with the texts of their values. None where it is no object.
pub(crate) fn members(object: &str) -> Option<Vec<(String, &RawValue)>> {
    serde_json::Deserializer::from_str(object).deserialize_map(Members).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows of an id and four members.
    const NAMES: [&str; 5] = ["id", "a", "b", "c", "d"];

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            Just("1.50".to_owned()),
            "\\PC{0,8}".prop_map(|text| Value::from(text).to_string()),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
                inner.prop_map(|value| format!("{{\"id\":{value}, \"\\\"}}\": 1}}")),
            ]
        })
    }

    /// How a source spaces its texts: after a brace, between members, after a name.
    const STYLES: [[&str; 4]; 3] = [["{", ",", ":", "}"], ["{ ", ", ", ": ", " }"], ["{\n  ", ",\n  ", " : ", "\n}"]];

    fn text(values: &[String], with: impl Fn(usize) -> bool, [open, between, colon, close]: [&str; 4]) -> String {
        let members = NAMES.iter().zip(values).enumerate().filter(|(at, _)| with(*at));
        let members: Vec<String> = members.map(|(_, (name, value))| format!("\"{name}\"{colon}{value}")).collect();
        format!("{open}{}{close}", members.join(between))
    }

    fn page(rows: &[String]) -> Page {
        let mut page = Page::empty(3);
        page.push_rows(rows.iter().map(String::as_str));
        page.given = rows.len();
        page.finish();
        page
    }

    fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
        proptest::collection::vec(proptest::collection::vec(value(), 4), 0..6).prop_map(|rows| {
            let numbered = rows.into_iter().enumerate();
            numbered.map(|(id, values)| std::iter::once(format!("\"{id}\"")).chain(values).collect()).collect()
        })
    }

    proptest! {
        #[test]
        fn parts_make_the_text_that_the_whole_has(
            rows in rows(),
            parts in proptest::collection::vec(0_usize..3, 4),
            style in 0_usize..3,
        ) {
            let style = STYLES[style];
            let part_of = |at: usize| if at == 0 { 0 } else { parts[at - 1] };
            let members: Vec<(&str, usize)> = NAMES.iter().enumerate().map(|(at, name)| (*name, part_of(at))).collect();
            let answers: Vec<Page> = (0..3)
                .map(|part| page(&rows.iter().map(|row| text(row, |at| at == 0 || part_of(at) == part, style)).collect::<Vec<_>>()))
                .collect();
            // Nothing tells how members are parted where no part has two of them; the engine never makes such a first part.
            prop_assume!(parts.contains(&0) || style[1] == ",");
            let joined = join(&answers, &members, &["id".to_owned()]);
            let expected: Vec<String> = rows.iter().map(|row| text(row, |_| true, style)).collect();
            prop_assert!(joined.is_whole && joined.page.errors.is_empty());
            prop_assert_eq!(joined.page.items().collect::<Vec<_>>(), expected);
            prop_assert_eq!((joined.page.number, joined.page.given()), (3, rows.len()));
        }
    }

    fn of(texts: &[&str]) -> Page {
        page(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_row_that_moved_is_there_in_part_and_told() {
        let mut second = of(&[r#"{"key":{"id":2},"b":20}"#, r#"{"key":{"id":3},"b":30}"#]);
        second.errors.push(GraphqlError { message: "no b".into(), path: None, kind: None, detail: None, row: Some(0) });
        let first = of(&[r#"{"key":{"id":1,"x":0},"a":1}"#, r#"{"key":{"id":2,"x":0},"a":2}"#]);
        let members = [("key", 0), ("a", 0), ("b", 1)];
        let Joined { page, is_whole } = join(&[first, second], &members, &["key.id".to_owned()]);
        assert!(!is_whole);
        let rows: Vec<&str> = page.items().collect();
        assert_eq!(rows, [r#"{"key":{"id":1,"x":0},"a":1}"#, r#"{"key":{"id":2,"x":0},"a":2,"b":20}"#, r#"{"b":30}"#]);
        let errors: Vec<_> =
            page.errors.iter().map(|error| (error.row, error.message.starts_with("the record had moved"))).collect();
        assert_eq!(errors, [(Some(0), true), (Some(2), true), (Some(1), false)]);
    }
}
