//! What a fleet is given is what the simulated world has.

use super::{Cast, Lines, Log, Note, Reporter};
use crate::faults::Lives;
use hypermesh_core::base::{NodeId, Span};
use hypermesh_core::node::Content;
use hypermesh_scenarios::Overrides;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{Plan, StoqKind};
use hypermesh_scenarios::trace::{Mode, Trace};

const SMALL: &str = "
version: 1
name: small
about: three tiers
seed: 3
time: {warmup: 1s, stop: 4s}
network: {paths: {uniform: 20ms}, cities: 4, access: {fibre: 100%}, loss: 5%}
groups:
  origin: {role: stoq-origin, count: 1}
  edge: {role: stoq-edge, count: 2}
  client: {role: stoq-client, count: 3}
workload:
  - requests: {from: client, at: 1s, rate: 2/s, for: 1s, objects: {items: 2, size: 1KiB, spread: 0}}
";

fn plan() -> Plan {
    let loaded = hypermesh_scenarios::load_text("small", SMALL, &Overrides::default());
    let loaded = loaded.unwrap_or_else(|report| panic!("{}", report.render(false)));
    hypermesh_scenarios::plan_and_warnings(&loaded).unwrap_or_else(|report| panic!("{}", report.render(false))).0
}

fn count(trace: &Trace, id: Id) -> u64 {
    trace.metrics.counters.get(&id).map_or(0, |counter| counter.by_bin.iter().sum())
}

#[test]
fn every_node_has_somebody_above_it_but_the_origin() {
    let cast = Cast::new(&plan()).expect("the plan is of layer 1");
    assert_eq!(cast.actors.len(), 6);
    for actor in &cast.actors {
        assert_eq!(actor.above.is_empty(), actor.kind == StoqKind::Origin, "{actor:?}");
        assert_eq!(actor.node.cache.is_some(), actor.kind == StoqKind::Edge);
    }
    assert_eq!(cast.catalogue.objects().len(), 2);
}

#[test]
fn notes_become_the_trace_of_a_run_in_which_every_datagram_is_accounted_for() {
    let plan = plan();
    let lives = Lives::new(&plan);
    let (reporter, notes) = Reporter::new();
    let mut lines = Lines::new(&plan, reporter.clone());
    for n in 0..2_000 {
        let (sending, at) = lines.send(n * 1_000_000, NodeId(0), NodeId(1), 1_200);
        if let [Some(at), _] = at
            && n < 1_900
        {
            assert!(at >= n * 1_000_000 + 20_000_000, "nothing is faster than its path");
            lines.arrive(at, sending);
            lines.handed(at, sending);
        }
    }
    reporter.tell(Note::Content { at: 2_000_000_000, node: NodeId(4), content: Content::Fetched { took: Span::millis(80), bytes: 1_024 } });
    reporter.tell(Note::Content { at: 2_000_000_000, node: NodeId(5), content: Content::Wrong });
    drop((lines, reporter));
    let mut log = Log::new(&plan, &lives).expect("the plan is of layer 1");
    notes.iter().for_each(|note| log.take(note));
    let trace = log.finish(plan.stop.0, 1, 1, None);
    assert_eq!((trace.mode, trace.mode.word()), (Mode::Socket, "measured"));
    assert_eq!(count(&trace, Id::NetSent), 2_000);
    let (lost, came) = (count(&trace, Id::NetLost), count(&trace, Id::NetDelivered));
    assert!((60..=140).contains(&lost) && came + lost <= 2_000, "{lost} lost, {came} came");
    assert_eq!((count(&trace, Id::FetchDone), count(&trace, Id::FetchBytes)), (1, 1_024));
    assert_eq!(trace.violations.len(), 1, "a wrong byte is found and nothing else: {:?}", trace.violations);
    assert_eq!(trace.violations[0].invariant, Id::BrokenContent);
}
