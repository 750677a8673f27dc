//! How broadcasts spread: one row a broadcast, and the infection curve.

use hypermesh_core::node::{BroadcastId, Path};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::BroadcastRow;

/// Most steps of the infection curve.
const STEPS: usize = 4096;

/// The broadcasts as one shard sees them.
#[derive(Clone, Debug)]
pub struct Broadcasts {
    rows: Vec<BroadcastRow>,
    /// Deliveries by steps of time since the intended start.
    infection: Vec<u64>,
    step: u64,
}

impl Broadcasts {
    /// The broadcasts of a plan, nothing delivered yet. A step of the infection curve is a tenth of the longest path.
    pub fn new(plan: &Plan) -> Self {
        let longest = plan.network.one_way_ns.iter().copied().max().unwrap_or(0);
        let row = |(id, shot): (BroadcastId, &hypermesh_scenarios::plan::Shot)| BroadcastRow {
            id: id.0,
            origin: shot.origin.0,
            at_ns: shot.at.0,
            ..BroadcastRow::default()
        };
        Self { rows: plan.broadcasts().map(row).collect(), infection: Vec::new(), step: (u64::from(longest) / 10).max(100_000) }
    }

    /// A delivery at `now` to a node that stays up since `stays_since`, or does not. Returns the time since the intended start.
    pub fn delivered(&mut self, now: u64, id: BroadcastId, hops: u16, path: Path, stays_since: Option<u64>) -> u64 {
        let Some(row) = self.rows.get_mut(id.0 as usize) else { return 0 };
        let took = now.saturating_sub(row.at_ns);
        row.delivered += 1;
        row.hops_max = row.hops_max.max(hops);
        row.repaired += u64::from(path == Path::Repaired);
        if stays_since.is_some_and(|since| since <= row.at_ns) {
            row.reached += 1;
            row.last_ns = row.last_ns.max(took);
        }
        let step = ((took / self.step) as usize).min(STEPS - 1);
        if step >= self.infection.len() {
            self.infection.resize(step + 1, 0);
        }
        self.infection[step] += 1;
        took
    }

    /// A content that was known arrived again.
    pub fn redundant(&mut self, id: BroadcastId) {
        if let Some(row) = self.rows.get_mut(id.0 as usize) {
            row.redundant += 1;
        }
    }

    /// Adds nodes that stayed since the given moments, in ascending order.
    pub fn stayed(&mut self, since: &[u64]) {
        for row in &mut self.rows {
            row.stayed += since.partition_point(|moment| *moment <= row.at_ns) as u64;
        }
    }

    /// Adds another shard's view.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.rows.iter_mut().zip(&other.rows) {
            mine.stayed += theirs.stayed;
            mine.reached += theirs.reached;
            mine.delivered += theirs.delivered;
            mine.repaired += theirs.repaired;
            mine.redundant += theirs.redundant;
            mine.last_ns = mine.last_ns.max(theirs.last_ns);
            mine.hops_max = mine.hops_max.max(theirs.hops_max);
        }
        if self.infection.len() < other.infection.len() {
            self.infection.resize(other.infection.len(), 0);
        }
        for (mine, theirs) in self.infection.iter_mut().zip(&other.infection) {
            *mine += theirs;
        }
    }

    /// Rows of the broadcasts that were due before `end`, and the infection curve.
    pub fn finish(self, end: u64) -> (Vec<BroadcastRow>, Vec<(u64, u64)>) {
        let step = self.step;
        let curve = self.infection.into_iter().enumerate().map(|(i, n)| ((i as u64 + 1) * step, n)).collect();
        (self.rows.into_iter().filter(|row| row.at_ns < end).collect(), curve)
    }
}
