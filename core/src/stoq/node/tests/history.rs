//! Whatever happens: no wrong byte, no older version after an acknowledged purge, and in the end everybody gets the newest.

use super::town::*;
use crate::base::{Span, Time};
use crate::stoq::cache::{self, Version};
use crate::stoq::node::*;
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;
use crate::testing::Defect;
use crate::testing::stoq::{World, pack};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Two regionals, three edges, three clients, and a history of one object.
struct History {
    world: World,
    publisher: usize,
    caches: Vec<usize>,
    clients: Vec<usize>,
    version: u64,
    /// Up to where purges are acknowledged, and when.
    floor: u64,
    writing: Option<(u32, u64)>,
    purging: Option<(u32, u64)>,
    /// Gets under way: the floor when they were begun.
    getting: BTreeMap<(usize, u32), u64>,
    next_job: u32,
    violations: Vec<String>,
    got: usize,
}

impl History {
    fn new(seed: u64, planted: Option<Defect>) -> Self {
        let mut world = World::new(seed);
        world.jitter = Span::millis(30);
        world.add(&Arc::new(config(Roles::ORIGIN, &[])));
        let cached = |roles, servers: &[usize]| {
            let mut config = config(roles, servers);
            config.defect = planted;
            config.cache = config.cache.map(|cache| cache::Config { failure_hold: Span::millis(100), ..cache });
            Arc::new(config)
        };
        let regional: Vec<usize> = (0..2).map(|_| world.add(&cached(Roles::REGIONAL, &[0]))).collect();
        let edges: Vec<usize> = (0..3).map(|nth| world.add(&cached(Roles::EDGE, &[regional[nth % 2], regional[(nth + 1) % 2]]))).collect();
        let clients = (0..3).map(|nth| world.add(&Arc::new(config(Roles::CLIENT, &[edges[nth]])))).collect();
        let publisher = world.add(&Arc::new(config(Roles::CLIENT.with(Roles::PUBLISHER), &[0])));
        let caches = [regional, edges].concat();
        let (version, floor, next_job, got) = (0, 0, 0, 0);
        let (writing, purging, getting, violations) = (None, None, BTreeMap::new(), Vec::new());
        Self { world, publisher, caches, clients, version, floor, writing, purging, getting, next_job, violations, got }
    }

    fn job(&mut self) -> u32 {
        self.next_job += 1;
        self.next_job
    }

    /// One thing that somebody does, and a moment in which it has its effects.
    fn act(&mut self) {
        let (dice, which, span) = (self.world.roll(20), self.world.roll(60) as usize, self.world.roll(300));
        let cache = self.caches[which % self.caches.len()];
        match dice {
            0..=1 => self.put(),
            2 => self.purge(),
            3..=12 => self.get(self.clients[which % self.clients.len()]),
            13 => self.world.cut(cache),
            14 => {
                self.world.kill(cache);
                self.world.run_for(Span::millis(span));
                self.world.start(cache);
            }
            15 => self.world.mute(0, cache, Span::millis(100 + 40 * span)),
            16 => self.world.mute(cache, self.caches[(which + 1) % self.caches.len()], Span::millis(100 + 40 * span)),
            17 => self.world.run_for(Span::secs(1 + span / 50)),
            _ => {}
        }
        self.world.run_for(Span::millis(span));
        self.look();
    }

    fn put(&mut self) {
        if self.writing.is_none() {
            self.version += 1;
            let job = self.job();
            let packed = pack(&content(self.version));
            self.world.put(self.publisher, job, 0, "it", self.version, &packed);
            self.writing = Some((job, self.version));
        }
    }

    fn purge(&mut self) {
        if self.purging.is_none() && self.version > 0 {
            let (job, upto) = (self.job(), self.version - u64::from(self.writing.is_some()));
            let name = Name::new("it").expect("a name");
            self.world.command(self.publisher, job, Command::Purge { server: None, name, below: false, upto: Version(upto) });
            self.purging = Some((job, upto));
        }
    }

