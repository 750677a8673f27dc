//! `purge`: a row of requests, answers and purges to what a cache does at each (clause 11.3). Every copy is fresh all the time, so that nothing but versions
//! decides.

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::number;
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::cache::{Answer, Cache, Config, Effect, FetchId, Input as Event, Life, PurgeId, Request, Scope, Version, Waiter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    rows: Vec<Row>,
}

/// What happens to the cache, one after the other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Row {
    /// Somebody asks for the object of that number; never while the one before waits for it.
    Ask(u64),
    /// Somebody asks for it from the origin itself.
    AskOrigin(u64),
    /// The node above answers what was asked last about the object.
    Answer {
        object: u64,
        version: u64,
        /// The origin says so.
        origin: bool,
        /// There is no such object.
        absent: bool,
    },
    /// All versions of an object up to this one are purged.
    Purge { object: u64, last: u64 },
    /// All versions of all objects up to this one are purged.
    PurgeAll(u64),
}

use Row::{Ask, AskOrigin, Purge, PurgeAll};

const fn answer(object: u64, version: u64) -> Row {
    Row::Answer { object, version, origin: false, absent: false }
}

const fn from_origin(object: u64, version: u64) -> Row {
    Row::Answer { object, version, origin: true, absent: false }
}

const fn absent(object: u64, version: u64, origin: bool) -> Row {
    Row::Answer { object, version, origin, absent: true }
}

const fn purge(object: u64, last: u64) -> Row {
    Purge { object, last }
}

pub(super) fn make(maker: &mut Maker) {
    let cases: [(&str, &str, Vec<Row>); 19] = [
        ("no-purge", "R-11-12", vec![Ask(1), answer(1, 3), Ask(1)]),
        ("copy-is-purged", "R-11-12", vec![Ask(1), answer(1, 3), purge(1, 3), Ask(1), from_origin(1, 4), Ask(1)]),
        ("copy-above-the-purge", "R-11-12", vec![Ask(1), answer(1, 3), purge(1, 2), Ask(1)]),
        ("purge-of-another", "R-11-12", vec![Ask(1), answer(1, 3), purge(2, 9), Ask(1)]),
        ("purge-before-the-request", "R-11-12", vec![purge(1, 5), Ask(1), answer(1, 5), from_origin(1, 6), Ask(1)]),
        ("answer-under-way", "R-11-09", vec![Ask(1), purge(1, 3), answer(1, 3), from_origin(1, 4)]),
        ("answer-under-way-of-the-origin", "R-11-09", vec![Ask(1), purge(1, 3), from_origin(1, 3), from_origin(1, 4)]),
        ("answer-under-way-above", "R-11-09", vec![Ask(1), purge(1, 3), answer(1, 4), Ask(1)]),
        ("asked-again-and-not-of-the-origin", "R-11-09", vec![Ask(1), purge(1, 3), answer(1, 3), answer(1, 4), from_origin(1, 4)]),
        (
            "refused-after-two-attempts",
            "R-11-09",
            vec![Ask(1), purge(1, 3), answer(1, 1), answer(1, 2), answer(1, 3), Ask(1), from_origin(1, 7)],
        ),
        ("older-than-the-copy", "R-11-30", vec![Ask(1), answer(1, 5), AskOrigin(1), from_origin(1, 4), from_origin(1, 6), Ask(1)]),
        ("from-the-origin-alone", "R-11-12", vec![Ask(1), answer(1, 5), AskOrigin(1), answer(1, 6), from_origin(1, 6), Ask(1)]),
        ("absence-is-purged", "R-11-12", vec![Ask(1), absent(1, 3, true), Ask(1), purge(1, 3), Ask(1), from_origin(1, 4)]),
        ("absence-under-way", "R-11-09", vec![Ask(1), purge(1, 3), absent(1, 3, false), absent(1, 4, true), Ask(1)]),
        ("everything-is-purged", "R-11-12", vec![Ask(1), answer(1, 3), PurgeAll(3), Ask(1), answer(1, 3), from_origin(1, 3), Ask(1)]),
        ("everything-under-way", "R-11-09", vec![Ask(1), PurgeAll(3), from_origin(1, 3), from_origin(1, 3), Ask(1)]),
        ("everything-and-above", "R-11-12", vec![PurgeAll(3), Ask(1), answer(1, 4), Ask(2), answer(2, 3), from_origin(2, 3)]),
        ("everything-up-to-nothing", "R-11-22", vec![Ask(1), answer(1, 3), PurgeAll(0), Ask(1)]),
        ("lower-purge-behind-a-higher", "R-11-12", vec![purge(1, 5), purge(1, 2), Ask(1), answer(1, 4), from_origin(1, 6), Ask(1)]),
    ];
    for (case, requirement, rows) in cases {
        add(maker, case, requirement, rows);
    }
    for seed in 0..16 {
        add(maker, &format!("seeded-{seed}"), "R-11-12", seeded(500 + seed));
    }
}

