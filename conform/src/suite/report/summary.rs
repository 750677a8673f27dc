//! The sum of a campaign, as programs read it: what `hypermesh conform --format json` prints.

use crate::suite::case::Need;
use crate::suite::verdict::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The sum of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// The version of this form.
    pub format: u16,
    /// The version of the suite.
    pub suite: String,
    /// The BLAKE3 digest of the registry of requirements, in hexadecimal.
    pub registry: String,
    /// The *shall* of the registry: the denominator, whatever was chosen.
    pub shalls: usize,
    /// Those of them that have a case.
    pub mapped: usize,
    /// Those of them of which a case ran in this campaign.
    pub run: usize,
    /// The others: `shalls` is `run` and `absent` together.
    pub absent: usize,
    /// Those of the absent ones that only reading the supplier's declarations can judge.
    pub inspected: usize,
    /// Requirements that are recommendations.
    pub shoulds: usize,
    /// Requirements that are permissions.
    pub mays: usize,
    /// Cases of the suite.
    pub cases_total: usize,
    /// Breaches that were planted, one at a time; nothing if none was.
    pub defects_planted: Option<usize>,
    /// Those that a case of their own requirement found.
    pub defects_detected: Option<usize>,
    /// Failures under a breach that nothing explains, all breaches together.
    pub collateral_unexplained: Option<usize>,
    /// What was tested in each tier that ran, by the name of the tier.
    pub tested: BTreeMap<String, Tested>,
    /// How many cases ended in which verdict, by the name of the tier.
    pub verdicts: BTreeMap<String, Tally>,
    /// The cases that can run over a network and were run somewhere in this campaign, by what they need of an implementation: `address`, `contents`,
    /// `configuration` or `upper`. No case is in two of them.
    pub by_need: BTreeMap<String, NeedRow>,
    /// How many requirements stand how, by the name of the tier; those without a case in the tier are left out.
    pub requirement_verdicts: BTreeMap<String, BTreeMap<Standing, usize>>,
    /// Each clause.
    pub clauses: Vec<ClauseRow>,
    /// Each requirement, in the order of the standard.
    pub requirements: Vec<RequirementRow>,
    /// Each case that was run, in the order of the standard.
    pub cases: Vec<CaseRow>,
    /// Cases whose verdicts differ between tiers.
    pub disagreements: Vec<Disagreement>,
    /// What came of each breach.
    pub detections: Vec<Detection>,
    /// What has to hold of the suite itself.
    pub gates: Vec<Gate>,
    /// What this report does not say.
    pub limits: Vec<String>,
}

/// What was tested in a tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tested {
    /// The implementation, for people.
    pub implementation: String,
    /// The command that runs the tier again.
    pub replay: String,
}

/// Cases by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Tally {
    /// It did what the standard says.
    pub pass: usize,
    /// The PICS says that this is not there.
    pub not_applicable: usize,
    /// A *should* is not followed.
    pub non_strict: usize,
    /// The stimulus was not reached.
    pub inconclusive: usize,
    /// Chosen and not run.
    pub absent: usize,
    /// The tester failed.
    pub error: usize,
    /// It did something else than the standard says.
    pub fail: usize,
}

impl Tally {
    /// Adds a case.
    pub const fn add(&mut self, verdict: Verdict) {
        let slot = match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::NonStrict => &mut self.non_strict,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Absent => &mut self.absent,
            Verdict::Error => &mut self.error,
            Verdict::Fail => &mut self.fail,
        };
        *slot += 1;
    }

    /// All cases.
    pub const fn total(&self) -> usize {
        self.conforming() + self.other() + self.fail
    }

    /// Cases after which the implementation still conforms.
    pub const fn conforming(&self) -> usize {
        self.pass + self.not_applicable + self.non_strict
    }

    /// Cases that say neither that it conforms nor that it does not.
    pub const fn other(&self) -> usize {
        self.inconclusive + self.absent + self.error
    }
}

