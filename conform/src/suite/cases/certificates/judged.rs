//! R-13-02, R-13-04, R-13-05, R-13-15, R-13-17, R-13-19 and R-13-20: one certificate at one moment.

use super::scene::{NOW, Scene, name, react};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, ensure};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::machine::Machine;
use hypermesh_core::stoq::certs::{Algorithm, Effect, Guard, Input, PeerId, Refusal, Unlogged, Why};
use hypermesh_core::stoq::session::Roles;
use std::sync::Arc;

/// Changes something in a scene that is good.
type Change = fn(&mut Scene);

/// A certificate that is changed and judged now.
fn now(name: &str, polarity: Polarity, change: Change, wanted: Option<Refusal>) -> Case {
    Case::function(name, polarity, move || {
        let mut scene = Scene::new()?;
        change(&mut scene);
        scene.expect(NOW, wanted)
    })
}

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [lives(), chains(), names(), algorithms(), roles(), beginnings(), ends()].concat()
}

/// R-13-02: lives.
fn lives() -> Vec<Case> {
    let living = |text: &str, polarity, life: Span, wanted: Option<Refusal>| {
        Case::function(text, polarity, move || {
            let mut scene = Scene::new()?;
            scene.presented.certificate.not_after = scene.presented.certificate.not_before + life;
            scene.expect(NOW, wanted)
        })
    };
    vec![
        living("R-13-02/a-minute", Valid, Span::secs(60), None),
        living("R-13-02/a-day", Valid, Span::secs(86_400), None),
        living("R-13-02/seven-days", Boundary, Span::secs(604_800), None),
        living("R-13-02/seven-days-and-a-second", Boundary, Span::secs(604_801), Some(Refusal::Life)),
        living("R-13-02/a-year", Invalid, Span::secs(365 * 86_400), Some(Refusal::Life)),
        living("R-13-02/no-life", Boundary, Span::ZERO, Some(Refusal::Life)),
        now(
            "R-13-02/it-ends-before-it-begins",
            Invalid,
            |scene| scene.presented.certificate.not_after = Time(scene.presented.certificate.not_before.0 - 1),
            Some(Refusal::Life),
        ),
    ]
}

/// R-13-04: chains.
fn chains() -> Vec<Case> {
    vec![
        now("R-13-04/one-certificate", Valid, |scene| scene.presented.certificate.path = 0, None),
        now("R-13-04/one-in-between", Boundary, |scene| scene.presented.certificate.path = 1, None),
        now("R-13-04/two-in-between", Boundary, |scene| scene.presented.certificate.path = 2, Some(Refusal::TooLarge)),
        now("R-13-04/4096-octets", Boundary, |scene| scene.presented.certificate.bytes = 4_096, None),
        now("R-13-04/4097-octets", Boundary, |scene| scene.presented.certificate.bytes = 4_097, Some(Refusal::TooLarge)),
        now("R-13-04/a-hundred-certificates", Invalid, |scene| scene.presented.certificate.path = 99, Some(Refusal::TooLarge)),
    ]
}

/// R-13-05: names.
fn names() -> Vec<Case> {
    vec![
        now("R-13-05/the-name-that-was-meant", Valid, |scene| scene.asked.name = Some(name("edge-1")), None),
        now("R-13-05/another-last-octet", Boundary, |scene| scene.asked.name = Some(name("edge-2")), Some(Refusal::WrongName)),
        now("R-13-05/a-longer-name", Boundary, |scene| scene.asked.name = Some(name("edge-1.example")), Some(Refusal::WrongName)),
        now("R-13-05/another-node", Invalid, |scene| scene.asked.name = Some(name("regional")), Some(Refusal::WrongName)),
    ]
}

/// R-13-15: algorithms.
fn algorithms() -> Vec<Case> {
    vec![
        now("R-13-15/ed25519", Valid, |scene| scene.presented.certificate.algorithm = Algorithm::Ed25519, None),
        now("R-13-15/ecdsa-over-p-256", Valid, |scene| scene.presented.certificate.algorithm = Algorithm::EcdsaP256, None),
        now(
            "R-13-15/a-policy-of-the-other-one",
            Boundary,
            |scene| scene.policy.algorithms = Algorithm::EcdsaP256.bit(),
            Some(Refusal::Algorithm),
        ),
        now(
            "R-13-15/an-algorithm-that-is-not-listed",
            Invalid,
            |scene| scene.presented.certificate.algorithm = Algorithm::MlDsa44,
            Some(Refusal::Algorithm),
        ),
    ]
}

