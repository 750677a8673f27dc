//! Certificates: who may speak, in which role, and until when.
//!
//! Certificates live for minutes to days and are replaced long before they end, so that an end is never a surprise and a stolen key is of use for a short
//! while only. This module judges *values*; reading DER, checking signatures and proving the possession of keys is TLS and the driver's. A certificate
//! reaches this module only after its signature was found good, and so does a list of revocations.
//!
//! ```text
//! Issuer ──certificate──▶ Keeper ──handshake──▶ Guard ◀──list of revocations── Issuer
//!  who may be what         one's own, renewed     the peers': accepted, watched, dropped
//!                          with overlap
//! ```
//! Promises, with B the [`Policy::revocation_bound`] and e the [`Policy::clock_error`], for nodes whose clocks are within e of the truth:
//! - a revoked certificate is refused, and who presented it dropped, less than B after its revocation, whatever the network does to the lists;
//! - an expired one less than e after its end;
//! - whatever is missing (a list, a proof, a known issuer) is a refusal with a name, never a silent yes.
//!
//! The first holds since a list counts only for B - 2e after it was made: who cannot get a newer one refuses everybody. Certificates that live no longer
//! than that need no list at all.
//!
//! [`Transparency`] is the interface of what judges proofs that a certificate stands in public logs; [`log`] is one that does, with the logs themselves.

mod certificate;
mod guard;
mod issuer;
pub mod keeper;
pub mod log;
mod policy;
mod refusal;
mod revocation;
#[cfg(test)]
mod tests;
mod verify;

pub use certificate::{Algorithm, Between, Certificate, IssuerId, KeyId, Presented, Serial};
pub use guard::{Effect, Guard, Input, PeerId, Why};
pub use issuer::{Denial, Issuer, Request};
pub use keeper::Keeper;
pub use policy::{Policy, Trusted};
pub use refusal::Refusal;
pub use revocation::{LIST_MAX, Lists, RevocationList};
pub use verify::{Asked, NoLog, ProofFault, Transparency, Unlogged, judge};
