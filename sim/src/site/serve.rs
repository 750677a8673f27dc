//! What a live site does: events of connections become inputs of the node, effects of the node become deeds.

use super::config::Config;
use super::cpu::{Deed, TURN_PACKETS, Task, Turned};
use super::disk::flipped;
use super::line::{Burst, Line};
use super::parcel::{Parcel, Said};
use super::pipe::Pipe;
use super::wakeup::Wakeup;
use super::{Effect, Job, Live, Wanted, dial_is_late, exporter, gone};
use crate::monitors::Monitor;
use crate::transport::{Conn, Event, Flight};
use hypermesh_core::base::{Load, NodeId, Span, Time};
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::node::{self, Content, Fact};
use hypermesh_core::stoq::node::{Command, ConnId, Effect as Asked, Fact as Seen, Input, JobId, ServerId, StoqNode, Told};
use hypermesh_core::stoq::session;
use hypermesh_core::stoq::session::frame::{ContentId, Frame};
use hypermesh_core::stoq::session::transcript::EXPORTER_LABEL;
use hypermesh_core::stoq::session::version::MAJOR;
use hypermesh_core::stoq::transfer::Penalty;

/// How long a server that did not answer is left alone.
const DIAL_AGAIN: Span = Span::secs(1);

impl Live {
    /// What arrived of a flight.
    pub(super) fn receive(&mut self, id: u64, flight: Flight<Said>, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Pipe::Model(conn) = &mut line.pipe else { return };
        let mut events = Vec::new();
        conn.receive(flight, cx.now, &mut events);
        self.touched.push(id);
        self.learn(id, events, config, cx);
    }

    /// The endpoint has something for a connection.
    pub(super) fn hand(&mut self, me: NodeId, handle: u32, event: quinn_proto::ConnectionEvent) {
        let Some(id) = self.numbers.get(&(me, handle)) else { return };
        let pipe = self.lines.get_mut(id).map(|line| &mut line.pipe).or(self.draining.get_mut(id).map(|line| &mut line.pipe));
        if let Some(Pipe::Real(wire)) = pipe {
            wire.receive(event);
            self.touched.push(*id);
        }
    }

    /// A deadline of a connection may be due.
    pub(super) fn wake_line(&mut self, id: u64, cx: &Cx<'_, Effect>) {
        self.touched.push(id);
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.alarms.retain(|at| *at > cx.now);
        if dial_is_late(line, cx.now) {
            line.pipe.close(0, cx.now, &mut line.events);
        }
    }

    /// Does all that can be done now: inputs first, then what connections have to send, until nothing is left.
    pub(super) fn settle(&mut self, config: &Config, connections: &mut u32, cx: &mut Cx<'_, Effect>) {
        loop {
            while let Some(input) = self.inputs.pop_front() {
                let confirmed = confirmed(&input);
                self.charge(&input);
                self.watch_heard(&input, config, cx.me, cx.now);
                self.run(config, connections, |node, cx| node.handle(input, cx), cx);
                // The peer confirmed what both hold for agreed, so the session is open.
                if let Some(ConnId(id)) = confirmed
                    && let Some(line) = self.lines.get_mut(&id)
                    && line.pipe.grant_all()
                {
                    self.touched.push(id);
                }
            }
            let mut touched = std::mem::take(&mut self.touched);
            if touched.is_empty() {
                if self.work(config, cx) {
                    continue;
                }
                return;
            }
            touched.sort_unstable();
            touched.dedup();
            for id in touched {
                self.flush(id, config, cx);
            }
        }
    }

