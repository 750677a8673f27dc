//! Tier 2: the tester and the implementation are two hosts on the simulated network, and the clock is in the tester's hand.
//!
//! ```text
//! tester ─ streams, datagrams ─▶ quinn-proto ─ packets ─▶ wires of the simulator ─▶ quinn-proto ─▶ driver ─▶ node in memory
//!                                                          delay, jitter, bandwidth, queues,
//!                                                          loss, bursts, reordering, copies
//! ```
//! Both ends are what packet mode of the simulator has ([`hypermesh_sim::packet`]): the QUIC stack that the driver on sockets has too, with its handshake,
//! loss recovery, CUBIC and flow control; the wires are those of every simulated run ([`hypermesh_sim::network`]), with a fault plan that is a scenario
//! ([`FaultPlan`]). So octets of one stream arrive in order and whole whatever is lost, streams overtake each other, and a datagram that is lost is gone.
//!
//! What happens is a function of the case, the plan and the seed, but for the keys of TLS: these differ from run to run, and with them the octets of
//! packets, but no length and no time. So that logs are the same, the keying material under the confirmations (clause 7.2) is that of tier 1 and not the
//! connection's own, and certificates are not judged: the node is told who the tester says that it is. Both are tried on sockets.

mod air;
mod driver;
mod line;
mod plan;
mod port;
mod run;

pub use air::Carried;
pub use plan::FaultPlan;
pub use run::{Crossed, Path, TRIES, campaign, digest};

use super::memory::subject::TESTER;
use super::memory::under;
use super::port::{Line, Pixit};
use super::verdict::{Miss, Outcome};
use air::{Air, Host, Packet};
use driver::Driver;
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::node::{ConnId, Input, Peer};
use hypermesh_core::stoq::preset::{Effective, Key, Source};
use hypermesh_core::stoq::session::{self, Roles, Side, version};
use hypermesh_core::testing::Breach;
use hypermesh_core::testing::stoq::World;
use hypermesh_scenarios::plan::Plan;
use hypermesh_sim::packet::{Arrived, Came, Credentials, Raw, Stack};
use line::Pair;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

/// The number of the first connection that the tester opens: far from those that the world gives.
const FIRST: u64 = 1 << 40;
/// The node under test; the tester has no seat.
const SEAT: usize = 0;
/// How long a node stays away from a server that it could not connect with, as on sockets.
const AWAY: Span = Span::millis(100);

/// A node in memory, the tester, and the network between them.
#[derive(Debug)]
pub struct Simulated {
    world: World,
    pixit: Pixit,
    breach: Option<Breach>,
    plan: Plan,
    seed: u64,
    air: Air,
    stacks: [Stack; 2],
    credentials: [Arc<Credentials>; 2],
    lines: BTreeMap<Line, Pair>,
    /// Connections that the node opened and that no case asked for yet.
    came: VecDeque<Line>,
    next: u64,
    /// What was carried before the last start, and what of it was taken for good.
    before: ([Carried; 2], u64),
}

/// What both hosts show; made once a process, since its making takes time and nothing depends on it.
fn credentials() -> &'static Credentials {
    static MADE: OnceLock<Credentials> = OnceLock::new();
    MADE.get_or_init(|| Credentials::new(b"stoq/1").expect("certificates can be made"))
}

/// The ends of QUIC: an open-handed tester, and a node set as its PIXIT says.
fn both(pixit: &Pixit) -> [Arc<Credentials>; 2] {
    let mut values = Effective::new(None);
    for (key, value) in [(Key::SessionIdle, pixit.idle.0), (Key::SessionRequests, pixit.requests)] {
        values.put(Source::Override, key, value).expect("the PIXIT keeps the bounds of clause 4.4");
    }
    [Arc::new(credentials().open_handed()), Arc::new(credentials().tuned(&values))]
}

fn stacks(credentials: &[Arc<Credentials>; 2], seed: u64) -> [Stack; 2] {
    Host::BOTH.map(|host| Stack::new(&credentials[host as usize], host.id(), seed, true))
}

impl Simulated {
    /// A port without a node yet, on the path of a plan. The breach, if any, is on whenever the node does something, and never while the tester does.
    pub fn new(plan: FaultPlan, seed: u64, breach: Option<Breach>) -> Self {
        Self::on(&plan.resolved(seed), plan.pixit(), breach)
    }

    /// The same on a plan that was resolved.
    fn on(plan: &Plan, pixit: Pixit, breach: Option<Breach>) -> Self {
        let (credentials, seed) = (both(&pixit), plan.seed);
        Self {
            world: World::new(seed),
            pixit,
            breach,
            seed,
            air: Air::new(plan),
            stacks: stacks(&credentials, seed),
            plan: plan.clone(),
            credentials,
            lines: BTreeMap::new(),
            came: VecDeque::new(),
            next: FIRST,
            before: Default::default(),
        }
    }

