//! The defect zoo: every breach is switched on in turn, and every case is run.
//!
//! A breach is *detected* if a case of its own requirement fails. A case of another requirement that fails too is *collateral*: explained if that case says
//! that it leans on the requirement. What nothing works without is said in one place, [`super::cases::all`]: each case over a connection leans on it.

use super::campaign::{Campaign, in_memory, silently};
use super::case::Case;
use super::verdict::Verdict;
use crate::registry::Id;
use hypermesh_core::testing::{Breach, breach};
use std::collections::BTreeSet;

/// What came of one breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catch {
    /// Which.
    pub breach: Breach,
    /// Cases of its requirement.
    pub cases: usize,
    /// Those of them that fail with it on.
    pub found_by: Vec<String>,
    /// Cases of other requirements that fail with it on and say that they lean on its requirement.
    pub explained: Vec<String>,
    /// The others.
    pub collateral: Vec<String>,
}

impl Catch {
    /// Whether a case of its own requirement finds it.
    pub const fn is_detected(&self) -> bool {
        !self.found_by.is_empty()
    }
}

/// The cases of a campaign that can run in memory, run once without a breach, and what that showed: their verdicts, and the places of breaches that they came
/// to. With a breach on, only those that come to its place can do anything else, since a case in memory is a function of nothing but itself. So a matrix of
/// all cases and all breaches takes a part of the time.
#[derive(Debug)]
pub struct Hunt<'c> {
    cases: Vec<(&'c Case, Verdict, BTreeSet<Breach>)>,
}

impl<'c> Hunt<'c> {
    /// Runs every case once.
    pub fn new(campaign: &'c Campaign) -> Self {
        let once = |case: &'c Case| {
            breach::passed();
            let verdict = in_memory(case, None).verdict;
            (case, verdict, breach::passed().into_iter().collect())
        };
        Self { cases: campaign.cases.iter().filter(|case| case.is_in_memory).map(once).collect() }
    }

    /// Runs the cases that come to the place of this breach with the breach on.
    pub fn one(&self, breach: Breach) -> Catch {
        let ran = self.cases.iter().map(|(case, verdict, passed)| {
            let verdict = if passed.contains(&breach) { in_memory(case, Some(breach)).verdict } else { *verdict };
            (*case, verdict)
        });
        sort(breach, ran)
    }
}

/// Runs all cases in memory with each of these breaches on. `tell` hears each as it comes.
pub fn hunt(campaign: &Campaign, breaches: &[Breach], mut tell: impl FnMut(&Catch)) -> Vec<Catch> {
    // Breaches break assertions.
    silently(|| {
        let hunt = Hunt::new(campaign);
        breaches.iter().map(|breach| hunt.one(*breach)).inspect(|caught| tell(caught)).collect()
    })
}

/// Runs the cases of these breaches' own requirements over sockets, with the breach on in the whole process but in the tester. Each gets a deployment and a
/// port of its own, and its first case that fails is enough. What other requirements' cases say of such a breach is not asked: it would take as long as all
/// campaigns together.
#[cfg(feature = "sockets")]
pub fn hunt_over_sockets(campaign: &Campaign, breaches: &[Breach], mut tell: impl FnMut(&Catch)) -> super::Outcome<Vec<Catch>> {
    use super::quic::{QuicPort, Target};
    let mut all = Vec::new();
    for breach in breaches {
        let own = campaign.clone().select(&format!("{}/", breach.names().1));
        let cases: std::collections::BTreeMap<&str, &Case> = own.cases.iter().map(|case| (case.name.as_str(), case)).collect();
        let folder = tempfile::tempdir().map_err(|error| super::Miss::Error(error.to_string()))?;
        Breach::plant(Some(*breach));
        let records = QuicPort::new(Target::Reference, folder.path(), super::Pixit::default())
            .map(|mut port| own.on_port(&mut port, crate::registry::Tier::Remote, |record| record.verdict != Verdict::Fail));
        Breach::plant(None);
        let caught = sort(*breach, records?.iter().map(|record| (cases[record.case.as_str()], record.verdict)));
        tell(&caught);
        all.push(caught);
    }
    Ok(all)
}

fn sort<'c>(breach: Breach, ran: impl Iterator<Item = (&'c Case, Verdict)>) -> Catch {
    let broken = Id::parse(breach.names().1).expect("the registry gave the id");
    let mut caught = Catch { breach, cases: 0, found_by: Vec::new(), explained: Vec::new(), collateral: Vec::new() };
    for (case, verdict) in ran {
        let own = case.requirement == broken;
        caught.cases += usize::from(own);
        if verdict != Verdict::Fail {
            continue;
        }
        let list = if own {
            &mut caught.found_by
        } else if case.leans_on.contains(&broken) {
            &mut caught.explained
        } else {
            &mut caught.collateral
        };
        list.push(case.name.clone());
    }
    caught
}
