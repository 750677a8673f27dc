//! The lock, the machine behind it, and how its effects are carried out.

use super::clock::Clock;
use super::conn::Conn;
use super::disk::{Disk, Supply};
use super::door::{Door, Orders};
use super::figures::Figures;
use crate::quic::Parameters;
use hypermesh_core::base::{Dice, NodeId, SeedKey, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::certs::{Asked, PeerId, RevocationList, Why as DoorWhy};
use hypermesh_core::stoq::node::{Command, ConnId, Effect, Fact, Input, JobId, Outcome, ServerId, StoreOp, Ticket, Told, Why};
use hypermesh_core::stoq::session;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::limits::FrameLimits;
use ring::rand::{SecureRandom, SystemRandom};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddrV6;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep_until;

/// What can be driven: anything that keeps the contract of a node.
pub trait Node: Machine<Input = Input, Effect = Effect, Why = Why> + Send + 'static {}

impl<M> Node for M where M: Machine<Input = Input, Effect = Effect, Why = Why> + Send + 'static {}

/// Somebody who hears every fact, and must not wait.
pub type Watch = Box<dyn FnMut(&Fact) + Send>;

/// Where a server is, and who it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its address.
    pub socket: SocketAddrV6,
    /// What is asked of its certificate.
    pub asked: Asked,
}

/// What a driver holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Connections whose peer may speak.
    pub connections: usize,
    /// Streams of these.
    pub streams: usize,
    /// Connections of QUIC, those in their handshake or closing too.
    pub quic_connections: usize,
    /// Jobs of applications that were not forgotten.
    pub jobs: usize,
    /// Wake-ups that were asked for, those that are stale by now too.
    pub deadlines: usize,
}

/// What a driver is made of.
#[derive(Debug)]
pub struct Setup<M> {
    /// The node.
    pub machine: M,
    /// Sockets and TLS. Connections to it are accepted if it has a server's configuration.
    pub endpoint: quinn::Endpoint,
    /// TLS for connections that the node dials; none if it dials nobody.
    pub dialling: Option<quinn::ClientConfig>,
    /// Transport parameters, for what is granted once a session is open.
    pub parameters: Parameters,
    /// The longest frames that the node takes, as its settings say.
    pub limits: FrameLimits,
    /// Connections that are open at a time; more are turned away.
    pub connections_max: usize,
    /// Who may speak.
    pub door: Door,
    /// The servers that the node may dial.
    pub servers: BTreeMap<ServerId, Address>,
    /// Its store.
    pub disk: Disk,
}

/// A node and what drives it. Cheap to clone; the node goes on until it has left, or [`Driver::stop`].
#[derive(Debug)]
pub struct Driver<M: Node>(pub(super) Arc<Shared<M>>);

impl<M: Node> Clone for Driver<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(super) struct Shared<M> {
    pub(super) endpoint: quinn::Endpoint,
    pub(super) dialling: Option<quinn::ClientConfig>,
    pub(super) parameters: Parameters,
    pub(super) limits: FrameLimits,
    pub(super) connections_max: usize,
    pub(super) door: Door,
    pub(super) servers: Mutex<BTreeMap<ServerId, Address>>,
    pub(super) disk: Disk,
    pub(super) clock: Clock,
    pub(super) figures: Figures,
    pub(super) runtime: Handle,
    inner: Mutex<Inner<M>>,
    /// What was said and not heard yet, in order.
    queue: Mutex<VecDeque<Heard>>,
    /// Rung when an earlier deadline than before was asked for.
    sooner: Notify,
    /// Rung when the node has left, and when the last connection that it left was closed.
    pub(super) left: Notify,
    /// Every connection was closed, and none is taken any more.
    is_stopped: AtomicBool,
}

impl<M> fmt::Debug for Shared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("figures", &self.figures).finish_non_exhaustive()
    }
}

/// What the lock guards.
pub(super) struct Inner<M> {
    machine: M,
    dice: Dice,
    position: u32,
    sink: Vec<Effect>,
    pub(super) conns: HashMap<ConnId, Conn>,
    next_conn: u64,
    pub(super) failures: BTreeMap<ServerId, u32>,
    deadlines: BinaryHeap<Reverse<Deadline>>,
    next_deadline: u64,
    jobs: HashMap<JobId, Application>,
    next_job: u32,
    pub(super) has_left: bool,
    /// Connections that are closed as soon as their peer has heard what was said last.
    pub(super) parting: usize,
    watch: Option<Watch>,
}

/// Something that is said to the machine.
enum Heard {
    Node(Input),
    /// Dropped if the connection is over.
    Session(ConnId, session::Input),
}

/// How much may wait for the machine before whoever says more waits too.
const WAITING_MAX: usize = 512;

