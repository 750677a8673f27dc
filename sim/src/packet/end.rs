//! One end of a connection of quinn-proto: what [`Wire`](super::Wire) and [`Raw`](super::Raw) have in common, below what they make of octets.

use super::outbound::Outbound;
use super::stack::Credentials;
use bytes::Bytes;
use hypermesh_core::base::Time;
use quinn_proto::{Connection, ConnectionError, ConnectionEvent, ConnectionHandle, Dir, StreamId, VarInt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes that are read from a stream at a time.
pub(super) const READ_MAX: usize = 64 << 10;

/// The connection, the clock that it goes by, and what waits to be written.
#[derive(Debug)]
pub(super) struct End {
    pub(super) handle: ConnectionHandle,
    pub(super) conn: Connection,
    pub(super) is_client: bool,
    pub(super) outbound: BTreeMap<u64, Outbound>,
    /// It is over for the application.
    pub(super) is_over: bool,
    credentials: Arc<Credentials>,
    buffer: Vec<u8>,
}

impl End {
    pub(super) const fn new(handle: ConnectionHandle, conn: Connection, is_client: bool, credentials: Arc<Credentials>) -> Self {
        Self { handle, conn, is_client, outbound: BTreeMap::new(), is_over: false, credentials, buffer: Vec::new() }
    }

    /// Gives the peer the window of an open session, and this many requests; as many as the values say, if nothing is said.
    pub(super) fn grant(&mut self, requests: Option<u64>) {
        let granted = self.credentials.granted();
        self.conn.set_receive_window(varint(granted.window));
        self.conn.set_max_concurrent_streams(Dir::Bi, varint(requests.unwrap_or(granted.requests)));
    }

    /// Ends the connection, unless it is over. Whether it was not.
    pub(super) fn close(&mut self, code: u64, now: Time) -> bool {
        let was_open = !std::mem::replace(&mut self.is_over, true);
        if was_open {
            self.conn.close(self.credentials.instant(now), varint(code), Bytes::new());
        }
        was_open
    }

    /// The connection was lost. Unless it was over: the code of the other side's application, if it gave one.
    #[expect(clippy::option_option, reason = "whether it is news, and the code")]
    pub(super) fn lost(&mut self, reason: &ConnectionError) -> Option<Option<u64>> {
        let was_open = !std::mem::replace(&mut self.is_over, true);
        was_open.then(|| match reason {
            ConnectionError::ApplicationClosed(close) => Some(close.error_code.into_inner()),
            _ => None,
        })
    }

    /// The endpoint has something for it.
    pub(super) fn receive(&mut self, event: ConnectionEvent) {
        self.conn.handle_event(event);
    }

    /// A deadline may be due.
    pub(super) fn wake(&mut self, now: Time) {
        let at = self.credentials.instant(now);
        if self.conn.poll_timeout().is_some_and(|due| due <= at) {
            self.conn.handle_timeout(at);
        }
    }

    /// When [`End::wake`] has something to do.
    pub(super) fn deadline(&mut self) -> Option<Time> {
        let due = self.conn.poll_timeout()?;
        Some(self.credentials.time(due))
    }

    /// The next datagram of UDP to send, if there is one.
    pub(super) fn poll(&mut self, now: Time) -> Option<Box<[u8]>> {
        self.buffer.clear();
        let transmit = self.conn.poll_transmit(self.credentials.instant(now), 1, &mut self.buffer)?;
        Some(self.buffer[..transmit.size].into())
    }

    /// Hands to QUIC what it takes of an open stream, and ends the stream if that was the last of it. Where QUIC stood before and where it stands now.
    pub(super) fn push(&mut self, stream: u64) -> Option<(u64, u64)> {
        let out = self.outbound.get_mut(&stream)?;
        let before = out.taken;
        let conn = &mut self.conn;
        let all = out.drain(|chunks| conn.send_stream(id(stream)).write_chunks(chunks).ok().map(|written| written.bytes));
        let (taken, ends) = (out.taken, out.ends);
        if all && ends {
            self.outbound.remove(&stream);
            let _stopped = self.conn.send_stream(id(stream)).finish();
        }
        Some((before, taken))
    }
}

pub(super) fn id(stream: u64) -> StreamId {
    StreamId::from(varint(stream))
}

pub(super) fn varint(value: u64) -> VarInt {
    VarInt::from_u64(value).unwrap_or(VarInt::MAX)
}
