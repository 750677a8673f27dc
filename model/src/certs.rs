//! An issuer, a holder that renews its certificate, and a guard before which certificates are shown; three clocks that are wrong in every way allowed.
//!
//! In any order: time passes, requests and answers are under way for longer or are lost, the holder's certificate is taken back, lists of revocations are made,
//! and any list ever made reaches the guard, once, twice, late or never. Any certificate ever issued is shown to the guard, since whoever stole a key may do so.
//!
//! Promises: nobody is accepted longer after a revocation than the bound, or after the end of the certificate than two clocks may be apart; a holder has a valid
//! certificate as long as nobody takes one back, though messages are slow or lost; and for the overlap the certificate before stays in use.
//!
//! Time is counted in ticks, and every machine is woken at the tick when it asked to be. It leaves out logs, chains, names and roles: what a judgement does
//! with those does not depend on time or order.

use crate::held::Held;
use crate::run::{Effort, Report, Told, check};
use crate::{Found, Seed, Size, World};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::certs::keeper::{self, Keeper};
use hypermesh_core::stoq::certs::{self, Asked, Certificate, Guard, Issuer, IssuerId, KeyId, PeerId, Policy, Presented};
use hypermesh_core::stoq::certs::{Request, RevocationList, Serial, Trusted, Unlogged};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::testing::{Breach, Defect};
use stateright::{Model, Property};
use std::collections::BTreeMap;
use std::sync::Arc;

const REVOKED: &str = "nobody is accepted longer after a revocation than the bound";
const ENDED: &str = "nobody is accepted longer after the end than two clocks may be apart";
const ALWAYS: &str = "a holder from whom nothing is taken back always has a valid certificate";
const OVERLAP: &str = "for the overlap the certificate before stays in use";
const COUNTS: &str = "the machines' own promises hold";

/// This world by name.
pub const WORLD: World = World {
    name: "certs",
    explore,
    seeds: &[
        Found::small(Seed::defect(Defect::AcceptExpired), ENDED),
        Found::small(Seed::breach(Breach::IgnoreRevocation), REVOKED),
        Found::small(Seed::breach(Breach::CutAtRotation), OVERLAP),
    ],
};

const ISSUER: IssuerId = IssuerId([1; 32]);
const KEY: KeyId = KeyId([2; 32]);
/// How far any clock is from the truth at most, in ticks.
const ERROR: Span = Span(1);
const BOUND: Span = Span(6);
const LIFE: Span = Span(12);
const OVERLAP_TICKS: Span = Span(3);
/// The true time at first.
const FIRST: Time = Time(100);

/// What may happen, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Left {
    /// Ticks.
    pub ticks: u8,
    /// Ticks that pass while a request or an answer is under way.
    pub slow: u8,
    /// Requests or answers that are lost.
    pub lost: u8,
    /// Certificates that are taken back.
    pub revoked: u8,
    /// Lists that are made after the first.
    pub lists: u8,
    /// Certificates that are shown to the guard.
    pub shown: u8,
}

/// The truth about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    certificate: Certificate,
    /// When it ends, by the true clock.
    ends: Time,
    revoked: Option<Time>,
}

/// The issuer with what it did.
#[derive(Clone, Debug)]
pub struct Office {
    issuer: Issuer,
    truths: BTreeMap<Serial, Truth>,
    lists: Vec<RevocationList>,
}

/// The holder.
#[derive(Clone, Debug)]
pub struct Holder {
    keeper: Keeper,
    wakes: Vec<(Time, keeper::Why)>,
    /// When the present certificate was installed by its own clock, and the end of the one before, if there was one.
    installed: Option<(Time, Option<Time>)>,
    position: u32,
}

/// The guard.
#[derive(Clone, Debug)]
pub struct Gate {
    guard: Guard<Unlogged>,
    wakes: Vec<(Time, certs::Why)>,
    /// Who showed what.
    shown: BTreeMap<PeerId, Serial>,
    position: u32,
}

