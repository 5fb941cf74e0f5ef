//! Members of JSON objects, as they are written.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object that are called so, in the order of the names; `null` stands for one that is missing. What
/// stands after the last of them is not looked at.
pub(super) fn members<'j>(json: &'j str, names: &[&str]) -> Vec<&'j str> {
    find(json, names).into_iter().map(|member| member.unwrap_or("null")).collect()
}

/// Whether an object that may be cut off has all these members.
pub(super) fn has_all(json: &str, names: &[&str]) -> bool {
    find(json, names).iter().all(Option::is_some)
}

fn find<'j>(json: &'j str, names: &[&str]) -> Vec<Option<&'j str>> {
    let mut found = vec![None; names.len()];
    let mut deserializer = serde_json::Deserializer::from_str(json);
    // What stopped it is that all were found, or that there are no more.
    let _ = deserializer.deserialize_map(Members { names, found: &mut found });
    found
}

/// The text of a member that is an id. Ids have nothing to decode.
pub(super) fn id(member: &str) -> Option<&str> {
    member.strip_prefix('"')?.strip_suffix('"')
}

struct Members<'n, 'j> {
    names: &'n [&'n str],
    found: &'n mut [Option<&'j str>],
}

impl<'j> Visitor<'j> for Members<'_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<(), A::Error> {
        let mut left = self.names.len();
        while left > 0 {
            match map.next_key_seed(Place(self.names))? {
                Some(Some(place)) => {
                    let value: &'j RawValue = map.next_value()?;
                    left -= usize::from(self.found[place].is_none());
                    self.found[place] = Some(value.get());
                }
                Some(None) => drop(map.next_value::<IgnoredAny>()?),
                None => return Ok(()),
            }
        }
        Err(A::Error::custom("the rest is of no interest"))
    }
}

/// The place of a key among the names.
struct Place<'n>(&'n [&'n str]);

impl<'j> DeserializeSeed<'j> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'j>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn members_are_given_as_they_are_written() {
        let json = r#"{"a": 1.50, "b":"\u00e9\"","c":{"a":[ 2 ]},"d":null}"#;
        assert_eq!(
            members(json, &["b", "a", "x", "c", "d"]),
            [r#""\u00e9\"""#, "1.50", "null", r#"{"a":[ 2 ]}"#, "null"]
        );
        assert_eq!(members(json, &["a"]), ["1.50"]);
        assert_eq!(members("{}", &["a"]), ["null"]);
        assert_eq!(members(json, &[]), Vec::<&str>::new());
        assert_eq!((id("\"abc\""), id("null")), (Some("abc"), None));
    }

    #[test]
    fn what_was_cut_off_has_what_stands_before() {
        let json = r#"{"a":"\"x\"","b":"long","c":1}"#;
        for cut in 0..json.len() {
            assert_eq!(has_all(&json[..cut], &["a"]), cut >= r#"{"a":"\"x\"""#.len());
            assert_eq!(has_all(&json[..cut], &["b", "a"]), cut >= r#"{"a":"\"x\"","b":"long""#.len());
        }
        assert!(has_all(json, &["c"]) && !has_all(json, &["d"]));
    }

    proptest! {
        #[test]
        fn they_are_those_of_a_parser(
            object in proptest::collection::btree_map("[a-c\"é]{1,2}", "\\PC{0,5}", 0..6),
            names in proptest::collection::vec("[a-c\"é]{1,2}", 0..4),
        ) {
            let object: Map<String, Value> = object.into_iter().map(|(key, text)| (key, json!([text]))).collect();
            let text = Value::Object(object.clone()).to_string();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for (name, member) in names.iter().zip(members(&text, &names)) {
                // A name that was asked for twice is found once.
                if names.iter().filter(|other| *other == name).count() == 1 {
                    let parsed: Value = serde_json::from_str(member).unwrap();
                    prop_assert_eq!(&parsed, object.get(*name).unwrap_or(&Value::Null));
                }
            }
        }
    }
}
