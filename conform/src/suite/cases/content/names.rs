//! R-9-07 and R-9-08: names that are digests.

use super::raw::{self, Form};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::octets;
use crate::suite::verdict::{Miss, ensure};
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId, NameKey};
use hypermesh_core::stoq::manifest::{Manifest, Walk};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::Frame;

/// What clause 9.2 gives for chunks, manifests and names that people give.
const CONTEXTS: [&str; 3] =
    ["HyperMesh STOQ 2026-11-22 chunk v1", "HyperMesh STOQ 2026-11-22 manifest v1", "HyperMesh STOQ 2026-11-22 name v1"];

pub(super) fn cases() -> Vec<Case> {
    let mut all = whole();
    all.extend(contexts());
    all
}

/// R-9-07.
fn whole() -> Vec<Case> {
    let mut all = vec![Case::function("R-9-07/names-have-32-octets", Valid, || {
        let octets = octets::formula(7, 3000);
        let (chunk, manifest) = (ChunkId::of(&octets), ManifestId::of(&octets));
        let whole = [chunk.0.len(), manifest.0.len()] == [32; 2] && chunk.is_of(&octets) && manifest.is_of(&octets);
        ensure(whole, || format!("the names are {chunk} and {manifest}"))
    })];
    for len in [31, 33] {
        all.push(Case::wire(&format!("R-9-07/a-name-of-{len}-octets-is-refused"), Boundary, Origin, move |t| {
            let mut form = Form::of(&[2000]);
            form.entries[0].0 = vec![5; len];
            raw::refused(t, 2000, &form.octets())
        }));
    }
    for at in [0, 30, 31] {
        all.push(Case::function(&format!("R-9-07/octet-{at}-of-a-digest-counts"), Invalid, move || {
            let octets = octets::formula(7, 3000);
            let mut id = ChunkId::of(&octets);
            id.0[at] ^= 1;
            ensure(!id.is_of(&octets), || format!("a digest that differs in octet {at} is taken for the same"))
        }));
    }
    all.push(Case::wire("R-9-07/another-last-octet-is-another-content", Invalid, Origin, |t| {
        let (mut id, content) = raw::chunk(t.seed(), 2000);
        id[31] ^= 1;
        let mut form = Form::of(&[2000]);
        form.entries[0].0 = id.to_vec();
        let line = t.session()?;
        let stream = raw::offer(t, line, 2000, &form.octets())?;
        match t.expect_frame(line, stream)?.0 {
            Frame::Want(_) => {}
            other => return Err(Miss::Inconclusive(format!("{other:?} came before the stimulus"))),
        }
        raw::send_content(t, line, stream, id, &content)?;
        t.expect_refusal(line, stream, &[Code::ContentMismatch])
    }));
    all
}

/// R-9-08.
fn contexts() -> Vec<Case> {
    let mut all = vec![Case::function("R-9-08/the-three-kinds-of-names", Valid, || {
        let text = "a/name";
        let names = [ChunkId::of(text.as_bytes()).0, ManifestId::of(text.as_bytes()).0, NameKey::of(text).0];
        let right = CONTEXTS.map(|context| blake3::derive_key(context, text.as_bytes()));
        ensure(names == right, || format!("the names are {names:02x?}"))
    })];
    for len in [0, 1024, 1025] {
        all.push(Case::function(&format!("R-9-08/the-names-of-{len}-octets"), Boundary, move || {
            let octets = octets::formula(8, len);
            let names = [ChunkId::of(&octets).0, ManifestId::of(&octets).0];
            let right = [blake3::derive_key(CONTEXTS[0], &octets), blake3::derive_key(CONTEXTS[1], &octets)];
            ensure(names == right, || format!("the names are {names:02x?}"))
        }));
    }
    all.push(Case::function("R-9-08/a-manifest-under-the-name-of-a-chunk", Invalid, || {
        let manifest = Form::of(&[2000]).octets();
        let name = ManifestId(blake3::derive_key(CONTEXTS[0], &manifest));
        let taken = Walk::whole(name).supply(&manifest).is_ok() || Manifest::decode_named(&manifest, &name).is_ok();
        ensure(!taken, || "the octets of a manifest are taken for it under the name that they have as a chunk".into())
    }));
    all.push(Case::wire("R-9-08/a-manifest-offered-under-the-name-of-a-chunk", Invalid, Origin, |t| {
        let manifest = Form::of(&[2000]).octets();
        let line = t.session()?;
        let stream = raw::offer_named(t, line, 2000, blake3::derive_key(CONTEXTS[0], &manifest), &manifest)?;
        // A manifest whose data do not have the digest that its head tells is not sound (clause 10.5).
        t.expect_refusal(line, stream, &[Code::ManifestInvalid])
    }));
    all
}
