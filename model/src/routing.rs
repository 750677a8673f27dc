//! Requests that are passed on from router to router, one of which does not keep to the rules.
//!
//! Three routers ([`Router`]) know all servers, themselves included, and a stranger, who passes on to anybody whatever comes to him, but adds himself to the trail
//! as the standard demands. In any order: requests begin, a node serves what reaches it, or passes it on, or refuses, or stays silent until the deadline passes;
//! each failure makes the one who asked try somebody else. What a node is told by the one it asked, it tells the one who asked it.
//!
//! Promises: no honest node passes on a request that has come through it already; no request is passed on more often than the hop limit allows; and in the end
//! nobody waits.
//!
//! It leaves out a stranger who takes nodes off the trail: then only the hop limit at honest nodes bounds the way, for every honest node adds itself.

use crate::held::Held;
use crate::run::{Effort, Report, Told, check};
use crate::{Found, Seed, Size, World};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Spot, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::routing::{Accuracy, Claim, Config, Effect, GroupId, HOPS_MAX, Input, RequestId, Router, Trail, Why};
use hypermesh_core::testing::Breach;
use stateright::{Model, Property};
use std::collections::BTreeMap;

const LOOP: &str = "no request is passed on by a node that it has come through already";
const HOPS: &str = "no request is passed on more often than the hop limit allows";
const COUNTS: &str = "the routers' own promises hold";
const NOBODY_WAITS: &str = "where nothing more can happen, nobody waits for an answer";

/// This world by name.
pub const WORLD: World = World { name: "routing", explore, seeds: &[Found::small(Seed::breach(Breach::ForwardLoops), LOOP)] };

const HERE: GroupId = GroupId(1);

/// What may happen, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Left {
    /// Requests that begin, each about another key.
    pub requests: u8,
    /// Requests that a node refuses or is silent about.
    pub failures: u8,
    /// How often the stranger passes something on.
    pub strange: u8,
}

/// A request on its way to a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flight {
    /// Who is asked.
    pub to: usize,
    /// Who asks, and under which number; nobody here if it begins.
    pub from: Option<(usize, RequestId)>,
    /// What it is about.
    pub key: u64,
    /// What the trail says, by seats.
    pub trail: Vec<usize>,
    /// Nodes that passed it on, in truth.
    pub through: Vec<usize>,
}

/// A router with what its driver keeps.
#[derive(Clone, Debug)]
pub struct Seat {
    router: Router,
    wakes: Vec<(Time, RequestId, u8)>,
    /// Requests that it passed on: whom each came from, what it is about, and through whom it came.
    asked: BTreeMap<RequestId, Flight>,
    /// Requests so far.
    count: u64,
    position: u32,
}

/// A state of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    seats: Vec<Held<Seat>>,
    /// Requests on their way.
    flights: Vec<Flight>,
    /// The time.
    now: Time,
    left: Left,
    /// Requests that were served.
    served: u8,
    /// Those that were given up by the node where they began.
    given_up: u8,
    looped: bool,
    most_hops: usize,
    broken: Option<&'static str>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A request begins at a router.
    Begin(usize),
    /// The node that a request reached serves it.
    Serve(usize),
    /// It passes it on. The stranger does so to somebody of his choice.
    PassOn(usize, Option<usize>),
    /// It refuses.
    Refuse(usize),
    /// It stays silent.
    Ignore(usize),
    /// The deadline of the router passes.
    Overdue(usize),
}

/// The world.
#[derive(Clone, Debug)]
pub struct Routing {
    routers: usize,
    left: Left,
    first: State,
    seed: Seed,
}

impl Routing {
    /// The world within these bounds. The stranger sits behind the last router.
    pub fn new(routers: usize, left: Left, seed: Seed) -> Self {
        let seats = (0..routers).map(|seat| Held::new(seat_of(seat, routers))).collect();
        let (flights, now) = (Vec::new(), Time(1));
        let first = State { seats, flights, now, left, served: 0, given_up: 0, looped: false, most_hops: 0, broken: None };
        Self { routers, left, first, seed }
    }

    fn bounds(&self) -> String {
        let Left { requests, failures, strange } = self.left;
        format!(
            "{} routers and a stranger; {requests} requests, {failures} refused or ignored, {strange} passed on by the stranger; at most {HOPS_MAX} hops",
            self.routers
        )
    }
}

/// Everybody is in one town, so that only the key decides whom somebody asks.
fn claim(seat: usize) -> Claim {
    Claim::new(NodeId(seat as u32), Spot { lat: 48.0, lon: 2.0 }, Accuracy::City, 1, Span::secs(600))
}

