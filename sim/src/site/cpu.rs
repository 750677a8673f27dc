//! The processor of a site: what work costs, and who waits for which core.
//!
//! ```text
//!  what arrives ──────────────────┐                              ┌─▶ the connection takes it in
//!                                 ├─▶ peer ─ waits ─▶ core, busy ┤
//!  a connection that has to send ─┘     ▲          more work ────┴─▶ the wires
//!                                       └──────────────┘
//! ```
//! quinn drives a connection in one task, and the runtime gives a task that is ready to any worker that is idle: so what a peer says and is told is the
//! work of one core at a time, and of whichever is free. Peers that have work wait in one queue, first come, first served; a core takes one piece of the
//! first peer's work, a flight or a datagram that arrived, or one turn of a connection, and the peer queues again if it has more. A turn runs timers and
//! sends what quinn sends before it lets others go on. So what a connection sends waits in the connection and not in a queue, and windows and pacing see
//! the core as a part of the path.
//!
//! Work is done when its time is over: what arrived is taken in then, what is sent leaves then. Handshakes and requests are owed, and paid with the peer's
//! next piece of work. It leaves out, on purpose: the cost of changing cores, the finite buffer of a socket, interrupts, and the work of timers, disks and
//! jobs.

use super::parcel::Parcel;
use hypermesh_core::base::{Load, NodeId, Span, Time};
use hypermesh_scenarios::plan::{Costs, Cpu};
use std::collections::{BTreeMap, VecDeque};

/// Packets that the network card takes at once (quinn 0.11.12 asks it for so many segments).
const BATCH_PACKETS: u32 = 10;
/// Packets that a connection sends before it lets others go on, unless its last flight has more (quinn 0.11.12).
pub(super) const TURN_PACKETS: u32 = 20;
/// What the costs by size are told for.
const GIGABYTE: u64 = 1_000_000_000;

/// The processor of a site.
#[derive(Debug)]
pub(super) struct Processor {
    costs: Costs,
    cores: Vec<Core>,
    /// Peers that have work and are nobody's, in the order in which they came.
    ready: VecDeque<NodeId>,
    peers: BTreeMap<NodeId, Peer>,
}

#[derive(Debug, Default)]
struct Core {
    doing: Option<Doing>,
    /// When the last piece of work was or will be done.
    until: Time,
    /// All work so far.
    busy: Span,
}

/// The work that there is for a peer.
#[derive(Debug, Default)]
struct Peer {
    /// What waits, with the moment since when.
    tasks: VecDeque<(Task, Time)>,
    /// To be paid with the next piece of work.
    owed: Span,
    /// It is ready, or a core works for it.
    is_engaged: bool,
}

/// A piece of work that waits.
#[derive(Debug)]
pub(super) enum Task {
    /// Something arrived from a peer.
    Arrived(NodeId, Parcel),
    /// A connection may have something to send.
    Turn(u64),
}

/// What comes of a piece of work.
#[derive(Debug)]
pub(super) enum Deed {
    /// Something that arrived is taken in.
    Arrived(NodeId, Parcel),
    /// Something leaves, after which the connection has its next turn.
    Sent(u64, NodeId, Vec<Parcel>),
}

#[derive(Debug)]
struct Doing {
    peer: NodeId,
    deed: Deed,
    took: Span,
    waited: Span,
}

/// A piece of work that is a core's now.
#[derive(Debug)]
pub(super) struct Turned {
    /// Which core.
    pub(super) core: usize,
    /// For whom.
    pub(super) peer: NodeId,
    /// What.
    pub(super) task: Task,
    /// Since when it waited.
    pub(super) since: Time,
}

/// A piece of work that is done.
#[derive(Debug)]
pub(super) struct Done {
    /// What comes of it.
    pub(super) deed: Deed,
    /// How long it took.
    pub(super) took: Span,
    /// How long it had waited before.
    pub(super) waited: Span,
}

impl Processor {
    pub(super) fn new(cpu: Cpu) -> Self {
        let cores = (0..cpu.cores.max(1)).map(|_| Core::default()).collect();
        Self { costs: cpu.costs, cores, ready: VecDeque::new(), peers: BTreeMap::new() }
    }

    /// A handshake with a peer is owed.
    pub(super) fn begins(&mut self, peer: NodeId) {
        self.owe(peer, self.costs.handshake);
    }

    /// A request is owed.
    pub(super) fn requested(&mut self, peer: NodeId) {
        self.owe(peer, self.costs.request);
    }

    /// Something that is sent out of turn is owed.
    pub(super) fn sent_out_of_turn(&mut self, peer: NodeId, parcel: &Parcel) {
        self.owe(peer, self.cost_to_send(std::slice::from_ref(parcel)));
    }

    fn owe(&mut self, peer: NodeId, cost: Span) {
        let peer = self.peers.entry(peer).or_default();
        peer.owed = peer.owed + cost;
    }

