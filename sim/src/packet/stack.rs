//! The endpoint of a site: what routes datagrams to connections, and the credentials that all sites of a run share.

use super::conn::Wire;
use super::end::End;
use super::raw::Raw;
use bytes::BytesMut;
use hypermesh_core::base::{NodeId, Time};
use hypermesh_core::stoq::preset::{Effective, Key};
use hypermesh_core::stoq::session::limits::{EARLY_WINDOW_BYTES, HELD_MAX, ONE_WAY_MAX};
use quinn_proto::congestion::{BbrConfig, CubicConfig, NewRenoConfig};
use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn_proto::{
    ClientConfig, ConnectionEvent, ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, IdleTimeout, MtuDiscoveryConfig,
    ServerConfig, TransportConfig, VarInt,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The name in every certificate of a run.
const SERVER_NAME: &str = "site.hypermesh";
/// Of every site.
const PORT: u16 = 4433;

/// What all sites of a run share: one certificate, since lengths and times are all that counts, and the moment at which virtual time begins; and the
/// transport parameters of a group of them.
#[derive(Clone)]
pub struct Credentials {
    client: ClientConfig,
    server: Arc<ServerConfig>,
    began: Instant,
    granted: Granted,
}

/// What a peer is given once the session with it is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted {
    /// Receive window of the connection in bytes.
    pub(super) window: u64,
    /// Requests that the peer may have open.
    pub(super) requests: u64,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// New ones, with the transport parameters of a STOQ driver whose values are the defaults.
    pub fn new(alpn: &[u8]) -> Result<Self, Box<dyn std::error::Error>> {
        let (chain, key) = certificate()?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(chain.last().cloned().ok_or("a chain has a certificate")?)?;
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls13 = &[&rustls::version::TLS13];
        let mut client = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(tls13)?
            .with_root_certificates(roots.clone())
            .with_client_auth_cert(chain.clone(), key.clone_key())?;
        client.alpn_protocols = vec![alpn.to_vec()];
        client.resumption = rustls::client::Resumption::disabled();
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build()?;
        let mut server = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(tls13)?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)?;
        server.alpn_protocols = vec![alpn.to_vec()];
        server.send_tls13_tickets = 0;
        let client = ClientConfig::new(Arc::new(QuicClientConfig::try_from(client)?));
        let mut server = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(server)?));
        server.migration(false);
        let granted = Granted { window: 0, requests: 0 };
        Ok(Self { client, server: Arc::new(server), began: Instant::now(), granted }.tuned(&Effective::new(None)))
    }

    /// The same with the transport parameters that a driver on sockets has under these values.
    pub fn tuned(&self, values: &Effective) -> Self {
        let mut tuned = self.clone();
        tuned.client.transport_config(transport(values, true));
        let mut server = ServerConfig::clone(&self.server);
        server.transport_config(transport(values, false));
        tuned.server = Arc::new(server);
        tuned.granted = Granted { window: values.get(Key::QuicConnectionWindow), requests: values.get(Key::SessionRequests) };
        tuned
    }

    /// The same for whoever plays a peer by hand: it grants so much that it never is in the way, and keeps every connection alive.
    pub fn open_handed(&self) -> Self {
        let mut open = self.clone();
        let mut transport = TransportConfig::default();
        transport
            .max_concurrent_bidi_streams(VarInt::from_u32(256))
            .max_concurrent_uni_streams(VarInt::from_u32(16))
            .max_idle_timeout(IdleTimeout::try_from(Duration::from_secs(60)).ok())
            .datagram_receive_buffer_size(Some(64 << 10))
            .keep_alive_interval(Some(Duration::from_millis(400)));
        let transport = Arc::new(transport);
        open.client.transport_config(transport.clone());
        let mut server = ServerConfig::clone(&self.server);
        server.transport_config(transport);
        open.server = Arc::new(server);
        open
    }

    /// What a peer is given once the session with it is open.
    pub(super) const fn granted(&self) -> Granted {
        self.granted
    }

    /// Virtual time as quinn-proto wants it.
    pub(super) fn instant(&self, now: Time) -> Instant {
        self.began + Duration::from_nanos(now.0)
    }

    /// The other way round.
    pub(super) fn time(&self, instant: Instant) -> Time {
        Time(instant.saturating_duration_since(self.began).as_nanos() as u64)
    }
}

