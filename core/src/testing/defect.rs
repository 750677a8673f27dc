//! Planted defects: one for each promise that the oracle keeps, so that a test can show the oracle finding it.
//!
//! They exist only in builds with the feature `defects` (tests turn it on). In any other build [`Defect::is_planted`] is false and the compiler
//! removes the branch.

/// A defect that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// The engine delivers to nodes that are down.
    DeliverToDead,
    /// Broadcast hands the same message to the application twice.
    DuplicateDelivery,
    /// The active view grows past its limit.
    UnboundedView,
    /// A node accepts itself into its own view.
    SelfInView,
    /// A suspicion whose deadline is due is forgotten instead of confirmed.
    SuspicionNeverEnds,
    /// A coordinate divides by a zero distance.
    CoordinateNotFinite,
    /// The network loses a message without naming a cause.
    SilentLoss,
    /// A decision depends on the order in which threads or memory addresses happen to come.
    NonDeterminism,
    /// The wire lets a later datagram overtake an earlier one.
    WireReorders,
    /// A cache believes what the node above sends without a look at its name. Planted in a node's configuration.
    BelieveAbove,
    /// A cache acknowledges a purge and goes on as before. Planted in a node's configuration.
    ForgetPurge,
    /// A cache takes in and serves what is below a purge floor. Planted in its configuration, as all that follow.
    ServePurged,
    /// Routing believes whoever answers faster than light could from where it says it is.
    FasterThanLight,
    /// A certificate that is over is accepted.
    AcceptExpired,
    /// A transfer delivers contents without comparing them with their names.
    DeliverUnverified,
    /// The QUIC model of message mode begins with a window four times as large as the stack that it models.
    ModelTooFast,
    /// A node waits for any number of peers to agree on something.
    AdmitEverybody,
    /// A node reads as much as there is ahead of a peer that takes nothing.
    ReadAhead,
    /// A store lets a version of a name lead to another manifest than before. Planted in the simulation's disk.
    BindTwice,
    /// Whoever reads a disk believes what is there. Planted in the simulation's disk.
    TrustDisk,
    /// Repair counts copies that are under way as if they had been acknowledged.
    UnacknowledgedCopy,
}

impl Defect {
    /// Every defect of a world with its name in `--plant`.
    pub const ALL: [(&'static str, Self); 18] = [
        ("deliver-to-dead", Self::DeliverToDead),
        ("duplicate-delivery", Self::DuplicateDelivery),
        ("unbounded-view", Self::UnboundedView),
        ("self-in-view", Self::SelfInView),
        ("suspicion-never-ends", Self::SuspicionNeverEnds),
        ("coordinate-not-finite", Self::CoordinateNotFinite),
        ("silent-loss", Self::SilentLoss),
        ("non-determinism", Self::NonDeterminism),
        ("wire-reorders", Self::WireReorders),
        ("deliver-unverified", Self::DeliverUnverified),
        ("model-too-fast", Self::ModelTooFast),
        ("forget-purge", Self::ForgetPurge),
        ("trust-disk", Self::TrustDisk),
        ("unacknowledged-copy", Self::UnacknowledgedCopy),
        ("admit-everybody", Self::AdmitEverybody),
        ("read-ahead", Self::ReadAhead),
        ("bind-twice", Self::BindTwice),
        ("accept-expired", Self::AcceptExpired),
    ];

    /// The defect of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, defect)| *defect)
    }

    /// Whether this defect is the planted one. Always false in a build without the feature `defects`.
    #[inline]
    pub fn is_planted(self, planted: Option<Self>) -> bool {
        cfg!(feature = "defects") && planted == Some(self)
    }
}
