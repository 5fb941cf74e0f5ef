//! Types convert by themselves, and what cannot is reported.

use serde_json::{Value, json};

use super::{codes, field, field_and_issues, map, plan, refused, try_plan};

#[test]
fn numbers_flags_and_ids_become_text() {
    for (member, value, expected) in [
        ("number", json!(12), "12"),
        ("number", json!(-9_007_199_254_740_993_i64), "-9007199254740993"),
        ("amount", json!(12.5), "12.5"),
        ("amount", json!(12.0), "12"),
        ("remote", json!(true), "true"),
        ("label", json!({"id": 5}), "5"),
        ("opened", json!("2026-07-01 14:00"), "2026-07-01T12:00:00.000Z"),
    ] {
        let path = if member == "label" { "label.id" } else { member };
        assert_eq!(field("name", path, json!({member: value})), expected, "{member}");
    }
}

#[test]
fn text_becomes_a_number() {
    for (text, expected) in [("12", json!(12)), (" -0.50 ", json!(-0.5)), ("1e3", json!(1000)), ("+5", json!(5))] {
        assert_eq!(field("weekly_hours", "title", json!({"title": text})), expected, "{text}");
    }
    for text in ["12,5", "twelve", "inf", "NaN", "0x10", "1 000"] {
        let (value, issues) = field_and_issues("jobs", "weekly_hours", "title", json!({"title": text}));
        assert_eq!(value, Value::Null, "{text}");
        assert_eq!(issues, ["weekly_hours: the source's value is not a number"], "{text}");
    }
}

