//! R-12-09, R-12-10, R-12-15 and R-12-16: loops, and servers that fail.

use super::one::{BERLIN, HERE, ME, One, asked, claim, gave_up, patience};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{NodeId, Span};
use hypermesh_core::stoq::routing::{Input, NoWay, RequestId, Trail};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [loops(), waits(), rests(), tries()].concat()
}

/// A router that knows so many servers in Berlin.
fn with(servers: u32) -> One {
    let mut one = One::new();
    (1..=servers).for_each(|node| drop(one.advertise(claim(NodeId(node), BERLIN, 1))));
    one
}

/// R-12-09: no circles.
fn loops() -> Vec<Case> {
    let through = |name: &'static str, polarity, nodes: &'static [u32], forwarded: bool| {
        Case::function(name, polarity, move || {
            let trail = nodes.iter().try_fold(Trail::EMPTY, |trail, node| trail.with(NodeId(*node)));
            let trail = trail.ok_or_else(|| Miss::Error("the trail is too long for a trail".into()))?;
            let mut one = with(1);
            let effects = one.request(1, trail);
            if forwarded {
                return ensure(asked(&effects) == Some(1), || format!("a request through {nodes:?} was not forwarded: {effects:?}"));
            }
            ensure(asked(&effects).is_none(), || format!("a request through {nodes:?} was forwarded"))?;
            ensure(gave_up(&effects) == Some(NoWay::Loop), || format!("{effects:?}"))
        })
    };
    vec![
        through("R-12-09/a-short-trail", Valid, &[71], true),
        through("R-12-09/three-other-nodes", Boundary, &[71, 72, 73], true),
        through("R-12-09/four-other-nodes", Boundary, &[71, 72, 73, 74], false),
        through("R-12-09/itself-at-the-beginning", Invalid, &[ME.0, 71], false),
        through("R-12-09/itself-at-the-end", Invalid, &[71, 72, ME.0], false),
        Case::function("R-12-09/a-server-in-the-trail-is-not-chosen", Valid, || {
            let trail = Trail::EMPTY.with(NodeId(1)).ok_or_else(|| Miss::Error("a trail of one node".into()))?;
            let mut one = with(1);
            let effects = one.request(1, trail);
            ensure(gave_up(&effects) == Some(NoWay::Nobody), || format!("{effects:?}"))
        }),
    ]
}

/// R-12-10: how long a server is waited for.
fn waits() -> Vec<Case> {
    let predicted = |name: &'static str, polarity, rtt: Span, wanted: Span| {
        Case::function(name, polarity, move || {
            let mut one = with(1);
            one.handle(Input::Prior { group: HERE, node: NodeId(1), rtt });
            let effects = one.request(1, Trail::EMPTY);
            let (after, _) = patience(&effects).ok_or_else(|| Miss::Fail("a server is waited for without end".into()))?;
            let off = after.0.abs_diff(wanted.0);
            ensure(off <= wanted.0 / 1_000_000 + 1_000, || format!("with a prediction of {rtt} a server is given up after {after}"))
        })
    };
    vec![
        predicted("R-12-10/four-times-the-prediction", Valid, Span::millis(200), Span::millis(800)),
        predicted("R-12-10/just-below-the-least", Boundary, Span::millis(24), Span::millis(100)),
        predicted("R-12-10/just-above-the-least", Boundary, Span::millis(26), Span::millis(104)),
        predicted("R-12-10/just-below-the-longest", Boundary, Span::millis(749), Span::millis(2_996)),
        predicted("R-12-10/just-above-the-longest", Boundary, Span::millis(751), Span::secs(3)),
        Case::function("R-12-10/a-server-that-never-answers", Invalid, || {
            let mut one = with(2);
            let effects = one.request(1, Trail::EMPTY);
            let (first, (after, why)) = asked(&effects).zip(patience(&effects)).ok_or_else(|| Miss::Fail("nobody was asked".into()))?;
            ensure(after <= Span::secs(3), || format!("a server is given up after {after}"))?;
            one.now += after;
            let next = asked(&one.wake(why));
            ensure(next.is_some_and(|next| next != first), || format!("after {first} was given up, {next:?} is asked"))
        }),
        Case::function("R-12-10/a-server-that-answers-in-time", Valid, || {
            let mut one = with(2);
            let effects = one.request(1, Trail::EMPTY);
            let (after, why) = patience(&effects).ok_or_else(|| Miss::Fail("a server is waited for without end".into()))?;
            one.handle(Input::Answered { request: RequestId(1), rtt: None });
            one.now += after;
            let next = asked(&one.wake(why));
            ensure(next.is_none(), || "a request that was answered was sent on".into())
        }),
    ]
}

