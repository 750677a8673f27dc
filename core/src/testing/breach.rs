//! The defect zoo: for each `shall` of the standard one way to break it, which a test build can switch on while it runs.
//!
//! A breach stands at the very place where the requirement is kept, as `if Breach::AcceptLongVarint.is_on() { .. }`. Without the feature `zoo` the question is
//! the constant `false` and the compiler removes the branch. With it one binary holds every breach and one at most is on: for the whole process (a node on
//! sockets), or for what one thread does inside `Breach::within` (a machine in memory). A tester that shares a process with what it tests keeps its own
//! threads out with `spared`.
//!
//! This is the one place of the crate that knows threads. It exists in test builds only, and no machine can tell.

/// A breach with the requirement that it breaks: the names of the registry of the standard.
macro_rules! breaches {
    ($($name:ident = $id:literal;)+) => {
        /// A way to break one requirement. The registry of the standard says in words what each does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[allow(missing_docs, reason = "the registry tells")]
        pub enum Breach {
            $($name,)+
        }

        impl Breach {
            /// Every breach, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name, and the id of the requirement that it breaks.
            pub const fn names(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => (stringify!($name), $id),)+
                }
            }
        }
    };
}

breaches! {
    OfferWhatIsLacking = "R-4-04";
    FixedIntegerReversed = "R-6-01";
    AcceptLongVarint = "R-6-02";
    IgnoreTrailingFields = "R-6-03";
    AcceptOverlongFrame = "R-6-04";
    PassOverCriticalFrame = "R-6-05";
    IgnoreReservedBits = "R-6-06";
    CutClosesConnection = "R-6-07";
    RefuseEmptySettings = "R-6-08";
    AcceptSecondSettings = "R-6-09";
    IgnoreMisplacedFrame = "R-6-10";
    EncodeKeysUnsorted = "R-6-11";
    IgnoreUnknownKey = "R-6-12";
    AcceptControlCharacters = "R-6-13";
    SendFloatLength = "R-6-14";
    GreaseNotZero = "R-6-15";
    SendLongVarint = "R-6-17";
    RefuseFrameOfExactLimit = "R-6-18";
    StopAtUnknownFrame = "R-6-19";
    ReadWholePackets = "R-6-20";
    IgnorePeersFrameLimits = "R-6-21";
    AssumeHighestLimits = "R-6-22";
    OfferOtherToken = "R-7-01";
    TakeHigherMinor = "R-7-02";
    SettingsNotFirst = "R-7-03";
    PassOverCriticalSetting = "R-7-04";
    AcceptSettingTwice = "R-7-05";
    IgnoreConfirmation = "R-7-06";
    RefuseGrease = "R-7-07";
    GoOnWithoutNeeded = "R-7-09";
    AcceptUnsortedSettings = "R-7-10";
    ForgetDefaults = "R-7-11";
    ConfirmBeforeSettings = "R-7-12";
    ConfirmWithoutExporter = "R-7-13";
    UseWhatIsNotAgreed = "R-7-14";
    IgnoreMajors = "R-7-15";
    TellNoRoles = "R-7-16";
    GoOnWithoutToken = "R-7-17";
    WaitForSettingsForever = "R-7-18";
    RefuseVersionOne = "R-8-01";
    ListenOnIpv4 = "R-8-02";
    ServeAnonymous = "R-8-03";
    PassOverCriticalStream = "R-8-04";
    LetControlEnd = "R-8-05";
    TwoExchangesAStream = "R-8-06";
    SendUnasked = "R-8-07";
    SplitFrameOverDatagrams = "R-8-08";
    ServePutEarly = "R-8-09";
    AcceptAnyNumberOfStreams = "R-8-10";
    BelieveAddressForPlace = "R-8-12";
    WaitForStalledExchange = "R-8-13";
    LeaveWithoutGoAway = "R-8-14";
    NeedLargePackets = "R-8-15";
    ControlNotFirst = "R-8-16";
    AnswerBeforeConfirmed = "R-8-17";
    OpenTooManyRequests = "R-8-18";
    OpenWideWindow = "R-8-19";
    IdleOtherThanTold = "R-8-20";
    TakeShortAnswer = "R-8-21";
    TakeMoreThanAsked = "R-8-22";
    LeaveRequestOpen = "R-8-23";
    AnswerPingTwice = "R-8-24";
    BelieveAnyPong = "R-8-25";
    AbortOneDirection = "R-8-26";
    AcceptRaisedGoAway = "R-8-27";
    AskAfterGoAway = "R-8-28";
    KeepRefusedRequests = "R-8-29";
    StayForEver = "R-8-30";
    HearDatagramsEarly = "R-8-32";
    SendPartOfChunk = "R-8-33";
    ReadMeaninglessStream = "R-8-34";
    RefuseDatagrams = "R-8-35";
    OmitChunker = "R-9-01";
    AcceptAnyChunkLength = "R-9-02";
    CutAtPieces = "R-9-03";
    OneMask = "R-9-04";
    DropShortTail = "R-9-05";
    EmptyObjectHasChunk = "R-9-06";
    TruncateDigest = "R-9-07";
    OneContextForAll = "R-9-08";
    AcceptMissingKey = "R-9-09";
    AcceptLongForms = "R-9-10";
    AcceptEmptyEntry = "R-9-11";
    BelieveLowerManifest = "R-9-12";
    NoEntryLimit = "R-9-13";
    AcceptAnyGroups = "R-9-14";
    NameBeforeSealing = "R-9-16";
    WriteRetired = "R-9-17";
    AcceptUnknownSealing = "R-9-18";
    RefuseUnknownChunker = "R-9-20";
    AskByNameTwice = "R-10-01";
    FetchWholeForRange = "R-10-02";
    ChunkBeforeHave = "R-10-03";
    DeliverUnverified = "R-10-04";
    CloseForWrongContent = "R-10-05";
    PenaliseDuplicates = "R-10-06";
    ResumeFromNothing = "R-10-07";
    LetAsksRun = "R-10-08";
    AcknowledgeEarly = "R-10-09";
    AnswerRepeatDifferently = "R-10-12";
    SendOutOfOrder = "R-10-13";
    ServeBeyondEnd = "R-10-14";
    InventContent = "R-10-15";
    AnswerWithOlder = "R-10-16";
    SayAlwaysSame = "R-10-17";
    TakeOlderVersion = "R-10-18";
    StoreForAnybody = "R-10-19";
    StoreAnyManifest = "R-10-20";
    StoreUnwanted = "R-10-21";
    WantWhatIsThere = "R-10-22";
    ServeWithoutStore = "R-10-23";
    ResumeNewerVersion = "R-10-24";
    TellCopiesThatAreNot = "R-10-25";
    MatchNamePrefix = "R-11-01";
    FreshAtMaxAge = "R-11-02";
    ForgetFetchTime = "R-11-03";
    RenewAnything = "R-11-04";
    ServeAnyStale = "R-11-05";
    ImmutableEnds = "R-11-06";
    BelieveAbsenceForEver = "R-11-07";
    AcknowledgeLate = "R-11-08";
    JudgeBySending = "R-11-09";
    StoreNoStore = "R-11-10";
    CountCachedCopies = "R-11-11";
    ServePurged = "R-11-12";
    OmitWord = "R-11-15";
    AnswerWithoutLease = "R-11-16";
    AcknowledgeBeforeBelow = "R-11-17";
    IgnoreHighestAge = "R-11-18";
    PurgeForAnybody = "R-11-19";
    ObeyAnyPurge = "R-11-20";
    TellOfDoubtTooLate = "R-11-21";
    IgnoreDoubt = "R-11-22";
    GiveLongLease = "R-11-23";
    LeaseForAnybody = "R-11-24";
    LeaseFromAnswer = "R-11-25";
    AskSeldomForLease = "R-11-26";
    WaitForSilentCache = "R-11-27";
    StoreWordless = "R-11-28";
    RoundAgesDown = "R-11-29";
    ReplaceByOlder = "R-11-30";
    SpeakForOrigin = "R-11-31";
    AskCacheForOrigin = "R-11-32";
    BelieveAnySource = "R-11-33";
    PositionLittleEndian = "R-12-01";
    BelieveAboutOthers = "R-12-02";
    ProbeTooOften = "R-12-03";
    FasterThanLight = "R-12-04";
    AcceptOldSequence = "R-12-05";
    ChooseFarthest = "R-12-06";
    ChooseByOrder = "R-12-07";
    UnboundedHint = "R-12-08";
    ForwardLoops = "R-12-09";
    WaitForDeadServer = "R-12-10";
    UseWithdrawn = "R-12-13";
    UseEndedClaim = "R-12-14";
    ForgetRest = "R-12-15";
    TryForEver = "R-12-16";
    ClaimBeforeProbe = "R-12-17";
    NameInCommonName = "R-13-01";
    AcceptLongLife = "R-13-02";
    RenewAtEnd = "R-13-03";
    AcceptLongChain = "R-13-04";
    AcceptOtherName = "R-13-05";
    IgnoreRevocation = "R-13-06";
    AcceptUnlogged = "R-13-07";
    LeafIsNode = "R-13-08";
    CheckpointUnsigned = "R-13-09";
    MergeNever = "R-13-10";
    SkipInclusion = "R-13-11";
    SkipConsistency = "R-13-12";
    HideSplitView = "R-13-13";
    OpenWithoutLog = "R-13-14";
    AcceptAnyAlgorithm = "R-13-15";
    BelieveToldRole = "R-13-16";
    AcceptOtherRole = "R-13-17";
    ReuseSerial = "R-13-18";
    AcceptFuture = "R-13-19";
    AcceptExpired = "R-13-20";
    TakeOldList = "R-13-21";
    TakeUnsignedList = "R-13-22";
    PublishOnChange = "R-13-23";
    OpenWithoutList = "R-13-24";
    KeyIdOfCertificate = "R-13-25";
    CutAtRotation = "R-13-26";
    IssueForAnyUse = "R-13-27";
    GrantAnyRole = "R-13-28";
    ServeUnjudged = "R-13-29";
    ScopeByName = "R-14-01";
    StreamErrorCloses = "R-14-02";
    CodeWithoutBase = "R-14-03";
    AnswerWithOtherCode = "R-14-04";
    ErrorForError = "R-14-05";
    RetryAtOnce = "R-14-07";
    PanicAtUnknownCode = "R-14-08";
    BearAnyWaste = "R-14-09";
    AnswerEveryPing = "R-14-10";
    HearEverything = "R-14-11";
    RetryForEver = "R-14-12";
    RefuseSilently = "R-14-13";
    SessionCellWrong = "R-15-01";
    ExchangeCellWrong = "R-15-02";
    FetchCellWrong = "R-15-03";
    HolderCellWrong = "R-15-05";
    AmplifyUnvalidated = "R-16-01";
    HoldAnyAmount = "R-16-02";
    HoldPromisedLength = "R-16-03";
    LoadAllManifests = "R-16-04";
    SendPutEarly = "R-16-05";
    ServeWithoutBound = "R-16-06";
    ReadAheadWithoutBound = "R-16-07";
    ResumeOldJudgement = "R-16-08";
    HandshakeForEver = "R-16-13";
    MissingCounter = "R-17-01";
    CounterFalls = "R-17-02";
    HidePresetValues = "R-17-03";
    ManageFromAfar = "R-17-06";
    SayHealthyWhenGone = "R-17-07";
    HideVersion = "R-17-08";
}

