//! Keys and certificates of a deployment: who is who in X.509, and a small authority that issues and takes back.
//!
//! ```text
//! Authority ─NAME.pem, NAME.key─▶ a node's folder ─▶ Shown (TLS shows it; another can take its place at any time)
//!     └──────revoked.stoq───────▶ every node      ─▶ core's Guard          ca.pem ─▶ Anchor: signatures, and nothing else
//! ```
//! Division of labour: here signatures are checked and DER becomes values; whether a certificate counts *now*, for whom and as what is
//! [`hypermesh_core::stoq::certs`]' judgement. So TLS lets a handshake through whose certificate has a good signature and is over, and the guard of
//! the node ends the connection before anything is served.
//!
//! A holder and its roles stand in one subject alternative name of type URI: `stoq://NAME?roles=ROLE,ROLE` (R-13-01). Keys are Ed25519.
//!
//! It lacks, on purpose: an issuer that answers over the network. Files are put in place by whoever deploys, or by `hypermesh certs keep`.

mod authority;
mod identity;
mod list;
mod parse;
#[cfg(test)]
mod tests;

pub use authority::{Authority, Entry, Issued};
pub use identity::{Anchor, Identity};
pub use list::{read_list, sign_list};
pub use parse::key_id;

use hypermesh_core::base::Time;
use hypermesh_core::stoq::session::Roles;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Why keys or certificates are of no use.
#[derive(Debug)]
pub enum PkiError {
    /// A file cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should; the text says what that is.
    Content {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// Making a key or a certificate failed.
    Make(rcgen::Error),
    /// A certificate does not have the form of R-13-01; the text says what is missing.
    Form(&'static str),
    /// TLS cannot use it.
    Tls(rustls::Error),
    /// The authority knows no such name.
    UnknownName(String),
    /// A name that cannot stand in a certificate: 1 to 64 lower-case letters, digits, dots and hyphens can.
    BadName(String),
}

impl fmt::Display for PkiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Content { path, what } => write!(f, "{} does not hold {what}", path.display()),
            Self::Make(error) => write!(f, "making a certificate: {error}"),
            Self::Form(what) => write!(f, "a certificate without {what}"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
            Self::UnknownName(name) => write!(f, "the authority issued nothing to {name}"),
            Self::BadName(name) => write!(f, "{name:?} cannot stand in a certificate: write lower-case letters, digits, dots and hyphens"),
        }
    }
}

impl std::error::Error for PkiError {}

impl From<rcgen::Error> for PkiError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error)
    }
}

impl From<rustls::Error> for PkiError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

/// The words for roles, in the order of their bits.
pub const ROLES: [(&str, Roles); 7] = [
    ("client", Roles::CLIENT),
    ("edge", Roles::EDGE),
    ("regional", Roles::REGIONAL),
    ("origin", Roles::ORIGIN),
    ("router", Roles::ROUTER),
    ("log", Roles::LOG),
    ("publisher", Roles::PUBLISHER),
];

/// The roles of a comma-separated list; none if a word is not one.
pub fn roles_of(words: &str) -> Option<Roles> {
    words.split(',').try_fold(Roles::default(), |roles, word| {
        let (_, role) = ROLES.iter().find(|(known, _)| *known == word.trim())?;
        Some(roles.with(*role))
    })
}

/// The words of roles, parted by commas.
pub fn words_of(roles: Roles) -> String {
    let held = ROLES.iter().filter(|(_, role)| roles.has(*role));
    held.map(|(word, _)| *word).collect::<Vec<_>>().join(",")
}

/// Now, in nanoseconds since 1970: the clock in which certificates and lists are dated.
pub fn now() -> Time {
    Time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64)
}

fn read(path: &Path) -> Result<Vec<u8>, PkiError> {
    std::fs::read(path).map_err(|error| PkiError::File { path: path.to_owned(), error })
}

/// Writes a file so that a reader sees the old or the new one, never a part. `secret` keeps others from reading it.
fn replace(path: &Path, bytes: &[u8], secret: bool) -> Result<(), PkiError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |error| PkiError::File { path: path.to_owned(), error };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mode = if secret { 0o600 } else { 0o644 };
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&unfinished).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)
}
