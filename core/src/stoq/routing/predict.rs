//! What the way from a group of clients to a server will take: a prior, corrected by what was seen.
//!
//! ```text
//!  prior (geography, or coordinates) + bias of the group + bias of the server = model ─┐
//!  what this pair took on average, trusted by how often it was seen ───────────────────┼─▶ bounded ─▶ prediction
//!  what this pair took the last time, trusted by how long ago that was ────────────────┘
//! ```
//! The biases are the first terms of a matrix factorisation (Koren, Bell, Volinsky 2009), learnt online by stochastic gradient; the memory of pairs is
//! the history-based prediction that repairs most of anycast's mistakes (Calder et al., IMC 2015), shrunk to the model where history is short. How far
//! the last sample is better than the average is different in every network: in some a round trip stays as it is for minutes, in others each sample is
//! noise. So it is learnt too (module `trust`). A cumulative sum (Page 1954) over each pair notices that a path has changed, and lets its
//! average begin anew.
//!
//! Two bounds keep learning from doing harm. A prediction stays within a factor of its prior. And each group compares, before it learns from a
//! sample, what the prior and what the corrected prediction would have missed it by; while the prior is better, the prior is used. Pairs of which
//! little is known can be favoured, so that they come to be seen (optimism in the face of uncertainty, as in UCB1, Auer et al. 2002).
//!
//! All arithmetic is that of IEEE 754 in a fixed order, so the same observations give the same predictions on every machine.

use super::trust::Recency;
use crate::base::Time;
use crate::testing::Breach;

/// Names the rules of this module; part of a hint that one node gives another.
pub const MODEL: u32 = 2;

/// Pairs of a group whose trust is brought up to date with each sample of the group, in turn.
const REFRESHED: usize = 16;

/// Parameters of the predictor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Step of the biases.
    pub step: f32,
    /// A history of so many samples counts as much as the model.
    pub model_weight: f32,
    /// The newest sample never counts less than one in so many in the average.
    pub history: f32,
    /// The prediction is at least the prior times this.
    pub factor_min: f32,
    /// The prediction is at most the prior times this.
    pub factor_max: f32,
    /// How much earlier than predicted a pair of which nothing is known is taken to be, as a part of its prior.
    pub optimism: f32,
    /// What the cumulative sum forgives in each sample: a part of the expected value, and milliseconds.
    pub drift: (f32, f32),
    /// Where the cumulative sum says that the path has changed: a part of the expected value, and milliseconds.
    pub alarm: (f32, f32),
    /// Samples of a group before its errors are compared.
    pub trial: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            step: 0.02,
            model_weight: 0.25,
            history: 4.0,
            factor_min: 0.125,
            factor_max: 8.0,
            optimism: 0.0,
            drift: (0.1, 1.0),
            alarm: (1.0, 20.0),
            trial: 8,
        }
    }
}

/// What only learning needs of one pair.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    average_ms: f32,
    last_ms: f32,
    at: Time,
    samples: f32,
    above: f32,
    below: f32,
}

/// What is known of the ways of one group: columns with a place for each server.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Zero for a server without a prior.
    prior_ms: Vec<f32>,
    /// What history says of each pair, as of when it was last brought up to date.
    seen_ms: Vec<f32>,
    /// Weight of `seen_ms` against the model, 0 to 1.
    weight: Vec<f32>,
    histories: Vec<History>,
    /// The pair that is brought up to date next.
    next: usize,
    bias_ms: f32,
    /// Smoothed absolute errors of the prior and of the corrected prediction, ms.
    prior_error: f32,
    error: f32,
    samples: u32,
    changes: u32,
}

impl Row {
    /// Whether the group falls back to its priors now.
    pub fn falls_back(&self, config: &Config) -> bool {
        self.samples >= config.trial && self.error > self.prior_error
    }

    /// How many changes of paths were noticed.
    pub const fn changes(&self) -> u32 {
        self.changes
    }

    /// Sets what is expected of the way to a server before anything is seen, ms.
    pub fn set_prior(&mut self, server: usize, prior_ms: f32) {
        if self.prior_ms.len() <= server {
            for column in [&mut self.prior_ms, &mut self.seen_ms, &mut self.weight] {
                column.resize(server + 1, 0.0);
            }
            self.histories.resize(server + 1, History::default());
        }
        self.prior_ms[server] = prior_ms.max(f32::MIN_POSITIVE);
    }

    /// Whether there is a prior for the server.
    pub fn knows(&self, server: usize) -> bool {
        self.prior_ms.get(server).is_some_and(|prior| *prior > 0.0)
    }

    /// Forgets a server, whose number may be given to another.
    pub fn forget(&mut self, server: usize) {
        if server < self.prior_ms.len() {
            (self.prior_ms[server], self.seen_ms[server], self.weight[server]) = (0.0, 0.0, 0.0);
            self.histories[server] = History::default();
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        3 * self.prior_ms.capacity() * size_of::<f32>() + self.histories.capacity() * size_of::<History>()
    }
}

/// The predictor: what all groups share, the biases of servers and how far a sample is trusted.
#[derive(Clone, Debug, Default)]
pub struct Predictor {
    biases_ms: Vec<f32>,
    recency: Recency,
}

impl Predictor {
    /// The expected round trip to a server that has a prior, ms.
    pub fn predict(&self, row: &Row, server: usize, config: &Config) -> f32 {
        let prior = row.prior_ms[server];
        if row.falls_back(config) {
            return prior;
        }
        let bias = self.biases_ms.get(server).copied().unwrap_or(0.0);
        expect(prior, row.bias_ms + bias, row.seen_ms[server], row.weight[server], config)
    }