/// A message between holder and issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// A request.
    Request(u32),
    /// Its answer.
    Answer(u32, Option<Serial>),
}

/// A state of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    office: Held<Office>,
    holder: Held<Holder>,
    gate: Held<Gate>,
    under_way: Held<Vec<Letter>>,
    /// Whose clock is off by how much, less the clock error: issuer, holder, guard.
    offsets: [u64; 3],
    now: Time,
    left: Left,
    /// Whether anything was taken back.
    spoiled: bool,
    broken: Option<&'static str>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A tick passes.
    Tick,
    /// What was sent so many places ago arrives.
    Arrive(usize),
    /// It is lost.
    Lose(usize),
    /// A certificate is taken back.
    Revoke(Serial),
    /// A list is made.
    List,
    /// A list reaches the guard.
    Take(usize),
    /// A certificate is shown to the guard.
    Show(Serial),
}

/// The world.
#[derive(Clone, Debug)]
pub struct Certs {
    left: Left,
    /// Errors of the clocks that are explored, as offsets from the earliest.
    offsets: Vec<[u64; 3]>,
    seed: Seed,
}

fn name() -> Name {
    Name::new("edge/1").expect("it is a name")
}

fn policy(seed: Seed) -> Policy {
    let trusted = vec![Trusted { issuer: ISSUER, roles: Roles::EDGE }];
    Policy { trusted, life_max: LIFE, clock_error: ERROR, revocation_bound: BOUND, defect: seed.defect, ..Policy::default() }
}

fn settings(size: Size) -> Vec<(Left, Vec<[u64; 3]>)> {
    let worst = vec![[0, 2, 2], [2, 0, 0], [2, 2, 0], [0, 0, 2]];
    let all: Vec<[u64; 3]> = (0..27).map(|n| [n % 3, n / 3 % 3, n / 9]).collect();
    match size {
        Size::Small => vec![
            (Left { ticks: 16, slow: 1, lost: 1, ..Left::default() }, worst),
            (Left { ticks: 8, revoked: 1, lists: 1, shown: 1, ..Left::default() }, vec![[2, 2, 0]]),
            (Left { ticks: 15, lists: 1, shown: 1, ..Left::default() }, vec![[2, 0, 0]]),
        ],
        Size::Large => vec![
            // Half of a life is six ticks, and whoever asked in vain asks again after three or four. So one letter in a row may be lost; a second one uses up all
            // there is, and so does one that is slower than the holder waits, whose answer comes too late to be taken. With `lost: 2`, or with `slow: 2`, the
            // checker finds the way (34 and 32 steps).
            (Left { ticks: 24, slow: 1, lost: 1, ..Left::default() }, all.clone()),
            (Left { ticks: 12, revoked: 1, lists: 2, shown: 1, ..Left::default() }, worst),
            (Left { ticks: 8, revoked: 1, lists: 1, shown: 1, ..Left::default() }, all),
        ],
    }
}

fn explore(size: Size, effort: Effort, seed: Seed) -> Vec<Report> {
    let worlds = settings(size).into_iter().map(|(left, offsets)| Certs { left, offsets, seed });
    worlds.map(|world| check("certs", world.bounds(), world, effort)).collect()
}

impl Certs {
    fn bounds(&self) -> String {
        let Left { ticks, slow, lost, revoked, lists, shown } = self.left;
        format!(
            "{ticks} ticks (a life is {}, the bound {}), {} settings of three clocks, {slow} ticks while a letter is under way, {lost} lost, {revoked} taken \
             back, {lists} more lists, {shown} shown",
            LIFE.0,
            BOUND.0,
            self.offsets.len()
        )
    }