/// Rows without a pattern that keep the rule of asking.
fn seeded(seed: u64) -> Vec<Row> {
    let mut model = ThreeRules::default();
    let mut rows = Vec::new();
    for n in 0..24 {
        let draw = number(seed, n);
        let (object, version) = (1 + (draw >> 8) % 3, 1 + (draw >> 16) % 6 + n as u64 / 4);
        let waits = model.asked.contains_key(&object);
        let row = match draw % 8 {
            0 => purge(object, version),
            1 if n % 3 == 0 => PurgeAll(version),
            2 if !waits => AskOrigin(object),
            _ if !waits => Ask(object),
            _ => Row::Answer { object, version, origin: draw >> 24 & 1 == 1, absent: draw >> 25 & 3 == 0 },
        };
        model.take(row);
        rows.push(row);
    }
    rows
}

fn add(maker: &mut Maker, case: &str, requirement: &str, rows: Vec<Row>) {
    let mut model = ThreeRules::default();
    let done: Vec<String> = rows.iter().map(|row| model.take(*row)).collect();
    maker.add(case, &[requirement], Input { rows }, Outcome::Output(json!({ "done": done })));
}

/// The cache of the text, which knows three rules: nothing that a purge of the object covers; nothing that a purge of everything covers, but of the origin on
/// a request sent since; nothing older than what is there.
#[derive(Default)]
struct ThreeRules {
    purged: BTreeMap<u64, u64>,
    all_purged: u64,
    /// Version, and whether it is an absence.
    copies: BTreeMap<u64, (u64, bool)>,
    asked: BTreeMap<u64, Asked>,
}

#[derive(Clone, Copy, Default)]
struct Asked {
    attempts: u8,
    of_origin: bool,
    least: u64,
    /// The greatest purge of everything since it was sent.
    overtaken: Option<u64>,
}

fn served(version: u64, absent: bool) -> String {
    if absent { format!("absent {version}") } else { format!("served {version}") }
}

impl ThreeRules {
    fn take(&mut self, row: Row) -> String {
        match row {
            Ask(object) => match self.copies.get(&object) {
                Some((version, absent)) => served(*version, *absent),
                None => {
                    self.asked.insert(object, Asked::default());
                    "asked".to_owned()
                }
            },
            AskOrigin(object) => {
                self.asked.insert(object, Asked { of_origin: true, ..Asked::default() });
                "asked the origin for 0".to_owned()
            }
            Row::Answer { object, version, origin, absent } => self.answer(object, version, origin, absent),
            Purge { object, last } => {
                let purged = self.purged.entry(object).or_default();
                *purged = last.max(*purged);
                self.copies.retain(|of, (version, _)| *of != object || *version > last);
                "acknowledged".to_owned()
            }
            PurgeAll(last) => {
                self.all_purged = self.all_purged.max(last);
                self.asked.values_mut().for_each(|asked| asked.overtaken = asked.overtaken.max(Some(last)));
                self.copies.retain(|_, (version, _)| *version > last);
                "acknowledged".to_owned()
            }
        }
    }

