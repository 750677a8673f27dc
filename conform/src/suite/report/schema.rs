//! The form of the summary as JSON Schema, for validators in other languages.

use super::Summary;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON Schema (draft 2020-12) of `conformance.json`, made of the types that write it. The published copy is `conform/schema/conformance.v1.json`.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Summary>().to_value();
    if let Value::Object(object) = &mut schema {
        object.insert("title".to_owned(), "HyperMesh conformance report, format version 1".into());
        object.insert("$id".to_owned(), "urn:hypermesh:conformance:v1".into());
    }
    schema
}
