//! Every rule of the wires: from a datagram that a node sends to a verdict, pass it on after a while or drop it for a named reason.
//!
//! ```text
//! sender ─▶ uplink (queue, serialisation) ─▶ path (delay, jitter, loss, faults) ─▶ downlink (queue) ─▶ receiver
//! ```
//! A link is a pipe: datagrams of a pair arrive in the order in which they were sent unless reordering is asked for. The uplink is store and forward;
//! the downlink cuts through: it hands a datagram on when it reaches an idle link, and is then busy for its serialisation time. What happens to a
//! datagram is a hash of the seed, its sender and its sequence number, so no generator is stored and no datagram changes the fate of another.

pub mod access;
pub mod jitter;
mod spells;
#[cfg(test)]
mod tests;

use access::Rates;
use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{NodeId, SeedKey};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::plan::{Plan, WireFaultKind};
use hypermesh_scenarios::trace::Fate;
use jitter::Wobble;
use spells::{Act, Spells};

/// One end of a path.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The node.
    pub id: NodeId,
    /// Its place.
    pub place: u16,
    /// Its access class.
    pub access: u8,
}

/// What becomes of a datagram that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It reaches the receiver's downlink.
    Deliver {
        /// When, in ns.
        at: u64,
        /// When a copy of it does, if the network made one.
        copy: Option<u64>,
    },
    /// It is gone.
    Drop(Fate),
}

/// The wires of a world.
#[derive(Debug)]
pub struct Wires {
    salt: u64,
    places: usize,
    one_way_ns: Vec<u32>,
    region: Vec<u16>,
    rates: Vec<Rates>,
    /// Loss of path and both accesses together, per pair of classes.
    loss: Vec<u64>,
    wobble: Wobble,
    duplicate: u64,
    reorder: u64,
    reorder_by: u64,
    overhead: u32,
    regions: usize,
    /// Whether the plan has wire faults at all.
    faulty: bool,
    spells: Spells,
    defect: Option<Defect>,
}

/// A probability as a threshold on 64 uniform bits.
fn threshold(p: f64) -> u64 {
    if p >= 1.0 { u64::MAX } else { (p.max(0.0) * 18_446_744_073_709_551_616.0) as u64 }
}

/// The longest jitter and all spikes of a plan together, on its longest path, in ns.
fn drain(plan: &Plan) -> u64 {
    let network = &plan.network;
    let mile = network.access.iter().map(|access| access.last_mile.0).max().unwrap_or(0);
    let path = u64::from(network.one_way_ns.iter().copied().max().unwrap_or(0)) + 2 * mile;
    let spikes = plan.faults.wires.iter().map(|fault| match fault.what {
        WireFaultKind::Slow { factor, extra } => slowed_by(path, factor, extra.0),
        _ => 0,
    });
    let jitter = slowed_by(path, 1.0 + network.jitter.share, network.jitter.floor.0) + 1;
    spikes.fold(jitter, u64::saturating_add)
}

/// How much longer a path takes while it is slowed down.
fn slowed_by(path: u64, factor: f64, extra: u64) -> u64 {
    // By way of signed numbers, which processors convert in one step; no path lasts 292 years.
    (path as i64 as f64 * (factor - 1.0).max(0.0)) as i64 as u64 + extra
}

/// Bytes of the `n`th of so many datagrams: equal ones, and what is left over in the first.
const fn share(bytes: u32, datagrams: u32, n: u32) -> u32 {
    bytes / datagrams + if n == 0 { bytes % datagrams } else { 0 }
}

/// What befalls a datagram that gets through.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    /// Threshold of being copied.
    duplicate: u64,
    /// Threshold of being held back.
    reorder: u64,
    /// How much longer it takes, in ns.
    extra: u64,
    /// When the last datagram of the spikes that are over arrives, in ns.
    not_before: u64,
}

/// Purposes of a datagram's hashes.
const LOSS: u64 = 0x6C6F_7373;
const COPY: u64 = 0x636F_7079;
const HOLD: u64 = 0x686F_6C64;
const BURST: u64 = 0x6275_7273;

impl Wires {
    /// The wires of a plan.
    pub fn new(plan: &Plan) -> Self {
        let network = &plan.network;
        let keep = |p: f64| 1.0 - p;
        let loss = network
            .access
            .iter()
            .flat_map(|a| network.access.iter().map(move |b| threshold(1.0 - keep(network.loss) * keep(a.loss) * keep(b.loss))));
        Self {
            salt: SeedKey::new(plan.seed).salt(),
            places: network.places.len(),
            one_way_ns: network.one_way_ns.clone(),
            region: network.places.iter().map(|place| place.region).collect(),
            rates: network.access.iter().map(Rates::new).collect(),
            loss: loss.collect(),
            wobble: Wobble::new(&network.jitter, SeedKey::new(plan.seed).salt()),
            duplicate: threshold(network.duplicate),
            reorder: threshold(network.reorder),
            reorder_by: network.reorder_by.0,
            overhead: network.overhead_bytes,
            regions: network.regions.len(),
            faulty: !plan.faults.wires.is_empty(),
            spells: Spells::new(&plan.faults.wires, network.regions.len(), drain(plan)),
            defect: plan.defect,
        }
    }

