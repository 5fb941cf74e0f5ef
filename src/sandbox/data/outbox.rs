//! E-mails that the source would have sent.

use serde::Serialize;

/// An e-mail that an application would have set off. The texts are templates of the tenant, so only their names are
/// known; which template goes to whom is inferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// When, as the API writes moments.
    pub at: String,
    /// The template's name, as `web-confirm`.
    pub template: String,
    /// The address; none when the recipient has none.
    pub to: Option<String>,
    /// The `_id` of the candidate that it is about.
    pub candidate: String,
    /// The `_id` of the match that it is about, if there is one.
    pub application: Option<String>,
}