impl Breach {
    /// The breach of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|breach| breach.names().0 == name)
    }

    /// Whether it is switched on here. Always false in a build without the feature `zoo`.
    #[inline]
    pub fn is_on(self) -> bool {
        #[cfg(feature = "zoo")]
        return zoo::asked(self);
        #[cfg(not(feature = "zoo"))]
        false
    }

    /// The breach that is switched on here, which counts as coming to no place. Never one in a build without the feature `zoo`.
    pub fn here() -> Option<Self> {
        #[cfg(feature = "zoo")]
        return Self::ALL.get(usize::from(zoo::on())).copied();
        #[cfg(not(feature = "zoo"))]
        None
    }
}

#[cfg(feature = "zoo")]
pub use zoo::{passed, reached, spared, within};

#[cfg(feature = "zoo")]
mod zoo {
    use super::Breach;
    use core::cell::Cell;
    use core::sync::atomic::{AtomicU16, Ordering};
    use std::thread_local;

    /// None is on.
    const NONE: u16 = u16::MAX;

    static PROCESS: AtomicU16 = AtomicU16::new(NONE);

    thread_local! {
        /// What this thread does; that of the process if none.
        static THREAD: Cell<Option<u16>> = const { Cell::new(None) };
        /// How often the place of the breach that is on was reached in this thread.
        static REACHED: Cell<u64> = const { Cell::new(0) };
        /// The breaches whose places were reached in this thread, on or not: a bit each.
        static PASSED: [Cell<u64>; WORDS] = const { [const { Cell::new(0) }; WORDS] };
    }

