//! R-13-06, R-13-21, R-13-22 and R-13-24: lists of revocations.

use super::scene::{ISSUER, NOW, Scene, react};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::octets::varint;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Time, Wire as _};
use hypermesh_core::machine::Machine;
use hypermesh_core::stoq::certs::{Effect, Guard, Input, IssuerId, Lists, PeerId, Refusal, RevocationList, Serial, Unlogged};
use std::sync::Arc;

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [revoked(), newer(), forms(), needed()].concat()
}

/// R-13-06: revoked.
fn revoked() -> Vec<Case> {
    vec![
        Case::function("R-13-06/not-on-the-newest-list", Valid, || {
            let mut scene = Scene::new()?;
            let list = scene.issuer.list(NOW + Span::secs(1));
            ensure(scene.lists.take(list, &scene.policy, NOW + Span::secs(1)), || "a newer list was dropped".into())?;
            scene.expect(NOW + Span::secs(1), None)
        }),
        Case::function("R-13-06/on-the-newest-list", Invalid, || {
            let scene = revoked_at(Span::ZERO)?;
            scene.expect(NOW + Span::secs(1), Some(Refusal::Revoked))
        }),
        Case::function("R-13-06/an-old-list-says-so", Boundary, || {
            let scene = revoked_at(Span::ZERO)?;
            scene.expect(NOW + Span::secs(600), Some(Refusal::Revoked))
        }),
        Case::function("R-13-06/all-newer-lists-are-held-back", Invalid, || {
            // The list of before the revocation: the certificate is out of use when the bound is over, by clocks that differ by the error.
            let scene = Scene::new()?;
            let late = NOW + scene.policy.revocation_bound;
            let by_the_slow_clock = Time(late.0 - 2 * scene.policy.clock_error.0);
            ensure(scene.judged(by_the_slow_clock).is_err(), || "a list of before the revocation still counts".into())
        })
        .leaning_on(&["R-13-24"]),
        Case::function("R-13-06/a-session-ends-with-the-list", Invalid, || {
            let mut scene = Scene::new()?;
            let (mut draws, peer) = (0, PeerId(1));
            let mut guard = Guard::new(Arc::new(scene.policy.clone()), Unlogged);
            let first = scene.issuer.list(NOW);
            react(NOW, &mut draws, |cx| guard.handle(Input::List(first), cx));
            let input = Input::Present { peer, presented: Box::new(scene.presented.clone()), asked: scene.asked.clone() };
            let out = react(NOW, &mut draws, |cx| guard.handle(input, cx));
            ensure(out.contains(&Effect::Accept { peer }), || format!("a good peer came, and it is {out:?}"))?;
            scene.issuer.revoke(scene.presented.certificate.serial, NOW);
            let next = scene.issuer.list(NOW + Span::secs(1));
            let out = react(NOW + Span::secs(1), &mut draws, |cx| guard.handle(Input::List(next), cx));
            let dropped = out.contains(&Effect::Drop { peer, refusal: Refusal::Revoked });
            ensure(dropped, || format!("a certificate was revoked, and it is {out:?}"))
        }),
    ]
}

/// A certificate that was revoked so long after its beginning, with the list that says so.
fn revoked_at(after: Span) -> Outcome<Scene> {
    let mut scene = Scene::new()?;
    if !scene.issuer.revoke(scene.presented.certificate.serial, NOW + after) {
        return Err(Miss::Inconclusive("the issuer revokes nothing".into()));
    }
    let list = scene.issuer.list(NOW + after);
    ensure(scene.lists.take(list, &scene.policy, NOW + after), || "a newer list was dropped".into())?;
    Ok(scene)
}

