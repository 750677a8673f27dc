//! What a case can do on sockets as it can elsewhere.

use super::{QuicPort, Target, duration};
use crate::suite::case::Subject;
use crate::suite::port::{Heard, Hello, Identity, Line, Network, Pixit, Port, Stored, Ways, Welcome};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::stoq::session::{Side, StreamId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Port for QuicPort {
    fn start(&mut self, subject: Subject) -> Outcome {
        self.lines.clear();
        if self.target_is_foreign() {
            self.publish()?;
        }
        self.receive(&Welcome::default())?;
        match self.start_set(subject, self.pixit, true)? {
            None if subject != Subject::Origin => Err(Miss::Inconclusive(format!("an {} needs an upper tester", subject.name()))),
            _ => Ok(()),
        }
    }

    fn starts_anew(&self) -> bool {
        !matches!(self.target, Target::At(_))
    }

    fn pixit(&self) -> &Pixit {
        &self.pixit
    }

    fn now(&self) -> Time {
        Time(self.started.elapsed().as_nanos() as u64)
    }

    fn connect(&mut self, identity: Identity) -> Outcome<Line> {
        match self.handshake(&Hello { identity, ..Hello::default() })? {
            Ok(line) => Ok(line),
            Err(why) => Err(Miss::Fail(format!("the handshake failed: {why}"))),
        }
    }

    fn accept(&mut self, within: Span) -> Outcome<Option<Line>> {
        let until = Instant::now() + duration(within);
        loop {
            match self.dialled(Span(until.saturating_duration_since(Instant::now()).as_nanos() as u64))? {
                Some(Ok(line)) => return Ok(Some(line)),
                // One that fails is the implementation's business: the case waits for another.
                Some(Err(_)) => {}
                None => return Ok(None),
            }
        }
    }

    fn side(&self, line: Line) -> Side {
        self.lines[&line].side
    }

    fn exporter(&self, line: Line) -> [u8; 32] {
        hypermesh_real::quic::exporter(&self.lines[&line].connection).unwrap_or_default()
    }

    fn open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>> {
        let patience = duration(self.pixit.hush);
        self.line(line)?;
        let tasks = self.lines.get_mut(&line).expect("it was there");
        Ok(tasks.open(&self.own, ways, patience))
    }

    fn write(&mut self, line: Line, stream: StreamId, octets: &[u8], end: bool) -> Outcome {
        self.line(line)?.write(stream, octets, end)
    }

    fn reset(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.line(line)?.reset(stream, code)
    }

    fn stop(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.line(line)?.stop(stream, code)
    }

    fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome {
        let sent = self.line(line)?.connection.send_datagram(octets.to_vec().into());
        sent.map_err(|error| Miss::Inconclusive(format!("a datagram of {} octets: {error}", octets.len())))
    }

    fn close(&mut self, line: Line, code: u64) {
        if let Some(tasks) = self.lines.get_mut(&line) {
            tasks.close(code);
        }
    }

    fn hold(&mut self, line: Line, held: bool) {
        if let Some(tasks) = self.lines.get(&line) {
            tasks.hold(held);
        }
    }

    fn next(&mut self, line: Line, within: Span) -> Option<Heard> {
        let tasks = self.lines.get_mut(&line)?;
        self.own.block_on(tasks.next(duration(within)))
    }

    fn pause(&mut self, span: Span) {
        std::thread::sleep(duration(span));
    }

    fn offer(&mut self, contents: &BTreeMap<ContentId, Arc<[u8]>>) {
        if let Some(local) = &self.local {
            local.offer(contents);
        }
    }

    fn command(&mut self, job: JobId, command: Command) -> Option<()> {
        if let Some(upper) = &mut self.upper {
            return upper.command(job, command);
        }
        self.local.as_mut()?.command(&self.theirs, job, command);
        Some(())
    }

    fn store(&mut self, job: JobId, object: &Stored<'_>) -> Option<()> {
        if let Some(upper) = &mut self.upper {
            return upper.store(job, object);
        }
        // A breach of the process is on in every thread but the tester's, and the writer is not the tester.
        let (packed, command) = std::thread::scope(|scope| scope.spawn(|| object.packed()).join()).ok()?;
        self.offer(&packed.contents);
        self.command(job, command)
    }

    fn told(&mut self, job: JobId, within: Span) -> Option<Told> {
        let until = Instant::now() + duration(within);
        if let Some(upper) = &self.upper {
            return upper.told(job, until);
        }
        loop {
            if let Some(told) = self.local.as_ref()?.told(job) {
                return Some(told);
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn got(&mut self, job: JobId) -> Vec<u8> {
        if let Some(upper) = &self.upper {
            return upper.got(job);
        }
        self.local.as_ref().map(|local| local.got(job)).unwrap_or_default()
    }

    fn leave(&mut self) -> Option<()> {
        if let Some(upper) = &mut self.upper {
            return upper.leave();
        }
        self.local.as_ref()?.leave(&self.theirs);
        Some(())
    }

    fn network(&mut self) -> Option<&mut dyn Network> {
        Some(self)
    }
}
