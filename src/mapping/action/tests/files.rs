//! The files themselves: what the reader refuses.

use super::codes;
use crate::diagnostics::Problems;

#[test]
fn a_step_is_of_one_kind_with_the_keys_of_its_kind() {
    for (steps, expected) in [
        ("- { when: input.content is empty }", vec!["M0800"]),
        ("- { stop: true, warn: x }", vec!["M0800"]),
        ("- { stpo: true }", vec!["M0002"]),
        ("- { stop: false }", vec!["M0003"]),
        ("- { stop: true, mutation: x }", vec!["M0002"]),
        ("- { fail: closed, message: x }", vec!["M0801"]),
        ("- { fail: refused, message: x, at: job }", vec!["M0801"]),
        ("- { fail: refused }", vec!["M0004"]),
        ("- stop", vec!["M0003"]),
        ("- { find: Some Post, query: post, arguments: { id: input.content } }", vec!["M0803"]),
        ("- { fetch_file: f, from: input.content, max_size: 7 }", vec!["M0807", "M0005"]),
    ] {
        assert_eq!(codes("add_application_note", steps), expected, "{steps}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let steps = "- { stop: true, when: input.contet is empty }\n- { fail: refused, message: { path: inptu.content } }\n- { find: post, query: posts, sort: [titel] }";
    assert_eq!(codes("add_application_note", steps), ["M0101", "M0805", "M0101"]);
}

#[test]
fn an_action_is_one_of_the_unified_api() {
    let report = super::try_compile("action: add_note\nsteps: [{ stop: true }]\n", Problems::new()).unwrap_err();
    assert_eq!(report.problems[0].code, "M0806");
    let report = super::try_compile("action: add_application_note\n", Problems::new()).unwrap_err();
    assert_eq!(report.problems[0].code, "M0004");
}
