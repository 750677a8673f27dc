//! What was sent and what came of it (RFC 9002): acknowledgements, packets held for lost, probes.

use hypermesh_core::base::{Span, Time};
use std::collections::VecDeque;

/// Packets after which an earlier one is held for lost (RFC 9002, clause 6.1.1).
const REORDERING: u64 = 3;
/// Flights that an acknowledgement tells of.
const REMEMBERED: usize = 32;

/// What arrived of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Number of its first packet.
    pub first: u64,
    /// The packets that arrived, one bit each.
    pub mask: u64,
}

/// A piece of a stream in a flight.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The stream.
    pub stream: u64,
    /// Its first byte in the stream.
    pub start: u64,
    /// Bytes.
    pub len: u32,
}

/// A flight that was sent and has to be acknowledged.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Number of the first packet.
    pub first: u64,
    /// Packets whose fate is open, one bit each.
    pub open: u64,
    /// How many packets there were.
    pub packets: u32,
    /// Bytes of frames in each packet but the last.
    pub room: u32,
    /// UDP payload of all packets in bytes.
    pub bytes: u32,
    /// When it was sent.
    pub at: Time,
    /// It asks whether the path takes packets of this size, and carries nothing.
    pub probe: bool,
    /// What it carried.
    pub pieces: Vec<Piece>,
}

impl Sent {
    /// Bytes of packet `n` on the wire.
    pub const fn packet_bytes(&self, n: u32) -> u32 {
        let each = self.bytes / self.packets;
        if n == 0 { self.bytes - each * (self.packets - 1) } else { each }
    }

    /// The pieces of streams that some packets carried, as (stream, start, end).
    pub fn carried(&self, mask: u64, mut each: impl FnMut(u64, u64, u64)) {
        let all = u64::MAX >> (64 - self.packets);
        let mut at = 0u64;
        for piece in &self.pieces {
            let (from, to) = (at, at + u64::from(piece.len));
            at = to;
            if mask & all == all {
                each(piece.stream, piece.start, piece.start + u64::from(piece.len));
                continue;
            }
            let room = u64::from(self.room);
            for n in (from / room)..=((to - 1) / room) {
                if mask >> n & 1 == 1 {
                    let (a, b) = ((n * room).max(from), ((n + 1) * room).min(to));
                    each(piece.stream, piece.start + a - from, piece.start + b - from);
                }
            }
        }
    }
}

/// Flights under way, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    sent: VecDeque<Sent>,
    /// Greatest number of a packet that was acknowledged.
    largest: Option<u64>,
    /// Bytes under way.
    pub in_flight: u64,
    /// When the oldest that lies behind what was acknowledged is held for lost.
    pub loss_at: Option<Time>,
    /// When the last flight was sent that has to be acknowledged.
    pub last_sent: Time,
}

/// What an acknowledgement, or the passing of time, brought to light.
#[derive(Debug, Default)]
pub struct News {
    /// Packets that arrived: the flight they were part of, and which.
    pub arrived: Vec<(Sent, u64)>,
    /// Packets that were lost.
    pub lost: Vec<(Sent, u64)>,
    /// The round-trip time, if the greatest number is new.
    pub rtt: Option<Span>,
}

