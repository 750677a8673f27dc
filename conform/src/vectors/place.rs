//! `place`: the octets of a frame and where they come to what is done (clause 6.2).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::lay::{Lay, frame};
use super::octets::{Octets, digest};
use super::text::rows;
use hypermesh_core::base::{Reader, Wire};
use hypermesh_core::stoq::session::stream::{Place, may_travel};
use hypermesh_core::stoq::session::{Frame, Violation};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    octets: Octets,
    place: String,
}

const NAMES: [(&str, Place); 4] =
    [("control", Place::Control), ("request", Place::Request), ("answer", Place::Answer), ("datagram", Place::Datagram)];

/// The shortest fields of a type.
fn fields(number: u64) -> Lay {
    let id = digest(9);
    match number {
        0x01 => Lay::new(),
        0x02 => Lay::new().b([1; 8]),
        0x03 => Lay::new().b(id),
        0x04 => Lay::new().b([1; 8]).v(0).v(0),
        0x05 => Lay::new().v(0),
        0x06 => Lay::new().b(id).v(1).v(60).b([0; 8]).u8(0).b([7; 64]),
        0x08 => Lay::new().u8(0).b(id).v(1).v(1).u8(0).v(0).v(0),
        0x11 => Lay::new().u8(0).v(0).v(0).name("a"),
        0x13 => Lay::new().u8(0).b(id),
        0x15 => Lay::new().u8(0).u8(1).b(id),
        0x17 => Lay::new().u8(1).u8(1),
        0x19 => Lay::new().b(id).v(1).u8(0),
        0x1b => Lay::new().b(id).v(0).v(0),
        0x1d => Lay::new().v(1).v(0).u8(1).name("a"),
        0x1f => Lay::new().u8(0).u8(1).v(1).b(id),
        0x21 => Lay::new().u8(0).v(1).name("a"),
        0x23 => Lay::new().v(1).v(1),
        0x25 => Lay::new().u8(0).u8(1),
        _ => Lay::new().u8(0).u8(0x81).v(0).u8(0),
    }
}

pub(super) fn make(maker: &mut Maker) {
    let taken = |yes: bool| if yes { Outcome::Output(json!({ "done": "taken" })) } else { Outcome::error(Violation::Unexpected) };
    for row in rows(6, 7).into_iter().filter(|row| row[1].starts_with("0x")) {
        let number = u64::from_str_radix(&row[1][2..], 16).expect("a number");
        for (column, (place, _)) in NAMES.iter().enumerate() {
            let case = format!("{}-{place}", row[0].to_lowercase());
            let octets = Octets::hex(frame(number, &fields(number)));
            maker.add(&case, &["R-6-10"], Input { octets, place: (*place).to_owned() }, taken(row[2 + column] == "yes"));
        }
    }
    for (place, _) in NAMES {
        let input = |number| Input { octets: Octets::hex(frame(number, &Lay::new().b([0; 2]))), place: place.to_owned() };
        let over = Outcome::Output(json!({ "done": "passed over" }));
        maker.add(&format!("without-meaning-{place}"), &["R-6-19", "R-7-07"], input(0x3e), over);
        maker.add(&format!("critical-{place}"), &["R-6-05"], input(0x3f), Outcome::error(Violation::CriticalFrame));
    }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let octets = vector.resolve(&input.octets)?;
    let (_, place) = NAMES.into_iter().find(|(name, _)| *name == input.place).ok_or("there is no such place")?;
    let done = |done: &str| Outcome::Output(json!({ "done": done }));
    Ok(match Frame::decode(&mut Reader::new(&octets)) {
        Err(error) => Outcome::error(Violation::of_wire(error)),
        Ok(frame) => match frame.kind() {
            None => done("passed over"),
            Some(kind) if may_travel(kind, place) => done("taken"),
            Some(_) => Outcome::error(Violation::Unexpected),
        },
    })
}
