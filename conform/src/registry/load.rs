//! From files to a registry, with everything that is wrong told at once.

use super::{Clause, Registry, Requirement, Withdrawn};
use crate::fault::Fault;
use std::path::Path;
use toml::{Table, Value};

/// The file of the ids that were withdrawn.
const WITHDRAWN: &str = "withdrawn.toml";

impl Registry {
    /// Reads a folder of TOML files. A requirement that cannot be read does not hide the others.
    pub fn load(folder: &Path) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let files = files(folder, &mut faults);
        let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Self::read(files, faults)
    }

    /// The registry that this crate was built with, wherever it runs.
    ///
    /// # Panics
    /// If the files that were built in cannot be read, which the tests of this crate rule out.
    pub fn built_in() -> Self {
        Self::read(super::built_in::FILES.iter().copied(), Vec::new())
            .unwrap_or_else(|faults| panic!("the registry that was built in: {faults:?}"))
    }

    fn read<'a>(files: impl Iterator<Item = (&'a str, &'a str)>, mut faults: Vec<Fault>) -> Result<Self, Vec<Fault>> {
        let mut registry = Self { clauses: Vec::new(), withdrawn: Vec::new() };
        for (name, text) in files {
            if name.ends_with(WITHDRAWN) {
                registry.withdrawn = withdrawn(name, text, &mut faults);
            } else {
                registry.clauses.extend(clause(name, text, &mut faults));
            }
        }
        registry.clauses.sort_by_key(|clause| clause.number);
        if faults.is_empty() { Ok(registry) } else { Err(faults) }
    }
}

/// The TOML files of a folder by name, in order.
fn files(folder: &Path, faults: &mut Vec<Fault>) -> Vec<(String, String)> {
    let shown = folder.display().to_string();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            faults.push(Fault::new(&shown, 0, error.to_string()));
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    let mut read = Vec::new();
    for name in names {
        match std::fs::read_to_string(folder.join(&name)) {
            Ok(text) => read.push((format!("registry/{name}"), text)),
            Err(error) => faults.push(Fault::new(&name, 0, error.to_string())),
        }
    }
    read
}

/// One file as a table.
fn table(name: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Table> {
    text.parse::<Table>()
        .map_err(|error| {
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            faults.push(Fault::new(name, line, error.message()));
        })
        .ok()
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The lines on which tables of a kind begin: those of their ids.
fn id_lines(text: &str) -> Vec<usize> {
    let numbered = text.lines().enumerate().filter(|(_, line)| line.starts_with("id = "));
    numbered.map(|(index, _)| index + 1).collect()
}

/// The tables of an array, each read on its own.
fn entries<'de, T: serde::Deserialize<'de>>(
    name: &str,
    text: &str,
    key: &str,
    table: &mut Table,
    faults: &mut Vec<Fault>,
) -> Vec<(usize, T)> {
    let found = match table.remove(key) {
        Some(Value::Array(found)) => found,
        Some(_) => {
            faults.push(Fault::new(name, 0, format!("`{key}` is a list of tables")));
            return Vec::new();
        }
        None => return Vec::new(),
    };
    let lines = id_lines(text);
    let mut read = Vec::new();
    for (index, value) in found.into_iter().enumerate() {
        let line = lines.get(index).copied().unwrap_or(0);
        match value.try_into() {
            Ok(entry) => read.push((line, entry)),
            Err(error) => faults.push(Fault::new(name, line, error.to_string().trim().replace('\n', " "))),
        }
    }
    read
}

fn clause(name: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Clause> {
    let mut table = table(name, text, faults)?;
    let number = table.remove("clause").and_then(|value| value.as_integer()).and_then(|number| u8::try_from(number).ok());
    let title = table.remove("title").and_then(|value| value.as_str().map(str::to_owned));
    let found: Vec<(usize, Requirement)> = entries(name, text, "requirement", &mut table, faults);
    for key in table.keys() {
        faults.push(Fault::new(name, 0, format!("`{key}` is not a key of a clause")));
    }
    let (Some(number), Some(title)) = (number, title) else {
        faults.push(Fault::new(name, 0, "a clause has `clause`, its number, and `title`"));
        return None;
    };
    let (lines, requirements) = found.into_iter().unzip();
    Some(Clause { number, title, file: name.to_owned(), requirements, lines })
}

fn withdrawn(name: &str, text: &str, faults: &mut Vec<Fault>) -> Vec<Withdrawn> {
    let Some(mut table) = table(name, text, faults) else { return Vec::new() };
    entries(name, text, "withdrawn", &mut table, faults).into_iter().map(|(_, gone)| gone).collect()
}
