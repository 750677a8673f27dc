//! How long a run lasts.

use crate::read::{At, section};
use crate::units::Duration;

section! {
    /// How long the run lasts, in virtual time.
    pub struct Timing, "`time`", "{warmup: 10s, stop: 60s}" {
        /// Expectations without a time range look at what happens from here on.
        warmup: At<Duration> = "0s",
        /// When the run ends.
        stop: At<Duration>,
    }
}
