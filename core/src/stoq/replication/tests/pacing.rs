//! How fast repair may go.

use super::super::Pacer;
use crate::base::{Span, Time};

#[test]
fn a_burst_passes_at_once_and_then_the_rate_holds() {
    let mut pacer = Pacer::new(1_000, 500);
    let now = Time::ZERO + Span::secs(5);
    assert_eq!(pacer.take(300, now), Ok(()));
    assert_eq!(pacer.take(200, now), Ok(()));
    assert_eq!(pacer.take(100, now), Err(now + Span::millis(100)));
    assert_eq!(pacer.take(100, now + Span::millis(99)), Err(now + Span::millis(100)));
    assert_eq!(pacer.take(100, now + Span::millis(100)), Ok(()));
}

#[test]
fn over_a_long_time_the_rate_is_kept_whatever_the_sizes() {
    let mut pacer = Pacer::new(1_000_000, 10_000);
    let (mut now, mut moved) = (Time::ZERO, 0);
    for i in 0u64..2_000 {
        let bytes = 1 + i * 7_919 % 20_000;
        while let Err(later) = pacer.take(bytes, now) {
            assert!(later > now, "asking again is never in vain at once");
            now = later;
        }
        moved += bytes;
    }
    let allowed = now.since(Time::ZERO).as_secs_f64() * 1e6;
    assert!(moved as f64 <= allowed + 10_000.0 + 20_000.0, "{moved} bytes where {allowed} are allowed");
    assert!(moved as f64 >= allowed * 0.99);
}

#[test]
fn what_is_larger_than_the_burst_passes_alone_and_is_paid_for() {
    let mut pacer = Pacer::new(100, 10);
    assert_eq!(pacer.take(1_000, Time::ZERO), Ok(()));
    assert_eq!(pacer.take(1, Time::ZERO), Err(Time::ZERO + Span::millis(9_910)));
}
