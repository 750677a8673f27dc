//! R-8-12, R-12-02 to R-12-05, R-12-13, R-12-14 and R-12-17: what is believed about servers, and for how long.

use super::one::{BERLIN, LIFE, One, PARIS, TOKYO, claim};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::{NodeId, Span, Spot};
use hypermesh_core::stoq::routing::{Config, Effect, Input, Message, Why};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [addresses(), whose(), probes(), light(), sequences(), withdrawals(), lives(), later()].concat()
}

fn chooses(one: &mut One, wanted: Option<u32>) -> Outcome {
    let found = one.choice();
    ensure(found == wanted, || format!("{wanted:?} is to be chosen, and it is {found:?}"))
}

/// R-8-12: another address is no other place.
fn addresses() -> Vec<Case> {
    // The server nearest to Paris is chosen, so the choice tells where a server is taken to be.
    let moved = |name: &'static str, polarity, from: Spot, other: Spot, after: Span, seems: Option<Spot>| {
        Case::function(name, polarity, move || {
            let mut one = One::new();
            one.advertise(claim(A, from, 1));
            one.advertise(claim(B, other, 1));
            let before = one.choice();
            one.now += after;
            one.handle(Input::Moved { node: A, seems });
            chooses(&mut one, before)
        })
    };
    vec![
        moved("R-8-12/an-address-of-which-nothing-is-known", Valid, PARIS, BERLIN, Span::secs(60), None),
        moved("R-8-12/an-address-of-the-same-place", Valid, PARIS, BERLIN, Span::secs(60), Some(PARIS)),
        moved("R-8-12/within-the-second-of-a-claim", Boundary, PARIS, BERLIN, Span::millis(1), Some(TOKYO)),
        moved("R-8-12/an-address-of-another-continent", Invalid, PARIS, BERLIN, Span::secs(60), Some(TOKYO)),
        moved("R-8-12/an-address-that-seems-near", Invalid, TOKYO, BERLIN, Span::secs(60), Some(PARIS)),
    ]
}

/// R-12-02: about itself.
fn whose() -> Vec<Case> {
    vec![
        Case::function("R-12-02/a-node-about-itself", Valid, || {
            let mut one = One::new();
            one.advertise(claim(A, BERLIN, 1));
            chooses(&mut one, Some(1))
        }),
        Case::function("R-12-02/a-claim-about-another", Invalid, || {
            let mut one = One::new();
            one.say(B, Message::Advertise { claim: claim(A, BERLIN, 1), load: 0 });
            chooses(&mut one, None)
        }),
        Case::function("R-12-02/a-withdrawal-of-another", Invalid, || {
            let mut one = One::new();
            one.advertise(claim(A, BERLIN, 1));
            one.say(B, Message::Withdraw { node: A, sequence: 9 });
            chooses(&mut one, Some(1))
        }),
        Case::function("R-12-02/another-does-not-move-a-node", Boundary, || {
            let mut one = One::new();
            one.advertise(claim(A, PARIS, 1));
            one.advertise(claim(B, BERLIN, 1));
            one.say(B, Message::Advertise { claim: claim(A, TOKYO, 2), load: 0 });
            chooses(&mut one, Some(1))
        }),
    ]
}

