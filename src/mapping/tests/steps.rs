//! What follows an origin: tables, kinds, `otherwise` and `default`.

use serde_json::{Value, json};

use super::{field, field_and_issues, outcome, plan, refused};

fn status(spec: &str, members: Value) -> (Value, Vec<String>) {
    field_and_issues("jobs", "status", spec, members)
}

#[test]
fn a_lookup_wants_the_whole_text_in_any_case() {
    let spec = "{ path: title, lookup: colours, otherwise: null }";
    for (text, expected) in [("groen", "OPEN"), (" GREEN ", "OPEN"), ("Rood", "CLOSED")] {
        assert_eq!(field("status", spec, json!({"title": text})), expected);
    }
    let (value, issues) = status(spec, json!({"title": "groenig"}));
    assert_eq!((value, issues.as_slice()), (Value::Null, &["status: `groenig` is not in table `colours`".into()][..]));
}

#[test]
fn the_first_row_with_a_keyword_in_the_text_wins() {
    let spec = "{ path: title, keywords: moods, otherwise: keep }";
    for (text, expected) in
        [("heel blij", "OPEN"), ("helaas NIET BLIJ", "CLOSED"), ("zonnig, niet blij", "CLOSED"), ("boos", "boos")]
    {
        assert_eq!(field("status", spec, json!({"title": text})), expected);
    }
}

#[test]
fn a_table_gives_values_of_the_fields_type() {
    let spec = "{ path: title, lookup: sizes, otherwise: null }";
    assert_eq!(field("weekly_hours", spec, json!({"title": "groot"})), json!(40));
    assert_eq!(field("name", spec, json!({"title": "groot"})), "40");
    assert_eq!(refused("", "weekly_hours: { path: title, lookup: colours, otherwise: null }"), ["M0203"]);
}

#[test]
fn otherwise_says_what_becomes_of_a_value_that_does_not_fit() {
    let spec = |otherwise: &str| format!("[{{ path: title, lookup: colours, otherwise: {otherwise} }}, subtitle]");
    let members = json!({"title": "blauw", "subtitle": "s"});
    let told = vec!["status: `blauw` is not in table `colours`".to_owned()];
    assert_eq!(status(&spec("keep"), members.clone()), (json!("blauw"), vec![]));
    assert_eq!(status(&spec("null"), members.clone()), (Value::Null, told.clone()));
    assert_eq!(status(&spec("error"), members.clone()), (Value::Null, told));
    assert_eq!(status(&spec("DRAFT"), members.clone()), (json!("DRAFT"), vec![]));
    assert_eq!(status(&spec("next"), members), (json!("s"), vec![]));
}

#[test]
fn an_error_makes_the_record_count_as_failed_and_a_null_does_not() {
    for (otherwise, failures) in [("error", 1), ("null", 0)] {
        let plan = plan("jobs", "", &format!("status: {{ path: title, lookup: colours, otherwise: {otherwise} }}"));
        assert_eq!(outcome(&plan, json!({"title": "blauw"})).mapped.failures().count(), failures, "{otherwise}");
    }
}

#[test]
fn otherwise_is_silent_about_a_value_that_is_not_there() {
    for otherwise in ["keep", "null", "error", "DRAFT"] {
        let spec = format!("{{ path: title, lookup: colours, otherwise: {otherwise} }}");
        assert_eq!(status(&spec, json!({"title": " "})), (Value::Null, vec![]), "{otherwise}");
    }
}

#[test]
fn default_is_for_a_value_that_is_not_there_only() {
    let spec = "{ path: title, lookup: colours, otherwise: null, default: DRAFT }";
    assert_eq!(status(spec, json!({})), (json!("DRAFT"), vec![]));
    assert_eq!(status(spec, json!({"title": "rood"})), (json!("CLOSED"), vec![]));
    assert_eq!(status(spec, json!({"title": "blauw"})).0, Value::Null);
    let spec = "[{ path: title, default: DRAFT, when: number = 1 }, { value: OPEN }]";
    assert_eq!(field("status", spec, json!({"number": 1})), "DRAFT");
    assert_eq!(field("status", spec, json!({"number": 2, "title": "x"})), "OPEN");
    assert_eq!(field("name", "{ join: [title], default: none }", json!({})), "none");
    assert_eq!(field("name", "{ call: blank, args: [], default: none }", json!({})), "none");
    let location = "{ object: { city: { path: title, default: nowhere } } }";
    assert_eq!(field("location", location, json!({}))["city"], "nowhere");
}

