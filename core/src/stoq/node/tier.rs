//! The cache of a node with what it holds: contents in memory, where the disk has them, and what names lead to.

use super::port::{ConnId, Level, StoreOp, Unstored, Why};
use super::turn::{CacheWork, Turn, Work};
use super::upstream::Fetch;
use super::wait::{Got, Wait};
use super::{Key, StoqNode};
use crate::base::Span;
use crate::machine::Machine;
use crate::stoq::cache::{self, Cache, FetchId, Life, Request, Source, Version, Waiter};
use crate::stoq::chunk::{ManifestId, NameKey};
use crate::stoq::session::Code;
use crate::stoq::session::frame::word::{Absent, Word, millis_down, millis_up};
use crate::stoq::session::frame::{ContentId, GetName, Name};
use crate::testing::Breach;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Absences of which more is remembered than the cache does; what is forgotten is asked for again.
const ABSENTS_MAX: usize = 4_096;
/// Contents on their way to the disk; more are not written.
const WRITING_MAX: usize = 256;

/// From whom, and when, something about a name was heard: it counts as long as that connection's lease does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) conn: ConnId,
    pub(super) epoch: u32,
}

/// What a name leads to.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) id: ManifestId,
    pub(super) version: u64,
    pub(super) bytes: Arc<[u8]>,
    pub(super) life: Life,
    pub(super) heard: Heard,
}

/// The absence of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing {
    pub(super) version: u64,
    pub(super) max_age: Span,
    pub(super) heard: Heard,
}

/// The cache with what it holds.
#[derive(Clone, Debug)]
pub(super) struct Tier {
    pub(super) cache: Cache<Key>,
    memory: BTreeMap<Key, Arc<[u8]>>,
    /// Copies that belong into memory and are being read from the disk.
    filling: BTreeSet<Key>,
    /// Copies on their way to the disk.
    writing: BTreeMap<Key, Arc<[u8]>>,
    pub(super) names: BTreeMap<NameKey, Copy>,
    pub(super) absents: BTreeMap<NameKey, Missing>,
    pub(super) fetches: BTreeMap<FetchId, Fetch>,
    /// Fetches that nobody is asked for yet.
    pub(super) waiting: VecDeque<FetchId>,
    /// Whether somebody may be asked now who could not be asked before.
    pub(super) stirred: bool,
}

/// What came from above, while the cache thinks about it.
#[derive(Clone, Debug)]
pub(super) enum News {
    Copy(Copy),
    Missing(Missing),
}

impl Tier {
    pub(super) fn new(config: cache::Config) -> Self {
        Self {
            cache: Cache::new(config),
            memory: BTreeMap::new(),
            filling: BTreeSet::new(),
            writing: BTreeMap::new(),
            names: BTreeMap::new(),
            absents: BTreeMap::new(),
            fetches: BTreeMap::new(),
            waiting: VecDeque::new(),
            stirred: false,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let entries = self.memory.len() + self.filling.len() + self.writing.len();
        self.cache.heap_bytes()
            + entries * 2 * size_of::<(Key, Arc<[u8]>)>()
            + self.names.len() * 2 * size_of::<(NameKey, Copy)>()
            + self.absents.len() * 2 * size_of::<(NameKey, Missing)>()
            + self.fetches.len() * 2 * size_of::<(FetchId, Fetch)>()
    }
}

impl StoqNode {
    pub(super) fn wake_cache(&mut self, why: cache::Why, t: &mut Turn<'_, '_>) {
        let cache::Why::Overdue(fetch) = why;
        let Some(tier) = &mut self.tier else { return };
        let mut out = Vec::new();
        tier.cache.wake(why, &mut t.cx.child(&mut out));
        let code = tier.fetches.remove(&fetch).map_or(Code::Timeout, |fetch| fetch.code());
        out.into_iter().for_each(|effect| self.on_cache_effect(effect, &about_nothing(code), None, t));
    }

    /// Contents that the disk has had since before. What is read of them later is verified like everything that comes from a disk.
    pub(super) fn on_kept_before(&mut self, contents: &[(ContentId, u32)], t: &mut Turn<'_, '_>) {
        for (id, bytes) in contents {
            let Some(tier) = &mut self.tier else { return };
            let mut out = Vec::new();
            tier.cache.resume_copy(Key::Content(*id), u64::from(*bytes), &mut t.cx.child(&mut out));
            out.into_iter().for_each(|effect| self.on_cache_effect(effect, &about_nothing(Code::Refused), None, t));
        }
    }

