//! A transfer: one object, or a range of it, fetched from several sources at once.
//!
//! ```text
//!            name ──GET_NAME──▶ root ──walk──▶ pieces of chunks, in the object's order
//!                                                │ plan: within the window
//!    Waiting ◀────────────── lost ───────────┐   ▼
//!       │  share: who has room               │  a chunk (see `states`)
//!       ├───▶ source A: WANT c1 c2 c3 ...  ──┤
//!       ├───▶ source B: WANT c4 c5 ...     ──┼──verify──▶ held ──credit──▶ Deliver ──Taken──▶ done (what a resume begins with)
//!       └───▶ balance: who idles takes the   │
//!             tail of the slowest queue    ──┘
//! ```
//! Every source is asked for about twice what its path holds, by its own measured rate, so a fast one takes more of the work by itself. When nothing is
//! left to hand out, a source without work takes what would come last: from the tail of another's queue if that was not sent yet, and beside it if it
//! may have been; the first copy wins and the other is taken back. A source that makes no progress for four times as long as its rate lets expect is
//! overtaken.
//!
//! Promises: what is delivered is what the names say, and each byte is delivered once; what was taken is never fetched again, also not after a resume;
//! no more than [`Config::held_max`] bytes of contents are held; nothing is under way after the end; nothing depends on the order of a hash table.
//! Lacks, on purpose: connections and frames (the session's and the driver's), opening of what is sealed, the choice of sources (routing's), and any
//! belief in a source: only for what a *name* leads to somebody's word is needed, and [`Offer::names`] says whose counts.

mod answers;
mod config;
mod pace;
mod plan;
mod port;
mod resume;
mod share;
mod slot;
mod source;
pub mod states;
#[cfg(test)]
mod tests;
mod trouble;

use crate::machine::{Cx, Machine};
use crate::stoq::chunk::{ChunkId, ManifestId};
use crate::stoq::manifest::{Piece, Walk};
use crate::testing::Breach;
use core::ops::Range;
use slot::{Key, Slot};
use source::{Exchange, Source, Stage};
use states::{Event, State};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use config::{
    ASKERS_MAX, CANCELS_BURST, CANCELS_PER_SEC, Config, DOUBLED_MAX, MANIFESTS_AHEAD, OPENING_PATIENCE, PIECES_MAX, REMEMBERED_MAX,
    SOURCES_MAX, STOLEN_MAX, TROUBLES_MAX, UNTAKEN_MAX, WRONG_MAX,
};
pub use port::{AskId, Counters, Effect, Fact, Failure, Input, Offer, Order, Penalty, Sequence, SourceId, What, Why, Wish};
pub use resume::{RANGES_MAX, Ranges, Resume};

/// Where a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has not begun.
    Idle,
    /// It fetches.
    Running,
    /// All was taken.
    Finished,
    /// It could not be done.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Where the bytes of a planned piece come from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// A content that is fetched or held.
    Slot(u64),
    /// The object itself, from this byte of it on.
    Earlier(u64),
}

/// One transfer.
#[derive(Clone, Debug)]
pub struct Transfer {
    config: Config,
    phase: Phase,
    /// What the name is, if it was asked for by name and is not resumed.
    name: Option<Wish>,
    sequence: Sequence,
    reads_back: bool,
    credit: u64,
    root: Option<ManifestId>,
    version: u64,
    /// What is wanted; all, until the root is there, if none.
    range: Option<Range<u64>>,
    object_len: Option<u64>,
    /// Whether it goes on from where another ended: what is wanted is certain then, also before the root is there.
    resumed: bool,
    walk: Option<Walk>,
    /// What the walk came to and the window had no room for, with its bytes as it is stored.
    ahead: Option<(Piece, u32)>,
    /// Whether the walk came to its end.
    walked: bool,
    /// By number: manifests before chunks, each in the order of the walk.
    slots: BTreeMap<u64, Slot>,
    by_key: BTreeMap<Key, u64>,
    waiting: BTreeSet<u64>,
    next_manifest: u64,
    next_chunk: u64,
    chunks: usize,
    /// Bytes of the chunks among the slots.
    reserved: u64,
    /// By where the chunk begins in the object.
    planned: BTreeMap<u64, (Piece, Origin)>,
    /// Planned pieces whose bytes are there, if they are delivered as they come.
    ready: VecDeque<u64>,
    /// Delivered pieces by their first wanted byte, with their bytes.
    untaken: BTreeMap<u64, u32>,
    untaken_bytes: u64,
    done: Ranges,
    /// Where the whole of a chunk was delivered, and how long it is.
    seen: BTreeMap<ChunkId, (u64, u32)>,
    sources: Vec<Source>,
    /// Places of the sources by cost.
    order: Vec<usize>,
    /// Those that are not dropped, one bit each; and those of them whose word about names counts.
    live: u64,
    speakers: u64,
    asks: BTreeMap<AskId, Exchange>,
    next_ask: u32,
    counts: Counters,
}

