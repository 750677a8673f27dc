//! A plan and a trace made by hand: the figures are invented from formulas, with everything a report can show.

#![allow(dead_code, missing_docs, unreachable_pub)]

use hdrhistogram::Histogram;
use hypermesh_core::base::{NodeId, Span, Spot, Time};
use hypermesh_core::hypermesh::mesh::gossip;
use hypermesh_reports::Reproduce;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::*;
use hypermesh_scenarios::trace::*;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;

/// Name, region, latitude, longitude, share of the nodes in thousandths, delay factor in percent.
const CITIES: [(&str, &str, f64, f64, u64, u64); 14] = [
    ("Tokyo", "Asia", 35.7, 139.7, 120, 120),
    ("Delhi", "Asia", 28.6, 77.2, 130, 140),
    ("Jakarta", "Asia", -6.2, 106.8, 90, 150),
    ("London", "Europe", 51.5, -0.1, 80, 80),
    ("Paris", "Europe", 48.9, 2.3, 70, 80),
    ("Berlin", "Europe", 52.5, 13.4, 50, 82),
    ("New York", "North America", 40.7, -74.0, 90, 90),
    ("Los Angeles", "North America", 34.1, -118.2, 70, 100),
    ("São Paulo", "South America", -23.5, -46.6, 80, 140),
    ("Bogotá", "South America", 4.7, -74.1, 40, 120),
    ("Lagos", "Africa", 6.5, 3.4, 70, 150),
    ("Cairo", "Africa", 30.0, 31.2, 50, 120),
    ("Sydney", "Oceania", -33.9, 151.2, 40, 170),
    ("Auckland", "Oceania", -36.8, 174.8, 20, 180),
];

/// A plan of `nodes` nodes of push gossip for 60 seconds with three faults.
pub fn plan(name: &str, nodes: u32, seed: u64) -> Plan {
    let mut regions: Vec<String> = Vec::new();
    let mut places = Vec::new();
    for (city, region, lat, lon, ..) in CITIES {
        let index = regions.iter().position(|known| known == region).unwrap_or_else(|| {
            regions.push(region.to_owned());
            regions.len() - 1
        });
        places.push(Place { name: city.to_owned(), region: index as u16, spot: Spot { lat, lon } });
    }
    let mut place = Vec::with_capacity(nodes as usize);
    for (index, (.., share, _)) in CITIES.iter().enumerate() {
        place.resize((place.len() + (u64::from(nodes) * share / 1000) as usize).min(nodes as usize), index as u16);
    }
    place.resize(nodes as usize, 0);
    let count = places.len();
    Plan {
        name: name.to_owned(),
        about: "A broadcast reaches everybody although nodes come and go and a region is lost for a while.".to_owned(),
        seed,
        stop: Time(60 * SECOND),
        warmup: Time(5 * SECOND),
        resolved_yaml: format!("version: 1\nname: {name}\nseed: {seed}\ngroups:\n  peer:\n    role: gossip\n    count: {nodes}\n"),
        groups: vec![Group {
            name: "peer".to_owned(),
            first: 0,
            count: nodes,
            role: Role::Gossip(gossip::Config { fanout: 8, population: nodes }),
            join_at: Time::ZERO,
            join_over: Span::ZERO,
            join_shape: JoinShape::Linear,
        }],
        nodes: Nodes { place, access: (0..nodes).map(|node| u8::from(node % 5 == 0)).collect() },
        network: network(places, regions, count),
        workload: Workload {
            broadcasts: (0..20).map(|k| Shot { at: Time((5 + 2 * k) * SECOND), origin: NodeId(k as u32), bytes: 1024 }).collect(),
            ..Workload::default()
        },
        faults: Faults {
            nodes: vec![],
            wires: vec![],
            certs: vec![],
            stores: vec![],
            bands: vec![band("churn-1", "churn", 10, 30), band("lose-oceania", "region_loss", 25, 35), band("crash-1", "crash", 40, 40)],
        },
        observe: Observe { every: Span::secs(1), flows: 0.001, events: true },
        expect: vec![],
        budget: Budget::default(),
        certs: None,
        defect: None,
    }
}

fn band(name: &str, kind: &str, from: u64, until: u64) -> Band {
    Band { name: name.to_owned(), kind: kind.to_owned(), from: Time(from * SECOND), until: Time(until * SECOND) }
}

fn network(places: Vec<Place>, regions: Vec<String>, count: usize) -> Network {
    let class = |name: &str, up, down, queue, mile, loss| Access {
        name: name.to_owned(),
        up_bps: up,
        down_bps: down,
        queue_bytes: queue,
        last_mile: Span::millis(mile),
        loss,
    };
    Network {
        places,
        regions,
        one_way_ns: vec![40_000_000; count * count],
        access: vec![class("fibre", 100_000_000, 1_000_000_000, 262_144, 2, 0.0), class("mobile", 10_000_000, 50_000_000, 0, 25, 0.005)],
        jitter: Jitter { share: 0.1, floor: Span::millis(1), period: Span::secs(1) },
        loss: 0.01,
        duplicate: 0.0,
        reorder: 0.0,
        reorder_by: Span::ZERO,
        overhead_bytes: 80,
        source: "paths of the backbone between 14 cities".to_owned(),
    }
}

