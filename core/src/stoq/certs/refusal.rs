//! Why a certificate is refused.

use crate::stoq::session::Code;

/// Why a certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Nobody who is trusted issued it.
    UnknownIssuer,
    /// Its algorithm is not, or no longer, accepted.
    Algorithm,
    /// The chain is too long, in certificates or in bytes.
    TooLarge,
    /// It lives longer than certificates may, or ends before it begins.
    Life,
    /// It has not begun.
    NotYet,
    /// It has ended.
    Expired,
    /// It is revoked.
    Revoked,
    /// There is no list of revocations of its issuer.
    NoList,
    /// The list of revocations is too old to count.
    StaleList,
    /// The handshake proved the possession of another key.
    WrongKey,
    /// It names somebody else.
    WrongName,
    /// It, or its issuer, does not allow the role.
    WrongRole,
    /// It comes without a proof of transparency.
    NoProof,
    /// Its proof of transparency is wrong.
    BadProof,
    /// The logs cannot be asked.
    NoLog,
    /// As many peers are watched as can be.
    TooMany,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::UnknownIssuer,
        Self::Algorithm,
        Self::TooLarge,
        Self::Life,
        Self::NotYet,
        Self::Expired,
        Self::Revoked,
        Self::NoList,
        Self::StaleList,
        Self::WrongKey,
        Self::WrongName,
        Self::WrongRole,
        Self::NoProof,
        Self::BadProof,
        Self::NoLog,
        Self::TooMany,
    ];

    /// The code with which the session ends.
    pub const fn code(self) -> Code {
        match self {
            Self::Expired | Self::Revoked => Code::CertificateEnded,
            _ => Code::Unauthenticated,
        }
    }
}
