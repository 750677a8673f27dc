//! From a scenario file to a checked [`Scenario`]: its layers found and merged, overrides applied, every section read, every rule checked.

mod layers;
mod merge;
mod overrides;
mod presets;
#[cfg(test)]
mod tests;

pub use overrides::Overrides;
pub use presets::PRESETS;

use crate::check;
use crate::problem::{Problem, Report, Severity};
use crate::read::{Node, Reader, Shape, Source, Sources};
use crate::spec::Scenario;
use std::path::Path;

/// A scenario that can be resolved.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// What may not be as meant.
    pub warnings: Vec<Problem>,
    /// The texts that it was read from; the first is the scenario file.
    pub sources: Sources,
}

/// Reads a scenario file and checks it. All problems are reported at once.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Loaded, Report> {
    let mut layers = layers::Layers::default();
    let tree = layers.file(path);
    finish(tree, layers, overrides)
}

/// Reads a scenario from a text, which messages call `name`. Relative paths start at the current folder.
pub fn load_text(name: &str, text: &str, overrides: &Overrides) -> Result<Loaded, Report> {
    let mut layers = layers::Layers::default();
    let source = Source { name: name.to_owned(), text: text.to_owned(), folder: Some(".".into()) };
    let tree = layers.text(source);
    finish(tree, layers, overrides)
}

/// Applies overrides, reads the tree and checks what it says.
fn finish(tree: Option<Node>, layers: layers::Layers, overrides: &Overrides) -> Result<Loaded, Report> {
    let (mut sources, mut problems) = (layers.sources, layers.problems);
    let Some(mut tree) = tree else { return Err(Report::new(problems, sources)) };
    overrides.apply(&mut tree, &mut sources, &mut problems);
    let mut reader = Reader::new(&sources);
    let scenario = Scenario::read(&tree, &mut reader);
    problems.append(&mut reader.problems);
    if let Some(scenario) = &scenario {
        check::check(scenario, &mut problems);
    }
    if problems.iter().any(|p| p.severity() == Severity::Error) {
        return Err(Report::new(problems, sources));
    }
    let report = Report::new(problems, sources);
    match scenario {
        Some(scenario) => Ok(Loaded { scenario, warnings: report.problems, sources: report.sources }),
        None => Err(report),
    }
}

impl Loaded {
    /// The warnings as a report.
    pub fn report(&self) -> Report {
        Report::new(self.warnings.clone(), self.sources.clone())
    }

    /// The same, unless there are warnings.
    pub fn deny_warnings(self) -> Result<Self, Report> {
        if self.warnings.is_empty() { Ok(self) } else { Err(self.report()) }
    }

    /// The merged scenario with every default written out, as block-style YAML that loads as the same scenario.
    pub fn resolved_yaml(&self) -> String {
        self.scenario.spelled_out().write().to_yaml()
    }
}