/// A repeatable noise between 0 and 1.
fn noise(a: u64, b: u64) -> f64 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ 0x2545_f491_4f6c_dd1d;
    x ^= x >> 31;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}

/// A sum of uniform values: bell shaped, from `low` to `high`.
fn spread(low: f64, high: f64, key: u64, index: u64) -> u64 {
    let bell = (0..4).map(|k| noise(key.wrapping_add(k), index)).sum::<f64>() / 4.0;
    (low * (high / low).powf(bell)) as u64
}

/// What a run of the plan might leave.
pub fn trace(plan: &Plan) -> Trace {
    let nodes = u64::from(plan.node_count());
    let edges = plan.bin_edges();
    let bins = edges.len() - 1;
    let regions = plan.network.regions.len();
    let mut counters: BTreeMap<Id, Counter> = BTreeMap::new();
    let mut samples: BTreeMap<Id, Samples> = BTreeMap::new();
    for id in [Id::NetLatency, Id::BroadcastDelivery, Id::BroadcastHops] {
        samples.insert(id, Samples { by_bin: vec![histogram(); bins], by_region: vec![histogram(); regions] });
    }
    let mut up = Vec::new();
    for bin in 0..bins {
        let (from, until) = (edges[bin].0, edges[bin + 1].0);
        let at = from as f64 / 1e9;
        let seconds = (until - from) as f64 / 1e9;
        let busy = (5..45).contains(&(from / SECOND));
        let churning = (10..30).contains(&(from / SECOND));
        let lost = (25..35).contains(&(from / SECOND));
        let sent =
            if busy { nodes as f64 * 4.0 * seconds * (0.95 + 0.1 * noise(1, bin as u64)) } else { nodes as f64 * 0.05 * seconds } as u64;
        let dropped = sent / 100;
        let cut = if lost { sent / 17 } else { 0 };
        let dead = if churning { sent / 40 } else { 0 };
        let mut add = |id: Id, value: u64| {
            let counter = counters.entry(id).or_insert_with(|| Counter { by_bin: vec![0; bins], by_region: vec![0; regions] });
            counter.by_bin[bin] += value;
            for region in 0..regions {
                counter.by_region[region] += value / regions as u64;
            }
        };
        add(Id::NetSent, sent);
        add(Id::NetBytes, sent * 1110);
        add(Id::NetDelivered, sent - dropped - cut - dead);
        add(Id::NetLost, dropped);
        add(Id::NetCut, cut);
        add(Id::NetToDead, dead);
        add(Id::BroadcastDelivered, if busy { (nodes as f64 / 2.0 * seconds) as u64 } else { 0 });
        add(Id::BroadcastRedundant, if busy { (nodes as f64 * 3.5 * seconds) as u64 } else { 0 });
        add(Id::Suspected, if churning { (nodes as f64 * 0.02 * seconds) as u64 } else { (nodes as f64 * 0.001 * seconds) as u64 });
        add(Id::Refuted, (nodes as f64 * 0.001 * seconds) as u64);
        add(Id::Confirmed, if churning { (nodes as f64 * 0.018 * seconds) as u64 } else { 0 });
        add(Id::TimerFired, (nodes as f64 * seconds) as u64);
        up.push(nodes as f64 * (1.0 - if churning { 0.003 * (at - 10.0).min(6.0) } else { 0.0 } - if at >= 40.0 { 0.05 } else { 0.0 }));
        let slow = if lost { 1.5 } else { 1.0 };
        for k in 0..210u64 {
            let city = &CITIES[(k % 14) as usize];
            let region = usize::from(plan.network.places[(k % 14) as usize].region);
            let factor = city.5 as f64 / 100.0;
            let mut record = |id: Id, value: u64, times: u64| {
                let samples = samples.get_mut(&id).expect("made above");
                samples.by_bin[bin].record_n(value, times).expect("it resizes");
                samples.by_region[region].record_n(value, times).expect("it resizes");
            };
            if busy || k < 30 {
                record(Id::NetLatency, spread(4e6 * factor, 320e6 * factor, plan.seed, k * 97 + bin as u64), (sent / 210).max(1));
            }
            if busy {
                record(
                    Id::BroadcastDelivery,
                    spread(90e6 * factor, 900e6 * factor * slow, plan.seed.wrapping_add(9), k * 89 + bin as u64),
                    (nodes / 420).max(1),
                );
                record(Id::BroadcastHops, 3 + (noise(plan.seed.wrapping_add(3), k) * 3.0 + noise(5, k) * 3.0) as u64, (nodes / 420).max(1));
            }
        }
    }
    let gauges = BTreeMap::from([(Id::NodesUp, up)]);
    let delivered: u64 = counters[&Id::NetDelivered].by_bin.iter().sum();
    Trace {
        mode: Mode::Message,
        run: RunFacts {
            nodes,
            messages: delivered,
            events: delivered + delivered / 7,
            virtual_end: plan.stop,
            wall_ns: 94 * SECOND,
            loop_ns: 88 * SECOND,
            peak_rss_bytes: 2_900_000_000,
            world_bytes: nodes * 371,
            threads: 2,
            digest: format!("{:016x}", 0x9f3c_1c77_52aa_0b1eu64 ^ plan.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4),
            host: "engine".to_owned(),
            partial: None,
        },
        metrics: Metrics { edges, regions: plan.network.regions.clone(), counters, gauges, samples },
        broadcasts: broadcasts(plan, nodes),
        infection: infection(nodes * 20),
        serving: vec![],
        routes: vec![],
        flows: (0..500)
            .map(|k| Flow {
                sent_ns: k * 100_000_000,
                done_ns: k * 100_000_000 + 40_000_000,
                from: k as u32,
                to: k as u32 + 1,
                bytes: 1104,
                kind: 0,
                fate: if k % 100 == 0 { Fate::Lost } else { Fate::Delivered },
            })
            .collect(),
        events: vec![
            EventRow { at_ns: 10 * SECOND, node: Some(7), kind: "crash".to_owned(), detail: "churn-1".to_owned() },
            EventRow { at_ns: 25 * SECOND, node: None, kind: "region_loss".to_owned(), detail: "Oceania".to_owned() },
        ],
        windows: (1..=600)
            .map(|k| WindowDigest {
                until_ns: k * SECOND / 10,
                events: 1000 + k,
                wire: k.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ plan.seed,
                local: k.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ plan.seed,
                facts: (k * 7) ^ plan.seed,
            })
            .collect(),
        violations: vec![],
        monitors: [("R-8-23", 20_318), ("R-8-28", 0)]
            .map(|(requirement, fired)| MonitorRow {
                requirement: requirement.to_owned(),
                watches: "a request is sent: it ends".to_owned(),
                fired,
                broken: 0,
                first: None,
            })
            .into(),
        verdicts: verdicts(),
    }
}

