//! Whether a process kept within its bounds.

use super::sample::Sample;
use super::town::Town;

/// Memory counts as flat if the median of the last quarter of a life is above that of the quarter before by no more than this part of it, in percent,
const GROWTH_PERCENT: u64 = 3;
/// or by no more than this many bytes, whichever is more. Allocators keep and return pages by the megabyte.
const GROWTH_BYTES: u64 = 4 << 20;
/// Memory is judged of lives at least this long, in seconds: caches and pools are filled by then.
const JUDGED_FROM_SECONDS: f64 = 300.0;
/// Threads that wait for disks end ten seconds after their last work, and compaction calls one every half minute.
const THREADS_MORE: u64 = 2;
/// Deadlines are not called back; they are stale when they come. The longest is that of a session that has been idle.
const DEADLINES_MORE: u64 = 64;

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Good,
    /// It is not.
    Bad,
    /// The run was too short to tell.
    TooShort,
}

impl Verdict {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "BAD",
            Self::TooShort => "too short to tell",
        }
    }
}

/// A process, its samples, and what is judged of them.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What it is called.
    pub name: &'static str,
    /// Idle, before the load.
    pub before: Sample,
    /// Under load.
    pub samples: Vec<Sample>,
    /// Idle, after it.
    pub after: Sample,
    /// Median of resident bytes in each quarter of the time under load, of the last life of the process.
    pub quarters: [u64; 4],
    /// Bytes of growth per hour: the least-squares line through the second half.
    pub slope_per_hour: f64,
    /// Whether memory stayed.
    pub memory: Verdict,
    /// Whether everything that can be counted is back.
    pub counts: Verdict,
}

impl Judged {
    /// Whether nothing is bad.
    pub fn passed(&self) -> bool {
        self.memory != Verdict::Bad && self.counts != Verdict::Bad
    }
}

/// Judges every process of a town.
pub(super) fn judge(town: &Town, before: &[Sample], samples: &[Vec<Sample>], after: &[Sample]) -> Vec<Judged> {
    let names = town.names();
    (0..names.len())
        .map(|at| {
            // A process that was killed is judged by its last life; what is read while a process dies is no sample of it.
            let last = samples[at].last().map_or(0, |sample| sample.process);
            let life: Vec<&Sample> = samples[at].iter().filter(|sample| sample.process == last && sample.resident > 0).collect();
            let seconds = life.last().map_or(0.0, |sample| sample.at) - life.first().map_or(0.0, |sample| sample.at);
            let quarters = quarters(&life);
            let grown = quarters[3].saturating_sub(quarters[2]);
            let memory = match grown > GROWTH_BYTES.max(quarters[2] * GROWTH_PERCENT / 100) {
                _ if seconds < JUDGED_FROM_SECONDS => Verdict::TooShort,
                true => Verdict::Bad,
                false => Verdict::Good,
            };
            let counts = if is_back(&after[at], &before[at]) { Verdict::Good } else { Verdict::Bad };
            Judged {
                name: names[at],
                before: before[at],
                samples: samples[at].clone(),
                after: after[at],
                quarters,
                slope_per_hour: slope(&life[life.len() / 2..]) * 3600.0,
                memory,
                counts,
            }
        })
        .collect()
}

/// Whether nothing that can be counted is above its level of before.
pub(super) fn is_back(now: &Sample, before: &Sample) -> bool {
    now.descriptors <= before.descriptors
        && now.threads <= before.threads + THREADS_MORE
        && now.tasks <= before.tasks
        && now.connections <= before.connections
        && now.sessions <= before.sessions
        && now.streams <= before.streams
        && now.jobs <= before.jobs
        && now.deadlines <= before.deadlines + DEADLINES_MORE
}

/// The medians of resident bytes in the quarters of a life.
fn quarters(life: &[&Sample]) -> [u64; 4] {
    std::array::from_fn(|quarter| {
        let mut bytes: Vec<u64> =
            life[life.len() * quarter / 4..life.len() * (quarter + 1) / 4].iter().map(|sample| sample.resident).collect();
        bytes.sort_unstable();
        bytes.get(bytes.len() / 2).copied().unwrap_or_default()
    })
}

/// Bytes per second of the least-squares line.
fn slope(life: &[&Sample]) -> f64 {
    let count = life.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Sample) -> f64| life.iter().map(|sample| of(sample)).sum::<f64>() / count;
    let (at, bytes) = (mean(&|sample| sample.at), mean(&|sample| sample.resident as f64));
    let product = mean(&|sample| (sample.at - at) * (sample.resident as f64 - bytes));
    product / mean(&|sample| (sample.at - at).powi(2)).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::{Sample, is_back, quarters, slope};

    #[test]
    fn a_leak_is_a_slope_and_a_task_too_many_is_not_back() {
        let samples: Vec<Sample> =
            (0..8).map(|at| Sample { at: f64::from(at), resident: 1000 + 10 * at as u64, ..Sample::default() }).collect();
        let life: Vec<&Sample> = samples.iter().collect();
        assert_eq!(quarters(&life), [1010, 1030, 1050, 1070]);
        assert!((slope(&life) - 10.0).abs() < 1e-9);
        let before = Sample { tasks: 7, ..Sample::default() };
        assert!(is_back(&before, &before) && !is_back(&Sample { tasks: 8, ..before }, &before));
    }
}
