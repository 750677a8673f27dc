//! Which server: near first, then by content, then by load. A function of its inputs and of nothing else.
//!
//! Among the servers that are about as near as the nearest, each key has its own order (rendezvous hashing, Thaler and Ravishankar 1998), so that one
//! object is kept in few places. A server that has more than its share of the requests is passed over (bounded loads, Mirrokni, Thorup,
//! Zadimoghaddam 2016, with c = 1.25). What need not be kept anywhere goes to the less loaded of a few instead (Mitzenmacher 2001).

use crate::base::NodeId;
use crate::base::digest::mix;
use crate::testing::Breach;

/// A server that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub node: NodeId,
    /// Its number at the caller.
    pub slot: u32,
    /// The expected round trip, microseconds.
    pub predicted_us: u32,
    /// Requests under way there, as far as is known.
    pub load: u32,
}

/// How requests spread over the near servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// The same key to the same server, unless that has more than its share.
    ByContent,
    /// To the least loaded of so many that the key picks (two are enough).
    ByLoad(u8),
}

/// Rules of the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A server is near if it is at most this much farther than the nearest, microseconds.
    pub near_us: u32,
    /// Or at most this much farther, percent of the nearest.
    pub near_percent: u32,
    /// The share of a server: this many percent of the mean load of the near ones.
    pub share_percent: u32,
    /// How requests spread.
    pub spread: Spread,
}

impl Default for Rules {
    fn default() -> Self {
        Self { near_us: 2_000, near_percent: 10, share_percent: 125, spread: Spread::ByContent }
    }
}

/// How a key likes a server: the highest is the first in the order of the key.
#[inline]
pub const fn liking(key: u64, node: NodeId) -> u64 {
    mix(key ^ mix(node.0 as u64 ^ 0x57A0_57A0_57A0_57A0))
}

/// The greatest load at which a server takes one more, if `near` of them have `load` in all: the ceiling of c times the mean after it, less one.
pub const fn bound(load: u64, near: u64, share_percent: u32) -> u64 {
    ((load + 1) * share_percent as u64).div_ceil(100 * near) - 1
}

/// The predictions up to which a server is near, if the nearest has `nearest_us`.
pub fn near_limit(nearest_us: u32, rules: &Rules) -> u32 {
    let part = u64::from(nearest_us) * u64::from(rules.near_percent) / 100;
    nearest_us.saturating_add(rules.near_us.max(part.min(u64::from(u32::MAX)) as u32))
}

/// The server for a request, by its number at the caller. Their order does not matter, nor do candidates that are not
/// near; no two of them are the same node.
///
/// The total order: near before far; within the share before beyond it; then the liking of the key, higher first; then the lower node.
pub fn choose(key: u64, candidates: &[Candidate], rules: &Rules) -> Option<u32> {
    if Breach::ChooseFarthest.is_on() {
        return candidates.iter().max_by_key(|candidate| (candidate.predicted_us, candidate.node)).map(|candidate| candidate.slot);
    }
    let nearest = candidates.iter().map(|candidate| candidate.predicted_us).min()?;
    let limit = near_limit(nearest, rules);
    let (mut load, mut count) = (0u64, 0u64);
    for candidate in candidates {
        let near = candidate.predicted_us <= limit;
        load += if near { u64::from(candidate.load) } else { 0 };
        count += u64::from(near);
    }
    let near = candidates.iter().filter(|candidate| candidate.predicted_us <= limit);
    match rules.spread {
        Spread::ByContent => {
            let bound = bound(load, count, rules.share_percent.max(100));
            // Somebody has no more than the mean, so the filter leaves at least one.
            let within = near.filter(|candidate| u64::from(candidate.load) <= bound);
            let node = |candidate: &Candidate| if Breach::ChooseByOrder.is_on() { NodeId(candidate.slot) } else { candidate.node };
            within
                .max_by_key(|candidate| (liking(key, node(candidate)), core::cmp::Reverse(node(candidate))))
                .map(|candidate| candidate.slot)
        }
        Spread::ByLoad(of) => {
            let mut few: Vec<(core::cmp::Reverse<u64>, &Candidate)> =
                near.map(|candidate| (core::cmp::Reverse(liking(key, candidate.node)), candidate)).collect();
            let of = usize::from(of.max(1)).min(few.len());
            few.select_nth_unstable_by_key(of - 1, |(liking, candidate)| (*liking, candidate.node));
            few[..of].iter().min_by_key(|(_, candidate)| (candidate.load, candidate.node)).map(|(_, candidate)| candidate.slot)
        }
    }
}
