//! The nodes of a fleet: certificates, stores, sockets, drivers.

use super::alarms::Alarms;
use super::courier::Courier;
use super::emulator::Wires;
use super::runtime::Ground;
use super::{Truth, Witness};
use crate::driver::{Address, Disk, Door, Driver, Setup};
use crate::pki::{Anchor, Authority, Identity, Issued, PkiError};
use crate::quic::{self, Parameters, Shown};
use crate::store::{Key as StoreKey, Options, Store, StoreError};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::certs::{Asked, Trusted};
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::node::{Config, ServerId, StoqNode};
use hypermesh_core::stoq::preset::{Effective, Key};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;
use quinn::{ClientConfig, ServerConfig};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// When the run began, once it has.
pub(super) type Beginning = Arc<OnceLock<Instant>>;

/// How long the certificates of a fleet live: longer than any run, and well below what nodes accept.
const LIFE: Span = Span::secs(24 * 3600);

/// A node of a fleet.
#[derive(Clone, Debug)]
pub struct Member {
    /// What its machine is made of.
    pub node: Arc<Config>,
    /// What its certificate allows.
    pub roles: Roles,
    /// The values of its transport.
    pub values: Effective,
    /// The nodes above it, the best first.
    pub above: Vec<u32>,
    /// It has all objects from the start.
    pub is_origin: bool,
    /// It accepts connections.
    pub serves: bool,
    /// Bytes that its disk takes.
    pub disk_bytes: u64,
}

