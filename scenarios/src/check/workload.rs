//! Checks of the workload.

use super::Checks;
use crate::problem::Code;
use crate::read::{At, Location};
use crate::spec::beat::Beat;
use crate::spec::stoq::Objects;
use crate::spec::workload::{Broadcast, FlashCrowd, Requests, Revisions, Tokens};
use crate::spec::{Load, Role};
use crate::units::Bytes;

/// Most broadcasts of one load.
const BROADCASTS_MAX: u32 = 1_000_000;
/// Most requests of one load.
const REQUESTS_MAX: u32 = 100_000_000;
/// Largest object.
const OBJECT_MAX: u64 = 64 << 20;
/// All objects of a load.
const CATALOGUE_MAX: f64 = 8.0 * 1024.0 * 1024.0 * 1024.0;
/// Largest content.
const SIZE_MAX: u64 = 16 << 20;

/// What the parts of a load are called, and how many there may be.
struct Parts {
    most: u32,
    most_in_words: &'static str,
    what: &'static str,
    verb: &'static str,
}

const BROADCASTS: Parts = Parts { most: BROADCASTS_MAX, most_in_words: "a million", what: "broadcasts", verb: "broadcast" };
const REQUESTS: Parts = Parts { most: REQUESTS_MAX, most_in_words: "a hundred million", what: "requests", verb: "ask" };
const REVISIONS: Parts = Parts { most: BROADCASTS_MAX, most_in_words: "a million", what: "revisions", verb: "publish" };

impl Checks<'_, '_> {
    pub(super) fn workload(&mut self) {
        let scenario = self.scenario;
        for load in &scenario.workload {
            self.group_exists(load.from());
            self.can_do(load);
            match &load.value {
                Load::Broadcast(broadcast) => self.broadcast(broadcast),
                Load::Tokens(tokens) => self.tokens(tokens),
                Load::Requests(requests) => self.requests(requests),
                Load::FlashCrowd(crowd) => self.crowd(crowd),
                Load::Revisions(revisions) => self.revisions(revisions, load.at),
            }
        }
    }

    /// Whether the nodes of the group can do that.
    fn can_do(&mut self, load: &At<Load>) {
        let Some(group) = load.from().sound().and_then(|name| self.scenario.groups.get(name)) else { return };
        let Some(role) = group.role.sound() else { return };
        match (&load.value, role) {
            (Load::Tokens(_), Role::TokenHolder)
            | (Load::Broadcast(_), Role::GossipPeer)
            | (Load::Requests(_) | Load::FlashCrowd(_), Role::StoqClient)
            | (Load::Revisions(_), Role::StoqPublisher) => {}
            (Load::Revisions(_), _) => {
                self.note(Code::WRONG_LOAD, load.at, format!("a {} publishes nothing", role.word()))
                    .help("let a group of the role stoq-publisher publish");
            }
            (Load::Requests(_) | Load::FlashCrowd(_), _) => {
                self.note(Code::WRONG_LOAD, load.at, format!("a {} asks for no objects", role.word()))
                    .help("let a group of the role stoq-client ask");
            }
            (Load::Broadcast(_), Role::HypermeshPeer) => {
                if group.plumtree().is_none() {
                    self.note(Code::WRONG_LOAD, load.at, "these peers cannot broadcast: `plumtree` is off")
                        .help("turn `plumtree` on in their group");
                }
            }
            (Load::Broadcast(_), _) => {
                self.note(Code::WRONG_LOAD, load.at, format!("{}s cannot broadcast", role.word()))
                    .help("use another load, or another role");
            }
            (Load::Tokens(_), _) => {
                self.note(Code::WRONG_LOAD, load.at, format!("a {} passes no tokens", role.word()))
                    .help("use `broadcast`, or the role token-holder");
            }
        }
    }

    fn broadcast(&mut self, load: &Broadcast) {
        self.fits(&load.size);
        self.beat(&load.beat(), &BROADCASTS);
    }

    fn requests(&mut self, load: &Requests) {
        self.objects(&load.objects);
        self.beat(&load.beat(), &REQUESTS);
    }

    /// New versions go to one origin, since origins do not tell each other.
    fn revisions(&mut self, load: &Revisions, at: Location) {
        self.beat(&load.beat(), &REVISIONS);
        let scenario = self.scenario;
        if !scenario.workload.iter().any(|load| matches!(load.value, Load::Requests(_) | Load::FlashCrowd(_))) {
            self.note(Code::NEEDS_PART, at, "nobody asks for objects, so there are none to be published anew")
                .help("add a load of `requests`");
        }
        let origins = scenario.groups.iter().filter(|(_, group)| group.role.sound() == Some(&Role::StoqOrigin));
        let count: u64 = origins.filter_map(|(_, group)| group.count.sound()).map(|count| u64::from(count.0)).sum();
        if count > 1 {
            self.note(Code::NEEDS_PART, at, format!("there are {count} origins, and new versions reach one of them only"))
                .help("have one origin");
        }
    }

