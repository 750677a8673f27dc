//! One vector and its file.

use super::octets::Octets;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};

/// The revision of the standard that new vectors belong to.
pub const REVISION: u16 = 1;

/// What comes of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This comes out.
    Output(Value),
    /// It is a violation, a flaw or a refusal of that name.
    Error(String),
}

impl Outcome {
    /// What comes out, from anything that has members.
    pub fn output(value: impl Serialize) -> Self {
        Self::Output(serde_json::to_value(value).expect("outputs are plain data"))
    }

    /// An error by its name in the standard, which is that of the variant in core.
    pub fn error(name: impl fmt::Debug) -> Self {
        Self::Error(format!("{name:?}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(value) => write!(f, "{value}"),
            Self::Error(name) => write!(f, "the error {name}"),
        }
    }
}

/// A vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// Family and case, with a slash between them.
    pub id: String,
    /// The revision of the standard that it belongs to.
    pub revision: u16,
    /// The requirements that it exercises.
    pub requirements: Vec<String>,
    /// What goes in.
    pub input: Value,
    /// What comes out.
    pub outcome: Outcome,
    /// The octets of the file beside, if there is one.
    pub octets: Option<Vec<u8>>,
}

/// A vector as its file has it, its members in the order of annex D.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    id: String,
    revision: u16,
    requirements: Vec<String>,
    input: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Vector {
    /// The family, which is what stands before the slash.
    pub fn family(&self) -> Option<&str> {
        self.id.split_once('/').map(|(family, _)| family)
    }

    /// The name of the file of octets.
    pub fn file(&self) -> String {
        format!("{}.bin", self.id.rsplit('/').next().unwrap_or_default())
    }

    /// The input in the form of its family.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        T::deserialize(&self.input).map_err(|error| error.to_string())
    }

    /// The octets that an input names.
    pub fn resolve(&self, octets: &Octets) -> Result<Vec<u8>, String> {
        octets.resolve(&self.file(), self.octets.as_deref())
    }

    /// The text of its JSON file.
    pub fn text(&self) -> String {
        let (output, error) = match &self.outcome {
            Outcome::Output(value) => (Some(value.clone()), None),
            Outcome::Error(name) => (None, Some(name.clone())),
        };
        let (id, requirements, input) = (self.id.clone(), self.requirements.clone(), self.input.clone());
        let form = Form { id, revision: self.revision, requirements, input, output, error };
        let mut text = serde_json::to_string_pretty(&form).expect("plain data");
        text.push('\n');
        text
    }

    /// Reads a file, and the one of octets beside it.
    pub fn load(family: &str, path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let form: Form = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let case = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if form.id != format!("{family}/{case}") {
            return Err(format!("it calls itself {}", form.id));
        }
        let outcome = match (form.output, form.error) {
            (Some(value), None) => Outcome::Output(value),
            (None, Some(name)) => Outcome::Error(name),
            _ => return Err("it has either an output or an error".to_owned()),
        };
        let octets = std::fs::read(path.with_extension("bin")).ok();
        let vector = Self { id: form.id, revision: form.revision, requirements: form.requirements, input: form.input, outcome, octets };
        if vector.text() == text {
            Ok(vector)
        } else {
            Err("it is not written as vectors are: members in order, two spaces, one line feed".into())
        }
    }

    /// Writes the vector into the folder of all families, unless it is there. Returns whether it was not.
    pub(super) fn write(&self, folder: &Path) -> Result<bool, String> {
        let path = folder.join(format!("{}.json", self.id));
        let family = self.family().ok_or("its id has no family")?;
        if path.exists() {
            match Self::load(family, &path) {
                Ok(there) if there == *self => return Ok(false),
                Ok(there) if there.revision < self.revision => {}
                _ => return Err("a vector never changes: raise its revision".to_owned()),
            }
        }
        let put = || {
            std::fs::create_dir_all(folder.join(family))?;
            if let Some(octets) = &self.octets {
                std::fs::write(path.with_extension("bin"), octets)?;
            }
            std::fs::write(&path, self.text())
        };
        put().map(|()| true).map_err(|error| error.to_string())
    }
}

/// The JSON files of a family, in the order of their names.
pub(super) fn cases(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    paths
}
