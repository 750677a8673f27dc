//! The infection curve that push gossip ought to show, in the mean field.
//!
//! Every node that hears of a broadcast tells `fanout` others drawn uniformly, once, and each of these datagrams arrives with probability `arrives` after a
//! delay with distribution G. A node is still ignorant at time t if none of the datagrams sent until then and arrived by then was for it, so the informed
//! share i(t) solves the renewal equation (the final size equation of Kermack and McKendrick 1927 is its limit)
//!
//! ```text
//! 1 - i(t) = (1 - 1/n) exp( -fanout · arrives · ∫ G(t - u) di(u) )
//! ```
//! which is integrated forward in steps. It supposes that delays are independent of who sends to whom; on a globe they are not quite.

use crate::dist::Dist;

/// Steps of the integration.
const STEPS: usize = 400;

/// What the model needs to know.
#[derive(Clone, Debug)]
pub struct PushGossip<'a> {
    /// Nodes.
    pub nodes: u64,
    /// Nodes that each informed one tells.
    pub fanout: u32,
    /// Share of the datagrams that arrive, 0 to 1.
    pub arrives: f64,
    /// Delays of one hop, in nanoseconds.
    pub delays: &'a Dist,
}

impl PushGossip<'_> {
    /// The informed share at equal steps up to `until_ns`: (time in ns, share).
    pub fn curve(&self, until_ns: u64) -> Vec<(u64, f64)> {
        let step = until_ns as f64 / STEPS as f64;
        let passed: Vec<f64> = self.delay_shares(step);
        let origin = 1.0 / self.nodes.max(1) as f64;
        let mut informed = vec![origin];
        let mut grown = vec![origin];
        for k in 1..=STEPS {
            let told: f64 = (0..k).map(|j| grown[j] * passed[k - j]).sum();
            let share = 1.0 - (1.0 - origin) * (-f64::from(self.fanout) * self.arrives * told).exp();
            grown.push((share - informed[k - 1]).max(0.0));
            informed.push(share.max(informed[k - 1]));
        }
        informed.into_iter().enumerate().map(|(k, share)| ((k as f64 * step) as u64, share)).collect()
    }

    /// G at every multiple of the step. Datagrams of a step's growth were sent half a step earlier on average.
    fn delay_shares(&self, step: f64) -> Vec<f64> {
        let total = self.delays.count().max(1) as f64;
        let mut shares = Vec::with_capacity(STEPS + 1);
        let (mut seen, mut next) = (0u64, 0);
        let buckets = self.delays.buckets();
        for k in 0..=STEPS {
            while next < buckets.len()
                && (buckets[next].low + buckets[next].high) as f64 / 2.0 <= (k as f64 + 0.5) * step * f64::from(u8::from(k > 0))
            {
                seen += buckets[next].count;
                next += 1;
            }
            shares.push(seen as f64 / total);
        }
        shares
    }
}