    fn crowd(&mut self, load: &FlashCrowd) {
        self.starts_in_time(&load.at, "this load");
        self.objects(&load.objects);
        self.within(&load.requests, "requests", 1, REQUESTS_MAX);
        let lasts = [&load.ramp, &load.hold].map(|time| time.sound().map(|time| time.span().0));
        if let [Some(0), Some(0)] = lasts {
            self.note(Code::TIMES, load.hold.at, "the crowd comes in no time at all").example("5s");
        }
    }

    /// Objects are made in memory before the run.
    fn objects(&mut self, objects: &Objects) {
        self.within(&objects.items, "items", 1, 10_000_000);
        let (Some(items), Some(size), Some(spread)) = (objects.items.sound(), objects.size.sound(), objects.spread.sound()) else { return };
        if size.0 == 0 || size.0 > OBJECT_MAX {
            self.note(Code::LIMIT, objects.size.at, format!("an object has {size}")).expected("1B to 64MiB").example("64KiB");
        }
        // The mean of a log-normal size.
        let mean = size.0 as f64 * libm::exp(spread.value() * spread.value() / 2.0);
        if f64::from(items.0) * mean > CATALOGUE_MAX {
            self.note(Code::LIMIT, objects.items.at, "all objects together are longer than 8GiB, and they are kept in memory")
                .help("ask for fewer or smaller objects");
        }
    }

    /// How often something starts.
    fn beat(&mut self, load: &Beat, parts: &Parts) {
        self.starts_in_time(&load.at, "this load");
        if let (Some(_), Some(every)) = (&load.rate, &load.every) {
            self.note(Code::RATE_OR_EVERY, every.at, "both `rate` and `every` say how often").help("keep one of them");
        }
        if let (Some(_), Some(lasts)) = (&load.count, &load.lasts) {
            self.note(Code::RATE_OR_EVERY, lasts.at, "both `count` and `for` say when to stop").help("keep one of them");
        }
        if let Some(every) = &load.every {
            self.has_length(every, &format!("the time between {}", parts.what));
        }
        if let Some(lasts) = &load.lasts {
            self.has_length(lasts, "the load");
        }
        if let Some(rate) = &load.rate
            && rate.sound().is_some_and(|rate| rate.interval().is_none())
        {
            self.note(Code::LIMIT, rate.at, "at a rate of zero nothing is ever sent").example("1/s");
        }
        if load.rate.is_none() && load.every.is_none() {
            let again = load.count.as_ref().filter(|count| count.sound().is_some_and(|n| n.0 > 1)).map(|count| count.at);
            if let Some(at) = again.or(load.lasts.as_ref().map(|lasts| lasts.at)) {
                self.note(Code::RATE_OR_EVERY, at, format!("nothing says how often to {}", parts.verb))
                    .help("add `rate` or `every`")
                    .example("rate: 1/s");
            }
        }
        if let Some(count) = &load.count {
            self.within(count, "count", 1, parts.most);
        }
        self.not_too_many(load, parts);
    }

    /// A rate over a time may amount to more than anyone wants.
    fn not_too_many(&mut self, load: &Beat, parts: &Parts) {
        let per_second = match (&load.rate, &load.every) {
            (Some(rate), _) => rate.sound().map(|r| (r.per_second(), rate.at)),
            (_, Some(every)) => every.sound().filter(|e| e.span().0 > 0).map(|e| (1.0 / e.span().as_secs_f64(), every.at)),
            _ => None,
        };
        let (Some((per_second, at)), None) = (per_second, &load.count) else { return };
        let lasts = load.lasts.as_ref().and_then(At::sound).or(self.scenario.time.stop.sound());
        if let Some(lasts) = lasts
            && per_second * lasts.span().as_secs_f64() > f64::from(parts.most)
        {
            self.note(Code::LIMIT, at, format!("this load has more than {} {}", parts.most_in_words, parts.what))
                .help("lower the rate, or set `count`");
        }
    }

    fn tokens(&mut self, load: &Tokens) {
        self.starts_in_time(&load.at, "this load");
        self.fits(&load.size);
        self.within(&load.per_node, "per_node", 1, 1_000);
    }

    fn fits(&mut self, size: &At<Bytes>) {
        if size.sound().is_some_and(|size| size.0 > SIZE_MAX) {
            self.note(Code::LIMIT, size.at, format!("a content of {} is sent as one message", size.value))
                .expected("at most 16MiB")
                .example("1KiB");
        }
    }
}
