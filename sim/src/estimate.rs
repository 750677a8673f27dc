//! What a plan will cost, guessed before it runs, from rates measured on the shipped scenarios.

use crate::api::Estimate;
use hypermesh_scenarios::plan::{Plan, Role};

/// Guesses what a plan costs on a number of threads.
pub fn estimate(plan: &Plan, threads: usize) -> Estimate {
    let nodes = f64::from(plan.node_count());
    let seconds = plan.stop.as_secs_f64();
    let delays = &plan.network.one_way_ns;
    let mean_s = delays.iter().map(|ns| f64::from(*ns) / 1e9).sum::<f64>() / delays.len().max(1) as f64;
    let broadcasts = plan.workload.broadcasts.len() as f64;
    let mut cost = Cost { per_node: 16.0, ..Cost::default() };
    for group in &plan.groups {
        cost.add(group, broadcasts, seconds);
    }
    for tokens in &plan.workload.tokens {
        let held = f64::from(tokens.count) * f64::from(tokens.per_node);
        let hop_s = mean_s.max(1e-6);
        cost.events += held * (seconds - tokens.at.as_secs_f64()).max(0.0) / hop_s;
        cost.in_flight += held;
    }
    let asked: f64 = plan.workload.fetches.iter().map(|fetch| f64::from(plan.workload.objects[fetch.object as usize].bytes)).sum();
    cost.events += plan.workload.fetches.len() as f64 * FETCH_EVENTS + asked / FLIGHT_BYTES * 2.0;
    cost.bytes += plan.workload.objects.iter().map(|object| f64::from(object.bytes)).sum::<f64>() * 1.02;
    let cores = threads.max(1) as f64;
    let memory = FIXED_BYTES + nodes * cost.per_node + cost.bytes + cost.in_flight * EVENT_BYTES;
    // A second thread brings a little less than the first.
    let speedup = 1.0 + (cores.min(available()) - 1.0) * 0.85;
    Estimate {
        memory_bytes: memory as u64,
        events: cost.events as u64,
        wall_s: 0.2 + (nodes * 1e-6 + cost.events * cost.ns_per_event() * 1e-9) / speedup,
    }
}

fn available() -> f64 {
    std::thread::available_parallelism().map_or(1, usize::from) as f64
}

/// What a process holds before it has a node: code, tables, metrics.
const FIXED_BYTES: f64 = 60.0e6;
/// Events of a fetch besides those that its length brings: handshake, settings, manifest, deadlines.
const FETCH_EVENTS: f64 = 40.0;
/// Bytes of a flight of the QUIC model.
const FLIGHT_BYTES: f64 = 14_000.0;
/// An event in the queue with its share of half-empty blocks.
const EVENT_BYTES: f64 = 48.0;

#[derive(Default)]
struct Cost {
    per_node: f64,
    bytes: f64,
    events: f64,
    in_flight: f64,
    peers: f64,
    nodes: f64,
}

impl Cost {
    fn add(&mut self, group: &hypermesh_scenarios::plan::Group, broadcasts: f64, seconds: f64) {
        let count = f64::from(group.count);
        self.nodes += count;
        match &group.role {
            Role::Token(_) => self.bytes += count * 72.0,
            Role::Gossip(config) => {
                self.bytes += count * 88.0;
                self.events += count * broadcasts * f64::from(config.fanout);
                // The peak of one rumour: most of its copies are sent within one path.
                self.in_flight += count * f64::from(config.fanout) * 0.6;
            }
            Role::Stoq(_) => {
                self.peers += count;
                self.bytes += count * 1_000.0;
            }
            Role::Peer(config) => {
                self.peers += count;
                let views = config.hyparview.map_or(0.0, |c| f64::from(c.active));
                let shuffles = config.hyparview.map_or(0.0, |c| seconds / c.shuffle_every.as_secs_f64().max(0.1));
                let probes = config.swim.map_or(0.0, |c| seconds / c.probe_every.as_secs_f64().max(0.01));
                self.bytes += count * 1100.0;
                self.events += count * (shuffles * 9.0 + probes * 4.0 + 60.0 + broadcasts * (2.0 + 2.0 * views));
                self.in_flight += count * 4.0;
            }
        }
    }

    /// Peers do more per event than gossip and tokens.
    fn ns_per_event(&self) -> f64 {
        if self.peers > 0.0 {
            350.0
        } else if self.nodes > 300_000.0 {
            230.0
        } else {
            150.0
        }
    }
}
