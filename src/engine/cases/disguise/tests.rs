use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::diagnostics::{Problems, SourceFile};
use crate::table::Table;

fn table(text: &str) -> std::sync::Arc<Table> {
    std::sync::Arc::new(Table::parse("t", &SourceFile::new("t.yaml", text), &Problems::new()).unwrap())
}

fn used(scalar: Scalar) -> PathUse {
    PathUse {
        scalar,
        type_name: "String".to_owned(),
        shown_in: Vec::new(),
        decides: false,
        measures: false,
        identifies: false,
        tables: Vec::new(),
        literals: Vec::new(),
    }
}

/// What a mapping of people does with their records.
fn uses() -> Uses {
    let shown = |field| PathUse { shown_in: vec![field], ..used(Scalar::Text) };
    let paths = [
        ("_id", PathUse { identifies: true, ..used(Scalar::Text) }),
        ("boss._id", PathUse { identifies: true, ..used(Scalar::Text) }),
        ("name", shown("name")),
        ("mail", shown("email")),
        ("phone", shown("phone_number")),
        ("phones.number", shown("phone_number")),
        ("text", shown("description")),
        ("made", PathUse { measures: true, ..used(Scalar::DateTime) }),
        ("birthDay", PathUse { measures: true, ..used(Scalar::DateTime) }),
        ("hours", PathUse { measures: true, ..used(Scalar::Text) }),
        ("pay", PathUse { measures: true, ..used(Scalar::Int) }),
        ("kind", PathUse { decides: true, tables: vec![table("keywords:\n  OPEN: [open]\n")], ..used(Scalar::Text) }),
        ("role", PathUse { tables: vec![table("lookup:\n  BOSS: [baas]\n")], decides: true, ..shown("remote_label") }),
        ("medium", PathUse { literals: vec!["web".to_owned()], ..shown("source") }),
        ("site", PathUse { tables: vec![table("keywords:\n  BIRDS: [birds.com, //b.com]\n")], ..shown("link") }),
        ("free", PathUse { shown_in: vec!["custom_fields"], ..used(Scalar::Json) }),
    ];
    let paths: BTreeMap<String, PathUse> = paths.into_iter().map(|(path, used)| (path.to_owned(), used)).collect();
    Uses { paths, rows_of_page: vec!["items".to_owned()] }
}

fn disguised(record: &Value, seed: u64) -> Value {
    let record: Json = serde_json::from_str(&record.to_string()).unwrap();
    let salt = Salt::of_seed(seed);
    let (new, replaced) = Disguise::new(uses(), &|_| false, &salt).of(&record);
    assert!(replaced.iter().all(|replacement| replacement.old != replacement.new));
    serde_json::from_str(&new.line()).unwrap()
}

/// The disguise of one value.
fn of(path: &str, value: impl Into<Value>) -> String {
    let shown = disguised(&json!({ path: value.into() }), 7);
    shown[path].as_str().map_or_else(|| shown[path].to_string(), str::to_owned)
}

/// What a character is, apart from which one it is.
fn class(character: char) -> char {
    match character {
        c if c.is_ascii_uppercase() => 'A',
        c if c.is_ascii_lowercase() => 'a',
        c if c.is_alphabetic() && c.is_uppercase() => 'Á',
        c if c.is_alphabetic() && c.is_lowercase() => 'á',
        c if c.is_alphabetic() => '字',
        c if c.is_ascii_digit() => '0',
        c if c.is_numeric() => '½',
        c => c,
    }
}

fn shape(text: &str) -> String {
    text.chars().map(class).collect()
}

#[test]
fn a_name_is_the_same_wherever_it_stands() {
    let record = json!({
        "name": "Sanne de Vries-Jansen", "mail": "sanne.jansen@bedrijf.example", "unread": "SANNE",
        "text": "<p>Bel <b>Sanne</b> op 06 1234 5678 of mail sanne.jansen@bedrijf.example.</p>", "phone": "+31 6 1234 5678",
    });
    let new = disguised(&record, 7);
    let text = |key: &str| new[key].as_str().unwrap().to_owned();
    let first = text("name")[..5].to_owned();
    assert_eq!(shape(&text("name")), shape("Sanne de Vries-Jansen"));
    assert_eq!(text("unread"), first.to_uppercase());
    assert_eq!(text("mail"), format!("{}.{}@example.org", first.to_lowercase(), text("name")[15..].to_lowercase()));
    assert!(text("text").contains(&format!("<b>{first}</b>")), "{new}");
    assert!(text("text").ends_with(&format!("{}.</p>", text("mail"))), "{new}");
    assert!(text("text").contains(&text("phone").replace("+31 6 ", "06 ")), "{new}");
    assert!(text("phone").starts_with("+31 6 0000 "), "{new}");
}

