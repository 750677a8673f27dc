//! Error codes: what each means, how far it reaches, whether another attempt may help, and how it rides on QUIC.
//!
//! A code is a number below 256; its range tells its scope, so that a code nobody knows still has one (clause 14). On QUIC it is carried as an
//! application error code above [`QUIC_BASE`].

use crate::testing::Breach;

/// What is added to a code to make a QUIC application error code: far from the small numbers that other protocols use, so that a code of another
/// protocol, or a stack's own default of zero, is not mistaken for one of ours.
pub const QUIC_BASE: u64 = 0x5354_0000;

/// How far an error reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One exchange ends; the connection goes on.
    Stream,
    /// The connection ends; the two may connect again at once, with all that they remember.
    Connection,
    /// The connection ends and what was remembered of the peer (tickets, settings) is forgotten: the next one starts with a full handshake.
    Session,
}

/// One row per code: name, number, whether a later or another attempt may succeed, meaning.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $retry:literal;)+) => {
        /// An error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Code {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Code {
            /// Every code, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Whether the same request may succeed later or with another peer.
            pub const fn is_retryable(self) -> bool {
                match self {
                    $(Self::$name => $retry,)+
                }
            }

            /// The code of that number, if it is known.
            pub const fn known(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// Nothing is wrong; the connection ends in good order.
    NoError = 0x00, true;
    /// A fault of the side that sends it.
    Internal = 0x01, true;
    /// A frame whose content breaks its form.
    FrameMalformed = 0x02, false;
    /// A frame longer than its type, or the receiver's settings, allow.
    FrameTooLarge = 0x03, false;
    /// A frame that has no place on this stream or at this moment.
    FrameUnexpected = 0x04, false;
    /// A frame of a critical type that the receiver does not know.
    FrameCritical = 0x05, false;
    /// The first frame of the control stream is not SETTINGS.
    SettingsMissing = 0x06, false;
    /// SETTINGS a second time, or one setting twice.
    SettingsRepeated = 0x07, false;
    /// A setting whose value is outside its limits, or settings out of order.
    SettingsInvalid = 0x08, false;
    /// SETTINGS and CONFIRM did not come in time.
    SettingsTimeout = 0x09, true;
    /// A stream that must not exist: a second control stream, or a critical type that the receiver does not know.
    StreamCreation = 0x0a, false;
    /// The control stream ended.
    ControlClosed = 0x0b, true;
    /// More of something than the receiver granted.
    LimitExceeded = 0x0c, false;
    /// No version in common.
    VersionUnsupported = 0x0d, false;
    /// One side needs an extension that the other does not have.
    ExtensionRequired = 0x0e, false;
    /// What the two sides negotiated is not what both of them offered.
    Downgrade = 0x40, false;
    /// The peer's certificate is refused.
    Unauthenticated = 0x41, false;
    /// The peer's certificate has been revoked or has expired.
    CertificateEnded = 0x42, false;
    /// The peer makes the receiver work for nothing.
    Flood = 0x43, false;
    /// The side that asked no longer wants the answer.
    Cancelled = 0x80, false;
    /// No such name or content.
    NotFound = 0x81, false;
    /// The content was purged.
    Purged = 0x82, false;
    /// The range lies outside the content.
    RangeInvalid = 0x83, false;
    /// Too much to do.
    Overloaded = 0x84, true;
    /// The request was not looked at, for example since the receiver is about to leave.
    Refused = 0x85, true;
    /// The peer's role does not allow this request.
    NotAuthorised = 0x86, false;
    /// No progress for too long.
    Timeout = 0x87, true;
    /// No room to store.
    StoreFull = 0x88, true;
    /// The store failed to read or write.
    StoreFailed = 0x89, true;
    /// Content that does not match its name, or an answer to something that was not asked.
    ContentMismatch = 0x8a, true;
    /// A manifest that breaks its form.
    ManifestInvalid = 0x8b, false;
    /// A newer version, or a purge, is already in force.
    Conflict = 0x8c, false;
    /// The stream ended before the exchange was whole.
    RequestIncomplete = 0x8d, true;
    /// The request must not travel in early data.
    TooEarly = 0x8e, true;
    /// Fewer copies can be kept than were asked for.
    CopiesLacking = 0x8f, false;
}

impl Code {
    /// The number on the wire.
    pub const fn number(self) -> u64 {
        self as u64
    }

    /// How far the error reaches.
    pub const fn scope(self) -> Scope {
        match by_range(self as u64) {
            Some(scope) => scope,
            None => panic!("every known code is below 256"),
        }
    }

    /// The QUIC application error code.
    pub fn to_quic(self) -> u64 {
        if self == Self::NoError && Breach::CodeWithoutBase.is_on() {
            return 0;
        }
        QUIC_BASE + self as u64
    }

    /// What a code that nobody knows is taken for where it came.
    pub fn general(came_on_stream: bool) -> Self {
        match came_on_stream {
            true if Breach::PanicAtUnknownCode.is_on() => Self::NotFound,
            true => Self::Refused,
            false if Breach::PanicAtUnknownCode.is_on() => Self::NoError,
            false => Self::Internal,
        }
    }

    /// What a QUIC application error code that came in `scope` means here. A number that is unknown, or whose own scope is another, is taken as
    /// the general code of the scope in which it came: [`Code::Internal`] for a connection, [`Code::Refused`] for a stream.
    pub fn from_quic(quic: u64, came_on_stream: bool) -> Self {
        let general = Self::general(came_on_stream);
        match quic.checked_sub(QUIC_BASE) {
            Some(number) => match Self::known(number) {
                Some(code) if matches!(code.scope(), Scope::Stream) == came_on_stream => code,
                _ => general,
            },
            None => general,
        }
    }
}

/// The scope of a number by its range, for codes that nobody knows too; none from 256 on.
pub fn scope_of(number: u64) -> Option<Scope> {
    if Code::known(number).is_none() && Breach::ScopeByName.is_on() {
        return None;
    }
    by_range(number)
}

const fn by_range(number: u64) -> Option<Scope> {
    match number {
        0x00..=0x3F => Some(Scope::Connection),
        0x40..=0x7F => Some(Scope::Session),
        0x80..=0xFF => Some(Scope::Stream),
        _ => None,
    }
}
