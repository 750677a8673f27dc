//! What keeps registry and text from saying two things, or nothing that a test could decide.
//!
//! Every rule looks at everything and tells all that it finds; [`all`] runs them all.

mod join;
mod references;
mod registry;
mod sentences;
mod terms;

pub use references::clauses_in;

use crate::{Fault, Registry, Text, root};
use std::path::Path;

/// Everything that is wrong.
pub fn all(registry: &Registry, text: &Text, root: &Path) -> Vec<Fault> {
    let mut faults = registry::check(registry, root);
    faults.extend(join::check(registry, text));
    faults.extend(sentences::check(text));
    faults.extend(references::check(registry, text));
    faults.extend(terms::check(text));
    faults.sort();
    faults
}

/// The same for the workspace that this crate was built in.
pub fn workspace() -> Vec<Fault> {
    match crate::load(&root()) {
        Ok((registry, text)) => {
            let mut faults = all(&registry, &text, &root());
            faults.extend(crate::sync::stale(&registry, &text, &root()));
            faults
        }
        Err(faults) => faults,
    }
}

#[cfg(test)]
mod tests;