#[test]
fn ids_stay_ids_and_point_at_the_same() {
    let new = disguised(&json!({ "_id": "12.34", "boss": { "_id": "34" }, "personID": 12, "name": "34" }), 7);
    let id = new["_id"].as_str().unwrap();
    let (left, right) = id.split_once('.').unwrap();
    assert_eq!(shape(id), "00.00");
    assert_ne!((left, right), ("12", "34"));
    assert_eq!(new["boss"]["_id"], right);
    assert_eq!(new["personID"].to_string(), left);
    assert_eq!(new["name"], right);
    assert_ne!(of("_id", "5"), "5");
}

#[test]
fn what_the_mapping_decides_by_stays() {
    assert_eq!(of("kind", "In behandeling"), "In behandeling");
    assert_eq!(of("role", "Planner (inval)"), "Planner (inval)");
    assert_eq!(of("medium", "Web"), "Web");
    assert_ne!(of("medium", "Webshop"), "Webshop");
    assert_eq!(of("hours", "36"), "36");
    assert_eq!(of("pay", 4_200_000), "4200000");
    assert_eq!(of("flag", 1), "1");
    assert_eq!(of("flag", "1"), "1");
    assert_eq!(of("made", "2026-02-03 14:05:00"), "2026-02-03 14:05:00");
}

#[test]
fn a_label_loses_what_is_somebodys() {
    let new = disguised(&json!({ "name": "Jan Opener", "kind": "Open, door Opener" }), 7);
    let kind = new["kind"].as_str().unwrap();
    assert!(kind.starts_with("Open, door "), "{kind}");
    assert!(!kind.ends_with("ener"), "{kind}");
    for typed in [
        "Rekening NL91 ABNA 0417",
        "Gebeld met jan@bedrijf.example",
        "Zie https://bedrijf.example/jan",
        &"lang ".repeat(20),
    ] {
        assert_ne!(of("kind", typed), typed);
    }
}

#[test]
fn dates_of_people_are_moved() {
    for (path, date) in [
        ("birthDay", "1984-03-01 00:00:00"),
        ("unread", "01-03-1984"),
        ("free", "1984-03-01"),
        ("unread", "0001-01-01"),
    ] {
        let moved = of(path, date);
        assert_ne!(moved, date);
        assert!(dates::is_date(&moved) || date.starts_with("0001"), "{moved}");
    }
}

#[test]
fn links_lead_nowhere_and_keep_their_shape() {
    assert_eq!(
        shape(&of("text", "https://bedrijf.example/jan/cv.pdf?x=12#top")),
        shape("https://example.org/aaa/aa.aaa?a=00#aaa")
    );
    assert!(of("site", "https://www.birds.com/in/jan").starts_with("https://birds.com.example.org/"));
    assert!(of("site", "http://b.com/jan").starts_with("http://b.com.example.org/"));
    assert!(of("site", "www.bedrijf.example/jan").starts_with("www.example.org/"));
    assert!(of("site", "birds.com/jan").starts_with("birds.com/"));
}

#[test]
fn a_phone_number_is_nobodys_and_as_it_was_written() {
    for (number, expected) in [
        ("+31 (0)6 1234 5678", "+31 (0)6 0000 "),
        ("0031612345678", "003160000"),
        ("06-12345678", "06-0000"),
        ("+352 27 12 34 56", "+352 20 00 "),
        ("020 123 45 67", "020 000 "),
    ] {
        let new = of("phone", number);
        assert!(new.starts_with(expected), "{number}: {new}");
        assert_eq!(shape(&new), shape(number));
        assert_ne!(new[new.len() - 3..], number[number.len() - 3..]);
    }
    let two =
        disguised(&json!({ "phone": "06 1234 5678", "phones": { "items": [{ "number": "+31 (0)6-12345678" }] } }), 7);
    let digits = |value: &Value| value.as_str().unwrap().chars().filter(char::is_ascii_digit).collect::<String>();
    let (one, other) = (digits(&two["phone"]), digits(&two["phones"]["items"][0]["number"]));
    assert_eq!(one[one.len() - 8..], other[other.len() - 8..]);
}

