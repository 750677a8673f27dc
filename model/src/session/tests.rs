//! The pair within small bounds.

use super::*;

#[test]
fn two_sessions_keep_their_promises_in_every_history() {
    for report in explore(Size::Small, Effort::default(), Seed::NONE) {
        assert!(report.whole && report.broken().is_empty(), "{report}");
        assert!(report.unique > 400, "{report}");
    }
}
