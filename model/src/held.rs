//! Parts of a state: a machine with a digest of all that it knows.
//!
//! A step of a world changes one machine or two. The others are shared between the two states, and their digests need no second look, so that a state costs
//! what changed in it. The digest is over the `Debug` form, which is derived for every machine and so names every field that a difference could hide in.
//!
//! States with equal digests are taken for one. The checker does the same with its own 64 bits: among ten million states the chance that any two are confused
//! is 3 in a million.

use core::fmt::{Debug, Write};
use core::hash::{Hash, Hasher};
use hypermesh_core::base::digest::Mixer;
use std::sync::{Arc, OnceLock};

/// A value that is shared between states until it changes.
#[derive(Clone)]
pub struct Held<T>(Arc<Inner<T>>);

struct Inner<T> {
    /// The digest, once somebody asked for it.
    digest: OnceLock<u64>,
    value: T,
}

impl<T: Clone> Clone for Inner<T> {
    /// A copy is made in order to change it, so the digest stays behind.
    fn clone(&self) -> Self {
        Self { digest: OnceLock::new(), value: self.value.clone() }
    }
}

impl<T> Held<T> {
    /// Holds a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Inner { digest: OnceLock::new(), value }))
    }
}

impl<T: Clone> Held<T> {
    /// Changes it: in place if no other state has it, else a copy.
    pub fn change<R>(&mut self, what: impl FnOnce(&mut T) -> R) -> R {
        let inner = Arc::make_mut(&mut self.0);
        inner.digest = OnceLock::new();
        what(&mut inner.value)
    }
}

impl<T: Debug> Held<T> {
    fn digest(&self) -> u64 {
        *self.0.digest.get_or_init(|| digest(&self.0.value))
    }
}

impl<T> core::ops::Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Debug> Hash for Held<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest());
    }
}

impl<T: Debug> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.digest() == other.digest()
    }
}

impl<T: Debug> Eq for Held<T> {}

impl<T: Debug> Debug for Held<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.value.fmt(f)
    }
}

/// A digest of the `Debug` form of something.
pub fn digest(value: &impl Debug) -> u64 {
    let mut fold = Fold { mixer: Mixer::new(0x004D_4F44_454C), word: 0, filled: 0, bytes: 0 };
    write!(fold, "{value:?}").expect("folding never fails");
    fold.mixer.word(fold.word).word(fold.bytes).finish()
}

/// Takes text in eight bytes at a time.
struct Fold {
    mixer: Mixer,
    word: u64,
    filled: u32,
    bytes: u64,
}

impl Write for Fold {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.bytes += text.len() as u64;
        for byte in text.bytes() {
            self.word |= u64::from(byte) << (8 * self.filled);
            self.filled += 1;
            if self.filled == 8 {
                self.mixer = self.mixer.word(self.word);
                (self.word, self.filled) = (0, 0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_has_another_digest_and_what_is_equal_has_not() {
        let one = Held::new(vec![1u8, 2, 3]);
        let mut other = one.clone();
        assert!(one == other);
        other.change(|bytes| bytes[2] = 4);
        assert!(one != other && one[2] == 3);
        other.change(|bytes| bytes[2] = 3);
        assert!(one == other);
        assert_ne!(digest(&"a\0"), digest(&"a"), "the padding of the last word is no content");
    }
}
