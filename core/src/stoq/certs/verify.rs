//! The judgement of one certificate at one moment.

use super::certificate::{Certificate, IssuerId, Presented, Serial};
use super::policy::Policy;
use super::refusal::Refusal;
use super::revocation::Lists;
use crate::base::{Span, Time};
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;
use crate::testing::{Breach, Defect};

/// What is asked of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who it has to be; anybody if none.
    pub name: Option<Name>,
    /// What it has to be.
    pub roles: Roles,
}

/// Why a proof of transparency does not convince.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofFault {
    /// The proof is wrong, or not enough.
    Bad,
    /// Whoever has to judge it cannot now.
    NoLog,
}

/// Judges proofs that a certificate stands in public logs.
pub trait Transparency {
    /// Whether certificates need a proof at all.
    fn is_required(&self) -> bool;

    /// Whether the proof, which is not empty, convinces at this moment.
    fn check(&self, certificate: &Certificate, proof: &[u8], now: Time) -> Result<(), ProofFault>;
}

/// No logs are known: every proof fails. What a node that demands proofs and was told of no log does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoLog;

impl Transparency for NoLog {
    fn is_required(&self) -> bool {
        true
    }

    fn check(&self, _: &Certificate, _: &[u8], _: Time) -> Result<(), ProofFault> {
        Err(ProofFault::NoLog)
    }
}

/// Certificates need no proof: for a private network whose operator said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlogged;

impl Transparency for Unlogged {
    fn is_required(&self) -> bool {
        false
    }

    fn check(&self, _: &Certificate, _: &[u8], _: Time) -> Result<(), ProofFault> {
        Ok(())
    }
}

/// Judges what a peer presents. The answer is the moment, by this node's clock, until which the judgement holds if no list of revocations changes it.
pub fn judge(
    presented: &Presented,
    asked: &Asked,
    policy: &Policy,
    lists: &Lists,
    logs: &impl Transparency,
    now: Time,
) -> Result<Time, Refusal> {
    let certificate = &presented.certificate;
    let trusted = policy.trust(certificate.anchor()).ok_or(Refusal::UnknownIssuer)?;
    form(certificate, policy)?;
    if presented.key != certificate.key {
        return Err(Refusal::WrongKey);
    }
    if asked.name.as_ref().is_some_and(|name| *name != certificate.name) && !Breach::AcceptOtherName.is_on() {
        return Err(Refusal::WrongName);
    }
    let may = certificate.roles.has(asked.roles) && trusted.roles.has(asked.roles);
    if !may && !Breach::AcceptOtherRole.is_on() {
        return Err(Refusal::WrongRole);
    }
    // The issuer's clock may be ahead by the error, and this one behind by it.
    let between = certificate.between.as_deref();
    let begins = between.map_or(certificate.not_before, |between| between.not_before.max(certificate.not_before));
    if now + policy.clock_error + policy.clock_error < begins && !Breach::AcceptFuture.is_on() {
        return Err(Refusal::NotYet);
    }
    let endless = Defect::AcceptExpired.is_planted(policy.defect) || Breach::AcceptExpired.is_on();
    let ends = between.map_or(certificate.not_after, |between| between.not_after.min(certificate.not_after));
    let not_after = if endless { Time::NEVER } else { ends };
    // There is no mercy at the end: a certificate is replaced long before.
    if now >= not_after {
        return Err(Refusal::Expired);
    }
    // Each of the two has an issuer of its own, with a list of its own.
    let clear = |issuer, serial, life| clear_until(issuer, serial, life, policy, lists, now);
    let mut until = clear(certificate.issuer, certificate.serial, certificate.life())?.min(not_after);
    if let Some(between) = between {
        until = until.min(clear(between.anchor, between.serial, between.not_after.since(between.not_before))?);
    }
    prove(presented, policy, logs, now)?;
    Ok(until)
}

/// Until when the lists let a certificate of this life pass; for ever if it is too short-lived to need one.
fn clear_until(issuer: IssuerId, serial: Serial, life: Span, policy: &Policy, lists: &Lists, now: Time) -> Result<Time, Refusal> {
    let needs_none = life <= policy.list_life() || Breach::OpenWithoutList.is_on();
    match lists.clear_until(issuer, serial, policy, now) {
        Ok(_) | Err(Refusal::NoList | Refusal::StaleList) if needs_none => Ok(Time::NEVER),
        told => told,
    }
}

/// What does not change with time.
fn form(certificate: &Certificate, policy: &Policy) -> Result<(), Refusal> {
    let wanted = certificate.algorithm.bit() | certificate.key_algorithm.bit();
    if policy.algorithms & wanted != wanted && !Breach::AcceptAnyAlgorithm.is_on() {
        return Err(Refusal::Algorithm);
    }
    let long = certificate.path > policy.path_max || certificate.bytes > policy.bytes_max;
    if long && !Breach::AcceptLongChain.is_on() {
        return Err(Refusal::TooLarge);
    }
    let long_lived = certificate.life() > policy.life_max && !Breach::AcceptLongLife.is_on();
    if certificate.not_after <= certificate.not_before || long_lived {
        return Err(Refusal::Life);
    }
    Ok(())
}

fn prove(presented: &Presented, policy: &Policy, logs: &impl Transparency, now: Time) -> Result<(), Refusal> {
    if !logs.is_required() {
        return Ok(());
    }
    if presented.proof.is_empty() {
        return if Breach::AcceptUnlogged.is_on() { Ok(()) } else { Err(Refusal::NoProof) };
    }
    if presented.proof.len() > usize::from(policy.proof_bytes_max) {
        return Err(Refusal::TooLarge);
    }
    match logs.check(&presented.certificate, &presented.proof, now) {
        Err(ProofFault::Bad) => Err(Refusal::BadProof),
        Err(ProofFault::NoLog) if !Breach::OpenWithoutLog.is_on() => Err(Refusal::NoLog),
        _ => Ok(()),
    }
}
