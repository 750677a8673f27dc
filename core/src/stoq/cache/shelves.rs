//! The two tiers of a node: which copies lie where, and how they move.
//!
//! ```text
//!  fetched ──▶ memory ──left for want of room──▶ admitted to disk? ──yes──▶ disk ──left──▶ gone
//!                 ▲                                     └─no──▶ gone          │
//!                 └───────────── asked for (a second copy) ◀──────────────────┘
//! ```
//! What memory does not admit (it is too large) is offered to the disk at once.

use super::freshness::{Life, Stamp, Use, usable};
use super::policy::{Key, Policy, Table};
use super::port::{Counters, Effect, Source, Tier, Version};
use super::{Admission, Config};
use crate::machine::Cx;

/// A copy that lies in at least one tier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) version: Version,
    pub(super) bytes: u64,
    pub(super) life: Life,
    pub(super) stamp: Stamp,
    /// Whether it stands for the absence of the object.
    pub(super) absent: bool,
    pub(super) requests: u32,
    pub(super) lies: [bool; 2],
}

/// Copies and where they lie.
#[derive(Clone, Debug)]
pub(super) struct Shelves<K: Key> {
    pub(super) entries: Table<K, Entry>,
    tiers: [Box<dyn Policy<K>>; 2],
    /// What a policy lets go, while it is handled.
    evicted: Vec<K>,
}

impl<K: Key> Shelves<K> {
    pub(super) fn new(config: &Config) -> Self {
        let memory = config.memory_policy.build(config.memory_bytes, config.seed);
        let disk = config.disk_policy.build(config.disk_bytes, config.seed.rotate_left(32));
        Self { entries: Table::new(config.seed), tiers: [memory, disk], evicted: Vec::new() }
    }

    /// Notes a request; the copy and the fastest tier where it lies.
    pub(super) fn touch(&mut self, key: &K) -> Option<(Entry, Tier)> {
        let in_memory = self.tiers[0].touch(key);
        if !in_memory {
            self.tiers[1].touch(key);
        }
        let entry = self.entries.get_mut(key)?;
        entry.requests = entry.requests.saturating_add(1);
        Some((*entry, if in_memory { Tier::Memory } else { Tier::Disk }))
    }

    /// Takes in a copy that was fetched, in place of an older one. True if it lies in a tier now.
    pub(super) fn store(
        &mut self,
        key: K,
        entry: Entry,
        from: Source,
        config: &Config,
        counters: &mut Counters,
        cx: &mut Cx<'_, Effect<K>>,
    ) {
        let requests = self.entries.get(&key).map_or(0, |old| old.requests);
        self.discard(&key, cx);
        let entry = Entry { lies: [false; 2], requests: entry.requests.saturating_add(requests), ..entry };
        self.entries.insert(key, entry);
        if !self.put(key, Tier::Memory, Some(from), config, counters, cx) && !entry.absent && entry.bytes <= config.disk_bytes {
            self.put(key, Tier::Disk, Some(from), config, counters, cx);
        }
        self.forget_if_nowhere(&key);
    }

    /// Takes back a copy whose bytes lie on disk; gives it up where there is no place for it.
    pub(super) fn resume(&mut self, key: K, entry: Entry, config: &Config, counters: &mut Counters, cx: &mut Cx<'_, Effect<K>>) {
        self.entries.insert(key, Entry { lies: [false; 2], ..entry });
        if !self.put(key, Tier::Disk, None, config, counters, cx) {
            give_up(&entry, key, Tier::Disk, cx);
        }
        self.forget_if_nowhere(&key);
    }

    /// Puts a second copy of what lies on disk into memory.
    pub(super) fn promote(&mut self, key: K, config: &Config, counters: &mut Counters, cx: &mut Cx<'_, Effect<K>>) {
        self.put(key, Tier::Memory, Some(Source::Tier(Tier::Disk)), config, counters, cx);
    }

    /// Gives up every copy.
    pub(super) fn discard(&mut self, key: &K, cx: &mut Cx<'_, Effect<K>>) {
        let Some(entry) = self.entries.remove(key) else { return };
        for tier in Tier::ALL.into_iter().filter(|tier| entry.lies[*tier as usize]) {
            self.tiers[tier as usize].remove(key);
            give_up(&entry, *key, tier, cx);
        }
    }