    fn answer(&mut self, object: u64, version: u64, origin: bool, absent: bool) -> String {
        let asked = self.asked.remove(&object).expect("rows answer what was asked");
        let purged = self.purged.get(&object).copied();
        let in_time = asked.overtaken.is_none_or(|last| version > last);
        let above = purged.is_none_or(|last| version > last) && (version > self.all_purged || (origin && in_time) || self.all_purged == 0);
        let newer_copy = self.copies.get(&object).is_some_and(|copy| copy.0 > version);
        if above && in_time && !newer_copy && (origin || !asked.of_origin) && version >= asked.least {
            self.copies.insert(object, (version, absent));
            return served(version, absent);
        }
        if asked.attempts == 2 {
            return "refused".to_owned();
        }
        let least = asked.least.max(purged.map_or(0, |last| last + 1));
        self.asked.insert(object, Asked { attempts: asked.attempts + 1, of_origin: true, least, overtaken: None });
        format!("asked the origin for {least}")
    }
}

/// A cache of core with what a driver lends it.
struct Driven {
    cache: Cache<u64>,
    dice: Dice,
    position: u32,
    /// The fetch that is under way for an object.
    fetches: BTreeMap<u64, FetchId>,
}

impl Driven {
    /// What the cache does first at an event.
    fn handle(&mut self, event: Event<u64>) -> Result<String, String> {
        let mut effects = Vec::new();
        let chance = Chance::new(&mut self.dice, 1, &mut self.position);
        self.cache.handle(event, &mut Cx::new(Time(0), NodeId(1), chance, &mut effects));
        self.cache.check()?;
        let done = effects.into_iter().find_map(|effect| match effect {
            Effect::Serve { version, .. } => Some(served(version.0, false)),
            Effect::ServeAbsent { version, .. } => Some(served(version.0, true)),
            Effect::Refuse { .. } => Some("refused".to_owned()),
            Effect::Acknowledge { .. } => Some("acknowledged".to_owned()),
            Effect::Fetch { fetch, key, at_least, from_origin, .. } => {
                self.fetches.insert(key, fetch);
                Some(if from_origin { format!("asked the origin for {}", at_least.0) } else { "asked".to_owned() })
            }
            _ => None,
        });
        done.ok_or_else(|| "the cache does nothing".to_owned())
    }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let (cache, dice) = (Cache::new(Config::default()), Dice::new(SeedKey::new(1)));
    let mut driven = Driven { cache, dice, position: 0, fetches: BTreeMap::new() };
    let mut done = Vec::new();
    for (n, row) in input.rows.into_iter().enumerate() {
        let event = match row {
            Ask(key) | AskOrigin(key) => {
                let from_origin = matches!(row, AskOrigin(_));
                let (waiter, immutable, at_least) = (Waiter(n as u64), false, Version(0));
                Event::Request(Request { key, waiter, immutable, at_least, from_origin })
            }
            Row::Answer { object, version, origin, absent } => {
                let fetch = driven.fetches.remove(&object).ok_or("nothing was asked about the object")?;
                let (version, age, from_origin, hour) = (Version(version), Span::ZERO, origin, Span::secs(3_600));
                let answer = match absent {
                    true => Answer::Absent { version, age, max_age: hour, from_origin },
                    false => Answer::Content { version, bytes: 1, age, life: Life::fresh_for(hour), keep: true, from_origin },
                };
                Event::Answer { fetch, answer }
            }
            Purge { object, last } => Event::Purge { purge: PurgeId(n as u64), scope: Scope::Object(object), upto: Version(last) },
            PurgeAll(last) => Event::Purge { purge: PurgeId(n as u64), scope: Scope::Everything, upto: Version(last) },
        };
        done.push(driven.handle(event)?);
    }
    Ok(Outcome::Output(json!({ "done": done })))
}
