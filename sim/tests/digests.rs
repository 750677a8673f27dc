//! Same plan, same answer: on any number of threads, on either host, in any build, on any machine. Not only the digest, every metric.

mod common;

use common::chance::small_plan;
use common::drawn::{eventful, gossip, peers, tokens};
use common::questions::difference;
use common::{WAYS, can, golden, on, run};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::Silent;
use hypermesh_sim::monitors::Monitor;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::cell::RefCell;

/// Runs a plan in every way and compares all of each trace; the trace.
fn one_answer(plan: &Plan) -> Result<Trace, String> {
    let mut first: Option<Trace> = None;
    for (threads, host) in WAYS.into_iter().filter(|(_, host)| can(*host)) {
        let trace = hypermesh_sim::run(plan, &on(threads, host), &Silent).map_err(|error| error.to_string())?;
        match &first {
            None => first = Some(trace),
            Some(first) => {
                if let Some(what) = difference(first, &trace) {
                    return Err(format!("{} on {threads} threads of {host:?} differs in {what}", plan.name));
                }
            }
        }
    }
    first.ok_or_else(|| "there is no way to run".into())
}

/// The same, against what is written.
fn written_answer(name: &str, plan: &Plan) -> Trace {
    let trace = one_answer(plan).expect("one answer");
    assert!(trace.violations.is_empty(), "{name}: {:#?}", trace.violations);
    golden::hold(name, &trace.run.digest);
    trace
}

#[test]
fn tokens_give_one_answer() {
    written_answer("plan/tokens", &tokens(200));
    written_answer("plan/tokens-eventful", &eventful(tokens(200)));
}

#[test]
fn gossip_gives_one_answer() {
    written_answer("plan/gossip", &gossip(300));
    written_answer("plan/gossip-eventful", &eventful(gossip(300)));
}

#[test]
fn peers_give_one_answer() {
    written_answer("plan/peers", &peers(60));
    written_answer("plan/peers-eventful", &eventful(peers(60)));
}

#[test]
fn the_same_run_again_gives_the_same_answer() {
    for plan in [eventful(tokens(60)), eventful(gossip(60)), eventful(peers(30))] {
        assert_eq!(difference(&run(&plan), &run(&plan)), None);
    }
}

#[test]
fn another_seed_gives_another_answer() {
    for make in [tokens, gossip, peers] {
        let digests = [1, 2, 3].map(|seed| run(&Plan { seed, ..make(40) }).run.digest);
        assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2], "{digests:?}");
    }
}

/// Ten small plans, the tens apart by the seed of what draws them. `PLANS` draws so many instead, and then nothing is written about their answers.
fn ten_small_plans(seed: u64) {
    let wanted = std::env::var("PLANS").ok().and_then(|text| text.parse().ok());
    let cases = wanted.unwrap_or(10);
    let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let digests = RefCell::new(blake3::Hasher::new());
    let outcome = TestRunner::new(config).run(&small_plan(), |plan| {
        let trace = one_answer(&plan).map_err(TestCaseError::fail)?;
        prop_assert!(trace.violations.is_empty(), "{:?}", trace.violations);
        digests.borrow_mut().update(trace.run.digest.as_bytes());
        Ok(())
    });
    if let Err(TestError::Fail(reason, plan)) = &outcome {
        panic!("{reason}\nof the smallest plan found\n{plan:?}");
    }
    outcome.expect("a strategy that gives up no case");
    if wanted.is_none() {
        golden::hold(&format!("plan/ten-small-{seed}"), &digests.into_inner().finalize().to_hex());
    }
}

#[test]
fn the_first_ten_small_plans_give_one_answer_each() {
    ten_small_plans(1);
}

#[test]
fn the_second_ten_small_plans_give_one_answer_each() {
    ten_small_plans(2);
}

#[test]
fn the_third_ten_small_plans_give_one_answer_each() {
    ten_small_plans(3);
}

#[test]
fn the_fourth_ten_small_plans_give_one_answer_each() {
    ten_small_plans(4);
}

#[test]
fn the_fifth_ten_small_plans_give_one_answer_each() {
    ten_small_plans(5);
}

