//! A node of layer 1: origin, regional, edge and client are one machine with different parts in use.
//!
//! ```text
//!            application: Get, Put, Purge, Ping                       store (the driver's)
//!                 │ jobs (a transfer each, offers)                        ▲ tickets
//!                 ▼                                                       │
//!  peers ◀─▶ sessions ─▶ requests ─▶ flow of contents ◀─▶ origin: store ──┤
//!    ▲            ▲                       ▲                               │
//!    └── purges ──┤                       └─────────▶ cache: memory, disk ┘
//!                 └───────────────────────────────── fetches from above
//! ```
//! The node composes what lies beside it: a [`session`] per connection, a [`transfer`](super::transfer) per object that an application
//! here wants, and for caches a [`cache`](super::cache) whose fetches become exchanges with the nodes above. See [`Input`] and [`Effect`] for the
//! contract with the driver.
//!
//! Promises: nothing is served, stored or delivered that does not have the name under which it was asked for; a purge is acknowledged only when no cache
//! below can serve what it covers (R-11-16, R-11-17); whoever has not the role for it stores and purges nothing; a slow reader costs
//! [`Config::send_ahead_bytes`], and every other table is bounded by the configuration; a connection that goes takes with it all that was for it.
//!
//! It lacks, on purpose: sockets, TLS and the judgement of certificates (the driver has `certs`), the choice of servers (`routing`; see
//! [`Input::Servers`]), and a disk tier for what names lead to: these are small, and have to be confirmed after a restart anyway.

mod config;
mod conn;
mod flow;
mod jobs;
mod key;
mod links;
mod notices;
mod offer;
mod origin;
mod port;
mod purge;
mod put;
mod serve;
#[cfg(test)]
mod tests;
mod tier;
mod turn;
mod upstream;
mod wait;

pub use config::{Config, LEASE, LEASE_PARTS};
pub use key::Key;
pub use port::{
    Command, ConnId, Effect, Fact, Input, JobId, Level, Looked, Offer, Outcome, Peer, Server, ServerId, StoreOp, Ticket, Told, Unread,
    Unstored, Why,
};

use crate::base::Time;
use crate::machine::{Cx, Machine};
use crate::stoq::session::{self, Code, Roles};
use crate::stoq::transfer::Resume;
use conn::Conn;
use jobs::Job;
use links::Link;
use purge::Ledger;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tier::Tier;
use turn::{Turn, Work};
use wait::Wait;

/// A node.
#[derive(Clone, Debug)]
pub struct StoqNode {
    config: Arc<Config>,
    /// What [`Input::Servers`] said; the configuration if nothing.
    servers: Option<Box<[Server]>>,
    conns: BTreeMap<ConnId, Box<Conn>>,
    /// Of a cache: the connections with nodes above.
    above: Vec<ConnId>,
    /// Servers that are being dialled, connected with, or left alone for a while.
    links: BTreeMap<ServerId, Link>,
    jobs: BTreeMap<JobId, Job>,
    /// What is waited for, by number: tickets of the store and waiters of the cache.
    waits: BTreeMap<u64, Wait>,
    next_number: u64,
    /// The cache with what it holds; none for origins and clients.
    tier: Option<Box<Tier>>,
    /// The purges; none for clients.
    ledger: Option<Box<Ledger>>,
    /// The greatest version that the store of an origin was seen with.
    state: u64,
    /// Peers that connected and have not agreed on anything, the first to come first.
    strangers: VecDeque<ConnId>,
    /// Requests that are being served, and objects that are being taken.
    serving: u32,
    taking: u32,
    leaving: bool,
    /// When it first reacted.
    since: Option<Time>,
}

impl Machine for StoqNode {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Cx<'_, Effect>) {
        let mut t = Turn::new(cx);
        self.begin(&t);
        self.on_input(input, &mut t);
        self.settle(&mut t);
    }

    fn wake(&mut self, why: Why, cx: &mut Cx<'_, Effect>) {
        let mut t = Turn::new(cx);
        self.begin(&t);
        self.on_wake(why, &mut t);
        self.settle(&mut t);
    }
}

impl StoqNode {
    /// A node without connections.
    pub fn new(config: &Arc<Config>) -> Self {
        let tier = config.cache.clone().map(|cache| Box::new(Tier::new(cache)));
        let relies = tier.is_some() || config.roles.has(Roles::ORIGIN);
        Self {
            config: config.clone(),
            servers: None,
            conns: BTreeMap::new(),
            above: Vec::new(),
            links: BTreeMap::new(),
            jobs: BTreeMap::new(),
            waits: BTreeMap::new(),
            next_number: 0,
            tier,
            ledger: relies.then(Box::default),
            state: config.state,
            strangers: VecDeque::new(),
            serving: 0,
            taking: 0,
            leaving: false,
            since: None,
        }
    }

    /// What was set about it.
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// What the cache did, if there is one.
    pub fn cache_counters(&self) -> Option<&super::cache::Counters> {
        self.tier.as_ref().map(|tier| tier.cache.counters())
    }

