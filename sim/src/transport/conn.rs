//! One end of a modelled connection. A driver hands it flights and deadlines, and polls it for flights to send.

use super::config::Quic;
use super::cubic::Cubic;
use super::flight::{Flight, Item, PACKETS_MAX, Part, Step};
use super::pacer::Pacer;
use super::recovery::{Heard, Ledger, News, Piece, Sent};
use super::rtt::{GRANULARITY, Rtt};
use super::stream::{Receiving, Sending};
use hypermesh_core::base::{Span, Time};
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
/// Acknowledged data for which a receiver sends one packet (RFC 9000, clause 13.2.2).
const PACKETS_PER_ACK: u32 = 2;
/// A server sends no more than this many times what it received before the client has shown its address (RFC 9000, clause 8.1).
const AMPLIFICATION: u64 = 3;
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
    sending: BTreeMap<u64, Sending<T>>,
    receiving: BTreeMap<u64, Receiving<T>>,
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

    /// The smoothed round-trip time, once one was measured.
    pub fn rtt(&self) -> Option<Span> {
        self.rtt.is_known().then(|| self.rtt.get())
    }

    /// The congestion window in bytes.
    pub const fn window(&self) -> u64 {
        self.cubic.window()
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

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        (self.sending.len() + self.receiving.len()) * 256 + self.ledger.len() * size_of::<Sent>()
    }

    /// Bytes written on a stream and never sent.
    pub fn unsent(&self, stream: u64) -> u64 {
        self.sending.get(&stream).map_or(0, Sending::unsent)
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

    /// Draws the conclusions from acknowledgements.
    fn learn(&mut self, mut news: News, now: Time) {
        if let Some(rtt) = news.rtt {
            self.rtt.measured(rtt);
        }
        for (sent, mask) in &news.arrived {
            if sent.probe {
                self.grow(sent.bytes);
            }
            for n in (0..sent.packets).filter(|n| mask >> n & 1 == 1) {
                self.cubic.acknowledged(now, sent.at, u64::from(sent.packet_bytes(n)), self.limited, self.rtt.get());
            }
            sent.carried(*mask, |stream, start, end| {
                let Some(sending) = self.sending.get_mut(&stream) else { return };
                sending.acknowledged(start, end);
                if sending.is_done() {
                    self.sending.remove(&stream);
                }
            });
        }
        if !news.arrived.is_empty() {
            self.backoff = 0;
        }
        self.ledger.find_lost(now, self.rtt.loss_delay(), &mut news);
        self.mourn(&news, now);
    }

    /// What was lost is sent again, and the window shrinks.
    fn mourn(&mut self, news: &News, now: Time) {
        for (sent, mask) in &news.lost {
            self.lost += mask.count_ones();
            sent.carried(*mask, |stream, start, end| {
                if let Some(sending) = self.sending.get_mut(&stream) {
                    sending.lost(start, end);
                }
            });
        }
        // A lost probe of the packet size says nothing of congestion; it is repeated.
        self.mtu_asked &= !news.lost.iter().any(|(sent, _)| sent.probe);
        let mut real = news.lost.iter().filter(|(sent, _)| !sent.probe);
        let Some((first, _)) = real.next() else { return };
        let (last, _) = real.next_back().unwrap_or(&news.lost[0]);
        self.cubic.lost(now, last.at);
        let longest = Span((self.rtt.probe_delay() + self.config.ack_delay_max).0 * 3);
        if last.at.since(first.at) >= longest {
            self.cubic.collapsed();
        }
    }

    /// The path takes packets of this size.
    fn grow(&mut self, bytes: u32) {
        self.mtu = self.mtu.max(bytes);
        self.mtu_next = next_mtu(&self.config, self.mtu);
        self.mtu_asked = false;
        self.cubic.set_mtu(self.mtu);
    }

    /// The next moment at which [`Conn::wake`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        if self.phase == Phase::Closed {
            return None;
        }
        let idle = self.last_heard + self.config.idle;
        [Some(idle), self.ledger.loss_at, self.probe_at(), self.paced_until, self.heard.patience()].into_iter().flatten().min()
    }

    /// When this side probes, if something is under way.
    fn probe_at(&self) -> Option<Time> {
        let delay = self.rtt.probe_delay() + if self.phase == Phase::Open { self.config.ack_delay_max } else { Span::ZERO };
        // A client goes on probing until the server knows that it receives (RFC 9002, clause 6.2.2.1).
        let stuck = self.is_client && self.phase == Phase::Handshake;
        (!self.ledger.is_empty() || stuck).then(|| self.ledger.last_sent + Span(delay.0 << self.backoff.min(10)))
    }

    /// A deadline may be due.
    pub fn wake(&mut self, now: Time, events: &mut Vec<Event<T>>) {
        if self.phase == Phase::Closed {
            return;
        }
        if self.last_heard + self.config.idle <= now {
            self.phase = Phase::Closed;
            return events.push(Event::Closed(None));
        }
        self.heard.wake(now);
        if self.paced_until.is_some_and(|at| at <= now) {
            self.paced_until = None;
        }
        if self.ledger.loss_at.is_some_and(|at| at <= now) {
            let mut news = News::default();
            self.ledger.find_lost(now, self.rtt.loss_delay(), &mut news);
            self.mourn(&news, now);
        } else if self.probe_at().is_some_and(|at| at <= now) {
            self.probe(now);
        }
    }

    /// Sends two packets of what is oldest again, so that the other side says something (RFC 9002, clause 6.2.4).
    fn probe(&mut self, now: Time) {
        self.backoff += 1;
        self.probes = 2;
        // Until it is sent, the next deadline counts from here.
        self.ledger.last_sent = now;
        let Some(sent) = self.ledger.oldest() else { return };
        let mask = sent.open & sent.open.wrapping_neg();
        let mut again = Vec::new();
        sent.carried(mask, |stream, start, end| again.push((stream, start, end)));
        for (stream, start, end) in again {
            if let Some(sending) = self.sending.get_mut(&stream) {
                sending.lost(start, end);
            }
        }
    }

    /// The next flight to send now, if there is one. To be called until there is none.
    pub fn poll(&mut self, now: Time, events: &mut Vec<Event<T>>) -> Option<Flight<T>> {
        if self.phase == Phase::Closed {
            return None;
        }
        if let Some(code) = self.closing.take() {
            self.phase = Phase::Closed;
            events.push(Event::Closed(Some(code)));
            return Some(Flight { close: Some(code), ..self.flight(1, 40, false) });
        }
        // As soon as both have keys, quinn asks for the path's packet size, before the application has said anything.
        if self.ledger.is_empty()
            && self.mtu == self.config.mtu_first
            && let Some(flight) = self.ask_mtu(now)
        {
            return Some(flight);
        }
        let packets = if self.has_data() { self.allowance(now) } else { 0 };
        if packets == 0 {
            if self.probes > 0 && !self.has_data() {
                // There is nothing to repeat: an empty packet asks for a sign.
                self.probes = 0;
                return Some(self.send(1, Vec::new(), now));
            }
            if let Some(flight) = self.ask_mtu(now) {
                return Some(flight);
            }
            self.limited = !self.has_data();
            return self.heard.due.then(|| self.acknowledge());
        }
        let mut room = packets * self.room();
        let mut parts = Vec::new();
        self.fill(&mut parts, &mut room, events);
        let flight = self.send(packets, parts, now);
        Some(flight)
    }

    /// Asks whether the path takes larger packets (DPLPMTUD, RFC 8899): a packet of that size that carries nothing.
    fn ask_mtu(&mut self, now: Time) -> Option<Flight<T>> {
        let bytes = self.mtu_next.filter(|_| self.phase == Phase::Open && !self.mtu_asked)?;
        if self.ledger.in_flight + u64::from(bytes) > self.cubic.window() {
            return None;
        }
        self.mtu_asked = true;
        let flight = self.flight(1, bytes, true);
        let (first, room) = (flight.first, flight.room);
        self.ledger.sent(Sent { first, open: 1, packets: 1, room, bytes, at: now, probe: true, pieces: Vec::new() });
        Some(flight)
    }

    /// Bytes of frames in one packet.
    fn room(&self) -> u32 {
        self.mtu - self.config.packet_overhead
    }

    /// Streams that may be sent now: before the handshake is complete, only its own.
    fn is_sendable(&self, stream: u64) -> bool {
        stream == CRYPTO || self.phase == Phase::Open
    }

    fn has_data(&self) -> bool {
        let window = self.config.stream_window;
        let ready = |(stream, sending): (&u64, &Sending<T>)| self.is_sendable(*stream) && sending.is_ready(window);
        (self.phase == Phase::Open && !self.datagrams.is_empty()) || self.sending.iter().any(ready)
    }

    /// How many packets may be sent now.
    fn allowance(&mut self, now: Time) -> u32 {
        if self.probes > 0 {
            self.probes -= 1;
            return 1;
        }
        let mtu = u64::from(self.mtu);
        let window = self.cubic.window().min(self.config.window);
        // quinn keeps what is under way below the window, and never at it.
        let mut free = window.saturating_sub(self.ledger.in_flight + 1);
        if !self.validated {
            free = free.min((AMPLIFICATION * self.received_bytes).saturating_sub(self.sent_bytes));
        }
        if free < mtu {
            self.limited = false;
            return 0;
        }
        match self.pacer.room(self.rtt.get(), window, self.mtu, now) {
            Ok(room) => {
                self.paced_until = None;
                (free.min(room) / mtu).clamp(1, u64::from(PACKETS_MAX)) as u32
            }
            Err(at) => {
                self.paced_until = Some(at);
                self.limited = false;
                0
            }
        }
    }

    /// Fills a flight: the handshake and signals first, then the streams in turn, an equal share each.
    fn fill(&mut self, parts: &mut Vec<Part<T>>, room: &mut u32, events: &mut Vec<Event<T>>) {
        let window = self.config.stream_window;
        *room -= ACK_BYTES;
        for stream in [CRYPTO, SIGNALS] {
            if self.is_sendable(stream) {
                self.drain(stream, u32::MAX, parts, room, events);
            }
        }
        if self.phase != Phase::Open {
            return;
        }
        let ready: Vec<u64> = self
            .sending
            .iter()
            .filter(|(stream, sending)| **stream < SIGNALS && sending.is_ready(window))
            .map(|(stream, _)| *stream)
            .collect();
        if ready.is_empty() {
            return;
        }
        let share = (*room / ready.len() as u32).max(self.room());
        let from = ready.partition_point(|stream| *stream <= self.cursor);
        for stream in ready[from..].iter().chain(&ready[..from]).copied() {
            if *room == 0 {
                break;
            }
            self.cursor = stream;
            self.drain(stream, share, parts, room, events);
        }
        // What the shares left over goes to whoever has more.
        for stream in ready {
            self.drain(stream, u32::MAX, parts, room, events);
        }
    }

    /// Takes from one stream, at most `share` bytes.
    fn drain(&mut self, stream: u64, share: u32, parts: &mut Vec<Part<T>>, room: &mut u32, events: &mut Vec<Event<T>>) {
        let Some(sending) = self.sending.get_mut(&stream) else { return };
        let mut share = share.min(*room);
        let before = sending.sent();
        while share > 0 {
            let Some(part) = sending.take(stream, share, self.config.stream_window) else { break };
            share -= part.len;
            *room -= part.len;
            parts.push(part);
        }
        let upto = sending.sent();
        if upto > before && stream < SIGNALS {
            events.push(Event::Sent { stream, upto });
        }
    }

    /// Puts a flight together that has to be acknowledged.
    fn send(&mut self, packets: u32, parts: Vec<Part<T>>, now: Time) -> Flight<T> {
        let acks = self.heard.tell(true);
        let ack = if acks.is_empty() { 0 } else { ACK_BYTES };
        let open = self.phase == Phase::Open;
        let datagrams = if open { std::mem::take(&mut self.datagrams) } else { Vec::new() };
        let frames = ack + parts.iter().map(|part| part.len).sum::<u32>() + datagrams.iter().map(|(_, bytes)| bytes + 3).sum::<u32>();
        let packets = frames.div_ceil(self.room()).clamp(1, packets.max(1));
        // The first packet of each flight of the handshake is filled up (RFC 9000, clause 14.1).
        let first = self.ledger.is_empty() && (!open || parts.iter().any(|part| part.stream == CRYPTO && part.len > DONE_BYTES));
        let bytes = (frames + packets * self.config.packet_overhead).max(if first { self.mtu } else { 0 });
        let mut flight = self.flight(packets, bytes, true);
        flight.acks = acks;
        flight.datagrams = datagrams.into_iter().map(|(item, _)| item).collect();
        flight.room = self.room();
        self.limited = !self.has_data();
        let pieces = parts.iter().map(|part| Piece { stream: part.stream, start: part.start, len: part.len }).collect();
        let (first, room) = (flight.first, flight.room);
        let all = u64::MAX >> (64 - packets);
        self.ledger.sent(Sent { first, open: all, packets, room, bytes, at: now, probe: false, pieces });
        flight.parts = parts;
        flight
    }

    /// A flight that only acknowledges: one packet for every two.
    fn acknowledge(&mut self) -> Flight<T> {
        let acks = self.heard.tell(false);
        let packets = acks.first().map_or(1, |ack| ack.mask.count_ones().div_ceil(PACKETS_PER_ACK).max(1));
        let bytes = packets * self.config.ack_packet;
        Flight { acks, ..self.flight(packets, bytes, false) }
    }

    /// An empty flight.
    fn flight(&mut self, packets: u32, bytes: u32, eliciting: bool) -> Flight<T> {
        let first = self.next_packet;
        self.next_packet += u64::from(packets);
        self.sent_bytes += u64::from(bytes);
        self.pacer.sent(u64::from(bytes));
        Flight {
            conn: self.number,
            to_server: self.is_client,
            first,
            packets,
            lost: 0,
            spread: 0,
            room: self.room(),
            bytes,
            eliciting,
            parts: Vec::new(),
            acks: Vec::new(),
            datagrams: Vec::new(),
            close: None,
        }
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.ledger.is_empty() && self.ledger.in_flight != 0 {
            return Err("bytes under way are counted");
        }
        if self.rtt.is_known() && self.rtt.min() > self.rtt.get().max(GRANULARITY) + self.rtt.min() {
            return Err("the smoothed round-trip time is one that was measured");
        }
        Ok(())
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
