//! `headers` of `connector.yaml`: what every request carries, with credentials and settings in braces.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::placeholders;
use super::remote::{Header, HeaderPart};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::yaml::{self, Entry};

/// A header as the file says it.
#[derive(Debug)]
pub(crate) struct HeaderPattern {
    name: String,
    value: String,
}

impl HeaderPattern {
    /// The names in braces.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        placeholders(&self.value).into_iter().map(|(start, end)| &self.value[start + 1..end - 1])
    }

    /// The header with the settings filled in; what else stands in braces is a credential.
    pub fn filled(&self, settings: &BTreeMap<String, String>) -> Header {
        let mut value = Vec::new();
        let mut at = 0;
        for (start, end) in placeholders(&self.value) {
            let name = &self.value[start + 1..end - 1];
            value.push(HeaderPart::Text(self.value[at..start].to_owned()));
            value.push(match settings.get(name) {
                Some(setting) => HeaderPart::Text(setting.clone()),
                None => HeaderPart::Credential(name.to_owned()),
            });
            at = end;
        }
        value.push(HeaderPart::Text(self.value[at..].to_owned()));
        Header { name: self.name.clone(), value }
    }
}

/// `tokens` is what asks for access tokens, which have a header of their own.
pub(super) fn parse(
    entries: &[Entry],
    tokens: Option<&Entry>,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> Vec<HeaderPattern> {
    entries.iter().filter_map(|entry| header(entry, tokens, file, problems)).collect()
}

fn header(entry: &Entry, tokens: Option<&Entry>, file: &Arc<SourceFile>, problems: &Problems) -> Option<HeaderPattern> {
    let value = yaml::text(&entry.value, file, problems)?;
    let name = &entry.key;
    let braces = placeholders(&value.value);
    let nameless = braces.iter().copied().find(|(start, end)| !is_name(&value.value[start + 1..end - 1]));
    let problem = if !is_token(&name.value) {
        Problem::error("M0607", format!("`{}` is no name of a header", name.value))
            .at(file, name.span, "cannot be sent")
            .help("names are letters, digits and hyphens, such as `X-Api-Key`")
    } else if let (true, Some(tokens)) = (name.value.eq_ignore_ascii_case("authorization"), tokens) {
        Problem::error("M0607", "the header `Authorization` carries the access token")
            .at(file, name.span, "given here too")
            .because(Place::new(file, tokens.key.span), "tokens are asked for here")
            .help("remove one of them")
    } else if !value.value.chars().all(|c| (' '..='~').contains(&c)) {
        let message = format!("the value of `{}` does not fit into a header", name.value);
        Problem::error("M0607", message).at(file, value.span, "has other characters than plain ones")
    } else if braces.is_empty() && is_telling(&name.value) {
        // Its line is not shown: the value may be a secret.
        Problem::error("M0611", format!("credentials stand elsewhere, not in {}", file.path)).help(format!(
            "let `{}` hold a name in braces, such as `{{api_key}}`, and say in the connection where it is kept; \
             if a secret stood here, replace it at the source",
            name.value
        ))
    } else if let Some((start, end)) = nameless {
        Problem::error("M0607", "braces hold the name of a credential or a setting")
            .at(file, value.part(file, start..end), "holds none")
            .help("write such as `Bearer {api_key}`")
    } else {
        return Some(HeaderPattern { name: name.value.clone(), value: value.value });
    };
    problems.report(problem);
    None
}

/// Whether a text may be the name of a header: RFC 9110, section 5.1.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// Whether a text may name a credential.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a header of that name carries a secret.
fn is_telling(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    ["auth", "key", "token", "secret", "passw", "cookie"].iter().any(|word| name.contains(word))
}
