//! What a run of layer 1 remembers of deliveries adds up to what happened.

use crate::common::questions::total;
use crate::common::shipped::small;
use crate::common::{run, run_on};
use hypermesh_core::node::Level;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{Plan, Role, StoqKind};
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::{Options, Silent};

/// A fifth of the load.
const SHORT: [(&str, &str); 2] = [("time.stop", "20s"), ("workload.0.requests.for", "10s")];

const LAYERS: [Id; 5] = [Id::BytesContent, Id::BytesFrames, Id::BytesAgain, Id::BytesQuic, Id::BytesHeaders];

fn layers(trace: &Trace) -> u64 {
    LAYERS.map(|id| total(trace, id)).iter().sum()
}

fn is_client(plan: &Plan, group: u16) -> bool {
    matches!(&plan.groups[usize::from(group)].role, Role::Stoq(stoq) if stoq.kind == StoqKind::Client)
}

#[test]
fn the_layers_of_bytes_are_all_bytes_on_the_wires() {
    // Enough loss that something is sent again.
    let plan = small("stoq/first-fetch", 30, &[SHORT[0], SHORT[1], ("network.loss", "2%")]);
    let trace = run(&plan);
    assert_eq!(layers(&trace), total(&trace, Id::NetBytes));
    assert!(LAYERS.iter().all(|id| total(&trace, *id) > 0), "each layer has bytes");
    let came: u64 = trace.routes.iter().map(|row| row.bytes).sum();
    let sent = total(&trace, Id::BytesContent);
    // What is sent on a stream that its reader gives up does not come whole.
    assert!(came <= sent && sent <= came + came / 5, "{came} bytes of contents came, {sent} were sent");
}

#[test]
fn with_real_quic_they_are_too() {
    let plan = small("stoq/first-fetch", 10, &SHORT);
    let options = Options { packets: true, threads: 1, ..Options::default() };
    let trace = hypermesh_sim::run(&plan, &options, &Silent).expect("it runs");
    let (layers, wires) = (layers(&trace), total(&trace, Id::NetBytes));
    // QUIC takes bytes before it sends them, so a little may be counted that was not sent at the end.
    assert!(layers.abs_diff(wires) <= wires / 1000, "{layers} and {wires}");
}

#[test]
fn what_was_served_by_level_is_what_the_counters_say() {
    let trace = run(&small("stoq/region-loss", 40, &[("workload.0.requests.for", "20s")]));
    let served = |level: Level| trace.serving.iter().filter(|row| row.level == level).map(|row| row.count).sum::<u64>();
    for (level, id) in [
        (Level::Memory, Id::ServedMemory),
        (Level::Disk, Id::ServedDisk),
        (Level::Upstream, Id::ServedUpstream),
        (Level::Store, Id::ServedStore),
    ] {
        assert_eq!(served(level), total(&trace, id), "{level:?}");
    }
    let bytes: u64 = trace.serving.iter().filter(|row| !row.named).map(|row| row.bytes).sum();
    assert_eq!(bytes, total(&trace, Id::ServedCacheBytes) + total(&trace, Id::ServedOriginBytes));
    assert!(served(Level::Memory) > 0 && served(Level::Store) > 0);
}

#[test]
fn routes_hold_every_connection_and_every_object() {
    let plan = small("stoq/region-loss", 40, &[("workload.0.requests.for", "20s")]);
    let trace = run(&plan);
    assert_eq!(trace.routes.iter().map(|row| row.connections).sum::<u64>(), total(&trace, Id::Connected));
    let taken: u64 = trace.routes.iter().filter(|row| is_client(&plan, row.group)).map(|row| row.bytes).sum();
    assert!(taken >= total(&trace, Id::FetchBytes), "manifests come on top of the bytes of objects");
    assert!(trace.routes.iter().all(|row| !is_client(&plan, row.to_group)), "nobody takes anything from a client");
}

#[test]
fn the_stages_of_fetches_add_up_to_the_whole() {
    let trace = run(&small("stoq/first-fetch", 40, &SHORT));
    let sum = |id: Id| {
        let bins = trace.metrics.samples[&id].by_bin.iter();
        bins.map(|bin| (bin.len(), bin.mean() * bin.len() as f64)).fold((0, 0.0), |all, bin| (all.0 + bin.0, all.1 + bin.1))
    };
    let stages = [Id::FetchConnect, Id::FetchLookup, Id::FetchFirst, Id::FetchRest].map(sum);
    let (count, whole) = sum(Id::FetchLatency);
    assert!(count > 0 && stages.iter().all(|stage| stage.0 == count), "each fetch has each stage once");
    let parts: f64 = stages.iter().map(|stage| stage.1).sum();
    assert!((parts / whole - 1.0).abs() < 0.01, "{parts} ns in stages, {whole} ns in all");
}

#[test]
fn threads_do_not_change_what_is_remembered() {
    let plan = small("stoq/flash-crowd", 30, &[]);
    let (one, three) = (run_on(&plan, 1), run_on(&plan, 3));
    assert!(!one.routes.is_empty() && !one.serving.is_empty());
    assert_eq!((one.serving, one.routes), (three.serving, three.routes));
}
