//! What people and programs ask of a node: put, get, stat, purge, ping.

mod get;
mod put;
#[cfg(test)]
mod tests;
pub mod tree;

pub use get::{Got, Wanted};
pub use put::Source;

use crate::daemon::{DaemonError, Files, Seen};
use crate::driver::{self, Address, Disk, Door, Driver, Figures, Setup, Supply};
use crate::pki::{Anchor, Identity};
use crate::quic::{self, Parameters, Shown};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::certs::{Asked, Trusted};
use hypermesh_core::stoq::node::{Command, Config, JobId, Offer, Server, ServerId, StoqNode, Told};
use hypermesh_core::stoq::preset::Effective;
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::stoq::session::{Capabilities, Code, Roles};
use quinn::ClientConfig;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

/// How often the list of revocations is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest wait before another attempt.
const RETRY_MIN: Duration = Duration::from_millis(200);

/// Whom to ask, and who asks.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The node to ask.
    pub server: SocketAddrV6,
    /// The name that its certificate has to have; any if none.
    pub server_name: Option<String>,
    /// The folder with `ca.pem`, `revoked.stoq`, and `NAME.pem` and `NAME.key` of who asks.
    pub certificates: PathBuf,
    /// Who asks.
    pub name: String,
    /// Values that hold.
    pub values: Effective,
    /// How long to try again what may pass: a node that is not there, or has too much to do.
    pub patience: Duration,
}

/// Why something could not be done.
#[derive(Debug)]
pub enum ClientError {
    /// The client could not start.
    Start(DaemonError),
    /// The node, or core, said so.
    Said(Code),
    /// A file; which, and why.
    File(PathBuf, io::Error),
    /// A folder.
    Tree(tree::TreeError),
    /// A name of an object that cannot be one.
    BadName(String),
    /// The client was stopped.
    Stopped,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Said(code) => write!(f, "{}", words(*code)),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Tree(error) => error.fmt(f),
            Self::BadName(name) => write!(f, "{name:?} cannot name an object: 1 to 1024 bytes without control characters can"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<tree::TreeError> for ClientError {
    fn from(error: tree::TreeError) -> Self {
        Self::Tree(error)
    }
}

/// A code in words.
fn words(code: Code) -> String {
    let words = match code {
        Code::NotFound => "no such object",
        Code::Purged => "it was purged",
        Code::RangeInvalid => "the range does not lie within the object",
        Code::NotAuthorised => "the certificate does not allow that, or the node does not do it",
        Code::Conflict => "a newer version, or a purge, is in force",
        Code::StoreFull => "no room to store it",
        Code::StoreFailed => "the store of the node failed",
        Code::CopiesLacking => "the node cannot keep as many copies",
        Code::Overloaded | Code::Refused => "the node is out of reach, or has too much to do",
        Code::Timeout => "no answer in time",
        Code::Unauthenticated | Code::CertificateEnded => "a certificate was refused",
        Code::Cancelled => "it was cancelled",
        _ => return format!("the exchange failed ({code:?})"),
    };
    words.to_owned()
}

/// Whether another attempt makes sense.
const fn may_pass(code: Code) -> bool {
    matches!(code, Code::Overloaded | Code::Refused | Code::Timeout | Code::RequestIncomplete | Code::ContentMismatch | Code::Cancelled)
}

/// What was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its version.
    pub version: u64,
    /// Copies.
    pub copies: u8,
    /// Whether each survives a loss of power.
    pub durable: bool,
    /// Bytes of contents, chunks and manifests, that were sent.
    pub sent_bytes: u64,
    /// Attempts that it took.
    pub attempts: u32,
    /// Why the last one failed that did.
    pub failed: Option<Code>,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The name of its top manifest.
    pub id: hypermesh_core::stoq::chunk::ManifestId,
    /// Its version.
    pub version: u64,
    /// Bytes of the object.
    pub len: u64,
}

/// What was told, the number of attempts, and why the last one failed that did.
type Answer = (Told, u32, Option<Code>);

/// A client of one node.
#[derive(Debug)]
pub struct Client {
    driver: Driver<StoqNode>,
    patience: Duration,
    task: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Starts a client, on the tokio runtime of the caller. It connects when it is asked for something.
    pub fn start(contact: &Contact) -> Result<Self, ClientError> {
        begin(contact).map_err(ClientError::Start)
    }

    /// What drives it.
    pub const fn driver(&self) -> &Driver<StoqNode> {
        &self.driver
    }

    /// Stores an object. What a node has of it already is not sent.
    pub async fn put(&self, source: &Arc<Source>, name: &str, version: u64, copies: u8) -> Result<Stored, ClientError> {
        let name = named(name)?;
        let supply: Arc<dyn Supply> = source.clone();
        let offer = || {
            Command::Put(Box::new(Offer {
                server: None,
                name: name.clone(),
                version: Version(version),
                len: source.root.len,
                root: source.root.id,
                manifest: source.manifest(),
                copies,
            }))
        };
        let before = Figures::get(&self.driver.figures().sent_bytes);
        let (told, attempts, failed) = self.persist(offer, Some(supply)).await?;
        // Those of every attempt, as QUIC took them.
        let sent_bytes = Figures::get(&self.driver.figures().sent_bytes) - before;
        match told {
            Told::Stored { version, copies, durable, .. } => {
                Ok(Stored { version: version.0, copies, durable, sent_bytes, attempts, failed })
            }
            _ => Err(ClientError::Stopped),
        }
    }

