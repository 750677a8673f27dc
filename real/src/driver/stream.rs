//! One stream of a connection: its outbox, its reader, and what is left of both.

use super::conn::Conn;
use super::farewell::Unheard;
use super::figures::Figures;
use super::shared::{Node, Shared};
use crate::quic::{self, Outbox, Said, Sent};
use hypermesh_core::stoq::node::{ConnId, Input};
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{self, Code, FrameReader, StreamId};
use quinn::{RecvStream, SendStream};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What the driver keeps of a stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// What waits to be sent; none once that direction is over.
    pub(super) outbox: Option<Arc<Outbox>>,
    hearing: Hearing,
}

/// The direction towards this node.
#[derive(Debug)]
enum Hearing {
    /// QUIC has not opened the stream yet. What was asked of this direction meanwhile.
    Pending { read: bool, stop: Option<Code> },
    /// It is not read.
    Unread(RecvStream),
    /// It is read, and can be stopped.
    Read(oneshot::Sender<Code>),
    /// It is over, or never was.
    Over,
}

impl Stream {
    /// A stream that QUIC is still to open.
    pub(super) fn pending() -> Self {
        Self { outbox: Some(Arc::default()), hearing: Hearing::Pending { read: false, stop: None } }
    }

    /// The other side should say no more.
    pub(super) fn stop(&mut self, code: Code) {
        match std::mem::replace(&mut self.hearing, Hearing::Over) {
            Hearing::Pending { read, .. } => self.hearing = Hearing::Pending { read, stop: Some(code) },
            Hearing::Unread(mut stream) => {
                // An error says that it is over already.
                let _ = stream.stop(quic::error_code(code));
            }
            Hearing::Read(stop) => {
                // The reader may have come to the end.
                let _ = stop.send(code);
            }
            Hearing::Over => {}
        }
    }

    /// Whether nothing is left of it.
    pub(super) const fn is_over(&self) -> bool {
        self.outbox.is_none() && matches!(self.hearing, Hearing::Over)
    }
}

impl<M: Node> Shared<M> {
    /// QUIC opened a stream for this side.
    pub(super) fn opened(self: &Arc<Self>, conn: ConnId, stream: StreamId, send: SendStream, receive: Option<RecvStream>) {
        let mut inner = self.lock();
        let Some(known) = inner.conns.get_mut(&conn) else { return };
        let Some(entry) = known.streams.get_mut(&stream) else { return };
        let outbox = entry.outbox.clone().unwrap_or_default();
        let asked = std::mem::replace(&mut entry.hearing, receive.map_or(Hearing::Over, Hearing::Unread));
        if let Hearing::Pending { read, stop } = asked {
            match stop {
                Some(code) => entry.stop(code),
                None if read => self.read(known, conn, stream),
                None => {}
            }
        }
        let unheard = Arc::clone(&known.unheard);
        drop(inner);
        if stream.is_one_way() {
            // The type of the stream comes before everything that was put into the outbox meanwhile.
            outbox.push_first(bytes::Bytes::from_static(&[CONTROL as u8]));
        }
        self.speaks(conn, stream, send, outbox, unheard);
    }

    /// The peer opened a stream of requests. It is not read before the session says so.
    pub(super) fn accepted(self: &Arc<Self>, conn: ConnId, stream: StreamId, send: SendStream, receive: RecvStream) {
        let outbox = Arc::<Outbox>::default();
        let mut inner = self.lock();
        let Some(known) = inner.conns.get_mut(&conn) else { return };
        known.streams.insert(stream, Stream { outbox: Some(outbox.clone()), hearing: Hearing::Unread(receive) });
        if known.granted > 0 {
            known.granted = quic::grant_more(&known.quic, &self.parameters, known.granted, known.streams.len());
        }
        let unheard = Arc::clone(&known.unheard);
        drop(inner);
        self.speaks(conn, stream, send, outbox, unheard);
    }

