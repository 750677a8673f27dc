//! The format as JSON Schema, for editors and for validators in other languages.

use crate::spec::Scenario;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Where the schema of format version 1 is kept in the project, relative to this crate.
pub const SCHEMA_FILE: &str = "schema/scenario.v1.json";

/// The JSON Schema (draft 2020-12) of scenario files, made of the types that read them. Descriptions are the doc comments of the sections; texts with
/// units have patterns; defaults are stated.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Scenario>().to_value();
    if let Value::Object(object) = &mut schema {
        object.insert("title".to_owned(), "HyperMesh scenario, format version 1".into());
        object.insert("$id".to_owned(), "urn:hypermesh:scenario:v1".into());
    }
    schema
}
