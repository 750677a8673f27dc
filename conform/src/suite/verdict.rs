//! What a case, a requirement and a campaign amount to (clause 4.3).

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// A verdict, the better first: the verdict of a requirement is the worst of its cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It did what the standard says.
    Pass,
    /// The PICS, or the capabilities that the implementation tells, say that this is not there. Nothing else gives this verdict.
    NotApplicable,
    /// A *should* is not followed. The implementation still conforms.
    NonStrict,
    /// The stimulus or what has to come before it was not reached.
    Inconclusive,
    /// Chosen and not run.
    Absent,
    /// The tester failed.
    Error,
    /// It did something else than the standard says.
    Fail,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 7] =
        [Self::Pass, Self::NotApplicable, Self::NonStrict, Self::Inconclusive, Self::Absent, Self::Error, Self::Fail];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
            Self::NonStrict => "non-strict",
            Self::Inconclusive => "inconclusive",
            Self::Absent => "absent",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// It did something else than the standard says.
    Fail(String),
    /// The stimulus or what has to come before it was not reached.
    Inconclusive(String),
    /// A *should* is not followed.
    NonStrict(String),
    /// The implementation says of itself, by its PICS or by the capabilities that it tells, that this is not there.
    NotApplicable(String),
    /// The tester failed.
    Error(String),
}

impl Miss {
    /// The verdict that it gives.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Fail(_) => Verdict::Fail,
            Self::Inconclusive(_) => Verdict::Inconclusive,
            Self::NonStrict(_) => Verdict::NonStrict,
            Self::NotApplicable(_) => Verdict::NotApplicable,
            Self::Error(_) => Verdict::Error,
        }
    }

    /// What happened, for people.
    pub fn why(&self) -> &str {
        match self {
            Self::Fail(why) | Self::Inconclusive(why) | Self::NonStrict(why) | Self::NotApplicable(why) | Self::Error(why) => why,
        }
    }

    /// The same where the preamble did not come to its end: what is tested was never reached.
    #[must_use]
    pub fn before(self, what: &str) -> Self {
        match self {
            Self::Fail(why) => Self::Inconclusive(format!("{what}: {why}")),
            other => other,
        }
    }
}

/// How a case ended.
pub type Outcome<T = ()> = Result<T, Miss>;

/// Fails with this text unless the condition holds.
pub fn ensure(holds: bool, why: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Miss::Fail(why())) }
}
