//! Who is asked for what: the waiting contents are shared out, and who idles takes over from the slowest.

use super::config::{DOUBLED_MAX, STOLEN_MAX};
use super::port::{AskId, Effect, Fact, Sequence, Wish};
use super::slot::Key;
use super::source::{Due, Exchange, Place, Stage};
use super::states::{Event, State};
use super::{Context, Origin, Transfer};
use crate::base::{Span, Time};
use crate::stoq::session::limits::WANT_MAX;

/// A content that another source could bring sooner.
#[derive(Clone, Copy)]
struct Prize {
    seq: u64,
    from: usize,
    /// Whether the source that has it in its queue did not come to it yet.
    is_far: bool,
    expected: Time,
}

impl Transfer {
    /// Gives what waits to the sources that have room, the cheapest first; those that were in trouble last come after all others.
    pub(super) fn share(&mut self, cx: &mut Context<'_>) {
        for nth in 0..2 * self.order.len() {
            let (at, is_second) = (self.order[nth % self.order.len()], nth >= self.order.len());
            if self.waiting.is_empty() {
                return;
            }
            if self.sources[at].stage != Stage::Ready || (self.sources[at].troubles > 0) != is_second {
                continue;
            }
            loop {
                let batch = self.batch(at);
                if batch.is_empty() {
                    break;
                }
                self.ask(at, batch, cx);
            }
        }
    }

    /// What to ask a source for in one exchange: one manifest, or chunks as long as it has room.
    fn batch(&self, at: usize) -> Vec<u64> {
        let source = &self.sources[at];
        let depth = source.pace.depth(self.config.window_bytes);
        let (mut count, mut bytes) = (source.queue.len(), source.under_way());
        // Questions are not sent one by one: a quarter of the depth has to be free.
        let has_room = count < 2 || bytes + depth / 4 <= depth;
        let mut batch = Vec::new();
        for seq in &self.waiting {
            let slot = &self.slots[seq];
            if slot.askers.contains(&at) || self.candidates(slot) & 1 << at == 0 {
                continue;
            }
            if !matches!(slot.key, Key::Chunk(_)) {
                if batch.is_empty() {
                    return vec![*seq];
                }
                continue;
            }
            if !has_room || batch.len() == WANT_MAX || (count >= 2 && bytes >= depth) {
                break;
            }
            count += 1;
            bytes += u64::from(slot.len);
            batch.push(*seq);
        }
        batch
    }

    /// Begins an exchange.
    fn ask(&mut self, at: usize, seqs: Vec<u64>, cx: &mut Context<'_>) {
        let ask = AskId(self.next_ask);
        self.next_ask = self.next_ask.wrapping_add(1);
        let source = &mut self.sources[at];
        let mark = source.pace.asked(source.queue.is_empty(), cx.now);
        let mut places = Vec::with_capacity(seqs.len());
        for seq in seqs {
            let slot = self.slots.get_mut(&seq).expect("only what is planned is asked for");
            slot.react(Event::Ask);
            slot.askers.push(at);
            self.waiting.remove(&seq);
            source.queue.push(Due { seq, ask, bytes: u64::from(slot.len), mark });
            places.push(Place { key: slot.key, seq, open: true, wanted: true });
        }
        if source.under_way() >= source.pace.depth(self.config.window_bytes) {
            source.queue.iter_mut().filter(|due| due.ask == ask).for_each(|due| due.mark.full = true);
        }
        let wish = match places[0].key {
            Key::Name => self.name.clone().expect("a name is asked for only if there is one"),
            Key::Manifest(id) => Wish::Manifest(id),
            Key::Chunk(_) => Wish::Chunks(places.iter().filter_map(|place| place.key.chunk()).collect()),
        };
        self.counts.asks += 1;
        cx.emit(Effect::Ask { ask, source: source.id, wish });
        self.asks.insert(ask, Exchange { source: at, sent: cx.now, heard: false, places });
    }

    /// Lets sources without work take over what others would bring later.
    pub(super) fn balance(&mut self, cx: &mut Context<'_>) {
        for nth in 0..self.order.len() {
            let thief = self.order[nth];
            if self.sources[thief].stage != Stage::Ready {
                continue;
            }
            let mut batch = Vec::new();
            let mut doubled = self.slots.values().filter(|slot| slot.state == State::Doubled).count();
            let mut before = self.sources[thief].under_way();
            while self.may_take(thief, batch.len(), before) {
                let Some(prize) = self.prize(thief, before, &batch, cx.now) else { break };
                if !self.take(thief, prize, &mut doubled, cx) {
                    break;
                }
                before += u64::from(self.slots[&prize.seq].len);
                batch.push(prize.seq);
            }
            let (chunks, manifests) = batch.into_iter().partition::<Vec<_>, _>(|seq| matches!(self.slots[seq].key, Key::Chunk(_)));
            if !chunks.is_empty() {
                self.ask(thief, chunks, cx);
            }
            manifests.into_iter().for_each(|seq| self.ask(thief, vec![seq], cx));
        }
    }