    /// Bytes charged for a message of `len` bytes in so many datagrams.
    #[inline]
    pub const fn charge(&self, len: usize, datagrams: u32) -> u32 {
        len as u32 + datagrams * self.overhead
    }

    /// Decides about a datagram of `bytes` that `from` sends at `now` as its number `seq`; `up_free` is when the sender's uplink is free.
    #[inline(always)]
    pub fn route(&self, now: u64, from: End, to: End, bytes: u32, seq: u32, up_free: &mut u64) -> Verdict {
        let rates = &self.rates[usize::from(from.access)];
        let Some(leaves) = rates.send(now, bytes, up_free) else { return Verdict::Drop(Fate::QueueFull) };
        let hash = mix(self.salt ^ (u64::from(from.id.0) << 32 | u64::from(seq)));
        let loss = self.loss[usize::from(from.access) * self.rates.len() + usize::from(to.access)];
        if loss != 0 && mix(hash ^ LOSS) < loss {
            return Verdict::Drop(Fate::Lost);
        }
        let path = self.path_ns(from, to);
        let mut at = self.calm(leaves, from, to, path);
        let mut trouble = Trouble { duplicate: self.duplicate, reorder: self.reorder, extra: 0, not_before: 0 };
        if self.faulty {
            if let Some(fate) = self.suffer(leaves, from, to, hash, path, &mut trouble) {
                return Verdict::Drop(fate);
            }
            at = (at + trouble.extra).max(trouble.not_before);
        }
        if (trouble.duplicate | trouble.reorder) == 0 && !cfg!(feature = "defects") {
            return Verdict::Deliver { at, copy: None };
        }
        self.disturb(at, hash, trouble.duplicate, trouble.reorder)
    }

    /// Decides about a train of `datagrams`, of `bytes` in all, as [`Wires::route`] does about one datagram. The verdict is about the last one that gets
    /// through; the rest of the answer is which were lost, one bit each, and the time from the first to the last at the uplink's end.
    #[allow(clippy::too_many_arguments, reason = "those of `route` and one more")]
    pub fn route_train(
        &self,
        now: u64,
        from: End,
        to: End,
        bytes: u32,
        datagrams: u32,
        seq: u32,
        up_free: &mut u64,
    ) -> (Verdict, u64, u64) {
        let rates = &self.rates[usize::from(from.access)];
        let loss = self.loss[usize::from(from.access) * self.rates.len() + usize::from(to.access)];
        let hash = mix(self.salt ^ (u64::from(from.id.0) << 32 | u64::from(seq)));
        let path = self.path_ns(from, to);
        let (mut lost, mut first, mut last, mut fate) = (0u64, None, now, Fate::Lost);
        let mut trouble = Trouble { duplicate: self.duplicate, reorder: self.reorder, extra: 0, not_before: 0 };
        for n in 0..datagrams {
            let own = mix(hash.wrapping_add(u64::from(n)));
            let Some(leaves) = rates.send(now, share(bytes, datagrams, n), up_free) else {
                (lost, fate) = (lost | 1 << n, Fate::QueueFull);
                continue;
            };
            trouble = Trouble { duplicate: self.duplicate, reorder: self.reorder, extra: 0, not_before: 0 };
            let suffers = if self.faulty { self.suffer(leaves, from, to, own, path, &mut trouble) } else { None };
            if let Some(end) = suffers.or((loss != 0 && mix(own ^ LOSS) < loss).then_some(Fate::Lost)) {
                (lost, fate) = (lost | 1 << n, end);
                continue;
            }
            first = first.or(Some(leaves));
            last = leaves;
        }
        let Some(first) = first else { return (Verdict::Drop(fate), lost, 0) };
        let at = (self.calm(last, from, to, path) + trouble.extra).max(trouble.not_before);
        (self.disturb(at, hash, trouble.duplicate, trouble.reorder), lost, last - first)
    }

