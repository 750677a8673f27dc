//! R-13-16 and R-13-29: who is at the other end, and that nobody speaks before that is known.

use super::scene::{NOW, Scene, react};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::port::{Identity, Line};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::machine::Machine;
use hypermesh_core::stoq::certs::{Effect, Guard, Input, Lists, PeerId, Refusal, Unlogged};
use hypermesh_core::stoq::session::{Code, Roles};
use std::sync::Arc;

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [told(), judged_first()].concat()
}

/// R-13-16: the roles that a peer tells.
fn told() -> Vec<Case> {
    let tells = |text: &str, polarity: Polarity, has: Roles, says: Roles, good: bool| {
        Case::wire(text, polarity, Origin, move |t| {
            let line = t.connect(Identity::Certified(has))?;
            let agreed = t.agree(line, &Tester::settings(says));
            if good {
                agreed?;
                return t.expect_alive(line);
            }
            is_sent_away(t, line, agreed)
        })
    };
    let both = Roles::CLIENT.with(Roles::PUBLISHER);
    vec![
        tells("R-13-16/one-of-its-roles", Valid, both, Roles::CLIENT, true),
        tells("R-13-16/all-of-its-roles", Boundary, both, both, true),
        tells("R-13-16/one-role-more", Boundary, both, both.with(Roles::EDGE), false),
        tells("R-13-16/a-client-as-a-publisher", Invalid, Roles::CLIENT, Roles::PUBLISHER, false),
    ]
}

/// The session is closed, at the latest when both sides have confirmed.
fn is_sent_away(t: &mut Tester<'_>, line: Line, agreed: Outcome) -> Outcome {
    match agreed {
        Err(Miss::Error(why)) => Err(Miss::Error(why)),
        _ => t.expect_close(line, &[Code::Unauthenticated]),
    }
}

/// R-13-29: nobody is answered whose certificate was not judged, and good.
fn judged_first() -> Vec<Case> {
    vec![
        Case::wire("R-13-29/a-good-certificate", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)
        }),
        Case::function("R-13-29/a-guard-lets-nobody-in-before-its-verdict", Invalid, || {
            let mut scene = Scene::living(Span::secs(3_600))?;
            scene.lists = Lists::default();
            let (mut draws, peer) = (0, PeerId(1));
            let mut guard = Guard::new(Arc::new(scene.policy.clone()), Unlogged);
            let input = Input::Present { peer, presented: Box::new(scene.presented.clone()), asked: scene.asked.clone() };
            let out = react(NOW, &mut draws, |cx| guard.handle(input, cx));
            let right = out.contains(&Effect::Refuse { peer, refusal: Refusal::NoList }) && !out.contains(&Effect::Accept { peer });
            ensure(right && !guard.is_accepted(peer, NOW), || format!("there is no list of its issuer, and it is {out:?}"))
        })
        .leaning_on(&["R-13-24"]),
    ]
}