    /// Whether a source has room for more than it has; of one that was never measured a single chunk is wanted first.
    fn may_take(&self, at: usize, batch: usize, bytes: u64) -> bool {
        let source = &self.sources[at];
        let count = source.queue.len() + batch;
        let depth = source.pace.depth(self.config.window_bytes);
        batch < WANT_MAX && (count == 0 || (source.pace.is_known() && (count < 2 || bytes < depth)))
    }

    /// What the thief should take: what holds all others up, if pieces are delivered in order, else what would come last.
    fn prize(&self, thief: usize, before: u64, batch: &[u64], now: Time) -> Option<Prize> {
        let pays = |prize: &Prize| {
            let mine = self.sources[thief].pace.would_take(before, u64::from(self.slots[&prize.seq].len), now);
            // A quarter better, since both are estimates.
            mine + Span(mine.since(now).0 / 4) < prize.expected
        };
        let is_free = |seq: u64| {
            let slot = &self.slots[&seq];
            let takes = slot.key != Key::Name && self.candidates(slot) & 1 << thief != 0;
            slot.state == State::Asked && takes && !slot.askers.contains(&thief) && !batch.contains(&seq)
        };
        let first = self.planned.first_key_value().and_then(|(_, (_, origin))| match origin {
            Origin::Slot(seq) if self.sequence == Sequence::InOrder && !self.walked => Some(*seq),
            _ => None,
        });
        let urgent = first.filter(|seq| is_free(*seq)).and_then(|seq| self.expected(self.slots[&seq].askers[0], seq, now));
        urgent.filter(|prize| pays(prize)).or_else(|| {
            let others = (0..self.sources.len()).filter(|at| *at != thief);
            let last = |at: usize| {
                let seq = self.sources[at].queue.iter().rev().map(|due| due.seq).find(|seq| is_free(*seq))?;
                self.expected(at, seq, now)
            };
            // The first among equals, so that the choice does not depend on how the maximum is found.
            let latest = others.filter_map(last).reduce(|best, prize| if prize.expected > best.expected { prize } else { best });
            latest.filter(|prize| pays(prize))
        })
    }

    /// When a source should bring what is in its queue.
    fn expected(&self, at: usize, seq: u64, now: Time) -> Option<Prize> {
        let source = &self.sources[at];
        let place = source.queue.iter().position(|due| due.seq == seq)?;
        let before: u64 = source.queue[..place].iter().map(|due| due.bytes).sum();
        let asked_at = source.queue[0].mark.asked_at;
        let expected = source.pace.expected(asked_at, before + source.queue[place].bytes, now);
        let is_far = place > 0 && source.pace.is_far(before);
        Some(Prize { seq, from: at, is_far, expected })
    }

    /// Takes the prize from its source, or lets it be asked for beside it. False if neither may be.
    fn take(&mut self, thief: usize, prize: Prize, doubled: &mut usize, cx: &mut Context<'_>) -> bool {
        let (from, to) = (self.sources[prize.from].id, self.sources[thief].id);
        if prize.is_far && self.slots[&prize.seq].stolen < STOLEN_MAX && self.sources[prize.from].pace.may_cancel(cx.now) {
            self.withdraw(prize.seq, prize.from, true, cx);
            self.lost(prize.seq, prize.from);
            self.slots.get_mut(&prize.seq).expect("it is wanted").stolen += 1;
            self.counts.stolen += 1;
            cx.emit(Effect::Fact(Fact::Stolen { from, to }));
            return true;
        }
        if *doubled >= DOUBLED_MAX {
            return false;
        }
        *doubled += 1;
        self.counts.doubled += 1;
        cx.emit(Effect::Fact(Fact::Doubled { from, to }));
        true
    }

    /// Waits no more for what a source was asked for, and says so if `told`.
    pub(super) fn withdraw(&mut self, seq: u64, at: usize, told: bool, cx: &mut Context<'_>) {
        let Some(due) = self.sources[at].forget(seq) else { return };
        let Some(exchange) = self.asks.get_mut(&due.ask) else { return };
        let Some(place) = exchange.places.iter().position(|place| place.seq == seq) else { return };
        exchange.places[place].wanted = false;
        if !matches!(exchange.places[place].key, Key::Chunk(_)) {
            self.asks.remove(&due.ask);
            cx.emit(Effect::Drop { ask: due.ask });
        } else if told {
            cx.emit(Effect::Withdraw { ask: due.ask, first: place as u8, count: 1 });
        }
    }

    /// A source that was asked will not send it.
    pub(super) fn lost(&mut self, seq: u64, at: usize) {
        let Some(slot) = self.slots.get_mut(&seq) else { return };
        let before = slot.askers.len();
        slot.askers.retain(|asker| *asker != at);
        if slot.askers.len() < before {
            slot.react(Event::Lost);
            if slot.state == State::Waiting {
                self.waiting.insert(seq);
            }
        }
    }
}
