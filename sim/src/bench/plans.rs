//! The plans of the engine arm, made without a scenario file so that only the simulator is measured.

use super::Load;
use hypermesh_core::base::{NodeId, SeedKey, Span, Spot, Time, digest::mix};
use hypermesh_core::hypermesh::mesh::{gossip, token};
use hypermesh_scenarios::plan::{
    Access, Band, Budget, Faults, Group, Jitter, JoinShape, Network, Nodes, Observe, Place, Plan, Role, Shot, Tokens, WireFault,
    WireFaultKind, WireScope, Workload,
};

/// Places of the world.
const PLACES: u64 = 64;
/// Shortest and longest one-way delay between two places, in ns.
const NEAR: u64 = 2_000_000;
const FAR: u64 = 150_000_000;
/// Copies that a node makes of a rumour.
pub const FANOUT: u8 = 8;
/// Content of a message.
const BYTES: u32 = 64;

/// Messages that a measurement aims at: enough for a second or so, at least one round of the load.
pub fn messages_wanted(load: Load, nodes: u32) -> u64 {
    match load {
        Load::Token => (u64::from(nodes) * 8).max(4_000_000),
        Load::Gossip => u64::from(nodes) * u64::from(FANOUT) * rumours(nodes),
    }
}

/// Rumours of a measurement, one after the other.
pub fn rumours(nodes: u32) -> u64 {
    (4_000_000 / (u64::from(nodes) * u64::from(FANOUT))).clamp(1, 64)
}

/// Rumours of a measurement of an arm that takes ten times as long for each.
pub fn few_rumours(nodes: u32) -> u64 {
    rumours(nodes).div_ceil(10)
}

/// Messages of such a measurement of the token.
pub fn few_messages(nodes: u32) -> u64 {
    messages_wanted(Load::Token, nodes) / 10
}

/// The plan of a load.
pub fn plan(load: Load, nodes: u32) -> Plan {
    let (role, workload, stop) = match load {
        Load::Token => {
            let seconds = messages_wanted(load, nodes) as f64 / f64::from(nodes) * 0.085;
            let tokens = Tokens { at: Time::ZERO, first: 0, count: nodes, per_node: 1, bytes: BYTES };
            (Role::Token(token::Config { population: nodes }), Workload { tokens: vec![tokens], ..Workload::default() }, seconds)
        }
        Load::Gossip => {
            let shot = |k: u64| Shot { at: Time(k * 500_000_000), origin: NodeId((mix(k) % u64::from(nodes)) as u32), bytes: BYTES };
            let shots = (0..rumours(nodes)).map(shot).collect();
            let seconds = 0.5 * rumours(nodes) as f64 + 3.0;
            (
                Role::Gossip(gossip::Config { fanout: FANOUT, population: nodes }),
                Workload { broadcasts: shots, ..Workload::default() },
                seconds,
            )
        }
    };
    let group = Group {
        name: "node".into(),
        first: 0,
        count: nodes,
        role,
        join_at: Time::ZERO,
        join_over: Span::ZERO,
        join_shape: JoinShape::Linear,
    };
    let salt = SeedKey::new(1).salt();
    Plan {
        name: format!("bench-{}-{nodes}", load.name()),
        about: "a load of bench scale".into(),
        seed: 1,
        stop: Time((seconds_to_ns(stop)).max(1)),
        warmup: Time::ZERO,
        resolved_yaml: String::new(),
        groups: vec![group],
        nodes: Nodes { place: (0..u64::from(nodes)).map(|n| (mix(salt ^ n) % PLACES) as u16).collect(), access: vec![0; nodes as usize] },
        network: network(load),
        workload,
        faults: faults(),
        observe: Observe { every: Span::secs(1), flows: 0.0, events: false },
        expect: Vec::new(),
        budget: Budget::default(),
        certs: None,
        defect: None,
    }
}

fn seconds_to_ns(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// Places in a row from west to east; delays by a hash, the same both ways. Gossip loses one datagram in a hundred; a lost token would thin the load.
fn network(load: Load) -> Network {
    let place =
        |n: u64| Place { name: format!("place-{n}"), region: (n / 16) as u16, spot: Spot { lat: 0.0, lon: n as f64 * 5.0 - 160.0 } };
    let delay = |a: u64, b: u64| (NEAR + mix(a.min(b) << 32 | a.max(b)) % (FAR - NEAR)) as u32;
    let cable = Access {
        name: "cable".into(),
        up_bps: 50_000_000,
        down_bps: 200_000_000,
        queue_bytes: 1 << 20,
        last_mile: Span::millis(4),
        loss: 0.0,
    };
    Network {
        places: (0..PLACES).map(place).collect(),
        regions: (0..4).map(|n| format!("region-{n}")).collect(),
        one_way_ns: (0..PLACES).flat_map(|a| (0..PLACES).map(move |b| delay(a, b))).collect(),
        access: vec![cable],
        jitter: Jitter { share: 0.05, floor: Span::micros(500), period: Span::secs(1) },
        loss: if load == Load::Gossip { 0.01 } else { 0.0 },
        duplicate: 0.0,
        reorder: 0.0,
        reorder_by: Span::ZERO,
        overhead_bytes: 80,
        source: "hashed delays between 64 places".into(),
    }
}

/// A wire fault in force all the time, so that its cost is in the measurement.
fn faults() -> Faults {
    let (from, until) = (Time::ZERO, Time(u64::MAX >> 1));
    let slow = WireFault {
        from,
        until,
        scope: WireScope::Touching(vec![true, false, false, false]),
        what: WireFaultKind::Slow { factor: 1.2, extra: Span::millis(1) },
    };
    Faults { wires: vec![slow], bands: vec![Band { name: "slow".into(), kind: "latency_spike".into(), from, until }], ..Faults::default() }
}
