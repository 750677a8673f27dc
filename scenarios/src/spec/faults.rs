//! What goes wrong, and when.

use crate::plan;
use crate::read::{At, Flag, Text, choice, section, words};
use crate::units::{Amount, Duration, Factor, Ppm, Share, ShareRate};

choice! {
    /// Something that goes wrong. A fault's name, for expectations and plots, is the one it is given, or its kind and number: the second churn is `churn-2`.
    pub enum Fault, "a fault", "crash: {at: 10s, nodes: 5%}" {
        parts {
            /// Nodes stop at once and forget everything.
            "crash" => Crash(Crash),
            /// Nodes that are down come up again, with nothing remembered.
            "restart" => Restart(Restart),
            /// Nodes do nothing for a while; what arrives meanwhile waits.
            "pause" => Pause(Pause),
            /// Nodes go, and others come, all the time.
            "churn" => Churn(Churn),
            /// The network falls into two parts that do not reach each other.
            "partition" => Partition(Partition),
            /// A region loses power: all its nodes crash, and restart when the fault ends.
            "region_loss" => RegionLoss(RegionLoss),
            /// More is lost than usual.
            "loss_burst" => LossBurst(LossBurst),
            /// Everything takes longer than usual.
            "latency_spike" => LatencySpike(LatencySpike),
            /// More arrives twice than usual.
            "duplicate_burst" => DuplicateBurst(DuplicateBurst),
            /// More is overtaken than usual. How long datagrams are held back is said in the network's `reorder`.
            "reorder_burst" => ReorderBurst(ReorderBurst),
            /// Clocks jump and run at wrong speeds.
            "clock_skew" => ClockSkew(ClockSkew),
            /// The disks of nodes of layer 1 go wrong.
            "storage" => Storage(Storage),
            /// Certificates of nodes are revoked, and they get no others.
            "revoke" => Revoke(Revoke),
            /// Nodes get no further certificates, and go on with the one that they have.
            "lapse" => Lapse(Lapse),
        }
    }
}

