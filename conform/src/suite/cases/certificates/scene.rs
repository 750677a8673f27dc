//! A certificate that is accepted under a list that counts, and everything around it.

use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx};
use hypermesh_core::stoq::certs::{
    Asked, Certificate, Issuer, IssuerId, KeyId, Lists, Policy, Presented, Refusal, Request, Trusted, Unlogged, judge,
};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;

pub(super) const ISSUER: IssuerId = IssuerId([1; 32]);
pub(super) const KEY: KeyId = KeyId([2; 32]);
/// When everything begins.
pub(super) const NOW: Time = Time(1_000_000_000_000);
/// The roles that the issuer is trusted for.
pub(super) const TRUSTED: Roles = Roles::CLIENT.with(Roles::EDGE).with(Roles::ORIGIN);

pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("a case names things well")
}

/// The parts.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) policy: Policy,
    pub(super) issuer: Issuer,
    pub(super) presented: Presented,
    pub(super) asked: Asked,
    pub(super) lists: Lists,
}

impl Scene {
    /// A certificate of an edge for an hour, and a list of this moment.
    pub(super) fn new() -> Outcome<Self> {
        Self::living(Span::secs(3_600))
    }

    /// The same with another life.
    pub(super) fn living(life: Span) -> Outcome<Self> {
        let policy = Policy { trusted: vec![Trusted { issuer: ISSUER, roles: TRUSTED }], ..Policy::default() };
        let mut issuer = Issuer::new(ISSUER, &policy);
        issuer.enrol(name("edge-1"), Roles::EDGE.with(Roles::CLIENT));
        let certificate = issuer.issue(&request(life), NOW).map_err(|denial| Miss::Inconclusive(format!("{denial:?}")))?;
        let mut lists = Lists::default();
        let list = issuer.list(NOW);
        if !lists.take(list, &policy, NOW) {
            return Err(Miss::Inconclusive("a fresh list was dropped".into()));
        }
        let asked = Asked { name: None, roles: Roles::EDGE };
        Ok(Self { policy, issuer, presented: shown(certificate), asked, lists })
    }

    /// The judgement at a moment.
    pub(super) fn judged(&self, now: Time) -> Result<Time, Refusal> {
        judge(&self.presented, &self.asked, &self.policy, &self.lists, &Unlogged, now)
    }

    /// It is accepted, or refused for this reason.
    pub(super) fn expect(&self, now: Time, wanted: Option<Refusal>) -> Outcome {
        let found = self.judged(now).err();
        ensure(found == wanted, || format!("{wanted:?} is due, and it is {found:?}"))
    }
}

/// What its holder shows.
pub(super) fn shown(certificate: Certificate) -> Presented {
    Presented { key: certificate.key, certificate, proof: Box::default() }
}

/// A wish of the edge.
pub(super) fn request(life: Span) -> Request {
    Request { name: name("edge-1"), roles: Roles::EDGE, key: KEY, life }
}

/// Lets a machine react at a moment, and gives its effects.
pub(super) fn react<E>(now: Time, draws: &mut u32, react: impl FnOnce(&mut Cx<'_, E>)) -> Vec<E> {
    let mut dice = Dice::new(SeedKey::new(1));
    let mut out = Vec::new();
    react(&mut Cx::new(now, NodeId(0), Chance::new(&mut dice, 0, draws), &mut out));
    out
}
