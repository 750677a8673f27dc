//! Checks of the workload.

use super::Checks;
use crate::problem::Code;
use crate::read::At;
use crate::spec::workload::{Broadcast, Tokens};
use crate::spec::{Load, Role};
use crate::units::Bytes;

/// Most broadcasts of one load.
const BROADCASTS_MAX: f64 = 1_000_000.0;
/// Largest content.
const SIZE_MAX: u64 = 16 << 20;

impl Checks<'_, '_> {
    pub(super) fn workload(&mut self) {
        let scenario = self.scenario;
        for load in &scenario.workload {
            self.group_exists(load.from());
            self.can_do(load);
            match &load.value {
                Load::Broadcast(broadcast) => self.broadcast(broadcast),
                Load::Tokens(tokens) => self.tokens(tokens),
            }
        }
    }

    /// Whether the nodes of the group can do that.
    fn can_do(&mut self, load: &At<Load>) {
        let Some(group) = load.from().sound().and_then(|name| self.scenario.groups.get(name)) else { return };
        let Some(role) = group.role.sound() else { return };
        match (&load.value, role) {
            (Load::Tokens(_), Role::TokenHolder) | (Load::Broadcast(_), Role::GossipPeer) => {}
            (Load::Broadcast(_), Role::HypermeshPeer) => {
                if group.plumtree().is_none() {
                    self.note(Code::WRONG_LOAD, load.at, "these peers cannot broadcast: `plumtree` is off")
                        .help("turn `plumtree` on in their group");
                }
            }
            (Load::Broadcast(_), Role::TokenHolder) => {
                self.note(Code::WRONG_LOAD, load.at, "token-holders cannot broadcast").help("use `tokens`, or another role");
            }
            (Load::Tokens(_), _) => {
                self.note(Code::WRONG_LOAD, load.at, format!("a {} passes no tokens", role.word()))
                    .help("use `broadcast`, or the role token-holder");
            }
        }
    }

    fn broadcast(&mut self, load: &Broadcast) {
        self.starts_in_time(&load.at, "this load");
        self.fits(&load.size);
        if let (Some(_), Some(every)) = (&load.rate, &load.every) {
            self.note(Code::RATE_OR_EVERY, every.at, "both `rate` and `every` say how often").help("keep one of them");
        }
        if let (Some(_), Some(lasts)) = (&load.count, &load.lasts) {
            self.note(Code::RATE_OR_EVERY, lasts.at, "both `count` and `for` say when to stop").help("keep one of them");
        }
        if let Some(every) = &load.every {
            self.has_length(every, "the time between broadcasts");
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
                self.note(Code::RATE_OR_EVERY, at, "nothing says how often to broadcast")
                    .help("add `rate` or `every`")
                    .example("rate: 1/s");
            }
        }
        if let Some(count) = &load.count {
            self.within(count, "count", 1, BROADCASTS_MAX as u32);
        }
        self.not_too_many(load);
    }

    /// A rate over a time may amount to more broadcasts than anyone wants.
    fn not_too_many(&mut self, load: &Broadcast) {
        let per_second = match (&load.rate, &load.every) {
            (Some(rate), _) => rate.sound().map(|r| (r.per_second(), rate.at)),
            (_, Some(every)) => every.sound().filter(|e| e.span().0 > 0).map(|e| (1.0 / e.span().as_secs_f64(), every.at)),
            _ => None,
        };
        let (Some((per_second, at)), None) = (per_second, &load.count) else { return };
        let lasts = load.lasts.as_ref().and_then(At::sound).or(self.scenario.time.stop.sound());
        if let Some(lasts) = lasts
            && per_second * lasts.span().as_secs_f64() > BROADCASTS_MAX
        {
            self.note(Code::LIMIT, at, "this load has more than a million broadcasts").help("lower the rate, or set `count`");
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
