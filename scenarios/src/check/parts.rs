//! Checks of the parts of nodes.

use super::Checks;
use crate::problem::Code;
use crate::read::{At, Location, Switch};
use crate::spec::parts::{HyParView, Plumtree, Scope, Swim, Vivaldi};
use crate::spec::{Group, Role};
use crate::units::Count;
use hypermesh_core::hypermesh::mesh::hyparview::{ACTIVE_MAX, EXCHANGE_MAX};
use hypermesh_core::hypermesh::mesh::swim::{CELL_MAX, CONFIRMATIONS_MAX, UPDATES_MAX};

impl Checks<'_, '_> {
    /// The parts that the nodes of a group run, at the group's name where nothing better is written.
    pub(super) fn parts(&mut self, group: &Group, at: Location) {
        if let Some(gossip) = &group.gossip {
            self.within(&gossip.fanout, "fanout", 1, 255);
        }
        if let Some(Switch::On(views)) = group.hyparview.as_deref() {
            self.hyparview(views);
        }
        if let Some(Switch::On(trees)) = group.plumtree.as_deref() {
            self.plumtree(trees);
        }
        if let Some(Switch::On(swim)) = group.swim.as_deref() {
            self.swim(swim, &group.count);
        }
        if let Some(Switch::On(vivaldi)) = group.vivaldi.as_deref() {
            self.vivaldi(vivaldi);
        }
        if let Some(cpu) = &group.cpu {
            self.within(&cpu.cores, "cores", 1, 1_024);
        }
        if group.role.value == Role::HypermeshPeer {
            self.foundations(group, at);
        }
    }

    /// Parts whose foundation is off.
    fn foundations(&mut self, group: &Group, at: Location) {
        let views = group.hyparview().is_some();
        let place = |part: Option<Location>| part.unwrap_or(at);
        let (trees_at, swim_at) = (place(group.plumtree.as_ref().map(|p| p.at)), place(group.swim.as_ref().map(|p| p.at)));
        let off_at = group.hyparview.as_ref().map_or(trees_at, |p| p.at);
        if group.plumtree().is_some() && !views {
            self.note(Code::NEEDS_PART, off_at, "`plumtree` is on, but `hyparview`, whose views its trees grow on, is off")
                .help("turn `hyparview` on or `plumtree` off");
        }
        let swim = group.swim();
        if let Some(swim) = &swim
            && !views
            && swim.scope.value == Scope::View
        {
            self.note(Code::NEEDS_PART, swim_at, "`swim` watches the active view, but `hyparview`, which has it, is off")
                .help("turn `hyparview` on, turn `swim` off, or watch cells: `swim: {scope: {cell: 500}}`");
        }
        if group.vivaldi().is_some() && swim.is_none() {
            self.note(
                Code::NEEDS_PART,
                place(group.vivaldi.as_ref().map(|p| p.at)),
                "`vivaldi` is on, but `swim`, whose probes carry the coordinates, is off",
            )
            .help("turn `swim` on or `vivaldi` off");
        }
    }

    fn hyparview(&mut self, views: &HyParView) {
        self.within(&views.active, "active", 1, u32::from(ACTIVE_MAX));
        self.within(&views.passive, "passive", 0, 255);
        self.within(&views.active_walk, "active_walk", 0, 255);
        self.within(&views.passive_walk, "passive_walk", 0, 255);
        self.at_most(&views.passive_walk, "passive_walk", &views.active_walk, "active_walk");
        self.at_most(&views.shuffle_active, "shuffle_active", &views.active, "active");
        self.at_most(&views.shuffle_passive, "shuffle_passive", &views.passive, "passive");
        let exchanged = views.shuffle_active.value.0.saturating_add(views.shuffle_passive.value.0).saturating_add(1);
        if exchanged as usize > EXCHANGE_MAX && views.shuffle_active.sound().is_some() && views.shuffle_passive.sound().is_some() {
            self.note(Code::LIMIT, views.shuffle_passive.at, format!("a shuffle would carry {exchanged} peers, the sender included"))
                .expected(format!("at most {EXCHANGE_MAX}"));
        }
        self.has_length(&views.shuffle_every, "the time between shuffles");
        self.has_length(&views.answer_within, "the time to answer");
        self.has_length(&views.check_every, "the time between checks");
    }

