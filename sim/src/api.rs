//! What a caller of the simulator sees: options in, progress meanwhile, a trace at the end.

use hypermesh_core::base::Time;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What hosts the engine. Both give the same digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Host {
    /// The bare engine.
    #[default]
    Engine,
    /// The engine inside a madsim runtime, which owns entropy and tasks and checks that nothing escapes it.
    Madsim,
}

/// How to run a plan. None of this changes the answer but `packets`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads, each with one shard of the nodes; 0 is one per core.
    pub threads: usize,
    /// What hosts the engine.
    pub host: Host,
    /// Packet mode: real QUIC carries the connections of layer 1. This changes the answer: it is the other fidelity.
    pub packets: bool,
    /// Raised by the caller to end the run early; the trace is then marked partial.
    pub stop: Arc<AtomicBool>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Virtual time reached.
    pub now: Time,
    /// Virtual time at which the run ends.
    pub stop: Time,
    /// Events handled so far.
    pub events: u64,
    /// Datagrams delivered so far.
    pub messages: u64,
    /// Wall time spent so far, in nanoseconds.
    pub wall_ns: u64,
}

/// Somebody who watches a run.
pub trait Watch: Sync {
    /// Called a few times a second, from the first thread.
    fn progress(&self, progress: &Progress);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Watch for Silent {
    fn progress(&self, _: &Progress) {}
}

/// What a plan will cost, guessed before it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Peak bytes of memory.
    pub memory_bytes: u64,
    /// Events to handle.
    pub events: u64,
    /// Seconds of wall time on the given number of threads.
    pub wall_s: f64,
}

/// Why a plan cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The plan breaks a promise that the resolver should have kept; the text names it.
    BadPlan(String),
    /// This build has no madsim (it was compiled without `--cfg madsim`).
    NoMadsim,
    /// A thread of the engine panicked; the text is its message.
    Panicked(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadPlan(what) => write!(f, "the plan cannot run: {what}"),
            Self::NoMadsim => write!(f, "this build has no madsim host; build with RUSTFLAGS=\"--cfg madsim\", or run with --host engine"),
            Self::Panicked(message) => write!(f, "the engine stopped: {message}"),
        }
    }
}

impl std::error::Error for Error {}
