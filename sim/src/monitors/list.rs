//! Which monitors there are.

/// A monitor: the requirement, what puts it to the test, and what breaks it. The number of a monitor is its place here.
macro_rules! monitors {
    ($($name:ident = $id:literal, $premise:literal, $check:literal;)+) => {
        /// A monitor, by what it sees to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the table tells")]
        pub enum Monitor {
            $($name,)+
        }

        impl Monitor {
            /// Every monitor, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The id of its requirement, what puts that to the test, and what is looked at then.
            pub const fn row(self) -> (&'static str, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($id, $premise, $check),)+
                }
            }
        }
    };
}

monitors! {
    CapabilitiesAreKept = "R-4-04", "`Settings` are sent", "they tell no capability that this build lacks";
    FramesFitPeer = "R-6-21", "a `Manifest` or a `Chunk` is sent", "its data are no longer than the peer's settings allow";
    SettingsFirst = "R-7-03", "`Settings` are sent", "nothing was sent on the control stream before, and none are sent again";
    ConfirmOnce = "R-7-12", "`Confirm` is sent", "it is the first, and the peer's settings and the keys were there";
    RolesAreTold = "R-7-16", "`Settings` are sent", "they name every role that the node plays";
    AgreeInTime = "R-7-18", "the time to agree is over without both `Settings` and `Confirm`", "the connection is closed at once";
    ControlStays = "R-8-05", "a control stream is opened", "it is the only one, and neither side's is ever ended, reset or stopped";
    OneExchange = "R-8-06", "a request is sent", "its stream carried none before";
    OnlyWhatIsAsked = "R-8-07", "contents are sent", "a request on that stream asked for them, and for so many";
    DatagramsFit = "R-8-08", "a datagram is sent", "its frame has at most 1,150 octets";
    StallsEnd = "R-8-13", "an exchange is given up with `Timeout`", "it made no progress for the declared time, and at most a quarter more";
    GoAwayTells = "R-8-14", "a node that dialled closes with `NoError`, or says `GoAway`", "`GoAway` came first, with the number of requests that were accepted";
    ControlIsFirst = "R-8-16", "a control stream is opened", "it is the first one-way stream of its side";
    AnswerAfterConfirm = "R-8-17", "a request is answered", "both confirmations had come";
    RequestsWithinGrant = "R-8-18", "a request is sent", "no more are open than the peer grants";
    RequestsEnd = "R-8-23", "a `GetName`, a `GetId` or a `Purge` is sent", "this direction of the stream ends right after it";
    OnePong = "R-8-24", "a `Ping` or a `Pong`", "each `Pong` answers a `Ping` of the same token that had no answer";
    AbortsWhole = "R-8-26", "a stream is reset", "the peer's direction has ended, or is stopped at once";
    LeavesWhenDone = "R-8-30", "nothing is left to do after a `GoAway` of one's own", "the connection is closed at once";
    ChunksAreWhole = "R-8-33", "a `Chunk` answers anything but a `GetId` with a range", "it is a whole chunk";
    HaveFirst = "R-10-03", "a `Want` is answered", "one `Have` comes before any `Chunk`";
    BytesAreVerified = "R-10-04", "a content is handed on, to a peer or to an application", "it has the digest under which it was asked for";
    WrongIsDropped = "R-10-05", "a content comes that has another digest", "the connection stays";
    AcksAreTrue = "R-10-09", "an `Ack` is sent", "every content of the object is in the store, and the name leads there";
    SameIsSame = "R-10-17", "an answer says *same*", "only the manifest was asked for, and that version was known";
    OldIsRefused = "R-10-18", "a `Put` of a version that is purged, or older than what is there", "it is not acknowledged";
    WantsWhatIsLacking = "R-10-22", "a `Put` is answered with a `Want`", "none of the contents is in the store";
    AgesAddUp = "R-11-03", "a cache answers for a name that it asked about", "the age is no less than what was told, the time of the question and the time since";
    StaleWithinLimits = "R-11-05", "a cache answers for a name", "its copy is fresh, or not older than it may be used stale";
    PurgesInTime = "R-11-08", "a cache acknowledges a purge", "within 1 s, or of what it had to wait for below";
    PurgesHold = "R-11-12", "a node that acknowledged a purge answers for that name", "the version is above the purged ones";
    WordIsTold = "R-11-15", "a `GetName` is answered", "the answer has a word about its age and life";
    LeaseLasts = "R-11-16", "a cache answers for a name without asking", "it has a lease of a node above";
    PurgesReachAll = "R-11-17", "a node with caches below acknowledges a purge", "each of them that is in session has";
    DoubtIsTold = "R-11-21", "a cache with caches below loses a node above", "each of them is told of the doubt at once";
    LeaseNoLonger = "R-11-23", "a cache tells a lease", "no longer than what is left of its own";
    LeaseForCaches = "R-11-24", "a `Ping` of who is no cache, or has not answered a doubt", "the lease that is told is zero";
    LeaseIsAsked = "R-11-26", "a cache sets its next question for a lease", "within a quarter of the declared lease";
    SilentGoes = "R-11-27", "a purge waits for a cache below at the end of its time", "the session with that cache is closed";
    NearIsChosen = "R-12-06", "a node looks for the one above it", "it is about as near as the nearest";
    RevokedIsRefused = "R-13-06", "a peer is turned away, or served, after its certificate was revoked", "it is not served later than B";
    ExpiredIsRefused = "R-13-20", "a peer is turned away, or served, after its certificate has ended", "it is not served";
    JudgedBeforeServed = "R-13-29", "a peer is served where there are certificates", "its certificate was judged";
    ScopeIsKept = "R-14-02", "a code is sent", "its scope is that of a stream on a stream, and none of it on a connection";
    CodesHaveBase = "R-14-03", "a code is sent", "it is 0x53540000 and the code";
    SilentAfterClose = "R-14-05", "a connection is closed by this node", "nothing is sent on it after that";
    NoVainRetry = "R-14-12", "a `Fail` with a code that is not retryable is sent", "its time to stay away is zero";
}

impl Monitor {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The id of its requirement.
    pub const fn requirement(self) -> &'static str {
        self.row().0
    }

    /// The monitor of that number.
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}
