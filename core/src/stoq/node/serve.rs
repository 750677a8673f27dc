//! Answering: requests for names and for contents, from the store of an origin or from the cache.

use super::conn::Exchange;
use super::flow::{Flow, Pending, Slot, Stage};
use super::notices::code_of;
use super::port::{ConnId, Effect, Fact, Level, StoreOp};
use super::turn::{CacheWork, Turn, Work};
use super::wait::{Got, Wait};
use super::{Key, StoqNode, session};
use crate::base::Time;
use crate::stoq::cache::{self, Request, Version, Waiter};
use crate::stoq::chunk::ManifestId;
use crate::stoq::manifest::Walk;
use crate::stoq::session::frame::{Bits, Cancel, Chunk, ContentId, Fail, Frame, GetName, Manifest, Range, Want, Word};
use crate::stoq::session::limits::CHUNK_BYTES_MAX;
use crate::stoq::session::{Code, StreamId};
use crate::testing::{Breach, Defect};
use std::sync::Arc;

impl StoqNode {
    /// A request of a peer.
    pub(super) fn on_request(&mut self, conn: ConnId, stream: StreamId, frame: Frame, t: &mut Turn<'_, '_>) {
        self.serving += 1;
        let serves = self.is_origin() || self.tier.is_some();
        let Some(c) = self.conns.get_mut(&conn) else { return };
        c.exchanges.insert(stream, Exchange::Asked);
        if matches!(frame, Frame::Purge(_)) {
            // A purge is never put off for want of room: it makes some.
        } else if self.serving as usize > self.config.serving_max && !Breach::ServeWithoutBound.is_on() {
            return self.refuse(conn, stream, Code::Overloaded, t);
        } else if !serves {
            let code = if Breach::ServeWithoutStore.is_on() { Code::NotFound } else { Code::NotAuthorised };
            return self.refuse(conn, stream, code, t);
        }
        match frame {
            Frame::GetName(ask) => self.on_get_name(conn, stream, ask, t),
            Frame::GetId(ask) if Breach::AnswerRepeatDifferently.is_on() && c.is_repeated(ask.id) => {
                self.refuse(conn, stream, Code::NotFound, t);
            }
            Frame::GetId(ask) => {
                let flow = Box::new(Flow::new(Pending::Ids([(ask.id, 0)].into())));
                self.serve(conn, stream, Exchange::Serving { flow, range: ask.range }, t);
            }
            Frame::Want(want) => self.on_want(conn, stream, want, t),
            Frame::Put(put) => self.on_put(conn, stream, *put, t),
            Frame::Purge(purge) => self.on_purge(conn, stream, *purge, t),
            _ => self.refuse(conn, stream, Code::Refused, t),
        }
    }

    /// Contents go out from now on.
    fn serve(&mut self, conn: ConnId, stream: StreamId, serving: Exchange, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        c.exchanges.insert(stream, serving);
        c.list(stream);
        t.later(Work::Pump(conn));
    }

    fn on_get_name(&mut self, conn: ConnId, stream: StreamId, ask: Box<GetName>, t: &mut Turn<'_, '_>) {
        if self.tier.is_some() {
            return self.ask_cache(conn, stream, ask, false, t);
        }
        let name = ask.name.clone();
        let number = self.wait(Wait::Look { conn, stream, ask });
        t.store(number, StoreOp::Look { name });
    }

    /// Asks the cache for what a name leads to; `again` if a copy would not do, so that the origin has to be asked.
    pub(super) fn ask_cache(&mut self, conn: ConnId, stream: StreamId, ask: Box<GetName>, again: bool, t: &mut Turn<'_, '_>) {
        let key = Key::of(&ask.name);
        let (at_least, from_origin, name) = (Version(ask.version_min), ask.from_origin || again, ask.name.clone());
        let number = self.wait(Wait::Name { conn, stream, ask, again });
        let input = cache::Input::Request(Request { key, waiter: Waiter(number), immutable: false, at_least, from_origin });
        t.later(Work::Cache(Box::new(CacheWork { input, name: Some(name), fetched: None, code: Code::Refused })));
    }