    /// Tells the cache something, and carries out what it asks for.
    pub(super) fn run_cache(&mut self, work: CacheWork, t: &mut Turn<'_, '_>) {
        self.run_cache_with(work, None, t);
    }

    pub(super) fn run_cache_with(&mut self, work: CacheWork, news: Option<&News>, t: &mut Turn<'_, '_>) {
        let Some(tier) = &mut self.tier else { return };
        let mut out = Vec::new();
        tier.cache.handle(work.input, &mut t.cx.child(&mut out));
        out.into_iter().for_each(|effect| self.on_cache_effect(effect, &work, news, t));
    }

    fn on_cache_effect(&mut self, effect: cache::Effect<Key>, about: &CacheWork, news: Option<&News>, t: &mut Turn<'_, '_>) {
        match effect {
            cache::Effect::Serve { waiter, key: Key::Content(_), source, .. } => {
                let key = match effect {
                    cache::Effect::Serve { key, .. } => key,
                    _ => return,
                };
                self.serve_content(waiter, key, source, about, t);
            }
            cache::Effect::Serve { waiter, key: Key::Name(key), source, age, .. } => {
                // What the node above confirmed is as good as what it sent.
                let same = matches!(about.input, cache::Input::Answer { answer: cache::Answer::Same { .. }, .. });
                let fetched = same || matches!(source, Source::Fetch(_));
                let copy = match news {
                    Some(News::Copy(copy)) if fetched && !same => Some(copy.clone()),
                    _ => self.tier.as_ref().and_then(|tier| tier.names.get(&key)).cloned(),
                };
                let origin = about_origin(about);
                self.serve_name(waiter, copy, age, fetched, origin, t);
            }
            cache::Effect::ServeAbsent { waiter, key, version, age } => {
                let Key::Name(key) = key else { return };
                let fresh = match news {
                    Some(News::Missing(missing)) => Some(*missing),
                    _ => None,
                };
                let missing = fresh.or_else(|| self.tier.as_ref().and_then(|tier| tier.absents.get(&key)).copied());
                let missing = missing.filter(|missing| missing.version == version.0);
                self.serve_absent(waiter, missing, age, fresh.is_some(), about_origin(about), t);
            }
            cache::Effect::Refuse { waiter, why, .. } => self.on_cache_refusal(waiter, why, about.code, t),
            cache::Effect::Fetch { fetch, key, known, at_least, from_origin, .. } => {
                let name = about.name.clone();
                self.want_above(fetch, Fetch::new(key, name, known, at_least, from_origin));
            }
            cache::Effect::Keep { key, tier, from, .. } => self.keep(key, tier, from, about, news, t),
            cache::Effect::Drop { key, tier } => self.give_up(key, tier, t),
            cache::Effect::Record { purge, scope, upto } => self.on_purge_record(purge, scope, upto, t),
            cache::Effect::Acknowledge { purge } => self.on_purge_here(purge, t),
            cache::Effect::Wake { after, why } => t.wake(after, Why::Cache(why)),
        }
    }

    /// A content for whoever waits for it.
    fn serve_content(&mut self, waiter: Waiter, key: Key, source: Source, about: &CacheWork, t: &mut Turn<'_, '_>) {
        let Some(tier) = &self.tier else { return };
        let held = tier.memory.get(&key).map(|bytes| (bytes.clone(), Level::Memory));
        let got = match source {
            Source::Fetch(_) => about.fetched.as_ref().and_then(|(_, got)| got.clone().ok()),
            Source::Tier(cache::Tier::Memory) => held,
            Source::Tier(cache::Tier::Disk) => tier.writing.get(&key).map(|bytes| (bytes.clone(), Level::Disk)),
        };
        match (got, key) {
            (Some(got), _) => {
                if let Some(wait) = self.waits.remove(&waiter.0) {
                    t.later(Work::Give(wait, waiter.0, Ok(got)));
                }
            }
            // It lies on disk, also if it is on its way into memory.
            (None, Key::Content(id)) => {
                let number = self.wait(Wait::Disk { waiter: waiter.0, key });
                t.store(number, StoreOp::Read { id });
            }
            (None, Key::Name(_)) => {}
        }
    }