    /// What the tester and the implementation sent so far, and what became of it.
    pub fn carried(&self) -> [Carried; 2] {
        Host::BOTH.map(|host| {
            let mut all = self.before.0[host as usize];
            all.add(self.air.carried(host));
            all
        })
    }

    /// How many datagrams and last words of connections the path took so far: what QUIC does not send again.
    pub fn taken_for_good(&self) -> u64 {
        let is_lossy = self.carried().iter().any(|carried| carried.lost > 0);
        let taken = self.lines.values().map(|pair| pair.taken_for_good(self.world.now)).sum::<u64>();
        self.before.1 + if is_lossy { taken } else { 0 }
    }

    /// Lets the world do something with the breach on.
    fn act<T>(&mut self, what: impl FnOnce(&mut World) -> T) -> T {
        let world = &mut self.world;
        under(self.breach, || what(world))
    }

    fn pair(&mut self, line: Line) -> &mut Pair {
        self.lines.get_mut(&line).expect("a line was given by this port")
    }

    fn live(&mut self, line: Line) -> Outcome<&mut Pair> {
        let pair = self.pair(line);
        if pair.is_told_over { Err(Miss::Inconclusive("the connection is over before the stimulus".into())) } else { Ok(pair) }
    }

    // Time.

    /// When the next thing happens anywhere.
    fn next_at(&self) -> Option<Time> {
        let due = self.lines.values().flat_map(|pair| pair.due).flatten().min();
        [self.world.next_at(), self.air.next_at(), due].into_iter().flatten().min()
    }

    /// Lets the next thing happen that happens by then; false if there is none, and it is then.
    fn step(&mut self, until: Time) -> bool {
        let Some(now) = self.next_at().filter(|next| *next <= until) else {
            self.act(|world| world.run_for(until.since(world.now)));
            return false;
        };
        if self.world.next_at().is_some_and(|next| next <= now) {
            self.act(World::step);
        } else {
            self.act(|world| world.run_for(now.since(world.now)));
            if self.air.next_at().is_some_and(|next| next <= now) {
                self.air.arrive().into_iter().for_each(|packet| self.arrive(packet));
            } else {
                self.wake();
            }
        }
        self.carry();
        true
    }

    /// What is due at some connection.
    fn wake(&mut self) {
        let now = self.world.now;
        for pair in self.lines.values_mut() {
            for host in Host::BOTH {
                if pair.due[host as usize].is_some_and(|due| due <= now) {
                    pair.is_touched = true;
                    pair.end(host).into_iter().for_each(|raw| raw.wake(now));
                }
            }
        }
    }

    /// A packet arrived.
    fn arrive(&mut self, packet: Packet) {
        let (now, to) = (self.world.now, packet.from.other());
        let arrived = self.stacks[to as usize].arrive(packet.from.id(), &packet.octets, now);
        let Some(pair) = self.lines.get_mut(&packet.line) else { return };
        pair.is_touched = true;
        match arrived {
            Arrived::Known(_, event) => {
                if let Some(raw) = pair.end(to) {
                    raw.receive(*event);
                }
            }
            Arrived::New(wire) => pair.ends[to as usize] = Some(Raw::from(*wire)),
            Arrived::Nothing => {}
        }
    }

    /// Carries everything as far as it comes at this moment.
    fn carry(&mut self) {
        loop {
            while let Some((_, conn)) = self.world.dialled_by_hand() {
                self.dial(conn);
            }
            let lines: Vec<Line> = self.lines.keys().copied().collect();
            let before = self.lines.len();
            let mut any = false;
            for line in lines {
                any |= self.obey(line);
                if std::mem::take(&mut self.pair(line).is_touched) {
                    self.happen(line);
                    any = true;
                }
            }
            if !any && self.lines.len() == before {
                return;
            }
        }
    }

    /// Everything that happens on a connection now: what came goes to who it is for, and what is to be sent is sent.
    fn happen(&mut self, line: Line) {
        for host in Host::BOTH {
            let now = self.world.now;
            let mut came = Vec::new();
            self.pair(line).end(host).into_iter().for_each(|raw| raw.progress(now, &mut came));
            for came in came {
                match host {
                    Host::Tester => self.hear(line, came),
                    Host::Node => self.tell(line, came),
                }
            }
            if host == Host::Node {
                self.serve(line);
            }
            self.send(line, host);
        }
    }

