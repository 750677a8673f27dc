//! One end of a modelled connection. A driver hands it flights and deadlines, and polls it for flights to send.

mod learn;
mod send;

use super::config::Quic;
use super::cubic::Cubic;
use super::flight::{Flight, Item, Part, Step};
use super::pacer::Pacer;
use super::recovery::{Heard, Ledger, Sent};
use super::rtt::Rtt;
use super::stream::{Receiving, Sending};
use hypermesh_core::base::Time;
use hypermesh_core::stoq::transfer::Ranges;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The handshake's stream; it goes before all others.
const CRYPTO: u64 = u64::MAX;
/// The stream of signals about streams.
const SIGNALS: u64 = u64::MAX - 1;
/// Bytes of a signal, of an acknowledgement with its first range, and of HANDSHAKE_DONE.
const SIGNAL_BYTES: u32 = 12;
const ACK_BYTES: u32 = 5;
const DONE_BYTES: u32 = 1;
/// The search for the path's packet size ends when its steps become shorter than this.
const MTU_STEP_MIN: u32 = 20;

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The handshake is under way.
    Handshake,
    /// Both sides have keys.
    Open,
    /// It is over.
    Closed,
}

/// What happened on a connection.
#[derive(Clone, Debug)]
pub enum Event<T> {
    /// The handshake is complete on this side.
    Connected,
    /// An item came whole, and in its place.
    Item {
        /// On which stream.
        stream: u64,
        /// What.
        item: T,
    },
    /// Some bytes of an item came.
    Progress {
        /// On which stream.
        stream: u64,
    },
    /// The other side's direction of a stream ended.
    Ended {
        /// Which.
        stream: u64,
    },
    /// The other side ended its direction early.
    Reset {
        /// Which.
        stream: u64,
        /// Why.
        code: u64,
    },
    /// The other side wants no more of this side's direction.
    Stopped {
        /// Which.
        stream: u64,
        /// Why.
        code: u64,
    },
    /// A datagram came.
    Datagram(T),
    /// What was written on a stream has been sent at least once, up to this offset.
    Sent {
        /// Which.
        stream: u64,
        /// The offset.
        upto: u64,
    },
    /// The connection is over; by silence if there is no code.
    Closed(Option<u64>),
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct Conn<T> {
    config: Arc<Quic>,
    number: u32,
    is_client: bool,
    phase: Phase,
    /// The client has shown that it receives at its address.
    validated: bool,
    received_bytes: u64,
    sent_bytes: u64,
    next_packet: u64,
    mtu: u32,
    /// The packet size that is asked for next; none once the search is over.
    mtu_next: Option<u32>,
    /// Such a packet is under way.
    mtu_asked: bool,
    rtt: Rtt,
    cubic: Cubic,
    pacer: Pacer,
    ledger: Ledger,
    heard: Heard,
    /// In boxes, since a node of the map has room for eleven and a connection seldom has more than two.
    sending: BTreeMap<u64, Box<Sending<T>>>,
    receiving: BTreeMap<u64, Box<Receiving<T>>>,
    /// Streams that were received to their ends, by kind and ordinal.
    finished: [Ranges; 4],
    datagrams: Vec<(T, u32)>,
    /// The stream that was served last.
    cursor: u64,
    /// There was nothing more to send at the last poll.
    limited: bool,
    probes: u32,
    backoff: u32,
    /// When the pacer allows more.
    paced_until: Option<Time>,
    last_heard: Time,
    closing: Option<u64>,
    /// What came before the keys to read it.
    unreadable: Vec<Part<T>>,
    /// Packets that were held for lost.
    lost: u32,
    /// Bytes of the application's streams and datagrams that were sent for the first time.
    fresh: u64,
    /// Bytes of streams that were sent again.
    again: u64,
}

impl<T: Clone> Conn<T> {
    /// The client's end: the handshake begins. `number` is what the client calls the connection.
    pub fn client(config: &Arc<Quic>, number: u32, now: Time) -> Self {
        let mut conn = Self::new(config, number, true, now);
        conn.sending.entry(CRYPTO).or_default().write(Item::Crypto(Step::Hello), config.hello_bytes);
        conn
    }

