//! The registry of requirements: one TOML file a clause, and one for ids that were withdrawn.
//!
//! ```toml
//! clause = 6
//! title = "Wire image"
//!
//! [[requirement]]
//! id = "R-6-01"                       # given once, never again
//! level = "shall"                     # the verb of the sentence
//! text = "An integer ... octet first."
//! role = "both"                       # client, server, both
//! profile = "core"                    # core, cache, route, trust, replica
//! kind = "wire"                       # wire, state, timing, content, function, service, document
//! tiers = ["core", "remote"]          # where it can be observed: core, simulated, remote, inspection
//! code = ["core/src/base/wire.rs"]    # what keeps it; empty if nothing does yet
//! defect = "IntegersReversed"         # what breaks it when planted
//! since = 1
//! purposes.valid = "..."
//! purposes.boundary = "..."
//! purposes.invalid = "..."
//! ```

mod built_in;
mod id;
mod load;
mod requirement;

pub use id::Id;
pub use requirement::{Kind, Level, Profile, Purposes, Requirement, Role, Tier};

use serde::Deserialize;

/// The requirements of one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its number.
    pub number: u8,
    /// Its title, as the heading of its text.
    pub title: String,
    /// The file, by its name in the folder of the standard.
    pub file: String,
    /// Its requirements, in the order of their ids.
    pub requirements: Vec<Requirement>,
    /// The line of each.
    lines: Vec<usize>,
}

impl Clause {
    /// The requirements with the lines of their ids.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &Requirement)> {
        self.lines.iter().copied().zip(&self.requirements)
    }
}

/// An id that is not in use any more, and is not given again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// Which.
    pub id: Id,
    /// What it said.
    pub text: String,
    /// Why it went, and where what is left of it stands.
    pub reason: String,
}

/// All requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// In the order of the clauses.
    pub clauses: Vec<Clause>,
    /// Ids that were withdrawn.
    pub withdrawn: Vec<Withdrawn>,
}

/// How many requirements there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of level shall.
    pub shall: usize,
    /// Of level should.
    pub should: usize,
    /// Of level may.
    pub may: usize,
    /// Shalls that can be observed from another machine.
    pub remote: usize,
    /// Shalls that the reference implementation keeps.
    pub built: usize,
}

impl Registry {
    /// Every requirement, in the order of its id.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.clauses.iter().flat_map(|clause| &clause.requirements)
    }

    /// The requirement of that id.
    pub fn get(&self, id: Id) -> Option<&Requirement> {
        self.requirements().find(|requirement| requirement.id == id)
    }

    /// What stands for the registry that this crate was built with: the BLAKE3 digest of its files.
    pub fn digest() -> String {
        built_in::digest()
    }

    /// Whether the id was withdrawn.
    pub fn is_withdrawn(&self, id: Id) -> bool {
        self.withdrawn.iter().any(|gone| gone.id == id)
    }

    /// How many there are.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for requirement in self.requirements() {
            match requirement.level {
                Level::Shall => {
                    counts.shall += 1;
                    counts.remote += usize::from(requirement.tiers.contains(&Tier::Remote));
                    counts.built += usize::from(requirement.is_built());
                }
                Level::Should => counts.should += 1,
                Level::May => counts.may += 1,
            }
        }
        counts
    }
}
