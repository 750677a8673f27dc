//! SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi, NSDI 2024): a first-in-first-out queue with a hand.
//!
//! ```text
//!  newest ─ o ─ x ─ o ─ x ─ x ─ o ─ oldest        x: asked for since the hand passed
//!                       ▲
//!                      hand ── moves towards the newest, clears marks, and evicts the first object without one
//! ```
//! A hit sets a mark and moves nothing; an object that survives keeps its place. New objects are thus sifted out quickly near the newest end.

use super::Key;
use super::one_queue::{OneQueue, Rule};
use super::shelf::Shelf;

/// The policy.
pub type Sieve<K> = OneQueue<K, Hand>;

/// Its rule: where the next search for a victim begins; at the oldest if the hand stands nowhere.
#[derive(Clone, Debug, Default)]
pub struct Hand(Option<u32>);

impl Rule for Hand {
    fn asked<K: Key>(&mut self, shelf: &mut Shelf<K>, place: u32) {
        shelf.set_mark(place, 1);
    }

    fn victim<K: Key>(&mut self, shelf: &mut Shelf<K>) -> Option<u32> {
        let mut at = self.0.or(shelf.oldest(0))?;
        while shelf.mark(at) != 0 {
            shelf.set_mark(at, 0);
            at = shelf.newer(at).or(shelf.oldest(0)).expect("the queue holds the object under the hand");
        }
        self.0 = Some(at);
        Some(at)
    }

    /// The hand does not stay on an object that is gone: it moves on to the next newer one.
    fn leaves<K: Key>(&mut self, shelf: &Shelf<K>, place: u32) {
        if self.0 == Some(place) {
            self.0 = shelf.newer(place);
        }
    }
}
