//! A node of layer 1: the STOQ machine of core, driven over the QUIC model (message mode) or over real QUIC (packet mode).
//!
//! ```text
//!  engine ─ parcel ─▶ line (QUIC)       ─ events ─▶ inputs ─▶ StoqNode ─ effects ─▶ line ─ flights ─▶ engine
//!         ─ wake-up ─▶ line, disk or node                          └─▶ disk, jobs, facts
//! ```
//! The same machine runs over sockets in `real/`; what differs is who does what it asks for. A client that fetches nothing and has no connection owns
//! nothing but its counters, so a million of them fit.

pub mod catalogue;
pub mod config;
mod cpu;
pub mod directory;
pub mod disk;
mod door;
pub mod flock;
mod herd;
pub mod line;
pub mod parcel;
pub mod pipe;
pub mod pki;
mod publish;
mod serve;
pub mod wakeup;
mod watch;

pub(crate) use serve::content as content_of;

use crate::monitors::Monitor;
use crate::packet::{Arrived, Stack};
use crate::transport::{Conn, Flight};
use config::{Config, DIAL_WITHIN};
use cpu::{Deed, Done, Processor, Task};
use disk::{Disk, Stock};
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::node::{self, Content, Fact, Node, Stage};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::certs::{Guard, Unlogged};
use hypermesh_core::stoq::node::{Command, ConnId, Input, JobId, Outcome, Server, ServerId, StoqNode, Unread, Unstored};
use hypermesh_core::stoq::replication::keeper::Keeper;
use hypermesh_core::stoq::session;
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::stoq::transfer::{Order, Sequence, What};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::plan::StoqKind;
use line::Line;
use parcel::{Parcel, Said};
use pipe::Pipe;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use wakeup::Wakeup;
use watch::Watch;

/// Connections that the flooding adversary opens at once.
const FLOOD: u32 = 100;
/// Bytes that an application takes at once.
const CREDIT: u64 = 16 << 20;

type Effect = node::Effect<Parcel, Wakeup>;

/// A node of layer 1.
#[derive(Debug)]
pub struct Site {
    config: Arc<Config>,
    live: Option<Box<Live>>,
    /// Connections so far; also what the next dialled one is called.
    connections: u32,
    /// Jobs so far.
    jobs: u32,
    /// What was on the disk when the node stopped.
    disk: Option<Box<Disk>>,
    /// It has stopped before.
    returns: bool,
}

/// What a site holds while it has anything to do.
#[derive(Debug)]
struct Live {
    node: StoqNode,
    /// The nodes above, by [`ServerId`].
    above: Vec<NodeId>,
    /// In boxes, since a node of the map has room for eleven and most clients have one.
    lines: BTreeMap<u64, Box<Line>>,
    /// Accepted connections by peer and its number for them; in packet mode all by their handles.
    numbers: BTreeMap<(NodeId, u32), u64>,
    /// The endpoint of packet mode.
    stack: Option<Stack>,
    /// Connections that are over and whose pipes still have a last word to say.
    draining: BTreeMap<u64, Box<Line>>,
    jobs: BTreeMap<u32, Job>,
    disk: Disk,
    /// For the node, in order.
    inputs: VecDeque<Input>,
    /// Connections that may have something to send.
    touched: Vec<u64>,
    /// The processor, if work takes time.
    cpu: Option<Box<Processor>>,
    /// Who sees to the copies of an origin, where objects are shared out.
    keeper: Option<Keeper>,
    /// When members were told last, and copies that were handed on so far.
    heard: Time,
    copies: u32,
    /// Who judges the certificates of others, where there are certificates.
    guard: Option<Guard<Unlogged>>,
    /// The content whose head was written last, so its data come next, and whether it is a chunk.
    next: Option<(ContentId, bool)>,
    /// What monitors know.
    watch: Watch,
}

/// Something that an application wants of an object.
#[derive(Clone, Copy, Debug)]
struct Job {
    object: u32,
    asked: Time,
    what: Wanted,
    /// When a connection was open, when the name had led to a manifest, when the first bytes were there.
    steps: [Option<Time>; 3],
}

