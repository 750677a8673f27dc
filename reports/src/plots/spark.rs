//! A curve as small as a word.

use std::fmt::Write;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 22.0;

/// The values as an inline SVG line, with gaps where they are not numbers; an empty text if there are fewer than two.
pub(crate) fn spark(values: &[f64]) -> String {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.len() < 2 {
        return String::new();
    }
    let low = finite.iter().copied().fold(f64::INFINITY, f64::min).min(0.0);
    let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = if high > low { high - low } else { 1.0 };
    // Not more points than there are pixels; a peak must not vanish, so each keeps the highest of its share.
    let each = values.len().div_ceil(WIDTH as usize).max(1);
    let mut path = String::new();
    let mut drawing = false;
    let steps: Vec<f64> =
        values.chunks(each).map(|chunk| chunk.iter().copied().filter(|v| v.is_finite()).fold(f64::NAN, f64::max)).collect();
    for (index, value) in steps.iter().enumerate() {
        if value.is_finite() {
            let x = index as f64 / (steps.len() - 1).max(1) as f64 * WIDTH;
            let y = HEIGHT - 1.0 - (value - low) / room * (HEIGHT - 2.0);
            let _ = write!(path, "{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
        }
        drawing = value.is_finite();
    }
    format!("<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>")
}
