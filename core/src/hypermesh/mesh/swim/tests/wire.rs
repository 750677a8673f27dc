//! Promises of the wire form.

use super::super::super::vivaldi::{Coordinate, Packed};
use super::super::{INCARNATION_MAX, Message, Status, UPDATES_MAX, Update};
use crate::base::{NodeId, Wire, WireError};
use proptest::prelude::*;

fn any_node() -> impl Strategy<Value = NodeId> {
    any::<u32>().prop_map(NodeId)
}

pub(super) fn any_update(nodes: u32) -> impl Strategy<Value = Update> {
    (0..nodes, 0..4u32, prop_oneof![0..4u32, 0..=INCARNATION_MAX], 0..nodes).prop_map(|(member, status, incarnation, accuser)| {
        let status = Status::numbered(status);
        let accuser = NodeId(if status.is_accusation() { accuser } else { member });
        Update { member: NodeId(member), status, incarnation, accuser }
    })
}

pub(super) fn any_plain() -> impl Strategy<Value = Message> {
    let coordinate = prop::option::of((-300f32..300.0, -300f32..300.0, 0f32..90.0, 0f32..1.0));
    prop_oneof![
        any::<u16>().prop_map(|probe| Message::Ping { probe }),
        (any::<u16>(), coordinate).prop_map(|(probe, place)| Message::Ack {
            probe,
            coordinate: place.map(|(x, y, height, error)| Packed::from(Coordinate { x, y, height, error })),
        }),
        (any::<u16>(), any_node()).prop_map(|(probe, target)| Message::PingRequest { probe, target }),
        (any::<u16>(), any_node()).prop_map(|(probe, origin)| Message::PingFor { probe, origin }),
        (any::<u16>(), any_node()).prop_map(|(probe, origin)| Message::AckFor { probe, origin }),
        any::<u16>().prop_map(|probe| Message::Relayed { probe }),
        any::<u16>().prop_map(|probe| Message::Nack { probe }),
        Just(Message::Gossip),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    (any_plain(), prop::collection::vec(any_update(u32::MAX), 0..=usize::from(UPDATES_MAX)))
        .prop_map(|(message, updates)| message.with(updates))
}

#[test]
fn every_message_fits_sixteen_bytes_in_memory() {
    assert!(size_of::<Message>() <= 16);
}

#[test]
fn a_message_without_news_is_short() {
    assert_eq!(Message::Ping { probe: 7 }.encoded_len(), 2);
    assert_eq!(Message::Ack { probe: 7, coordinate: Some(Packed::from(Coordinate::default())) }.encoded_len(), 10);
}

#[test]
fn what_no_detector_would_write_is_refused() {
    assert_eq!(Message::from_bytes(&[]), Err(WireError::Truncated));
    assert_eq!(Message::from_bytes(&[0x08, 0]), Err(WireError::UnknownTag(0x08)), "an unknown kind");
    assert_eq!(Message::from_bytes(&[0x10, 0]), Err(WireError::UnknownTag(0x10)), "a ping with a coordinate");
    assert_eq!(Message::from_bytes(&[0x80, 0]), Err(WireError::UnknownTag(0x80)), "an unknown flag");
    assert_eq!(Message::from_bytes(&[0x20, 0, 0]), Err(WireError::OutOfRange("updates")), "a load of nothing");
    assert_eq!(Message::from_bytes(&[0x27, 0x40, 65]), Err(WireError::OutOfRange("updates")), "too large a load");
    assert_eq!(Message::from_bytes(&[0x00, 5, 0]), Err(WireError::Trailing));
}

proptest! {
    #[test]
    fn any_message_survives_the_wire(message in any_message()) {
        let bytes = message.to_bytes();
        prop_assert_eq!(bytes.len(), message.encoded_len());
        prop_assert_eq!(Message::from_bytes(&bytes), Ok(message));
    }

    #[test]
    fn no_bytes_can_hurt(bytes: Vec<u8>) {
        if let Ok(message) = Message::from_bytes(&bytes) {
            prop_assert_eq!(message.to_bytes(), bytes);
        }
    }
}
