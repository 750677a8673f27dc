//! Promises of the wires.

use super::access::{Arrival, Rates};
use super::jitter::Wobble;
use hypermesh_core::base::{NodeId, Span};
use hypermesh_scenarios::plan::{Access, Jitter};
use proptest::prelude::*;

fn class(up_bps: u64, down_bps: u64, queue_bytes: u64) -> Access {
    Access { name: "test".into(), up_bps, down_bps, queue_bytes, last_mile: Span::ZERO, loss: 0.0 }
}

#[test]
fn a_busy_uplink_moves_exactly_its_bandwidth() {
    let rates = Rates::new(&class(100_000_000, 0, 0));
    let mut free = 0;
    let last = (0..1000).map(|_| rates.send(0, 1250, &mut free).expect("no limit")).last().expect("a thousand");
    assert_eq!(last, 1000 * 1250 * 8 * 10, "1,000 datagrams of 1,250 bytes at 100 Mbit/s");
}

#[test]
fn a_full_queue_drops_what_comes() {
    let rates = Rates::new(&class(0, 8_000_000, 3_000));
    let mut free = 0;
    let fates: Vec<Arrival> = (0..6).map(|_| rates.receive(0, 1000, &mut free)).collect();
    assert_eq!(fates[0], Arrival::Now);
    assert_eq!(fates[1..4], [Arrival::Later(1_000_000), Arrival::Later(2_000_000), Arrival::Later(3_000_000)]);
    assert_eq!(fates[4..], [Arrival::Full, Arrival::Full]);
}

proptest! {
    #[test]
    fn jitter_never_lets_a_later_datagram_overtake(
        share in 0.0..2.0f64, floor in 0u64..200_000_000, period in 1u64..1_000_000_000, path in 1u64..400_000_000,
        from: u32, to: u32, mut times in prop::collection::vec(0u64..20_000_000_000, 2..60),
    ) {
        let wobble = Wobble::new(&Jitter { share, floor: Span(floor), period: Span(period) }, 7);
        times.sort_unstable();
        let arrivals: Vec<u64> = times.iter().map(|t| t + path + wobble.extra(*t, NodeId(from), NodeId(to), path)).collect();
        prop_assert!(arrivals.is_sorted());
        for (sent, arrival) in times.iter().zip(&arrivals) {
            prop_assert!(arrival - sent <= path + floor + (path as f64 * share) as u64 + 1);
        }
    }
}
