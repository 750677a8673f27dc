//! One direction of one stream, heard: bytes become frames and whole bodies.

use super::error_code;
use bytes::Bytes;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::{Code, FrameReader, Item, Violation};
use quinn::{Dir, ReadError, RecvStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Pieces that are taken from QUIC at once. Each is what one packet carried.
const PIECES: usize = 64;
/// The same of a one-way stream, which carries a few small frames and stays open as long as its connection.
const PIECES_ONE_WAY: usize = 2;
/// How often it is told that data of a body came. Whoever waits for it does so for seconds.
const MOVED_EVERY: Duration = Duration::from_millis(50);

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The type of a one-way stream.
    Kind(u64),
    /// The head of a frame. If it has data, [`Said::Body`] follows.
    Frame(Frame),
    /// All the data of the last frame.
    Body(Arc<[u8]>),
    /// Some data came, and more are due.
    Moved,
    /// What came is no frame, or ended inside one. Nothing more is heard.
    Broken(Violation),
    /// The direction ended after a whole frame.
    End,
    /// The peer reset it.
    Reset(u64),
    /// The connection is gone.
    Gone,
}

/// Hears a stream to its end, or until `stop` brings a code to stop it with. `tell` is called in order, and says whether to go on.
///
/// A body is allocated when its head came, in full, and filled in place: the one copy between QUIC and whoever takes the content. A peer can make a
/// node hold one body for each stream that it may have open.
pub async fn hear(mut stream: RecvStream, mut reader: FrameReader, mut stop: oneshot::Receiver<Code>, mut tell: impl FnMut(Said) -> bool) {
    let is_one_way = stream.id().dir() == Dir::Uni;
    let mut pieces = vec![Bytes::new(); if is_one_way { PIECES_ONE_WAY } else { PIECES }];
    let mut body: Option<Body> = None;
    let mut moved = Instant::now();
    loop {
        let came = tokio::select! {
            biased;
            code = &mut stop => {
                // Whoever dropped the other end has forgotten the stream, and so has the peer or the connection.
                let code = code.unwrap_or(Code::Refused);
                let _ = stream.stop(error_code(code));
                if is_one_way {
                    // Nothing more is heard of it, not even its end: how many the peer has open is for QUIC to bound from here on.
                    tell(Said::End);
                }
                return;
            }
            came = stream.read_chunks(&mut pieces) => came,
        };
        let last = match came {
            Ok(Some(count)) => {
                let mut going = true;
                for piece in &mut pieces[..count] {
                    let bytes = std::mem::take(piece);
                    going = going && take(&bytes, &mut reader, &mut body, &mut tell);
                }
                if going && body.is_some() && moved.elapsed() >= MOVED_EVERY {
                    moved = Instant::now();
                    going = tell(Said::Moved);
                }
                if going {
                    continue;
                }
                let _ = stream.stop(error_code(Code::Refused));
                return;
            }
            Ok(None) => reader.finish().map_or_else(Said::Broken, |()| Said::End),
            Err(ReadError::Reset(code)) => Said::Reset(code.into_inner()),
            Err(_) => Said::Gone,
        };
        tell(last);
        return;
    }
}

/// A body that is being filled.
struct Body {
    bytes: Arc<[u8]>,
    filled: usize,
}

/// Hands on what one piece holds; false if nothing more is to be heard.
fn take(mut input: &[u8], reader: &mut FrameReader, body: &mut Option<Body>, tell: &mut impl FnMut(Said) -> bool) -> bool {
    loop {
        match reader.next(&mut input) {
            Ok(None) => return true,
            Ok(Some(Item::StreamKind(kind))) => {
                if !tell(Said::Kind(kind)) {
                    return false;
                }
            }
            Ok(Some(Item::Frame(frame))) => {
                let data = frame.data_bytes() as usize;
                let has_data = frame.kind().is_some_and(|_| matches!(frame, Frame::Manifest(_) | Frame::Chunk(_)));
                if !tell(Said::Frame(frame)) {
                    return false;
                }
                if has_data && data == 0 && !tell(Said::Body(Arc::from([]))) {
                    return false;
                }
                *body = (has_data && data > 0).then(|| Body { bytes: std::iter::repeat_n(0, data).collect(), filled: 0 });
            }
            Ok(Some(Item::Data { bytes, last })) => {
                let Some(filling) = body.as_mut() else { continue };
                let room = Arc::get_mut(&mut filling.bytes).expect("nobody else has the body before it is whole");
                room[filling.filled..filling.filled + bytes.len()].copy_from_slice(bytes);
                filling.filled += bytes.len();
                if last && !body.take().is_none_or(|whole| tell(Said::Body(whole.bytes))) {
                    return false;
                }
            }
            Err(violation) => {
                tell(Said::Broken(violation));
                return false;
            }
        }
    }
}
