//! A small world of layer 1 nodes: connections without loss, stores in memory, and applications that take what they get.
//!
//! Messages of one stream arrive in order; streams overtake each other as the seed has it. Frames travel as values and contents as shared bytes, as in
//! the message mode of the simulation. Everything that a test wants to break can be broken: connections, nodes, stores, the honesty of a node.

mod by_hand;

pub use super::store::{MemoryStore, Packed, pack};
use crate::base::{Dice, NodeId, Purpose, SeedKey, Span, Time};
use crate::machine::{Chance, Cx, Machine};
use crate::stoq::cache::Version;
use crate::stoq::node::*;
use crate::stoq::session::frame::{ContentId, Frame, Name};
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::{self, Roles, StreamId, version};
use crate::stoq::transfer::{Order, Sequence, What};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A node with its store, its certificate and its applications.
#[derive(Debug)]
pub struct Seat {
    /// The node.
    pub node: StoqNode,
    /// Its store.
    pub store: MemoryStore,
    /// The roles that its certificate allows; none without a certificate.
    pub certificate: Option<Roles>,
    /// Contents of the objects that its applications offer.
    pub offers: BTreeMap<ContentId, Arc<[u8]>>,
    /// What its applications were told, pieces excepted.
    pub told: Vec<(JobId, Told)>,
    /// What its applications got, by first byte.
    pub got: BTreeMap<JobId, BTreeMap<u64, Vec<u8>>>,
    /// What it recorded.
    pub facts: Vec<Fact>,
    /// Whether it sends other contents than it should.
    pub lies: bool,
    /// Whether applications take what they get.
    pub takes: bool,
    /// Bytes that it wrote, and that QUIC took.
    pub put_out: u64,
    /// Whether it is running.
    pub is_up: bool,
    /// Whether it can connect with nobody.
    pub is_cut_off: bool,
    /// What it said to peers that a test plays itself, if there are such.
    by_hand: Option<Vec<(ConnId, Effect)>>,
    life: u32,
    position: u32,
}

/// What goes over a connection.
#[derive(Clone, Debug)]
enum Carried {
    Kind,
    Frame(Frame),
    Body(Arc<[u8]>),
    End,
    Reset(u64),
    Stop(u64),
    Datagram(Frame),
    Gone,
}

/// One end of a connection.
#[derive(Debug)]
struct End {
    seat: usize,
    life: u32,
    coming: BTreeMap<StreamId, VecDeque<Carried>>,
    readable: BTreeSet<StreamId>,
    known: BTreeSet<StreamId>,
    /// When the last message of each stream arrives, so that the next one does not overtake it.
    last: BTreeMap<StreamId, Time>,
}

#[derive(Debug)]
struct Line {
    /// Who dialled comes first.
    ends: [End; 2],
    is_up: bool,
    /// Whether nothing that is sent arrives.
    is_mute: bool,
    /// Whether QUIC takes no bytes at the moment.
    is_stuck: bool,
    stuck: Vec<(usize, StreamId, u32)>,
}

#[derive(Debug)]
enum Event {
    Input(usize, u32, Box<Input>),
    Wake(usize, u32, Why),
    Arrive(ConnId, usize, Option<StreamId>, Carried),
    Store(usize, u32, Ticket, StoreOp),
}

/// The world.
#[derive(Debug)]
pub struct World {
    /// Its nodes. The number of a seat is that of its server too.
    pub seats: Vec<Seat>,
    /// The time.
    pub now: Time,
    /// One way between any two nodes.
    pub latency: Span,
    /// What comes on top, drawn anew for every message.
    pub jitter: Span,
    /// Servers that the test plays itself, and who they are.
    played: BTreeMap<ServerId, Peer>,
    /// Whether the test tells who dials such a server how that went.
    tells_dials: bool,
    /// Connections with these that nobody asked for yet: whose, and which.
    dialled: VecDeque<(usize, ConnId)>,
    lines: BTreeMap<ConnId, Line>,
    events: BTreeMap<(Time, u64), Event>,
    count: u64,
    dice: Dice,
    draws: u32,
}

