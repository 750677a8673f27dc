//! The emulated network as a plain value: datagrams go in when they are sent and come out when they are due. It has no clock, no thread and no socket.
//!
//! ```text
//!  send ─▶ Wires::send (uplink, loss, path) ─▶ by time ─▶ Wires::arrive (downlink) ─▶ by time ─▶ due
//! ```
//! The rules are the caller's ([`Wires`]): those of the simulated network, so that both networks are the same one. All times are those of the rules. If
//! whoever asks comes late, only the handing over is late: the next datagram of a busy link still comes one serialisation time after it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The rules of a network. Times are nanoseconds since the beginning; nodes are numbers.
pub trait Wires: Send + 'static {
    /// What is remembered of a datagram that is under way.
    type Sending: Copy + Send + std::fmt::Debug;

    /// A datagram with a UDP payload of `payload` bytes leaves a node: when it reaches the downlink of its receiver, and when a copy of it does.
    fn send(&mut self, now: u64, from: u32, to: u32, payload: usize) -> (Self::Sending, [Option<u64>; 2]);

    /// It reaches the downlink of its receiver.
    fn arrive(&mut self, now: u64, sending: Self::Sending) -> Arrival;

    /// It is handed to its receiver.
    fn handed(&mut self, now: u64, sending: Self::Sending);
}

/// What a datagram meets at a downlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is handed on at once.
    Now,
    /// It is handed on then.
    Later(u64),
    /// The queue is full, and it is gone.
    Gone,
}

/// A network with the datagrams that are on it. `T` is what is carried.
#[derive(Debug)]
pub struct Emulator<W: Wires, T> {
    wires: W,
    queue: BinaryHeap<Reverse<Due<W::Sending, T>>>,
    /// Numbers datagrams, so that those of one moment keep their order.
    next: u64,
}

#[derive(Debug)]
struct Due<S, T> {
    at: u64,
    number: u64,
    sending: S,
    /// It is past the downlink's queue.
    crossed: bool,
    load: T,
}

impl<S, T> PartialEq for Due<S, T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl<S, T> Eq for Due<S, T> {}
impl<S, T> PartialOrd for Due<S, T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<S, T> Ord for Due<S, T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<W: Wires, T: Clone> Emulator<W, T> {
    /// A network on which nothing is.
    pub const fn new(wires: W) -> Self {
        Self { wires, queue: BinaryHeap::new(), next: 0 }
    }

    /// A datagram is sent. `now` never runs backwards.
    pub fn send(&mut self, now: u64, from: u32, to: u32, payload: usize, load: T) {
        let (sending, [first, copy]) = self.wires.send(now, from, to, payload);
        if let Some(at) = copy {
            self.push(at, sending, false, load.clone());
        }
        if let Some(at) = first {
            self.push(at, sending, false, load);
        }
    }

    /// When [`Emulator::due`] has something to do.
    pub fn next(&self) -> Option<u64> {
        self.queue.peek().map(|first| first.0.at)
    }

    /// The next datagram that is to be handed over by `now`.
    pub fn due(&mut self, now: u64) -> Option<T> {
        while self.next().is_some_and(|at| at <= now) {
            let Reverse(due) = self.queue.pop()?;
            let arrival = if due.crossed { Arrival::Now } else { self.wires.arrive(due.at, due.sending) };
            match arrival {
                Arrival::Now => {
                    self.wires.handed(due.at, due.sending);
                    return Some(due.load);
                }
                Arrival::Later(at) => self.push(at, due.sending, true, due.load),
                Arrival::Gone => {}
            }
        }
        None
    }

    /// The rules.
    pub const fn wires(&self) -> &W {
        &self.wires
    }

    /// Datagrams that are on the network.
    pub fn under_way(&self) -> usize {
        self.queue.len()
    }

    fn push(&mut self, at: u64, sending: W::Sending, crossed: bool, load: T) {
        let number = self.next;
        self.next += 1;
        self.queue.push(Reverse(Due { at, number, sending, crossed, load }));
    }
}
