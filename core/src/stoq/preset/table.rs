//! Every value that can be set about layer 1: name, unit, default, what each preset makes of it, bounds, meaning.

use super::unit::Unit;

/// One value.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name, in the configuration file and on the command line.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What holds if nobody says anything.
    pub default: u64,
    /// What each preset makes of it, by the number of the preset; none leaves the default.
    pub presets: [Option<u64>; 5],
    /// The lowest value.
    pub low: u64,
    /// The highest value.
    pub high: u64,
    /// What it means.
    pub about: &'static str,
}

/// One value: its key, name, unit, default, presets in the order throughput, latency, small-memory, edge, origin (`_` leaves the default), bounds.
macro_rules! values {
    ($($(#[doc = $doc:literal])+ $key:ident $name:literal $unit:expr, $default:expr, [$($preset:tt),+], $low:expr, $high:expr;)+) => {
        /// The values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Key {
            $($(#[doc = $doc])+ $key,)+
        }

        impl Key {
            /// Every value, in the order in which they are printed.
            pub const ALL: &'static [Self] = &[$(Self::$key),+];

            /// What is known of it.
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$key => &Row {
                        name: $name,
                        unit: $unit,
                        default: $default,
                        presets: [$(values!(@preset $preset)),+],
                        low: $low,
                        high: $high,
                        about: concat!($($doc),+),
                    },)+
                }
            }
        }
    };
    (@preset _) => { None };
    (@preset $value:tt) => { Some($value) };
}

