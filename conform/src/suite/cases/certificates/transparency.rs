//! R-13-07, R-13-11 and R-13-14: what a receiver that demands transparency does with what judges of proofs say. There is no log to ask yet.

use super::scene::{NOW, Scene};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::ensure;
use hypermesh_core::base::Time;
use hypermesh_core::stoq::certs::{Certificate, NoLog, ProofFault, Refusal, Transparency, judge};

/// A judge of proofs that says this of every proof.
struct Says(Result<(), ProofFault>);

impl Transparency for Says {
    fn is_required(&self) -> bool {
        true
    }

    fn check(&self, _: &Certificate, _: &[u8], _: Time) -> Result<(), ProofFault> {
        self.0
    }
}

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    let judged = |text: &str, polarity, proof: &'static [u8], says: Result<(), ProofFault>, wanted: Option<Refusal>| {
        Case::function(text, polarity, move || {
            let mut scene = Scene::new()?;
            scene.presented.proof = proof.into();
            let found = judge(&scene.presented, &scene.asked, &scene.policy, &scene.lists, &Says(says), NOW).err();
            ensure(found == wanted, || format!("{wanted:?} is due, and it is {found:?}"))
        })
    };
    vec![
        judged("R-13-07/proofs-that-suffice", Valid, b"proof", Ok(()), None),
        judged("R-13-07/one-proof-fewer-than-wanted", Boundary, b"proof", Err(ProofFault::Bad), Some(Refusal::BadProof))
            .leaning_on(&["R-13-11"]),
        judged("R-13-07/no-proof", Invalid, b"", Ok(()), Some(Refusal::NoProof)),
        judged("R-13-11/a-proof-that-leads-to-the-root", Valid, b"proof", Ok(()), None),
        judged("R-13-11/a-proof-that-leads-to-another-root", Invalid, b"proof", Err(ProofFault::Bad), Some(Refusal::BadProof)),
        judged("R-13-14/a-proof-that-is-judged", Valid, b"proof", Ok(()), None),
        judged("R-13-14/a-log-that-is-out-of-reach", Boundary, b"proof", Err(ProofFault::NoLog), Some(Refusal::NoLog)),
        Case::function("R-13-14/a-receiver-that-knows-no-log", Invalid, || {
            let mut scene = Scene::new()?;
            scene.presented.proof = b"proof"[..].into();
            let found = judge(&scene.presented, &scene.asked, &scene.policy, &scene.lists, &NoLog, NOW).err();
            ensure(found == Some(Refusal::NoLog), || format!("no log is known, and it is {found:?}"))
        }),
    ]
}
