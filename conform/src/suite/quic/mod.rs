//! Tier 3: QUIC on sockets, to an implementation in this process or at any address.
//!
//! The tester speaks through quinn alone: none of the driver under test is on its side. What runs in this process runs on a runtime of its own, so that a
//! breach of the whole process never touches the tester's threads.

mod impostors;
mod iut;
mod line;
mod path;
mod pki;
mod upper;

pub use impostors::{Impostor, Listening};
pub use iut::Reached;
pub use pki::Deployment;

use super::case::Subject;
use super::port::{BadCertificate, Heard, Hello, Identity, Line, Network, Pixit, Port, Stored, Ways, Welcome};
use super::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::stoq::session::{Side, StreamId};
use iut::Local;
use line::LineTasks;
use path::Path;
use quinn::{Endpoint, ServerConfig};
use rustls::pki_types::CertificateDer;
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

impl Port for QuicPort {
    fn start(&mut self, subject: Subject) -> Outcome {
        self.lines.clear();
        if self.target_is_foreign() {
            self.publish()?;
        }
        self.receive(&Welcome::default())?;
        match self.start_set(subject, self.pixit, true)? {
            None if subject != Subject::Origin => Err(Miss::Inconclusive(format!("an {} needs an upper tester", subject.name()))),
            _ => Ok(()),
        }
    }

    fn starts_anew(&self) -> bool {
        !matches!(self.target, Target::At(_))
    }

    fn pixit(&self) -> &Pixit {
        &self.pixit
    }

    fn now(&self) -> Time {
        Time(self.started.elapsed().as_nanos() as u64)
    }

    fn connect(&mut self, identity: Identity) -> Outcome<Line> {
        match self.handshake(&Hello { identity, ..Hello::default() })? {
            Ok(line) => Ok(line),
            Err(why) => Err(Miss::Fail(format!("the handshake failed: {why}"))),
        }
    }

    fn accept(&mut self, within: Span) -> Outcome<Option<Line>> {
        let until = Instant::now() + duration(within);
        loop {
            match self.dialled(Span(until.saturating_duration_since(Instant::now()).as_nanos() as u64))? {
                Some(Ok(line)) => return Ok(Some(line)),
                // One that fails is the implementation's business: the case waits for another.
                Some(Err(_)) => {}
                None => return Ok(None),
            }
        }
    }

    fn side(&self, line: Line) -> Side {
        self.lines[&line].side
    }

    fn exporter(&self, line: Line) -> [u8; 32] {
        hypermesh_real::quic::exporter(&self.lines[&line].connection).unwrap_or_default()
    }

    fn open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>> {
        let patience = duration(self.pixit.hush);
        self.line(line)?;
        let tasks = self.lines.get_mut(&line).expect("it was there");
        Ok(tasks.open(&self.own, ways, patience))
    }

    fn write(&mut self, line: Line, stream: StreamId, octets: &[u8], end: bool) -> Outcome {
        self.line(line)?.write(stream, octets, end)
    }

    fn reset(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.line(line)?.reset(stream, code)
    }

