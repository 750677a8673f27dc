//! A running node.

use super::management::Management;
use super::metrics::Metrics;
use super::settings::{Role, Settings};
use super::watch::{Files, Seen};
use crate::driver::{self, Address, Disk, Door, Driver, Setup};
use crate::pki::{Anchor, Identity, PkiError};
use crate::quic::{self, Parameters, Shown};
use crate::store::{Options, Recovery, Store, StoreError};
use hypermesh_core::stoq::cache;
use hypermesh_core::stoq::certs::{Asked, Trusted};
use hypermesh_core::stoq::node::{Config, Input, Server, ServerId, StoqNode};
use hypermesh_core::stoq::preset::{Effective, Key};
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::stoq::session::{Capabilities, Roles};
use quinn::{ClientConfig, ServerConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Contents of a disk that a cache is told of at once, so that nobody waits for long meanwhile.
const KEPT_AT_ONCE: usize = 1024;
/// How often the store is compacted, if it is worth it.
const COMPACT_EVERY: Duration = Duration::from_secs(30);

/// Why a node does not run.
#[derive(Debug)]
pub enum DaemonError {
    /// Its certificates are of no use.
    Pki(PkiError),
    /// Its store cannot be opened.
    Store(StoreError),
    /// A socket, or TLS; the text says which.
    Socket(&'static str, io::Error),
    /// What was set makes no sense.
    Sense(String),
}

impl fmt::Display for DaemonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pki(error) => error.fmt(f),
            Self::Store(error) => write!(f, "the store: {error}"),
            Self::Socket(what, error) => write!(f, "{what}: {error}"),
            Self::Sense(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for DaemonError {}

impl From<PkiError> for DaemonError {
    fn from(error: PkiError) -> Self {
        Self::Pki(error)
    }
}

/// A node that runs, until it is told to leave.
#[derive(Debug)]
pub struct Daemon {
    /// Where it listens.
    pub address: SocketAddrV6,
    /// Where it tells its metrics, if it does.
    pub local: Option<SocketAddr>,
    /// What was found when the store was opened, if there is one.
    pub recovery: Option<Recovery>,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// What drives it.
    pub driver: Driver<StoqNode>,
    leave_within: Duration,
    management: Option<Management>,
    tasks: Vec<JoinHandle<()>>,
}

impl Daemon {
    /// Starts a node, on the tokio runtime of the caller.
    pub async fn start(settings: &Settings) -> Result<Self, DaemonError> {
        let values = settings.values().map_err(DaemonError::Sense)?;
        let parameters = Parameters::of(&values);
        let files = &settings.certificates;
        let anchor = Arc::new(Anchor::load(&files.ca)?);
        let shown = Shown::new(Identity::load(&files.chain, &files.key, &anchor)?);
        let own = &shown.current().presented.certificate;
        if !own.roles.has(settings.role.roles()) {
            return Err(DaemonError::Sense(format!(
                "the certificate of {} does not allow the role {}",
                own.name.as_str(),
                settings.role.word()
            )));
        }
        let (store, recovery) = open_store(settings)?;
        let tls = |error| DaemonError::Socket("TLS", io::Error::other(error));
        let mut server = ServerConfig::with_crypto(quic::server_crypto(&shown, &anchor).map_err(tls)?);
        server.transport_config(parameters.transport(false));
        let mut dialling = ClientConfig::new(quic::client_crypto(&shown, &anchor).map_err(tls)?);
        dialling.transport_config(parameters.transport(true));
        let listen = |error| DaemonError::Socket("listening", error);
        // The node's own secret is the one thing that it has after a crash and nobody else ever has.
        let secret = std::fs::read(&files.key).map_err(|error| PkiError::File { path: files.key.clone(), error })?;
        let (socket, _) = quic::bind(settings.listen).map_err(listen)?;
        let endpoint = quic::endpoint(socket, parameters.mtu, Some(server), Some(&secret)).map_err(listen)?;
        let address = match endpoint.local_addr().map_err(listen)? {
            SocketAddr::V6(address) => address,
            SocketAddr::V4(_) => return Err(listen(io::ErrorKind::AddrNotAvailable.into())),
        };
        let (config, servers) = node(settings, &values);
        let door = Door::new(anchor.clone(), values.certificates(vec![Trusted { issuer: anchor.id(), roles: Roles(0xFF) }]));
        let mut seen = Seen::new(Files { chain: files.chain.clone(), key: files.key.clone(), revoked: files.revoked.clone() }, anchor);
        let metrics = Arc::new(Metrics::default());
        let noting = Arc::clone(&metrics);
        let setup = Setup {
            machine: StoqNode::new(&Arc::new(config)),
            endpoint,
            dialling: Some(dialling),
            parameters,
            limits: Default::default(),
            connections_max: values.get(Key::QuicConnections) as usize,
            door,
            servers,
            disk: Disk(store.clone()),
        };
        let driver = Driver::start(setup, Some(Box::new(move |fact| noting.note(fact))));
        // A cache goes on with what its disk has; an origin looks there anyway.
        if settings.role != Role::Origin {
            for some in driver.disk().contents().chunks(KEPT_AT_ONCE) {
                driver.input(Input::Kept(some.into()));
            }
        }
        // Before anybody is judged, the list is there, if there is one.
        if let Some(list) = seen.list() {
            driver.list(list);
        }
        let mut tasks = vec![tokio::spawn(follow(seen, shown, driver.clone(), Arc::clone(&metrics)))];
        if let Some(store) = store {
            tasks.push(tokio::spawn(compact(store)));
        }
        let offered = settings.local.map(|at| Management::start(at.into(), &driver, &metrics)).transpose();
        let management = offered.map_err(|error| DaemonError::Socket("the local port", error))?;
        let local = management.as_ref().map(|pages| pages.address);
        let leave_within = Duration::from_nanos(values.get(Key::SessionLeaveWithin));
        Ok(Self { address, local, recovery, metrics, driver, leave_within, management, tasks })
    }

    /// Leaves in good order: what is under way goes on for as long as the settings allow. False if that was not long enough.
    pub async fn leave(self) -> bool {
        let in_time = self.driver.leave(self.leave_within).await;
        self.management.iter().for_each(Management::stop);
        self.tasks.iter().for_each(JoinHandle::abort);
        in_time
    }
}

fn open_store(settings: &Settings) -> Result<(Option<Arc<Store>>, Option<Recovery>), DaemonError> {
    let Some(store) = &settings.store else { return Ok((None, None)) };
    let options = Options { bytes_max: settings.quota().map_err(DaemonError::Sense)?, ..Options::default() };
    let (store, recovery) = Store::at(&store.folder, options).map_err(DaemonError::Store)?;
    Ok((Some(Arc::new(store)), Some(recovery)))
}

/// The configuration of core's node, and the servers above it.
pub(super) fn node(settings: &Settings, values: &Effective) -> (Config, BTreeMap<ServerId, Address>) {
    let roles = settings.role.roles();
    let mut capabilities = Capabilities::PURGE.with(Capabilities::PROBES);
    if settings.role == Role::Origin {
        capabilities = capabilities.with(Capabilities::PUT);
    }
    let servers: Vec<(Server, Address)> = settings
        .upstreams
        .iter()
        .enumerate()
        .map(|(at, above)| {
            let server = Server { id: ServerId(at as u32), cost: at as u32, names: true };
            let asked = Asked { name: Name::new(&above.name), roles: above.role.roles() };
            (server, Address { socket: above.address, asked })
        })
        .collect();
    // What peers cannot know: the hashes of a cache are keyed with it.
    let seed = Options::default().seed;
    let mut cache = values.cache(seed);
    if settings.store.is_none() {
        cache.disk_bytes = 0;
        // Its copies do not survive a crash, so a purge of them need not either (R-11-08).
        cache.durable_purges = false;
    }
    let cache: Option<cache::Config> = (settings.role != Role::Origin).then_some(cache);
    let config = Config {
        roles,
        session: Arc::new(driver::session(values, roles, capabilities)),
        cache,
        transfer: values.transfer(),
        servers: servers.iter().map(|(server, _)| *server).collect(),
        ..Config::default()
    };
    (config, servers.into_iter().map(|(server, address)| (server.id, address)).collect())
}

/// Follows the certificate files.
async fn follow(mut seen: Seen, shown: Arc<Shown>, driver: Driver<StoqNode>, metrics: Arc<Metrics>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // A pair that does not fit yet, or is no certificate, is looked at again; what is shown stays.
        if seen.certificate(&shown).unwrap_or(false) {
            metrics.rotated();
        }
        if let Some(list) = seen.list() {
            driver.list(list);
        }
    }
}

/// Gives room back that nobody needs.
async fn compact(store: Arc<Store>) {
    loop {
        tokio::time::sleep(COMPACT_EVERY).await;
        let store = Arc::clone(&store);
        // A disk that fails is told to whoever writes next.
        let _ = tokio::task::spawn_blocking(move || store.compact()).await;
    }
}
