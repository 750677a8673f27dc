//! What a certificate says, whatever its form.

use crate::base::{Span, Time};
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;

/// A number that an issuer never gives twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u64);

/// The digest of an issuer's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(pub [u8; 32]);

/// The digest of a holder's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032, RFC 8410).
    Ed25519 = 0,
    /// ECDSA on P-256 with SHA-256 (RFC 5758).
    EcdsaP256 = 1,
    /// ML-DSA-44 (FIPS 204).
    MlDsa44 = 2,
}

impl Algorithm {
    /// The bit of this algorithm in a set of them.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The certificate between a holder's and a trusted key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// The trusted key that signed it.
    pub anchor: IssuerId,
    /// Its number, of those that the trusted key gave.
    pub serial: Serial,
    /// When it begins.
    pub not_before: Time,
    /// When it ends; it is no longer valid at this moment.
    pub not_after: Time,
}

/// A certificate whose signature was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its number.
    pub serial: Serial,
    /// Who issued it: the key that it is signed with, trusted or between.
    pub issuer: IssuerId,
    /// Whom it names.
    pub name: Name,
    /// What the holder may be.
    pub roles: Roles,
    /// The holder's key.
    pub key: KeyId,
    /// When it begins.
    pub not_before: Time,
    /// When it ends; it is no longer valid at this moment.
    pub not_after: Time,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// What the holder's key is of.
    pub key_algorithm: Algorithm,
    /// The certificate of its issuer, if a trusted key did not sign it itself.
    pub between: Option<Box<Between>>,
    /// Certificates that came with it but for that of the trusted key: as many as stand between the two.
    pub path: u8,
    /// Bytes of the whole chain.
    pub bytes: u16,
}

impl Certificate {
    /// How long it lives.
    pub const fn life(&self) -> Span {
        self.not_after.since(self.not_before)
    }

    /// The trusted key that it leads to, if that is trusted.
    pub fn anchor(&self) -> IssuerId {
        self.between.as_ref().map_or(self.issuer, |between| between.anchor)
    }
}

/// What a peer shows in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its certificate.
    pub certificate: Certificate,
    /// The key whose possession the handshake proved.
    pub key: KeyId,
    /// Proofs of transparency; empty if it has none.
    pub proof: Box<[u8]>,
}