    fn stop(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome {
        self.line(line)?.stop(stream, code)
    }

    fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome {
        let sent = self.line(line)?.connection.send_datagram(octets.to_vec().into());
        sent.map_err(|error| Miss::Inconclusive(format!("a datagram of {} octets: {error}", octets.len())))
    }

    fn close(&mut self, line: Line, code: u64) {
        if let Some(tasks) = self.lines.get_mut(&line) {
            tasks.close(code);
        }
    }

    fn hold(&mut self, line: Line, held: bool) {
        if let Some(tasks) = self.lines.get(&line) {
            tasks.hold(held);
        }
    }

    fn next(&mut self, line: Line, within: Span) -> Option<Heard> {
        let tasks = self.lines.get_mut(&line)?;
        self.own.block_on(tasks.next(duration(within)))
    }

    fn pause(&mut self, span: Span) {
        std::thread::sleep(duration(span));
    }

    fn offer(&mut self, contents: &BTreeMap<ContentId, Arc<[u8]>>) {
        if let Some(local) = &self.local {
            local.offer(contents);
        }
    }

    fn command(&mut self, job: JobId, command: Command) -> Option<()> {
        if let Some(upper) = &mut self.upper {
            return upper.command(job, command);
        }
        self.local.as_mut()?.command(&self.theirs, job, command);
        Some(())
    }

    fn store(&mut self, job: JobId, object: &Stored<'_>) -> Option<()> {
        if let Some(upper) = &mut self.upper {
            return upper.store(job, object);
        }
        // A breach of the process is on in every thread but the tester's, and the writer is not the tester.
        let (packed, command) = std::thread::scope(|scope| scope.spawn(|| object.packed()).join()).ok()?;
        self.offer(&packed.contents);
        self.command(job, command)
    }

    fn told(&mut self, job: JobId, within: Span) -> Option<Told> {
        let until = Instant::now() + duration(within);
        if let Some(upper) = &self.upper {
            return upper.told(job, until);
        }
        loop {
            if let Some(told) = self.local.as_ref()?.told(job) {
                return Some(told);
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn got(&mut self, job: JobId) -> Vec<u8> {
        if let Some(upper) = &self.upper {
            return upper.got(job);
        }
        self.local.as_ref().map(|local| local.got(job)).unwrap_or_default()
    }

    fn leave(&mut self) -> Option<()> {
        if let Some(upper) = &mut self.upper {
            return upper.leave();
        }
        self.local.as_ref()?.leave(&self.theirs);
        Some(())
    }

    fn network(&mut self) -> Option<&mut dyn Network> {
        Some(self)
    }
}

impl Network for QuicPort {
    fn address(&self) -> Outcome<SocketAddrV6> {
        self.reached()
    }

    fn start_with(&mut self, subject: Subject, pixit: &Pixit) -> Outcome {
        let started = self.start_set(subject, *pixit, true)?;
        started.ok_or_else(|| Miss::Inconclusive("it has to be set otherwise for this, which needs an upper tester".into()))
    }

    fn start_before(&mut self, subject: Subject, welcome: &Welcome) -> Outcome {
        self.receive(welcome)?;
        let started = self.start_set(subject, self.pixit, true)?;
        started.ok_or_else(|| Miss::Inconclusive("it has to connect with the tester, which an upper tester tells it".into()))
    }

    fn start_without_list(&mut self, subject: Subject) -> Outcome {
        let started = self.start_set(subject, self.pixit, false)?;
        started.ok_or_else(|| Miss::Inconclusive("how it comes to a list is not the tester's to say".into()))
    }

    fn dialled(&mut self, within: Span) -> Outcome<Option<Result<Line, String>>> {
        let start = self.starts.load(Ordering::Acquire);
        let came = &mut self.came;
        let current = async {
            loop {
                match came.recv().await {
                    Some((began, _)) if began < start => {}
                    other => return other,
                }
            }
        };
        match self.own.block_on(async { tokio::time::timeout(duration(within), current).await }) {
            Ok(Some((_, Ok(connection)))) => self.begin(connection, Side::Server).map(|line| Some(Ok(line))),
            Ok(Some((_, Err(why)))) => Ok(Some(Err(why))),
            Ok(None) => Err(Miss::Error("the tester's endpoint is closed".into())),
            Err(_) => Ok(None),
        }
    }

    fn shown(&self, line: Line) -> Outcome<Vec<Vec<u8>>> {
        let tasks = self.lines.get(&line).ok_or_else(|| Miss::Error("an unknown connection".into()))?;
        let chain = tasks.connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
        Ok(chain.into_iter().flat_map(|chain| *chain).map(|certificate| certificate.to_vec()).collect())
    }

    fn management(&self) -> Option<SocketAddr> {
        let told = self.upper.as_ref().and_then(|upper| upper.management).or(self.pixit.management);
        self.local.as_ref().map(Local::management).or(told)
    }

    fn revoke(&mut self) -> Outcome {
        self.deployment.revoke()
    }

    fn handshake(&mut self, hello: &Hello) -> Outcome<Result<Line, String>> {
        let mut address = self.reached()?;
        let shown = match hello.identity {
            Identity::Anonymous => None,
            other => Some(self.deployment.identity(other)?),
        };
        if hello.identity == Identity::Bad(BadCertificate::Revoked)
            && let Some(local) = &self.local
        {
            local.list(self.deployment.list()?);
        }
        if let Some((octets, packets)) = hello.path {
            let path = Path::lay(address, octets, packets, duration(hello.held)).map_err(failed("a path"))?;
            address = path.address;
            self.path = Some(path);
        }
        let config = pki::client(shown.as_ref(), hello)?;
        let connecting = {
            let _inside = self.own.enter();
            self.endpoint.connect_with(config, address.into(), "stoq.invalid").map_err(|error| Miss::Error(error.to_string()))?
        };
        let patience = duration(self.pixit.patience) * 2;
        match self.own.block_on(async { tokio::time::timeout(patience, connecting).await }) {
            Ok(Ok(connection)) => self.begin(connection, Side::Client).map(Ok),
            Ok(Err(error)) => Ok(Err(error.to_string())),
            Err(_) => Ok(Err("it did not end".to_owned())),
        }
    }

    fn carried(&self) -> (usize, usize) {
        self.path.as_ref().map(Path::carried).unwrap_or_default()
    }

    fn datagram_max(&self, line: Line) -> Option<usize> {
        self.lines.get(&line)?.connection.max_datagram_size()
    }

    fn push(&mut self, line: Line, octets: usize) -> Outcome<usize> {
        let hush = duration(self.pixit.hush);
        self.line(line)?;
        Ok(self.lines[&line].push(&self.own, octets, hush))
    }
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
