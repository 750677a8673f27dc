//! Least recently used: a hit moves the object to the front, the one at the back leaves.

use super::Key;
use super::one_queue::{OneQueue, Rule};
use super::shelf::Shelf;

/// The policy.
pub type Lru<K> = OneQueue<K, Recency>;

/// Its rule: the order of the last requests.
#[derive(Clone, Debug, Default)]
pub struct Recency;

impl Rule for Recency {
    fn asked<K: Key>(&mut self, shelf: &mut Shelf<K>, place: u32) {
        shelf.renew(place, 0);
    }
}
