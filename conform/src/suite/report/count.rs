//! From evidence to a summary: who counts how often, and what follows for each requirement.

use super::summary::{CaseRow, ClauseRow, Disagreement, NeedRow, RequirementRow, Standing, Summary, Tally, Tested};
use super::{CANARY, Evidence, LIMITS, belongs, gates};
use crate::registry::{Clause, Id, Level, Registry, Requirement};
use crate::suite::campaign::Record;
use crate::suite::case::{Case, Need};
use crate::suite::needs;
use crate::suite::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// What the parts of a summary look up.
pub(super) struct Index<'a> {
    pub(super) evidence: &'a Evidence<'a>,
    by_requirement: BTreeMap<Id, Vec<&'a Case>>,
    records: Vec<BTreeMap<&'a str, &'a Record>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(evidence: &'a Evidence<'a>) -> Self {
        let mut by_requirement: BTreeMap<Id, Vec<&Case>> = BTreeMap::new();
        for case in evidence.cases {
            by_requirement.entry(case.requirement).or_default().push(case);
        }
        let of = |records: &'a [Record]| records.iter().map(|record| (record.case.as_str(), record)).collect();
        let records = evidence.tiers.iter().map(|ran| of(&ran.records)).collect();
        Self { evidence, by_requirement, records }
    }

    /// The cases of a requirement.
    pub(super) fn cases(&self, id: Id) -> &[&'a Case] {
        self.by_requirement.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The verdict of a case in the tier of that place; absent without a record.
    fn verdict(&self, tier: usize, case: &str) -> Verdict {
        self.records[tier].get(case).map_or(Verdict::Absent, |record| record.verdict)
    }

    /// Whether a case of the requirement ran somewhere.
    fn ran(&self, id: Id) -> bool {
        let ran = |case: &&Case| (0..self.records.len()).any(|tier| self.verdict(tier, &case.name) != Verdict::Absent);
        self.cases(id).iter().any(ran)
    }

    /// How the requirement stands in a tier; nothing if no case of it has a place there.
    fn standing(&self, tier: usize, id: Id) -> Option<Standing> {
        let place = self.evidence.tiers[tier].tier;
        let cases = self.cases(id).iter().filter(|case| belongs(case, place));
        cases.map(|case| Standing::of(self.verdict(tier, &case.name))).max()
    }
}

/// The summary of this evidence.
pub(super) fn summary(evidence: &Evidence<'_>) -> Summary {
    let index = Index::new(evidence);
    let counts = evidence.registry.counts();
    let shalls: Vec<&Requirement> = evidence.registry.requirements().filter(|requirement| requirement.level == Level::Shall).collect();
    let run = shalls.iter().filter(|requirement| index.ran(requirement.id)).count();
    let requirements: Vec<RequirementRow> = evidence.registry.requirements().map(|requirement| row(&index, requirement)).collect();
    let hunted = evidence.detections;
    let disagreements = disagreements(&index);
    let needed = needed(&index);
    Summary {
        format: 1,
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        registry: Registry::digest(),
        shalls: counts.shall,
        mapped: shalls.iter().filter(|requirement| !index.cases(requirement.id).is_empty()).count(),
        run,
        absent: counts.shall - run,
        inspected: shalls.iter().filter(|requirement| requirement.is_inspected() && !index.ran(requirement.id)).count(),
        shoulds: counts.should,
        mays: counts.may,
        cases_total: evidence.cases.len(),
        defects_planted: hunted.map(<[_]>::len),
        defects_detected: hunted.map(|all| all.iter().filter(|one| !one.found_by.is_empty()).count()),
        collateral_unexplained: hunted.map(|all| all.iter().map(|one| one.collateral.len()).sum()),
        tested: by_tier(evidence, |at| Tested {
            implementation: evidence.tiers[at].implementation.clone(),
            replay: replay(&evidence.tiers[at].options, None),
        }),
        verdicts: by_tier(evidence, |at| tally(&evidence.tiers[at].records)),
        by_need: by_need(&index, &needed),
        requirement_verdicts: requirement_verdicts(evidence, &requirements),
        clauses: evidence.registry.clauses.iter().map(|clause| clause_row(&index, clause)).collect(),
        cases: cases(&index, &needed),
        gates: gates::all(&index, &disagreements),
        disagreements,
        requirements,
        detections: hunted.map(<[_]>::to_vec).unwrap_or_default(),
        limits: LIMITS.iter().map(|&limit| limit.to_owned()).collect(),
    }
}

/// The command that runs a tier, or one case of it, again.
fn replay(options: &str, case: Option<&str>) -> String {
    let words = ["hypermesh conform".to_owned(), options.to_owned(), case.map_or_else(String::new, chosen)];
    words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

fn chosen(case: &str) -> String {
    let canary = if case == CANARY { "--canary " } else { "" };
    format!("{canary}--select {case}")
}

fn by_tier<T>(evidence: &Evidence<'_>, of: impl Fn(usize) -> T) -> BTreeMap<String, T> {
    evidence.tiers.iter().enumerate().map(|(at, ran)| (ran.tier.name().to_owned(), of(at))).collect()
}

fn tally<'a>(records: impl IntoIterator<Item = &'a Record>) -> Tally {
    let mut tally = Tally::default();
    records.into_iter().for_each(|record| tally.add(record.verdict));
    tally
}

