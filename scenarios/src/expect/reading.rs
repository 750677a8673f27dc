//! What an expression is worth over some of the bins that a run recorded.
//!
//! A counter that no node ever touched is zero. Everything else that was not recorded is unknown, and so is what depends on it; `and` and `or` over
//! unknowns follow Kleene's logic of three values.

use super::expr::{Expr, Function, Operator, Quantile, Value};
use crate::catalog::{Id, Kind, Unit};
use crate::trace::Metrics;
use hdrhistogram::Histogram;
use std::ops::Range;

/// The metrics of a range of bins.
#[derive(Clone)]
pub(super) struct Reading<'m> {
    metrics: &'m Metrics,
    bins: Range<usize>,
}

impl<'m> Reading<'m> {
    /// The metrics of these bins.
    pub(super) const fn new(metrics: &'m Metrics, bins: Range<usize>) -> Self {
        Self { metrics, bins }
    }

    /// Whether the expression holds; none where that is not known.
    pub(super) fn truth(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::Or(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Expr::And(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Expr::Not(inner) => self.truth(inner).map(|truth| !truth),
            Expr::Compare(left, comparison, right) => Some(comparison.holds(self.value(left)?, self.value(right)?)),
        }
    }

    /// The value, time counted in nanoseconds throughout, so a rate is per nanosecond.
    pub(super) fn value(&self, value: &Value) -> Option<f64> {
        let number = match value {
            Value::Quantity(quantity) => quantity.value(),
            Value::Call(function) => self.call(*function)?,
            Value::Negative(inner) => -self.value(inner)?,
            Value::Combined(left, operator, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Over => left / right,
                }
            }
        };
        number.is_finite().then_some(number)
    }

    fn call(&self, function: Function) -> Option<f64> {
        match function {
            Function::Plain(id) if id.metric().kind == Kind::Counter => Some(self.total(id)),
            Function::Plain(id) => self.levels(id)?.reduce(f64::max),
            Function::Quantile(Quantile(millionths), id) => {
                let merged = self.merged(id)?;
                let value = merged.value_at_quantile(f64::from(millionths) / 1e6);
                Some(worth(value as f64, id))
            }
            Function::Mean(id) if id.metric().kind == Kind::Gauge => self.mean_level(id),
            Function::Mean(id) => Some(worth(self.merged(id)?.mean(), id)),
            Function::Min(id) if id.metric().kind == Kind::Gauge => self.levels(id)?.reduce(f64::min),
            Function::Min(id) => Some(worth(self.merged(id)?.min() as f64, id)),
            Function::Max(id) if id.metric().kind == Kind::Gauge => self.levels(id)?.reduce(f64::max),
            Function::Max(id) => Some(worth(self.merged(id)?.max() as f64, id)),
            Function::Count(id) => Some(self.histograms(id).map(Histogram::len).sum::<u64>() as f64),
            Function::Sum(id) => self.merged(id).map(|merged| worth(merged.mean() * merged.len() as f64, id)),
            Function::Rate(id) => Some(self.total(id) / self.width()?),
            Function::Last(id) => self.levels(id)?.last(),
            Function::Ratio(over, under) => self.ratio(over, under),
            // A histogram gives the middle of a value's step, which for one lies a millionth or two above it.
            Function::Coverage => Some(worth(self.merged(Id::BroadcastCoverage)?.mean(), Id::BroadcastCoverage).min(1.0)),
        }
    }

    fn total(&self, id: Id) -> f64 {
        let Some(counter) = self.metrics.counters.get(&id) else { return 0.0 };
        worth(within(&counter.by_bin, &self.bins).iter().sum::<u64>() as f64, id)
    }

    fn ratio(&self, over: Id, under: Id) -> Option<f64> {
        let under = self.total(under);
        (under > 0.0).then(|| self.total(over) / under)
    }

    /// A gauge's level at the end of each bin; none where no bin has one.
    fn levels(&self, id: Id) -> Option<impl Iterator<Item = f64>> {
        let levels = within(self.metrics.gauges.get(&id)?, &self.bins);
        (!levels.is_empty()).then(|| levels.iter().map(move |level| worth(*level, id)))
    }

    /// The mean of a gauge, each level weighed with the length of its bin.
    fn mean_level(&self, id: Id) -> Option<f64> {
        let widths = self.widths();
        let levels = self.levels(id)?;
        let (sum, time) = levels.zip(widths).fold((0.0, 0.0), |(sum, time), (level, width)| (sum + level * width, time + width));
        (time > 0.0).then(|| sum / time)
    }

    /// Lengths of the bins in nanoseconds.
    fn widths(&self) -> impl Iterator<Item = f64> {
        let edges = &self.metrics.edges;
        self.bins.clone().filter_map(move |bin| Some(edges.get(bin + 1)?.since(*edges.get(bin)?).0 as f64))
    }

    fn width(&self) -> Option<f64> {
        Some(self.widths().sum()).filter(|width| *width > 0.0)
    }

    fn histograms(&self, id: Id) -> impl Iterator<Item = &'m Histogram<u64>> {
        let all = self.metrics.samples.get(&id).map_or(&[][..], |samples| &samples.by_bin[..]);
        within(all, &self.bins).iter().filter(|histogram| !histogram.is_empty())
    }

    /// All values of the bins in one histogram; none where there are no values. Exact: bins have the same precision, so counts are added place by place.
    fn merged(&self, id: Id) -> Option<Histogram<u64>> {
        let mut bins = self.histograms(id);
        let mut merged = bins.next()?.clone();
        merged.auto(true);
        for bin in bins {
            merged.add(bin).expect("a histogram that resizes itself takes any other");
        }
        Some(merged)
    }
}

/// The part of a column that lies in the bins; shorter where the run ended before.
fn within<'c, T>(column: &'c [T], bins: &Range<usize>) -> &'c [T] {
    &column[bins.start.min(column.len())..bins.end.min(column.len())]
}

/// What a recorded number stands for.
fn worth(recorded: f64, id: Id) -> f64 {
    if id.metric().unit == Unit::Millionths { recorded / 1e6 } else { recorded }
}
