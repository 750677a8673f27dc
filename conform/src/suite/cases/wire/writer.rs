//! R-6-11 where it is observed: the octets of the manifests that a client writes, compared with those of an encoder of their own.

use super::manifests::{array, bytes, map, pairs, uint};
use crate::suite::case::Polarity::{Boundary, Valid};
use crate::suite::case::{Case, Subject::Client};
use crate::suite::port::{Line, Stored};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::manifest::{Body, Manifest};
use hypermesh_core::stoq::node::JobId;
use hypermesh_core::stoq::session::StreamId;
use hypermesh_core::stoq::session::frame::{ContentId, Frame, Want};

/// How long a writer may take to cut and describe an object before it offers it.
const WITHIN: Span = Span::secs(20);
/// The seed of an object that [`LONG`] octets of make two levels of manifests of, under the chunkers `small` and `standard`.
const SEED: u64 = 4;
/// Octets of that object.
const LONG: usize = 3 << 20;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::wire("R-6-11/a-manifest-that-a-client-writes", Valid, Client, |t| written(t, 1, 40_000, 0)),
        Case::wire("R-6-11/the-manifest-of-an-empty-object", Boundary, Client, |t| written(t, 1, 0, 0)).leaning_on(&["R-6-14", "R-9-06"]),
        // The same encoder is tried in memory without an object of megabytes.
        Case::wire("R-6-11/manifests-of-level-1-that-a-client-writes", Valid, Client, |t| written(t, SEED, LONG, 1)).over_a_network(),
    ]
}

/// Has the client store an object, and looks at every manifest of it.
fn written(t: &mut Tester<'_>, seed: u64, len: usize, level: u8) -> Outcome {
    let name = t.name("written");
    let begun = t.upper().store(JobId(1), &Stored { name: &name, seed, len });
    begun.ok_or_else(|| Miss::Inconclusive("there is no upper tester that can have an object stored".into()))?;
    let line = t.session_from_it()?;
    let stream = t.request_within(line, WITHIN)?.ok_or_else(|| Miss::Fail("an object was to be stored, and no request came".into()))?;
    match t.expect_frame(line, stream)?.0 {
        Frame::Put(put) if put.name.as_str() == name && put.bytes == len as u64 => {}
        other => return Err(Miss::Fail(format!("a Put of {len} octets is due, and {other:?} came"))),
    }
    let (Frame::Manifest(_), octets) = t.expect_frame(line, stream)? else {
        return Err(Miss::Fail("a Put is to be followed by its manifest".into()));
    };
    let top = same(&octets)?;
    if top.level() < level {
        return Err(Miss::Inconclusive(format!("the object has manifests up to level {} here", top.level())));
    }
    ensure(top.len() == len as u64, || format!("the manifest of {len} octets tells of {}", top.len()))?;
    below(t, line, stream, &top)
}

/// Asks for the manifests below one, and looks at them.
fn below(t: &mut Tester<'_>, line: Line, stream: StreamId, above: &Manifest) -> Outcome {
    let Body::Manifests { entries, .. } = above.body() else { return Ok(()) };
    for entry in entries {
        t.say(line, stream, &Frame::Want(Want { send: true, ids: [ContentId(entry.id.0)].into() }))?;
        match t.expect_frame(line, stream)? {
            (Frame::Chunk(chunk), octets) if chunk.id.0 == entry.id.0 => below(t, line, stream, &same(&octets)?)?,
            (other, _) => return Err(Miss::Fail(format!("a manifest that was wanted is due, and {other:?} came"))),
        }
    }
    Ok(())
}

/// These octets are those of the other encoder for the same manifest.
fn same(octets: &[u8]) -> Outcome<Manifest> {
    let read = Manifest::decode(octets).map_err(|flaw| Miss::Fail(format!("{octets:02x?} is no manifest: {flaw:?}")))?;
    if read.coded().is_some() || read.encryption().is_some() {
        return Err(Miss::Inconclusive("it writes manifests with a code or a seal, which are compared in memory alone".into()));
    }
    let entry = |id: &[u8; 32], len: u64| array(&[bytes(id), uint(len)]);
    let entries: Vec<Vec<u8>> = match read.body() {
        Body::Chunks { entries, .. } => entries.iter().map(|chunk| entry(&chunk.id.0, u64::from(chunk.len))).collect(),
        Body::Manifests { entries, .. } => entries.iter().map(|child| entry(&child.id.0, child.len)).collect(),
    };
    let right = map(&pairs(u64::from(read.level()), u64::from(read.chunker().0), read.len(), &entries));
    ensure(octets == right, || format!("{octets:02x?}\n is encoded where\n{right:02x?}\n is due"))?;
    Ok(read)
}
