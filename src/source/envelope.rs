//! The envelope of a page, `{data: {ROOT: {ITEMS: [..], LAST: .., TOTAL: ..}}, errors: [..]}`, walked in one pass:
//! rows and errors stay text, everything else is skipped. Members of the page may stand deeper, such as
//! `edges: [{node: ..}]` and `info: {next: ..}`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The paths of the members that matter.
pub(super) struct Shape<'n> {
    pub(super) root: &'n str,
    pub(super) items: &'n str,
    pub(super) end: Option<&'n str>,
    pub(super) next: Option<&'n str>,
    pub(super) total: Option<&'n str>,
}

/// What the envelope of a page holds.
pub(super) struct Envelope<'n, 'b> {
    shape: &'n Shape<'n>,
    place: Place,
    /// Whether there is a member `data`, be it `null`.
    pub(super) has_data: bool,
    /// The rows; one that is `null` is none.
    pub(super) rows: Option<Vec<Option<&'b str>>>,
    /// What the member at the end says.
    pub(super) end: Option<bool>,
    /// The cursor of the next page, as JSON.
    pub(super) next: Option<&'b str>,
    pub(super) total: Option<u64>,
    pub(super) errors: Vec<&'b RawValue>,
}

/// A place of the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Answer,
    Errors,
    Data,
    /// So many names below the root, on the way to these members.
    Way(Members, usize),
    /// At one of them.
    End(Member),
}

/// Which members can still be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Members([bool; 4]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Items,
    End,
    Next,
    Total,
}

const MEMBERS: [Member; 4] = [Member::Items, Member::End, Member::Next, Member::Total];

impl Members {
    /// Whether the rows are the only one.
    fn only_items(self) -> bool {
        self.0 == [true, false, false, false]
    }
}

impl<'n> Shape<'n> {
    fn path(&self, member: Member) -> Option<&'n str> {
        match member {
            Member::Items => Some(self.items),
            Member::End => self.end,
            Member::Next => self.next,
            Member::Total => self.total,
        }
    }

    fn below(&self, place: Place, name: &str) -> Option<Place> {
        match place {
            Place::Answer if name == "data" => Some(Place::Data),
            Place::Answer if name == "errors" => Some(Place::Errors),
            Place::Data if name == self.root => Some(Place::Way(Members([true; 4]), 0)),
            Place::Way(Members(before), depth) => {
                let mut members = [false; 4];
                for (at, member) in MEMBERS.into_iter().enumerate().filter(|(at, _)| before[*at]) {
                    let mut names = self.path(member).into_iter().flat_map(|path| path.split('.')).skip(depth);
                    if names.next() == Some(name) {
                        if names.next().is_none() {
                            return Some(Place::End(member));
                        }
                        members[at] = true;
                    }
                }
                (members != [false; 4]).then_some(Place::Way(Members(members), depth + 1))
            }
            _ => None,
        }
    }
}

impl<'n, 'b> Envelope<'n, 'b> {
    pub(super) fn new(shape: &'n Shape<'n>) -> Self {
        Self {
            shape,
            place: Place::Answer,
            has_data: false,
            rows: None,
            end: None,
            next: None,
            total: None,
            errors: Vec::new(),
        }
    }

    /// Reads the whole of a body.
    pub(super) fn read(&mut self, body: &'b str) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(body);
        Walk { place: Place::Answer, in_list: false, found: self }.deserialize(&mut json)?;
        json.end()
    }

    /// The path of the member at which reading stopped because it is of the wrong kind, and the right kind.
    pub(super) fn stopped_at(&self) -> (String, &'static str) {
        let Shape { root, items, .. } = self.shape;
        match self.place {
            Place::Answer => ("the top".to_owned(), "object"),
            Place::Errors => ("errors".to_owned(), "list"),
            Place::Data => ("data".to_owned(), "object"),
            Place::Way(_, 0) => (format!("data.{root}"), "object"),
            Place::Way(members, depth) => {
                let through = MEMBERS.into_iter().zip(members.0).find(|(_, reached)| *reached);
                let path = through.and_then(|(member, _)| self.shape.path(member)).unwrap_or_default();
                let path: Vec<&str> = path.split('.').take(depth).collect();
                (format!("data.{root}.{}", path.join(".")), if members.only_items() { "list" } else { "object" })
            }
            Place::End(member) => {
                let path = self.shape.path(member).unwrap_or(items);
                let wanted = match member {
                    Member::Items => "list",
                    Member::End => "boolean",
                    Member::Next => "text or number",
                    Member::Total => "number",
                };
                (format!("data.{root}.{path}"), wanted)
            }
        }
    }
}

