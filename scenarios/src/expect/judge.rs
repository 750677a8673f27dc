//! Whether an expectation was met.

use super::reading::Reading;
use super::words;
use super::{Expectation, Level};
use crate::trace::{Metrics, Outcome, Verdict};
use hypermesh_core::base::Time;
use std::ops::Range;

/// Judges an expectation on what a run recorded until `reached`, which is before the plan's stop if the run was interrupted.
///
/// - `must` and `should` read the range as a whole. Where the run ended inside the range the outcome is unknown, since more could have been recorded.
/// - `always` holds in every bin of the range. Bins in which the expression has no value (a quantile of no values) say nothing; a missed bin is a miss
///   even if the run was interrupted later.
/// - `eventually` holds in some bin that starts in the range and no later than `within` after its start.
/// - `sometimes` holds in some bin of the range. A state that was never reached is a miss.
///
/// Where nothing was recorded that the expression could be read from, the outcome is unknown.
pub fn judge(expectation: &Expectation, metrics: &Metrics, reached: Time) -> Verdict {
    let bench = Bench::new(expectation, metrics, reached);
    let (outcome, seen, first_missed) = match expectation.level {
        Level::Must | Level::Should => bench.whole(),
        Level::Always => bench.every_bin(),
        Level::Eventually | Level::Sometimes => bench.some_bin(),
    };
    Verdict {
        level: expectation.level,
        that: expectation.that.clone(),
        outcome,
        seen,
        first_missed_ns: first_missed.map(|at| at.0),
        range: bench.range_words(),
        covers: expectation.covers.clone(),
        line: expectation.line,
    }
}

/// Whether a verdict fails its run. A `should` never does. What could not be judged fails a complete run, since an expectation that nothing was
/// recorded for is a mistake in the scenario or in the metrics; it does not fail a run that was interrupted.
pub fn fails(verdict: &Verdict, partial: bool) -> bool {
    match (verdict.level, verdict.outcome) {
        (Level::Should, _) | (_, Outcome::Met) => false,
        (_, Outcome::Missed) => true,
        (_, Outcome::Unknown) => !partial,
    }
}

/// An expectation beside the bins that it is about.
struct Bench<'b> {
    expectation: &'b Expectation,
    metrics: &'b Metrics,
    /// First moment of the range, and the moment after the last.
    range: (Time, Time),
    /// Recorded bins of the range.
    bins: Range<usize>,
    /// Whether the run ended inside the range.
    cut: bool,
}

type Finding = (Outcome, String, Option<Time>);

impl<'b> Bench<'b> {
    fn new(expectation: &'b Expectation, metrics: &'b Metrics, reached: Time) -> Self {
        let edges = &metrics.edges;
        let all = (edges.first().copied().unwrap_or_default(), edges.last().copied().unwrap_or_default());
        let (from, mut until) = expectation.during.unwrap_or(all);
        if let (Level::Eventually, Some(within)) = (expectation.level, expectation.within) {
            until = until.min(from + within);
        }
        // Edges stand at the ends of every range, so no bin is partly inside; the last edge begins no bin.
        let starts = &edges[..edges.len().saturating_sub(1)];
        let first = starts.partition_point(|start| *start < from);
        let after = starts.partition_point(|start| *start < until.min(reached));
        Self { expectation, metrics, range: (from, until), bins: first..after.max(first), cut: reached < until }
    }

    fn reading(&self, bins: Range<usize>) -> Reading<'b> {
        Reading::new(self.metrics, bins)
    }

    fn seen(&self, bins: Range<usize>) -> String {
        words::seen(&self.expectation.expr, &self.reading(bins))
    }

    fn truth(&self, bin: usize) -> Option<bool> {
        self.reading(bin..bin + 1).truth(&self.expectation.expr)
    }

    /// Why there is no verdict.
    fn unknown(&self) -> Finding {
        let why = match (self.bins.is_empty(), self.cut) {
            (true, true) => "the run ended before".to_owned(),
            (true, false) => "no time bin lies in the range".to_owned(),
            (false, true) => format!("{}, and the run ended inside the range", self.seen(self.bins.clone())),
            (false, false) => self.seen(self.bins.clone()),
        };
        (Outcome::Unknown, why, None)
    }

    fn whole(&self) -> Finding {
        let reading = self.reading(self.bins.clone());
        match reading.truth(&self.expectation.expr) {
            _ if self.cut || self.bins.is_empty() => self.unknown(),
            None => self.unknown(),
            Some(true) => (Outcome::Met, self.seen(self.bins.clone()), None),
            Some(false) => {
                let first = self.bins.clone().find(|bin| self.truth(*bin) == Some(false));
                (Outcome::Missed, self.seen(self.bins.clone()), first.map(|bin| self.metrics.edges[bin]))
            }
        }
    }

    fn every_bin(&self) -> Finding {
        let truths: Vec<(usize, bool)> = self.bins.clone().filter_map(|bin| Some((bin, self.truth(bin)?))).collect();
        let missed: Vec<usize> = truths.iter().filter(|(_, truth)| !truth).map(|(bin, _)| *bin).collect();
        if let Some(first) = missed.first() {
            let seen = format!(
                "{} at {}, missed in {} of {} bins",
                self.seen(*first..first + 1),
                self.bin_words(*first),
                missed.len(),
                truths.len()
            );
            return (Outcome::Missed, seen, Some(self.metrics.edges[*first]));
        }
        if self.cut || truths.is_empty() {
            return self.unknown();
        }
        (Outcome::Met, format!("{}, in all of {} bins", self.seen(self.bins.clone()), truths.len()), None)
    }

    fn some_bin(&self) -> Finding {
        let mut judged = false;
        for bin in self.bins.clone() {
            match self.truth(bin) {
                Some(true) => return (Outcome::Met, format!("{} at {}", self.seen(bin..bin + 1), self.bin_words(bin)), None),
                Some(false) => judged = true,
                None => {}
            }
        }
        // A state that should have come up did not: also where the values to see it by were never recorded, as long as there were bins to look at.
        let never = judged || self.expectation.level == Level::Sometimes;
        if self.cut || self.bins.is_empty() || !never {
            return self.unknown();
        }
        let seen = format!("never in {} bins; {} over all", self.bins.len(), self.seen(self.bins.clone()));
        let missed_at = (self.expectation.level == Level::Eventually).then_some(self.range.1);
        (Outcome::Missed, seen, missed_at)
    }

    fn bin_words(&self, bin: usize) -> String {
        format!("{}..{}", words::moment(self.metrics.edges[bin]), words::moment(self.metrics.edges[bin + 1]))
    }

    fn range_words(&self) -> String {
        format!("{}..{}", words::moment(self.range.0), words::moment(self.range.1))
    }
}
