//! From the bytes of a stream to what is said on it.

use crate::site::parcel::Said;
use hypermesh_core::stoq::session::limits::FrameLimits;
use hypermesh_core::stoq::session::reader::{FrameReader, Item};
use hypermesh_core::stoq::session::violation::Violation;

/// One direction of one stream.
#[derive(Debug)]
pub(super) struct Inbound {
    reader: FrameReader,
    /// Data of the last head so far.
    body: Vec<u8>,
}

impl Inbound {
    pub(super) fn new(is_one_way: bool) -> Self {
        let limits = FrameLimits::default();
        let reader = if is_one_way { FrameReader::one_way(limits) } else { FrameReader::two_way(limits) };
        Self { reader, body: Vec::new() }
    }

    /// Takes bytes in; tells what is complete. Whether anything was.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut said: impl FnMut(Said)) -> Result<bool, Violation> {
        let mut any = false;
        while let Some(item) = self.reader.next(&mut bytes)? {
            match item {
                Item::StreamKind(kind) => said(Said::Kind(kind)),
                Item::Frame(frame) => {
                    self.body = Vec::with_capacity(frame.data_bytes() as usize);
                    said(Said::Frame(frame));
                }
                Item::Data { bytes, last } => {
                    self.body.extend_from_slice(bytes);
                    if !last {
                        continue;
                    }
                    let body = std::mem::take(&mut self.body);
                    let len = body.len() as u32;
                    said(Said::Body(body.into(), 0..len));
                }
            }
            any = true;
        }
        Ok(any)
    }
}
