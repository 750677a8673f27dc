//! The bytes of a manifest. In the notation of RFC 8610:
//!
//! ```text
//! manifest   = { 0: 1, 1: level, 2: chunker, 3: length, 4: [* entry], ? 5: coded, ? 6: encryption }
//! level      = 0..5          chunker = 0..65535          length = 0..4611686018427387903
//! entry      = [ id, length ]                            id = bstr .size 32
//! coded      = [ codec, k, n, [* group] ]                group = [ shard-length: uint, padding: uint, [* id] ]
//! encryption = [ aead: uint, nonce-rule: uint, key-id: bstr .size (1..32) ]
//! ```

use super::cbor::Strict;
use super::{
    Body, ChildEntry, ChunkEntry, Code, ENTRIES_MAX, Encryption, Flaw, Group, LEVEL_MAX, MANIFEST_LEN_MAX, Manifest, OBJECT_LEN_MAX,
    Refusal, VERSION,
};
use crate::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use crate::testing::Breach;
use minicbor::encode::{Encoder, Error};

/// A vector takes every byte.
type Written = Result<(), Error<core::convert::Infallible>>;

impl Manifest {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(64 + 40 * self.count()));
        self.write(&mut encoder).expect("a vector takes every byte");
        encoder.into_writer()
    }

    /// The name: the hash of the canonical bytes.
    pub fn id(&self) -> ManifestId {
        ManifestId::of(&self.encode())
    }

    /// Reads the bytes of a manifest with this name.
    pub fn decode_named(bytes: &[u8], id: &ManifestId) -> Result<Self, Refusal> {
        check_size(bytes)?;
        if !id.is_of(bytes) {
            return Err(Refusal { at: bytes.len(), flaw: Flaw::WrongName });
        }
        Self::decode(bytes)
    }

    /// Reads canonical bytes. Whatever is accepted encodes to the same bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        check_size(bytes)?;
        let mut reader = Strict::new(bytes);
        let fields = Fields::read(&mut reader)?;
        reader.end()?;
        let whole = |flaw| Refusal { at: bytes.len(), flaw };
        let said = fields.len.ok_or(whole(Flaw::Missing("the total length")))?;
        let manifest = fields.assemble().map_err(whole)?;
        if manifest.len == said { Ok(manifest) } else { Err(whole(Flaw::TotalLength { said, summed: manifest.len })) }
    }

    fn count(&self) -> usize {
        match &self.body {
            Body::Chunks { entries, coded } => {
                entries.len() + coded.as_ref().map_or(0, |(code, groups)| groups.len() * (1 + code.parity()))
            }
            Body::Manifests { entries, .. } => entries.len(),
        }
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> Written {
        let coded = self.coded();
        encoder.map(5 + u64::from(coded.is_some()) + u64::from(self.encryption.is_some()))?;
        encoder.u8(0)?.u64(VERSION)?.u8(1)?.u8(self.level())?.u8(2)?.u16(self.chunker.0)?.u8(3)?;
        if self.len == 0 && Breach::SendFloatLength.is_on() { encoder.f32(0.0)? } else { encoder.u64(self.len)? }.u8(4)?;
        match &self.body {
            Body::Chunks { entries, .. } => {
                encoder.array(entries.len() as u64)?;
                for entry in entries {
                    encoder.array(2)?.bytes(&entry.id.0)?.u32(entry.len)?;
                }
            }
            Body::Manifests { entries, .. } => {
                encoder.array(entries.len() as u64)?;
                for entry in entries {
                    encoder.array(2)?.bytes(&entry.id.0)?.u64(entry.len)?;
                }
            }
        }
        let unsorted = Breach::EncodeKeysUnsorted.is_on();
        if let Some(encryption) = self.encryption.as_ref().filter(|_| unsorted) {
            write_encryption(encryption, encoder.u8(6)?)?;
        }
        if let Some((code, groups)) = coded {
            write_coded(code, groups, encoder.u8(5)?)?;
        }
        if let Some(encryption) = self.encryption.as_ref().filter(|_| !unsorted) {
            write_encryption(encryption, encoder.u8(6)?)?;
        }
        Ok(())
    }
}

impl Encryption {
    /// The descriptor's bytes, which are the associated data of every chunk that it seals.
    pub fn associated_data(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        write_encryption(self, &mut encoder).expect("a vector takes every byte");
        encoder.into_writer()
    }
}

fn check_size(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() <= MANIFEST_LEN_MAX { Ok(()) } else { Err(Refusal { at: 0, flaw: Flaw::TooLong(bytes.len()) }) }
}

fn write_coded(code: Code, groups: &[Group], encoder: &mut Encoder<Vec<u8>>) -> Written {
    encoder.array(4)?.u16(code.codec())?.u64(code.data() as u64)?.u64(code.total() as u64)?.array(groups.len() as u64)?;
    for group in groups {
        encoder.array(3)?.u32(group.shard_len)?.u64(group.padding)?.array(group.parity.len() as u64)?;
        for id in &group.parity {
            encoder.bytes(&id.0)?;
        }
    }
    Ok(())
}

fn write_encryption(encryption: &Encryption, encoder: &mut Encoder<Vec<u8>>) -> Written {
    encoder.array(3)?.u16(encryption.aead() as u16)?.u16(encryption.nonce_rule() as u16)?.bytes(encryption.key_id())?;
    Ok(())
}

/// What was read, before it is known to make sense together.
#[derive(Default)]
struct Fields {
    version: bool,
    level: Option<u8>,
    chunker: Option<ChunkerId>,
    len: Option<u64>,
    entries: Option<Vec<([u8; 32], u64)>>,
    coded: Option<(Code, Vec<Group>)>,
    encryption: Option<Encryption>,
}

