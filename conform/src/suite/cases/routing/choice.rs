//! R-12-06 to R-12-08: which server, and what is expected of the way to it.

use super::one::{BERLIN, HERE, One, PARIS, TOKYO, claim};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{NodeId, Span};
use hypermesh_core::stoq::routing::choose::{Candidate, Rules, choose};
use hypermesh_core::stoq::routing::predict::MODEL;
use hypermesh_core::stoq::routing::{Config, Input};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [order(), any_order(), predictions()].concat()
}

/// The finaliser of SplitMix64, Stafford's variant 13, written from clause 12.3.
const fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// How a key likes a server.
const fn liking(key: u64, node: u32) -> u64 {
    mix(key ^ mix(node as u64 ^ 0x57a0_57a0_57a0_57a0))
}

/// A server at so many microseconds with so many requests; its number is that of its node.
const fn server(node: u32, predicted_us: u32, load: u32) -> Candidate {
    Candidate { node: NodeId(node), slot: node, predicted_us, load }
}

/// The choice of clause 12.3 by the letter, with the default rules.
fn by_the_letter(key: u64, servers: &[Candidate]) -> Option<u32> {
    let nearest = servers.iter().map(|server| server.predicted_us).min()?;
    let limit = nearest + 2_000.max(nearest / 10);
    let near: Vec<&Candidate> = servers.iter().filter(|server| server.predicted_us <= limit).collect();
    let load: u64 = near.iter().map(|server| u64::from(server.load)).sum();
    let bound = ((load + 1) * 125).div_ceil(100 * near.len() as u64) - 1;
    let within: Vec<&&Candidate> = near.iter().filter(|server| u64::from(server.load) <= bound).collect();
    let best = within.iter().map(|server| liking(key, server.node.0)).max()?;
    within.iter().filter(|server| liking(key, server.node.0) == best).map(|server| server.node.0).min()
}

fn is_chosen(key: u64, servers: &[Candidate]) -> Outcome {
    let (found, wanted) = (choose(key, servers, &Rules::default()), by_the_letter(key, servers));
    ensure(found == wanted, || format!("for key {key} among {servers:?} it is {found:?} and not {wanted:?}"))
}

/// R-12-06: the order of clause 12.3.
fn order() -> Vec<Case> {
    // Far servers are at the limit and beyond it; loads at the bound and above.
    let town = |far: u32| vec![server(1, 10_000, 0), server(2, 11_500, 3), server(3, far, 1), server(4, 60_000, 0)];
    let mut all = Vec::new();
    for (name, polarity, far) in [
        ("near-and-far-loaded-and-not", Valid, 11_000),
        ("at-the-limit-of-near", Boundary, 12_000),
        ("a-microsecond-beyond", Boundary, 12_001),
    ] {
        all.push(Case::function(&format!("R-12-06/{name}"), polarity, move || (0..200).try_for_each(|key| is_chosen(key, &town(far)))));
    }
    for (name, nearest, far) in [("a-tenth-of-the-nearest", 50_000, 55_000), ("more-than-a-tenth", 50_000, 55_001)] {
        all.push(Case::function(&format!("R-12-06/{name}"), Boundary, move || {
            (0..200).try_for_each(|key| is_chosen(key, &[server(1, nearest, 0), server(2, far, 0)]))
        }));
    }
    for (name, load) in [("a-load-at-the-bound", 1), ("a-load-above-the-bound", 2)] {
        all.push(Case::function(&format!("R-12-06/{name}"), Boundary, move || {
            (0..200).try_for_each(|key| is_chosen(key, &[server(1, 10_000, load), server(2, 10_000, 0), server(3, 10_000, 0)]))
        }));
    }
    all.push(Case::function("R-12-06/nobody", Invalid, || is_chosen(1, &[])));
    all
}

