//! The objects of a run: their contents follow from the seed and their numbers, so that every node that was not lied to has the same bytes.
//!
//! Contents are real, cut and named as anywhere else, and shared: a thousand caches that hold a chunk hold one copy of it.

use hypermesh_core::base::digest::mix;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ManifestId, NameKey, Profile};
use hypermesh_core::stoq::manifest::{Keep, Packer};
use hypermesh_core::stoq::session::frame::{ContentId, Name};
use hypermesh_scenarios::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version in which every object begins.
pub const FIRST: Version = Version(1);

/// One object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub name: Name,
    /// Its top manifest.
    pub root: ManifestId,
    /// Its length in bytes.
    pub len: u64,
}

/// All objects of a run, by number, name and digest.
#[derive(Debug, Default)]
pub struct Catalogue {
    objects: Vec<Object>,
    by_name: BTreeMap<NameKey, u32>,
    contents: BTreeMap<ContentId, Arc<[u8]>>,
}

impl Catalogue {
    /// The catalogue of a plan.
    pub fn new(plan: &Plan) -> Self {
        let mut all = Self::default();
        for (number, object) in plan.workload.objects.iter().enumerate() {
            all.add(number as u32, &bytes(plan.seed, number as u64, object.bytes as usize));
        }
        all
    }

    fn add(&mut self, number: u32, bytes: &[u8]) {
        let contents = &mut self.contents;
        let mut keep = |kept: Keep<'_>| {
            let (id, bytes) = match kept {
                Keep::Chunk(id, bytes) | Keep::Parity(id, bytes) => (id.0, bytes),
                Keep::Manifest(id, bytes) => (id.0, bytes),
            };
            contents.entry(ContentId(id)).or_insert_with(|| bytes.into());
        };
        let mut packer = Packer::new(Profile::Standard, None).expect("an object that is not coded needs no coder");
        packer.push(bytes, &mut keep).expect("an object of the catalogue is within all limits");
        let root = packer.finish(&mut keep).expect("an object of the catalogue is within all limits");
        let name = Name::new(&format!("/objects/{number}")).expect("digits and slashes make a name");
        self.by_name.insert(NameKey::of(name.as_str()), number);
        self.objects.push(Object { name, root: root.id, len: root.len });
    }

    /// An object by its number.
    pub fn object(&self, number: u32) -> &Object {
        &self.objects[number as usize]
    }

    /// An object by its name.
    pub fn named(&self, name: &Name) -> Option<&Object> {
        self.by_name.get(&NameKey::of(name.as_str())).map(|number| self.object(*number))
    }

    /// All objects, by number.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// All contents, chunks and manifests, by their digests.
    pub const fn contents(&self) -> &BTreeMap<ContentId, Arc<[u8]>> {
        &self.contents
    }

    /// A content by its digest.
    pub fn content(&self, id: &ContentId) -> Option<&Arc<[u8]>> {
        self.contents.get(id)
    }
}

/// The content of an object: words that follow from the seed and its number.
fn bytes(seed: u64, number: u64, len: usize) -> Vec<u8> {
    let mut state = mix(seed ^ mix(number.wrapping_add(0x6F62_6A65_6374)));
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        bytes.extend_from_slice(&mix(state).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
