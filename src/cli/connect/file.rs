//! The text of a connection's file.

use crate::connector::Form;
use crate::connector::keys::CONNECTION;

/// What is written anew; all else of an older file stays.
const WRITTEN: [&str; 4] = ["connector", "settings", "credentials", "sandbox"];

/// The name of a credential's entry in the vault.
pub(super) fn entry(connection: &str, credential: &str) -> String {
    format!("{connection}/{credential}")
}

/// The text of the file, with what stands in an older one and is not asked for.
pub(super) fn text(name: &str, form: &Form, settings: &[(String, String)], old: &str) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema=connection.schema.json\n\
         # Written by `crosswalk connect {name}`. The secrets are in the vault: `crosswalk vault list`.\n\
         connector: {}\n",
        form.connector
    );
    if !settings.is_empty() {
        text.push_str("settings:\n");
    }
    for (name, value) in settings {
        text.push_str(&format!("  {name}: {}\n", quoted(value)));
    }
    text.push_str("credentials:\n");
    for credential in &form.credentials {
        text.push_str(&format!("  {credential}: \"vault:{}\"\n", entry(name, credential)));
    }
    for key in CONNECTION.names().filter(|key| !WRITTEN.contains(key)) {
        text.push_str(&block(old, key));
    }
    text
}

/// JSON's way to write a text is one of YAML's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("texts are JSON")
}

/// The lines of a key at the margin: its own, and those that are indented further.
fn block(text: &str, key: &str) -> String {
    let is_it = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let mut lines = text.lines().skip_while(|line| !is_it(line));
    let own = lines.next().into_iter();
    let below = lines.take_while(|line| line.starts_with([' ', '\t']));
    own.chain(below).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_stays() {
        let old = "connector: c\nsandbox: {}\noptions: # how\n  every: 1h\n  remote_data: true\n# end\noverlay: acme\n";
        assert_eq!(block(old, "options"), "options: # how\n  every: 1h\n  remote_data: true\n");
        assert_eq!(block(old, "overlay"), "overlay: acme\n");
        assert_eq!(block(old, "over"), "");
        assert_eq!(quoted("a \"b\": # c\n"), r##""a \"b\": # c\n""##);
    }
}
