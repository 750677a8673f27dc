//! What monitors see of a site: each word that its node hears and says, and what its store and its certificates say about them.

use super::config::Config;
use super::disk::{Disk, Stock};
use super::{Effect, Live};
use crate::monitors::names::Names;
use crate::monitors::stream::Asked;
use crate::monitors::talk::Scene;
use crate::monitors::{Monitor, Sheet, Talk};
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::machine::Cx;
use hypermesh_core::node::{self, Fact, Level};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::manifest::{Step, Walk};
use hypermesh_core::stoq::node::{ConnId, Input, LEASE_PARTS, Looked, ServerId, Why};
use hypermesh_core::stoq::session;
use hypermesh_core::stoq::session::frame::{Ack, ContentId, Frame, Name};
use hypermesh_scenarios::plan::StoqKind;

/// A cache acknowledges a purge within this time (R-11-08).
const ACKNOWLEDGE_WITHIN: Span = Span::secs(1);

/// The books of the monitors of one site.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) sheet: Sheet,
    names: Names,
    /// Connections in session with nodes above, of a cache.
    above: Vec<u64>,
    /// Connections in session with caches below.
    below: Vec<u64>,
    /// Connections on which something was said or heard in this reaction.
    due: Vec<u64>,
    /// Those that have to be closed when this reaction is over, and by which requirement.
    closing: Vec<(u64, Monitor)>,
    /// Those that have to be open then, since nothing but a content was wrong.
    staying: Vec<u64>,
    /// Connections with nodes above that are gone, which the node does not know yet.
    lost: Vec<u64>,
    /// It is learning of one of these.
    in_doubt: bool,
    /// Until when a purge may have waited for what was below.
    waited: Time,
}

impl Watch {
    /// Books of a node that comes up.
    pub(super) fn new(config: &Config, now: Time) -> Self {
        Self {
            sheet: Sheet::new(),
            names: Names::new(),
            above: Vec::new(),
            below: Vec::new(),
            due: Vec::new(),
            closing: Vec::new(),
            staying: Vec::new(),
            lost: Vec::new(),
            in_doubt: false,
            // Before it came up, others may have been told to rely on it.
            waited: Time(now.0.saturating_add(config.node.lease.0)),
        }
    }

    /// Something happens on a connection.
    fn on(&mut self, id: u64) {
        if self.due.last() != Some(&id) {
            self.due.push(id);
        }
    }

    /// Both sides may have confirmed what they agree on.
    fn opens(&mut self, id: u64, talk: &Talk, config: &Config) {
        let list = match () {
            () if talk.is_below() => &mut self.below,
            () if talk.is_above() && config.node.cache.is_some() => &mut self.above,
            () => return,
        };
        if !list.contains(&id) {
            list.push(id);
        }
    }

    /// A connection is over. The node learns of it soon.
    pub(super) fn loses(&mut self, id: u64, talk: &Talk, config: &Config, now: Time) {
        if self.below.contains(&id) {
            self.below.retain(|below| *below != id);
            self.waited = self.waited.max(now + config.node.lease);
        }
        if self.above.contains(&id) {
            self.above.retain(|above| *above != id);
            if !talk.is_closed() {
                self.lost.push(id);
            }
        }
    }

    /// Bytes on the heap, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        self.names.heap_bytes() + (self.above.capacity() + self.below.capacity() + self.due.capacity()) * 8
    }
}

impl Live {
    /// The node is about to hear something.
    pub(super) fn watch_heard(&mut self, input: &Input, config: &Config, me: NodeId, now: Time) {
        match input {
            Input::Session { conn, input: session::Input::Gone } => {
                let known = self.watch.lost.len();
                self.watch.lost.retain(|lost| *lost != conn.0);
                self.watch.in_doubt |= self.watch.lost.len() < known;
            }
            Input::Session { conn, input } => {
                let Some(line) = self.lines.get_mut(&conn.0) else { return };
                let watch = &mut self.watch;
                let mut scene = Scene { config: &config.node, names: &mut watch.names, sheet: &mut watch.sheet, now };
                line.talk.hear(input, &mut scene);
                watch.on(conn.0);
                if let session::Input::Frame { stream, frame } = input {
                    match frame {
                        Frame::Confirm(_) => watch.opens(conn.0, &line.talk, config),
                        Frame::Purged(_) if watch.below.contains(&conn.0) => watch.waited = watch.waited.max(now),
                        Frame::Put(_) | Frame::Manifest(_) if config.role.kind == StoqKind::Origin => {
                            offered(&mut line.talk, *stream, frame, &self.disk, config.stock(me), &mut watch.sheet);
                        }
                        _ => {}
                    }
                }
            }
            Input::Sent { conn, stream, .. } => {
                if let Some(line) = self.lines.get_mut(&conn.0) {
                    line.talk.moves(*stream, now);
                }
            }
            _ => {}
        }
    }

