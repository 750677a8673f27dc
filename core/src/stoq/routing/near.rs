//! The two passes of a decision over all servers: the least prediction, and who is near it. Written in groups of lanes, so that a compiler makes
//! vector instructions of them; what they find is the same as one by one.

/// Servers that are looked at together.
const LANES: usize = 8;

/// A prediction in whole microseconds, rounded down.
#[inline]
pub(super) fn micros(ms: f32) -> u32 {
    (ms * 1_000.0) as u32
}

/// Adds to each prediction what keeps its server from being chosen (zero or infinity), and gives the least; infinity if there is none.
pub(super) fn least(predicted_ms: &mut [f32], shut_ms: &[f32]) -> f32 {
    let mut least = [f32::INFINITY; LANES];
    let (mut some, mut shut) = (predicted_ms.chunks_exact_mut(LANES), shut_ms.chunks_exact(LANES));
    for (some, shut) in some.by_ref().zip(shut.by_ref()) {
        for lane in 0..LANES {
            some[lane] += shut[lane];
            least[lane] = if some[lane] < least[lane] { some[lane] } else { least[lane] };
        }
    }
    let mut nearest = least.into_iter().fold(f32::INFINITY, f32::min);
    for (rest, shut) in some.into_remainder().iter_mut().zip(shut.remainder()) {
        *rest += shut;
        nearest = nearest.min(*rest);
    }
    nearest
}

/// Calls for each server whose prediction is at most so many whole microseconds, with its number and the microseconds, in the order of the numbers.
pub(super) fn near_ones(predicted_ms: &[f32], limit_us: u32, mut near: impl FnMut(u32, u32)) {
    // A little beyond the limit, so that rounding loses nobody; who passes is judged in whole microseconds.
    let about_ms = (limit_us as f32 + 1.0) / 1_000.0 * 1.000_001;
    for (group, some) in (0u32..).zip(predicted_ms.chunks(LANES)) {
        if some.iter().fold(false, |any, ms| any | (*ms <= about_ms)) {
            for (lane, ms) in (0u32..).zip(some) {
                let predicted_us = micros(*ms);
                if predicted_us <= limit_us {
                    near(group * LANES as u32 + lane, predicted_us);
                }
            }
        }
    }
}
