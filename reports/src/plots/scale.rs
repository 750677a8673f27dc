//! Axes: where the ticks are and what they say.

use std::ops::Range;

/// One axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// From where to where, in the units of the drawing (for a logarithmic axis, of the logarithm).
    pub(crate) range: Range<f64>,
    /// Ticks and their labels.
    pub(crate) ticks: Vec<(f64, String)>,
    /// What it shows.
    pub(crate) label: String,
}

impl Axis {
    /// A linear axis over `range` with about `count` ticks at round numbers.
    pub(crate) fn linear(label: &str, range: Range<f64>, count: usize, say: impl Fn(f64) -> String) -> Self {
        let range = widened(range);
        let ticks = round_steps(&range, count).into_iter().map(|at| (at, say(at))).collect();
        Self { range, ticks, label: label.to_owned() }
    }

    /// A logarithmic axis over `range` of positive values; the drawing is in powers of ten.
    pub(crate) fn logarithmic(label: &str, range: Range<f64>, count: usize, say: impl Fn(f64) -> String) -> Self {
        let low = range.start.max(f64::MIN_POSITIVE).log10();
        let exponents = widened(low..range.end.max(f64::MIN_POSITIVE).log10().max(low));
        let ticks = log_steps(&exponents, count).into_iter().map(|value| (value.log10(), say(value))).collect();
        Self { range: exponents, ticks, label: label.to_owned() }
    }

    /// An axis that is not shown.
    pub(crate) fn hidden(range: Range<f64>) -> Self {
        Self { range, ticks: Vec::new(), label: String::new() }
    }

    /// Leaves out labels that would touch their neighbours, given the axis' length and the width of a sign, both in the same unit.
    pub(crate) fn thinned(mut self, length: f64, sign: f64) -> Self {
        let per_unit = length / (self.range.end - self.range.start);
        let mut free_from = f64::NEG_INFINITY;
        self.ticks.retain(|(at, label)| {
            let half = label.chars().count() as f64 * sign / 2.0;
            let center = (at - self.range.start) * per_unit;
            let fits = center - half >= free_from;
            if fits {
                free_from = center + half + sign;
            }
            fits
        });
        self
    }
}

/// A range that is not empty.
fn widened(range: Range<f64>) -> Range<f64> {
    if range.end > range.start { range } else { range.start - 0.5..range.start + 0.5 }
}

/// Multiples of 1, 2 or 5 times a power of ten within the range, about `count` of them.
fn round_steps(range: &Range<f64>, count: usize) -> Vec<f64> {
    let rough = (range.end - range.start) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * power).find(|step| *step >= rough * 0.999).unwrap_or(power * 10.0);
    let first = (range.start / step - 1e-9).ceil() as i64;
    let last = (range.end / step + 1e-9).floor() as i64;
    (first..=last).map(|k| k as f64 * step).collect()
}

/// Powers of ten within the range of exponents, or 1-2-5 steps where those would be too few, or every second or third power where too many.
fn log_steps(exponents: &Range<f64>, count: usize) -> Vec<f64> {
    let (first, last) = (exponents.start.floor() as i32, exponents.end.ceil() as i32);
    let decades = exponents.end - exponents.start;
    let mantissas: &[f64] = match decades {
        d if d < 0.7 => &[1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        d if d * 3.0 <= count as f64 => &[1.0, 2.0, 5.0],
        d if d * 2.0 <= count as f64 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let stride = ((decades / count.max(1) as f64).ceil() as i32).max(1);
    let all =
        (first..=last).filter(|power| power.rem_euclid(stride) == 0).flat_map(|power| mantissas.iter().map(move |m| m * 10f64.powi(power)));
    all.filter(|value| (exponents.start - 1e-9..=exponents.end + 1e-9).contains(&value.log10())).collect()
}