/// In which shipped scenarios, made small, the rarer monitors fire: each of them in one at least. All others fire in `stoq/first-fetch`.
const WHERE: [(&str, &[Monitor]); 5] = {
    use Monitor::*;
    [
        ("stoq/poisoned-edge", &[WrongIsDropped]),
        ("stoq/replica-repair", &[AcksAreTrue]),
        ("stoq/cert-rotation", &[RevokedIsRefused, ExpiredIsRefused, JudgedBeforeServed]),
        ("stoq/adversaries", &[AgreeInTime, OldIsRefused, NoVainRetry]),
        (
            "stoq/purge-race",
            &[
                StallsEnd,
                SameIsSame,
                WantsWhatIsLacking,
                PurgesInTime,
                PurgesHold,
                LeaseLasts,
                PurgesReachAll,
                DoubtIsTold,
                LeaseNoLonger,
                LeaseForCaches,
                SilentGoes,
            ],
        ),
    ]
};

/// The monitors that have to fire in a scenario did.
fn fired(name: &str, trace: &Trace) {
    let rare = |monitor: &Monitor| WHERE.iter().any(|(_, few)| few.contains(monitor));
    let here = |monitor: &&Monitor| match WHERE.iter().find(|(known, _)| *known == name) {
        Some((_, few)) => few.contains(monitor),
        None => name == "stoq/first-fetch" && !rare(monitor),
    };
    for monitor in Monitor::ALL.iter().filter(here) {
        assert!(trace.monitors[*monitor as usize].fired > 0, "{monitor:?} ({}) did not fire in {name}", monitor.requirement());
    }
}

/// A shipped scenario with so many nodes; `SCENARIO_PEERS` says how many else, and then nothing is written about the answer.
fn shipped(name: &str, peers: u32) {
    match std::env::var("SCENARIO_PEERS").ok().and_then(|text| text.parse().ok()) {
        None => {
            let trace = written_answer(&format!("scenario/{name}"), &common::shipped::small(name, peers, &[]));
            fired(name, &trace);
        }
        Some(peers) => {
            let trace = one_answer(&common::shipped::small(name, peers, &[])).expect("one answer");
            assert!(trace.violations.is_empty(), "{name}: {:#?}", trace.violations);
            println!("{name}: {} nodes, {} messages, digest {}", trace.run.nodes, trace.run.messages, trace.run.digest);
        }
    }
}

/// One test for each shipped scenario, and one that none is forgotten.
macro_rules! shipped {
    ($($test:ident $name:literal $($peers:literal)?;)*) => {
        $(#[test] fn $test() { shipped($name, [50 $(, $peers)?].into_iter().min().unwrap_or(50)); })*

        #[test]
        fn every_shipped_scenario_has_a_digest() {
            let mut known = vec![$($name),*];
            known.sort_unstable();
            assert_eq!(common::shipped::names(), known);
        }
    };
}

shipped! {
    the_first_broadcast_gives_one_answer "first/broadcast";
    a_first_fetch_gives_one_answer "stoq/first-fetch";
    a_flash_crowd_gives_one_answer "stoq/flash-crowd";
    a_lost_region_of_edges_gives_one_answer "stoq/region-loss";
    a_poisoned_edge_gives_one_answer "stoq/poisoned-edge";
    forty_gigabit_gives_one_answer "stoq/forty-gigabit";
    a_race_of_purges_gives_one_answer "stoq/purge-race" 20;
    failing_disks_give_one_answer "stoq/storage-faults" 20;
    rotating_certificates_give_one_answer "stoq/cert-rotation" 10;
    adversaries_give_one_answer "stoq/adversaries" 5;
    repaired_replicas_give_one_answer "stoq/replica-repair" 10;
    a_hundred_thousand_connections_give_one_answer "stoq/hundred-thousand-connections";
    a_long_path_gives_one_answer "calibrate/long-path";
    a_crowd_of_forty_gives_one_answer "calibrate/crowd-of-forty";
    two_percent_loss_give_one_answer "calibrate/two-percent-loss";
    churn_gives_one_answer "faults/churn";
    a_healed_partition_gives_one_answer "faults/partition-heal";
    a_lost_region_gives_one_answer "faults/region-loss";
    a_broadcast_among_a_million_gives_one_answer "scale/broadcast-1m";
    gossip_among_a_million_gives_one_answer "scale/gossip-1m";
    gossip_among_ten_million_gives_one_answer "scale/gossip-10m";
}
