//! Tools: the sources that there are connectors for, and what those cover.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::coverage::{Covered, Covers};
use crate::api::call::Call;
use crate::api::failure::Failure;
use crate::api::reply::Answer;
use crate::api::tenant::Key;
use crate::connector::Tool;

/// The categories of the contract. Every connector here is of the second.
const CATEGORIES: &[&str] = &["hris", "ats", "assessment", "lms"];

/// The tools of the connections that the key opens.
pub(in crate::api) async fn tools(call: Call, key: Key) -> Result<Answer, Failure> {
    let category = call.value("category");
    if !CATEGORIES.contains(&category) {
        let known = CATEGORIES.join(", ");
        return Err(Failure::invalid(format!("there is no such category; it is one of {known}")));
    }
    let mut tools: BTreeMap<String, (Tool, Covers)> = BTreeMap::new();
    let running = &call.api.running;
    for connection in running.connections().into_iter().filter(|name| category == "ats" && key.opens(name)) {
        let Some(revision) = running.revision(&connection) else { continue };
        let covers = Covers::of(&revision);
        match tools.remove(&revision.tool.slug) {
            Some((tool, others)) => tools.insert(tool.slug.clone(), (tool, others.or(covers))),
            None => tools.insert(revision.tool.slug.clone(), (revision.tool.clone(), covers)),
        };
    }
    let tools: Vec<Value> = tools.values().map(|(tool, covers)| written(tool, covers)).collect();
    Ok(Answer::data(&json!({ "tools": tools })))
}

fn written(tool: &Tool, covers: &Covers) -> Value {
    let features = covers.features.iter();
    let features = features.map(|it| json!({"id": it.id, "label": it.label, "coverage_status": it.status}));
    json!({
        "id": tool.slug,
        "label": tool.label,
        "internal_label": tool.internal_label,
        "assets": {
            "logo_url": icon(tool, COLOUR),
            "icon_url": icon(tool, COLOUR),
            "icon_black_url": icon(tool, "#000000"),
        },
        "paid_api_details_markdown": null,
        "fast_track_details_markdown": null,
        "partner_only_details_markdown": null,
        "connection_guide_url": tool.guide,
        "coverage": {
            "read_models": covers.read_models.iter().map(covered).collect::<Vec<_>>(),
            "write_actions": covers.write_actions.iter().map(covered).collect::<Vec<_>>(),
            "features": features.collect::<Vec<_>>(),
        },
    })
}

fn covered(covered: &Covered) -> Value {
    let fields = covered.fields.iter().map(|(id, status)| json!({"id": id, "coverage_status": status}));
    json!({
        "id": covered.id,
        "label": covered.label,
        "coverage_status": covered.status,
        "fields": fields.collect::<Vec<_>>(),
    })
}

pub(super) const COLOUR: &str = "#334155";

/// A picture of a tool: the first letter of its label. The address holds all of it, so no client asks anybody for it.
pub(super) fn icon(tool: &Tool, colour: &str) -> String {
    let letter = tool.label.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('?');
    let picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><rect width=\"64\" height=\"64\" rx=\"12\" \
         fill=\"{colour}\"/><text x=\"32\" y=\"44\" font-family=\"sans-serif\" font-size=\"34\" text-anchor=\"middle\" \
         fill=\"#ffffff\">{letter}</text></svg>"
    );
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture))
}
