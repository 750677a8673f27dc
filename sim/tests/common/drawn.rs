//! Plans drawn by hand: a small clean world, to which a test adds what it is about.

use hypermesh_core::base::{NodeId, Span, Spot, Time, digest::mix};
use hypermesh_core::hypermesh::mesh::{gossip, hyparview, peer, plumtree, swim, token, vivaldi};
use hypermesh_scenarios::expect::{Expectation, Level, parse};
use hypermesh_scenarios::plan::{
    Access, Band, Budget, Faults, Group, Jitter, JoinShape, Network, NodeFault, NodeFaultKind, Nodes, Observe, Place, Plan, Role, Shot,
    Side, Tokens, WireFault, WireFaultKind, WireScope, Workload,
};

/// Places of the small world, and how many of them lie in a region.
const PLACES: u16 = 6;
const PER_REGION: u16 = 2;

/// A world of `nodes` nodes of one role, spread evenly over six places in three regions, 3 to 50 ms apart; nothing is lost, nothing goes wrong, nobody
/// does anything. It ends after a second.
pub(crate) fn plan(role: Role, nodes: u32) -> Plan {
    let group = Group {
        name: "node".into(),
        first: 0,
        count: nodes,
        role,
        join_at: Time::ZERO,
        join_over: Span::ZERO,
        join_shape: JoinShape::Linear,
    };
    Plan {
        name: "drawn".into(),
        about: "a plan drawn by hand".into(),
        seed: 7,
        stop: Time(1_000_000_000),
        warmup: Time::ZERO,
        resolved_yaml: String::new(),
        groups: vec![group],
        nodes: Nodes { place: (0..nodes).map(|n| (n % u32::from(PLACES)) as u16).collect(), access: vec![0; nodes as usize] },
        network: network(),
        workload: Workload::default(),
        faults: Faults::default(),
        observe: Observe { every: Span::millis(100), flows: 0.0, events: false },
        expect: Vec::new(),
        budget: Budget::default(),
        certs: None,
        defect: None,
    }
}

/// The small world's wires.
fn network() -> Network {
    let place =
        |n: u16| Place { name: format!("place-{n}"), region: n / PER_REGION, spot: Spot { lat: 0.0, lon: f64::from(n) * 50.0 - 150.0 } };
    let delay = |a: u16, b: u16| (3_000_000 + mix(u64::from(a.min(b)) << 16 | u64::from(a.max(b))) % 47_000_000) as u32;
    Network {
        places: (0..PLACES).map(place).collect(),
        regions: (0..PLACES / PER_REGION).map(|n| format!("region-{n}")).collect(),
        one_way_ns: (0..PLACES).flat_map(|a| (0..PLACES).map(move |b| delay(a, b))).collect(),
        access: vec![access(0, 0, 0)],
        jitter: Jitter { share: 0.0, floor: Span::ZERO, period: Span::secs(1) },
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        reorder_by: Span::ZERO,
        overhead_bytes: 0,
        source: "drawn by hand".into(),
    }
}

/// An access class without last mile and loss.
pub(crate) fn access(up_bps: u64, down_bps: u64, queue_bytes: u64) -> Access {
    Access { name: "line".into(), up_bps, down_bps, queue_bytes, last_mile: Span::ZERO, loss: 0.0 }
}

/// Each node sends a token on its way at the start.
pub(crate) fn tokens(nodes: u32) -> Plan {
    let mut plan = plan(Role::Token(token::Config { population: nodes }), nodes);
    plan.workload.tokens = vec![Tokens { at: Time(1_000_000), first: 0, count: nodes, per_node: 1, bytes: 64 }];
    plan
}

/// Nodes that gossip; three broadcasts.
pub(crate) fn gossip(nodes: u32) -> Plan {
    let mut plan = plan(Role::Gossip(gossip::Config { fanout: 6, population: nodes }), nodes);
    plan.workload.broadcasts = (0..3).map(|k| shot(10 + 200 * k, (k as u32 * 37) % nodes)).collect();
    plan
}

/// What a mesh peer with all its parts is made of.
pub(crate) fn whole_peer() -> peer::Config {
    peer::Config {
        hyparview: Some(hyparview::Config { shuffle_every: Span::secs(2), ..hyparview::Config::default() }),
        plumtree: Some(plumtree::Config::default()),
        swim: Some(swim::Config::default()),
        vivaldi: Some(vivaldi::Config::default()),
        defect: None,
    }
}

