//! What is seen of a process at a moment: from `/proc`, and from the page that a node tells its metrics on.

use std::fs;

/// A process at a moment. What cannot be seen is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Seconds since the load began.
    pub at: f64,
    /// Process id: another one is another life.
    pub process: u32,
    /// Resident bytes.
    pub resident: u64,
    /// Open file descriptors, those of segments of the store left out.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
    /// Tasks of the runtime.
    pub tasks: u64,
    /// Connections of QUIC, those in their handshake too.
    pub connections: u64,
    /// Sessions.
    pub sessions: u64,
    /// Streams.
    pub streams: u64,
    /// Jobs of applications.
    pub jobs: u64,
    /// Deadlines that somebody asked for, stale ones too.
    pub deadlines: u64,
}

/// One figure of a sample: what it is called, and where it is.
type Figure = (&'static str, fn(&Sample) -> u64);

/// What is counted: names for people, and values. Memory comes first.
pub const FIGURES: [Figure; 9] = [
    ("resident bytes", |sample| sample.resident),
    ("descriptors", |sample| sample.descriptors),
    ("threads", |sample| sample.threads),
    ("tasks", |sample| sample.tasks),
    ("connections", |sample| sample.connections),
    ("sessions", |sample| sample.sessions),
    ("streams", |sample| sample.streams),
    ("jobs", |sample| sample.jobs),
    ("deadlines", |sample| sample.deadlines),
];

impl Sample {
    /// A process, its descriptors, and its page of metrics if it is a node.
    pub(super) fn of(at: f64, process: u32, descriptors: u64, page: &str) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default()
        };
        let gauge = |name: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse::<u64>().ok()).unwrap_or_default()
        };
        Self {
            at,
            process,
            resident: field("VmRSS:") << 10,
            descriptors: descriptors.saturating_sub(gauge("hypermesh_store_segments")),
            threads: field("Threads:"),
            tasks: gauge("hypermesh_tasks"),
            connections: gauge("hypermesh_quic_connections"),
            sessions: gauge("stoq_connections"),
            streams: gauge("stoq_streams"),
            jobs: gauge("hypermesh_jobs"),
            deadlines: gauge("hypermesh_deadlines"),
        }
    }

    /// What tells whether something is going on.
    pub(super) const fn counted(&self) -> [u64; 4] {
        [self.descriptors, self.tasks, self.connections, self.streams]
    }
}

/// Open file descriptors of a process.
pub(super) fn descriptors(process: u32) -> u64 {
    fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |entries| entries.count() as u64)
}
