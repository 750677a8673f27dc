//! Ours beside the crate foca (SWIM with suspicion and refutation, without Lifeguard) in the same cell: the same size, latency, loss, crashes and
//! anomalies, and the same period, timeout, helpers, shortest suspicion, repeats and gossip. Each has a plain wire form of its own; bytes are those
//! of the messages without headers of the layers below.
//!
//! Ours with Lifeguard turned off is shown too. It does worse than foca under slow members, because foca hears nothing that a member says which it
//! holds for down, while SWIM (and memberlist) do: what a blocked member wrongly concluded spreads when it is free again.

use super::cell::{Agent, Cell};
use super::{ours, theirs};
use hypermesh_core::base::Span;
use hypermesh_core::hypermesh::mesh::swim::{Config, Gossip, Lifeguard, Patience};
use std::num::{NonZeroU8, NonZeroUsize};
use std::time::Duration;

const MEMBERS: u32 = 128;
const LATENCY: [Span; 2] = [Span::millis(5), Span::millis(50)];
const LOSS: f64 = 0.02;
const CRASHED: [u32; 3] = [10, 64, 100];
/// The first members of the cell are the slow ones.
const SLOW: u32 = 8;

#[derive(Debug, PartialEq)]
struct Findings {
    false_positives: usize,
    /// Medians over the crashes: until the first member that is not slow knows it, and until all of those do.
    first_s: f64,
    last_s: f64,
    messages: f64,
    bytes: f64,
}

/// A minute of quiet, then three members crash ten seconds apart, then a minute to notice it. The slow ones, if any, are blocked for 16 s of 20.
fn experiment<A: Agent>(agents: Vec<A>, slow: u32) -> Findings {
    let mut cell = Cell::new(3, agents, LATENCY, LOSS);
    let mut crashes = Vec::new();
    for second in 0..150u64 {
        match second % 20 {
            0 => (0..slow).for_each(|member| cell.block(member)),
            16 => (0..slow).for_each(|member| cell.resume(member)),
            _ => {}
        }
        if let Some(crash) = second.checked_sub(60).filter(|after| after % 10 == 0).and_then(|after| CRASHED.get(after as usize / 10)) {
            cell.crash(*crash);
            crashes.push((*crash, cell.now));
        }
        cell.run_for(Span::secs(1));
    }
    let healthy = |member: u32| member >= slow && !CRASHED.contains(&member);
    let mut delays: Vec<(f64, f64)> = Vec::new();
    for (crashed, at) in crashes {
        let known = cell.verdicts.iter().filter(|verdict| verdict.about == crashed && healthy(verdict.by) && verdict.at >= at);
        let times: Vec<f64> = known.map(|verdict| verdict.at.since(at).as_secs_f64()).collect();
        assert!(!times.is_empty(), "the crash of {crashed} is never noticed");
        delays.push((times.iter().copied().fold(f64::MAX, f64::min), times.iter().copied().fold(0.0, f64::max)));
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let rate = |count: u64| count as f64 / f64::from(MEMBERS) / cell.now.as_secs_f64();
    Findings {
        false_positives: cell.verdicts.iter().filter(|verdict| healthy(verdict.about)).count(),
        first_s: median(delays.iter().map(|delay| delay.0).collect()),
        last_s: median(delays.iter().map(|delay| delay.1).collect()),
        messages: rate(cell.messages),
        bytes: rate(cell.bytes),
    }
}

/// As many updates in a message as fit a datagram, as in foca and memberlist.
fn our_config() -> Config {
    Config { gossip: Some(Gossip { every: Span::millis(200), peers: 3 }), updates_max: 64, ..Config::default() }
}

fn their_config() -> foca::Config {
    let ours = our_config();
    let duration = |span: Span| Duration::from_nanos(span.0);
    let gossip = ours.gossip.expect("our side gossips");
    foca::Config {
        probe_period: duration(ours.probe_every),
        probe_rtt: duration(ours.answer_within),
        num_indirect_probes: NonZeroUsize::new(usize::from(ours.indirect)).expect("three helpers"),
        // Four times log10(129), rounded up.
        max_transmissions: NonZeroU8::new(12).expect("twelve"),
        suspect_to_down_after: duration(Patience::of(&ours, MEMBERS).min),
        notify_down_members: true,
        periodic_gossip: Some(foca::PeriodicParams {
            frequency: duration(gossip.every),
            num_members: NonZeroUsize::new(usize::from(gossip.peers)).expect("three peers"),
        }),
        ..foca::Config::simple()
    }
}

#[test]
fn ours_is_no_worse_than_foca() {
    println!("cell of {MEMBERS}, {LOSS} loss      | false positives | crash known to first / all | messages and bytes a member a second");
    for slow in [0, SLOW] {
        let ours = experiment(ours::agents(MEMBERS, our_config(), 5), slow);
        let theirs = experiment(theirs::agents(MEMBERS as u16, &their_config(), 5), slow);
        let plain = experiment(ours::agents(MEMBERS, Config { lifeguard: Lifeguard::OFF, ..our_config() }, 5), slow);
        for (name, found) in [("ours       ", &ours), ("plain SWIM ", &plain), ("foca       ", &theirs)] {
            println!(
                "{name} {slow} slow members   | {:15} | {:11.1} s / {:5.1} s    | {:6.2} {:8.1}",
                found.false_positives, found.first_s, found.last_s, found.messages, found.bytes
            );
        }
        assert!(ours.false_positives <= theirs.false_positives);
        assert!(ours.first_s <= 1.5 * theirs.first_s && ours.last_s <= 1.5 * theirs.last_s);
        assert!(ours.bytes <= theirs.bytes, "and it needs no more bytes for that");
        if slow == 0 {
            assert_eq!(ours.false_positives, 0);
        }
    }
}
