//! What comes from the sources.

use super::port::{AskId, Effect, Fact, Failure, Penalty, Wish};
use super::slot::Key;
use super::states::{Act, Event};
use super::{Context, Sequence, Transfer};
use crate::base::{Span, Time};
use crate::stoq::chunk::ManifestId;
use crate::stoq::manifest::{MANIFEST_LEN_MAX, Manifest};
use crate::stoq::session::frame::{Bits, ContentId};
use crate::stoq::session::{Code, Scope};
use crate::testing::{Breach, Defect};
use std::sync::Arc;

impl Transfer {
    /// An answer begins: how long it took says how far the source is.
    fn hear(&mut self, ask: AskId, now: Time) -> Option<usize> {
        let exchange = self.asks.get_mut(&ask)?;
        if !exchange.heard {
            exchange.heard = true;
            self.sources[exchange.source].pace.answered(exchange.sent, now);
        }
        Some(exchange.source)
    }

    pub(super) fn on_moving(&mut self, ask: AskId, now: Time) {
        if let Some(at) = self.hear(ask, now) {
            self.sources[at].pace.moved(now);
        }
    }

    /// The source told what it has; what it has not is asked of others.
    pub(super) fn on_have(&mut self, ask: AskId, there: Bits, cx: &mut Context<'_>) {
        let Some(at) = self.hear(ask, cx.now) else { return };
        let mut absent = Vec::new();
        let exchange = self.asks.get_mut(&ask).expect("it was heard");
        for (nth, place) in exchange.places.iter_mut().enumerate() {
            if place.open && !there.get(nth) {
                place.open = false;
                absent.push(*place);
            }
        }
        if exchange.is_over() {
            self.asks.remove(&ask);
        }
        for place in absent {
            self.set_lacking(place.seq, at);
            if place.wanted {
                self.sources[at].forget(place.seq);
                self.lost(place.seq, at);
            }
        }
    }

    /// A content came. It is looked at before anything else is done with it (R-10-04).
    pub(super) fn on_content(&mut self, ask: AskId, id: ContentId, bytes: Arc<[u8]>, cx: &mut Context<'_>) -> Result<(), Failure> {
        let Some(at) = self.hear(ask, cx.now) else {
            self.counts.late += 1;
            return Ok(());
        };
        self.sources[at].pace.moved(cx.now);
        self.counts.fetched_bytes += bytes.len() as u64;
        let exchange = self.asks.get_mut(&ask).expect("it was heard");
        let Some(place) = exchange.places.iter_mut().find(|place| place.open && place.key.is_named(id)) else {
            self.give_up(ask, at, cx);
            return Ok(());
        };
        place.open = false;
        let place = *place;
        if exchange.is_over() {
            self.asks.remove(&ask);
        }
        let due = if place.wanted { self.sources[at].forget(place.seq) } else { None };
        if !self.is_right(place.key, &bytes) {
            self.set_wronged(place.seq, at);
            if place.wanted {
                self.lost(place.seq, at);
            }
            self.counts.wrong += 1;
            self.blame(at, Penalty::Wrong, cx);
            return Ok(());
        }
        let source = &mut self.sources[at];
        source.troubles = 0;
        if let Some(due) = due {
            source.pace.arrived(due.mark, bytes.len() as u64, cx.now);
        }
        self.keep(place.key, bytes, at, cx)
    }

    /// More came than was asked for. What is still due in that exchange is asked for anew, elsewhere if there is somebody.
    fn give_up(&mut self, ask: AskId, at: usize, cx: &mut Context<'_>) {
        let places = self.asks.remove(&ask).map(|exchange| exchange.places).unwrap_or_default();
        for place in places.iter().filter(|place| place.open && place.wanted) {
            self.set_wronged(place.seq, at);
            self.sources[at].forget(place.seq);
            self.lost(place.seq, at);
        }
        cx.emit(Effect::GiveUp { ask });
        self.blame(at, Penalty::NotAsked, cx);
    }

    /// What a name leads to. The source's word counts for that; whether it is a manifest at all is looked at.
    pub(super) fn on_named(&mut self, ask: AskId, id: ContentId, version: u64, bytes: Arc<[u8]>, cx: &mut Context<'_>) {
        let Some(at) = self.hear(ask, cx.now) else {
            self.counts.late += 1;
            return;
        };
        self.counts.fetched_bytes += bytes.len() as u64;
        let place = self.asks[&ask].places[0];
        if place.key != Key::Name {
            return self.blame(at, Penalty::NotAsked, cx);
        }
        self.asks.remove(&ask);
        self.sources[at].forget(place.seq);
        let root = ManifestId(id.0);
        let oldest = match &self.name {
            Some(Wish::Name { version_min, .. }) => *version_min,
            _ => 0,
        };
        let penalty = if Manifest::decode_named(&bytes, &root).is_err() {
            Some(Penalty::Wrong)
        } else if version < oldest {
            Some(Penalty::Stale)
        } else {
            None
        };
        if let Some(penalty) = penalty {
            self.set_lacking(place.seq, at);
            self.lost(place.seq, at);
            self.counts.wrong += u64::from(penalty == Penalty::Wrong);
            return self.blame(at, penalty, cx);
        }
        self.sources[at].troubles = 0;
        if Breach::AskByNameTwice.is_on() && self.counts.asks == 1 {
            return self.lost(place.seq, at);
        }
        self.release(place.seq, cx);
        self.forget_slot(place.seq);
        self.start_walk(root, version, self.range.clone());
        let seq = self.want(Key::Manifest(root));
        let slot = self.slots.get_mut(&seq).expect("it was just wanted");
        slot.react(Event::Right);
        slot.held = Some(bytes);
        self.waiting.remove(&seq);
    }