/// Reads one member, and the members below it.
struct Walk<'w, 'n, 'b> {
    place: Place,
    /// Whether this is an entry of the list that holds the rows.
    in_list: bool,
    found: &'w mut Envelope<'n, 'b>,
}

impl<'b> DeserializeSeed<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<(), D::Error> {
        self.found.place = self.place;
        match self.place {
            Place::Errors => self.found.errors = Option::deserialize(json)?.unwrap_or_default(),
            Place::End(Member::End) => self.found.end = Option::deserialize(json)?,
            Place::End(Member::Next) => self.found.next = cursor(<&RawValue>::deserialize(json)?.get())?,
            // Some systems answer -1 when they did not count.
            Place::End(Member::Total) => self.found.total = <&RawValue>::deserialize(json)?.get().parse().ok(),
            Place::End(Member::Items) if self.in_list => {
                let row = <&RawValue>::deserialize(json)?.get();
                self.found.rows.get_or_insert_default().push(Some(row).filter(|text| *text != "null"));
            }
            Place::Answer | Place::Data | Place::Way(..) | Place::End(Member::Items) => json.deserialize_any(self)?,
        }
        Ok(())
    }
}

/// A cursor is a text or a number; one that is null or empty is none.
fn cursor<E: serde::de::Error>(json: &str) -> Result<Option<&str>, E> {
    match json.as_bytes() {
        b"null" | b"\"\"" => Ok(None),
        [b'"' | b'-' | b'0'..=b'9', ..] => Ok(Some(json)),
        _ => Err(E::custom("a text or a number was expected")),
    }
}

