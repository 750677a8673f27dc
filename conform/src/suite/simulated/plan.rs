//! Fault plans: what lies between the tester and the implementation, as a scenario of the simulator says it.

use crate::suite::port::Pixit;
use hypermesh_core::base::Span;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::{Overrides, load_text, plan};

/// A path with its faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultPlan {
    /// A millisecond each way, a gigabit, and nothing lost.
    Near,
    /// 80 ms each way and up to 20 ms more that vary, and nothing lost.
    Far,
    /// 20 ms each way; one packet in fifty is lost, and one in a hundred is held back so that others overtake it.
    Lossy,
    /// 30 ms each way at 10 Mbit/s with a short queue. For 250 ms of each 1.5 s three packets in ten are lost; one packet in twenty is overtaken, one in a
    /// hundred arrives twice.
    Rough,
}

/// How long bursts of loss go on to come; no case takes as long.
const BURSTS_FOR_MILLIS: u64 = 120_000;

impl FaultPlan {
    /// From the beginning of a burst to the beginning of the next. Where the first begins is drawn.
    pub(super) const BURST_EVERY_MILLIS: u64 = 1_500;

    /// Every plan, the gentlest first.
    pub const ALL: [Self; 4] = [Self::Near, Self::Far, Self::Lossy, Self::Rough];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Far => "far",
            Self::Lossy => "lossy",
            Self::Rough => "rough",
        }
    }

    /// The plan of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.name() == name)
    }

    /// Whether it loses or delays packets so that a datagram may not arrive, or not in order.
    pub const fn is_clean(self) -> bool {
        matches!(self, Self::Near | Self::Far)
    }

    /// The section `network` of its scenario.
    const fn network(self) -> &'static str {
        match self {
            Self::Near => {
                "{paths: {uniform: 1ms}, cities: 2, access: {line: {share: 100%, down: 1Gbit, up: 1Gbit, queue: 4MiB, last_mile: 0s}}, \
                 jitter: {share: 0%, floor: 0s}, overhead: 48B}"
            }
            Self::Far => {
                "{paths: {uniform: 80ms}, cities: 2, access: {line: {share: 100%, down: 1Gbit, up: 1Gbit, queue: 4MiB, last_mile: 0s}}, \
                 jitter: {share: 25%, floor: 0s, period: 500ms}, overhead: 48B}"
            }
            Self::Lossy => {
                "{paths: {uniform: 20ms}, cities: 2, access: {line: {share: 100%, down: 100Mbit, up: 100Mbit, queue: 1MiB, last_mile: 0s}}, \
                 jitter: {share: 5%, floor: 500us}, loss: 2%, reorder: {share: 1%, by: 10ms}, overhead: 48B}"
            }
            Self::Rough => {
                "{paths: {uniform: 30ms}, cities: 2, access: {line: {share: 100%, down: 10Mbit, up: 10Mbit, queue: 128KiB, last_mile: 0s}}, \
                 jitter: {share: 20%, floor: 1ms, period: 250ms}, reorder: {share: 5%, by: 15ms}, duplicate: 1%, overhead: 48B}"
            }
        }
    }

    /// The section `faults` of its scenario.
    fn faults(self) -> String {
        let bursts = if self == Self::Rough { BURSTS_FOR_MILLIS / Self::BURST_EVERY_MILLIS } else { 0 };
        let burst = |at: u64| format!("\n  - loss_burst: {{at: {}ms, for: 250ms, loss: 30%}}", at * Self::BURST_EVERY_MILLIS);
        match bursts {
            0 => " []".into(),
            some => (0..some).map(burst).collect(),
        }
    }

    /// The scenario, in the words in which people write scenarios.
    pub fn scenario(self) -> String {
        let (name, network, faults) = (self.name(), self.network(), self.faults());
        format!(
            "version: 1\nname: {name}\nabout: does the implementation keep the standard on such a path?\nnetwork: {network}\n\
             time: {{stop: {}s}}\ngroups: {{end: {{role: hypermesh-peer, count: 2}}}}\nfaults:{faults}\n",
            BURSTS_FOR_MILLIS / 1_000 + 10
        )
    }

    /// The plan of the simulator, with its seed.
    pub(super) fn resolved(self, seed: u64) -> Plan {
        let loaded = load_text(self.name(), &self.scenario(), &Overrides::default());
        let resolved = loaded.and_then(|loaded| plan(&loaded));
        let resolved = resolved.unwrap_or_else(|report| panic!("the plan {} is a scenario: {}", self.name(), report.render(false)));
        Plan { seed, ..resolved }
    }

    /// What the tester waits, on top of what it waits in memory: how long what is due at once may take on this path, twice if a packet is lost, and how long
    /// nothing more is under way. What is set about the implementation stays as it is.
    pub fn pixit(self) -> Pixit {
        let (patience, hush, settle) = match self {
            Self::Near => (0, 0, 0),
            Self::Far => (500, 450, 250),
            Self::Lossy => (500, 350, 250),
            Self::Rough => (1_000, 850, 600),
        };
        let set = Pixit::default();
        Pixit {
            patience: set.patience + Span::millis(patience),
            hush: set.hush + Span::millis(hush),
            settle: set.settle + Span::millis(settle),
            ..set
        }
    }
}
