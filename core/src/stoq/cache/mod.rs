//! Keeping bytes near those who ask for them: the cache of one node.
//!
//! ```text
//!                    ┌─ fresh ──────────▶ Serve
//! Request ─▶ copy? ──┼─ stale, a little ▶ Serve, and Fetch behind it
//!                    └─ else ─▶ a fetch for it under way? ─yes─▶ wait with the others
//!                                         └─no─▶ Fetch ─▶ wait
//! Answer ─▶ purged or too old? ─yes─▶ Fetch from the origin, or Refuse         Failed, or overdue ─▶ stale within the ceiling? Serve : Refuse
//!               └─no─▶ Serve all who wait; Keep; what had to leave: Keep on disk, Drop
//! Purge ─▶ Drop; remember the floor ─▶ (Record ─▶ Recorded) ─▶ Acknowledge
//! ```
//! A node is edge, regional or origin by what its upstream is, which routing decides; the rules are the same. Ages add up along the tiers, so what is
//! fresh at an edge is fresh at the origin.
//!
//! Promises: after a purge up to a version is acknowledged, nothing up to that version is served, whatever was under way; a copy
//! never gives way to an older one; one fetch at a time for each name, except where an answer may serve one request only; what is held for those who wait,
//! for purges and for failures is bounded.
//!
//! A fetch under way when its object is purged goes on, but its answer is judged by the floor: if it is purged, the origin is asked, and those who
//! wait go on waiting. An error reaches all who wait for that fetch, and for a moment all who come after.
//!
//! It lacks, on purpose, bytes (the driver's store holds them), purges of groups of names, ranges (each chunk is an object of its own), and variants
//! of an object: whatever distinguishes two answers has to be part of the key.

mod config;
mod floors;
mod freshness;
pub mod policy;
mod port;
mod shelves;
#[cfg(test)]
mod tests;

pub use config::{Admission, Config};
pub use floors::Floors;
pub use freshness::{Life, Stamp, Use, usable};
pub use port::{Answer, Counters, Effect, FetchId, Input, PurgeId, Refusal, Request, Scope, Source, Tier, Version, Waiter, Why};

use crate::base::{Span, Time};
use crate::machine::{Cx, Machine};
use crate::testing::{Breach, Defect};
use policy::Key;
use shelves::{Entry, Shelves};
use std::collections::BTreeMap;

/// A fetch under way.
#[derive(Clone, Debug)]
struct Fetch<K> {
    key: K,
    immutable: bool,
    at_least: Version,
    from_origin: bool,
    known: Option<Version>,
    waiters: Vec<Waiter>,
    asked: Time,
    /// Up to where everything was purged since the request was sent.
    overtaken: Option<Version>,
    /// How often it was asked again.
    again: u8,
}

/// The cache of one node.
#[derive(Clone, Debug)]
pub struct Cache<K: Key> {
    shelves: Shelves<K>,
    floors: Floors<K>,
    fetches: BTreeMap<FetchId, Fetch<K>>,
    /// The fetch that requests for a key join.
    shared: BTreeMap<K, FetchId>,
    /// Until when nobody asks the upstream for a key again.
    held: BTreeMap<K, Time>,
    last_fetch: u64,
    counters: Counters,
    config: Config,
}

type Context<'c, K> = Cx<'c, Effect<K>>;

impl<K: Key> Machine for Cache<K> {
    type Input = Input<K>;
    type Effect = Effect<K>;
    type Why = Why;

