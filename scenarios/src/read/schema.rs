//! How shapes describe themselves to editors: JSON Schema, draft 2020-12.

use super::{Content, FieldInfo, Location, Node, yaml};
use schemars::Schema;
use serde_json::{Map, Value, json};

/// The schema of a section. `fields` holds each field's schema and whether it must be there, in the order of `infos`; a scalar may stand for the key
/// named by `short`.
pub(crate) fn section_schema(doc: &str, infos: &[FieldInfo], fields: Vec<(Schema, bool)>, short: &[&str]) -> Schema {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut shorthand = None;
    for (info, (schema, needed)) in infos.iter().zip(fields) {
        let mut value = schema.to_value();
        if short.contains(&info.key) {
            shorthand = Some(value.clone());
        }
        if let Value::Object(object) = &mut value {
            object.insert("description".to_owned(), prose(info.doc).into());
            if let Some(default) = info.default {
                object.insert("default".to_owned(), to_json(&yaml::literal(default, Location::NOWHERE)));
            }
        }
        if needed && info.default.is_none() {
            required.push(Value::from(info.key));
        }
        properties.insert(info.key.to_owned(), value);
    }
    let mut section = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        section["required"] = required.into();
    }
    let description = prose(doc);
    let whole = match shorthand {
        Some(scalar) => json!({ "description": description, "anyOf": [scalar, section] }),
        None => {
            section["description"] = description.into();
            section
        }
    };
    Schema::try_from(whole).unwrap_or_default()
}

/// The schema of a choice: one of some words, or a mapping of exactly one of some keys.
pub(crate) fn choice_schema(doc: &str, words: &[(&str, &str)], parts: Vec<(&str, &str, Schema)>, list: Option<Schema>) -> Schema {
    let mut options: Vec<Value> = words.iter().map(|(word, doc)| json!({ "const": word, "description": prose(doc) })).collect();
    options.extend(list.map(Schema::to_value));
    for (key, doc, schema) in parts {
        let mut value = schema.to_value();
        if let Value::Object(object) = &mut value {
            object.insert("description".to_owned(), prose(doc).into());
        }
        options.push(json!({
            "type": "object", "properties": { key: value }, "required": [key], "additionalProperties": false, "description": prose(doc),
        }));
    }
    Schema::try_from(json!({ "description": prose(doc), "oneOf": options })).unwrap_or_default()
}

/// A doc comment as flowing text.
pub(crate) fn prose(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ").replace("[`", "`").replace("`]", "`")
}

/// A value as JSON; whole numbers become numbers.
fn to_json(node: &Node) -> Value {
    match &node.content {
        Content::Null => Value::Null,
        Content::Scalar { text, .. } => text.parse::<u64>().map_or_else(|_| text.clone().into(), Value::from),
        Content::List(items) => items.iter().map(to_json).collect(),
        Content::Map(entries) => Value::Object(entries.iter().map(|(key, value)| (key.name.clone(), to_json(value))).collect()),
    }
}
