//! Checks of the network.

use super::Checks;
use crate::problem::{Code, nearest};
use crate::read::{At, Table};
use crate::spec::Paths;
use crate::spec::network::{Access, AccessClass};
use crate::units::{Duration, Share};

/// Most metropolitan areas.
const CITIES_MAX: u32 = 2_000;

impl Checks<'_, '_> {
    pub(super) fn network(&mut self) {
        let network = &self.scenario.network;
        self.within(&network.cities, "cities", 1, CITIES_MAX);
        self.access(&network.access);
        for (share, what) in [(&network.loss, "the loss"), (&network.asymmetry, "the asymmetry")] {
            if share.sound() == Some(&Share::ALL) {
                self.note(Code::LIMIT, share.at, format!("{what} is 100%, so nothing would ever arrive")).expected("less than 100%");
            }
        }
        self.has_length(&network.jitter.period, "the jitter's period");
        if network.reorder.share.sound().is_some_and(|share| share.ppb() > 0) {
            self.has_length(&network.reorder.by, "the time that datagrams are held back");
        }
        match network.paths.sound() {
            Some(Paths::Uniform(range)) if range.sound().is_some_and(|r| r.min == Duration::default()) => {
                self.note(Code::LIMIT, range.at, "a delay of zero would let effects come before their causes")
                    .expected("at least 1ns")
                    .example("1ms..10ms");
            }
            Some(Paths::Geography(geography)) => self.has_length(&geography.base, "the shortest path"),
            _ => {}
        }
        if network.overhead.sound().is_some_and(|bytes| bytes.0 > 1_400) {
            self.note(Code::LIMIT, network.overhead.at, format!("headers of {} leave no room in a datagram", *network.overhead))
                .expected("at most 1400B");
        }
    }

    /// A mix of access classes.
    pub(super) fn access(&mut self, mix: &At<Table<Access>>) {
        let Some(_) = mix.sound() else { return };
        self.adds_up(mix, |access: &Access| &access.share, "the access mix", mix.at);
        for (name, access) in mix.iter() {
            let missing: Vec<&str> =
                [("down", access.down.is_none()), ("up", access.up.is_none()), ("last_mile", access.last_mile.is_none())]
                    .into_iter()
                    .filter_map(|(key, absent)| absent.then_some(key))
                    .collect();
            if AccessClass::built_in(name).is_some() || missing.is_empty() {
                continue;
            }
            let meant = nearest(name, AccessClass::names()).map(|word| format!("did you mean `{word}`?"));
            self.note(
                Code::UNKNOWN_ACCESS,
                name.at,
                format!("the access class `{}` is not built in and lacks {}", name.value.0, missing.join(", ")),
            )
            .expected(format!("one of {}, or a class with all of down, up, last_mile", AccessClass::names().collect::<Vec<_>>().join(", ")))
            .example(format!("{}: {{share: 100%, down: 100Mbit, up: 20Mbit, last_mile: 5ms}}", name.value.0))
            .helps(meant);
        }
        for (_, access) in mix.iter() {
            for bandwidth in [&access.down, &access.up].into_iter().flatten() {
                self.carries_something(bandwidth);
            }
        }
    }

    /// A bandwidth of zero carries nothing; `unlimited` is written out.
    fn carries_something(&mut self, bandwidth: &At<crate::spec::network::Limit<crate::units::Bandwidth>>) {
        if bandwidth.sound().is_some_and(|b| matches!(b, crate::spec::network::Limit::To(b) if b.0 < 1_000)) {
            self.note(Code::LIMIT, bandwidth.at, "a link of less than 1kbit carries nothing in a lifetime")
                .expected("at least 1kbit, or unlimited")
                .example("unlimited");
        }
    }
}
