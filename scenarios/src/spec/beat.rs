//! How often something starts, whichever load says so.

use super::workload::{Arrivals, Broadcast, Requests, Revisions};
use crate::read::At;
use crate::units::{Count, Duration, Rate};

/// How often the parts of a load start: the fields that [`Broadcast`], [`Requests`] and [`Revisions`] have in common, as they are written.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// When the first starts.
    pub at: At<Duration>,
    /// How often they start, on average.
    pub rate: Option<At<Rate>>,
    /// The time from one to the next, on average.
    pub every: Option<At<Duration>>,
    /// How many there are.
    pub count: Option<At<Count>>,
    /// For how long they start.
    pub lasts: Option<At<Duration>>,
    /// How they are spread over time.
    pub arrivals: At<Arrivals>,
}

impl Broadcast {
    /// How often they are sent.
    pub const fn beat(&self) -> Beat {
        Beat { at: self.at, rate: self.rate, every: self.every, count: self.count, lasts: self.lasts, arrivals: self.arrivals }
    }
}

impl Requests {
    /// How often they ask.
    pub const fn beat(&self) -> Beat {
        Beat { at: self.at, rate: self.rate, every: self.every, count: self.count, lasts: self.lasts, arrivals: self.arrivals }
    }
}

impl Revisions {
    /// How often they publish.
    pub const fn beat(&self) -> Beat {
        Beat { at: self.at, rate: self.rate, every: self.every, count: self.count, lasts: self.lasts, arrivals: self.arrivals }
    }
}
