//! Facts about contents that are asked for by name: which metrics they move, and which promises they break.

use super::log::ShardLog;
use crate::engine::Cell;
use crate::oracle::copies::Held;
use crate::oracle::purges::{Forbidden, Handed};
use hypermesh_core::node::{Content, Level, Stage};
use hypermesh_core::stoq::session::Code;
use hypermesh_scenarios::catalog::Id;

impl ShardLog<'_> {
    /// Takes in a fact about contents.
    pub(super) fn content<N>(&mut self, now: u64, cell: &Cell<N>, content: Content) {
        match content {
            Content::Asked => self.count(Id::FetchAsked, cell),
            Content::Fetched { took, bytes } => {
                self.count(Id::FetchDone, cell);
                self.count_many(Id::FetchBytes, cell, bytes);
                self.sample(Id::FetchLatency, cell, now, took.0);
                self.note(now, cell, "fetched", || format!("{bytes} bytes in {took}"));
            }
            Content::Failed { code } => {
                self.count(Id::FetchFailed, cell);
                self.note(now, cell, "fetch_failed", || format!("code {code:#04x}"));
            }
            Content::Served { level, bytes, named, stale } => {
                self.look_at(now, cell);
                self.served(cell, level, bytes, named, stale);
                self.deliveries.served(self.meters.bin(), cell.id, named, level, bytes);
            }
            Content::Refused { .. } => self.count(Id::ServeRefused, cell),
            Content::Fetching { count } => self.count_many(Id::Upstream, cell, u64::from(count)),
            Content::Poisoned => self.count(Id::Poisoned, cell),
            Content::Purged { took } => {
                self.count(Id::PurgeDone, cell);
                self.sample(Id::PurgeLatency, cell, now, took.0);
            }
            Content::Connected { took, to } => {
                self.deliveries.connected(cell.id, to);
                self.count(Id::Connected, cell);
                self.sample(Id::Handshake, cell, now, took.0);
                self.open(cell, true);
            }
            Content::Disconnected => {
                self.count(Id::Disconnected, cell);
                self.open(cell, false);
            }
            Content::Handed { object, version, took } => {
                self.purges.handed.push(Handed { at: now, node: cell.id.0, asked: now.saturating_sub(took.0), object, version });
            }
            Content::Publishing => self.count(Id::PutAsked, cell),
            Content::Published { took } => {
                self.count(Id::PutDone, cell);
                self.sample(Id::PutLatency, cell, now, took.0);
            }
            Content::Forbidden { object, upto } => {
                self.count(Id::PurgeAcknowledged, cell);
                self.purges.forbidden.push(Forbidden { object, at: now, upto });
            }
            Content::Rejected { code } => {
                self.count(Id::PublishFailed, cell);
                for (of, id) in [(Code::StoreFull, Id::PutFull), (Code::Conflict, Id::PutConflict)] {
                    if code == of as u8 {
                        self.count(id, cell);
                    }
                }
            }
            Content::Worked { took, waited } => {
                self.count_many(Id::CpuBusy, cell, took.0);
                self.sample(Id::CpuWait, cell, now, waited.0);
            }
            Content::Lost { packets } => self.count_many(Id::PacketsLost, cell, u64::from(packets)),
            Content::Stage { stage, took } => {
                let id = match stage {
                    Stage::Connect => Id::FetchConnect,
                    Stage::Lookup => Id::FetchLookup,
                    Stage::FirstByte => Id::FetchFirst,
                    Stage::Rest => Id::FetchRest,
                };
                self.sample(id, cell, now, took.0);
            }
            Content::Took { from, bytes } => self.deliveries.took(cell.id, from, bytes),
            Content::Carried { content, frames, again, quic, headers } => {
                let layers = [
                    (Id::BytesContent, content),
                    (Id::BytesFrames, frames),
                    (Id::BytesAgain, again),
                    (Id::BytesQuic, quic),
                    (Id::BytesHeaders, headers),
                ];
                layers.into_iter().for_each(|(id, bytes)| self.count_many(id, cell, u64::from(bytes)));
            }
            Content::Wrong => {
                let what = "bytes that the origin did not publish under that name and version";
                self.oracle.broken(Id::BrokenContent, now, cell.id, || format!("{} was handed {what}", cell.id));
            }
            Content::Mistaken => {
                let what = "sent something else than was published under that name";
                self.oracle.broken(Id::BrokenHonest, now, cell.id, || format!("{} {what}", cell.id));
            }
            Content::Unwelcome { accepted } => self.count(if accepted { Id::CertDropped } else { Id::CertRefused }, cell),
            Content::Copied { object, to, took, lacked } => {
                self.copies.events.push(Held { at: now, node: to.0, object, held: true });
                if lacked {
                    self.count(Id::ReplicaCopied, cell);
                    self.sample(Id::ReplicaRepair, cell, now, took.0);
                }
            }
            Content::Dropped { object } => {
                self.copies.events.push(Held { at: now, node: cell.id.0, object, held: false });
                self.count(Id::ReplicaDropped, cell);
            }
            Content::Damaged => self.count(Id::StoreDamaged, cell),
            Content::Unread => self.count(Id::StoreUnread, cell),
            Content::Full => self.count(Id::StoreFull, cell),
            Content::Old => {
                let what = "an object that an acknowledged purge had forbidden before it asked";
                self.oracle.broken(Id::BrokenPurge, now, cell.id, || format!("{} was handed {what}", cell.id));
            }
            Content::Tried { monitor, times } => self.monitors.tried(monitor, times),
            Content::Unkept { monitor, peer, what } => self.monitors.unkept(monitor, now, cell.id, peer, what),
            Content::Stranger => {
                self.oracle
                    .broken(Id::BrokenStranger, now, cell.id, || format!("{} answered somebody without a good certificate", cell.id));
            }
        }
    }

    /// A connection that a node dialled was opened, or is over.
    fn open<N>(&mut self, cell: &Cell<N>, up: bool) {
        let (index, level) = (self.index(cell), &mut self.meters.levels[Id::Connections as usize]);
        *level = if up { *level + 1 } else { *level - 1 };
        if let Some(open) = self.dialled.get_mut(index) {
            *open = if up { *open + 1 } else { *open - 1 };
        }
    }

    fn served<N>(&mut self, cell: &Cell<N>, level: Level, bytes: u32, named: bool, stale: bool) {
        self.count(
            match level {
                Level::Memory => Id::ServedMemory,
                Level::Disk => Id::ServedDisk,
                Level::Upstream => Id::ServedUpstream,
                Level::Store => Id::ServedStore,
            },
            cell,
        );
        if stale {
            self.count(Id::ServedStale, cell);
        }
        if !named {
            let id = if level == Level::Store { Id::ServedOriginBytes } else { Id::ServedCacheBytes };
            self.count_many(id, cell, u64::from(bytes));
        }
    }
}
