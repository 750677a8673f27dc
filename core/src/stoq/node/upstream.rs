//! Asking the nodes above for what the cache lacks, and looking at what comes before anybody gets it (R-10-04).
//!
//! Contents that are asked for in one reaction travel in one WANT. What one node has not, sends wrong or does not send is asked of the next one; when
//! nobody is left, the fetch has failed.

use super::conn::Exchange;
use super::links::Reach;
use super::port::{ConnId, Fact, Level, ServerId};
use super::tier::{Copy, Heard, Missing, News};
use super::turn::{CacheWork, Turn, Work};
use super::{Key, StoqNode};
use crate::base::{Span, Time};
use crate::stoq::cache::{self, Answer, FetchId, Life, Version};
use crate::stoq::chunk::{ChunkId, ManifestId, NameKey};
use crate::stoq::manifest::{MANIFEST_LEN_MAX, Manifest};
use crate::stoq::session::frame::word::span_of;
use crate::stoq::session::frame::{self, Bits, ContentId, Fail, Frame, GetId, Name, Want, Word};
use crate::stoq::session::limits::WANT_MAX;
use crate::stoq::session::{Code, Roles, StreamId};
use crate::testing::{Breach, Defect};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that the cache wants from above.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    key: Key,
    name: Option<Name>,
    pub(super) known: Option<Version>,
    pub(super) at_least: Version,
    pub(super) from_origin: bool,
    /// Who was asked and did not help.
    tried: Vec<ServerId>,
    /// Whether all of these said that they have it not.
    lacking: bool,
    /// Connections that were gone before it came.
    lost: u8,
}

/// Connections that one fetch may outlive at one server.
const LOST_MAX: u8 = 3;

/// An exchange with a node above.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    server: ServerId,
    /// What is still to come.
    due: Vec<(FetchId, ContentId)>,
    since: Time,
    /// The epoch of the connection when it was asked.
    epoch: u32,
}

impl Fetch {
    pub(super) const fn new(key: Key, name: Option<Name>, known: Option<Version>, at_least: Version, from_origin: bool) -> Self {
        Self { key, name, known, at_least, from_origin, tried: Vec::new(), lacking: true, lost: 0 }
    }

    /// Why it failed, if it failed now.
    pub(super) const fn code(&self) -> Code {
        if self.lacking && !self.tried.is_empty() { Code::NotFound } else { Code::Refused }
    }
}

impl StoqNode {
    /// The cache wants something from above. It is asked for when this reaction is over.
    pub(super) fn want_above(&mut self, id: FetchId, fetch: Fetch) {
        let Some(tier) = &mut self.tier else { return };
        tier.fetches.insert(id, fetch);
        tier.waiting.push_back(id);
        tier.stirred = true;
    }

    /// Asks for all that waits, of whoever can be asked.
    pub(super) fn ask_above(&mut self, t: &mut Turn<'_, '_>) {
        let Some(tier) = self.tier.as_mut().filter(|tier| tier.stirred) else { return };
        tier.stirred = false;
        if tier.waiting.is_empty() {
            return;
        }
        let mut servers = self.servers().to_vec();
        servers.sort_by_key(|server| server.cost);
        let waiting = self.tier.as_mut().map(|tier| core::mem::take(&mut tier.waiting)).unwrap_or_default();
        let mut together: BTreeMap<(ConnId, ServerId), Vec<(FetchId, ContentId)>> = BTreeMap::new();
        for id in waiting {
            let Some(fetch) = self.tier.as_ref().and_then(|tier| tier.fetches.get(&id)).cloned() else { continue };
            let untried = servers.iter().map(|server| server.id).filter(|server| !fetch.tried.contains(server));
            let mut found = Reach::Away;
            let mut whom = ServerId(0);
            for server in untried.collect::<Vec<_>>() {
                (found, whom) = (self.reach(server, t), server);
                if found != Reach::Away {
                    break;
                }
            }
            match (found, fetch.key) {
                (Reach::Usable(conn), Key::Content(content)) => together.entry((conn, whom)).or_default().push((id, content)),
                (Reach::Usable(conn), Key::Name(_)) => self.ask_name(conn, whom, id, &fetch, t),
                (Reach::Soon, _) => self.put_off(id),
                (Reach::Away, _) => self.fail_fetch(id, t),
            }
        }
        for ((conn, server), due) in together {
            for part in due.chunks(WANT_MAX) {
                self.ask_contents(conn, server, part, t);
            }
        }
    }

