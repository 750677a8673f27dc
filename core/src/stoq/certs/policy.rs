//! What a node demands of certificates.

use super::certificate::{Algorithm, IssuerId};
use crate::base::Span;
use crate::stoq::session::Roles;
use crate::testing::Defect;

/// An issuer that is believed, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// Who.
    pub issuer: IssuerId,
    /// Roles that it may give.
    pub roles: Roles,
}

/// What a node demands of certificates. All nodes that rely on each other share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who may issue.
    pub trusted: Vec<Trusted>,
    /// Longest life of a certificate.
    pub life_max: Span,
    /// How far any two honest clocks are from the truth at most.
    pub clock_error: Span,
    /// How long after its revocation a certificate may be accepted at most. More than twice the clock error.
    pub revocation_bound: Span,
    /// Algorithms that are accepted, see [`Algorithm::bit`].
    pub algorithms: u8,
    /// Most certificates between a peer's and the trusted key.
    pub path_max: u8,
    /// Longest chain in bytes.
    pub bytes_max: u16,
    /// Longest proof of transparency in bytes.
    pub proof_bytes_max: u16,
    /// Peers that are watched at a time.
    pub peers_max: u32,
    /// The planted defect of the tests, if any.
    pub defect: Option<Defect>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            life_max: Span::secs(7 * 24 * 3600),
            clock_error: Span::secs(5),
            revocation_bound: Span::secs(60),
            algorithms: Algorithm::Ed25519.bit() | Algorithm::EcdsaP256.bit(),
            path_max: 1,
            bytes_max: 4096,
            proof_bytes_max: 4096,
            peers_max: 1 << 17,
            defect: None,
        }
    }
}

impl Policy {
    /// How long a list of revocations counts after it was made, and how long a certificate that needs no list may live: the bound less what two
    /// clocks may be apart.
    pub const fn list_life(&self) -> Span {
        Span(self.revocation_bound.0.saturating_sub(2 * self.clock_error.0))
    }

    /// What is trusted of an issuer, if anything.
    pub fn trust(&self, issuer: IssuerId) -> Option<Trusted> {
        self.trusted.iter().find(|trusted| trusted.issuer == issuer).copied()
    }
}
