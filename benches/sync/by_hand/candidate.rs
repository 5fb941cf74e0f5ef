//! A candidate as the source sends it: only the members that the unified one needs, borrowed from the raw text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
    #[serde(rename = "employeeID")]
    pub number: i64,
    pub deleted: i64,
    #[serde(borrow)]
    pub first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub last_name_prefix: Option<Text<'a>>,
    #[serde(borrow)]
    pub last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub current_employer_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub most_recent_work_history: Option<WorkHistory<'a>>,
    #[serde(rename = "toCurrentFunctionLevel2", borrow)]
    pub current_function: Option<Labelled<'a>>,
    #[serde(rename = "toFunction1Level2Node", borrow)]
    pub wanted_function: Option<Labelled<'a>>,
    pub is_confidential: Option<i64>,
    #[serde(borrow)]
    pub to_source_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub source_info: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_medium: Option<Named<'a>>,
    #[serde(borrow)]
    pub phone_numbers: Page<Phone<'a>>,
    #[serde(borrow)]
    pub mobile_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub mobile_number_business: Option<Text<'a>>,
    #[serde(borrow)]
    pub phone_number_business: Option<Text<'a>>,
    #[serde(borrow)]
    pub email_addresses: Page<Email<'a>>,
    #[serde(borrow)]
    pub primary_email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub email_address_private: Option<Text<'a>>,
    #[serde(borrow)]
    pub email_address_business: Option<Text<'a>>,
    #[serde(borrow)]
    pub business_email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub urls: Page<Link<'a>>,
    #[serde(borrow)]
    pub home_street: Option<Text<'a>>,
    #[serde(borrow)]
    pub home_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub home_number_suffix: Option<Text<'a>>,
    #[serde(borrow)]
    pub home_postal_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub home_city: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_home_country_node: Option<Country<'a>>,
    #[serde(borrow)]
    pub to_home_province_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub street: Option<Text<'a>>,
    #[serde(borrow)]
    pub house_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub house_number_suffix: Option<Text<'a>>,
    #[serde(borrow)]
    pub postal_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub city: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_country_node: Option<Country<'a>>,
    #[serde(borrow)]
    pub to_province_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub visit_city: Option<Text<'a>>,
    #[serde(borrow)]
    pub visit_postal_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub additional_info: Option<&'a RawValue>,
    #[serde(borrow)]
    pub creation_date: Option<Text<'a>>,
    #[serde(borrow)]
    pub modification_date: Option<Text<'a>>,
    #[serde(borrow)]
    pub groups: Page<Group<'a>>,
}

#[derive(Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
}

#[derive(Deserialize)]
pub struct WorkHistory<'a> {
    #[serde(borrow)]
    pub employer: Option<Text<'a>>,
    #[serde(borrow)]
    pub function: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Labelled<'a> {
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Country<'a> {
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
    #[serde(borrow)]
    pub export_code: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phone<'a> {
    pub is_primary: Option<i64>,
    pub is_invalid: Option<i64>,
    #[serde(borrow)]
    pub phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_phone_number_label: Option<Labelled<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Email<'a> {
    pub is_primary: Option<i64>,
    pub invalid: Option<i64>,
    #[serde(borrow)]
    pub email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_email_address_label: Option<Labelled<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link<'a> {
    #[serde(borrow)]
    pub url: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_url_label: Option<Tagged<'a>>,
}

#[derive(Deserialize)]
pub struct Tagged<'a> {
    #[serde(borrow)]
    pub tag: Option<Text<'a>>,
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Group<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

/// A text that is copied only where the source escaped something in it. (`Option<Cow<str>>` would always copy.)
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub fn trimmed(&self) -> &str {
        self.0.trim()
    }
}

/// What is left of a text without its outer blanks, if anything is.
pub fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(Text::trimmed).filter(|text| !text.is_empty())
}

/// The label of a picklist's value.
pub fn label<'t>(node: &'t Option<Labelled<'_>>) -> Option<&'t str> {
    node.as_ref().and_then(|node| text(&node.value))
}