/// Mesh peers that join one after the other within the first second; three broadcasts. It ends after six seconds.
pub(crate) fn peers(nodes: u32) -> Plan {
    let mut plan = plan(Role::Peer(whole_peer()), nodes);
    plan.groups[0].join_over = Span::secs(1);
    plan.workload.broadcasts = (0..3).map(|k| shot(2_000 + 1_000 * k, (k as u32 * 17) % nodes)).collect();
    plan.stop = Time(6_000_000_000);
    plan
}

/// A moment in milliseconds.
pub(crate) const fn ms(n: u64) -> Time {
    Time(n * 1_000_000)
}

/// A broadcast of 256 bytes.
pub(crate) const fn shot(at_ms: u64, origin: u32) -> Shot {
    Shot { at: ms(at_ms), origin: NodeId(origin), bytes: 256 }
}

/// Something that happens to a node.
pub(crate) const fn fault(at_ms: u64, node: u32, what: NodeFaultKind) -> NodeFault {
    NodeFault { at: ms(at_ms), node: NodeId(node), what }
}

/// Something that happens to wires.
pub(crate) const fn wire_fault(from_ms: u64, until_ms: u64, scope: WireScope, what: WireFaultKind) -> WireFault {
    WireFault { from: ms(from_ms), until: ms(until_ms), scope, what }
}

/// A fault as people see it.
pub(crate) fn band(name: &str, from_ms: u64, until_ms: u64) -> Band {
    Band { name: name.into(), kind: "drawn".into(), from: ms(from_ms), until: ms(until_ms) }
}

/// An expectation of the whole run.
pub(crate) fn expect(level: Level, that: &str, plan: &Plan) -> Expectation {
    Expectation {
        level,
        that: that.into(),
        expr: parse(that).expect("the expectation parses"),
        during: Some((plan.warmup, plan.stop)),
        within: None,
        covers: Vec::new(),
        line: 0,
    }
}

/// Two nodes in two places of two regions, 5 ms apart.
pub(crate) fn pair() -> Plan {
    let mut plan = plan(Role::Token(token::Config { population: 2 }), 2);
    plan.network.places.truncate(2);
    plan.network.regions.truncate(2);
    plan.network.places[1].region = 1;
    plan.network.one_way_ns = vec![1_000_000, 5_000_000, 5_000_000, 1_000_000];
    plan
}

/// A plan with some of everything: narrow access links, jitter, loss, copies, late datagrams, crashes, a pause, a skew, a partition, a spike.
pub(crate) fn eventful(mut plan: Plan) -> Plan {
    plan.network.access.push(access(2_000_000, 8_000_000, 20_000));
    let nodes = plan.node_count();
    plan.nodes.access = (0..nodes).map(|n| (n % 3 / 2) as u8).collect();
    plan.network.jitter.share = 0.2;
    (plan.network.loss, plan.network.duplicate, plan.network.reorder) = (0.01, 0.01, 0.01);
    (plan.network.reorder_by, plan.network.overhead_bytes) = (Span::millis(4), 60);
    let (from, until) = (plan.stop.0 / 1_000_000 / 3, plan.stop.0 / 1_000_000 / 2);
    for node in (0..nodes).step_by(9) {
        plan.faults.nodes.push(fault(from + u64::from(node), node, NodeFaultKind::Crash));
        plan.faults.nodes.push(fault(until + u64::from(node), node, NodeFaultKind::Restart));
    }
    plan.faults.nodes.push(fault(from, 1, NodeFaultKind::Pause { until: ms(until) }));
    plan.faults.nodes.push(fault(from, 2, NodeFaultKind::Skew { step: Span::millis(70), drift_ppm: -200_000 }));
    plan.faults.nodes.sort_by_key(|fault| (fault.at, fault.node));
    let halves = WireScope::Across(Side::Share { salt: 3, share: 0.4 });
    plan.faults.wires = vec![
        wire_fault(from, until, halves, WireFaultKind::Cut),
        wire_fault(until, until + 200, WireScope::All, WireFaultKind::Slow { factor: 2.0, extra: Span::millis(30) }),
    ];
    plan.faults.bands = vec![band("cut", from, until), band("slow", until, until + 200)];
    (plan.observe.flows, plan.observe.events) = (0.3, true);
    plan
}
