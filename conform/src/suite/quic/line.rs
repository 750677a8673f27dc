//! One connection of the tester: what comes is put into a row, and what is sent never keeps the tester waiting.

use crate::suite::port::{Heard, Ways};
use crate::suite::verdict::{Miss, Outcome};
use bytes::Bytes;
use hypermesh_core::stoq::session::{Side, StreamId};
use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, TransportConfig, VarInt};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

/// Octets that are read from a stream at a time.
const READ_MAX: usize = 64 << 10;
/// How many things may wait to be heard. No case leaves so many unheard; a peer that never stops to speak has to wait then.
const ROW_MAX: usize = 1 << 16;

/// What is to be done on a stream of the tester, in order. A reset overtakes it.
enum Order {
    Write(Bytes),
    Finish,
}

/// The directions that the tester may use.
#[derive(Debug, Default)]
struct Streams {
    orders: BTreeMap<StreamId, mpsc::UnboundedSender<Order>>,
    resets: BTreeMap<StreamId, oneshot::Sender<VarInt>>,
    stops: BTreeMap<StreamId, oneshot::Sender<VarInt>>,
}

/// What all tasks of a connection share.
#[derive(Clone, Debug)]
struct Shared {
    streams: Arc<Mutex<Streams>>,
    heard: mpsc::Sender<Heard>,
    held: watch::Receiver<bool>,
    /// Tasks that may still have something to tell that came before the end.
    readers: Arc<AtomicUsize>,
}

/// A task that reads a connection, as long as it does.
struct Reads(Arc<AtomicUsize>);

impl Drop for Reads {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How long what came before the end of a connection may take to be told. Only who holds contents back needs as long.
const TOLD_WITHIN: Duration = Duration::from_millis(100);

/// A connection and its tasks.
#[derive(Debug)]
pub(super) struct LineTasks {
    pub(super) connection: Connection,
    pub(super) side: Side,
    shared: Shared,
    hold: watch::Sender<bool>,
    row: mpsc::Receiver<Heard>,
    is_told_over: bool,
}

/// What the tester grants: enough that it never is the tester who is in the way.
pub(super) fn transport(keeps_alive: bool) -> Arc<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(256))
        .max_concurrent_uni_streams(VarInt::from_u32(16))
        .max_idle_timeout(Some(VarInt::from_u32(60_000).into()))
        .datagram_receive_buffer_size(Some(64 << 10))
        .keep_alive_interval(keeps_alive.then_some(Duration::from_millis(400)));
    Arc::new(transport)
}

fn id(id: quinn::StreamId) -> StreamId {
    hypermesh_real::quic::stream_id(id)
}

fn code(code: u64) -> VarInt {
    VarInt::from_u64(code).unwrap_or(VarInt::MAX)
}

impl LineTasks {
    pub(super) fn begin(runtime: &Runtime, connection: Connection, side: Side) -> Outcome<Self> {
        let (heard, row) = mpsc::channel(ROW_MAX);
        let (hold, held) = watch::channel(false);
        let shared = Shared { streams: Arc::default(), heard, held, readers: Arc::default() };
        let (one_way, two_way, datagrams) = (shared.clone(), shared.clone(), shared.clone());
        let (first, second, third) = (connection.clone(), connection.clone(), connection.clone());
        let (reads_one_way, reads_two_way) = (shared.reads(), shared.reads());
        runtime.spawn(async move {
            let _reads = reads_one_way;
            while let Ok(stream) = first.accept_uni().await {
                one_way.listen(stream);
            }
        });
        runtime.spawn(async move {
            let _reads = reads_two_way;
            while let Ok((send, receive)) = second.accept_bi().await {
                two_way.speak(send);
                two_way.listen(receive);
            }
        });
        let ends = shared.clone();
        runtime.spawn(async move {
            let over = loop {
                match third.read_datagram().await {
                    // Nobody to hear it is left once the tester dropped the connection.
                    Ok(octets) => drop(datagrams.heard.send(Heard::Datagram(octets.to_vec())).await),
                    Err(over) => break over,
                }
            };
            // What came before the end is told before the end, by other tasks; each of them finds the end too.
            let until = Instant::now() + TOLD_WITHIN;
            while ends.readers.load(Ordering::Acquire) > 0 && Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let code = if let ConnectionError::ApplicationClosed(close) = &over { Some(close.error_code.into_inner()) } else { None };
            drop(ends.heard.send(Heard::Closed(code)).await);
        });
        Ok(Self { connection, side, shared, hold, row, is_told_over: false })
    }

    /// Whether the tester was told that it is over.
    pub(super) const fn is_over(&self) -> bool {
        self.is_told_over
    }

    pub(super) fn open(&self, runtime: &Runtime, ways: Ways, patience: Duration) -> Option<StreamId> {
        let opening = async {
            match ways {
                Ways::One => self.connection.open_uni().await.ok().map(|send| (send, None)),
                Ways::Two => self.connection.open_bi().await.ok().map(|(send, receive)| (send, Some(receive))),
            }
        };
        let (send, receive) = runtime.block_on(async { tokio::time::timeout(patience, opening).await }).ok()??;
        let stream = id(send.id());
        let _inside = runtime.enter();
        self.shared.speak(send);
        if let Some(receive) = receive {
            self.shared.listen(receive);
        }
        Some(stream)
    }