    fn plumtree(&mut self, trees: &Plumtree) {
        self.has_length(&trees.missing_after, "the time until a message is missing");
        self.has_length(&trees.retry_after, "the time until another is asked");
        self.within(&trees.remembered, "remembered", 1, 65_535);
        self.within(&trees.optimise_hops, "optimise_hops", 0, 65_535);
    }

    fn swim(&mut self, swim: &Swim, members: &At<Count>) {
        self.has_length(&swim.probe_every, "the time between probes");
        let answer_at = swim.answer_within.as_ref().map_or(swim.probe_every.at, |answer| answer.at);
        for (time, what) in [(&swim.answer_within, "the time to answer"), (&swim.nack_after, "the time until a helper answers")] {
            if let Some(time) = time {
                self.has_length(time, what);
            }
        }
        if let Some(every) = swim.probe_every.sound()
            && swim.answer_within() >= *every
            && every.span().0 > 0
        {
            let message = format!("an answer may take {}, no less than the {every} between two probes", swim.answer_within());
            self.note(Code::SLOW_SUSPICION, answer_at, message).help("make `answer_within` shorter or `probe_every` longer");
        }
        self.within(&swim.indirect, "indirect", 0, 255);
        if let Some(factor) = &swim.suspicion_factor {
            self.within(factor, "suspicion_factor", 1, 255);
        }
        self.within(&swim.confirmations, "confirmations", 0, CONFIRMATIONS_MAX as u32);
        self.within(&swim.greet_failed_every, "greet_failed_every", 0, 255);
        if let Switch::On(gossip) = &swim.gossip {
            self.has_length(&gossip.every, "the time between rounds of gossip");
            self.within(&gossip.peers, "peers", 1, 255);
        }
        self.within(&swim.suspicion_spread, "suspicion_spread", 1, 255);
        self.within(&swim.repeat_factor, "repeat_factor", 1, 255);
        self.within(&swim.updates_max, "updates_max", 1, u32::from(UPDATES_MAX));
        self.within(&swim.health_max, "health_max", 1, 255);
        let Some(Scope::Cell(cell)) = swim.scope.sound() else { return };
        let Some(size) = cell.sound() else { return };
        let most = members.sound().map_or(CELL_MAX, |count| count.0.min(CELL_MAX));
        if size.0 < 2 || size.0 > most {
            self.note(Code::CELL_TOO_LARGE, cell.at, format!("a cell cannot have {size} members"))
                .expected(format!("2 to {most}"))
                .help("to watch the peers of the active view instead, write `scope: view`");
        }
    }

    fn vivaldi(&mut self, vivaldi: &Vivaldi) {
        for (share, what) in [(&vivaldi.step, "step"), (&vivaldi.error_step, "error_step")] {
            if share.sound().is_some_and(|s| s.ppb() == 0) {
                self.note(Code::LIMIT, share.at, format!("`{what}` is 0%, so nothing would be learnt"))
                    .expected("more than 0%")
                    .example("25%");
            }
        }
        self.has_length(&vivaldi.height_min, "the least height");
        self.has_length(&vivaldi.rtt_max, "the longest round trip");
    }

    /// One count may not exceed another.
    fn at_most(&mut self, low: &At<Count>, what: &str, high: &At<Count>, of: &str) {
        if let (Some(small), Some(large)) = (low.sound(), high.sound())
            && small > large
        {
            self.note(Code::LIMIT, low.at, format!("`{what}` is {small}, more than `{of}`, which is {large}"));
        }
    }
}
