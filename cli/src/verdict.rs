//! From the judged expectations of a run to one word and one exit code.

use crate::exit::Code;
use hypermesh_scenarios::expect::{Level, fails};
use hypermesh_scenarios::trace::{Outcome, Trace, Verdict};

/// How the command ends for this run: a broken invariant or `always` is worse than a missed `must`, `eventually` or `sometimes`; a missed `should`
/// is only a warning. A run that was interrupted says so whatever it had found.
pub(crate) fn code(trace: &Trace) -> Code {
    if trace.run.partial.is_some() {
        return Code::Interrupted;
    }
    let start = if trace.violations.is_empty() { Code::Ok } else { Code::Safety };
    trace.verdicts.iter().map(|verdict| code_of(verdict, false)).fold(start, Code::worst)
}

fn code_of(verdict: &Verdict, partial: bool) -> Code {
    match (fails(verdict, partial), verdict.level) {
        (false, _) => Code::Ok,
        (true, Level::Always) if verdict.outcome == Outcome::Missed => Code::Safety,
        (true, _) => Code::Expectation,
    }
}

/// The verdict in one word, as in `run.json`: `passed`, `warnings`, `undecided`, `failed` or `unsafe`.
pub(crate) fn word(trace: &Trace) -> &'static str {
    const WORDS: [&str; 5] = ["passed", "warnings", "undecided", "failed", "unsafe"];
    let rank = |verdict: &Verdict| match (verdict.level, verdict.outcome) {
        (_, Outcome::Met) => 0,
        (Level::Should, _) => 1,
        (_, Outcome::Unknown) => 2,
        (Level::Always, Outcome::Missed) => 4,
        (_, Outcome::Missed) => 3,
    };
    let start = if trace.violations.is_empty() { 0 } else { 4 };
    WORDS[trace.verdicts.iter().map(rank).fold(start, usize::max)]
}

/// How many expectations failed, warnings left out, and how many there are.
pub(crate) fn tally(trace: &Trace) -> (usize, usize) {
    let partial = trace.run.partial.is_some();
    let failed = trace.verdicts.iter().filter(|verdict| fails(verdict, partial)).count();
    (failed, trace.verdicts.len())
}

/// The word of an outcome.
pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "met",
        Outcome::Missed => "missed",
        Outcome::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Level, Outcome, Trace, Verdict, code, word};
    use hypermesh_scenarios::trace::{Metrics, Mode, RunFacts};

    fn trace(verdicts: &[(Level, Outcome)], partial: bool) -> Trace {
        let verdict = |(level, outcome): &(Level, Outcome)| Verdict {
            level: *level,
            that: "net.sent > 0".to_owned(),
            outcome: *outcome,
            seen: String::new(),
            first_missed_ns: None,
            range: String::new(),
            covers: Vec::new(),
            line: 1,
        };
        Trace {
            mode: Mode::Message,
            run: RunFacts { partial: partial.then(|| "interrupted".to_owned()), ..RunFacts::default() },
            metrics: Metrics::default(),
            broadcasts: Vec::new(),
            infection: Vec::new(),
            serving: Vec::new(),
            routes: Vec::new(),
            flows: Vec::new(),
            events: Vec::new(),
            windows: Vec::new(),
            violations: Vec::new(),
            monitors: Vec::new(),
            verdicts: verdicts.iter().map(verdict).collect(),
        }
    }

    #[test]
    fn each_level_ends_with_its_own_code_and_word() {
        for (level, outcome, number, said) in [
            (Level::Must, Outcome::Met, Code::Ok, "passed"),
            (Level::Should, Outcome::Missed, Code::Ok, "warnings"),
            (Level::Must, Outcome::Missed, Code::Expectation, "failed"),
            (Level::Eventually, Outcome::Missed, Code::Expectation, "failed"),
            (Level::Sometimes, Outcome::Unknown, Code::Expectation, "undecided"),
            (Level::Always, Outcome::Missed, Code::Safety, "unsafe"),
            (Level::Always, Outcome::Unknown, Code::Expectation, "undecided"),
        ] {
            let trace = trace(&[(Level::Must, Outcome::Met), (level, outcome)], false);
            assert_eq!((code(&trace), word(&trace)), (number, said), "{level:?} {outcome:?}");
        }
    }

    #[test]
    fn an_interrupted_run_ends_as_interrupted() {
        assert_eq!(code(&trace(&[(Level::Must, Outcome::Missed)], true)), Code::Interrupted);
    }
}