impl Job {
    const OPEN: usize = 0;
    const NAMED: usize = 1;
    const BEGUN: usize = 2;

    const fn new(object: u32, asked: Time, what: Wanted) -> Self {
        Self { object, asked, what, steps: [None; 3] }
    }

    fn step(&mut self, step: usize, now: Time) {
        self.steps[step].get_or_insert(now);
    }

    /// How long each stage took of a fetch that is complete at `now`.
    fn stages(&self, now: Time) -> [(Stage, Span); 4] {
        let [open, named, begun] = self.steps;
        let mut from = self.asked;
        [(Stage::Connect, open), (Stage::Lookup, named), (Stage::FirstByte, begun), (Stage::Rest, Some(now))].map(|(stage, at)| {
            let at = at.unwrap_or(from).max(from);
            (stage, at.since(std::mem::replace(&mut from, at)))
        })
    }
}

/// What it wants.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// The object; the version that is coming, once it is known.
    Fetch(Version),
    /// A new version stored.
    Publish(Version),
    /// Another object stored under the same name and version: what the equivocator wants.
    Equivocate(Version),
    /// A copy at another origin.
    Copy(NodeId),
    /// All versions up to this one purged.
    Purge(Version),
}

impl Machine for Site {
    type Input = node::Input<Parcel>;
    type Effect = Effect;
    type Why = Wakeup;

    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Effect>) {
        match input {
            node::Input::Start { .. } if self.config.role.kind.serves() => {
                let (config, returns) = (self.config.clone(), self.returns);
                self.wake_up(cx.me, cx.now).keep(&config, returns, cx);
            }
            node::Input::Message { from, message } => self.arrive(from, message, cx),
            node::Input::Command(node::Command::Fetch { object }) => self.fetch(object, cx),
            node::Input::Command(node::Command::Revise { object, version }) => self.revise(object, Version(version), cx),
            node::Input::Leave => self.wake_up(cx.me, cx.now).inputs.push_back(Input::Leave),
            node::Input::Start { .. } | node::Input::Command(_) => {}
        }
        self.settle(cx);
    }

    fn wake(&mut self, why: Wakeup, cx: &mut Cx<'_, Effect>) {
        let Some(live) = &mut self.live else { return };
        match why {
            Wakeup::Line(id) => live.wake_line(id, cx),
            Wakeup::Disk(ticket) => {
                if let Some(outcome) = live.disk.complete(ticket, self.config.stock(cx.me), cx.now) {
                    if let Some(content) = trouble(&outcome) {
                        cx.emit(node::Effect::Fact(Fact::Content(content)));
                    }
                    for root in live.disk.take_bound() {
                        live.bound(root, &self.config, cx);
                    }
                    live.inputs.push_back(Input::Done { ticket: hypermesh_core::stoq::node::Ticket(ticket), outcome });
                }
            }
            Wakeup::Core(core) => self.done(core, cx),
            Wakeup::Guard(why) => live.judge(&self.config, |guard, cx| guard.wake(why, cx), cx),
            Wakeup::News => live.hear(&self.config, cx),
            Wakeup::Keeper(why) => live.tend(&self.config, |keeper, cx| keeper.wake(why, cx), cx),
            Wakeup::Again(job) => live.again(job, &self.config.catalogue),
            Wakeup::Node(why) => {
                live.watch_woken(why, &self.config, cx.now);
                live.run(&self.config, &mut self.connections, |node, cx| node.wake(why, cx), cx);
            }
        }
        self.settle(cx);
    }
}

