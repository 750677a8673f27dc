//! What the tester knows of one connection.

use crate::suite::port::Heard;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::limits::FrameLimits;
use hypermesh_core::stoq::session::{FrameReader, Item, Side, StreamId, Violation};
use std::collections::{BTreeMap, VecDeque};

/// The next thing that a stream of the implementation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// A frame with its data.
    Frame(Frame, Vec<u8>),
    /// Its direction ended.
    End,
    /// It gave its direction up, with this code of QUIC.
    Reset(u64),
    /// What it says is no frame.
    Broken(Violation),
}

/// One direction of one stream, from the implementation.
#[derive(Debug)]
pub(super) struct Outflow {
    reader: FrameReader,
    waiting: Vec<u8>,
    frame: Option<(Frame, Vec<u8>)>,
    /// Every octet that came.
    pub(super) octets: Vec<u8>,
    got: VecDeque<Got>,
    is_over: bool,
}

/// One connection.
#[derive(Debug)]
pub(super) struct LineState {
    pub(super) side: Side,
    /// The tester's control stream.
    pub(super) control: Option<StreamId>,
    /// Capabilities that both sides told.
    pub(super) in_use: u64,
    pub(super) outflows: BTreeMap<StreamId, Outflow>,
    /// Directions of the tester that the implementation stopped, with the code of QUIC.
    pub(super) stops: BTreeMap<StreamId, u64>,
    pub(super) datagrams: VecDeque<Vec<u8>>,
    /// The datagram that the tester sent last.
    pub(super) said_datagram: Option<Vec<u8>>,
    /// How the connection ended.
    pub(super) closed: Option<Option<u64>>,
    /// Streams of requests that the implementation opened and that no case has asked for yet.
    pub(super) requests: VecDeque<StreamId>,
}

impl LineState {
    pub(super) const fn new(side: Side) -> Self {
        Self {
            side,
            control: None,
            in_use: 0,
            outflows: BTreeMap::new(),
            stops: BTreeMap::new(),
            datagrams: VecDeque::new(),
            said_datagram: None,
            closed: None,
            requests: VecDeque::new(),
        }
    }

    fn outflow(&mut self, stream: StreamId) -> &mut Outflow {
        if !self.outflows.contains_key(&stream) && !stream.is_one_way() && stream.opener() != self.side {
            self.requests.push_back(stream);
        }
        self.outflows.entry(stream).or_insert_with(|| Outflow::new(stream))
    }

    pub(super) fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Octets(stream, octets) => self.outflow(stream).push(&octets),
            Heard::End(stream) => self.outflow(stream).end(),
            Heard::Reset(stream, code) => self.outflow(stream).over(Got::Reset(code)),
            Heard::Stop(stream, code) => {
                self.stops.insert(stream, code);
            }
            Heard::Datagram(octets) => self.datagrams.push_back(octets),
            Heard::Closed(code) => self.closed = Some(code),
        }
    }

    pub(super) fn next(&mut self, stream: StreamId) -> Option<Got> {
        self.outflow(stream).got.pop_front()
    }
}

impl Outflow {
    fn new(stream: StreamId) -> Self {
        let limits = FrameLimits::default();
        let reader = if stream.is_one_way() { FrameReader::one_way(limits) } else { FrameReader::two_way(limits) };
        Self { reader, waiting: Vec::new(), frame: None, octets: Vec::new(), got: VecDeque::new(), is_over: false }
    }

    fn over(&mut self, last: Got) {
        if !self.is_over {
            self.is_over = true;
            self.got.push_back(last);
        }
    }

    fn end(&mut self) {
        let last = if self.frame.is_some() {
            Got::Broken(Violation::RequestCut)
        } else {
            self.reader.finish().map_or_else(Got::Broken, |()| Got::End)
        };
        self.over(last);
    }

    fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
        self.waiting.extend_from_slice(octets);
        let waiting = core::mem::take(&mut self.waiting);
        let mut input = waiting.as_slice();
        loop {
            match self.reader.next(&mut input) {
                Ok(Some(Item::StreamKind(_))) => {}
                Ok(Some(Item::Frame(frame))) if frame.data_bytes() > 0 => self.frame = Some((frame, Vec::new())),
                Ok(Some(Item::Frame(frame))) => self.got.push_back(Got::Frame(frame, Vec::new())),
                Ok(Some(Item::Data { bytes, last })) => {
                    if let Some((_, data)) = &mut self.frame {
                        data.extend_from_slice(bytes);
                    }
                    if last && let Some((frame, data)) = self.frame.take() {
                        self.got.push_back(Got::Frame(frame, data));
                    }
                }
                Ok(None) => break,
                Err(violation) => return self.over(Got::Broken(violation)),
            }
        }
        self.waiting = input.to_vec();
    }
}
