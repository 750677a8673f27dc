//! Puts the events of a slot in order.

use super::Event;

/// Events below which a comparison sort is as fast.
const FEW: usize = 24;
/// Most events of a bucket; of fuller ones, which only equal or clustered times give, a comparison sort takes care.
const CROWD: u32 = 64;
/// The index within a key.
const INDEX: u64 = u32::MAX as u64;

/// Sorts slots, whose times lie evenly within a known width: about one bucket an event, then an insertion sort of what is almost sorted (the
/// distributive partitioning of Dobosiewicz, 1978). Compared with a comparison sort this saves most of the branches that nobody can predict.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    keys: Vec<u64>,
    fill: Vec<u32>,
}

impl Sorter {
    /// Writes the order of a slot's events to `order`, as (time since `start`, index) in one word each: numbers are sorted much faster than events.
    /// Equal times, which are rare, are put right afterwards.
    pub(super) fn sort<M, W>(&mut self, slot: &[Option<Event<M, W>>], start: u64, width: u64, salt: u64, order: &mut Vec<u64>) {
        let keys = slot.iter().enumerate().map(|(index, event)| event.as_ref().map_or(0, |event| (event.at - start) << 32) | index as u64);
        order.clear();
        if slot.len() < FEW {
            order.extend(keys);
            order.sort_unstable();
        } else {
            self.keys.clear();
            self.keys.extend(keys);
            self.distribute(width, order);
        }
        settle_ties(slot, salt, order);
    }

    /// Bytes held between two slots.
    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<u64>() + self.fill.capacity() * size_of::<u32>()
    }

    fn distribute(&mut self, width: u64, order: &mut Vec<u64>) {
        // At least as many buckets as events, up to twice as many; never more than there are moments.
        let bits = self.keys.len().next_power_of_two().trailing_zeros();
        let shift = (32 + (u64::BITS - (width - 1).leading_zeros())).saturating_sub(bits);
        let buckets = 1 << bits;
        self.fill.clear();
        self.fill.resize(buckets + 1, 0);
        for key in &self.keys {
            self.fill[((key >> shift) as usize).min(buckets - 1) + 1] += 1;
        }
        let crowd = self.fill.iter().copied().max().unwrap_or(0);
        if crowd > CROWD {
            order.extend_from_slice(&self.keys);
            return order.sort_unstable();
        }
        let mut sum = 0;
        for fill in &mut self.fill {
            sum += *fill;
            *fill = sum;
        }
        order.resize(self.keys.len(), 0);
        for key in &self.keys {
            let place = &mut self.fill[((key >> shift) as usize).min(buckets - 1)];
            order[*place as usize] = *key;
            *place += 1;
        }
        insertion_sort(order);
    }
}

fn insertion_sort(keys: &mut [u64]) {
    for end in 1..keys.len() {
        let key = keys[end];
        let mut hole = end;
        while hole > 0 && keys[hole - 1] > key {
            keys[hole] = keys[hole - 1];
            hole -= 1;
        }
        keys[hole] = key;
    }
}

/// Orders events of equal time by the rule for ties.
fn settle_ties<M, W>(slot: &[Option<Event<M, W>>], salt: u64, order: &mut [u64]) {
    if !order.windows(2).any(|pair| pair[0] >> 32 == pair[1] >> 32) {
        return;
    }
    for same in order.chunk_by_mut(|a, b| a >> 32 == b >> 32).filter(|same| same.len() > 1) {
        same.sort_unstable_by(|a, b| match (&slot[(a & INDEX) as usize], &slot[(b & INDEX) as usize]) {
            (Some(a), Some(b)) => a.order(b, salt),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
    }
}
