//! Erasure groups: parity over a group of chunks, and the group again from any `k` of its `n` shards.
//!
//! Codec 1 is the Reed-Solomon code (1960) of the `reed-solomon-erasure` crate over GF(2^8), whose generator matrix is a Vandermonde matrix brought to
//! systematic form. How chunks become shards of one length is told in [`crate::stoq::manifest`].

use crate::stoq::manifest::{CODEC_REED_SOLOMON, Code, shard_len};
use reed_solomon_erasure::galois_8::ReedSolomon;

/// Why a group cannot be coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodingError {
    /// This version has no such codec.
    UnknownCodec(u16),
    /// A group has one to `k` chunks and `n` shards.
    Shape {
        /// Chunks that were given.
        chunks: usize,
        /// Shards that were given.
        shards: usize,
    },
    /// The shard has another length than it must have.
    Length {
        /// Which shard.
        shard: usize,
    },
    /// Too many shards are lost: the group cannot be rebuilt from what is there.
    TooFew {
        /// Shards that are there, with those that are known to be zeros.
        have: usize,
        /// Shards that are needed.
        need: usize,
    },
}

impl core::fmt::Display for CodingError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnknownCodec(codec) => write!(f, "there is no codec {codec}"),
            Self::Shape { chunks, shards } => write!(f, "{chunks} chunks and {shards} shards are no group of this code"),
            Self::Length { shard } => write!(f, "shard {shard} has a wrong length"),
            Self::TooFew { have, need } => write!(f, "{have} shards are there and {need} are needed"),
        }
    }
}

impl core::error::Error for CodingError {}

/// Codes and rebuilds groups. Making one costs a matrix inversion, so it is kept.
#[derive(Debug)]
pub struct Coder {
    code: Code,
    reed_solomon: ReedSolomon,
}

impl Coder {
    /// A coder, if the codec is known.
    pub fn new(code: Code) -> Result<Self, CodingError> {
        if code.codec() != CODEC_REED_SOLOMON {
            return Err(CodingError::UnknownCodec(code.codec()));
        }
        let reed_solomon = ReedSolomon::new(code.data(), code.parity()).expect("the limits of a code are those of its codec");
        Ok(Self { code, reed_solomon })
    }

    /// Its code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The parity shards over stored chunks, of which there are one to `k`.
    pub fn encode(&self, chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, CodingError> {
        if !(1..=self.code.data()).contains(&chunks.len()) {
            return Err(CodingError::Shape { chunks: chunks.len(), shards: self.code.total() });
        }
        let len = shard_len(chunks.iter().map(|chunk| chunk.len() as u32)) as usize;
        let padded = |i: usize| {
            let mut shard = Vec::with_capacity(len);
            shard.extend_from_slice(chunks.get(i).copied().unwrap_or_default());
            shard.resize(len, 0);
            shard
        };
        let data: Vec<_> = (0..self.code.data()).map(padded).collect();
        let mut parity = vec![vec![0; len]; self.code.parity()];
        if len > 0 {
            self.reed_solomon.encode_sep(&data, &mut parity).expect("shards of one length, as many as the code has");
        }
        Ok(parity)
    }

    /// Fills in what is `None`. `lens` are the stored lengths of the group's chunks; `shards` are those chunks, then nothing for every chunk that a short
    /// group lacks, then the parity shards. Nothing changes if it fails.
    pub fn rebuild(&self, lens: &[u32], shards: &mut [Option<Vec<u8>>]) -> Result<(), CodingError> {
        let (data, total) = (self.code.data(), self.code.total());
        if !(1..=data).contains(&lens.len()) || shards.len() != total {
            return Err(CodingError::Shape { chunks: lens.len(), shards: shards.len() });
        }
        let shard_len = shard_len(lens.iter().copied()) as usize;
        let wanted = |i: usize| if i < data { lens.get(i).map_or(0, |len| *len as usize) } else { shard_len };
        if let Some(shard) = (0..total).find(|i| shards[*i].as_ref().is_some_and(|shard| shard.len() != wanted(*i))) {
            return Err(CodingError::Length { shard });
        }
        let is_zero = |i: usize| (lens.len()..data).contains(&i);
        let have = (0..total).filter(|i| is_zero(*i) || shards[*i].is_some()).count();
        if have < data {
            return Err(CodingError::TooFew { have, need: data });
        }
        for (i, shard) in shards.iter_mut().enumerate() {
            if is_zero(i) {
                *shard = Some(vec![0; shard_len]);
            } else if let Some(shard) = shard {
                shard.resize(shard_len, 0);
            }
        }
        self.reed_solomon.reconstruct(shards).expect("shards of one length, and enough of them");
        for (i, shard) in shards.iter_mut().enumerate() {
            let shard = shard.as_mut().expect("every shard is rebuilt");
            shard.truncate(wanted(i));
        }
        Ok(())
    }
}
