//! What two sides agree on, as a function of what each of them tells.

use super::frame::Kind;
use super::limits::{FrameLimits, REQUESTS_MAX};
use super::settings::{Capabilities, Roles, Setting, Settings};
use super::violation::Violation;
use crate::base::Span;
use crate::testing::Breach;

/// What holds between two sides, seen from one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The minor version in use: the lower of the two.
    pub minor: u32,
    /// Capabilities that both have.
    pub capabilities: Capabilities,
    /// Roles that the peer says it plays; its certificate has to allow them.
    pub roles: Roles,
    /// What the peer takes in one frame.
    pub limits: FrameLimits,
    /// Requests that the peer lets this side have open at a time.
    pub requests: u16,
    /// How long either side leaves a silent connection open: the shorter of the two.
    pub idle: Span,
}

impl Default for Agreed {
    /// What may be assumed of a peer that told nothing yet.
    fn default() -> Self {
        Self {
            minor: 0,
            capabilities: Capabilities::default(),
            roles: Roles::default(),
            limits: if Breach::AssumeHighestLimits.is_on() {
                FrameLimits::default()
            } else {
                FrameLimits { chunk_bytes: 64 << 10, manifest_bytes: 4 << 10 }
            },
            requests: Setting::Requests.absent() as u16,
            idle: Span::millis(Setting::IdleMillis.absent()),
        }
    }
}

/// What `ours` and `theirs` make together under the major version in use, or what is wrong with `theirs`.
///
/// The version is judged after the fact: ALPN chose it in the handshake, but a client that tries again with less after a failure can be driven down
/// by whoever causes failures. Since each side lists all its versions, the lower one is noticed (the idea of RFC 7507).
pub fn agree(major_bit: u64, ours: &Settings, theirs: &Settings) -> Result<Agreed, Violation> {
    theirs.check()?;
    let common = ours.get(Setting::Majors) & theirs.get(Setting::Majors);
    if common & major_bit == 0 && !Breach::IgnoreMajors.is_on() {
        return Err(Violation::VersionUnknown);
    }
    if common > (major_bit << 1) - 1 {
        return Err(Violation::VersionLower);
    }
    let side = |settings: &Settings| {
        let needs = Capabilities(settings.get(Setting::Needs));
        (Capabilities(settings.get(Setting::Capabilities)), needs)
    };
    let ((our, our_needs), (their, their_needs)) = (side(ours), side(theirs));
    if (!their.has(our_needs) || !our.has(their_needs)) && !Breach::GoOnWithoutNeeded.is_on() {
        return Err(Violation::CapabilityMissing);
    }
    let lower = |setting| ours.get(setting).min(theirs.get(setting));
    Ok(Agreed {
        minor: if Breach::TakeHigherMinor.is_on() { theirs.get(Setting::Minor) as u32 } else { lower(Setting::Minor) as u32 },
        capabilities: Capabilities(our.0 & their.0),
        roles: Roles(theirs.get(Setting::Roles) as u8),
        limits: FrameLimits {
            chunk_bytes: theirs.get(Setting::ChunkBytes) as u32,
            manifest_bytes: theirs.get(Setting::ManifestBytes) as u32,
        },
        requests: theirs.get(Setting::Requests).min(REQUESTS_MAX as u64) as u16,
        idle: Span::millis(lower(Setting::IdleMillis)),
    })
}

/// The capability that a frame needs, if any.
pub const fn needed_for(kind: Kind) -> Capabilities {
    match kind {
        Kind::Put | Kind::Ack => Capabilities::PUT,
        Kind::Purge | Kind::Purged => Capabilities::PURGE,
        Kind::Ping | Kind::Pong => Capabilities::PROBES,
        Kind::Location | Kind::Route => Capabilities::ROUTES,
        _ => Capabilities(0),
    }
}