/// R-12-03: probes keep their distance.
fn probes() -> Vec<Case> {
    let spread = |name: &'static str, polarity, every: Span, servers: u32, answers: bool| {
        Case::function(name, polarity, move || {
            let mut one = One::with(Config { probe_every: every, ..Config::default() });
            (1..=servers).for_each(|node| drop(one.advertise(claim(NodeId(node), BERLIN, 1))));
            let least = every.max(Span::millis(10));
            for _ in 0..20 {
                let effects = one.wake(Why::Probe);
                let sent: Vec<(NodeId, u64)> = effects.iter().filter_map(probe).collect();
                ensure(sent.len() == 1, || format!("{} probes were sent at once", sent.len()))?;
                let next = effects.iter().filter_map(|effect| match effect {
                    Effect::Wake { after, why: Why::Probe } => Some(*after),
                    _ => None,
                });
                let next: Vec<Span> = next.collect();
                ensure(next == [least], || format!("with an interval of {every} the next probe comes after {next:?}"))?;
                if answers {
                    one.say(sent[0].0, Message::Probed { nonce: sent[0].1 });
                }
                one.now += least;
            }
            Ok(())
        })
    };
    vec![
        spread("R-12-03/ten-servers", Valid, Span::secs(1), 10, false),
        spread("R-12-03/ten-milliseconds-and-one-server", Boundary, Span::millis(10), 1, false),
        spread("R-12-03/less-than-ten-milliseconds", Boundary, Span::millis(1), 3, false),
        spread("R-12-03/servers-that-do-not-answer", Invalid, Span::millis(100), 3, false),
    ]
}

fn probe(effect: &Effect) -> Option<(NodeId, u64)> {
    match effect {
        Effect::Send { to, message: Message::Probe { nonce } } => Some((*to, *nonce)),
        _ => None,
    }
}

/// Twice the radius of a city and the way of light between Paris and Tokyo, from the formula of clause 12.1.
fn least() -> Span {
    let km = PARIS.distance_km(TOKYO) - 50.0;
    Span((km * 2.0 * 1.468 / 299_792.458 * 1e9) as u64)
}

/// A server in Tokyo that was measured before it says where it is.
fn measured(rtt: Span) -> One {
    let mut one = One::with(Config { probe_every: Span::secs(1), ..Config::default() });
    one.advertise(claim(A, PARIS, 1));
    one.probed(rtt);
    one
}

/// R-12-04: no faster than light.
fn light() -> Vec<Case> {
    let told = |name: &'static str, polarity, off: i64, used: bool| {
        Case::function(name, polarity, move || {
            let mut one = measured(Span((least().0 as i64 + off) as u64));
            one.advertise(claim(A, TOKYO, 2));
            chooses(&mut one, used.then_some(1))
        })
    };
    vec![
        told("R-12-04/a-round-trip-that-fits", Valid, 50_000_000, true),
        told("R-12-04/a-nanosecond-more-than-light-needs", Boundary, 1, true),
        told("R-12-04/a-few-nanoseconds-less", Boundary, -3, false),
        told("R-12-04/half-of-what-light-needs", Invalid, -40_000_000, false),
        Case::function("R-12-04/it-is-said-again", Invalid, || {
            let mut one = measured(Span::millis(20));
            one.advertise(claim(A, TOKYO, 2));
            one.advertise(claim(A, TOKYO, 3));
            chooses(&mut one, None)
        }),
    ]
}

/// R-12-05: numbers rise.
fn sequences() -> Vec<Case> {
    // The second advertisement says that the server is far, and another one is near; so the choice tells which of the two counts.
    let told = |name: &'static str, polarity, number: u64, accepted: bool| {
        Case::function(name, polarity, move || {
            let mut one = One::new();
            one.advertise(claim(A, PARIS, 5));
            one.advertise(claim(B, BERLIN, 1));
            chooses(&mut one, Some(1))?;
            one.advertise(claim(A, TOKYO, number));
            chooses(&mut one, Some(if accepted { 2 } else { 1 }))
        })
    };
    vec![
        told("R-12-05/the-next-number", Valid, 6, true),
        told("R-12-05/a-number-far-above", Valid, 600, true),
        told("R-12-05/the-same-number", Boundary, 5, false),
        told("R-12-05/a-lower-number", Invalid, 4, false),
        Case::function("R-12-05/the-number-of-a-withdrawal", Invalid, || {
            let mut one = One::new();
            one.advertise(claim(A, BERLIN, 5));
            one.withdraw(A, 7);
            one.advertise(claim(A, BERLIN, 7));
            chooses(&mut one, None)
        })
        .leaning_on(&["R-12-13"]),
    ]
}

