//! The emulated network keeps the promises of the simulated one, since its rules are the same.

use super::{Lines, NodeId, PlanWires, Reporter};
use hypermesh_real::fleet::{Emulator, Wires};
use hypermesh_scenarios::Overrides;
use hypermesh_scenarios::plan::Plan;

const LINE: &str = "
version: 1
name: line
about: one line
seed: 7
time: {warmup: 1s, stop: 10s}
network: {paths: {uniform: 20ms}, cities: 1, access: {ideal: 100%}, jitter: {share: 0%, floor: 0ms}, loss: LOSS}
groups:
  origin: {role: stoq-origin, count: 1}
  client: {role: stoq-client, count: 1}
workload:
  - requests: {from: client, at: 1s, rate: 1/s, for: 1s, objects: {items: 1, zipf: 0, size: 1KiB, spread: 0}}
";

/// The plan of one line, with its access links set.
fn plan(loss: &str, bps: u64, queue_bytes: u64) -> Plan {
    let loaded = hypermesh_scenarios::load_text("line", &LINE.replace("LOSS", loss), &Overrides::default());
    let loaded = loaded.unwrap_or_else(|report| panic!("{}", report.render(false)));
    let (mut plan, _) = hypermesh_scenarios::plan_and_warnings(&loaded).unwrap_or_else(|report| panic!("{}", report.render(false)));
    for access in &mut plan.network.access {
        (access.up_bps, access.down_bps, access.queue_bytes, access.loss) = (bps, bps, queue_bytes, 0.0);
    }
    plan
}

/// Sends `count` datagrams of 1,200 bytes, one every `every` ns; when each that came was handed over, with its number.
fn send(plan: &Plan, count: u64, every: u64) -> Vec<(u64, u64)> {
    let mut emulator = Emulator::new(Watched { wires: PlanWires(Lines::new(plan, Reporter::new().0)), at: 0 });
    let mut came = Vec::new();
    for n in 0..count {
        let now = n * every;
        while let Some(number) = emulator.due(now) {
            came.push((emulator.wires().at, number));
        }
        emulator.send(now, 0, 1, 1_200, n);
    }
    while let Some(number) = emulator.due(u64::MAX) {
        came.push((emulator.wires().at, number));
    }
    came
}

/// Notes when the last datagram was handed over.
#[derive(Debug)]
struct Watched {
    wires: PlanWires,
    at: u64,
}

impl Wires for Watched {
    type Sending = <PlanWires as Wires>::Sending;

    fn send(&mut self, now: u64, from: u32, to: u32, payload: usize) -> (Self::Sending, [Option<u64>; 2]) {
        self.wires.send(now, from, to, payload)
    }

    fn arrive(&mut self, now: u64, sending: Self::Sending) -> hypermesh_real::fleet::Arrival {
        self.wires.arrive(now, sending)
    }

    fn handed(&mut self, now: u64, sending: Self::Sending) {
        self.at = now;
        self.wires.handed(now, sending);
    }
}

#[test]
fn a_clean_line_delivers_everything_in_order_at_its_bandwidth() {
    let plan = plan("0%", 20_000_000, 0);
    let came = send(&plan, 2_000, 0);
    assert!(came.iter().map(|(_, number)| *number).eq(0..2_000), "nothing is lost and nothing overtakes");
    assert!(came.iter().map(|(at, _)| *at).is_sorted());
    let took = (came[1_999].0 - came[0].0) as f64 / 1e9;
    let bps = 1_999.0 * f64::from(1_200 + plan.network.overhead_bytes) * 8.0 / took;
    assert!((bps / 20e6 - 1.0).abs() < 0.01, "{bps} bit/s");
}

#[test]
fn a_lossy_line_loses_its_share() {
    let came = send(&plan("2%", 0, 0), 20_000, 1_000);
    let lost = 1.0 - came.len() as f64 / 20_000.0;
    assert!((lost - 0.02).abs() < 0.003, "{lost}");
}

#[test]
fn a_full_queue_drops_what_comes_last() {
    let plan = plan("0%", 8_000_000, 12_770);
    assert_eq!(plan.network.overhead_bytes, 77, "one datagram is charged 1,277 bytes");
    let came = send(&plan, 100, 0);
    assert!(came.iter().map(|(_, number)| *number).eq(0..11), "ten wait behind the one that is on its way: {came:?}");
    assert_eq!(Lines::new(&plan, Reporter::new().0).send(5, NodeId(0), NodeId(1), 1_200).1[1], None, "nothing is copied");
}