    /// Sends what QUIC lets go.
    fn send(&mut self, line: Line, host: Host) {
        let now = self.world.now;
        let Some(pair) = self.lines.get_mut(&line) else { return };
        let Some(raw) = pair.end(host) else { return };
        let mut packets = Vec::new();
        while let Some(octets) = raw.poll(now) {
            packets.push(octets);
        }
        self.stacks[host as usize].exchange_raw(raw);
        pair.due[host as usize] = raw.deadline();
        packets.into_iter().for_each(|octets| self.air.send(host, line, octets, now));
    }

    // The tester's end.

    fn hear(&mut self, line: Line, came: Came) {
        if came == Came::Connected && self.pair(line).side == Side::Server {
            self.came.push_back(line);
        }
        self.pair(line).hear(came);
    }

    // The node's end.

    /// The node opens a connection with the tester.
    fn dial(&mut self, conn: ConnId) {
        let mut pair = Pair::new(Side::Server, Peer::Certified(Roles::ORIGIN));
        let wire = self.stacks[Host::Node as usize].connect(Host::Tester.id(), self.world.now);
        pair.ends[Host::Node as usize] = wire.map(Raw::from);
        self.lines.insert(Line(conn.0), pair);
    }

    /// Something happened to the node's end.
    fn tell(&mut self, line: Line, came: Came) {
        let conn = ConnId(line.0);
        match came {
            Came::Connected => self.begin(line),
            Came::Closed(_) => {
                let pair = self.pair(line);
                if pair.driver.is_none() && pair.side == Side::Server {
                    self.act(|world| world.input(SEAT, Input::NoDial { server: TESTER, again: Some(AWAY) }));
                } else if !std::mem::replace(&mut pair.is_gone, true) {
                    self.act(|world| world.input(SEAT, Input::Session { conn, input: session::Input::Gone }));
                }
            }
            came => {
                let breach = self.breach;
                let Pair { driver: Some(driver), ends: [_, Some(raw)], .. } = self.pair(line) else { return };
                under(breach, || driver.came(raw, came));
            }
        }
    }

    /// The handshake is complete at the node.
    fn begin(&mut self, line: Line) {
        let (conn, pair) = (ConnId(line.0), self.pair(line));
        let (side, peer) = (pair.side.other(), pair.peer);
        let first = match side {
            Side::Client => Input::Dialled { conn, server: TESTER, peer, early: false },
            Side::Server => Input::Accepted { conn, peer },
        };
        let keyed = session::Input::Keyed { major: version::MAJOR, exporter: World::EXPORTER };
        self.act(|world| {
            world.input(SEAT, first);
            world.input(SEAT, Input::Session { conn, input: keyed });
        });
        let node = &self.world.seats[SEAT].node;
        let driver = Driver::new(conn, side, node.limits(conn), node.requests_granted(conn));
        self.pair(line).driver = Some(driver);
    }

    /// Carries out what the node asked for on a connection. Whether it asked for anything.
    fn obey(&mut self, line: Line) -> bool {
        let (now, breach) = (self.world.now, self.breach);
        let mut any = false;
        loop {
            if self.pair(line).driver.is_none() {
                return any;
            }
            let said = self.world.said_by_hand(SEAT, ConnId(line.0));
            if said.is_empty() {
                return any;
            }
            any = true;
            let pair = self.pair(line);
            pair.is_touched = true;
            let Pair { driver: Some(driver), ends: [_, Some(raw)], .. } = pair else { return any };
            if !raw.is_over() {
                under(breach, || said.into_iter().for_each(|effect| driver.carry_out(raw, effect, now)));
            }
        }
    }

    /// Tells the node what came, one by one, and carries out what it asks for.
    fn serve(&mut self, line: Line) {
        let (breach, conn) = (self.breach, ConnId(line.0));
        loop {
            self.obey(line);
            let Pair { driver: Some(driver), ends: [_, Some(raw)], is_gone, .. } = self.pair(line) else { return };
            if raw.is_over() {
                // What came before the end is of no use to a session that is over.
                if !std::mem::replace(is_gone, true) {
                    self.act(|world| world.input(SEAT, Input::Session { conn, input: session::Input::Gone }));
                }
                return;
            }
            let Some(input) = under(breach, || driver.next(raw)) else { return };
            self.act(|world| world.input(SEAT, input));
            let granted = self.world.seats[SEAT].node.requests_granted(conn);
            let Pair { driver: Some(driver), ends: [_, Some(raw)], .. } = self.pair(line) else { return };
            if granted > driver.granted {
                driver.granted = granted;
                raw.grant(granted as u64);
            }
        }
    }
}
