//! Tier 1: the implementation is a node in memory, and the clock is in the tester's hand.
//!
//! This is the driver of a node without QUIC: octets of streams become frames in the node's own readers, what it writes becomes octets, and a connection
//! loses nothing. Everything that follows is a function of what the tester does, so a case gives the same log each time.

pub(super) mod inflow;
pub(crate) mod subject;
mod wire;

use super::case::Subject;
use super::port::{Heard, Identity, Line, Pixit, Port, Stored, Ways};
use super::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::node::{Command, ConnId, Input, JobId, Told};
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::stoq::session::{self, Side, StreamId, version};
use hypermesh_core::testing::Breach;
use hypermesh_core::testing::stoq::World;
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::Wire;

/// The number of the first connection that the tester opens: far from those that the world gives.
const FIRST: u64 = 1 << 40;

/// A node in memory, and the tester's connections with it.
#[derive(Debug)]
pub struct Memory {
    pub(super) world: World,
    pixit: Pixit,
    breach: Option<Breach>,
    wires: BTreeMap<Line, Wire>,
    next: u64,
}

/// The node under test; the tester has no seat.
const SEAT: usize = 0;

impl Memory {
    /// A port without a node yet. The breach, if any, is on whenever the node does something, and never while the tester does.
    pub fn new(pixit: Pixit, breach: Option<Breach>) -> Self {
        Self { world: World::new(1), pixit, breach, wires: BTreeMap::new(), next: FIRST }
    }

    /// Lets the world do something with the breach on.
    fn act<T>(&mut self, what: impl FnOnce(&mut World) -> T) -> T {
        let world = &mut self.world;
        under(self.breach, || what(world))
    }

    /// Tells the node something, and hears what it does.
    fn input(&mut self, input: Input) {
        self.act(|world| world.input(SEAT, input));
        self.hear();
    }

    fn session(&mut self, line: Line, input: session::Input) {
        self.input(Input::Session { conn: ConnId(line.0), input });
    }

    /// Sorts what the node said to the tester by connection.
    fn hear(&mut self) {
        let lines: Vec<Line> = self.wires.keys().copied().collect();
        for line in lines {
            self.hear_once(line);
            self.read(line);
        }
    }

    /// Carries out what the node asked for on one connection, until it asks for no more.
    fn hear_once(&mut self, line: Line) {
        loop {
            let said = self.world.said_by_hand(SEAT, ConnId(line.0));
            if said.is_empty() {
                return;
            }
            for effect in said {
                let breach = self.breach;
                let wire = self.wire(line);
                if let Some(input) = under(breach, || wire.carry_out(effect)) {
                    self.act(|world| world.input(SEAT, input));
                }
            }
        }
    }

    /// Hands what the tester wrote to the node, as far as it reads.
    fn read(&mut self, line: Line) {
        let breach = self.breach;
        loop {
            let wire = self.wire(line);
            let Some(input) = under(breach, || wire.next_input()) else { return };
            self.act(|world| world.input(SEAT, input));
            self.hear_once(line);
        }
    }

    fn wire(&mut self, line: Line) -> &mut Wire {
        self.wires.get_mut(&line).expect("a line was given by this port")
    }

    fn live(&mut self, line: Line) -> Outcome<&mut Wire> {
        let wire = self.wire(line);
        if wire.is_closed { Err(Miss::Inconclusive("the connection is over before the stimulus".into())) } else { Ok(wire) }
    }
}

/// Does what belongs to the node under test with the breach on. What the tester does itself stays outside.
pub(crate) fn under<T>(breach: Option<Breach>, what: impl FnOnce() -> T) -> T {
    #[cfg(feature = "zoo")]
    return hypermesh_core::testing::breach::within(breach, what);
    #[cfg(not(feature = "zoo"))]
    {
        let _none_in_this_build = breach;
        what()
    }
}

impl Port for Memory {
    fn start(&mut self, subject: Subject) -> Outcome {
        self.wires.clear();
        self.world = World::new(1);
        let pixit = self.pixit;
        self.act(|world| subject::add(world, subject, &pixit));
        self.world.latency = Span::micros(10);
        Ok(())
    }

    fn starts_anew(&self) -> bool {
        true
    }

    fn pixit(&self) -> &Pixit {
        &self.pixit
    }

    fn now(&self) -> Time {
        self.world.now
    }

