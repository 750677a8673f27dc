//! What acknowledgements and the passing of time tell a sender: round trips, losses, room, and when to ask for a sign.

use super::super::recovery::News;
use super::{Conn, Event, Phase, next_mtu};
use hypermesh_core::base::{Span, Time};

impl<T: Clone> Conn<T> {
    /// Draws the conclusions from acknowledgements.
    pub(super) fn learn(&mut self, mut news: News, now: Time) {
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
        let mut real = news.lost.iter().map(|(sent, _)| sent).filter(|sent| !sent.probe);
        let Some(first) = real.next() else { return };
        let last = real.next_back().unwrap_or(first);
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
}
