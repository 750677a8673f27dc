//! What the applications do: every broadcast with its time and origin.

use super::chance::{Chance, Series};
use super::downs::Downs;
use super::faults::started_before;
use super::objects::{self, Popularity};
use super::{NodeRange, ranges_of};
use crate::plan::{Fetch, NodeFaultKind, Plan, Revision, Shot, Tokens, Workload};
use crate::spec::beat::Beat;
use crate::spec::workload::{Arrivals, FlashCrowd, Requests, Revisions};
use crate::spec::{Load, Scenario};
use hypermesh_core::base::{NodeId, Span, Time};

/// An origin has been up for this long, if any member of its group has, so that it has joined.
const SETTLED: Span = Span::secs(5);

/// How often an origin is drawn before the members are tried one after the other.
const TRIES: u32 = 64;

/// The workload of a plan whose groups and faults are known.
pub(super) fn workload(scenario: &Scenario, plan: &Plan, ranges: &[NodeRange], downs: &Downs, chance: &mut Chance) -> Workload {
    let mut workload = Workload::default();
    let pauses = Pauses::of(plan);
    for (index, load) in scenario.workload.iter().enumerate() {
        let Some(range) = ranges_of(ranges, scenario, Some(load.from())).first() else { continue };
        match &load.value {
            Load::Broadcast(broadcast) => {
                let mut series = chance.of_load(index);
                for at in times(&broadcast.beat(), plan.stop, &mut series) {
                    let origin = Origins { plan, range: *range, downs, pauses: &pauses, at }.draw(&mut series);
                    workload.broadcasts.push(Shot { at, origin, bytes: broadcast.size.0 as u32 });
                }
            }
            Load::Tokens(tokens) => workload.tokens.push(Tokens {
                at: tokens.at.time(),
                first: range.first,
                count: range.count,
                per_node: tokens.per_node.value.0,
                bytes: tokens.size.0 as u32,
            }),
            Load::Requests(load) => {
                let mut series = chance.of_load(index);
                let popularity = objects::add(&load.objects, &mut workload.objects, &mut series);
                let origins = |at| Origins { plan, range: *range, downs, pauses: &pauses, at };
                requests(load, plan.stop, &popularity, origins, &mut workload.fetches, &mut series);
            }
            Load::FlashCrowd(load) => {
                let mut series = chance.of_load(index);
                let popularity = objects::add(&load.objects, &mut workload.objects, &mut series);
                crowd(load, plan.stop, *range, &popularity, &mut workload.fetches, &mut series);
            }
            // They are about the objects of all other loads.
            Load::Revisions(_) => {}
        }
    }
    for (index, load) in scenario.workload.iter().enumerate() {
        let Load::Revisions(load) = &load.value else { continue };
        let Some(range) = ranges_of(ranges, scenario, Some(&load.from)).first() else { continue };
        let origins = |at| Origins { plan, range: *range, downs, pauses: &pauses, at };
        revisions(load, plan.stop, workload.objects.len(), origins, &mut workload.revisions, &mut chance.of_load(index));
    }
    number_versions(&mut workload.revisions);
    workload.broadcasts.sort_by_key(|shot| shot.at);
    workload.fetches.sort_by_key(|fetch| (fetch.at, fetch.node));
    workload
}

fn requests<'o>(
    load: &Requests,
    stop: Time,
    popularity: &Popularity,
    origins: impl Fn(Time) -> Origins<'o>,
    fetches: &mut Vec<Fetch>,
    series: &mut Series<'_>,
) {
    for at in times(&load.beat(), stop, series) {
        let node = origins(at).draw(series);
        fetches.push(Fetch { at, node, object: popularity.draw(series) });
    }
}

fn revisions<'o>(
    load: &Revisions,
    stop: Time,
    objects: usize,
    origins: impl Fn(Time) -> Origins<'o>,
    revisions: &mut Vec<Revision>,
    series: &mut Series<'_>,
) {
    for at in times(&load.beat(), stop, series).into_iter().filter(|_| objects > 0) {
        let (node, object) = (origins(at).draw(series), series.below(objects as u64) as u32);
        revisions.push(Revision { at, node, object, version: 0 });
    }
}

/// Puts revisions in their order in time, and counts the versions of each object from the second on.
fn number_versions(revisions: &mut [Revision]) {
    revisions.sort_by_key(|revision| (revision.at, revision.node));
    let mut versions = std::collections::BTreeMap::new();
    for revision in revisions {
        let version = versions.entry(revision.object).or_insert(1);
        *version += 1;
        revision.version = *version;
    }
}