    fn on_want(&mut self, conn: ConnId, stream: StreamId, want: Want, t: &mut Turn<'_, '_>) {
        let Some(mut bits) = Bits::zeros(want.ids.len()) else { return };
        let flow = Flow::new(Pending::Ids(want.ids.iter().copied().zip(0..).collect()));
        let send = want.send;
        // What is longer than the peer takes cannot be sent, so it is not promised.
        let most = self.conns.get(&conn).map_or(CHUNK_BYTES_MAX, |c| c.session.agreed().limits.chunk_bytes);
        match &self.tier {
            Some(tier) => {
                // What a cache lacks it fetches, so that it can promise to send it; what it only tells has to be there.
                let fits = |id: &ContentId| tier.cache.bytes_of(&Key::Content(*id)).map_or(send, |bytes| bytes <= u64::from(most));
                (0..want.ids.len()).filter(|at| fits(&want.ids[*at])).for_each(|at| bits.set(at));
                self.tell_have(conn, stream, flow, send, bits, t);
            }
            None => {
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.exchanges.insert(stream, Exchange::Looking { flow: Box::new(flow), send });
                }
                let number = self.wait(Wait::Known { conn, stream });
                t.store(number, StoreOp::Known { ids: want.ids, most });
            }
        }
    }

    /// The store of an origin knows which contents of a WANT it has.
    pub(super) fn on_known(&mut self, conn: ConnId, stream: StreamId, bits: Bits, t: &mut Turn<'_, '_>) {
        let Some(looking) = self.conns.get_mut(&conn).and_then(|c| c.exchanges.get_mut(&stream)) else { return };
        match core::mem::replace(looking, Exchange::Asked) {
            Exchange::Looking { flow, send } => self.tell_have(conn, stream, *flow, send, bits, t),
            other => *looking = other,
        }
    }

    fn tell_have(&mut self, conn: ConnId, stream: StreamId, mut flow: Flow, send: bool, bits: Bits, t: &mut Turn<'_, '_>) {
        let frame = Frame::Have(Box::new(bits));
        if !flow.keeps(&frame, send && bits.ones() > 0) {
            self.say(conn, session::Input::Say { stream, frame }, t);
        }
        if let Pending::Ids(ids) = &mut flow.pending {
            let send = send || Breach::SendUnasked.is_on();
            ids.retain(|(_, place)| send && bits.get(usize::from(*place)));
        }
        self.serve(conn, stream, Exchange::Serving { flow: Box::new(flow), range: None }, t);
        self.finish(conn, stream, t);
    }

    pub(super) fn on_cancel(&mut self, conn: ConnId, stream: StreamId, cancel: Cancel, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        if let Some(Exchange::Looking { flow, .. }) = c.exchanges.get_mut(&stream) {
            // What is there is still told for all; nothing is being read yet.
            flow.cancel(cancel.first, cancel.count);
            return;
        }
        let Some(flow) = c.flow(stream) else { return };
        for number in flow.cancel(cancel.first, cancel.count) {
            self.unwait(number, t);
        }
        self.drain(conn, stream, t);
    }

    /// Answers a GET_NAME with a manifest, and goes on with the contents if they are wanted.
    #[expect(clippy::too_many_arguments, reason = "the parts of one answer")]
    pub(super) fn reply(
        &mut self,
        conn: ConnId,
        stream: StreamId,
        ask: &GetName,
        (version, id): (u64, ManifestId),
        word: Word,
        (bytes, level): (&Arc<[u8]>, Level),
        t: &mut Turn<'_, '_>,
    ) {
        let word = Some(word).filter(|_| !Breach::OmitWord.is_on());
        let mut head = Manifest { id: ContentId(id.0), version, same: false, word, bytes: bytes.len() as u32 };
        let is_same = ask.known.is_some_and(|known| known == version || Breach::SayAlwaysSame.is_on());
        if is_same && ask.manifest_only {
            (head.same, head.bytes) = (true, 0);
            return self.answer(conn, stream, Frame::Manifest(Box::new(head)), t);
        }
        let drove = self.say(conn, session::Input::Say { stream, frame: Frame::Manifest(Box::new(head)) }, t);
        if !drove.wrote {
            return self.refuse(conn, stream, Code::Refused, t);
        }
        t.fact(Fact::Served { conn, level, bytes: head.bytes, named: true, stale: word.is_some_and(|word| word.age() > max_age(&word)) });
        self.put_out(conn, stream, bytes.clone(), 0..head.bytes, t);
        let mut flow = Flow::new(Pending::Ids([].into()));
        if !ask.manifest_only {
            let mut walk = ask.range.map_or_else(|| Walk::whole(id), |range| Walk::new(id, range.start()..range.end()));
            match walk.supply(bytes) {
                Ok(()) => flow.pending = Pending::Walk(Box::new(walk)),
                Err(_) => flow.stop(Code::RangeInvalid),
            }
        }
        self.serve(conn, stream, Exchange::Serving { flow: Box::new(flow), range: None }, t);
        self.finish(conn, stream, t);
    }

    /// Data follow the head that was written.
    pub(super) fn put_out(&mut self, conn: ConnId, stream: StreamId, bytes: Arc<[u8]>, range: core::ops::Range<u32>, t: &mut Turn<'_, '_>) {
        if range.is_empty() {
            return;
        }
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let len = u64::from(range.end - range.start);
        c.ahead += len;
        *c.writing.entry(stream).or_default() += len;
        t.emit(Effect::Data { conn, stream, bytes, range });
    }

    /// Reads on for the streams of a connection in turn, as long as there is room.
    pub(super) fn pump(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) {
        // A breach reads half of a longest content too much: what is more is found by the node's own check.
        let more = if Breach::ReadAheadWithoutBound.is_on() { CHUNK_BYTES_MAX / 2 } else { 0 };
        let budget = u64::from(self.config.send_ahead_bytes) + u64::from(more);
        loop {
            let Some(c) = self.conns.get_mut(&conn) else { return };
            let Some(stream) = c.hungry.pop_front() else { return };
            let ahead = c.ahead;
            let Some(flow) = c.flow(stream) else { continue };
            if ahead > 0 && ahead + u64::from(flow.guess()) > budget && !Defect::ReadAhead.is_planted(self.config.defect) {
                c.hungry.push_front(stream);
                return;
            }
            flow.listed = false;
            match flow.next() {
                Some((id, place)) => self.read(conn, stream, id, place, t),
                None => self.finish(conn, stream, t),
            }
            if let Some(c) = self.conns.get_mut(&conn) {
                c.list(stream);
            }
        }
    }

    /// Begins to read one content for a stream.
    fn read(&mut self, conn: ConnId, stream: StreamId, id: ContentId, place: u8, t: &mut Turn<'_, '_>) {
        let key = Key::Content(id);
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let offer = match c.exchanges.get(&stream) {
            Some(Exchange::Offer { job, .. }) => Some(*job),
            _ => None,
        };
        let number = self.wait(match offer {
            Some(_) => Wait::Supply { conn, stream },
            None => Wait::Content { conn, stream, key },
        });
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let Some(flow) = c.flow(stream) else { return };
        let reserved = flow.guess();
        let late = Breach::SendOutOfOrder.is_on() && matches!(flow.pending, Pending::Walk(_)) && !flow.slots.is_empty();
        let at = flow.slots.len() - usize::from(late);
        flow.slots.insert(at, Slot { number, id, place, reserved, stage: Stage::Reading });
        c.ahead += u64::from(reserved);
        match offer {
            Some(job) => t.store(number, StoreOp::Supply { job, id }),
            None if self.tier.is_some() => {
                let (waiter, at_least) = (Waiter(number), Version(0));
                t.cache(cache::Input::Request(Request { key, waiter, immutable: true, at_least, from_origin: false }));
            }
            None => t.store(number, StoreOp::Read { id }),
        }
    }

    /// A content that a stream waits for is there, or is not.
    pub(super) fn on_content(&mut self, conn: ConnId, stream: StreamId, number: u64, got: Got, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let ahead = c.ahead;
        let is_offer = matches!(c.exchanges.get(&stream), Some(Exchange::Offer { .. }));
        let Some(flow) = c.flow(stream) else { return };
        let Some(at) = flow.slots.iter().position(|slot| slot.number == number) else { return };
        let slot = &mut flow.slots[at];
        let before = u64::from(slot.reserved);
        slot.reserved = 0;
        let mut broken = false;
        let got = match got {
            Err(Code::NotFound) if Breach::InventContent.is_on() && !is_offer => Ok((Arc::from([0]), Level::Store)),
            got => got,
        };
        match (&slot.stage, got) {
            (Stage::Skipped, _) => {}
            (_, Ok((bytes, level))) => {
                slot.reserved = bytes.len() as u32;
                slot.stage = Stage::Ready(bytes.clone(), level);
                let id = slot.id;
                flow.note(bytes.len());
                broken = !flow.learn(id, &bytes);
            }
            (_, Err(code)) => slot.stage = Stage::Lost(code),
        }
        if broken {
            flow.stop(Code::ManifestInvalid);
        }
        let after = u64::from(flow.slots[at].reserved);
        c.ahead = ahead - before + after;
        self.drain(conn, stream, t);
        t.later(Work::Pump(conn));
    }

    /// Writes what is next in turn, as far as it is there.
    fn drain(&mut self, conn: ConnId, stream: StreamId, t: &mut Turn<'_, '_>) {
        loop {
            let Some(c) = self.conns.get_mut(&conn) else { return };
            let range = match c.exchanges.get(&stream) {
                Some(Exchange::Serving { range, .. }) => *range,
                _ => None,
            };
            let Some(flow) = c.flow(stream) else { return };
            if flow.slots.front().is_none_or(|slot| matches!(slot.stage, Stage::Reading)) {
                break;
            }
            let Some(slot) = flow.slots.pop_front() else { break };
            match slot.stage {
                Stage::Lost(code) if matches!(flow.pending, Pending::Walk(_)) => flow.stop(code),
                Stage::Lost(code) => flow.trouble = flow.trouble.or(Some(code)),
                _ => {}
            }
            c.ahead -= u64::from(slot.reserved);
            if let Stage::Ready(bytes, level) = slot.stage {
                self.write(conn, stream, slot.id, (bytes, level), range, t);
            }
        }
        if let Some(c) = self.conns.get_mut(&conn) {
            c.list(stream);
        }
        self.finish(conn, stream, t);
    }

    fn write(
        &mut self,
        conn: ConnId,
        stream: StreamId,
        id: ContentId,
        (bytes, level): (Arc<[u8]>, Level),
        range: Option<Range>,
        t: &mut Turn<'_, '_>,
    ) {
        let whole = bytes.len() as u32;
        let all = if Breach::SendPartOfChunk.is_on() { whole.min(64 << 10) } else { whole };
        let part = range.map_or(0..u64::from(all), |range| range.start()..range.end());
        let part = if Breach::ServeBeyondEnd.is_on() { part.start.min(whole.into())..part.end.min(whole.into()) } else { part };
        if part.end > u64::from(whole) {
            return self.refuse(conn, stream, Code::RangeInvalid, t);
        }
        let part = part.start as u32..part.end as u32;
        let head = Chunk { id, whole, offset: part.start, bytes: part.end - part.start };
        let drove = self.say(conn, session::Input::Say { stream, frame: Frame::Chunk(head) }, t);
        if drove.wrote {
            self.count_sent(conn, stream, head.bytes, level, t);
            self.put_out(conn, stream, bytes, part, t);
            if let Some(frame) = self.conns.get_mut(&conn).and_then(|c| c.flow(stream)?.kept()) {
                self.say(conn, session::Input::Say { stream, frame }, t);
            }
        } else if let Some(flow) = self.conns.get_mut(&conn).and_then(|c| c.flow(stream)) {
            // It is longer than the peer takes, or the peer has its answer already.
            flow.trouble = flow.trouble.or(Some(Code::Refused));
        }
    }

    fn count_sent(&mut self, conn: ConnId, stream: StreamId, bytes: u32, level: Level, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get(&conn) else { return };
        match c.exchanges.get(&stream) {
            Some(Exchange::Offer { job, .. }) => self.on_supplied(*job, bytes),
            _ => t.fact(Fact::Served { conn, level, bytes, named: false, stale: false }),
        }
    }

    /// Ends this side's direction if everything is said.
    fn finish(&mut self, conn: ConnId, stream: StreamId, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let flow = match c.exchanges.get(&stream) {
            Some(Exchange::Serving { flow, .. }) => flow,
            // What was offered and cannot be had ends the offer.
            Some(Exchange::Offer { flow, .. }) if flow.trouble.is_some() => return self.abort(conn, stream, Code::Cancelled, t),
            _ => return,
        };
        if !flow.is_over() {
            return;
        }
        match flow.trouble {
            Some(code) => self.refuse(conn, stream, code, t),
            None => {
                c.exchanges.insert(stream, Exchange::Answered);
                self.say(conn, session::Input::Finish { stream }, t);
            }
        }
    }

    /// Says that there is no such object, with what the asker may remember of that.
    pub(super) fn absent(&mut self, conn: ConnId, stream: StreamId, absent: Option<session::frame::Absent>, t: &mut Turn<'_, '_>) {
        let mut fail = Fail::new(Code::NotFound, 0);
        fail.absent = absent;
        debug_assert_eq!(code_of(&fail), Code::NotFound, "a failure tells its code");
        self.fail(conn, stream, fail, t);
    }
}

/// How long an answer is fresh.
fn max_age(word: &Word) -> crate::base::Span {
    match word.life() {
        cache::Life::Limited { max_age, .. } => max_age,
        cache::Life::Immutable => Time::NEVER.since(Time::ZERO),
    }
}
