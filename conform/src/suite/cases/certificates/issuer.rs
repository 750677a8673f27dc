//! R-13-23 and R-13-28: what an issuer gives, and how often it makes a list.

use super::scene::{ISSUER, KEY, NOW, Scene, name};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::certs::{Denial, Issuer, Policy, Request, Serial};
use hypermesh_core::stoq::session::Roles;

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [grants(), lists()].concat()
}

/// An issuer that knows an edge and an origin.
fn enrolled() -> Issuer {
    let mut issuer = Issuer::new(ISSUER, &Policy::default());
    issuer.enrol(name("edge-1"), Roles::EDGE.with(Roles::CLIENT));
    issuer.enrol(name("origin"), Roles::ORIGIN);
    issuer
}

/// R-13-28: only what is enrolled.
fn grants() -> Vec<Case> {
    let wish = |text: &str, polarity: Polarity, who: &'static str, roles: Roles, life: Span, wanted: Option<Denial>| {
        Case::function(text, polarity, move || {
            let request = Request { name: name(who), roles, key: KEY, life };
            let found = enrolled().issue(&request, NOW);
            ensure(found.as_ref().err() == wanted.as_ref(), || format!("{wanted:?} is due, and it is {found:?}"))?;
            let given = found.ok().map(|certificate| (certificate.name, certificate.roles, certificate.not_after.since(NOW)));
            let right = given.is_none_or(|(given, with, lives)| given == name(who) && with == roles && lives <= life);
            ensure(right, || "the certificate is another than the one that was asked for".into())
        })
    };
    let week = Span::secs(604_800);
    vec![
        wish("R-13-28/a-role-that-is-enrolled", Valid, "edge-1", Roles::EDGE, Span::secs(60), None),
        wish("R-13-28/both-roles", Valid, "edge-1", Roles::EDGE.with(Roles::CLIENT), Span::secs(60), None),
        wish("R-13-28/seven-days", Boundary, "edge-1", Roles::EDGE, week, None),
        wish("R-13-28/a-nanosecond-more", Boundary, "edge-1", Roles::EDGE, Span(week.0 + 1), Some(Denial::Life)),
        wish("R-13-28/a-role-of-another-name", Invalid, "edge-1", Roles::ORIGIN, Span::secs(60), Some(Denial::Role)),
        wish("R-13-28/one-role-too-many", Invalid, "edge-1", Roles::EDGE.with(Roles::ORIGIN), Span::secs(60), Some(Denial::Role)),
        wish("R-13-28/a-name-that-nobody-enrolled", Invalid, "edge-2", Roles::EDGE, Span::secs(60), Some(Denial::UnknownName)),
        Case::function("R-13-28/a-name-that-was-expelled", Invalid, || {
            let mut issuer = enrolled();
            issuer.expel(&name("edge-1"), NOW);
            let request = Request { name: name("edge-1"), roles: Roles::EDGE, key: KEY, life: Span::secs(60) };
            let found = issuer.issue(&request, NOW);
            ensure(found == Err(Denial::UnknownName), || format!("{found:?}"))
        }),
    ]
}

/// R-13-23: often enough.
fn lists() -> Vec<Case> {
    vec![
        Case::function("R-13-23/an-hour-without-a-revocation", Valid, || made_for(Span::secs(3_600), None)),
        Case::function("R-13-23/the-longest-time-between-two-lists", Boundary, || {
            let (mut issuer, policy) = (enrolled(), Policy::default());
            issuer.list(NOW);
            let due = issuer.list_due();
            // (B - 2e) / 4 is 12.5 s.
            let right = due > NOW && due <= NOW + Span(12_500_000_000) && policy.list_life() == Span::secs(50);
            ensure(right, || format!("after {NOW} a list is due at {due}"))
        }),
        Case::function("R-13-23/a-revocation-between-two-lists", Invalid, || made_for(Span::secs(60), Some(Span::secs(20)))),
    ]
}

/// An issuer that makes its lists when they are due, for so long, and perhaps takes something back meanwhile.
fn made_for(span: Span, revokes: Option<Span>) -> Outcome {
    let mut issuer = enrolled();
    let scene = Scene::new()?;
    let request = Request { name: name("edge-1"), roles: Roles::EDGE, key: KEY, life: Span::secs(86_400) };
    let serial: Serial = issuer.issue(&request, NOW).map_or(Serial(0), |certificate| certificate.serial);
    let (mut now, mut last, mut listed) = (NOW, NOW, issuer.list(NOW));
    while now < NOW + span {
        now = Time(now.0 + 500_000_000);
        if revokes == Some(now.since(NOW)) {
            issuer.revoke(serial, now);
        }
        if issuer.list_due() <= now {
            let gap = now.since(last);
            ensure(gap <= Span(scene.policy.list_life().0 / 4 + 500_000_000), || format!("{gap} passed between two lists"))?;
            (last, listed) = (now, issuer.list(now));
        }
    }
    let gap = now.since(last);
    ensure(gap <= Span::secs(13), || format!("the last list is {gap} old"))?;
    let stands = listed.has(serial);
    ensure(stands == revokes.is_some(), || format!("the certificate stands on the list: {stands}"))
}
