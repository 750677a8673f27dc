//! `list`: octets to a list of revocations, and lists that come one after the other to whether each is taken (clause 13.3).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::lay::Lay;
use super::octets::{Octets, digest, fixed, hex};
use hypermesh_core::base::{Time, Wire};
use hypermesh_core::stoq::certs::{IssuerId, Lists, Policy, RevocationList, Trusted};
use hypermesh_core::stoq::session::Roles;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One list as octets, or several that come.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Input {
    One { octets: Octets },
    Row { trusted: Vec<String>, clock_error: u64, lists: Vec<Coming> },
}

/// A list that comes at a moment by the clock of the receiver, in nanoseconds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Coming {
    now: u64,
    octets: Octets,
}

const SECOND: u64 = 1_000_000_000;
/// 2027-01-15T08:00:00Z.
const NOW: u64 = 1_800_000_000 * SECOND;

fn lay(issuer: [u8; 32], number: u64, date: u64, serials: &[u64]) -> Lay {
    let head = Lay::new().b(issuer).v(number).b(date.to_be_bytes()).v(serials.len() as u64);
    serials.iter().fold(head, |lay, serial| lay.b(serial.to_be_bytes()))
}

pub(super) fn make(maker: &mut Maker) {
    let issuer = digest(700);
    let many: Vec<u64> = (0..4_096).map(|n| 1 + 3 * n).collect();
    for (case, number, date, serials) in [
        ("nobody", 1, NOW, &[][..]),
        ("one", 2, NOW, &[5]),
        ("three", 3, NOW, &[1, 2, u64::MAX]),
        ("number-zero-at-date-zero", 0, 0, &[0]),
        ("highest-number", (1 << 62) - 1, u64::MAX, &[7]),
        ("sixty-four", 64, NOW, &many[..64]),
        ("most", 5, NOW, &many),
    ] {
        let members = json!({ "issuer": hex(issuer), "number": number, "date": date, "serials": serials });
        one(maker, case, &lay(issuer, number, date, serials).0, Outcome::Output(members));
    }
    let dropped = || Outcome::Output(json!({ "dropped": true }));
    let whole = lay(issuer, 3, NOW, &[1, 2, 3]);
    for (case, octets) in [
        ("falling", lay(issuer, 3, NOW, &[2, 1]).0),
        ("twice", lay(issuer, 3, NOW, &[1, 1]).0),
        ("nothing", Vec::new()),
        ("issuer-alone", issuer.to_vec()),
        ("last-octet-missing", whole.0[..whole.0.len() - 1].to_vec()),
        ("octet-behind", whole.clone().u8(0).0),
        ("one-serial-less-than-counted", whole.0[..whole.0.len() - 8].to_vec()),
        ("one-serial-more-than-counted", whole.clone().b([0xff; 8]).0),
        ("long-count", Lay::new().b(issuer).v(3).b(NOW.to_be_bytes()).b([0x40, 0]).0),
        ("long-number", Lay::new().b(issuer).b([0x40, 3]).b(NOW.to_be_bytes()).v(0).0),
        ("4097-counted", Lay::new().b(issuer).v(3).b(NOW.to_be_bytes()).v(4_097).b([0; 100]).0),
        ("counted-without-end", Lay::new().b(issuer).v(3).b(NOW.to_be_bytes()).v((1 << 62) - 1).0),
    ] {
        one(maker, case, &octets, dropped());
    }
    rows(maker);
}

fn one(maker: &mut Maker, case: &str, octets: &[u8], outcome: Outcome) {
    let octets = maker.octets(case, octets);
    maker.add(case, &["R-13-22"], Input::One { octets }, outcome);
}

/// Lists that come: number, date against the present, and whether each is taken.
fn rows(maker: &mut Maker) {
    let ahead = 10 * SECOND;
    for (case, lists) in [
        ("higher-and-later", &[(1, 0, true), (2, 1, true), (9, 2, true)][..]),
        ("higher-of-the-same-date", &[(1, 0, true), (2, 0, true)]),
        ("same-again", &[(3, 0, true), (3, 0, false)]),
        ("same-number-later", &[(3, 0, true), (3, 5, false), (4, 5, true)]),
        ("lower", &[(3, 0, true), (2, 5, false)]),
        ("higher-but-earlier", &[(3, 5, true), (4, 4, false), (5, 5, true)]),
        ("as-far-ahead-as-clocks-are-apart", &[(1, ahead as i64, true)]),
        ("too-far-ahead", &[(1, ahead as i64 + 1, false), (1, 0, true)]),
        ("very-old", &[(1, -(30 * 86_400 * SECOND as i64), true), (2, 0, true)]),
    ] {
        let issuer = digest(700);
        let coming = |(number, date, _): &(u64, i64, bool)| {
            let octets = lay(issuer, *number, NOW.checked_add_signed(*date).expect("a date"), &[*number]).0;
            Coming { now: NOW, octets: Octets::hex(octets) }
        };
        let input = Input::Row { trusted: vec![hex(issuer)], clock_error: 5 * SECOND, lists: lists.iter().map(coming).collect() };
        let taken: Vec<bool> = lists.iter().map(|list| list.2).collect();
        maker.add(&format!("row-{case}"), &["R-13-21"], input, Outcome::Output(json!({ "taken": taken })));
    }
    let (known, other) = (digest(700), digest(701));
    let coming = |issuer, number| Coming { now: NOW, octets: Octets::hex(lay(issuer, number, NOW, &[]).0) };
    let input = Input::Row {
        trusted: vec![hex(known), hex(other)],
        clock_error: 5 * SECOND,
        lists: vec![coming(known, 5), coming(other, 1), coming(known, 6)],
    };
    maker.add("row-of-two-issuers", &["R-13-21"], input, Outcome::Output(json!({ "taken": [true, true, true] })));
    let input = Input::Row { trusted: vec![hex(known)], clock_error: 0, lists: vec![coming(other, 1), coming(known, 1)] };
    maker.add("row-of-an-unknown-issuer", &["R-13-22"], input, Outcome::Output(json!({ "taken": [false, true] })));
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    match vector.read()? {
        Input::One { octets } => {
            let octets = vector.resolve(&octets)?;
            Ok(match RevocationList::from_bytes(&octets) {
                Err(_) => Outcome::Output(json!({ "dropped": true })),
                Ok(list) if list.to_bytes() != octets => Outcome::Error("written otherwise than read".to_owned()),
                Ok(list) => {
                    let serials: Vec<u64> = list.serials.iter().map(|serial| serial.0).collect();
                    let (issuer, date) = (hex(list.issuer.0), list.made.0);
                    Outcome::Output(json!({ "issuer": issuer, "number": list.sequence, "date": date, "serials": serials }))
                }
            })
        }
        Input::Row { trusted, clock_error, lists } => {
            let trust = |issuer: &String| Ok::<_, String>(Trusted { issuer: IssuerId(fixed(issuer)?), roles: Roles(0xff) });
            let trusted = trusted.iter().map(trust).collect::<Result<_, _>>()?;
            let policy = Policy { trusted, clock_error: hypermesh_core::base::Span(clock_error), ..Policy::default() };
            let (mut held, mut taken) = (Lists::default(), Vec::new());
            for coming in lists {
                let octets = vector.resolve(&coming.octets)?;
                let list = RevocationList::from_bytes(&octets).map_err(|error| error.to_string())?;
                taken.push(held.take(list, &policy, Time(coming.now)));
            }
            Ok(Outcome::Output(json!({ "taken": taken })))
        }
    }
}
