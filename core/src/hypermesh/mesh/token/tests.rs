//! Promises of the token load.

use super::{Config, Holder, Message};
use crate::base::{Dice, NodeId, SeedKey, Time, Wire};
use crate::machine::{Chance, Cx, Machine};
use crate::node::{Effect, Input, Node};
use proptest::prelude::*;
use std::sync::Arc;

#[test]
fn a_token_is_never_sent_to_its_holder_and_always_within_the_population() {
    let mut holder = Holder::new(&Arc::new(Config { population: 5 }));
    let mut dice = Dice::new(SeedKey::new(1));
    let (mut position, mut out) = (0, Vec::new());
    for _ in 0..200 {
        let mut cx = Cx::new(Time::ZERO, NodeId(3), Chance::new(&mut dice, 3, &mut position), &mut out);
        holder.handle(Input::Message { from: NodeId(0), message: Message { bytes: 9 } }, &mut cx);
    }
    let targets: Vec<u32> = out.iter().filter_map(|e| if let Effect::Send { to, .. } = e { Some(to.0) } else { None }).collect();
    assert_eq!(targets.len(), 200);
    assert!(targets.iter().all(|&to| to != 3 && to < 5));
    assert!((0..5).filter(|n| *n != 3).all(|n| targets.contains(&n)));
}

proptest! {
    #[test]
    fn any_token_survives_the_wire(bytes in 0..=super::message::BYTES_MAX) {
        let message = Message { bytes };
        prop_assert_eq!(message.to_bytes().len(), message.encoded_len());
        prop_assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn no_bytes_can_hurt(bytes: Vec<u8>) {
        let _ = Message::from_bytes(&bytes);
    }
}
