//! Processors: work takes the time that it costs, a core does one thing at a time, and cores add up.

use crate::common::on;
use crate::common::questions::total;
use crate::common::shipped::small;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::{Host, Options, Silent};

/// Bins of a tenth of a second from which on every queue is long, and until when.
const SATURATED: std::ops::Range<usize> = 5..10;
/// Bytes of contents in the UDP payload of a full packet.
const FRAMES: f64 = 1_418.0 / 1_452.0;

/// An edge whose cores do nothing but send, at so many seconds a gigabyte, with clients that want more than that.
fn crowd(cores: &str, clients: &str, send_gigabyte: &str, packets: bool) -> Trace {
    let set = [
        ("groups.edge.cpu.profile", "free"),
        ("groups.edge.cpu.cores", cores),
        ("groups.edge.cpu.send_gigabyte", send_gigabyte),
        ("groups.client.cpu.profile", "free"),
        ("groups.client.count", clients),
        ("time.stop", "1s"),
    ];
    let options = Options { packets, ..on(1, Host::Engine) };
    let trace = hypermesh_sim::run(&small("stoq/forty-gigabit", 256, &set), &options, &Silent).expect("it runs");
    assert!(trace.violations.is_empty(), "{:#?}", trace.violations);
    trace
}

/// Of a counter, what a second saw while every queue was long.
fn rate(trace: &Trace, id: Id) -> f64 {
    let counter = trace.metrics.counters.get(&id).expect("a counter that was moved");
    counter.by_bin[SATURATED].iter().sum::<u64>() as f64 / (SATURATED.len() as f64 / 10.0)
}

#[track_caller]
fn assert_near(seen: f64, wanted: f64, share: f64) {
    assert!((seen / wanted - 1.0).abs() < share, "{seen} is not within {share} of {wanted}");
}

#[test]
fn a_core_that_is_never_idle_moves_one_over_its_cost() {
    let trace = crowd("1", "4", "80s", false);
    assert_near(rate(&trace, Id::CpuBusy), 1e9, 0.01);
    assert_near(rate(&trace, Id::BytesContent), 1e9 / 80.0 * FRAMES, 0.05);
}

#[test]
fn two_cores_move_twice_as_much_for_two_peers_and_no_more_for_one() {
    let bytes = |cores, clients| rate(&crowd(cores, clients, "160s", false), Id::BytesContent);
    let one = bytes("1", "2");
    assert_near(bytes("2", "2"), 2.0 * one, 0.05);
    assert_near(bytes("2", "1"), one, 0.05);
}

#[test]
fn no_core_works_longer_than_there_is_time() {
    for cores in [1u64, 3] {
        let trace = crowd(&cores.to_string(), "8", &format!("{}s", 80 * cores), false);
        let busy = total(&trace, Id::CpuBusy);
        assert!(busy <= cores * trace.run.virtual_end.0, "{busy} ns on {cores} cores");
        assert!(busy > cores * 800_000_000, "{busy} ns on {cores} cores");
    }
}

#[test]
fn real_quic_waits_for_its_core_as_the_model_does() {
    let [model, real] = [false, true].map(|packets| crowd("1", "2", "160s", packets));
    assert_near(rate(&real, Id::CpuBusy), 1e9, 0.02);
    assert_near(rate(&real, Id::NetBytes), rate(&model, Id::NetBytes), 0.05);
}