    /// Forbids versions of a name up to one, and says at how many nodes that holds.
    pub async fn purge(&self, name: &str, below: bool, upto: u64) -> Result<u32, ClientError> {
        let name = named(name)?;
        let purge = || Command::Purge { server: None, name: name.clone(), below, upto: Version(upto) };
        match self.persist(purge, None).await?.0 {
            Told::Purged { nodes, .. } => Ok(nodes),
            _ => Err(ClientError::Stopped),
        }
    }

    /// The round trip to the node, and its load in thousandths of what it can bear.
    pub async fn ping(&self) -> Result<(Span, u16), ClientError> {
        match self.persist(|| Command::Ping { server: None }, None).await?.0 {
            Told::Pong { rtt, load_permille } => Ok((rtt, load_permille)),
            _ => Err(ClientError::Stopped),
        }
    }

    /// Does something of one answer, again and again as long as patience lasts. With the answer come the number of attempts, and why the last one
    /// failed that did.
    async fn persist(&self, command: impl Fn() -> Command, supply: Option<Arc<dyn Supply>>) -> Result<Answer, ClientError> {
        let (begun, mut attempts, mut failed) = (Instant::now(), 0, None);
        loop {
            attempts += 1;
            let (job, mut told) = self.driver.job(command(), supply.clone());
            let said = told.recv().await;
            self.driver.forget(job);
            match said {
                Some(Told::Failed { code, retry, .. }) => {
                    failed = Some(code);
                    self.wait(begun, code, retry).await?;
                }
                Some(told) => return Ok((told, attempts, failed)),
                None => return Err(ClientError::Stopped),
            }
        }
    }

    /// Waits before another attempt, or says that there is none.
    async fn wait(&self, begun: Instant, code: Code, retry: Span) -> Result<(), ClientError> {
        if !may_pass(code) || begun.elapsed() >= self.patience {
            return Err(ClientError::Said(code));
        }
        tokio::time::sleep(Duration::from_nanos(retry.0).max(RETRY_MIN).min(self.patience)).await;
        Ok(())
    }

    /// Leaves in good order.
    pub async fn leave(self) {
        self.driver.leave(Duration::from_secs(2)).await;
    }

    fn job(&self, command: Command) -> (JobId, UnboundedReceiver<Told>) {
        self.driver.job(command, None)
    }
}

fn named(name: &str) -> Result<Name, ClientError> {
    Name::new(name).ok_or_else(|| ClientError::BadName(name.to_owned()))
}

fn begin(contact: &Contact) -> Result<Client, DaemonError> {
    let folder: &Path = &contact.certificates;
    let anchor = Arc::new(Anchor::load(&folder.join("ca.pem"))?);
    let (chain, key) = (folder.join(format!("{}.pem", contact.name)), folder.join(format!("{}.key", contact.name)));
    let shown = Shown::new(Identity::load(&chain, &key, &anchor)?);
    // What the certificate allows beyond asking, but for what only servers do.
    let publisher = Roles(shown.current().presented.certificate.roles.0 & Roles::PUBLISHER.0);
    let roles = Roles::CLIENT.with(publisher);
    let parameters = Parameters::of(&contact.values);
    let socket = |error| DaemonError::Socket("the socket", error);
    let (udp, _) = quic::bind(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0)).map_err(socket)?;
    let endpoint = quic::endpoint(udp, parameters.mtu, None, None).map_err(socket)?;
    let crypto = quic::client_crypto(&shown, &anchor).map_err(|error| socket(io::Error::other(error)))?;
    let mut dialling = ClientConfig::new(crypto);
    dialling.transport_config(parameters.transport(true));
    let server = Server { id: ServerId(0), cost: 0, names: true };
    let config = Config {
        roles,
        session: Arc::new(driver::session(&contact.values, roles, Capabilities::ALL)),
        transfer: contact.values.transfer(),
        servers: Box::new([server]),
        ..Config::default()
    };
    let asked = Asked { name: contact.server_name.as_deref().and_then(Name::new), roles: Roles::default() };
    let trusted = vec![Trusted { issuer: anchor.id(), roles: Roles(0xFF) }];
    let mut seen = Seen::new(Files { chain, key, revoked: folder.join("revoked.stoq") }, anchor.clone());
    let driver = Driver::start(
        Setup {
            machine: StoqNode::new(&Arc::new(config)),
            endpoint,
            dialling: Some(dialling),
            parameters,
            limits: Default::default(),
            connections_max: 0,
            door: Door::new(anchor, contact.values.certificates(trusted)),
            servers: BTreeMap::from([(ServerId(0), Address { socket: contact.server, asked })]),
            disk: Disk(None),
        },
        None,
    );
    if let Some(list) = seen.list() {
        driver.list(list);
    }
    let follower = driver.clone();
    let task = tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // A pair that does not fit yet is looked at again.
            let _ = seen.certificate(&shown);
            if let Some(list) = seen.list() {
                follower.list(list);
            }
        }
    });
    Ok(Client { driver, patience: contact.patience, task })
}
