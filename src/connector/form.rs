//! What a connector asks of whoever connects a tenant.

use super::definition::Definition;
use super::permissions::Permissions;
use super::{Connection, Home, known_connector};
use crate::diagnostics::{Problems, Report};

/// What a connector asks of whoever connects a tenant.
#[derive(Debug, Clone)]
pub struct Form {
    /// The connector's name.
    pub connector: String,
    /// The name of the source, for people.
    pub title: String,
    /// What a connection says about its tenant, in the order of the connector.
    pub settings: Vec<FormSetting>,
    /// The credentials that it names.
    pub credentials: Vec<String>,
    /// The settings that make up the address of the endpoint.
    pub endpoint: FormAddress,
    /// The settings that make up the address where tokens come from.
    pub token_url: FormAddress,
    /// What the source calls its permissions.
    pub permissions: Permissions,
}

/// The names of the settings that stand in an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormAddress {
    /// Those of its beginning, which names the host.
    pub host: Vec<String>,
    /// Those of what follows.
    pub path: Vec<String>,
}

/// Something that a connection says.
#[derive(Debug, Clone)]
pub struct FormSetting {
    /// Its name.
    pub name: String,
    /// What it is and where to find it.
    pub about: String,
    /// Its value where a connection does not say it; settings before it may stand in it, in braces.
    pub default: Option<String>,
}

impl Form {
    /// What a connector asks for.
    pub fn load(home: &Home, connector: &str) -> Result<Form, Report> {
        let problems = Problems::new();
        let form = Form::read(home, &Connection::of_nobody(connector), &problems);
        problems.into_result(form)
    }

    fn read(home: &Home, connection: &Connection, problems: &Problems) -> Option<Form> {
        let connector = known_connector(home, connection, problems)?;
        let file = home.read(&format!("mappings/{connector}/connector.yaml"), problems)?;
        let definition = Definition::parse(&file, problems)?;
        let settings = definition.settings.iter().map(|setting| FormSetting {
            name: setting.name.value.clone(),
            about: setting.about.clone(),
            default: setting.default.clone(),
        });
        let settings: Vec<FormSetting> = settings.collect();
        let names: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        let token_url = definition.oauth2.as_ref().map(|oauth2| FormAddress::of(&oauth2.token_url.value, &names));
        Some(Form {
            connector: connector.to_owned(),
            title: definition.title.clone(),
            credentials: definition.credentials(),
            endpoint: FormAddress::of(&definition.endpoint.value, &names),
            token_url: token_url.unwrap_or_default(),
            settings,
            permissions: definition.permissions,
        })
    }
}

impl FormAddress {
    fn of(address: &str, names: &[&str]) -> FormAddress {
        let begins = address.find("://").map_or(0, |at| at + 3);
        let (host, path) = address.split_at(address[begins..].find('/').map_or(address.len(), |at| begins + at));
        let named_in = |part: &str| {
            let stands_in = |name: &&&str| part.contains(&format!("{{{name}}}"));
            names.iter().filter(stands_in).map(|name| (*name).to_owned()).collect()
        };
        FormAddress { host: named_in(host), path: named_in(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_host_first() {
        let of = |address| FormAddress::of(address, &["realm", "host", "unused"]);
        let both = FormAddress { host: vec!["host".to_owned()], path: vec!["realm".to_owned()] };
        assert_eq!(of("{host}/realms/{realm}/token"), both);
        assert_eq!(of("https://{host}.example.org/{realm}"), both);
        assert_eq!(of("https://example.org"), FormAddress::default());
    }
}