    /// The node is about to be woken.
    pub(super) fn watch_woken(&mut self, why: Why, config: &Config, now: Time) {
        match why {
            Why::Session(ConnId(id), session::Why::Agree)
                if self.lines.get(&id).is_some_and(|line| !line.talk.has_agreed() && !line.talk.is_closed()) =>
            {
                self.watch.closing.push((id, Monitor::AgreeInTime));
            }
            Why::Purge(_) => {
                let lease = config.node.lease.0;
                let within = if config.role.kind == StoqKind::Origin { lease * 5 / 2 } else { lease };
                for id in &self.watch.below {
                    let Some(line) = self.lines.get(id).filter(|line| line.talk.is_open()) else { continue };
                    if line.talk.purging().any(|(_, _, since)| now.since(since).0 >= within) {
                        self.watch.closing.push((*id, Monitor::SilentGoes));
                    }
                }
            }
            _ => {}
        }
    }

    /// The node says something on a connection.
    pub(super) fn watch_said(&mut self, id: u64, effect: &session::Effect, config: &Config, me: NodeId, now: Time) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let watch = &mut self.watch;
        if let session::Effect::Write { stream, frame } = effect
            && stream.opener() != line.talk.side()
        {
            let stock = config.stock(me);
            match frame {
                Frame::Want(want) => {
                    let lacks = want.ids.iter().all(|id| self.disk.lacks(id, stock));
                    watch.sheet.judge(Monitor::WantsWhatIsLacking, lacks, line.peer, stream.0);
                }
                Frame::Ack(ack) => acknowledged(&mut line.talk, *stream, ack, &self.disk, stock, &mut watch.sheet),
                Frame::Purged(_) => return self.watch_purged(id, *stream, effect, config, now),
                _ => {}
            }
        }
        if let session::Effect::Datagram { frame: Frame::Pong { lease_millis, .. } } = effect
            && *lease_millis > 0
            && config.node.cache.is_some()
        {
            let left =
                self.watch.above.iter().filter_map(|above| self.lines.get(above)).map(|line| line.talk.lease_until().since(now)).min();
            let told = Span::millis(u64::from(*lease_millis));
            self.watch.sheet.judge(Monitor::LeaseNoLonger, left.is_some_and(|left| told <= left), me, told.0);
        }
        self.watch_word(id, effect, config, now);
    }

    fn watch_word(&mut self, id: u64, effect: &session::Effect, config: &Config, now: Time) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let watch = &mut self.watch;
        let mut scene = Scene { config: &config.node, names: &mut watch.names, sheet: &mut watch.sheet, now };
        line.talk.say(effect, &mut scene);
        watch.on(id);
        if matches!(effect, session::Effect::Write { frame: Frame::Confirm(_), .. }) {
            watch.opens(id, &line.talk, config);
        }
    }

    /// The node acknowledges a purge.
    fn watch_purged(&mut self, id: u64, stream: session::StreamId, effect: &session::Effect, config: &Config, now: Time) {
        let asked = self.lines.get_mut(&id).and_then(|line| {
            let peer = line.peer;
            line.talk.stream(stream).map(|stream| (peer, stream.asked.clone(), stream.since))
        });
        if let Some((peer, Asked::Purge { name, upto }, since)) = asked
            && upto > 0
        {
            let watch = &mut self.watch;
            if config.node.cache.is_some() {
                let late = now.since(since.max(watch.waited));
                watch.sheet.judge(Monitor::PurgesInTime, late <= ACKNOWLEDGE_WITHIN, peer, late.0);
            }
            let mut below = watch.below.iter().filter_map(|below| self.lines.get(below)).filter(|line| line.talk.is_open());
            let silent = below.find(|line| line.talk.purging().any(|(of, to, _)| (of, to) == (name, upto)));
            if !watch.below.is_empty() {
                watch.sheet.judge(Monitor::PurgesReachAll, silent.is_none(), silent.map_or(peer, |line| line.peer), upto);
            }
            watch.names.forbid(name, upto);
        }
        self.watch_word(id, effect, config, now);
    }

    /// What a name leads to, or a content, was handed to a connection.
    pub(super) fn watch_served(&mut self, level: Level, named: bool, config: &Config, me: NodeId, now: Time) {
        if named && config.node.cache.is_some() && matches!(level, Level::Memory | Level::Disk) {
            let mut above = self.watch.above.iter().filter_map(|above| self.lines.get(above));
            self.watch.sheet.judge(Monitor::LeaseLasts, above.any(|line| now < line.talk.lease_until()), me, 0);
        }
    }

    /// A server sent something that has another name.
    pub(super) fn watch_poisoned(&mut self, server: ServerId) {
        let from = self.lines.iter().find(|(_, line)| line.server == Some(server) && line.talk.is_open());
        self.watch.staying.extend(from.map(|(id, _)| *id));
    }

    /// The node sets its next question for a lease.
    pub(super) fn watch_wake(&mut self, after: Span, why: Why, config: &Config, me: NodeId) {
        if let Why::Lease(_) = why {
            let most = config.node.lease.0 / LEASE_PARTS;
            self.watch.sheet.judge(Monitor::LeaseIsAsked, after.0 <= most, me, after.0);
        }
    }

    /// A reaction is over: what had to be said in it was said.
    pub(super) fn watch_over(&mut self, now: Time) {
        // Its room is kept for the next reaction.
        let mut due = std::mem::take(&mut self.watch.due);
        for id in due.drain(..) {
            if let Some(line) = self.lines.get_mut(&id) {
                line.talk.settle(&mut self.watch.sheet);
            }
        }
        self.watch.due = due;
        for (id, monitor) in std::mem::take(&mut self.watch.closing) {
            if let Some(line) = self.lines.get(&id) {
                self.watch.sheet.judge(monitor, line.talk.is_closed(), line.peer, id);
            }
        }
        for id in std::mem::take(&mut self.watch.staying) {
            if let Some(line) = self.lines.get(&id) {
                self.watch.sheet.judge(Monitor::WrongIsDropped, !line.talk.is_closed(), line.peer, id);
            }
        }
        if std::mem::take(&mut self.watch.in_doubt) {
            for line in self.watch.below.iter().filter_map(|below| self.lines.get(below)).filter(|line| line.talk.is_open()) {
                let told = line.talk.purging().any(|(_, upto, since)| upto == 0 && since == now);
                self.watch.sheet.judge(Monitor::DoubtIsTold, told, line.peer, 0);
            }
        }
    }

    /// Tells the trace what monitors found.
    pub(super) fn tell_findings(&mut self, cx: &mut Cx<'_, Effect>) {
        if !self.watch.sheet.is_empty() {
            self.watch.sheet.drain().for_each(|content| cx.emit(node::Effect::Fact(Fact::Content(content))));
        }
    }
}