/// R-13-21: only newer ones.
fn newer() -> Vec<Case> {
    let after = |text: &str, polarity, sequence: u64, made: i64, taken: bool| {
        Case::function(text, polarity, move || {
            let scene = Scene::new()?;
            let mut lists = Lists::default();
            let list = |sequence: u64, made: Time| RevocationList { issuer: ISSUER, sequence, made, serials: Vec::new() };
            ensure(lists.take(list(10, NOW), &scene.policy, NOW), || "a fresh list was dropped".into())?;
            let made = Time((NOW.0 as i64 + made) as u64);
            let found = lists.take(list(sequence, made), &scene.policy, NOW);
            ensure(found == taken, || format!("a list {sequence} of {made} after one of 10 of {NOW}: taken {found}"))
        })
    };
    let ahead = 10_000_000_000;
    vec![
        after("R-13-21/a-higher-number-and-a-later-date", Valid, 11, 1_000_000_000, true),
        after("R-13-21/the-same-number", Boundary, 10, 1_000_000_000, false),
        after("R-13-21/the-same-date", Boundary, 11, 0, true),
        after("R-13-21/an-earlier-date", Boundary, 11, -1, false),
        after("R-13-21/a-date-twice-the-clock-error-ahead", Boundary, 11, ahead, true),
        after("R-13-21/a-date-beyond", Boundary, 11, ahead + 1, false),
        Case::function("R-13-21/an-older-list-that-lacks-a-revocation", Invalid, || {
            let mut scene = Scene::new()?;
            let old = scene.issuer.list(NOW);
            scene.issuer.revoke(scene.presented.certificate.serial, NOW);
            let new = scene.issuer.list(NOW);
            let mut lists = Lists::default();
            lists.take(new, &scene.policy, NOW);
            let taken = lists.take(old, &scene.policy, NOW);
            ensure(!taken, || "an older list took the place of a newer one".into())
        }),
    ]
}

/// The octets of a list, from clause 13.3 and not from an encoder.
fn written(serials: &[u64]) -> Vec<u8> {
    let head = [vec![1; 32], varint(300), NOW.0.to_be_bytes().to_vec(), varint(serials.len() as u64)].concat();
    serials.iter().fold(head, |octets, serial| [octets, serial.to_be_bytes().to_vec()].concat())
}

/// R-13-22: the form. Signatures are for those who read files.
fn forms() -> Vec<Case> {
    let read = |text: &str, polarity, serials: fn() -> Vec<u64>, good: bool| {
        Case::function(text, polarity, move || {
            let octets = written(&serials());
            let found = RevocationList::from_bytes(&octets);
            let right = found.as_ref().is_ok_and(|list| list.serials.iter().map(|serial| serial.0).eq(serials()));
            ensure(right == good, || format!("a list of {} serials: {}", serials().len(), found.is_ok()))
        })
    };
    vec![
        read("R-13-22/a-list-of-two", Valid, || vec![3, 1 << 40], true),
        read("R-13-22/an-empty-list", Boundary, Vec::new, true),
        read("R-13-22/the-longest-list", Boundary, || (1..=4_096).collect(), true),
        read("R-13-22/one-serial-too-many", Boundary, || (1..=4_097).collect(), false),
        read("R-13-22/a-serial-twice", Invalid, || vec![7, 7], false),
        read("R-13-22/serials-that-fall", Invalid, || vec![9, 7], false),
        Case::function("R-13-22/a-list-of-somebody-else", Invalid, || {
            let scene = Scene::new()?;
            let foreign = RevocationList { issuer: IssuerId([9; 32]), sequence: 1, made: NOW, serials: vec![Serial(1)] };
            let taken = Lists::default().take(foreign, &scene.policy, NOW);
            ensure(!taken, || "a list of an issuer that nobody trusts was taken".into())
        }),
    ]
}

/// R-13-24: without a list that counts.
fn needed() -> Vec<Case> {
    // A list counts for B - 2e, which is 50 s.
    let at = |text: &str, polarity, after: Span, wanted: Option<Refusal>| {
        Case::function(text, polarity, move || Scene::new()?.expect(NOW + after, wanted))
    };
    let without = |text: &str, polarity, life: Span, wanted: Option<Refusal>| {
        Case::function(text, polarity, move || {
            let mut scene = Scene::living(life)?;
            scene.lists = Lists::default();
            scene.expect(NOW, wanted)
        })
    };
    vec![
        at("R-13-24/a-list-of-a-moment-ago", Valid, Span::secs(1), None),
        at("R-13-24/the-last-instant-of-a-list", Boundary, Span(49_999_999_999), None),
        at("R-13-24/a-list-that-is-over", Boundary, Span::secs(50), Some(Refusal::StaleList)),
        without("R-13-24/a-life-that-needs-none", Boundary, Span::secs(50), None),
        without("R-13-24/a-life-of-a-nanosecond-more", Boundary, Span(50_000_000_001), Some(Refusal::NoList)),
        without("R-13-24/never-a-list", Invalid, Span::secs(3_600), Some(Refusal::NoList)),
    ]
}
