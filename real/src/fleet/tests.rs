//! Promises of the emulator, with the plainest of rules.

use super::emulator::{Arrival, Emulator, Wires};

/// Every path takes a millisecond; a downlink is busy for as many nanoseconds as a datagram has bytes, times a thousand.
#[derive(Debug, Default)]
struct Plain {
    free: [u64; 2],
    handed: Vec<(u64, usize)>,
    twice: bool,
}

impl Wires for Plain {
    type Sending = (u32, usize);

    fn send(&mut self, now: u64, _: u32, to: u32, payload: usize) -> (Self::Sending, [Option<u64>; 2]) {
        ((to, payload), [Some(now + 1_000_000), self.twice.then_some(now + 1_500_000)])
    }

    fn arrive(&mut self, now: u64, (to, payload): Self::Sending) -> Arrival {
        let free = &mut self.free[to as usize];
        let starts = now.max(*free);
        if starts - now > 10_000_000 {
            return Arrival::Gone;
        }
        *free = starts + payload as u64 * 1_000;
        if starts == now { Arrival::Now } else { Arrival::Later(starts) }
    }

    fn handed(&mut self, now: u64, (_, payload): Self::Sending) {
        self.handed.push((now, payload));
    }
}

#[test]
fn whoever_asks_late_gets_everything_in_the_order_and_at_the_times_of_the_rules() {
    let mut emulator = Emulator::new(Plain::default());
    for n in 0..5 {
        emulator.send(n, 0, 1, 1_000, n);
    }
    assert_eq!(emulator.next(), Some(1_000_000));
    assert_eq!(emulator.due(999_999), None);
    let came: Vec<u64> = std::iter::from_fn(|| emulator.due(u64::MAX)).collect();
    assert_eq!(came, [0, 1, 2, 3, 4]);
    let at: Vec<u64> = emulator.wires().handed.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000], "the downlink is busy for a millisecond each");
    assert_eq!(emulator.under_way(), 0);
}

#[test]
fn what_finds_a_full_downlink_is_gone_and_a_copy_is_one_more() {
    let mut emulator = Emulator::new(Plain::default());
    (0..20).for_each(|n| emulator.send(0, 0, 1, 1_000, n));
    assert_eq!(std::iter::from_fn(|| emulator.due(u64::MAX)).count(), 11, "ten fill the queue behind the one that is on its way");
    let mut emulator = Emulator::new(Plain { twice: true, ..Plain::default() });
    emulator.send(0, 0, 1, 100, 'a');
    assert_eq!(std::iter::from_fn(|| emulator.due(u64::MAX)).collect::<String>(), "aa");
}
