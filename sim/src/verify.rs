//! Is the answer the same? Two runs of one plan are compared window by window; the first window that differs is run again with a full record, and the
//! first event that differs is named.

use crate::api::{Error, Options, Watch};
use crate::trace::record::{Range, Recorded};
use crate::world::run_recording;
use hypermesh_core::base::Time;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Trace, WindowDigest};

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Digest of the first run.
    pub digest_a: String,
    /// Digest of the second run.
    pub digest_b: String,
    /// The first difference; none if the runs are the same.
    pub first: Option<Difference>,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Start of the first window that differs, in ns.
    pub window_from_ns: u64,
    /// Its end, in ns.
    pub window_until_ns: u64,
    /// Which digest sum differs first: `wire`, `local` or `facts`.
    pub layer: String,
    /// The first event of the first run that the second does not have there, in words.
    pub event_a: String,
    /// What the second run has instead.
    pub event_b: String,
}

/// How often a run that never repeats itself is run again to catch its first difference.
const TRIES: usize = 4;

/// Runs a plan twice, with the options of each side, and compares.
pub fn verify(plan: &Plan, a: &Options, b: &Options, watch: &dyn Watch) -> Result<Verification, Error> {
    let (first, _) = run_recording(plan, a, watch, None)?;
    compare_with(plan, &first, a, b, watch)
}

/// Compares a run that is there with a new one.
pub fn compare_with(plan: &Plan, first: &Trace, a: &Options, b: &Options, watch: &dyn Watch) -> Result<Verification, Error> {
    let (second, _) = run_recording(plan, b, watch, None)?;
    let mut verification = Verification { digest_a: first.run.digest.clone(), digest_b: second.run.digest, first: None };
    let mut parting = parting(&first.windows, &second.windows);
    for _ in 0..TRIES {
        let Some((range, layer)) = parting.take() else { break };
        // Record the window and all before it that could differ in the new pair: a run that does not repeat itself may part earlier.
        let (trace_a, events_a) = run_recording(plan, a, watch, Some(range))?;
        let (trace_b, events_b) = run_recording(plan, b, watch, Some(range))?;
        verification.first = Some(difference(range, layer, &events_a, &events_b));
        match self::parting(&trace_a.windows, &trace_b.windows) {
            Some((again, _)) if again != range => parting = Some((again, layer)),
            _ => break,
        }
    }
    Ok(verification)
}

/// The first window in which two runs differ, and the layer.
pub fn parting(a: &[WindowDigest], b: &[WindowDigest]) -> Option<(Range, &'static str)> {
    let mut from = 0;
    for (index, window) in a.iter().enumerate() {
        let other = b.get(index).copied().unwrap_or_default();
        let layer = match () {
            () if window.wire != other.wire => Some("wire"),
            () if window.local != other.local => Some("local"),
            () if window.facts != other.facts => Some("facts"),
            () if window.events != other.events => Some("count"),
            () => None,
        };
        if let Some(layer) = layer {
            return Some((Range { from, until: window.until_ns.max(other.until_ns) }, layer));
        }
        from = window.until_ns;
    }
    None
}

fn difference(range: Range, layer: &str, a: &[Recorded], b: &[Recorded]) -> Difference {
    let at = a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
    let words = |list: &[Recorded]| {
        list.get(at).map_or("nothing more in this window".into(), |e| format!("{} n{} {}", Time(e.at_ns), e.node, e.text))
    };
    Difference { window_from_ns: range.from, window_until_ns: range.until, layer: layer.into(), event_a: words(a), event_b: words(b) }
}
