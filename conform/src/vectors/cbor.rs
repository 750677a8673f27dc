//! Manifests written by hand: an encoder of CBOR that knows nothing of core, and can write what no encoder writes.

/// Octets of CBOR (RFC 8949) that grow.
#[derive(Clone, Debug, Default)]
pub(super) struct Cbor(pub(super) Vec<u8>);

impl Cbor {
    /// The head of an item of that major type, in the shortest form.
    pub(super) fn head(mut self, major: u8, value: u64) -> Self {
        let octets = value.to_be_bytes();
        match value {
            0..=23 => self.0.push(major << 5 | value as u8),
            24..=0xff => self.0.extend_from_slice(&[major << 5 | 24, octets[7]]),
            0x100..=0xffff => self = self.raw(&[major << 5 | 25]).raw(&octets[6..]),
            0x1_0000..=0xffff_ffff => self = self.raw(&[major << 5 | 26]).raw(&octets[4..]),
            _ => self = self.raw(&[major << 5 | 27]).raw(&octets),
        }
        self
    }

    pub(super) fn uint(self, value: u64) -> Self {
        self.head(0, value)
    }

    pub(super) fn bytes(self, octets: &[u8]) -> Self {
        self.head(2, octets.len() as u64).raw(octets)
    }

    pub(super) fn array(self, items: usize) -> Self {
        self.head(4, items as u64)
    }

    pub(super) fn map(self, pairs: usize) -> Self {
        self.head(5, pairs as u64)
    }

    /// Octets as they are.
    pub(super) fn raw(mut self, octets: &[u8]) -> Self {
        self.0.extend_from_slice(octets);
        self
    }
}

/// A group as a manifest has it: shard length, padding, names of the parity shards.
#[derive(Clone, Debug)]
pub(super) struct Shards {
    pub(super) length: u64,
    pub(super) padding: u64,
    pub(super) parity: Vec<[u8; 32]>,
}

/// A manifest, right or wrong.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub(super) version: u64,
    pub(super) level: u64,
    pub(super) chunker: u64,
    pub(super) length: u64,
    pub(super) entries: Vec<(Vec<u8>, u64)>,
    pub(super) coded: Option<(u64, u64, u64, Vec<Shards>)>,
    pub(super) encryption: Option<(u64, u64, Vec<u8>)>,
}

impl Doc {
    /// The manifest of these entries, with their sum.
    pub(super) fn new(level: u64, chunker: u64, entries: Vec<(Vec<u8>, u64)>) -> Self {
        let length = entries.iter().map(|entry| entry.1).sum();
        Self { version: 1, level, chunker, length, entries, coded: None, encryption: None }
    }

    /// One of level 0 whose entries have names of a seed.
    pub(super) fn of(chunker: u64, lengths: &[u64]) -> Self {
        let entry = |(n, length): (usize, &u64)| (super::octets::digest(1_000 + n as u64).to_vec(), *length);
        Self::new(0, chunker, lengths.iter().enumerate().map(entry).collect())
    }

    /// The same with the groups of a code, as clause 9.4 gives them.
    pub(super) fn coded(mut self, codec: u64, k: u64, n: u64) -> Self {
        let tag = if self.encryption.is_some() { 16 } else { 0 };
        let stored: Vec<u64> = self.entries.iter().map(|entry| entry.1 + tag).collect();
        let group = |(index, chunks): (usize, &[u64])| {
            let length = chunks.iter().max().expect("a group has a chunk").div_ceil(64) * 64;
            let parity = (0..n - k).map(|p| super::octets::digest(5_000 + 100 * index as u64 + p)).collect();
            Shards { length, padding: k * length - chunks.iter().sum::<u64>(), parity }
        };
        self.coded = Some((codec, k, n, stored.chunks(k as usize).enumerate().map(group).collect()));
        self
    }

    /// The same, sealed.
    pub(super) fn sealed(mut self, aead: u64, rule: u64, key_id: &[u8]) -> Self {
        self.encryption = Some((aead, rule, key_id.to_vec()));
        self
    }

    /// The values behind the keys 0 to 6, as far as they are there.
    pub(super) fn values(&self) -> Vec<(u64, Cbor)> {
        let mut values: Vec<(u64, Cbor)> = [self.version, self.level, self.chunker, self.length]
            .iter()
            .zip(0..)
            .map(|(value, key)| (key, Cbor::default().uint(*value)))
            .collect();
        let entries =
            self.entries.iter().fold(Cbor::default().array(self.entries.len()), |all, (id, length)| all.array(2).bytes(id).uint(*length));
        values.push((4, entries));
        if let Some((codec, k, n, groups)) = &self.coded {
            let head = Cbor::default().array(4).uint(*codec).uint(*k).uint(*n).array(groups.len());
            let coded = groups.iter().fold(head, |all, group| {
                let head = all.array(3).uint(group.length).uint(group.padding).array(group.parity.len());
                group.parity.iter().fold(head, |all, id| all.bytes(id))
            });
            values.push((5, coded));
        }
        if let Some((aead, rule, key_id)) = &self.encryption {
            values.push((6, descriptor(*aead, *rule, key_id)));
        }
        values
    }

    /// The canonical encoding.
    pub(super) fn octets(&self) -> Vec<u8> {
        write(&self.values())
    }
}

/// The encryption descriptor.
pub(super) fn descriptor(aead: u64, rule: u64, key_id: &[u8]) -> Cbor {
    Cbor::default().array(3).uint(aead).uint(rule).bytes(key_id)
}

/// A map of these pairs, in their order.
pub(super) fn write(values: &[(u64, Cbor)]) -> Vec<u8> {
    values.iter().fold(Cbor::default().map(values.len()), |all, (key, value)| all.uint(*key).raw(&value.0)).0
}

/// The name of a manifest with these octets, by the context string of clause 9.2.
pub(super) fn manifest_name(octets: &[u8]) -> [u8; 32] {
    blake3::derive_key("HyperMesh STOQ 2026-11-22 manifest v1", octets)
}
