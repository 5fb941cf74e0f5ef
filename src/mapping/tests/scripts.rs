//! What a script that fails takes along.

use serde_json::json;

use super::{map, outcome, plan};
use crate::mapping::Severity;

#[test]
fn a_runaway_fails_its_field_of_its_record_and_nothing_else() {
    let plan = plan("jobs", "", "name: { call: stuck, args: [title] }\ndescription: subtitle\nweekly_hours: number");
    let stuck = outcome(&plan, json!({"title": "stuck", "subtitle": "b", "number": 36}));
    assert_eq!(
        stuck.issues,
        [
            "name: took more than 500000 operations; raise `operations` under `scripts` in connector.yaml if it should be more \
          (functions.rhai:15:5, in `turn`, called by `stuck` at 13:41)"
        ]
    );
    assert_eq!(stuck.mapped.issues[0].severity, Severity::Failed);
    assert!(stuck.unified["name"].is_null());
    assert_eq!((&stuck.unified["description"], &stuck.unified["weekly_hours"]), (&json!("b"), &json!(36)));
    let next = outcome(&plan, json!({"title": "fine", "subtitle": "b"}));
    assert_eq!((&next.unified["name"], next.issues.len()), (&json!("fine"), 0));
}

#[test]
fn a_throw_fails_its_field_of_its_record_and_nothing_else() {
    let plan = plan("jobs", "", "name: { call: broken, args: [title] }\ndescription: subtitle");
    let outcome = map(&plan, r#"{"id": "7", "title": "odd", "subtitle": "b"}"#).unwrap();
    assert_eq!(outcome.mapped.failures().count(), 1);
    assert!(outcome.issues[0].starts_with("name: this value is odd (functions.rhai:"), "{:?}", outcome.issues);
    assert_eq!((outcome.unified["name"].is_null(), &outcome.unified["description"]), (true, &json!("b")));
}
