//! The log of a world that is not simulated: what happened comes as notes from any thread, and becomes the trace that a simulated run leaves.

use super::lines::Sending;
use crate::engine::{Cell, Observer};
use crate::faults::Lives;
use crate::network::Verdict;
use crate::site::Site;
use crate::site::config::{Config, configs};
use crate::trace::ShardLog;
use crate::trace::merge::{self, Leftovers};
use hypermesh_core::base::NodeId;
use hypermesh_core::node::{Content, Fact, Node};
use hypermesh_core::stoq::node::Fact as Seen;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Fate, Mode, RunFacts, Trace};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Something that happened, at a time in nanoseconds since the beginning.
#[derive(Clone, Copy, Debug)]
pub enum Note {
    /// A datagram was sent.
    Sent {
        /// When.
        at: u64,
        /// Which.
        sending: Sending,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// A datagram was handed to its receiver.
    Delivered {
        /// When.
        at: u64,
        /// Which.
        sending: Sending,
    },
    /// A datagram was dropped at its receiver.
    Dropped {
        /// When.
        at: u64,
        /// Which.
        sending: Sending,
        /// Why.
        fate: Fate,
    },
    /// A node said something about contents.
    Content {
        /// When.
        at: u64,
        /// Who.
        node: NodeId,
        /// What.
        content: Content,
    },
}

impl Note {
    const fn at(&self) -> u64 {
        match *self {
            Self::Sent { at, .. } | Self::Delivered { at, .. } | Self::Dropped { at, .. } | Self::Content { at, .. } => at,
        }
    }
}

/// Tells a log what happens. Cheap to clone; telling never waits.
#[derive(Clone, Debug)]
pub struct Reporter(Sender<Note>);

impl Reporter {
    /// A reporter, and where its notes come out.
    pub fn new() -> (Self, Receiver<Note>) {
        let (sender, notes) = channel();
        (Self(sender), notes)
    }

    /// Tells that something happened.
    pub fn tell(&self, note: Note) {
        // Nobody listens any more once the run is over.
        let _ = self.0.send(note);
    }

    /// A node said something, if it is anything that a trace keeps.
    pub fn seen(&self, at: u64, node: NodeId, seen: Seen) {
        if let Some(content) = crate::site::content_of(seen, hypermesh_core::base::Time(at)) {
            self.tell(Note::Content { at, node, content });
        }
    }
}

/// What is kept of a run on sockets.
pub struct Log<'a> {
    plan: &'a Plan,
    log: ShardLog<'a>,
    cells: Vec<Cell<Site>>,
    under_way: u64,
    messages: u64,
    events: u64,
    last: u64,
}

impl std::fmt::Debug for Log<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("events", &self.events).field("last", &self.last).finish_non_exhaustive()
    }
}

impl<'a> Log<'a> {
    /// The log of a plan whose nodes are all there from the beginning, which is what `lives` has to say.
    pub fn new(plan: &'a Plan, lives: &'a Lives) -> Result<Self, String> {
        let configs: Vec<Arc<Config>> = configs(plan, false)?.into_iter().map(Arc::new).collect();
        let ids: Vec<NodeId> = (0..plan.node_count()).map(NodeId).collect();
        let mut log = ShardLog::new(plan, lives, 0, &ids, None);
        let cell = |id: &NodeId| Cell {
            up_free: 0,
            down_free: 0,
            id: *id,
            rank: id.0,
            seq: 0,
            draws: 0,
            life: 1,
            place: plan.nodes.place[id.index()],
            access: plan.nodes.access[id.index()],
            up: true,
            odd: false,
            node: Site::new(&configs[plan.group_of(*id)]),
        };
        let cells: Vec<Cell<Site>> = ids.iter().map(cell).collect();
        for cell in &cells {
            Observer::<Site>::lived(&mut log, 0, cell);
        }
        Ok(Self { plan, log, cells, under_way: 0, messages: 0, events: 0, last: 0 })
    }

    /// Takes a note in. Notes of different threads may come a little out of order; each counts in the bin that is open.
    pub fn take(&mut self, note: Note) {
        self.last = self.last.max(note.at());
        let now = self.last;
        self.log.turn_until(now);
        self.events += 1;
        match note {
            Note::Sent { sending, verdict, .. } => {
                let copies = match verdict {
                    Verdict::Deliver { copy, .. } => 1 + u64::from(copy.is_some()),
                    Verdict::Drop(_) => 0,
                };
                self.under_way += copies;
                let cell = &self.cells[sending.from.index()];
                Observer::<Site>::sent(&mut self.log, now, cell, sending.to, sending.bytes, sending.seq, verdict);
            }
            Note::Delivered { sending, .. } => {
                (self.under_way, self.messages) = (self.under_way.saturating_sub(1), self.messages + 1);
                Observer::<Site>::delivered(&mut self.log, now, &self.cells[sending.to.index()], sending.from, sending.seq);
            }
            Note::Dropped { sending, fate, .. } => {
                self.under_way = self.under_way.saturating_sub(1);
                Observer::<Site>::dropped(&mut self.log, now, &self.cells[sending.to.index()], sending.from, sending.seq, fate);
            }
            Note::Content { node, content, .. } => {
                Observer::<Site>::fact(&mut self.log, now, &self.cells[node.index()], &Fact::Content(content));
            }
        }
    }

    /// Notes, and datagrams delivered, so far.
    pub const fn counts(&self) -> (u64, u64) {
        (self.events, self.messages)
    }

    /// The trace of a run that ended at `end`; `partial` says why it ended before its time.
    pub fn finish(mut self, end: u64, wall_ns: u64, threads: u32, partial: Option<String>) -> Trace {
        self.log.close(end, &self.cells);
        let run = RunFacts {
            nodes: self.cells.len() as u64,
            events: self.events,
            loop_ns: wall_ns,
            wall_ns,
            peak_rss_bytes: crate::drive::peak_rss_bytes(),
            threads,
            host: "sockets".into(),
            partial,
            ..RunFacts::default()
        };
        let under_way = (0..self.under_way).map(|_| (0, NodeId(0))).collect();
        let mut trace = merge::trace(self.plan, Leftovers { logs: vec![self.log], under_way, end, run });
        trace.mode = Mode::Socket;
        trace
    }
}
