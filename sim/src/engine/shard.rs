//! A shard: a range of the world's nodes with their queue, driven by one thread at a time.

use super::cell::Odd;
use super::order::Sorter;
use super::prefetch::prefetch;
use super::{Action, Cell, Event, Home, What, Wheel};
use crate::network::access::Arrival;
use crate::network::{End, Verdict, Wires};
use hypermesh_core::base::{Dice, Load, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx};
use hypermesh_core::node::{Command, Contacts, Effect, Fact, Input, Node};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan, Revision};
use hypermesh_scenarios::trace::Fate;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// An event of a node type.
pub type EventOf<N> = Event<<N as Node>::Message, <N as Node>::Wakeup>;

/// Somebody who sees all that happens in a shard, and changes nothing.
pub trait Observer<N: Node>: Send {
    /// Whether a bin of time ends at or before `now`, unless that was seen already. Everything that was sent before the end has to be told first.
    fn turns(&self, now: u64) -> bool;
    /// An event is handled; `key` is its fingerprint.
    fn event(&mut self, event: &EventOf<N>, node: NodeId, key: u64);
    /// A datagram was sent.
    fn sent(&mut self, now: u64, cell: &Cell<N>, to: NodeId, bytes: u32, seq: u32, verdict: Verdict);
    /// A datagram was handed to a node.
    fn delivered(&mut self, now: u64, cell: &Cell<N>, from: NodeId, seq: u32);
    /// A datagram that had crossed the path was dropped before its receiver saw it.
    fn dropped(&mut self, now: u64, cell: &Cell<N>, from: NodeId, seq: u32, fate: Fate);
    /// A deadline of a node was due.
    fn woken(&mut self, now: u64, cell: &Cell<N>);
    /// A node came up or went down.
    fn lived(&mut self, now: u64, cell: &Cell<N>);
    /// The plan did something to a node.
    fn acted(&mut self, now: u64, cell: &Cell<N>, action: Action);
    /// A node said something to remember.
    fn fact(&mut self, now: u64, cell: &Cell<N>, fact: &Fact);
    /// Called after a node has reacted, if it said anything to remember.
    fn reacted(&mut self, now: u64, cell: &Cell<N>);
}

/// What all shards of a world share.
pub struct ShardSetup<'a, N: Node> {
    /// The plan.
    pub plan: &'a Plan,
    /// The wires.
    pub wires: &'a Wires,
    /// Where each node is, by id.
    pub homes: &'a [Home],
    /// First rank of each shard, and one past the last rank at the end.
    pub cuts: &'a [u32],
    /// What the nodes of each group have in common.
    pub configs: &'a [Arc<N::Config>],
    /// Finds nodes to join through: (node, life, now in ns).
    pub contacts: &'a (dyn Fn(NodeId, u16, u64, &mut Dice) -> Contacts + Sync),
    /// A number that differs from run to run, for the planted source of non-determinism; unused otherwise.
    pub jinx: u64,
}

type Key<N> = Reverse<Late<EventOf<N>>>;

/// An event that fell into the slot that is being handled.
#[derive(Debug)]
struct Late<E> {
    salt: u64,
    event: E,
}

impl<M, W> PartialEq for Late<Event<M, W>> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<M, W> Eq for Late<Event<M, W>> {}
impl<M, W> PartialOrd for Late<Event<M, W>> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<M, W> Ord for Late<Event<M, W>> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.event.order(&other.event, self.salt)
    }
}

/// A range of nodes with their queue.
pub struct Shard<'a, N: Node, O> {
    cells: Vec<Cell<N>>,
    loom: Loom<'a, N, O>,
    /// The events of the slot that is being handled; each is taken out in its turn.
    slot: Vec<Option<EventOf<N>>>,
    /// Their order: time within the slot above the index.
    order: Vec<u64>,
    sorter: Sorter,
}