    fn first(&self, offsets: [u64; 3]) -> State {
        let policy = policy(self.seed);
        let mut issuer = Issuer::new(ISSUER, &policy);
        issuer.enrol(name(), Roles::EDGE);
        let config = keeper::Config {
            name: name(),
            roles: Roles::EDGE,
            life: LIFE,
            overlap: OVERLAP_TICKS,
            answer_within: Span(2),
            retry_after: Span(1),
        };
        let holder = Holder { keeper: Keeper::new(Arc::new(config)), wakes: Vec::new(), installed: None, position: 0 };
        let gate = Gate { guard: Guard::new(Arc::new(policy), Unlogged), wakes: Vec::new(), shown: BTreeMap::new(), position: 0 };
        let mut state = State {
            office: Held::new(Office { issuer, truths: BTreeMap::new(), lists: Vec::new() }),
            holder: Held::new(holder),
            gate: Held::new(gate),
            under_way: Held::new(Vec::new()),
            offsets,
            now: FIRST,
            left: self.left,
            spoiled: false,
            broken: None,
        };
        // The holder has its first certificate and the guard its first list.
        hold(&mut state, |keeper, cx| keeper.handle(keeper::Input::Start, cx));
        arrive(&mut state, 0);
        arrive(&mut state, 0);
        list(&mut state);
        take(&mut state, 0);
        state
    }
}

/// What a clock shows.
fn clock(state: &State, whose: usize) -> Time {
    Time(state.now.0 + state.offsets[whose] - ERROR.0)
}