    /// The server's end, made when the first flight comes.
    pub fn server(config: &Arc<Quic>, number: u32, now: Time) -> Self {
        Self::new(config, number, false, now)
    }

    fn new(config: &Arc<Quic>, number: u32, is_client: bool, now: Time) -> Self {
        let mtu = config.mtu_first;
        Self {
            config: config.clone(),
            number,
            is_client,
            phase: Phase::Handshake,
            validated: is_client,
            received_bytes: 0,
            sent_bytes: 0,
            next_packet: 0,
            mtu,
            mtu_next: next_mtu(config, mtu),
            mtu_asked: false,
            rtt: Rtt::new(config.rtt_first),
            cubic: Cubic::new(config.window_first, mtu),
            pacer: Pacer::new(config.rtt_first, config.window_first, mtu, now),
            ledger: Ledger::default(),
            heard: Heard::default(),
            sending: BTreeMap::new(),
            receiving: BTreeMap::new(),
            finished: Default::default(),
            datagrams: Vec::new(),
            cursor: 0,
            limited: true,
            probes: 0,
            backoff: 0,
            paced_until: None,
            last_heard: now,
            closing: None,
            unreadable: Vec::new(),
            lost: 0,
            fresh: 0,
            again: 0,
        }
    }

    /// Where it is.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether this end began it.
    pub const fn is_client(&self) -> bool {
        self.is_client
    }

    /// What the client calls it.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Writes an item of so many bytes on a stream. The offset of the stream after it.
    pub fn write(&mut self, stream: u64, item: T, bytes: u32) -> u64 {
        let sending = self.sending.entry(stream).or_default();
        sending.write(Item::App(item), bytes);
        sending.written()
    }

    /// Ends this side's direction of a stream after what was written.
    pub fn finish(&mut self, stream: u64) {
        self.sending.entry(stream).or_default().write(Item::Fin, 1);
    }

    /// Ends this side's direction of a stream at once.
    pub fn reset(&mut self, stream: u64, code: u64) {
        if self.sending.remove(&stream).is_some() {
            self.sending.entry(SIGNALS).or_default().write(Item::Reset { stream, code }, SIGNAL_BYTES);
        }
    }

    /// Reads no more of the other side's direction of a stream.
    pub fn stop(&mut self, stream: u64, code: u64) {
        self.receiving.remove(&stream);
        self.forget(stream);
        self.sending.entry(SIGNALS).or_default().write(Item::Stop { stream, code }, SIGNAL_BYTES);
    }

    /// Sends a datagram, once.
    pub fn datagram(&mut self, item: T, bytes: u32) {
        self.datagrams.push((item, bytes));
    }

    /// Ends the connection: one last flight says so.
    pub const fn close(&mut self, code: u64) {
        if !matches!(self.phase, Phase::Closed) {
            self.closing = Some(code);
        }
    }

    /// Packets that were held for lost so far.
    pub const fn lost_packets(&self) -> u32 {
        self.lost
    }

    /// Bytes of the application that were sent for the first time, and bytes of streams that were sent again, so far.
    pub const fn carried(&self) -> (u64, u64) {
        (self.fresh, self.again)
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        (self.sending.len() + self.receiving.len()) * 256 + self.ledger.len() * size_of::<Sent>()
    }

