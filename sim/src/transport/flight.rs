//! What travels: a train of packets that one end sends at once.

use super::recovery::Received;

/// Packets of one flight at most: one bit each tells which were lost.
pub const PACKETS_MAX: u32 = 64;
/// UDP payload of a stateless reset in bytes: no longer than any packet that it may answer.
const RESET_BYTES: u32 = 40;

/// A train of packets. Its items are values; only their bytes are counted.
#[derive(Clone, Debug)]
pub struct Flight<T> {
    /// The connection, as its client numbers it.
    pub conn: u32,
    /// Whether it goes to the server.
    pub to_server: bool,
    /// Number of the first packet.
    pub first: u64,
    /// How many packets.
    pub packets: u32,
    /// Those that the network lost, one bit each, the first packet lowest.
    pub lost: u64,
    /// Time from the arrival of its first packet to that of the last, in ns.
    pub spread: u64,
    /// Bytes of frames in one packet; the last may have fewer.
    pub room: u32,
    /// UDP payload of all packets in bytes.
    pub bytes: u32,
    /// Whether it has to be acknowledged.
    pub eliciting: bool,
    /// Pieces of streams, one after the other through the packets.
    pub parts: Vec<Part<T>>,
    /// What the sender received, the newest first. In the first packet.
    pub acks: Vec<Received>,
    /// Datagrams (RFC 9221). In the first packet.
    pub datagrams: Vec<T>,
    /// The connection ends for this reason. In every packet.
    pub close: Option<u64>,
}

/// A piece of a stream.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// The stream.
    pub stream: u64,
    /// Where it begins in the stream, in bytes.
    pub start: u64,
    /// How many bytes.
    pub len: u32,
    /// What ends within it: each item with the offset after its last byte.
    pub items: Vec<(u64, Item<T>)>,
}

/// What a stream consists of.
#[derive(Clone, Debug)]
pub enum Item<T> {
    /// A step of the handshake.
    Crypto(Step),
    /// Something of the application's.
    App(T),
    /// The stream ends here.
    Fin,
    /// A stream of the sender's ends early.
    Reset {
        /// Which.
        stream: u64,
        /// Why.
        code: u64,
    },
    /// The sender reads no more of a stream.
    Stop {
        /// Which.
        stream: u64,
        /// Why.
        code: u64,
    },
}

/// A step of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The client begins.
    Hello,
    /// The server answers, and is done but for the client's answer.
    Server,
    /// The client is done.
    Client,
    /// The server has seen it.
    Done,
}

impl<T> Flight<T> {
    /// Whether all packets are lost.
    pub const fn is_lost(&self) -> bool {
        self.lost.count_ones() >= self.packets
    }

    /// Whether packet `n` arrived.
    pub const fn has(&self, n: u32) -> bool {
        self.lost >> n & 1 == 0
    }

    /// What whoever does not know the connection answers: a stateless reset (RFC 9000, clause 10.3), which ends it on the other side.
    pub const fn reset(&self) -> Self {
        Self {
            conn: self.conn,
            to_server: !self.to_server,
            first: 0,
            packets: 1,
            lost: 0,
            spread: 0,
            room: self.room,
            bytes: RESET_BYTES,
            eliciting: false,
            parts: Vec::new(),
            acks: Vec::new(),
            datagrams: Vec::new(),
            close: Some(0),
        }
    }

    /// Drops what the lost packets carried: what is left is what the receiver sees.
    pub fn thin(&mut self) {
        if self.lost == 0 {
            return;
        }
        if !self.has(0) {
            self.acks.clear();
            self.datagrams.clear();
        }
        let mut at = 0u64;
        let mut left = Vec::with_capacity(self.parts.len());
        for part in std::mem::take(&mut self.parts) {
            let from = at;
            at += u64::from(part.len);
            self.keep(part, from, &mut left);
        }
        self.parts = left;
    }

    /// Keeps what arrived of a part that begins at byte `from` of the flight's frames.
    fn keep(&self, part: Part<T>, from: u64, left: &mut Vec<Part<T>>) {
        let (room, end) = (u64::from(self.room), from + u64::from(part.len));
        let mut items = part.items.into_iter().peekable();
        for n in (from / room)..=((end - 1) / room) {
            let (a, b) = ((n * room).max(from), ((n + 1) * room).min(end));
            let (start, stop) = (part.start + a - from, part.start + b - from);
            let mut inside = Vec::new();
            while let Some(item) = items.next_if(|(at, _)| *at <= stop) {
                inside.push(item);
            }
            if self.has(n as u32) {
                left.push(Part { stream: part.stream, start, len: (b - a) as u32, items: inside });
            }
        }
    }
}