    /// A right content is kept for whoever uses it, and taken back from whoever else is asked.
    fn keep(&mut self, key: Key, bytes: Arc<[u8]>, at: usize, cx: &mut Context<'_>) -> Result<(), Failure> {
        let Some(seq) = self.by_key.get(&key).copied() else {
            self.duplicate(at, bytes.len(), cx);
            return Ok(());
        };
        let slot = self.slots.get_mut(&seq).expect("what has a name has a slot");
        if let Key::Chunk(id) = key
            && bytes.len() != slot.len as usize
        {
            return Err(Failure::Object(id));
        }
        if slot.react(Event::Right) == Act::Duplicate {
            self.duplicate(at, bytes.len(), cx);
            return Ok(());
        }
        slot.held = Some(bytes);
        if self.sequence == Sequence::AsTheyCome {
            self.ready.extend(slot.pieces.iter());
        }
        self.waiting.remove(&seq);
        // Whoever sent it may be asked once more, in another exchange.
        self.release(seq, cx);
        Ok(())
    }

    /// Takes a content back from all who are asked.
    fn release(&mut self, seq: u64, cx: &mut Context<'_>) {
        let slot = self.slots.get_mut(&seq).expect("only what is planned is asked for");
        for asker in core::mem::take(&mut slot.askers) {
            if self.sources[asker].queue.iter().any(|due| due.seq == seq) {
                let told = self.sources[asker].pace.may_cancel(cx.now);
                self.withdraw(seq, asker, told, cx);
            }
        }
    }

    /// Nothing is known of a content any more.
    fn forget_slot(&mut self, seq: u64) {
        if let Some(mut slot) = self.slots.remove(&seq) {
            slot.react(Event::Stop);
            self.by_key.remove(&slot.key);
            self.waiting.remove(&seq);
        }
    }

    fn duplicate(&mut self, at: usize, bytes: usize, cx: &mut Context<'_>) {
        self.counts.duplicates += 1;
        self.counts.duplicate_bytes += bytes as u64;
        cx.emit(Effect::Fact(Fact::Duplicate { source: self.sources[at].id, bytes: bytes as u32 }));
        if Breach::PenaliseDuplicates.is_on() {
            self.blame(at, Penalty::NotAsked, cx);
        }
    }

    fn is_right(&self, key: Key, bytes: &[u8]) -> bool {
        let trusts = Breach::DeliverUnverified.is_on() && matches!(key, Key::Chunk(_));
        if trusts || Defect::DeliverUnverified.is_planted(self.config.defect) {
            return true;
        }
        (!matches!(key, Key::Manifest(_)) || bytes.len() <= MANIFEST_LEN_MAX) && key.verifies(bytes)
    }

    /// The source said all. What it owes it does not send any more.
    pub(super) fn on_ended(&mut self, ask: AskId, cx: &mut Context<'_>) {
        let Some(exchange) = self.asks.remove(&ask) else { return };
        let at = exchange.source;
        let mut owed = false;
        for place in exchange.places.iter().filter(|place| place.open && place.wanted) {
            owed = true;
            self.set_wronged(place.seq, at);
            self.sources[at].forget(place.seq);
            self.lost(place.seq, at);
        }
        if owed {
            cx.emit(Effect::Penalise { source: self.sources[at].id, why: Penalty::Promised });
            self.trouble(at, Span::ZERO, cx);
        }
    }

    /// An exchange failed. What is said about the content goes for this source alone; what may pass is tried again (R-10-11, R-14-07).
    pub(super) fn on_failed(&mut self, ask: AskId, code: Code, retry: Span, cx: &mut Context<'_>) {
        let Some(exchange) = self.asks.remove(&ask) else { return };
        let at = exchange.source;
        let refused = matches!(code, Code::NotAuthorised) || code.scope() != Scope::Stream;
        for place in exchange.places.iter().filter(|place| place.open && place.wanted) {
            if !code.is_retryable() && !refused {
                self.set_lacking(place.seq, at);
            }
            self.sources[at].forget(place.seq);
            self.lost(place.seq, at);
        }
        if refused {
            self.drop_source(at, cx);
        } else if code.is_retryable() {
            self.trouble(at, retry, cx);
        }
    }

    fn set_lacking(&mut self, seq: u64, at: usize) {
        if let Some(slot) = self.slots.get_mut(&seq) {
            slot.lacks |= 1 << at;
        }
    }

    fn set_wronged(&mut self, seq: u64, at: usize) {
        if let Some(slot) = self.slots.get_mut(&seq) {
            slot.wronged |= 1 << at;
        }
    }
}