/// What a connection begins with: little, since nobody knows yet who the peer is (R-8-10). `asks` is the side that keeps the connection alive. The same as
/// the driver on sockets sets it, but for segmentation offload, which is a matter of the kernel.
fn transport(values: &Effective, asks: bool) -> Arc<TransportConfig> {
    let mut transport = TransportConfig::default();
    let idle = Duration::from_nanos(values.get(Key::SessionIdle));
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(HELD_MAX as u32))
        .max_concurrent_uni_streams(VarInt::from_u32(ONE_WAY_MAX as u32))
        .receive_window(VarInt::from_u32(EARLY_WINDOW_BYTES as u32))
        .stream_receive_window(VarInt::from_u64(values.get(Key::QuicStreamWindow)).unwrap_or(VarInt::MAX))
        .send_window(values.get(Key::QuicSendWindow))
        .datagram_receive_buffer_size(Some(EARLY_WINDOW_BYTES))
        .datagram_send_buffer_size(EARLY_WINDOW_BYTES)
        .max_idle_timeout(IdleTimeout::try_from(idle).ok())
        .keep_alive_interval(asks.then(|| idle / 3));
    let mut discovery = MtuDiscoveryConfig::default();
    discovery.upper_bound(values.get(Key::QuicMtu) as u16);
    transport.mtu_discovery_config(Some(discovery));
    match values.get(Key::QuicCongestion) {
        1 => transport.congestion_controller_factory(Arc::new(BbrConfig::default())),
        2 => transport.congestion_controller_factory(Arc::new(NewRenoConfig::default())),
        _ => transport.congestion_controller_factory(Arc::new(CubicConfig::default())),
    };
    Arc::new(transport)
}

/// A chain of two with Ed25519, whose signatures all have one length.
fn certificate() -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rcgen::Error> {
    let make = |names: Vec<String>| rcgen::CertificateParams::new(names);
    let root_key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
    let mut root = make(vec![])?;
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.serial_number = Some(rcgen::SerialNumber::from(1));
    let root_der = root.self_signed(&root_key)?.der().clone();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
    let mut leaf = make(vec![SERVER_NAME.to_owned()])?;
    leaf.serial_number = Some(rcgen::SerialNumber::from(2));
    let leaf_der = leaf.signed_by(&key, &rcgen::Issuer::new(root, root_key))?.der().clone();
    Ok((vec![leaf_der, root_der], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))))
}

/// What a datagram was.
#[derive(Debug)]
pub enum Arrived {
    /// Part of a connection.
    Known(ConnectionHandle, Box<ConnectionEvent>),
    /// The first of a new connection.
    New(Box<Wire>),
    /// Something that was answered, or of no use.
    Nothing,
}

/// The endpoint of one site.
#[derive(Debug)]
pub struct Stack {
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    buffer: Vec<u8>,
}

impl Stack {
    /// The endpoint of a node. Everything random in it follows from `seed`.
    pub fn new(credentials: &Arc<Credentials>, me: NodeId, seed: u64, serves: bool) -> Self {
        let mut config = EndpointConfig::default();
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&me.0.to_le_bytes());
        config.rng_seed(Some(key));
        let server = serves.then(|| credentials.server.clone());
        Self { endpoint: Endpoint::new(Arc::new(config), server, true, None), credentials: credentials.clone(), buffer: Vec::new() }
    }

    /// Begins a connection.
    pub fn connect(&mut self, to: NodeId, now: Time) -> Option<Wire> {
        let (client, at) = (self.credentials.client.clone(), self.credentials.instant(now));
        let (handle, conn) = self.endpoint.connect(at, client, address(to), SERVER_NAME).ok()?;
        Some(Wire::new(End::new(handle, conn, true, self.credentials.clone())))
    }

    /// A datagram came.
    pub fn arrive(&mut self, from: NodeId, bytes: &[u8], now: Time) -> Arrived {
        let at = self.credentials.instant(now);
        self.buffer.clear();
        match self.endpoint.handle(at, address(from), None, None, BytesMut::from(bytes), &mut self.buffer) {
            Some(DatagramEvent::ConnectionEvent(handle, event)) => Arrived::Known(handle, Box::new(event)),
            Some(DatagramEvent::NewConnection(incoming)) => {
                self.buffer.clear();
                let Ok((handle, conn)) = self.endpoint.accept(incoming, at, &mut self.buffer, None) else { return Arrived::Nothing };
                Arrived::New(Box::new(Wire::new(End::new(handle, conn, false, self.credentials.clone()))))
            }
            Some(DatagramEvent::Response(_)) | None => Arrived::Nothing,
        }
    }

    /// Lets the endpoint know what a connection tells it.
    pub fn exchange(&mut self, wire: &mut Wire) {
        self.exchange_of(&mut wire.end);
    }

    /// The same of a connection whose octets are somebody else's.
    pub fn exchange_raw(&mut self, raw: &mut Raw) {
        self.exchange_of(&mut raw.end);
    }

    fn exchange_of(&mut self, end: &mut End) {
        while let Some(event) = end.conn.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(end.handle, event) {
                end.conn.handle_event(event);
            }
        }
    }
}

/// The address of a node: one prefix for the run, the number below it.
const fn address(node: NodeId) -> SocketAddr {
    let [a, b, c, d] = node.0.to_be_bytes();
    let ip = Ipv6Addr::new(0xfd00, 0x5354, 0, 0, 0, 0, (a as u16) << 8 | b as u16, (c as u16) << 8 | d as u16);
    SocketAddr::V6(SocketAddrV6::new(ip, PORT, 0, 0))
}
