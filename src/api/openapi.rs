//! The description of the API (OpenAPI 3.1), made from the tables that answers are made from: endpoints, parameters of lists,
//! models, inputs of actions and codes. It is plain JSON, and built as such: a crate would have each table written twice.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::failure::{Code, Failure, Family};
use super::parameters::{COMMON, Common};
use super::reply::Answer;
use super::routes::{Handler, ROUTES, Route, names_in};
use crate::engine::input_schema;
use crate::model::{ACTIONS, Action, Field, Kind, LISTS, Link, Linked, List, Model, Takes};

/// `GET /openapi.json`
pub(super) async fn openapi(_: Call) -> Result<Answer, Failure> {
    Ok(Answer::json(openapi_text()))
}

/// The OpenAPI document of the HTTP API, as it is served at `/openapi.json`.
pub fn openapi_text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).expect("texts and numbers are JSON");
    text.push('\n');
    text
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Crosswalk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The unified API over applicant tracking systems. Every answer is an envelope: `status` with `data`, or with `error`.",
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "Records", "description": "Unified records, a page at a time" },
            { "name": "Actions", "description": "Writes at the source, each done once" },
            { "name": "General", "description": "Keys, integrations and the source itself" },
            { "name": "Server", "description": "For those who run it" },
        ],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "A key of `crosswalk keys create`" } },
            "schemas": schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let list = list_of(route);
    let action = ACTIONS.iter().copied().find(|action| action.name == route.name);
    let mut parameters = path_parameters(route);
    if matches!(route.handler, Handler::Tenant(_)) {
        parameters.push(json!({
            "name": "X-Integration-Id", "in": "header", "required": true, "schema": { "type": "string" },
            "description": "The integration: its tool, a colon and its id",
        }));
    }
    if action.is_some() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "maxLength": 255 },
            "description": "A repetition with the same key is answered as the first was, and writes nothing again",
        }));
    }
    parameters.extend(list.into_iter().flat_map(list_parameters));
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [tag(route)],
        "parameters": parameters,
        "responses": responses(route, list, action),
    });
    if matches!(route.handler, Handler::Open(_)) {
        operation["security"] = json!([]);
    }
    if let Some(action) = action {
        operation["description"] = json!(action.about);
        operation["requestBody"] = request(body_of(route, action));
    } else if let Some(body) = general_body(route.name) {
        operation["requestBody"] = request(body);
    }
    operation
}

fn request(schema: Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn tag(route: &Route) -> &'static str {
    match (route.family, route.writes) {
        (Family::Ats, false) => "Records",
        (Family::Ats, true) => "Actions",
        (Family::General, _) if route.path.starts_with("/v1/") => "General",
        (Family::General, _) => "Server",
    }
}

fn list_of(route: &Route) -> Option<&'static List> {
    let name = route.name.strip_prefix("get_")?;
    LISTS.iter().find(|list| list.model.name == name)
}

fn path_parameters(route: &Route) -> Vec<Value> {
    let parameter =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    names_in(route.path).map(parameter).collect()
}

fn list_parameters(list: &'static List) -> Vec<Value> {
    let of = |name: &str, schema: Value, about: &str| json!({ "name": name, "in": "query", "schema": schema, "description": about });
    let texts = json!({ "type": "string" });
    let common = COMMON.iter().map(|Common { name, about, schema }| of(name, schema(), about));
    let own = list.filters.iter().map(|filter| {
        let schema = match filter.takes {
            Takes::Text | Takes::Texts => texts.clone(),
            Takes::Day => json!({ "type": "string", "examples": ["2026-01-31T00:00:00.000Z"] }),
        };
        let many = if filter.takes == Takes::Texts { "; several are joined by commas" } else { "" };
        let mut parameter = of(filter.name, schema, &format!("{}{many}", filter.about));
        if filter.superseded {
            parameter["deprecated"] = json!(true);
        }
        parameter
    });
    common.chain(own).collect()
}

/// The body of an action: its input without what the path says.
fn body_of(route: &Route, action: &'static Action) -> Value {
    let mut schema = input_schema(action);
    let top = schema.as_object_mut().expect("an input is an object");
    top.remove("$schema");
    let in_path: Vec<&str> = names_in(route.path).collect();
    let is_required = |name: &Value| !in_path.iter().any(|path| *name == **path);
    if let Some(Value::Array(required)) = top.get_mut("required") {
        required.retain(is_required);
    }
    if in_path.contains(&"job_id") {
        // For a job in the path, the stage stands at the top.
        if let Some(Value::Object(properties)) = top.get_mut("properties") {
            let application = properties.remove("application").unwrap_or_default();
            let stage = application.pointer("/properties/stage_id").cloned();
            properties.extend(stage.map(|stage| ("stage_id".to_owned(), stage)));
        }
        if let Some(Value::Array(required)) = top.get_mut("required") {
            required.retain(|name| name != "application");
        }
    } else if action.name == "create_candidate"
        && let Some(Value::Array(required)) = top.get_mut("required")
        && !required.iter().any(|name| name == "application")
    {
        required.push(json!("application"));
    }
    schema
}

