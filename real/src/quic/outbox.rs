//! One direction of one stream, spoken: what is to be sent waits here, and QUIC takes it without a copy.

use super::error_code;
use bytes::Bytes;
use hypermesh_core::stoq::session::Code;
use quinn::{SendStream, WriteError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What happens to what was put into an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// QUIC took this many bytes.
    Bytes(usize),
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
    pieces: Vec<Bytes>,
    bytes: usize,
    finish: bool,
    reset: Option<Code>,
}

impl Outbox {
    /// Adds a piece.
    pub fn push(&self, piece: Bytes) {
        let mut waiting = self.lock();
        waiting.bytes += piece.len();
        waiting.pieces.push(piece);
        drop(waiting);
        self.more.notify_one();
    }

    /// Ends the stream after what is here.
    pub fn finish(&self) {
        self.lock().finish = true;
        self.more.notify_one();
    }

    /// Gives the stream up at once.
    pub fn reset(&self, code: Code) {
        self.lock().reset = Some(code);
        self.more.notify_one();
        self.cut.notify_one();
    }

    /// Bytes that wait here.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do next.
enum Next {
    Write(usize),
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
                    std::mem::swap(&mut batch, &mut waiting.pieces);
                    Next::Write(std::mem::take(&mut waiting.bytes))
                }
                None if waiting.finish => Next::Finish,
                None => Next::Wait,
            }
        };
        match next {
            Next::Write(bytes) => {
                let written = tokio::select! {
                    biased;
                    written = stream.write_all_chunks(&mut batch) => written,
                    () = outbox.cut.notified() => continue,
                };
                match written {
                    Ok(()) => tell(Sent::Bytes(bytes)),
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
