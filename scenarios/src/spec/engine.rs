//! What a run may cost.

use crate::read::{At, section};
use crate::units::{Bytes, Duration};

section! {
    /// What the run may cost. A run that is expected to need more is not started unless told to.
    pub struct Engine, "`engine`", "{max_memory: 8GiB, max_wall: 15min}" {
        /// Most memory. Without it there is no limit.
        max_memory: Option<At<Bytes>>,
        /// Longest wall time. Without it there is no limit.
        max_wall: Option<At<Duration>>,
    }
}