    /// Somebody may be asked now who could not be asked before: what waits is looked at again when this reaction is over.
    pub(super) fn stir(&mut self) {
        if let Some(tier) = &mut self.tier {
            tier.stirred = true;
        }
    }

    /// Connects with the first of the nodes above before anything is asked of it.
    pub(super) fn meet_above(&mut self, t: &mut Turn<'_, '_>) {
        let first = self.servers().iter().min_by_key(|server| server.cost).map(|server| server.id);
        if let (Some(server), true) = (first, self.tier.is_some()) {
            self.reach(server, t);
        }
    }

    fn put_off(&mut self, id: FetchId) {
        if let Some(tier) = &mut self.tier {
            tier.waiting.push_back(id);
        }
    }

    fn ask_name(&mut self, conn: ConnId, server: ServerId, id: FetchId, fetch: &Fetch, t: &mut Turn<'_, '_>) {
        let Some(name) = fetch.name.clone() else { return self.fail_fetch(id, t) };
        let frame = Frame::GetName(Box::new(Self::name_ask(name, fetch)));
        self.ask_server(conn, server, frame, &[(id, ContentId::default())], true, t);
    }

    fn ask_contents(&mut self, conn: ConnId, server: ServerId, due: &[(FetchId, ContentId)], t: &mut Turn<'_, '_>) {
        let frame = match due {
            [(_, id)] => Frame::GetId(Box::new(GetId { id: *id, range: None })),
            _ => Frame::Want(Want { send: true, ids: due.iter().map(|(_, id)| *id).collect() }),
        };
        self.ask_server(conn, server, frame, due, false, t);
    }

    fn ask_server(
        &mut self,
        conn: ConnId,
        server: ServerId,
        frame: Frame,
        due: &[(FetchId, ContentId)],
        named: bool,
        t: &mut Turn<'_, '_>,
    ) {
        let epoch = self.conns.get(&conn).map_or(0, |c| c.epoch);
        let asked = Asked { server, due: due.to_vec(), since: t.now(), epoch };
        match self.ask(conn, frame, Exchange::Fetch(Box::new(asked)), t) {
            Ok(_) => t.fact(Fact::Fetching { server, count: due.len() as u32, named }),
            // As soon as an exchange with it is over, it can be asked.
            Err(Code::Overloaded) => due.iter().for_each(|(id, _)| self.put_off(*id)),
            Err(_) => due.iter().for_each(|(id, _)| self.try_next(*id, server, false, t)),
        }
    }

    /// A server did not help: the next one is asked, or the fetch has failed.
    fn try_next(&mut self, id: FetchId, server: ServerId, lacking: bool, t: &mut Turn<'_, '_>) {
        let left = self.servers().to_vec();
        let Some(tier) = &mut self.tier else { return };
        let Some(fetch) = tier.fetches.get_mut(&id) else { return };
        fetch.tried.push(server);
        fetch.lacking &= lacking;
        if left.iter().all(|server| fetch.tried.contains(&server.id)) {
            return self.fail_fetch(id, t);
        }
        tier.waiting.push_back(id);
        tier.stirred = true;
    }

    fn fail_fetch(&mut self, id: FetchId, t: &mut Turn<'_, '_>) {
        let Some(fetch) = self.tier.as_mut().and_then(|tier| tier.fetches.remove(&id)) else { return };
        let input = cache::Input::Answer { fetch: id, answer: Answer::Failed };
        let code = fetch.code();
        t.later(Work::Cache(Box::new(CacheWork { input, name: fetch.name, fetched: None, code })));
    }

