//! Where nodes can be and how datagrams travel.

use crate::read::{At, Content, Expects, FilePath, Node, Out, Reader, Shape, Table, choice, section};
use crate::units::{Bandwidth, Bytes, Count, DelayRange, Duration, Share, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

section! {
    /// Where nodes can be and how datagrams travel.
    pub struct Network, "`network`", "{paths: backbone, loss: 1%}" {
        /// Where the delays between places come from.
        paths: At<Paths> = "backbone",
        /// How many places there are, for `backbone`, `geography` and `uniform`: the largest metropolitan areas of the world, at most 2,000.
        cities: At<Count> = "300",
        /// How nodes are connected to their place: classes with their shares of the nodes, which add up to 100%.
        access: At<Table<Access>> = "{fibre: 50%, cable: 35%, mobile: 15%}",
        /// How delays vary.
        jitter: Jitter = "{}",
        /// Probability that a datagram is lost on its path, besides the losses of access links.
        loss: At<Share> = "0%",
        /// Probability that a datagram arrives twice.
        duplicate: At<Share> = "0%",
        /// Datagrams that are held back and may be overtaken. Without it, what one node sends to another arrives in order.
        reorder: Reorder = "{}",
        /// By how much the two directions of a path differ: with `10%` one direction takes up to a tenth longer, the other up to a tenth shorter.
        asymmetry: At<Share> = "0%",
        /// Bytes of headers charged for every datagram: IPv6 (40), UDP (8), and a QUIC short header with its authentication tag (29).
        overhead: At<Bytes> = "77B",
    }
}

choice! {
    /// Where the delays between places come from.
    pub enum Paths, "backbone, cloud, or {matrix: FILE}, {geography: {..}}, {uniform: DELAY}", "backbone" {
        words {
            /// Shortest paths over a map of the world's land and sea cables, between the largest metropolitan areas.
            "backbone" => Backbone,
            /// Round-trip times measured between 33 cloud regions; the places are these regions.
            "cloud" => Cloud,
        }
        parts {
            /// Your own matrix, a CSV file of round-trip times in milliseconds. A table: the first row names the places after its first cell, each further
            /// row is a place and its times to them; columns `region`, `lat`, `lon` and `population` right after the first are optional. Or a list: columns
            /// `from`, `to`, `rtt`.
            "matrix" => Matrix(At<FilePath>),
            /// The great-circle distance, at a fixed speed.
            "geography" => Geography(Geography),
            /// One-way delays drawn evenly from a range (`1ms..10ms`), one for each pair of places; or the same delay for all (`5ms`). For benches.
            "uniform" => Uniform(At<DelayRange>),
        }
    }
}

section! {
    /// Delays by distance: one way they are `base` plus the great-circle distance times `per_1000km`.
    pub struct Geography, "`geography`", "{per_1000km: 8.7ms, base: 5ms}" {
        /// One-way delay per 1,000 km. Light in fibre takes 4.9 ms; the usual detours make about 8.7 ms of it.
        per_1000km: At<Duration> = "8.7ms",
        /// One-way delay added to every path.
        base: At<Duration> = "5ms",
    }
}

section! {
    /// How a node is connected to its place. Of a built-in class (`fibre`, `cable`, `dsl`, `mobile`, `satellite`, `datacenter`, `ideal`) every value can be
    /// changed; of any other name all but `queue` and `loss` must be given.
    pub struct Access, "an access class", "60%", shorthand "share" {
        /// Share of the nodes that have it.
        share: At<Share>,
        /// Bandwidth towards the node, or `unlimited`.
        down: Option<At<Limit<Bandwidth>>>,
        /// Bandwidth towards the network, or `unlimited`.
        up: Option<At<Limit<Bandwidth>>>,
        /// Bytes that wait in either direction before what arrives is dropped, or `unlimited`.
        queue: Option<At<Limit<Bytes>>>,
        /// One-way delay between the node and its place.
        last_mile: Option<At<Duration>>,
        /// Probability that a datagram is lost here, each way.
        loss: Option<At<Share>>,
    }
}

section! {
    /// How delays vary. Within one pair of nodes the extra delay changes smoothly, so it never reorders.
    pub struct Jitter, "`jitter`", "{share: 5%, floor: 500us}" {
        /// Largest extra delay, as a share of the path's delay.
        share: At<Share> = "5%",
        /// Largest extra delay on top of that.
        floor: At<Duration> = "500us",
        /// Time over which the extra delay changes.
        period: At<Duration> = "1s",
    }
}

section! {
    /// Datagrams that are held back and may be overtaken.
    pub struct Reorder, "`reorder`", "{share: 0.1%, by: 10ms}" {
        /// Probability that a datagram is held back.
        share: At<Share> = "0%",
        /// How long it is held back at most.
        by: At<Duration> = "10ms",
    }
}

/// The values of an access class: built in, or as described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessClass {
    /// Bits a second towards the node; 0 is unlimited.
    pub down: Bandwidth,
    /// Bits a second towards the network; 0 is unlimited.
    pub up: Bandwidth,
    /// Bytes that wait in either direction; 0 is unlimited.
    pub queue: Bytes,
    /// One-way delay between the node and its place.
    pub last_mile: Duration,
    /// Probability of a loss, each way.
    pub loss: Share,
}

