//! The custom fields of an integration, and what they show.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use crate::api::call::Call;
use crate::api::failure::Failure;
use crate::api::reply::Answer;
use crate::api::tenant::Tenant;
use crate::mapping::FreeFieldName;
use crate::model::Id;

const LARGEST_PAGE: usize = 250;
const USUAL_PAGE: usize = 100;

/// A custom field as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CustomField {
    id: String,
    key: String,
    integration_field: Option<IntegrationField>,
    model: String,
    label: Option<String>,
    description: Option<String>,
}

/// A free field of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct IntegrationField {
    id: String,
    key: String,
    #[serde(rename = "type")]
    kind: &'static str,
    label: Option<String>,
}

/// The custom fields that the mappings have keys for, page by page.
pub(in crate::api) async fn custom_fields(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let size = page_size(call.parameter("page_size"))?;
    let after = call.parameter("cursor").map(|cursor| after(cursor, &tenant)).transpose()?;
    let mut fields = all(&call, &tenant).await?;
    // By id: an edit of a file moves no page.
    fields.sort_by(|one, other| one.id.cmp(&other.id));
    let mut rest = fields.into_iter().filter(|field| after.as_ref().is_none_or(|after| field.id > *after));
    let page: Vec<CustomField> = rest.by_ref().take(size).collect();
    let next = match (page.last(), rest.next()) {
        (Some(last), Some(_)) => Some(cursor(&last.id, &tenant)),
        _ => None,
    };
    Ok(Answer::data(&json!({"next": next, "results": page, "next_cursor": next})))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    // Null is something to say, and to say nothing is a mistake.
    #[serde(deserialize_with = "said")]
    integration_field_id: Option<String>,
}

fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Says that a custom field is mapped as it was wanted, if it is. Files are where mappings stand, so that there is one truth
/// that can be read, compared and rolled back: any other wish is refused with the place to write it.
pub(in crate::api) async fn map_custom_field(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let wanted: Wanted = call.json()?;
    let id = call.value("custom_field_id");
    let field = all(&call, &tenant).await?.into_iter().find(|field| field.id == id);
    let Some(field) = field else { return Err(Failure::no_record("custom field")) };
    let mapped_to = field.integration_field.as_ref().map(|free| free.id.as_str());
    if mapped_to == wanted.integration_field_id.as_deref() {
        return Ok(Answer::data(&field));
    }
    let model = field.model.trim_start_matches("ats_");
    Err(Failure::invalid(format!(
        "this server keeps mappings in files, and this call cannot change them; its operator writes \
         `custom_fields: {{ fields: {{ {}: FIELD }} }}` into {model}.yaml of the connection's overlay, and `null` in the \
         place of FIELD to unmap it, which is in use as soon as it is saved",
        field.key
    )))
}

async fn all(call: &Call, tenant: &Tenant) -> Result<Vec<CustomField>, Failure> {
    let labels = call.api.engine.store().labels(&tenant.connection).await?;
    let mut fields = Vec::new();
    for plan in tenant.revision.plans() {
        let model = plan.model().name;
        let id_of =
            |what: &str, name: &str| Id::derive(&tenant.connection, what, &format!("{model} {name}")).to_string();
        for source in plan.custom_fields() {
            let (key, label) = match &source.free {
                FreeFieldName::Id(id) => (id.clone(), labels.label(id).map(str::to_owned)),
                FreeFieldName::Label(label) => {
                    let key = match labels.ids(label) {
                        [only] => only.clone(),
                        _ => label.clone(),
                    };
                    (key, Some(label.clone()))
                }
            };
            let free = IntegrationField { id: id_of("integration_fields", &key), key, kind: "CUSTOM", label };
            fields.push(CustomField {
                id: id_of("custom_fields", &source.key),
                label: free.label.clone(),
                key: source.key,
                integration_field: Some(free),
                model: format!("ats_{model}"),
                description: None,
            });
        }
    }
    Ok(fields)
}

fn page_size(said: Option<&str>) -> Result<usize, Failure> {
    let Some(said) = said else { return Ok(USUAL_PAGE) };
    let size = said.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
    size.ok_or_else(|| Failure::invalid(format!("`page_size` is a whole number from 1 to {LARGEST_PAGE}")))
}

/// Where the next page begins. It is of use to the integration only that it was given to.
fn cursor(last: &str, tenant: &Tenant) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {last}", tenant.id))
}

fn after(cursor: &str, tenant: &Tenant) -> Result<String, Failure> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (of, last) = text.split_once(' ')?;
        (of == tenant.id.to_string()).then(|| last.to_owned())
    };
    read().ok_or_else(|| Failure::invalid("`cursor` is none that this list gave"))
}