fn broadcasts(plan: &Plan, nodes: u64) -> Vec<BroadcastRow> {
    let one = |(id, shot): (hypermesh_core::node::BroadcastId, &Shot)| BroadcastRow {
        id: id.0,
        origin: shot.origin.0,
        at_ns: shot.at.0,
        stayed: nodes * 9 / 10,
        reached: nodes * 9 / 10 - u64::from(id.0 % 4 == 3),
        delivered: nodes * 95 / 100,
        repaired: nodes / 500 * u64::from(id.0 % 3),
        redundant: nodes * 7 + u64::from(id.0) * 1000,
        last_ns: 1_100_000_000 + u64::from(id.0) * 13_000_000,
        hops_max: 9 + (id.0 % 3) as u16,
    };
    plan.broadcasts().map(one).collect()
}

/// A logistic curve, in steps of five milliseconds.
fn infection(deliveries: u64) -> Vec<(u64, u64)> {
    let reached = |k: u64| (deliveries as f64 * 0.9994 / (1.0 + (-(k as f64 * 5.0 - 480.0) / 62.0).exp())) as u64;
    (1..=260).map(|k| (k * 5_000_000, reached(k) - if k == 1 { 0 } else { reached(k - 1) })).collect()
}

fn verdicts() -> Vec<Verdict> {
    let verdict = |level, that: &str, outcome, seen: &str, first_missed_ns, covers: &[&str], line| Verdict {
        level,
        that: that.to_owned(),
        outcome,
        seen: seen.to_owned(),
        first_missed_ns,
        range: "5 s to 60 s".to_owned(),
        covers: covers.iter().map(|&text| text.to_owned()).collect(),
        line,
    };
    vec![
        verdict(Level::Must, "p99(broadcast.delivery) < 3s", Outcome::Met, "1.021 s", None, &["HM-3.4-1"], 31),
        verdict(Level::Must, "coverage(broadcast) > 99.99%", Outcome::Met, "99.9998 %", None, &["HM-3.4-2"], 32),
        verdict(Level::Always, "node.up > 900k", Outcome::Met, "933 k", None, &[], 33),
        verdict(Level::Should, "mean(broadcast.redundancy) < 2", Outcome::Missed, "7.4", Some(5 * SECOND + 310_000_000), &[], 34),
        verdict(Level::Sometimes, "net.dropped.partition > 0", Outcome::Met, "4.1 M", None, &["HM-9.1-4", "HM-9.1-5"], 35),
    ]
}

/// How the run was made.
pub fn reproduce() -> Reproduce {
    Reproduce {
        command: "hypermesh run scenarios/scale/gossip-1m.yaml --seed 7 --threads 2".to_owned(),
        verify: Some("hypermesh verify gossip-1m-s7".to_owned()),
        version: "0.1.0".to_owned(),
        build: "release".to_owned(),
        leaves_out: vec!["Congestion control and retransmission of QUIC: a datagram is sent once.".to_owned()],
    }
}