    /// Connections.
    pub fn connections(&self) -> usize {
        self.conns.len()
    }

    /// Jobs that are not over.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// What a transfer could be resumed from at this moment.
    pub fn resume(&self, job: JobId) -> Option<Resume> {
        match self.jobs.get(&job)? {
            Job::Get(get) => get.transfer.resume(),
            _ => None,
        }
    }

    /// The limits of the readers of a connection's streams.
    pub fn limits(&self, conn: ConnId) -> session::limits::FrameLimits {
        self.conns.get(&conn).map_or_else(Default::default, |c| c.session.limits())
    }

    /// Requests that the peer of a connection may have open now: what the driver grants as QUIC streams.
    pub fn requests_granted(&self, conn: ConnId) -> usize {
        self.conns.get(&conn).map_or(0, |c| c.session.requests_granted())
    }

    /// Bytes on the heap, about; contents excepted, which are shared, and the configuration.
    pub fn heap_bytes(&self) -> usize {
        let nodes = |entries: usize, bytes: usize| entries.div_ceil(5) * 11 * bytes;
        let conns: usize = self.conns.values().map(|c| size_of::<Conn>() + c.heap_bytes()).sum();
        conns
            + nodes(self.conns.len(), size_of::<(ConnId, Box<Conn>)>())
            + nodes(self.links.len(), size_of::<(ServerId, Link)>())
            + nodes(self.jobs.len(), size_of::<(JobId, Job)>())
            + nodes(self.waits.len(), size_of::<(u64, Wait)>())
            + (self.above.capacity() + self.strangers.capacity()) * size_of::<ConnId>()
            + self.tier.as_ref().map_or(0, |tier| size_of::<Tier>() + tier.heap_bytes())
            + self.ledger.as_ref().map_or(0, |_| size_of::<Ledger>())
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        for c in self.conns.values() {
            c.session.check()?;
            let reserved = c.exchanges.values().map(|exchange| match exchange {
                conn::Exchange::Serving { flow, .. } | conn::Exchange::Offer { flow, .. } => flow.reserved(),
                _ => 0,
            });
            if reserved.sum::<u64>() + c.writing.values().sum::<u64>() != c.ahead {
                return Err("the room on a connection is counted");
            }
            if c.server.is_none() && !c.open && c.heap_bytes() > session::limits::UNAUTHENTICATED_OWN_BYTES {
                return Err("no more is held for a peer that has not been authenticated than stated");
            }
            let slack = u64::from(session::limits::CHUNK_BYTES_MAX);
            if c.ahead > u64::from(self.config.send_ahead_bytes).max(slack) + slack {
                return Err("no more is read ahead of a peer than allowed");
            }
        }
        if self.strangers.len() > self.config.strangers_max.max(1) {
            return Err("no more peers are waited for to agree than allowed");
        }
        if self.taking as usize > self.config.puts_max {
            return Err("no more objects are taken at a time than allowed");
        }
        self.tier.as_ref().map_or(Ok(()), |tier| tier.cache.check())
    }

    /// Whether it answers from a store of its own.
    fn is_origin(&self) -> bool {
        self.config.roles.has(Roles::ORIGIN)
    }

    /// The servers above, in order of preference.
    fn servers(&self) -> &[Server] {
        self.servers.as_deref().unwrap_or(&self.config.servers)
    }

    /// Waits for something. The number is that of a ticket or of a waiter.
    fn wait(&mut self, wait: Wait) -> u64 {
        self.next_number += 1;
        self.waits.insert(self.next_number, wait);
        self.next_number
    }

    fn begin(&mut self, t: &Turn<'_, '_>) {
        if self.since.is_none() {
            self.since = Some(t.now());
            if let Some(ledger) = self.ledger.as_mut().filter(|_| self.config.roles.has(Roles::ORIGIN)) {
                // Before this node came up, others may have been told to rely on it.
                ledger.lost_until = t.now() + self.config.lease;
            }
        }
    }

    fn on_input(&mut self, input: Input, t: &mut Turn<'_, '_>) {
        match input {
            Input::Accepted { conn, peer } => self.on_accepted(conn, peer, t),
            Input::Dialled { conn, server, peer, early } => self.on_dialled(conn, server, peer, early, t),
            Input::NoDial { server, again } => self.on_no_dial(server, again, t),
            Input::Judged { conn, peer } => self.on_judged(conn, peer, t),
            Input::Session { conn, input } => self.on_session(conn, input, t),
            Input::Body { conn, stream, bytes } => {
                if let Some(frame) = self.conns.get_mut(&conn).and_then(|c| c.heads.remove(&stream)) {
                    self.on_data(conn, stream, frame, bytes, t);
                }
            }
            Input::Sent { conn, stream, bytes } => self.on_sent(conn, stream, bytes, t),
            Input::Done { ticket, outcome } => self.on_done(ticket, outcome, t),
            Input::Job { job, command } => self.on_command(job, command, t),
            Input::Servers(servers) => {
                self.servers = Some(servers);
                self.stir();
            }
            Input::Kept(contents) => self.on_kept_before(&contents, t),
            Input::Leave => self.on_leave(t),
        }
    }