/// A request that its server fails.
fn fails(one: &mut One, request: u64) -> Outcome {
    ensure(one.ask(request).is_some(), || "there is a server, and it was not asked".into())?;
    one.handle(Input::Failed { request: RequestId(request) });
    Ok(())
}

/// R-12-15: rests.
fn rests() -> Vec<Case> {
    // The rest after so many failures in a row.
    let after = |name: &'static str, polarity, failures: u32, rest: Span| {
        Case::function(name, polarity, move || {
            let mut one = with(1);
            for failure in 1..=u64::from(failures) {
                fails(&mut one, failure)?;
                if failure < u64::from(failures) {
                    one.now += Span::secs(61);
                    // Its claim has to last as long as the case.
                    one.advertise(claim(NodeId(1), BERLIN, 1 + failure));
                }
            }
            let failed = one.now;
            one.now = failed + Span(rest.0 - 1);
            ensure(one.choice().is_none(), || format!("a server is chosen before {rest} are over"))?;
            one.now = failed + rest;
            ensure(one.choice() == Some(1), || format!("a server is not chosen after {rest}"))
        })
    };
    vec![
        after("R-12-15/one-failure", Boundary, 1, Span::secs(1)),
        after("R-12-15/two-failures-in-a-row", Boundary, 2, Span::secs(2)),
        after("R-12-15/seven-failures-in-a-row", Boundary, 7, Span::secs(60)),
        Case::function("R-12-15/chosen-again-after-its-rest", Valid, || {
            let mut one = with(1);
            fails(&mut one, 1)?;
            one.now += Span::secs(2);
            ensure(one.choice() == Some(1), || "a server is not chosen after its rest".into())
        }),
        Case::function("R-12-15/an-answer-in-between", Invalid, || {
            let mut one = with(1);
            for request in [1, 2] {
                fails(&mut one, request)?;
                one.now += Span::secs(5);
            }
            ensure(one.ask(3).is_some(), || "the server was not asked".into())?;
            one.handle(Input::Answered { request: RequestId(3), rtt: None });
            fails(&mut one, 4)?;
            one.now += Span(999_999_999);
            ensure(one.choice().is_none(), || "a server is chosen before its rest is over".into())?;
            one.now += Span(1);
            ensure(one.choice() == Some(1), || "an answer did not set the row of failures back".into())
        }),
    ]
}

/// R-12-16: at most three.
fn tries() -> Vec<Case> {
    let of = |name: &'static str, polarity, servers: u32, wanted: usize, why: NoWay| {
        Case::function(name, polarity, move || {
            let mut one = with(servers);
            let mut effects = one.request(1, Trail::EMPTY);
            let mut tried = Vec::new();
            while let Some(node) = asked(&effects) {
                ensure(!tried.contains(&node), || format!("{node} was asked twice"))?;
                tried.push(node);
                effects = one.handle(Input::Failed { request: RequestId(1) });
            }
            ensure(tried.len() == wanted, || format!("a request was sent to {tried:?}"))?;
            ensure(gave_up(&effects) == Some(why), || format!("{effects:?}"))
        })
    };
    vec![
        Case::function("R-12-16/the-second-answers", Valid, || {
            let mut one = with(3);
            let first = one.ask(1);
            let second = asked(&one.handle(Input::Failed { request: RequestId(1) }));
            ensure(second.is_some() && second != first, || format!("after {first:?} it is {second:?}"))
        }),
        of("R-12-16/two-servers", Boundary, 2, 2, NoWay::Nobody),
        of("R-12-16/three-servers", Boundary, 3, 3, NoWay::Exhausted),
        of("R-12-16/six-servers", Boundary, 6, 3, NoWay::Exhausted),
        Case::function("R-12-16/a-server-that-comes-back", Invalid, || {
            let mut one = with(1);
            let first = one.ask(1);
            one.advertise(claim(NodeId(1), BERLIN, 2));
            one.now += Span::secs(5);
            let effects = one.handle(Input::Failed { request: RequestId(1) });
            ensure(first == Some(1) && asked(&effects).is_none(), || "a server was asked twice for one request".into())
        }),
    ]
}