type Context<'c> = Cx<'c, Effect>;

/// Chunks are numbered from here on, manifests from zero.
const CHUNKS_FROM: u64 = 1 << 32;

impl Machine for Transfer {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        let result = match input {
            Input::Begin(order) if self.phase == Phase::Idle => {
                self.begin(*order);
                Ok(())
            }
            // What was delivered before the end can be taken after it.
            Input::Taken { offset } => {
                self.on_taken(offset);
                Ok(())
            }
            _ if self.phase != Phase::Running => return,
            Input::Begin(_) => Ok(()),
            Input::Cancel => return self.end(Phase::Cancelled, Effect::Cancelled, cx),
            Input::Credit { bytes } => {
                self.credit = bytes;
                Ok(())
            }
            Input::Offer(offer) => {
                self.add(offer);
                Ok(())
            }
            Input::Opened(source) => {
                self.on_opened(source);
                Ok(())
            }
            Input::Closed { source, again } => {
                self.on_closed(source, again, cx);
                Ok(())
            }
            Input::Away { source, after } => {
                self.on_away(source, after, cx);
                Ok(())
            }
            Input::Named { ask, id, version, bytes } => {
                self.on_named(ask, id, version, bytes, cx);
                Ok(())
            }
            Input::Have { ask, there } => {
                self.on_have(ask, there, cx);
                Ok(())
            }
            Input::Content { ask, id, bytes } => self.on_content(ask, id, bytes, cx),
            Input::Moving { ask } => {
                self.on_moving(ask, cx.now);
                Ok(())
            }
            Input::Ended { ask } => {
                self.on_ended(ask, cx);
                Ok(())
            }
            Input::Failed { ask, code, retry } => {
                self.on_failed(ask, code, retry, cx);
                Ok(())
            }
        };
        self.go_on(result, cx);
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        if self.phase != Phase::Running {
            return;
        }
        match why {
            Why::Overdue(source) => self.on_overdue(source, cx),
            Why::Rested(source, epoch) => self.on_rested(source, epoch, cx),
            Why::Opening(source, epoch) => self.on_opening_late(source, epoch, cx),
        }
        self.go_on(Ok(()), cx);
    }
}

impl Transfer {
    /// A transfer that has not begun. A configuration out of its bounds is brought into them.
    pub fn new(mut config: Config) -> Self {
        config.sources_max = config.sources_max.clamp(1, SOURCES_MAX);
        config.chunks_max = config.chunks_max.max(1);
        Self {
            config,
            phase: Phase::Idle,
            name: None,
            sequence: Sequence::InOrder,
            reads_back: false,
            credit: 0,
            root: None,
            version: 0,
            range: None,
            object_len: None,
            resumed: false,
            walk: None,
            ahead: None,
            walked: false,
            slots: BTreeMap::new(),
            by_key: BTreeMap::new(),
            waiting: BTreeSet::new(),
            next_manifest: 0,
            next_chunk: CHUNKS_FROM,
            chunks: 0,
            reserved: 0,
            planned: BTreeMap::new(),
            ready: VecDeque::new(),
            untaken: BTreeMap::new(),
            untaken_bytes: 0,
            done: Ranges::default(),
            seen: BTreeMap::new(),
            sources: Vec::new(),
            order: Vec::new(),
            live: 0,
            speakers: 0,
            asks: BTreeMap::new(),
            next_ask: 0,
            counts: Counters::default(),
        }
    }

    /// Where it is.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// What it did.
    pub const fn counters(&self) -> &Counters {
        &self.counts
    }

    /// What another transfer can go on from, as soon as it is known which bytes of which object are wanted.
    pub fn resume(&self) -> Option<Resume> {
        let (root, range) = (self.root?, self.range.clone()?);
        (self.object_len.is_some() || self.resumed).then(|| Resume { root, version: self.version, range, done: self.done.clone() })
    }

    /// Bytes of contents that it holds.
    pub fn held_bytes(&self) -> u64 {
        self.slots.values().filter_map(|slot| slot.held.as_ref()).map(|held| held.len() as u64).sum()
    }

    /// Exchanges under way.
    pub fn asks(&self) -> usize {
        self.asks.len()
    }

