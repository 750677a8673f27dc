//! Lists of revocations: numbered, dated, short.

use super::certificate::{IssuerId, Serial};
use super::policy::Policy;
use super::refusal::Refusal;
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Reader, Time, Wire, WireError};
use crate::testing::Breach;
use std::collections::BTreeMap;

/// Most certificates in a list. What has ended is taken off it, so this bounds how many may be revoked within one life.
pub const LIST_MAX: usize = 4096;

/// All certificates of one issuer that are revoked and would not have ended by themselves. Its signature was found good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationList {
    /// Whose.
    pub issuer: IssuerId,
    /// A later list has a higher number.
    pub sequence: u64,
    /// When it was made, by the issuer's clock.
    pub made: Time,
    /// What is revoked, in rising order.
    pub serials: Vec<Serial>,
}

impl RevocationList {
    /// Whether a certificate is on it.
    pub fn has(&self, serial: Serial) -> bool {
        self.serials.binary_search(&serial).is_ok()
    }
}

impl Wire for RevocationList {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.issuer.0);
        put_varint(out, self.sequence);
        out.extend_from_slice(&self.made.0.to_be_bytes());
        put_varint(out, self.serials.len() as u64);
        self.serials.iter().for_each(|serial| out.extend_from_slice(&serial.0.to_be_bytes()));
    }

    fn encoded_len(&self) -> usize {
        40 + varint_len(self.sequence) + varint_len(self.serials.len() as u64) + 8 * self.serials.len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let issuer = IssuerId(reader.take(32)?.try_into().expect("as many bytes as asked"));
        let sequence = reader.varint()?;
        let word = |reader: &mut Reader<'_>| Ok(u64::from_be_bytes(reader.take(8)?.try_into().expect("as many bytes as asked")));
        let made = Time(word(reader)?);
        let count = reader.varint_max(LIST_MAX as u64, "the length of a list of revocations")? as usize;
        if reader.remaining() < 8 * count {
            return Err(WireError::Truncated);
        }
        let serials = (0..count).map(|_| word(reader).map(Serial)).collect::<Result<Vec<_>, WireError>>()?;
        if serials.windows(2).all(|pair| pair[0] < pair[1]) {
            Ok(Self { issuer, sequence, made, serials })
        } else {
            Err(WireError::OutOfRange("the order of a list of revocations"))
        }
    }
}

/// The newest list of each trusted issuer.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    lists: BTreeMap<IssuerId, RevocationList>,
}

impl Lists {
    /// Takes a list, if it is newer than the one at hand. One that is made in the future is refused, since it would count for too long; so is one of
    /// somebody who is not trusted. A higher number with an earlier date is refused too: an issuer whose clock runs back has to catch up first.
    pub fn take(&mut self, list: RevocationList, policy: &Policy, now: Time) -> bool {
        let ahead = policy.clock_error + policy.clock_error;
        if policy.trust(list.issuer).is_none() || list.made > now + ahead || list.serials.len() > LIST_MAX {
            return false;
        }
        let is_old = |held: &RevocationList| list.sequence <= held.sequence || list.made < held.made;
        if self.lists.get(&list.issuer).is_some_and(is_old) && !Breach::TakeOldList.is_on() {
            return false;
        }
        self.lists.insert(list.issuer, list);
        true
    }

    /// Until when the list of an issuer counts, if a certificate is not on it; by the clock of this node.
    pub fn clear_until(&self, issuer: IssuerId, serial: Serial, policy: &Policy, now: Time) -> Result<Time, Refusal> {
        let list = self.lists.get(&issuer).ok_or(Refusal::NoList)?;
        // A certificate that is on any list is revoked, however old the list.
        if list.has(serial) && !Breach::IgnoreRevocation.is_on() {
            return Err(Refusal::Revoked);
        }
        let until = list.made + policy.list_life();
        if now < until { Ok(until) } else { Err(Refusal::StaleList) }
    }

    /// The number of the list at hand.
    pub fn sequence(&self, issuer: IssuerId) -> Option<u64> {
        self.lists.get(&issuer).map(|list| list.sequence)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.lists.values().map(|list| size_of::<RevocationList>() + list.serials.capacity() * size_of::<Serial>()).sum()
    }
}
