//! The metrics that a run can record, and the invariants that its oracle keeps: one table that the simulator fills, expressions are checked against and
//! reports and docs are made of.

/// What kind of numbers a metric holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events, counted per time bin and region.
    Counter,
    /// A level, read at the end of each time bin.
    Gauge,
    /// Values, kept as a histogram per time bin and per region.
    Samples,
}

/// What one value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    One,
    /// Nanoseconds, shown in the fitting unit of time.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// A ratio, stored in millionths.
    Millionths,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its dotted name.
    pub name: &'static str,
    /// What kind of numbers it holds.
    pub kind: Kind,
    /// What one value means.
    pub unit: Unit,
    /// One sentence for people.
    pub about: &'static str,
}

macro_rules! metrics {
    ($($id:ident $name:literal $kind:ident $unit:ident $about:literal;)*) => {
        /// A metric's row in [`METRICS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Id { $(#[doc = $about] $id,)* }

        impl Id {
            /// Every metric's id, in order.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The metric of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$id),)* _ => None }
            }
        }

        /// Every metric, in the order of [`Id`].
        pub const METRICS: &[Metric] = &[$(Metric { name: $name, kind: Kind::$kind, unit: Unit::$unit, about: $about },)*];
    };
}

metrics! {
    NetSent "net.sent" Counter One "datagrams that nodes sent, copies made by duplication included";
    NetBytes "net.bytes" Counter Bytes "bytes that nodes sent, headers included";
    NetDelivered "net.delivered" Counter One "datagrams handed to a node";
    NetLost "net.dropped.loss" Counter One "datagrams lost on the path";
    NetCut "net.dropped.partition" Counter One "datagrams stopped by a partition";
    NetQueueFull "net.dropped.queue" Counter One "datagrams that found a full queue";
    NetToDead "net.dropped.dead" Counter One "datagrams whose receiver was down when they arrived";
    NetDuplicated "net.duplicated" Counter One "copies that the network made";
    NetInFlight "net.in_flight" Gauge One "datagrams under way";
    NetLatency "net.latency" Samples Nanoseconds "time from sending a datagram to its delivery";
    NodesUp "node.up" Gauge One "nodes that are up";
    NodeCrashed "node.crashed" Counter One "nodes that crashed or left";
    NodeStarted "node.started" Counter One "nodes that came up, restarts included";
    TimerFired "timer.fired" Counter One "wake-ups of nodes";
    BroadcastSent "broadcast.sent" Counter One "broadcasts that started";
    BroadcastDelivered "broadcast.delivered" Counter One "broadcasts handed to an application";
    BroadcastRepaired "broadcast.repaired" Counter One "deliveries that were missed first and asked for later";
    BroadcastRedundant "broadcast.redundant" Counter One "contents of broadcasts that arrived again at a node that had them";
    BroadcastDelivery "broadcast.delivery" Samples Nanoseconds "time from the intended start of a broadcast to its delivery at a node";
    BroadcastHops "broadcast.hops" Samples One "links that a delivered broadcast crossed";
    BroadcastRedundancy "broadcast.redundancy" Samples Millionths "redundant contents per delivery, one value a broadcast";
    BroadcastCoverage "broadcast.coverage" Samples Millionths "share of the nodes that stayed up which a broadcast reached, one value a broadcast, in histograms of five digits";
    LinkUp "hyparview.link_up" Counter One "peers that entered an active view";
    LinkDown "hyparview.link_down" Counter One "peers that left an active view";
    Join "hyparview.join" Counter One "joins asked for, new attempts included";
    ForwardJoin "hyparview.forward_join" Counter One "steps of joins' walks";
    Shuffle "hyparview.shuffle" Counter One "shuffles started";
    Neighbor "hyparview.neighbor" Counter One "neighbours asked for";
    NeighborRejected "hyparview.neighbor_rejected" Counter One "neighbours refused";
    ViewSize "hyparview.view" Samples One "size of the active view of live nodes, read at the end of each time bin";
    Isolated "hyparview.isolated" Gauge One "live nodes with an empty active view";
    Graft "plumtree.graft" Counter One "links of trees repaired";
    Prune "plumtree.prune" Counter One "redundant links of trees pruned";
    Announce "plumtree.announce" Counter One "announcements of broadcasts sent";
    Probe "swim.probe" Counter One "direct probes";
    IndirectProbe "swim.indirect_probe" Counter One "indirect probes asked for";
    ProbeFailed "swim.probe_failed" Counter One "probes without an answer";
    Suspected "swim.suspected" Counter One "suspicions that started";
    Refuted "swim.refuted" Counter One "suspicions that were refuted";
    Confirmed "swim.confirmed" Counter One "suspicions that were confirmed";
    FalsePositive "swim.false_positive" Counter One "confirmed suspicions of nodes that were up";
    Detection "swim.detection" Samples Nanoseconds "time from a node's failure to a watcher giving it up";
    CoordinateError "vivaldi.error" Samples Millionths "relative error of a predicted round-trip time";
    RoundTrip "vivaldi.rtt" Samples Nanoseconds "measured round-trip times";
    FetchAsked "fetch.asked" Counter One "objects that applications asked for";
    FetchDone "fetch.done" Counter One "objects that applications got whole";
    FetchFailed "fetch.failed" Counter One "objects that applications could not get";
    FetchBytes "fetch.bytes" Counter Bytes "bytes of the objects that applications got";
    FetchLatency "fetch.latency" Samples Nanoseconds "time from the moment at which an object was meant to be asked for to its last byte";
    FetchConnect "fetch.connect" Samples Nanoseconds "part of a fetch until a connection to a node above was open, 0 if one was";
    FetchLookup "fetch.lookup" Samples Nanoseconds "part of a fetch from the open connection until the name had led to a manifest";
    FetchFirst "fetch.first_byte" Samples Nanoseconds "part of a fetch from the manifest to the first verified bytes";
    FetchRest "fetch.rest" Samples Nanoseconds "part of a fetch from the first verified bytes to the last";
    ServedMemory "serve.memory" Counter One "contents and names that caches served from memory";
    ServedDisk "serve.disk" Counter One "contents and names that caches served from disk";
    ServedUpstream "serve.upstream" Counter One "contents and names that caches served as the node above gave them";
    ServedStore "serve.origin" Counter One "contents and names that origins served";
    ServedStale "serve.stale" Counter One "contents and names that were served beyond their freshness";
    ServedCacheBytes "serve.cache_bytes" Counter Bytes "bytes of contents that caches served, from wherever they had them";
    ServedOriginBytes "serve.origin_bytes" Counter Bytes "bytes of contents that origins served";
    ServeRefused "serve.refused" Counter One "requests that were refused";
    StoreDamaged "store.damaged" Counter One "reads of a disk that found something else than was written";
    StoreUnread "store.failed" Counter One "reads of a disk that failed";
    StoreFull "store.full" Counter One "writes that found a full disk";
    Upstream "upstream.asked" Counter One "contents and names that caches asked the node above for";
    Poisoned "upstream.poisoned" Counter One "contents that were thrown away since they had another name";
    PurgeDone "purge.done" Counter One "purges that hold wherever they have to";
    PurgeLatency "purge.latency" Samples Nanoseconds "time from a purge's order to its acknowledgement";
    PutAsked "put.asked" Counter One "versions of objects that applications were to publish";
    PutDone "put.done" Counter One "versions of objects that applications were told are stored";
    PutLatency "put.latency" Samples Nanoseconds "time from the moment at which a version was meant to be published to its acknowledgement";
    PutFull "put.full" Counter One "attempts to publish that failed since a store was full";
    PublishFailed "put.failed" Counter One "attempts to publish or to purge that failed, whatever the reason; each is made again";
    PutConflict "put.conflict" Counter One "attempts to publish that failed since the name leads elsewhere in that version, or a later one";
    PurgeAcknowledged "purge.acknowledged" Counter One "purges that applications were told hold everywhere";
    ReplicaCopied "replica.copied" Counter One "objects that an origin handed to another which lacked them";
    ReplicaRepair "replica.repair" Samples Nanoseconds "time from the news that members were lost or won to the acknowledgement of a copy that was missing since";
    ReplicaDropped "replica.dropped" Counter One "copies that origins gave up since they are elsewhere";
    Connected "quic.connected" Counter One "connections that were dialled and opened";
    Disconnected "quic.disconnected" Counter One "connections that are over, counted at whoever dialled them";
    Connections "quic.open" Gauge One "connections that are open, counted at whoever dialled them";
    Handshake "quic.handshake" Samples Nanoseconds "time of the handshake at whoever dialled";
    CertRefused "cert.refused" Counter One "peers that were sent away with the certificate that they showed";
    CertDropped "cert.dropped" Counter One "peers whose certificate ended or was revoked while they were connected";
    PacketsLost "quic.lost" Counter One "packets that senders held for lost";
    BytesContent "bytes.content" Counter Bytes "bytes of contents and manifests that nodes sent for the first time";
    BytesFrames "bytes.frames" Counter Bytes "bytes of STOQ's own frames that nodes sent for the first time";
    BytesAgain "bytes.again" Counter Bytes "bytes of streams that nodes sent again since they were held for lost";
    BytesQuic "bytes.quic" Counter Bytes "bytes of QUIC itself: handshakes, packet headers, acknowledgements, probes, tags of the cipher";
    BytesHeaders "bytes.headers" Counter Bytes "bytes of the headers below QUIC: UDP, IP and the link";
    CpuBusy "cpu.busy" Counter Nanoseconds "time that cores worked, counted when a piece of work was done";
    CpuWait "cpu.wait" Samples Nanoseconds "time that a piece of work waited for its core";
    BrokenContent "broken.content_is_what_was_published" Counter One "objects that are not what the origin published under that name and version";
    BrokenHonest "broken.the_honest_send_what_was_published" Counter One "contents that a node which is no adversary sent under a name that is not theirs";
    BrokenBounds "broken.nodes_keep_their_bounds" Counter One "nodes of layer 1 that break a promise of their own, such as how much they hold for a peer";
    BrokenCopies "broken.copies_are_kept" Counter One "copies that were given up before there were enough others";
    BrokenPurge "broken.purges_hold" Counter One "objects that a purge had forbidden before they were asked for";
    BrokenStranger "broken.strangers_are_not_served" Counter One "answers to somebody without a good certificate";
    BrokenStandard "broken.standard_is_kept" Counter One "requirements of the standard of STOQ that a monitor saw broken";
    BrokenDead "broken.no_delivery_to_the_dead" Counter One "deliveries to a node that was down";
    BrokenOnce "broken.deliver_once" Counter One "broadcasts handed twice to the same life of an application";
    BrokenViews "broken.views_bounded" Counter One "views over their limit, with a stranger twice or with the node itself";
    BrokenSuspicion "broken.suspicions_end" Counter One "suspicions that outlived their longest time";
    BrokenCoordinate "broken.coordinates_finite" Counter One "coordinates that are not numbers";
    BrokenConserved "broken.messages_conserved" Counter One "datagrams neither delivered, dropped by a named cause nor under way";
    BrokenFifo "broken.pipes_keep_order" Counter One "datagrams that overtook an earlier one of the same pair without reordering asked for";
}

impl Id {
    /// The metric's row.
    pub const fn metric(self) -> &'static Metric {
        &METRICS[self as usize]
    }
}
