//! What the applications on the nodes do.

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
        }
    }

    /// When it starts.
    pub const fn at(&self) -> &At<Duration> {
        match self {
            Self::Broadcast(load) => &load.at,
            Self::Tokens(load) => &load.at,
        }
    }
}
