//! What the applications on the nodes do.

use super::stoq::Objects;
use crate::read::{At, Text, choice, section, words};
use crate::units::{Bytes, Count, Duration, Rate};

choice! {
    /// What the applications on some nodes do. The load is open: what is to start at a time starts then, whatever became of what started before, and
    /// latency counts from that time.
    pub enum Load, "a load", "broadcast: {from: peer, rate: 1/s, size: 1KiB}" {
        parts {
            /// Messages to everybody, each from a member of the group drawn at random.
            "broadcast" => Broadcast(Broadcast),
            /// Tokens that wander from node to node.
            "tokens" => Tokens(Tokens),
            /// Objects asked for by name, each by a member of the group drawn at random.
            "requests" => Requests(Requests),
            /// Many members asking for the same few objects within a short time.
            "flash_crowd" => FlashCrowd(FlashCrowd),
            /// New versions of objects that others ask for, each published by a member of the group drawn at random.
            "revisions" => Revisions(Revisions),
        }
    }
}

section! {
    /// Messages to everybody, each from a member of the group drawn at random among those that are meant to be up. Without `rate` and `every` there is one.
    pub struct Broadcast, "`broadcast`", "{from: peer, at: 30s, rate: 1/s, count: 10, size: 1KiB}" {
        /// The group whose members send them.
        from: At<Text>,
        /// When the first is sent.
        at: At<Duration> = "0s",
        /// How often they are sent, on average. Excludes `every`.
        rate: Option<At<Rate>>,
        /// The time from one to the next, on average. Excludes `rate`.
        every: Option<At<Duration>>,
        /// How many are sent. Excludes `for`.
        count: Option<At<Count>>,
        /// For how long they are sent; without it and `count`, until the run ends. Excludes `count`.
        lasts as "for": Option<At<Duration>>,
        /// Size of the content.
        size: At<Bytes> = "1KiB",
        /// How they are spread over time.
        arrivals: At<Arrivals> = "even",
    }
}

section! {
    /// Objects asked for by name, each by a member of the group drawn at random among those that are meant to be up. Without `rate` and `every` there is
    /// one request.
    pub struct Requests, "`requests`", "{from: client, rate: 100/s, objects: {items: 1_000, zipf: 0.9}}" {
        /// The group whose members ask.
        from: At<Text>,
        /// When the first asks.
        at: At<Duration> = "0s",
        /// How often they ask, on average, all together. Excludes `every`.
        rate: Option<At<Rate>>,
        /// The time from one to the next, on average. Excludes `rate`.
        every: Option<At<Duration>>,
        /// How many ask. Excludes `for`.
        count: Option<At<Count>>,
        /// For how long they ask; without it and `count`, until the run ends. Excludes `count`.
        lasts as "for": Option<At<Duration>>,
        /// How they are spread over time.
        arrivals: At<Arrivals> = "poisson",
        /// What they ask for.
        objects: Objects = "{}",
    }
}

section! {
    /// A flash crowd: members of a group ask for the same few objects within a short time. Up to as many requests as the group has members, each asks
    /// once; beyond that they ask in turn.
    pub struct FlashCrowd, "`flash_crowd`", "{from: client, at: 10s, ramp: 5s, hold: 10s, requests: 100_000}" {
        /// The group whose members ask.
        from: At<Text>,
        /// When it begins.
        at: At<Duration> = "0s",
        /// How long the rate grows.
        ramp: At<Duration> = "5s",
        /// How long it stays at its highest after that.
        hold: At<Duration> = "10s",
        /// How many requests there are.
        requests: At<Count>,
        /// What they ask for.
        objects: Objects = "{}",
    }
}

section! {
    /// New versions of objects that others ask for, drawn evenly among all. Each is stored at the origin; when that is acknowledged, all versions before it
    /// are purged. What fails is tried again until it is acknowledged. There can be one origin only. Without `rate` and `every` there is one revision.
    pub struct Revisions, "`revisions`", "{from: publisher, rate: 1/s, for: 30s}" {
        /// The group whose members publish.
        from: At<Text>,
        /// When the first is published.
        at: At<Duration> = "0s",
        /// How often they publish, on average, all together. Excludes `every`.
        rate: Option<At<Rate>>,
        /// The time from one to the next, on average. Excludes `rate`.
        every: Option<At<Duration>>,
        /// How many are published. Excludes `for`.
        count: Option<At<Count>>,
        /// For how long they publish; without it and `count`, until the run ends. Excludes `count`.
        lasts as "for": Option<At<Duration>>,
        /// How they are spread over time.
        arrivals: At<Arrivals> = "poisson",
    }
}

words! {
    /// How starts are spread over time.
    pub enum Arrivals, "how starts are spread over time" {
        /// The same time from each to the next.
        "even" => Even,
        /// Independently of each other: the times between them are exponentially distributed.
        "poisson" => Poisson,
    }
}

section! {
    /// Tokens that wander from node to node until the run ends.
    pub struct Tokens, "`tokens`", "{from: holder, per_node: 1}" {
        /// The group whose members start with them.
        from: At<Text>,
        /// How many each member starts with.
        per_node: At<Count> = "1",
        /// Size of a token's content.
        size: At<Bytes> = "64B",
        /// When they start.
        at: At<Duration> = "0s",
    }
}

impl Load {
    /// The group that it comes from.
    pub const fn from(&self) -> &At<Text> {
        match self {
            Self::Broadcast(load) => &load.from,
            Self::Tokens(load) => &load.from,
            Self::Requests(load) => &load.from,
            Self::FlashCrowd(load) => &load.from,
            Self::Revisions(load) => &load.from,
        }
    }

    /// When it starts.
    pub const fn at(&self) -> &At<Duration> {
        match self {
            Self::Broadcast(load) => &load.at,
            Self::Tokens(load) => &load.at,
            Self::Requests(load) => &load.at,
            Self::FlashCrowd(load) => &load.at,
            Self::Revisions(load) => &load.at,
        }
    }
}
