//! The experiment of the Lifeguard paper (clause V): a group of 128, some members of which stop handling messages again and again.
//!
//! As there, an anomaly blocks a member just before it sends and just after it receives, so its messages wait while its timers run; the chosen
//! members are blocked together for a duration, run free for an interval, and so on for two minutes. A false positive is the event that a member
//! holds another for failed which is neither slow nor down, counted at every member; those at members that are not slow themselves are counted
//! apart. The paper's sums over its experiment give SWIM more than fifty times the false positives of Lifeguard.
//!
//! One thing is harder here than in the paper's program: its probe loop stands still in its first blocked send, ours goes on to probe (and to
//! accuse) while nothing reaches anybody. So plain SWIM does worse here than there, and the factor is larger. When the timers stand still as
//! well, neither makes any mistake.

use super::cell::Cell;
use super::ours::{self, Ours};
use hypermesh_core::base::{Dice, Purpose, SeedKey, Span};
use hypermesh_core::hypermesh::mesh::swim::{Config, Gossip, Lifeguard};

const MEMBERS: u32 = 128;
const LATENCY: [Span; 2] = [Span::micros(200), Span::millis(2)];
/// How exactly anomalies begin and end.
const STEP_MS: u64 = 100;

/// Members that crash during the anomalies, and when after their begin.
const CRASHES: [(u32, u64); 4] = [(3, 5), (50, 25), (77, 45), (120, 65)];

/// What one run, or several together, showed.
#[derive(Clone, Debug, Default)]
struct Findings {
    false_positives: usize,
    at_healthy: usize,
    /// From a crash until the first healthy member holds the crashed one for failed, and until the last does; in seconds.
    first: Vec<f64>,
    last: Vec<f64>,
}

impl Findings {
    fn add(&mut self, other: &Self) {
        self.false_positives += other.false_positives;
        self.at_healthy += other.at_healthy;
        self.first.extend(&other.first);
        self.last.extend(&other.last);
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// As memberlist: a gossip of its own, and as many updates in a message as fit a datagram.
fn cell(lifeguard: Lifeguard) -> Cell<Ours> {
    let gossip = Some(Gossip { every: Span::millis(200), peers: 3 });
    Cell::new(7, ours::agents(MEMBERS, Config { lifeguard, gossip, updates_max: 64, ..Config::default() }, 7), LATENCY, 0.0)
}

/// Members of which none crashes.
fn chosen(count: usize) -> Vec<u32> {
    let mut all: Vec<u32> = (0..MEMBERS).filter(|member| CRASHES.iter().all(|(crashed, _)| crashed != member)).collect();
    Dice::new(SeedKey::new(11)).draw(0, Purpose::Test, 0).sample_to_front(&mut all, count);
    all.truncate(count);
    all
}

/// Two minutes in which `slow` members are blocked for a while, free for a while, and four others crash.
fn experiment(lifeguard: Lifeguard, slow: usize, blocked: Span, free: Span, block: fn(&mut Cell<Ours>, u32)) -> Findings {
    let mut cell = cell(lifeguard);
    let slow = chosen(slow);
    cell.run_for(Span::secs(15));
    let begin = cell.now;
    let mut crashes = CRASHES.into_iter().peekable();
    for step in 0..120_000 / STEP_MS {
        let (at, cycle) = (Span::millis(step * STEP_MS), (blocked + free).0 / 1_000_000);
        match step * STEP_MS % cycle {
            0 => slow.iter().for_each(|member| block(&mut cell, *member)),
            phase if phase == blocked.0 / 1_000_000 => slow.iter().for_each(|member| cell.resume(*member)),
            _ => {}
        }
        while let Some((member, _)) = crashes.next_if(|(_, second)| Span::secs(*second) <= at) {
            cell.crash(member);
        }
        cell.run_for(Span::millis(STEP_MS));
    }
    let mut findings = Findings::default();
    for (crashed, second) in CRASHES {
        let healthy = |by: u32| !slow.contains(&by);
        let crash = begin + Span::secs(second);
        let times = cell.verdicts.iter().filter(|verdict| verdict.about == crashed && healthy(verdict.by) && verdict.at >= crash);
        let delays: Vec<f64> = times.map(|verdict| verdict.at.since(crash).as_secs_f64()).collect();
        findings.first.extend(delays.iter().copied().reduce(f64::min));
        findings.last.extend(delays.iter().copied().reduce(f64::max));
    }
    let healthy = |member: u32| !slow.contains(&member) && CRASHES.iter().all(|(crashed, _)| *crashed != member);
    let wrong: Vec<_> = cell.verdicts.iter().filter(|verdict| healthy(verdict.about)).collect();
    findings.false_positives = wrong.len();
    findings.at_healthy = wrong.iter().filter(|verdict| healthy(verdict.by)).count();
    findings
}

#[test]
fn lifeguard_removes_nearly_all_false_positives_of_swim() {
    let cases = [
        (0, Span::secs(16), Span::secs(16)),
        (4, Span::secs(32), Span::secs(1)),
        (16, Span::secs(16), Span::secs(4)),
        (32, Span::secs(8), Span::secs(1)),
        (32, Span::secs(16), Span::secs(1)),
    ];
    let mut sums = [Findings::default(), Findings::default()];
    println!("members  blocked   free |          false positives (at healthy members) | detection of true failures, median first / last");
    for (slow, blocked, free) in cases {
        let found = [Lifeguard::OFF, Lifeguard::ON].map(|lifeguard| experiment(lifeguard, slow, blocked, free, Cell::block));
        let [swim, aware] = &found;
        println!(
            "{slow:7} {:>8} {:>6} | SWIM {:6} ({:6}), Lifeguard {:4} ({:3}) | SWIM {:.1} / {:.1} s, Lifeguard {:.1} / {:.1} s",
            blocked.to_string(),
            free.to_string(),
            swim.false_positives,
            swim.at_healthy,
            aware.false_positives,
            aware.at_healthy,
            median(&swim.first),
            median(&swim.last),
            median(&aware.first),
            median(&aware.last),
        );
        assert_eq!([swim.first.len(), aware.first.len()], [CRASHES.len(); 2], "every crash is noticed");
        sums.iter_mut().zip(&found).for_each(|(sum, part)| sum.add(part));
    }
    let [swim, aware] = sums;
    let factor = swim.false_positives as f64 / aware.false_positives.max(1) as f64;
    println!("all: SWIM {}, Lifeguard {}: {factor:.0} times fewer", swim.false_positives, aware.false_positives);
    assert!(factor >= 50.0, "the paper's factor over its whole experiment is 53");
    assert!(swim.at_healthy >= 50 * aware.at_healthy);
    assert!(median(&aware.first) <= 1.5 * median(&swim.first), "and true failures are noticed about as soon");
}

#[test]
fn a_pause_of_the_whole_process_makes_nobody_else_fail() {
    for lifeguard in [Lifeguard::OFF, Lifeguard::ON] {
        let found = experiment(lifeguard, 16, Span::secs(8), Span::secs(1), Cell::pause);
        assert_eq!(found.false_positives, 0, "{lifeguard:?}");
    }
}
