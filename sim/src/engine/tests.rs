//! Promises of the queue, of clocks that run wrong, and of windows.

use super::cell::Odd;
use super::queue::{Timed, Wheel};
use super::window::{floor_shift, window_end};
use proptest::prelude::*;

/// Something that is due, with a number to tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due(u64, u32);

impl Timed for Due {
    fn at(&self) -> u64 {
        self.0
    }
}

/// What a test does to a queue.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Adds one, so much later than the present slot's beginning.
    Push(u64),
    /// Handles the next slot.
    Take,
    /// Goes to a slot that may hold nothing, a share of the way to the next (in 256ths).
    Visit(u8),
}

/// Slots of the fine wheel and of one of its granules, as the queue documents them.
const FINE: u64 = 1 << 13;
const GRANULE: u64 = FINE / 4;

/// Times at and around the borders of slots, granules and the fine wheel, and far beyond, for slots of `2^shift` ns.
fn later(shift: u32) -> impl Strategy<Value = u64> {
    let border =
        prop_oneof![0..4u64, Just(GRANULE), Just(3 * GRANULE), Just(FINE), Just(5 * GRANULE), 0..3 * FINE, 1_000_000..2_000_000u64];
    prop_oneof![
        4 => 0..8u64 << shift,
        4 => (border, -1i64..2).prop_map(move |(slots, off)| (slots << shift).saturating_add_signed(off)),
        1 => 0..1u64 << 50,
    ]
}

fn steps(shift: u32) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(
        prop_oneof![5 => later(shift).prop_map(Step::Push), 4 => Just(Step::Take), 1 => any::<u8>().prop_map(Step::Visit)],
        1..400,
    )
}

/// The queue beside a sorted list.
struct Pair {
    wheel: Wheel<Due>,
    model: Vec<Due>,
    now: u64,
    pushed: u32,
}

impl Pair {
    fn push(&mut self, after: u64) {
        let due = Due(self.now + after, self.pushed);
        self.pushed += 1;
        self.wheel.push(due);
        self.model.insert(self.model.partition_point(|other| *other < due), due);
    }

    /// Takes the slot that begins at `start`, which must hold exactly what the list holds before its end.
    fn take(&mut self, start: u64) -> Result<(), TestCaseError> {
        self.now = start;
        let mut out = Vec::new();
        self.wheel.take_slot(start, &mut out);
        let mut taken: Vec<Due> = out.into_iter().flatten().collect();
        taken.sort_unstable();
        let due = self.model.partition_point(|due| due.0 < start + self.wheel.width());
        let expected: Vec<Due> = self.model.drain(..due).collect();
        prop_assert_eq!(taken, expected);
        Ok(())
    }

    /// When the queue says that the next slot begins: on the grid, not after the first of the list, and not before now.
    fn next(&self) -> Result<Option<u64>, TestCaseError> {
        let next = self.wheel.next_slot();
        prop_assert_eq!(next.is_none(), self.model.is_empty());
        if let Some(start) = next {
            prop_assert!(start.is_multiple_of(self.wheel.width()) && start >= self.now && start <= self.model[0].0);
        }
        Ok(next)
    }

    fn check(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!((self.wheel.len(), self.wheel.is_empty()), (self.model.len(), self.model.is_empty()));
        let mut held: Vec<Due> = self.wheel.iter().copied().collect();
        held.sort_unstable();
        prop_assert_eq!(&held, &self.model);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_queue_gives_back_what_a_sorted_list_would((shift, steps) in (0u32..21).prop_flat_map(|shift| (Just(shift), steps(shift)))) {
        let mut pair = Pair { wheel: Wheel::new(shift), model: Vec::new(), now: 0, pushed: 0 };
        for step in steps {
            match step {
                Step::Push(after) => pair.push(after),
                Step::Take => if let Some(start) = pair.next()? { pair.take(start)? },
                Step::Visit(share) => if let Some(start) = pair.next()? {
                    let way = (u128::from(start - pair.now) * u128::from(share)) >> 8;
                    let width = pair.wheel.width();
                    pair.take((pair.now + way as u64) / width * width)?;
                },
            }
            prop_assert_eq!(pair.wheel.len(), pair.model.len());
        }
        pair.check()?;
        // A queue that nobody adds to runs empty, in order.
        while let Some(start) = pair.next()? {
            pair.take(start)?;
        }
        pair.check()?;
    }

    #[test]
    fn a_clock_counts_a_span_while_the_world_passes_its_own(
        from in 0u64..1 << 40, step in 0u64..1 << 40, drift_ppm in -900_000i32..=1_000_000, wait in 0u64..1 << 40, after in 0u64..1 << 40,
    ) {
        let odd = Odd { paused_until: 0, skew_from: from, skew_step: step, drift_ppm };
        let set = from + wait;
        let due = set + odd.world_span(after);
        let shown = odd.clock(due) - odd.clock(set);
        prop_assert!(shown.abs_diff(after) <= 2, "{} passed on the clock instead of {}", shown, after);
        prop_assert_eq!(odd.clock(from), from + step);
        prop_assert!(odd.clock(due) >= odd.clock(set), "a clock never runs backwards");
    }

    #[test]
    fn a_window_is_on_the_grid_within_the_lookahead_and_the_run(
        shift in 0u32..21, slots in 1u64..10_000, odd in 0u64..1 << 20, start_slot in 0u64..1 << 30, stop in 1u64..1 << 50,
    ) {
        let width = 1u64 << shift;
        let lookahead = slots * width + odd % width;
        let start = start_slot * width;
        let end = window_end(start, lookahead, width, stop.max(start + 1));
        prop_assert!(end > start && end - start <= lookahead && end <= stop.max(start + 1));
        prop_assert!(end.is_multiple_of(width) || end == stop.max(start + 1));
    }
}

#[test]
fn the_largest_power_of_two_within_a_span_is_found() {
    for (ns, shift) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1 << 20, 20), ((1 << 21) - 1, 20), (u64::MAX, 63)] {
        assert_eq!(floor_shift(ns), shift, "{ns}");
    }
}
