//! Tier 3: QUIC on sockets, to an implementation in this process or at any address.
//!
//! The tester speaks through quinn alone: none of the driver under test is on its side. What runs in this process runs on a runtime of its own, so that a
//! breach of the whole process never touches the tester's threads.

mod impostors;
mod iut;
mod line;
mod network;
mod path;
mod pki;
mod port;
mod upper;

pub use impostors::{Impostor, Listening};
pub use iut::Reached;
pub use pki::Deployment;

use super::case::Subject;
use super::port::{Line, Pixit, Welcome};
use super::verdict::{Miss, Outcome};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::Side;
use iut::Local;
use line::LineTasks;
use path::Path;
use quinn::{Endpoint, ServerConfig};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use upper::Upper;

/// What is tested.
#[derive(Debug)]
pub enum Target {
    /// The reference implementation, started anew for each case in this process.
    Reference,
    /// An implementation at an address, which plays an origin. The folder has `ca.pem`, `ca.key` and `revoked.stoq` of the deployment that it belongs to.
    At(SocketAddrV6),
    /// An implementation behind an upper tester (Annex E.2), started anew for each case: the program and its arguments. The folder is as above.
    Driven(String),
}

/// The tester's QUIC.
#[derive(Debug)]
pub struct QuicPort {
    // The order matters: what runs on a runtime is dropped before it.
    lines: BTreeMap<Line, LineTasks>,
    local: Option<Local>,
    upper: Option<Upper>,
    published: Option<Instant>,
    endpoint: Endpoint,
    /// What became of handshakes with the tester: one takes as long as it takes, whenever a case asks for the next one.
    came: mpsc::UnboundedReceiver<Came>,
    /// How often something was started: a handshake that began before the last time is none of whoever was started then.
    starts: Arc<AtomicU64>,
    /// How whoever connects is received.
    welcome: Welcome,
    deployment: Deployment,
    target: Target,
    pixit: Pixit,
    started: Instant,
    next: u64,
    path: Option<Path>,
    own: Runtime,
    theirs: Runtime,
}

/// How often something had been started when a handshake with the tester began; and its connection, or why there is none.
type Came = (u64, Result<quinn::Connection, String>);

fn failed(what: &str) -> impl Fn(io::Error) -> Miss + '_ {
    move |error| Miss::Error(format!("{what}: {error}"))
}