fn general_body(name: &str) -> Option<Value> {
    let text = || json!({ "type": "string" });
    Some(match name {
        "force_sync" => {
            json!({ "type": "object", "properties": { "type": { "enum": ["FULL", "DELTA"], "default": "FULL" } } })
        }
        "map_custom_field" => json!({
            "type": "object", "required": ["integration_field_id"],
            "properties": { "integration_field_id": { "type": ["string", "null"] } },
        }),
        "passthrough" => json!({
            "type": "object", "required": ["method", "path"],
            "properties": {
                "method": { "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"] },
                "path": text(),
                "headers": { "type": "object", "additionalProperties": text() },
                "params": { "type": "object", "additionalProperties": text() },
                "data": { "type": ["object", "array", "string"] },
                "response_as_base64": { "type": "boolean" },
                "multipart_form_data": { "type": "array", "items": { "type": "object", "required": ["name", "value"] } },
                "api_options": { "type": "object", "additionalProperties": text() },
            },
        }),
        _ => return None,
    })
}

fn responses(route: &Route, list: Option<&'static List>, action: Option<&'static Action>) -> Value {
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    if route.name == "metrics" {
        return json!({
            "200": { "description": "Text for Prometheus", "content": { "text/plain": { "schema": { "type": "string" } } } },
            "default": { "description": "Why not", "content": content(reference("GeneralError")) },
        });
    }
    let data = match (list, action.map(|action| action.result)) {
        (Some(list), _) => json!({
            "type": "object", "required": ["next", "results"],
            "properties": {
                "next": { "type": ["string", "null"], "description": "The cursor of the next page" },
                "results": { "type": "array", "items": reference(row_name(list.model)) },
            },
        }),
        (None, Some(Some(model))) => reference(row_name(model)),
        (None, Some(None)) => json!({ "type": "object", "description": "Empty" }),
        (None, None) => json!({ "type": "object" }),
    };
    let is_enveloped = route.path.starts_with("/v1/");
    let mut whole = json!({ "type": "object" });
    if is_enveloped {
        whole = json!({
            "type": "object", "required": ["status", "data"],
            "properties": { "status": { "const": "success" }, "data": data },
        });
        if action.is_some() || route.name == "passthrough" {
            whole["properties"]["warnings"] = json!({
                "type": "array", "description": "What was done otherwise than asked",
                "items": { "type": "object", "required": ["message"], "properties": { "message": { "type": "string" } } },
            });
            whole["required"] = json!(["status", "data", "warnings"]);
        }
    }
    // A new application shows its candidate whole, and lacks what it cannot have yet.
    if action.is_some_and(|action| action.name == "create_application") {
        whole["properties"]["data"] = json!({ "type": "object", "required": ["id", "candidate"] });
    }
    let error = match route.family {
        Family::General => "GeneralError",
        Family::Ats => "Error",
    };
    json!({
        "200": { "description": "Done", "content": content(whole) },
        "default": { "description": "Why not", "content": content(reference(error)) },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn row_name(model: &Model) -> &'static str {
    match model.name {
        "users" => "User",
        "application_stages" => "ApplicationStage",
        "jobs" => "Job",
        "candidates" => "Candidate",
        _ => "Application",
    }
}

fn schemas() -> Map<String, Value> {
    let rows = LISTS.iter().map(|list| (row_name(list.model).to_owned(), row(list)));
    let errors = [("GeneralError", Family::General), ("Error", Family::Ats)].into_iter();
    rows.chain(errors.map(|(name, family)| (name.to_owned(), error(family)))).collect()
}

fn error(family: Family) -> Value {
    let codes = Code::ALL.iter().filter(|code| family == Family::Ats || code.is_general());
    let mut codes: Vec<Value> = codes.map(|code| json!(code.as_str())).collect();
    codes.push(Value::Null);
    json!({
        "type": "object", "required": ["status", "error"], "description": "Why a request was not done",
        "properties": {
            "status": { "const": "error" },
            "error": {
                "type": "object", "required": ["code", "title", "message", "log_url"],
                "properties": {
                    "code": { "enum": codes }, "title": { "type": ["string", "null"] },
                    "message": { "type": "string" }, "log_url": { "type": ["string", "null"] },
                },
            },
        },
    })
}

/// A row of a list: what the engine says of it, what its mapping fills, and what it shows of others.
fn row(list: &'static List) -> Value {
    let moment = |about: &str| json!({ "type": ["string", "null"], "format": "date-time", "description": about });
    let mut properties = Map::from_iter([
        ("id".to_owned(), json!({ "type": "string", "description": "Stays the same over all syncs" })),
        (
            "changed_at".to_owned(),
            json!({ "type": "string", "format": "date-time", "description": "When a field of the row itself changed last" }),
        ),
        ("remote_deleted_at".to_owned(), moment("When it was found to be gone at the source")),
        ("remote_data".to_owned(), json!({ "description": "The source's own record, where that is switched on" })),
    ]);
    for field in list.model.fields {
        properties.insert(field.name.to_owned(), with(value(&field.kind), field.about));
    }
    for linked in list.linked {
        properties.insert(linked.name.to_owned(), with(shown(linked), linked.about));
    }
    for empty in list.empty {
        let schema = if empty.list { json!({ "type": "array", "maxItems": 0 }) } else { json!({ "type": "null" }) };
        properties.insert(empty.name.to_owned(), with(schema, empty.about));
    }
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({ "type": "object", "description": list.model.about, "required": required, "properties": properties })
}

/// Members of a shown object, and the fields of the model that they repeat.
fn repeated(model: &str, fields: &[(&str, &str)]) -> Map<String, Value> {
    let model = Model::named(model);
    let of = |field: &str| model.and_then(|model| model.field(field)).map_or(json!({}), |field| value(&field.kind));
    fields.iter().map(|(key, field)| ((*key).to_owned(), of(field))).collect()
}

fn shown(linked: &'static Linked) -> Value {
    let mut properties = repeated(linked.model, linked.fields);
    properties.extend(linked.linked.iter().map(|linked| (linked.name.to_owned(), shown(linked))));
    match linked.link {
        Link::One { .. } => json!({ "type": ["object", "null"], "properties": properties }),
        Link::Many { .. } => json!({ "type": "array", "items": { "type": "object", "properties": properties } }),
    }
}

fn with(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}

fn value(kind: &'static Kind) -> Value {
    let nullable = |name: &str| json!({ "type": [name, "null"] });
    match kind {
        Kind::Number => nullable("number"),
        Kind::Integer => nullable("integer"),
        Kind::Boolean => nullable("boolean"),
        Kind::Map => nullable("object"),
        Kind::Timestamp => json!({ "type": ["string", "null"], "format": "date-time" }),
        Kind::Enum { values, open: false } => {
            json!({ "enum": values.iter().map(|value| json!(value)).chain([Value::Null]).collect::<Vec<_>>() })
        }
        Kind::Enum { values, open: true } => json!({ "type": ["string", "null"], "examples": values }),
        Kind::Object(fields) => object(fields, json!(["object", "null"])),
        Kind::List(Kind::Object(fields)) => json!({ "type": "array", "items": object(fields, json!("object")) }),
        Kind::List(item) => json!({ "type": "array", "items": value(item) }),
        Kind::Members(members) => {
            let properties = repeated(members.model, members.fields);
            json!({ "type": "array", "items": { "type": "object", "properties": properties } })
        }
        _ => nullable("string"),
    }
}

fn object(fields: &'static [Field], types: Value) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), with(value(&field.kind), field.about))).collect();
    json!({ "type": types, "properties": properties })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_document_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&path, openapi_text()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == openapi_text(), "docs/openapi.json is not current: write it with UPDATE_GENERATED=1");
    }

    #[test]
    fn every_endpoint_and_reference_is_there() {
        let document = document();
        let text = document.to_string();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            assert_eq!(operation["operationId"], route.name);
        }
        for (at, start) in text.match_indices("\"#/components/schemas/") {
            let name = text[at + start.len()..].split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
    }

    #[test]
    fn what_the_path_says_is_not_asked_for_again() {
        let document = document();
        let body =
            |path: &str| &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let made = body("/v1/ats/jobs/{job_id}/applications");
        assert_eq!(made["required"], json!(["candidate"]));
        assert!(made["properties"]["stage_id"].is_object() && made["properties"]["application"].is_null());
        assert_eq!(body("/v1/ats/applications/{application_id}/attachments")["required"], json!(["attachment"]));
        assert!(body("/v1/ats/candidates")["required"].as_array().unwrap().contains(&json!("application")));
    }
}
