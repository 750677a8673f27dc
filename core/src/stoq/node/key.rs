//! What a node's cache keeps copies of: names, and contents.

use crate::stoq::cache::policy;
use crate::stoq::chunk::NameKey;
use crate::stoq::session::frame::{ContentId, Name};
use crate::testing::Breach;

/// A key of the cache. Names and contents are different things even if their digests were equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// What a name leads to: a version and its top manifest.
    Name(NameKey),
    /// A chunk or a manifest by its digest, which never changes.
    Content(ContentId),
}

impl Key {
    /// The key of what a name leads to: names are equal octet by octet or not at all (R-11-01).
    pub fn of(name: &Name) -> Self {
        let text = name.as_str();
        if Breach::MatchNamePrefix.is_on() {
            return Self::Name(NameKey::of(&text[..text.char_indices().next_back().map_or(0, |(last, _)| last)]));
        }
        Self::Name(NameKey::of(text))
    }

    /// Whether it is the digest of what it names.
    pub const fn is_immutable(&self) -> bool {
        matches!(self, Self::Content(_))
    }
}

impl policy::Key for Key {
    fn hash(&self, seed: u64) -> u64 {
        match self {
            Self::Name(key) => key.0.hash(seed.rotate_left(1)),
            Self::Content(id) => id.0.hash(seed),
        }
    }
}