fn row(index: &Index<'_>, requirement: &Requirement) -> RequirementRow {
    let id = requirement.id;
    let tiers = index.evidence.tiers.iter().enumerate();
    let verdicts: BTreeMap<String, Standing> =
        tiers.filter_map(|(at, ran)| Some((ran.tier.name().to_owned(), index.standing(at, id)?))).collect();
    RequirementRow {
        id: id.to_string(),
        level: requirement.level.verb().to_owned(),
        profile: requirement.profile.name().to_owned(),
        text: requirement.text.clone(),
        inspected: requirement.is_inspected(),
        cases: index.cases(id).len(),
        verdict: verdicts.values().copied().max().unwrap_or(Standing::Unknown),
        verdicts,
    }
}

fn requirement_verdicts(evidence: &Evidence<'_>, rows: &[RequirementRow]) -> BTreeMap<String, BTreeMap<Standing, usize>> {
    by_tier(evidence, |at| {
        let mut counts = BTreeMap::new();
        for standing in rows.iter().filter_map(|row| row.verdicts.get(evidence.tiers[at].tier.name())) {
            *counts.entry(*standing).or_default() += 1;
        }
        counts
    })
}

fn clause_row(index: &Index<'_>, clause: &Clause) -> ClauseRow {
    let shalls = || clause.requirements.iter().filter(|requirement| requirement.level == Level::Shall);
    let own: BTreeSet<&str> =
        clause.requirements.iter().flat_map(|requirement| index.cases(requirement.id)).map(|case| case.name.as_str()).collect();
    ClauseRow {
        clause: clause.number,
        title: clause.title.clone(),
        shalls: shalls().count(),
        mapped: shalls().filter(|requirement| !index.cases(requirement.id).is_empty()).count(),
        run: shalls().filter(|requirement| index.ran(requirement.id)).count(),
        verdicts: by_tier(index.evidence, |at| {
            tally(index.evidence.tiers[at].records.iter().filter(|record| own.contains(record.case.as_str())))
        }),
    }
}

/// What the cases that can run over a network and have a record need.
fn needed<'a>(index: &Index<'a>) -> BTreeMap<&'a str, Need> {
    let mut needed = BTreeMap::new();
    for case in index.evidence.cases.iter().filter(|case| case.is_remote) {
        let records: Vec<&Record> = index.records.iter().filter_map(|of| of.get(case.name.as_str()).copied()).collect();
        if !records.is_empty() {
            needed.insert(case.name.as_str(), needs::by(case, &records));
        }
    }
    needed
}

fn by_need(index: &Index<'_>, needed: &BTreeMap<&str, Need>) -> BTreeMap<String, NeedRow> {
    let row = |need: Need| {
        let own = |record: &&Record| needed.get(record.case.as_str()) == Some(&need);
        let verdicts = by_tier(index.evidence, |at| tally(index.evidence.tiers[at].records.iter().filter(own)));
        NeedRow { cases: needed.values().filter(|other| **other == need).count(), verdicts }
    };
    Need::ALL.into_iter().map(|need| (need.name().to_owned(), row(need))).collect()
}

fn cases(index: &Index<'_>, needed: &BTreeMap<&str, Need>) -> Vec<CaseRow> {
    let mut rows = Vec::new();
    for case in index.evidence.cases {
        for (at, ran) in index.evidence.tiers.iter().enumerate() {
            let Some(record) = index.records[at].get(case.name.as_str()) else { continue };
            rows.push(CaseRow {
                name: case.name.clone(),
                requirement: case.requirement.to_string(),
                polarity: case.polarity.name().to_owned(),
                subject: case.subject().map(|subject| subject.name().to_owned()),
                need: needed.get(case.name.as_str()).copied(),
                tier: ran.tier.name().to_owned(),
                verdict: record.verdict,
                why: record.why.clone(),
                runs: if record.runs.len() > 1 { record.runs.clone() } else { Vec::new() },
                log: if record.verdict == Verdict::Pass { Vec::new() } else { record.log.clone() },
                replay: replay(&ran.options, Some(&case.name)),
            });
        }
    }
    rows
}

/// Cases that ran in several tiers and came to several verdicts.
fn disagreements(index: &Index<'_>) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for case in index.evidence.cases {
        let tiers = index.evidence.tiers.iter().enumerate();
        let ran = tiers.map(|(at, ran)| (ran.tier.name().to_owned(), index.verdict(at, &case.name)));
        let verdicts: BTreeMap<String, Verdict> = ran.filter(|(_, verdict)| *verdict != Verdict::Absent).collect();
        if verdicts.values().collect::<BTreeSet<_>>().len() > 1 {
            found.push(Disagreement { case: case.name.clone(), verdicts });
        }
    }
    found
}
