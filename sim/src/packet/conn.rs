//! One end of a real connection, with the face of the modelled one.

use super::inbound::Inbound;
use super::outbound::Outbound;
use super::stack::Credentials;
use crate::site::parcel::Said;
use crate::transport::Event;
use bytes::Bytes;
use hypermesh_core::base::wire::put_varint;
use hypermesh_core::base::{Time, Wire as _};
use hypermesh_core::stoq::session::reader::datagram;
use quinn_proto::{ConnectionError, ConnectionEvent, ConnectionHandle, Dir, StreamEvent, StreamId, VarInt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes that are read from a stream at a time.
const READ_MAX: usize = 64 << 10;

/// One end of a connection of quinn-proto.
#[derive(Debug)]
pub struct Wire {
    pub(super) handle: ConnectionHandle,
    pub(super) conn: quinn_proto::Connection,
    credentials: Arc<Credentials>,
    is_client: bool,
    outbound: BTreeMap<u64, Outbound>,
    inbound: BTreeMap<u64, Inbound>,
    /// Streams that were stopped, so that nothing of them is told.
    stopped: Vec<u64>,
    /// It is over for the application.
    is_over: bool,
    buffer: Vec<u8>,
    /// Bytes of streams and datagrams that QUIC took.
    taken: u64,
}

impl Wire {
    pub(super) const fn new(
        handle: ConnectionHandle,
        conn: quinn_proto::Connection,
        is_client: bool,
        credentials: Arc<Credentials>,
    ) -> Self {
        Self {
            handle,
            conn,
            credentials,
            is_client,
            outbound: BTreeMap::new(),
            inbound: BTreeMap::new(),
            stopped: Vec::new(),
            is_over: false,
            buffer: Vec::new(),
            taken: 0,
        }
    }

    /// What it is made of, for an end that does not speak in frames.
    pub(super) fn into_parts(self) -> (ConnectionHandle, quinn_proto::Connection, Arc<Credentials>, bool) {
        (self.handle, self.conn, self.credentials, self.is_client)
    }

    /// Whether this end began it.
    pub const fn is_client(&self) -> bool {
        self.is_client
    }

    /// Its handle at the endpoint.
    pub const fn handle(&self) -> usize {
        self.handle.0
    }

    /// Whether nothing is left to do for it, not even a last word.
    pub fn is_drained(&self) -> bool {
        self.conn.is_drained()
    }

    /// Packets that were held for lost so far.
    pub fn lost_packets(&self) -> u32 {
        self.conn.stats().path.lost_packets as u32
    }

    /// Bytes of the application that QUIC took, and bytes of packets that were held for lost and whose frames it sends again, so far.
    pub fn carried(&self) -> (u64, u64) {
        (self.taken, self.conn.stats().path.lost_bytes)
    }

    /// Keying material that both ends derive from the handshake.
    pub fn exporter(&self, label: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        // It fails before the handshake is complete, and is asked for after.
        self.conn.crypto_session().export_keying_material(&mut key, label, b"").unwrap_or_default();
        key
    }

    /// Gives the peer what it may have once the session is open.
    pub fn grant_all(&mut self) {
        let granted = self.credentials.granted();
        self.conn.set_receive_window(varint(granted.window));
        self.conn.set_max_concurrent_streams(Dir::Bi, varint(granted.requests));
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
        let out = self.outbound.entry(stream).or_default();
        out.push(bytes);
        out.written
    }

    /// Ends this side's direction of a stream after what was written.
    pub fn finish(&mut self, stream: u64) {
        self.outbound.entry(stream).or_default().ends = true;
    }

    /// Ends this side's direction of a stream at once.
    pub fn reset(&mut self, stream: u64, code: u64) {
        self.outbound.remove(&stream);
        let _closed = self.conn.send_stream(id(stream)).reset(varint(code));
    }

    /// Reads no more of the other side's direction of a stream.
    pub fn stop(&mut self, stream: u64, code: u64) {
        self.inbound.remove(&stream);
        self.stopped.push(stream);
        let _closed = self.conn.recv_stream(id(stream)).stop(varint(code));
    }

    /// Sends a datagram, once.
    pub fn datagram(&mut self, said: &Said) {
        if let Said::Frame(frame) = said {
            let bytes = Bytes::from(frame.to_bytes());
            self.taken += bytes.len() as u64;
            let _lost = self.conn.datagrams().send(bytes, true);
        }
    }

    /// Ends the connection.
    pub fn close(&mut self, code: u64, now: Time, events: &mut Vec<Event<Said>>) {
        if !self.is_over {
            self.is_over = true;
            self.conn.close(self.credentials.instant(now), varint(code), Bytes::new());
            events.push(Event::Closed(Some(code)));
        }
    }

    /// The endpoint has something for it.
    pub fn receive(&mut self, event: ConnectionEvent) {
        self.conn.handle_event(event);
    }

    /// A deadline may be due.
    pub fn wake(&mut self, now: Time) {
        let at = self.credentials.instant(now);
        if self.conn.poll_timeout().is_some_and(|due| due <= at) {
            self.conn.handle_timeout(at);
        }
    }

    /// When [`Wire::wake`] has something to do.
    pub fn deadline(&mut self) -> Option<Time> {
        let due = self.conn.poll_timeout()?;
        Some(self.credentials.time(due))
    }

    /// The next datagram to send, if there is one.
    pub fn poll(&mut self, now: Time) -> Option<Box<[u8]>> {
        self.buffer.clear();
        let transmit = self.conn.poll_transmit(self.credentials.instant(now), 1, &mut self.buffer)?;
        Some(self.buffer[..transmit.size].into())
    }

    /// Opens, writes and reads what can be, and tells what happened.
    pub fn progress(&mut self, events: &mut Vec<Event<Said>>) {
        self.push_all(events);
        while let Some(event) = self.conn.poll() {
            match event {
                quinn_proto::Event::Connected => {
                    events.push(Event::Connected);
                    self.push_all(events);
                }
                quinn_proto::Event::ConnectionLost { reason } => self.lost(&reason, events),
                quinn_proto::Event::Stream(event) => self.on_stream(event, events),
                quinn_proto::Event::DatagramReceived => self.on_datagrams(events),
                quinn_proto::Event::HandshakeDataReady | quinn_proto::Event::DatagramsUnblocked => {}
            }
        }
    }

    fn lost(&mut self, reason: &ConnectionError, events: &mut Vec<Event<Said>>) {
        if !std::mem::replace(&mut self.is_over, true) {
            events.push(Event::Closed(match reason {
                ConnectionError::ApplicationClosed(close) => Some(close.error_code.into_inner()),
                _ => None,
            }));
        }
    }

    fn on_stream(&mut self, event: StreamEvent, events: &mut Vec<Event<Said>>) {
        match event {
            StreamEvent::Opened { dir } => {
                while let Some(stream) = self.conn.streams().accept(dir) {
                    self.read(stream, events);
                }
            }
            StreamEvent::Readable { id } => self.read(id, events),
            StreamEvent::Writable { id } => self.push(id.into(), events),
            StreamEvent::Stopped { id, error_code } => {
                self.outbound.remove(&id.into());
                events.push(Event::Stopped { stream: id.into(), code: error_code.into_inner() });
            }
            StreamEvent::Available { .. } => self.push_all(events),
            StreamEvent::Finished { .. } => {}
        }
    }

    fn on_datagrams(&mut self, events: &mut Vec<Event<Said>>) {
        while let Some(bytes) = self.conn.datagrams().recv() {
            let frames = datagram(&bytes).unwrap_or_default();
            events.extend(frames.into_iter().map(|frame| Event::Datagram(Said::Frame(frame))));
        }
    }

    fn push_all(&mut self, events: &mut Vec<Event<Said>>) {
        let streams: Vec<u64> = self.outbound.keys().copied().collect();
        for stream in streams {
            self.push(stream, events);
        }
    }

    /// Hands to QUIC what it takes of a stream, which is opened if it is this side's and not open.
    fn push(&mut self, stream: u64, events: &mut Vec<Event<Said>>) {
        if self.conn.is_handshaking() || !self.open(stream) {
            return;
        }
        let Some(out) = self.outbound.get_mut(&stream) else { return };
        let before = out.taken;
        let conn = &mut self.conn;
        let all = out.drain(|chunks| conn.send_stream(id(stream)).write_chunks(chunks).ok().map(|written| written.bytes));
        self.taken += out.taken - before;
        if out.taken > before {
            events.push(Event::Sent { stream, upto: out.taken });
        }
        if all && out.ends {
            self.outbound.remove(&stream);
            let _stopped = self.conn.send_stream(id(stream)).finish();
        }
    }

    /// Whether a stream is open, now at the latest. Streams are opened in the order of their numbers.
    fn open(&mut self, stream: u64) -> bool {
        let wanted = id(stream);
        if (wanted.initiator() == quinn_proto::Side::Client) != self.is_client || self.inbound.contains_key(&stream) {
            return true;
        }
        if self.opened(wanted) {
            return true;
        }
        while let Some(opened) = self.conn.streams().open(wanted.dir()) {
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
        self.conn.send_stream(stream).stopped().is_ok()
    }

    /// Reads what there is of a stream.
    fn read(&mut self, stream: StreamId, events: &mut Vec<Event<Said>>) {
        let number = u64::from(stream);
        if self.stopped.contains(&number) {
            return;
        }
        let inbound = self.inbound.entry(number).or_insert_with(|| Inbound::new(stream.dir() == Dir::Uni));
        let mut recv = self.conn.recv_stream(stream);
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
        (self.outbound.len() + self.inbound.len()) * 128 + 24 * 1024
    }
}

pub(super) fn id(stream: u64) -> StreamId {
    StreamId::from(varint(stream))
}

pub(super) fn varint(value: u64) -> VarInt {
    VarInt::from_u64(value).unwrap_or(VarInt::MAX)
}
