//! The table of a calibration: what clients saw in two fidelities of the same plan, one row a quantity.

use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use serde_json::{Value, json};

/// Two neighbours among the fidelities. The second is the reference, since it models less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The QUIC model against real QUIC, both on simulated wires.
    MessagePacket,
    /// Real QUIC on simulated wires against real sockets.
    #[cfg_attr(not(feature = "real"), expect(dead_code, reason = "sockets are part of the feature real"))]
    PacketSocket,
}

impl Comparison {
    /// The words in every table.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::MessagePacket => "message against packet",
            Self::PacketSocket => "packet against sockets",
        }
    }

    /// What is judged, and what it is held against, as [`hypermesh_scenarios::trace::Mode`] has them.
    const fn modes(self) -> [&'static str; 2] {
        match self {
            Self::MessagePacket => ["simulated", "emulated"],
            Self::PacketSocket => ["emulated", "measured"],
        }
    }
}

/// One figure of one scenario in two fidelities.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Name of the scenario.
    pub(crate) scenario: String,
    /// Its seed.
    pub(crate) seed: u64,
    /// Which fidelities.
    pub(crate) comparison: Comparison,
    /// What is compared.
    pub(crate) quantity: &'static str,
    /// Its unit; empty for counts.
    pub(crate) unit: &'static str,
    /// What the fidelity that models less gave.
    pub(crate) reference: f64,
    /// What the fidelity that is judged gave.
    pub(crate) candidate: f64,
}

impl Row {
    /// The candidate's error as a share of the reference.
    pub(crate) fn error(&self) -> f64 {
        if self.reference == self.candidate { 0.0 } else { self.candidate / self.reference - 1.0 }
    }

    /// Whether the error is small enough. A reference of zero is met by zero only.
    pub(crate) fn is_within(&self, at_most: f64) -> bool {
        self.error().abs() <= at_most
    }

    /// The row as scripts and reports read it.
    pub(crate) fn json(&self, at_most: f64) -> Value {
        let [candidate_mode, reference_mode] = self.comparison.modes();
        json!({
            "scenario": self.scenario,
            "seed": self.seed,
            "comparison": self.comparison.words(),
            "quantity": self.quantity,
            "unit": self.unit,
            "reference_mode": reference_mode,
            "reference": self.reference,
            "candidate_mode": candidate_mode,
            "candidate": self.candidate,
            "error": self.error(),
            "within": self.is_within(at_most),
        })
    }
}

/// The rows of one comparison.
pub(crate) fn compare(plan: &Plan, comparison: Comparison, candidate: &Trace, reference: &Trace) -> Vec<Row> {
    let row = |quantity, unit, of: &dyn Fn(&Trace) -> f64| Row {
        scenario: plan.name.clone(),
        seed: plan.seed,
        comparison,
        quantity,
        unit,
        reference: of(reference),
        candidate: of(candidate),
    };
    vec![
        row("p50 of fetches", "ms", &|trace| latency_ms(trace, 0.5)),
        row("p90 of fetches", "ms", &|trace| latency_ms(trace, 0.9)),
        row("p99 of fetches", "ms", &|trace| latency_ms(trace, 0.99)),
        row("bytes on the wires", "MB", &|trace| total(trace, Id::NetBytes) / 1e6),
        row("objects fetched", "", &|trace| total(trace, Id::FetchDone)),
    ]
}

/// A quantile of the latency of fetches over the whole run; zero if nothing was fetched.
fn latency_ms(trace: &Trace, q: f64) -> f64 {
    let Some(samples) = trace.metrics.samples.get(&Id::FetchLatency) else { return 0.0 };
    let mut bins = samples.by_bin.iter();
    let Some(mut all) = bins.next().cloned() else { return 0.0 };
    bins.for_each(|bin| all.add(bin).expect("histograms that resize can be added"));
    all.value_at_quantile(q) as f64 / 1e6
}

fn total(trace: &Trace, id: Id) -> f64 {
    trace.metrics.counters.get(&id).map_or(0.0, |counter| counter.by_bin.iter().sum::<u64>() as f64)
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Row};

    #[test]
    fn an_error_is_a_share_of_the_fidelity_that_models_less() {
        let row = |reference, candidate| Row {
            scenario: "s".to_owned(),
            seed: 1,
            comparison: Comparison::MessagePacket,
            quantity: "q",
            unit: "",
            reference,
            candidate,
        };
        assert!((row(100.0, 95.0).error() + 0.05).abs() < 1e-12);
        assert!(row(100.0, 95.0).is_within(0.06) && !row(100.0, 95.0).is_within(0.04));
        assert!(row(0.0, 0.0).is_within(0.0) && !row(0.0, 1.0).is_within(0.5), "what never was is met by nothing else");
        assert_eq!(row(100.0, 95.0).json(0.1)["within"], true);
    }
}