    /// The peer opened a one-way stream. Its type is heard at once.
    pub(super) fn one_way(self: &Arc<Self>, conn: ConnId, receive: RecvStream) {
        let stream = quic::stream_id(receive.id());
        if let Some(known) = self.lock().conns.get_mut(&conn) {
            known.streams.insert(stream, Stream { outbox: None, hearing: Hearing::Unread(receive) });
            self.read(known, conn, stream);
        }
    }

    /// Starts to send what comes into an outbox.
    fn speaks(self: &Arc<Self>, conn: ConnId, stream: StreamId, send: SendStream, outbox: Arc<Outbox>, unheard: Arc<Unheard>) {
        let shared = Arc::clone(self);
        let acknowledged = send.stopped();
        self.runtime.spawn(async move {
            let tell = |sent| match sent {
                Sent::Data(bytes) => {
                    Figures::add(&shared.figures.sent_bytes, u64::from(bytes));
                    shared.input(Input::Sent { conn, stream, bytes });
                }
                Sent::Stopped(code) => {
                    shared.half(conn, stream, |entry| entry.outbox = None);
                    shared.session(conn, session::Input::Stop { stream, code });
                }
                Sent::Over => shared.half(conn, stream, |entry| entry.outbox = None),
            };
            quic::send(send, Arc::clone(&outbox), tell).await;
            if outbox.is_finished() {
                // It is over either way: the peer has all of it, wants no more of it, or is gone.
                let _ = acknowledged.await;
                unheard.sub();
            }
        });
    }

    /// Starts to read a stream, or notes that it is to be read.
    pub(super) fn read(self: &Arc<Self>, known: &mut Conn, conn: ConnId, stream: StreamId) {
        let Some(entry) = known.streams.get_mut(&stream) else { return };
        let receive = match std::mem::replace(&mut entry.hearing, Hearing::Over) {
            Hearing::Unread(receive) => receive,
            Hearing::Pending { stop, .. } => {
                entry.hearing = Hearing::Pending { read: true, stop };
                return;
            }
            other => {
                entry.hearing = other;
                return;
            }
        };
        let (stop, stopped) = oneshot::channel();
        entry.hearing = Hearing::Read(stop);
        let reader = if stream.is_one_way() { FrameReader::one_way(self.limits) } else { FrameReader::two_way(self.limits) };
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            let teller = Arc::clone(&shared);
            quic::hear(receive, reader, stopped, move |said| teller.hears(conn, stream, said)).await;
            shared.half(conn, stream, |entry| entry.hearing = Hearing::Over);
        });
    }

    /// What a stream says goes to the machine; false if nothing more is to be heard.
    fn hears(self: &Arc<Self>, conn: ConnId, stream: StreamId, said: Said) -> bool {
        let (input, on) = match said {
            Said::Body(bytes) => {
                Figures::add(&self.figures.came_bytes, bytes.len() as u64);
                self.input(Input::Body { conn, stream, bytes });
                return true;
            }
            Said::Gone => return false,
            Said::Kind(kind) => (session::Input::OneWay { stream, kind }, true),
            Said::Frame(frame) => (session::Input::Frame { stream, frame }, true),
            Said::Moved => (session::Input::Progress { stream }, true),
            Said::Broken(violation) => (session::Input::Broken { stream, violation }, false),
            Said::End => (session::Input::End { stream }, false),
            Said::Reset(code) => (session::Input::Reset { stream, code }, false),
        };
        self.session(conn, input);
        on
    }

    /// One direction of a stream is over.
    fn half(self: &Arc<Self>, conn: ConnId, stream: StreamId, over: impl FnOnce(&mut Stream)) {
        let mut inner = self.lock();
        let Some(known) = inner.conns.get_mut(&conn) else { return };
        let Some(entry) = known.streams.get_mut(&stream) else { return };
        over(entry);
        if entry.is_over() {
            known.streams.remove(&stream);
        }
    }
}
