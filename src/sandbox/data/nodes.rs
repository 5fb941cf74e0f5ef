//! `CRDataNode`, its texts and its types.

use super::labels::{Label, NODE_TYPES, NodeType, Picklist};
use super::{Kind, Language, Moment, REFERENCE, Record, Value, node};
use serde_json::json;
use std::sync::LazyLock;

/// Where the options of each node type begin among all rows.
static STARTS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let lengths = NODE_TYPES.iter().map(|node_type| node_type.labels.len() as u32);
    lengths
        .scan(0, |next, length| {
            let start = *next;
            *next += length;
            Some(start)
        })
        .collect()
});

const LANGUAGES: [Language; 2] = [Language::Dutch, Language::English];

/// How many nodes there are.
pub(super) fn count() -> u32 {
    NODE_TYPES.iter().map(|node_type| node_type.labels.len() as u32).sum()
}

/// The row of an option.
pub(super) fn row(list: Picklist, option: u32) -> u32 {
    STARTS[list as usize] + option
}

/// The row with this numeric key.
pub(super) fn find(number: u32) -> Option<u32> {
    let list = NODE_TYPES.partition_point(|node_type| node_type.first_id <= number).checked_sub(1)?;
    let option = number - NODE_TYPES[list].first_id;
    (option < NODE_TYPES[list].labels.len() as u32).then(|| STARTS[list] + option)
}

/// The numeric key of a row.
pub(super) fn number(row: u32) -> u32 {
    let (node_type, option) = place(row);
    node_type.list.number(option)
}

/// The Dutch or English text of a row.
pub(super) fn text(row: u32, language: Language) -> &'static str {
    let label = label(row);
    language.choose(label.dutch, label.english)
}

fn place(row: u32) -> (&'static NodeType, u32) {
    let list = STARTS.partition_point(|&start| start <= row) - 1;
    (&NODE_TYPES[list], row - STARTS[list])
}

fn label(row: u32) -> &'static Label {
    let (node_type, option) = place(row);
    &node_type.labels[option as usize]
}

fn some_text(text: &'static str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

/// Dictionaries were set up when the tenant began.
fn set_up() -> Moment {
    REFERENCE.plus_days(-3_000)
}

fn children(row: u32) -> impl Iterator<Item = u32> {
    let parent = place(row);
    let is_parent = move |(list, option): (Picklist, u32)| list == parent.0.list && option == parent.1;
    (0..count()).filter(move |&child| label(child).parent.is_some_and(is_parent))
}

pub(super) fn field(row: u32, name: &str, language: Language) -> Option<Value> {
    let (node_type, option) = place(row);
    let label = label(row);
    let parent = label.parent.map(|(list, option)| node(list, option));
    Some(match name {
        "dataNodeID" => node_type.list.number(option).into(),
        "value" | "label" | "valueWithUnit" => text(row, language).into(),
        "values" => Value::many(Kind::DataNodeValue, [2 * row, 2 * row + 1]),
        "tag" => some_text(label.tag),
        "tags" => Value::Json(if label.tag.is_empty() { json!([]) } else { json!([label.tag]) }),
        "exportCode" => some_text(label.code),
        "sortOrder" => format!("{:03}", 10 * (option + 1)).into(),
        "type" => Record::new(Kind::NodeType, node_type.list as u32).into(),
        "parentNode" => parent.into(),
        "parentNodes" | "activeParentNodes" => Value::Many(parent.into_iter().collect()),
        "childrenNodes" => Value::many(Kind::DataNode, children(row)),
        "active" => Value::Int(1),
        "isSystem" => Value::flag(!label.tag.is_empty()),
        "creationDate" | "modificationDate" => set_up().into(),
        _ => return None,
    })
}

/// `CRDataNodeValue`: two rows a node, the Dutch text and the English one.
pub(super) fn value_field(row: u32, name: &str) -> Option<Value> {
    let (node_row, language) = (row / 2, row % 2);
    Some(match name {
        "value" => text(node_row, LANGUAGES[language as usize]).into(),
        "toLanguageNode" => node(Picklist::Language, language).into(),
        "toDataNode" => Record::new(Kind::DataNode, node_row).into(),
        "creationDate" => set_up().into(),
        "sortOrder" => language.into(),
        _ => return None,
    })
}

/// `CRNodeType`.
pub(super) fn type_field(row: u32, name: &str) -> Option<Value> {
    let node_type = &NODE_TYPES[row as usize];
    let first = STARTS[row as usize];
    Some(match name {
        "typeID" => (Kind::NodeType.first_id() + row).into(),
        "identifier" => node_type.identifier.into(),
        "name" | "localizedName" => node_type.name.into(),
        "dataNodes" => Value::many(Kind::DataNode, first..first + node_type.list.len()),
        "isEnumerated" | "isMultiLanguage" => Value::Int(1),
        _ => return None,
    })
}
