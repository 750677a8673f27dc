//! Properties of plans over random scenarios.

use super::super::placement::Weights;
use super::{check_lives, of_kind, plan_of};
use proptest::prelude::*;

/// A fault that stops nodes, as YAML.
fn fault() -> impl Strategy<Value = String> {
    let at = 1u32..50;
    prop_oneof![
        (at.clone(), 0u32..120, proptest::option::of(1u32..20)).prop_map(|(at, nodes, lasts)| {
            let lasts = lasts.map(|lasts| format!(", for: {lasts}s")).unwrap_or_default();
            format!("{{crash: {{at: {at}s, nodes: {nodes}{lasts}}}}}")
        }),
        (at.clone(), 0u32..=100).prop_map(|(at, share)| format!("{{restart: {{at: {at}s, nodes: {share}%}}}}")),
        (at.clone(), 1u32..10, 1u32..40, proptest::option::of(1u32..10), 0u32..=100).prop_map(|(at, lasts, rate, downtime, leave)| {
            let downtime = downtime.map(|downtime| format!(", downtime: {downtime}s")).unwrap_or_default();
            format!("{{churn: {{at: {at}s, for: {lasts}s, rate: {rate}%/s, leave: {leave}%{downtime}}}}}")
        }),
        (at.clone(), 1u32..10).prop_map(|(at, lasts)| format!("{{region_loss: {{at: {at}s, for: {lasts}s, region: zone-2}}}}")),
        (at.clone(), 1u32..10, 0u32..=100)
            .prop_map(|(at, lasts, share)| format!("{{pause: {{at: {at}s, for: {lasts}s, nodes: {share}%}}}}")),
        (at, 1u32..10).prop_map(|(at, lasts)| format!("{{clock_skew: {{at: {at}s, for: {lasts}s, max: 5ms, drift: 30ppm}}}}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn no_faults_together_stop_the_dead_or_start_the_living(faults in proptest::collection::vec(fault(), 0..7), over in 0u32..30) {
        let sections = format!("network: {{cities: 20, paths: {{uniform: 5ms}}}}\ngroups: {{peer: {{role: hypermesh-peer, count: 120, join: {{over: {over}s}}}}}}\n\
                                time: {{stop: 60s}}\nworkload: [{{broadcast: {{from: peer, every: 2s}}}}]\nfaults: [{}]\n", faults.join(", "));
        let text = format!("version: 1\nname: test\n{sections}");
        let plan = super::plan(&text);
        check_lives(&plan);
        prop_assert_eq!(&super::plan(&text).faults, &plan.faults, "the same scenario gives the same faults");
        prop_assert!(plan.workload.broadcasts.iter().all(|shot| shot.origin.0 < 120));
    }

    #[test]
    fn a_crash_alone_hits_its_count(nodes in 0u32..200) {
        let plan = plan_of(200, &format!("time: {{stop: 60s}}\nfaults: [{{crash: {{at: 9s, nodes: {nodes}}}}}]"));
        prop_assert_eq!(of_kind(&plan, "crash").len(), nodes as usize);
    }

    #[test]
    fn a_weighted_pick_is_the_one_that_the_sums_mean(weights in proptest::collection::vec(0u64..1_000, 1..50), bits in any::<u64>()) {
        let table = Weights::new(weights.clone());
        let weights = if weights.iter().all(|weight| *weight == 0) { vec![1; weights.len()] } else { weights };
        let target = ((u128::from(bits) * u128::from(weights.iter().sum::<u64>())) >> 64) as u64;
        let mut sum = 0;
        let slow = weights.iter().position(|weight| { sum += weight; sum > target });
        prop_assert_eq!(Some(table.pick(bits)), slow);
        prop_assert!(weights[table.pick(bits)] > 0);
    }
}