fn hold(state: &mut State, react: impl FnOnce(&mut Keeper, &mut Cx<'_, keeper::Effect>)) {
    let now = clock(state, 1);
    let (mut out, mut dice) = (Vec::new(), Dice::new(SeedKey::new(1)));
    let (sent, broken) = state.holder.change(|holder| {
        let before = holder.keeper.ends();
        react(&mut holder.keeper, &mut Cx::new(now, NodeId(1), Chance::new(&mut dice, 1, &mut holder.position), &mut out));
        let mut sent = Vec::new();
        for effect in out {
            match effect {
                keeper::Effect::Request { request } => sent.push(Letter::Request(request)),
                keeper::Effect::Wake { after, why } => holder.wakes.push((now + after, why)),
                keeper::Effect::Install(_) => holder.installed = Some((now, before)),
                keeper::Effect::Lapsed => holder.installed = None,
                keeper::Effect::Retire(_) => {}
            }
        }
        holder.wakes.sort_unstable();
        (sent, holder.keeper.check().err())
    });
    state.broken = state.broken.or(broken);
    if !sent.is_empty() {
        state.under_way.change(|letters| letters.extend(sent));
    }
}

fn guard(state: &mut State, react: impl FnOnce(&mut Guard<Unlogged>, &mut Cx<'_, certs::Effect>)) {
    let now = clock(state, 2);
    let (mut out, mut dice) = (Vec::new(), Dice::new(SeedKey::new(1)));
    let broken = state.gate.change(|gate| {
        react(&mut gate.guard, &mut Cx::new(now, NodeId(2), Chance::new(&mut dice, 2, &mut gate.position), &mut out));
        for effect in out {
            match effect {
                certs::Effect::Wake { after, why } => gate.wakes.push((now + after, why)),
                certs::Effect::Refuse { peer, .. } | certs::Effect::Drop { peer, .. } => {
                    gate.shown.remove(&peer);
                }
                certs::Effect::Accept { .. } | certs::Effect::Fetch { .. } => {}
            }
        }
        gate.wakes.sort_unstable();
        gate.wakes.dedup();
        gate.guard.check().err()
    });
    state.broken = state.broken.or(broken);
}

/// A letter arrives.
fn arrive(state: &mut State, at: usize) {
    match state.under_way.change(|letters| letters.remove(at)) {
        Letter::Request(number) => {
            let (stamp, now) = (clock(state, 0), state.now);
            let wish = Request { name: name(), roles: Roles::EDGE, key: KEY, life: LIFE };
            let serial = state.office.change(|office| {
                let certificate = office.issuer.issue(&wish, stamp).ok()?;
                let serial = certificate.serial;
                office.truths.insert(serial, Truth { certificate, ends: now + LIFE, revoked: None });
                Some(serial)
            });
            state.under_way.change(|letters| letters.push(Letter::Answer(number, serial)));
        }
        Letter::Answer(request, serial) => {
            let granted = serial.map(|serial| Box::new(state.office.truths[&serial].certificate.clone()));
            hold(state, |keeper, cx| keeper.handle(keeper::Input::Answer { request, granted }, cx));
        }
    }
}

fn list(state: &mut State) {
    let stamp = clock(state, 0);
    state.office.change(|office| {
        let list = office.issuer.list(stamp);
        office.lists.push(list);
    });
}

/// A list reaches the guard; the holder reads it too.
fn take(state: &mut State, which: usize) {
    let list = state.office.lists[which].clone();
    for serial in list.serials.clone() {
        hold(state, |keeper, cx| keeper.handle(keeper::Input::Revoked(serial), cx));
    }
    guard(state, |guard, cx| guard.handle(certs::Input::List(list), cx));
}

fn show(state: &mut State, serial: Serial) {
    let certificate = state.office.truths[&serial].certificate.clone();
    let peer = PeerId(u64::from(state.left.shown));
    let presented = Box::new(Presented { key: certificate.key, certificate, proof: Box::default() });
    state.gate.change(|gate| gate.shown.insert(peer, serial));
    let asked = Asked { name: None, roles: Roles::EDGE };
    guard(state, |guard, cx| guard.handle(certs::Input::Present { peer, presented, asked }, cx));
}

/// Time passes, and everybody whose deadline has come is woken.
fn tick(state: &mut State) {
    state.now = Time(state.now.0 + 1);
    let now = clock(state, 1);
    while state.holder.wakes.first().is_some_and(|(when, _)| *when <= now) {
        let (_, why) = state.holder.change(|holder| holder.wakes.remove(0));
        hold(state, |keeper, cx| keeper.wake(why, cx));
    }
    let now = clock(state, 2);
    while state.gate.wakes.first().is_some_and(|(when, _)| *when <= now) {
        let (_, why) = state.gate.change(|gate| gate.wakes.remove(0));
        guard(state, |guard, cx| guard.wake(why, cx));
    }
}

impl State {
    /// Those that are accepted now, with the truth about what they showed.
    fn accepted(&self) -> impl Iterator<Item = &Truth> {
        let now = clock(self, 2);
        let shown = self.gate.shown.iter().filter(move |(peer, _)| self.gate.guard.is_accepted(**peer, now));
        shown.map(|(_, serial)| &self.office.truths[serial])
    }
}

impl Model for Certs {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.seed.within(|| self.offsets.iter().map(|offsets| self.first(*offsets)).collect())
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let (left, letters) = (&state.left, state.under_way.len());
        if left.ticks > 0 && (letters == 0 || left.slow > 0) {
            actions.push(Action::Tick);
        }
        actions.extend((0..letters).map(Action::Arrive));
        if left.lost > 0 {
            actions.extend((0..letters).map(Action::Lose));
        }
        let truths = state.office.truths.values();
        if left.revoked > 0 {
            let open = truths.clone().filter(|truth| truth.revoked.is_none() && truth.ends > state.now);
            actions.extend(open.map(|truth| Action::Revoke(truth.certificate.serial)));
        }
        if left.lists > 0 {
            actions.push(Action::List);
        }
        // Older lists than the one at hand come too, but for the first, which every guard has.
        actions.extend((1..state.office.lists.len()).map(Action::Take));
        if left.shown > 0 {
            actions.extend(truths.map(|truth| Action::Show(truth.certificate.serial)));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        self.seed.within(|| match action {
            Action::Tick => {
                next.left.slow -= u8::from(!next.under_way.is_empty());
                next.left.ticks -= 1;
                tick(&mut next);
            }
            Action::Arrive(at) => arrive(&mut next, at),
            Action::Lose(at) => {
                next.left.lost -= 1;
                next.under_way.change(|letters| letters.remove(at));
            }
            Action::Revoke(serial) => {
                let (stamp, now) = (clock(&next, 0), next.now);
                next.left.revoked -= 1;
                next.spoiled = true;
                next.office.change(|office| {
                    if office.issuer.revoke(serial, stamp)
                        && let Some(truth) = office.truths.get_mut(&serial)
                    {
                        truth.revoked = Some(now);
                    }
                });
            }
            Action::List => {
                next.left.lists -= 1;
                list(&mut next);
            }
            Action::Take(which) => take(&mut next, which),
            Action::Show(serial) => {
                show(&mut next, serial);
                next.left.shown -= 1;
            }
        });
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(REVOKED, |_, state: &State| {
                state.accepted().all(|truth| truth.revoked.is_none_or(|revoked| state.now < revoked + BOUND))
            }),
            Property::always(ENDED, |_, state: &State| state.accepted().all(|truth| state.now < truth.ends + ERROR + ERROR)),
            Property::always(ALWAYS, |_, state: &State| {
                let now = clock(state, 1);
                state.spoiled || state.holder.keeper.current().is_some_and(|current| current.not_after > now)
            }),
            Property::always(OVERLAP, |_, state: &State| {
                let Some((when, Some(ends))) = state.holder.installed else { return true };
                let now = clock(state, 1);
                // One that has ended goes sooner, and so does one that was taken back.
                state.spoiled || now >= when + OVERLAP_TICKS || now >= ends || state.holder.keeper.previous().is_some()
            }),
            Property::always(COUNTS, |_, state: &State| state.broken.is_none()),
            Property::sometimes("two certificates are in use", |_, state: &State| state.holder.keeper.previous().is_some()),
        ];
        if self.left.shown > 0 {
            properties.push(Property::sometimes("somebody is accepted", |_, state: &State| state.accepted().next().is_some()));
        }
        if self.left.revoked > 0 && self.left.shown > 0 {
            properties.push(Property::sometimes("somebody is still accepted after a revocation", |_, state: &State| {
                state.accepted().any(|truth| truth.revoked.is_some_and(|revoked| revoked < state.now))
            }));
        }
        properties
    }
}

impl Told for Certs {
    fn tell(&self, state: &State, action: &Action) -> String {
        let letter = |at: usize| match &state.under_way[at] {
            Letter::Request(number) => format!("request {number} of the holder"),
            Letter::Answer(number, Some(serial)) => format!("the answer to request {number}, certificate {}", serial.0),
            Letter::Answer(number, None) => format!("the denial of request {number}"),
        };
        match *action {
            Action::Tick => format!("a tick passes, to {}", state.now.0 + 1),
            Action::Arrive(at) => format!("{} arrives", letter(at)),
            Action::Lose(at) => format!("{} is lost", letter(at)),
            Action::Revoke(serial) => format!("certificate {} is taken back at {}", serial.0, state.now.0),
            Action::List => format!("the issuer makes list {}", state.office.lists.len() + 1),
            Action::Take(which) => format!("list {} reaches the guard", which + 1),
            Action::Show(serial) => {
                let ends = state.office.truths[&serial].ends;
                format!(
                    "certificate {}, which ends at {}, is shown to the guard, whose clock is {} ahead",
                    serial.0,
                    ends.0,
                    state.offsets[2] as i64 - 1
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_certificate_is_accepted_beyond_its_bound_and_no_holder_is_without_one() {
        for report in explore(Size::Small, Effort::default(), Seed::NONE) {
            assert!(report.whole && report.broken().is_empty(), "{report}");
            assert!(report.unique > 500, "{report}");
        }
    }

    #[test]
    fn a_guard_that_accepts_what_is_over_is_found_with_the_way_there() {
        let effort = Effort { first_failure: true, ..Effort::default() };
        let reports = explore(Size::Small, effort, Seed::defect(Defect::AcceptExpired));
        let way = reports.iter().find_map(|report| report.way(ENDED)).expect("it is found");
        assert!(way.iter().any(|step| step.contains("is shown to the guard")), "{way:#?}");
        assert!(
            way.iter().filter(|step| step.starts_with("a tick passes")).count() >= 13,
            "a life and what two clocks may be apart: {way:#?}"
        );
    }
}
