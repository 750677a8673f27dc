//! Who may speak: core's guard, fed with what handshakes show and with lists of revocations.

use crate::pki::Anchor;
use hypermesh_core::base::{Dice, NodeId, SeedKey, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::certs::{Asked, Effect, Guard, Input, PeerId, Policy, Presented, Refusal, RevocationList, Serial, Unlogged, Why};
use hypermesh_core::testing::Breach;
use quinn::Connection;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The guard of a node and what it needs.
#[derive(Debug)]
pub struct Door {
    anchor: Arc<Anchor>,
    guard: Mutex<Watch>,
}

#[derive(Debug)]
struct Watch {
    guard: Guard<Unlogged>,
    dice: Dice,
    position: u32,
    /// Whom a breach believes because it was judged before.
    judged: BTreeSet<Serial>,
}

/// What a guard asks for: peers to drop, and wake-ups.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) drop: Vec<(PeerId, Refusal)>,
    pub(super) wake: Vec<(Time, Why)>,
}

impl Door {
    /// A door under a policy, for certificates of one anchor. Logs are not asked: the operator of a deployment runs its authority itself.
    pub fn new(anchor: Arc<Anchor>, policy: Policy) -> Self {
        // The guard draws nothing; the seed is of no account.
        let dice = Dice::new(SeedKey::new(0));
        Self {
            anchor,
            guard: Mutex::new(Watch { guard: Guard::new(Arc::new(policy), Unlogged), dice, position: 0, judged: BTreeSet::new() }),
        }
    }

    /// What a list file has to be signed by.
    pub fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// What a peer showed in its handshake.
    pub(super) fn shown(&self, connection: &Connection) -> Result<Presented, Refusal> {
        let chain = connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
        let chain = chain.ok_or(Refusal::WrongKey)?;
        self.anchor.presented(&chain).map_err(|_| Refusal::UnknownIssuer)
    }

    /// Judges a peer; the orders concern others, too.
    pub(super) fn judge(&self, peer: PeerId, presented: Presented, asked: Asked, now: Time) -> (Result<(), Refusal>, Orders) {
        let serial = presented.certificate.serial;
        let input = Input::Present { peer, presented: Box::new(presented), asked };
        let mut orders = self.react(now, |guard, cx| guard.handle(input, cx));
        let own = orders.drop.iter().position(|(dropped, _)| *dropped == peer).map(|at| orders.drop.remove(at).1);
        let mut verdict = own.filter(|_| !Breach::ServeUnjudged.is_on()).map_or(Ok(()), Err);
        if Breach::ResumeOldJudgement.is_on() {
            let mut watch = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
            if verdict.is_ok() {
                watch.judged.insert(serial);
            } else if watch.judged.contains(&serial) {
                verdict = Ok(());
            }
        }
        (verdict, orders)
    }

    pub(super) fn list(&self, list: RevocationList, now: Time) -> Orders {
        self.react(now, |guard, cx| guard.handle(Input::List(list), cx))
    }

    pub(super) fn gone(&self, peer: PeerId, now: Time) {
        self.react(now, |guard, cx| guard.handle(Input::Gone(peer), cx));
    }

    pub(super) fn wake(&self, why: Why, now: Time) -> Orders {
        self.react(now, |guard, cx| guard.wake(why, cx))
    }

    fn react(&self, now: Time, react: impl FnOnce(&mut Guard<Unlogged>, &mut Cx<'_, Effect>)) -> Orders {
        let mut watch = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let Watch { guard, dice, position, .. } = &mut *watch;
        let mut effects = Vec::new();
        react(guard, &mut Cx::new(now, NodeId(0), Chance::new(dice, 0, position), &mut effects));
        let mut orders = Orders::default();
        for effect in effects {
            match effect {
                // Lists are read whenever their file changes, so nothing has to be fetched.
                Effect::Accept { .. } | Effect::Fetch { .. } => {}
                Effect::Refuse { peer, refusal } | Effect::Drop { peer, refusal } => orders.drop.push((peer, refusal)),
                Effect::Wake { after, why } => orders.wake.push((now + after, why)),
            }
        }
        orders
    }
}