    /// What a train meets at the receiver's downlink whose last datagram reaches it at `now`, `spread` after its first: when it is handed on, and which of
    /// its datagrams find a full queue, one bit each. `gone` are those that were lost before.
    #[allow(clippy::too_many_arguments, reason = "a train is more than one number")]
    pub fn arrive_train(
        &self,
        now: u64,
        access: u8,
        bytes: u32,
        datagrams: u32,
        gone: u64,
        spread: u64,
        down_free: &mut u64,
    ) -> (access::Arrival, u64) {
        let rates = &self.rates[usize::from(access)];
        let (began, steps) = (now.saturating_sub(spread), u64::from(datagrams.max(2) - 1));
        let (mut full, mut then) = (0u64, None);
        for n in (0..datagrams).filter(|n| gone >> n & 1 == 0) {
            let at = began + spread * u64::from(n) / steps;
            match rates.receive(at, share(bytes, datagrams, n), down_free) {
                access::Arrival::Now => then = Some(at),
                access::Arrival::Later(later) => then = Some(later),
                access::Arrival::Full => full |= 1 << n,
            }
        }
        match then {
            None => (access::Arrival::Full, full),
            Some(at) if at <= now => (access::Arrival::Now, full),
            Some(at) => (access::Arrival::Later(at), full),
        }
    }

    /// Duplication and reordering.
    fn disturb(&self, mut at: u64, hash: u64, duplicate: u64, reorder: u64) -> Verdict {
        let hold = |span: u64, key: u64| ((u128::from(mix(hash ^ key)) * u128::from(span)) >> 64) as u64;
        let copy = (mix(hash ^ COPY) < duplicate).then(|| at + 1 + hold(self.reorder_by.max(1_000_000), COPY + 1));
        if mix(hash ^ HOLD) < reorder {
            at += hold(self.reorder_by, HOLD + 1);
        }
        if Defect::WireReorders.is_planted(self.defect) && hash.is_multiple_of(64) {
            at += 50_000_000;
        }
        Verdict::Deliver { at, copy }
    }

    /// When what leaves the uplink at `leaves` arrives where no fault is.
    #[inline]
    fn calm(&self, leaves: u64, from: End, to: End, path: u64) -> u64 {
        leaves + path + self.wobble.extra(leaves, from.id, to.id, path)
    }

    /// What the plan's wire faults do to a datagram: an end, or trouble.
    #[inline(always)]
    fn suffer(&self, now: u64, from: End, to: End, hash: u64, path: u64, trouble: &mut Trouble) -> Option<Fate> {
        let (a, b) = (self.at_home(from), self.at_home(to));
        for force in self.spells.at(now) {
            if !force.concerns(a, b, self.regions) {
                continue;
            }
            match force.act {
                Act::Cut => return Some(Fate::Cut),
                Act::Loss { below, key } if mix(hash ^ key) < below => return Some(Fate::Lost),
                Act::Loss { .. } => {}
                Act::Slow { factor, extra } => trouble.extra += slowed_by(path, factor, extra),
                Act::Duplicate(more) => trouble.duplicate = trouble.duplicate.saturating_add(more),
                Act::Reorder(more) => trouble.reorder = trouble.reorder.saturating_add(more),
                Act::Lingers { until } => trouble.not_before = trouble.not_before.max(self.last_slow(until, from, to, path)),
            }
        }
        None
    }

    /// When the last datagram of a spike that ends at `end` arrives; what is sent later does not overtake it.
    #[cold]
    fn last_slow(&self, end: u64, from: End, to: End, path: u64) -> u64 {
        let (a, b) = (self.at_home(from), self.at_home(to));
        let until_then = self.spells.at(end.saturating_sub(1)).iter().filter(|force| force.concerns(a, b, self.regions));
        self.calm(end, from, to, path) + until_then.map(|force| force.slows(path)).sum::<u64>()
    }

    /// An end of a path with its region.
    #[inline]
    fn at_home(&self, end: End) -> (End, u16) {
        (end, self.region[usize::from(end.place)])
    }

    /// Delay of the path without jitter: place to place and both last miles.
    #[inline]
    fn path_ns(&self, from: End, to: End) -> u64 {
        let between = self.one_way_ns[usize::from(from.place) * self.places + usize::from(to.place)];
        u64::from(between) + self.rates[usize::from(from.access)].last_mile + self.rates[usize::from(to.access)].last_mile
    }

    /// What a datagram meets at the receiver's downlink.
    #[inline]
    pub fn arrive(&self, now: u64, access: u8, bytes: u32, down_free: &mut u64) -> access::Arrival {
        self.rates[usize::from(access)].receive(now, bytes, down_free)
    }

    /// The shortest delay of any path between two sets of places, in ns; any last mile is taken for the shortest.
    pub fn lookahead(&self, from: impl Fn(usize) -> bool, to: impl Fn(usize) -> bool) -> u64 {
        let mile = self.rates.iter().map(|rates| rates.last_mile).min().unwrap_or(0);
        let sources = (0..self.places).filter(|a| from(*a));
        let row = |a: usize| (0..self.places).filter(|b| to(*b)).map(move |b| (a, b));
        let least = sources.flat_map(row).map(|(a, b)| u64::from(self.one_way_ns[a * self.places + b])).min();
        least.map_or(u64::MAX, |ns| ns + 2 * mile)
    }
}