    fn on_wake(&mut self, why: Why, t: &mut Turn<'_, '_>) {
        match why {
            Why::Session(conn, why) => self.drive(conn, |session, cx| session.wake(why, cx), t).nothing(),
            Why::Transfer(job, why) => self.wake_transfer(job, why, t),
            Why::Cache(why) => self.wake_cache(why, t),
            Why::Lease(conn) => self.on_lease_due(conn, t),
            Why::Purge(purge) => self.on_purge_due(purge, t),
            Why::Dial(server) => self.on_rested(server),
            Why::Linger(conn) => self.on_lingered(conn, t),
            Why::Job(job) => self.on_job_late(job, t),
        }
    }

    /// Thinks of everything that one part of the node has for another, until nothing is left.
    fn settle(&mut self, t: &mut Turn<'_, '_>) {
        loop {
            while let Some(work) = t.work.pop_front() {
                match work {
                    Work::Notice(conn, notice) => self.on_notice(conn, notice, t),
                    Work::Transfer(job, input) => self.run_transfer(job, input, t),
                    Work::Cache(work) => self.run_cache(*work, t),
                    Work::Pump(conn) => self.pump(conn, t),
                    Work::Give(wait, number, got) => self.give(wait, number, got, t),
                }
            }
            // What is asked for in one reaction is asked of the node above together.
            self.ask_above(t);
            if t.work.is_empty() {
                return;
            }
        }
    }

    /// An operation of the store is complete.
    fn on_done(&mut self, ticket: Ticket, outcome: Outcome, t: &mut Turn<'_, '_>) {
        let Some(wait) = self.waits.remove(&ticket.0) else { return };
        match (outcome, wait) {
            (Outcome::Read(result), wait) => {
                let level = if self.is_origin() { Level::Store } else { Level::Disk };
                let got = result.map(|bytes| (bytes, level)).map_err(|unread| match unread {
                    Unread::Absent | Unread::Damaged => Code::NotFound,
                    Unread::Failed => Code::StoreFailed,
                });
                self.give(wait, ticket.0, got, t);
            }
            (Outcome::Looked(looked), Wait::Look { conn, stream, ask }) => self.on_looked(conn, stream, ask, looked, t),
            (Outcome::Looked(looked), Wait::PutLook { conn, stream }) => self.on_put_looked(conn, stream, looked, t),
            (Outcome::Known(bits), Wait::Known { conn, stream }) => self.on_known(conn, stream, bits, t),
            (Outcome::Known(bits), Wait::PutKnown { conn, stream, ids }) => self.on_put_known(conn, stream, &ids, bits, t),
            (Outcome::Stored(result), Wait::PutStored { conn, stream }) => self.on_put_stored(conn, stream, result, t),
            (Outcome::Stored(result), Wait::PutBound { conn, stream }) => self.on_put_bound(conn, stream, result, t),
            (Outcome::Stored(result), Wait::Purge(purge)) => self.on_purge_recorded(purge, result, t),
            (Outcome::Stored(result), Wait::Kept { key }) => self.on_kept(key, result, t),
            (Outcome::Stored(_), Wait::Nobody) => {}
            // The driver answered something else than it was asked: as good as no answer.
            (_, wait) => self.give(wait, ticket.0, Err(Code::StoreFailed), t),
        }
    }

    /// Content that somebody waits for is there, or is not.
    fn give(&mut self, wait: Wait, number: u64, got: wait::Got, t: &mut Turn<'_, '_>) {
        match wait {
            Wait::Content { conn, stream, .. } | Wait::Supply { conn, stream, .. } => self.on_content(conn, stream, number, got, t),
            Wait::Top { conn, stream, ask, version, id } => self.on_top(conn, stream, &ask, version, id, got, t),
            Wait::Disk { waiter, key } => self.on_disk_read(waiter, key, got, t),
            Wait::PutRead { conn, stream, id } => self.on_put_read(conn, stream, id, got, t),
            Wait::Look { conn, stream, .. } | Wait::Name { conn, stream, .. } | Wait::Known { conn, stream } => {
                self.refuse(conn, stream, got.err().unwrap_or(Code::StoreFailed), t);
            }
            Wait::PutLook { conn, stream }
            | Wait::PutKnown { conn, stream, .. }
            | Wait::PutStored { conn, stream }
            | Wait::PutBound { conn, stream } => self.refuse(conn, stream, Code::StoreFailed, t),
            Wait::Kept { .. } | Wait::Purge(_) | Wait::Nobody => {}
        }
    }

    fn on_leave(&mut self, t: &mut Turn<'_, '_>) {
        self.leaving = true;
        let conns: Vec<ConnId> = self.conns.keys().copied().collect();
        for conn in conns {
            self.say(conn, session::Input::Leave, t);
        }
        self.left(t);
    }

    /// Tells the driver when a node that leaves has no connection any more.
    fn left(&self, t: &mut Turn<'_, '_>) {
        if self.leaving && self.conns.is_empty() {
            t.emit(Effect::Left);
        }
    }
}