    const WORDS: usize = Breach::ALL.len().div_ceil(64);

    pub(super) fn asked(breach: Breach) -> bool {
        PASSED.with(|words| {
            let word = &words[breach as usize / 64];
            word.set(word.get() | 1 << (breach as usize % 64));
        });
        if on() == breach as u16 {
            REACHED.set(REACHED.get() + 1);
            return true;
        }
        false
    }

    pub(super) fn on() -> u16 {
        THREAD.get().unwrap_or_else(|| PROCESS.load(Ordering::Relaxed))
    }

    /// The breaches to whose places this thread came since this was asked last, whether they were on or not. What never came to the place of a breach does
    /// the same with it and without it, as long as it is a function of its inputs.
    pub fn passed() -> Vec<Breach> {
        PASSED.with(|words| {
            let words = words.each_ref().map(Cell::take);
            Breach::ALL.iter().copied().filter(|breach| words[*breach as usize / 64] >> (*breach as usize % 64) & 1 == 1).collect()
        })
    }

    /// Does something with this breach on, or with none on at all, in this thread alone.
    pub fn within<T>(breach: Option<Breach>, what: impl FnOnce() -> T) -> T {
        /// Puts back what was, also when `what` panics: a breach may well break an assertion.
        struct Back(Option<u16>);
        impl Drop for Back {
            fn drop(&mut self) {
                THREAD.set(self.0);
            }
        }
        let _back = Back(THREAD.replace(Some(breach.map_or(NONE, |breach| breach as u16))));
        what()
    }

