//! The certificates of a run: who has which one when follows from the plan, so that nobody has to keep them.
//!
//! The issuer is reached by everybody at any time. A node gets the next certificate a while before the last one ends, each at its own moment; from the
//! moment of its fault on it gets no other. Lists of revocations are made four times within the time for which one counts.

use super::directory::roles;
use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{NodeId, SeedKey, Time};
use hypermesh_core::stoq::certs::{Algorithm, Certificate, IssuerId, KeyId, Policy, Presented, RevocationList, Serial, Trusted};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_scenarios::plan::{CertFault, Certs, Plan, Role, StoqKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The one issuer.
const ISSUER: IssuerId = IssuerId([1; 32]);

/// The certificates of a run.
#[derive(Debug)]
pub struct Pki {
    /// What everybody demands of certificates.
    pub policy: Arc<Policy>,
    certs: Certs,
    salt: u64,
    /// First node and kind of each group.
    groups: Vec<(u32, StoqKind)>,
    /// The end of each node that has one.
    ends: BTreeMap<NodeId, CertFault>,
}

impl Pki {
    /// The certificates of a plan.
    pub fn new(plan: &Plan, certs: Certs) -> Self {
        let kind = |role: &Role| if let Role::Stoq(stoq) = role { stoq.kind } else { StoqKind::Client };
        let mut ends = BTreeMap::new();
        for fault in &plan.faults.certs {
            ends.entry(fault.node).or_insert(*fault);
        }
        let policy = Policy {
            trusted: vec![Trusted { issuer: ISSUER, roles: Roles(u8::MAX) }],
            life_max: certs.life,
            clock_error: certs.clock_error,
            revocation_bound: certs.bound,
            defect: plan.defect,
            ..Policy::default()
        };
        Self {
            policy: Arc::new(policy),
            certs,
            salt: SeedKey::new(plan.seed).salt(),
            groups: plan.groups.iter().map(|group| (group.first, kind(&group.role))).collect(),
            ends,
        }
    }

    /// The number of the certificate that a node shows at a moment.
    pub fn number(&self, node: NodeId, now: Time) -> u64 {
        let last = self.ends.get(&node).map_or(now, |end| end.at.min(now));
        (last.0 + self.phase(node)) / self.certs.renew.0.max(1)
    }

    /// What a node shows at a moment.
    pub fn presented(&self, node: NodeId, now: Time) -> Presented {
        let number = self.number(node, now);
        let group = self.groups.partition_point(|(first, _)| *first <= node.0).saturating_sub(1);
        let mut key = [0; 32];
        key[..4].copy_from_slice(&node.0.to_le_bytes());
        key[8..16].copy_from_slice(&number.to_le_bytes());
        let (not_before, not_after) = self.life(node, number);
        let certificate = Certificate {
            serial: serial(node, number),
            issuer: ISSUER,
            name: Name::new(&format!("/nodes/{}", node.0)).expect("digits and slashes make a name"),
            roles: roles(self.groups[group].1),
            key: KeyId(key),
            not_before,
            not_after,
            algorithm: Algorithm::Ed25519,
            key_algorithm: Algorithm::Ed25519,
            between: None,
            path: 0,
            bytes: 512,
        };
        Presented { certificate, key: KeyId(key), proof: Box::new([]) }
    }

    /// The newest list of revocations at a moment.
    pub fn list(&self, now: Time) -> RevocationList {
        let every = (self.policy.list_life().0 / 4).max(1);
        let sequence = now.0 / every;
        let made = Time(sequence * every);
        let revoked = self.ends.values().filter(|end| end.revoked && end.at <= made);
        let mut serials: Vec<Serial> = revoked.flat_map(|end| self.held(end.node, end.at, made)).collect();
        serials.sort_unstable();
        RevocationList { issuer: ISSUER, sequence: sequence + 1, made, serials }
    }

    /// The certificates that a node had at a moment and that are not over by another, as far as clocks agree.
    fn held(&self, node: NodeId, at: Time, now: Time) -> impl Iterator<Item = Serial> {
        let last = self.number(node, at);
        let before = self.certs.life.0.div_ceil(self.certs.renew.0.max(1));
        let margin = self.certs.clock_error + self.certs.clock_error;
        (last.saturating_sub(before)..=last)
            .filter(move |number| self.life(node, *number).1 + margin > now)
            .map(move |number| serial(node, number))
    }

    /// The truth about a certificate: whether somebody who showed it may be served at a moment. What clocks and lists excuse, is excused.
    pub fn is_good(&self, node: NodeId, number: u64, now: Time) -> bool {
        let revoked = self.ends.get(&node).filter(|end| end.revoked).map_or(Time::NEVER, |end| end.at + self.certs.bound);
        now < self.life(node, number).1 + self.certs.clock_error && now < revoked
    }

    /// Whether a certificate has ended, as far as clocks agree.
    pub fn is_over(&self, node: NodeId, number: u64, now: Time) -> bool {
        now >= self.life(node, number).1 + self.certs.clock_error
    }

    /// When a certificate begins and when it ends.
    fn life(&self, node: NodeId, number: u64) -> (Time, Time) {
        let begin = number * self.certs.renew.0;
        let phase = self.phase(node);
        (Time(begin.saturating_sub(phase)), Time((begin + self.certs.life.0).saturating_sub(phase)))
    }

    /// Nodes do not renew in step.
    fn phase(&self, node: NodeId) -> u64 {
        mix(self.salt ^ mix(u64::from(node.0) ^ 0x6365_7274)) % self.certs.renew.0.max(1)
    }
}

const fn serial(node: NodeId, number: u64) -> Serial {
    Serial((node.0 as u64) << 32 | number)
}
