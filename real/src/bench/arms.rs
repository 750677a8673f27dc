//! The two arms that move contents: STOQ through the driver, and bare quinn with the same sockets, windows, TLS and streams.

use super::pump::{BATCH, Pump};
use super::{CHUNK_BYTES, Contents};
use crate::driver::{Address, Disk, Door, Driver, Setup};
use crate::pki::{Anchor, Authority, Identity, PkiError};
use crate::quic::{self, Parameters, Shown};
use bytes::Bytes;
use hypermesh_core::base::Span;
use hypermesh_core::stoq::certs::{Asked, Policy, Trusted};
use hypermesh_core::stoq::node::{Command, ServerId, Told};
use hypermesh_core::stoq::preset::Effective;
use hypermesh_core::stoq::session::limits::FrameLimits;
use hypermesh_core::stoq::session::{Capabilities, Roles};
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

/// What moves the contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// STOQ: frames, sessions, whole contents that are verified.
    Stoq,
    /// Bare quinn: bytes that are read and dropped.
    Bare,
}

impl Arm {
    /// Both, by the names that people write.
    pub const ALL: [(&'static str, Self); 2] = [("stoq", Self::Stoq), ("bare", Self::Bare)];
}

/// Certificates and values that both sides of an arm use.
#[derive(Debug)]
pub struct Bed {
    anchor: Arc<Anchor>,
    values: Effective,
    server: Identity,
    client: Identity,
    contents: Arc<Contents>,
}

/// What one measurement found.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Bytes of contents that came.
    pub bytes: u64,
    /// Seconds that this took, connecting left out.
    pub seconds: f64,
    /// Bytes of UDP payload that came, headers and all.
    pub udp_bytes: u64,
    /// Datagrams that came.
    pub datagrams: u64,
    /// Packets that the receiver's quinn sent, most of them acknowledgements.
    pub sent_datagrams: u64,
    /// The path MTU that was found.
    pub mtu: u16,
}

/// A side that hands out contents.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddrV6,
    endpoint: Endpoint,
    task: Option<JoinHandle<()>>,
    driver: Option<Driver<Pump>>,
}

impl Served {
    /// Closes it.
    pub fn stop(&self) {
        self.endpoint.close(0u8.into(), b"");
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    /// Connections that it has.
    pub fn connections(&self) -> usize {
        self.driver.as_ref().map_or_else(|| self.endpoint.open_connections(), |driver| driver.held().connections)
    }
}

impl Bed {
    /// Makes certificates in a folder, for both sides.
    pub fn make(dir: &Path) -> Result<(), PkiError> {
        let mut authority = Authority::create(dir)?;
        authority.issue_to_files("server", Roles::ORIGIN, Span::secs(6 * 3600))?;
        authority.issue_to_files("client", Roles::CLIENT, Span::secs(6 * 3600))?;
        Ok(())
    }

    /// Reads what [`Bed::make`] wrote.
    pub fn open(dir: &Path, values: Effective) -> Result<Self, PkiError> {
        let anchor = Arc::new(Anchor::load(&dir.join("ca.pem"))?);
        let identity = |name: &str| Identity::load(&dir.join(format!("{name}.pem")), &dir.join(format!("{name}.key")), &anchor);
        let (server, client) = (identity("server")?, identity("client")?);
        Ok(Self { anchor, values, server, client, contents: Arc::default() })
    }

    fn parameters(&self) -> Parameters {
        Parameters::of(&self.values)
    }

    fn server_config(&self) -> io::Result<ServerConfig> {
        let crypto = quic::server_crypto(&Shown::new(self.server.clone()), &self.anchor).map_err(io::Error::other)?;
        let mut config = ServerConfig::with_crypto(crypto);
        config.transport_config(self.parameters().transport(false));
        Ok(config)
    }

    fn client_config(&self) -> io::Result<ClientConfig> {
        let crypto = quic::client_crypto(&Shown::new(self.client.clone()), &self.anchor).map_err(io::Error::other)?;
        let mut config = ClientConfig::new(crypto);
        config.transport_config(self.parameters().transport(true));
        Ok(config)
    }

