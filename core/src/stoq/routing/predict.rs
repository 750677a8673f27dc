//! What the way from a group of clients to a server will take: a prior, corrected by what was seen.
//!
//! ```text
//!  prior (geography, or coordinates)  + bias of the group + bias of the server ─┐
//!                                                                               ├─ weighted by how often the pair was seen ─▶ bounded ─▶ prediction
//!  what this pair took lately ──────────────────────────────────────────────────┘
//! ```
//! The biases are the first terms of a matrix factorisation (Koren, Bell, Volinsky 2009), learnt online by stochastic gradient; the memory of pairs is
//! the history-based prediction that repairs most of anycast's mistakes (Calder et al., IMC 2015), shrunk to the model where history is short. A
//! cumulative sum (Page 1954) over each pair notices that a path has changed, and lets its history begin anew.
//!
//! Two bounds keep learning from doing harm. A prediction stays within a factor of its prior. And each group compares, before it learns from a
//! sample, what the prior and what the corrected prediction would have missed it by; while the prior is better, the prior is used. Unseen pairs can be
//! favoured a little, so that they come to be seen (optimism in the face of uncertainty, as in UCB1, Auer et al. 2002).
//!
//! All arithmetic is that of IEEE 754 in a fixed order, so the same observations give the same predictions on every machine.

/// Names the rules of this module; part of a hint that one node gives another.
pub const MODEL: u32 = 1;

/// Parameters of the predictor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Step of the biases.
    pub step: f32,
    /// A history of so many samples counts as much as the model.
    pub model_weight: f32,
    /// The newest sample never counts less than one in so many.
    pub history: f32,
    /// The prediction is at least the prior times this.
    pub factor_min: f32,
    /// The prediction is at most the prior times this.
    pub factor_max: f32,
    /// How much earlier than predicted an unseen pair is taken to be, ms.
    pub optimism_ms: f32,
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
            step: 0.05,
            model_weight: 0.25,
            history: 8.0,
            factor_min: 0.125,
            factor_max: 8.0,
            optimism_ms: 0.0,
            drift: (0.1, 1.0),
            alarm: (0.5, 20.0),
            trial: 8,
        }
    }
}

/// What only learning needs of one pair.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    samples: f32,
    above: f32,
    below: f32,
}

/// What is known of the ways of one group: columns with a place for each server.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Zero for a server without a prior.
    prior_ms: Vec<f32>,
    seen_ms: Vec<f32>,
    /// Weight of `seen_ms` against the model, 0 to 1.
    weight: Vec<f32>,
    histories: Vec<History>,
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

/// The predictor: the biases of servers, which all groups share.
#[derive(Clone, Debug, Default)]
pub struct Predictor {
    biases_ms: Vec<f32>,
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

    /// The expected round trips to all servers of a row, in whole microseconds.
    pub fn predict_all(&self, row: &Row, config: &Config, out: &mut Vec<u32>) {
        out.clear();
        if row.falls_back(config) {
            out.extend(row.prior_ms.iter().map(|prior| micros(*prior)));
            return;
        }
        // Servers that nobody has measured have no bias yet.
        let (with, without) = row.prior_ms.split_at(self.biases_ms.len().min(row.prior_ms.len()));
        let seen = row.seen_ms.iter().zip(&row.weight);
        let biased = with.iter().zip(&self.biases_ms).zip(seen.clone());
        out.extend(biased.map(|((prior, bias), (seen, weight))| micros(expect(*prior, row.bias_ms + bias, *seen, *weight, config))));
        let unbiased = without.iter().zip(seen.skip(with.len()));
        out.extend(unbiased.map(|(prior, (seen, weight))| micros(expect(*prior, row.bias_ms, *seen, *weight, config))));
    }

    /// Forgets a server, whose number may be given to another.
    pub fn forget(&mut self, server: usize) {
        if let Some(bias) = self.biases_ms.get_mut(server) {
            *bias = 0.0;
        }
    }

    /// Learns from a measured round trip, ms. The pair must have a prior.
    pub fn observe(&mut self, row: &mut Row, server: usize, rtt_ms: f32, config: &Config) {
        let usable = rtt_ms.is_finite() && rtt_ms > 0.0 && row.knows(server);
        if !usable {
            return;
        }
        if self.biases_ms.len() <= server {
            self.biases_ms.resize(server + 1, 0.0);
        }
        let (prior, biases) = (row.prior_ms[server], row.bias_ms + self.biases_ms[server]);
        // Without the optimism, which is no part of what is believed.
        let predicted = bounded(prior, mixed(prior + biases, row.seen_ms[server], row.weight[server]), config);
        row.samples = row.samples.saturating_add(1);
        let share = 1.0 / (row.samples as f32).min(32.0);
        row.prior_error += ((prior - rtt_ms).abs() - row.prior_error) * share;
        row.error += ((predicted - rtt_ms).abs() - row.error) * share;

        // The biases learn from what the model alone misses, and no more than the prior is large, so that one absurd sample moves little.
        let miss = (rtt_ms - (prior + biases)).clamp(-prior, prior);
        row.bias_ms += config.step * miss;
        self.biases_ms[server] += config.step * miss;
        if row.remember(server, rtt_ms, config) {
            row.changes = row.changes.saturating_add(1);
        }
    }
}

/// The expected value of one pair, from its columns.
#[inline]
fn expect(prior: f32, biases: f32, seen: f32, weight: f32, config: &Config) -> f32 {
    bounded(prior, mixed(prior + biases, seen, weight) - config.optimism_ms * (1.0 - weight), config)
}

#[inline]
fn mixed(model: f32, seen: f32, weight: f32) -> f32 {
    model + (seen - model) * weight
}

#[inline]
fn bounded(prior: f32, value: f32, config: &Config) -> f32 {
    value.max(prior * config.factor_min).min(prior * config.factor_max)
}

#[inline]
fn micros(ms: f32) -> u32 {
    (ms * 1_000.0) as u32
}

impl Row {
    /// Adds a sample to the history of a pair. True if the path has changed.
    fn remember(&mut self, server: usize, rtt_ms: f32, config: &Config) -> bool {
        let (history, seen) = (&mut self.histories[server], &mut self.seen_ms[server]);
        let off = rtt_ms - *seen;
        let forgiven = config.drift.0 * *seen + config.drift.1;
        let alarm = config.alarm.0 * *seen + config.alarm.1;
        if history.samples > 0.0 {
            history.above = (history.above + off - forgiven).max(0.0);
            history.below = (history.below - off - forgiven).max(0.0);
        }
        let changed = history.above > alarm || history.below > alarm;
        if changed {
            *history = History::default();
        }
        history.samples = (history.samples + 1.0).min(config.history);
        *seen += (rtt_ms - *seen) / history.samples;
        self.weight[server] = history.samples / (history.samples + config.model_weight);
        changed
    }
}