fn seat_of(seat: usize, routers: usize) -> Seat {
    // Rest for a moment only, so that who failed is asked again.
    let config = Config { attempts_max: 2, timeout: (Span(4), Span(4)), suspend: Span(1), suspend_max: Span(1), ..Config::default() };
    let mut one = Seat { router: Router::new(claim(seat), config), wakes: Vec::new(), asked: BTreeMap::new(), count: 0, position: 0 };
    let (mut dice, mut out) = (Dice::new(SeedKey::new(1)), Vec::new());
    let mut cx = Cx::new(Time(1), NodeId(seat as u32), Chance::new(&mut dice, seat as u32, &mut one.position), &mut out);
    one.router.handle(Input::Place { group: HERE, spot: claim(seat).spot() }, &mut cx);
    // Everybody knows everybody else, the stranger too.
    for other in (0..=routers).filter(|other| *other != seat) {
        one.router.handle(Input::Server { claim: claim(other) }, &mut cx);
    }
    one
}

fn trail(seats: &[usize]) -> Option<Trail> {
    seats.iter().try_fold(Trail::EMPTY, |trail, seat| trail.with(NodeId(*seat as u32)))
}

impl State {
    /// Lets a router react, and does what it asks for.
    fn react(&mut self, seat: usize, react: impl FnOnce(&mut Router, &mut Cx<'_, Effect>)) {
        let now = self.now;
        let (mut out, mut dice) = (Vec::new(), Dice::new(SeedKey::new(1)));
        let broken = self.seats[seat].change(|one| {
            let chance = Chance::new(&mut dice, seat as u32, &mut one.position);
            react(&mut one.router, &mut Cx::new(now, NodeId(seat as u32), chance, &mut out));
            one.router.check().err()
        });
        self.broken = self.broken.or(broken);
        for effect in out {
            match effect {
                Effect::Ask { request, to, trail } => self.on_ask(seat, request, to.0 as usize, &trail),
                Effect::GiveUp { request, .. } => self.on_give_up(seat, request),
                Effect::Wake { after, why: Why::Overdue { request, attempt } } => {
                    self.seats[seat].change(|one| {
                        one.wakes.push((now + after, request, attempt));
                        one.wakes.sort_unstable();
                    });
                }
                Effect::Wake { .. } | Effect::Send { .. } | Effect::Rejected { .. } => {}
            }
        }
    }

    fn on_ask(&mut self, seat: usize, request: RequestId, to: usize, trail: &Trail) {
        let Some(came) = self.seats[seat].asked.get(&request).cloned() else { return };
        self.looped |= came.through.contains(&seat);
        let through = [came.through, vec![seat]].concat();
        self.most_hops = self.most_hops.max(through.len());
        let trail = trail.nodes().iter().map(|node| node.0 as usize).collect();
        self.fly(Flight { to, from: Some((seat, request)), key: came.key, trail, through });
    }

    /// The order in which requests set out does not matter.
    fn fly(&mut self, flight: Flight) {
        let at = self.flights.partition_point(|other| *other <= flight);
        self.flights.insert(at, flight);
    }

    fn on_give_up(&mut self, seat: usize, request: RequestId) {
        let came = self.seats[seat].change(|one| one.asked.remove(&request));
        self.tell(came.and_then(|came| came.from), false);
    }

    /// Who asked is told how it went.
    fn tell(&mut self, asker: Option<(usize, RequestId)>, good: bool) {
        match asker {
            None if good => self.served += 1,
            None => self.given_up += 1,
            Some((seat, request)) if good => {
                let came = self.seats[seat].change(|one| one.asked.remove(&request));
                self.react(seat, |router, cx| router.handle(Input::Answered { request, rtt: None }, cx));
                // An answer to a request that was given up meanwhile is of no use to anybody.
                if let Some(came) = came {
                    self.tell(came.from, true);
                }
            }
            Some((seat, request)) => self.react(seat, |router, cx| router.handle(Input::Failed { request }, cx)),
        }
    }

    /// A request reached a router, which passes it on.
    fn route(&mut self, flight: Flight) {
        let (seat, key) = (flight.to, flight.key);
        let Some(trail) = trail(&flight.trail) else { return };
        let request = self.seats[seat].change(|one| {
            one.count += 1;
            let request = RequestId(one.count);
            one.asked.insert(request, flight);
            request
        });
        self.react(seat, |router, cx| router.handle(Input::Request { request, group: HERE, key, trail }, cx));
    }

    fn next_deadline(&self) -> Option<(Time, usize)> {
        let first = |(seat, one): (usize, &Held<Seat>)| one.wakes.first().map(|(when, ..)| (*when, seat));
        self.seats.iter().enumerate().filter_map(first).min()
    }
}

impl Model for Routing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.left.requests > 0 {
            actions.extend((0..self.routers).map(Action::Begin));
        }
        for (at, flight) in state.flights.iter().enumerate() {
            actions.push(Action::Serve(at));
            if flight.to < self.routers {
                actions.push(Action::PassOn(at, None));
            } else if state.left.strange > 0 && flight.trail.len() < HOPS_MAX {
                actions.extend((0..self.routers).map(|to| Action::PassOn(at, Some(to))));
            }
            if state.left.failures > 0 {
                actions.extend([Action::Refuse(at), Action::Ignore(at)]);
            }
        }
        // Deadlines pass when nothing else can happen by itself.
        if let (true, Some((_, seat))) = (state.flights.is_empty(), state.next_deadline()) {
            actions.push(Action::Overdue(seat));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        self.seed.within(|| match action {
            Action::Begin(to) => {
                next.left.requests -= 1;
                let key = u64::from(next.left.requests);
                next.route(Flight { to, from: None, key, trail: Vec::new(), through: Vec::new() });
            }
            Action::Serve(at) => {
                let flight = next.flights.remove(at);
                next.tell(flight.from, true);
            }
            Action::PassOn(at, None) => {
                let flight = next.flights.remove(at);
                next.route(flight);
            }
            Action::PassOn(at, Some(to)) => {
                next.left.strange -= 1;
                let Flight { to: stranger, from, key, mut trail, mut through } = next.flights.remove(at);
                trail.push(stranger);
                through.push(stranger);
                next.most_hops = next.most_hops.max(through.len());
                next.fly(Flight { to, from, key, trail, through });
            }
            Action::Refuse(at) => {
                next.left.failures -= 1;
                let flight = next.flights.remove(at);
                next.tell(flight.from, false);
            }
            Action::Ignore(at) => {
                next.left.failures -= 1;
                next.flights.remove(at);
            }
            Action::Overdue(seat) => {
                let (when, request, attempt) = next.seats[seat].change(|one| one.wakes.remove(0));
                next.now = next.now.max(when);
                next.react(seat, |router, cx| router.wake(Why::Overdue { request, attempt }, cx));
            }
        });
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(LOOP, |_, state: &State| !state.looped),
            Property::always(HOPS, |_, state: &State| state.most_hops <= HOPS_MAX),
            Property::always(COUNTS, |_, state: &State| state.broken.is_none()),
            Property::always(NOBODY_WAITS, |world: &Self, state: &State| {
                let mut actions = Vec::new();
                world.actions(state, &mut actions);
                !actions.is_empty() || state.seats.iter().all(|one| one.asked.is_empty())
            }),
            Property::eventually("every request is served or given up", |world: &Self, state: &State| {
                state.left.requests == 0 && state.served + state.given_up == world.left.requests
            }),
            Property::sometimes("a request is served", |_, state: &State| state.served > 0),
            Property::sometimes("a request goes as far as it may", |_, state: &State| state.most_hops == HOPS_MAX),
            Property::sometimes("a request is given up", |_, state: &State| state.given_up > 0),
        ]
    }
}

