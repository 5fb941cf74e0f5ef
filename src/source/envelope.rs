//! The envelope of a page, `{data: {ROOT: {ITEMS: [..], LAST: .., TOTAL: ..}}, errors: [..]}`, walked in one pass:
//! rows and errors stay text, everything else is skipped.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The names of the members that matter.
pub(super) struct Shape<'n> {
    pub(super) root: &'n str,
    pub(super) items: &'n str,
    pub(super) last: &'n str,
    pub(super) total: Option<&'n str>,
}

/// What the envelope of a page holds.
pub(super) struct Envelope<'n, 'b> {
    shape: &'n Shape<'n>,
    member: Member,
    /// Whether there is a member `data`, be it `null`.
    pub(super) has_data: bool,
    /// The rows; one that is `null` is none.
    pub(super) rows: Option<Vec<Option<&'b str>>>,
    pub(super) last: Option<bool>,
    pub(super) total: Option<u64>,
    pub(super) errors: Vec<&'b RawValue>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Answer,
    Errors,
    Data,
    List,
    Items,
    Last,
    Total,
}

impl<'n, 'b> Envelope<'n, 'b> {
    pub(super) fn new(shape: &'n Shape<'n>) -> Self {
        Self { shape, member: Member::Answer, has_data: false, rows: None, last: None, total: None, errors: Vec::new() }
    }

    /// Reads the whole of a body.
    pub(super) fn read(&mut self, body: &'b str) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(body);
        Walk { member: Member::Answer, found: self }.deserialize(&mut json)?;
        json.end()
    }

    /// The path of the member at which reading stopped because it is of the wrong kind, and the right kind.
    pub(super) fn stopped_at(&self) -> (String, &'static str) {
        let Shape { root, items, last, .. } = self.shape;
        match self.member {
            Member::Answer => ("the top".to_owned(), "object"),
            Member::Errors => ("errors".to_owned(), "list"),
            Member::Data => ("data".to_owned(), "object"),
            Member::List => (format!("data.{root}"), "object"),
            Member::Items => (format!("data.{root}.{items}"), "list"),
            Member::Last => (format!("data.{root}.{last}"), "boolean"),
            Member::Total => (format!("data.{root}.{}", self.shape.total.unwrap_or_default()), "number"),
        }
    }

    fn below(&self, member: Member, name: &str) -> Option<Member> {
        match member {
            Member::Answer if name == "data" => Some(Member::Data),
            Member::Answer if name == "errors" => Some(Member::Errors),
            Member::Data if name == self.shape.root => Some(Member::List),
            Member::List if name == self.shape.items => Some(Member::Items),
            Member::List if name == self.shape.last => Some(Member::Last),
            Member::List if Some(name) == self.shape.total => Some(Member::Total),
            _ => None,
        }
    }
}

/// Reads one member, and the members below it.
struct Walk<'w, 'n, 'b> {
    member: Member,
    found: &'w mut Envelope<'n, 'b>,
}

impl<'b> DeserializeSeed<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<(), D::Error> {
        self.found.member = self.member;
        match self.member {
            Member::Errors => self.found.errors = Option::deserialize(json)?.unwrap_or_default(),
            Member::Last => self.found.last = Option::deserialize(json)?,
            // Some systems answer -1 when they did not count.
            Member::Total => self.found.total = <&RawValue>::deserialize(json)?.get().parse().ok(),
            Member::Answer | Member::Data | Member::List | Member::Items => json.deserialize_any(self)?,
        }
        Ok(())
    }
}

impl<'b> Visitor<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.found.has_data |= self.member == Member::Data;
        Ok(())
    }

    fn visit_map<A: MapAccess<'b>>(self, mut members: A) -> Result<(), A::Error> {
        if self.member == Member::Items {
            return Err(A::Error::custom("a list was expected"));
        }
        self.found.has_data |= self.member == Member::Data;
        while let Some(name) = members.next_key::<String>()? {
            match self.found.below(self.member, &name) {
                Some(member) => members.next_value_seed(Walk { member, found: self.found })?,
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut rows: A) -> Result<(), A::Error> {
        if self.member != Member::Items {
            return Err(A::Error::custom("an object was expected"));
        }
        let mut found = Vec::new();
        while let Some(row) = rows.next_element::<&RawValue>()? {
            found.push(Some(row.get()).filter(|text| *text != "null"));
        }
        self.found.rows = Some(found);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape<'_> = Shape { root: "thingPage", items: "items", last: "last", total: Some("total") };

    #[test]
    fn members_are_found_in_any_order_and_strangers_skipped() {
        let body = r#" { "extensions": {"items": [1]}, "data": {"other": [], "thingPage":
            {"total": 3, "x": {"last": false}, "items": [ {"a" : "é"} , null, 7], "last": true}}, "errors": [{}] } "#;
        let mut envelope = Envelope::new(&SHAPE);
        envelope.read(body).unwrap();
        assert_eq!(envelope.rows, Some(vec![Some(r#"{"a" : "é"}"#), None, Some("7")]));
        assert_eq!((envelope.last, envelope.total, envelope.errors.len()), (Some(true), Some(3), 1));
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
            assert_eq!((envelope.rows, envelope.last, envelope.total), (None, None, None), "{body}");
        }
    }
}
