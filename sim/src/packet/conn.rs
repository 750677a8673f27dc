//! One end of a real connection, with the face of the modelled one.

use super::end::{End, READ_MAX, id};
use super::inbound::Inbound;
use crate::site::parcel::Said;
use crate::transport::Event;
use bytes::Bytes;
use hypermesh_core::base::wire::put_varint;
use hypermesh_core::base::{Time, Wire as _};
use hypermesh_core::stoq::session::reader::datagram;
use quinn_proto::{ConnectionEvent, Dir, StreamEvent, StreamId};
use std::collections::BTreeMap;

/// One end of a connection of quinn-proto.
#[derive(Debug)]
pub struct Wire {
    pub(super) end: End,
    inbound: BTreeMap<u64, Inbound>,
    /// Streams that were stopped, so that nothing of them is told.
    stopped: Vec<u64>,
    /// Bytes of streams and datagrams that QUIC took.
    taken: u64,
}

impl Wire {
    pub(super) const fn new(end: End) -> Self {
        Self { end, inbound: BTreeMap::new(), stopped: Vec::new(), taken: 0 }
    }

    /// Whether this end began it.
    pub const fn is_client(&self) -> bool {
        self.end.is_client
    }

    /// Its handle at the endpoint.
    pub const fn handle(&self) -> usize {
        self.end.handle.0
    }

    /// Whether nothing is left to do for it, not even a last word.
    pub fn is_drained(&self) -> bool {
        self.end.conn.is_drained()
    }

    /// Packets that were held for lost so far.
    pub fn lost_packets(&self) -> u32 {
        self.end.conn.stats().path.lost_packets as u32
    }

    /// Bytes of the application that QUIC took, and bytes of packets that were held for lost and whose frames it sends again, so far.
    pub fn carried(&self) -> (u64, u64) {
        (self.taken, self.end.conn.stats().path.lost_bytes)
    }

    /// Keying material that both ends derive from the handshake.
    pub fn exporter(&self, label: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        // It fails before the handshake is complete, and is asked for after.
        self.end.conn.crypto_session().export_keying_material(&mut key, label, b"").unwrap_or_default();
        key
    }

    /// Gives the peer what it may have once the session is open.
    pub fn grant_all(&mut self) {
        self.end.grant(None);
    }

    /// Writes on a stream. The offset of the stream after it.
    pub fn write(&mut self, stream: u64, said: Said) -> u64 {
        let bytes = match said {
            Said::Kind(kind) => {
                let mut bytes = Vec::new();
                put_varint(&mut bytes, kind);
                bytes.into()
            }
            Said::Frame(frame) => frame.to_bytes().into(),
            Said::Body(bytes, range) => Bytes::from_owner(bytes).slice(range.start as usize..range.end as usize),
        };
        let out = self.end.outbound.entry(stream).or_default();
        out.push(bytes);
        out.written
    }

    /// Ends this side's direction of a stream after what was written.
    pub fn finish(&mut self, stream: u64) {
        self.end.outbound.entry(stream).or_default().ends = true;
    }

    /// Ends this side's direction of a stream at once.
    pub fn reset(&mut self, stream: u64, code: u64) {
        self.end.outbound.remove(&stream);
        let _closed = self.end.conn.send_stream(id(stream)).reset(super::end::varint(code));
    }

    /// Reads no more of the other side's direction of a stream.
    pub fn stop(&mut self, stream: u64, code: u64) {
        self.inbound.remove(&stream);
        self.stopped.push(stream);
        let _closed = self.end.conn.recv_stream(id(stream)).stop(super::end::varint(code));
    }

    /// Sends a datagram, once.
    pub fn datagram(&mut self, said: &Said) {
        if let Said::Frame(frame) = said {
            let bytes = Bytes::from(frame.to_bytes());
            self.taken += bytes.len() as u64;
            let _lost = self.end.conn.datagrams().send(bytes, true);
        }
    }

    /// Ends the connection.
    pub fn close(&mut self, code: u64, now: Time, events: &mut Vec<Event<Said>>) {
        if self.end.close(code, now) {
            events.push(Event::Closed(Some(code)));
        }
    }

    /// The endpoint has something for it.
    pub fn receive(&mut self, event: ConnectionEvent) {
        self.end.receive(event);
    }

    /// A deadline may be due.
    pub fn wake(&mut self, now: Time) {
        self.end.wake(now);
    }

    /// When [`Wire::wake`] has something to do.
    pub fn deadline(&mut self) -> Option<Time> {
        self.end.deadline()
    }

    /// The next datagram to send, if there is one.
    pub fn poll(&mut self, now: Time) -> Option<Box<[u8]>> {
        self.end.poll(now)
    }

