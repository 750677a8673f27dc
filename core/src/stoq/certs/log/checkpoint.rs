//! Checkpoints: how large the tree of a log is and what its root is, as a signed note (clause 13.6).
//!
//! ```text
//! log.example/stoq                                  the origin: which log
//! 20852163                                          entries
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      the root, in base64
//!
//! — log.example/stoq Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```
//! A signature is base64 of four octets that hint at the key, and of what the key made of everything before the empty line.

use super::tree::Hash;
use crate::testing::Breach;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// The state of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Entries of its tree.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
}

impl Checkpoint {
    /// What is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    fn parse(text: &str) -> Result<Self, Malformed> {
        let mut lines = text.lines();
        let mut line = |what| lines.next().filter(|line| !line.is_empty()).ok_or(Malformed(what));
        let origin = line("its origin is missing")?.to_owned();
        let number = line("its size is missing")?;
        let is_plain = number.bytes().all(|octet| octet.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
        let size = number.parse().ok().filter(|_| is_plain).ok_or(Malformed("its size is no decimal number without leading zeros"))?;
        let root = STANDARD.decode(line("its root is missing")?).ok().and_then(|root| root.try_into().ok());
        Ok(Self { origin, size, root: root.ok_or(Malformed("its root is no hash in base64"))? })
    }
}

/// A line with a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who signed: the origin of the log, or the name of a witness.
    pub name: String,
    /// Which of the signer's keys that was, about.
    pub hint: [u8; 4],
    /// What the key made.
    pub octets: Vec<u8>,
}

impl Signature {
    /// The hint at an Ed25519 key of a name.
    pub fn hint(name: &str, key: &[u8; 32]) -> [u8; 4] {
        let hash: Hash = Sha256::new().chain_update(name).chain_update([b'\n', 1]).chain_update(key).finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, coded) = line.strip_prefix("— ")?.split_once(' ')?;
        let octets = STANDARD.decode(coded).ok()?;
        let (hint, octets) = octets.split_first_chunk::<4>()?;
        (!name.is_empty() && !octets.is_empty()).then(|| Self { name: name.to_owned(), hint: *hint, octets: octets.to_vec() })
    }
}

/// A checkpoint with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is signed, read.
    pub checkpoint: Checkpoint,
    /// What is signed, as it came.
    pub text: String,
    /// Who signed it, one at least.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// The note of a log with an Ed25519 key, which makes a signature of the text.
    pub fn signed(checkpoint: Checkpoint, key: &[u8; 32], sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let text = checkpoint.text();
        let (name, hint) = (checkpoint.origin.clone(), Signature::hint(&checkpoint.origin, key));
        let octets = sign(text.as_bytes()).to_vec();
        Self { checkpoint, text, signatures: vec![Signature { name, hint, octets }] }
    }

    /// Reads a note. Whether its signatures are good is not looked at here.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let whole = core::str::from_utf8(octets).map_err(|_| Malformed("it is no UTF-8"))?;
        if whole.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Malformed("it has control characters"));
        }
        let end = whole.rfind("\n\n").ok_or(Malformed("no empty line comes before its signatures"))?;
        let (text, lines) = (&whole[..=end], &whole[end + 2..]);
        let checkpoint = Checkpoint::parse(text)?;
        let read = || lines.strip_suffix('\n')?.split('\n').map(Signature::parse).collect::<Option<Vec<_>>>();
        let signatures = read().ok_or(Malformed("a line with a signature is expected"));
        let signatures = if Breach::CheckpointUnsigned.is_on() { signatures.unwrap_or_default() } else { signatures? };
        Ok(Self { checkpoint, text: text.to_owned(), signatures })
    }

    /// The note as it is published.
    pub fn to_text(&self) -> String {
        let line = |signature: &Signature| {
            let coded = STANDARD.encode([&signature.hint, &signature.octets[..]].concat());
            format!("— {} {coded}\n", signature.name)
        };
        let lines: String = self.signatures.iter().map(line).collect();
        format!("{}\n{lines}", self.text)
    }
}
