//! Checking a world, and telling what was found.

use core::fmt::{Debug, Display, Formatter, Result};
use core::hash::Hash;
use stateright::{Checker, Expectation, HasDiscoveries, Model};
use std::time::{Duration, Instant};

/// How far a check goes.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Threads that explore. With one, figures and ways repeat.
    pub threads: usize,
    /// Give up after this time; the report says so. The checker looks at the clock where threads share their work, so only if there are two or more.
    pub within: Duration,
    /// Stop at the first broken promise.
    pub first_failure: bool,
}

impl Default for Effort {
    fn default() -> Self {
        Self { threads: 1, within: Duration::from_secs(170), first_failure: false }
    }
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of the world.
    pub world: &'static str,
    /// Its bounds, in words.
    pub bounds: String,
    /// States that differ.
    pub unique: usize,
    /// Steps that were taken, those to a known state included.
    pub steps: usize,
    /// How many steps away the farthest state is.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether no state within the bounds was left out.
    pub whole: bool,
    /// Each promise with what became of it.
    pub verdicts: Vec<Verdict>,
}

/// What became of a promise.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// In how many of the states it has to hold.
    pub expectation: Expectation,
    /// What is promised.
    pub promise: &'static str,
    /// The way to the state that breaks it, or that shows it, in words.
    pub way: Option<Vec<String>>,
}

impl Verdict {
    /// Whether the promise is kept, as far as was looked.
    pub fn is_kept(&self) -> bool {
        self.way.is_some() != self.expectation.discovery_is_failure()
    }
}

impl Report {
    /// Promises that are broken, or were never seen kept.
    pub fn broken(&self) -> Vec<&Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.is_kept()).collect()
    }

    /// The way that breaks a promise, if one does.
    pub fn way(&self, promise: &str) -> Option<&[String]> {
        self.verdicts.iter().find(|verdict| verdict.promise == promise && !verdict.is_kept()).and_then(|verdict| verdict.way.as_deref())
    }
}

/// A world that can tell its steps.
pub trait Told: Model {
    /// What happens when `action` is taken in `state`, in words.
    fn tell(&self, state: &Self::State, action: &Self::Action) -> String;
}

/// Explores a world breadth first.
pub fn check<M>(world: &'static str, bounds: String, model: M, effort: Effort) -> Report
where
    M: Told + Clone + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + PartialEq + Debug,
{
    let began = Instant::now();
    let finish = if effort.first_failure { HasDiscoveries::AnyFailures } else { HasDiscoveries::All };
    let checker = model.clone().checker().threads(effort.threads).timeout(effort.within).finish_when(finish).spawn_bfs().join();
    let took = began.elapsed();
    let mut found = checker.discoveries();
    let verdicts = model.properties().into_iter().map(|property| {
        // The checker keeps the way that it found last. What follows the first state that shows the promise, or breaks it, says nothing.
        let shows = property.expectation == Expectation::Sometimes;
        let is_there = |state: &M::State| property.expectation != Expectation::Eventually && (property.condition)(&model, state) == shows;
        let steps = found.remove(property.name).map(|path| path.into_vec().into_iter().take_while(|(state, _)| !is_there(state)));
        let way = steps.map(|steps| steps.filter_map(|(state, action)| action.map(|action| model.tell(&state, &action))).collect());
        Verdict { expectation: property.expectation, promise: property.name, way }
    });
    let verdicts: Vec<Verdict> = verdicts.collect();
    let stopped = effort.first_failure && verdicts.iter().any(|verdict| verdict.way.is_some() && !verdict.is_kept());
    Report {
        world,
        bounds,
        unique: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth().saturating_sub(1),
        took,
        whole: took < effort.within && !stopped,
        verdicts,
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{}: {}", self.world, self.bounds)?;
        let reach = if self.whole { "all of them" } else { "NOT ALL: the check was stopped" };
        let secs = self.took.as_secs_f64();
        writeln!(f, "  {} states ({reach}), {} steps, {} deep, {secs:.1} s", self.unique, self.steps, self.depth)?;
        for verdict in &self.verdicts {
            let expectation = match verdict.expectation {
                Expectation::Always => "always",
                Expectation::Sometimes => "sometimes",
                Expectation::Eventually => "eventually",
            };
            let verdict_word = if verdict.is_kept() { "kept" } else { "BROKEN" };
            match &verdict.way {
                Some(way) => writeln!(f, "  {verdict_word:6} {expectation:10} {} ({} steps)", verdict.promise, way.len())?,
                None => writeln!(f, "  {verdict_word:6} {expectation:10} {}", verdict.promise)?,
            }
            if let (false, Some(way)) = (verdict.is_kept(), &verdict.way) {
                way.iter().enumerate().try_for_each(|(at, step)| writeln!(f, "         {:>2}. {step}", at + 1))?;
            }
        }
        Ok(())
    }
}
