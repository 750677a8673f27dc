//! The load: readers, publishers and purgers who know what they should see.

use super::town::Town;
use super::{Plan, SoakError};
use crate::client::{Client, ClientError, Contact, Source};
use hypermesh_core::base::digest::mix;
use hypermesh_core::stoq::chunk::Profile;
use hypermesh_core::stoq::node::{Command, Told};
use hypermesh_core::stoq::preset::Effective;
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::stoq::transfer::{Order, Sequence, What};
use std::fs;
use std::net::SocketAddrV6;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Names of objects.
const NAMES: usize = 24;
/// Contents that a version of an object can have. The remainder of the version's number says which one it has.
const VARIANTS: u64 = 16;
/// The smallest content in bytes; each next is half as long again.
const SMALLEST: f64 = 6_000.0;
/// Readers and publishers at a time.
const WORKERS: usize = 6;
/// Readers that take one piece a second.
const SLOW: usize = 2;
/// How long whatever may pass is tried again.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest wait between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(2);
/// An operation that takes longer than patience and everything else that may be waited for is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(150);
/// Bytes that may be delivered and not taken.
const CREDIT: u64 = 1 << 20;
/// How many wrong things are told.
const TOLD_MAX: usize = 20;

/// A generator of choices; what it draws is of no account beyond that.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0.wrapping_add(0x9E37_79B9_7F4A_7C15));
        self.0 % bound.max(1)
    }
}

macro_rules! tally {
    ($($field:ident $word:literal,)+) => {
        /// What was done, counted.
        #[derive(Debug, Default)]
        pub struct Tally {
            $(pub(super) $field: AtomicU64,)+
        }

        impl Tally {
            /// Every count, with its words.
            pub fn list(&self) -> Vec<(&'static str, u64)> {
                vec![$(($word, self.$field.load(Ordering::Relaxed))),+]
            }
        }
    };
}