/// R-13-17: roles.
fn roles() -> Vec<Case> {
    vec![
        now("R-13-17/the-role-that-is-needed", Valid, |scene| scene.asked.roles = Roles::EDGE, None),
        now(
            "R-13-17/more-roles-than-are-needed",
            Boundary,
            |scene| scene.presented.certificate.roles = Roles::EDGE.with(Roles::CLIENT),
            None,
        ),
        now("R-13-17/another-role", Invalid, |scene| scene.asked.roles = Roles::ORIGIN, Some(Refusal::WrongRole)),
        now("R-13-17/one-role-of-two", Boundary, |scene| scene.asked.roles = Roles::EDGE.with(Roles::ORIGIN), Some(Refusal::WrongRole)),
        now(
            "R-13-17/an-issuer-that-is-trusted-for-less",
            Invalid,
            |scene| scene.policy.trusted[0].roles = Roles::CLIENT,
            Some(Refusal::WrongRole),
        ),
    ]
}

/// R-13-19: the beginning.
fn beginnings() -> Vec<Case> {
    let ahead = |text: &str, polarity, ahead: Span, wanted: Option<Refusal>| {
        Case::function(text, polarity, move || {
            let mut scene = Scene::new()?;
            scene.presented.certificate.not_before = NOW + ahead;
            scene.presented.certificate.not_after = NOW + ahead + Span::secs(3_600);
            scene.expect(NOW, wanted)
        })
    };
    // Twice the clock error, which is 5 s.
    vec![
        Case::function("R-13-19/a-second-ago", Valid, || {
            let mut scene = Scene::new()?;
            scene.presented.certificate.not_before = Time(NOW.0 - 1_000_000_000);
            scene.expect(NOW, None)
        }),
        ahead("R-13-19/twice-the-clock-error-ahead", Boundary, Span::secs(10), None),
        ahead("R-13-19/a-second-more", Boundary, Span::secs(11), Some(Refusal::NotYet)),
        ahead("R-13-19/tomorrow", Invalid, Span::secs(86_400), Some(Refusal::NotYet)),
    ]
}

/// R-13-20: the end.
fn ends() -> Vec<Case> {
    let at = |text: &str, polarity, after: Span, wanted: Option<Refusal>| {
        Case::function(text, polarity, move || {
            // It lives so shortly that it needs no list, so that nothing but its end is judged.
            let scene = Scene::living(Span::secs(50))?;
            scene.expect(NOW + after, wanted)
        })
    };
    vec![
        at("R-13-20/in-the-middle-of-its-life", Valid, Span::secs(25), None),
        at("R-13-20/the-last-instant", Boundary, Span(49_999_999_999), None),
        at("R-13-20/its-end", Boundary, Span::secs(50), Some(Refusal::Expired)),
        at("R-13-20/a-week-later", Invalid, Span::secs(604_800), Some(Refusal::Expired)),
        Case::function("R-13-20/a-session-ends-with-it", Invalid, || {
            let scene = Scene::living(Span::secs(50))?;
            let (mut draws, peer) = (0, PeerId(1));
            let mut guard = Guard::new(Arc::new(scene.policy.clone()), Unlogged);
            let input = Input::Present { peer, presented: Box::new(scene.presented.clone()), asked: scene.asked.clone() };
            let out = react(NOW, &mut draws, |cx| guard.handle(input, cx));
            ensure(out.contains(&Effect::Accept { peer }), || format!("a good peer came, and it is {out:?}"))?;
            let end = NOW + Span::secs(50);
            let wake = out.iter().find_map(|effect| match effect {
                Effect::Wake { after, why: Why::Judge } => Some(NOW + *after),
                _ => None,
            });
            let wake = wake.ok_or_else(|| Miss::Fail("nobody looks at a certificate again".into()))?;
            ensure(wake <= end, || format!("a certificate that ends at {end} is looked at again at {wake}"))?;
            let out = react(end, &mut draws, |cx| guard.wake(Why::Judge, cx));
            let dropped = out.contains(&Effect::Drop { peer, refusal: Refusal::Expired });
            ensure(dropped && !guard.is_accepted(peer, end), || format!("a certificate is over, and it is {out:?}"))
        }),
    ]
}