    /// Queues a piece of work for a peer.
    pub(super) fn queue(&mut self, peer: NodeId, task: Task, now: Time) {
        let of = self.peers.entry(peer).or_default();
        of.tasks.push_back((task, now));
        if !std::mem::replace(&mut of.is_engaged, true) {
            self.ready.push_back(peer);
        }
    }

    /// The next piece of work for a core that has nothing to do. The caller lets the core begin, or releases the peer.
    pub(super) fn next(&mut self) -> Option<Turned> {
        let core = self.cores.iter().position(|core| core.doing.is_none())?;
        loop {
            let peer = self.ready.pop_front()?;
            match self.peers.get_mut(&peer).and_then(|of| of.tasks.pop_front()) {
                Some((task, since)) => return Some(Turned { core, peer, task, since }),
                None => self.release(peer),
            }
        }
    }

    /// Nobody works for a peer any more: it waits for the next core, or rests if there is nothing to do.
    pub(super) fn release(&mut self, peer: NodeId) {
        let Some(of) = self.peers.get_mut(&peer) else { return };
        if !of.tasks.is_empty() {
            return self.ready.push_back(peer);
        }
        of.is_engaged = false;
        if of.owed == Span::ZERO {
            self.peers.remove(&peer);
        }
    }

    /// A core begins a piece of work that waited since then; how long it takes.
    pub(super) fn begin(&mut self, core: usize, peer: NodeId, deed: Deed, since: Time, now: Time) -> Span {
        let cost = match &deed {
            Deed::Arrived(_, parcel) => self.cost_to_receive(parcel),
            Deed::Sent(_, _, parcels) => self.cost_to_send(parcels),
        };
        let owed = self.peers.get_mut(&peer).map_or(Span::ZERO, |of| std::mem::take(&mut of.owed));
        let core = &mut self.cores[core];
        let took = cost + owed;
        core.until = now + took;
        core.doing = Some(Doing { peer, deed, took, waited: now.since(since) });
        took
    }

    /// A core is done. None if it did nothing.
    pub(super) fn done(&mut self, core: usize) -> Option<Done> {
        let core = self.cores.get_mut(core)?;
        let Doing { peer, deed, took, waited } = core.doing.take()?;
        core.busy = core.busy + took;
        self.release(peer);
        Some(Done { deed, took, waited })
    }

    /// Whether nothing waits and nobody works.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.cores.iter().all(|core| core.doing.is_none())
    }

    fn cost_to_receive(&self, parcel: &Parcel) -> Span {
        if parcel.only_acknowledges() {
            return self.costs.receive_packet;
        }
        let packets = parcel.datagrams();
        let arrived = packets - parcel.lost().count_ones().min(packets);
        let bytes = parcel.load_bytes() as u64 * u64::from(arrived) / u64::from(packets.max(1));
        by_packet(self.costs.receive_packet, arrived) + by_size(self.costs.receive_gigabyte, bytes)
    }

    /// What is sent together goes to the network card in as few batches as it takes. The acknowledgements of a flight count as one packet, that goes alone:
    /// a receiver that works off a burst at once answers it once (measured: one in 118 packets), whatever the wires are charged.
    fn cost_to_send(&self, parcels: &[Parcel]) -> Span {
        let (mut packets, mut alone, mut bytes) = (0, 0, 0);
        for parcel in parcels {
            if parcel.only_acknowledges() {
                alone += 1;
            } else {
                packets += parcel.datagrams();
                bytes += parcel.load_bytes() as u64;
            }
        }
        by_packet(self.costs.send_batch, packets.div_ceil(BATCH_PACKETS) + alone)
            + by_packet(self.costs.send_packet, packets + alone)
            + by_size(self.costs.send_gigabyte, bytes)
    }

    /// What must always hold; the text names the broken promise.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.cores.iter().any(|core| core.busy.0 > core.until.0) {
            return Err("a core works no longer than there is time");
        }
        let mut served: Vec<NodeId> = self.cores.iter().filter_map(|core| core.doing.as_ref().map(|doing| doing.peer)).collect();
        let working = served.len();
        served.sort_unstable();
        served.dedup();
        if served.len() < working { Err("two cores never work for one peer at a time") } else { Ok(()) }
    }

    /// Bytes on the heap, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        let queued: usize = self.peers.values().map(|peer| peer.tasks.capacity()).sum();
        let peers = self.peers.len() * (size_of::<Peer>() * 3 / 2 + 4) + self.ready.capacity() * 4;
        size_of::<Self>() + self.cores.len() * size_of::<Core>() + queued * size_of::<(Task, Time)>() + peers
    }
}

const fn by_packet(cost: Span, packets: u32) -> Span {
    Span(cost.0 * packets as u64)
}

const fn by_size(cost: Span, bytes: u64) -> Span {
    Span((cost.0 as u128 * bytes as u128 / GIGABYTE as u128) as u64)
}