#[test]
fn huge_numbers_stay_numbers() {
    let plan = plan("jobs", "", "salary_amount: amount\njob_code: number");
    for (written, expected) in [
        ("9007199254740991", json!(9_007_199_254_740_991_i64)),
        ("9007199254740993", json!(9_007_199_254_740_992.0)),
        ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
        ("1e300", json!(1e300)),
        ("5e-324", json!(5e-324)),
        ("-0.0", json!(0)),
    ] {
        let outcome = map(&plan, &format!(r#"{{"id":"7","amount":{written}}}"#)).unwrap();
        assert_eq!(outcome.unified["salary_amount"], expected, "{written}");
    }
    let digits = map(&plan, r#"{"id":"7","number":9223372036854775807}"#).unwrap();
    assert_eq!(digits.unified["job_code"], "9223372036854775807");
}

#[test]
fn an_integer_has_no_fraction() {
    let index =
        |value: Value| field_and_issues("application_stages", "global_index", "amount", json!({"amount": value}));
    assert_eq!(index(json!(3.0)).0, json!(3));
    let (value, issues) = index(json!(3.5));
    assert_eq!((value, issues.len()), (Value::Null, 1));
}

#[test]
fn zero_and_one_become_false_and_true_and_nothing_else_does() {
    assert_eq!(field("confidential", "open", json!({"open": 0})), json!(false));
    assert_eq!(field("confidential", "open", json!({"open": 1})), json!(true));
    assert_eq!(field("confidential", "remote", json!({"remote": true})), json!(true));
    for value in [json!(2), json!(-1), json!(0.5), json!("1")] {
        let (value, issues) = field_and_issues("jobs", "confidential", "open", json!({"open": value}));
        assert_eq!(value, Value::Null);
        assert_eq!(issues, ["confidential: the source's value is neither true nor false"]);
    }
}

#[test]
fn dates_become_utc() {
    for (wall, utc) in [
        ("2026-01-15 12:00", "2026-01-15T11:00:00.000Z"),
        ("2026-07-15 12:00", "2026-07-15T10:00:00.000Z"),
        (" 2026-03-29 02:30 ", "2026-03-29T01:30:00.000Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00.000Z"),
    ] {
        assert_eq!(field("opened_at", "opened", json!({"opened": wall})), utc);
    }
    assert_eq!(field("opened_at", "opened", json!({"opened": " "})), Value::Null);
}

#[test]
fn a_date_that_cannot_be_read_is_reported_and_the_next_is_tried() {
    for wrong in ["2026-02-30 12:00", "15 januari", "2026-01-15T12:00:00Z"] {
        let members = json!({"opened": wrong, "closed": "2026-07-15 12:00"});
        let (value, issues) = field_and_issues("jobs", "opened_at", "[opened, closed]", members);
        assert_eq!(value, "2026-07-15T10:00:00.000Z");
        assert_eq!(issues, [format!("opened_at: `opened` holds `{wrong}`, which is no date of this source")]);
    }
    let (value, issues) = field_and_issues("jobs", "opened_at", "opened", json!({"opened": 20_260_115}));
    assert_eq!((value, issues.len()), (Value::Null, 1));
}

#[test]
fn a_malformed_address_is_reported_without_its_text_and_the_next_is_tried() {
    let members = json!({"mail": "ada at example.org", "otherMail": "ada@example.org"});
    for spec in ["[mail, otherMail]", "{ path: [mail, otherMail] }"] {
        let (value, issues) = field_and_issues("users", "email", spec, members.clone());
        assert_eq!(value, "ada@example.org");
        assert_eq!(issues, ["email: the source's value is not an e-mail address"]);
    }
    let (value, issues) = field_and_issues("users", "email", "mail", members);
    assert_eq!((value, issues.len()), (Value::Null, 1));
}

#[test]
fn a_link_is_absolute() {
    assert_eq!(field("remote_url", "link", json!({"link": "https://example.org/?q=ü"})), "https://example.org/?q=ü");
    let (value, issues) = field_and_issues("jobs", "remote_url", "link", json!({"link": "example.org"}));
    assert_eq!(
        (value, issues.as_slice()),
        (Value::Null, &["remote_url: the source's value is not an absolute URL".into()][..])
    );
}

#[test]
fn an_open_set_lets_text_pass_and_a_closed_one_needs_a_rule() {
    assert_eq!(field("status", "title", json!({"title": "On hold"})), "On hold");
    assert_eq!(codes(try_plan("users", "", "status: title")), ["M0202"]);
    let call = "{ call: same, args: [title] }";
    assert_eq!(field_and_issues("users", "status", call, json!({"title": "ACTIVE"})).0, "ACTIVE");
    let (value, issues) = field_and_issues("users", "status", call, json!({"title": "actief"}));
    assert_eq!(
        (value, issues.as_slice()),
        (Value::Null, &["status: the source's value is none of ACTIVE, INACTIVE: `actief`".into()][..])
    );
}

#[test]
fn text_survives_as_it_was_meant() {
    let plan = plan(
        "jobs",
        "",
        "name: title\njob_code: { join: [title, subtitle], with: '\"' }\ndepartment: { call: same, args: [title] }",
    );
    for text in [
        r#"quote " backslash \ slash /"#,
        "line\nfeed\ttab",
        "nul\u{0}bell\u{7}",
        "é 😀 👩‍💻 \u{202e}",
        "</script>",
        "\u{feff}x",
    ] {
        for escaped in [serde_json::to_string(text).unwrap(), ascii(text)] {
            let outcome = map(&plan, &format!(r#"{{"id":"7","title":{escaped},"subtitle":"z"}}"#)).unwrap();
            assert_eq!(outcome.unified["name"], text.trim());
            assert_eq!(outcome.unified["department"], text.trim());
            assert_eq!(outcome.unified["job_code"], format!("{}\"z", text.trim()));
        }
    }
}

/// JSON with every character that is not ASCII escaped, those beyond 16 bits as surrogate pairs.
fn ascii(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

#[test]
fn json_passes_as_it_is_where_a_map_is_wanted() {
    let plan = plan("jobs", "", "custom_fields: extras");
    let extras = r#"{"b": [1, null, {"x": 1e2}], "a": "\u00e9", "": {}}"#;
    let outcome = map(&plan, &format!(r#"{{"extras":{extras},"id":"7"}}"#)).unwrap();
    assert!(String::from_utf8(outcome.mapped.unified).unwrap().contains(extras));
    assert_eq!(field("custom_fields", "extras", json!({"extras": {}})), json!({}));
    assert_eq!(field("custom_fields", "extras", json!({"extras": null})), Value::Null);
    for other in [json!("text"), json!([1]), json!(1), json!(true)] {
        let (value, issues) = field_and_issues("jobs", "custom_fields", "extras", json!({"extras": other}));
        assert_eq!(
            (value, issues.as_slice()),
            (Value::Null, &["custom_fields: the source's value is no map".into()][..])
        );
    }
}

#[test]
fn types_that_cannot_convert_are_refused_when_the_file_is_loaded() {
    for spec in [
        "name: extras",
        "custom_fields: title",
        "opened_at: title",
        "weekly_hours: remote",
        "confidential: title",
        "contact_id: id",
        "hiring_team: title",
        "location: title",
    ] {
        assert_eq!(refused("", spec), ["M0202"], "{spec}");
    }
}
