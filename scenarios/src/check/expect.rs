//! Checks of the expectations.

use super::Checks;
use crate::expect::{ExprError, parse};
use crate::problem::{Code, Problem, Severity};
use crate::read::{At, Expression, Text};
use crate::spec::faults::names;
use crate::spec::{Claim, During, Expect};

impl Checks<'_, '_> {
    pub(super) fn expect(&mut self) {
        let scenario = self.scenario;
        for expect in &scenario.expect {
            let claim = expect.claim();
            self.expression(&claim.that);
            self.range(claim);
            if let Some(within) = &claim.within {
                if !matches!(expect.value, Expect::Eventually(_)) {
                    self.note(Code::WRONG_FIELD, within.at, format!("`within` has no meaning for `{}`", expect.kind()))
                        .help("use `eventually`, or say when with `during` or `after`");
                }
                self.has_length(within, "`within`");
            }
        }
        if self.problems.iter().any(|problem| problem.severity() == Severity::Error) {
            return;
        }
        if scenario.expect.is_empty() {
            self.note(Code::NO_EXPECTATION, scenario.name.at, "this scenario expects nothing, so it cannot fail")
                .example("expect: [{must: {that: \"p99(broadcast.delivery) < 3s\"}}]");
        }
        self.sees_a_finished_network();
    }

    /// The expression itself. Its errors are given the place of the very words.
    fn expression(&mut self, that: &At<Expression>) {
        let Some(expression) = that.sound() else { return };
        let Err(errors) = parse(&expression.text) else { return };
        for ExprError { start, end, message, expected, example, suggestion } in errors {
            let mut problem = Problem::new(Code::EXPRESSION, expression.place(that.at, start, end), message);
            problem.expected = expected;
            problem.example = example;
            problem.helps(suggestion.map(|word| format!("did you mean `{word}`?")));
            self.problems.push(problem);
        }
    }

    /// When it looks.
    fn range(&mut self, claim: &Claim) {
        if let (Some(_), Some(after)) = (&claim.during, &claim.after) {
            self.note(Code::WRONG_FIELD, after.at, "both `during` and `after` say when to look").help("keep one of them");
        }
        if let Some(after) = &claim.after {
            self.fault_exists(after);
        }
        let Some(during) = &claim.during else { return };
        match during.sound() {
            Some(During::Fault(name)) => self.fault_exists(&At::new(name.clone(), during.at)),
            Some(During::Range(range)) => {
                let Some(stop) = self.scenario.time.stop.sound() else { return };
                if range.until > *stop {
                    self.note(Code::OUTSIDE_RUN, during.at, format!("this looks at {range}, but the run ends at {stop}"))
                        .help(format!("look at a range that ends by {stop}, or set `time.stop` later"));
                }
            }
            None => {}
        }
    }

    fn fault_exists(&mut self, name: &At<Text>) {
        let names = names(&self.scenario.faults);
        // Faults of unknown kinds are not in the list, and may be the one that is meant.
        let lost = [Code::UNKNOWN_KIND, Code::NOT_ONE, Code::WRONG_TYPE, Code::NO_VALUE];
        if self.problems.iter().any(|problem| lost.contains(&problem.code)) {
            return;
        }
        if name.sound().is_some_and(|text| !names.contains(&text.0)) {
            self.unknown(Code::UNKNOWN_FAULT, name, "fault", names.iter().map(String::as_str));
        }
    }

    /// Warns if the whole range of expectations lies in the time when nodes still join.
    fn sees_a_finished_network(&mut self) {
        let timing = &self.scenario.time;
        let Some(warmup) = timing.warmup.sound() else { return };
        let joined = self.scenario.groups.iter().map(|(_, group)| group.join.at.time() + group.join.over.span()).max();
        let looks_from_warmup = self.scenario.expect.iter().any(|e| e.claim().during.is_none() && e.claim().after.is_none());
        if looks_from_warmup && joined.is_some_and(|joined| joined > warmup.time()) {
            let at = if timing.warmup.sound().is_some() { timing.warmup.at } else { timing.stop.at };
            self.note(Code::EXPECT_NOTHING_MEASURED, at, "expectations look from the warm-up on, when nodes are still joining")
                .help("set `time.warmup` to the end of the joins or later");
        }
    }
}
