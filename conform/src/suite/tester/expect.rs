//! What a script expects: each call gives what came, or ends the script with the verdict that it means.

use super::line::Got;
use super::{Line, Tester};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::session::frame::{Fail, Frame};
use hypermesh_core::stoq::session::{Code, StreamId, reader};

/// The whole answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its frames with their data.
    pub frames: Vec<(Frame, Vec<u8>)>,
    /// The code of QUIC with which it was given up; none if it ended in good order.
    pub reset: Option<u64>,
}

impl Answer {
    /// The `Fail` that it is, if it is one.
    pub fn fail(&self) -> Option<&Fail> {
        self.frames.iter().find_map(|(frame, _)| if let Frame::Fail(fail) = frame { Some(&**fail) } else { None })
    }

    /// The code of stream scope that it amounts to, told by `Fail` or by a reset.
    pub fn code(&self) -> Option<Code> {
        match self.fail() {
            Some(fail) => Code::known(u64::from(fail.code)),
            None => self.reset.map(|code| Code::from_quic(code, true)),
        }
    }
}

/// How often more of a frame is waited for: the longest one has a mebibyte, and the slowest path carries 10 Mbit/s.
const SLOW_WAITS: usize = 8;

impl Tester<'_> {
    /// The next thing that a stream says. Silence is a fail, and so is the end of the connection. A long frame on a slow path is no silence, as long as more of
    /// it comes each time that is waited for; somebody who says octets for ever is not waited for without end.
    pub fn expect_next(&mut self, line: Line, stream: StreamId) -> Outcome<Got> {
        let mut before = self.heard_of(line, stream);
        for _ in 0..SLOW_WAITS {
            if let Some(got) = self.next_within(line, stream, self.late())? {
                return Ok(got);
            }
            let so_far = self.heard_of(line, stream);
            if so_far == before {
                break;
            }
            before = so_far;
        }
        Err(Miss::Fail(format!("nothing came on stream {}", stream.0)))
    }

    /// How many octets came on a stream so far.
    fn heard_of(&mut self, line: Line, stream: StreamId) -> usize {
        self.state(line).outflows.get(&stream).map_or(0, |outflow| outflow.octets.len())
    }

    /// The next thing that a stream says, if it says one for this long.
    pub fn next_within(&mut self, line: Line, stream: StreamId, within: Span) -> Outcome<Option<Got>> {
        let until = self.port.now() + within;
        loop {
            if let Some(got) = self.state(line).next(stream) {
                return Ok(Some(got));
            }
            if let Some(code) = self.state(line).closed {
                return Err(Miss::Fail(format!("the connection was closed ({})", told(code))));
            }
            if !self.pump_until(line, until) {
                return Ok(None);
            }
        }
    }

    /// The next frame on a stream, with its data.
    pub fn expect_frame(&mut self, line: Line, stream: StreamId) -> Outcome<(Frame, Vec<u8>)> {
        match self.expect_next(line, stream)? {
            Got::Frame(frame, data) => Ok((frame, data)),
            other => Err(Miss::Fail(format!("a frame is due on stream {}, and {other:?} came", stream.0))),
        }
    }

    /// Everything up to the end of an answer.
    pub fn expect_answer(&mut self, line: Line, stream: StreamId) -> Outcome<Answer> {
        let mut answer = Answer::default();
        loop {
            match self.expect_next(line, stream)? {
                Got::Frame(frame, data) => answer.frames.push((frame, data)),
                Got::End => return Ok(answer),
                Got::Reset(code) => return Ok(Answer { reset: Some(code), ..answer }),
                Got::Broken(violation) => return Err(Miss::Fail(format!("its answer breaks the form of frames: {violation:?}"))),
            }
        }
    }

    /// The exchange is given up with one of these codes: by `Fail`, or by a reset.
    pub fn expect_refusal(&mut self, line: Line, stream: StreamId, codes: &[Code]) -> Outcome {
        let answer = self.expect_answer(line, stream)?;
        match answer.code() {
            Some(code) if codes.contains(&code) => Ok(()),
            other => Err(Miss::Fail(format!("{codes:?} is due on stream {}, and {other:?} came", stream.0))),
        }
    }

    /// The exchange is given up with one of these codes, by resetting its direction.
    pub fn expect_reset(&mut self, line: Line, stream: StreamId, codes: &[Code]) -> Outcome {
        loop {
            match self.expect_next(line, stream)? {
                Got::Reset(code) if codes.iter().any(|due| due.to_quic() == code) => return Ok(()),
                Got::Frame(..) => {}
                other => return Err(Miss::Fail(format!("a reset with {codes:?} is due on stream {}, and {other:?} came", stream.0))),
            }
        }
    }

    /// The tester's direction of a stream is stopped with one of these codes.
    pub fn expect_stop(&mut self, line: Line, stream: StreamId, codes: &[Code]) -> Outcome {
        let until = self.port.now() + self.late();
        loop {
            if let Some(code) = self.state(line).stops.get(&stream) {
                let right = codes.iter().any(|due| due.to_quic() == *code);
                return if right { Ok(()) } else { Err(Miss::Fail(format!("stream {} was stopped with {code:#x}", stream.0))) };
            }
            self.go_on(line, until, || format!("a stop of stream {} is due", stream.0))?;
        }
    }

    /// The connection is closed with one of these codes.
    pub fn expect_close(&mut self, line: Line, codes: &[Code]) -> Outcome {
        let late = self.late();
        self.expect_close_within(line, codes, late)
    }

    /// The same, for at most this long.
    pub fn expect_close_within(&mut self, line: Line, codes: &[Code], within: Span) -> Outcome {
        let until = self.port.now() + within;
        loop {
            match self.state(line).closed {
                Some(Some(code)) if codes.iter().any(|due| due.to_quic() == code) => return Ok(()),
                Some(code) => return Err(Miss::Fail(format!("{codes:?} is due, and the connection was closed ({})", told(code)))),
                None => {}
            }
            if !self.pump_until(line, until) {
                return Err(Miss::Fail(format!("the connection has to be closed with {codes:?}, and stayed open")));
            }
        }
    }

    /// The connection is closed with one of these codes, or by QUIC itself: TLS may find out first that the peer cannot be who it says.
    pub fn expect_close_or_gone(&mut self, line: Line, codes: &[Code]) -> Outcome {
        let outcome = self.expect_close(line, codes);
        if self.state(line).closed == Some(None) { Ok(()) } else { outcome }
    }

    /// How the connection ended, if it did by now: the code of QUIC, or none.
    pub fn closed(&mut self, line: Line) -> Option<Option<u64>> {
        self.drain(line);
        self.state(line).closed
    }

    /// The next datagram. A network may lose the one that it answers, or bring it before the tester's confirmation: there it is sent once more.
    pub fn expect_datagram(&mut self, line: Line) -> Outcome<Vec<Frame>> {
        let late = self.late();
        let mut came = self.datagram_within(line, late)?;
        if came.is_none()
            && self.port.has_path()
            && let Some(octets) = self.state(line).said_datagram.clone()
        {
            self.datagram(line, &octets)?;
            came = self.datagram_within(line, late)?;
        }
        frames(&came.ok_or_else(|| Miss::Fail("a datagram is due, and none came".into()))?)
    }

    /// The frames of the next datagram, if one comes for this long.
    pub fn frames_within(&mut self, line: Line, within: Span) -> Outcome<Option<Vec<Frame>>> {
        self.datagram_within(line, within)?.map(|octets| frames(&octets)).transpose()
    }

    /// The next datagram, if one comes for this long.
    pub fn datagram_within(&mut self, line: Line, within: Span) -> Outcome<Option<Vec<u8>>> {
        let until = self.port.now() + within;
        loop {
            if let Some(octets) = self.state(line).datagrams.pop_front() {
                return Ok(Some(octets));
            }
            if self.state(line).closed.is_some() || !self.pump_until(line, until) {
                return Ok(None);
            }
        }
    }

    /// The next stream of requests that the implementation opened, with its first frame.
    pub fn expect_request(&mut self, line: Line) -> Outcome<(StreamId, Frame, Vec<u8>)> {
        let late = self.late();
        let request = self.request_within(line, late)?;
        let stream = request.ok_or_else(|| Miss::Fail("a request is due, and none came".into()))?;
        let (frame, data) = self.expect_frame(line, stream)?;
        Ok((stream, frame, data))
    }

    /// The next stream of requests that the implementation opened, if it opens one for this long.
    pub fn request_within(&mut self, line: Line, within: Span) -> Outcome<Option<StreamId>> {
        let until = self.port.now() + within;
        loop {
            if let Some(stream) = self.state(line).requests.pop_front() {
                return Ok(Some(stream));
            }
            if self.state(line).closed.is_some() || !self.pump_until(line, until) {
                return Ok(None);
            }
        }
    }

    /// Nothing is closed, and requests are answered: the name asked for does not exist, and the implementation says so.
    pub fn expect_alive(&mut self, line: Line) -> Outcome {
        let stream = self.ask_name(line, "no such thing")?;
        let answer = self.expect_answer(line, stream)?;
        match answer.code() {
            Some(Code::NotFound) => Ok(()),
            other => Err(Miss::Fail(format!("a further request is to be answered with NotFound, and {other:?} came"))),
        }
    }

    /// Every octet that came on a stream so far.
    pub fn octets_of(&mut self, line: Line, stream: StreamId) -> Vec<u8> {
        self.drain(line);
        self.state(line).outflows.get(&stream).map(|outflow| outflow.octets.clone()).unwrap_or_default()
    }

    /// The time by the tester's clock.
    pub fn now(&self) -> Time {
        self.port.now()
    }

    fn go_on(&mut self, line: Line, until: Time, due: impl Fn() -> String) -> Outcome {
        if let Some(code) = self.state(line).closed {
            return Err(Miss::Fail(format!("{}, and the connection was closed ({})", due(), told(code))));
        }
        if self.pump_until(line, until) { Ok(()) } else { Err(Miss::Fail(format!("{}, and nothing came", due()))) }
    }
}

pub(super) fn told(code: Option<u64>) -> String {
    match code {
        None => "without a code".into(),
        Some(quic) => match quic.checked_sub(hypermesh_core::stoq::session::code::QUIC_BASE).and_then(Code::known) {
            Some(code) => format!("{code:?}"),
            None => format!("{quic:#x}"),
        },
    }
}

/// What a datagram of the implementation carries.
fn frames(octets: &[u8]) -> Outcome<Vec<Frame>> {
    reader::datagram(octets).map_err(|violation| Miss::Fail(format!("its datagram breaks the form of frames: {violation:?}")))
}
