//! What can be set about a session.

use super::settings::{Capabilities, Roles, Setting, Settings};
use crate::base::Span;

/// Parameters of a session. Shared by all sessions of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What this side tells of itself, without grease.
    pub settings: Settings,
    /// How long the two sides may take to agree, from the first byte on.
    pub agree_within: Span,
    /// How long running exchanges may take to end once this side leaves.
    pub leave_within: Span,
    /// How long an exchange may go without progress.
    pub stall_after: Span,
    /// Requests that a peer may give up before an answer has begun, at once; more end the session.
    pub waste_burst: u32,
    /// The same per second, in the long run.
    pub waste_per_sec: u32,
    /// Probes that are answered, and claims and routes that are heard, per second and at once; more are dropped.
    pub told_per_sec: u32,
    /// Whether code points without meaning are sent.
    pub grease: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            settings: Settings::new(Capabilities::ALL, Roles::CLIENT).with(Setting::Requests, 256),
            agree_within: Span::secs(5),
            leave_within: Span::secs(30),
            stall_after: Span::secs(20),
            waste_burst: 256,
            waste_per_sec: 64,
            told_per_sec: 32,
            grease: true,
        }
    }
}
