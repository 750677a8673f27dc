//! Peers that only seem to be implementations: against each of them a campaign has to end, and no case may pass. They keep the suite honest as the canary
//! keeps its expectations.

use super::pki::Deployment;
use crate::suite::octets;
use crate::suite::port::Identity;
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{Code, Roles};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, ServerConfig};
use rustls::sign::SingleCertAndKey;
use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long a peer of random octets waits for a stream, or for room on one.
const PACE: Duration = Duration::from_millis(2);

/// What a peer does instead of what the standard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impostor {
    /// It takes every packet and says nothing.
    Mute,
    /// It speaks QUIC, and another protocol over it.
    OtherProtocol,
    /// It answers every packet with random octets.
    RandomPackets,
    /// It speaks QUIC and the right protocol by its name, and says random octets on every stream and in datagrams.
    RandomStreams,
    /// It begins as an origin does, and stops in the middle of its first frame.
    Stalls,
    /// It sends back whatever it is sent.
    Echoes,
    /// It closes every connection, with a code that many cases wait for.
    Closes,
}

impl Impostor {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Mute, Self::OtherProtocol, Self::RandomPackets, Self::RandomStreams, Self::Stalls, Self::Echoes, Self::Closes];
}

impl fmt::Display for Impostor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mute => "a mute peer",
            Self::OtherProtocol => "a peer of another protocol",
            Self::RandomPackets => "a peer of random packets",
            Self::RandomStreams => "a peer of random octets",
            Self::Stalls => "a peer that stalls in the middle of a frame",
            Self::Echoes => "a peer that sends back what it is sent",
            Self::Closes => "a peer that closes every connection",
        })
    }
}

/// A peer that listens on the loopback of this machine until it is dropped.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddrV6,
    is_over: Arc<AtomicBool>,
    _runtime: Option<Runtime>,
}

fn failed(error: impl fmt::Display) -> Miss {
    Miss::Error(format!("an impostor: {error}"))
}

impl Impostor {
    /// Brings it up. Its certificate is that of an origin of the deployment in this folder: it is not by that that it is found out.
    pub fn listen(self, folder: &Path) -> Outcome<Listening> {
        let is_over = Arc::new(AtomicBool::new(false));
        if matches!(self, Self::Mute | Self::RandomPackets) {
            let socket = UdpSocket::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0)).map_err(failed)?;
            let address = v6(socket.local_addr())?;
            socket.set_read_timeout(Some(Duration::from_millis(50))).map_err(failed)?;
            let over = Arc::clone(&is_over);
            std::thread::spawn(move || packets(&socket, self == Self::RandomPackets, &over));
            return Ok(Listening { address, is_over, _runtime: None });
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(failed)?;
        let shown = Deployment::open(folder)?.identity(Identity::Certified(Roles::ORIGIN))?;
        let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(failed)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        tls.alpn_protocols = vec![if self == Self::OtherProtocol { b"h3".to_vec() } else { b"stoq/1".to_vec() }];
        let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).map_err(failed)?));
        config.transport_config(super::line::transport(true));
        let endpoint = {
            let _inside = runtime.enter();
            Endpoint::server(config, SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0))).map_err(failed)?
        };
        let address = v6(endpoint.local_addr())?;
        runtime.spawn(async move {
            while let Some(incoming) = endpoint.accept().await {
                tokio::spawn(async move {
                    if let Ok(connection) = incoming.await {
                        self.speak(connection).await;
                    }
                });
            }
        });
        Ok(Listening { address, is_over, _runtime: Some(runtime) })
    }

    /// What it does on a connection.
    async fn speak(self, connection: Connection) {
        match self {
            Self::RandomStreams => drop(babble(&connection).await),
            Self::Stalls => drop(stall(&connection).await),
            Self::Echoes => drop(echo(&connection).await),
            Self::Closes => connection.close(hypermesh_real::quic::error_code(Code::FrameUnexpected), b""),
            Self::Mute | Self::OtherProtocol | Self::RandomPackets => {}
        }
        connection.closed().await;
    }
}

impl Listening {
    /// Where.
    pub const fn address(&self) -> SocketAddrV6 {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn v6(address: io::Result<SocketAddr>) -> Outcome<SocketAddrV6> {
    match address.map_err(failed)? {
        SocketAddr::V6(address) => Ok(address),
        SocketAddr::V4(_) => Err(failed("it listens on IPv6")),
    }
}

/// Octets that mean nothing, others each time and the same in every run.
#[derive(Debug, Default)]
struct Noise(u64);

impl Noise {
    fn octets(&mut self, len: usize) -> Vec<u8> {
        self.0 += 1;
        octets::formula(self.0, len)
    }
}

/// Takes packets, and answers each with noise if it answers.
fn packets(socket: &UdpSocket, answers: bool, is_over: &AtomicBool) {
    let (mut packet, mut noise) = (vec![0; 65_536], Noise::default());
    while !is_over.load(Ordering::Relaxed) {
        let Ok((_, from)) = socket.recv_from(&mut packet) else { continue };
        if answers {
            // What a network loses, it loses.
            let _ = socket.send_to(&noise.octets(1_200), from);
        }
    }
}

/// Says noise on streams of its own, on those that the tester opens, and in datagrams, for as long as there is somebody to say it to.
async fn babble(connection: &Connection) -> Option<()> {
    let mut noise = Noise::default();
    let mut own = Vec::new();
    loop {
        if own.len() < 3 {
            own.push(connection.open_uni().await.ok()?);
        }
        if let Ok(Ok((answer, _))) = tokio::time::timeout(PACE, connection.accept_bi()).await {
            own.push(answer);
        }
        for stream in &mut own {
            // A stream may be stopped; the others go on.
            let _ = tokio::time::timeout(PACE, stream.write_all(&noise.octets(512))).await;
        }
        let _ = connection.send_datagram(noise.octets(64).into());
        if connection.close_reason().is_some() {
            return None;
        }
    }
}

/// Control stream, and `Settings` as an origin says them, but for the last octet.
async fn stall(connection: &Connection) -> Option<()> {
    let mut control = connection.open_uni().await.ok()?;
    let settings = octets::frame(0x01, &Tester::settings(Roles::ORIGIN).to_bytes());
    let said = [octets::varint(CONTROL), settings[..settings.len() - 1].to_vec()].concat();
    control.write_all(&said).await.ok()?;
    connection.closed().await;
    drop(control);
    None
}

/// Sends each stream back on one of its own, as it comes, and each datagram.
async fn echo(connection: &Connection) -> Option<()> {
    loop {
        tokio::select! {
            came = connection.accept_uni() => {
                let (mut from, mut to) = (came.ok()?, connection.open_uni().await.ok()?);
                tokio::spawn(async move {
                    // It ends when either side has had enough.
                    while let Ok(Some(chunk)) = from.read_chunk(usize::MAX, true).await
                        && to.write_chunk(chunk.bytes).await.is_ok()
                    {}
                });
            }
            came = connection.accept_bi() => {
                let (mut to, mut from) = came.ok()?;
                tokio::spawn(async move {
                    while let Ok(Some(chunk)) = from.read_chunk(usize::MAX, true).await
                        && to.write_chunk(chunk.bytes).await.is_ok()
                    {}
                });
            }
            came = connection.read_datagram() => {
                let _ = connection.send_datagram(came.ok()?);
            }
        }
    }
}
