//! What a receiver believes of logs.
//!
//! A proof counts under a checkpoint that the receiver knows to be one of the log's own history: the first that it ever saw, or one that was shown to
//! follow from it. Who shows a proof under a newer one has to wait until the receiver has [`Logs::see`]n it; a receiver that cannot ask refuses (R-13-14).

use super::checkpoint::{Checkpoint, Note, Signature};
use super::entry;
use super::tree::{Hash, consists, includes, leaf_hash};
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Reader, Time, Wire, WireError};
use crate::stoq::certs::certificate::{Certificate, IssuerId};
use crate::stoq::certs::verify::{ProofFault, Transparency};
use crate::testing::Breach;
use std::collections::{BTreeMap, BTreeSet};

/// Hashes of a path: the height of the highest tree that there can be.
const PATH_MAX: u64 = 63;
/// Octets of a note in a proof.
const NOTE_MAX: u64 = 1_024;
/// Checkpoints of a log that are remembered.
const SEEN_MAX: usize = 256;

/// Whether a signature is good; the driver knows how.
pub trait Signatures {
    /// Whether an Ed25519 key (RFC 8032) made this signature of a text.
    fn is_good(&self, key: &[u8; 32], text: &[u8], signature: &[u8]) -> bool;
}

/// A log that a receiver believes, as long as it does not contradict itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub origin: String,
    /// Its Ed25519 key.
    pub key: [u8; 32],
    /// The issuers that whoever runs the log also runs.
    pub runs: Vec<IssuerId>,
}

impl Known {
    /// Whether an issuer of a certificate runs it: the one that signed it, or the trusted one that stands behind.
    fn is_run_by_issuer_of(&self, certificate: &Certificate) -> bool {
        self.runs.contains(&certificate.issuer) || self.runs.contains(&certificate.anchor())
    }
}

/// One log's proof that a certificate stands in it, as a handshake shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The checkpoint, as it was published.
    pub note: Vec<u8>,
    /// The place of the entry.
    pub place: u64,
    /// The path to the root.
    pub path: Vec<Hash>,
}

impl Wire for Proof {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.note.len() as u64);
        out.extend_from_slice(&self.note);
        put_varint(out, self.place);
        put_varint(out, self.path.len() as u64);
        self.path.iter().for_each(|hash| out.extend_from_slice(hash));
    }

    fn encoded_len(&self) -> usize {
        let (note, hashes) = (self.note.len(), self.path.len());
        varint_len(note as u64) + note + varint_len(self.place) + varint_len(hashes as u64) + 32 * hashes
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = reader.varint_max(NOTE_MAX, "the length of a note")? as usize;
        let note = reader.take(len)?.to_vec();
        let place = reader.varint()?;
        let count = reader.varint_max(PATH_MAX, "the length of a path")? as usize;
        let hash = |reader: &mut Reader<'_>| Ok(reader.take(32)?.try_into().expect("as many bytes as asked"));
        let path = (0..count).map(|_| hash(reader)).collect::<Result<_, WireError>>()?;
        Ok(Self { note, place, path })
    }
}

/// Two checkpoints of one log that cannot both be true, each signed by it. Whoever sees the two knows it too (R-13-13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What was seen first.
    pub one: Note,
    /// What was seen then.
    pub other: Note,
}

/// What becomes of a checkpoint that a receiver sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is remembered.
    Taken,
    /// No log that is known and believed signed it.
    Unsigned,
    /// It was not shown to follow from what was seen before.
    Unproven,
    /// It contradicts what was seen before. Both are to be made known; the log is not believed any more.
    Contradicts(Box<Contradiction>),
}

/// The logs of a receiver, and what it saw of each.
#[derive(Clone, Debug)]
pub struct Logs<S> {
    known: Vec<Known>,
    wanted: usize,
    signatures: S,
    seen: BTreeMap<String, BTreeMap<u64, Note>>,
    contradictions: Vec<Contradiction>,
}

impl<S: Signatures> Logs<S> {
    /// A receiver that knows these logs, and wants proofs of so many.
    pub const fn new(known: Vec<Known>, wanted: usize, signatures: S) -> Self {
        Self { known, wanted, signatures, seen: BTreeMap::new(), contradictions: Vec::new() }
    }

    /// The contradictions that were found, to be made known.
    pub fn contradictions(&self) -> &[Contradiction] {
        &self.contradictions
    }

    /// Whether a log is believed: it is known and never contradicted itself.
    pub fn is_believed(&self, origin: &str) -> bool {
        self.known.iter().any(|log| log.origin == origin)
            && self.contradictions.iter().all(|contradiction| contradiction.one.checkpoint.origin != origin)
    }

