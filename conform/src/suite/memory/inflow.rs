//! From the tester to the node: octets of one stream become what its session is told.

use hypermesh_core::stoq::node::{ConnId, Input};
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::reader;
use hypermesh_core::stoq::session::{self, FrameReader, Item, StreamId};
use std::collections::VecDeque;

/// One direction of one stream, as the node's driver keeps it.
#[derive(Debug)]
pub(in crate::suite) struct Inflow {
    reader: FrameReader,
    /// What came and was not read.
    waiting: Vec<u8>,
    body: Option<Vec<u8>>,
    left: usize,
    /// What was read and not told.
    ready: VecDeque<Input>,
    /// Whether the session reads it.
    pub(in crate::suite) is_readable: bool,
    pub(in crate::suite) has_ended: bool,
    /// Nothing more of it is told.
    pub(in crate::suite) is_over: bool,
}

impl Inflow {
    pub(in crate::suite) const fn new(reader: FrameReader, is_readable: bool) -> Self {
        Self { reader, waiting: Vec::new(), body: None, left: 0, ready: VecDeque::new(), is_readable, has_ended: false, is_over: false }
    }

    pub(in crate::suite) fn push(&mut self, octets: &[u8], end: bool) {
        if !self.is_over {
            self.waiting.extend_from_slice(octets);
            self.has_ended |= end;
        }
    }

    /// The next thing to tell, if the stream is read and something whole is there.
    pub(in crate::suite) fn next(&mut self, conn: ConnId, stream: StreamId) -> Option<Input> {
        if let Some(input) = self.ready.pop_front() {
            return Some(input);
        }
        if self.is_over || !self.is_readable {
            return None;
        }
        self.parse(conn, stream);
        self.ready.pop_front()
    }

    /// Reads up to the next thing that is told, so that the session can stop the stream in between.
    fn parse(&mut self, conn: ConnId, stream: StreamId) {
        let waiting = core::mem::take(&mut self.waiting);
        let mut input = waiting.as_slice();
        let say = |input| Input::Session { conn, input };
        while self.ready.is_empty() {
            match self.reader.next(&mut input) {
                Ok(Some(Item::StreamKind(kind))) => self.ready.push_back(say(session::Input::OneWay { stream, kind })),
                Ok(Some(Item::Frame(frame))) => self.begin(conn, stream, frame),
                Ok(Some(Item::Data { bytes, last })) => {
                    let Some(body) = &mut self.body else { continue };
                    body.extend_from_slice(bytes);
                    let progress = say(session::Input::Progress { stream });
                    self.ready.push_back(progress);
                    if last {
                        let bytes = self.body.take().unwrap_or_default().into();
                        self.ready.push_back(Input::Body { conn, stream, bytes });
                    }
                }
                Ok(None) => break,
                Err(violation) => {
                    self.is_over = true;
                    self.ready.push_back(say(session::Input::Broken { stream, violation }));
                    return;
                }
            }
        }
        self.waiting = input.to_vec();
        if self.waiting.is_empty() && self.has_ended && self.ready.is_empty() {
            self.is_over = true;
            let last = match self.reader.finish() {
                Ok(()) => session::Input::End { stream },
                Err(violation) => session::Input::Broken { stream, violation },
            };
            self.ready.push_back(say(last));
        }
    }

    fn begin(&mut self, conn: ConnId, stream: StreamId, frame: Frame) {
        let data = frame.data_bytes() as usize;
        let has_data = matches!(frame, Frame::Manifest(_) | Frame::Chunk(_));
        self.ready.push_back(Input::Session { conn, input: session::Input::Frame { stream, frame } });
        if has_data && data == 0 {
            self.ready.push_back(Input::Body { conn, stream, bytes: [].into() });
        }
        self.left = data;
        self.body = (has_data && data > 0).then(|| Vec::with_capacity(data));
    }
}

/// What a datagram tells the session. It is read as the node's driver reads it, with the node's breach.
pub(in crate::suite) fn datagram(octets: &[u8]) -> Vec<session::Input> {
    match reader::datagram(octets) {
        Ok(frames) => frames.into_iter().map(|frame| session::Input::Datagram { frame }).collect(),
        Err(violation) => vec![session::Input::BrokenDatagram { violation }],
    }
}