    /// The disk was read for a waiter.
    pub(super) fn on_disk_read(&mut self, waiter: u64, key: Key, got: Got, t: &mut Turn<'_, '_>) {
        match got {
            Ok((bytes, level)) => {
                if let Some(tier) = &mut self.tier
                    && tier.filling.remove(&key)
                {
                    tier.memory.insert(key, bytes.clone());
                }
                if let Some(wait) = self.waits.remove(&waiter) {
                    t.later(Work::Give(wait, waiter, Ok((bytes, level))));
                }
            }
            Err(_) => {
                let Some(tier) = &mut self.tier else { return };
                if tier.filling.remove(&key) {
                    t.cache(cache::Input::Lost { key, tier: cache::Tier::Memory });
                }
                t.cache(cache::Input::Lost { key, tier: cache::Tier::Disk });
                if self.waits.contains_key(&waiter) {
                    let request = Request { key, waiter: Waiter(waiter), immutable: true, at_least: Version(0), from_origin: false };
                    t.cache(cache::Input::Request(request));
                }
            }
        }
    }

    /// What a name leads to, for whoever waits for it. A copy counts only under a lease (R-11-16) and if it is not too old for the asker.
    fn serve_name(&mut self, waiter: Waiter, copy: Option<Copy>, age: Span, fetched: bool, origin: bool, t: &mut Turn<'_, '_>) {
        let Some(Wait::Name { conn, stream, ask, again }) = self.waits.remove(&waiter.0) else { return };
        let good = copy.filter(|copy| fetched || self.is_leased(copy.heard, t));
        let Some(copy) = good.filter(|_| again || millis_up(age) <= ask.age_millis_max || Breach::IgnoreHighestAge.is_on()) else {
            if again {
                return self.refuse(conn, stream, Code::Refused, t);
            }
            return self.ask_cache(conn, stream, ask, true, t);
        };
        let asked_for = ask.from_origin || again;
        let word = Word::new(age, &copy.life, (origin && fetched && asked_for) || Breach::SpeakForOrigin.is_on());
        let level = if fetched { Level::Upstream } else { Level::Memory };
        self.reply(conn, stream, &ask, (copy.version, copy.id), word, (&copy.bytes, level), t);
    }

    fn serve_absent(&mut self, waiter: Waiter, missing: Option<Missing>, age: Span, fetched: bool, origin: bool, t: &mut Turn<'_, '_>) {
        let Some(Wait::Name { conn, stream, ask, again }) = self.waits.remove(&waiter.0) else { return };
        let good = missing.filter(|missing| fetched || self.is_leased(missing.heard, t));
        match good {
            Some(Missing { version, max_age, .. }) => {
                let origin = (origin && fetched && (ask.from_origin || again)) || Breach::SpeakForOrigin.is_on();
                let absent = Absent { origin, version, age_millis: millis_up(age), max_age_millis: millis_down(max_age) };
                self.absent(conn, stream, Some(absent), t);
            }
            None if again => self.refuse(conn, stream, Code::Refused, t),
            None => self.ask_cache(conn, stream, ask, true, t),
        }
    }

    fn on_cache_refusal(&mut self, waiter: Waiter, why: cache::Refusal, code: Code, t: &mut Turn<'_, '_>) {
        let Some(wait) = self.waits.remove(&waiter.0) else { return };
        let code = match (why, &wait) {
            (cache::Refusal::Busy, _) => Code::Overloaded,
            (cache::Refusal::Upstream, _) => code,
            // A version that nobody has yet, or one that cannot be confirmed for now.
            (cache::Refusal::Overtaken, Wait::Name { ask, .. }) if ask.version_min > 0 => Code::NotFound,
            (cache::Refusal::Overtaken, _) => Code::Refused,
        };
        t.later(Work::Give(wait, waiter.0, Err(code)));
    }