    fn connect(&mut self, identity: Identity) -> Outcome<Line> {
        let peer = identity.peer()?;
        let line = Line(self.next);
        self.next += 1;
        let limits = self.world.seats[SEAT].node.limits(ConnId(line.0));
        self.wires.insert(line, Wire::new(line, Side::Client, limits));
        self.input(Input::Accepted { conn: ConnId(line.0), peer });
        self.session(line, session::Input::Keyed { major: version::MAJOR, exporter: World::EXPORTER });
        let limits = self.world.seats[SEAT].node.limits(ConnId(line.0));
        self.wire(line).limits = limits;
        Ok(line)
    }

    fn accept(&mut self, within: Span) -> Outcome<Option<Line>> {
        let until = self.world.now + within;
        loop {
            if let Some((_, conn)) = self.world.dialled_by_hand() {
                let line = Line(conn.0);
                self.act(|world| world.run_for(Span::millis(1)));
                let limits = self.world.seats[SEAT].node.limits(conn);
                self.wires.insert(line, Wire::new(line, Side::Server, limits));
                self.hear();
                return Ok(Some(line));
            }
            if self.world.next_at().is_none_or(|when| when > until) {
                return Ok(None);
            }
            self.act(World::step);
            self.hear();
        }
    }

    fn side(&self, line: Line) -> Side {
        self.wires[&line].side
    }

    fn exporter(&self, _: Line) -> [u8; 32] {
        World::EXPORTER
    }

    fn open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>> {
        let granted = self.world.seats[SEAT].node.requests_granted(ConnId(line.0));
        Ok(self.live(line)?.open(ways, granted))
    }

    fn write(&mut self, line: Line, stream: StreamId, octets: &[u8], end: bool) -> Outcome {
        let first = self.live(line)?.write(stream, octets, end);
        if first {
            self.session(line, session::Input::Request { stream, early: false });
        }
        self.read(line);
        Ok(())
    }

    fn reset(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.live(line)?.end_inflow(stream);
        self.session(line, session::Input::Reset { stream, code });
        Ok(())
    }

    fn stop(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.live(line)?.stopped.insert(stream);
        self.session(line, session::Input::Stop { stream, code });
        Ok(())
    }

    fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome {
        self.live(line)?;
        for input in under(self.breach, || inflow::datagram(octets)) {
            self.session(line, input);
        }
        Ok(())
    }

    fn close(&mut self, line: Line, _: u64) {
        self.wire(line).is_closed = true;
        self.session(line, session::Input::Gone);
    }

    fn hold(&mut self, line: Line, held: bool) {
        let conn = ConnId(line.0);
        let taken = self.wire(line).hold(held);
        for (stream, bytes) in taken {
            self.input(Input::Sent { conn, stream, bytes });
        }
    }

    fn next(&mut self, line: Line, within: Span) -> Option<Heard> {
        let until = self.world.now + within;
        loop {
            self.hear();
            if let Some(heard) = self.wire(line).heard.pop_front() {
                return Some(heard);
            }
            if self.world.next_at().is_none_or(|when| when > until) {
                self.act(|world| world.run_for(until.since(world.now)));
                self.hear();
                return self.wire(line).heard.pop_front();
            }
            self.act(World::step);
        }
    }

    fn pause(&mut self, span: Span) {
        let until = self.world.now + span;
        while self.world.next_at().is_some_and(|when| when <= until) {
            self.act(World::step);
            self.hear();
        }
        self.act(|world| world.run_for(until.since(world.now)));
        self.hear();
    }

    fn command(&mut self, job: JobId, command: Command) -> Option<()> {
        if let Command::Put(offer) = &command {
            // The application offers what it was given before, see `Memory::offer`.
            debug_assert!(offer.len == 0 || !self.world.seats[SEAT].offers.is_empty());
        }
        self.input(Input::Job { job, command });
        Some(())
    }

    fn offer(&mut self, contents: &BTreeMap<ContentId, Arc<[u8]>>) {
        self.world.seats[SEAT].offers.extend(contents.iter().map(|(id, bytes)| (*id, bytes.clone())));
    }

    fn store(&mut self, job: JobId, object: &Stored<'_>) -> Option<()> {
        let (packed, command) = under(self.breach, || object.packed());
        self.offer(&packed.contents);
        self.command(job, command)
    }

    fn told(&mut self, job: JobId, within: Span) -> Option<Told> {
        let until = self.world.now + within;
        loop {
            self.hear();
            if let Some(told) = self.world.verdict(SEAT, job.0) {
                return Some(told);
            }
            if self.world.next_at().is_none_or(|when| when > until) {
                return None;
            }
            self.act(World::step);
        }
    }

    fn got(&mut self, job: JobId) -> Vec<u8> {
        self.world.bytes(SEAT, job.0)
    }

    fn leave(&mut self) -> Option<()> {
        self.input(Input::Leave);
        Some(())
    }
}
