//! Shards on threads. One thread a shard, in windows: handle events, exchange datagrams, agree on the next window.

pub mod barrier;

use crate::api::{Error, Host, Options, Progress, Watch};
use crate::engine::shard::EventOf;
use crate::engine::window::window_end;
use crate::engine::{Observer, Shard};
use barrier::Barrier;
use hypermesh_core::base::Time;
use hypermesh_core::node::Node;
use hypermesh_core::testing::Breach;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

#[cfg(feature = "zoo")]
use hypermesh_core::testing::breach::within;

/// Shards do what the breach says that is on where the world is run; in builds without the zoo there is none.
#[cfg(not(feature = "zoo"))]
fn within<T>(_: Option<Breach>, what: impl FnOnce() -> T) -> T {
    what()
}

/// Shards that are ready to run.
pub struct Job<'a, N: Node, O> {
    /// The shards.
    pub shards: Vec<Shard<'a, N, O>>,
    /// Shortest delay between two shards, in ns.
    pub lookahead: u64,
    /// Width of a slot, in ns.
    pub width: u64,
    /// End of the run, in ns.
    pub stop: u64,
    /// When the caller began, for progress.
    pub began: Instant,
}

/// Shards that have run.
pub struct Outcome<'a, N: Node, O> {
    /// The shards.
    pub shards: Vec<Shard<'a, N, O>>,
    /// Events handled.
    pub events: u64,
    /// When the run ended, in ns.
    pub end: u64,
    /// Why it ended early, if it did.
    pub partial: Option<String>,
    /// Wall time of the event loop.
    pub loop_ns: u64,
    /// Bytes that nodes and queues held at the end; the queues at their largest.
    pub bytes: u64,
}

/// What the threads of a run share.
struct Shared<N: Node> {
    barrier: Barrier,
    /// For each receiving shard, what the others have for it, by sender.
    mail: Vec<Vec<Mutex<Vec<EventOf<N>>>>>,
    /// When each shard's next slot begins.
    next: Vec<AtomicU64>,
    now: AtomicU64,
    events: Vec<AtomicU64>,
    messages: Vec<AtomicU64>,
    /// The caller's wish to stop.
    halt: AtomicBool,
    /// The same, as all shards have agreed on it for the present window.
    halted: AtomicBool,
    finished: AtomicU64,
    /// The thread that watches; woken when a shard has finished, so that the end of a run does not wait for its next look.
    watcher: Thread,
}

/// How long the watcher sleeps between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Looks between two reports.
const LOOKS: u32 = 4;
/// Width of the windows of a single shard, which has nobody to wait for: how often it looks whether it should stop.
const ALONE_NS: u64 = 10_000_000;

/// Runs a job to its end, or until the caller stops it.
pub fn drive<'a, N: Node, O: Observer<N>>(job: Job<'a, N, O>, options: &Options, watch: &dyn Watch) -> Result<Outcome<'a, N, O>, Error> {
    if options.host == Host::Madsim && !cfg!(madsim) {
        return Err(Error::NoMadsim);
    }
    let count = job.shards.len();
    let shared = Shared::<N> {
        barrier: Barrier::new(count),
        mail: (0..count).map(|_| (0..count).map(|_| Mutex::new(Vec::new())).collect()).collect(),
        next: (0..count).map(|_| AtomicU64::new(0)).collect(),
        now: AtomicU64::new(0),
        events: (0..count).map(|_| AtomicU64::new(0)).collect(),
        messages: (0..count).map(|_| AtomicU64::new(0)).collect(),
        halt: AtomicBool::new(false),
        halted: AtomicBool::new(false),
        finished: AtomicU64::new(0),
        watcher: std::thread::current(),
    };
    let looped = Instant::now();
    let windows = Windows { lookahead: if count == 1 { ALONE_NS } else { job.lookahead }, width: job.width, stop: job.stop };
    let breach = Breach::here();
    let results = std::thread::scope(|scope| {
        let handles: Vec<_> = job
            .shards
            .into_iter()
            .enumerate()
            .map(|(index, shard)| {
                let (shared, host) = (&shared, options.host);
                scope.spawn(move || within(breach, || on_thread(index, shard, shared, windows, host)))
            })
            .collect();
        look_on(&shared, options, watch, job.stop, job.began, count as u64);
        handles.into_iter().map(|handle| handle.join().expect("a shard's thread catches its panics")).collect::<Vec<_>>()
    });
    let loop_ns = looped.elapsed().as_nanos() as u64;
    let shards = results.into_iter().collect::<Result<Vec<_>, _>>().map_err(Error::Panicked)?;
    let halted = shared.halted.load(Ordering::Relaxed);
    let end = if halted { shared.now.load(Ordering::Relaxed).min(job.stop) } else { job.stop };
    Ok(Outcome {
        events: shards.iter().map(|shard| shard.progress().0).sum(),
        bytes: shards.iter().map(|shard| shard.bytes() as u64).sum(),
        shards,
        end,
        partial: halted.then(|| format!("stopped at {} of {}", Time(end), Time(job.stop))),
        loop_ns,
    })
}