    /// Takes in what arrived of a flight.
    pub fn receive(&mut self, mut flight: Flight<T>, now: Time, events: &mut Vec<Event<T>>) {
        if self.phase == Phase::Closed || flight.is_lost() {
            return;
        }
        flight.thin();
        self.last_heard = now;
        self.received_bytes += u64::from(flight.bytes);
        if let Some(code) = flight.close {
            self.phase = Phase::Closed;
            return events.push(Event::Closed(Some(code)));
        }
        let all = u64::MAX >> (64 - flight.packets);
        if flight.eliciting {
            // Packets of the handshake are acknowledged at once.
            let patience = (self.phase == Phase::Open).then(|| now + self.config.ack_delay_max);
            self.heard.heard(flight.first, all & !flight.lost, flight.lost == 0, patience);
        }
        if !flight.acks.is_empty() {
            let news = self.ledger.acknowledged(&flight.acks, now);
            self.learn(news, now);
        }
        for part in flight.parts {
            if self.phase == Phase::Open || part.stream == CRYPTO {
                self.take(part, events);
            } else {
                self.unreadable.push(part);
            }
        }
        if self.phase == Phase::Open {
            for part in std::mem::take(&mut self.unreadable) {
                self.take(part, events);
            }
            events.extend(flight.datagrams.into_iter().map(Event::Datagram));
        }
    }

    /// Takes a piece of a stream in.
    fn take(&mut self, part: Part<T>, events: &mut Vec<Event<T>>) {
        let stream = part.stream;
        if stream < SIGNALS && self.finished[(stream & 3) as usize].covers(&(stream >> 2..(stream >> 2) + 1)) {
            return;
        }
        let (mut items, receiving) = (Vec::new(), self.receiving.entry(stream).or_default());
        let moved = receiving.take(part, |item| items.push(item));
        if receiving.is_done() {
            self.receiving.remove(&stream);
            self.forget(stream);
        }
        if moved && items.is_empty() && stream < SIGNALS {
            events.push(Event::Progress { stream });
        }
        for item in items {
            match item {
                Item::Crypto(step) => self.shake(step, events),
                Item::App(item) => events.push(Event::Item { stream, item }),
                Item::Fin => events.push(Event::Ended { stream }),
                Item::Reset { stream, code } => {
                    self.receiving.remove(&stream);
                    self.forget(stream);
                    events.push(Event::Reset { stream, code });
                }
                Item::Stop { stream, code } => {
                    self.sending.remove(&stream);
                    events.push(Event::Stopped { stream, code });
                }
            }
        }
    }

    /// Nothing of a stream is received any more.
    fn forget(&mut self, stream: u64) {
        if stream < SIGNALS {
            self.finished[(stream & 3) as usize].insert(stream >> 2..(stream >> 2) + 1);
        }
    }

    /// A step of the handshake came.
    fn shake(&mut self, step: Step, events: &mut Vec<Event<T>>) {
        match (step, self.is_client) {
            (Step::Hello, false) => {
                let bytes = self.config.server_bytes;
                self.sending.entry(CRYPTO).or_default().write(Item::Crypto(Step::Server), bytes);
            }
            (Step::Server, true) => {
                let bytes = self.config.client_bytes;
                self.sending.entry(CRYPTO).or_default().write(Item::Crypto(Step::Client), bytes);
                self.open(events);
            }
            (Step::Client, false) => {
                self.sending.entry(CRYPTO).or_default().write(Item::Crypto(Step::Done), DONE_BYTES);
                self.open(events);
            }
            _ => {}
        }
    }

    fn open(&mut self, events: &mut Vec<Event<T>>) {
        self.phase = Phase::Open;
        self.validated = true;
        events.push(Event::Connected);
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.ledger.in_flight != self.ledger.open_bytes() { Err("bytes under way are counted") } else { Ok(()) }
    }
}

/// The packet size to ask for after `mtu` is known to work: halfway to the largest, and that itself once the steps become short.
fn next_mtu(config: &Quic, mtu: u32) -> Option<u32> {
    let left = config.mtu_last.saturating_sub(mtu);
    match left {
        0 => None,
        _ if left / 2 < MTU_STEP_MIN => Some(config.mtu_last),
        _ => Some(mtu + left / 2),
    }
}
