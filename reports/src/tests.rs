//! The small parts: numbers for people, distributions, statistics, the model of push gossip.

use crate::diff::stats::{t_quantile, welch};
use crate::dist::{Bucket, Dist};
use crate::numbers::{bytes, count, exact, moment, percent, sig4, time, with_unit};
use crate::plots::analytic::PushGossip;
use proptest::prelude::*;

#[test]
fn numbers_have_four_significant_digits() {
    for (value, want) in [
        (0.0, "0"),
        (1.0, "1"),
        (0.123456, "0.1235"),
        (9.9996, "10"),
        (1234.56, "1,235"),
        (123456.0, "123,500"),
        (-12.3456, "-12.35"),
        (0.000012344, "0.00001234"),
        (f64::NAN, "n/a"),
    ] {
        assert_eq!(sig4(value), want);
    }
}

#[test]
fn units_fit_the_value() {
    for (text, want) in [
        (count(9999.0), "9,999"),
        (count(12345.0), "12.35 k"),
        (count(1.2345e6), "1.234 M"),
        (count(7e9), "7 G"),
        (time(0.0), "0 s"),
        (time(512.0), "512 ns"),
        (time(40_000_000.0), "40 ms"),
        (time(1.5e9), "1.5 s"),
        (time(180e9), "3 min"),
        (moment(45_310_000_000), "45.31 s"),
        (moment(60_000_000_000), "60 s"),
        (bytes(371.0), "371 B"),
        (bytes(2_900_000_000.0), "2.701 GiB"),
        (exact(1_000_000), "1,000,000"),
        (exact(12), "12"),
        (with_unit("millionths", 2_500_000.0), "250 %"),
        (with_unit("millionths", 999_999.0), "99.9999 %"),
    ] {
        assert_eq!(text, want);
    }
}

#[test]
fn a_share_is_never_rounded_to_all_or_nothing() {
    assert_eq!(percent(1.0), "100 %");
    assert_eq!(percent(0.0), "0 %");
    assert_eq!(percent(0.999_999_6), "99.99996 %");
    assert_eq!(percent(0.000_001), "0.0001 %");
    assert_eq!(percent(0.123_456), "12.35 %");
}

proptest! {
    #[test]
    fn four_digits_are_within_their_error(value in -1e15f64..1e15) {
        let text = sig4(value).replace(',', "");
        let read: f64 = text.parse().unwrap();
        prop_assert!((read - value).abs() <= value.abs() * 0.000_5 + 1e-12, "{} {}", text, value);
    }

    #[test]
    fn quantiles_grow_and_stay_within_the_values(values in prop::collection::vec((0u64..1_000_000, 1u64..100), 1..50)) {
        let buckets = values.iter().map(|&(low, count)| Bucket { low, high: low + 3, count }).collect();
        let dist = Dist::gather(buckets);
        prop_assert_eq!(dist.count(), values.iter().map(|pair| pair.1).sum::<u64>());
        let quantiles: Vec<_> = (0..=100).map(|q| dist.quantile(f64::from(q) / 100.0).unwrap()).collect();
        prop_assert!(quantiles.is_sorted());
        prop_assert_eq!(quantiles.last().copied(), dist.max());
        prop_assert!(dist.min().unwrap() <= quantiles[0]);
        let halves = Dist::merge([&dist, &dist]);
        prop_assert_eq!(halves.quantile(0.5), dist.quantile(0.5));
    }
}

#[test]
fn quantiles_of_the_t_distribution_are_those_of_the_tables() {
    for (p, freedom, want) in
        [(0.975, 1.0, 12.7062), (0.975, 4.0, 2.7764), (0.975, 10.0, 2.2281), (0.95, 30.0, 1.6973), (0.975, 1000.0, 1.9623)]
    {
        let got = t_quantile(p, freedom);
        assert!((got - want).abs() < 1e-3, "{p} {freedom}: {got}");
    }
}

#[test]
fn welch_compares_samples_of_unequal_variance() {
    let (a, b) = ([27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0]);
    let compared = welch(&a, &b, 0.95);
    assert!((compared.difference - 2.5).abs() < 1e-9, "{compared:?}");
    // The same from SciPy 1's ttest_ind with unequal variances.
    let (low, high) = compared.interval.unwrap();
    assert!((low + 1.696_094_052).abs() < 1e-8 && (high - 6.696_094_052).abs() < 1e-8, "{low} {high}");
    assert!((compared.effect.unwrap() - 0.777_697_379).abs() < 1e-8, "{compared:?}");
    assert_eq!(welch(&[1.0], &[2.0], 0.95).interval, None);
    assert_eq!(welch(&[1.0, 1.0], &[2.0, 2.0], 0.95).interval, Some((1.0, 1.0)));
}

/// Push gossip played out with independent delays, as the model supposes: the share informed at each of the times.
fn played(nodes: usize, fanout: usize, arrives: f64, times: &[u64]) -> Vec<f64> {
    let mut state = 88_172_645_463_325_252u64;
    let mut unit = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut informed = vec![u64::MAX; nodes];
    let mut due = std::collections::BinaryHeap::from([(std::cmp::Reverse(0u64), 0usize)]);
    while let Some((std::cmp::Reverse(at), node)) = due.pop() {
        if informed[node] != u64::MAX {
            continue;
        }
        informed[node] = at;
        for _ in 0..fanout {
            if unit() < arrives {
                let delay = 10_000_000 + (unit() * 90e6) as u64;
                due.push((std::cmp::Reverse(at + delay), (unit() * nodes as f64) as usize));
            }
        }
    }
    times.iter().map(|time| informed.iter().filter(|at| *at <= time).count() as f64 / nodes as f64).collect()
}

#[test]
fn the_model_of_push_gossip_is_what_independent_gossip_does() {
    let delays =
        Dist::gather((0..900).map(|k| Bucket { low: 10_000_000 + k * 100_000, high: 10_099_999 + k * 100_000, count: 10 }).collect());
    let curve = PushGossip { nodes: 50_000, fanout: 8, arrives: 0.95, delays: &delays }.curve(400_000_000);
    let times: Vec<u64> = curve.iter().map(|point| point.0).collect();
    let gap = played(50_000, 8, 0.95, &times).iter().zip(&curve).map(|(played, (_, model))| (played - model).abs()).fold(0.0, f64::max);
    // The first few hops are few events, so one play runs a little ahead of or behind the mean.
    assert!(gap < 0.06, "{gap}");
    let last = curve.last().unwrap().1;
    assert!((last - (1.0 - (-8.0 * 0.95 * last).exp())).abs() < 1e-4, "the end solves the equation of the final size: {last}");
}

#[test]
fn the_model_without_any_datagram_stays_with_its_origin() {
    let delays = Dist::gather(vec![Bucket { low: 5, high: 5, count: 1 }]);
    let curve = PushGossip { nodes: 1000, fanout: 8, arrives: 0.0, delays: &delays }.curve(1000);
    assert!((curve.last().unwrap().1 - 0.001).abs() < 1e-9);
}