#[derive(Clone, Copy)]
struct Windows {
    lookahead: u64,
    width: u64,
    stop: u64,
}

/// The watcher: the caller's thread, which owns no shard.
fn look_on<N: Node>(shared: &Shared<N>, options: &Options, watch: &dyn Watch, stop: u64, began: Instant, count: u64) {
    let mut looks = 0;
    while shared.finished.load(Ordering::Acquire) < count {
        std::thread::park_timeout(if looks < 20 { LOOK / 25 } else { LOOK });
        looks += 1;
        if options.stop.load(Ordering::Relaxed) {
            shared.halt.store(true, Ordering::Relaxed);
        }
        if looks % LOOKS == 0 && looks > 20 {
            watch.progress(&progress(shared, stop, began));
        }
    }
    watch.progress(&progress(shared, stop, began));
}

fn progress<N: Node>(shared: &Shared<N>, stop: u64, began: Instant) -> Progress {
    let sum = |list: &[AtomicU64]| list.iter().map(|n| n.load(Ordering::Relaxed)).sum();
    Progress {
        now: Time(shared.now.load(Ordering::Relaxed).min(stop)),
        stop: Time(stop),
        events: sum(&shared.events),
        messages: sum(&shared.messages),
        wall_ns: began.elapsed().as_nanos() as u64,
    }
}

/// Runs one shard; a panic ends all of them.
fn on_thread<'a, N: Node, O: Observer<N>>(
    index: usize,
    mut shard: Shard<'a, N, O>,
    shared: &Shared<N>,
    windows: Windows,
    host: Host,
) -> Result<Shard<'a, N, O>, String> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        hosted(host, || turn_windows(index, &mut shard, shared, windows));
    }));
    if result.is_err() {
        shared.barrier.abandon();
    }
    shared.finished.fetch_add(1, Ordering::Release);
    shared.watcher.unpark();
    result.map(|()| shard).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("a panic without a message").to_owned()
    })
}

/// Calls `work` as the host wants it: as it is, or inside a madsim runtime of this thread's own.
fn hosted(host: Host, work: impl FnOnce()) {
    match host {
        Host::Engine => work(),
        Host::Madsim => crate::host::inside_madsim(work),
    }
}

fn turn_windows<N: Node, O: Observer<N>>(index: usize, shard: &mut Shard<'_, N, O>, shared: &Shared<N>, windows: Windows) {
    shared.next[index].store(shard.next().unwrap_or(u64::MAX), Ordering::Relaxed);
    loop {
        if index == 0 {
            // One shard decides for all whether the caller's wish to stop has come in time for this window.
            shared.halted.store(shared.halt.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        // What is read after this meeting is written again only after the next, when all have read it.
        if !shared.barrier.wait() {
            return;
        }
        let start = shared.next.iter().map(|next| next.load(Ordering::Relaxed)).min().unwrap_or(u64::MAX);
        if start >= windows.stop {
            // Nothing is left to do, so a wish to stop comes too late. Everybody returns here and looks no further.
            shared.halted.store(false, Ordering::Relaxed);
            return;
        }
        if shared.halted.load(Ordering::Relaxed) {
            return;
        }
        let end = window_end(start, windows.lookahead, windows.width, windows.stop);
        shard.run_until(end);
        post(index, shard, shared);
        if !shared.barrier.wait() {
            return;
        }
        collect(index, shard, shared);
        if index == 0 {
            shared.now.store(end, Ordering::Relaxed);
        }
    }
}

fn post<N: Node, O: Observer<N>>(index: usize, shard: &mut Shard<'_, N, O>, shared: &Shared<N>) {
    for (to, events) in shard.outboxes().iter_mut().enumerate().filter(|(_, events)| !events.is_empty()) {
        let mut mail = shared.mail[to][index].lock().expect("a shard that panics abandons the barrier first");
        std::mem::swap(&mut *mail, events);
    }
}

fn collect<N: Node, O: Observer<N>>(index: usize, shard: &mut Shard<'_, N, O>, shared: &Shared<N>) {
    for mail in &shared.mail[index] {
        let mut events = mail.lock().expect("a shard that panics abandons the barrier first");
        shard.accept(&mut events);
    }
    let (events, messages) = shard.progress();
    shared.events[index].store(events, Ordering::Relaxed);
    shared.messages[index].store(messages, Ordering::Relaxed);
    shared.next[index].store(shard.next().unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Highest resident memory of this process so far, in bytes; 0 where the system does not tell.
pub fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
