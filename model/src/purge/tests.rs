//! The world within small bounds.

use super::*;

#[test]
fn no_history_gives_what_an_acknowledged_purge_covers() {
    for report in explore(Size::Small, Effort::default(), Seed::NONE) {
        assert!(report.whole && report.broken().is_empty(), "{report}");
        assert!(report.unique > 20, "{report}");
    }
}

#[test]
fn a_cache_that_forgets_a_purge_is_found_with_the_way_there() {
    let effort = Effort { first_failure: true, ..Effort::default() };
    let reports = explore(Size::Small, effort, Seed::defect(Defect::ForgetPurge));
    let way = reports.iter().find_map(|report| report.way(NOT_OLDER)).expect("it is found");
    assert!(way.iter().any(|step| step.contains("Purged reaches the origin")), "{way:#?}");
    assert!(way.last().is_some_and(|step| step.starts_with("the client asks (purges up to version 1")), "{way:#?}");
}
