//! `choice`: servers and a key to the server that is chosen (clause 12.3).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::number;
use hypermesh_core::base::NodeId;
use hypermesh_core::stoq::routing::choose::{Candidate, Rules, choose};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    key: u64,
    near_us: u32,
    near_percent: u32,
    servers: Vec<Server>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    node: u32,
    predicted_us: u32,
    load: u32,
}

const fn server(node: u32, predicted_us: u32, load: u32) -> Server {
    Server { node, predicted_us, load }
}

pub(super) fn make(maker: &mut Maker) {
    let equal: Vec<Server> = (1..=8).map(|node| server(node, 10_000, 0)).collect();
    for key in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
        add(maker, &format!("equal-key-{key:x}"), key, &equal);
    }
    add(maker, "one-server", 5, &[server(9, 1, 1_000)]);
    // The bounds of nearness: 2,000 microseconds below 20 ms, a tenth from there on.
    for (case, near, far) in [
        ("near-by-microseconds-at", 5_000, 7_000),
        ("near-by-microseconds-behind", 5_000, 7_001),
        ("near-by-percent-at", 100_000, 110_000),
        ("near-by-percent-behind", 100_000, 110_001),
        ("near-where-both-are-equal", 20_000, 22_000),
        ("near-by-percent-rounded-down", 100_009, 110_009),
    ] {
        // The far one is alone without load, so only its distance keeps it away.
        for key in [3, 4] {
            add(maker, &format!("{case}-key-{key}"), key, &[server(1, near, 0), server(2, far, 0)]);
        }
    }
    // Loads at the bound and beyond it: with a load of 7 in all at two servers, five is the most.
    for (case, loads) in [
        ("at-the-bound", [4, 3]),
        ("beyond-the-bound", [5, 2]),
        ("all-at-one", [7, 0]),
        ("equally-loaded", [50, 50]),
        ("nobody-loaded", [0, 0]),
    ] {
        for key in [1, 2] {
            add(maker, &format!("load-{case}-key-{key}"), key, &[server(1, 10_000, loads[0]), server(2, 10_000, loads[1])]);
        }
    }
    add(maker, "load-of-the-far-does-not-count", 1, &[server(1, 10_000, 6), server(2, 10_000, 0), server(3, 90_000, 1_000_000)]);
    add(maker, "highest-loads", 2, &[server(1, 0, u32::MAX), server(2, 0, u32::MAX), server(3, 0, u32::MAX - 1)]);
    for seed in 0..16 {
        let draw = |n: usize| number(300 + seed, n);
        let count = 2 + draw(0) as usize % 20;
        let of = |n: usize| server(7 * n as u32 + 1, 10_000 + (draw(2 * n + 2) % 4_000) as u32, (draw(2 * n + 3) % 12) as u32);
        add(maker, &format!("seeded-{seed}"), draw(1), &(0..count).map(of).collect::<Vec<_>>());
    }
    let servers = equal.clone();
    let input = Input { key: 6, near_us: 0, near_percent: 0, servers };
    maker.add("other-parameters-equal", &["R-12-06"], input, Outcome::Output(json!({ "node": by_the_steps(6, 0, 0, &equal) })));
    let servers = [server(1, 100, 0), server(2, 150, 0), server(3, 151, 0)];
    let input = Input { key: 6, near_us: 0, near_percent: 50, servers: servers.to_vec() };
    maker.add("other-parameters-half", &["R-12-06"], input, Outcome::Output(json!({ "node": by_the_steps(6, 0, 50, &servers) })));
}

fn add(maker: &mut Maker, case: &str, key: u64, servers: &[Server]) {
    let (near_us, near_percent) = (2_000, 10);
    let node = by_the_steps(key, near_us, near_percent, servers);
    let input = Input { key, near_us, near_percent, servers: servers.to_vec() };
    maker.add(case, &["R-12-06", "R-12-07"], input, Outcome::Output(json!({ "node": node })));
}

/// The finaliser of SplitMix64 with Stafford's variant 13.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The four steps of clause 12.3, one after the other.
fn by_the_steps(key: u64, near_us: u32, near_percent: u32, servers: &[Server]) -> u32 {
    let nearest = u64::from(servers.iter().map(|server| server.predicted_us).min().expect("there is a server"));
    let reach = u64::from(near_us).max(nearest * u64::from(near_percent) / 100);
    let near: Vec<&Server> = servers.iter().filter(|server| u64::from(server.predicted_us) <= nearest + reach).collect();
    let load: u64 = near.iter().map(|server| u64::from(server.load)).sum();
    // ceil(1.25 (L + 1) / n) - 1 in whole numbers.
    let bound = (5 * (load + 1)).div_ceil(4 * near.len() as u64) - 1;
    let within = near.into_iter().filter(|server| u64::from(server.load) <= bound);
    let liking = |server: &Server| mix(key ^ mix(u64::from(server.node) ^ 0x57a0_57a0_57a0_57a0));
    let mut ranked: Vec<&Server> = within.collect();
    ranked.sort_by_key(|server| (u64::MAX - liking(server), server.node));
    ranked[0].node
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let rules = Rules { near_us: input.near_us, near_percent: input.near_percent, ..Rules::default() };
    let candidate = |(slot, server): (usize, &Server)| {
        let Server { node, predicted_us, load } = *server;
        Candidate { node: NodeId(node), slot: slot as u32, predicted_us, load }
    };
    let mut candidates: Vec<Candidate> = input.servers.iter().enumerate().map(candidate).collect();
    let chosen = choose(input.key, &candidates, &rules).ok_or("there is no server")?;
    candidates.reverse();
    // Their order does not matter (R-12-07).
    if choose(input.key, &candidates, &rules) != Some(chosen) {
        return Ok(Outcome::Error("chosen otherwise in another order".to_owned()));
    }
    Ok(Outcome::Output(json!({ "node": input.servers[chosen as usize].node })))
}
