//! What a sender may send now, and of which streams.

use super::super::flight::{Flight, Item, PACKETS_MAX, Part};
use super::super::recovery::{Piece, Sent};
use super::super::stream::Sending;
use super::{ACK_BYTES, CRYPTO, Conn, DONE_BYTES, Event, Phase, SIGNALS};
use hypermesh_core::base::Time;

/// Acknowledged packets for which a receiver sends one (RFC 9000, clause 13.2.2).
const PACKETS_PER_ACK: u32 = 2;
/// A server sends no more than this many times what it received before the client has shown its address (RFC 9000, clause 8.1).
const AMPLIFICATION: u64 = 3;

impl<T: Clone> Conn<T> {
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
        let has_data = self.has_data();
        self.limited = !has_data;
        let packets = if has_data { self.allowance(now) } else { 0 };
        if packets == 0 {
            if self.probes > 0 && !has_data {
                // There is nothing to repeat: an empty packet asks for a sign.
                self.probes = 0;
                return Some(self.send(1, Vec::new(), now));
            }
            return self.ask_mtu(now).or_else(|| self.heard.due.then(|| self.acknowledge()));
        }
        let mut room = packets * self.room();
        let mut parts = Vec::new();
        self.fill(&mut parts, &mut room, events);
        Some(self.send(packets, parts, now))
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
        let ready = |stream: u64, sending: &Sending<T>| self.is_sendable(stream) && sending.is_ready(window);
        (self.phase == Phase::Open && !self.datagrams.is_empty()) || self.sending.iter().any(|(stream, sending)| ready(*stream, sending))
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
            return 0;
        }
        match self.pacer.room(self.rtt.get(), window, self.mtu, now) {
            Ok(room) => {
                self.paced_until = None;
                (free.min(room) / mtu).clamp(1, u64::from(PACKETS_MAX)) as u32
            }
            Err(at) => {
                self.paced_until = Some(at);
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
            if part.start < before {
                self.again += u64::from(part.len);
            } else if stream < SIGNALS {
                // The end of a stream is not a byte of the application's.
                let ends = matches!(part.items.last(), Some((_, Item::Fin)));
                self.fresh += u64::from(part.len) - u64::from(ends);
            }
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
        self.fresh += datagrams.iter().map(|(_, bytes)| u64::from(*bytes)).sum::<u64>();
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
}
