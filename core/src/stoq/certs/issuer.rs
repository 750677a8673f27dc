//! Who gets a certificate, and whose is taken back. Signing is the driver's.

use super::certificate::{Algorithm, Certificate, IssuerId, KeyId, Serial};
use super::policy::Policy;
use super::revocation::{LIST_MAX, RevocationList};
use crate::base::{Span, Time};
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;
use crate::testing::Breach;
use std::collections::BTreeMap;

/// A wish for a certificate. The driver found that the holder has the key, and that it is who it says (by its present certificate or a token).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whom it should name.
    pub name: Name,
    /// What the holder wants to be.
    pub roles: Roles,
    /// The holder's new key.
    pub key: KeyId,
    /// How long it should live.
    pub life: Span,
}

/// Why there is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nobody of that name may have one.
    UnknownName,
    /// That name may not be that.
    Role,
    /// It would live longer than certificates may, or not at all.
    Life,
}

/// An issuer: its names, what it issued that has not ended, and what it took back.
#[derive(Clone, Debug)]
pub struct Issuer {
    id: IssuerId,
    life_max: Span,
    clock_error: Span,
    list_every: Span,
    names: BTreeMap<Name, Roles>,
    issued: BTreeMap<Serial, (Name, Time)>,
    revoked: BTreeMap<Serial, Time>,
    next: Serial,
    sequence: u64,
    /// When the last list was made; nothing was taken back since if not `changed`.
    listed: Option<Time>,
    changed: bool,
}

impl Issuer {
    /// An issuer that keeps to the policy of those who rely on it.
    pub const fn new(id: IssuerId, policy: &Policy) -> Self {
        Self {
            id,
            life_max: policy.life_max,
            clock_error: policy.clock_error,
            list_every: Span(policy.list_life().0 / 4),
            names: BTreeMap::new(),
            issued: BTreeMap::new(),
            revoked: BTreeMap::new(),
            next: Serial(1),
            sequence: 0,
            listed: None,
            changed: false,
        }
    }

    /// Lets a name have certificates for these roles.
    pub fn enrol(&mut self, name: Name, roles: Roles) {
        self.names.insert(name, roles);
    }

    /// Issues a certificate, or says why not.
    pub fn issue(&mut self, request: &Request, now: Time) -> Result<Certificate, Denial> {
        self.prune(now);
        let allowed = *self.names.get(&request.name).ok_or(Denial::UnknownName)?;
        if !allowed.has(request.roles) && !Breach::GrantAnyRole.is_on() {
            return Err(Denial::Role);
        }
        if request.life == Span::ZERO || request.life > self.life_max {
            return Err(Denial::Life);
        }
        let serial = self.next;
        self.next = Serial(serial.0 + 1);
        let not_after = now + request.life;
        self.issued.insert(serial, (request.name.clone(), not_after));
        Ok(Certificate {
            serial,
            issuer: self.id,
            name: request.name.clone(),
            roles: request.roles,
            key: request.key,
            not_before: now,
            not_after,
            algorithm: Algorithm::Ed25519,
            key_algorithm: Algorithm::Ed25519,
            between: None,
            path: 0,
            bytes: 512,
        })
    }

    /// Takes a certificate back. False if it has ended already, was never issued, or the list is full: then the name should be struck off, and what
    /// it has ends by itself.
    pub fn revoke(&mut self, serial: Serial, now: Time) -> bool {
        self.prune(now);
        match self.issued.get(&serial) {
            Some((_, not_after)) if self.revoked.len() < LIST_MAX || self.revoked.contains_key(&serial) => {
                self.changed |= self.revoked.insert(serial, *not_after).is_none();
                true
            }
            _ => false,
        }
    }

    /// Strikes a name off and takes all its certificates back. The number of those.
    pub fn expel(&mut self, name: &Name, now: Time) -> usize {
        self.names.remove(name);
        let serials: Vec<Serial> = self.issued.iter().filter(|(_, (holder, _))| holder == name).map(|(serial, _)| *serial).collect();
        serials.into_iter().filter(|serial| self.revoke(*serial, now)).count()
    }

    /// The list of revocations as of now. Made at least four times within [`Policy::list_life`], changed or not, since its date is what counts.
    pub fn list(&mut self, now: Time) -> RevocationList {
        self.prune(now);
        self.sequence += 1;
        (self.listed, self.changed) = (Some(now), false);
        RevocationList { issuer: self.id, sequence: self.sequence, made: now, serials: self.revoked.keys().copied().collect() }
    }

    /// When the next list is due: at once if something was taken back, else so early that the last one counts for three times as long again (R-13-23).
    pub fn list_due(&self) -> Time {
        match self.listed {
            Some(listed) if !self.changed && Breach::PublishOnChange.is_on() => listed + self.life_max,
            Some(listed) if !self.changed => listed + self.list_every,
            _ => Time::ZERO,
        }
    }

    /// Forgets what has ended by every honest clock.
    fn prune(&mut self, now: Time) {
        let margin = self.clock_error + self.clock_error;
        let over = |not_after: Time| not_after + margin < now;
        self.issued.retain(|_, (_, not_after)| !over(*not_after));
        self.revoked.retain(|_, not_after| !over(*not_after));
    }
}