    /// The expected round trips to all servers of a row, ms.
    pub fn predict_all(&self, row: &Row, config: &Config, out: &mut Vec<f32>) {
        out.clear();
        if row.falls_back(config) {
            out.extend_from_slice(&row.prior_ms);
            return;
        }
        // Servers that nobody has measured have no bias yet.
        let (with, without) = row.prior_ms.split_at(self.biases_ms.len().min(row.prior_ms.len()));
        let seen = row.seen_ms.iter().zip(&row.weight);
        let biased = with.iter().zip(&self.biases_ms).zip(seen.clone());
        out.extend(biased.map(|((prior, bias), (seen, weight))| expect(*prior, row.bias_ms + bias, *seen, *weight, config)));
        let unbiased = without.iter().zip(seen.skip(with.len()));
        out.extend(unbiased.map(|(prior, (seen, weight))| expect(*prior, row.bias_ms, *seen, *weight, config)));
    }

    /// Forgets a server, whose number may be given to another.
    pub fn forget(&mut self, server: usize) {
        if let Some(bias) = self.biases_ms.get_mut(server) {
            *bias = 0.0;
        }
    }

    /// How far the last sample of a pair is trusted above its average after so long, 0 to 1.
    pub fn trust_after(&self, age: crate::base::Span) -> f32 {
        self.recency.trust(age)
    }

    /// Learns from a measured round trip, ms. The pair must have a prior.
    pub fn observe(&mut self, row: &mut Row, server: usize, rtt_ms: f32, now: Time, config: &Config) {
        let usable = rtt_ms.is_finite() && rtt_ms > 0.0 && row.knows(server);
        if !usable {
            return;
        }
        if self.biases_ms.len() <= server {
            self.biases_ms.resize(server + 1, 0.0);
        }
        let (prior, biases) = (row.prior_ms[server], row.bias_ms + self.biases_ms[server]);
        row.refresh(server, &self.recency, now, config);
        // Without the optimism, which is no part of what is believed.
        let predicted = bounded(prior, mixed(prior + biases, row.seen_ms[server], row.weight[server]), config);
        row.samples = row.samples.saturating_add(1);
        let share = 1.0 / (row.samples as f32).min(32.0);
        row.prior_error += ((prior - rtt_ms).abs() - row.prior_error) * share;
        row.error += ((predicted - rtt_ms).abs() - row.error) * share;

        let history = &row.histories[server];
        if history.samples > 0.0 {
            let average = mixed(prior + biases, history.average_ms, trust_of_average(history.samples, config));
            self.recency.learn(now.since(history.at), (history.last_ms - average) / prior, (rtt_ms - average) / prior);
        }
        // The biases learn from what the model alone misses, and no more than the prior is large, so that one absurd sample moves little.
        let miss = (rtt_ms - (prior + biases)).clamp(-prior, prior);
        row.bias_ms += config.step * miss;
        self.biases_ms[server] += config.step * miss;
        if row.remember(server, rtt_ms, now, config) {
            row.changes = row.changes.saturating_add(1);
        }
        row.refresh(server, &self.recency, now, config);
        for _ in 0..REFRESHED.min(row.histories.len()) {
            row.refresh(row.next, &self.recency, now, config);
            row.next = (row.next + 1) % row.histories.len();
        }
    }
}

/// The expected value of one pair, from its columns.
#[inline]
fn expect(prior: f32, biases: f32, seen: f32, weight: f32, config: &Config) -> f32 {
    bounded(prior, mixed(prior + biases, seen, weight) - config.optimism * prior * (1.0 - weight), config)
}

#[inline]
fn mixed(model: f32, seen: f32, weight: f32) -> f32 {
    model + (seen - model) * weight
}

#[inline]
fn bounded(prior: f32, value: f32, config: &Config) -> f32 {
    if Breach::UnboundedHint.is_on() {
        return value.max(f32::MIN_POSITIVE);
    }
    value.max(prior * config.factor_min).min(prior * config.factor_max)
}

/// How far an average is trusted against the model.
#[inline]
fn trust_of_average(samples: f32, config: &Config) -> f32 {
    samples / (samples + config.model_weight)
}

impl Row {
    /// Adds a sample to the history of a pair. True if the path has changed.
    fn remember(&mut self, server: usize, rtt_ms: f32, now: Time, config: &Config) -> bool {
        let history = &mut self.histories[server];
        let off = rtt_ms - history.average_ms;
        let forgiven = config.drift.0 * history.average_ms + config.drift.1;
        let alarm = config.alarm.0 * history.average_ms + config.alarm.1;
        if history.samples > 0.0 {
            history.above = (history.above + off - forgiven).max(0.0);
            history.below = (history.below - off - forgiven).max(0.0);
        }
        let changed = history.above > alarm || history.below > alarm;
        if changed {
            *history = History::default();
        }
        history.samples = (history.samples + 1.0).min(config.history);
        history.average_ms += (rtt_ms - history.average_ms) / history.samples;
        (history.last_ms, history.at) = (rtt_ms, now);
        changed
    }

    /// Brings what history says of a pair up to date: its average, and above that its last sample as far as it is trusted by now.
    fn refresh(&mut self, server: usize, recency: &Recency, now: Time, config: &Config) {
        let history = &self.histories[server];
        if history.samples == 0.0 {
            return;
        }
        let (average, last) = (trust_of_average(history.samples, config), recency.trust(now.since(history.at)));
        let weight = last + (1.0 - last) * average;
        self.weight[server] = weight;
        self.seen_ms[server] = (history.last_ms * last + history.average_ms * average * (1.0 - last)) / weight;
    }
}
