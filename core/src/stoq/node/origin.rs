//! Answering for names from the store of an origin.

use super::StoqNode;
use super::port::{ConnId, Level, Looked, StoreOp, Unread};
use super::turn::Turn;
use super::wait::{Got, Wait};
use crate::base::Span;
use crate::stoq::chunk::ManifestId;
use crate::stoq::session::frame::word::{Absent, Word, millis_down};
use crate::stoq::session::frame::{ContentId, GetName};
use crate::stoq::session::{Code, StreamId};
use crate::testing::Breach;
use std::sync::Arc;

impl StoqNode {
    /// The store says what a name leads to.
    pub(super) fn on_looked(
        &mut self,
        conn: ConnId,
        stream: StreamId,
        ask: Box<GetName>,
        looked: Result<Looked, Unread>,
        t: &mut Turn<'_, '_>,
    ) {
        let Ok(looked) = looked else { return self.refuse(conn, stream, Code::StoreFailed, t) };
        self.learn_state(&looked);
        match looked.bound {
            // It may have been purged, and nobody here knows: it is not served, and its absence is not told.
            Some(_) if looked.doubtful => self.refuse(conn, stream, Code::StoreFailed, t),
            Some((version, _)) if version.0 < ask.version_min && !Breach::AnswerWithOlder.is_on() => self.absent(conn, stream, None, t),
            Some((version, id)) if ask.known == Some(version.0) && ask.manifest_only => {
                let word = self.word();
                self.reply(conn, stream, &ask, (version.0, id), word, (&Arc::from([]), Level::Store), t);
            }
            Some((version, id)) => {
                let number = self.wait(Wait::Top { conn, stream, ask, version: version.0, id });
                t.store(number, StoreOp::Read { id: ContentId(id.0) });
            }
            None => {
                let purged = looked.purged.map_or(0, |upto| upto.0 + 1);
                let version = self.state.max(purged).max(1);
                let absent = Absent { origin: true, version, age_millis: 0, max_age_millis: millis_down(self.config.absent_age) };
                self.absent(conn, stream, Some(absent), t);
            }
        }
    }

    /// The top manifest that a name leads to was read.
    #[expect(clippy::too_many_arguments, reason = "the parts of one wait")]
    pub(super) fn on_top(
        &mut self,
        conn: ConnId,
        stream: StreamId,
        ask: &GetName,
        version: u64,
        id: ManifestId,
        got: Got,
        t: &mut Turn<'_, '_>,
    ) {
        match got {
            Ok((bytes, level)) => self.reply(conn, stream, ask, (version, id), self.word(), (&bytes, level), t),
            Err(_) => self.refuse(conn, stream, Code::StoreFailed, t),
        }
    }

    /// The state of an origin never falls: a purge is a change of it.
    pub(super) fn learn_state(&mut self, looked: &Looked) {
        let bound = looked.bound.map_or(0, |(version, _)| version.0);
        self.state = self.state.max(bound).max(looked.purged.map_or(0, |upto| upto.0.saturating_add(1)));
    }

    /// The word of an origin.
    fn word(&self) -> Word {
        Word::new(Span::ZERO, &self.config.life, true)
    }
}
