//! What goes wrong in a plan, each with its time and its target.

use hypermesh_core::base::{NodeId, Span, Time};

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// What happens to nodes, by time, then node.
    pub nodes: Vec<NodeFault>,
    /// What happens to wires, by start.
    pub wires: Vec<WireFault>,
    /// Whose certificates end for good, by time, then node.
    pub certs: Vec<CertFault>,
    /// What goes wrong with disks, by node, then start.
    pub stores: Vec<StoreFault>,
    /// The faults as people wrote them, for plots and for `during`.
    pub bands: Vec<Band>,
}

/// The last certificate of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertFault {
    /// From when on it gets no other.
    pub at: Time,
    /// Who.
    pub node: NodeId,
    /// Those that it has are revoked.
    pub revoked: bool,
}

/// A disk goes wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoreFault {
    /// Whose.
    pub node: NodeId,
    /// When it starts.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// What goes wrong.
    pub what: StoreFaultKind,
    /// Probability that an operation, or a content, is hit.
    pub share: f64,
    /// Its number in the scenario.
    pub fault: u32,
}

/// What can go wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFaultKind {
    /// A read fails.
    ReadError,
    /// Half of what is written is on the disk, which says that all is.
    TornWrite,
    /// A bit of a content is another.
    BitRot,
    /// There is no room.
    Full,
}

/// Something that happens to a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeFault {
    /// When.
    pub at: Time,
    /// To whom.
    pub node: NodeId,
    /// What.
    pub what: NodeFaultKind,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NodeFaultKind {
    /// It stops at once and forgets everything.
    Crash,
    /// It says goodbye, then stops.
    Leave,
    /// It comes up with nothing remembered.
    Restart,
    /// It does nothing until the given moment; what arrives meanwhile waits.
    Pause {
        /// When it goes on.
        until: Time,
    },
    /// From now on its clock runs `drift_ppm` parts per million fast (negative: slow), after a jump of `step`.
    Skew {
        /// The jump forward.
        step: Span,
        /// Parts per million.
        drift_ppm: i32,
    },
}

/// Something that happens to wires for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct WireFault {
    /// When it starts.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// Which wires.
    pub scope: WireScope,
    /// What.
    pub what: WireFaultKind,
}

/// Which wires a fault is about.
#[derive(Clone, Debug, PartialEq)]
pub enum WireScope {
    /// All.
    All,
    /// Those that begin or end in one of these regions.
    Touching(RegionSet),
    /// Those between the two sides, in both directions.
    Across(Side),
    /// Those from the first set of regions to the second, in this direction only.
    OneWay(RegionSet, RegionSet),
}

/// A set of regions, one flag a region.
pub type RegionSet = Vec<bool>;

/// One of two sides.
#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    /// The nodes of these regions against the others.
    Regions(RegionSet),
    /// A share of all nodes against the others, chosen by a hash of the node with `salt`.
    Share {
        /// Keys the choice.
        salt: u64,
        /// Share of the first side, 0 to 1.
        share: f64,
    },
}

impl Side {
    /// Whether the node is on the first side.
    pub fn contains(&self, node: NodeId, region: u16) -> bool {
        match self {
            Self::Regions(set) => set.get(usize::from(region)).copied().unwrap_or(false),
            Self::Share { salt, share } => {
                let unit = hypermesh_core::base::digest::mix(salt ^ u64::from(node.0)) >> 11;
                (unit as f64) < share * (1u64 << 53) as f64
            }
        }
    }
}

/// What can happen to wires.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WireFaultKind {
    /// Nothing passes.
    Cut,
    /// More is lost, with this probability.
    Loss(f64),
    /// Everything takes longer: the path's delay times `factor`, plus `extra`.
    Slow {
        /// At least 1.
        factor: f64,
        /// Added.
        extra: Span,
    },
    /// More arrives twice, with this probability.
    Duplicate(f64),
    /// More is held back, with this probability.
    Reorder(f64),
}

/// A fault as people wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its name: given, or made of its kind and number (`churn-1`).
    pub name: String,
    /// Its kind (`churn`, `region_loss`).
    pub kind: String,
    /// When it starts.
    pub from: Time,
    /// When it ends.
    pub until: Time,
}
