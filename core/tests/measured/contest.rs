//! The contest: every way of choosing meets the same requests.

use super::World;
use hypermesh_core::base::{Dice, Purpose, SeedKey, Span, Time};
use hypermesh_core::hypermesh::mesh::vivaldi::{self, Coordinate, direction};
use hypermesh_core::stoq::routing::predict::{Config, Predictor, Row};
use std::ops::Range;

/// Servers among which one is chosen.
const CANDIDATES: usize = 16;
/// Neighbours with which coordinates are learnt.
const NEIGHBOURS: usize = 32;

/// When a learner hears what its choice took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// Never once the judged slices have begun; coordinates stay as they are too.
    Frozen,
    /// At the end of the slice, so never from the slice that it is judged in.
    NextSlice,
    /// With the answer, as in a router.
    AtOnce,
}

/// A learner: its knowledge, and the priors under it.
struct Learner {
    predictor: Predictor,
    rows: Vec<Row>,
    over_coordinates: bool,
}

/// What a way of choosing cost.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    latency_ms: Vec<f32>,
    regret_ms: f64,
}

impl Line {
    fn new(name: &'static str) -> Self {
        Self { name, latency_ms: Vec::new(), regret_ms: 0.0 }
    }

    fn add(&mut self, chosen: f32, best: f32) {
        self.latency_ms.push(chosen);
        self.regret_ms += f64::from(chosen - best);
    }

    pub(crate) fn requests(&self) -> usize {
        self.latency_ms.len()
    }

    pub(crate) fn mean_ms(&self) -> f64 {
        self.latency_ms.iter().map(|ms| f64::from(*ms)).sum::<f64>() / self.latency_ms.len() as f64
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        let mut sorted = self.latency_ms.clone();
        sorted.sort_by(f32::total_cmp);
        sorted[sorted.len() * 99 / 100].into()
    }

    /// How much longer than the best server's, in the mean.
    pub(crate) fn regret_ms(&self) -> f64 {
        self.regret_ms / self.latency_ms.len() as f64
    }
}

/// All ways of choosing over one world.
pub(crate) struct Contest<'w> {
    world: &'w World,
    feedback: Feedback,
    config: Config,
    dice: Dice,
    coordinates: Vec<Coordinate>,
    learners: Vec<Learner>,
    /// The mean of every pair over the slices before the judged ones: more than any learner that stops there can know.
    averages: Vec<f32>,
    judged: Range<usize>,
    lines: Vec<Line>,
}

impl<'w> Contest<'w> {
    /// Runs it until the end of the judged slices.
    pub(crate) fn run(world: &'w World, judged: Range<usize>, feedback: Feedback, config: Config, seed: u64) -> Vec<Line> {
        let learner = |over_coordinates| {
            let mut rows = vec![Row::default(); world.size];
            if let (Some(geography), false) = (&world.geography, over_coordinates) {
                set_priors(&mut rows, |client, server| geography[client * world.size + server]);
            }
            Learner { predictor: Predictor::default(), rows, over_coordinates }
        };
        let mut contest = Contest {
            world,
            feedback,
            config,
            dice: Dice::new(SeedKey::new(seed)),
            coordinates: vec![Coordinate::default(); world.size],
            learners: if world.geography.is_some() { vec![learner(true), learner(false)] } else { vec![learner(true)] },
            averages: averages(world, judged.start),
            lines: ["oracle", "complete record", "coordinates", "learned", "geography", "learned over geography"]
                .map(Line::new)
                .into_iter()
                .take(if world.geography.is_some() { 6 } else { 4 })
                .collect(),
            judged: judged.clone(),
        };
        (0..judged.end).for_each(|time| contest.slice(time));
        contest.lines
    }

    fn slice(&mut self, time: usize) {
        let goes_on = self.feedback != Feedback::Frozen || time < self.judged.start;
        let mut later = Vec::new();
        let each = Span(self.world.lasts.0 / u64::from(self.world.requests));
        for request in 0..self.world.requests {
            let now = Time(self.world.lasts.0 * (time as u64 + 1) + each.0 * u64::from(request));
            for client in 0..self.world.size {
                let some = self.candidates(time, client, request);
                if some.len() < 2 {
                    continue;
                }
                let heard = self.request(time, client, &some);
                later.extend(heard.into_iter().map(|(learner, server, rtt)| (learner, client, server, rtt, now)));
            }
            if goes_on && self.feedback != Feedback::NextSlice {
                self.hear(&mut later);
            }
        }
        if goes_on {
            self.hear(&mut later);
            self.move_coordinates(time);
        }
    }

