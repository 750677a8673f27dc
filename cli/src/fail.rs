//! A failure as a user meets it: what went wrong, and what to type next.

use crate::exit::Code;

/// Why a verb could not do its work.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// How the command ends.
    pub(crate) code: Code,
    /// What went wrong, in a sentence or in a whole rendered report.
    pub(crate) message: String,
    /// The command to type next.
    pub(crate) next: String,
}

/// What a verb gives back: how it ended, or why it could not do its work.
pub(crate) type Done = Result<Code, Failure>;

impl Failure {
    /// A failure with the command that helps.
    pub(crate) fn new(code: Code, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { code, message: message.into(), next: next.into() }
    }

    /// The machine refused: a file, a directory, a disk.
    pub(crate) fn machine(doing: &str, error: &std::io::Error, next: impl Into<String>) -> Self {
        Self::new(Code::Internal, format!("{doing}: {error}"), next)
    }
}