    /// Bytes a second that a source was measured at; none if it is not known.
    pub fn rate(&self, source: SourceId) -> Option<u64> {
        let pace = self.place(source).map(|at| &self.sources[at].pace)?;
        pace.is_known().then(|| pace.rate())
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        let is_idle = self.slots.is_empty() && self.asks.is_empty() && self.waiting.is_empty() && self.planned.is_empty();
        if self.phase != Phase::Running && !is_idle {
            return Err("nothing is under way before the beginning and after the end");
        }
        if self.held_bytes() > self.config.held_max() {
            return Err("no more is held than was promised");
        }
        for (seq, slot) in &self.slots {
            let askers = match slot.state {
                State::Waiting | State::Held | State::Over => 0,
                State::Asked => 1,
                State::Doubled => ASKERS_MAX,
            };
            if slot.askers.len() != askers || slot.held.is_some() != (slot.state == State::Held) {
                return Err("the state of a content says how many sources are asked, and whether it is held");
            }
            if self.waiting.contains(seq) != (slot.state == State::Waiting) || self.by_key.get(&slot.key) != Some(seq) {
                return Err("what waits can be found");
            }
            if slot.askers.iter().any(|at| self.sources[*at].queue.iter().filter(|due| due.seq == *seq).count() != 1) {
                return Err("whoever is asked is expected to send it");
            }
        }
        let due = self.sources.iter().map(|source| source.queue.len()).sum::<usize>();
        if due != self.slots.values().map(|slot| slot.askers.len()).sum::<usize>() {
            return Err("nobody is expected to send what he is not asked for");
        }
        let reserved = self.slots.values().filter(|slot| matches!(slot.key, Key::Chunk(_))).map(|slot| u64::from(slot.len)).sum::<u64>();
        if reserved != self.reserved || (self.chunks > 1 && reserved > self.config.window_bytes) {
            return Err("the window is counted and kept");
        }
        if self.untaken.values().map(|bytes| u64::from(*bytes)).sum::<u64>() != self.untaken_bytes {
            return Err("what is not taken is counted");
        }
        Ok(())
    }

    fn begin(&mut self, mut order: Order) {
        self.phase = Phase::Running;
        self.sequence = order.sequence;
        self.reads_back = order.reads_back;
        self.credit = order.credit;
        for offer in order.sources {
            self.add(offer);
        }
        if Breach::ResumeNewerVersion.is_on()
            && matches!(order.what, What::Name { .. })
            && let Some(resume) = order.resume.take()
        {
            (order.range, self.done) = (Some(resume.range), resume.done);
        }
        if let Some(mut resume) = order.resume {
            if Breach::ResumeFromNothing.is_on() {
                resume.done = Ranges::default();
            }
            let missing = resume.done.missing(&resume.range);
            self.start_walk(resume.root, resume.version, Some(missing));
            self.walked = resume.done.covers(&resume.range) && !resume.range.is_empty();
            self.range = Some(resume.range);
            self.done = resume.done;
            self.resumed = true;
            return;
        }
        self.range = order.range.filter(|_| !Breach::FetchWholeForRange.is_on());
        match order.what {
            What::Id(root) => self.start_walk(root, 0, self.range.clone()),
            What::Name { name, version_min, age_max } => {
                self.name = Some(Wish::Name { name, version_min, age_max });
                self.want(Key::Name);
            }
        }
    }

    fn start_walk(&mut self, root: ManifestId, version: u64, range: Option<Range<u64>>) {
        self.root = Some(root);
        self.version = version;
        self.walk = Some(range.map_or_else(|| Walk::whole(root), |range| Walk::new(root, range)));
    }

    /// Another source, unless it is known already or there are too many.
    fn add(&mut self, offer: Offer) {
        if self.sources.len() < SOURCES_MAX && self.place(offer.source).is_none() {
            self.order.push(self.sources.len());
            self.sources.push(Source::new(offer));
            self.order.sort_by_key(|at| (self.sources[*at].cost, *at));
            self.muster();
        }
    }

    fn place(&self, source: SourceId) -> Option<usize> {
        self.sources.iter().position(|known| known.id == source)
    }

    /// The sources for which something holds, one bit each.
    fn mask(&self, holds: impl Fn(&Source) -> bool) -> u64 {
        let bits = self.sources.iter().enumerate().filter(|(_, source)| holds(source)).map(|(at, _)| 1u64 << at);
        bits.fold(0, |mask, bit| mask | bit)
    }

    /// Those that may be asked for a slot, now or later.
    fn candidates(&self, slot: &Slot) -> u64 {
        slot.candidates(if slot.key == Key::Name { self.speakers } else { self.live })
    }

