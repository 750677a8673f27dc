//! What a campaign amounts to, in the forms in which people and programs read it.
//!
//! ```text
//! Evidence: registry, cases, records of each tier, breaches that were found
//!     └─▶ Summary ──┬─▶ JSON, by a published schema
//!                   ├─▶ JUnit XML
//!                   ├─▶ PICS: CSV, JSON, rows in the order of Annex A
//!                   └─▶ one HTML page: matrix, evidence, detection matrix, PICS, test report, limits
//! ```
//! Everything here is a function of its inputs: no clock is read and no name of a machine, so that two campaigns with the same verdicts give the same octets.

mod count;
mod gates;
mod html;
mod junit;
mod pics;
mod schema;
mod summary;
#[cfg(test)]
mod tests;
mod words;

pub use html::page;
pub use junit::document as junit;
pub use pics::{Item, Support, csv, items};
pub use schema::schema;
pub use summary::{CaseRow, ClauseRow, Detection, Disagreement, Gate, NeedRow, RequirementRow, Standing, Summary, Tally, Tested};
pub use words::{LIMITS, tier_name};

use super::campaign::Record;
use super::case::{Case, Polarity};
use super::verdict::ensure;
use crate::registry::{Registry, Tier};

/// What a report is made of. Nothing else goes in.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// All requirements.
    pub registry: &'a Registry,
    /// Every case of the suite, chosen or not: the denominator does not shrink with the choice.
    pub cases: &'a [Case],
    /// What was run, with what was tested there. Each tier stands in it once.
    pub tiers: &'a [Ran],
    /// What came of each breach, if they were planted.
    pub detections: Option<&'a [Detection]>,
}

/// What came of one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Which.
    pub tier: Tier,
    /// What was tested, for people: `the machines of this build`, or an address.
    pub implementation: String,
    /// What follows `hypermesh conform` in a command that runs the same again; empty for the machines in memory.
    pub options: String,
    /// The records, in the order of the cases.
    pub records: Vec<Record>,
}

/// The name of the canary.
pub const CANARY: &str = "R-6-01/canary";

/// A case whose expectation is wrong on purpose: that a token comes back with its octets reversed. It stands for every case that could be wrong, and a
/// report that does not show it as failed shows nothing.
pub fn canary() -> Case {
    use hypermesh_core::stoq::session::frame::Frame;
    Case::wire(CANARY, Polarity::Valid, super::Subject::Origin, |t| {
        let line = t.session()?;
        let token = 0x0102_0304_0506_0708_u64;
        t.datagram(line, &super::octets::frame(0x02, &token.to_be_bytes()))?;
        let frames = t.expect_datagram(line)?;
        let wrong = token.swap_bytes();
        let came = matches!(frames[..], [Frame::Pong { token, .. }] if token == wrong);
        ensure(came, || format!("a Ping of {token:#x} was answered with {frames:?}, and this case, wrong on purpose, wants {wrong:#x}"))
    })
}

impl Evidence<'_> {
    /// The sum of it.
    pub fn summary(&self) -> Summary {
        count::summary(self)
    }

    /// The record of a case in a tier.
    fn record(&self, tier: Tier, case: &str) -> Option<&Record> {
        self.tiers.iter().find(|ran| ran.tier == tier)?.records.iter().find(|record| record.case == case)
    }
}

/// Whether a case has a place in a tier.
fn belongs(case: &Case, tier: Tier) -> bool {
    match tier {
        Tier::Core => case.is_in_memory,
        Tier::Simulated => case.is_simulated(),
        Tier::Remote => case.is_remote,
        Tier::Inspection => false,
    }
}