#[test]
fn numbers_that_people_have_are_replaced() {
    for number in ["NL91 ABNA 0417 1643 00", "111222333", "3511 AB"] {
        let new = of("unread", number);
        assert_eq!(shape(&new), shape(number));
        assert_ne!(new, number);
    }
    assert_ne!(of("unread", 111_222_333), "111222333");
    assert_ne!(of("name", 36), "36");
    assert_ne!(of("yearOfBirth", 1984), "1984");
    assert_eq!(of("unread", 36), "36");
}

#[test]
fn another_salt_gives_another_disguise() {
    let record = json!({ "name": "Sanne Jansen", "phone": "06 1234 5678" });
    assert_eq!(disguised(&record, 7), disguised(&record, 7));
    assert_ne!(disguised(&record, 7), disguised(&record, 8));
    let record: Json = serde_json::from_str(&record.to_string()).unwrap();
    let random = |salt: Salt| Disguise::new(uses(), &|_| false, &salt).of(&record).0;
    assert_ne!(random(Salt::random()), random(Salt::random()));
}

#[test]
fn two_addresses_stay_two() {
    let new = disguised(
        &json!({ "mail": "jan@a-bedrijf.example", "name": "jan@b-bedrijf.example Jan@A-bedrijf.example" }),
        7,
    );
    let one = new["mail"].as_str().unwrap();
    let (two, same) = new["name"].as_str().unwrap().split_once(' ').unwrap();
    assert_ne!(one, two);
    assert_eq!(one, same.to_lowercase());
    assert!([one, two].iter().all(|address| address.ends_with("@example.org")));
}

/// Words of at least four letters.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= TELLING);
    words.map(str::to_lowercase).collect()
}

/// Texts such as people write, with a bit of everything in them.
fn written() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[A-Z]?[a-zéß]{1,10}",
        2 => "\\PC{1,8}",
        1 => "[a-z]{2,8}\\.[a-z]{2,8}@[a-z]{3,9}\\.(nl|com|example)",
        1 => "https?://[a-z]{3,9}\\.(nl|com)/[a-z0-9/-]{0,12}",
        1 => "(\\+31 |0)6 [0-9]{4} [0-9]{4}",
        1 => "[0-9]{1,10}",
        1 => Just("<p>".to_owned()),
        1 => "<a href=\"https://[a-z]{4,8}\\.nl\">",
        1 => Just("&eacute;".to_owned()),
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn no_word_survives(texts in proptest::collection::vec(written(), 1..4), label in "[a-z]{4,8}", seed: u64) {
        let record = json!({ "name": texts.first(), "text": texts.get(1), "unread": texts.get(2), "kind": label });
        let new = disguised(&record, seed);
        let known = ["href", "https", "http", "example", "eacute", "open"];
        let new_words: Vec<String> =
            ["name", "text", "unread", "kind"].iter().flat_map(|key| words(new[key].as_str().unwrap_or_default())).collect();
        for word in texts.iter().flat_map(|text| words(text)) {
            prop_assert!(known.contains(&word.as_str()) || !new_words.contains(&word), "{} in {}", word, new);
        }
    }

    #[test]
    fn letters_stay_letters_and_digits_digits(text in "[\\p{L}\\p{N} ,.()'-]{0,30}", seed: u64) {
        let new = disguised(&json!({ "name": text }), seed);
        prop_assert_eq!(shape(new["name"].as_str().unwrap()), shape(&text));
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,60}", path in "(name|phone|site|text|kind|_id|free|made)", seed: u64) {
        let new = disguised(&json!({ path.as_str(): text }), seed);
        prop_assert_eq!(new[path.as_str()].as_str().unwrap().trim().is_empty(), text.trim().is_empty());
    }

    #[test]
    fn a_record_keeps_its_members_and_their_order(numbers in proptest::collection::vec(any::<i64>(), 0..4), seed: u64) {
        let text = json!({ "z": numbers, "a": { "y": null, "b": true, "id": numbers.first() } }).to_string();
        let record: Json = serde_json::from_str(&text).unwrap();
        let salt = Salt::of_seed(seed);
        let (new, _) = Disguise::new(uses(), &|_| false, &salt).of(&record);
        let bare = |text: &str| text.replace(|c: char| c.is_ascii_digit() || c == '-', "");
        prop_assert_eq!(bare(&new.line()), bare(&text));
    }
}
