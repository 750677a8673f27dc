//! The tree of a log: hashes, roots, and the two kinds of path (RFC 9162, clause 2.1).

use crate::testing::Breach;
use sha2::{Digest, Sha256};

/// A hash of SHA-256.
pub type Hash = [u8; 32];

/// The hash of an entry (RFC 9162, clause 2.1.1): another first octet than that of a node, so that no entry can pass for one.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let kind = u8::from(Breach::LeafIsNode.is_on());
    Sha256::new().chain_update([kind]).chain_update(entry).finalize().into()
}

/// The hash of a node with two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1_u8]).chain_update(left).chain_update(right).finalize().into()
}

/// The entries of the left child of a tree of so many: the largest power of two below.
const fn left(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// A tree that only grows, and remembers every version of itself: that of any size up to its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Hashes of whole subtrees by their height: those of the entries first.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Entries.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, Vec::len) as u64
    }

    /// Adds the hash of an entry.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for height in 0.. {
            if height == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let level = &mut self.levels[height];
            level.push(hash);
            match level[..] {
                [.., one, other] if level.len().is_multiple_of(2) => hash = node_hash(&one, &other),
                _ => return,
            }
        }
    }

    /// The root when there were so many entries; none if there never were.
    pub fn root(&self, size: u64) -> Option<Hash> {
        (size <= self.size()).then(|| self.hash(0, size))
    }

    /// The path from an entry to the root of that size (RFC 9162, clause 2.1.3.1).
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut path, mut from, mut to) = (Vec::new(), 0, size);
        while to - from > 1 {
            let middle = from + left(to - from);
            let (beside, rest) = if index < middle { ((middle, to), (from, middle)) } else { ((from, middle), (middle, to)) };
            path.push(self.hash(beside.0, beside.1));
            (from, to) = rest;
        }
        path.reverse();
        Some(path)
    }

    /// The path that shows that the tree of one size begins with that of another (RFC 9162, clause 2.1.4.1).
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        let (mut path, mut from, mut to) = (Vec::new(), 0, new);
        if old == 0 || old == new {
            return Some(path);
        }
        while old != to {
            let middle = from + left(to - from);
            let (beside, rest) = if old <= middle { ((middle, to), (from, middle)) } else { ((from, middle), (middle, to)) };
            path.push(self.hash(beside.0, beside.1));
            (from, to) = rest;
        }
        // Whoever has the old root knows the hash of a tree that is the old one as a whole.
        if from > 0 {
            path.push(self.hash(from, to));
        }
        path.reverse();
        Some(path)
    }

    /// The hash of the entries of a range that is a subtree of some version.
    fn hash(&self, from: u64, to: u64) -> Hash {
        let size = to - from;
        if size == 0 {
            return Sha256::digest(b"").into();
        }
        if size.is_power_of_two() {
            let height = size.trailing_zeros();
            return self.levels[height as usize][(from >> height) as usize];
        }
        let middle = from + left(size);
        node_hash(&self.hash(from, middle), &self.hash(middle, to))
    }
}

/// Whether a path leads from an entry's hash at this place to the root of a tree of that size (RFC 9162, clause 2.1.3.2).
pub fn includes(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            hash = node_hash(beside, &hash);
            let whole = if place == 0 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> whole, last >> whole);
        } else {
            hash = node_hash(&hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether a path shows that the tree of one size and root begins with that of another (RFC 9162, clause 2.1.4.2).
pub fn consists(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    if old.0 == 0 || old.0 >= new.0 {
        // Every tree begins with the empty one, and with itself.
        return path.is_empty() && (old.0 == 0 || old == new);
    }
    let (first, rest) = match path {
        _ if old.0.is_power_of_two() => (*old.1, path),
        [first, rest @ ..] => (*first, rest),
        [] => return false,
    };
    let whole = (old.0 - 1).trailing_ones();
    let (mut place, mut last) = ((old.0 - 1) >> whole, (new.0 - 1) >> whole);
    let (mut before, mut after) = (first, first);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            (before, after) = (node_hash(beside, &before), node_hash(beside, &after));
            let whole = if place == 0 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> whole, last >> whole);
        } else {
            after = node_hash(&after, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && before == *old.1 && after == *new.1
}