    /// From now on no breach is on in this thread, whatever the process does.
    pub fn spared() {
        THREAD.set(Some(NONE));
    }

    /// How often this thread came to the place of a breach that was on, since this was asked last.
    pub fn reached() -> u64 {
        REACHED.replace(0)
    }

    impl Breach {
        /// Switches it on for the whole process, or switches off what is on.
        pub fn plant(breach: Option<Self>) {
            PROCESS.store(breach.map_or(NONE, |breach| breach as u16), Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, feature = "zoo"))]
mod tests {
    use super::*;

    #[test]
    fn a_breach_is_on_where_it_was_switched_on_and_nowhere_else() {
        let (one, other) = (Breach::ALL[0], Breach::ALL[1]);
        assert!(!one.is_on());
        within(Some(one), || {
            assert!(one.is_on() && !other.is_on());
            within(None, || assert!(!one.is_on()));
            assert!(one.is_on());
        });
        assert!(!one.is_on());
        assert_eq!(reached(), 2);
        assert_eq!((passed(), passed()), (vec![one, other], vec![]));
        assert_eq!(within(Some(other), || (Breach::here(), passed())), (Some(other), vec![]));
        let caught = std::panic::catch_unwind(|| within(Some(other), || panic!("it breaks")));
        assert!(caught.is_err() && !other.is_on());
    }

    #[test]
    fn every_breach_has_a_name_of_its_own() {
        for breach in Breach::ALL {
            assert_eq!(Breach::named(breach.names().0), Some(*breach));
        }
    }
}
