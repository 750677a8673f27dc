//! What a case can do with the tester's end, with the node, and with the time of both.

use super::air::{Air, Host};
use super::line::Pair;
use super::{SEAT, Simulated, stacks};
use crate::suite::case::Subject;
use crate::suite::memory::{subject, under};
use crate::suite::port::{Heard, Identity, Line, Pixit, Port, Stored, Ways};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::node::{Command, Input, JobId, Told};
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::stoq::session::{Side, StreamId};
use hypermesh_core::testing::stoq::World;
use hypermesh_sim::packet::Raw;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Port for Simulated {
    fn start(&mut self, subject: Subject) -> Outcome {
        self.before = (self.carried(), self.taken_for_good());
        self.lines.clear();
        self.came.clear();
        self.world = World::new(self.seed);
        self.air = Air::new(&self.plan);
        self.stacks = stacks(&self.credentials, self.seed);
        let pixit = self.pixit;
        self.act(|world| {
            world.tell_dials_by_hand();
            subject::add(world, subject, &pixit);
        });
        Ok(())
    }

    fn starts_anew(&self) -> bool {
        true
    }

    fn has_path(&mut self) -> bool {
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
        let mut pair = Pair::new(Side::Client, peer);
        let wire = self.stacks[Host::Tester as usize].connect(Host::Node.id(), self.world.now);
        pair.ends[Host::Tester as usize] = wire.map(Raw::from);
        self.lines.insert(line, pair);
        self.carry();
        let until = self.world.now + self.pixit.patience + self.pixit.patience;
        while !self.pair(line).is_connected {
            if !self.step(until) {
                return Err(Miss::Fail("the handshake failed: it did not end".into()));
            }
        }
        Ok(line)
    }

    fn accept(&mut self, within: Span) -> Outcome<Option<Line>> {
        let until = self.world.now + within;
        self.carry();
        loop {
            if let Some(line) = self.came.pop_front() {
                return Ok(Some(line));
            }
            if !self.step(until) {
                return Ok(None);
            }
        }
    }

    fn side(&self, line: Line) -> Side {
        self.lines[&line].side
    }

    fn exporter(&self, _: Line) -> [u8; 32] {
        World::EXPORTER
    }

    fn open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>> {
        let until = self.world.now + self.pixit.hush;
        loop {
            if let Some(stream) = self.live(line)?.mine().and_then(|raw| raw.open(ways == Ways::One)) {
                return Ok(Some(StreamId(stream)));
            }
            // What was granted may be under way.
            if !self.step(until) {
                return Ok(None);
            }
        }
    }

    fn write(&mut self, line: Line, stream: StreamId, octets: &[u8], end: bool) -> Outcome {
        if let Some(raw) = self.live(line)?.mine() {
            raw.write(stream.0, octets.to_vec().into());
            if end {
                raw.finish(stream.0);
            }
        }
        self.carry();
        Ok(())
    }

    fn reset(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.live(line)?.mine().into_iter().for_each(|raw| raw.reset(stream.0, code));
        self.carry();
        Ok(())
    }

    fn stop(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.live(line)?.stop(stream.0, code);
        self.carry();
        Ok(())
    }

    fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome {
        let is_taken = self.live(line)?.mine().is_some_and(|raw| raw.datagram(octets.to_vec().into()));
        self.carry();
        if is_taken { Ok(()) } else { Err(Miss::Inconclusive(format!("QUIC takes no datagram of {} octets", octets.len()))) }
    }

    fn close(&mut self, line: Line, code: u64) {
        let now = self.world.now;
        let pair = self.pair(line);
        pair.is_told_over = true;
        pair.mine().into_iter().for_each(|raw| raw.close(code, now));
        self.carry();
    }

    fn hold(&mut self, line: Line, held: bool) {
        self.pair(line).hold(held);
        self.carry();
    }

    fn next(&mut self, line: Line, within: Span) -> Option<Heard> {
        let until = self.world.now + within;
        self.carry();
        loop {
            let pair = self.pair(line);
            if let Some(heard) = pair.heard.pop_front() {
                pair.is_told_over |= matches!(heard, Heard::Closed(_));
                return Some(heard);
            }
            if !self.step(until) {
                return None;
            }
        }
    }

    fn pause(&mut self, span: Span) {
        let until = self.world.now + span;
        self.carry();
        while self.step(until) {}
    }

    fn command(&mut self, job: JobId, command: Command) -> Option<()> {
        self.act(|world| world.input(SEAT, Input::Job { job, command }));
        self.carry();
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
        self.carry();
        loop {
            if let Some(told) = self.world.verdict(SEAT, job.0) {
                return Some(told);
            }
            if !self.step(until) {
                return None;
            }
        }
    }

    fn got(&mut self, job: JobId) -> Vec<u8> {
        self.world.bytes(SEAT, job.0)
    }

    fn leave(&mut self) -> Option<()> {
        self.act(|world| world.input(SEAT, Input::Leave));
        self.carry();
        Some(())
    }
}
