//! From values to what the parts of layer 1 are made with.

use super::{Effective, Key};
use crate::base::Span;
use crate::stoq::cache::policy::Kind;
use crate::stoq::cache::{Admission, Config as CacheConfig};
use crate::stoq::certs::{Policy, Trusted, keeper};
use crate::stoq::chunk::{CHUNK_LEN_MAX, Profile};
use crate::stoq::node;
use crate::stoq::session::frame::Name;
use crate::stoq::session::{self, Capabilities, Roles, Setting, Settings};
use crate::stoq::transfer;
use std::sync::Arc;

/// The policies of the cache, in the order of [`super::table::POLICIES`].
pub(super) const KINDS: [Kind; 6] = [Kind::Fifo, Kind::Lru, Kind::Sieve, Kind::S3Fifo, Kind::WTinyLfu, Kind::Adaptive];

impl Effective {
    const fn span(&self, key: Key) -> Span {
        Span(self.get(key))
    }

    const fn count(&self, key: Key) -> u32 {
        // The bounds of every count fit.
        self.get(key) as u32
    }

    /// Sessions of a node that plays `roles` and has `capabilities`; whether it takes early data is one of the values.
    pub fn session(&self, roles: Roles, capabilities: Capabilities) -> session::Config {
        let early = Capabilities::EARLY;
        let capabilities = if self.get(Key::QuicEarlyData) == 1 { capabilities.with(early) } else { capabilities.without(early) };
        session::Config {
            settings: Settings::new(capabilities, roles)
                .with(Setting::Requests, self.get(Key::SessionRequests))
                .with(Setting::IdleMillis, self.get(Key::SessionIdle) / 1_000_000),
            agree_within: self.span(Key::SessionAgreeWithin),
            leave_within: self.span(Key::SessionLeaveWithin),
            stall_after: self.span(Key::SessionStallAfter),
            waste_burst: self.count(Key::SessionWasteBurst),
            waste_per_sec: self.count(Key::SessionWasteRate),
            told_per_sec: self.count(Key::SessionToldRate),
            grease: self.get(Key::SessionGrease) == 1,
        }
    }

    /// The cache of a node. The seed of its hashes is one that peers do not know.
    pub fn cache(&self, seed: u64) -> CacheConfig {
        let policy = KINDS[self.get(Key::CachePolicy) as usize];
        CacheConfig {
            memory_bytes: self.get(Key::CacheMemory),
            disk_bytes: self.get(Key::CacheDisk),
            memory_policy: policy,
            disk_policy: policy,
            disk_admission: match self.count(Key::CacheAdmitAfter) {
                0 => Admission::Always,
                times => Admission::Asked(times),
            },
            stale_max: self.span(Key::CacheStaleMax),
            negative_max: self.span(Key::CacheNegativeMax),
            fetches_max: self.get(Key::CacheFetches) as usize,
            durable_purges: self.get(Key::CacheDurablePurges) == 1,
            seed,
            ..CacheConfig::default()
        }
    }

    /// How objects are cut.
    pub const fn chunks(&self) -> Profile {
        Profile::ALL[self.get(Key::ChunkProfile) as usize]
    }

    /// One transfer of a node: its window holds as many of the longest chunks as may be under way.
    pub fn transfer(&self) -> transfer::Config {
        let chunks = self.get(Key::TransferChunksInFlight);
        transfer::Config {
            sources_max: self.get(Key::TransferSources) as usize,
            chunks_max: chunks as usize,
            window_bytes: chunks * u64::from(CHUNK_LEN_MAX),
            chunk_within: self.span(Key::TransferChunkWithin),
            defect: None,
        }
    }

    /// A node that plays `roles` under `servers`. What an origin lets others use its names for, and the lease, stay as they are by default.
    pub fn node(&self, roles: Roles, servers: Box<[node::Server]>, seed: u64) -> node::Config {
        let keeps = roles.has(Roles::EDGE) || roles.has(Roles::REGIONAL);
        // Half of what QUIC keeps of a connection is read ahead of it.
        let ahead = (self.get(Key::QuicSendWindow) / 2).clamp(64 << 10, 64 << 20) as u32;
        node::Config {
            roles,
            session: Arc::new(self.session(roles, Capabilities::ALL)),
            cache: keeps.then(|| self.cache(seed)),
            transfer: self.transfer(),
            servers,
            send_ahead_bytes: ahead,
            ..node::Config::default()
        }
    }

    /// What a node demands of certificates.
    pub fn certificates(&self, trusted: Vec<Trusted>) -> Policy {
        Policy {
            trusted,
            clock_error: self.span(Key::CertsClockError),
            revocation_bound: self.span(Key::CertsRevocationBound),
            peers_max: self.count(Key::QuicConnections),
            ..Policy::default()
        }
    }

    /// A node's own certificates.
    pub fn keeper(&self, name: Name, roles: Roles) -> keeper::Config {
        let life = self.span(Key::CertsLife);
        keeper::Config {
            name,
            roles,
            life,
            overlap: self.span(Key::CertsOverlap),
            answer_within: Span((life.0 / 16).clamp(100_000_000, 30_000_000_000)),
            retry_after: Span((life.0 / 256).clamp(10_000_000, 1_000_000_000)),
        }
    }
}
