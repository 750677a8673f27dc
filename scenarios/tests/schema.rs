//! The JSON Schema of the format: the committed file is current, shipped scenarios and presets are valid by it, and broken shapes are not.

use hypermesh_scenarios::{Overrides, load, load_text, plan, schema};
use serde_json::Value;
use std::path::{Path, PathBuf};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/scenario.v1.json");

#[test]
fn the_committed_schema_is_current() {
    let current = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(FILE, &current).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(FILE).expect("the schema is committed");
    assert!(committed == current, "schema/scenario.v1.json differs from the types; write it anew with UPDATE_GOLDEN=1");
}

#[test]
fn the_schema_is_itself_valid() {
    jsonschema::meta::validate(&schema()).expect("the schema keeps the rules of draft 2020-12");
}

#[test]
fn every_shipped_scenario_is_valid_by_the_schema_and_loads_without_a_warning() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema can be used");
    for file in shipped() {
        let json = as_json(&std::fs::read_to_string(&file).expect("a shipped scenario can be read"));
        let errors: Vec<String> = validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        let loaded = load(&file, &Overrides::default()).unwrap_or_else(|report| panic!("{report}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.report());
        // What is resolved is a scenario by the same schema.
        let json = as_json(&loaded.resolved_yaml());
        let errors: Vec<String> = validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{} resolved: {errors:#?}", file.display());
    }
}

#[test]
fn every_small_shipped_scenario_resolves_to_a_plan() {
    for file in shipped() {
        let loaded = load(&file, &Overrides::default()).unwrap_or_else(|report| panic!("{report}"));
        let nodes: u32 = loaded.scenario.groups.iter().map(|(_, group)| group.count.0).sum();
        if nodes <= 10_000 {
            let plan = plan(&loaded).unwrap_or_else(|report| panic!("{report}"));
            assert_eq!(plan.node_count(), nodes, "{}", file.display());
            assert_eq!(plan.expect.len(), loaded.scenario.expect.len());
            assert!(plan.expect.iter().all(|expectation| expectation.line > 0));
        }
    }
}

#[test]
fn every_shipped_scenario_names_the_schema_and_its_promise() {
    for file in shipped() {
        let text = std::fs::read_to_string(&file).expect("a shipped scenario can be read");
        assert!(text.starts_with("# yaml-language-server: $schema=../schema/scenario.v1.json\n"), "{}", file.display());
        assert!(text.contains("\n# Promise: "), "{} makes no promise", file.display());
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema can be used");
    let good = "{version: 1, name: a, time: {stop: 60s}, groups: {peer: {role: hypermesh-peer, count: 5}}}";
    assert!(validator.is_valid(&as_json(good)));
    let bad = [
        ("stop: 60s", "stop: 60"),
        ("stop: 60s", "stop: 60 parsecs"),
        ("stop: 60s", "end: 60s"),
        ("version: 1", "version: 2"),
        ("role: hypermesh-peer", "role: hypermesh-per"),
        ("count: 5", "count: many"),
        ("count: 5", "count: 5, place: nowhere"),
        ("count: 5", "count: 5, swim: {scope: {cell: 5, view: on}}"),
        ("peer:", "\"my peer\":"),
        ("name: a,", ""),
    ];
    for (from, to) in bad {
        let text = good.replace(from, to);
        assert!(!validator.is_valid(&as_json(&text)), "{text}");
        assert!(load_text("bad.yaml", &text, &Overrides::default()).is_err(), "{text}");
    }
}

#[test]
fn every_key_has_a_description_that_editors_show() {
    fn walk(value: &Value, path: &str, bare: &mut Vec<String>) {
        let Value::Object(object) = value else { return };
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let described = property.get("description").and_then(Value::as_str).is_some_and(|text| text.len() > 10);
            if !described {
                bare.push(format!("{path}.{name}"));
            }
        }
        for (name, child) in object {
            walk(child, &format!("{path}.{name}"), bare);
            if let Value::Array(items) = child {
                items.iter().for_each(|item| walk(item, &format!("{path}.{name}[]"), bare));
            }
        }
    }
    let mut bare = Vec::new();
    walk(&schema(), "", &mut bare);
    assert!(bare.is_empty(), "{bare:#?}");
}

/// The scenario files that ship, and none of the broken ones.
fn shipped() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["first", "scale", "faults"] {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the folder exists");
        files.extend(entries.map(|entry| entry.expect("the folder can be listed").path()));
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 7, "{files:?}");
    files
}

/// A YAML text as an editor's validator sees it.
fn as_json(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