    /// Finds out anew who may be of use.
    fn muster(&mut self) {
        self.live = self.mask(Source::is_live);
        self.speakers = self.mask(|source| source.is_live() && source.names);
    }

    fn on_taken(&mut self, offset: u64) {
        if let Some(bytes) = self.untaken.remove(&offset) {
            self.untaken_bytes -= u64::from(bytes);
            self.done.insert(offset..offset + u64::from(bytes));
        }
    }

    /// Does all that can be done now.
    fn go_on(&mut self, result: Result<(), Failure>, cx: &mut Context<'_>) {
        if self.phase != Phase::Running {
            return;
        }
        match result.and_then(|()| self.advance(cx)) {
            Err(failure) => self.end(Phase::Failed, Effect::Failed(failure), cx),
            Ok(()) if self.is_complete() => self.end(Phase::Finished, Effect::Finished, cx),
            Ok(()) => {}
        }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Result<(), Failure> {
        loop {
            self.plan(cx)?;
            if !self.deliver(cx) {
                break;
            }
        }
        if !self.is_complete() {
            self.recruit(cx);
            self.find_hopeless()?;
            self.share(cx);
            self.balance(cx);
            self.watch(cx);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.walked && self.ahead.is_none() && self.planned.is_empty() && self.untaken.is_empty()
    }

    /// What nobody can give any more.
    fn find_hopeless(&self) -> Result<(), Failure> {
        if !self.waiting.is_empty() && self.live == 0 {
            return Err(Failure::NoSource);
        }
        let hopeless = self.waiting.iter().map(|seq| &self.slots[seq]).find(|slot| self.candidates(slot) == 0);
        hopeless.map_or(Ok(()), |slot| {
            Err(match slot.key {
                Key::Name if slot.lacks == 0 => Failure::NoSource,
                Key::Name => Failure::NotFound,
                Key::Manifest(id) => Failure::NoManifest(id),
                Key::Chunk(id) => Failure::NoChunk(id),
            })
        })
    }

    /// Nothing is under way any more.
    fn end(&mut self, phase: Phase, effect: Effect, cx: &mut Context<'_>) {
        self.phase = phase;
        let runs_on = phase == Phase::Cancelled && Breach::LetAsksRun.is_on();
        for ask in core::mem::take(&mut self.asks).into_keys().filter(|_| !runs_on) {
            cx.emit(Effect::Drop { ask });
        }
        for (_, mut slot) in core::mem::take(&mut self.slots) {
            slot.react(Event::Stop);
        }
        self.sources.iter_mut().for_each(|source| source.queue.clear());
        self.by_key.clear();
        self.waiting.clear();
        self.planned.clear();
        self.ready.clear();
        self.seen.clear();
        (self.walk, self.ahead, self.chunks, self.reserved) = (None, None, 0, 0);
        cx.emit(effect);
    }

    /// Asks to be woken when a source is overdue.
    fn watch(&mut self, cx: &mut Context<'_>) {
        let longest = self.config.chunk_within;
        for source in &mut self.sources {
            let Some(ends) = source.patience_ends(longest) else { continue };
            if source.armed.is_none_or(|armed| armed > ends) {
                source.armed = Some(ends);
                cx.emit(Effect::Wake { after: ends.since(cx.now), why: Why::Overdue(source.id) });
            }
        }
    }

    /// Connects with as many sources as are allowed, with one more while none of these comes about, and with more for what none of these has.
    fn recruit(&mut self, cx: &mut Context<'_>) {
        let is_active = |source: &Source| matches!(source.stage, Stage::Opening | Stage::Ready);
        let mut active = self.sources.iter().filter(|source| is_active(source)).count();
        for nth in 0..self.order.len() {
            let at = self.order[nth];
            if active < self.config.sources_max && self.sources[at].stage == Stage::Known {
                self.open(at, cx);
                active += 1;
            }
        }
        if self.waits_for_the_dead()
            && let Some(at) = self.order.iter().copied().find(|at| self.sources[*at].stage == Stage::Known)
        {
            self.open(at, cx);
        }
        let (known, used) = (self.mask(|source| source.stage == Stage::Known), self.mask(|source| source.stage != Stage::Known));
        let wanted = self.waiting.iter().map(|seq| self.candidates(&self.slots[seq])).find(|may| may & used == 0 && may & known != 0);
        if let Some(may) = wanted
            && let Some(at) = self.order.iter().copied().find(|at| may & known & (1u64 << *at) != 0)
        {
            self.open(at, cx);
        }
    }
}