/// Everything of a shard but its nodes, so that a node and the rest can be held at once.
struct Loom<'a, N: Node, O> {
    setup: &'a ShardSetup<'a, N>,
    wires: &'a Wires,
    homes: &'a [Home],
    /// First rank of these nodes, and one past the last.
    ranks: (u32, u32),
    salt: u64,
    /// What the plan does to these nodes, latest first.
    agenda: Vec<(u64, u32, Action)>,
    wheel: Wheel<EventOf<N>>,
    late: BinaryHeap<Key<N>>,
    /// End of the slot that is being handled; what falls before it is late.
    slot_end: u64,
    outboxes: Vec<Vec<EventOf<N>>>,
    /// Events past the end of the run.
    beyond: Vec<EventOf<N>>,
    odd: BTreeMap<u32, Odd>,
    /// What waits for paused nodes, by their ids.
    held: BTreeMap<u32, Vec<EventOf<N>>>,
    dice: Dice,
    effects: Vec<Effect<N::Message, N::Wakeup>>,
    parcels: Vec<Parcel<N::Message>>,
    observer: O,
    events: u64,
    delivered: u64,
}

/// A datagram that a node has sent, before the wires decide about it. Its receiver's home is on its way from memory meanwhile. Once they have, the
/// moment is that of its arrival, the rank is the receiver's and the id the sender's.
struct Parcel<M> {
    at: u64,
    rank: u32,
    seq: u32,
    to: NodeId,
    message: M,
}

/// The moment of arrival of what does not arrive.
const LOST: u64 = u64::MAX;

/// How many datagrams are collected before the wires decide about them.
const PARCELS: usize = 16;
/// How many events ahead a node is asked for from memory.
const AHEAD: usize = 8;

impl<'a, N: Node, O: Observer<N>> Shard<'a, N, O> {
    /// Shard number `index`. `agenda` is what the plan does to its nodes, as (ns, rank, action) in any order; `shift` is the width of a slot.
    pub fn new(
        setup: &'a ShardSetup<'a, N>,
        index: usize,
        ids: &[NodeId],
        agenda: Vec<(u64, u32, Action)>,
        shift: u32,
        observer: O,
    ) -> Self {
        let cell = |id: &NodeId| {
            let home = setup.homes[id.index()];
            let node = N::new(&setup.configs[setup.plan.group_of(*id)]);
            Cell {
                up_free: 0,
                down_free: 0,
                id: *id,
                rank: home.rank,
                seq: 0,
                draws: 0,
                life: 0,
                place: home.place,
                access: home.access,
                up: false,
                odd: false,
                node,
            }
        };
        // What lies past the end never comes, and must not keep the last slot busy.
        let mut agenda: Vec<_> = agenda.into_iter().filter(|(at, ..)| *at < setup.plan.stop.0).collect();
        agenda.sort_unstable_by(|a, b| b.cmp(a));
        let key = SeedKey::new(setup.plan.seed);
        let loom = Loom {
            setup,
            wires: setup.wires,
            homes: setup.homes,
            ranks: (setup.cuts[index], setup.cuts[index + 1]),
            salt: key.salt(),
            agenda,
            wheel: Wheel::new(shift),
            late: BinaryHeap::new(),
            slot_end: 0,
            outboxes: setup.cuts.windows(2).map(|_| Vec::new()).collect(),
            beyond: Vec::new(),
            odd: BTreeMap::new(),
            held: BTreeMap::new(),
            dice: Dice::new(key),
            effects: Vec::new(),
            parcels: Vec::new(),
            observer,
            events: 0,
            delivered: 0,
        };
        Self { cells: ids.iter().map(cell).collect(), loom, slot: Vec::new(), order: Vec::new(), sorter: Sorter::default() }
    }

    /// When the shard's first slot that holds anything begins, in ns.
    pub fn next(&self) -> Option<u64> {
        let width = self.loom.wheel.width();
        let agenda = self.loom.agenda.last().map(|(at, ..)| at / width * width);
        [agenda, self.loom.wheel.next_slot()].into_iter().flatten().min()
    }

    /// Handles every event before `end`, which is a multiple of the slot width (or the end of the run).
    pub fn run_until(&mut self, end: u64) {
        while let Some(start) = self.next().filter(|start| *start < end) {
            self.run_slot(start, end);
        }
    }

