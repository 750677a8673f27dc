//! The families, and how vectors of one are made.

use super::file::{Outcome, REVISION, Vector};
use super::octets::Octets;
use super::{
    certificate, choice, code, confirm, cut, frame, fresh, group, light, list, manifest, name, place, position, purge, seal, settings,
    state, varint, walk,
};
use serde::Serialize;

/// A family of vectors.
#[derive(Debug)]
pub struct Family {
    /// Its name, which is that of its folder.
    pub name: &'static str,
    /// Makes its vectors, by an executable specification.
    pub make: fn(&mut Maker),
    /// What core does with the input of a vector, or why it has not the form of the family.
    pub core: fn(&Vector) -> Result<Outcome, String>,
    /// What its outputs are compared with beside core.
    pub cross: &'static str,
}

/// The families in the order of annex D.
pub const FAMILIES: &[Family] = &[
    Family { name: "varint", make: varint::make, core: varint::core, cross: "lengths and values written by hand" },
    Family { name: "frame", make: frame::make, core: frame::core, cross: "an encoder of the layout of Annex B.2" },
    Family { name: "settings", make: settings::make, core: settings::core, cross: "the table of clause 7.1, read from the text" },
    Family { name: "confirm", make: confirm::make, core: confirm::core, cross: "BLAKE3 over the octets of clause 7.2" },
    Family { name: "place", make: place::make, core: place::core, cross: "the table of clause 6.2, read from the text" },
    Family { name: "name", make: name::make, core: name::core, cross: "the derivation of BLAKE3 with the strings of clause 9.2" },
    Family { name: "cut", make: cut::make, core: cut::core, cross: "the procedure of clause 9.1, octet by octet" },
    Family { name: "manifest", make: manifest::make, core: manifest::core, cross: "an encoder of CBOR of its own" },
    Family { name: "walk", make: walk::make, core: walk::core, cross: "sums over the entries" },
    Family { name: "group", make: group::make, core: group::core, cross: "the matrix of clause 9.4" },
    Family {
        name: "seal",
        make: seal::make,
        core: seal::core,
        cross: "nonces and descriptors written by hand; the ciphers are those of a library",
    },
    Family { name: "fresh", make: fresh::make, core: fresh::core, cross: "the table of clause 11.2" },
    Family { name: "purge", make: purge::make, core: purge::core, cross: "a cache of three rules" },
    Family { name: "position", make: position::make, core: position::core, cross: "an encoder of the layout of clause 12.1" },
    Family { name: "light", make: light::make, core: light::core, cross: "the angle between two vectors" },
    Family { name: "choice", make: choice::make, core: choice::core, cross: "the four steps of clause 12.3" },
    Family { name: "certificate", make: certificate::make, core: certificate::core, cross: "one fault at a time, named by hand" },
    Family { name: "list", make: list::make, core: list::core, cross: "an encoder of the layout of clause 13.3" },
    Family { name: "code", make: code::make, core: code::core, cross: "the tables of clauses 13.5, 14.1 and 14.2, read from the text" },
    Family { name: "state", make: state::make, core: state::core, cross: "the tables of clauses 10.6 and 15, read from the text" },
];

/// Octets from which on they stand in a file of their own.
const LONG: usize = 384;

/// Collects the vectors of one family.
#[derive(Debug)]
pub struct Maker {
    family: &'static str,
    vectors: Vec<Vector>,
    octets: Option<Vec<u8>>,
}

impl Maker {
    /// A maker without vectors.
    pub(super) const fn new(family: &'static str) -> Self {
        Self { family, vectors: Vec::new(), octets: None }
    }

    /// Octets of the next vector, which has this name: in hexadecimal, or in the file beside if they are many.
    pub(super) fn octets(&mut self, case: &str, octets: &[u8]) -> Octets {
        if octets.len() < LONG {
            return Octets::hex(octets);
        }
        self.octets = Some(octets.to_vec());
        Octets::File { file: format!("{case}.bin") }
    }

    /// One more vector.
    pub(super) fn add(&mut self, case: &str, requirements: &[&str], input: impl Serialize, outcome: Outcome) {
        let id = format!("{}/{case}", self.family);
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(case.chars().all(plain), "{id} is not the name of a file");
        let requirements = requirements.iter().map(|id| (*id).to_owned()).collect();
        let input = serde_json::to_value(input).expect("inputs are plain data");
        self.vectors.push(Vector { id, revision: REVISION, requirements, input, outcome, octets: self.octets.take() });
    }

    /// The vectors, in the order of their names.
    pub(super) fn done(mut self) -> Vec<Vector> {
        self.vectors.sort_by(|one, other| one.id.cmp(&other.id));
        let twice = self.vectors.windows(2).find(|pair| pair[0].id == pair[1].id);
        assert!(twice.is_none(), "two vectors have the name {}", twice.expect("it is there")[0].id);
        self.vectors
    }
}