section! {
    /// Nodes stop at once and forget everything.
    pub struct Crash, "`crash`", "{at: 10s, nodes: 5%}" {
        /// When it happens.
        at: At<Duration>,
        /// How many of those that are up then, drawn at random.
        nodes: At<Amount>,
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// In which region; without it, in all.
        region: Option<At<Text>>,
        /// How long they stay down before they restart; without it, for good.
        lasts as "for": Option<At<Duration>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Nodes that are down come up again, with nothing remembered.
    pub struct Restart, "`restart`", "{at: 30s, nodes: 100%}" {
        /// When it happens.
        at: At<Duration>,
        /// How many of those that are down then, drawn at random.
        nodes: At<Amount> = "100%",
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Nodes do nothing for a while; what arrives meanwhile waits. As when a machine is suspended, or a collector of garbage stops the world.
    pub struct Pause, "`pause`", "{at: 10s, for: 5s, nodes: 1%}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// How many of those that are up then, drawn at random.
        nodes: At<Amount>,
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Nodes go, and come back as others, all the time.
    pub struct Churn, "`churn`", "{at: 10s, for: 20s, rate: 0.5%/s, downtime: 5s}" {
        /// When it starts.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// Share of the group's nodes that go, per time.
        rate: At<ShareRate>,
        /// How long each stays away before it comes back with nothing remembered; without it, for good.
        downtime: Option<At<Duration>>,
        /// Share of those that say goodbye; the others crash.
        leave: At<Share> = "0%",
        /// Which group; without it, all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// The network falls into two parts that do not reach each other.
    pub struct Partition, "`partition`", "{at: 10s, for: 20s, split: {share: 50%}}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// Who is on the first side; all others are on the second.
        split: At<Split>,
        /// Whether only what the first side sends is stopped; needs a split by regions.
        oneway: At<Flag> = "off",
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

choice! {
    /// Who is on the first side of a split.
    pub enum Split, "{share: SHARE} or {regions: [NAME, ..]}", "{share: 50%}" {
        parts {
            /// That share of all nodes, drawn at random.
            "share" => Share(At<Share>),
            /// The nodes in these regions.
            "regions" => Regions(Vec<At<Text>>),
        }
    }
}

section! {
    /// A region loses power: all its nodes that are up crash, and restart when the fault ends. To cut a region off while its nodes go on running, use
    /// `partition` with a split by regions.
    pub struct RegionLoss, "`region_loss`", "{at: 20s, for: 15s, region: eu-west}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// Which region.
        region: At<Text>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

choice! {
    /// Which wires a fault is about.
    pub enum Wires, "all, {touching: [REGION, ..]}, {across: {..}} or {oneway: {from: [..], to: [..]}}", "all" {
        words {
            /// All.
            "all" => All,
        }
        parts {
            /// Those that begin or end in one of these regions.
            "touching" => Touching(Vec<At<Text>>),
            /// Those between the two sides of a split, in both directions.
            "across" => Across(Split),
            /// Those from some regions to others, in this direction only.
            "oneway" => OneWay(OneWay),
        }
    }
}

section! {
    /// One direction.
    pub struct OneWay, "`oneway`", "{from: [eu-west], to: [asia-east]}" {
        /// The regions where these wires begin.
        from: Vec<At<Text>>,
        /// The regions where they end.
        to: Vec<At<Text>>,
    }
}

section! {
    /// More is lost than usual.
    pub struct LossBurst, "`loss_burst`", "{at: 10s, for: 5s, loss: 20%}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// Probability of a loss, on top of the network's own.
        loss: At<Share>,
        /// On which wires.
        wires: At<Wires> = "all",
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Everything takes longer than usual: a path's delay times `factor`, plus `extra`.
    pub struct LatencySpike, "`latency_spike`", "{at: 10s, for: 5s, factor: 3x}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// How many times as long, at least `1x`.
        factor: At<Factor> = "1x",
        /// How much longer on top of that.
        extra: At<Duration> = "0s",
        /// On which wires.
        wires: At<Wires> = "all",
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// More arrives twice than usual.
    pub struct DuplicateBurst, "`duplicate_burst`", "{at: 10s, for: 5s, share: 5%}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// Probability that a datagram arrives twice, on top of the network's own.
        share: At<Share>,
        /// On which wires.
        wires: At<Wires> = "all",
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// More is overtaken than usual.
    pub struct ReorderBurst, "`reorder_burst`", "{at: 10s, for: 5s, share: 5%}" {
        /// When it happens.
        at: At<Duration>,
        /// How long it lasts.
        lasts as "for": At<Duration>,
        /// Probability that a datagram is held back, on top of the network's own.
        share: At<Share>,
        /// On which wires.
        wires: At<Wires> = "all",
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Clocks jump and run at wrong speeds. Each node's jump is drawn from zero to `max`, its drift from minus to plus `drift`.
    pub struct ClockSkew, "`clock_skew`", "{at: 10s, for: 20s, max: 200ms, drift: 50ppm}" {
        /// When it happens.
        at: At<Duration>,
        /// How long the drift lasts. The jump stays.
        lasts as "for": At<Duration>,
        /// The largest jump forward.
        max: At<Duration> = "0s",
        /// The largest drift, fast or slow.
        drift: At<Ppm> = "0ppm",
        /// How many nodes, drawn at random.
        nodes: At<Amount> = "100%",
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// The disks of nodes of layer 1 go wrong, those that are drawn at random.
    pub struct Storage, "`storage`", "{at: 10s, for: 20s, kind: bit-rot, share: 5%}" {
        /// When it starts.
        at: At<Duration>,
        /// How long it lasts. What was damaged stays damaged.
        lasts as "for": At<Duration>,
        /// What goes wrong.
        kind: At<StorageKind>,
        /// To which share of the operations it happens; of `bit-rot`, to which share of the contents.
        share: At<Share> = "100%",
        /// How many nodes, drawn at random.
        nodes: At<Amount> = "100%",
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Certificates of nodes are revoked, and they get no others. They go on as if nothing had happened; needs `certs`.
    pub struct Revoke, "`revoke`", "{at: 10s, nodes: 1}" {
        /// When it happens.
        at: At<Duration>,
        /// How many nodes, drawn at random.
        nodes: At<Amount>,
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

section! {
    /// Nodes get no further certificates, and go on with the one that they have, also when it is over; needs `certs`.
    pub struct Lapse, "`lapse`", "{at: 10s, nodes: 1}" {
        /// When it happens.
        at: At<Duration>,
        /// How many nodes, drawn at random.
        nodes: At<Amount>,
        /// Of which group; without it, of all.
        group: Option<At<Text>>,
        /// A name for this fault.
        name: Option<At<Text>>,
    }
}

words! {
    /// What goes wrong with a disk.
    pub enum StorageKind, "what goes wrong with a disk" {
        /// A read fails. Another attempt may succeed.
        "read-error" => ReadError,
        /// Of what is written only the first half reaches the disk, and the disk says that all is well.
        "torn-write" => TornWrite,
        /// A bit of a content is another when it is read; each content is hit once at most.
        "bit-rot" => BitRot,
        /// There is no room for what is written.
        "full" => Full,
    }
}

impl StorageKind {
    /// For the plan.
    pub const fn rule(self) -> plan::StoreFaultKind {
        match self {
            Self::ReadError => plan::StoreFaultKind::ReadError,
            Self::TornWrite => plan::StoreFaultKind::TornWrite,
            Self::BitRot => plan::StoreFaultKind::BitRot,
            Self::Full => plan::StoreFaultKind::Full,
        }
    }
}

/// What all faults have, by kind.
macro_rules! each_fault {
    ($self:ident, $fault:ident => $value:expr) => {
        match $self {
            Fault::Crash($fault) => $value,
            Fault::Restart($fault) => $value,
            Fault::Pause($fault) => $value,
            Fault::Churn($fault) => $value,
            Fault::Partition($fault) => $value,
            Fault::RegionLoss($fault) => $value,
            Fault::LossBurst($fault) => $value,
            Fault::LatencySpike($fault) => $value,
            Fault::DuplicateBurst($fault) => $value,
            Fault::ReorderBurst($fault) => $value,
            Fault::ClockSkew($fault) => $value,
            Fault::Storage($fault) => $value,
            Fault::Revoke($fault) => $value,
            Fault::Lapse($fault) => $value,
        }
    };
}

impl Fault {
    /// When it starts.
    pub const fn at(&self) -> &At<Duration> {
        each_fault!(self, fault => &fault.at)
    }

    /// The name it is given, if any.
    pub const fn given_name(&self) -> Option<&At<Text>> {
        each_fault!(self, fault => fault.name.as_ref())
    }

    /// How long it lasts; none for those that happen at one moment.
    pub const fn lasts(&self) -> Option<&At<Duration>> {
        match self {
            Self::Crash(fault) => fault.lasts.as_ref(),
            Self::Restart(_) | Self::Revoke(_) | Self::Lapse(_) => None,
            Self::Pause(fault) => Some(&fault.lasts),
            Self::Churn(fault) => Some(&fault.lasts),
            Self::Partition(fault) => Some(&fault.lasts),
            Self::RegionLoss(fault) => Some(&fault.lasts),
            Self::LossBurst(fault) => Some(&fault.lasts),
            Self::LatencySpike(fault) => Some(&fault.lasts),
            Self::DuplicateBurst(fault) => Some(&fault.lasts),
            Self::ReorderBurst(fault) => Some(&fault.lasts),
            Self::ClockSkew(fault) => Some(&fault.lasts),
            Self::Storage(fault) => Some(&fault.lasts),
        }
    }

    /// The group that it is about, if it is about one.
    pub const fn group(&self) -> Option<&At<Text>> {
        match self {
            Self::Crash(fault) => fault.group.as_ref(),
            Self::Restart(fault) => fault.group.as_ref(),
            Self::Pause(fault) => fault.group.as_ref(),
            Self::Churn(fault) => fault.group.as_ref(),
            Self::ClockSkew(fault) => fault.group.as_ref(),
            Self::Storage(fault) => fault.group.as_ref(),
            Self::Revoke(fault) => fault.group.as_ref(),
            Self::Lapse(fault) => fault.group.as_ref(),
            _ => None,
        }
    }

    /// The number of nodes that it is about, if it says so.
    pub const fn nodes(&self) -> Option<&At<Amount>> {
        match self {
            Self::Crash(fault) => Some(&fault.nodes),
            Self::Restart(fault) => Some(&fault.nodes),
            Self::Pause(fault) => Some(&fault.nodes),
            Self::ClockSkew(fault) => Some(&fault.nodes),
            Self::Storage(fault) => Some(&fault.nodes),
            Self::Revoke(fault) => Some(&fault.nodes),
            Self::Lapse(fault) => Some(&fault.nodes),
            _ => None,
        }
    }

    /// The wires that it is about, if it says so.
    pub const fn wires(&self) -> Option<&At<Wires>> {
        match self {
            Self::LossBurst(fault) => Some(&fault.wires),
            Self::LatencySpike(fault) => Some(&fault.wires),
            Self::DuplicateBurst(fault) => Some(&fault.wires),
            Self::ReorderBurst(fault) => Some(&fault.wires),
            _ => None,
        }
    }
}

/// The names of all faults, in their order: the given one, or the kind and its number.
pub fn names(faults: &[At<Fault>]) -> Vec<String> {
    let number = |i: usize| faults[..=i].iter().filter(|f| f.kind() == faults[i].kind()).count();
    let name = |(i, fault): (usize, &At<Fault>)| match fault.given_name() {
        Some(name) => name.value.0.clone(),
        None => format!("{}-{}", fault.kind(), number(i)),
    };
    faults.iter().enumerate().map(name).collect()
}