/// Why a fleet does not run.
#[derive(Debug)]
pub enum FleetError {
    /// Certificates could not be made.
    Pki(PkiError),
    /// A store could not be filled.
    Store(StoreError),
    /// The system refused something; the text says what.
    System(&'static str, io::Error),
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pki(error) => error.fmt(f),
            Self::Store(error) => write!(f, "the store: {error}"),
            Self::System(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for FleetError {}

impl From<PkiError> for FleetError {
    fn from(error: PkiError) -> Self {
        Self::Pki(error)
    }
}

impl From<StoreError> for FleetError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

type Started<W> = (Vec<Driver<StoqNode>>, Arc<Courier<W>>, Authority);

/// Starts all nodes.
pub(super) fn start<W: Wires + fmt::Debug>(
    members: &[Member],
    truth: &Truth,
    wires: W,
    folder: &Path,
    alarms: &Arc<Alarms>,
    clock: &Beginning,
    witness: &Arc<dyn Witness>,
) -> Result<Started<W>, FleetError> {
    let socket = |error| FleetError::System("a socket", error);
    let mut authority = Authority::create(&folder.join("authority"))?;
    let anchor = Arc::new(authority.anchor().clone());
    let bind = |_: &Member| quic::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0)).map(|(bound, _)| bound);
    let sockets = members.iter().map(bind).collect::<io::Result<Vec<_>>>().map_err(socket)?;
    let addresses = sockets.iter().map(address).collect::<io::Result<Vec<_>>>().map_err(socket)?;
    let clones = sockets.iter().map(UdpSocket::try_clone).collect::<io::Result<Vec<_>>>().map_err(socket)?;
    let courier = Courier::new(wires, addresses.iter().copied().zip(clones).collect()).map_err(socket)?;
    let mut drivers = Vec::with_capacity(members.len());
    for (number, (member, udp)) in members.iter().zip(sockets).enumerate() {
        let identity = identity(&mut authority, number, member.roles)?;
        let ground = Ground { node: number as u32, alarms: Arc::clone(alarms), courier: Arc::clone(&courier) };
        let at = Place { number: number as u32, folder, anchor: &anchor, addresses: &addresses, members };
        let setup = at.setup(member, identity, udp, truth, Arc::new(ground))?;
        let (clock, witness) = (Arc::clone(clock), Arc::clone(witness));
        let watch = move |fact: &_| {
            let at = clock.get().map_or(0, |began| began.elapsed().as_nanos() as u64);
            witness.seen(at, number as u32, fact);
        };
        drivers.push(Driver::start(setup, Some(Box::new(watch))));
    }
    let list = authority.publish()?;
    drivers.iter().for_each(|driver| driver.list(list.clone()));
    Ok((drivers, courier, authority))
}

fn address(socket: &UdpSocket) -> io::Result<SocketAddrV6> {
    match socket.local_addr()? {
        SocketAddr::V6(address) => Ok(address),
        SocketAddr::V4(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

/// The name of a node in its certificate.
fn name(number: usize) -> String {
    format!("n{number}")
}

fn identity(authority: &mut Authority, number: usize, roles: Roles) -> Result<Identity, FleetError> {
    let Issued { certificate, key, .. } = authority.issue(&name(number), roles, LIFE)?;
    let form = |_| PkiError::Form("the form of PEM");
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(form)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(form)?;
    Ok(Identity::new(vec![certificate], &key, authority.anchor())?)
}

/// Where a node is among the others.
struct Place<'a> {
    number: u32,
    folder: &'a Path,
    anchor: &'a Arc<Anchor>,
    addresses: &'a [SocketAddrV6],
    members: &'a [Member],
}

impl Place<'_> {
    /// What the driver of a node is made of.
    fn setup(
        &self,
        member: &Member,
        identity: Identity,
        udp: UdpSocket,
        truth: &Truth,
        ground: Arc<dyn quinn::Runtime>,
    ) -> Result<Setup<StoqNode>, FleetError> {
        let tls = |error| FleetError::System("TLS", io::Error::other(error));
        let shown = Shown::new(identity);
        let parameters = Parameters::of(&member.values);
        let mut dialling = ClientConfig::new(quic::client_crypto(&shown, self.anchor).map_err(tls)?);
        dialling.transport_config(parameters.transport(true));
        let server = if member.serves {
            let mut server = ServerConfig::with_crypto(quic::server_crypto(&shown, self.anchor).map_err(tls)?);
            server.transport_config(parameters.transport(false));
            Some(server)
        } else {
            None
        };
        let endpoint = quic::endpoint_on(udp, parameters.mtu, server, None, ground);
        let endpoint = endpoint.map_err(|error| FleetError::System("an endpoint", error))?;
        let address = |(at, above): (usize, &u32)| {
            let asked = Asked { name: Name::new(&name(*above as usize)), roles: self.members[*above as usize].roles };
            (ServerId(at as u32), Address { socket: self.addresses[*above as usize], asked })
        };
        Ok(Setup {
            machine: StoqNode::new(&member.node),
            endpoint,
            dialling: Some(dialling),
            limits: Default::default(),
            connections_max: member.values.get(Key::QuicConnections) as usize,
            door: Door::new(
                self.anchor.clone(),
                member.values.certificates(vec![Trusted { issuer: self.anchor.id(), roles: Roles(0xFF) }]),
            ),
            servers: member.above.iter().enumerate().map(address).collect(),
            disk: Disk(self.store(member, truth)?),
            parameters,
        })
    }

    /// The store of a node, with what it has from the start.
    fn store(&self, member: &Member, truth: &Truth) -> Result<Option<Arc<Store>>, FleetError> {
        if !member.serves {
            return Ok(None);
        }
        let options = Options { bytes_max: member.disk_bytes, ..Options::default() };
        let (store, _) = Store::at(&self.folder.join(name(self.number as usize)), options)?;
        if member.is_origin {
            fill(&store, truth)?;
        }
        Ok(Some(Arc::new(store)))
    }
}

/// Puts everything that is published into a store.
fn fill(store: &Store, truth: &Truth) -> Result<(), StoreError> {
    for (id, bytes) in &truth.contents {
        let manifest = StoreKey::Manifest(ManifestId(id.0));
        let key = if manifest.names(bytes) { manifest } else { StoreKey::Chunk(ChunkId(id.0)) };
        // All is waited for at once below.
        let _ = store.put(key, bytes)?;
    }
    let mut last = None;
    for object in &truth.objects {
        last = Some(store.bind(&object.name, object.version, object.root)?);
    }
    last.map_or(Ok(()), |ticket| store.wait(ticket))
}
