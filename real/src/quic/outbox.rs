//! One direction of one stream, spoken: what is to be sent waits here, and QUIC takes it without a copy.

use super::error_code;
use bytes::Bytes;
use hypermesh_core::stoq::session::Code;
use quinn::{SendStream, WriteError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes that are handed to QUIC at once. Few enough that whoever waits for room hears of it in time, enough that the price of a call does not matter.
const BATCH_BYTES: usize = 256 << 10;

/// What happens to what was put into an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// QUIC took this many bytes of data, see [`Outbox::push_data`].
    Data(u32),
    /// The peer wants no more. Nothing more is sent.
    Stopped(u64),
    /// The end, or a reset, is on its way, or the connection is gone. Nothing more is told.
    Over,
}

/// What waits to be sent on a stream.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    more: Notify,
    cut: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    pieces: VecDeque<(Bytes, bool)>,
    finish: bool,
    reset: Option<Code>,
}

impl Outbox {
    /// Adds a piece.
    pub fn push(&self, piece: Bytes) {
        self.lock().pieces.push_back((piece, false));
        self.more.notify_one();
    }

    /// Adds a piece that is told of when QUIC took it.
    pub fn push_data(&self, piece: Bytes) {
        self.lock().pieces.push_back((piece, true));
        self.more.notify_one();
    }

    /// Adds a piece before all that waits.
    pub fn push_first(&self, piece: Bytes) {
        self.lock().pieces.push_front((piece, false));
        self.more.notify_one();
    }

    /// Ends the stream after what is here. Whether it was not to end before.
    pub fn finish(&self) -> bool {
        let before = std::mem::replace(&mut self.lock().finish, true);
        self.more.notify_one();
        !before
    }

    /// Whether QUIC has not taken all of it.
    pub fn waits(&self) -> bool {
        !self.lock().pieces.is_empty()
    }

    /// Whether the stream is to end, or has ended, in good order.
    pub fn is_finished(&self) -> bool {
        self.lock().finish
    }

    /// Gives the stream up at once.
    pub fn reset(&self, code: Code) {
        self.lock().reset = Some(code);
        self.more.notify_one();
        self.cut.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Moves pieces to a batch; at least one, if there is one. The bytes of data among them.
    fn take(&mut self, batch: &mut Vec<Bytes>) -> u32 {
        let (mut bytes, mut told) = (0, 0);
        while bytes < BATCH_BYTES
            && let Some((piece, is_data)) = self.pieces.pop_front()
        {
            bytes += piece.len();
            told += if is_data { piece.len() as u32 } else { 0 };
            batch.push(piece);
        }
        told
    }
}

/// What to do next.
enum Next {
    Write(u32),
    Finish,
    Reset(Code),
    Wait,
}

/// Sends what comes into an outbox until it is finished, reset or stopped. `tell` hears how it goes.
pub async fn send(mut stream: SendStream, outbox: Arc<Outbox>, mut tell: impl FnMut(Sent)) {
    let mut stopped = Box::pin(stream.stopped());
    let mut batch: Vec<Bytes> = Vec::new();
    loop {
        let next = {
            let mut waiting = outbox.lock();
            match waiting.reset {
                Some(code) => Next::Reset(code),
                None if !waiting.pieces.is_empty() => {
                    batch.clear();
                    Next::Write(waiting.take(&mut batch))
                }
                None if waiting.finish => Next::Finish,
                None => Next::Wait,
            }
        };
        match next {
            Next::Write(data) => {
                let written = tokio::select! {
                    biased;
                    written = stream.write_all_chunks(&mut batch) => written,
                    () = outbox.cut.notified() => continue,
                };
                match written {
                    Ok(()) if data > 0 => tell(Sent::Data(data)),
                    Ok(()) => {}
                    Err(WriteError::Stopped(code)) => return give_up(stream, code.into_inner(), tell),
                    Err(_) => return tell(Sent::Over),
                }
            }
            Next::Finish => {
                // An error says that the stream is closed already.
                let _ = stream.finish();
                return tell(Sent::Over);
            }
            Next::Reset(code) => {
                let _ = stream.reset(error_code(code));
                return tell(Sent::Over);
            }
            Next::Wait => {
                tokio::select! {
                    () = outbox.more.notified() => {}
                    told = &mut stopped => match told {
                        Ok(Some(code)) => return give_up(stream, code.into_inner(), tell),
                        _ => return tell(Sent::Over),
                    },
                }
            }
        }
    }
}

/// The peer wants no more.
fn give_up(mut stream: SendStream, code: u64, mut tell: impl FnMut(Sent)) {
    let _ = stream.reset(error_code(Code::Cancelled));
    tell(Sent::Stopped(code));
}
