//! The table is whole.

use super::super::states::{Act, EVENTS, Event, STATES, State, TABLE, cell};
use std::collections::BTreeSet;

#[test]
fn no_cell_is_missing_and_what_is_over_stays_over() {
    assert_eq!(TABLE.len(), STATES.len());
    for (row, state) in STATES.into_iter().enumerate() {
        assert_eq!((state as usize, TABLE[row].len()), (row, EVENTS.len()));
        for (column, event) in EVENTS.into_iter().enumerate() {
            assert_eq!(event as usize, column);
            let cell = cell(state, event);
            assert!(state != State::Over || cell.next == State::Over, "{event:?}");
            assert!(cell.act != Act::Misuse || cell.next == state, "misuse changes nothing: {state:?} at {event:?}");
            let from_outside = matches!(event, Event::Right | Event::Lost | Event::Stop);
            assert!(cell.act != Act::Misuse || !from_outside, "a source cannot misuse: {state:?} at {event:?}");
        }
        assert_eq!(cell(state, Event::Stop).next, State::Over);
    }
}

#[test]
fn every_state_is_reached() {
    let mut reached = BTreeSet::from([State::Waiting]);
    for _ in STATES {
        let next = reached.iter().flat_map(|state| EVENTS.map(|event| cell(*state, event).next));
        reached = next.chain(reached.iter().copied()).collect();
    }
    assert_eq!(reached.len(), STATES.len());
}

#[test]
fn only_what_is_held_is_used() {
    for state in STATES {
        assert_eq!(cell(state, Event::Used).act == Act::Forget, state == State::Held);
        assert_eq!(cell(state, Event::Right).act == Act::Keep, state < State::Held);
    }
}