/// The built-in access classes: typical values of such links in the 2020s, rounded; a queue holds about 100 ms at the slower direction's bandwidth, up to 4 MiB.
/// As YAML, in the order down, up, queue, last_mile, loss.
const BUILT_IN: &[(&str, [&str; 5])] = &[
    ("fibre", ["500Mbit", "250Mbit", "2MiB", "1.5ms", "0.01%"]),
    ("cable", ["250Mbit", "25Mbit", "512KiB", "6ms", "0.05%"]),
    ("dsl", ["50Mbit", "10Mbit", "256KiB", "12ms", "0.1%"]),
    ("mobile", ["60Mbit", "15Mbit", "512KiB", "22ms", "0.5%"]),
    ("satellite", ["150Mbit", "15Mbit", "512KiB", "18ms", "0.5%"]),
    ("datacenter", ["10Gbit", "10Gbit", "4MiB", "100us", "0%"]),
    ("ideal", ["0bit", "0bit", "0B", "0s", "0%"]),
];

impl AccessClass {
    /// Names of the built-in classes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in class of that name.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, [down, up, queue, last_mile, loss]) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Self {
            down: Bandwidth::parse(down).ok()?,
            up: Bandwidth::parse(up).ok()?,
            queue: Bytes::parse(queue).ok()?,
            last_mile: Duration::parse(last_mile).ok()?,
            loss: Share::parse(loss).ok()?,
        })
    }
}

impl Access {
    /// The values of the class of this name, built-in ones changed by what is written here; `None` if the name is not built in and a value is missing.
    pub fn class(&self, name: &str) -> Option<AccessClass> {
        let base = AccessClass::built_in(name);
        Some(AccessClass {
            down: self.down.map(|v| v.get()).or(base.map(|b| b.down))?,
            up: self.up.map(|v| v.get()).or(base.map(|b| b.up))?,
            queue: self.queue.map(|v| v.get()).or(base.map(|b| b.queue)).unwrap_or_default(),
            last_mile: self.last_mile.map(|v| v.value).or(base.map(|b| b.last_mile))?,
            loss: self.loss.map(|v| v.value).or(base.map(|b| b.loss)).unwrap_or_default(),
        })
    }

    /// The same class with every value written out.
    pub fn spelled_out(&self, name: &str) -> Self {
        let Some(class) = self.class(name) else { return self.clone() };
        let at = self.share.at;
        Self {
            share: self.share,
            down: Some(At::new(Limit::from(class.down), at)),
            up: Some(At::new(Limit::from(class.up), at)),
            queue: Some(At::new(Limit::from(class.queue), at)),
            last_mile: Some(At::new(class.last_mile, at)),
            loss: Some(At::new(class.loss, at)),
        }
    }
}

/// A value, or `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit<T> {
    /// At most this.
    To(T),
    /// No limit.
    Unlimited,
}

impl<T: Unit + Copy> Limit<T> {
    /// The limit; zero stands for none.
    pub fn get(self) -> T {
        match self {
            Self::To(value) => value,
            Self::Unlimited => T::ZERO,
        }
    }
}

impl<T: Unit + Copy> From<T> for Limit<T> {
    /// The limit that [`Limit::get`] gives this value for.
    fn from(value: T) -> Self {
        if value == T::ZERO { Self::Unlimited } else { Self::To(value) }
    }
}

impl<T: Shape> Shape for Limit<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.content {
            Content::Scalar { text, .. } if text == "unlimited" => Some(Self::Unlimited),
            _ => T::read(node, reader).map(Self::To),
        }
    }

    fn placeholder() -> Self {
        Self::Unlimited
    }

    fn write(&self) -> Out {
        match self {
            Self::To(value) => value.write(),
            Self::Unlimited => Out::Text("unlimited".to_owned()),
        }
    }

    fn expects() -> Expects {
        let value = T::expects();
        Expects::new(format!("unlimited, or {}", value.what), value.example)
    }
}

impl<T: JsonSchema> JsonSchema for Limit<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("LimitOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "unlimited" }, generator.subschema_for::<T>()] })
    }
}
