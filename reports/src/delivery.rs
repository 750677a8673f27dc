//! What a run of layer 1 teaches about the delivery of contents: hits by tier, what the origins were spared, how long each stage of a fetch took in each
//! region, bytes by layer, and who chose whom.
//!
//! Everything is computed from the stored tables. A run without layer 1 has none of it.

use crate::dist::Dist;
use crate::run::Run;
use hypermesh_core::node::Level;
use serde::Serialize;
use std::collections::BTreeMap;

/// The stages of a fetch in their order, each with its metric and what it is from and to. Their times add up to `fetch.latency`.
pub const STAGES: [(&str, &str); 4] =
    [("connect", "fetch.connect"), ("look up", "fetch.lookup"), ("first byte", "fetch.first_byte"), ("rest", "fetch.rest")];

/// The layers of bytes from the application down, each with its metric.
pub const LAYERS: [(&str, &str, &str); 5] = [
    ("contents", "bytes.content", "chunks and manifests, sent for the first time"),
    ("STOQ frames", "bytes.frames", "requests, answers' heads, settings, sent for the first time"),
    ("sent again", "bytes.again", "streams' bytes that were held for lost"),
    ("QUIC", "bytes.quic", "handshakes, packet headers, acknowledgements, probes, tags of the cipher"),
    ("UDP and below", "bytes.headers", "headers of UDP, IP and the link, for each packet"),
];

/// Roles from the clients up to the origins; others come last.
const ROLES: [&str; 3] = ["edge", "regional", "origin"];

/// Whether a run is one of layer 1.
pub fn is_delivery(run: &Run) -> bool {
    run.manifest.plan.groups.iter().any(|group| group.protocols.iter().any(|protocol| protocol == "STOQ"))
}

/// Contents and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    const fn add(&mut self, count: u64, bytes: u64) {
        self.count += count;
        self.bytes += bytes;
    }
}

/// What the nodes of a group served, and from where they had it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tier {
    /// The group.
    pub group: String,
    /// Its role.
    pub role: String,
    /// Contents and manifests from memory.
    pub memory: Amount,
    /// From disk.
    pub disk: Amount,
    /// As the node above gave them; those who waited for the same answer each count.
    pub above: Amount,
    /// From an origin's store.
    pub store: Amount,
    /// What names led to, from memory or disk.
    pub names_held: u64,
    /// What names led to, all.
    pub names: u64,
    /// Contents and manifests that came to the group from the nodes above it.
    pub came: Amount,
}

impl Tier {
    /// All contents and manifests that it served.
    pub const fn served(&self) -> Amount {
        Amount {
            count: self.memory.count + self.disk.count + self.above.count + self.store.count,
            bytes: self.memory.bytes + self.disk.bytes + self.above.bytes + self.store.bytes,
        }
    }

    /// The share that it had itself, of all that it served; none for origins, which have everything, and where nothing was served.
    pub fn hit_ratio(&self) -> Option<f64> {
        let held = self.memory.count + self.disk.count;
        let all = held + self.above.count;
        (all > 0).then(|| held as f64 / all as f64)
    }

    /// The same of bytes.
    pub fn byte_hit_ratio(&self) -> Option<f64> {
        let held = self.memory.bytes + self.disk.bytes;
        let all = held + self.above.bytes;
        (all > 0).then(|| held as f64 / all as f64)
    }
}

fn role_rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).unwrap_or(ROLES.len())
}

/// The groups that served anything, from the edges up to the origins.
pub fn tiers(run: &Run) -> Vec<Tier> {
    let groups = &run.manifest.plan.groups;
    let mut all: Vec<Tier> =
        groups.iter().map(|group| Tier { group: group.name.clone(), role: group.role.clone(), ..Tier::default() }).collect();
    for row in &run.serving {
        let Some(tier) = all.get_mut(usize::from(row.group)) else { continue };
        if row.named {
            tier.names += row.count;
            tier.names_held += if matches!(row.level, Level::Memory | Level::Disk | Level::Store) { row.count } else { 0 };
            continue;
        }
        let part = match row.level {
            Level::Memory => &mut tier.memory,
            Level::Disk => &mut tier.disk,
            Level::Upstream => &mut tier.above,
            Level::Store => &mut tier.store,
        };
        part.add(row.count, row.bytes);
    }
    for row in &run.routes {
        if let Some(tier) = all.get_mut(usize::from(row.group)) {
            tier.came.add(row.contents, row.bytes);
        }
    }
    all.retain(|tier| tier.served().count > 0 || tier.names > 0);
    all.sort_by_key(|tier| role_rank(&tier.role));
    all
}

