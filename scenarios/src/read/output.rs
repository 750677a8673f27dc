//! What a scenario is written as.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    /// Nothing: the key is left out.
    Nothing,
    /// A text.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// A list.
    List(Vec<Out>),
    /// A mapping, in order.
    Map(Vec<(String, Out)>),
}

impl Out {
    /// As block-style YAML.
    pub fn to_yaml(&self) -> String {
        // Writing into a string fails only for values that YAML cannot express, and there are none in `Out`.
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// As JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Nothing => serde_json::Value::Null,
            Self::Text(text) => text.clone().into(),
            Self::Whole(n) => (*n).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => serde_json::Value::Object(entries.iter().map(|(k, v)| (k.clone(), v.to_json())).collect()),
        }
    }
}

impl Serialize for Out {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole(n) => serializer.serialize_u64(*n),
            Self::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| seq.serialize_element(item))?;
                seq.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}
