//! Counters, gauges and histograms of one shard, per time bin and per region.

use hdrhistogram::Histogram;
use hypermesh_scenarios::catalog::{Id, Kind};

/// Metrics in all.
const COUNT: usize = Id::ALL.len();

/// Significant decimal digits of a histogram.
pub const DIGITS: u8 = 2;

/// A histogram of the width that runs keep.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(DIGITS).expect("two digits are within the library's range")
}

/// Values of one histogram metric.
#[derive(Clone, Debug, Default)]
pub struct SampleSet {
    /// Per time bin; none where nothing was recorded.
    pub by_bin: Vec<Option<Histogram<u64>>>,
    /// Per region.
    pub by_region: Vec<Option<Histogram<u64>>>,
}

/// The metrics of one shard. Time only moves forward.
#[derive(Debug)]
pub struct Meters {
    edges: Vec<u64>,
    bin: usize,
    next_edge: u64,
    warmup: u64,
    /// Counters of the present bin, per region.
    open: Vec<[u64; COUNT]>,
    /// Counters of the bins that are over.
    pub by_bin: Vec<[u64; COUNT]>,
    /// Counters per region over all bins that are over.
    pub by_region: Vec<[u64; COUNT]>,
    /// Gauges at the end of the bins.
    pub gauges: Vec<[u64; COUNT]>,
    /// Levels now.
    pub levels: [u64; COUNT],
    /// Histograms, by metric.
    pub samples: Vec<Option<Box<SampleSet>>>,
}

impl Meters {
    /// Meters with bins between `edges` (ns, ascending) and `regions` regions; region histograms begin at `warmup`.
    pub fn new(edges: Vec<u64>, regions: usize, warmup: u64) -> Self {
        let next_edge = edges.get(1).copied().unwrap_or(u64::MAX);
        Self {
            edges,
            bin: 0,
            next_edge,
            warmup,
            open: vec![[0; COUNT]; regions],
            by_bin: Vec::new(),
            by_region: vec![[0; COUNT]; regions],
            gauges: Vec::new(),
            levels: [0; COUNT],
            samples: (0..COUNT).map(|_| None).collect(),
        }
    }

    /// Whether a bin ends before `now`; then [`Self::close_bin`] is due.
    #[inline]
    pub const fn bin_is_over(&self, now: u64) -> bool {
        now >= self.next_edge
    }

    /// The present bin.
    pub const fn bin(&self) -> usize {
        self.bin
    }

    /// When the present bin ends, in ns; [`u64::MAX`] if it is the last.
    pub const fn bin_end(&self) -> u64 {
        self.next_edge
    }

    /// Ends the present bin.
    pub fn close_bin(&mut self) {
        let mut all = [0; COUNT];
        for (open, total) in self.open.iter_mut().zip(&mut self.by_region) {
            add(&mut all, open);
            add(total, open);
            *open = [0; COUNT];
        }
        self.by_bin.push(all);
        self.gauges.push(self.levels);
        self.bin += 1;
        self.next_edge = self.edges.get(self.bin + 1).copied().unwrap_or(u64::MAX);
    }

    /// Counts `n` things in a region.
    #[inline]
    pub fn count(&mut self, id: Id, region: u16, n: u64) {
        self.open[usize::from(region)][id as usize] += n;
    }

    /// Records a value at `now` in a region.
    #[inline]
    pub fn sample(&mut self, id: Id, region: u16, now: u64, value: u64) {
        self.sample_many(id, Some(region), now, value, 1);
    }

    /// Records the same value `n` times.
    pub fn sample_many(&mut self, id: Id, region: Option<u16>, now: u64, value: u64, n: u64) {
        debug_assert_eq!(id.metric().kind, Kind::Samples, "{} is not a histogram", id.metric().name);
        let (bins, regions) = (self.edges.len().max(2) - 1, self.by_region.len());
        let set = self.samples[id as usize]
            .get_or_insert_with(|| Box::new(SampleSet { by_bin: vec![None; bins], by_region: vec![None; regions] }));
        let bin = self.bin.min(bins - 1);
        set.by_bin[bin]
            .get_or_insert_with(histogram)
            .record_n(value, n)
            .expect("a histogram of the library that resizes itself takes any value");
        if let Some(region) = region
            && now >= self.warmup
        {
            set.by_region[usize::from(region)]
                .get_or_insert_with(histogram)
                .record_n(value, n)
                .expect("a histogram of the library that resizes itself takes any value");
        }
    }

    /// Adds the metrics of another shard; both have ended the same bins.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.by_bin.iter_mut().zip(&other.by_bin) {
            add(mine, theirs);
        }
        for (mine, theirs) in self.by_region.iter_mut().zip(&other.by_region) {
            add(mine, theirs);
        }
        for (mine, theirs) in self.gauges.iter_mut().zip(&other.gauges) {
            add(mine, theirs);
        }
        for (mine, theirs) in self.samples.iter_mut().zip(other.samples) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) => {
                    merge_all(&mut mine.by_bin, theirs.by_bin);
                    merge_all(&mut mine.by_region, theirs.by_region);
                }
                (None, theirs) => *mine = theirs,
                (Some(_), None) => {}
            }
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let rows = self.by_bin.capacity() + self.open.capacity() + self.by_region.capacity() + self.gauges.capacity();
        let sets = self.samples.iter().flatten();
        let histograms = sets.flat_map(|set| set.by_bin.iter().chain(&set.by_region)).flatten();
        rows * size_of::<[u64; COUNT]>() + histograms.map(|h| h.distinct_values() * 8).sum::<usize>()
    }
}

fn add(mine: &mut [u64; COUNT], theirs: &[u64; COUNT]) {
    for (a, b) in mine.iter_mut().zip(theirs) {
        *a += b;
    }
}

fn merge_all(mine: &mut [Option<Histogram<u64>>], theirs: Vec<Option<Histogram<u64>>>) {
    for (a, b) in mine.iter_mut().zip(theirs) {
        match (a.as_mut(), b) {
            (Some(a), Some(b)) => a.add(b).expect("histograms that resize can be added"),
            (None, b) => *a = b,
            (Some(_), None) => {}
        }
    }
}
