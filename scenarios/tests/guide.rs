//! The guide to scenarios: its reference is current, and its examples can be read.

use hypermesh_scenarios::catalog::{Kind, METRICS};
use hypermesh_scenarios::{Overrides, load_text, schema};
use serde_json::Value;
use std::fmt::Write;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/scenarios.md");
const BEGIN: &str = "<!-- reference: begin -->\n";
const END: &str = "<!-- reference: end -->\n";

#[test]
fn the_reference_is_current() {
    let guide = std::fs::read_to_string(GUIDE).expect("the guide exists");
    let (before, rest) = guide.split_once(BEGIN).expect("the guide has a reference");
    let (_, after) = rest.split_once(END).expect("the reference has an end");
    let current = format!("{before}{BEGIN}{}{END}{after}", reference());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GUIDE, &current).expect("the guide can be written");
    } else {
        assert!(guide == current, "the reference in docs/guide/scenarios.md is old; write it anew with UPDATE_GOLDEN=1");
    }
}

#[test]
fn every_scenario_in_the_guide_can_be_read() {
    let guide = std::fs::read_to_string(GUIDE).expect("the guide exists");
    let examples: Vec<&str> = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let loaded = load_text("guide.yaml", example, &Overrides::default()).unwrap_or_else(|report| panic!("{report}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.report());
    }
}

/// All sections with their keys, then all metrics.
fn reference() -> String {
    let schema = schema();
    let mut out = String::new();
    section(&mut out, "The file", &schema);
    let defs = schema["$defs"].as_object().expect("the schema has definitions");
    for (name, definition) in defs {
        if let Some(object) = mapping(definition) {
            section(&mut out, &heading(name), &object);
        } else if definition.get("oneOf").is_some() {
            choice(&mut out, &heading(name), definition);
        }
    }
    metrics(&mut out);
    out
}

/// `HyParView` stays as it is; `LossBurst` is written `loss_burst`, as in files.
fn heading(name: &str) -> String {
    match name {
        "HyParView" => "hyparview".to_owned(),
        "Timing" => "time".to_owned(),
        name => {
            let mut out = String::new();
            for (i, c) in name.char_indices() {
                if c.is_ascii_uppercase() && i > 0 {
                    out.push('_');
                }
                out.push(c.to_ascii_lowercase());
            }
            out
        }
    }
}

/// The mapping of a section, also where a scalar may stand for it.
fn mapping(definition: &Value) -> Option<Value> {
    let has_keys = |value: &&Value| value.get("properties").is_some();
    if has_keys(&definition) {
        return Some(definition.clone());
    }
    let mut inner = definition.get("anyOf")?.as_array()?.iter().find(has_keys)?.clone();
    inner["description"] = definition["description"].clone();
    Some(inner)
}

fn section(out: &mut String, name: &str, schema: &Value) {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let _ = writeln!(out, "\n### {name}\n\n{}\n\n| key | default | meaning |\n|---|---|---|", text(schema));
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let default = match property.get("default") {
            _ if required.contains(&key.as_str()) => "required".to_owned(),
            Some(Value::String(word)) => format!("`{word}`"),
            Some(value) => format!("`{}`", value.to_string().replace('"', "").replace(':', ": ").replace(',', ", ")),
            None => String::new(),
        };
        let _ = writeln!(out, "| `{key}` | {default} | {} |", text(property).replace('|', "\\|"));
    }
}

fn choice(out: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(out, "\n### {name}\n\n{}\n\n| one of | meaning |\n|---|---|", text(schema));
    for option in schema["oneOf"].as_array().into_iter().flatten() {
        let key = option["const"].as_str().map(str::to_owned);
        let key = key.or_else(|| option["properties"].as_object().and_then(|o| o.keys().next()).map(|key| format!("{key}: ..")));
        if let Some(key) = key {
            let _ = writeln!(out, "| `{key}` | {} |", text(option).replace('|', "\\|"));
        }
    }
}

fn metrics(out: &mut String) {
    let _ = writeln!(out, "\n### Metrics\n\n| metric | kind | meaning |\n|---|---|---|");
    for metric in METRICS {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Samples => "histogram",
        };
        let _ = writeln!(out, "| `{}` | {kind} | {} |", metric.name, metric.about);
    }
    out.push('\n');
}

fn text(value: &Value) -> &str {
    value["description"].as_str().unwrap_or_default()
}
