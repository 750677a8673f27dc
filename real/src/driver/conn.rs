//! One connection: how it comes about, what runs for it, how it ends.

use super::farewell::Unheard;
use super::figures::Figures;
use super::shared::{Node, Shared};
use super::stream::Stream;
use crate::quic::{self, Outbox};
use bytes::Bytes;
use hypermesh_core::base::{Span, Wire};
use hypermesh_core::stoq::certs::{Asked, PeerId};
use hypermesh_core::stoq::node::{ConnId, Input, Peer, ServerId};
use hypermesh_core::stoq::session::frame::{Frame, meaningless};
use hypermesh_core::stoq::session::version::{MAJOR, chosen};
use hypermesh_core::stoq::session::{self, Code, Roles, StreamId, reader};
use hypermesh_core::testing::Breach;
use quinn::Connection;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How long a node stays away from a server after the first failure; it doubles with each.
const AWAY_FIRST: Span = Span::millis(100);
/// The longest that it stays away.
const AWAY_MAX: Span = Span::secs(5);

/// What the driver keeps of a connection.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) quic: Connection,
    pub(super) streams: HashMap<StreamId, Stream>,
    /// Requests that the peer may have open; 0 until the session is.
    pub(super) granted: u64,
    /// Streams that are to be opened, in the order of their numbers.
    opens: mpsc::UnboundedSender<StreamId>,
    /// What the peer is still to acknowledge before the connection is closed in good order.
    pub(super) unheard: Arc<Unheard>,
}

impl Conn {
    pub(super) fn open(&mut self, stream: StreamId) {
        self.streams.insert(stream, Stream::pending());
        // The task that opens streams lives as long as the connection.
        let _ = self.opens.send(stream);
    }

    fn outbox(&self, stream: StreamId) -> Option<&Arc<Outbox>> {
        self.streams.get(&stream)?.outbox.as_ref()
    }

    pub(super) fn write(&self, stream: StreamId, frame: &Frame) {
        let Some(outbox) = self.outbox(stream) else { return };
        let mut head = frame.to_bytes();
        if let Frame::Unknown { bytes, .. } = frame {
            head.extend(meaningless(*bytes));
        }
        outbox.push(Bytes::from(head));
    }

    pub(super) fn data(&self, stream: StreamId, bytes: Arc<[u8]>, range: Range<u32>) {
        if let Some(outbox) = self.outbox(stream) {
            outbox.push_data(Bytes::from_owner(bytes).slice(range.start as usize..range.end as usize));
        }
    }

    pub(super) fn finish(&self, stream: StreamId) {
        if let Some(outbox) = self.outbox(stream)
            && outbox.finish()
        {
            self.unheard.add();
        }
    }

    pub(super) fn reset(&self, stream: StreamId, code: Code) {
        if let Some(outbox) = self.outbox(stream) {
            outbox.reset(code);
        }
    }

    pub(super) fn stop(&mut self, stream: StreamId, code: Code) {
        if let Some(known) = self.streams.get_mut(&stream) {
            known.stop(code);
        }
        self.prune(stream);
    }

    pub(super) fn datagram(&self, frame: &Frame) {
        // Whoever sends a datagram bears its loss (R-8-08).
        let _ = self.quic.send_datagram(Bytes::from(frame.to_bytes()));
    }

    /// Forgets a stream of which nothing is left.
    pub(super) fn prune(&mut self, stream: StreamId) {
        if self.streams.get(&stream).is_some_and(Stream::is_over) {
            self.streams.remove(&stream);
        }
    }
}

impl<M: Node> Shared<M> {
    /// Accepts connections as long as the endpoint is open.
    pub(super) async fn accept(self: Arc<Self>) {
        while let Some(incoming) = self.endpoint.accept().await {
            if self.endpoint.open_connections() > self.connections_max {
                incoming.refuse();
                continue;
            }
            let shared = Arc::clone(&self);
            self.runtime.spawn(async move {
                let Ok(connecting) = incoming.accept() else { return };
                let within = if Breach::HandshakeForEver.is_on() { HANDSHAKE_WITHIN * 100 } else { HANDSHAKE_WITHIN };
                let Ok(Ok(quic)) = tokio::time::timeout(within, connecting).await else { return };
                Figures::add(&shared.figures.accepted, 1);
                shared.begin(quic, None).await;
            });
        }
    }

    /// Connects with a server.
    pub(super) async fn dial(self: Arc<Self>, server: ServerId) {
        let address = self.servers.lock().unwrap_or_else(PoisonError::into_inner).get(&server).cloned();
        let (Some(address), Some(config)) = (address, self.dialling.clone()) else {
            return self.input(Input::NoDial { server, again: None });
        };
        let connecting = self.endpoint.connect_with(config, address.socket.into(), "stoq.invalid");
        let quic = match connecting {
            Ok(connecting) => tokio::time::timeout(HANDSHAKE_WITHIN, connecting).await.ok().and_then(Result::ok),
            Err(_) => None,
        };
        let Some(quic) = quic else { return self.no_dial(server) };
        Figures::add(&self.figures.dialled, 1);
        self.begin(quic, Some((server, address.asked))).await;
    }

    fn no_dial(self: &Arc<Self>, server: ServerId) {
        Figures::add(&self.figures.undialled, 1);
        let mut inner = self.lock();
        let failures = inner.failures.entry(server).or_default();
        let again = Span(AWAY_FIRST.0 << (*failures).min(10)).min(AWAY_MAX);
        *failures += 1;
        self.react(&mut inner, |machine, cx| machine.handle(Input::NoDial { server, again: Some(again) }, cx));
    }

