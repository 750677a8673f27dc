//! Layer 1: what origins, regional and edge caches and clients can be set to, and the objects that are asked for.

use crate::plan;
use crate::read::{At, Text, section, words};
use crate::units::{Bytes, Count, Duration, Exponent};
use hypermesh_core::stoq::cache::policy::Kind;

section! {
    /// A cache of an edge or a regional.
    pub struct Cache, "`cache`", "{policy: s3-fifo, memory: 64MiB, disk: 1GiB}" {
        /// Which objects it keeps.
        policy: At<Policy> = "s3-fifo",
        /// Bytes in memory.
        memory: At<Bytes> = "64MiB",
        /// Bytes on disk.
        disk: At<Bytes> = "1GiB",
    }
}

section! {
    /// Certificates: one issuer, whom everybody reaches, gives each node the next one in time, and lists those that it revoked.
    pub struct Certs, "`certs`", "{life: 30s, renew: 20s, bound: 10s}" {
        /// How long a certificate lives.
        life: At<Duration> = "30s",
        /// How long after a certificate the next one is issued; the rest of its life both are good.
        renew: At<Duration> = "20s",
        /// How long after its revocation a certificate may still be accepted.
        bound: At<Duration> = "10s",
        /// How far clocks may be from the truth; the bound is more than four times as long.
        clock_error: At<Duration> = "500ms",
    }
}

words! {
    /// Which objects a cache keeps.
    pub enum Policy, "a cache policy" {
        /// What came last.
        "fifo" => Fifo,
        /// What was asked for last.
        "lru" => Lru,
        /// SIEVE (Zhang et al. 2024).
        "sieve" => Sieve,
        /// S3-FIFO (Yang et al. 2023).
        "s3-fifo" => S3Fifo,
        /// W-TinyLFU (Einziger, Friedman, Manes 2017).
        "w-tinylfu" => WTinyLfu,
        /// The best of all others, as it changes.
        "adaptive" => Adaptive,
    }
}

impl Policy {
    /// For the core.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Fifo => Kind::Fifo,
            Self::Lru => Kind::Lru,
            Self::Sieve => Kind::Sieve,
            Self::S3Fifo => Kind::S3Fifo,
            Self::WTinyLfu => Kind::WTinyLfu,
            Self::Adaptive => Kind::Adaptive,
        }
    }
}

section! {
    /// How a node of layer 1 works.
    pub struct Stoq, "`stoq`", "{servers: 3, routing: latency}" {
        /// The group above it. Without it, the nearest kind above that the scenario has: regionals for edges, edges for clients, origins at the top.
        above: Option<At<Text>>,
        /// How many nodes of that group it knows, the best first, 1 to 16.
        servers: At<Count> = "3",
        /// How these are chosen.
        routing: At<Routing> = "latency",
        /// How long an origin lets others answer for its names.
        max_age: At<Duration> = "60s",
        /// How long a connection that nobody needs is kept by a client.
        linger: At<Duration> = "2s",
        /// Peers at a time that it lets connect without having agreed with them on anything; more make it close the oldest of these.
        strangers: At<Count> = "4_096",
        /// Of origins: at how many of its group each object lies, 0 for all. When some of them are lost, the others restore the number.
        copies: At<Count> = "0",
        /// Whether it keeps to the rules.
        behaviour: At<Behaviour> = "honest",
    }
}

words! {
    /// How a node chooses those above it.
    pub enum Routing, "how servers are chosen" {
        /// By the measured delay between the places; among those that are about as near, each node has its own order.
        "latency" => Latency,
        /// By distance on the globe; among those that are about as near, each node has its own order.
        "geography" => Geography,
        /// By chance: what routing is measured against.
        "random" => Random,
    }
}

words! {
    /// Whether a node keeps to the rules.
    pub enum Behaviour, "how a node behaves" {
        /// It does.
        "honest" => Honest,
        /// It tells the truth about names, and changes a bit of every chunk that it sends.
        "poison" => Poison,
        /// Of publishers: once a version is acknowledged, it publishes another object under the same name and version.
        "equivocate" => Equivocate,
        /// Of clients: instead of asking for an object it opens connections, a hundred for each request, and says nothing on them.
        "flood" => Flood,
    }
}

impl Routing {
    /// For the plan.
    pub const fn rule(self) -> plan::Routing {
        match self {
            Self::Latency => plan::Routing::Latency,
            Self::Geography => plan::Routing::Geography,
            Self::Random => plan::Routing::Random,
        }
    }
}

section! {
    /// Objects, and how often each is asked for.
    pub struct Objects, "`objects`", "{items: 1_000, zipf: 0.9, size: 64KiB, spread: 1}" {
        /// How many objects there are.
        items: At<Count> = "1",
        /// How unequal their popularity is: the n-th is asked for in proportion to n to the minus this power (Zipf); 0 makes all equal.
        zipf: At<Exponent> = "0.9",
        /// Median of their sizes.
        size: At<Bytes> = "64KiB",
        /// How unequal their sizes are: the standard deviation of the logarithm of the size (log-normal); 0 makes all equal.
        spread: At<Exponent> = "0",
    }
}
