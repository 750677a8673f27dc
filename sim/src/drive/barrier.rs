//! A barrier that spins for a moment, then sleeps: windows are short, and there may be more shards than cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A meeting point of a fixed number of threads.
#[derive(Debug)]
pub struct Barrier {
    size: usize,
    waiting: AtomicUsize,
    round: AtomicUsize,
    abandoned: AtomicBool,
    spins: u32,
    /// Held while a thread falls asleep and while sleepers are woken, so that none sleeps through its round.
    bed: Mutex<()>,
    bell: Condvar,
}

/// Spins before a waiting thread sleeps, where every thread has a core: some tens of microseconds.
const SPINS: u32 = 20_000;

impl Barrier {
    /// A barrier for `size` threads.
    pub fn new(size: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            size,
            waiting: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
            // With more threads than cores, who spins keeps those from their work for whom it waits.
            spins: if size <= cores { SPINS } else { 0 },
            bed: Mutex::new(()),
            bell: Condvar::new(),
        }
    }

    /// Waits for all; false if one of them will never come.
    pub fn wait(&self) -> bool {
        let round = self.round.load(Ordering::Acquire);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.size {
            self.waiting.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            self.ring();
            return !self.is_abandoned();
        }
        for _ in 0..self.spins {
            if self.is_over(round) {
                return !self.is_abandoned();
            }
            std::hint::spin_loop();
        }
        let mut bed = self.lock();
        while !self.is_over(round) {
            bed = self.bell.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        !self.is_abandoned()
    }

    /// Says that the caller will never come again.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.ring();
    }

    fn ring(&self) {
        // A sleeper has either seen the new round under this lock, or hears the bell.
        drop(self.lock());
        self.bell.notify_all();
    }

    fn is_over(&self, round: usize) -> bool {
        self.round.load(Ordering::Acquire) != round || self.is_abandoned()
    }

    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.bed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