/// The lock, taken. What was said meanwhile is heard when it is dropped.
pub(super) struct Taken<'a, M: Node> {
    shared: &'a Arc<Shared<M>>,
    /// None only while it is dropped.
    guard: Option<MutexGuard<'a, Inner<M>>>,
}

impl<M: Node> Deref for Taken<'_, M> {
    type Target = Inner<M>;

    fn deref(&self) -> &Inner<M> {
        self.guard.as_ref().expect("the lock is held until the drop")
    }
}

impl<M: Node> DerefMut for Taken<'_, M> {
    fn deref_mut(&mut self) -> &mut Inner<M> {
        self.guard.as_mut().expect("the lock is held until the drop")
    }
}

impl<M: Node> Drop for Taken<'_, M> {
    fn drop(&mut self) {
        self.guard = None;
        self.shared.work();
    }
}

/// Somebody who wants something of the node.
struct Application {
    told: mpsc::UnboundedSender<Told>,
    supply: Option<Arc<dyn Supply>>,
}

/// When somebody is to be woken.
struct Deadline {
    at: Time,
    number: u64,
    what: Waker,
}

enum Waker {
    Node(Why),
    Door(DoorWhy),
}

impl PartialEq for Deadline {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Deadline {}
impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Deadline {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<M: Node> Driver<M> {
    /// Starts to drive a node, on the tokio runtime of the caller.
    pub fn start(setup: Setup<M>, watch: Option<Watch>) -> Self {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).expect("the operating system has randomness");
        let shared = Arc::new(Shared {
            endpoint: setup.endpoint,
            dialling: setup.dialling,
            parameters: setup.parameters,
            limits: setup.limits,
            connections_max: setup.connections_max,
            door: setup.door,
            servers: Mutex::new(setup.servers),
            disk: setup.disk,
            clock: Clock::start(),
            figures: Figures::default(),
            runtime: Handle::current(),
            inner: Mutex::new(Inner {
                machine: setup.machine,
                dice: Dice::new(SeedKey(seed)),
                position: 0,
                sink: Vec::new(),
                conns: HashMap::new(),
                next_conn: 0,
                failures: BTreeMap::new(),
                deadlines: BinaryHeap::new(),
                next_deadline: 0,
                jobs: HashMap::new(),
                next_job: 0,
                has_left: false,
                parting: 0,
                watch,
            }),
            queue: Mutex::default(),
            sooner: Notify::new(),
            left: Notify::new(),
            is_stopped: AtomicBool::new(false),
        });
        shared.runtime.spawn(Arc::clone(&shared).keep_time());
        shared.runtime.spawn(Arc::clone(&shared).accept());
        Self(shared)
    }

    /// Gives the node a job. What it says about it comes in order; the job is over when it has said how it ended.
    pub fn job(&self, command: Command, supply: Option<Arc<dyn Supply>>) -> (JobId, mpsc::UnboundedReceiver<Told>) {
        let (told, hears) = mpsc::unbounded_channel();
        let mut inner = self.0.lock();
        let job = JobId(inner.next_job);
        inner.next_job = inner.next_job.wrapping_add(1);
        inner.jobs.insert(job, Application { told, supply });
        self.0.react(&mut inner, |machine, cx| machine.handle(Input::Job { job, command }, cx));
        (job, hears)
    }

    /// Goes on with a job.
    pub fn tell(&self, job: JobId, command: Command) {
        self.input(Input::Job { job, command });
    }

    /// Forgets a job that is over.
    pub fn forget(&self, job: JobId) {
        self.0.lock().jobs.remove(&job);
    }

    /// Something happens to the node.
    pub fn input(&self, input: Input) {
        self.0.input(input);
    }

    /// A list of revocations whose signature was found good.
    pub fn list(&self, list: RevocationList) {
        let orders = self.0.door.list(list, self.0.clock.now());
        self.0.obey(orders);
    }

    /// What a list file has to be signed by.
    pub fn door(&self) -> &Door {
        &self.0.door
    }

    /// What is counted.
    pub fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// The store.
    pub fn disk(&self) -> &Disk {
        &self.0.disk
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &quinn::Endpoint {
        &self.0.endpoint
    }

    /// What is held at the moment.
    pub fn held(&self) -> Held {
        let inner = self.0.lock();
        Held {
            connections: inner.conns.len(),
            streams: inner.conns.values().map(|conn| conn.streams.len()).sum(),
            quic_connections: self.0.endpoint.open_connections(),
            jobs: inner.jobs.len(),
            deadlines: inner.deadlines.len(),
        }
    }

    /// The connections that are open.
    pub fn connections(&self) -> Vec<quinn::Connection> {
        self.0.lock().conns.values().map(|conn| conn.quic.clone()).collect()
    }

    /// Lets the machine react to something that is no input, as tests and benches do.
    pub fn with(&self, react: impl FnOnce(&mut M, &mut Cx<'_, Effect>)) {
        self.0.react(&mut self.0.lock(), react);
    }

    /// Looks at the machine.
    pub fn look<T>(&self, look: impl FnOnce(&M) -> T) -> T {
        look(&self.0.lock().machine)
    }

    /// Lets the node leave in good order. Returns once it has left, or when `within` is over.
    pub async fn leave(&self, within: std::time::Duration) -> bool {
        self.input(Input::Leave);
        let in_time = tokio::time::timeout(within, self.left()).await.is_ok();
        self.stop().await;
        in_time
    }

    /// Returns once the node has left, whoever told it to, and its peers have heard what it said last.
    pub async fn left(&self) {
        loop {
            let rung = self.0.left.notified();
            let is_gone = {
                let inner = self.0.lock();
                inner.has_left && inner.parting == 0
            };
            if is_gone {
                return;
            }
            rung.await;
        }
    }

    /// Closes every connection at once, and returns when peers could know. Nothing of the driver is left then but what others hold of it.
    pub async fn stop(&self) {
        self.0.endpoint.close(crate::quic::error_code(session::Code::NoError), b"");
        self.0.is_stopped.store(true, Ordering::Release);
        // What keeps the time ends with this, and the socket is closed when nothing else is under way.
        self.0.sooner.notify_one();
        // What a peer does not acknowledge in time it finds out by itself.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.0.endpoint.wait_idle()).await;
    }
}

impl<M: Node> Shared<M> {
    /// Takes the lock, and waits for it. Whatever was said meanwhile is heard when it is let go.
    pub(super) fn lock(self: &Arc<Self>) -> Taken<'_, M> {
        Taken { shared: self, guard: Some(self.inner.lock().unwrap_or_else(PoisonError::into_inner)) }
    }

    /// Something happens to the node.
    pub(super) fn input(self: &Arc<Self>, input: Input) {
        self.say(Heard::Node(input));
    }

    /// QUIC says something of a connection that is not over.
    pub(super) fn session(self: &Arc<Self>, conn: ConnId, input: session::Input) {
        self.say(Heard::Session(conn, input));
    }

    /// Hands something to the machine: at once if nobody is at it, otherwise whoever is at it takes this too. So a thread that drives QUIC waits for the
    /// machine only if far too much is waiting already.
    fn say(self: &Arc<Self>, heard: Heard) {
        let waiting = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.push_back(heard);
            queue.len()
        };
        if waiting > WAITING_MAX {
            drop(self.lock());
        } else {
            self.work();
        }
    }

    /// Lets the machine hear what waits, unless somebody else is at it: who lets go of the lock looks again.
    fn work(self: &Arc<Self>) {
        loop {
            let mut inner = match self.inner.try_lock() {
                Ok(inner) => inner,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            while let Some(heard) = self.next() {
                self.hear(&mut inner, heard);
            }
            drop(inner);
            if self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Heard> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn hear(self: &Arc<Self>, inner: &mut Inner<M>, heard: Heard) {
        let (conn, input) = match heard {
            Heard::Node(input) => return self.react(inner, |machine, cx| machine.handle(input, cx)),
            Heard::Session(conn, input) => (conn, input),
        };
        if !inner.conns.contains_key(&conn) {
            return;
        }
        let confirmed = matches!(&input, session::Input::Frame { frame: Frame::Confirm(_), .. });
        self.react(inner, |machine, cx| machine.handle(Input::Session { conn, input }, cx));
        // The peer confirmed what both hold for agreed, and the machine did not object: the session is open.
        if confirmed && let Some(known) = inner.conns.get_mut(&conn).filter(|known| known.quic.close_reason().is_none()) {
            known.granted = crate::quic::grant_all(&known.quic, &self.parameters);
        }
    }

    /// Lets the machine react and carries out its effects.
    pub(super) fn react(self: &Arc<Self>, inner: &mut Inner<M>, react: impl FnOnce(&mut M, &mut Cx<'_, Effect>)) {
        let now = self.clock.now();
        let mut sink = std::mem::take(&mut inner.sink);
        {
            let chance = Chance::new(&mut inner.dice, 0, &mut inner.position);
            react(&mut inner.machine, &mut Cx::new(now, NodeId(0), chance, &mut sink));
        }
        for effect in sink.drain(..) {
            self.carry_out(inner, effect, now);
        }
        inner.sink = sink;
    }

    fn carry_out(self: &Arc<Self>, inner: &mut Inner<M>, effect: Effect, now: Time) {
        match effect {
            Effect::Dial { server } => {
                self.runtime.spawn(Arc::clone(self).dial(server));
            }
            Effect::Session { conn, effect } => self.on_session(inner, conn, effect),
            Effect::Data { conn, stream, bytes, range } => {
                if let Some(known) = inner.conns.get_mut(&conn) {
                    known.data(stream, bytes, range);
                }
            }
            Effect::Store { ticket, op } => self.store(inner, ticket, op),
            Effect::Told { job, told } => {
                if let Some(application) = inner.jobs.get(&job) {
                    // An application that went away has forgotten its job, or will.
                    let _ = application.told.send(told);
                }
            }
            Effect::Fact(fact) => {
                if let Some(watch) = &mut inner.watch {
                    watch(&fact);
                }
            }
            Effect::Wake { after, why } => self.deadline(inner, now + after, Waker::Node(why)),
            Effect::Left => {
                inner.has_left = true;
                self.left.notify_waiters();
            }
        }
    }

    /// Hands an operation to a thread that may wait.
    fn store(self: &Arc<Self>, inner: &Inner<M>, ticket: Ticket, op: StoreOp) {
        Figures::add(&self.figures.store_ops, 1);
        Figures::add(&self.figures.store_waiting, 1);
        let supply = match &op {
            StoreOp::Supply { job, id } => Some((inner.jobs.get(job).and_then(|application| application.supply.clone()), *id)),
            _ => None,
        };
        let shared = Arc::clone(self);
        self.runtime.spawn_blocking(move || {
            let outcome = match supply {
                Some((Some(supply), id)) => Outcome::Read(supply.supply(&id)),
                _ => shared.disk.carry_out(op),
            };
            Figures::sub(&shared.figures.store_waiting, 1);
            shared.input(Input::Done { ticket, outcome });
        });
    }

    /// A number for a connection.
    pub(super) fn number(inner: &mut Inner<M>) -> ConnId {
        inner.next_conn += 1;
        ConnId(inner.next_conn)
    }

    /// What the guard asked for.
    pub(super) fn obey(self: &Arc<Self>, orders: Orders) {
        for (PeerId(conn), refusal) in orders.drop {
            Figures::add(&self.figures.refused, 1);
            self.session(ConnId(conn), session::Input::Close { code: refusal.code() });
        }
        let mut inner = self.lock();
        for (at, why) in orders.wake {
            self.deadline(&mut inner, at, Waker::Door(why));
        }
    }

    fn deadline(&self, inner: &mut Inner<M>, at: Time, what: Waker) {
        let sooner = inner.deadlines.peek().is_none_or(|first| at < first.0.at);
        let number = inner.next_deadline;
        inner.next_deadline += 1;
        inner.deadlines.push(Reverse(Deadline { at, number, what }));
        if sooner {
            self.sooner.notify_one();
        }
    }

    /// Wakes whoever asked for it, when it is due, until the driver is stopped.
    async fn keep_time(self: Arc<Self>) {
        while !self.is_stopped.load(Ordering::Acquire) {
            let next = self.lock().deadlines.peek().map(|first| first.0.at);
            let Some(next) = next else {
                self.sooner.notified().await;
                continue;
            };
            if next > self.clock.now() {
                tokio::select! {
                    () = sleep_until(self.clock.instant(next).into()) => {}
                    () = self.sooner.notified() => continue,
                }
            }
            let mut inner = self.lock();
            let now = self.clock.now();
            if inner.deadlines.peek().is_none_or(|first| first.0.at > now) {
                continue;
            }
            let Some(Reverse(due)) = inner.deadlines.pop() else { continue };
            match due.what {
                Waker::Node(why) => self.react(&mut inner, |machine, cx| machine.wake(why, cx)),
                Waker::Door(why) => {
                    drop(inner);
                    let orders = self.door.wake(why, now);
                    self.obey(orders);
                }
            }
        }
    }

    /// Carries out what a session asks for.
    fn on_session(self: &Arc<Self>, inner: &mut Inner<M>, conn: ConnId, effect: session::Effect) {
        let Some(known) = inner.conns.get_mut(&conn) else { return };
        match effect {
            session::Effect::OpenControl { stream } | session::Effect::OpenRequest { stream, .. } => known.open(stream),
            session::Effect::Write { stream, frame } => known.write(stream, &frame),
            session::Effect::Finish { stream } => known.finish(stream),
            session::Effect::Reset { stream, code } => known.reset(stream, code),
            session::Effect::Stop { stream, code } => known.stop(stream, code),
            session::Effect::Read { stream } => self.read(known, conn, stream),
            session::Effect::Datagram { frame } => known.datagram(&frame),
            session::Effect::Close { code: session::Code::NoError } => self.part(inner, conn),
            session::Effect::Close { code } => known.quic.close(crate::quic::error_code(code), b""),
            session::Effect::Wake { .. } | session::Effect::Up(_) => {}
        }
    }
}