    /// The newest checkpoint of a log that was seen: what the next one has to be shown to follow from.
    pub fn newest(&self, origin: &str) -> Option<&Checkpoint> {
        self.seen.get(origin)?.last_key_value().map(|(_, note)| &note.checkpoint)
    }

    /// Sees a checkpoint, with the path that leads to it from the newest one at hand (or from it to that one, if it is older).
    pub fn see(&mut self, note: Note, path: &[Hash]) -> Sight {
        if !self.is_signed(&note) {
            return Sight::Unsigned;
        }
        let Checkpoint { origin, size, root } = &note.checkpoint;
        let seen = self.seen.entry(origin.clone()).or_default();
        if let Some(same) = seen.get(size) {
            return if same.checkpoint.root == *root { Sight::Taken } else { self.contradicts(note) };
        }
        let follows = seen.last_key_value().is_none_or(|(_, last)| {
            let (last, new) = ((last.checkpoint.size, &last.checkpoint.root), (*size, root));
            consists(last.min(new), last.max(new), path)
        });
        if !follows && !Breach::SkipConsistency.is_on() {
            return Sight::Unproven;
        }
        seen.insert(*size, note);
        if seen.len() > SEEN_MAX {
            seen.pop_first();
        }
        Sight::Taken
    }

    fn contradicts(&mut self, other: Note) -> Sight {
        let one = self.seen[&other.checkpoint.origin][&other.checkpoint.size].clone();
        if Breach::HideSplitView.is_on() {
            return Sight::Unproven;
        }
        let contradiction = Contradiction { one, other };
        self.contradictions.push(contradiction.clone());
        Sight::Contradicts(Box::new(contradiction))
    }

    fn is_signed(&self, note: &Note) -> bool {
        let origin = &note.checkpoint.origin;
        let Some(log) = self.known.iter().find(|log| log.origin == *origin).filter(|_| self.is_believed(origin)) else { return false };
        let hint = Signature::hint(origin, &log.key);
        let mut own = note.signatures.iter().filter(|signature| signature.name == *origin && signature.hint == hint);
        own.any(|signature| self.signatures.is_good(&log.key, note.text.as_bytes(), &signature.octets))
    }

    /// Whether a checkpoint is one of the history that was seen, or the first of its log.
    fn is_seen(&self, checkpoint: &Checkpoint) -> Result<(), ProofFault> {
        let Some(seen) = self.seen.get(&checkpoint.origin).filter(|seen| !seen.is_empty()) else { return Ok(()) };
        match seen.get(&checkpoint.size) {
            Some(note) if note.checkpoint.root == checkpoint.root => Ok(()),
            Some(_) => Err(ProofFault::Bad),
            None => Err(ProofFault::NoLog),
        }
    }

    /// Which log a proof is of, if it convinces.
    fn proves(&self, certificate: &Certificate, proof: &Proof) -> Result<String, ProofFault> {
        let note = Note::parse(&proof.note).map_err(|_| ProofFault::Bad)?;
        let Checkpoint { origin, size, root } = &note.checkpoint;
        if !self.is_signed(&note) {
            return Err(ProofFault::Bad);
        }
        let is_issuers = self.known.iter().any(|log| log.origin == *origin && log.is_run_by_issuer_of(certificate));
        let is_in = || includes(&leaf_hash(&entry(certificate)), proof.place, *size, &proof.path, root) || Breach::SkipInclusion.is_on();
        if is_issuers || !is_in() {
            return Err(ProofFault::Bad);
        }
        self.is_seen(&note.checkpoint)?;
        Ok(note.checkpoint.origin)
    }
}

impl<S: Signatures> Transparency for Logs<S> {
    fn is_required(&self) -> bool {
        self.wanted > 0
    }

    fn check(&self, certificate: &Certificate, proof: &[u8], _: Time) -> Result<(), ProofFault> {
        let independent = |log: &&Known| self.is_believed(&log.origin) && !log.is_run_by_issuer_of(certificate);
        if self.known.iter().filter(independent).count() < self.wanted {
            return Err(ProofFault::NoLog);
        }
        let mut reader = Reader::new(proof);
        let (mut logs, mut worst) = (BTreeSet::new(), ProofFault::Bad);
        while !reader.is_empty() {
            let one = Proof::decode(&mut reader).map_err(|_| ProofFault::Bad)?;
            match self.proves(certificate, &one) {
                Ok(origin) => {
                    logs.insert(origin);
                }
                Err(ProofFault::NoLog) => worst = ProofFault::NoLog,
                Err(ProofFault::Bad) => {}
            }
        }
        if logs.len() >= self.wanted { Ok(()) } else { Err(worst) }
    }
}
