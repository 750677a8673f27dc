//! What the world consists of, and its first state.

use super::{Left, step};
use crate::Seed;
use crate::held::Held;
use crate::line::{Line, side};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::cache::policy::Kind;
use hypermesh_core::stoq::cache::{self, Life, Version};
use hypermesh_core::stoq::node::{self, ConnId, Peer, Server, ServerId, StoqNode, StoreOp, Why};
use hypermesh_core::stoq::session::frame::{Frame, GetName, Name};
use hypermesh_core::stoq::session::{self, Capabilities, Roles, Session, Setting, Settings, StreamId};
use hypermesh_core::testing::stoq::{MemoryStore, pack};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The lease of the world: its unit of time, about.
pub(super) const LEASE: Span = Span::secs(8);
/// Where the nodes are among the seats.
pub(super) const ORIGIN: usize = 0;
pub(super) const CACHE: usize = 1;
/// Where the applications are.
pub(super) const CLIENT: usize = 0;
pub(super) const PUBLISHER: usize = 1;
/// Their connections.
pub(super) const CONNS: [ConnId; 2] = [ConnId(1), ConnId(2)];

/// A node with its store and its deadlines.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The machine.
    pub node: StoqNode,
    /// What it has on disk.
    pub store: MemoryStore,
    /// Its deadlines, the earliest first.
    pub wakes: Vec<(Time, Why)>,
    /// How often it drew chance.
    pub position: u32,
}

/// A session with a trivial application: it asks, and notes what it is told.
#[derive(Clone, Debug)]
pub struct App {
    /// The machine.
    pub session: Session,
    /// Requests without an answer, and up to which version purges were acknowledged when they were asked.
    pub asked: BTreeMap<StreamId, u64>,
    /// How often it drew chance.
    pub position: u32,
}

/// Who is at an end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A node, by its seat.
    Node(usize),
    /// An application.
    App(usize),
}

/// A connection.
#[derive(Clone, Debug)]
pub struct Link {
    /// What is under way.
    pub line: Line,
    /// Who dialled comes first.
    pub ends: [Who; 2],
}

/// What was seen of promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// A version up to an acknowledged purge was given to who asked after the acknowledgement.
    pub older: bool,
    /// What a node found broken in itself.
    pub broken: Option<&'static str>,
    /// At how many nodes the acknowledged purge holds; zero before.
    pub acknowledged: u32,
    /// Versions that the client was given, one bit each.
    pub got: u8,
    /// Those of requests after the acknowledgement.
    pub got_after: u8,
}

/// A state of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Origin and cache.
    pub nodes: [Held<Seat>; 2],
    /// Client and publisher.
    pub apps: [Held<App>; 2],
    /// Connections that are not over.
    pub links: BTreeMap<ConnId, Held<Link>>,
    /// Whether the cache dials the origin.
    pub dialling: bool,
    /// Connections so far.
    pub conns: u64,
    /// The time.
    pub now: Time,
    /// The end of time.
    pub until: Time,
    /// Up to which version a purge is acknowledged.
    pub floor: u64,
    /// What may still happen.
    pub left: Left,
    /// What was seen.
    pub seen: Seen,
}

/// The one object.
pub(super) fn name() -> Name {
    Name::new("it").expect("it is a name")
}

/// The request of the client.
pub(super) fn get() -> Frame {
    Frame::GetName(Box::new(GetName { manifest_only: true, ..GetName::whole(name()) }))
}

fn session_config(roles: Roles) -> Arc<session::Config> {
    // Nothing here is about exchanges that make no progress, so their deadlines lie beyond the end of time.
    let never = Span::secs(100_000);
    let settings = Settings::new(Capabilities::ALL, roles).with(Setting::Requests, 8);
    let (agree_within, leave_within, stall_after) = (never, never, never);
    Arc::new(session::Config { settings, agree_within, leave_within, stall_after, grease: false, ..session::Config::default() })
}

fn seat(roles: Roles, above: Option<usize>, seed: Seed) -> Held<Seat> {
    let small = cache::Config {
        memory_bytes: 1 << 20,
        memory_policy: Kind::Fifo,
        disk_policy: Kind::Fifo,
        fetch_timeout: Span::secs(50_000),
        defect: seed.defect,
        ..cache::Config::default()
    };
    let server = |id: usize| Server { id: ServerId(id as u32), cost: 0, names: true };
    let config = node::Config {
        roles,
        session: session_config(roles),
        cache: above.map(|_| small),
        servers: above.map(server).into_iter().collect(),
        // Only leases and purges take a copy out of use.
        life: Life::Limited { max_age: Span::secs(1_000), stale_while_revalidate: Span::ZERO, stale_if_error: Span::ZERO },
        lease: LEASE,
        defect: seed.defect,
        ..node::Config::default()
    };
    Held::new(Seat { node: StoqNode::new(&Arc::new(config)), store: MemoryStore::default(), wakes: Vec::new(), position: 0 })
}

/// Lets the origin have a version.
pub(super) fn publish(seat: &mut Seat, version: u64) {
    let packed = pack(&[version as u8; 100]);
    seat.store.contents.extend(packed.contents);
    seat.store.run(StoreOp::Bind { name: name(), version: Version(version), manifest: packed.root });
}

/// The cache holds version 1 under a lease, and no node relies on what was before.
pub(super) fn first(left: Left, seed: Seed) -> State {
    let roles = [Roles::CLIENT, Roles::CLIENT.with(Roles::PUBLISHER)];
    let app = |nth: usize| {
        let session = Session::new(&session_config(roles[nth]), side(0));
        Held::new(App { session, asked: BTreeMap::new(), position: 0 })
    };
    let link = |nth: usize, node| (CONNS[nth], Held::new(Link { line: Line::default(), ends: [Who::App(nth), Who::Node(node)] }));
    let mut state = State {
        nodes: [seat(Roles::ORIGIN, None, seed), seat(Roles::EDGE, Some(ORIGIN), seed)],
        apps: [app(CLIENT), app(PUBLISHER)],
        links: BTreeMap::from([link(CLIENT, CACHE), link(PUBLISHER, ORIGIN)]),
        dialling: false,
        conns: CONNS.len() as u64,
        now: Time(1_000_000_000),
        until: Time::NEVER,
        floor: 0,
        left: Left::default(),
        seen: Seen::default(),
    };
    state.nodes[ORIGIN].change(|seat| publish(seat, 1));
    for (nth, node) in [(CLIENT, CACHE), (PUBLISHER, ORIGIN)] {
        step::accept(&mut state, nth, node, Peer::Certified(roles[nth]));
    }
    // The origin relies on no lease of a life before.
    let begun = state.now + LEASE + Span::secs(1);
    step::run_until(&mut state, begun);
    step::get(&mut state);
    step::run_until(&mut state, begun + Span::secs(1));
    assert_eq!(state.seen.got, 1, "the cache has version 1");
    (state.until, state.left, state.seen) = (state.now + left.horizon, left, Seen::default());
    if left.asked {
        step::purge(&mut state);
    }
    state
}
