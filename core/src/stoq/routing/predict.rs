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
    /// The prediction stays within the prior divided and multiplied by this.
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
            factor_max: 4.0,
            optimism_ms: 0.0,
            drift: (0.1, 1.0),
            alarm: (0.5, 20.0),
            trial: 8,
        }
    }
}

/// What is known of one pair.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    prior_ms: f32,
    seen_ms: f32,
    /// Weight of `seen_ms` against the model, 0 to 1.
    weight: f32,
    samples: f32,
    above: f32,
    below: f32,
}

/// What is known of the ways of one group.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pairs: Vec<Pair>,
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
        if self.pairs.len() <= server {
            self.pairs.resize(server + 1, Pair::default());
        }
        self.pairs[server].prior_ms = prior_ms.max(f32::MIN_POSITIVE);
    }

    /// Whether there is a prior for the server.
    pub fn knows(&self, server: usize) -> bool {
        self.pairs.get(server).is_some_and(|pair| pair.prior_ms > 0.0)
    }

    /// Forgets a server, whose number may be given to another.
    pub fn forget(&mut self, server: usize) {
        if let Some(pair) = self.pairs.get_mut(server) {
            *pair = Pair::default();
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<Pair>()
    }
}

/// The predictor: the biases of servers, which all groups share.
#[derive(Clone, Debug, Default)]
pub struct Predictor {
    biases_ms: Vec<f32>,
}

impl Predictor {
    /// The expected round trip, ms.
    #[inline]
    pub fn predict(&self, row: &Row, server: usize, config: &Config) -> f32 {
        self.expect(row, server, row.falls_back(config), config)
    }

    /// The expected round trip, ms, where it is known already whether the group falls back.
    #[inline]
    pub fn expect(&self, row: &Row, server: usize, falls_back: bool, config: &Config) -> f32 {
        let pair = &row.pairs[server];
        if falls_back { pair.prior_ms } else { self.corrected(row, pair, server, config) - config.optimism_ms * (1.0 - pair.weight) }
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
        let pair = row.pairs[server];
        let predicted = self.corrected(row, &pair, server, config);
        row.samples = row.samples.saturating_add(1);
        let share = 1.0 / (row.samples as f32).min(32.0);
        row.prior_error += ((pair.prior_ms - rtt_ms).abs() - row.prior_error) * share;
        row.error += ((predicted - rtt_ms).abs() - row.error) * share;

        // The biases learn from what the model alone misses, and no more than the prior is large, so that one absurd sample moves little.
        let model = pair.prior_ms + row.bias_ms + self.biases_ms[server];
        let miss = (rtt_ms - model).clamp(-pair.prior_ms, pair.prior_ms);
        row.bias_ms += config.step * miss;
        self.biases_ms[server] += config.step * miss;
        if remember(&mut row.pairs[server], rtt_ms, config) {
            row.changes = row.changes.saturating_add(1);
        }
    }

    #[inline]
    fn corrected(&self, row: &Row, pair: &Pair, server: usize, config: &Config) -> f32 {
        let bias = self.biases_ms.get(server).copied().unwrap_or(0.0);
        let model = pair.prior_ms + row.bias_ms + bias;
        let mixed = model + (pair.seen_ms - model) * pair.weight;
        mixed.max(pair.prior_ms / config.factor_max).min(pair.prior_ms * config.factor_max)
    }
}

/// Adds a sample to the history of a pair. True if the path has changed.
fn remember(pair: &mut Pair, rtt_ms: f32, config: &Config) -> bool {
    let off = rtt_ms - pair.seen_ms;
    let forgiven = config.drift.0 * pair.seen_ms + config.drift.1;
    let alarm = config.alarm.0 * pair.seen_ms + config.alarm.1;
    if pair.samples > 0.0 {
        pair.above = (pair.above + off - forgiven).max(0.0);
        pair.below = (pair.below - off - forgiven).max(0.0);
    }
    let changed = pair.above > alarm || pair.below > alarm;
    if changed {
        (pair.samples, pair.above, pair.below) = (0.0, 0.0, 0.0);
    }
    pair.samples = (pair.samples + 1.0).min(config.history);
    pair.seen_ms += (rtt_ms - pair.seen_ms) / pair.samples;
    pair.weight = pair.samples / (pair.samples + config.model_weight);
    changed
}