    fn endpoint(&self, server: Option<ServerConfig>) -> io::Result<Endpoint> {
        let (socket, _) = quic::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0))?;
        quic::endpoint(socket, self.parameters().mtu, server, None)
    }

    /// A driver of a pump.
    fn driver(&self, endpoint: Endpoint, dialling: Option<ClientConfig>, roles: Roles, to: Option<SocketAddrV6>) -> Driver<Pump> {
        let config = Arc::new(self.values.session(roles, Capabilities::ALL));
        let trusted = vec![Trusted { issuer: self.anchor.id(), roles: Roles(0xFF) }];
        let policy = Policy { revocation_bound: Span::secs(24 * 3600), peers_max: 1 << 20, ..self.values.certificates(trusted) };
        let asked = Asked { name: None, roles: Roles::ORIGIN };
        let servers: BTreeMap<ServerId, Address> = to.map(|socket| (ServerId(0), Address { socket, asked })).into_iter().collect();
        let setup = Setup {
            machine: Pump::new(&config, &self.contents),
            endpoint,
            dialling,
            parameters: self.parameters(),
            limits: FrameLimits::default(),
            connections_max: 1 << 20,
            door: Door::new(self.anchor.clone(), policy),
            servers,
            disk: Disk(None),
        };
        Driver::start(setup, None)
    }

    /// Somebody who connects again and again from one socket.
    pub(super) fn clients(&self, arm: Arm, socket: std::net::UdpSocket, to: SocketAddrV6) -> io::Result<Clients> {
        let (endpoint, config) = (quic::endpoint(socket, self.parameters().mtu, None, None)?, self.client_config()?);
        Ok(match arm {
            Arm::Stoq => Clients::Stoq(self.driver(endpoint, Some(config), Roles::CLIENT, Some(to))),
            Arm::Bare => Clients::Bare { endpoint, config, to, open: Vec::new() },
        })
    }
}

/// Somebody who connects again and again.
pub(super) enum Clients {
    Stoq(Driver<Pump>),
    Bare { endpoint: Endpoint, config: ClientConfig, to: SocketAddrV6, open: Vec<Connection> },
}

impl Clients {
    /// Opens so many connections more, and returns when they, and with STOQ their sessions, are open.
    pub(super) async fn connect(&mut self, count: usize) -> io::Result<()> {
        match self {
            Self::Stoq(driver) => {
                let waiting: Vec<_> = (0..count).map(|_| driver.job(Command::Ping { server: None }, None)).collect();
                for (job, mut told) in waiting {
                    session_opens(&mut told).await?;
                    driver.forget(job);
                }
            }
            Self::Bare { endpoint, config, to, open } => {
                let connecting = |_| endpoint.connect_with(config.clone(), (*to).into(), "stoq.invalid");
                let waiting: Vec<_> = (0..count).map(connecting).collect::<Result<_, _>>().map_err(io::Error::other)?;
                for connecting in waiting {
                    open.push(connecting.await.map_err(io::Error::other)?);
                }
            }
        }
        Ok(())
    }

    /// Closes them all.
    pub(super) fn close(&self) {
        let endpoint = match self {
            Self::Stoq(driver) => driver.endpoint(),
            Self::Bare { endpoint, .. } => endpoint,
        };
        endpoint.close(0u8.into(), b"");
    }
}

/// Hands out contents on a port of the loopback that the system chooses.
pub fn serve(arm: Arm, bed: &Bed) -> io::Result<Served> {
    let endpoint = bed.endpoint(Some(bed.server_config()?))?;
    let std::net::SocketAddr::V6(address) = endpoint.local_addr()? else { return Err(io::ErrorKind::AddrNotAvailable.into()) };
    let mut served = Served { address, endpoint: endpoint.clone(), task: None, driver: None };
    match arm {
        Arm::Stoq => served.driver = Some(bed.driver(endpoint, None, Roles::ORIGIN, None)),
        Arm::Bare => served.task = Some(tokio::spawn(bare_serve(endpoint, bed.parameters(), bed.contents.clone()))),
    }
    Ok(served)
}

/// Moves at least so many bytes from there to here.
pub async fn measure(arm: Arm, bed: &Bed, from: SocketAddrV6, bytes: u64, streams: usize) -> io::Result<Measured> {
    let endpoint = bed.endpoint(None)?;
    let measured = match arm {
        Arm::Stoq => stoq_measure(bed, endpoint.clone(), from, bytes, streams, BATCH).await,
        Arm::Bare => bare_measure(bed, &endpoint, from, bytes, streams).await,
    };
    hang_up(&endpoint).await;
    measured
}

/// Moves at least so many bytes over STOQ, with at most so many contents in one request.
pub async fn measure_requests(bed: &Bed, from: SocketAddrV6, bytes: u64, streams: usize, batch: usize) -> io::Result<Measured> {
    let endpoint = bed.endpoint(None)?;
    let measured = stoq_measure(bed, endpoint.clone(), from, bytes, streams, batch.clamp(1, BATCH)).await;
    hang_up(&endpoint).await;
    measured
}

