//! One reaction of a node: what is still to be thought of before it is over, and the way out.

use super::Key;
use super::port::{ConnId, Effect, Fact, JobId, Ticket, Why};
use super::wait::{Got, Wait};
use crate::base::{Span, Time};
use crate::machine::Cx;
use crate::stoq::cache::{self, FetchId};
use crate::stoq::session::frame::Name;
use crate::stoq::session::{Code, Notice};
use crate::stoq::transfer;
use std::collections::VecDeque;

/// Something that one part of the node has for another.
#[derive(Debug)]
pub(super) enum Work {
    /// A session says something.
    Notice(ConnId, Notice),
    /// For a transfer.
    Transfer(JobId, transfer::Input),
    /// For the cache.
    Cache(Box<CacheWork>),
    /// A connection may have room for more.
    Pump(ConnId),
    /// What was waited for is there, or is not.
    Give(Wait, u64, Got),
}

/// Something for the cache, with what the node has to know when the cache asks for something.
#[derive(Debug)]
pub(super) struct CacheWork {
    pub(super) input: cache::Input<Key>,
    /// The name that it is about.
    pub(super) name: Option<Name>,
    /// The answer to a fetch: what the cache is told is that it came.
    pub(super) fetched: Option<(FetchId, Got)>,
    /// Why a fetch failed.
    pub(super) code: Code,
}

/// One reaction.
pub(super) struct Turn<'t, 'c> {
    pub(super) cx: &'t mut Cx<'c, Effect>,
    pub(super) work: VecDeque<Work>,
}

impl<'t, 'c> Turn<'t, 'c> {
    pub(super) const fn new(cx: &'t mut Cx<'c, Effect>) -> Self {
        Self { cx, work: VecDeque::new() }
    }

    pub(super) const fn now(&self) -> Time {
        self.cx.now
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        self.cx.emit(effect);
    }

    pub(super) fn fact(&mut self, fact: Fact) {
        self.cx.emit(Effect::Fact(fact));
    }

    pub(super) fn wake(&mut self, after: Span, why: Why) {
        self.cx.emit(Effect::Wake { after, why });
    }

    pub(super) fn store(&mut self, number: u64, op: super::StoreOp) {
        self.cx.emit(Effect::Store { ticket: Ticket(number), op });
    }

    pub(super) fn later(&mut self, work: Work) {
        self.work.push_back(work);
    }

    /// Something for the cache that is about a content, or needs no name.
    pub(super) fn cache(&mut self, input: cache::Input<Key>) {
        self.later(Work::Cache(Box::new(CacheWork { input, name: None, fetched: None, code: Code::Refused })));
    }
}