    /// How many octets QUIC takes on a new one-way stream, of a type without meaning, before it needs to be granted more.
    pub(super) fn push(&self, runtime: &Runtime, octets: usize, patience: Duration) -> usize {
        let taken = std::cell::Cell::new(0);
        let pushing = async {
            let mut send = self.connection.open_uni().await.ok()?;
            let mut all = vec![0; octets];
            all[0] = 30;
            while taken.get() < octets {
                taken.set(taken.get() + send.write(&all[taken.get()..]).await.ok()?);
            }
            Some(())
        };
        // That it does not end is what is measured.
        let _ = runtime.block_on(async { tokio::time::timeout(patience, pushing).await });
        taken.get()
    }

    fn order(&self, stream: StreamId, order: Order) -> Outcome {
        let streams = self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let orders =
            streams.orders.get(&stream).ok_or_else(|| Miss::Error(format!("stream {} has no direction of the tester", stream.0)))?;
        // Who stopped the stream, or closed the connection, hears no more of it; what that means is the script's to say.
        drop(orders.send(order));
        Ok(())
    }

    pub(super) fn write(&self, stream: StreamId, octets: &[u8], end: bool) -> Outcome {
        self.order(stream, Order::Write(Bytes::copy_from_slice(octets)))?;
        if end { self.order(stream, Order::Finish) } else { Ok(()) }
    }

    pub(super) fn reset(&self, stream: StreamId, with: u64) -> Outcome {
        let reset = self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).resets.remove(&stream);
        if let Some(reset) = reset {
            let _ = reset.send(code(with));
        }
        Ok(())
    }

    pub(super) fn stop(&self, stream: StreamId, with: u64) -> Outcome {
        let stop = self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).stops.remove(&stream);
        if let Some(stop) = stop {
            let _ = stop.send(code(with));
        }
        Ok(())
    }

    pub(super) fn close(&mut self, with: u64) {
        self.is_told_over = true;
        self.connection.close(code(with), b"");
    }

    pub(super) fn hold(&self, held: bool) {
        self.hold.send_replace(held);
    }

    pub(super) async fn next(&mut self, within: Duration) -> Option<Heard> {
        let heard = match self.row.try_recv() {
            Ok(heard) => Some(heard),
            Err(_) if within.is_zero() => None,
            Err(_) => tokio::time::timeout(within, self.row.recv()).await.ok().flatten(),
        };
        self.is_told_over |= matches!(heard, Some(Heard::Closed(_)));
        heard
    }
}

impl Drop for LineTasks {
    fn drop(&mut self) {
        self.connection.close(VarInt::from_u32(0), b"");
    }
}

impl Shared {
    /// Held by a task as long as it reads.
    fn reads(&self) -> Reads {
        self.readers.fetch_add(1, Ordering::AcqRel);
        Reads(Arc::clone(&self.readers))
    }

    /// Sends what is ordered on a stream.
    fn speak(&self, mut send: SendStream) {
        let stream = id(send.id());
        let (orders, mut row) = mpsc::unbounded_channel();
        let (reset, mut resets) = oneshot::channel();
        {
            let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
            streams.orders.insert(stream, orders);
            streams.resets.insert(stream, reset);
        }
        let (heard, stopped) = (self.heard.clone(), send.stopped());
        tokio::spawn(async move {
            if let Ok(Some(code)) = stopped.await {
                drop(heard.send(Heard::Stop(stream, code.into_inner())).await);
            }
        });
        tokio::spawn(async move {
            let writing = async {
                while let Some(order) = row.recv().await {
                    let goes_on = match order {
                        Order::Write(octets) => send.write_all(&octets).await.is_ok(),
                        Order::Finish => {
                            // A stream that was stopped cannot end: it is reset when it is dropped (RFC 9000, clause 3.5), so that its place is free again.
                            let _ = send.finish();
                            let _ = send.stopped().await;
                            false
                        }
                    };
                    if !goes_on {
                        return;
                    }
                }
            };
            let reset = tokio::select! {
                () = writing => None,
                Ok(code) = &mut resets => Some(code),
            };
            if let Some(code) = reset {
                let _ = send.reset(code);
            }
        });
    }

    /// Tells what comes on a stream.
    fn listen(&self, mut receive: RecvStream) {
        let stream = id(receive.id());
        let (stop, mut stops) = oneshot::channel();
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).stops.insert(stream, stop);
        let (heard, mut held) = (self.heard.clone(), self.held.clone());
        let reads = self.reads();
        tokio::spawn(async move {
            let _reads = reads;
            loop {
                if held.wait_for(|held| !held).await.is_err() {
                    return;
                }
                let came = tokio::select! {
                    biased;
                    Ok(code) = &mut stops => {
                        let _ = receive.stop(code);
                        return;
                    }
                    came = receive.read_chunk(READ_MAX, true) => came,
                };
                let (told, goes_on) = match came {
                    Ok(Some(chunk)) => (Heard::Octets(stream, chunk.bytes.to_vec()), true),
                    Ok(None) => (Heard::End(stream), false),
                    Err(ReadError::Reset(code)) => (Heard::Reset(stream, code.into_inner()), false),
                    Err(_) => return,
                };
                if heard.send(told).await.is_err() || !goes_on {
                    return;
                }
            }
        });
    }
}