    fn get(&mut self, client: usize) {
        let job = self.job();
        self.world.get(client, job, named("it"), None);
        self.getting.insert((client, job), self.floor);
    }

    /// Looks at what is over.
    fn look(&mut self) {
        if let Some((job, _)) = self.writing
            && self.world.verdict(self.publisher, job).is_some()
        {
            self.writing = None;
        }
        if let Some((job, upto)) = self.purging
            && let Some(told) = self.world.verdict(self.publisher, job)
        {
            if matches!(told, Told::Purged { .. }) {
                self.floor = self.floor.max(upto);
            }
            self.purging = None;
        }
        for ((client, job), floor) in self.getting.clone() {
            let Some(told) = self.world.verdict(client, job) else { continue };
            self.getting.remove(&(client, job));
            if let Told::Got { .. } = told {
                self.got += 1;
                let version = self.version_of(client, job);
                if version <= floor {
                    self.violations.push(format!("version {version} after the purge up to {floor}"));
                }
                if self.world.bytes(client, job) != content(version) {
                    self.violations.push(format!("wrong bytes of version {version}"));
                }
            }
        }
    }

    fn version_of(&self, client: usize, job: u32) -> u64 {
        let told = self.world.seats[client].told.iter().find_map(|(of, told)| match told {
            Told::Root { version, .. } if *of == JobId(job) => Some(version.0),
            _ => None,
        });
        told.expect("the root is told before the end")
    }

    /// Everything heals; the last version that was stored reaches everybody.
    fn heal(&mut self) {
        self.world.run_for(Span::secs(60));
        self.look();
        self.put();
        self.world.run_for(Span::secs(90));
        self.look();
        for client in self.clients.clone() {
            let limit = self.world.now + Span::secs(60);
            while self.newest(client) != self.version {
                assert!(self.world.now < limit, "the newest version reaches client {client}");
            }
        }
    }

    fn newest(&mut self, client: usize) -> u64 {
        let job = self.job();
        self.world.get(client, job, named("it"), None);
        match self.world.finish(client, job) {
            Told::Got { .. } => self.version_of(client, job),
            _ => {
                self.world.run_for(Span::secs(1));
                0
            }
        }
    }
}

fn content(version: u64) -> Vec<u8> {
    noise(version, 3_000)
}

#[test]
fn after_an_acknowledged_purge_nothing_older_comes_whatever_breaks() {
    let (mut purged, mut got) = (0, 0);
    for seed in 0..12 {
        let mut history = History::new(seed, None);
        (0..80).for_each(|_| history.act());
        assert!(history.violations.is_empty(), "seed {seed}: {:?}", history.violations);
        history.heal();
        assert!(history.violations.is_empty(), "seed {seed}: {:?}", history.violations);
        (purged, got) = (purged + u64::from(history.floor > 0), got + history.got);
    }
    assert!(purged >= 6 && got > 100, "{purged} histories had a purge, {got} objects came");
}

#[test]
fn a_seed_is_an_answer() {
    let run = || {
        let mut history = History::new(3, None);
        (0..40).for_each(|_| history.act());
        (history.world.now, format!("{:?}", history.world.seats.iter().map(|seat| (&seat.facts, &seat.told)).collect::<Vec<_>>()))
    };
    let (one, other): ((Time, String), (Time, String)) = (run(), run());
    assert_eq!(one.0, other.0);
    assert!(one.1 == other.1, "the same seed, the same history");
}

#[cfg(feature = "defects")]
#[test]
fn a_cache_that_forgets_purges_is_found() {
    let found = (0..12).any(|seed| {
        let mut history = History::new(seed, Some(Defect::ForgetPurge));
        (0..80).for_each(|_| history.act());
        !history.violations.is_empty()
    });
    assert!(found, "an old version was served after an acknowledged purge");
}
