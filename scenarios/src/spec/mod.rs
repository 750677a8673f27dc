//! A scenario as people write it: format version 1, one file per section.
//!
//! Every leaf is an [`At`], a value with its place, so that any later finding can point at the line it is about. Each section is declared once, by
//! `section!`, `choice!` or `words!`; the declaration is the reader, the writer and the JSON Schema, and its doc comments are what editors show.
//!
//! What needs the network's data (names of regions and places, matrices, expressions) is checked where a scenario is resolved:
//! `resolve(scenario: &Scenario, problems: &mut Vec<Problem>) -> Option<Plan>`, with codes `E05xx` and `E06xx`. Everything else is checked before, so a
//! resolver sees shares that add up, groups and faults that exist, and counts that fit.

pub mod beat;
pub mod cpu;
pub mod engine;
pub mod expect;
pub mod faults;
pub mod groups;
pub mod network;
pub mod observe;
pub mod parts;
pub mod stoq;
pub mod time;
mod version;
pub mod workload;

pub use engine::Engine;
pub use expect::{Claim, During, Expect};
pub use faults::Fault;
pub use groups::{Group, Place, Role};
pub use network::{Network, Paths};
pub use observe::Observe;
pub use stoq::Certs;
pub use time::Timing;
pub use version::Version;
pub use workload::Load;

use crate::read::{At, Table, Text, section};
use crate::units::Seed;

section! {
    /// One experiment: what the network is, who is on it, what they do, what goes wrong, and what is expected of them.
    pub struct Scenario, "a scenario", "{version: 1, name: my-run, time: {stop: 60s}, groups: {peer: {role: hypermesh-peer, count: 1_000}}}" {
        /// Version of the format. This is version 1.
        version: At<Version>,
        /// A short name: a letter, then letters, digits, `-` and `_`. It becomes part of the run directory's name.
        name: At<Text>,
        /// What the scenario is for, in a sentence.
        about: At<Text> = "'a scenario'",
        /// Scenarios that this one builds on, in order: `preset:NAME`, or the path of a file relative to this one. Mappings are merged key by key, later
        /// ones win; lists, and choices such as `place` and `paths`, are replaced whole.
        extends: Vec<At<Text>> = "[]",
        /// The seed of everything random: the same scenario with the same seed gives the same answer.
        seed: At<Seed> = "1",
        /// How long the run lasts.
        time: Timing,
        /// What the run may cost.
        engine: Engine = "{}",
        /// Where nodes can be and how datagrams travel.
        network: Network = "{}",
        /// The nodes: groups with the same role, by name.
        groups: At<Table<Group>>,
        /// Certificates of nodes of layer 1. Without it, those of all are good for ever.
        certs: Option<At<Certs>>,
        /// What the applications on the nodes do.
        workload: Vec<At<Load>> = "[]",
        /// What goes wrong, and when.
        faults: Vec<At<Fault>> = "[]",
        /// What to keep of the run.
        observe: Observe = "{}",
        /// What is expected of the run. Its verdict is made of these.
        expect: Vec<At<Expect>> = "[]",
    }
}

impl Scenario {
    /// The same scenario with nothing left to defaults: every part of every role, every value of every access class, and no layers below.
    pub fn spelled_out(&self) -> Self {
        let mut scenario = self.clone();
        scenario.extends.clear();
        for (name, access) in &mut scenario.network.access.value.0 {
            *access = access.spelled_out(name);
        }
        for (_, group) in &mut scenario.groups.value.0 {
            *group = group.spelled_out();
        }
        scenario
    }
}

/// Where a key belongs that stands in the wrong place: the path of a section that has it.
pub(crate) fn home_of(key: &str) -> Option<&'static str> {
    let sections = [
        ("time", Timing::FIELDS),
        ("network", Network::FIELDS),
        ("engine", Engine::FIELDS),
        ("observe", Observe::FIELDS),
        ("groups.NAME", Group::FIELDS),
        ("groups.NAME.hyparview", parts::HyParView::FIELDS),
        ("groups.NAME.plumtree", parts::Plumtree::FIELDS),
        ("groups.NAME.swim", parts::Swim::FIELDS),
        ("groups.NAME.gossip", parts::Gossip::FIELDS),
        ("groups.NAME.join", groups::Join::FIELDS),
        ("certs", Certs::FIELDS),
        ("groups.NAME.cache", stoq::Cache::FIELDS),
        ("groups.NAME.stoq", stoq::Stoq::FIELDS),
        ("groups.NAME.cpu", cpu::Cpu::FIELDS),
    ];
    sections.into_iter().find(|(_, fields)| fields.iter().any(|field| field.key == key)).map(|(path, _)| path)
}
