//! A fleet: the nodes of a scenario in one process, each with its own driver, certificate, store and UDP socket on `[::1]`, and between the sockets the
//! network of the scenario, emulated.
//!
//! ```text
//!  driver ─ quinn ─ send ─▶ courier: uplink, path, loss, downlink (Emulator over Wires) ─ socket ═ kernel ═ socket ─▶ quinn ─ driver
//!                             alarms: QUIC's timers and the workload, finer than tokio's
//! ```
//! Everything above the emulated network is what a deployed node has: the same driver, TLS with certificates on both sides, segmentation offload, the chunk
//! store on a disk. Time is wall time. So what comes out is measured, not simulated, and differs from run to run; a machine with too much to do shows as
//! datagrams that are handed over late ([`Health`]).
//!
//! It lacks, on purpose: faults of nodes. Wires may fail as the rules say.

mod alarms;
mod courier;
pub mod emulator;
mod nodes;
mod runtime;
mod socket;
#[cfg(test)]
mod tests;

pub use emulator::{Arrival, Emulator, Wires};
pub use nodes::{FleetError, Member};

use crate::driver::Driver;
use crate::pki::Authority;
use alarms::Alarms;
use courier::Courier;
use hypermesh_core::base::{Span, Time};
use hypermesh_core::node::Content;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::node::{Command, Fact, Input, Server, ServerId, StoqNode, Told};
use hypermesh_core::stoq::session::frame::{ContentId, Name};
use hypermesh_core::stoq::transfer::{Order, Sequence, What};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Bytes that an application takes at once, as in a simulated run.
const CREDIT: u64 = 16 << 20;
/// How often the list of revocations is dated anew; nodes refuse everybody without a fresh one.
const LIST_EVERY: Duration = Duration::from_secs(10);

/// An object that is published.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// Its top manifest.
    pub root: ManifestId,
    /// Its length in bytes.
    pub len: u64,
}

/// What is published: the truth that every delivered byte is held against.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The objects, by number.
    pub objects: Vec<Published>,
    /// The contents, chunks and manifests, by digest.
    pub contents: BTreeMap<ContentId, Arc<[u8]>>,
}

/// Somebody asks for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// When it is meant to, in nanoseconds since the beginning. Latency counts from here.
    pub at: u64,
    /// Who, by number.
    pub node: u32,
    /// Which, by number.
    pub object: u32,
}

/// Hears what happens, at times in nanoseconds since the beginning. It must not wait.
pub trait Witness: std::fmt::Debug + Send + Sync + 'static {
    /// A machine said something.
    fn seen(&self, at: u64, node: u32, fact: &Fact);
    /// An application has something, or not.
    fn content(&self, at: u64, node: u32, content: Content);
}

/// How well the machine kept up, over a whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Health {
    /// Datagrams that were put onto sockets.
    pub datagrams: u64,
    /// Of these, datagrams that the system lost: they went into a socket and did not come out of one.
    pub lost: u64,
    /// How late a datagram was handed over on average.
    pub late_mean: Span,
    /// How late one was at most.
    pub late_max: Span,
}

/// A fleet.
#[derive(Debug)]
pub struct Fleet<W: Wires> {
    drivers: Vec<Driver<StoqNode>>,
    above: Vec<Vec<u32>>,
    truth: Arc<Truth>,
    courier: Arc<Courier<W>>,
    alarms: Arc<Alarms>,
    authority: Authority,
    clock: nodes::Beginning,
    witness: Arc<dyn Witness>,
    threads: Vec<JoinHandle<()>>,
}

impl<W: Wires + std::fmt::Debug> Fleet<W> {
    /// Makes certificates, stores and sockets, and starts the nodes, on the tokio runtime of the caller. `folder` is where they keep what they keep.
    /// Nothing moves before [`Fleet::run`].
    pub fn start(members: &[Member], truth: Truth, wires: W, folder: &Path, witness: Arc<dyn Witness>) -> Result<Self, FleetError> {
        let (alarms, thread) = Alarms::start().map_err(|error| FleetError::System("starting a thread", error))?;
        let clock = nodes::Beginning::default();
        let truth = Arc::new(truth);
        let started = nodes::start(members, &truth, wires, folder, &alarms, &clock, &witness);
        let (drivers, courier, authority) = started.inspect_err(|_| alarms.close())?;
        let above = members.iter().map(|member| member.above.clone()).collect();
        Ok(Self { drivers, above, truth, courier, alarms, authority, clock, witness, threads: vec![thread] })
    }