    /// Lets the node react, and does what it asks for.
    pub(super) fn run(
        &mut self,
        config: &Config,
        connections: &mut u32,
        react: impl FnOnce(&mut StoqNode, &mut Cx<'_, Asked>),
        cx: &mut Cx<'_, Effect>,
    ) {
        let mut asked = Vec::new();
        react(&mut self.node, &mut cx.child(&mut asked));
        for effect in asked {
            self.carry_out(effect, config, connections, cx);
        }
        self.watch_over(cx.now);
    }

    fn carry_out(&mut self, effect: Asked, config: &Config, connections: &mut u32, cx: &mut Cx<'_, Effect>) {
        match effect {
            Asked::Dial { server } => self.dial(server, config, connections, cx),
            Asked::Session { conn, effect } => {
                if let session::Effect::Write { frame, .. } = &effect {
                    self.next = match frame {
                        Frame::Chunk(head) => Some((head.id, true)),
                        Frame::Manifest(head) => Some((head.id, false)),
                        _ => None,
                    };
                }
                self.watch_said(conn.0, &effect, config, cx.me, cx.now);
                if let Some(line) = self.lines.get_mut(&conn.0) {
                    if let (Some(cpu), session::Effect::OpenRequest { .. }) = (&mut self.cpu, &effect) {
                        cpu.requested(line.peer);
                    }
                    line.carry_out(conn, effect, cx.now, &mut self.inputs);
                    self.touched.push(conn.0);
                }
            }
            Asked::Data { conn, stream, bytes, range } => {
                let told = self.next.take();
                if let Some((id, _)) = told.filter(|_| !config.role.poisons) {
                    let is_true = config.catalogue.is_true(&id, &bytes);
                    self.watch.sheet.judge(Monitor::BytesAreVerified, is_true, cx.me, stream.0);
                    if !is_true {
                        cx.emit(node::Effect::Fact(Fact::Content(Content::Mistaken)));
                    }
                }
                if let Some(line) = self.lines.get_mut(&conn.0) {
                    let lies = config.role.poisons && told.is_some_and(|(_, is_chunk)| is_chunk);
                    let bytes = if lies { flipped(&bytes) } else { bytes };
                    line.write_body(stream, bytes, range);
                    self.touched.push(conn.0);
                }
            }
            Asked::Store { ticket, op } => {
                let at = self.disk.begin(ticket, op, config.stock(cx.me), config.disk, cx.now);
                cx.emit(node::Effect::Wake { after: at.since(cx.now), why: Wakeup::Disk(ticket.0) });
            }
            Asked::Told { job, told } => self.told(job, told, config, cx),
            Asked::Fact(seen) => {
                match seen {
                    Seen::Served { conn, level, named, .. } => {
                        self.look_at(conn, config, cx);
                        self.watch_served(level, named, config, cx.me, cx.now);
                    }
                    Seen::Poisoned { server } | Seen::Penalised { server, why: Penalty::Wrong } => self.watch_poisoned(server),
                    _ => {}
                }
                if let Some(content) = content(seen, cx.now) {
                    cx.emit(node::Effect::Fact(Fact::Content(content)));
                }
            }
            Asked::Wake { after, why } => {
                self.watch_wake(after, why, config, cx.me);
                cx.emit(node::Effect::Wake { after, why: Wakeup::Node(why) });
            }
            Asked::Left => {}
        }
    }

    /// Begins a handshake.
    pub(super) fn dial(&mut self, server: ServerId, config: &Config, connections: &mut u32, cx: &mut Cx<'_, Effect>) {
        let Some(peer) = self.above.get(server.0 as usize).copied() else {
            return self.inputs.push_back(Input::NoDial { server, again: None });
        };
        let number = *connections;
        *connections += 1;
        let id = u64::from(number);
        let line = match &mut self.stack {
            None => Line::new(Pipe::Model(Box::new(Conn::client(&config.quic, number, cx.now))), number, peer, Some(server), cx.now),
            Some(stack) => {
                let Some(wire) = stack.connect(peer, cx.now) else {
                    return self.inputs.push_back(Input::NoDial { server, again: Some(DIAL_AGAIN) });
                };
                let handle = wire.handle() as u32;
                self.numbers.insert((cx.me, handle), id);
                Line::new(Pipe::Real(Box::new(wire)), handle, peer, Some(server), cx.now)
            }
        };
        self.lines.insert(id, Box::new(line));
        if let Some(cpu) = &mut self.cpu {
            cpu.begins(peer);
        }
        self.touched.push(id);
        cx.emit(node::Effect::Wake { after: super::DIAL_WITHIN, why: Wakeup::Line(id) });
    }

    /// Events of a connection.
    fn learn(&mut self, id: u64, events: Vec<Event<Said>>, config: &Config, cx: &mut Cx<'_, Effect>) {
        for event in events {
            let Some(line) = self.lines.get_mut(&id) else { return };
            match event {
                Event::Connected => {
                    if !self.welcome(id, config, cx) {
                        continue;
                    }
                    let Some(line) = self.lines.get_mut(&id) else { return };
                    line.is_known = true;
                    if config.role.floods {
                        // Nothing more comes of it.
                        let (took, to) = (cx.now.since(line.began), line.peer);
                        cx.emit(node::Effect::Fact(Fact::Content(Content::Connected { took, to })));
                        continue;
                    }
                    let (conn, peer) = (ConnId(id), config.directory.peer(line.peer));
                    let exporter = match &line.pipe {
                        Pipe::Model(conn) => exporter(config, if conn.is_client() { cx.me } else { line.peer }, line.number),
                        Pipe::Real(wire) => wire.exporter(EXPORTER_LABEL),
                    };
                    self.inputs.push_back(match line.server {
                        Some(server) => Input::Dialled { conn, server, peer, early: false },
                        None => Input::Accepted { conn, peer },
                    });
                    let keyed = session::Input::Keyed { major: MAJOR, exporter };
                    self.inputs.push_back(Input::Session { conn, input: keyed });
                    if line.server.is_some() {
                        let (took, to) = (cx.now.since(line.began), line.peer);
                        cx.emit(node::Effect::Fact(Fact::Content(Content::Connected { took, to })));
                        self.jobs.values_mut().for_each(|job| job.step(Job::OPEN, cx.now));
                    }
                }
                Event::Closed(_) => self.closed(id, config, cx),
                other => {
                    if let Event::Item { item: Said::Body(_, range), .. } = &other {
                        let bytes = range.end - range.start;
                        cx.emit(node::Effect::Fact(Fact::Content(Content::Took { from: line.peer, bytes })));
                    }
                    line.translate(ConnId(id), other, &mut self.inputs);
                }
            }
        }
    }

    /// A connection is over.
    fn closed(&mut self, id: u64, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(line) = self.lines.remove(&id) else { return };
        self.forget(id, cx);
        self.watch.loses(id, &line.talk, config, cx.now);
        let lost = line.pipe.lost_packets();
        if lost > 0 {
            cx.emit(node::Effect::Fact(Fact::Content(Content::Lost { packets: lost })));
        }
        match line.server {
            Some(server) if !line.is_known => self.inputs.push_back(Input::NoDial { server, again: Some(DIAL_AGAIN) }),
            _ => self.inputs.push_back(gone(id)),
        }
        if line.is_known && line.server.is_some() {
            cx.emit(node::Effect::Fact(Fact::Content(Content::Disconnected)));
        }
        if line.pipe.is_drained() {
            self.numbers.remove(&line.key(cx.me));
        } else {
            self.draining.insert(id, line);
            self.touched.push(id);
        }
    }

    /// Lets a connection that is over say its last word.
    fn drain(&mut self, id: u64, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(line) = self.draining.get_mut(&id) else { return };
        let (to, key, mut events) = (line.peer, line.key(cx.me), Vec::new());
        let cpu = &mut self.cpu;
        send_some(line, u32::MAX, config, &mut events, cx, |message, cx| {
            if let Some(cpu) = cpu {
                cpu.sent_out_of_turn(to, &message);
            }
            cx.emit(node::Effect::Send { to, message });
        });
        let pipe = &mut line.pipe;
        if let (Some(stack), Pipe::Real(wire)) = (&mut self.stack, &mut *pipe) {
            stack.exchange(wire);
        }
        match pipe.deadline().filter(|_| !pipe.is_drained()) {
            Some(at) => cx.emit(node::Effect::Wake { after: at.since(cx.now), why: Wakeup::Line(id) }),
            None => {
                self.draining.remove(&id);
                self.numbers.remove(&key);
            }
        }
    }

    /// Sends what a connection may send, and asks to be woken for it; where work takes time, the connection queues for a turn of its core instead.
    fn flush(&mut self, id: u64, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(line) = self.lines.get_mut(&id) else { return self.drain(id, config, cx) };
        match &mut self.cpu {
            None => {
                let to = line.peer;
                self.turn(id, u32::MAX, config, cx, |message, cx| cx.emit(node::Effect::Send { to, message }));
            }
            Some(cpu) => {
                if !std::mem::replace(&mut line.is_queued, true) {
                    cpu.queue(line.peer, Task::Turn(id), cx.now);
                }
                let events = std::mem::take(&mut line.events);
                self.learn(id, events, config, cx);
            }
        }
    }

    /// A connection runs its timers, hands out what it may send, at least so many packets if it has them, and asks to be woken.
    fn turn<'c>(&mut self, id: u64, packets: u32, config: &Config, cx: &mut Cx<'c, Effect>, send: impl FnMut(Parcel, &mut Cx<'c, Effect>)) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let mut events = std::mem::take(&mut line.events);
        send_some(line, packets, config, &mut events, cx, send);
        if let (Some(stack), Pipe::Real(wire)) = (&mut self.stack, &mut line.pipe) {
            stack.exchange(wire);
        }
        // A deadline moves back with each sign of life; an alarm that rings too early sets itself anew.
        let deadline = line.pipe.deadline();
        if let Some(at) = deadline.filter(|at| line.alarms.iter().all(|alarm| *alarm > *at)) {
            line.alarms.push(at);
            cx.emit(node::Effect::Wake { after: at.since(cx.now), why: Wakeup::Line(id) });
        }
        self.learn(id, events, config, cx);
    }

    /// Gives work to the cores that have none. Whether that led to anything that has to be settled.
    fn work(&mut self, config: &Config, cx: &mut Cx<'_, Effect>) -> bool {
        while let Some(Turned { core, peer, task, since }) = self.cpu.as_mut().and_then(|cpu| cpu.next()) {
            let deed = match task {
                Task::Arrived(from, parcel) => Some(Deed::Arrived(from, parcel)),
                Task::Turn(id) => self.take_turn(id, config, cx),
            };
            let Some(cpu) = &mut self.cpu else { break };
            match deed {
                Some(deed) => {
                    let after = cpu.begin(core, peer, deed, since, cx.now);
                    cx.emit(node::Effect::Wake { after, why: Wakeup::Core(core as u32) });
                }
                None => cpu.release(peer),
            }
        }
        !self.inputs.is_empty() || !self.touched.is_empty()
    }

    /// The turn of a connection on its core: what it sends, if it does.
    fn take_turn(&mut self, id: u64, config: &Config, cx: &mut Cx<'_, Effect>) -> Option<Deed> {
        let line = self.lines.get_mut(&id)?;
        line.is_queued = false;
        let (to, mut parcels) = (line.peer, Vec::new());
        self.turn(id, TURN_PACKETS, config, cx, |parcel, _| parcels.push(parcel));
        (!parcels.is_empty()).then_some(Deed::Sent(id, to, parcels))
    }

    /// A request of the other side costs time.
    fn charge(&mut self, input: &Input) {
        if let (Some(cpu), Input::Session { conn, input: session::Input::Request { .. } }) = (&mut self.cpu, input)
            && let Some(line) = self.lines.get(&conn.0)
        {
            cpu.requested(line.peer);
        }
    }

    /// The node tells an application.
    fn told(&mut self, job: JobId, told: Told, config: &Config, cx: &mut Cx<'_, Effect>) {
        let (catalogue, now) = (&*config.catalogue, cx.now);
        let Some(asked) = self.jobs.get_mut(&job.0) else { return };
        match told {
            Told::Root { .. } => asked.step(Job::NAMED, now),
            Told::Piece { .. } | Told::Copy { .. } => asked.step(Job::BEGUN, now),
            _ => {}
        }
        let copied = *asked;
        let Wanted::Fetch(version) = &mut asked.what else { return self.told_of_revision(job, told, config, cx) };
        let object = catalogue.object(copied.object);
        let mut say = |content| cx.emit(node::Effect::Fact(Fact::Content(content)));
        match told {
            Told::Root { id, version: told, .. } => {
                *version = told;
                if object.root(told) != Some(id) {
                    say(Content::Wrong);
                }
            }
            Told::Piece { piece, stored } => {
                let is_true = catalogue.is_true(&ContentId(piece.id.0), &stored);
                self.watch.sheet.judge(Monitor::BytesAreVerified, is_true, cx.me, piece.offset);
                if !is_true {
                    cx.emit(node::Effect::Fact(Fact::Content(Content::Wrong)));
                }
                self.taken(job, piece.offset + u64::from(piece.skip));
            }
            Told::Copy { piece, .. } => self.taken(job, piece.offset + u64::from(piece.skip)),
            Told::Got { .. } => {
                let took = now.since(copied.asked);
                if object.roots.len() > 1 {
                    say(Content::Handed { object: copied.object, version: version.0, took });
                }
                say(Content::Fetched { took, bytes: object.len });
                copied.stages(now).into_iter().for_each(|(stage, took)| say(Content::Stage { stage, took }));
                self.jobs.remove(&job.0);
            }
            Told::Failed { code, .. } => {
                say(Content::Failed { code: code as u8 });
                self.jobs.remove(&job.0);
            }
            Told::Stored { .. } | Told::Purged { .. } | Told::Pong { .. } => {}
        }
    }

    fn taken(&mut self, job: JobId, offset: u64) {
        self.inputs.push_back(Input::Job { job, command: Command::Taken { offset } });
    }
}

/// Runs the timers of a connection and hands out what it may send, at least so many packets if it has them, counted by layer.
fn send_some<'c>(
    line: &mut Line,
    packets: u32,
    config: &Config,
    events: &mut Vec<Event<Said>>,
    cx: &mut Cx<'c, Effect>,
    mut send: impl FnMut(Parcel, &mut Cx<'c, Effect>),
) {
    line.pipe.wake(cx.now, events);
    let (mut sent, mut burst) = (0, Burst::default());
    while sent < packets
        && let Some(parcel) = line.pipe.poll(cx.now, events)
    {
        sent += parcel.datagrams();
        burst.add(&parcel);
        send(parcel, cx);
    }
    if let Some(carried) = line.carried(burst, config.headers) {
        cx.emit(node::Effect::Fact(Fact::Content(carried)));
    }
}

/// The connection on which the settings were confirmed, if this is what was said.
const fn confirmed(input: &Input) -> Option<ConnId> {
    match input {
        Input::Session { conn, input: session::Input::Frame { frame: Frame::Confirm(_), .. } } => Some(*conn),
        _ => None,
    }
}

/// What a fact of the node is for the trace; none for what only routing wants to know.
pub(crate) fn content(seen: Seen, now: Time) -> Option<Content> {
    Some(match seen {
        Seen::Served { level, bytes, named, stale, .. } => Content::Served { level, bytes, named, stale },
        Seen::Refused { code, .. } => Content::Refused { code: code as u8 },
        Seen::Fetching { count, .. } => Content::Fetching { count },
        Seen::Poisoned { .. } => Content::Poisoned,
        Seen::PurgeHolds { since, .. } => Content::Purged { took: now.since(since) },
        Seen::Unwelcome { .. } | Seen::Fetched { .. } | Seen::Penalised { .. } | Seen::LeaseLost { .. } => return None,
    })
}