impl Site {
    /// What the site needs to do anything, made if it is not there.
    fn wake_up(&mut self, me: NodeId, now: Time) -> &mut Live {
        let config = &self.config;
        let (serves, life, kept) = (config.role.kind.serves(), self.connections, &mut self.disk);
        self.live.get_or_insert_with(|| {
            let mut watch = Watch::new(config, now);
            let disk = kept.take().map(|disk| *disk).unwrap_or_default();
            let above = match &config.flock {
                Some(flock) => flock.others(me),
                None => config.directory.above(me, config.group, config.role.servers),
            };
            let mut inputs = VecDeque::new();
            if let (Some(first), None) = (above.first(), &config.flock) {
                let is_near = config.directory.is_near(me, config.group, *first);
                watch.sheet.judge(Monitor::NearIsChosen, is_near, *first, 0);
            }
            if !above.is_empty() {
                let server = |(at, _): (usize, &NodeId)| Server { id: ServerId(at as u32), cost: at as u32, names: true };
                inputs.push_back(Input::Servers(above.iter().enumerate().map(server).collect()));
            }
            let found = disk.found();
            if !found.is_empty() {
                inputs.push_back(Input::Kept(found));
            }
            Box::new(Live {
                node: StoqNode::new(&config.node),
                above,
                lines: BTreeMap::new(),
                numbers: BTreeMap::new(),
                stack: config.credentials.as_ref().map(|all| Stack::new(all, me, config.seed ^ u64::from(life), serves)),
                draining: BTreeMap::new(),
                jobs: BTreeMap::new(),
                disk,
                inputs,
                touched: Vec::new(),
                cpu: config.role.cpu.map(|cpu| Box::new(Processor::new(cpu))),
                keeper: None,
                heard: Time::ZERO,
                copies: 0,
                guard: config.pki.as_ref().map(|pki| Guard::new(pki.policy.clone(), Unlogged)),
                next: None,
                watch,
            })
        })
    }

    /// The adversary opens connections and says nothing.
    fn flood(&mut self, cx: &mut Cx<'_, Effect>) {
        let config = self.config.clone();
        self.wake_up(cx.me, cx.now);
        let Some(live) = &mut self.live else { return };
        let servers = live.above.len().max(1) as u32;
        for nth in 0..FLOOD {
            live.dial(ServerId(nth % servers), &config, &mut self.connections, cx);
        }
    }

    /// The application asks for an object.
    fn fetch(&mut self, object: u32, cx: &mut Cx<'_, Effect>) {
        if self.config.role.floods {
            return self.flood(cx);
        }
        cx.emit(node::Effect::Fact(Fact::Content(Content::Asked)));
        let job = self.jobs;
        self.jobs += 1;
        let name = self.config.catalogue.object(object).name.clone();
        let order = Order {
            what: What::Name { name, version_min: 0, age_max: None },
            range: None,
            sources: Vec::new(),
            sequence: Sequence::InOrder,
            credit: CREDIT,
            reads_back: true,
            resume: None,
        };
        let asked = cx.now;
        let live = self.wake_up(cx.me, cx.now);
        let is_open = live.lines.values().any(|line| line.is_known);
        let mut wanted = Job::new(object, asked, Wanted::Fetch(Version(0)));
        wanted.steps[Job::OPEN] = is_open.then_some(asked);
        live.jobs.insert(job, wanted);
        live.inputs.push_back(Input::Job { job: JobId(job), command: Command::Get(Box::new(order)) });
    }

    /// Something comes: a core takes it in when it has the time, at once where work takes none.
    fn arrive(&mut self, from: NodeId, parcel: Parcel, cx: &mut Cx<'_, Effect>) {
        match self.live.as_mut().and_then(|live| live.cpu.as_mut()) {
            Some(cpu) => cpu.queue(from, Task::Arrived(from, parcel), cx.now),
            None => self.receive(from, parcel, cx),
        }
    }

    /// A core is done with a piece of work.
    fn done(&mut self, core: u32, cx: &mut Cx<'_, Effect>) {
        let cpu = self.live.as_mut().and_then(|live| live.cpu.as_mut());
        let Some(Done { deed, took, waited }) = cpu.and_then(|cpu| cpu.done(core as usize)) else { return };
        cx.emit(node::Effect::Fact(Fact::Content(Content::Worked { took, waited })));
        match deed {
            Deed::Arrived(from, parcel) => self.receive(from, parcel, cx),
            Deed::Sent(id, to, parcels) => {
                for message in parcels {
                    cx.emit(node::Effect::Send { to, message });
                }
                if let Some(live) = &mut self.live {
                    live.touched.push(id);
                }
            }
        }
    }