impl<'b> Visitor<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.found.has_data |= self.place == Place::Data;
        Ok(())
    }

    fn visit_map<A: MapAccess<'b>>(self, mut members: A) -> Result<(), A::Error> {
        if self.place == Place::End(Member::Items) {
            return Err(A::Error::custom("a list was expected"));
        }
        self.found.has_data |= self.place == Place::Data;
        while let Some(name) = members.next_key::<String>()? {
            match self.found.shape.below(self.place, &name) {
                Some(place) => members.next_value_seed(Walk { place, in_list: self.in_list, found: self.found })?,
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut rows: A) -> Result<(), A::Error> {
        let leads_to_rows = match self.place {
            Place::End(Member::Items) => true,
            Place::Way(members, depth) => depth > 0 && members.only_items(),
            _ => false,
        };
        if self.in_list || !leads_to_rows {
            return Err(A::Error::custom("an object was expected"));
        }
        let mut count = 0;
        self.found.rows = Some(Vec::new());
        while rows.next_element_seed(Walk { place: self.place, in_list: true, found: self.found })?.is_some() {
            count += 1;
            // An entry without a row counts as one that is `null`, so that errors find their rows.
            self.found.rows.get_or_insert_default().resize(count, None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape<'_> =
        Shape { root: "thingPage", items: "items", end: Some("last"), next: None, total: Some("total") };

    const RELAY: Shape<'_> = Shape {
        root: "things",
        items: "edges.node",
        end: Some("pageInfo.hasNextPage"),
        next: Some("pageInfo.endCursor"),
        total: Some("totalCount"),
    };

    #[test]
    fn members_are_found_in_any_order_and_strangers_skipped() {
        let body = r#" { "extensions": {"items": [1]}, "data": {"other": [], "thingPage":
            {"total": 3, "x": {"last": false}, "items": [ {"a" : "é"} , null, 7], "last": true}}, "errors": [{}] } "#;
        let mut envelope = Envelope::new(&SHAPE);
        envelope.read(body).unwrap();
        assert_eq!(envelope.rows, Some(vec![Some(r#"{"a" : "é"}"#), None, Some("7")]));
        assert_eq!((envelope.end, envelope.total, envelope.errors.len()), (Some(true), Some(3), 1));
    }

    #[test]
    fn a_member_of_the_wrong_kind_is_named() {
        for (body, member, expected) in [
            ("[]", "the top", "object"),
            (r#"{"data": "secret"}"#, "data", "object"),
            (r#"{"data": {"thingPage": [1]}}"#, "data.thingPage", "object"),
            (r#"{"data": {"thingPage": {"items": {"a": 1}}}}"#, "data.thingPage.items", "list"),
            (r#"{"data": {"thingPage": {"last": "no"}}}"#, "data.thingPage.last", "boolean"),
            (r#"{"errors": {}}"#, "errors", "list"),
        ] {
            let mut envelope = Envelope::new(&SHAPE);
            assert!(envelope.read(body).unwrap_err().is_data(), "{body}");
            assert_eq!(envelope.stopped_at(), (member.to_owned(), expected), "{body}");
        }
    }

    #[test]
    fn nulls_and_uncounted_totals_are_no_errors() {
        for body in [
            r#"{"data": null, "errors": null}"#,
            r#"{"data": {"thingPage": null}}"#,
            r#"{"data": {"thingPage": {"items": null, "last": null, "total": -1}}}"#,
        ] {
            let mut envelope = Envelope::new(&SHAPE);
            envelope.read(body).unwrap();
            assert!(envelope.has_data, "{body}");
            assert_eq!((envelope.rows, envelope.end, envelope.total), (None, None, None), "{body}");
        }
    }

    #[test]
    fn rows_and_cursors_stand_where_their_paths_lead() {
        let body = r#"{"data": {"things": {"pageInfo": {"x": 1, "endCursor": "b\"3", "hasNextPage": true}, "totalCount": 9,
            "edges": [{"cursor": "a", "node": {"id": 1}}, null, {"node": null}, {}, {"node": {"id": 2}}]}}}"#;
        let mut envelope = Envelope::new(&RELAY);
        envelope.read(body).unwrap();
        assert_eq!(envelope.rows, Some(vec![Some(r#"{"id": 1}"#), None, None, None, Some(r#"{"id": 2}"#)]));
        assert_eq!((envelope.end, envelope.next, envelope.total), (Some(true), Some(r#""b\"3""#), Some(9)));
    }

    #[test]
    fn a_cursor_is_a_text_or_a_number() {
        for (cursor, expected) in [("null", None), (r#""""#, None), ("17", Some("17")), (r#""x""#, Some(r#""x""#))] {
            let body = format!(r#"{{"data": {{"things": {{"pageInfo": {{"endCursor": {cursor}}}, "edges": null}}}}}}"#);
            let mut envelope = Envelope::new(&RELAY);
            envelope.read(&body).unwrap();
            assert_eq!((envelope.next, &envelope.rows), (expected, &None));
        }
    }

    #[test]
    fn a_member_on_the_way_of_the_wrong_kind_is_named() {
        for (page, member, expected) in [
            (r#"{"edges": 7}"#, "data.things.edges", "list"),
            (r#"{"edges": [[]]}"#, "data.things.edges", "list"),
            (r#"{"pageInfo": []}"#, "data.things.pageInfo", "object"),
            (r#"{"pageInfo": {"endCursor": true}}"#, "data.things.pageInfo.endCursor", "text or number"),
            (r#"{"pageInfo": {"hasNextPage": "no"}}"#, "data.things.pageInfo.hasNextPage", "boolean"),
        ] {
            let body = format!(r#"{{"data": {{"things": {page}}}}}"#);
            let mut envelope = Envelope::new(&RELAY);
            assert!(envelope.read(&body).unwrap_err().is_data(), "{body}");
            assert_eq!(envelope.stopped_at(), (member.to_owned(), expected), "{body}");
        }
    }
}