async fn hang_up(endpoint: &Endpoint) {
    endpoint.close(0u8.into(), b"");
    // The other side learns it at once, or by its idle timeout.
    let _ = tokio::time::timeout(Duration::from_secs(1), endpoint.wait_idle()).await;
}

/// Waits until a session is open.
async fn session_opens(told: &mut UnboundedReceiver<Told>) -> io::Result<()> {
    match tokio::time::timeout(Duration::from_secs(30), told.recv()).await {
        Ok(Some(Told::Pong { .. })) => Ok(()),
        _ => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn stoq_measure(bed: &Bed, endpoint: Endpoint, from: SocketAddrV6, bytes: u64, streams: usize, batch: usize) -> io::Result<Measured> {
    let driver = bed.driver(endpoint, Some(bed.client_config()?), Roles::CLIENT, Some(from));
    let (job, mut told) = driver.job(Command::Ping { server: None }, None);
    session_opens(&mut told).await?;
    let connection = driver.connections().pop().ok_or(io::ErrorKind::NotConnected)?;
    let begin = Begin::of(&connection);
    let count = bytes.div_ceil(CHUNK_BYTES as u64);
    driver.with(|pump, cx| pump.ask(count, streams, batch, job, cx));
    if !matches!(told.recv().await, Some(Told::Got { .. })) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let measured = begin.end(&connection, count * CHUNK_BYTES as u64);
    if driver.look(|pump| pump.wrong) > 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(measured)
}

struct Begin {
    at: Instant,
    stats: quinn::ConnectionStats,
}

impl Begin {
    fn of(connection: &Connection) -> Self {
        Self { at: Instant::now(), stats: connection.stats() }
    }

    fn end(self, connection: &Connection, bytes: u64) -> Measured {
        let seconds = self.at.elapsed().as_secs_f64();
        let stats = connection.stats();
        Measured {
            bytes,
            seconds,
            udp_bytes: stats.udp_rx.bytes - self.stats.udp_rx.bytes,
            datagrams: stats.udp_rx.datagrams - self.stats.udp_rx.datagrams,
            sent_datagrams: stats.udp_tx.datagrams - self.stats.udp_tx.datagrams,
            mtu: stats.path.current_mtu,
        }
    }
}

/// Bare quinn: for each stream, eight bytes say how many contents are wanted, and they come.
async fn bare_serve(endpoint: Endpoint, parameters: Parameters, contents: Arc<Contents>) {
    while let Some(incoming) = endpoint.accept().await {
        let contents = contents.clone();
        let parameters = parameters.clone();
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else { return };
            quic::grant_all(&connection, &parameters);
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                let contents = contents.clone();
                tokio::spawn(async move {
                    let mut wanted = [0; 8];
                    if receive.read_exact(&mut wanted).await.is_err() {
                        return;
                    }
                    for at in 0..u64::from_be_bytes(wanted) {
                        let content = Bytes::from_owner(contents.bytes[at as usize % contents.bytes.len()].clone());
                        if send.write_chunk(content).await.is_err() {
                            return;
                        }
                    }
                    // The reader may be gone.
                    let _ = send.finish();
                });
            }
        });
    }
}

async fn bare_measure(bed: &Bed, endpoint: &Endpoint, from: SocketAddrV6, bytes: u64, streams: usize) -> io::Result<Measured> {
    let connection = endpoint
        .connect_with(bed.client_config()?, from.into(), "stoq.invalid")
        .map_err(io::Error::other)?
        .await
        .map_err(io::Error::other)?;
    quic::grant_all(&connection, &bed.parameters());
    let begin = Begin::of(&connection);
    let each = bytes.div_ceil(CHUNK_BYTES as u64 * streams as u64);
    let mut readers = Vec::new();
    for _ in 0..streams {
        let (mut send, mut receive) = connection.open_bi().await.map_err(io::Error::other)?;
        send.write_all(&each.to_be_bytes()).await.map_err(io::Error::other)?;
        readers.push(tokio::spawn(async move {
            let mut pieces: [Bytes; 64] = std::array::from_fn(|_| Bytes::new());
            let mut came = 0;
            while let Ok(Some(count)) = receive.read_chunks(&mut pieces).await {
                came += pieces[..count].iter().map(|piece| piece.len() as u64).sum::<u64>();
            }
            came
        }));
    }
    let mut came = 0;
    for reader in readers {
        came += reader.await.map_err(io::Error::other)?;
    }
    if came != each * streams as u64 * CHUNK_BYTES as u64 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(begin.end(&connection, came))
}