    /// A parcel is taken in.
    fn receive(&mut self, from: NodeId, parcel: Parcel, cx: &mut Cx<'_, Effect>) {
        match parcel {
            Parcel::Flight(flight) => self.receive_flight(from, *flight, cx),
            Parcel::Datagram(bytes) => self.receive_datagram(from, &bytes, cx),
        }
    }

    /// A flight comes. The first one of a connection makes it.
    fn receive_flight(&mut self, from: NodeId, flight: Flight<Said>, cx: &mut Cx<'_, Effect>) {
        let id = if flight.to_server {
            let known = self.live.as_ref().and_then(|live| live.numbers.get(&(from, flight.conn)).copied());
            let is_client = !self.config.role.kind.serves();
            match known {
                Some(id) => id,
                // Clients serve nobody, and nothing but a first flight begins a connection.
                None if is_client || flight.first != 0 || flight.close.is_some() => return self.reset(from, &flight, cx),
                None => {
                    let pipe = Pipe::Model(Box::new(Conn::server(&self.config.quic, flight.conn, cx.now)));
                    self.accept(from, flight.conn, pipe, cx)
                }
            }
        } else {
            u64::from(flight.conn)
        };
        match &mut self.live {
            Some(live) if live.lines.contains_key(&id) || live.draining.contains_key(&id) => live.receive(id, flight, &self.config, cx),
            _ => self.reset(from, &flight, cx),
        }
    }

    /// Something comes for a connection that nobody knows here. Whoever has been down says so, as a stack does that keeps its key for stateless resets; who
    /// has not knows all its connections, and said how those ended that are over.
    fn reset(&self, from: NodeId, flight: &Flight<Said>, cx: &mut Cx<'_, Effect>) {
        if self.returns && flight.close.is_none() && !flight.is_lost() {
            let reset = flight.reset();
            let headers = self.config.headers;
            let carried = Content::Carried { content: 0, frames: 0, again: 0, quic: reset.bytes, headers };
            cx.emit(node::Effect::Fact(Fact::Content(carried)));
            cx.emit(node::Effect::Send { to: from, message: Parcel::Flight(Box::new(reset)) });
        }
    }

    /// A datagram of real QUIC comes.
    fn receive_datagram(&mut self, from: NodeId, bytes: &[u8], cx: &mut Cx<'_, Effect>) {
        if self.live.is_none() && !self.config.role.kind.serves() {
            return;
        }
        let live = self.wake_up(cx.me, cx.now);
        let Some(stack) = &mut live.stack else { return };
        match stack.arrive(from, bytes, cx.now) {
            Arrived::Known(handle, event) => live.hand(cx.me, handle.0 as u32, *event),
            Arrived::New(wire) => {
                let number = wire.handle() as u32;
                let id = self.accept(from, number, Pipe::Real(wire), cx);
                if let Some(live) = &mut self.live {
                    live.touched.push(id);
                }
            }
            Arrived::Nothing => {}
        }
    }

    /// A connection that somebody else began.
    fn accept(&mut self, from: NodeId, number: u32, pipe: Pipe, cx: &Cx<'_, Effect>) -> u64 {
        let id = u64::from(self.connections);
        self.connections += 1;
        let of = if matches!(pipe, Pipe::Real(_)) { cx.me } else { from };
        let live = self.wake_up(cx.me, cx.now);
        if let Some(cpu) = &mut live.cpu {
            cpu.begins(from);
        }
        live.numbers.insert((of, number), id);
        live.lines.insert(id, Box::new(Line::new(pipe, number, from, None, cx.now)));
        id
    }