/// R-12-07: whatever the order.
fn any_order() -> Vec<Case> {
    vec![
        Case::function("R-12-07/rising-order", Valid, || {
            let servers: Vec<Candidate> = (1..=5).map(|node| server(node, 10_000, 0)).collect();
            (0..100).try_for_each(|key| same_for(key, &servers))
        })
        .leaning_on(&["R-12-06"]),
        Case::function("R-12-07/every-order-of-five", Boundary, || {
            let nodes = [3, 11, 200, 7_000, 90_000];
            let mut orders = vec![Vec::new()];
            for node in nodes {
                let longer = |order: &Vec<u32>| {
                    let order = order.clone();
                    (0..=order.len()).map(move |at| [&order[..at], &[node], &order[at..]].concat())
                };
                orders = orders.iter().flat_map(longer).collect();
            }
            ensure(orders.len() == 120, || format!("{} orders", orders.len()))?;
            for order in orders {
                // Whoever is known first has the lowest number.
                let numbered = order.iter().zip(0..).map(|(node, slot)| Candidate { slot, ..server(*node, 10_000, 0) });
                let servers: Vec<Candidate> = numbered.collect();
                (0..8).try_for_each(|key| same_for(key, &servers))?;
            }
            Ok(())
        })
        .leaning_on(&["R-12-06"]),
        Case::function("R-12-07/two-routers", Boundary, || {
            let learnt = |order: &[u32]| {
                let mut one = One::new();
                order.iter().for_each(|node| drop(one.advertise(claim(NodeId(*node), BERLIN, 1))));
                one
            };
            let (mut one, mut other) = (learnt(&[5, 6, 7, 8]), learnt(&[8, 6, 5, 7]));
            (0..100).try_for_each(|key| {
                let trail = Default::default();
                let chosen = [&mut one, &mut other].map(|router| router.router.choice(HERE, key, &trail, router.now));
                ensure(chosen[0] == chosen[1], || format!("for key {key} two routers choose {chosen:?}"))
            })
        }),
        Case::function("R-12-07/far-servers-change-nothing", Invalid, || {
            let mut one = One::new();
            (1..=4).for_each(|node| drop(one.advertise(claim(NodeId(node), PARIS, 1))));
            let before: Vec<Option<NodeId>> = (0..50).map(|key| one.router.choice(HERE, key, &Default::default(), one.now)).collect();
            (5..=9).for_each(|node| drop(one.advertise(claim(NodeId(node), TOKYO, 1))));
            let after: Vec<Option<NodeId>> = (0..50).map(|key| one.router.choice(HERE, key, &Default::default(), one.now)).collect();
            ensure(before == after, || "far servers changed the choice among near ones".into())
        }),
    ]
}

/// The choice among servers without load is the one that the key likes best, wherever that stands.
fn same_for(key: u64, servers: &[Candidate]) -> Outcome {
    let wanted = servers.iter().max_by_key(|server| liking(key, server.node.0)).map(|server| server.node);
    let slot = choose(key, servers, &Rules::default());
    let found = slot.and_then(|slot| servers.iter().find(|server| server.slot == slot)).map(|server| server.node);
    ensure(found == wanted, || format!("for key {key} among {servers:?} it is {found:?} and not {wanted:?}"))
}

/// R-12-08: within bounds.
fn predictions() -> Vec<Case> {
    let learnt = |name: &'static str, polarity, rtt: Span, part: (f32, f32)| {
        Case::function(name, polarity, move || {
            let mut one = One::new();
            let node = NodeId(1);
            one.advertise(claim(node, BERLIN, 1));
            let prior = one.router.predicted_ms(HERE, node).ok_or_else(|| Miss::Inconclusive("there is no prior".into()))?;
            for _ in 0..40 {
                one.now += Span::secs(1);
                one.handle(Input::Measured { group: HERE, node, rtt });
            }
            let factor = one.router.predicted_ms(HERE, node).unwrap_or_default() / prior;
            ensure((part.0..=part.1).contains(&factor), || format!("a prediction is {factor} times its prior"))
        })
    };
    let prior_ms = 10.0 + 0.0174 * PARIS.distance_km(BERLIN);
    let times = |factor: f64| Span((prior_ms * factor * 1e6) as u64);
    vec![
        learnt("R-12-08/what-proves-right-is-used", Valid, times(2.0), (1.8, 2.2)),
        learnt("R-12-08/eight-times-the-prior", Boundary, times(8.0), (7.0, 8.001)),
        learnt("R-12-08/far-above-the-prior", Boundary, times(30.0), (7.9, 8.001)),
        learnt("R-12-08/far-below-the-prior", Boundary, times(0.02), (0.1249, 0.126)),
        Case::function("R-12-08/a-declared-factor", Invalid, || {
            let predict = Config::default().predict;
            let right = predict.factor_max <= 8.0 && predict.factor_min >= 0.125 && MODEL == 2;
            ensure(right, || format!("{predict:?}, model {MODEL}"))
        }),
    ]
}
