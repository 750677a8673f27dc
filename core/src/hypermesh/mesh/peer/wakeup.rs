//! Why a peer is woken. The parts' reasons lie flat beside each other, which keeps the whole within eight bytes.

use super::super::{hyparview, plumtree, swim};
use crate::base::{Fingerprint, Mixer, NodeId};
use crate::node::BroadcastId;

/// Why a peer is woken: a reason of one of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// For the partial views.
    HyParView(hyparview::Why),
    /// A broadcast that was announced should have come by now.
    Missing(BroadcastId),
    /// The links of the tree are told of a broadcast once more.
    Announce {
        /// Which.
        id: BroadcastId,
        /// The low bits of who gave it.
        giver: u16,
    },
    /// The failure detector's next period begins.
    Probe {
        /// Its number.
        probe: u16,
    },
    /// A direct answer is overdue.
    Answer {
        /// The probe that waits for it.
        probe: u16,
    },
    /// A helper has to say that it got no answer.
    Nack {
        /// Who asked for help.
        origin: NodeId,
        /// The origin's probe.
        probe: u16,
    },
    /// A suspicion's time is over.
    Suspicion {
        /// Who is suspected.
        peer: NodeId,
        /// The stamp of the deadline.
        stamp: u16,
    },
    /// A round of gossip of a cell.
    Gossip,
}

/// A reason with the part that has it.
pub(super) enum Part {
    HyParView(hyparview::Why),
    Plumtree(plumtree::Why),
    Swim(swim::Why),
}

impl From<plumtree::Why> for Wakeup {
    fn from(why: plumtree::Why) -> Self {
        match why {
            plumtree::Why::Missing(id) => Self::Missing(id),
            plumtree::Why::Announce { id, giver } => Self::Announce { id, giver },
        }
    }
}

impl From<swim::Why> for Wakeup {
    fn from(why: swim::Why) -> Self {
        match why {
            swim::Why::Probe { probe } => Self::Probe { probe },
            swim::Why::Answer { probe } => Self::Answer { probe },
            swim::Why::Nack { origin, probe } => Self::Nack { origin, probe },
            swim::Why::Suspicion { peer, stamp } => Self::Suspicion { peer, stamp },
            swim::Why::Gossip => Self::Gossip,
        }
    }
}

impl Wakeup {
    /// Whose reason this is.
    pub(super) fn part(self) -> Part {
        match self {
            Self::HyParView(why) => Part::HyParView(why),
            Self::Missing(id) => Part::Plumtree(plumtree::Why::Missing(id)),
            Self::Announce { id, giver } => Part::Plumtree(plumtree::Why::Announce { id, giver }),
            Self::Probe { probe } => Part::Swim(swim::Why::Probe { probe }),
            Self::Answer { probe } => Part::Swim(swim::Why::Answer { probe }),
            Self::Nack { origin, probe } => Part::Swim(swim::Why::Nack { origin, probe }),
            Self::Suspicion { peer, stamp } => Part::Swim(swim::Why::Suspicion { peer, stamp }),
            Self::Gossip => Part::Swim(swim::Why::Gossip),
        }
    }
}

impl Fingerprint for Wakeup {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match self.part() {
            Part::HyParView(why) => why.fold(mixer.word(0)),
            Part::Plumtree(why) => why.fold(mixer.word(1)),
            Part::Swim(why) => why.fold(mixer.word(2)),
        }
    }
}
