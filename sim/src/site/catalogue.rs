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
    /// The top manifests of its versions, from the first on.
    pub roots: Vec<ManifestId>,
    /// Its length in bytes.
    pub len: u64,
}

impl Object {
    /// The top manifest of a version; none of one that is never published.
    pub fn root(&self, version: Version) -> Option<ManifestId> {
        self.roots.get(version.0.checked_sub(FIRST.0)? as usize).copied()
    }
}

/// All objects of a run, by number, name and digest.
#[derive(Debug, Default)]
pub struct Catalogue {
    objects: Vec<Object>,
    by_name: BTreeMap<NameKey, u32>,
    contents: BTreeMap<ContentId, Kept>,
    roots: BTreeMap<ManifestId, u32>,
}

/// A content.
#[derive(Debug)]
struct Kept {
    bytes: Arc<[u8]>,
    /// It belongs to a first version.
    is_first: bool,
    /// Which object has it; the first of several.
    object: u32,
    is_manifest: bool,
}

impl Catalogue {
    /// The catalogue of a plan.
    pub fn new(plan: &Plan) -> Self {
        let mut all = Self::default();
        for (number, object) in plan.workload.objects.iter().enumerate() {
            let root = all.add(number as u32, &bytes(plan.seed, number as u64, object.bytes as usize), true);
            let name = Name::new(&format!("/objects/{number}")).expect("digits and slashes make a name");
            all.by_name.insert(NameKey::of(name.as_str()), number as u32);
            all.objects.push(Object { name, roots: vec![root], len: u64::from(object.bytes) });
        }
        for revision in &plan.workload.revisions {
            let len = all.objects[revision.object as usize].len as usize;
            let root = all.add(revision.object, &revised(plan.seed, u64::from(revision.object), revision.version, len), false);
            all.objects[revision.object as usize].roots.push(root);
        }
        all
    }

    /// Cuts an object, keeps its contents, and tells its top manifest.
    fn add(&mut self, object: u32, bytes: &[u8], is_first: bool) -> ManifestId {
        let contents = &mut self.contents;
        let mut keep = |kept: Keep<'_>| {
            let (id, bytes, is_manifest) = match kept {
                Keep::Chunk(id, bytes) | Keep::Parity(id, bytes) => (id.0, bytes, false),
                Keep::Manifest(id, bytes) => (id.0, bytes, true),
            };
            contents.entry(ContentId(id)).or_insert_with(|| Kept { bytes: bytes.into(), is_first, object, is_manifest });
        };
        let mut packer = Packer::new(Profile::Standard, None).expect("an object that is not coded needs no coder");
        packer.push(bytes, &mut keep).expect("an object of the catalogue is within all limits");
        let root = packer.finish(&mut keep).expect("an object of the catalogue is within all limits").id;
        self.roots.insert(root, object);
        root
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

    /// All contents, chunks and manifests of every version, by their digests.
    pub fn contents(&self) -> impl Iterator<Item = (&ContentId, &Arc<[u8]>)> {
        self.contents.iter().map(|(id, kept)| (id, &kept.bytes))
    }

    /// A content by its digest: the truth, published or not.
    pub fn content(&self, id: &ContentId) -> Option<&Arc<[u8]>> {
        self.contents.get(id).map(|kept| &kept.bytes)
    }

    /// Whether these are the bytes of that name. The same allocation needs no second look.
    pub fn is_true(&self, id: &ContentId, bytes: &Arc<[u8]>) -> bool {
        self.content(id).is_some_and(|truth| Arc::ptr_eq(truth, bytes) || **truth == **bytes)
    }

    /// A content by its digest, if it was published before the run; and its object, if it is a part of that and no manifest.
    pub fn stocked(&self, id: &ContentId) -> Option<(&Arc<[u8]>, Option<u32>)> {
        let kept = self.contents.get(id).filter(|kept| kept.is_first)?;
        Some((&kept.bytes, (!kept.is_manifest).then_some(kept.object)))
    }

    /// The parts of an object's first version, without manifests.
    pub fn parts(&self, object: u32) -> impl Iterator<Item = &ContentId> {
        self.contents.iter().filter(move |(_, kept)| kept.is_first && kept.object == object && !kept.is_manifest).map(|(id, _)| id)
    }

    /// The object of a top manifest.
    pub fn rooted(&self, root: &ManifestId) -> Option<u32> {
        self.roots.get(root).copied()
    }

    /// How many objects there are.
    pub fn len(&self) -> u32 {
        self.objects.len() as u32
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Whether objects have more than one version.
    pub fn is_revised(&self) -> bool {
        self.objects.iter().any(|object| object.roots.len() > 1)
    }
}

/// A later version of an object: the second half is another one.
fn revised(seed: u64, number: u64, version: u64, len: usize) -> Vec<u8> {
    let mut bytes = bytes(seed, number, len);
    let tail = self::bytes(seed ^ mix(version), number, len - len / 2);
    bytes[len / 2..].copy_from_slice(&tail);
    bytes
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
