//! A source as a transfer sees it, and what is under way with it.

use super::pace::{Mark, Pace};
use super::port::{AskId, Offer, SourceId};
use super::slot::Key;
use crate::base::{Span, Time};

/// Where a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It was offered.
    Known,
    /// It is being connected with.
    Opening,
    /// It can be asked.
    Ready,
    /// It is left alone for a while. What it was asked before may still come.
    Resting,
    /// It is not asked again.
    Dropped,
}

/// A content that a source is expected to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) seq: u64,
    pub(super) ask: AskId,
    /// How long it will be, as far as is known.
    pub(super) bytes: u64,
    pub(super) mark: Mark,
}

/// A source.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) id: SourceId,
    pub(super) cost: u32,
    pub(super) names: bool,
    pub(super) stage: Stage,
    /// Whether it is being opened for longer than somebody who is there needs: the next one may be tried beside it.
    pub(super) late: bool,
    /// Counts attempts to open it, and rests, so that a stale wake-up is recognised.
    pub(super) epoch: u32,
    /// Whether it can be asked when the rest is over.
    pub(super) connected: bool,
    pub(super) pace: Pace,
    /// In the order in which it was asked.
    pub(super) queue: Vec<Due>,
    /// Wrong contents, ever.
    pub(super) wrong: u8,
    /// Stalls, refusals and broken promises in a row.
    pub(super) troubles: u8,
    /// The wake-up that is due next.
    pub(super) armed: Option<Time>,
}

impl Source {
    pub(super) fn new(offer: Offer) -> Self {
        Self {
            id: offer.source,
            cost: offer.cost,
            names: offer.names,
            stage: Stage::Known,
            late: false,
            epoch: 0,
            connected: false,
            pace: Pace::default(),
            queue: Vec::new(),
            wrong: 0,
            troubles: 0,
            armed: None,
        }
    }

    /// Whether it may be of use, now or later.
    pub(super) fn is_live(&self) -> bool {
        self.stage != Stage::Dropped
    }

    /// Bytes under way.
    pub(super) fn under_way(&self) -> u64 {
        self.queue.iter().map(|due| due.bytes).sum()
    }

    /// Takes a content off the queue, wherever it was asked for.
    pub(super) fn forget(&mut self, seq: u64) -> Option<Due> {
        let place = self.queue.iter().position(|due| due.seq == seq)?;
        Some(self.queue.remove(place))
    }

    /// When waiting for it ends; none if it owes nothing.
    pub(super) fn patience_ends(&self, longest: Span) -> Option<Time> {
        let next = self.queue.iter().map(|due| due.bytes).max()?;
        let mut asks: Vec<AskId> = self.queue.iter().map(|due| due.ask).collect();
        asks.dedup();
        Some(self.pace.patience_ends(next, asks.len(), self.troubles, longest))
    }
}

/// One exchange with a source.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// Its place among the sources.
    pub(super) source: usize,
    pub(super) sent: Time,
    /// Whether any answer came.
    pub(super) heard: bool,
    /// In the order of the question.
    pub(super) places: Vec<Place>,
}

/// A content of an exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) key: Key,
    pub(super) seq: u64,
    /// Whether it may still come.
    pub(super) open: bool,
    /// Whether it is waited for: it was not taken back.
    pub(super) wanted: bool,
}

impl Exchange {
    /// Whether nothing more can come.
    pub(super) fn is_over(&self) -> bool {
        self.places.iter().all(|place| !place.open)
    }
}