impl Told for Routing {
    fn tell(&self, state: &State, action: &Action) -> String {
        let who = |seat: usize| if seat == self.routers { "the stranger".to_owned() } else { format!("router {seat}") };
        let through = |at: usize| {
            let flight = &state.flights[at];
            let nodes: Vec<String> = flight.through.iter().map(|seat| who(*seat)).collect();
            (who(flight.to), format!("the request about {} that came through {}", flight.key, nodes.join(", ")))
        };
        match *action {
            Action::Begin(seat) => format!("a request begins at {}", who(seat)),
            Action::Serve(at) => format!("{} serves {}", through(at).0, through(at).1),
            Action::PassOn(at, None) => format!("{} passes on {}", through(at).0, through(at).1),
            Action::PassOn(at, Some(to)) => format!("{} passes on {} to {}", through(at).0, through(at).1, who(to)),
            Action::Refuse(at) => format!("{} refuses {}", through(at).0, through(at).1),
            Action::Ignore(at) => format!("{} ignores {}", through(at).0, through(at).1),
            Action::Overdue(seat) => format!("the deadline of {} passes", who(seat)),
        }
    }
}

fn explore(size: Size, effort: Effort, seed: Seed) -> Vec<Report> {
    let settings = match size {
        Size::Small => vec![(3, Left { requests: 1, failures: 1, strange: 2 })],
        Size::Large => vec![(3, Left { requests: 2, failures: 1, strange: 1 }), (5, Left { requests: 1, failures: 2, strange: 2 })],
    };
    let worlds = settings.into_iter().map(|(routers, left)| Routing::new(routers, left, seed));
    worlds.map(|world| check("routing", world.bounds(), world, effort)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_goes_in_circles_whatever_the_stranger_does() {
        for report in explore(Size::Small, Effort::default(), Seed::NONE) {
            assert!(report.whole && report.broken().is_empty(), "{report}");
            assert!(report.unique > 100, "{report}");
        }
    }
}