    fn run_slot(&mut self, start: u64, end: u64) {
        let mut slot = std::mem::take(&mut self.slot);
        let slot_end = (start + self.loom.wheel.width()).min(end);
        self.loom.slot_end = slot_end;
        self.loom.wheel.take_slot(start, &mut slot);
        self.loom.take_agenda(slot_end, &mut slot);
        if slot_end < start + self.loom.wheel.width() {
            // The run ends within this slot: what comes later stays under way.
            let beyond = slot.extract_if(.., |event| event.as_ref().is_some_and(|event| event.at >= slot_end));
            self.loom.beyond.extend(beyond.flatten());
        }
        let mut order = std::mem::take(&mut self.order);
        self.sorter.sort(&slot, start, self.loom.wheel.width(), self.loom.salt, &mut order);
        let (first, _) = self.loom.ranks;
        // What was sent before the end of a bin is counted before it.
        let least = if self.loom.observer.turns(slot_end.saturating_sub(1)) { 1 } else { PARCELS };
        for (position, key) in order.iter().enumerate() {
            if let Some(event) = order.get(position + AHEAD).and_then(|key| slot[*key as u32 as usize].as_ref()) {
                prefetch(&self.cells[(event.dst - first) as usize]);
            }
            let Some(event) = slot[*key as u32 as usize].take() else { continue };
            while let Some(late) = self.loom.late_before(&event) {
                self.run_one(late, first, least);
            }
            self.run_one(event, first, least);
        }
        while let Some(Reverse(late)) = self.loom.late.pop() {
            self.run_one(late.event, first, least);
        }
        self.loom.ship(&mut self.cells, first, 1);
        slot.clear();
        (self.slot, self.order) = (slot, order);
    }

    #[inline(always)]
    fn run_one(&mut self, event: EventOf<N>, first: u32, least: usize) {
        self.loom.ship(&mut self.cells, first, least);
        self.loom.step(&mut self.cells[(event.dst - first) as usize], event);
    }

    /// Events for other shards since the last call, one list a shard; the caller empties them.
    pub const fn outboxes(&mut self) -> &mut Vec<Vec<EventOf<N>>> {
        &mut self.loom.outboxes
    }

    /// Takes in events from another shard. All of them lie at or after the end of the last window.
    pub fn accept(&mut self, events: &mut Vec<EventOf<N>>) {
        for event in events.drain(..) {
            self.loom.wheel.push(event);
        }
    }

    /// Events handled and datagrams delivered so far.
    pub const fn progress(&self) -> (u64, u64) {
        (self.loom.events, self.loom.delivered)
    }

    /// Bytes held by nodes and queue.
    pub fn bytes(&self) -> usize {
        let heap: usize = self.cells.iter().map(|cell| cell.node.heap_bytes()).sum();
        heap + self.cells.capacity() * size_of::<Cell<N>>() + self.queue_bytes()
    }

    /// Bytes held by the queue and its helpers.
    pub fn queue_bytes(&self) -> usize {
        let boxes: usize = self.loom.outboxes.iter().map(Vec::capacity).sum();
        self.loom.wheel.bytes()
            + (boxes + self.slot.capacity()) * size_of::<EventOf<N>>()
            + self.order.capacity() * 8
            + self.sorter.bytes()
            + self.loom.held.values().map(Vec::capacity).sum::<usize>() * size_of::<EventOf<N>>()
            + self.loom.agenda.capacity() * 24
    }

    /// The end: the nodes, the observer and the datagrams that are still under way.
    pub fn finish(self) -> (Vec<Cell<N>>, O, Vec<(u32, NodeId)>) {
        let under_way =
            |event: &EventOf<N>| matches!(event.what, What::Message(_) | What::Queued(_)).then(|| (event.seq, NodeId(event.src)));
        let held = self.loom.held.values().flatten();
        let rest = self.loom.wheel.iter().chain(&self.loom.beyond).chain(held).filter_map(under_way).collect();
        (self.cells, self.loom.observer, rest)
    }
}

