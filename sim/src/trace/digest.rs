//! Digest sums per window of virtual time: what two runs are compared by.

use hypermesh_scenarios::trace::WindowDigest;

/// Windows of a run. Few enough to keep them all, many enough to find a difference quickly.
const WINDOWS: u64 = 1024;

/// Width of a window, in ns, of a run that ends at `stop`.
pub const fn window_width(stop: u64) -> u64 {
    let width = stop.div_ceil(WINDOWS);
    if width == 0 { 1 } else { width }
}

/// Part of what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Deliveries of datagrams.
    Wire,
    /// Wake-ups and what the plan does.
    Local,
    /// What nodes said to remember.
    Facts,
}

/// The digest sums of a shard.
#[derive(Clone, Debug)]
pub struct Sums {
    width: u64,
    end: u64,
    open: WindowDigest,
    done: Vec<WindowDigest>,
}

impl Sums {
    /// Sums of a run that ends at `stop`.
    pub fn new(stop: u64) -> Self {
        let width = window_width(stop);
        Self { width, end: width, open: WindowDigest { until_ns: width, ..WindowDigest::default() }, done: Vec::new() }
    }

    /// Adds the hash of something that happened at `now`.
    #[inline]
    pub fn add(&mut self, now: u64, layer: Layer, hash: u64) {
        while now >= self.end {
            self.turn();
        }
        let sum = match layer {
            Layer::Wire => &mut self.open.wire,
            Layer::Local => &mut self.open.local,
            Layer::Facts => &mut self.open.facts,
        };
        *sum = sum.wrapping_add(hash);
        self.open.events += 1;
    }

    #[cold]
    fn turn(&mut self) {
        self.done.push(self.open);
        self.end += self.width;
        self.open = WindowDigest { until_ns: self.end, ..WindowDigest::default() };
    }

    /// All windows up to the one that holds `end`.
    pub fn finish(mut self, end: u64) -> Vec<WindowDigest> {
        while self.end < end {
            self.turn();
        }
        self.done.push(self.open);
        self.done
    }
}

/// Adds the windows of another shard.
pub fn merge(mine: &mut Vec<WindowDigest>, theirs: &[WindowDigest]) {
    for (index, window) in theirs.iter().enumerate() {
        match mine.get_mut(index) {
            None => mine.push(*window),
            Some(sum) => {
                sum.events += window.events;
                sum.wire = sum.wire.wrapping_add(window.wire);
                sum.local = sum.local.wrapping_add(window.local);
                sum.facts = sum.facts.wrapping_add(window.facts);
            }
        }
    }
}

/// The digest of a run: BLAKE3 over its windows, in hexadecimal.
pub fn of_run(windows: &[WindowDigest]) -> String {
    let mut hasher = blake3::Hasher::new();
    for window in windows {
        for word in [window.until_ns, window.events, window.wire, window.local, window.facts] {
            hasher.update(&word.to_le_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}