/// An object is offered: whether it may be stored at all, as far as the store knows.
fn offered(talk: &mut Talk, stream: session::StreamId, frame: &Frame, disk: &Disk, stock: Stock<'_>, sheet: &mut Sheet) {
    let Some(stream) = talk.stream(stream) else { return };
    let Asked::Put { name, version, is_old, .. } = &mut stream.asked else { return };
    let Looked { bound, purged, .. } = disk.look(name, stock);
    let version = Version(*version);
    let old = match frame {
        Frame::Manifest(head) => bound.is_some_and(|(held, root)| held == version && root.0 != head.id.0),
        _ => purged.is_some_and(|upto| upto >= version) || bound.is_some_and(|(held, _)| held > version),
    };
    if old && !*is_old {
        *is_old = true;
        sheet.tried(Monitor::OldIsRefused);
    }
}

/// An object is acknowledged: whether it was welcome, and whether it is there.
fn acknowledged(talk: &mut Talk, id: session::StreamId, ack: &Ack, disk: &Disk, stock: Stock<'_>, sheet: &mut Sheet) {
    let peer = talk.peer();
    let Some(Asked::Put { name, version, is_old, .. }) = talk.stream(id).map(|stream| &stream.asked) else { return };
    if *is_old {
        sheet.unkept(Monitor::OldIsRefused, peer, *version);
    }
    let is_there = leads_there(name, Version(*version), ack.id, disk, stock) && is_whole(ack.id, disk, stock);
    sheet.judge(Monitor::AcksAreTrue, is_there, peer, *version);
}

/// Whether a name leads to a version, or did so before a later one or a purge.
fn leads_there(name: &Name, version: Version, root: ContentId, disk: &Disk, stock: Stock<'_>) -> bool {
    let Looked { bound, purged, .. } = disk.look(name, stock);
    bound.is_some_and(|(held, to)| held > version || (held == version && to.0 == root.0)) || purged.is_some_and(|upto| upto >= version)
}

/// Whether every content of an object is in the store.
fn is_whole(root: ContentId, disk: &Disk, stock: Stock<'_>) -> bool {
    let mut walk = Walk::whole(ManifestId(root.0));
    loop {
        match walk.step() {
            Step::Done => return true,
            Step::Piece(piece) if disk.lacks(&ContentId(piece.id.0), stock) => return false,
            Step::Piece(_) => {}
            Step::Need(id) => {
                let truth = stock.catalogue.content(&ContentId(id.0)).filter(|_| !disk.lacks(&ContentId(id.0), stock));
                if truth.is_none_or(|bytes| walk.supply(bytes).is_err()) {
                    return false;
                }
            }
        }
    }
}