    /// A copy cannot be read any more. True if there was one.
    pub(super) fn lose(&mut self, key: &K, tier: Tier) -> bool {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.lies[tier as usize]) else { return false };
        entry.lies[tier as usize] = false;
        self.tiers[tier as usize].remove(key);
        self.forget_if_nowhere(key);
        true
    }

    pub(super) fn used(&self, tier: Tier) -> u64 {
        self.tiers[tier as usize].used()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.heap_bytes() + self.tiers.iter().map(|tier| tier.heap_bytes()).sum::<usize>()
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let lie = |tier: Tier| self.entries.iter().filter(|(_, entry)| entry.lies[tier as usize]).count();
        if Tier::ALL.into_iter().any(|tier| lie(tier) != self.tiers[tier as usize].len()) {
            return Err("a tier holds as many copies as the entries say");
        }
        let agree = |(key, entry): (&K, &Entry)| {
            Tier::ALL.into_iter().all(|tier| entry.lies[tier as usize] == self.tiers[tier as usize].contains(key))
        };
        if !self.entries.iter().all(agree) {
            return Err("an entry lies where its tiers say");
        }
        if self.entries.iter().any(|(_, entry)| entry.lies == [false; 2]) {
            return Err("an entry lies somewhere");
        }
        if self.tiers.iter().any(|tier| tier.used() > tier.capacity()) {
            return Err("a tier holds no more bytes than it has room for");
        }
        Ok(())
    }

    /// Puts the copy of an entry into a tier, if that admits it; its bytes come from somewhere, or lie there already.
    fn put(
        &mut self,
        key: K,
        tier: Tier,
        from: Option<Source>,
        config: &Config,
        counters: &mut Counters,
        cx: &mut Cx<'_, Effect<K>>,
    ) -> bool {
        let Entry { version, bytes, absent, .. } = *self.entries.get(&key).expect("only what has an entry is put into a tier");
        let mut evicted = core::mem::take(&mut self.evicted);
        let admitted = self.tiers[tier as usize].insert(key, bytes, &mut evicted);
        if admitted {
            self.entries.get_mut(&key).expect("the entry was there").lies[tier as usize] = true;
            if let (false, Some(from)) = (absent, from) {
                cx.emit(Effect::Keep { key, version, tier, from });
                counters.disk_bytes_written += if tier == Tier::Disk { bytes } else { 0 };
            }
        }
        counters.evicted[tier as usize] += evicted.len() as u64;
        for left in evicted.drain(..) {
            self.leave(left, tier, config, counters, cx);
        }
        self.evicted = evicted;
        admitted
    }

    /// A copy leaves a tier for want of room.
    fn leave(&mut self, key: K, tier: Tier, config: &Config, counters: &mut Counters, cx: &mut Cx<'_, Effect<K>>) {
        let entry = self.entries.get_mut(&key).expect("what lies in a tier has an entry");
        entry.lies[tier as usize] = false;
        let entry = *entry;
        let asked = match config.disk_admission {
            Admission::Always => true,
            Admission::Asked(times) => entry.requests >= times,
        };
        let useful = !entry.absent && usable(&entry.life, &entry.stamp, cx.now, config.stale_max) != Use::No;
        if tier == Tier::Memory && !entry.lies[Tier::Disk as usize] && asked && useful && entry.bytes <= config.disk_bytes {
            self.put(key, Tier::Disk, Some(Source::Tier(Tier::Memory)), config, counters, cx);
        }
        give_up(&entry, key, tier, cx);
        self.forget_if_nowhere(&key);
    }

    fn forget_if_nowhere(&mut self, key: &K) {
        if self.entries.get(key).is_some_and(|entry| entry.lies == [false; 2]) {
            self.entries.remove(key);
        }
    }
}

/// Tells the driver that a copy is given up; a negative entry has none.
fn give_up<K>(entry: &Entry, key: K, tier: Tier, cx: &mut Cx<'_, Effect<K>>) {
    if !entry.absent {
        cx.emit(Effect::Drop { key, tier });
    }
}
