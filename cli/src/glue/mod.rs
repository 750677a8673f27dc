//! The only place that names the functions of the other crates, so that their signatures meet the verbs in one spot each.

#[cfg(feature = "conform")]
pub(crate) mod conform;
#[cfg(feature = "real")]
pub(crate) mod fleet;
pub(crate) mod records;
pub(crate) mod sarif;
pub(crate) mod scenario;
pub(crate) mod world;
