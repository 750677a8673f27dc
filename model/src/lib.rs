//! Small worlds of the real machines, explored whole.
//!
//! A simulation tries many histories and cannot say what it missed. Here the worlds are so small that every history fits: two sessions and one connection;
//! an origin, a cache and a client; an issuer, a holder and a guard; four routers. What moves in them is the code of [`hypermesh_core`] itself, not a
//! description of it. [Stateright](https://docs.rs/stateright) visits every state that the machines, the network between them and the clocks can reach, and
//! asks in each whether the promises hold.
//!
//! ```text
//!  state ──actions──▶ what may happen next: a message arrives, time passes, a connection is cut, somebody asks
//!    ▲                        │
//!    └── machines react ◀─────┘        always: in every state · sometimes: in one · eventually: at the end of every way
//! ```
//! [`held`] makes machines parts of a state, [`mod@line`] is the network, [`run`] checks and reports in words. Each world has a module of its own with its bounds,
//! its promises and what it leaves out. What was found holds within those bounds and says nothing beyond them; `docs/guide/model-checking.md` tells more.

#![forbid(unsafe_code)]

pub mod certs;
pub mod held;
pub mod line;
pub mod purge;
pub mod routing;
pub mod run;
pub mod session;

use hypermesh_core::testing::{Breach, Defect};
use run::{Effort, Report};

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What a test can afford: a second or so without much optimisation.
    Small,
    /// What the command explores: a minute or two.
    Large,
}

/// A world that can be explored by name.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Its name on the command line.
    pub name: &'static str,
    /// Explores it, in one or more settings.
    pub explore: fn(Size, Effort, Seed) -> Vec<Report>,
    /// Faults that are found in it.
    pub seeds: &'static [Found],
}

/// A fault, the promise that it breaks, and in which bounds that is found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// What is planted.
    pub seed: Seed,
    /// What it breaks.
    pub breaks: &'static str,
    /// Where.
    pub within: Size,
}

impl Found {
    /// A fault that is found within small bounds.
    pub const fn small(seed: Seed, breaks: &'static str) -> Self {
        Self { seed, breaks, within: Size::Small }
    }

    /// A fault that is found within large bounds only.
    pub const fn large(seed: Seed, breaks: &'static str) -> Self {
        Self { seed, breaks, within: Size::Large }
    }
}

impl World {
    /// Plants a fault, and gives the first way found to the promise that it breaks.
    pub fn find(&self, found: &Found, effort: Effort) -> Option<Vec<String>> {
        let reports = (self.explore)(found.within, Effort { first_failure: true, ..effort }, found.seed);
        reports.iter().find_map(|report| report.way(found.breaks)).map(<[String]>::to_vec)
    }
}

/// Every world.
pub const WORLDS: [World; 4] = [session::WORLD, purge::WORLD, certs::WORLD, routing::WORLD];

/// A fault that is planted in the machines, so that a run can show that the checker finds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seed {
    /// A breach of the standard, switched on for every machine of the world.
    pub breach: Option<Breach>,
    /// A planted defect, where the configuration of a machine has room for one.
    pub defect: Option<Defect>,
}

impl Seed {
    /// No fault at all.
    pub const NONE: Self = Self { breach: None, defect: None };

    /// This breach.
    pub const fn breach(breach: Breach) -> Self {
        Self { breach: Some(breach), defect: None }
    }

    /// This defect.
    pub const fn defect(defect: Defect) -> Self {
        Self { breach: None, defect: Some(defect) }
    }

    /// Its name; none if nothing is planted.
    pub fn name(self) -> Option<String> {
        self.breach.map(|breach| format!("{breach:?}")).or(self.defect.map(|defect| format!("{defect:?}")))
    }

    /// Lets machines react with the breach on. The checker has threads of its own, so it is switched on around every single step.
    pub fn within<T>(self, what: impl FnOnce() -> T) -> T {
        #[cfg(feature = "seeded")]
        return hypermesh_core::testing::breach::within(self.breach, what);
        #[cfg(not(feature = "seeded"))]
        what()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_planted_fault_breaks_its_promise_and_the_way_is_told() {
        for world in WORLDS {
            for found in world.seeds.iter().filter(|found| found.within == Size::Small) {
                let name = found.seed.name().expect("something is planted");
                let way = world.find(found, Effort::default()).unwrap_or_else(|| panic!("{name} breaks \"{}\"", found.breaks));
                println!("{} with {name} breaks \"{}\": {way:#?}", world.name, found.breaks);
                assert!(way.len() > 1 && way.iter().all(|step| !step.is_empty()), "{name}: {way:#?}");
            }
        }
    }
}
