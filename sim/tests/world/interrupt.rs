//! A run that ends early leaves what it had, and says so; one that breaks says why, and nobody waits for ever.

use crate::common::drawn::{expect, gossip, ms, pair, peers, plan, shot, tokens};
use crate::common::questions::{assert_sound, total};
use crate::common::sender::{Script, order, run_script};
use crate::common::{can, on};
use hypermesh_core::hypermesh::mesh::token;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::{Plan, Role};
use hypermesh_scenarios::trace::{Outcome, Trace};
use hypermesh_sim::{Error, Host, Options, Silent};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Runs a plan that would take hours, and raises the wish to stop after a while.
fn stopped(plan: &Plan, threads: usize, after: Duration) -> Trace {
    let mut plan = plan.clone();
    plan.stop = ms(100_000_000);
    plan.observe.every = hypermesh_core::base::Span::secs(1_000);
    plan.expect = vec![
        expect(Level::Must, "net.delivered > 1000000000000", &plan),
        expect(Level::Eventually, "net.sent < 0", &plan),
        expect(Level::Always, "messages_conserved", &plan),
    ];
    let options = on(threads, Host::Engine);
    let stop = options.stop.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(after);
            stop.store(true, Ordering::Relaxed);
        });
        hypermesh_sim::run(&plan, &options, &Silent).expect("a partial trace")
    })
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_had() {
    for threads in [1, 3] {
        let trace = stopped(&tokens(100), threads, Duration::from_millis(150));
        assert_sound(&trace);
        let why = trace.run.partial.as_deref().expect("it says that it is partial");
        assert!(why.contains("stopped at") && why.contains("100000.0"), "{why}");
        assert!(trace.run.virtual_end > ms(0) && trace.run.virtual_end < ms(100_000_000), "{}", trace.run.virtual_end);
        assert!(trace.run.messages > 1_000);
        assert_eq!(trace.metrics.edges.last(), Some(&trace.run.virtual_end), "the last bin ends where the run did");
        assert_eq!(trace.metrics.counters[&Id::NetSent].by_bin.len(), trace.metrics.edges.len() - 1);
        // Every token is under way somewhere: what was sent is accounted for to the last one.
        assert_eq!(total(&trace, Id::NetSent) - total(&trace, Id::NetDelivered), 100);
        let outcomes: Vec<Outcome> = trace.verdicts.iter().map(|verdict| verdict.outcome).collect();
        assert_eq!(outcomes[..2], [Outcome::Unknown, Outcome::Unknown], "{:?}", trace.verdicts);
        assert!(trace.verdicts.iter().all(|verdict| !hypermesh_scenarios::expect::fails(verdict, true)), "{:?}", trace.verdicts);
    }
}

#[test]
fn a_stopped_run_of_peers_conserves_messages_too() {
    assert_sound(&stopped(&peers(40), 2, Duration::from_millis(120)));
}

#[test]
fn a_run_that_is_stopped_before_it_begins_still_leaves_a_trace() {
    for threads in [1, 2, 8] {
        let mut plan = tokens(2_000);
        plan.stop = ms(100_000_000);
        let options = on(threads, Host::Engine);
        options.stop.store(true, Ordering::Relaxed);
        let trace = hypermesh_sim::run(&plan, &options, &Silent).expect("a partial trace");
        assert!(trace.run.partial.is_some());
        assert_sound(&trace);
    }
}

#[test]
fn a_wish_to_stop_that_comes_after_the_end_is_too_late() {
    let options = on(1, Host::Engine);
    options.stop.store(true, Ordering::Relaxed);
    let mut plan = gossip(2);
    (plan.stop, plan.workload.broadcasts) = (ms(1), vec![shot(0, 0)]);
    let traces: Vec<Trace> = (0..20).map(|_| hypermesh_sim::run(&plan, &options, &Silent).expect("a trace")).collect();
    for trace in traces {
        assert!(trace.run.partial.is_none() || trace.run.virtual_end < plan.stop, "{:?} at {}", trace.run.partial, trace.run.virtual_end);
    }
}

#[test]
fn a_node_that_panics_ends_the_run_on_any_threads_and_host() {
    let mut world = plan(Role::Token(token::Config { population: 24 }), 24);
    world.stop = ms(100_000_000);
    let orders = (0..24).map(neighbour).collect::<Vec<_>>();
    for (threads, host) in
        [(1, Host::Engine), (2, Host::Engine), (3, Host::Engine), (8, Host::Engine), (1, Host::Madsim), (3, Host::Madsim)]
    {
        let script = Arc::new(Script { orders: orders.clone(), panics: Some((5, 40)), ..Script::default() });
        if can(host) {
            match run_script(&world, &script, &on(threads, host)) {
                Err(Error::Panicked(message)) => assert!(message.contains("this node was told to panic"), "{message}"),
                other => panic!("{threads} threads of {host:?} gave {:?}", other.map(|trace| trace.run)),
            }
        }
    }
}

/// A neighbour's thousand datagrams.
const fn neighbour(node: u32) -> crate::common::sender::Order {
    order(node, (node + 1) % 24, 1_000)
}

#[test]
fn a_plan_that_cannot_run_is_refused_with_a_reason() {
    let refused = |plan: &Plan| match hypermesh_sim::run(plan, &Options::default(), &Silent) {
        Err(Error::BadPlan(reason)) => reason,
        other => panic!("{:?}", other.map(|trace| trace.run)),
    };
    let mut nobody = pair();
    nobody.groups.clear();
    assert!(refused(&nobody).contains("no nodes"));
    let mut instant = pair();
    instant.network.one_way_ns[1] = 0;
    assert!(refused(&instant).contains("takes no time"));
    let mut mixed = pair();
    mixed.groups.push(gossip(1).groups.remove(0));
    assert!(refused(&mixed).contains("same protocol"));
    let mut homeless = pair();
    homeless.nodes.place.pop();
    assert!(refused(&homeless).contains("no place"));
}