    /// Does all that can be done now.
    fn settle(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(live) = &mut self.live else { return };
        live.settle(&self.config, &mut self.connections, cx);
        live.tell_findings(cx);
        let rests = live.cpu.as_ref().is_none_or(|cpu| cpu.is_idle());
        let idle = rests && live.lines.is_empty() && live.draining.is_empty() && live.jobs.is_empty() && live.inputs.is_empty();
        if idle && !self.config.role.kind.serves() {
            self.live = None;
        }
    }
}

impl Node for Site {
    type Message = Parcel;
    type Wakeup = Wakeup;
    type Config = Config;

    fn new(config: &Arc<Config>) -> Self {
        Self { config: config.clone(), live: None, connections: 0, jobs: 0, disk: None, returns: false }
    }

    /// The disk survives, and no number of a connection is used twice.
    fn remains(&mut self, config: &Arc<Config>) -> Self {
        let disk = self.live.take().map(|live| Box::new(live.disk)).or(self.disk.take());
        let disk = disk.filter(|disk| !disk.is_empty()).map(|mut disk| {
            disk.lose_power();
            disk
        });
        Self { disk, connections: self.connections, returns: true, ..Self::new(config) }
    }

    fn check(&self, _: NodeId) -> Result<(), &'static str> {
        let Some(live) = &self.live else { return Ok(()) };
        live.lines.values().try_for_each(|line| line.pipe.check())?;
        live.cpu.as_ref().map_or(Ok(()), |cpu| cpu.check())?;
        live.node.check()
    }

    fn heap_bytes(&self) -> usize {
        let Some(live) = &self.live else { return 0 };
        let lines: usize = live.lines.values().map(|line| size_of::<Line>() + 24 + line.heap_bytes()).sum();
        let cpu = live.cpu.as_ref().map_or(0, |cpu| cpu.heap_bytes());
        cpu + size_of::<Live>()
            + live.node.heap_bytes()
            + live.watch.heap_bytes()
            + lines
            + live.disk.heap_bytes()
            + live.jobs.len() * 32
            + live.numbers.len() * 32
    }
}

/// Keys of a connection that both ends make from what both know.
fn exporter(config: &Config, client: NodeId, number: u32) -> [u8; 32] {
    use hypermesh_core::base::digest::mix;
    let mut key = [0; 32];
    for (at, word) in key.chunks_exact_mut(8).enumerate() {
        word.copy_from_slice(&mix(config.seed ^ mix(u64::from(client.0) << 32 | u64::from(number)) ^ at as u64).to_le_bytes());
    }
    key
}

impl Config {
    /// What is in the store of a node of this group from the start.
    fn stock(&self, me: NodeId) -> Stock<'_> {
        let faults = &self.store_faults;
        let (from, until) = (faults.partition_point(|fault| fault.node < me), faults.partition_point(|fault| fault.node <= me));
        Stock {
            catalogue: &self.catalogue,
            is_whole: self.role.kind == StoqKind::Origin,
            flock: self.flock.as_deref(),
            me,
            faults: &faults[from..until],
            seed: self.seed,
            binds_twice: Defect::BindTwice.is_planted(self.node.defect),
            is_trusted: Defect::TrustDisk.is_planted(self.node.defect),
        }
    }
}

/// What an operation of the disk is for the trace, if it went wrong.
const fn trouble(outcome: &Outcome) -> Option<Content> {
    match outcome {
        Outcome::Read(Err(Unread::Damaged)) => Some(Content::Damaged),
        Outcome::Read(Err(Unread::Failed)) => Some(Content::Unread),
        Outcome::Stored(Err(Unstored::Full)) => Some(Content::Full),
        _ => None,
    }
}

/// Of the dial's timeout and of nothing else: a connection whose handshake is not complete by then is given up.
const fn dial_is_late(line: &Line, now: Time) -> bool {
    !line.is_known && line.server.is_some() && now.since(line.began).0 >= DIAL_WITHIN.0
}

/// The input by which a node learns that a connection is gone.
const fn gone(id: u64) -> Input {
    Input::Session { conn: ConnId(id), input: session::Input::Gone }
}
