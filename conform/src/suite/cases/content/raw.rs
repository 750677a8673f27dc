//! Manifests as octets: also those that no encoder of manifests would make. Written from clause 9.3 and RFC 8949 alone.

use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome};
use crate::suite::{octets, port::Line};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::session::frame::{Chunk, ContentId, Frame, Manifest, Name, Put};
use hypermesh_core::stoq::session::{Code, StreamId};

/// The head of an item of CBOR in its shortest form.
pub(in crate::suite::cases) fn head(major: u8, value: u64) -> Vec<u8> {
    let len = match value {
        0..=0x17 => 0,
        0x18..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    head_in(major, value, len)
}

/// The head of an item with its value in 0, 1, 2, 4 or 8 octets of its own, too long perhaps.
pub(in crate::suite::cases) fn head_in(major: u8, value: u64, len: usize) -> Vec<u8> {
    let low = match len {
        0 => value as u8,
        1 => 24,
        2 => 25,
        4 => 26,
        _ => 27,
    };
    [vec![major << 5 | low], value.to_be_bytes()[8 - len..].to_vec()].concat()
}

/// An unsigned integer.
pub(in crate::suite::cases) fn uint(value: u64) -> Vec<u8> {
    head(0, value)
}

/// A string of octets.
pub(in crate::suite::cases) fn string(octets: &[u8]) -> Vec<u8> {
    [head(2, octets.len() as u64), octets.to_vec()].concat()
}

/// An array of items.
pub(in crate::suite::cases) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len() as u64), items.concat()].concat()
}

/// A map of integers to items, in the order in which they are given.
pub(in crate::suite::cases) fn map(pairs: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let pair = |(key, item): &(u64, Vec<u8>)| [uint(*key), item.clone()].concat();
    [head(5, pairs.len() as u64), pairs.iter().flat_map(pair).collect()].concat()
}

/// An entry: a name and a length.
pub(in crate::suite::cases) fn entry(id: &[u8], len: u64) -> Vec<u8> {
    array(&[string(id), uint(len)])
}

/// The value of key 5: codec, k, n, and groups of a shard length, a padding and names of parity shards.
pub(in crate::suite::cases) fn coded(codec: u64, k: u64, n: u64, groups: &[(u64, u64, usize)]) -> Vec<u8> {
    let group =
        |(shard, padding, names): &(u64, u64, usize)| array(&[uint(*shard), uint(*padding), array(&vec![string(&[9; 32]); *names])]);
    array(&[uint(codec), uint(k), uint(n), array(&groups.iter().map(group).collect::<Vec<_>>())])
}

/// The value of key 6.
pub(in crate::suite::cases) fn sealed(aead: u64, rule: u64, key_id: &[u8]) -> Vec<u8> {
    array(&[uint(aead), uint(rule), string(key_id)])
}

/// A manifest, key by key.
#[derive(Clone, Debug)]
pub(in crate::suite::cases) struct Form {
    pub(in crate::suite::cases) level: u64,
    pub(in crate::suite::cases) chunker: u64,
    /// What key 3 says; the sum of the entries if nothing.
    pub(in crate::suite::cases) length: Option<u64>,
    pub(in crate::suite::cases) entries: Vec<(Vec<u8>, u64)>,
    pub(in crate::suite::cases) coded: Option<Vec<u8>>,
    pub(in crate::suite::cases) sealed: Option<Vec<u8>>,
}

impl Form {
    /// A manifest of level 0 under the chunker `small` whose chunks have these lengths, and names that are no names of anything.
    pub(in crate::suite::cases) fn of(lens: &[u64]) -> Self {
        let entries = lens.iter().enumerate().map(|(at, len)| (id(at as u64).to_vec(), *len)).collect();
        Self { level: 0, chunker: 1, length: None, entries, coded: None, sealed: None }
    }

    /// The same at another level.
    pub(in crate::suite::cases) fn at(mut self, level: u64) -> Self {
        self.level = level;
        self
    }

