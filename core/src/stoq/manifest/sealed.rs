//! The encryption descriptor: how chunks were sealed, without doing it.
//!
//! A chunk is sealed after it is cut and before it is named, so that whoever keeps chunks can check them without a key. The manifest says with which
//! algorithm, how each nonce follows from the chunk, and which key; how a key id leads to a key is between those who share it.

use super::Flaw;
use crate::testing::Breach;

/// Octets that sealing adds to a chunk, the same for every algorithm of [`Aead`].
pub const TAG_LEN: u32 = 16;
/// Octets of a key id; at least one.
pub const KEY_ID_LEN_MAX: usize = 32;

/// An authenticated cipher, by its number in IANA's registry (RFC 5116).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Aead {
    /// AEAD_AES_128_GCM, RFC 5116.
    Aes128Gcm = 1,
    /// AEAD_AES_256_GCM, RFC 5116.
    Aes256Gcm = 2,
    /// AEAD_CHACHA20_POLY1305, RFC 8439.
    ChaCha20Poly1305 = 29,
    /// AEAD_AES_128_GCM_SIV, RFC 8452.
    Aes128GcmSiv = 30,
    /// AEAD_AES_256_GCM_SIV, RFC 8452.
    Aes256GcmSiv = 31,
}

impl Aead {
    /// Every algorithm that clause 9.5 has.
    pub const ALL: [Self; 5] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::ChaCha20Poly1305, Self::Aes128GcmSiv, Self::Aes256GcmSiv];

    /// Whether something new may be written with it (R-9-17). What was written is read all the same.
    pub fn may_write(self, status: &Status<'_>) -> bool {
        !status.retired.iter().any(|(retired, since)| *retired == self && *since <= status.revision) || Breach::WriteRetired.is_on()
    }
}

/// What a revision of Annex F says of algorithms.
#[derive(Clone, Copy, Debug)]
pub struct Status<'a> {
    /// The revision.
    pub revision: u32,
    /// The algorithms that are retired, each from a revision on.
    pub retired: &'a [(Aead, u32)],
}

impl Status<'static> {
    /// The revision that this implementation was written for: none is retired.
    pub const NOW: Self = Self { revision: 1, retired: &[] };
}

/// How the nonce of 12 octets follows from the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum NonceRule {
    /// The chunk's offset in the object as a big-endian number. The key seals one version of one object and nothing else, so no nonce repeats.
    Offset = 1,
    /// Twelve zeros. Only with an algorithm that stands a repeated nonce (RFC 8452, which then reveals that two chunks are equal and no more), so that
    /// equal chunks under one key are stored once.
    Zero = 2,
}

/// How the chunks of an object are sealed. The associated data is this descriptor's own encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    aead: Aead,
    nonce: NonceRule,
    key_id: Vec<u8>,
}

impl Encryption {
    /// A descriptor, if the nonce rule suits the algorithm and the key id has 1 to [`KEY_ID_LEN_MAX`] octets.
    pub fn new(aead: Aead, nonce: NonceRule, key_id: Vec<u8>) -> Result<Self, Flaw> {
        let repeats = nonce == NonceRule::Zero && !matches!(aead, Aead::Aes128GcmSiv | Aead::Aes256GcmSiv);
        if repeats && !Breach::AcceptUnknownSealing.is_on() {
            return Err(Flaw::Encryption { aead: aead as u16, nonce: nonce as u16 });
        }
        if !(1..=KEY_ID_LEN_MAX).contains(&key_id.len()) {
            return Err(Flaw::OutOfRange("the length of the key id", key_id.len() as u64));
        }
        Ok(Self { aead, nonce, key_id })
    }

    /// A descriptor to write with, which a retired algorithm is not for (R-9-17).
    pub fn to_write(aead: Aead, nonce: NonceRule, key_id: Vec<u8>, status: &Status<'_>) -> Result<Self, Flaw> {
        if aead.may_write(status) { Self::new(aead, nonce, key_id) } else { Err(Flaw::Retired(aead as u16)) }
    }

    /// The descriptor with these numbers.
    pub(super) fn of_numbers(aead: u16, nonce: u16, key_id: &[u8]) -> Result<Self, Flaw> {
        let known = Aead::ALL.into_iter().find(|known| *known as u16 == aead);
        let rule = match nonce {
            1 => Some(NonceRule::Offset),
            2 => Some(NonceRule::Zero),
            _ => None,
        };
        let (aead, nonce) = known.zip(rule).ok_or(Flaw::Encryption { aead, nonce })?;
        Self::new(aead, nonce, key_id.to_vec())
    }

    /// The algorithm.
    pub const fn aead(&self) -> Aead {
        self.aead
    }

    /// The nonce rule.
    pub const fn nonce_rule(&self) -> NonceRule {
        self.nonce
    }

    /// Which key.
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    /// The nonce of the chunk at this offset of the object.
    pub fn nonce(&self, offset: u64) -> [u8; 12] {
        let mut nonce = [0; 12];
        if self.nonce == NonceRule::Offset {
            nonce[4..].copy_from_slice(&offset.to_be_bytes());
        }
        nonce
    }
}