/// How a requirement stands: the worst verdict of its cases, or that it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// All of its cases passed.
    Pass,
    /// The PICS says that it is not there.
    NotApplicable,
    /// A *should* is not followed.
    NonStrict,
    /// The stimulus of a case was not reached.
    Inconclusive,
    /// A case of it was not run.
    Unknown,
    /// The tester failed in a case.
    Error,
    /// A case of it failed.
    Fail,
}

impl Standing {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
            Self::NonStrict => "non-strict",
            Self::Inconclusive => "inconclusive",
            Self::Unknown => "unknown",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }

    /// How a requirement with one case of this verdict stands.
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::NonStrict => Self::NonStrict,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Absent => Self::Unknown,
            Verdict::Error => Self::Error,
            Verdict::Fail => Self::Fail,
        }
    }
}

/// Cases that need the same of an implementation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NeedRow {
    /// How many.
    pub cases: usize,
    /// How many of them ended in which verdict, by the name of the tier.
    pub verdicts: BTreeMap<String, Tally>,
}

/// A clause of the standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClauseRow {
    /// Its number.
    pub clause: u8,
    /// Its title.
    pub title: String,
    /// Its *shall*.
    pub shalls: usize,
    /// Those of them that have a case.
    pub mapped: usize,
    /// Those of them of which a case ran.
    pub run: usize,
    /// Cases of its requirements by verdict, by the name of the tier.
    pub verdicts: BTreeMap<String, Tally>,
}

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequirementRow {
    /// Its name.
    pub id: String,
    /// Its verb: shall, should or may.
    pub level: String,
    /// Its profile.
    pub profile: String,
    /// Its sentence.
    pub text: String,
    /// Whether only reading the supplier's declarations can judge it.
    pub inspected: bool,
    /// Its cases, chosen or not.
    pub cases: usize,
    /// How it stands in each tier that ran and that has a place for one of its cases, by the name of the tier.
    pub verdicts: BTreeMap<String, Standing>,
    /// How it stands in all of them together: the worst. Unknown without a case that ran.
    pub verdict: Standing,
}

/// A case that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CaseRow {
    /// Its name.
    pub name: String,
    /// The requirement that it judges.
    pub requirement: String,
    /// Which kind of purpose it serves: valid, boundary or invalid.
    pub polarity: String,
    /// What the implementation plays in it: origin, edge or client; nothing for functions and for a node that the case starts.
    pub subject: Option<String>,
    /// What it needs of an implementation over a network; nothing if it never runs there.
    pub need: Option<Need>,
    /// The name of the tier.
    pub tier: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why it is not a pass.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub why: String,
    /// The verdict of each run, where it was run more than once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub runs: Vec<Verdict>,
    /// What was said and heard, where it is not a pass; the page has the log of each case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub log: Vec<String>,
    /// The command that runs it again.
    pub replay: String,
}

/// A case whose verdicts differ between tiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disagreement {
    /// Its name.
    pub case: String,
    /// The verdict of each tier, by its name.
    pub verdicts: BTreeMap<String, Verdict>,
}

/// What came of one breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Detection {
    /// Its name.
    pub breach: String,
    /// The requirement that it breaks.
    pub requirement: String,
    /// Cases of the requirement.
    pub cases: usize,
    /// Those of them that fail with it on.
    pub found_by: Vec<String>,
    /// Cases of other requirements that fail with it on, and say that they lean on this one.
    pub explained: Vec<String>,
    /// The others that fail with it on.
    pub collateral: Vec<String>,
}

#[cfg(feature = "zoo")]
impl From<&crate::suite::zoo::Catch> for Detection {
    fn from(caught: &crate::suite::zoo::Catch) -> Self {
        let (breach, requirement) = caught.breach.names();
        Self {
            breach: breach.to_owned(),
            requirement: requirement.to_owned(),
            cases: caught.cases,
            found_by: caught.found_by.clone(),
            explained: caught.explained.clone(),
            collateral: caught.collateral.clone(),
        }
    }
}

/// Something that has to hold of the suite itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gate {
    /// Its name.
    pub id: String,
    /// What has to hold.
    pub what: String,
    /// Whether it does; nothing if this campaign does not tell.
    pub holds: Option<bool>,
    /// What keeps it from holding.
    pub missing: Vec<String>,
}
