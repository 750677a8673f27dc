//! The tier in memory with something about the node's surroundings that no peer can bring about: a disk that is full.

use crate::suite::case::Subject;
use crate::suite::memory::Memory;
use crate::suite::port::{Heard, Identity, Line, Pixit, Port, Stored, Ways};
use crate::suite::verdict::Outcome;
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::stoq::session::{Side, StreamId};
use hypermesh_core::testing::Breach;
use hypermesh_core::testing::stoq::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node in memory whose world is changed as soon as it is up. The breach that is on for the case is on for the node.
#[derive(Debug)]
pub(super) struct Rigged {
    memory: Memory,
    rig: fn(&mut World),
}

impl Rigged {
    pub(super) fn new(rig: fn(&mut World)) -> Self {
        let breach = Breach::here();
        Self { memory: Memory::new(Pixit::default(), breach), rig }
    }
}

impl Port for Rigged {
    fn start(&mut self, subject: Subject) -> Outcome {
        self.memory.start(subject)?;
        (self.rig)(&mut self.memory.world);
        Ok(())
    }

    fn starts_anew(&self) -> bool {
        self.memory.starts_anew()
    }

    fn pixit(&self) -> &Pixit {
        self.memory.pixit()
    }

    fn now(&self) -> Time {
        self.memory.now()
    }

    fn connect(&mut self, identity: Identity) -> Outcome<Line> {
        self.memory.connect(identity)
    }

    fn accept(&mut self, within: Span) -> Outcome<Option<Line>> {
        self.memory.accept(within)
    }

    fn side(&self, line: Line) -> Side {
        self.memory.side(line)
    }

    fn exporter(&self, line: Line) -> [u8; 32] {
        self.memory.exporter(line)
    }

    fn open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>> {
        self.memory.open(line, ways)
    }

    fn write(&mut self, line: Line, stream: StreamId, octets: &[u8], end: bool) -> Outcome {
        self.memory.write(line, stream, octets, end)
    }

    fn reset(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.memory.reset(line, stream, code)
    }

    fn stop(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.memory.stop(line, stream, code)
    }

    fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome {
        self.memory.datagram(line, octets)
    }

    fn close(&mut self, line: Line, code: u64) {
        self.memory.close(line, code);
    }

    fn hold(&mut self, line: Line, held: bool) {
        self.memory.hold(line, held);
    }

    fn next(&mut self, line: Line, within: Span) -> Option<Heard> {
        self.memory.next(line, within)
    }

    fn pause(&mut self, span: Span) {
        self.memory.pause(span);
    }

    fn offer(&mut self, contents: &BTreeMap<ContentId, Arc<[u8]>>) {
        self.memory.offer(contents);
    }

    fn command(&mut self, job: JobId, command: Command) -> Option<()> {
        self.memory.command(job, command)
    }

    fn store(&mut self, job: JobId, object: &Stored<'_>) -> Option<()> {
        self.memory.store(job, object)
    }

    fn told(&mut self, job: JobId, within: Span) -> Option<Told> {
        self.memory.told(job, within)
    }

    fn got(&mut self, job: JobId) -> Vec<u8> {
        self.memory.got(job)
    }

    fn leave(&mut self) -> Option<()> {
        self.memory.leave()
    }
}
