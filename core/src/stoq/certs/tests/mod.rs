//! Promises of certificates.

mod bounds;
mod holders;
mod interleaved;
mod judged;

use super::*;
use crate::base::{Dice, NodeId, SeedKey, Span, Time};
use crate::machine::{Chance, Cx};
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;

const ISSUER: IssuerId = IssuerId([1; 32]);
const KEY: KeyId = KeyId([2; 32]);

fn name(text: &str) -> Name {
    Name::new(text).expect("it is a name")
}

/// A policy that believes one issuer.
fn policy() -> Policy {
    let roles = Roles::CLIENT.with(Roles::EDGE).with(Roles::ORIGIN);
    Policy { trusted: vec![Trusted { issuer: ISSUER, roles }], ..Policy::default() }
}

/// An issuer that knows one edge.
fn issuer(policy: &Policy) -> Issuer {
    let mut issuer = Issuer::new(ISSUER, policy);
    issuer.enrol(name("edge/1"), Roles::EDGE.with(Roles::CLIENT));
    issuer
}

fn request(life: Span) -> Request {
    Request { name: name("edge/1"), roles: Roles::EDGE, key: KEY, life }
}

fn presented(certificate: Certificate) -> Presented {
    Presented { key: certificate.key, certificate, proof: Box::default() }
}

fn edge() -> Asked {
    Asked { name: None, roles: Roles::EDGE }
}

/// Lets something react with the clock at `now`, and gives its effects.
fn react<E>(now: Time, draws: &mut u32, react: impl FnOnce(&mut Cx<'_, E>)) -> Vec<E> {
    let mut dice = Dice::new(SeedKey::new(1));
    let mut out = Vec::new();
    react(&mut Cx::new(now, NodeId(0), Chance::new(&mut dice, 0, draws), &mut out));
    out
}