impl<N: Node, O: Observer<N>> Loom<'_, N, O> {
    fn take_agenda(&mut self, end: u64, slot: &mut Vec<Option<EventOf<N>>>) {
        while let Some((at, dst, action)) = self.agenda.pop_if(|(at, ..)| *at < end) {
            slot.push(Some(Event { at, dst, src: 0, seq: 0, what: What::Action(action) }));
        }
    }

    /// The first late event, if it comes before `event`.
    fn late_before(&mut self, event: &EventOf<N>) -> Option<EventOf<N>> {
        let first = self.late.peek()?;
        if first.0.event.order(event, self.salt) == Ordering::Less { self.late.pop().map(|Reverse(late)| late.event) } else { None }
    }

    #[inline(always)]
    fn queue(&mut self, event: EventOf<N>) {
        if event.at < self.slot_end {
            self.late.push(Reverse(Late { salt: self.salt, event }));
        } else {
            self.wheel.push(event);
        }
    }

    /// Handles one event of `cell`.
    #[inline(always)]
    fn step(&mut self, cell: &mut Cell<N>, event: EventOf<N>) {
        if cell.odd && self.waits(cell, &event) {
            return self.hold(cell, event);
        }
        self.events += 1;
        self.observer.event(&event, cell.id, event.fingerprint());
        let Event { at, dst, src, seq, what } = event;
        match what {
            What::Message(message) => self.arrive(cell, at, dst, NodeId(src), seq, message),
            What::Queued(message) => self.deliver(cell, at, NodeId(src), seq, message),
            What::Wake(why) if cell.up && u32::from(cell.life) == src => {
                self.observer.woken(at, cell);
                self.react(cell, at, |node, cx| node.wake(why, cx));
            }
            What::Wake(_) => {}
            What::Action(action) => self.act(cell, at, dst, action),
        }
    }

    fn is_paused(&self, cell: &Cell<N>, at: u64) -> bool {
        cell.odd && self.odd.get(&cell.id.0).is_some_and(|odd| at < odd.paused_until)
    }

    /// Whether the node is paused and this event must wait. Its access link goes on working.
    fn waits(&self, cell: &Cell<N>, event: &EventOf<N>) -> bool {
        !matches!(event.what, What::Message(_) | What::Action(Action::Fault(_) | Action::Resume)) && self.is_paused(cell, event.at)
    }

    #[cold]
    fn hold(&mut self, cell: &Cell<N>, event: EventOf<N>) {
        self.held.entry(cell.id.0).or_default().push(event);
    }

    /// A pause is over, or the node is: what waited comes now.
    #[cold]
    fn release(&mut self, cell: &mut Cell<N>, at: u64) {
        for event in self.held.remove(&cell.id.0).unwrap_or_default() {
            self.step(cell, Event { at, ..event });
        }
    }

    #[inline(always)]
    fn arrive(&mut self, cell: &mut Cell<N>, at: u64, dst: u32, from: NodeId, seq: u32, mut message: N::Message) {
        let datagrams = message.datagrams();
        let bytes = self.wires.charge(message.load_bytes(), datagrams);
        let arrival = if datagrams == 1 {
            self.wires.arrive(at, cell.access, bytes, &mut cell.down_free)
        } else {
            let (gone, spread) = (message.lost(), message.spread());
            let (arrival, full) = self.wires.arrive_train(at, cell.access, bytes, datagrams, gone, spread.0, &mut cell.down_free);
            message.carried(gone | full, spread);
            arrival
        };
        match arrival {
            Arrival::Now => self.deliver(cell, at, from, seq, message),
            Arrival::Later(then) => self.queue(Event { at: then, dst, src: from.0, seq, what: What::Queued(message) }),
            Arrival::Full => self.observer.dropped(at, cell, from, seq, Fate::QueueFull),
        }
    }

    #[inline(always)]
    fn deliver(&mut self, cell: &mut Cell<N>, at: u64, from: NodeId, seq: u32, message: N::Message) {
        if !cell.up && !Defect::DeliverToDead.is_planted(self.setup.plan.defect) {
            self.observer.dropped(at, cell, from, seq, Fate::Dead);
            return;
        }
        if self.is_paused(cell, at) {
            return self.hold(cell, Event { at, dst: cell.rank, src: from.0, seq, what: What::Queued(message) });
        }
        self.delivered += 1;
        self.observer.delivered(at, cell, from, seq);
        self.react(cell, at, |node, cx| node.handle(Input::Message { from, message }, cx));
    }

    /// Lets the node react, then carries out what it asked for.
    #[inline(always)]
    fn react(&mut self, cell: &mut Cell<N>, at: u64, how: impl FnOnce(&mut N, &mut Cx<'_, Effect<N::Message, N::Wakeup>>)) {
        let clock = if cell.odd { self.odd.get(&cell.id.0).map_or(at, |odd| odd.clock(at)) } else { at };
        let mut effects = std::mem::take(&mut self.effects);
        let chance = Chance::new(&mut self.dice, cell.id.0, &mut cell.draws);
        how(&mut cell.node, &mut Cx::new(Time(clock), cell.id, chance, &mut effects));
        let mut spoke = false;
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { to, message } => self.send(cell, at, to, message),
                Effect::Wake { after, why } => self.set_alarm(cell, at, after, why),
                Effect::Fact(fact) => {
                    spoke = true;
                    self.observer.fact(at, cell, &fact);
                }
            }
        }
        self.effects = effects;
        if spoke {
            self.observer.reacted(at, cell);
        }
    }

    /// Takes a datagram from a node. No path is shorter than a slot, so the wires may decide about it at any time before the slot ends.
    #[inline(always)]
    fn send(&mut self, cell: &mut Cell<N>, at: u64, to: NodeId, message: N::Message) {
        let seq = cell.seq;
        cell.seq = seq.wrapping_add(1);
        prefetch(&self.homes[to.index()]);
        self.parcels.push(Parcel { at, rank: cell.rank, seq, to, message });
    }

    /// Lets the wires decide about what was sent, if that is at least `least` datagrams.
    #[inline(always)]
    fn ship(&mut self, cells: &mut [Cell<N>], first: u32, least: usize) {
        if self.parcels.len() >= least {
            self.ship_all(cells, first);
        }
    }

    /// Lets the wires decide about what was sent, in the order of sending. What gets through is queued when all are decided, and its places in the
    /// queue are on their way from memory meanwhile.
    fn ship_all(&mut self, cells: &mut [Cell<N>], first: u32) {
        let mut parcels = std::mem::take(&mut self.parcels);
        let wires = self.wires;
        for parcel in &mut parcels {
            let Parcel { at, rank, seq, to, ref mut message } = *parcel;
            let cell = &mut cells[(rank - first) as usize];
            let datagrams = message.datagrams();
            let bytes = wires.charge(message.load_bytes(), datagrams);
            let home = self.homes[to.index()];
            let from = End { id: cell.id, place: cell.place, access: cell.access };
            let there = End { id: to, place: home.place, access: home.access };
            let verdict = if datagrams == 1 {
                wires.route(at, from, there, bytes, seq, &mut cell.up_free)
            } else {
                let (verdict, lost, spread) = wires.route_train(at, from, there, bytes, datagrams, seq, &mut cell.up_free);
                message.carried(lost, Span(spread));
                verdict
            };
            self.observer.sent(at, cell, to, bytes, seq, verdict);
            parcel.at = LOST;
            if let Verdict::Deliver { at, copy } = verdict {
                self.wheel.expect(at);
                (parcel.at, parcel.rank, parcel.to) = (at, home.rank, cell.id);
                if let Some(at) = copy {
                    let what = What::Message(parcel.message.clone());
                    self.post(Event { at, dst: home.rank, src: cell.id.0, seq, what });
                }
            }
        }
        for Parcel { at, rank, seq, to, message } in parcels.drain(..) {
            if at != LOST {
                self.post(Event { at, dst: rank, src: to.0, seq, what: What::Message(message) });
            }
        }
        self.parcels = parcels;
    }

    /// Queues an event here or in the outbox of its shard.
    #[inline(always)]
    fn post(&mut self, event: EventOf<N>) {
        if Defect::SilentLoss.is_planted(self.setup.plan.defect) && event.seq % 1024 == 7 {
            return;
        }
        if event.dst >= self.ranks.0 && event.dst < self.ranks.1 {
            self.queue(event);
        } else {
            let shard = self.setup.cuts.partition_point(|first| *first <= event.dst) - 1;
            self.outboxes[shard].push(event);
        }
    }

    #[inline]
    fn set_alarm(&mut self, cell: &mut Cell<N>, at: u64, after: Span, why: N::Wakeup) {
        let seq = cell.seq;
        cell.seq = seq.wrapping_add(1);
        let after = if Defect::NonDeterminism.is_planted(self.setup.plan.defect) && seq % 64 == 63 {
            Span(after.0 + self.setup.jinx % 1000)
        } else {
            after
        };
        let span = if cell.odd { self.odd.get(&cell.id.0).map_or(after.0, |odd| odd.world_span(after.0)) } else { after.0 };
        self.queue(Event {
            at: at.saturating_add(span).min(u64::MAX >> 1),
            dst: cell.rank,
            src: u32::from(cell.life),
            seq,
            what: What::Wake(why),
        });
    }

    /// Does what the plan says.
    fn act(&mut self, cell: &mut Cell<N>, at: u64, dst: u32, action: Action) {
        self.observer.acted(at, cell, action);
        match action {
            Action::Start => self.start(cell, at),
            Action::Fault(index) => self.fault(cell, at, dst, self.setup.plan.faults.nodes[index as usize].what),
            Action::Broadcast(index) if cell.up => {
                let shot = self.setup.plan.workload.broadcasts[index as usize];
                let command = Command::Broadcast { id: hypermesh_core::node::BroadcastId(index), bytes: shot.bytes };
                self.react(cell, at, |node, cx| node.handle(Input::Command(command), cx));
            }
            Action::Token(index) if cell.up => {
                let tokens = self.setup.plan.workload.tokens[index as usize];
                for _ in 0..tokens.per_node {
                    self.react(cell, at, |node, cx| node.handle(Input::Command(Command::Token { bytes: tokens.bytes }), cx));
                }
            }
            Action::Resume if !self.is_paused(cell, at) => self.release(cell, at),
            Action::Fetch(index) if cell.up => {
                let object = self.setup.plan.workload.fetches[index as usize].object;
                self.react(cell, at, |node, cx| node.handle(Input::Command(Command::Fetch { object }), cx));
            }
            Action::Revise(index) if cell.up => {
                let Revision { object, version, .. } = self.setup.plan.workload.revisions[index as usize];
                self.react(cell, at, |node, cx| node.handle(Input::Command(Command::Revise { object, version }), cx));
            }
            Action::Broadcast(_) | Action::Token(_) | Action::Fetch(_) | Action::Revise(_) | Action::Resume => {}
        }
    }

    fn start(&mut self, cell: &mut Cell<N>, at: u64) {
        if cell.up {
            return;
        }
        cell.life = cell.life.wrapping_add(1);
        cell.up = true;
        let contacts = (self.setup.contacts)(cell.id, cell.life, at, &mut self.dice);
        self.observer.lived(at, cell);
        self.react(cell, at, |node, cx| node.handle(Input::Start { contacts }, cx));
    }

    fn fault(&mut self, cell: &mut Cell<N>, at: u64, dst: u32, what: NodeFaultKind) {
        match what {
            NodeFaultKind::Leave if cell.up => {
                // A paused node says no goodbye.
                if !self.is_paused(cell, at) {
                    self.react(cell, at, |node, cx| node.handle(Input::Leave, cx));
                }
                self.stop(cell, at);
            }
            NodeFaultKind::Crash if cell.up => self.stop(cell, at),
            NodeFaultKind::Restart => self.start(cell, at),
            NodeFaultKind::Pause { until } if cell.up => {
                cell.odd = true;
                let odd = self.odd.entry(cell.id.0).or_default();
                // The longest of several pauses counts.
                odd.paused_until = odd.paused_until.max(until.0);
                self.queue(Event { at: until.0.max(at), dst, src: 0, seq: 0, what: What::Action(Action::Resume) });
            }
            NodeFaultKind::Skew { step, drift_ppm } => {
                cell.odd = true;
                let odd = self.odd.entry(cell.id.0).or_default();
                odd.skew_step = odd.clock(at).wrapping_sub(at).wrapping_add(step.0);
                (odd.skew_from, odd.drift_ppm) = (at, drift_ppm);
            }
            // What is down can be stopped no further.
            NodeFaultKind::Crash | NodeFaultKind::Leave | NodeFaultKind::Pause { .. } => {}
        }
    }

    fn stop(&mut self, cell: &mut Cell<N>, at: u64) {
        cell.up = false;
        if cell.odd
            && let Some(odd) = self.odd.get_mut(&cell.id.0)
        {
            odd.paused_until = 0;
        }
        self.observer.lived(at, cell);
        cell.node = cell.node.remains(&self.setup.configs[self.setup.plan.group_of(cell.id)]);
        self.release(cell, at);
    }
}
