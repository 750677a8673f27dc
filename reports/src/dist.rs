//! A distribution as the tables keep it: ranges of values and how many fell into each.

/// Counts per range of values, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dist {
    buckets: Vec<Bucket>,
    count: u64,
}

/// One range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Smallest value of the range.
    pub low: u64,
    /// Largest value of the range.
    pub high: u64,
    /// Values in it.
    pub count: u64,
}

impl Dist {
    /// Gathers ranges in any order; equal ranges are added up.
    pub fn gather(mut buckets: Vec<Bucket>) -> Self {
        buckets.sort_unstable_by_key(|bucket| (bucket.high, bucket.low));
        let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            match merged.last_mut() {
                Some(last) if last.high == bucket.high && last.low == bucket.low => last.count += bucket.count,
                _ => merged.push(bucket),
            }
        }
        let count = merged.iter().map(|bucket| bucket.count).sum();
        Self { buckets: merged, count }
    }

    /// All of these together.
    pub fn merge<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::gather(parts.into_iter().flat_map(|part| part.buckets.iter().copied()).collect())
    }

    /// The ranges, ascending.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// How many values there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The value below or at which the share `q` lies, as the upper end of its range (the convention of HdrHistogram); none without values.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for bucket in &self.buckets {
            seen += bucket.count;
            if seen >= rank {
                return Some(bucket.high);
            }
        }
        None
    }

    /// The upper end of the highest range.
    pub fn max(&self) -> Option<u64> {
        self.buckets.last().map(|bucket| bucket.high)
    }

    /// The lower end of the lowest range.
    pub fn min(&self) -> Option<u64> {
        self.buckets.first().map(|bucket| bucket.low)
    }

    /// Mean of the middles of the ranges.
    pub fn mean(&self) -> Option<f64> {
        let sum: f64 = self.buckets.iter().map(|bucket| (bucket.low as f64 + bucket.high as f64) / 2.0 * bucket.count as f64).sum();
        (self.count > 0).then(|| sum / self.count as f64)
    }
}