/// A crowd: its rate grows evenly over the ramp and stays. The members ask in an order of their own.
fn crowd(load: &FlashCrowd, stop: Time, range: NodeRange, popularity: &Popularity, fetches: &mut Vec<Fetch>, series: &mut Series<'_>) {
    let (ramp, hold) = (load.ramp.span().0 as f64, load.hold.span().0 as f64);
    let (count, all) = (load.requests.value.0, ramp / 2.0 + hold);
    let mut members = Vec::new();
    for number in 0..count {
        if members.is_empty() {
            members = (range.first..range.first + range.count).collect();
        }
        let node = members.swap_remove(series.below(members.len() as u64) as usize);
        // The quantile of the start, one drawn in each of `count` equal parts, turned round.
        let area = (f64::from(number) + super::chance::unit(series.u64())) / f64::from(count) * all;
        let after = if area < ramp / 2.0 { (2.0 * ramp * area).sqrt() } else { ramp / 2.0 + area };
        let at = load.at.time() + Span(after as u64);
        let object = popularity.draw(series);
        if at < stop {
            fetches.push(Fetch { at, node: NodeId(node), object });
        }
    }
}

/// When a load's parts start: before the end of the run, and of the load.
fn times(beat: &Beat, stop: Time, series: &mut Series<'_>) -> Vec<Time> {
    let start = beat.at.time();
    let end = beat.lasts.as_ref().map_or(stop, |lasts| (start + lasts.span()).min(stop));
    let repeated = beat.rate.as_ref().and_then(|rate| rate.interval()).or(beat.every.as_ref().map(|every| every.span()));
    let most = match (&beat.count, repeated) {
        (Some(count), _) => count.value.0 as usize,
        (None, Some(_)) => usize::MAX,
        (None, None) => 1,
    };
    let interval = repeated.unwrap_or(Span::ZERO);
    if interval == Span::ZERO {
        return vec![start; most.min(1)];
    }
    let mut times = Vec::new();
    let mut at = match beat.arrivals.value {
        Arrivals::Even => start,
        Arrivals::Poisson => start + Span(series.exponential(interval.0 as f64) as u64),
    };
    while at < end && times.len() < most {
        times.push(at);
        at += match beat.arrivals.value {
            Arrivals::Even => interval,
            Arrivals::Poisson => Span(series.exponential(interval.0 as f64) as u64),
        };
    }
    times
}

/// Pauses by node.
struct Pauses(Vec<(u32, Time, Time)>);

impl Pauses {
    fn of(plan: &Plan) -> Self {
        let pause = |fault: &crate::plan::NodeFault| match fault.what {
            NodeFaultKind::Pause { until } => Some((fault.node.0, fault.at, until)),
            _ => None,
        };
        let mut all: Vec<_> = plan.faults.nodes.iter().filter_map(pause).collect();
        all.sort_unstable();
        Self(all)
    }

    fn holds(&self, node: u32, at: Time) -> bool {
        let first = self.0.partition_point(|(other, ..)| *other < node);
        self.0[first..].iter().take_while(|(other, ..)| *other == node).any(|(_, from, until)| *from <= at && at < *until)
    }
}

/// The choice of one broadcast's origin.
struct Origins<'o> {
    plan: &'o Plan,
    range: NodeRange,
    downs: &'o Downs,
    pauses: &'o Pauses,
    at: Time,
}

impl Origins<'_> {
    /// A member that is up and has been for a while; else one that is up; else, for want of any, just a member.
    fn draw(&self, series: &mut Series<'_>) -> NodeId {
        let NodeRange { first, count, .. } = self.range;
        // Members start in the order of their numbers, so those that have been there for long enough are the first.
        let by = |moment: u64| started_before(self.plan, first, count, Time(moment + 1));
        let settled = self.at.0.checked_sub(SETTLED.0).map_or(0, by);
        let (length, members) = match (settled, by(self.at.0)) {
            (0, 0) => (Span::ZERO, count),
            (0, started) => (Span::ZERO, started),
            (settled, _) => (SETTLED, settled),
        };
        let member = |number: u64| first + number as u32;
        let mut last = 0;
        let mut up = None;
        for _ in 0..TRIES {
            last = series.below(u64::from(members));
            if self.up_for(member(last), length) {
                return NodeId(member(last));
            }
            up = up.or(self.up_for(member(last), Span::ZERO).then_some(member(last)));
        }
        let mut others = (last..u64::from(members)).chain(0..last).map(member);
        let found = up.or_else(|| others.find(|node| self.up_for(*node, Span::ZERO)));
        NodeId(found.unwrap_or(member(last)))
    }

    /// Whether a node that has started is up, and has been for a while, and does not pause.
    fn up_for(&self, node: u32, length: Span) -> bool {
        let since = self.downs.up_since(node, self.at);
        // Who was never down has been up since its start.
        let long_enough = since == Time::ZERO || since + length <= self.at;
        long_enough && !self.downs.is_down(node, self.at) && !self.pauses.holds(node, self.at)
    }
}
