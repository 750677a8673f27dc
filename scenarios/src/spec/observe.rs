//! What to keep of a run.

use crate::read::{At, Flag, section};
use crate::units::{Duration, Share};

section! {
    /// What to keep of the run.
    pub struct Observe, "`observe`", "{every: 1s, flows: 0.1%}" {
        /// Width of a time bin of the metrics. Bins are also cut at faults and at the time ranges of expectations.
        every: At<Duration> = "1s",
        /// Share of the nodes whose datagrams are kept one by one.
        flows: At<Share> = "0%",
        /// Whether everything that the sampled nodes did is kept as events.
        events: At<Flag> = "off",
    }
}