    fn handle(&mut self, input: Input<K>, cx: &mut Context<'_, K>) {
        match input {
            Input::Request(request) => self.on_request(request, cx),
            Input::Cancel { key, waiter } => self.on_cancel(&key, waiter),
            Input::Answer { fetch, answer } => self.on_answer(fetch, answer, cx),
            Input::Purge { purge, scope, upto } => self.on_purge(purge, scope, upto, cx),
            Input::Recorded { purge } => cx.emit(Effect::Acknowledge { purge }),
            Input::Lost { key, tier } => self.counters.lost += u64::from(self.shelves.lose(&key, tier)),
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_, K>) {
        let Why::Overdue(fetch) = why;
        self.on_answer(fetch, Answer::Failed, cx);
    }
}

impl<K: Key> Cache<K> {
    /// An empty cache.
    pub fn new(config: Config) -> Self {
        let floors = Floors::new(config.purges_max, config.seed);
        let (shelves, counters) = (Shelves::new(&config), Counters::default());
        let (fetches, shared, held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { shelves, floors, fetches, shared, held, last_fetch: 0, counters, config }
    }

    /// A cache that comes up again: `floors` is what was recorded of purges. The driver hands each immutable copy on its disk to
    /// [`Cache::resume_copy`] and drops the others, of which nobody knows any more how old they are.
    pub fn resume(config: Config, floors: Floors<K>) -> Self {
        Self { floors, ..Self::new(config) }
    }

    /// Takes back an immutable copy that has lain on the disk since before. What its name says it is, it is at any age. Where it is not wanted, its
    /// disk is told to drop it; one that is known already stays as it is.
    pub fn resume_copy(&mut self, key: K, bytes: u64, cx: &mut Context<'_, K>) {
        if self.shelves.entries.get(&key).is_some() {
            return;
        }
        let stamp = Stamp { at: cx.now, age: Span::ZERO };
        let entry =
            Entry { version: Version::default(), bytes, life: Life::Immutable, stamp, absent: false, requests: 0, lies: [false; 2] };
        let Self { shelves, config, counters, .. } = self;
        shelves.resume(key, entry, config, counters, cx);
    }

    /// What happened so far.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What was purged.
    pub const fn floors(&self) -> &Floors<K> {
        &self.floors
    }

    /// Bytes in a tier.
    pub fn used(&self, tier: Tier) -> u64 {
        self.shelves.used(tier)
    }

    /// Objects of which there is a copy, negative ones too.
    pub fn len(&self) -> usize {
        self.shelves.entries.len()
    }

    /// Whether there is no copy of anything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a copy of an object itself, fresh or not. Notes nothing.
    pub fn holds(&self, key: &K) -> bool {
        self.bytes_of(key).is_some()
    }

    /// How long the copy under a key is; none if there is none.
    pub fn bytes_of(&self, key: &K) -> Option<u64> {
        self.shelves.entries.get(key).filter(|entry| !entry.absent).map(|entry| entry.bytes)
    }

    /// Fetches under way.
    pub fn fetching(&self) -> usize {
        self.fetches.len()
    }

    /// Bytes on the heap, about; the objects' own bytes are the driver's.
    pub fn heap_bytes(&self) -> usize {
        let waiters: usize =
            self.fetches.values().map(|fetch| fetch.waiters.capacity() * size_of::<Waiter>() + size_of::<Fetch<K>>()).sum();
        self.shelves.heap_bytes() + self.floors.heap_bytes() + waiters + self.held.len() * 2 * size_of::<(K, Time)>()
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        self.shelves.check()?;
        if self
            .shelves
            .entries
            .iter()
            .any(|(key, entry)| entry.life != Life::Immutable && entry.version <= self.floors.of(key) && self.floors.knows(key))
        {
            return Err("no copy is at or below its floor");
        }
        if self.shared.iter().any(|(key, fetch)| self.fetches.get(fetch).is_none_or(|fetch| fetch.key != *key)) {
            return Err("what requests join is a fetch for the same key");
        }
        if self.fetches.len() > self.config.fetches_max || self.held.len() > self.config.failures_max {
            return Err("what is held is bounded");
        }
        Ok(())
    }

    fn on_request(&mut self, request: Request<K>, cx: &mut Context<'_, K>) {
        self.counters.requests += 1;
        let Request { key, waiter, .. } = request;
        let found = self.shelves.touch(&key);
        let copy = found.filter(|(entry, _)| request.immutable || (entry.version >= request.at_least && !request.from_origin));
        let state = copy.map_or(Use::No, |(entry, _)| usable(&entry.life, &entry.stamp, cx.now, self.config.stale_max));
        if let (Some((entry, tier)), Use::Fresh | Use::WhileRevalidating) = (copy, state) {
            self.serve_copy(waiter, key, &entry, tier, cx);
            if state == Use::WhileRevalidating && !self.is_held(&key, cx.now) && !self.shared.contains_key(&key) {
                self.begin(request, Vec::new(), 0, cx);
            }
            return;
        }
        if self.is_held(&key, cx.now) {
            self.disappoint(waiter, key, request.at_least, request.from_origin, Refusal::Upstream, cx);
        } else if let Some(fetch) = self.joinable(&request) {
            let joined = self.fetches.get_mut(&fetch).expect("what requests join is under way");
            if joined.waiters.len() >= self.config.waiters_max {
                return cx.emit(Effect::Refuse { waiter, key, why: Refusal::Busy });
            }
            joined.waiters.push(waiter);
            self.counters.joined += 1;
        } else if !self.begin(request, vec![waiter], 0, cx) {
            self.disappoint(waiter, key, request.at_least, request.from_origin, Refusal::Busy, cx);
        }
    }

    fn on_cancel(&mut self, key: &K, waiter: Waiter) {
        for fetch in self.fetches.values_mut().filter(|fetch| fetch.key == *key) {
            fetch.waiters.retain(|other| *other != waiter);
        }
    }

    fn on_purge(&mut self, purge: PurgeId, scope: Scope<K>, upto: Version, cx: &mut Context<'_, K>) {
        match scope {
            Scope::Object(key) if self.is_breached(&key) => {}
            Scope::Object(key) => {
                if let Some((forgotten, floor)) = self.floors.raise(key, upto) {
                    let beyond = Version(floor.0.saturating_add(1));
                    let about = self.fetches.values_mut().filter(|fetch| fetch.key == forgotten);
                    about.for_each(|fetch| fetch.at_least = fetch.at_least.max(beyond));
                }
                self.held.remove(&key);
                if self.shelves.entries.get(&key).is_some_and(|entry| entry.version <= upto || entry.life == Life::Immutable) {
                    self.shelves.discard(&key, cx);
                }
            }
            Scope::Everything => {
                self.floors.raise_all(upto);
                self.fetches.values_mut().for_each(|fetch| fetch.overtaken = fetch.overtaken.max(Some(upto)));
                self.held.clear();
                let purged = |(_, entry): &(&K, &Entry)| entry.life != Life::Immutable && entry.version <= upto;
                let keys: Vec<K> = self.shelves.entries.iter().filter(purged).map(|(key, _)| *key).collect();
                keys.iter().for_each(|key| self.shelves.discard(key, cx));
            }
        }
        if self.config.durable_purges {
            cx.emit(Effect::Record { purge, scope, upto });
        } else {
            cx.emit(Effect::Acknowledge { purge });
        }
    }

    /// Whether a breach passes over the purge of a key: of one that is held, or of one that is being fetched.
    fn is_breached(&self, key: &K) -> bool {
        (Breach::ServePurged.is_on() && self.shelves.entries.get(key).is_some())
            || (Breach::JudgeBySending.is_on() && self.fetches.values().any(|fetch| fetch.key == *key))
    }

    fn on_answer(&mut self, id: FetchId, answer: Answer, cx: &mut Context<'_, K>) {
        // An answer to a fetch that was overdue comes too late to be needed.
        let Some(fetch) = self.fetches.remove(&id) else { return };
        if self.shared.get(&fetch.key) == Some(&id) {
            self.shared.remove(&fetch.key);
        }
        match answer {
            Answer::Failed => self.on_failure(fetch, cx),
            Answer::Same { age, life, from_origin } => self.on_same(fetch, age, life, from_origin, cx),
            Answer::Absent { version, age, max_age, from_origin } => {
                let max_age = if Breach::BelieveAbsenceForEver.is_on() { Span(u64::MAX) } else { max_age.min(self.config.negative_max) };
                let life = Life::fresh_for(max_age);
                let entry = self.entry(&fetch, version, self.config.negative_bytes, age, life, cx.now);
                self.on_news(id, fetch, Entry { absent: true, ..entry }, age, true, from_origin, cx);
            }
            Answer::Content { version, bytes, age, life, keep, from_origin } => {
                let entry = self.entry(&fetch, version, bytes, age, life, cx.now);
                let keep = keep || Breach::StoreNoStore.is_on();
                self.on_news(id, fetch, entry, age, keep, from_origin, cx);
            }
        }
    }

    /// The upstream told a state of the object.
    #[expect(clippy::too_many_arguments, reason = "the parts of one answer")]
    fn on_news(
        &mut self,
        id: FetchId,
        fetch: Fetch<K>,
        entry: Entry,
        told_age: Span,
        keep: bool,
        from_origin: bool,
        cx: &mut Context<'_, K>,
    ) {
        let key = fetch.key;
        let is_newer = |copy: &Entry| copy.version > entry.version && !Breach::ReplaceByOlder.is_on();
        let newer_copy = !fetch.immutable && self.shelves.entries.get(&key).is_some_and(is_newer);
        if newer_copy || !self.may_believe(&fetch, entry.version, from_origin) {
            return self.ask_again(fetch, cx);
        }
        // An answer satisfies its own requests even if it may not be used again; but not one that came out of another cache beyond the ceiling.
        let stamp = Stamp { at: cx.now, age: told_age };
        let state = usable(&entry.life, &entry.stamp, cx.now, self.config.stale_max);
        let just_made = matches!(entry.life, Life::Limited { max_age, .. } if told_age <= max_age);
        if state == Use::No && !just_made && usable(&entry.life, &stamp, cx.now, self.config.stale_max) == Use::No {
            return self.on_failure(fetch, cx);
        }
        let sharers = if keep { fetch.waiters.len() } else { 1.min(fetch.waiters.len()) };
        let stale = state != Use::Fresh && !just_made;
        for waiter in &fetch.waiters[..sharers] {
            self.serve_news(*waiter, id, key, &entry, stale, cx);
        }
        if keep {
            let Self { shelves, config, counters, .. } = self;
            shelves.store(key, Entry { requests: fetch.waiters.len() as u32, ..entry }, Source::Fetch(id), config, counters, cx);
        } else if self.shelves.entries.get(&key).is_some_and(|copy| copy.version < entry.version) {
            self.shelves.discard(&key, cx);
        }
        self.ask_for_each(&fetch, &fetch.waiters[sharers..], cx);
    }

    /// What may serve one request only is fetched once more for each of the others, and nobody joins.
    fn ask_for_each(&mut self, fetch: &Fetch<K>, waiters: &[Waiter], cx: &mut Context<'_, K>) {
        for waiter in waiters {
            let Fetch { key, immutable, at_least, from_origin, .. } = *fetch;
            let request = Request { key, waiter: *waiter, immutable, at_least, from_origin };
            if self.begin(request, vec![*waiter], fetch.again, cx) {
                self.shared.remove(&key);
            } else {
                cx.emit(Effect::Refuse { waiter: *waiter, key, why: Refusal::Busy });
            }
        }
    }

    fn on_same(&mut self, fetch: Fetch<K>, age: Span, life: Life, from_origin: bool, cx: &mut Context<'_, K>) {
        let key = fetch.key;
        let is_known = |copy: &Entry| Some(copy.version) == fetch.known || Breach::RenewAnything.is_on();
        let copy = self.shelves.entries.get(&key).filter(|copy| is_known(copy) && !copy.absent).copied();
        // The copy may have left, or been purged, while the upstream was asked. One that is still here was not purged, whoever says that it is the
        // newest.
        let strict = from_origin || !fetch.from_origin;
        let Some(copy) = copy.filter(|copy| fetch.immutable || (strict && copy.version >= fetch.at_least)) else {
            return self.ask_again(fetch, cx);
        };
        let entry = Entry { requests: copy.requests, lies: copy.lies, ..self.entry(&fetch, copy.version, copy.bytes, age, life, cx.now) };
        self.shelves.entries.insert(key, entry);
        self.counters.revalidated += 1;
        let tier = if entry.lies[Tier::Memory as usize] { Tier::Memory } else { Tier::Disk };
        for waiter in &fetch.waiters {
            let (version, age) = (entry.version, entry.stamp.age(cx.now));
            cx.emit(Effect::Serve { waiter: *waiter, key, version, source: Source::Tier(tier), age, stale: false });
        }
    }

    fn on_failure(&mut self, fetch: Fetch<K>, cx: &mut Context<'_, K>) {
        self.counters.failed += 1;
        if self.held.len() >= self.config.failures_max {
            self.held.retain(|_, until| *until > cx.now);
        }
        if self.held.len() < self.config.failures_max {
            self.held.insert(fetch.key, cx.now + self.config.failure_hold);
        }
        for waiter in fetch.waiters {
            self.disappoint(waiter, fetch.key, fetch.at_least, fetch.from_origin, Refusal::Upstream, cx);
        }
    }

    /// What the upstream said was purged, or older than asked for, or gone meanwhile: the origin is asked.
    fn ask_again(&mut self, fetch: Fetch<K>, cx: &mut Context<'_, K>) {
        self.counters.overtaken += 1;
        let Fetch { key, immutable, again, .. } = fetch;
        let waiters = fetch.waiters;
        let begun = again < self.config.refetches_max && {
            let floor = self.floors.of(&key);
            let beyond = if self.floors.knows(&key) { Version(floor.0.saturating_add(1)) } else { Version::default() };
            let at_least = fetch.at_least.max(beyond);
            // No single waiter stands for the fetch; begin() takes them from the list.
            let request = Request { key, waiter: Waiter(0), immutable, at_least, from_origin: !immutable };
            self.begin(request, waiters.clone(), again + 1, cx)
        };
        if !begun {
            for waiter in waiters {
                self.disappoint(waiter, key, fetch.at_least, fetch.from_origin, Refusal::Overtaken, cx);
            }
        }
    }

    /// Starts a fetch, which later requests join. False if too many are under way.
    fn begin(&mut self, request: Request<K>, waiters: Vec<Waiter>, again: u8, cx: &mut Context<'_, K>) -> bool {
        if self.fetches.len() >= self.config.fetches_max {
            return false;
        }
        let Request { key, immutable, at_least, from_origin, .. } = request;
        self.last_fetch += 1;
        let fetch = FetchId(self.last_fetch);
        let known = self.shelves.entries.get(&key).filter(|copy| !copy.absent && copy.version >= at_least).map(|copy| copy.version);
        self.fetches.insert(fetch, Fetch { key, immutable, at_least, from_origin, known, waiters, asked: cx.now, overtaken: None, again });
        self.shared.insert(key, fetch);
        self.counters.fetches += 1;
        cx.emit(Effect::Fetch { fetch, key, immutable, known, at_least, from_origin });
        cx.emit(Effect::Wake { after: self.config.fetch_timeout, why: Why::Overdue(fetch) });
        true
    }

    /// The fetch under way that is good enough for a request.
    fn joinable(&self, request: &Request<K>) -> Option<FetchId> {
        let id = *self.shared.get(&request.key)?;
        let fetch = self.fetches.get(&id)?;
        let strict = (fetch.from_origin || !request.from_origin) && fetch.at_least >= request.at_least;
        (request.immutable || strict).then_some(id)
    }

    fn may_believe(&self, fetch: &Fetch<K>, version: Version, from_origin: bool) -> bool {
        let strict = from_origin || !fetch.from_origin;
        let in_time = fetch.overtaken.is_none_or(|upto| version > upto);
        let planted = Defect::ServePurged.is_planted(self.config.defect);
        let above_floor = planted || self.floors.allow(&fetch.key, version, from_origin);
        fetch.immutable || (strict && in_time && version >= fetch.at_least && above_floor)
    }

    fn entry(&self, fetch: &Fetch<K>, version: Version, bytes: u64, age: Span, life: Life, now: Time) -> Entry {
        let stamp = Stamp::of_answer(age, fetch.asked, now);
        // Only a name can make content immutable, never an answer.
        let life = match (fetch.immutable, life) {
            (true, _) => Life::Immutable,
            (false, Life::Immutable) => Life::fresh_for(self.config.stale_max),
            (false, limited) => limited,
        };
        let version = if fetch.immutable { Version::default() } else { version };
        Entry { version, bytes, life, stamp, absent: false, requests: 0, lies: [false; 2] }
    }

    /// Answers from a copy that is good enough now.
    fn serve_copy(&mut self, waiter: Waiter, key: K, entry: &Entry, tier: Tier, cx: &mut Context<'_, K>) {
        let (version, age) = (entry.version, entry.stamp.age(cx.now));
        if entry.absent {
            self.counters.hits_negative += 1;
            return cx.emit(Effect::ServeAbsent { waiter, key, version, age });
        }
        let stale = usable(&entry.life, &entry.stamp, cx.now, self.config.stale_max) != Use::Fresh;
        match (stale, tier) {
            (true, _) => self.counters.hits_stale += 1,
            (false, Tier::Memory) => self.counters.hits_memory += 1,
            (false, Tier::Disk) => self.counters.hits_disk += 1,
        }
        cx.emit(Effect::Serve { waiter, key, version, source: Source::Tier(tier), age, stale });
        if tier == Tier::Disk {
            let Self { shelves, config, counters, .. } = self;
            shelves.promote(key, config, counters, cx);
        }
    }

    fn serve_news(&self, waiter: Waiter, id: FetchId, key: K, entry: &Entry, stale: bool, cx: &mut Context<'_, K>) {
        let (version, age) = (entry.version, entry.stamp.age(cx.now));
        cx.emit(if entry.absent {
            Effect::ServeAbsent { waiter, key, version, age }
        } else {
            Effect::Serve { waiter, key, version, source: Source::Fetch(id), age, stale }
        });
    }

    /// Answers a request that the upstream does not: with a stale copy within the ceiling, or not at all.
    fn disappoint(&mut self, waiter: Waiter, key: K, at_least: Version, from_origin: bool, why: Refusal, cx: &mut Context<'_, K>) {
        let copy = self.shelves.entries.get(&key).copied();
        let good = |entry: &Entry| {
            let state = usable(&entry.life, &entry.stamp, cx.now, self.config.stale_max);
            state != Use::No && entry.version >= at_least && !from_origin && !(entry.absent && state != Use::Fresh)
        };
        match copy.filter(good) {
            Some(entry) => {
                let tier = if entry.lies[Tier::Memory as usize] { Tier::Memory } else { Tier::Disk };
                self.serve_copy(waiter, key, &entry, tier, cx);
            }
            None => cx.emit(Effect::Refuse { waiter, key, why }),
        }
    }

    fn is_held(&mut self, key: &K, now: Time) -> bool {
        match self.held.get(key) {
            Some(until) if *until > now => true,
            Some(_) => {
                self.held.remove(key);
                false
            }
            None => false,
        }
    }
}