impl QuicPort {
    /// A port to a target. The folder has, or gets, the certificates of the deployment.
    pub fn new(target: Target, folder: &std::path::Path, pixit: Pixit) -> Outcome<Self> {
        spare();
        let own = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .on_thread_start(spare)
            .build()
            .map_err(failed("the tester's runtime"))?;
        let theirs = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed("the runtime"))?;
        let mut deployment = Deployment::open(folder)?;
        let endpoint = {
            let _inside = own.enter();
            endpoint(received(&mut deployment, &Welcome::default())?)?
        };
        let starts: Arc<AtomicU64> = Arc::default();
        let came = accepting(&own, &endpoint, &starts);
        let (lines, started) = (BTreeMap::new(), Instant::now());
        let upper = if let Target::Driven(command) = &target { Some(Upper::begin(command)?) } else { None };
        let (local, published, path, welcome) = (None, None, None, Welcome::default());
        Ok(Self {
            lines,
            local,
            upper,
            published,
            endpoint,
            came,
            starts,
            welcome,
            deployment,
            target,
            pixit,
            started,
            next: 1,
            path,
            own,
            theirs,
        })
    }

    /// Where the tester listens.
    fn address(&self) -> Outcome<SocketAddrV6> {
        match self.endpoint.local_addr().map_err(failed("the tester's socket"))? {
            SocketAddr::V6(address) => Ok(SocketAddrV6::new(Ipv6Addr::LOCALHOST, address.port(), 0, 0)),
            SocketAddr::V4(_) => Err(Miss::Error("the tester listens on IPv6".into())),
        }
    }

    /// Where the implementation listens.
    fn reached(&self) -> Outcome<SocketAddrV6> {
        match (&self.target, &self.local) {
            (Target::At(address), _) => Ok(*address),
            (Target::Reference, Some(local)) => Ok(local.address),
            (Target::Reference, None) => Err(Miss::Error("nothing was started".into())),
            (Target::Driven(_), _) => {
                let address = self.upper.as_ref().and_then(|upper| upper.address);
                address.ok_or_else(|| Miss::Error("it does not listen".into()))
            }
        }
    }

    /// Starts the implementation anew, set like this, and gives it a list of revocations or none. Nothing happens where it is not the tester's to start.
    fn start_set(&mut self, subject: Subject, pixit: Pixit, has_list: bool) -> Outcome<Option<()>> {
        match &self.target {
            Target::At(_) => Ok(None),
            Target::Reference => self.start_here(subject, pixit, has_list).map(Some),
            Target::Driven(_) => self.drive(subject, pixit, has_list).map(Some),
        }
    }

    /// Receives whoever connects from now on like this.
    fn receive(&mut self, welcome: &Welcome) -> Outcome {
        if self.welcome != *welcome {
            self.endpoint.set_server_config(Some(received(&mut self.deployment, welcome)?));
            self.welcome = *welcome;
        }
        Ok(())
    }

    /// Starts a node of this process anew.
    fn start_here(&mut self, subject: Subject, pixit: Pixit, has_list: bool) -> Outcome {
        if let Some(before) = self.local.take() {
            before.stop(&self.theirs);
        }
        self.starts.fetch_add(1, Ordering::AcqRel);
        let tester = self.address()?;
        let (runtime, deployment) = (&self.theirs, &mut self.deployment);
        // A breach of the process is on in every thread but the tester's, and this is one of the tester's.
        let begun =
            std::thread::scope(|scope| scope.spawn(move || Local::start(runtime, subject, &pixit, deployment, tester, has_list)).join());
        self.local = Some(begun.map_err(|_| Miss::Fail("it panicked as it was started".into()))??);
        Ok(())
    }

    /// Has the upper tester start its implementation anew.
    fn drive(&mut self, subject: Subject, pixit: Pixit, has_list: bool) -> Outcome {
        let tester = self.address()?;
        let upper = self.upper.as_mut().ok_or_else(|| Miss::Error("no upper tester was started".into()))?;
        upper.halt()?;
        self.starts.fetch_add(1, Ordering::AcqRel);
        upper.start(subject, &pixit, &mut self.deployment, tester, has_list)
    }

    /// Publishes a list of revocations, changed or not, as often as an issuer does (R-13-23): an implementation that reads the folder never lacks one.
    fn publish(&mut self) -> Outcome {
        if self.published.is_none_or(|last| last.elapsed() > LIST_EVERY) {
            self.deployment.list()?;
            self.published = Some(Instant::now());
        }
        Ok(())
    }

    fn line(&mut self, line: Line) -> Outcome<&mut LineTasks> {
        let tasks = self.lines.get_mut(&line).ok_or_else(|| Miss::Error("an unknown connection".into()))?;
        if tasks.is_over() { Err(Miss::Inconclusive("the connection is over before the stimulus".into())) } else { Ok(tasks) }
    }

    const fn target_is_foreign(&self) -> bool {
        !matches!(self.target, Target::Reference)
    }

    fn begin(&mut self, connection: quinn::Connection, side: Side) -> Outcome<Line> {
        let line = Line(self.next);
        self.next += 1;
        let tasks = LineTasks::begin(&self.own, connection, side)?;
        self.lines.insert(line, tasks);
        Ok(line)
    }
}

/// How often a list of revocations is published: a quarter of the time for which one counts (clause 13.3), with the default bound and clock error.
const LIST_EVERY: Duration = Duration::from_secs(12);

/// Completes every handshake with the tester.
fn accepting(runtime: &Runtime, endpoint: &Endpoint, starts: &Arc<AtomicU64>) -> mpsc::UnboundedReceiver<Came> {
    let (completed, came) = mpsc::unbounded_channel();
    let (endpoint, starts) = (endpoint.clone(), starts.clone());
    runtime.spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let (completed, start) = (completed.clone(), starts.load(Ordering::Acquire));
            tokio::spawn(async move {
                let came = match incoming.accept() {
                    Ok(connecting) => connecting.await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                drop(completed.send((start, came)));
            });
        }
    });
    came
}

/// Keeps the breach of a process off this thread.
fn spare() {
    #[cfg(feature = "zoo")]
    hypermesh_core::testing::breach::spared();
}

/// How the tester receives whoever connects.
fn received(deployment: &mut Deployment, welcome: &Welcome) -> Outcome<ServerConfig> {
    let shown = deployment.identity(welcome.identity)?;
    let mut server = ServerConfig::with_crypto(pki::server(&shown, welcome.tokens)?);
    server.transport_config(line::transport(true));
    Ok(server)
}

/// The endpoint of the tester: it connects, and is connected to.
fn endpoint(server: ServerConfig) -> Outcome<Endpoint> {
    let (socket, _) = hypermesh_real::quic::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0)).map_err(failed("the tester's socket"))?;
    hypermesh_real::quic::endpoint(socket, 1_452, Some(server), None).map_err(failed("the tester's socket"))
}

fn duration(span: Span) -> Duration {
    Duration::from_nanos(span.0)
}

impl Drop for QuicPort {
    fn drop(&mut self) {
        self.lines.clear();
        if let Some(local) = self.local.take() {
            local.stop(&self.theirs);
        }
        self.endpoint.close(0_u32.into(), b"");
    }
}