    /// The handshake is complete: the peer is judged, and if it may speak, everything that runs for its connection is started.
    async fn begin(self: &Arc<Self>, quic: Connection, dialled: Option<(ServerId, Asked)>) {
        let conn = Self::number(&mut self.lock());
        let asked = dialled.as_ref().map(|(_, asked)| asked.clone()).unwrap_or_default();
        let judged = match self.door.shown(&quic) {
            Ok(presented) => {
                let roles = presented.certificate.roles;
                let (verdict, orders) = self.door.judge(PeerId(conn.0), presented, asked, self.clock.now());
                self.obey(orders);
                verdict.map(|()| roles)
            }
            Err(_) if quic.peer_identity().is_none() && Breach::ServeAnonymous.is_on() => Ok(Roles::CLIENT),
            Err(refusal) => Err(refusal),
        };
        let (roles, exporter) = match (judged, quic::exporter(&quic)) {
            (Ok(roles), Some(exporter)) if has_alpn(&quic) => (roles, exporter),
            (judged, _) => {
                Figures::add(&self.figures.refused, 1);
                let code = judged.err().map_or(Code::Internal, hypermesh_core::stoq::certs::Refusal::code);
                let code = if Breach::RefuseSilently.is_on() { Code::NoError } else { code };
                quic.close(quic::error_code(code), b"");
                self.door.gone(PeerId(conn.0), self.clock.now());
                if let Some((server, _)) = dialled {
                    self.no_dial(server);
                }
                return;
            }
        };
        let (opens, to_open) = mpsc::unbounded_channel();
        let peer = Peer::Certified(roles);
        {
            let mut inner = self.lock();
            inner.conns.insert(conn, Conn { quic: quic.clone(), streams: HashMap::new(), granted: 0, opens, unheard: Arc::default() });
            if let Some((server, _)) = &dialled {
                inner.failures.remove(server);
            }
            let first = match dialled {
                Some((server, _)) => Input::Dialled { conn, server, peer, early: false },
                None => Input::Accepted { conn, peer },
            };
            self.react(&mut inner, |machine, cx| machine.handle(first, cx));
            let keyed = Input::Session { conn, input: session::Input::Keyed { major: MAJOR, exporter } };
            self.react(&mut inner, |machine, cx| machine.handle(keyed, cx));
        }
        Figures::add(&self.figures.connections, 1);
        tokio::join!(
            self.opens(conn, &quic, to_open),
            self.takes_requests(conn, &quic),
            self.takes_one_way(conn, &quic),
            self.takes_datagrams(conn, &quic),
        );
        // All of these end when the connection does.
        self.lock().conns.remove(&conn);
        Figures::sub(&self.figures.connections, 1);
        self.door.gone(PeerId(conn.0), self.clock.now());
        self.input(Input::Session { conn, input: session::Input::Gone });
    }

    /// Opens streams as QUIC grants them, in order.
    async fn opens(self: &Arc<Self>, conn: ConnId, quic: &Connection, mut to_open: mpsc::UnboundedReceiver<StreamId>) {
        let closed = quic.closed();
        tokio::pin!(closed);
        loop {
            let stream = tokio::select! {
                stream = to_open.recv() => stream,
                _ = &mut closed => return,
            };
            let Some(stream) = stream else { return };
            if stream.is_one_way() {
                if Breach::ControlNotFirst.is_on() {
                    // The first stream is one without meaning.
                    let Ok(mut first) = quic.open_uni().await else { return };
                    let _ = first.write_all(&[30]).await;
                }
                let Ok(send) = quic.open_uni().await else { return };
                debug_assert_eq!(quic::stream_id(send.id()), stream, "QUIC and the session count streams alike");
                self.opened(conn, stream, send, None);
            } else {
                let Ok((send, receive)) = quic.open_bi().await else { return };
                debug_assert_eq!(quic::stream_id(send.id()), stream, "QUIC and the session count streams alike");
                self.opened(conn, stream, send, Some(receive));
            }
        }
    }

    async fn takes_requests(self: &Arc<Self>, conn: ConnId, quic: &Connection) {
        while let Ok((send, receive)) = quic.accept_bi().await {
            let stream = quic::stream_id(send.id());
            self.accepted(conn, stream, send, receive);
            self.session(conn, session::Input::Request { stream, early: false });
        }
    }

    async fn takes_one_way(self: &Arc<Self>, conn: ConnId, quic: &Connection) {
        while let Ok(receive) = quic.accept_uni().await {
            self.one_way(conn, receive);
        }
    }

    async fn takes_datagrams(self: &Arc<Self>, conn: ConnId, quic: &Connection) {
        while let Ok(bytes) = quic.read_datagram().await {
            match reader::datagram(&bytes) {
                Ok(frames) => frames.into_iter().for_each(|frame| self.session(conn, session::Input::Datagram { frame })),
                Err(violation) => self.session(conn, session::Input::BrokenDatagram { violation }),
            }
        }
    }
}

/// Whether the handshake chose the version that this driver speaks.
fn has_alpn(quic: &Connection) -> bool {
    let data = quic.handshake_data().and_then(|any| any.downcast::<quinn::crypto::rustls::HandshakeData>().ok());
    data.is_some_and(|data| chosen(data.protocol.as_deref()).is_some())
}
