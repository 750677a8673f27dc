//! Nodes that do as they are told: they send numbered datagrams at given moments, and write down what reaches them.

use super::on;
use hypermesh_core::base::{Fingerprint, Mixer, NodeId, Reader, Span, Time, Wire, WireError};
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::node::{Effect, Input, Node};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::world::run_nodes;
use hypermesh_sim::{Error, Host, Options, Silent};
use std::sync::{Arc, Mutex};

/// One node's task: `count` datagrams of `bytes` to a peer, the first a while after the node has come up, the others `every` apart (all at once if zero).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) node: u32,
    pub(crate) to: u32,
    pub(crate) after: Span,
    pub(crate) every: Span,
    pub(crate) count: u32,
    pub(crate) bytes: u32,
}

/// An order of `count` datagrams of 1,000 bytes, a millisecond apart, that starts with the node.
pub(crate) const fn order(node: u32, to: u32, count: u32) -> Order {
    Order { node, to, after: Span::ZERO, every: Span::millis(1), count, bytes: 1_000 }
}

/// Something that a node saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What its clock showed.
    pub(crate) clock: Time,
    pub(crate) node: u32,
    /// Who sent it; the node itself for a wake-up of its own.
    pub(crate) from: u32,
    /// The datagram's number; the number that is to be sent for a wake-up.
    pub(crate) number: u32,
    /// How many things the node has seen since it came up, this one included.
    pub(crate) heard: u32,
}

/// What the nodes of a world have in common.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) orders: Vec<Order>,
    /// The node that panics when it is handed this number.
    pub(crate) panics: Option<(u32, u32)>,
    /// Arrivals.
    pub(crate) arrivals: Mutex<Vec<Seen>>,
    /// Wake-ups.
    pub(crate) wakes: Mutex<Vec<Seen>>,
}

/// The script that nodes and their test both hold.
#[derive(Debug)]
pub(crate) struct Shared(Arc<Script>);

/// A numbered datagram; only its size matters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered {
    pub(crate) number: u32,
    pub(crate) bytes: u32,
}

/// A deadline: which order, and which of its datagrams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    order: u32,
    number: u32,
}

/// A node that does as it is told.
#[derive(Debug)]
pub(crate) struct Sender {
    shared: Arc<Shared>,
    heard: u32,
}

type Out = Effect<Numbered, Turn>;

impl Sender {
    fn see(&mut self, from: NodeId, number: u32, cx: &Cx<'_, Out>) -> Seen {
        self.heard += 1;
        Seen { clock: cx.now, node: cx.me.0, from: from.0, number, heard: self.heard }
    }
}

impl Machine for Sender {
    type Input = Input<Numbered>;
    type Effect = Out;
    type Why = Turn;

    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Out>) {
        match input {
            Input::Start { .. } => {
                let me = cx.me.0;
                for (index, order) in self.shared.0.orders.iter().enumerate().filter(|(_, order)| order.node == me) {
                    cx.emit(Effect::Wake { after: order.after, why: Turn { order: index as u32, number: 0 } });
                }
            }
            Input::Message { from, message } => {
                assert_ne!(self.shared.0.panics, Some((cx.me.0, message.number)), "this node was told to panic");
                let seen = self.see(from, message.number, cx);
                self.shared.0.arrivals.lock().expect("no node panics while it writes").push(seen);
            }
            Input::Command(_) | Input::Leave => {}
        }
    }

    fn wake(&mut self, turn: Turn, cx: &mut Cx<'_, Out>) {
        let seen = self.see(cx.me, turn.number, cx);
        self.shared.0.wakes.lock().expect("no node panics while it writes").push(seen);
        let order = self.shared.0.orders[turn.order as usize];
        let at_once = if order.every == Span::ZERO { order.count } else { 1 };
        for number in turn.number..(turn.number + at_once).min(order.count) {
            cx.emit(Effect::Send { to: NodeId(order.to), message: Numbered { number, bytes: order.bytes } });
        }
        let next = turn.number + at_once;
        if next < order.count {
            cx.emit(Effect::Wake { after: order.every, why: Turn { number: next, ..turn } });
        }
    }
}

impl Node for Sender {
    type Message = Numbered;
    type Wakeup = Turn;
    type Config = Shared;

    fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: shared.clone(), heard: 0 }
    }

    fn check(&self, _: NodeId) -> Result<(), &'static str> {
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Wire for Numbered {
    fn encode(&self, out: &mut Vec<u8>) {
        out.resize(out.len() + self.bytes as usize, 0);
    }

    fn encoded_len(&self) -> usize {
        self.bytes as usize
    }

    fn decode(_: &mut Reader<'_>) -> Result<Self, WireError> {
        Err(WireError::OutOfRange("a datagram of this test is never read back"))
    }
}

impl Fingerprint for Numbered {
    fn fold(&self, mixer: Mixer) -> Mixer {
        mixer.word(u64::from(self.number) << 32 | u64::from(self.bytes))
    }
}

impl Fingerprint for Turn {
    fn fold(&self, mixer: Mixer) -> Mixer {
        mixer.word(u64::from(self.order) << 32 | u64::from(self.number))
    }
}

/// What happened.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) trace: Trace,
    /// Arrivals, in the order of the run.
    pub(crate) arrivals: Vec<Seen>,
    /// Wake-ups, in the order of the run.
    pub(crate) wakes: Vec<Seen>,
}

impl Story {
    /// The numbers that reached a node, in the order of their arrival.
    pub(crate) fn numbers(&self, node: u32) -> Vec<u32> {
        self.arrivals.iter().filter(|seen| seen.node == node).map(|seen| seen.number).collect()
    }
}

/// Runs a plan (of any role) with nodes that follow the orders, on one thread.
pub(crate) fn follow(plan: &Plan, orders: &[Order]) -> Story {
    let script = Arc::new(Script { orders: orders.to_vec(), ..Script::default() });
    let trace = run_script(plan, &script, &on(1, Host::Engine)).expect("the plan can run");
    let take = |list: &Mutex<Vec<Seen>>| std::mem::take(&mut *list.lock().expect("the run is over"));
    Story { trace, arrivals: take(&script.arrivals), wakes: take(&script.wakes) }
}

/// Runs a plan with nodes that follow a script.
pub(crate) fn run_script(plan: &Plan, script: &Arc<Script>, options: &Options) -> Result<Trace, Error> {
    run_nodes::<Sender>(plan, |_| Some(Shared(script.clone())), options, &Silent)
}
