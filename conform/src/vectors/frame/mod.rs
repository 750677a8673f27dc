//! `frame`: the octets of one frame, after which the direction of a stream ends, to its fields (clause 6.2).

mod shown;
mod valid;
mod wrong;

pub(super) use shown::position;

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::Octets;
use hypermesh_core::base::Wire;
use hypermesh_core::stoq::session::limits::FrameLimits;
use hypermesh_core::stoq::session::{Frame, FrameReader, Item, Violation};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    octets: Octets,
    /// The settings `ChunkBytes` and `ManifestBytes` of the receiver; the defaults if they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunk_octets: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest_octets: Option<u32>,
}

pub(super) fn make(maker: &mut Maker) {
    valid::make(maker);
    wrong::make(maker);
}

/// One vector whose receiver has told no limits.
fn add(maker: &mut Maker, case: &str, requirements: &[&str], octets: &[u8], outcome: Outcome) {
    let octets = maker.octets(case, octets);
    maker.add(case, requirements, Input { octets, chunk_octets: None, manifest_octets: None }, outcome);
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let octets = vector.resolve(&input.octets)?;
    let most = FrameLimits::default();
    let limits = FrameLimits {
        chunk_bytes: input.chunk_octets.unwrap_or(most.chunk_bytes),
        manifest_bytes: input.manifest_octets.unwrap_or(most.manifest_bytes),
    };
    let whole = understood(&octets, octets.len().max(1), limits);
    // It is understood in whatever pieces it comes (R-6-20).
    for piece in [1, 7] {
        if octets.len() < 70_000 && understood(&octets, piece, limits) != whole {
            return Ok(Outcome::Error(format!("understood otherwise in pieces of {piece}")));
        }
    }
    Ok(match whole {
        Err(violation) => Outcome::error(violation),
        Ok((frame, _)) if frame.as_ref().is_some_and(|frame| !octets.starts_with(&frame.to_bytes())) => {
            Outcome::Error("written otherwise than read".to_owned())
        }
        Ok((None, _)) => Outcome::Output(json!({ "passed_over": true })),
        Ok((Some(frame), data)) => Outcome::Output(shown::fields(&frame, data)),
    })
}

/// The frame that the octets are and how many octets of data came behind it, read in pieces of that length.
fn understood(octets: &[u8], piece: usize, limits: FrameLimits) -> Result<(Option<Frame>, usize), Violation> {
    let (mut reader, mut frame, mut data) = (FrameReader::two_way(limits), None, 0);
    for mut piece in octets.chunks(piece) {
        while let Some(item) = reader.next(&mut piece)? {
            match item {
                Item::Frame(next) if frame.is_none() => frame = Some(next),
                Item::Data { bytes, .. } => data += bytes.len(),
                _ => return Err(Violation::Internal),
            }
        }
    }
    reader.finish()?;
    Ok((frame, data))
}
