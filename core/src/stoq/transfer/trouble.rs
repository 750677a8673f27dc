//! Sources that cannot be asked, do not answer, or lie.

use super::config::{OPENING_PATIENCE, TROUBLES_MAX, WRONG_MAX};
use super::pace::PATIENCE_MIN;
use super::port::{Effect, Penalty, SourceId, Why};
use super::source::Stage;
use super::{Context, Transfer};
use crate::base::Span;
use crate::testing::Breach;

impl Transfer {
    /// Asks for a connection.
    pub(super) fn open(&mut self, at: usize, cx: &mut Context<'_>) {
        let source = &mut self.sources[at];
        source.stage = Stage::Opening;
        source.late = false;
        source.epoch = source.epoch.wrapping_add(1);
        cx.emit(Effect::Open(source.id));
        cx.emit(Effect::Wake { after: OPENING_PATIENCE.min(self.config.chunk_within), why: Why::Opening(source.id, source.epoch) });
    }

    pub(super) fn on_opened(&mut self, source: SourceId) {
        let Some(at) = self.place(source) else { return };
        let source = &mut self.sources[at];
        source.connected = true;
        if source.stage == Stage::Opening {
            source.stage = Stage::Ready;
        }
    }

    /// The connection is gone, and its exchanges with it.
    pub(super) fn on_closed(&mut self, source: SourceId, again: Option<Span>, cx: &mut Context<'_>) {
        let Some(at) = self.place(source).filter(|at| self.sources[*at].is_live()) else { return };
        self.sources[at].connected = false;
        self.abandon(at, false, cx);
        match again {
            Some(after) => self.trouble(at, after, cx),
            None => self.retire(at),
        }
    }

    /// Others know already that it cannot be reached for a while.
    pub(super) fn on_away(&mut self, source: SourceId, after: Span, cx: &mut Context<'_>) {
        if let Some(at) = self.place(source).filter(|at| self.sources[*at].stage == Stage::Opening) {
            self.rest(at, after.max(PATIENCE_MIN), cx);
        }
    }

    /// A source that does not open is late first, so that the next one may be tried beside it, and in trouble when it may not be waited for any longer.
    pub(super) fn on_opening_late(&mut self, source: SourceId, epoch: u32, cx: &mut Context<'_>) {
        let Some(at) = self.place(source) else { return };
        let longest = self.config.chunk_within;
        let source = &mut self.sources[at];
        if source.stage != Stage::Opening || source.epoch != epoch {
            return;
        }
        if source.late || longest <= OPENING_PATIENCE {
            return self.trouble(at, Span::ZERO, cx);
        }
        source.late = true;
        cx.emit(Effect::Wake { after: Span(longest.0 - OPENING_PATIENCE.0), why: Why::Opening(source.id, epoch) });
    }

    /// Whether all that can be done is to wait for sources that may well be dead: none can be asked, and those that are being opened are late.
    pub(super) fn waits_for_the_dead(&self) -> bool {
        let opening = || self.sources.iter().filter(|source| source.stage == Stage::Opening);
        opening().next().is_some() && opening().all(|source| source.late) && !self.sources.iter().any(|source| source.stage == Stage::Ready)
    }

    pub(super) fn on_rested(&mut self, source: SourceId, epoch: u32, cx: &mut Context<'_>) {
        let Some(at) = self.place(source) else { return };
        let source = &mut self.sources[at];
        if source.stage != Stage::Resting || source.epoch != epoch {
            return;
        }
        if source.connected {
            source.stage = Stage::Ready;
        } else {
            self.open(at, cx);
        }
    }

    /// The time that its rate lets expect is over. Where others are left, they are asked instead; else it is waited for, longer each time.
    pub(super) fn on_overdue(&mut self, source: SourceId, cx: &mut Context<'_>) {
        let Some(at) = self.place(source) else { return };
        let longest = self.config.chunk_within;
        let source = &mut self.sources[at];
        if source.armed.is_some_and(|armed| armed <= cx.now) {
            source.armed = None;
        }
        if source.patience_ends(longest).is_none_or(|ends| ends > cx.now) {
            return;
        }
        source.pace.stalled(cx.now);
        self.counts.stalls += 1;
        cx.emit(Effect::Penalise { source: source.id, why: Penalty::Stalled });
        let is_other = |other: usize| other != at && !matches!(self.sources[other].stage, Stage::Resting | Stage::Dropped);
        let last = source_is_last(self.sources[at].troubles);
        if (0..self.sources.len()).any(is_other) || last {
            self.abandon(at, true, cx);
            self.trouble(at, Span::ZERO, cx);
        } else {
            self.sources[at].troubles += 1;
        }
    }

    /// A source did something that others should know; what is wrong is borne only so often.
    pub(super) fn blame(&mut self, at: usize, why: Penalty, cx: &mut Context<'_>) {
        let source = &mut self.sources[at];
        cx.emit(Effect::Penalise { source: source.id, why });
        if why != Penalty::Stale {
            source.wrong = source.wrong.saturating_add(1);
            if source.wrong >= WRONG_MAX || (why == Penalty::Wrong && Breach::CloseForWrongContent.is_on()) {
                self.drop_source(at, cx);
            }
        }
    }

    /// Leaves a source alone for a while, at least as long as it asked for and longer each time.
    pub(super) fn trouble(&mut self, at: usize, stay: Span, cx: &mut Context<'_>) {
        let source = &mut self.sources[at];
        if source.stage == Stage::Dropped {
            return;
        }
        if source_is_last(source.troubles) {
            return self.drop_source(at, cx);
        }
        source.troubles += 1;
        let stay = if Breach::RetryAtOnce.is_on() { Span::ZERO } else { stay };
        let after = stay.max(PATIENCE_MIN.times(1 << source.troubles));
        self.rest(at, after, cx);
    }

    fn rest(&mut self, at: usize, after: Span, cx: &mut Context<'_>) {
        let source = &mut self.sources[at];
        source.stage = Stage::Resting;
        source.epoch = source.epoch.wrapping_add(1);
        cx.emit(Effect::Wake { after, why: Why::Rested(source.id, source.epoch) });
    }

    /// A source is not asked again.
    pub(super) fn drop_source(&mut self, at: usize, cx: &mut Context<'_>) {
        if self.sources[at].is_live() {
            self.abandon(at, true, cx);
            self.retire(at);
            cx.emit(Effect::Penalise { source: self.sources[at].id, why: Penalty::Dropped });
        }
    }

    fn retire(&mut self, at: usize) {
        self.sources[at].stage = Stage::Dropped;
        self.muster();
    }

    /// Gives up all exchanges with a source, and says so if `told`.
    fn abandon(&mut self, at: usize, told: bool, cx: &mut Context<'_>) {
        self.asks.retain(|ask, exchange| {
            let is_other = exchange.source != at;
            if !is_other && told {
                cx.emit(Effect::Drop { ask: *ask });
            }
            is_other
        });
        for due in core::mem::take(&mut self.sources[at].queue) {
            self.lost(due.seq, at);
        }
    }
}

/// Whether the next trouble is one too many.
const fn source_is_last(troubles: u8) -> bool {
    troubles + 1 >= TROUBLES_MAX
}