impl World {
    /// The keying material of every connection.
    pub const EXPORTER: [u8; 32] = [7; 32];

    /// An empty world.
    pub fn new(seed: u64) -> Self {
        Self {
            seats: Vec::new(),
            now: Time(1),
            latency: Span::millis(10),
            jitter: Span::ZERO,
            played: BTreeMap::new(),
            tells_dials: false,
            dialled: VecDeque::new(),
            lines: BTreeMap::new(),
            events: BTreeMap::new(),
            count: 0,
            dice: Dice::new(SeedKey::new(seed)),
            draws: 0,
        }
    }

    /// Adds a node. Its certificate allows what it plays, unless the test takes it away.
    pub fn add(&mut self, config: &Arc<Config>) -> usize {
        self.seats.push(Seat {
            node: StoqNode::new(config),
            store: MemoryStore::default(),
            certificate: Some(config.roles),
            offers: BTreeMap::new(),
            told: Vec::new(),
            got: BTreeMap::new(),
            facts: Vec::new(),
            lies: false,
            takes: true,
            put_out: 0,
            is_up: true,
            is_cut_off: false,
            by_hand: None,
            life: 0,
            position: 0,
        });
        self.seats.len() - 1
    }

    /// A number below `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.draws += 1;
        self.dice.draw(99, Purpose::Test, self.draws).below(below.max(1))
    }

    fn at(&mut self, when: Time, event: Event) {
        self.count += 1;
        self.events.insert((when, self.count), event);
    }

    /// Tells a node something now.
    pub fn input(&mut self, seat: usize, input: Input) {
        self.react(seat, |node, cx| node.handle(input, cx));
    }

    /// An application of a node wants something.
    pub fn command(&mut self, seat: usize, job: u32, command: Command) {
        self.input(seat, Input::Job { job: JobId(job), command });
    }

    /// An application fetches an object, or a range of it.
    pub fn get(&mut self, seat: usize, job: u32, what: What, range: Option<core::ops::Range<u64>>) {
        let order =
            Order { what, range, sources: Vec::new(), sequence: Sequence::InOrder, credit: 8 << 20, reads_back: false, resume: None };
        self.command(seat, job, Command::Get(Box::new(order)));
    }

    /// An application offers an object.
    pub fn put(&mut self, seat: usize, job: u32, server: usize, name: &str, version: u64, packed: &Packed) {
        self.seats[seat].offers.extend(packed.contents.iter().map(|(id, bytes)| (*id, bytes.clone())));
        let offer = Offer {
            server: Some(ServerId(server as u32)),
            name: Name::new(name).expect("the test names things well"),
            version: Version(version),
            len: packed.bytes.len() as u64,
            root: packed.root,
            manifest: packed.manifest.clone(),
            copies: 1,
        };
        self.command(seat, job, Command::Put(Box::new(offer)));
    }

    fn react(&mut self, at: usize, react: impl FnOnce(&mut StoqNode, &mut Cx<'_, Effect>)) {
        let seat = &mut self.seats[at];
        if !seat.is_up {
            return;
        }
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, at as u32, &mut seat.position);
        react(&mut seat.node, &mut Cx::new(self.now, NodeId(at as u32), chance, &mut out));
        if let Err(broken) = seat.node.check() {
            panic!("{broken} at node {at}");
        }
        out.into_iter().for_each(|effect| self.carry_out(at, effect));
    }

    fn carry_out(&mut self, at: usize, effect: Effect) {
        let life = self.seats[at].life;
        if let Effect::Session { conn, .. } | Effect::Data { conn, .. } = &effect
            && !self.lines.contains_key(conn)
            && let Some(kept) = &mut self.seats[at].by_hand
        {
            return kept.push((*conn, effect));
        }
        match effect {
            Effect::Dial { server } => self.dial(at, server),
            Effect::Session { conn, effect } => self.session(at, conn, effect),
            Effect::Data { conn, stream, bytes, range } => self.data(at, conn, stream, &bytes, range),
            Effect::Store { ticket, op } => {
                let when = self.now + Span::micros(100 + self.roll(100));
                self.at(when, Event::Store(at, life, ticket, op));
            }
            Effect::Told { job, told } => self.told(at, job, told),
            Effect::Fact(fact) => self.seats[at].facts.push(fact),
            Effect::Wake { after, why } => {
                let when = self.now + after;
                self.at(when, Event::Wake(at, life, why));
            }
            Effect::Left => {}
        }
    }

    fn told(&mut self, at: usize, job: JobId, told: Told) {
        let life = self.seats[at].life;
        let offset = match told {
            Told::Piece { piece, stored } => {
                let offset = piece.offset + u64::from(piece.skip);
                self.seats[at].got.entry(job).or_default().insert(offset, piece.of(&stored).to_vec());
                offset
            }
            Told::Copy { piece, from } => {
                let bytes = self.read_back(at, job, from, piece.take as usize);
                let offset = piece.offset + u64::from(piece.skip);
                self.seats[at].got.entry(job).or_default().insert(offset, bytes);
                offset
            }
            told => return self.seats[at].told.push((job, told)),
        };
        if self.seats[at].takes {
            let input = Input::Job { job, command: Command::Taken { offset } };
            self.at(self.now, Event::Input(at, life, Box::new(input)));
        }
    }

    fn read_back(&self, at: usize, job: JobId, from: u64, len: usize) -> Vec<u8> {
        let got = &self.seats[at].got[&job];
        (from..from + len as u64)
            .map(|byte| {
                let (start, bytes) = got.range(..=byte).next_back().expect("what is copied was delivered");
                bytes[(byte - start) as usize]
            })
            .collect()
    }

    fn peer(&self, seat: usize) -> Peer {
        self.seats[seat].certificate.map_or(Peer::Anonymous, Peer::Certified)
    }

    fn dial(&mut self, at: usize, server: ServerId) {
        let (to, life) = (server.0 as usize, self.seats[at].life);
        let answers = self.now + self.latency + self.latency;
        if let Some(peer) = self.played.get(&server).copied() {
            return self.dial_by_hand(at, server, peer, answers);
        }
        if self.seats[at].is_cut_off || !self.seats.get(to).is_some_and(|seat| seat.is_up) {
            let again = Some(Span::millis(500));
            return self.at(answers, Event::Input(at, life, Box::new(Input::NoDial { server, again })));
        }
        self.count += 1;
        let conn = ConnId(self.count);
        let end = |seat: usize, life: u32| End {
            seat,
            life,
            coming: BTreeMap::new(),
            readable: BTreeSet::new(),
            known: BTreeSet::new(),
            last: BTreeMap::new(),
        };
        let ends = [end(at, life), end(to, self.seats[to].life)];
        self.lines.insert(conn, Line { ends, is_up: true, is_mute: false, is_stuck: false, stuck: Vec::new() });
        let keyed = || Box::new(Input::Session { conn, input: session::Input::Keyed { major: version::MAJOR, exporter: Self::EXPORTER } });
        let (client, host) = (self.peer(at), self.peer(to));
        let (arrives, to_life) = (self.now + self.latency, self.seats[to].life);
        self.at(answers, Event::Input(at, life, Box::new(Input::Dialled { conn, server, peer: host, early: false })));
        self.at(answers, Event::Input(at, life, keyed()));
        self.at(arrives, Event::Input(to, to_life, Box::new(Input::Accepted { conn, peer: client })));
        self.at(arrives, Event::Input(to, to_life, keyed()));
    }

    /// When the next thing happens, if anything is under way.
    pub fn next_at(&self) -> Option<Time> {
        self.events.first_key_value().map(|((when, _), _)| *when)
    }

    fn end_of(&self, at: usize, conn: ConnId) -> Option<usize> {
        let line = self.lines.get(&conn).filter(|line| line.is_up)?;
        line.ends.iter().position(|end| end.seat == at && end.life == self.seats[at].life)
    }

    /// Sends something to the other end.
    fn send(&mut self, at: usize, conn: ConnId, stream: Option<StreamId>, carried: Carried) {
        let Some(end) = self.end_of(at, conn) else { return };
        if self.lines.get(&conn).is_some_and(|line| line.is_mute) {
            return;
        }
        let delay = self.latency + Span(self.roll(self.jitter.0 + 1));
        let mut when = self.now + delay;
        if let (Some(line), Some(stream)) = (self.lines.get_mut(&conn), stream) {
            let last = line.ends[1 - end].last.entry(stream).or_default();
            when = Time(when.0.max(last.0));
            *last = when;
        }
        self.at(when, Event::Arrive(conn, 1 - end, stream, carried));
    }

    fn session(&mut self, at: usize, conn: ConnId, effect: session::Effect) {
        match effect {
            session::Effect::OpenControl { stream } => self.send(at, conn, Some(stream), Carried::Kind),
            session::Effect::OpenRequest { stream, .. } => self.note(at, conn, |end| end.known.extend([stream])),
            session::Effect::Write { frame, .. } if frame.kind().is_none() => {}
            session::Effect::Write { stream, frame } => self.send(at, conn, Some(stream), Carried::Frame(frame)),
            session::Effect::Finish { stream } => self.send(at, conn, Some(stream), Carried::End),
            session::Effect::Reset { stream, code } => self.send(at, conn, Some(stream), Carried::Reset(code.to_quic())),
            session::Effect::Stop { stream, code } => self.send(at, conn, Some(stream), Carried::Stop(code.to_quic())),
            session::Effect::Read { stream } => {
                self.note(at, conn, |end| end.readable.extend([stream]));
                if let Some(end) = self.end_of(at, conn) {
                    self.deliver(conn, end, stream);
                }
            }
            session::Effect::Datagram { frame } => self.send(at, conn, None, Carried::Datagram(frame)),
            session::Effect::Close { .. } => {
                self.send(at, conn, None, Carried::Gone);
                if let Some(line) = self.lines.get_mut(&conn) {
                    line.is_up = false;
                }
            }
            session::Effect::Wake { .. } | session::Effect::Up(_) => unreachable!("the node keeps these for itself"),
        }
    }

    fn note(&mut self, at: usize, conn: ConnId, what: impl FnOnce(&mut End)) {
        if let (Some(end), Some(line)) = (self.end_of(at, conn), self.lines.get_mut(&conn)) {
            what(&mut line.ends[end]);
        }
    }

    fn data(&mut self, at: usize, conn: ConnId, stream: StreamId, bytes: &Arc<[u8]>, range: core::ops::Range<u32>) {
        let mut part: Arc<[u8]> =
            if range.len() == bytes.len() { bytes.clone() } else { bytes[range.start as usize..range.end as usize].into() };
        if self.seats[at].lies {
            part = part.iter().map(|byte| byte ^ 0x55).collect();
        }
        self.seats[at].put_out += part.len() as u64;
        let len = part.len() as u32;
        self.send(at, conn, Some(stream), Carried::Body(part));
        let life = self.seats[at].life;
        match self.lines.get_mut(&conn) {
            Some(line) if line.is_stuck => line.stuck.push((at, stream, len)),
            _ => self.at(self.now, Event::Input(at, life, Box::new(Input::Sent { conn, stream, bytes: len }))),
        }
    }

    /// Hands over what has come on a stream, as far as it is read.
    fn deliver(&mut self, conn: ConnId, end: usize, stream: StreamId) {
        loop {
            let Some(line) = self.lines.get_mut(&conn) else { return };
            let (is_up, life, seat) = (line.is_up, line.ends[end].life, line.ends[end].seat);
            if !is_up || self.seats[seat].life != life {
                return;
            }
            let end = &mut line.ends[end];
            let theirs = !stream.is_one_way() && !end.known.contains(&stream);
            if theirs {
                end.known.insert(stream);
                self.input(seat, Input::Session { conn, input: session::Input::Request { stream, early: false } });
                continue;
            }
            let Some(queue) = end.coming.get_mut(&stream) else { return };
            let is_abrupt = matches!(queue.front(), Some(Carried::Reset(_) | Carried::Stop(_)));
            if !stream.is_one_way() && !is_abrupt && !end.readable.contains(&stream) {
                return;
            }
            let Some(carried) = queue.pop_front() else { return };
            let session = |input| Input::Session { conn, input };
            let input = match carried {
                Carried::Kind => session(session::Input::OneWay { stream, kind: CONTROL }),
                Carried::Frame(frame) => session(session::Input::Frame { stream, frame }),
                Carried::Body(bytes) => Input::Body { conn, stream, bytes },
                Carried::End => session(session::Input::End { stream }),
                Carried::Reset(code) => session(session::Input::Reset { stream, code }),
                Carried::Stop(code) => session(session::Input::Stop { stream, code }),
                Carried::Datagram(_) | Carried::Gone => continue,
            };
            self.input(seat, input);
        }
    }

    fn arrive(&mut self, conn: ConnId, end: usize, stream: Option<StreamId>, carried: Carried) {
        let Some(line) = self.lines.get_mut(&conn) else { return };
        let seat = line.ends[end].seat;
        match (stream, carried) {
            (_, Carried::Gone) => {
                line.is_up = false;
                if self.seats[seat].life == self.lines[&conn].ends[end].life {
                    self.input(seat, Input::Session { conn, input: session::Input::Gone });
                }
            }
            (_, Carried::Datagram(frame)) => {
                if self.end_of(seat, conn) == Some(end) {
                    self.input(seat, Input::Session { conn, input: session::Input::Datagram { frame } });
                }
            }
            (Some(stream), carried) => {
                line.ends[end].coming.entry(stream).or_default().push_back(carried);
                self.deliver(conn, end, stream);
            }
            (None, _) => {}
        }
    }

    /// Lets the next thing happen; false if nothing is under way.
    pub fn step(&mut self) -> bool {
        let Some(((when, _), event)) = self.events.pop_first() else { return false };
        self.now = when;
        match event {
            Event::Input(seat, life, input) if self.seats[seat].life == life => self.input(seat, *input),
            Event::Wake(seat, life, why) if self.seats[seat].life == life => self.react(seat, |node, cx| node.wake(why, cx)),
            Event::Arrive(conn, end, stream, carried) => self.arrive(conn, end, stream, carried),
            Event::Store(seat, life, ticket, op) => {
                // What was written is written, whether or not anybody is left to hear of it.
                let outcome = match &op {
                    StoreOp::Supply { id, .. } => Outcome::Read(self.seats[seat].offers.get(id).cloned().ok_or(Unread::Absent)),
                    _ => self.seats[seat].store.run(op),
                };
                if self.seats[seat].life == life {
                    self.input(seat, Input::Done { ticket, outcome });
                }
            }
            Event::Input(..) | Event::Wake(..) => {}
        }
        true
    }

    /// Lets time pass.
    pub fn run_for(&mut self, span: Span) {
        let until = self.now + span;
        while self.events.first_key_value().is_some_and(|((when, _), _)| *when <= until) {
            self.step();
        }
        self.now = until;
    }

    /// Lets time pass until a job of a node is over, for at most five minutes. What it was told last.
    pub fn finish(&mut self, seat: usize, job: u32) -> Told {
        let limit = self.now + Span::secs(300);
        loop {
            if let Some(told) = self.verdict(seat, job) {
                return told;
            }
            assert!(self.step() && self.now < limit, "the job comes to an end: {:?}", self.seats[seat].told);
        }
    }

    /// How a job ended, if it did.
    pub fn verdict(&self, seat: usize, job: u32) -> Option<Told> {
        let mine = self.seats[seat].told.iter().rev().filter(|(of, _)| *of == JobId(job)).map(|(_, told)| told);
        mine.into_iter().find(|told| !matches!(told, Told::Root { .. })).cloned()
    }

    /// The bytes that a job got, from its first one on, if they are without gaps.
    pub fn bytes(&self, seat: usize, job: u32) -> Vec<u8> {
        let Some(got) = self.seats[seat].got.get(&JobId(job)) else { return Vec::new() };
        let mut next = got.keys().next().copied();
        let mut all = Vec::new();
        for (offset, bytes) in got {
            assert_eq!(Some(*offset), next, "pieces follow each other");
            all.extend_from_slice(bytes);
            next = Some(offset + bytes.len() as u64);
        }
        all
    }

    /// Breaks every connection of a node. The others notice after a while.
    pub fn cut(&mut self, seat: usize) {
        let lines: Vec<ConnId> = self
            .lines
            .iter()
            .filter(|(_, line)| line.is_up && line.ends.iter().any(|end| end.seat == seat))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in lines {
            self.break_line(conn);
        }
    }

    fn break_line(&mut self, conn: ConnId) {
        for end in 0..2 {
            let when = self.now + self.latency;
            self.at(when, Event::Arrive(conn, end, None, Carried::Gone));
        }
    }

    /// From now on nothing arrives on the connections between two nodes, and neither knows. After a while both take them for gone.
    pub fn mute(&mut self, one: usize, other: usize, after: Span) {
        let between = |line: &Line| line.is_up && [line.ends[0].seat, line.ends[1].seat].iter().all(|seat| [one, other].contains(seat));
        let lines: Vec<ConnId> = self.lines.iter().filter(|(_, line)| between(line)).map(|(conn, _)| *conn).collect();
        for conn in lines {
            if let Some(line) = self.lines.get_mut(&conn) {
                line.is_mute = true;
            }
            let when = self.now + after;
            (0..2).for_each(|end| self.at(when, Event::Arrive(conn, end, None, Carried::Gone)));
        }
    }

    /// Ends a node without a word; what it has on disk stays.
    pub fn kill(&mut self, seat: usize) {
        self.cut(seat);
        self.seats[seat].life += 1;
        self.seats[seat].is_up = false;
    }

    /// Starts a node that was ended, with what it has on disk.
    pub fn start(&mut self, seat: usize) {
        let config = self.seats[seat].node.config().clone();
        self.seats[seat].node = StoqNode::new(&config);
        self.seats[seat].is_up = true;
    }

    /// From now on QUIC takes no bytes of what a node sends.
    pub fn hold(&mut self, seat: usize) {
        self.lines.values_mut().filter(|line| line.ends.iter().any(|end| end.seat == seat)).for_each(|line| line.is_stuck = true);
    }

    /// QUIC takes again what it did not take.
    pub fn release(&mut self, seat: usize) {
        let mut taken = Vec::new();
        for (conn, line) in self.lines.iter_mut().filter(|(_, line)| line.ends.iter().any(|end| end.seat == seat)) {
            line.is_stuck = false;
            taken.extend(core::mem::take(&mut line.stuck).into_iter().map(|(at, stream, bytes)| (at, *conn, stream, bytes)));
        }
        for (at, conn, stream, bytes) in taken {
            self.input(at, Input::Sent { conn, stream, bytes });
        }
    }

    /// How often a node recorded something.
    pub fn count(&self, seat: usize, what: impl Fn(&Fact) -> bool) -> usize {
        self.seats[seat].facts.iter().filter(|fact| what(fact)).count()
    }
}