impl Ledger {
    /// Flights under way.
    pub fn len(&self) -> usize {
        self.sent.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Bytes of the packets whose fate is open.
    pub fn open_bytes(&self) -> u64 {
        self.sent.iter().map(|sent| mask_bytes(sent, sent.open)).sum()
    }

    /// A flight was sent.
    pub fn sent(&mut self, sent: Sent) {
        self.in_flight += u64::from(sent.bytes);
        self.last_sent = sent.at;
        self.sent.push_back(sent);
    }

    /// Takes in acknowledgements.
    pub fn acknowledged(&mut self, acks: &[Received], now: Time) -> News {
        let mut news = News::default();
        for ack in acks {
            let Ok(at) = self.sent.binary_search_by_key(&ack.first, |sent| sent.first) else { continue };
            let sent = &mut self.sent[at];
            let fresh = ack.mask & sent.open;
            if fresh == 0 {
                continue;
            }
            sent.open &= !fresh;
            let top = sent.first + u64::from(63 - fresh.leading_zeros());
            if self.largest.is_none_or(|largest| top > largest) {
                self.largest = Some(top);
                news.rtt = Some(now.since(sent.at));
            }
            let sent = if sent.open == 0 { std::mem::take(&mut sent.pieces) } else { sent.pieces.clone() };
            let whole = Sent { pieces: sent, ..self.sent[at].clone_bare() };
            self.in_flight = self.in_flight.saturating_sub(mask_bytes(&whole, fresh));
            news.arrived.push((whole, fresh));
        }
        news
    }

    /// Finds what is lost by now, `delay` being the time within which a packet follows another.
    pub fn find_lost(&mut self, now: Time, delay: Span, news: &mut News) {
        self.loss_at = None;
        let Some(largest) = self.largest else { return };
        for sent in self.sent.iter_mut().take_while(|sent| sent.first <= largest) {
            if sent.open == 0 {
                continue;
            }
            let below = |limit: u64| if limit <= sent.first { 0 } else { u64::MAX >> (64 - (limit - sent.first).min(64)) };
            let due = sent.at + delay;
            let mut lost = sent.open & below((largest + 1).saturating_sub(REORDERING));
            if due <= now {
                lost = sent.open & below(largest);
            } else if sent.open & below(largest) & !lost != 0 {
                self.loss_at = Some(self.loss_at.map_or(due, |at| at.min(due)));
            }
            if lost != 0 {
                sent.open &= !lost;
                let whole = Sent { pieces: sent.pieces.clone(), ..sent.clone_bare() };
                self.in_flight = self.in_flight.saturating_sub(mask_bytes(&whole, lost));
                news.lost.push((whole, lost));
            }
        }
        self.sent.retain(|sent| sent.open != 0);
    }

    /// The oldest flight whose fate is open, for a probe to repeat.
    pub fn oldest(&self) -> Option<&Sent> {
        self.sent.front()
    }
}

fn mask_bytes(sent: &Sent, mask: u64) -> u64 {
    (0..sent.packets).filter(|n| mask >> n & 1 == 1).map(|n| u64::from(sent.packet_bytes(n))).sum()
}

impl Sent {
    /// The same without what it carried.
    const fn clone_bare(&self) -> Self {
        Self { pieces: Vec::new(), ..*self }
    }
}

/// What a receiver tells of. Every second packet is acknowledged at once, one that is left over waits for the next or for a while (RFC 9000, clause
/// 13.2.2), unless something is missing.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    flights: VecDeque<Received>,
    /// There is something that has to be told now.
    pub due: bool,
    /// The packet that waits: its flight and its bit, and until when.
    held: Option<(u64, u64, Time)>,
}

impl Heard {
    /// A flight arrived, or some of its packets did. One packet may wait until `patience`.
    pub fn heard(&mut self, first: u64, mask: u64, is_whole: bool, patience: Option<Time>) {
        let odd = (mask.count_ones() + u32::from(self.held.is_some())) % 2 == 1;
        self.release();
        let mut told = mask;
        if let Some(until) = patience.filter(|_| odd && is_whole) {
            let top = 1 << (63 - mask.leading_zeros());
            self.held = Some((first, top, until));
            told &= !top;
        }
        if self.flights.len() == REMEMBERED {
            self.flights.pop_back();
        }
        self.flights.push_front(Received { first, mask: told });
        self.due |= told != 0 || self.held.is_none();
    }

    /// Nothing waits any more.
    fn release(&mut self) {
        let Some((first, bit, _)) = self.held.take() else { return };
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.first == first) {
            flight.mask |= bit;
        }
        self.due = true;
    }

    /// When what waits has waited long enough.
    pub fn patience(&self) -> Option<Time> {
        self.held.map(|(.., until)| until)
    }

    /// The time may have come for what waits.
    pub fn wake(&mut self, now: Time) {
        if self.patience().is_some_and(|until| until <= now) {
            self.release();
        }
    }

    /// What to tell: all, along with something else, or only what has to be told now.
    pub fn tell(&mut self, all: bool) -> Vec<Received> {
        if all {
            self.release();
        }
        self.due = false;
        self.flights.iter().copied().collect()
    }
}
