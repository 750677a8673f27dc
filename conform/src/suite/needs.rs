//! What the cases need of an implementation somewhere else.
//!
//! A case does not say what it needs: the tester notes what it uses. So nobody can forget to say it, and what a report counts as needing nothing but an
//! address needs nothing else. Only cases that never run in memory say themselves what no run shows.

use super::campaign::{Campaign, Record};
use super::case::{Case, Need};
use super::verdict::Verdict;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a case needs, seen in a run of all cases on the machines in memory; the first call makes that run.
pub fn of(case: &Case) -> Need {
    static SEEN: OnceLock<BTreeMap<String, Need>> = OnceLock::new();
    let seen = SEEN.get_or_init(|| {
        let remote = Campaign { cases: Campaign::all().cases.into_iter().filter(|case| case.is_remote).collect() };
        remote.in_memory(None).into_iter().map(|record| (record.case, record.need)).collect()
    });
    seen.get(&case.name).copied().unwrap_or_default().max(case.need)
}

/// What a case needs by the records of its runs. One that ran to its end used all that it needs; where none did, a run in memory tells.
pub fn by(case: &Case, records: &[&Record]) -> Need {
    let passed: Vec<Need> = records.iter().filter(|record| record.verdict == Verdict::Pass).map(|record| record.need).collect();
    let most = passed.iter().copied().max().unwrap_or_default().max(case.need);
    if passed.is_empty() && case.is_in_memory { of(case) } else { most }
}
