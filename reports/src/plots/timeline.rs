//! Time bins for drawing: those of the run up to its end, merged where there are too many to see.

use crate::dist::Dist;
use crate::run::Run;
use std::ops::Range;

/// Most bins of a plot.
const BINS_MAX: usize = 240;

/// Bins of a plot, each of one or more bins of the run.
pub(crate) struct Timeline {
    spans: Vec<(u64, u64)>,
    parts: Vec<Range<usize>>,
}

impl Timeline {
    pub(crate) fn of(run: &Run) -> Self {
        let edges = &run.manifest.bin_edges_ns;
        let end = run.manifest.facts.virtual_end_ns;
        let bins = edges.windows(2).take_while(|pair| pair[0] < end || end == 0).count();
        let each = bins.div_ceil(BINS_MAX).max(1);
        let parts: Vec<Range<usize>> = (0..bins).step_by(each).map(|from| from..(from + each).min(bins)).collect();
        let spans = parts.iter().map(|part| (edges[part.start], edges[part.end])).collect();
        Self { spans, parts }
    }

    /// Start and end of each bin in nanoseconds.
    pub(crate) fn spans(&self) -> &[(u64, u64)] {
        &self.spans
    }

    /// Start and end of the whole in seconds.
    pub(crate) fn range(&self) -> Range<f64> {
        let first = self.spans.first().map_or(0.0, |span| span.0 as f64 / 1e9);
        first..self.spans.last().map_or(1.0, |span| span.1 as f64 / 1e9)
    }

    /// A counter per second.
    pub(crate) fn rates(&self, by_bin: &[u64]) -> Vec<f64> {
        let rate = |(part, span): (&Range<usize>, &(u64, u64))| {
            let sum: u64 = by_bin.get(part.clone()).unwrap_or_default().iter().sum();
            sum as f64 / ((span.1 - span.0).max(1) as f64 / 1e9)
        };
        self.parts.iter().zip(&self.spans).map(rate).collect()
    }

    /// A level at the end of each bin.
    pub(crate) fn levels(&self, by_bin: &[f64]) -> Vec<f64> {
        self.parts.iter().map(|part| by_bin.get(part.end - 1).copied().unwrap_or(f64::NAN)).collect()
    }

    /// A distribution per bin.
    pub(crate) fn dists(&self, by_bin: &[Dist]) -> Vec<Dist> {
        self.parts.iter().map(|part| Dist::merge(by_bin.get(part.clone()).unwrap_or_default())).collect()
    }
}