    /// Opens, writes and reads what can be, and tells what happened.
    pub fn progress(&mut self, events: &mut Vec<Event<Said>>) {
        self.push_all(events);
        while let Some(event) = self.end.conn.poll() {
            match event {
                quinn_proto::Event::Connected => {
                    events.push(Event::Connected);
                    self.push_all(events);
                }
                quinn_proto::Event::ConnectionLost { reason } => events.extend(self.end.lost(&reason).map(Event::Closed)),
                quinn_proto::Event::Stream(event) => self.on_stream(event, events),
                quinn_proto::Event::DatagramReceived => self.on_datagrams(events),
                quinn_proto::Event::HandshakeDataReady | quinn_proto::Event::DatagramsUnblocked => {}
            }
        }
    }

    fn on_stream(&mut self, event: StreamEvent, events: &mut Vec<Event<Said>>) {
        match event {
            StreamEvent::Opened { dir } => {
                while let Some(stream) = self.end.conn.streams().accept(dir) {
                    self.read(stream, events);
                }
            }
            StreamEvent::Readable { id } => self.read(id, events),
            StreamEvent::Writable { id } => self.push(id.into(), events),
            StreamEvent::Stopped { id, error_code } => {
                self.end.outbound.remove(&id.into());
                events.push(Event::Stopped { stream: id.into(), code: error_code.into_inner() });
            }
            StreamEvent::Available { .. } => self.push_all(events),
            StreamEvent::Finished { .. } => {}
        }
    }

    fn on_datagrams(&mut self, events: &mut Vec<Event<Said>>) {
        while let Some(bytes) = self.end.conn.datagrams().recv() {
            let frames = datagram(&bytes).unwrap_or_default();
            events.extend(frames.into_iter().map(|frame| Event::Datagram(Said::Frame(frame))));
        }
    }

    fn push_all(&mut self, events: &mut Vec<Event<Said>>) {
        let streams: Vec<u64> = self.end.outbound.keys().copied().collect();
        for stream in streams {
            self.push(stream, events);
        }
    }

    /// Hands to QUIC what it takes of a stream, which is opened if it is this side's and not open.
    fn push(&mut self, stream: u64, events: &mut Vec<Event<Said>>) {
        if self.end.conn.is_handshaking() || !self.open(stream) {
            return;
        }
        let Some((before, upto)) = self.end.push(stream).filter(|(before, upto)| upto > before) else { return };
        self.taken += upto - before;
        events.push(Event::Sent { stream, upto });
    }

    /// Whether a stream is open, now at the latest. Streams are opened in the order of their numbers.
    fn open(&mut self, stream: u64) -> bool {
        let wanted = id(stream);
        if (wanted.initiator() == quinn_proto::Side::Client) != self.end.is_client || self.inbound.contains_key(&stream) {
            return true;
        }
        if self.opened(wanted) {
            return true;
        }
        while let Some(opened) = self.end.conn.streams().open(wanted.dir()) {
            if wanted.dir() == Dir::Bi {
                self.inbound.insert(opened.into(), Inbound::new(false));
            }
            if opened == wanted {
                return true;
            }
        }
        false
    }

    /// Whether a stream of this side was opened before and can still be written to.
    fn opened(&mut self, stream: StreamId) -> bool {
        self.end.conn.send_stream(stream).stopped().is_ok()
    }

    /// Reads what there is of a stream.
    fn read(&mut self, stream: StreamId, events: &mut Vec<Event<Said>>) {
        let number = u64::from(stream);
        if self.stopped.contains(&number) {
            return;
        }
        let inbound = self.inbound.entry(number).or_insert_with(|| Inbound::new(stream.dir() == Dir::Uni));
        let mut recv = self.end.conn.recv_stream(stream);
        let Ok(mut chunks) = recv.read(true) else { return };
        let (mut end, mut moved) = (None, false);
        loop {
            match chunks.next(READ_MAX) {
                Ok(Some(chunk)) => match inbound.take(&chunk.bytes, |item| events.push(Event::Item { stream: number, item })) {
                    Ok(any) => moved |= !any,
                    Err(violation) => {
                        end = Some(Event::Reset { stream: number, code: violation.code().to_quic() });
                        break;
                    }
                },
                Ok(None) => {
                    end = Some(Event::Ended { stream: number });
                    break;
                }
                Err(quinn_proto::ReadError::Reset(code)) => {
                    end = Some(Event::Reset { stream: number, code: code.into_inner() });
                    break;
                }
                Err(quinn_proto::ReadError::Blocked) => break,
            }
        }
        let _transmits = chunks.finalize();
        if moved {
            events.push(Event::Progress { stream: number });
        }
        if let Some(end) = end {
            self.inbound.remove(&number);
            events.push(end);
        }
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        (self.end.outbound.len() + self.inbound.len()) * 128 + 24 * 1024
    }
}