impl Fields {
    fn read(reader: &mut Strict<'_>) -> Result<Self, Refusal> {
        let pairs = reader.map("the manifest")?;
        let mut fields = Self::default();
        let mut last = None;
        for _ in 0..pairs {
            let key = reader.uint(u64::MAX, "a key")?;
            match last {
                Some(last) if key == last => return Err(reader.refuse(Flaw::DuplicateKey(key))),
                Some(last) if key < last => return Err(reader.refuse(Flaw::UnsortedKey(key))),
                _ => last = Some(key),
            }
            fields.read_value(key, reader)?;
        }
        Ok(fields)
    }

    fn read_value(&mut self, key: u64, reader: &mut Strict<'_>) -> Result<(), Refusal> {
        match key {
            0 => {
                let version = reader.uint(u64::MAX, "the version")?;
                if version != VERSION {
                    return Err(reader.refuse(Flaw::Version(version)));
                }
                self.version = true;
            }
            1 => {
                let level = reader.uint(u64::MAX, "the level")?;
                self.level = Some(u8::try_from(level).ok().filter(|level| *level <= LEVEL_MAX).ok_or(reader.refuse(Flaw::Level(level)))?);
            }
            2 => self.chunker = Some(ChunkerId(read_u16(reader, "the chunker id")?)),
            3 => self.len = Some(reader.uint(OBJECT_LEN_MAX, "the total length")?),
            4 => self.entries = Some(read_entries(reader)?),
            5 => self.coded = Some(read_coded(reader)?),
            6 => self.encryption = Some(read_encryption(reader)?),
            // A reader that passes over what it does not know can do so where that is an integer.
            _ if Breach::IgnoreUnknownKey.is_on() => drop(reader.uint(u64::MAX, "an unknown key")?),
            _ => return Err(reader.refuse(Flaw::UnknownKey(key))),
        }
        Ok(())
    }

    fn assemble(self) -> Result<Manifest, Flaw> {
        if !self.version && !Breach::AcceptMissingKey.is_on() {
            return Err(Flaw::Missing("the version"));
        }
        let level = self.level.ok_or(Flaw::Missing("the level"))?;
        let chunker = self.chunker.ok_or(Flaw::Missing("the chunker id"))?;
        let pairs = self.entries.ok_or(Flaw::Missing("the entries"))?;
        let body = if level == 0 {
            let chunk = |(index, (id, len)): (usize, ([u8; 32], u64))| match u32::try_from(len) {
                Ok(len) => Ok(ChunkEntry { id: ChunkId(id), len }),
                Err(_) => Err(Flaw::EntryLength { index, len }),
            };
            Body::Chunks { entries: pairs.into_iter().enumerate().map(chunk).collect::<Result<_, _>>()?, coded: self.coded }
        } else if self.coded.is_some() {
            return Err(Flaw::Misplaced("the code"));
        } else {
            Body::Manifests { level, entries: pairs.into_iter().map(|(id, len)| ChildEntry { id: ManifestId(id), len }).collect() }
        };
        Manifest::new(chunker, body, self.encryption)
    }
}

fn read_u16(reader: &mut Strict<'_>, field: &'static str) -> Result<u16, Refusal> {
    Ok(reader.uint(u16::MAX.into(), field)? as u16)
}

fn read_entries(reader: &mut Strict<'_>) -> Result<Vec<([u8; 32], u64)>, Refusal> {
    let count = reader.array("the entries")?;
    if count > ENTRIES_MAX as u64 && !Breach::NoEntryLimit.is_on() {
        return Err(reader.refuse(Flaw::Entries(count)));
    }
    let mut entries = Vec::with_capacity(count.min(ENTRIES_MAX as u64) as usize);
    for _ in 0..count {
        reader.tuple(2, "an entry")?;
        entries.push((reader.octets("a name")?, reader.uint(OBJECT_LEN_MAX, "an entry's length")?));
    }
    Ok(entries)
}

fn read_coded(reader: &mut Strict<'_>) -> Result<(Code, Vec<Group>), Refusal> {
    reader.tuple(4, "the code")?;
    let (codec, data, total) = (read_u16(reader, "the codec")?, read_u16(reader, "k")?, read_u16(reader, "n")?);
    let code = Code::new(codec, data, total).map_err(|flaw| reader.refuse(flaw))?;
    let count = reader.array("the groups")?;
    if count > ENTRIES_MAX.div_ceil(code.data()) as u64 {
        return Err(reader.refuse(Flaw::Groups(count)));
    }
    let mut groups = Vec::with_capacity(count as usize);
    for _ in 0..count {
        reader.tuple(3, "a group")?;
        let shard_len = reader.uint(u32::MAX.into(), "the shard length")? as u32;
        let padding = reader.uint(u64::MAX, "the padding")?;
        reader.tuple(code.parity() as u64, "the parity names")?;
        let parity = (0..code.parity()).map(|_| Ok(ChunkId(reader.octets("a name")?))).collect::<Result<_, _>>()?;
        groups.push(Group { shard_len, padding, parity });
    }
    Ok((code, groups))
}

fn read_encryption(reader: &mut Strict<'_>) -> Result<Encryption, Refusal> {
    reader.tuple(3, "the encryption")?;
    let (aead, nonce) = (read_u16(reader, "the algorithm")?, read_u16(reader, "the nonce rule")?);
    let key_id = reader.bytes("the key id")?;
    Encryption::of_numbers(aead, nonce, key_id).map_err(|flaw| reader.refuse(flaw))
}
