//! Octets in a vector: in hexadecimal, in the file beside, by the formula, or one octet many times.

use serde::{Deserialize, Serialize};

/// Octets as an input or an output has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Octets {
    /// In hexadecimal, two small digits an octet.
    Hex(String),
    /// Those of the file beside.
    File {
        /// Its name.
        file: String,
    },
    /// The first `length` octets of the stream of a seed: see [`formula`].
    Formula {
        /// The seed.
        seed: u64,
        /// How many octets.
        length: u64,
    },
    /// The same octet `length` times.
    Same {
        /// Which.
        octet: u8,
        /// How many.
        length: u64,
    },
}

/// Most octets that an input makes by a formula.
const LENGTH_MAX: u64 = 8 << 20;

impl Octets {
    /// These octets in hexadecimal.
    pub fn hex(octets: impl AsRef<[u8]>) -> Self {
        Self::Hex(hex(octets))
    }

    /// The octets; `file` and `beside` are the name and the content of the file of the vector.
    pub(super) fn resolve(&self, file: &str, beside: Option<&[u8]>) -> Result<Vec<u8>, String> {
        match self {
            Self::Hex(digits) => unhex(digits).ok_or_else(|| format!("`{digits}` is not hexadecimal")),
            Self::File { file: named } if named == file => beside.map(<[u8]>::to_vec).ok_or_else(|| format!("there is no {file}")),
            Self::File { file: named } => Err(format!("{named} is not the file beside")),
            Self::Formula { length, .. } | Self::Same { length, .. } if *length > LENGTH_MAX => {
                Err(format!("{length} octets are too many"))
            }
            Self::Formula { seed, length } => Ok(formula(*seed, *length as usize)),
            Self::Same { octet, length } => Ok(vec![*octet; *length as usize]),
        }
    }
}

/// The octets of a seed: octet `i` is octet `i mod 32` of the BLAKE3 digest of the 16 octets made of the seed and `i div 32` as fixed integers.
pub fn formula(seed: u64, length: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity(length.next_multiple_of(32));
    for block in 0..length.div_ceil(32) as u64 {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&seed.to_be_bytes());
        key[8..].copy_from_slice(&block.to_be_bytes());
        octets.extend_from_slice(blake3::hash(&key).as_bytes());
    }
    octets.truncate(length);
    octets
}

/// The `n`-th number of 64 bits of a seed.
pub(super) fn number(seed: u64, n: usize) -> u64 {
    let octets = formula(seed, 8 * (n + 1));
    u64::from_be_bytes(octets[8 * n..].try_into().expect("eight octets"))
}

/// 32 octets of a seed, as a digest or a key that stands for one.
pub(super) fn digest(seed: u64) -> [u8; 32] {
    formula(seed, 32).try_into().expect("32 octets")
}

/// Small hexadecimal digits.
pub(crate) fn hex(octets: impl AsRef<[u8]>) -> String {
    octets.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The octets that such digits say; none if they are not small ones, or not two an octet.
pub(crate) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect()
}

/// The fixed number of octets that such digits say.
pub(super) fn fixed<const N: usize>(digits: &str) -> Result<[u8; N], String> {
    let octets = unhex(digits).and_then(|octets| octets.try_into().ok());
    octets.ok_or_else(|| format!("`{digits}` is not {N} octets"))
}
