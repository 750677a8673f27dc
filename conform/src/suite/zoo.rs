//! The defect zoo: every breach is switched on in turn, and every case is run.
//!
//! A breach is *detected* if a case of its own requirement fails. A case of another requirement that fails too is *collateral*: explained if that case says
//! that it leans on the requirement, or if the requirement is one of those that nothing works without.

use super::campaign::{Campaign, Record};
use super::case::Case;
use super::verdict::Verdict;
use crate::registry::Id;
use hypermesh_core::testing::Breach;
use std::collections::BTreeMap;

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

/// Runs all cases in memory with each of these breaches on. `tell` hears each as it comes.
pub fn hunt(campaign: &Campaign, breaches: &[Breach], mut tell: impl FnMut(&Catch)) -> Vec<Catch> {
    let cases: BTreeMap<&str, &Case> = campaign.cases.iter().map(|case| (case.name.as_str(), case)).collect();
    let silent = std::panic::take_hook();
    // Breaches break assertions; what they say is in the record.
    std::panic::set_hook(Box::new(|_| {}));
    let caught = breaches
        .iter()
        .map(|breach| {
            let records = campaign.in_memory(Some(*breach));
            let caught = sort(*breach, &records, &cases);
            tell(&caught);
            caught
        })
        .collect();
    std::panic::set_hook(silent);
    caught
}

/// Runs the cases of these breaches' own requirements over sockets, with the breach on in the whole process but in the tester. Each gets a deployment and a
/// port of its own. What other requirements' cases say of such a breach is not asked: it would take as long as all campaigns together.
#[cfg(feature = "sockets")]
pub fn hunt_over_sockets(campaign: &Campaign, breaches: &[Breach], mut tell: impl FnMut(&Catch)) -> super::Outcome<Vec<Catch>> {
    use super::quic::{QuicPort, Target};
    let mut all = Vec::new();
    for breach in breaches {
        let own = campaign.clone().select(&format!("{}/", breach.names().1));
        let cases: BTreeMap<&str, &Case> = own.cases.iter().map(|case| (case.name.as_str(), case)).collect();
        let folder = tempfile::tempdir().map_err(|error| super::Miss::Error(error.to_string()))?;
        Breach::plant(Some(*breach));
        let records = QuicPort::new(Target::Reference, folder.path(), super::Pixit::default())
            .map(|mut port| own.on_port(&mut port, crate::registry::Tier::Remote, |_| true));
        Breach::plant(None);
        let caught = sort(*breach, &records?, &cases);
        tell(&caught);
        all.push(caught);
    }
    Ok(all)
}

fn sort(breach: Breach, records: &[Record], cases: &BTreeMap<&str, &Case>) -> Catch {
    let broken = Id::parse(breach.names().1).expect("the registry gave the id");
    let mut caught = Catch { breach, cases: 0, found_by: Vec::new(), explained: Vec::new(), collateral: Vec::new() };
    for record in records {
        let case = cases[record.case.as_str()];
        let own = case.requirement == broken;
        caught.cases += usize::from(own);
        if record.verdict != Verdict::Fail {
            continue;
        }
        let list = if own {
            &mut caught.found_by
        } else if case.leans_on.contains(&broken) {
            &mut caught.explained
        } else {
            &mut caught.collateral
        };
        list.push(record.case.clone());
    }
    caught
}
