//! Test vectors for other implementers (annex D): made by an executable specification, kept as files, and compared with what core does.
//!
//! ```text
//!  what a clause says, as code ──make──▶ Vector ──write──▶ docs/standard/vectors/<family>/<case>.json, .bin ──▶ other implementations
//!                                          │  ▲
//!                                          │  └─ load ── the files
//!                                          └─check──▶ core does the same with the input, or fails by the same name
//! ```
//! A file never changes: [`write()`] refuses to, unless the revision of the standard rose. Where a family can be computed without core (by hand, by another
//! algorithm, by the tables of the text), its makers do so, and the check is then one of core; where core is the only executable form, the file freezes
//! what core does, and the check is one against change. Each family says which.

mod cbor;
mod certificate;
mod choice;
mod code;
mod confirm;
mod cut;
mod family;
mod file;
mod frame;
mod fresh;
mod group;
mod lay;
mod light;
mod list;
mod manifest;
mod name;
mod octets;
mod place;
mod position;
mod purge;
mod seal;
mod settings;
mod state;
mod text;
mod varint;
mod walk;

pub use family::{FAMILIES, Family};
pub use file::{Outcome, REVISION, Vector};
pub use octets::{Octets, formula};
#[cfg(feature = "sockets")]
pub(crate) use octets::{hex, unhex};

use crate::registry::Registry;
use crate::{FOLDER, Fault};
use family::Maker;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the vectors stand below the root of the workspace.
pub fn folder(root: &Path) -> PathBuf {
    root.join(FOLDER).join("vectors")
}

/// Every vector as the executable specification makes it, in the order of families and of cases.
pub fn made() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for family in FAMILIES {
        let mut maker = Maker::new(family.name);
        (family.make)(&mut maker);
        vectors.extend(maker.done());
    }
    vectors
}

/// Every vector of a folder, in the order of families and of cases, and what is wrong with those that cannot be read.
pub fn load(folder: &Path) -> (Vec<Vector>, Vec<Fault>) {
    let (mut vectors, mut faults) = (Vec::new(), Vec::new());
    for family in FAMILIES {
        for path in file::cases(&folder.join(family.name)) {
            match Vector::load(family.name, &path) {
                Ok(vector) => vectors.push(vector),
                Err(why) => faults.push(Fault::new(&path.display().to_string(), 0, why)),
            }
        }
    }
    (vectors, faults)
}

/// What is wrong with a vector by itself: its requirements, and whether core says what it says.
pub fn judge(vector: &Vector, registry: &Registry) -> Option<Fault> {
    let fault = |what: String| Some(Fault::new(&format!("{}.json", vector.id), 0, what));
    let known = |id: &str| registry.requirements().any(|requirement| requirement.id.to_string() == id);
    if let Some(id) = vector.requirements.iter().find(|id| !known(id)) {
        return fault(format!("the registry has no {id}"));
    }
    if vector.requirements.is_empty() {
        return fault("it exercises no requirement".to_owned());
    }
    let Some(family) = FAMILIES.iter().find(|family| Some(family.name) == vector.family()) else {
        return fault("there is no such family".to_owned());
    };
    match (family.core)(vector) {
        Err(why) => fault(format!("it does not have the form of its family: {why}")),
        Ok(outcome) if outcome != vector.outcome => fault(format!("it says {} and core says {outcome}", vector.outcome)),
        Ok(_) => None,
    }
}

/// Everything that is wrong with the vectors of a workspace, or how many there are in each family.
pub fn check(root: &Path, registry: &Registry) -> Result<BTreeMap<&'static str, usize>, Vec<Fault>> {
    let (vectors, mut faults) = load(&folder(root));
    faults.extend(vectors.iter().filter_map(|vector| judge(vector, registry)));
    let made: BTreeMap<String, Vector> = made().into_iter().map(|vector| (vector.id.clone(), vector)).collect();
    let mut counts = BTreeMap::new();
    for vector in &vectors {
        let family = FAMILIES.iter().find(|family| Some(family.name) == vector.family()).expect("only families are loaded");
        *counts.entry(family.name).or_insert(0) += 1;
        if made.get(&vector.id) != Some(vector) {
            faults.push(Fault::new(&format!("{}.json", vector.id), 0, "is not what the specification makes"));
        }
    }
    if vectors.len() < made.len() {
        faults.push(Fault::new(
            "vectors",
            0,
            format!("{} are made and {} are there: run `standard vectors write`", made.len(), vectors.len()),
        ));
    }
    if faults.is_empty() { Ok(counts) } else { Err(faults) }
}

/// Writes the vectors that are not there yet; how many those were. One that is there and says something else is left as it is and reported, unless the
/// new one belongs to a later revision of the standard.
pub fn write(folder: &Path) -> Result<usize, Vec<Fault>> {
    let (mut written, mut faults) = (0, Vec::new());
    for vector in made() {
        match vector.write(folder) {
            Ok(changed) => written += usize::from(changed),
            Err(why) => faults.push(Fault::new(&format!("{}.json", vector.id), 0, why)),
        }
    }
    if faults.is_empty() { Ok(written) } else { Err(faults) }
}