    /// A frame without data in an exchange with a node above.
    pub(super) fn on_fetch_frame(&mut self, conn: ConnId, stream: StreamId, frame: Frame, t: &mut Turn<'_, '_>) {
        let Some(Exchange::Fetch(asked)) = self.conns.get_mut(&conn).and_then(|c| c.exchanges.get_mut(&stream)) else { return };
        let server = asked.server;
        match frame {
            Frame::Have(bits) => {
                for (id, _) in lacking(&mut asked.due, &bits) {
                    self.try_next(id, server, true, t);
                }
            }
            Frame::Fail(fail) => {
                let asked = (**asked).clone();
                for (id, _) in self.take_due(conn, stream) {
                    self.on_fetch_failed(conn, id, &asked, &fail, t);
                }
            }
            _ => {}
        }
    }

    fn take_due(&mut self, conn: ConnId, stream: StreamId) -> Vec<(FetchId, ContentId)> {
        match self.conns.get_mut(&conn).and_then(|c| c.exchanges.get_mut(&stream)) {
            Some(Exchange::Fetch(asked)) => core::mem::take(&mut asked.due),
            _ => Vec::new(),
        }
    }

    /// A node above says that it cannot. That there is no such object is an answer.
    fn on_fetch_failed(&mut self, conn: ConnId, id: FetchId, asked: &Asked, fail: &Fail, t: &mut Turn<'_, '_>) {
        let Some(fetch) = self.tier.as_ref().and_then(|tier| tier.fetches.get(&id)).cloned() else { return };
        let code = super::notices::code_of(fail);
        let heard = Heard { conn, epoch: asked.epoch };
        match (fetch.key, fail.absent) {
            (Key::Name(key), Some(absent)) if code == Code::NotFound && self.speaks(conn) => {
                let missing = Missing { version: absent.version, max_age: span_of(absent.max_age_millis), heard };
                let answer = Answer::Absent {
                    version: Version(absent.version),
                    age: span_of(absent.age_millis),
                    max_age: span_of(absent.max_age_millis),
                    from_origin: absent.origin,
                };
                self.note_absent(key, missing);
                self.tell_cache(id, answer, Some(&News::Missing(missing)), None, t);
            }
            // There is an older version only: nothing to remember, and nobody else will have a newer one.
            (Key::Name(_), None) if code == Code::NotFound && fetch.at_least > Version(0) => {
                let (version, max_age) = (Version(0), Span::ZERO);
                self.tell_cache(id, Answer::Absent { version, age: Span::ZERO, max_age, from_origin: false }, None, None, t);
            }
            _ => self.try_next(id, asked.server, code == Code::NotFound, t),
        }
    }

    /// A manifest or a content came from above. It is looked at before anything else is done with it.
    pub(super) fn on_fetched(&mut self, conn: ConnId, stream: StreamId, frame: Frame, bytes: Arc<[u8]>, t: &mut Turn<'_, '_>) {
        let Some(Exchange::Fetch(asked)) = self.conns.get_mut(&conn).and_then(|c| c.exchanges.get_mut(&stream)) else { return };
        let (server, took, epoch) = (asked.server, t.now().since(asked.since), asked.epoch);
        let at = match &frame {
            Frame::Chunk(head) => asked.due.iter().position(|(_, id)| *id == head.id),
            _ => (!asked.due.is_empty()).then_some(0),
        };
        let Some(at) = at else {
            t.fact(Fact::Poisoned { server });
            return self.abort(conn, stream, Code::ContentMismatch, t);
        };
        let (id, _) = asked.due.remove(at);
        let Some(fetch) = self.tier.as_ref().and_then(|tier| tier.fetches.get(&id)).cloned() else { return };
        t.fact(Fact::Fetched { server, bytes: bytes.len() as u32, took });
        let good = match (&frame, fetch.key) {
            (Frame::Chunk(head), Key::Content(content)) => {
                let whole = head.offset == 0 && head.whole == head.bytes;
                (whole && (is_named(&bytes, content) || Breach::DeliverUnverified.is_on()))
                    || Defect::BelieveAbove.is_planted(self.config.defect)
            }
            (Frame::Manifest(head), Key::Name(key)) if self.speaks(conn) => {
                return self.on_named(conn, epoch, id, (server, key), &fetch, head, bytes, t);
            }
            _ => false,
        };
        if good {
            let life = Life::Immutable;
            let len = bytes.len() as u64;
            let answer = Answer::Content { version: Version(0), bytes: len, age: Span::ZERO, life, keep: true, from_origin: false };
            self.tell_cache(id, answer, None, Some(bytes), t);
        } else {
            t.fact(Fact::Poisoned { server });
            self.try_next(id, server, false, t);
        }
    }