impl Key {
    /// The value of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.row().name == name)
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;
const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
const H: u64 = 3_600 * S;

/// Policies of the cache, in the order of `cache::policy::Kind`.
pub const POLICIES: &[&str] = &["fifo", "lru", "sieve", "s3-fifo", "w-tinylfu", "adaptive"];
/// Profiles of the chunker, in the order of `chunk::Profile`.
pub const PROFILES: &[&str] = &["small", "standard", "large"];
/// Congestion controllers.
pub const CONTROLLERS: &[&str] = &["cubic", "bbr", "new-reno"];

values! {
    /// Requests that a peer may have open at a time.
    SessionRequests "session.requests" Unit::Count, 256, [512, _, 16, 1024, 1024], 1, 4096;
    /// How long two sides may take to agree.
    SessionAgreeWithin "session.agree-within" Unit::Time, 5 * S, [_, (2 * S), (10 * S), _, _], S, 60 * S;
    /// How long running exchanges may take once the node leaves.
    SessionLeaveWithin "session.leave-within" Unit::Time, 30 * S, [_, _, _, _, (60 * S)], S, 600 * S;
    /// How long an exchange may go without progress.
    SessionStallAfter "session.stall-after" Unit::Time, 20 * S, [_, (5 * S), _, (10 * S), _], S, 600 * S;
    /// How long a silent connection is left open.
    SessionIdle "session.idle" Unit::Time, 30 * S, [_, (120 * S), (15 * S), _, _], S, 600 * S;
    /// Requests given up before an answer has begun that are borne at once.
    SessionWasteBurst "session.waste-burst" Unit::Count, 256, [_, _, 64, _, _], 16, 65_536;
    /// The same per second.
    SessionWasteRate "session.waste-rate" Unit::Count, 64, [_, _, 16, _, _], 1, 65_536;
    /// Probes answered, and claims heard, per second and peer.
    SessionToldRate "session.told-rate" Unit::Count, 32, [_, _, 8, _, _], 1, 1024;
    /// Whether code points without meaning are sent.
    SessionGrease "session.grease" Unit::Switch, 1, [_, _, _, _, _], 0, 1;
    /// Receive window of a stream.
    QuicStreamWindow "quic.stream-window" Unit::Bytes, 4 * MIB, [(16 * MIB), (2 * MIB), (128 * KIB), _, _], 64 * KIB, GIB;
    /// Receive window of a connection.
    QuicConnectionWindow "quic.connection-window" Unit::Bytes, 16 * MIB, [(64 * MIB), (8 * MIB), (512 * KIB), (8 * MIB), _], 64 * KIB, 4 * GIB;
    /// Bytes sent and not acknowledged that a connection keeps.
    QuicSendWindow "quic.send-window" Unit::Bytes, 8 * MIB, [(64 * MIB), (2 * MIB), (256 * KIB), _, (32 * MIB)], 64 * KIB, 4 * GIB;
    /// Congestion control.
    QuicCongestion "quic.congestion" Unit::Choice(CONTROLLERS), 0, [_, 1, _, _, _], 0, 2;
    /// Largest UDP payload that path-MTU discovery tries.
    QuicMtu "quic.mtu" Unit::Bytes, 1452, [8952, _, _, _, _], 1200, 65_527;
    /// Whether the kernel cuts large sends into datagrams (UDP segmentation offload).
    QuicGso "quic.gso" Unit::Switch, 1, [_, 0, _, _, _], 0, 1;
    /// Whether requests are taken in early data.
    QuicEarlyData "quic.early-data" Unit::Switch, 1, [_, _, _, _, 0], 0, 1;
    /// Connections at a time.
    QuicConnections "quic.connections" Unit::Count, 10_000, [1000, _, 64, 100_000, 10_000], 1, 1_000_000;
    /// How objects are cut.
    ChunkProfile "chunk.profile" Unit::Choice(PROFILES), 1, [2, 0, 0, _, _], 0, 2;
    /// Bytes that the index of known chunks may take.
    ChunkIndexBytes "chunk.index-bytes" Unit::Bytes, 64 * MIB, [_, _, (2 * MIB), _, GIB], 64 * KIB, 64 * GIB;
    /// Sources that one transfer uses at a time.
    TransferSources "transfer.sources" Unit::Count, 3, [8, 2, 1, _, _], 1, 64;
    /// Chunks under way in one transfer.
    TransferChunksInFlight "transfer.chunks-in-flight" Unit::Count, 16, [64, 8, 2, 32, 32], 1, 1024;
    /// How long a chunk is waited for before another source is asked.
    TransferChunkWithin "transfer.chunk-within" Unit::Time, 5 * S, [(10 * S), S, (10 * S), (2 * S), _], 10 * MS, 60 * S;
    /// Room of the cache in memory.
    CacheMemory "cache.memory" Unit::Bytes, 256 * MIB, [GIB, (512 * MIB), (16 * MIB), (4 * GIB), GIB], MIB, 16 * TIB;
    /// Room of the cache on disk.
    CacheDisk "cache.disk" Unit::Bytes, 0, [_, _, _, (256 * GIB), TIB], 0, 1024 * TIB;
    /// What leaves the memory first.
    CachePolicy "cache.policy" Unit::Choice(POLICIES), 3, [_, _, 2, 5, 1], 0, 5;
    /// How often something is asked for before it goes to disk.
    CacheAdmitAfter "cache.admit-after" Unit::Count, 2, [_, _, _, _, 0], 0, 100;
    /// The longest that anything stale is served.
    CacheStaleMax "cache.stale-max" Unit::Time, 24 * H, [_, _, _, _, 0], 0, 7 * 24 * H;
    /// The longest that the absence of an object is believed.
    CacheNegativeMax "cache.negative-max" Unit::Time, 60 * S, [_, (5 * S), _, _, 0], 0, 300 * S;
    /// Fetches from above under way at a time.
    CacheFetches "cache.fetches" Unit::Count, 4096, [_, _, 32, _, _], 1, 1 << 20;
    /// Whether a purge is acknowledged only when it would survive a crash.
    CacheDurablePurges "cache.durable-purges" Unit::Switch, 0, [_, _, _, 1, 1], 0, 1;
    /// Life of a certificate.
    CertsLife "certs.life" Unit::Time, 24 * H, [_, _, (72 * H), _, _], S, 7 * 24 * H;
    /// How long the certificate before stays in use.
    CertsOverlap "certs.overlap" Unit::Time, 60 * S, [_, _, _, _, _], 10 * MS, 24 * H;
    /// How long a revoked certificate may be accepted at most.
    CertsRevocationBound "certs.revocation-bound" Unit::Time, 60 * S, [_, _, (600 * S), _, _], 100 * MS, 24 * H;
    /// How far a clock may be from the truth.
    CertsClockError "certs.clock-error" Unit::Time, 5 * S, [_, _, (30 * S), _, _], MS, H;
    /// Copies that are kept of an object.
    ReplicationCopies "replication.copies" Unit::Count, 1, [_, _, _, _, 3], 1, 64;
    /// Data shards of an erasure group; none for whole copies.
    ReplicationDataShards "replication.data-shards" Unit::Count, 0, [_, _, _, _, _], 0, 64;
    /// Parity shards of an erasure group.
    ReplicationParityShards "replication.parity-shards" Unit::Count, 0, [_, _, _, _, _], 0, 64;
}
