//! SWIM (Das, Gupta, Motivala, DSN 2002) with Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788): who of my group has failed.
//!
//! ```text
//! every period, one member in turn:
//!   Ping ──Ack──▶ alive                        the peer's round trip and coordinate go to the parent
//!    │ no answer in time
//!    ▼
//!   PingRequest to k others ──Relayed──▶ alive
//!    │ only Nacks, or silence                  silence says that I may be the slow one: local health gets worse
//!    ▼
//!   Suspect ──higher incarnation──▶ Alive
//!    │ time is over (the sooner the more others confirm it)
//!    ▼
//!   Failed ──higher incarnation──▶ Alive       only in a cell; a view drops the peer
//! ```
//! **Two scopes.** In a *cell* all members know each other, updates travel on the back of every message (and in a gossip of their own, if wanted),
//! and whoever is held for failed and still speaks is told so, which lets it come back with a higher incarnation. In a *view* the members are the
//! few peers that the parent names. Peers of one node seldom know each other, so an update about a third node would be noise (and a way to harm
//! strangers): the only updates are the accusation, told to the accused, and its answer. A suspect of a view is told each period until it answers
//! or its time is over, and confirmations come from the helpers of the indirect probe: a helper that is well and reached nobody is a witness.
//!
//! **Lifeguard.** Local health (0 is well) stretches the probe interval and the timeout; a nack keeps a failed probe from counting against it. A
//! suspicion lasts max(min, max - (max - min) log(C + 1) / log(K + 1)), and the first K confirmations are told on. A suspect is told first. Each part can
//! be turned off. As in the authors' memberlist, a failed probe costs one point for each helper that stayed silent, and one where there was none.
//!
//! **Promise**: every suspicion that starts ends (refuted, confirmed or dropped) within its time, unless this node stops.
//!
//! Each member costs eight bytes, and a ping and its answer allocate nothing. It lacks, on purpose: joining (the parent, or the cell, knows who
//! belongs), the TCP fallback probe and the full state exchange of memberlist.

mod config;
mod members;
mod message;
mod news;
mod probing;
mod rumours;
mod suspicion;
#[cfg(test)]
mod tests;

pub use config::{CELL_MAX, CONFIRMATIONS_MAX, Config, Gossip, Lifeguard, Scope};
pub use message::{INCARNATION_MAX, Laden, Message, Status, UPDATES_MAX, Update};
pub use suspicion::Patience;

use super::vivaldi::Packed;
use crate::base::{Fingerprint, Mixer, NodeId, Purpose, Span};
use crate::machine::{Cx, Machine};
use crate::node::{Outcome, Tally};
use crate::testing::Defect;
use members::Members;
use probing::{Help, Probe};
use rumours::Rumours;
use suspicion::Suspicion;

/// What can happen to a failure detector.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The node comes up.
    Start,
    /// A message arrives.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: Message,
    },
    /// A peer entered the view. Means nothing in a cell.
    MemberUp(NodeId),
    /// A peer left the view, for whatever reason. Means nothing in a cell.
    MemberDown(NodeId),
    /// The node goes in good order; a cell is told.
    Leave,
}

/// What a failure detector can ask for or tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send a datagram.
    Send {
        /// To whom.
        to: NodeId,
        /// What. The parent may add its coordinate ([`Message::set_coordinate`]).
        message: Message,
    },
    /// Wake me after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
    /// A member is suspected to have failed.
    Suspected(NodeId),
    /// A suspicion ended.
    SuspicionEnded {
        /// Who was suspected.
        peer: NodeId,
        /// How.
        outcome: Outcome,
    },
    /// A member is held for failed. In a view it is not watched any more.
    Failed(NodeId),
    /// A member of a cell said goodbye.
    Left(NodeId),
    /// A member of a cell that was held for gone is back.
    Recovered(NodeId),
    /// A direct answer came.
    Rtt {
        /// From whom.
        peer: NodeId,
        /// How long it took.
        rtt: Span,
        /// Where the peer says it is.
        coordinate: Option<Packed>,
    },
    /// Something that is only counted.
    Tally(Tally),
}

/// Why a failure detector has to be woken. The numbers tell a stale wake-up from a due one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The next period begins.
    Probe {
        /// Its number.
        probe: u16,
    },
    /// The direct answer is overdue.
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
    /// A round of gossip.
    Gossip,
}

/// The state of one node's failure detector. [`Swim::with`] makes it a machine.
#[derive(Clone, Debug)]
pub struct Swim {
    members: Members,
    probe: Probe,
    incarnation: u32,
    /// The local health multiplier: 0 is well.
    health: u8,
    /// The stamp that a suspicion's deadline was given last.
    stamp: u16,
    cold: Option<Box<Cold>>,
}