/// R-12-13: withdrawn.
fn withdrawals() -> Vec<Case> {
    let withdrawn = |name: &'static str, polarity, number: u64, used: bool| {
        Case::function(name, polarity, move || {
            let mut one = One::new();
            one.advertise(claim(A, BERLIN, 5));
            one.withdraw(A, number);
            chooses(&mut one, used.then_some(1))
        })
    };
    vec![
        Case::function("R-12-13/another-server-is-chosen", Valid, || {
            let mut one = One::new();
            one.advertise(claim(A, PARIS, 5));
            one.advertise(claim(B, TOKYO, 5));
            one.withdraw(A, 5);
            chooses(&mut one, Some(2))
        }),
        withdrawn("R-12-13/the-number-of-the-advertisement", Boundary, 5, false),
        withdrawn("R-12-13/a-number-less", Boundary, 4, true),
        withdrawn("R-12-13/a-number-more", Boundary, 6, false),
        Case::function("R-12-13/an-advertisement-that-was-under-way", Invalid, || {
            let mut one = One::new();
            one.advertise(claim(A, BERLIN, 5));
            one.withdraw(A, 7);
            one.advertise(claim(A, BERLIN, 6));
            chooses(&mut one, None)
        }),
        Case::function("R-12-13/it-comes-back", Valid, || {
            let mut one = One::new();
            one.advertise(claim(A, BERLIN, 5));
            one.withdraw(A, 7);
            one.advertise(claim(A, BERLIN, 8));
            chooses(&mut one, Some(1))
        }),
    ]
}

/// R-12-14: over.
fn lives() -> Vec<Case> {
    let after = |name: &'static str, polarity, span: Span, again: Option<Span>, used: bool| {
        Case::function(name, polarity, move || {
            let mut one = One::new();
            let began = one.now;
            one.advertise(claim(A, BERLIN, 1));
            if let Some(again) = again {
                one.now = began + again;
                one.advertise(claim(A, BERLIN, 2));
            }
            one.now = began + span;
            chooses(&mut one, used.then_some(1))
        })
    };
    vec![
        after("R-12-14/it-advertises-in-time", Valid, Span(LIFE.0 + 5), Some(Span::secs(300)), true),
        after("R-12-14/the-last-instant-of-a-life", Boundary, Span(LIFE.0 - 1), None, true),
        after("R-12-14/the-end-of-a-life", Boundary, LIFE, None, false),
        after("R-12-14/long-after-its-life", Invalid, LIFE.times(3), None, false),
        Case::function("R-12-14/a-life-of-zero", Invalid, || {
            let mut one = One::new();
            let mut ended = claim(A, BERLIN, 1);
            ended.life = Span::ZERO;
            one.advertise(ended);
            chooses(&mut one, None)
        }),
    ]
}

/// R-12-17: judged again.
fn later() -> Vec<Case> {
    let after = |name: &'static str, polarity, rtt: Span, used: bool| {
        Case::function(name, polarity, move || {
            let mut one = One::with(Config { probe_every: Span::secs(1), ..Config::default() });
            one.advertise(claim(A, TOKYO, 1));
            chooses(&mut one, Some(1))?;
            one.probed(rtt);
            chooses(&mut one, used.then_some(1))
        })
        .leaning_on(&["R-12-04"])
    };
    vec![
        after("R-12-17/a-measurement-that-fits", Valid, Span::millis(200), true),
        after("R-12-17/a-nanosecond-more-than-light-needs", Boundary, Span(least().0 + 1), true),
        after("R-12-17/an-answer-that-is-too-fast", Invalid, Span::millis(20), false),
        Case::function("R-12-17/a-server-that-was-configured", Invalid, || {
            let mut one = One::with(Config { probe_every: Span::secs(1), ..Config::default() });
            one.handle(Input::Server { claim: claim(A, TOKYO, 1) });
            one.probed(Span::millis(20));
            chooses(&mut one, None)
        })
        .leaning_on(&["R-12-04"]),
    ]
}
