//! First in, first out: the yardstick. A hit changes nothing, the oldest leaves.

use super::Key;
use super::one_queue::{OneQueue, Rule};
use super::shelf::Shelf;

/// The policy.
pub type Fifo<K> = OneQueue<K, Arrival>;

/// Its rule: the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Arrival;

impl Rule for Arrival {
    fn asked<K: Key>(&mut self, _: &mut Shelf<K>, _: u32) {}
}