    /// Stores a copy where the cache says.
    fn keep(&mut self, key: Key, place: cache::Tier, from: Source, about: &CacheWork, news: Option<&News>, t: &mut Turn<'_, '_>) {
        let Some(tier) = &mut self.tier else { return };
        let at_hand = about.fetched.as_ref().and_then(|(_, got)| got.as_ref().ok()).map(|(bytes, _)| bytes.clone());
        match (key, place) {
            (Key::Name(name), cache::Tier::Memory) => {
                if let Some(News::Copy(copy)) = news {
                    tier.names.insert(name, copy.clone());
                }
            }
            (Key::Name(_), cache::Tier::Disk) => t.cache(cache::Input::Lost { key, tier: place }),
            (Key::Content(_), cache::Tier::Memory) => match from {
                Source::Fetch(_) => drop(at_hand.map(|bytes| tier.memory.insert(key, bytes))),
                Source::Tier(_) => match tier.writing.get(&key).cloned() {
                    Some(bytes) => drop(tier.memory.insert(key, bytes)),
                    None => drop(tier.filling.insert(key)),
                },
            },
            (Key::Content(id), cache::Tier::Disk) => {
                let bytes = match from {
                    Source::Fetch(_) => at_hand,
                    Source::Tier(_) => tier.memory.get(&key).cloned(),
                };
                match bytes.filter(|_| tier.writing.len() < WRITING_MAX) {
                    Some(bytes) => {
                        tier.writing.insert(key, bytes.clone());
                        let manifest = ManifestId::of(&bytes).0 == id.0;
                        let number = self.wait(Wait::Kept { key });
                        t.store(number, StoreOp::Store { manifest, id, bytes });
                    }
                    None => t.cache(cache::Input::Lost { key, tier: place }),
                }
            }
        }
    }

    /// A copy is on disk, or could not be written.
    pub(super) fn on_kept(&mut self, key: Key, result: Result<(), Unstored>, t: &mut Turn<'_, '_>) {
        let Some(tier) = &mut self.tier else { return };
        tier.writing.remove(&key);
        if result.is_err() {
            t.cache(cache::Input::Lost { key, tier: cache::Tier::Disk });
        }
    }

    fn give_up(&mut self, key: Key, place: cache::Tier, t: &mut Turn<'_, '_>) {
        let Some(tier) = &mut self.tier else { return };
        match (key, place) {
            (Key::Name(name), _) => drop(tier.names.remove(&name)),
            (Key::Content(_), cache::Tier::Memory) => {
                tier.memory.remove(&key);
                tier.filling.remove(&key);
            }
            (Key::Content(id), cache::Tier::Disk) => {
                let number = self.wait(Wait::Nobody);
                t.store(number, StoreOp::Forget { id });
            }
        }
    }

    /// Remembers an absence for as long as there is room.
    pub(super) fn note_absent(&mut self, key: NameKey, missing: Missing) {
        let Some(tier) = &mut self.tier else { return };
        if tier.absents.len() >= ABSENTS_MAX && !tier.absents.contains_key(&key) {
            tier.absents.pop_first();
        }
        tier.absents.insert(key, missing);
    }

    /// Whether what was heard may be told without asking: the node above would have told of a purge since.
    fn is_leased(&self, heard: Heard, t: &Turn<'_, '_>) -> bool {
        self.conns
            .get(&heard.conn)
            .is_some_and(|c| c.epoch == heard.epoch && (t.now() < c.lease_until || Breach::AnswerWithoutLease.is_on()))
    }

    /// What is at hand about a name, and what is asked for about it.
    pub(super) fn name_ask(name: Name, fetch: &Fetch) -> GetName {
        GetName {
            manifest_only: true,
            version_min: fetch.at_least.0,
            from_origin: fetch.from_origin && !Breach::AskCacheForOrigin.is_on(),
            known: fetch.known.map(|version| version.0),
            ..GetName::whole(name)
        }
    }
}

/// What is said about effects that no answer and no request brought about.
const fn about_nothing(code: Code) -> CacheWork {
    let input = cache::Input::Lost { key: Key::Content(ContentId([0; 32])), tier: cache::Tier::Disk };
    CacheWork { input, name: None, fetched: None, code }
}

/// Whether it is the origin that says so now.
const fn about_origin(about: &CacheWork) -> bool {
    match about.input {
        cache::Input::Answer { answer, .. } => match answer {
            cache::Answer::Content { from_origin, .. }
            | cache::Answer::Same { from_origin, .. }
            | cache::Answer::Absent { from_origin, .. } => from_origin,
            cache::Answer::Failed => false,
        },
        _ => false,
    }
}