    /// Runs from the beginning until `until` (ns), or until `enough` says so. `asks` are in the order of time. When it ended, and how many datagrams were
    /// under way then.
    pub async fn run(&mut self, asks: &[Ask], until: u64, enough: impl Fn(u64) -> bool) -> Result<(u64, usize), FleetError> {
        let began = Instant::now();
        self.threads.push(self.courier.begin(began).map_err(|error| FleetError::System("starting a thread", error))?);
        // Nobody has read it yet: nothing moved so far.
        let _ = self.clock.set(began);
        for (driver, above) in self.drivers.iter().zip(&self.above) {
            let server = |(at, _): (usize, &u32)| Server { id: ServerId(at as u32), cost: at as u32, names: true };
            if !above.is_empty() {
                driver.input(Input::Servers(above.iter().enumerate().map(server).collect()));
            }
        }
        let (mut applications, mut asks, mut listed) = (JoinSet::new(), asks.iter().peekable(), began);
        loop {
            let now = began.elapsed();
            if now.as_nanos() as u64 >= until || enough(now.as_nanos() as u64) {
                break;
            }
            while let Some(ask) = asks.next_if(|ask| u128::from(ask.at) <= now.as_nanos()) {
                applications.spawn(self.application(*ask, began));
            }
            if listed.elapsed() > LIST_EVERY {
                listed = Instant::now();
                self.publish()?;
            }
            while applications.try_join_next().is_some() {}
            let next = asks.peek().map_or(until, |ask| ask.at.min(until));
            // Now and then somebody may have enough.
            let next = (began + Duration::from_nanos(next)).min(Instant::now() + Duration::from_millis(50));
            Arc::clone(&self.alarms).at(next).await;
        }
        let end = (began.elapsed().as_nanos() as u64).min(until);
        let under_way = self.courier.close();
        applications.abort_all();
        Ok((end, under_way))
    }

    /// Every driver, by number.
    pub fn drivers(&self) -> &[Driver<StoqNode>] {
        &self.drivers
    }

    /// How well the machine kept up so far.
    pub fn health(&self) -> Health {
        let counts = self.courier.counts();
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (sent, refused, came) = (get(&counts.sent), get(&counts.refused), get(&counts.came));
        Health {
            datagrams: sent + refused,
            lost: (sent + refused).saturating_sub(came),
            late_mean: Span(get(&counts.late_ns) / (sent + refused).max(1)),
            late_max: Span(get(&counts.latest_ns)),
        }
    }

    /// Dates the list of revocations anew for all.
    fn publish(&mut self) -> Result<(), FleetError> {
        let list = self.authority.publish()?;
        self.drivers.iter().for_each(|driver| driver.list(list.clone()));
        Ok(())
    }

    /// What one application does: it asks, takes what comes, and holds it against the truth.
    fn application(&self, ask: Ask, began: Instant) -> impl Future<Output = ()> + use<W> {
        let (driver, truth, witness) = (self.drivers[ask.node as usize].clone(), Arc::clone(&self.truth), Arc::clone(&self.witness));
        async move {
            let Some(object) = truth.objects.get(ask.object as usize) else { return };
            let order = Order {
                what: What::Name { name: object.name.clone(), version_min: 0, age_max: None },
                range: None,
                sources: Vec::new(),
                sequence: Sequence::InOrder,
                credit: CREDIT,
                reads_back: true,
                resume: None,
            };
            let say = |content| witness.content(began.elapsed().as_nanos() as u64, ask.node, content);
            say(Content::Asked);
            let (job, mut told) = driver.job(Command::Get(Box::new(order)), None);
            let mut came = 0;
            while let Some(said) = told.recv().await {
                match said {
                    Told::Root { id, version, .. } if version == object.version && id != object.root => say(Content::Wrong),
                    Told::Piece { piece, stored } => {
                        if truth.contents.get(&ContentId(piece.id.0)).is_none_or(|true_bytes| **true_bytes != *stored) {
                            say(Content::Wrong);
                        }
                        came += piece.of(&stored).len() as u64;
                        driver.tell(job, Command::Taken { offset: piece.offset + u64::from(piece.skip) });
                    }
                    Told::Copy { piece, .. } => {
                        came += u64::from(piece.take);
                        driver.tell(job, Command::Taken { offset: piece.offset + u64::from(piece.skip) });
                    }
                    Told::Got { .. } => {
                        let now = Time(began.elapsed().as_nanos() as u64);
                        if came != object.len {
                            say(Content::Wrong);
                        }
                        say(Content::Fetched { took: now.since(Time(ask.at)), bytes: came });
                        break;
                    }
                    Told::Failed { code, .. } => {
                        say(Content::Failed { code: code as u8 });
                        break;
                    }
                    _ => {}
                }
            }
            driver.forget(job);
        }
    }
}

impl<W: Wires> Drop for Fleet<W> {
    fn drop(&mut self) {
        self.courier.close();
        self.alarms.close();
        for driver in &self.drivers {
            driver.endpoint().close(quinn::VarInt::from_u32(0), b"");
        }
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}