/// What the caches spared the origins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Offload {
    /// Bytes of contents and manifests that came to clients.
    pub taken: u64,
    /// Those that origins served, to whomever.
    pub origin: u64,
}

impl Offload {
    /// The share of the clients' bytes that no origin had to serve.
    pub fn share(&self) -> f64 {
        1.0 - self.origin as f64 / self.taken.max(1) as f64
    }
}

/// What the caches spared the origins; none without clients that took something.
pub fn offload(run: &Run) -> Option<Offload> {
    let is = |group: u16, role: &str| run.manifest.plan.groups.get(usize::from(group)).is_some_and(|group| group.role == role);
    let taken: u64 = run.routes.iter().filter(|row| is(row.group, "client")).map(|row| row.bytes).sum();
    let served = run.serving.iter().filter(|row| !row.named && is(row.group, "origin"));
    (taken > 0).then(|| Offload { taken, origin: served.map(|row| row.bytes).sum() })
}

/// How long fetches took in a region: the whole, then each of [`STAGES`].
#[derive(Clone, Debug, PartialEq)]
pub struct RegionFetches {
    /// The region of the clients; none for all together.
    pub region: Option<String>,
    /// From the intended moment to the last byte.
    pub whole: Dist,
    /// The stages.
    pub stages: [Dist; 4],
}

/// Fetches of all regions together over the whole run, then of each region with fetches from the warm-up on, those with the most first.
pub fn fetches(run: &Run) -> Vec<RegionFetches> {
    let Some(whole) = run.whole("fetch.latency") else { return Vec::new() };
    let all = RegionFetches { region: None, whole, stages: STAGES.map(|(_, metric)| run.whole(metric).unwrap_or_default()) };
    let of = |metric: &str, index: usize| {
        run.series.samples.get(metric).and_then(|samples| samples.by_region.get(index)).cloned().unwrap_or_default()
    };
    let region = |(index, name): (usize, &String)| RegionFetches {
        region: Some(name.clone()),
        whole: of("fetch.latency", index),
        stages: STAGES.map(|(_, metric)| of(metric, index)),
    };
    let mut regions: Vec<_> = run.manifest.regions.iter().enumerate().map(region).filter(|row| !row.whole.is_empty()).collect();
    regions.sort_by_key(|row| std::cmp::Reverse(row.whole.count()));
    std::iter::once(all).chain(regions).collect()
}

/// Bytes on all wires, by layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layers {
    /// Bytes of each of [`LAYERS`].
    pub bytes: [u64; 5],
    /// What nodes sent in all, copies by the network included.
    pub wires: u64,
    /// Bytes of the objects that applications got.
    pub objects: u64,
}

impl Layers {
    /// Bytes of the layers together.
    pub fn sum(&self) -> u64 {
        self.bytes.iter().sum()
    }
}

/// Bytes by layer; none where they were not recorded.
pub fn layers(run: &Run) -> Option<Layers> {
    let bytes = LAYERS.map(|(_, metric, _)| run.counter(metric));
    let layers = Layers { bytes, wires: run.counter("net.bytes"), objects: run.counter("fetch.bytes") };
    (layers.sum() > 0).then_some(layers)
}

/// What clients of one region took from servers of one region.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Choice {
    /// Region of the clients, an index in the regions of the run.
    pub region: u16,
    /// Region of the servers.
    pub to_region: u16,
    /// Connections that the clients opened there.
    pub connections: u64,
    /// Contents and manifests that came from there.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The share of all that clients of that region took.
    pub share: f64,
}

/// Where clients went: the pairs of regions, those with the most bytes first.
pub fn choices(run: &Run) -> Vec<Choice> {
    let is_client = |group: u16| run.manifest.plan.groups.get(usize::from(group)).is_some_and(|group| group.role == "client");
    let mut pairs: BTreeMap<(u16, u16), Choice> = BTreeMap::new();
    let mut taken: BTreeMap<u16, u64> = BTreeMap::new();
    for row in run.routes.iter().filter(|row| is_client(row.group)) {
        let pair = pairs.entry((row.region, row.to_region)).or_default();
        (pair.region, pair.to_region) = (row.region, row.to_region);
        pair.connections += row.connections;
        pair.contents += row.contents;
        pair.bytes += row.bytes;
        *taken.entry(row.region).or_default() += row.bytes;
    }
    let mut all: Vec<Choice> = pairs.into_values().collect();
    for choice in &mut all {
        choice.share = choice.bytes as f64 / taken[&choice.region].max(1) as f64;
    }
    all.sort_by_key(|choice| (std::cmp::Reverse(choice.bytes), choice.region, choice.to_region));
    all
}
