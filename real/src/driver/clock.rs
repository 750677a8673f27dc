//! The clock of a node: nanoseconds since 1970 at its start, and a steady clock from then on, so that it never runs backwards.

use crate::pki;
use hypermesh_core::base::Time;
use std::time::{Duration, Instant};

/// The clock of a node.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Time,
    from: Instant,
}

impl Clock {
    /// A clock that agrees with the system's now.
    pub fn start() -> Self {
        Self { began: pki::now(), from: Instant::now() }
    }

    /// Now.
    pub fn now(&self) -> Time {
        Time(self.began.0 + self.from.elapsed().as_nanos() as u64)
    }

    /// When the steady clock shows what this one does at `time`.
    pub fn instant(&self, time: Time) -> Instant {
        self.from + Duration::from_nanos(time.since(self.began).0)
    }
}
