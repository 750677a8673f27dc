//! A barrier that spins for a moment, then gives way: windows are short, and there may be more shards than cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A meeting point of a fixed number of threads.
#[derive(Debug)]
pub struct Barrier {
    size: usize,
    waiting: AtomicUsize,
    round: AtomicUsize,
    abandoned: AtomicBool,
    spins: u32,
}

/// Spins before a waiting thread gives way to others.
const SPINS: u32 = 2_000;

impl Barrier {
    /// A barrier for `size` threads.
    pub fn new(size: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let spins = if size <= cores { SPINS } else { 0 };
        Self { size, waiting: AtomicUsize::new(0), round: AtomicUsize::new(0), abandoned: AtomicBool::new(false), spins }
    }

    /// Waits for all; false if one of them will never come.
    pub fn wait(&self) -> bool {
        let round = self.round.load(Ordering::Acquire);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.size {
            self.waiting.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            return !self.abandoned.load(Ordering::Acquire);
        }
        let mut spun = 0;
        while self.round.load(Ordering::Acquire) == round {
            if self.abandoned.load(Ordering::Acquire) {
                return false;
            }
            if spun < self.spins {
                spun += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        !self.abandoned.load(Ordering::Acquire)
    }

    /// Says that the caller will never come again.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }
}