/// What most nodes of a view do without most of the time.
#[derive(Clone, Debug, Default)]
struct Cold {
    suspicions: Vec<Suspicion>,
    /// Pings in the name of others that wait for their answer.
    helps: Vec<Help>,
    /// Helpers of the current probe, and whether each sent a nack.
    helpers: Vec<(NodeId, bool)>,
    rumours: Rumours,
    /// Whether a round of gossip has been asked for.
    gossiping: bool,
}

/// A failure detector that reacts: its state with what all nodes of its kind share.
#[derive(Debug)]
pub struct Detector<'a> {
    state: &'a mut Swim,
    config: &'a Config,
    planted: Option<Defect>,
}

impl Swim {
    /// A detector that has not started. In a cell it knows all members; in a view nobody.
    pub fn new(config: &Config) -> Self {
        Self { members: Members::new(config.scope), probe: Probe::default(), incarnation: 0, health: 0, stamp: 0, cold: None }
    }

    /// This state as a machine. The configuration has to be the one that it was made with.
    pub const fn with<'a>(&'a mut self, config: &'a Config, planted: Option<Defect>) -> Detector<'a> {
        Detector { state: self, config, planted }
    }

    /// How a member is, as far as is known; nothing for a node that is not watched.
    pub fn status(&self, member: NodeId) -> Option<Status> {
        self.members.get(member).map(|member| member.status())
    }

    /// The members that are watched.
    pub fn watched(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.members.iter().filter(|member| !member.is_gone()).map(|member| member.id)
    }

    /// The local health multiplier: 0 is well.
    pub const fn health(&self) -> u8 {
        self.health
    }

    /// This node's own incarnation.
    pub const fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// How many suspicions run.
    pub fn suspicions(&self) -> usize {
        self.cold.as_ref().map_or(0, |cold| cold.suspicions.len())
    }

    /// What must always hold.
    pub fn check(&self, me: NodeId) -> Result<(), &'static str> {
        if !self.members.is_cell() && self.members.find(me).is_some() {
            return Err("a node watches itself");
        }
        let suspicions = self.cold.as_ref().map_or(&[][..], |cold| &cold.suspicions);
        let known = |suspicion: &Suspicion| self.status(suspicion.peer) == Some(Status::Suspect);
        if !suspicions.iter().all(known) {
            return Err("a suspicion runs against a member that is not suspected");
        }
        if !self.members.is_cell() && self.members.iter().filter(|member| member.status() == Status::Suspect).count() != suspicions.len() {
            return Err("a member is suspected without a suspicion that could end");
        }
        Ok(())
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let cold = self.cold.as_ref().map_or(0, |cold| {
            size_of::<Cold>()
                + cold.suspicions.capacity() * size_of::<Suspicion>()
                + cold.helps.capacity() * size_of::<Help>()
                + cold.helpers.capacity() * size_of::<(NodeId, bool)>()
                + cold.rumours.heap_bytes()
        });
        self.members.heap_bytes() + cold
    }

    fn cold(&mut self) -> &mut Cold {
        self.cold.get_or_insert_with(Box::default)
    }
}

impl Machine for Detector<'_> {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Cx<'_, Effect>) {
        match input {
            Input::Start => self.start(cx),
            Input::Message { from, message } => match message {
                Message::Laden(laden) => {
                    let accused = self.hear_news(from, &laden.updates, cx);
                    self.hear(from, &laden.message, accused, cx);
                }
                plain => self.hear(from, &plain, false, cx),
            },
            Input::MemberUp(peer) => {
                self.state.members.insert(peer, cx);
            }
            Input::MemberDown(peer) => self.drop_member(peer, cx),
            Input::Leave => self.say_goodbye(cx),
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Cx<'_, Effect>) {
        match why {
            Why::Probe { probe } => self.begin_period(probe, cx),
            Why::Answer { probe } => self.ask_for_help(probe, cx),
            Why::Nack { origin, probe } => self.admit_silence(origin, probe, cx),
            Why::Suspicion { peer, stamp } => self.end_patience(peer, stamp, cx),
            Why::Gossip => self.gossip(cx),
        }
    }
}

impl Detector<'_> {
    /// The first period begins at a random moment, so that nodes which start together do not beat together.
    fn start(&mut self, cx: &mut Cx<'_, Effect>) {
        let phase = Span(cx.draw(Purpose::Phase).below(self.config.probe_every.0));
        let next = self.state.probe.number.wrapping_add(1);
        cx.emit(Effect::Wake { after: phase, why: Why::Probe { probe: next } });
    }
}

impl Fingerprint for Why {
    fn fold(&self, mixer: Mixer) -> Mixer {
        let (kind, number, node) = match *self {
            Self::Probe { probe } => (0, probe, 0),
            Self::Answer { probe } => (1, probe, 0),
            Self::Nack { origin, probe } => (2, probe, origin.0),
            Self::Suspicion { peer, stamp } => (3, stamp, peer.0),
            Self::Gossip => (4, 0, 0),
        };
        mixer.word(kind | u64::from(number) << 8 | u64::from(node) << 32)
    }
}