    /// A node above says what a name leads to.
    #[expect(clippy::too_many_arguments, reason = "the parts of one answer")]
    fn on_named(
        &mut self,
        conn: ConnId,
        epoch: u32,
        id: FetchId,
        (server, key): (ServerId, NameKey),
        fetch: &Fetch,
        head: &frame::Manifest,
        bytes: Arc<[u8]>,
        t: &mut Turn<'_, '_>,
    ) {
        // Without a word about its freshness it serves one request, and is not fresh after that.
        let wordless = match Breach::StoreWordless.is_on() {
            true => Word { max_age_millis: 60_000, ..Word::default() },
            false => Word { no_store: true, ..Word::default() },
        };
        let word = head.word.unwrap_or(wordless);
        let (heard, life, from_origin) = (Heard { conn, epoch }, word.life(), word.origin);
        if head.same && (fetch.known == Some(Version(head.version)) || Breach::RenewAnything.is_on()) {
            if let Some(copy) = self.tier.as_mut().and_then(|tier| tier.names.get_mut(&key)).filter(|copy| copy.version == head.version) {
                (copy.heard, copy.life) = (heard, life);
            }
            return self.tell_cache(id, Answer::Same { age: word.age(), life, from_origin }, None, None, t);
        }
        let root = ManifestId(head.id.0);
        if head.same || Manifest::decode_named(&bytes, &root).is_err() {
            t.fact(Fact::Poisoned { server });
            return self.try_next(id, server, false, t);
        }
        let answer = Answer::Content {
            version: Version(head.version),
            bytes: bytes.len() as u64,
            age: word.age(),
            life,
            keep: !word.no_store,
            from_origin,
        };
        let copy = Copy { id: root, version: head.version, bytes, life, heard };
        self.tell_cache(id, answer, Some(&News::Copy(copy)), None, t);
    }

    fn tell_cache(&mut self, id: FetchId, answer: Answer, news: Option<&News>, bytes: Option<Arc<[u8]>>, t: &mut Turn<'_, '_>) {
        let Some(fetch) = self.tier.as_mut().and_then(|tier| tier.fetches.remove(&id)) else { return };
        let fetched = bytes.map(|bytes| (id, Ok((bytes, Level::Upstream))));
        let input = cache::Input::Answer { fetch: id, answer };
        self.run_cache_with(CacheWork { input, name: fetch.name, fetched, code: Code::Refused }, news, t);
    }

    /// An exchange with a node above is over. What it owes is asked of the next; of the same one if only the connection is gone, a few times.
    pub(super) fn on_fetch_over(&mut self, asked: Asked, is_gone: bool, t: &mut Turn<'_, '_>) {
        self.stir();
        for (id, _) in asked.due {
            match self.tier.as_mut().and_then(|tier| tier.fetches.get_mut(&id)) {
                Some(fetch) if is_gone && fetch.lost < LOST_MAX => {
                    fetch.lost += 1;
                    self.put_off(id);
                }
                _ => self.try_next(id, asked.server, false, t),
            }
        }
    }

    /// Whether a node may say what names lead to.
    fn speaks(&self, conn: ConnId) -> bool {
        let roles = self.roles_of(conn);
        roles.has(Roles::ORIGIN) || roles.has(Roles::REGIONAL) || Breach::BelieveAnySource.is_on()
    }
}

/// Takes out what a HAVE says is not there. The bits are in the order of the WANT, and nothing came before.
fn lacking(due: &mut Vec<(FetchId, ContentId)>, bits: &Bits) -> Vec<(FetchId, ContentId)> {
    let all = core::mem::take(due);
    let (there, absent): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(at, _)| bits.get(*at));
    due.extend(there.into_iter().map(|(_, one)| one));
    absent.into_iter().map(|(_, one)| one).collect()
}

/// Whether these bytes are the chunk or the manifest of that digest.
pub(super) fn is_named(bytes: &[u8], id: ContentId) -> bool {
    ChunkId(id.0).is_of(bytes) || (bytes.len() <= MANIFEST_LEN_MAX && ManifestId(id.0).is_of(bytes))
}
