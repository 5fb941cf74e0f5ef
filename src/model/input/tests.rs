use serde_json::{Value, json};

use super::super::{
    ACTIONS, ADD_APPLICATION_NOTE, ADD_APPLICATION_RESULT_LINK, ADD_CANDIDATE_ATTACHMENT, Action, CREATE_APPLICATION,
    CREATE_CANDIDATE, SET_APPLICATION_STAGE,
};
use super::{Limits, MOST_PROBLEMS, check};

fn problems(action: &'static Action, input: Value) -> Vec<String> {
    let found = check(action, &input, &Limits { file_bytes: 8 }).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

fn canonical(action: &'static Action, input: Value) -> String {
    check(action, &input, &Limits::default()).unwrap().canonical()
}

fn ada() -> Value {
    json!({ "first_name": "Ada", "last_name": "van der Berg", "email_address": "ada+jobs@example.org" })
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let input = json!({
        "candidate": {
            "frist_name": "Ada",
            "last_name": "  ",
            "email_address": "ada at example.org",
            "availability_date": "next week",
            "gender": "female",
            "location": { "city": 5, "country": "Netherlands" },
            "salary_expectations": { "amount": "4200", "period": "WEEK" },
            "social_links": [{ "url": "linkedin.com/in/ada" }, null],
            "phone_number": "06\u{0}1",
        },
        "application": { "job_id": "12", "stage": "remote:3" },
        "attachments": [
            { "name": "cv.pdf", "type": "CV" },
            { "name": "cv.pdf", "type": "CV", "data": "QUJD", "data_url": "https://example.org/cv.pdf" },
            { "name": "cv.pdf", "type": "CV", "data": "QUJDREVGR0hJSg==", "content_type": "pdf" },
            { "name": "cv.pdf", "type": "CV", "data": "data:application/pdf;base64,QUJD", "content_type": "application/pdf" },
        ],
        "gdpr_consent": { "given": "yes" },
        "remote_fields": [],
        "a name": 1,
    });
    insta::assert_snapshot!(problems(&CREATE_APPLICATION, input).join("\n"), @r"
    the input has a member that is not known
    /application/job_id is neither an id of 24 characters nor `remote:` and an id of the source
    /application/stage is not known; did you mean `stage_id`?
    /attachments/0 has neither `data` nor `data_url`: give one of them
    /attachments/1 has both `data` and `data_url`: give one of them
    /attachments/1/content_type is missing: it is needed beside `data`
    /attachments/2/content_type is not a content type such as application/pdf
    /attachments/2/data is a file of more than 8 bytes
    /attachments/3/data is a data URL: give what stands behind its comma
    /candidate/availability_date is no date such as 2026-01-31 and no moment such as 2026-01-31T12:00:00Z
    /candidate/email_address is no e-mail address
    /candidate/first_name is missing
    /candidate/frist_name is not known; did you mean `first_name`?
    /candidate/gender is none of MALE, FEMALE, OTHER; did you mean `FEMALE`?
    /candidate/last_name is blank
    /candidate/location/city is no text
    /candidate/location/country is not the two-letter code of a country in capitals (ISO 3166-1), such as NL
    /candidate/phone_number has control characters
    /candidate/salary_expectations/amount is not a number
    /candidate/salary_expectations/period is none of MONTH, YEAR
    /candidate/social_links/0/url is no address that begins with https:// or http:// and names a host
    /candidate/social_links/1 holds nothing
    /gdpr_consent/given is neither true nor false
    /remote_fields is no object
    ");
}

#[test]
fn no_value_is_repeated_in_a_message() {
    let secret = "Hieronymus-0612345678";
    let wrong = json!({ "a": [secret], secret: secret });
    for action in ACTIONS {
        let fields = action.fields.iter().map(|field| (field.name.to_owned(), wrong.clone()));
        let mut input = Value::Object(fields.collect());
        input["candidate"] = json!({
            "first_name": wrong, "last_name": [secret], "email_address": secret, "availability_date": secret,
            "gender": secret, "location": { "country": secret }, "social_links": [{ "url": secret }],
        });
        input["attachment"] = json!({ "name": secret, "type": secret, "data": secret, "content_type": secret });
        input[format!("{secret} {secret}")] = json!(secret);
        let told = problems(action, input).join("\n");
        let told = told.replace(&format!("/{secret} is not known"), "");
        assert!(!told.is_empty() && !told.contains(secret), "{told}");
    }
}

#[test]
fn the_input_itself_is_an_object() {
    for input in [Value::Null, json!([]), json!("a")] {
        assert_eq!(problems(&ADD_APPLICATION_NOTE, input), ["the input is no object"]);
    }
}

#[test]
fn what_means_the_same_is_written_alike() {
    let plain = json!({
        "candidate": {
            "first_name": "Ada", "last_name": "van der Berg", "email_address": "ada+jobs@example.org",
            "availability_date": "2026-09-01", "salary_expectations": { "amount": 5, "period": "MONTH" },
        },
        "application": { "job_id": "remote:12" },
        "attachments": [{ "name": "cv.pdf", "type": "CV", "content_type": "application/pdf", "data": "QQ==" }],
    });
    let odd = json!({
        "remote_fields": {},
        "attachments": [{ "data": "Q\r\nQ", "content_type": " application/pdf", "type": "CV", "name": "cv.pdf\n", "data_url": "" }],
        "source": { "name": " ", "id": null },
        "application": { "stage_id": "", "job_id": "remote: 12 " },
        "candidate": {
            "salary_expectations": { "period": "MONTH", "amount": 5.0 }, "availability_date": "2026-09-01T02:00:00.000+02:00",
            "last_name": "van der Berg ", "first_name": "\tAda", "email_address": "ada+jobs@example.org", "title": null,
            "social_links": [], "company": "",
        },
        "screening_question_answers": [],
    });
    let canonical_odd = canonical(&CREATE_APPLICATION, odd);
    assert_eq!(canonical(&CREATE_APPLICATION, plain), canonical_odd);
    assert_eq!(
        canonical_odd,
        r#"{"application":{"job_id":"remote:12"},"attachments":[{"content_type":"application/pdf","data":"QQ==","name":"cv.pdf","type":"CV"}],"candidate":{"availability_date":"2026-09-01T00:00:00.000Z","email_address":"ada+jobs@example.org","first_name":"Ada","last_name":"van der Berg","salary_expectations":{"amount":5,"period":"MONTH"}}}"#
    );
}

#[test]
fn a_candidate_needs_no_job_and_an_application_does() {
    assert_eq!(problems(&CREATE_CANDIDATE, json!({ "candidate": ada() })), Vec::<String>::new());
    assert_eq!(problems(&CREATE_APPLICATION, json!({ "candidate": ada() })), ["/application is missing"]);
}

#[test]
fn an_empty_list_that_is_wanted_stays() {
    let input = json!({
        "application_id": "remote:1.2", "label": "Score", "url": "https://example.org/1",
        "details": { "custom_field_name_prefix": "Acme:", "attributes": [] },
    });
    assert!(canonical(&ADD_APPLICATION_RESULT_LINK, input).contains(r#""attributes":[]"#));
}

#[test]
fn what_callers_repeat_is_left_out() {
    let input = json!({
        "candidate_id": "remote:1", "application_id": "remote:1.2",
        "attachment": { "name": "a.pdf", "type": "CV", "data_url": "https://example.org/a.pdf" },
    });
    assert!(!canonical(&ADD_CANDIDATE_ATTACHMENT, input).contains("application_id"));
    let input = json!({ "application_id": "remote:1.2", "stage_id": "remote:5", "candidate_id": "remote:1" });
    assert_eq!(problems(&SET_APPLICATION_STAGE, input), ["/candidate_id is not known"]);
}

#[test]
fn texts_and_lists_are_bounded() {
    let note = |content: String| json!({ "application_id": "remote:1.2", "content": content });
    assert_eq!(problems(&ADD_APPLICATION_NOTE, note("é".repeat(100_000))), Vec::<String>::new());
    let told = problems(&ADD_APPLICATION_NOTE, note("é".repeat(100_001)));
    assert_eq!(told, ["/content has more than 100000 characters"]);
    let mut candidate = ada();
    candidate["title"] = json!("a".repeat(1001));
    candidate["social_links"] = json!(vec![json!({ "url": "https://example.org" }); 101]);
    assert_eq!(
        problems(&CREATE_CANDIDATE, json!({ "candidate": candidate })),
        ["/candidate/social_links has more than 100 entries", "/candidate/title has more than 1000 characters"]
    );
}

#[test]
fn not_everything_is_told_of_an_input_that_is_nothing_but_wrong() {
    let unknown: serde_json::Map<String, Value> = (0..5000).map(|at| (format!("member_{at}"), json!(1))).collect();
    assert_eq!(problems(&ADD_APPLICATION_NOTE, Value::Object(unknown)).len(), MOST_PROBLEMS);
}

#[test]
fn an_input_does_not_show_what_is_of_a_person() {
    let input = check(&CREATE_CANDIDATE, &json!({ "candidate": ada() }), &Limits::default()).unwrap();
    assert_eq!(format!("{input:?}"), r#"Input { action: "create_candidate", .. }"#);
}