    /// One request: everybody chooses. What the learners hear of their choices.
    fn request(&mut self, time: usize, client: usize, some: &[usize]) -> Vec<(usize, usize, f32)> {
        let (world, size) = (self.world, self.world.size);
        let truth = |server: usize| world.between(time, client, server).expect("a candidate was measured");
        let apart = |server: usize| self.coordinates[client].distance_ms(&self.coordinates[server]);
        let average = |server: usize| self.averages[client * size + server];
        let learnt = |learner: &Learner| {
            let row = &learner.rows[client];
            best(some, |server| if row.knows(server) { learner.predictor.predict(row, server, &self.config) } else { apart(server) })
        };
        let chosen: Vec<usize> = self.learners.iter().map(learnt).collect();
        if self.judged.contains(&time) {
            let oracle = best(some, truth);
            let mut all = vec![oracle, best(some, average), best(some, apart), chosen[0]];
            if let Some(geography) = &world.geography {
                all.extend([best(some, |server| geography[client * size + server]), chosen[1]]);
            }
            self.lines.iter_mut().zip(all).for_each(|(line, server)| line.add(truth(server), truth(oracle)));
        }
        chosen.into_iter().enumerate().map(|(learner, server)| (learner, server, truth(server))).collect()
    }

    fn hear(&mut self, heard: &mut Vec<(usize, usize, usize, f32, Time)>) {
        for (learner, client, server, rtt, now) in heard.drain(..) {
            let Learner { predictor, rows, .. } = &mut self.learners[learner];
            predictor.observe(&mut rows[client], server, rtt, now, &self.config);
        }
    }

    /// Coordinates move by rounds over up to 32 neighbours, as in a mesh, and are the learner's priors afterwards.
    fn move_coordinates(&mut self, time: usize) {
        let (world, rules) = (self.world, vivaldi::Config::default());
        let neighbours = |client: usize| {
            let mut all: Vec<usize> = (0..world.size).filter(|peer| world.between(time, client, *peer).is_some()).collect();
            self.dice.draw(client as u32, Purpose::Exchange, 0).sample_to_front(&mut all, NEIGHBOURS);
            all.truncate(NEIGHBOURS);
            all
        };
        let neighbours: Vec<Vec<usize>> = (0..world.size).map(neighbours).collect();
        for round in 0..world.rounds {
            for (client, peers) in neighbours.iter().enumerate() {
                for peer in peers {
                    let rtt = world.between(time, client, *peer).expect("a neighbour was measured");
                    let other = self.coordinates[*peer];
                    let turn = || direction(&mut self.dice.draw(client as u32, Purpose::Direction, round));
                    self.coordinates[client].observe(&other, Span((f64::from(rtt) * 1e6) as u64), &rules, None, turn);
                }
            }
        }
        let coordinates = &self.coordinates;
        for learner in self.learners.iter_mut().filter(|learner| learner.over_coordinates) {
            set_priors(&mut learner.rows, |client, server| coordinates[client].distance_ms(&coordinates[server]).max(0.1));
        }
    }

    /// The servers of a request: some that were measured at that time.
    fn candidates(&mut self, time: usize, client: usize, request: u32) -> Vec<usize> {
        let mut draw = self.dice.draw(client as u32, Purpose::Peer, time as u32 * self.world.requests + request);
        let mut some = Vec::with_capacity(CANDIDATES);
        for _ in 0..30 {
            let server = draw.index(self.world.size);
            if some.len() < CANDIDATES && !some.contains(&server) && self.world.between(time, client, server).is_some() {
                some.push(server);
            }
        }
        some
    }
}

fn set_priors(rows: &mut [Row], prior: impl Fn(usize, usize) -> f32) {
    let size = rows.len();
    for (client, row) in rows.iter_mut().enumerate() {
        (0..size).for_each(|server| row.set_prior(server, prior(client, server)));
    }
}

fn best(some: &[usize], cost: impl Fn(usize) -> f32) -> usize {
    some.iter().copied().min_by(|a, b| cost(*a).total_cmp(&cost(*b)).then(a.cmp(b))).expect("there are candidates")
}

fn averages(world: &World, end: usize) -> Vec<f32> {
    let mean = |pair: usize| {
        let seen = world.slices[..end].iter().map(|slice| slice[pair]).filter(|rtt| *rtt > 0.0);
        let (count, sum) = seen.fold((0u32, 0.0), |(count, sum), rtt| (count + 1, sum + rtt));
        if count == 0 { f32::MAX } else { sum / count as f32 }
    };
    (0..world.size * world.size).map(mean).collect()
}
