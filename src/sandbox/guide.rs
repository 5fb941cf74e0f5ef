//! How to talk to a running sandbox.

use super::Sandbox;

/// A query that shows a few rows.
pub(super) const EXAMPLE: &str =
    "{ crVacancyPage(pageable: {page: 0, size: 3}) { totalElements items { _id jobTitle } } }";

impl Sandbox {
    /// Where access tokens come from.
    pub fn token_url(&self) -> String {
        format!("{}/auth/realms/{}/protocol/openid-connect/token", self.base_url(), self.options().realm)
    }

    /// Where GraphQL operations are posted.
    pub fn endpoint(&self) -> String {
        format!("{}/graphql/v1/graphql", self.base_url())
    }

    /// Commands for a shell that fetch a token and a few rows.
    pub fn shell_example(&self) -> String {
        let (id, secret) = (&self.options().client_id, &self.options().client_secret);
        let body = serde_json::json!({ "query": EXAMPLE });
        format!(
            "TOKEN=$(curl -s {token_url} \\\n    -d grant_type=client_credentials -d client_id={id} \\\n    \
             -d client_secret={secret} |\n    sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\
             curl -s {endpoint} \\\n    -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n    \
             -d '{body}'\n",
            token_url = self.token_url(),
            endpoint = self.endpoint(),
        )
    }

    /// A connection file that reads this sandbox, and takes its credentials from the variables
    /// `SANDBOX_CLIENT_ID` and `SANDBOX_CLIENT_SECRET`.
    pub fn connection_example(&self) -> String {
        let (base, realm) = (self.base_url(), &self.options().realm);
        format!(
            "connector: carerix\n\
             settings: {{ tenant: sandbox, realm: {realm}, identity: \"{base}\", api: \"{base}\" }}\n\
             credentials: {{ client_id: \"env:SANDBOX_CLIENT_ID\", client_secret: \"env:SANDBOX_CLIENT_SECRET\" }}\n"
        )
    }
}