    /// The same under another chunker.
    pub(in crate::suite::cases) fn under(mut self, chunker: u64) -> Self {
        self.chunker = chunker;
        self
    }

    /// The octets that the entries cover.
    pub(in crate::suite::cases) fn sum(&self) -> u64 {
        self.entries.iter().map(|(_, len)| len).sum()
    }

    /// Keys and values, in order.
    pub(in crate::suite::cases) fn pairs(&self) -> Vec<(u64, Vec<u8>)> {
        let entries: Vec<Vec<u8>> = self.entries.iter().map(|(id, len)| entry(id, *len)).collect();
        let mut pairs = vec![
            (0, uint(1)),
            (1, uint(self.level)),
            (2, uint(self.chunker)),
            (3, uint(self.length.unwrap_or(self.sum()))),
            (4, array(&entries)),
        ];
        pairs.extend(self.coded.clone().map(|coded| (5, coded)));
        pairs.extend(self.sealed.clone().map(|sealed| (6, sealed)));
        pairs
    }

    /// Its octets.
    pub(in crate::suite::cases) fn octets(&self) -> Vec<u8> {
        map(&self.pairs())
    }
}

/// A digest that no content is known to have.
pub(in crate::suite::cases) fn id(number: u64) -> [u8; 32] {
    *blake3::hash(&number.to_be_bytes()).as_bytes()
}

/// Offers an object of so many octets with these octets as its top manifest.
pub(in crate::suite::cases) fn offer(t: &mut Tester<'_>, line: Line, length: u64, manifest: &[u8]) -> Outcome<StreamId> {
    offer_named(t, line, length, ManifestId::of(manifest).0, manifest)
}

/// The same with a digest of the case's own.
pub(in crate::suite::cases) fn offer_named(
    t: &mut Tester<'_>,
    line: Line,
    length: u64,
    id: [u8; 32],
    manifest: &[u8],
) -> Outcome<StreamId> {
    let name = Name::new(&t.name("offered")).expect("a case names things well");
    let put = Frame::Put(Box::new(Put { name, version: 1, bytes: length, copies: 1 }));
    let head = Manifest { id: ContentId(id), version: 1, same: false, word: None, bytes: manifest.len() as u32 };
    t.request(line, &[put.to_bytes(), Frame::Manifest(Box::new(head)).to_bytes(), manifest.to_vec()].concat())
}

/// An origin refuses an object with this top manifest, and goes on.
pub(in crate::suite::cases) fn refused(t: &mut Tester<'_>, length: u64, manifest: &[u8]) -> Outcome {
    let line = t.session()?;
    let stream = offer(t, line, length, manifest)?;
    t.expect_refusal(line, stream, &[Code::ManifestInvalid])?;
    t.expect_alive(line)
}

/// An origin wants what an object with this top manifest consists of.
pub(in crate::suite::cases) fn wanted(t: &mut Tester<'_>, length: u64, manifest: &[u8]) -> Outcome {
    let line = t.session()?;
    let stream = offer(t, line, length, manifest)?;
    match t.expect_frame(line, stream)?.0 {
        Frame::Want(_) => Ok(()),
        other => Err(Miss::Fail(format!("the manifest is sound, and {other:?} came"))),
    }
}

/// Sends octets as the content that has this digest.
pub(in crate::suite::cases) fn send_content(t: &mut Tester<'_>, line: Line, stream: StreamId, id: [u8; 32], content: &[u8]) -> Outcome {
    let len = content.len() as u32;
    let head = Chunk { id: ContentId(id), whole: len, offset: 0, bytes: len };
    t.send(line, stream, &[Frame::Chunk(head).to_bytes(), content.to_vec()].concat())
}

/// A chunk of so many octets with its digest.
pub(in crate::suite::cases) fn chunk(seed: u64, len: usize) -> ([u8; 32], Vec<u8>) {
    let octets = octets::formula(seed, len);
    (ChunkId::of(&octets).0, octets)
}
