//! What can be set about routing.

use super::choose::Rules;
use super::predict;
use crate::base::Span;
use crate::testing::Defect;

/// Parameters of the routing of one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// How servers are chosen.
    pub rules: Rules,
    /// How latency is predicted.
    pub predict: predict::Config,
    /// The prior of geography: milliseconds of round trip for each kilometre (the fit over 242 cities).
    pub prior_ms_per_km: f32,
    /// The prior of geography: milliseconds over any distance.
    pub prior_ms_base: f32,
    /// Servers a request is sent to at most, one after the other.
    pub attempts_max: u8,
    /// A server that has not answered after this many times its prediction is given up.
    pub patience: u64,
    /// The least and the longest wait for an answer.
    pub timeout: (Span, Span),
    /// How long a server that failed is not chosen; doubled with each failure in a row.
    pub suspend: Span,
    /// The longest of these.
    pub suspend_max: Span,
    /// How often one server is probed: the one whose measurement is oldest. Zero for never, and at least [`PROBE_EVERY_MIN`].
    pub probe_every: Span,
    /// How long the least round trip to a server is remembered.
    pub least_window: Span,
    /// Servers that are remembered.
    pub servers_max: usize,
    /// Groups of clients that are remembered.
    pub groups_max: usize,
    /// Requests under way at once.
    pub requests_max: usize,
    /// The planted defect of the tests, if any.
    pub defect: Option<Defect>,
}

/// Probes are never sent more often than this (R-12-03).
pub const PROBE_EVERY_MIN: Span = Span::millis(10);

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            predict: predict::Config::default(),
            prior_ms_per_km: 0.0174,
            prior_ms_base: 10.0,
            attempts_max: 3,
            patience: 4,
            timeout: (Span::millis(100), Span::secs(3)),
            suspend: Span::secs(1),
            suspend_max: Span::secs(60),
            probe_every: Span::ZERO,
            least_window: Span::secs(600),
            servers_max: 4096,
            groups_max: 256,
            requests_max: 65_536,
            defect: None,
        }
    }
}
