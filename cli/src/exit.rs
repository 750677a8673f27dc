//! How the command ends: one number for scripts, the same in every verb.

use std::process::ExitCode;

/// Every way to end. The numbers are an interface; `docs/guide/cli.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// All is as it should be.
    Ok,
    /// A fault of this program or of the machine it runs on: a full disk, a file that cannot be read.
    Internal,
    /// The command line cannot be understood.
    Usage,
    /// A scenario is invalid.
    Invalid,
    /// Nothing was selected: no run of that name, no such demo.
    Nothing,
    /// The plan does not fit its budget or the machine and was not started.
    OverBudget,
    /// Two runs that must be equal are not.
    Mismatch,
    /// `diff` found a regression beyond the limit that was given.
    Regression,
    /// An expectation about performance failed.
    Expectation,
    /// A safety property was violated.
    Safety,
    #[cfg_attr(not(feature = "conform"), allow(dead_code, reason = "only the suite ends like this"))]
    /// A conformance campaign failed, or does not tell.
    Conformance,
    /// The user interrupted the command.
    Interrupted,
}

impl Code {
    /// The number that the process ends with.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Nothing => 4,
            Self::OverBudget => 5,
            Self::Mismatch => 6,
            Self::Regression => 7,
            Self::Expectation => 10,
            Self::Safety => 11,
            Self::Conformance => 12,
            Self::Interrupted => 130,
        }
    }

    /// The worse of two ends. What stopped the work outranks what the work found, and among findings the order is 6, 11, 12, 10, 7.
    pub(crate) fn worst(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Regression => 1,
            Self::Expectation => 2,
            Self::Conformance => 3,
            Self::Safety => 4,
            Self::Mismatch => 5,
            Self::Nothing => 6,
            Self::OverBudget => 7,
            Self::Invalid => 8,
            Self::Usage => 9,
            Self::Internal => 10,
            Self::Interrupted => 11,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn the_worst_end_wins_whatever_the_order() {
        for (a, b, worst) in [
            (Code::Ok, Code::Expectation, Code::Expectation),
            (Code::Expectation, Code::Conformance, Code::Conformance),
            (Code::Conformance, Code::Safety, Code::Safety),
            (Code::Safety, Code::Mismatch, Code::Mismatch),
            (Code::Regression, Code::Expectation, Code::Expectation),
            (Code::Safety, Code::Interrupted, Code::Interrupted),
        ] {
            assert_eq!(a.worst(b), worst);
            assert_eq!(b.worst(a), worst);
        }
    }
}
