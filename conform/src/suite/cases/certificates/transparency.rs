//! R-13-07, R-13-11 and R-13-14: what a receiver that demands transparency makes of proofs.

use super::logs::{NAMES, Written, known, receiver};
use super::scene::{ISSUER, NOW, Scene};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::certs::log::{Known, Logs, Proof};
use hypermesh_core::stoq::certs::{NoLog, Refusal, Transparency, judge};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [enough(), inclusion(), out_of_reach()].concat()
}

/// The judgement of a certificate that shows these proofs.
fn judged(scene: &mut Scene, proofs: &[Proof], logs: &impl Transparency, wanted: Option<Refusal>) -> Outcome {
    scene.presented.proof = proofs.iter().flat_map(Proof::to_bytes).collect();
    let found = judge(&scene.presented, &scene.asked, &scene.policy, &scene.lists, logs, NOW).err();
    ensure(found == wanted, || format!("{wanted:?} is due, and it is {found:?}"))
}

/// R-13-07: enough proofs, of others.
fn enough() -> Vec<Case> {
    // A certificate with proofs of these logs, before a receiver that wants two.
    let shows = |name: &str, polarity: Polarity, of: &'static [usize], wanted: Option<Refusal>| {
        Case::function(name, polarity, move || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            let proofs: Vec<Proof> = of.iter().map(|log| written.proof(*log, 3)).collect();
            judged(&mut scene, &proofs, &receiver(2), wanted)
        })
    };
    vec![
        shows("R-13-07/as-many-logs-as-wanted", Valid, &[0, 1], None),
        shows("R-13-07/one-log-more", Valid, &[0, 1, 2], None),
        shows("R-13-07/one-log-fewer", Boundary, &[0], Some(Refusal::BadProof)),
        shows("R-13-07/one-log-twice", Boundary, &[0, 0], Some(Refusal::BadProof)),
        shows("R-13-07/no-proof", Invalid, &[], Some(Refusal::NoProof)),
        Case::function("R-13-07/a-log-that-the-issuer-runs", Invalid, || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            let logs: Vec<Known> =
                known().into_iter().map(|log| Known { runs: vec![ISSUER; usize::from(log.origin == NAMES[1])], ..log }).collect();
            let logs = Logs::new(logs, 2, super::logs::Ed25519);
            judged(&mut scene, &[written.proof(0, 3), written.proof(1, 3)], &logs, Some(Refusal::BadProof))?;
            judged(&mut scene, &[written.proof(0, 3), written.proof(2, 3)], &logs, None)
        }),
    ]
}

/// R-13-11: the path and the signature.
fn inclusion() -> Vec<Case> {
    let changed = |name: &str, polarity: Polarity, change: fn(&Written, &mut Proof)| {
        Case::function(name, polarity, move || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            let mut proof = written.proof(0, 3);
            change(&written, &mut proof);
            judged(&mut scene, &[proof], &receiver(1), Some(Refusal::BadProof))
        })
    };
    // The entry of the certificate stands at this place of a tree of that size.
    let placed = |name: &str, polarity: Polarity, place: u64, size: u64| {
        Case::function(name, polarity, move || {
            let mut scene = Scene::new()?;
            let written = Written::at(&scene.presented.certificate, place, size);
            judged(&mut scene, &[written.proof(0, place)], &receiver(1), None)
        })
    };
    vec![
        placed("R-13-11/a-proof-that-leads-to-the-root", Valid, 3, 7),
        placed("R-13-11/the-first-entry", Boundary, 0, 7),
        placed("R-13-11/the-last-entry", Boundary, 6, 7),
        placed("R-13-11/the-only-entry", Boundary, 0, 1),
        changed("R-13-11/a-proof-of-another-entry", Invalid, |written, proof| *proof = written.proof(0, 2)),
        changed("R-13-11/a-path-that-leads-to-another-root", Invalid, |_, proof| proof.path[0][31] ^= 1),
        changed("R-13-11/a-path-with-a-hash-too-few", Boundary, |_, proof| proof.path.truncate(2)),
        changed("R-13-11/a-checkpoint-that-another-signed", Invalid, |written, proof| proof.note = written.forged(0)),
    ]
}

/// R-13-14: nobody to judge it.
fn out_of_reach() -> Vec<Case> {
    vec![
        Case::function("R-13-14/a-proof-that-is-judged", Valid, || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            judged(&mut scene, &[written.proof(0, 3)], &receiver(1), None)
        }),
        Case::function("R-13-14/a-log-that-is-out-of-reach", Boundary, || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            let mut logs = receiver(1);
            // It has seen what the log was before, and cannot ask whether this follows from it.
            logs.see(written.note(0, 2), &[]);
            judged(&mut scene, &[written.proof(0, 3)], &logs, Some(Refusal::NoLog))
        }),
        Case::function("R-13-14/fewer-logs-than-are-wanted", Invalid, || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            judged(&mut scene, &[written.proof(0, 3)], &receiver(NAMES.len() + 1), Some(Refusal::NoLog))
        }),
        Case::function("R-13-14/a-receiver-that-knows-no-log", Invalid, || {
            let mut scene = Scene::new()?;
            let written = Written::with(&scene.presented.certificate);
            judged(&mut scene, &[written.proof(0, 3)], &NoLog, Some(Refusal::NoLog))
        }),
    ]
}
