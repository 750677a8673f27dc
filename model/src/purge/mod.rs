//! An origin, a cache, a client and a publisher, and one purge.
//!
//! Origin and cache are whole nodes (`StoqNode`) with stores in memory; the client and the publisher are sessions with a trivial application. In the first
//! state the cache holds version 1 of an object under a lease. From there, in any order: the client asks, the publisher purges version 1, the origin gets
//! version 2, the connection between origin and cache is cut and each end notices or does not, it is dialled again or cannot be, messages overtake each other on
//! their streams, datagrams (and with them leases) are lost, and deadlines pass, a few of them while messages are still under way.
//!
//! Promises: whoever asks after the acknowledgement of a purge is given nothing that it covers; and the purge is acknowledged in the end, whether or not the cache
//! can be told.
//!
//! Client and publisher sit beside their nodes: what they say arrives at once, since a request that is under way longer is the same as one that was asked later.
//! It leaves out crashes, the disk of the cache, more than one cache, and the end of time: what happens after the horizon is not looked at.

mod actions;
mod step;
#[cfg(test)]
mod tests;
mod town;

pub use actions::Action;
pub use town::{Link, Seat, State, Who};

use crate::run::{Effort, Report, Told, check};
use crate::{Found, Seed, Size, World};
use hypermesh_core::base::Span;
use hypermesh_core::testing::{Breach, Defect};
use stateright::{Model, Property};

const NOT_OLDER: &str = "who asks after the acknowledgement of a purge is given nothing that it covers";
const COUNTS: &str = "the nodes' own promises hold";
const ACKNOWLEDGED: &str = "the purge is acknowledged";

/// This world by name.
pub const WORLD: World = World {
    name: "purge",
    explore,
    seeds: &[
        Found::small(Seed::defect(Defect::ForgetPurge), NOT_OLDER),
        Found::small(Seed::breach(Breach::AcknowledgeBeforeBelow), NOT_OLDER),
        Found::large(Seed::breach(Breach::AnswerWithoutLease), NOT_OLDER),
    ],
};

/// What may happen, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Left {
    /// Requests of the client.
    pub gets: u8,
    /// Whether the publisher may purge version 1.
    pub purge: bool,
    /// Whether he has done so already, right before the first state.
    pub asked: bool,
    /// Whether the origin may get version 2.
    pub publish: bool,
    /// Cuts between origin and cache.
    pub cuts: u8,
    /// Attempts to connect again that fail.
    pub refused: u8,
    /// Datagrams that are lost.
    pub lost: u8,
    /// Deadlines that may pass while messages are under way.
    pub late: u8,
    /// Until how long after the first state is looked.
    pub horizon: Span,
}

/// The world.
#[derive(Clone, Debug)]
pub struct Purge {
    first: State,
    left: Left,
    seed: Seed,
}

impl Purge {
    /// The world within these bounds.
    pub fn new(left: Left, seed: Seed) -> Self {
        Self { first: seed.within(|| town::first(left, seed)), left, seed }
    }

    fn bounds(&self) -> String {
        let Left { gets, purge: _, asked, publish, cuts, refused, lost, late, horizon } = self.left;
        let purge = if asked { "one purge at first" } else { "at most one purge" };
        let publish = if publish { "version 2 at any moment" } else { "no version 2" };
        format!(
            "{purge}, {gets} requests, {publish}, {cuts} cuts, {refused} refused connections, {lost} lost datagrams, {late} deadlines before their time, {} s \
             (a lease is {})",
            horizon.as_secs_f64(),
            town::LEASE.as_secs_f64()
        )
    }
}

fn settings(size: Size) -> Vec<Left> {
    let secs = Span::secs;
    match size {
        Size::Small => vec![
            Left { gets: 1, purge: true, horizon: secs(3), ..Left::default() },
            Left { asked: true, cuts: 1, horizon: Span::millis(100), ..Left::default() },
        ],
        Size::Large => vec![
            Left { gets: 2, purge: true, publish: true, horizon: secs(2), ..Left::default() },
            Left { gets: 1, asked: true, cuts: 1, horizon: secs(10), ..Left::default() },
            Left { asked: true, cuts: 1, horizon: secs(32), ..Left::default() },
        ],
    }
}

fn explore(size: Size, effort: Effort, seed: Seed) -> Vec<Report> {
    let worlds = settings(size).into_iter().map(|left| Purge::new(left, seed));
    worlds.map(|world| check("purge", world.bounds(), world, effort)).collect()
}

impl Model for Purge {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions::possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        self.seed.within(|| actions::take(&mut next, action));
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(NOT_OLDER, |_, state: &State| !state.seen.older),
            Property::always(COUNTS, |_, state: &State| state.seen.broken.is_none()),
            Property::sometimes(ACKNOWLEDGED, |_, state: &State| state.seen.acknowledged > 0),
        ];
        if self.left.gets > 0 {
            properties.push(Property::sometimes("the client is given version 1", |_, state: &State| state.seen.got & 1 != 0));
        }
        if self.left.gets > 0 && self.left.publish {
            let promise = "after the acknowledged purge the client is given version 2";
            properties.push(Property::sometimes(promise, |_, state: &State| state.seen.got_after & 2 != 0));
        }
        if self.left.cuts > 0 && self.left.horizon > Span::secs(9) {
            let promise = "the purge is acknowledged without the cache, when its lease is over";
            properties.push(Property::sometimes(promise, |_, state: &State| state.seen.acknowledged == 1));
        }
        // An origin waits two leases and a half for who was told, and one more for whom it sent away.
        if self.left.asked && self.left.horizon > Span::secs(30) {
            let promise = "a purge that was asked for is acknowledged before the end of time";
            properties.push(Property::always(promise, |_, state: &State| {
                let mut actions = Vec::new();
                actions::possible(state, &mut actions);
                let is_end = actions.iter().all(|action| action.is_wish());
                !is_end || state.seen.acknowledged > 0
            }));
        }
        properties
    }
}

impl Told for Purge {
    fn tell(&self, state: &State, action: &Action) -> String {
        actions::tell(state, action)
    }
}
