//! Plans drawn by chance: small worlds of every role, with every kind of wire, fault, load and observation.

use super::drawn::{expect, plan, whole_peer};
use hypermesh_core::base::{NodeId, Span, Spot, Time, digest::mix};
use hypermesh_core::hypermesh::mesh::{gossip, peer, swim, token};
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::{
    Access, Band, Faults, Group, Jitter, JoinShape, Network, NodeFault, NodeFaultKind, Nodes, Observe, Place, Plan, RegionSet, Role, Shot,
    Side, Tokens, WireFault, WireFaultKind, WireScope, Workload,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Most regions of a small plan; sets of regions may name some that a plan does not have.
const REGIONS: u16 = 3;

/// Any small plan: up to 90 nodes for up to two seconds.
pub(crate) fn small_plan() -> impl Strategy<Value = Plan> {
    (any_role(), groups(), network(), any::<u64>(), 150u64..1_200).prop_flat_map(|(role, groups, network, seed, stop_ms)| {
        let nodes: u32 = groups.iter().map(|group| group.0).sum();
        let stop_ms = if matches!(role, Role::Peer(_)) { stop_ms + 800 } else { stop_ms };
        (columns(nodes, network.places.len(), network.access.len()), workload(nodes, stop_ms), faults(nodes, stop_ms), observe()).prop_map(
            move |(columns, workload, faults, observe)| {
                let mut plan = plan(role.clone(), nodes);
                plan.seed = seed;
                plan.stop = Time(stop_ms * 1_000_000);
                plan.warmup = Time(plan.stop.0 / 5);
                plan.groups = joined(&role, &groups);
                plan.nodes = columns;
                plan.network = network.clone();
                plan.workload = workload;
                plan.faults = faults;
                plan.observe = observe;
                if matches!(role, Role::Token(_)) {
                    tame(&mut plan);
                }
                let claim = |level, that| expect(level, that, &plan);
                plan.expect = vec![
                    claim(Level::Must, "net.delivered > 0"),
                    claim(Level::Always, "p99(net.latency) < 60ms"),
                    claim(Level::Should, "messages_conserved"),
                ];
                plan
            },
        )
    })
}

/// A copied token travels on beside the first: keeps their number from growing beyond all bounds, to about e squared times as many at the end.
fn tame(plan: &mut Plan) {
    let nearest = plan.network.one_way_ns.iter().min().map_or(1, |ns| u64::from(*ns));
    let most = 1.0 / (plan.stop.0 / nearest).max(1) as f64;
    plan.network.duplicate = plan.network.duplicate.min(most);
    for fault in &mut plan.faults.wires {
        if let WireFaultKind::Duplicate(p) = &mut fault.what {
            *p = p.min(most);
        }
    }
}

fn any_role() -> impl Strategy<Value = Role> {
    let parts = (any::<[bool; 4]>(), 0u32..3, 1u64..4);
    prop_oneof![
        Just(Role::Token(token::Config { population: 0 })),
        (0u8..9).prop_map(|fanout| Role::Gossip(gossip::Config { fanout, population: 0 })),
        parts.prop_map(|([views, tree, places, lifeguard], scope, pace)| {
            let whole = whole_peer();
            let scope = if scope == 0 { swim::Scope::Cell { first: 0, count: 0 } } else { swim::Scope::View };
            let lifeguard = if lifeguard { swim::Lifeguard::ON } else { swim::Lifeguard::OFF };
            let (every, answer) = (Span::millis(80 * pace), Span::millis(40 * pace));
            let swim = swim::Config { scope, probe_every: every, answer_within: answer, lifeguard, ..swim::Config::default() };
            Role::Peer(peer::Config {
                hyparview: whole.hyparview.filter(|_| views || tree || scope == swim::Scope::View),
                plumtree: whole.plumtree.filter(|_| tree),
                swim: Some(swim),
                vivaldi: whole.vivaldi.filter(|_| places),
                defect: None,
            })
        }),
    ]
}

/// Nodes of each group, with when they join: (count, at, over, growth).
fn groups() -> impl Strategy<Value = Vec<(u32, u64, u64, bool)>> {
    vec((1u32..46, prop_oneof![Just(0), 0u64..200], prop_oneof![Just(0), 1u64..400], any::<bool>()), 1..3)
}

/// The groups of a plan, with the number of all nodes filled in where a role wants to know it.
fn joined(role: &Role, groups: &[(u32, u64, u64, bool)]) -> Vec<Group> {
    let population = groups.iter().map(|group| group.0).sum();
    let mut first = 0;
    let group = |(index, (count, at, over, growth)): (usize, &(u32, u64, u64, bool))| {
        let role = match role {
            Role::Token(_) => Role::Token(token::Config { population }),
            Role::Gossip(config) => Role::Gossip(gossip::Config { population, ..*config }),
            Role::Stoq(config) => Role::Stoq(*config),
            Role::Peer(config) => {
                let mut config = *config;
                if let Some(swim) = &mut config.swim
                    && swim.scope != swim::Scope::View
                {
                    swim.scope = swim::Scope::Cell { first, count: *count };
                }
                Role::Peer(config)
            }
        };
        first += count;
        Group {
            name: format!("group-{index}"),
            first: first - count,
            count: *count,
            role,
            join_at: Time(at * 1_000_000),
            join_over: Span::millis(*over),
            join_shape: if *growth { JoinShape::Growth } else { JoinShape::Linear },
        }
    };
    groups.iter().enumerate().map(group).collect()
}

fn network() -> impl Strategy<Value = Network> {
    let probability = || prop_oneof![2 => Just(0.0), 1 => 0.0..0.08];
    let odds = (probability(), probability(), probability(), 0u64..20_000_000);
    let shape = (1u16..6, 1u16..=REGIONS, any::<u64>(), prop_oneof![1 => Just(400_000u32), 4 => Just(3_000_000)], 1u32..60_000_000);
    (shape, vec(access(), 1..4), jitter(), odds, 0u32..100).prop_map(|(shape, access, jitter, odds, overhead_bytes)| {
        let (places, regions, salt, nearest, spread) = shape;
        let place = |n: u16| {
            let spot = Spot { lat: f64::from(n), lon: (mix(salt ^ u64::from(n)) % 360) as f64 - 180.0 };
            Place { name: format!("place-{n}"), region: n % regions, spot }
        };
        let delay = |pair: u64| nearest + (mix(salt ^ pair << 8) % u64::from(spread)) as u32;
        Network {
            places: (0..places).map(place).collect(),
            regions: (0..regions).map(|n| format!("region-{n}")).collect(),
            one_way_ns: (0..u64::from(places) * u64::from(places)).map(delay).collect(),
            access,
            jitter,
            loss: odds.0,
            duplicate: odds.1,
            reorder: odds.2,
            reorder_by: Span(odds.3),
            overhead_bytes,
            source: "drawn by chance".into(),
        }
    })
}

fn access() -> impl Strategy<Value = Access> {
    let bps = || prop_oneof![Just(0u64), 200_000u64..1_000_000_000];
    let queue = prop_oneof![Just(0u64), 500u64..100_000];
    (bps(), bps(), queue, 0u64..5_000_000, prop_oneof![Just(0.0), 0.0..0.05]).prop_map(|(up_bps, down_bps, queue_bytes, mile, loss)| {
        Access { name: "class".into(), up_bps, down_bps, queue_bytes, last_mile: Span(mile), loss }
    })
}

fn jitter() -> impl Strategy<Value = Jitter> {
    let size = (prop_oneof![Just(0.0), 0.0..1.5], prop_oneof![Just(0u64), 1u64..8_000_000], 1u64..2_000_000_000);
    size.prop_map(|(share, floor, period)| Jitter { share, floor: Span(floor), period: Span(period) })
}

fn columns(nodes: u32, places: usize, classes: usize) -> impl Strategy<Value = Nodes> {
    let (places, classes) = (places as u64, classes as u64);
    any::<u64>().prop_map(move |salt| {
        let pick = |n: u32, below: u64| mix(salt ^ below << 32 ^ u64::from(n)) % below;
        Nodes {
            place: (0..nodes).map(|n| pick(n, places) as u16).collect(),
            access: (0..nodes).map(|n| pick(n, classes + 7).min(classes - 1) as u8).collect(),
        }
    })
}

fn workload(nodes: u32, stop_ms: u64) -> impl Strategy<Value = Workload> {
    let shot = (0..stop_ms * 1_000_000, 0..nodes, 0u32..3_000);
    let shots = vec(shot, 0..6).prop_map(|mut shots| {
        shots.sort_unstable();
        shots.into_iter().map(|(at, origin, bytes)| Shot { at: Time(at), origin: NodeId(origin), bytes }).collect()
    });
    let tokens = (0..stop_ms * 500_000, 0..nodes, 1u32..3, 0u32..1_500).prop_map(move |(at, first, per_node, bytes)| {
        let count = (nodes - first).min(20);
        Tokens { at: Time(at), first, count, per_node, bytes }
    });
    (shots, vec(tokens, 0..3)).prop_map(|(broadcasts, tokens)| Workload { broadcasts, tokens, ..Workload::default() })
}

fn faults(nodes: u32, stop_ms: u64) -> impl Strategy<Value = Faults> {
    let moment = 0..stop_ms * 1_000_000;
    let node_fault = (moment.clone(), 0..nodes, node_fault_kind(stop_ms));
    let node_faults = vec(node_fault, 0..12).prop_map(|list| {
        let mut list: Vec<_> = list.into_iter().map(|(at, node, what)| NodeFault { at: Time(at), node: NodeId(node), what }).collect();
        list.sort_by_key(|fault| (fault.at, fault.node));
        list
    });
    let wire_fault = (moment.clone(), moment, scope(), wire_fault_kind());
    let wire_faults = vec(wire_fault, 0..5).prop_map(|list| {
        let ordered = |(a, b, scope, what): (u64, u64, _, _)| WireFault { from: Time(a.min(b)), until: Time(a.max(b)), scope, what };
        let mut list: Vec<_> = list.into_iter().map(ordered).collect();
        list.sort_by_key(|fault| fault.from);
        list
    });
    (node_faults, wire_faults).prop_map(|(nodes, wires)| {
        let band = |(n, fault): (usize, &WireFault)| Band {
            name: format!("fault-{n}"),
            kind: "drawn".into(),
            from: fault.from,
            until: fault.until,
        };
        let bands = wires.iter().enumerate().map(band).collect();
        Faults { nodes, wires, bands, ..Faults::default() }
    })
}

fn node_fault_kind(stop_ms: u64) -> impl Strategy<Value = NodeFaultKind> {
    prop_oneof![
        Just(NodeFaultKind::Crash),
        Just(NodeFaultKind::Leave),
        Just(NodeFaultKind::Restart),
        (0..stop_ms * 1_000_000).prop_map(|until| NodeFaultKind::Pause { until: Time(until) }),
        (0u64..3_000_000_000, -900_000i32..1_000_000).prop_map(|(step, drift_ppm)| NodeFaultKind::Skew { step: Span(step), drift_ppm }),
    ]
}

fn wire_fault_kind() -> impl Strategy<Value = WireFaultKind> {
    prop_oneof![
        Just(WireFaultKind::Cut),
        (0.0..1.0).prop_map(WireFaultKind::Loss),
        (1.0..4.0, 0u64..100_000_000).prop_map(|(factor, extra)| WireFaultKind::Slow { factor, extra: Span(extra) }),
        (0.0..0.3).prop_map(WireFaultKind::Duplicate),
        (0.0..0.3).prop_map(WireFaultKind::Reorder),
    ]
}

fn scope() -> impl Strategy<Value = WireScope> {
    let set = || vec(any::<bool>(), usize::from(REGIONS)).boxed() as BoxedStrategy<RegionSet>;
    prop_oneof![
        Just(WireScope::All),
        set().prop_map(WireScope::Touching),
        set().prop_map(|set| WireScope::Across(Side::Regions(set))),
        (any::<u64>(), 0.0..1.0).prop_map(|(salt, share)| WireScope::Across(Side::Share { salt, share })),
        (set(), set()).prop_map(|(from, to)| WireScope::OneWay(from, to)),
    ]
}

fn observe() -> impl Strategy<Value = Observe> {
    (20u64..600, prop_oneof![Just(0.0), 0.0..1.0], any::<bool>()).prop_map(|(every, flows, events)| Observe {
        every: Span::millis(every),
        flows,
        events,
    })
}
