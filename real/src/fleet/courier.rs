//! The courier: a thread that carries datagrams across the emulated network and puts each, when it is due, onto the real socket of its sender.
//!
//! It sleeps on a condition variable until the next datagram is due. On Linux such a sleep ends within about 0.1 ms of its time (a high-resolution timer
//! with the default slack of 50 µs, and a switch of threads), where tokio's timers have a grain of 1 ms. It does not spin.

use super::emulator::{Emulator, Wires};
use quinn_udp::{EcnCodepoint, Transmit, UdpSocketState};
use std::net::{SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A datagram.
#[derive(Clone, Debug)]
struct Letter {
    from: u32,
    to: u32,
    ecn: Option<EcnCodepoint>,
    bytes: Arc<[u8]>,
}

/// Where the datagrams of one node go out of this process.
#[derive(Debug)]
struct Gate {
    address: SocketAddrV6,
    socket: UdpSocket,
    state: UdpSocketState,
}

/// What the sockets of a fleet have in common.
#[derive(Debug)]
pub(super) struct Courier<W: Wires> {
    gates: Vec<Gate>,
    desk: Mutex<Desk<W>>,
    /// Rung when something is due earlier than before, and at the end.
    sooner: Condvar,
    counts: Counts,
}

#[derive(Debug)]
struct Desk<W: Wires> {
    emulator: Emulator<W, Letter>,
    /// When the run began; nothing moves before.
    began: Option<Instant>,
    closed: bool,
}

/// What happened at the sockets themselves.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Datagrams that the system took.
    pub(super) sent: AtomicU64,
    /// Datagrams that it did not take.
    pub(super) refused: AtomicU64,
    /// Datagrams that came out of sockets.
    pub(super) came: AtomicU64,
    /// The sum of how late datagrams were handed over, in ns.
    pub(super) late_ns: AtomicU64,
    /// The most that one was late, in ns.
    pub(super) latest_ns: AtomicU64,
}

impl<W: Wires> Courier<W> {
    /// A courier for nodes with these sockets, by number.
    pub(super) fn new(wires: W, sockets: Vec<(SocketAddrV6, UdpSocket)>) -> std::io::Result<Arc<Self>> {
        let gate = |(address, socket): (SocketAddrV6, UdpSocket)| {
            let state = UdpSocketState::new((&socket).into())?;
            Ok(Gate { address, socket, state })
        };
        let gates = sockets.into_iter().map(gate).collect::<std::io::Result<Vec<_>>>()?;
        let desk = Desk { emulator: Emulator::new(wires), began: None, closed: false };
        Ok(Arc::new(Self { gates, desk: Mutex::new(desk), sooner: Condvar::new(), counts: Counts::default() }))
    }

    /// Starts the clock, and the thread.
    pub(super) fn begin(self: &Arc<Self>, began: Instant) -> std::io::Result<JoinHandle<()>> {
        self.lock().began = Some(began);
        let courier = Arc::clone(self);
        std::thread::Builder::new().name("courier".into()).spawn(move || courier.work())
    }

    /// Nothing moves any more. How many datagrams are under way.
    pub(super) fn close(&self) -> usize {
        let mut desk = self.lock();
        desk.closed = true;
        self.sooner.notify_all();
        desk.emulator.under_way()
    }

    /// A node sends datagrams of `size` bytes each; the last may be shorter. What goes nowhere in this fleet is lost.
    pub(super) fn post(&self, from: u32, to: SocketAddr, ecn: Option<EcnCodepoint>, contents: &[u8], size: usize) {
        let SocketAddr::V6(address) = to else { return };
        // Ports are given by the system, so there is no order in them; a fleet is small.
        let Some(to) = self.gates.iter().position(|gate| gate.address.port() == address.port()) else { return };
        let mut desk = self.lock();
        let Some(began) = desk.began.filter(|_| !desk.closed) else { return };
        let before = desk.emulator.next();
        let now = began.elapsed().as_nanos() as u64;
        for bytes in contents.chunks(size.max(1)) {
            let letter = Letter { from, to: to as u32, ecn, bytes: bytes.into() };
            desk.emulator.send(now, from, to as u32, bytes.len(), letter);
        }
        if desk.emulator.next() != before {
            self.sooner.notify_one();
        }
    }

    /// What happened at the sockets.
    pub(super) const fn counts(&self) -> &Counts {
        &self.counts
    }

    fn work(&self) {
        let mut batch = Vec::new();
        let mut desk = self.lock();
        while !desk.closed {
            let Some(began) = desk.began else { return };
            let now = began.elapsed().as_nanos() as u64;
            while let Some(at) = desk.emulator.next().filter(|at| *at <= now) {
                if let Some(letter) = desk.emulator.due(now) {
                    batch.push((at, letter));
                }
            }
            if batch.is_empty() {
                let wait = desk.emulator.next().map_or(Duration::from_secs(1), |at| Duration::from_nanos(at - now));
                desk = self.sooner.wait_timeout(desk, wait).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            drop(desk);
            for (at, letter) in batch.drain(..) {
                self.deliver(began, at, &letter);
            }
            desk = self.lock();
        }
    }

    fn deliver(&self, began: Instant, at: u64, letter: &Letter) {
        let late = (began.elapsed().as_nanos() as u64).saturating_sub(at);
        self.counts.late_ns.fetch_add(late, Ordering::Relaxed);
        self.counts.latest_ns.fetch_max(late, Ordering::Relaxed);
        let (gate, to) = (&self.gates[letter.from as usize], self.gates[letter.to as usize].address);
        let transmit = Transmit { destination: to.into(), ecn: letter.ecn, contents: &letter.bytes, segment_size: None, src_ip: None };
        let taken = gate.state.try_send((&gate.socket).into(), &transmit).is_ok();
        let count = if taken { &self.counts.sent } else { &self.counts.refused };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Desk<W>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