#[test]
fn steps_apply_in_their_order_however_they_are_written() {
    for spec in [
        "{ path: title, lookup: colours, otherwise: keep, default: DRAFT }",
        "{ default: DRAFT, otherwise: keep, lookup: colours, path: title }",
    ] {
        let results =
            [json!({"title": "rood"}), json!({"title": "x"}), json!({})].map(|members| field("status", spec, members));
        assert_eq!(results, ["CLOSED", "x", "DRAFT"]);
    }
}

#[test]
fn of_several_paths_the_first_that_fits_counts_and_otherwise_sees_the_last() {
    let spec = "{ path: [title, subtitle, link], lookup: colours, otherwise: keep }";
    for (members, expected) in [
        (json!({"title": "rood", "subtitle": "groen"}), "CLOSED"),
        (json!({"title": "blauw", "subtitle": "groen"}), "OPEN"),
        (json!({"title": " ", "link": "groen"}), "OPEN"),
        (json!({"title": "blauw", "subtitle": "geel", "link": null}), "geel"),
    ] {
        assert_eq!(field("status", spec, members), expected);
    }
    let (_, issues) = status(&spec.replace("keep", "null"), json!({"title": "blauw", "subtitle": "geel"}));
    assert_eq!(issues, ["status: `geel` is not in table `colours`"]);
}

#[test]
fn tables_take_what_joins_calls_and_numbers_yield() {
    assert_eq!(
        field(
            "status",
            "{ join: [title, subtitle], lookup: colours, otherwise: null }",
            json!({"title": "ro", "subtitle": "od"})
        ),
        "CLOSED"
    );
    assert_eq!(
        field("status", "{ call: same, args: [title], lookup: colours, otherwise: null }", json!({"title": "rood"})),
        "CLOSED"
    );
    assert_eq!(
        status("{ path: number, lookup: colours, otherwise: keep }", json!({"number": 3})),
        (json!("3"), vec![])
    );
}

#[test]
fn kinds_read_text() {
    for (kind, text, expected) in [
        ("country", "nl", "NL"),
        ("country", "BEL", "BE"),
        ("country", "germany", "DE"),
        ("currency", "eur", "EUR"),
        ("url_host", "https://www.example.org/x", "example.org"),
        ("url_host", "nl.example.org", "nl.example.org"),
    ] {
        let spec = format!("{{ path: title, as: {kind}, otherwise: null }}");
        assert_eq!(field("name", &spec, json!({"title": text})), expected, "{kind}");
    }
    let (value, issues) =
        field_and_issues("jobs", "name", "{ path: title, as: country, otherwise: null }", json!({"title": "Atlantis"}));
    assert_eq!((value, issues.as_slice()), (Value::Null, &["name: `Atlantis` is no country".into()][..]));
}

#[test]
fn in_a_list_every_entry_has_its_own_steps() {
    let spec = "{ each: readers, object: { phone_number: name, type: { path: label.text, lookup: colours, otherwise: keep, default: NONE } } }";
    let members = json!({"readers": [{"name": "1", "label": {"text": "rood"}}, {"name": "2", "label": {"text": "x"}}, {"name": "3"}]});
    let (phones, _) = field_and_issues("candidates", "phone_numbers", spec, members);
    let types: Vec<&Value> = phones.as_array().unwrap().iter().map(|phone| &phone["type"]).collect();
    assert_eq!(types, ["CLOSED", "x", "NONE"]);
}

#[test]
fn a_long_value_is_cut_in_an_issue() {
    let (_, issues) = status("{ path: title, lookup: colours, otherwise: null }", json!({"title": "é".repeat(500)}));
    assert_eq!(issues, [format!("status: `{}…` is not in table `colours`", "é".repeat(40))]);
}

#[test]
fn steps_that_mean_nothing_are_refused() {
    for (spec, code) in [
        ("{ path: title, lookup: colours }", "M0210"),
        ("{ path: title, otherwise: keep }", "M0207"),
        ("{ path: title, lookup: colours, keywords: moods, otherwise: keep }", "M0008"),
        ("{ path: title, lookup: moods, otherwise: keep }", "M0301"),
        ("{ path: title, lookup: nobody, otherwise: keep }", "M0301"),
        ("{ path: title, as: nobody, otherwise: keep }", "M0209"),
        ("{ path: title, lookup: colours, otherwise: next }", "M0211"),
        ("{ path: title, value: OPEN }", "M0007"),
        ("{ when: number = 1 }", "M0007"),
    ] {
        assert_eq!(refused("", &format!("status: {spec}")), [code], "{spec}");
    }
}
