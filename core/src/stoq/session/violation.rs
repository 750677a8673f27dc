//! What a peer can do wrong, and the one answer to each.

use super::code::Code;
use crate::base::WireError;
use crate::testing::Breach;

/// Names the length of a frame in a [`WireError::OutOfRange`].
pub const FRAME_LENGTH: &str = "the length of a frame";
/// Names a setting that occurs twice in a [`WireError::OutOfRange`].
pub const SETTING_TWICE: &str = "a setting that occurs twice";
/// Names settings out of order, or too many of them, in a [`WireError::OutOfRange`].
pub const SETTING_ORDER: &str = "the order of the settings";

/// One row per violation: name, the code that answers it, the requirement that it breaks.
macro_rules! violations {
    ($($(#[doc = $doc:literal])+ $name:ident => $code:ident, $clause:literal;)+) => {
        /// A way in which a peer, or the driver, breaks the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Violation {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Violation {
            /// Every violation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The one answer.
            pub fn code(self) -> Code {
                match self {
                    Self::GoAwayRaised if Breach::AnswerWithOtherCode.is_on() => Code::Internal,
                    $(Self::$name => Code::$code,)+
                }
            }

            /// The requirement of the standard that is broken.
            pub const fn clause(self) -> &'static str {
                match self {
                    $(Self::$name => $clause,)+
                }
            }
        }
    };
}

violations! {
    /// A frame whose content breaks its form.
    Malformed => FrameMalformed, "R-6-03";
    /// A frame longer than its limit.
    TooLarge => FrameTooLarge, "R-6-04";
    /// An unknown frame of a critical type.
    CriticalFrame => FrameCritical, "R-6-05";
    /// A frame that has no place on this stream or at this moment.
    Unexpected => FrameUnexpected, "R-6-10";
    /// A frame that needs a capability which was not agreed.
    NotAgreed => FrameUnexpected, "R-7-14";
    /// The first frame of the control stream is not SETTINGS.
    SettingsMissing => SettingsMissing, "R-7-03";
    /// SETTINGS a second time.
    SettingsTwice => SettingsRepeated, "R-6-09";
    /// One setting twice in one frame.
    SettingRepeated => SettingsRepeated, "R-7-05";
    /// Settings out of order, or a value outside its limits.
    SettingInvalid => SettingsInvalid, "R-7-10";
    /// An unknown setting of a critical number.
    SettingCritical => ExtensionRequired, "R-7-04";
    /// A capability that one side needs and the other does not have.
    CapabilityMissing => ExtensionRequired, "R-7-09";
    /// SETTINGS and CONFIRM did not come in time.
    SettingsLate => SettingsTimeout, "R-7-18";
    /// The confirmation differs from what this side computes.
    ConfirmWrong => Downgrade, "R-7-06";
    /// Both sides offer a higher version than the one in use.
    VersionLower => Downgrade, "R-7-06";
    /// The version in use is not among those that the peer offers.
    VersionUnknown => VersionUnsupported, "R-7-15";
    /// A second control stream.
    ControlTwice => StreamCreation, "R-8-05";
    /// The control stream ended, was reset or was refused.
    ControlEnded => ControlClosed, "R-8-05";
    /// A one-way stream of an unknown critical type.
    CriticalStream => StreamCreation, "R-8-04";
    /// More one-way streams than granted.
    StreamsTooMany => LimitExceeded, "R-8-10";
    /// More requests at a time than granted.
    RequestsTooMany => LimitExceeded, "R-8-10";
    /// A GOAWAY that accepts more than an earlier one.
    GoAwayRaised => FrameUnexpected, "R-8-27";
    /// More work asked for and thrown away than is borne.
    Flooded => Flood, "R-14-09";
    /// A stream of requests that ends inside a frame.
    RequestCut => RequestIncomplete, "R-6-07";
    /// A stream of requests that ends before the exchange is whole.
    RequestEnded => RequestIncomplete, "R-8-21";
    /// An answer to something that was not asked.
    NotAsked => ContentMismatch, "R-8-22";
    /// A request in early data that may not be repeated.
    EarlyUnsafe => TooEarly, "R-8-09";
    /// An exchange without progress.
    Stalled => Timeout, "R-8-13";
    /// The driver broke the contract of the machine.
    Internal => Internal, "R-14-04";
}

impl Violation {
    /// What bytes that are not a frame violate.
    pub fn of_wire(error: WireError) -> Self {
        match error {
            WireError::UnknownTag(_) => Self::CriticalFrame,
            WireError::OutOfRange(what) if what == FRAME_LENGTH => Self::TooLarge,
            WireError::OutOfRange(what) if what == SETTING_TWICE => Self::SettingRepeated,
            WireError::OutOfRange(what) if what == SETTING_ORDER => Self::SettingInvalid,
            WireError::Truncated | WireError::Trailing | WireError::OutOfRange(_) | WireError::NotShortest => Self::Malformed,
        }
    }
}