tally! {
    got "objects read whole",
    ranges "ranges read",
    got_bytes "bytes read and compared",
    gave_up "reads given up halfway",
    slow "pieces taken by slow readers",
    absent "reads of what is not there",
    retried "attempts made again",
    put "objects stored",
    conflicts "objects that a newer version overtook",
    purged "purges acknowledged",
    stats "stats",
    pings "pings",
    clients "clients started",
    datagrams "random datagrams",
    half_open "handshakes left half open",
    idle "connections that never spoke",
    babbled "streams of random bytes",
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What is known of a name: the greatest version whose purge was acknowledged.
type Floors = Vec<u64>;

/// The load.
pub(super) struct Load {
    pub(super) tally: Arc<Tally>,
    certificates: PathBuf,
    contents: Vec<Vec<u8>>,
    sources: Vec<Arc<Source>>,
    floors: Mutex<Floors>,
    /// Versions given out so far.
    versions: AtomicU64,
    wrong: Mutex<Vec<String>>,
    pause: Duration,
    seed: u64,
}

/// How a read goes.
enum Read {
    Whole,
    Range(Range<u64>),
    /// Given up after so many pieces.
    GivenUp(u64),
    /// A piece a second until the load stops.
    Slow,
}

impl Load {
    /// Writes the contents into the town's folder and cuts them.
    pub(super) fn new(plan: &Plan, town: &Town) -> Result<Arc<Self>, SoakError> {
        let failed = SoakError::of("making contents");
        let (mut contents, mut sources) = (Vec::new(), Vec::new());
        for variant in 0..VARIANTS {
            let mut content = vec![0; (SMALLEST * 1.5_f64.powi(variant as i32)) as usize];
            blake3::Hasher::new().update(&(plan.seed ^ variant).to_le_bytes()).finalize_xof().fill(&mut content);
            let path = town.folder.join(format!("content-{variant}"));
            fs::write(&path, &content).map_err(|error| failed(&error))?;
            sources.push(Arc::new(Source::read(&path, Profile::Standard).map_err(|error| failed(&error))?));
            contents.push(content);
        }
        Ok(Arc::new(Self {
            tally: Arc::default(),
            certificates: town.folder.join("certs"),
            contents,
            sources,
            floors: Mutex::new(vec![0; NAMES]),
            versions: AtomicU64::new(1),
            wrong: Mutex::default(),
            pause: Duration::from_secs_f64(WORKERS as f64 / plan.rate.max(0.01)),
            seed: plan.seed,
        }))
    }

    /// Something that must not be.
    pub(super) fn wrong(&self, what: String) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() < TOLD_MAX {
            wrong.push(what);
        }
    }

    /// All that must not be and was.
    pub(super) fn found(&self) -> Vec<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn client(&self, name: &str, server: SocketAddrV6) -> Result<Client, ClientError> {
        count(&self.tally.clients);
        let (certificates, values) = (self.certificates.clone(), Effective::new(None));
        Client::start(&Contact { server, server_name: None, certificates, name: name.to_owned(), values, patience: PATIENCE })
    }

    /// Stores every object once and reads one through each edge, so that every connection between nodes is there.
    pub(super) async fn first(&self, town: &Town) -> Result<(), SoakError> {
        let failed = SoakError::of("the first objects");
        let publisher = self.client("publisher", town.addresses()[0]).map_err(|error| failed(&error))?;
        for name in 0..NAMES {
            self.put(&publisher, name, &mut Chance::new(name as u64)).await.map_err(|error| failed(&error))?;
        }
        publisher.leave().await;
        for edge in town.edges() {
            let client = self.client("client", edge).map_err(|error| failed(&error))?;
            self.read(&client, 0, Read::Whole, None).await.map_err(|error| failed(&error))?;
            client.leave().await;
        }
        Ok(())
    }

    /// Reads every object once more through each edge.
    pub(super) async fn last(&self, town: &Town) {
        for edge in town.edges() {
            for name in 0..NAMES {
                let Ok(client) = self.client("client", edge) else { return self.wrong("no client could start".to_owned()) };
                match self.read(&client, name, Read::Whole, None).await {
                    Ok(()) => {}
                    // It may have been purged and not stored again.
                    Err(ClientError::Said(Code::NotFound | Code::Purged)) => count(&self.tally.absent),
                    Err(error) => self.wrong(format!("after the load, object {name}: {error}")),
                }
                client.leave().await;
            }
        }
    }

    /// Starts everybody.
    pub(super) fn start(self: &Arc<Self>, town: &Town, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
        let (edges, origin) = (town.edges(), town.addresses()[0]);
        let mut tasks = Vec::new();
        for number in 0..WORKERS {
            let (load, stop, edge) = (Arc::clone(self), Arc::clone(stop), edges[number % 2]);
            tasks.push(tokio::spawn(async move { load.work(number as u64, edge, origin, &stop).await }));
        }
        for number in 0..SLOW {
            let (load, stop, edge) = (Arc::clone(self), Arc::clone(stop), edges[number % 2]);
            tasks.push(tokio::spawn(async move { load.crawl(number as u64, edge, &stop).await }));
        }
        tasks
    }

    /// One reader and publisher. Now and then it leaves and another comes.
    async fn work(&self, number: u64, edge: SocketAddrV6, origin: SocketAddrV6, stop: &AtomicBool) {
        let mut chance = Chance::new(self.seed ^ (number << 32));
        while !stop.load(Ordering::Relaxed) {
            let (Ok(reader), Ok(publisher)) = (self.client("client", edge), self.client("publisher", origin)) else {
                return self.wrong("no client could start".to_owned());
            };
            let many = 20 + chance.below(60);
            let mut next = Instant::now();
            for _ in 0..many {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                self.one(&reader, &publisher, &mut chance).await;
                next = (next + self.pause).max(Instant::now());
                tokio::time::sleep_until(next.into()).await;
            }
            reader.leave().await;
            publisher.leave().await;
        }
    }

    /// One operation. It has to end, one way or the other.
    async fn one(&self, reader: &Client, publisher: &Client, chance: &mut Chance) {
        let name = chance.below(NAMES as u64) as usize;
        let kind = chance.below(100);
        let what = match kind {
            0..9 => "put",
            9 => "purge",
            10..20 => "stat",
            20..28 => "ping",
            28..38 => "get, given up",
            38..58 => "get of a range",
            _ => "get",
        };
        let doing = async {
            match what {
                "put" => self.put(publisher, name, chance).await,
                "purge" => self.purge(publisher, name).await,
                "stat" => {
                    count(&self.tally.stats);
                    reader.stat(&format!("soak/{name}")).await.map(drop)
                }
                "ping" => {
                    count(&self.tally.pings);
                    reader.ping().await.map(drop)
                }
                "get, given up" => self.read(reader, name, Read::GivenUp(1 + chance.below(8)), None).await,
                "get of a range" => {
                    let start = chance.below(SMALLEST as u64 - 1);
                    let end = start + 1 + chance.below(SMALLEST as u64 - start - 1);
                    self.read(reader, name, Read::Range(start..end), None).await
                }
                _ => self.read(reader, name, Read::Whole, None).await,
            }
        };
        match tokio::time::timeout(STUCK_AFTER, doing).await {
            Err(_) => self.wrong(format!("{what} of object {name} never ended")),
            Ok(Err(ClientError::Said(Code::NotFound | Code::Purged))) => count(&self.tally.absent),
            Ok(Err(error)) => self.wrong(format!("{what} of object {name}: {error}")),
            Ok(Ok(())) => {}
        }
    }

    /// Slow readers, one after the other.
    async fn crawl(&self, number: u64, edge: SocketAddrV6, stop: &AtomicBool) {
        let mut chance = Chance::new(self.seed ^ (number << 48) ^ 1);
        while !stop.load(Ordering::Relaxed) {
            let Ok(client) = self.client("client", edge) else { return self.wrong("no client could start".to_owned()) };
            let name = chance.below(NAMES as u64) as usize;
            match self.read(&client, name, Read::Slow, Some(stop)).await {
                Ok(()) => {}
                Err(ClientError::Said(Code::NotFound | Code::Purged)) => tokio::time::sleep(Duration::from_millis(500)).await,
                Err(error) => self.wrong(format!("slow get of object {name}: {error}")),
            }
            client.leave().await;
        }
    }

    async fn put(&self, client: &Client, name: usize, chance: &mut Chance) -> Result<(), ClientError> {
        let variant = chance.below(VARIANTS);
        let version = self.versions.fetch_add(1, Ordering::Relaxed) * VARIANTS + variant;
        match client.put(&self.sources[variant as usize], &format!("soak/{name}"), version, 1).await {
            Ok(stored) => {
                count(&self.tally.put);
                self.tally.retried.fetch_add(u64::from(stored.attempts - 1), Ordering::Relaxed);
                Ok(())
            }
            Err(ClientError::Said(Code::Conflict)) => {
                count(&self.tally.conflicts);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn purge(&self, client: &Client, name: usize) -> Result<(), ClientError> {
        let upto = self.versions.load(Ordering::Relaxed) * VARIANTS - 1;
        client.purge(&format!("soak/{name}"), false, upto).await?;
        let mut floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        floors[name] = floors[name].max(upto);
        count(&self.tally.purged);
        Ok(())
    }

    /// Reads and compares. Whatever may pass is tried again for a while.
    async fn read(&self, client: &Client, name: usize, read: Read, stop: Option<&AtomicBool>) -> Result<(), ClientError> {
        // An attempt that got some bytes was no part of the trouble that ended it: a slow reader's may last longer than anybody's patience.
        let mut trouble_since = Instant::now();
        loop {
            match self.attempt(client, name, &read, stop, &mut trouble_since).await {
                Err((code, retry)) if may_pass(code) && trouble_since.elapsed() < PATIENCE => {
                    count(&self.tally.retried);
                    tokio::time::sleep(retry.clamp(Duration::from_millis(200), RETRY_MAX)).await;
                }
                Err((code, _)) => return Err(ClientError::Said(code)),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Reads once. `got_on` is when the last piece came.
    async fn attempt(
        &self,
        client: &Client,
        name: usize,
        read: &Read,
        stop: Option<&AtomicBool>,
        got_on: &mut Instant,
    ) -> Result<(), (Code, Duration)> {
        let floor = self.floors.lock().unwrap_or_else(PoisonError::into_inner)[name];
        let range = if let Read::Range(range) = read { Some(range.clone()) } else { None };
        let what = What::Name { name: Name::new(&format!("soak/{name}")).expect("a short name"), version_min: 0, age_max: None };
        let credit = if matches!(read, Read::Slow) { 1 } else { CREDIT };
        let order =
            Order { what, range: range.clone(), sources: Vec::new(), sequence: Sequence::InOrder, credit, reads_back: false, resume: None };
        let (job, mut told) = client.driver().job(Command::Get(Box::new(order)), None);
        let (mut content, mut came, mut pieces) = (None, 0, 0);
        let ended = loop {
            match told.recv().await {
                Some(Told::Root { version, len, .. }) => {
                    if version.0 <= floor {
                        self.wrong(format!("object {name} came with version {}, and {floor} was purged", version.0));
                    }
                    let expected = &self.contents[(version.0 % VARIANTS) as usize];
                    if len != expected.len() as u64 {
                        self.wrong(format!("object {name} has {len} bytes, and version {} has {}", version.0, expected.len()));
                    }
                    content = Some(expected);
                }
                Some(Told::Piece { piece, stored }) => {
                    *got_on = Instant::now();
                    let (bytes, at) = (piece.of(&stored), piece.start() as usize);
                    if content.and_then(|content| content.get(at..at + bytes.len())) != Some(bytes) {
                        self.wrong(format!("object {name}: other bytes than stored, from {at} on"));
                    }
                    (came, pieces) = (came + bytes.len() as u64, pieces + 1);
                    self.tally.got_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    match read {
                        Read::GivenUp(after) if pieces >= *after => client.driver().tell(job, Command::Cancel),
                        Read::Slow => {
                            count(&self.tally.slow);
                            tokio::time::sleep(Duration::from_secs(1)).await;
                            if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                                client.driver().tell(job, Command::Cancel);
                            }
                        }
                        _ => {}
                    }
                    client.driver().tell(job, Command::Taken { offset: piece.start() });
                }
                Some(Told::Got { .. }) => break Ok(()),
                Some(Told::Failed { code, retry, .. }) => break Err((code, Duration::from_nanos(retry.0))),
                Some(_) => {}
                None => break Err((Code::Internal, Duration::ZERO)),
            }
        };
        client.driver().forget(job);
        match (read, ended) {
            (Read::GivenUp(_) | Read::Slow, Err((Code::Cancelled, _))) => count(&self.tally.gave_up),
            (_, Err(failed)) => return Err(failed),
            (Read::Range(range), Ok(())) => {
                if came != range.end - range.start {
                    self.wrong(format!("object {name}: {came} bytes of {range:?}"));
                }
                count(&self.tally.ranges);
            }
            (_, Ok(())) => {
                if content.is_none_or(|content| came != content.len() as u64) {
                    self.wrong(format!("object {name} ended after {came} bytes"));
                }
                count(&self.tally.got);
            }
        }
        Ok(())
    }
}

/// Whether another attempt makes sense.
const fn may_pass(code: Code) -> bool {
    matches!(code, Code::Overloaded | Code::Refused | Code::Timeout | Code::RequestIncomplete | Code::Cancelled)
}

/// The files of who asks: chain and key.
pub(super) fn identity(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let certs = folder.join("certs");
    (certs.join("ca.pem"), certs.join("client.pem"), certs.join("client.key"))
}
