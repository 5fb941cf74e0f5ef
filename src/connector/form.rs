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
    pub in_endpoint: Vec<String>,
    /// The settings that make up the address where tokens come from.
    pub in_token_url: Vec<String>,
    /// What the source calls its permissions.
    pub permissions: Permissions,
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
        let named_in = |address: &str| {
            let stands_in = |setting: &&FormSetting| address.contains(&format!("{{{}}}", setting.name));
            settings.iter().filter(stands_in).map(|setting| setting.name.clone()).collect()
        };
        Some(Form {
            connector: connector.to_owned(),
            title: definition.title.clone(),
            credentials: definition.credentials(),
            in_endpoint: named_in(&definition.endpoint.value),
            in_token_url: definition
                .oauth2
                .as_ref()
                .map(|oauth2| named_in(&oauth2.token_url.value))
                .unwrap_or_default(),
            settings,
            permissions: definition.permissions,
        })
    }
}
