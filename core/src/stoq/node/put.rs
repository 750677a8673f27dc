//! Taking an object: what is missing of it is asked for, looked at and stored, and only then does its name lead to it.
//!
//! ```text
//!  PUT, MANIFEST ─▶ walk ─▶ which of these are stored? ─▶ WANT what is not ─▶ verify ─▶ store ─┐
//!                    ▲                                                                       │
//!                    └── lower manifests, from the store or from the peer ◀─────────────────┤
//!                                            all of it stored: bind (durable) ─▶ ACK ◀──────┘
//! ```
//! Everything of the object is gone through, also what lies below a manifest that is stored already: an earlier attempt may have ended in between.
//! Lower manifests travel in CHUNK like all contents that are named by a digest.

use super::conn::Exchange;
use super::port::{ConnId, Looked, StoreOp, Unread, Unstored};
use super::turn::Turn;
use super::upstream::is_named;
use super::wait::{Got, Wait};
use super::{StoqNode, session};
use crate::stoq::cache::Version;
use crate::stoq::chunk::ManifestId;
use crate::stoq::manifest::{Manifest, Step, Walk};
use crate::stoq::session::frame::{Ack, Bits, ContentId, Frame, Put, Want};
use crate::stoq::session::limits::WANT_MAX;
use crate::stoq::session::{Code, Roles, StreamId};
use crate::testing::Breach;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Contents of one object that are asked for, or being stored, at a time.
const UNDER_WAY_MAX: usize = 2 * WANT_MAX;
/// Manifests that are asked for before the walk comes to them.
const AHEAD_MAX: usize = 2;
/// Copies that an origin keeps: its own. Whoever asks for more is refused rather than told of copies that are not there (R-10-25).
const COPIES: u8 = 1;

/// An object that is being taken.
#[derive(Clone, Debug)]
pub(super) struct Taking {
    put: Put,
    /// The store has nothing against it.
    welcome: bool,
    root: Option<ManifestId>,
    /// None until the top manifest is there, and when all of it was gone through.
    walk: Option<Walk>,
    /// The walk waits for this manifest.
    needs: Option<ContentId>,
    /// Manifests that the walk will need soon: asked for, and there.
    ahead: BTreeSet<ContentId>,
    early: BTreeMap<ContentId, Arc<[u8]>>,
    /// A manifest contradicts the one above it.
    broken: bool,
    /// Parity shards of the manifests that were gone through.
    parity: VecDeque<ContentId>,
    /// Asked of the peer.
    wanted: BTreeSet<ContentId>,
    /// Questions to the store, and contents that are being stored.
    looking: usize,
    storing: usize,
    binding: bool,
}

impl Taking {
    const fn new(put: Put) -> Self {
        Self {
            put,
            welcome: false,
            root: None,
            walk: None,
            needs: None,
            ahead: BTreeSet::new(),
            early: BTreeMap::new(),
            broken: false,
            parity: VecDeque::new(),
            wanted: BTreeSet::new(),
            looking: 0,
            storing: 0,
            binding: false,
        }
    }

    /// What to ask the store for next; none if there is nothing, or enough is under way.
    fn next_batch(&mut self) -> Option<Box<[ContentId]>> {
        if !self.welcome || self.wanted.len() + self.storing + self.looking * WANT_MAX >= UNDER_WAY_MAX {
            return None;
        }
        let mut batch = Vec::new();
        while batch.len() < WANT_MAX {
            let next = self.parity.pop_front().or_else(|| self.step());
            let Some(id) = next else { break };
            if !batch.contains(&id) && !self.wanted.contains(&id) {
                batch.push(id);
            }
        }
        let soon: Vec<ContentId> = self.walk.iter().flat_map(Walk::ahead).take(AHEAD_MAX).map(|id| ContentId(id.0)).collect();
        for id in soon {
            let known = self.early.contains_key(&id) || self.wanted.contains(&id) || batch.contains(&id);
            if batch.len() < WANT_MAX && !known && self.ahead.insert(id) {
                batch.push(id);
            }
        }
        (!batch.is_empty()).then(|| batch.into())
    }

    fn step(&mut self) -> Option<ContentId> {
        while self.needs.is_none() && !self.broken {
            match self.walk.as_mut()?.step() {
                Step::Piece(piece) => return Some(ContentId(piece.id.0)),
                Step::Need(id) => {
                    let id = ContentId(id.0);
                    match self.early.remove(&id) {
                        Some(bytes) => self.broken = !self.learn(&bytes),
                        None => {
                            self.needs = Some(id);
                            // It may be on its way already.
                            return (!self.ahead.remove(&id)).then_some(id);
                        }
                    }
                }
                Step::Done => self.walk = None,
            }
        }
        None
    }

    /// A manifest is there: the walk goes on, or will need it soon. False if the object is not sound.
    fn take_manifest(&mut self, id: ContentId, bytes: &Arc<[u8]>) -> bool {
        if self.needs == Some(id) {
            return self.learn(bytes);
        }
        if self.ahead.remove(&id) {
            self.early.insert(id, bytes.clone());
        }
        true
    }

    /// Whether a content of this digest is a manifest, as far as is known.
    fn is_manifest(&self, id: &ContentId) -> bool {
        self.needs == Some(*id) || self.ahead.contains(id)
    }

    /// A manifest that the walk waits for. False if the object is not sound.
    fn learn(&mut self, bytes: &[u8]) -> bool {
        self.needs = None;
        if let Ok(manifest) = Manifest::decode(bytes)
            && let Some((_, groups)) = manifest.coded()
        {
            self.parity.extend(groups.iter().flat_map(|group| group.parity.iter()).map(|id| ContentId(id.0)));
        }
        self.walk.as_mut().is_some_and(|walk| walk.supply(bytes).is_ok())
    }

    /// Whether every content of the object is stored.
    fn is_whole(&self) -> bool {
        let nothing_left = self.walk.is_none() && self.needs.is_none() && self.parity.is_empty();
        self.welcome && self.root.is_some() && nothing_left && self.wanted.is_empty() && self.looking + self.storing == 0
    }
}

impl StoqNode {
    pub(super) fn on_put(&mut self, conn: ConnId, stream: StreamId, put: Put, t: &mut Turn<'_, '_>) {
        let roles = self.roles_of(conn);
        let may_store = roles.has(Roles::PUBLISHER) || roles.has(Roles::ORIGIN) || Breach::StoreForAnybody.is_on();
        if !self.is_origin() || !may_store {
            return self.refuse(conn, stream, Code::NotAuthorised, t);
        }
        if put.copies > COPIES && !Breach::TellCopiesThatAreNot.is_on() {
            return self.refuse(conn, stream, Code::CopiesLacking, t);
        }
        if self.taking as usize >= self.config.puts_max {
            return self.refuse(conn, stream, Code::Overloaded, t);
        }
        self.taking += 1;
        let name = put.name.clone();
        if let Some(c) = self.conns.get_mut(&conn) {
            c.exchanges.insert(stream, Exchange::Taking(Box::new(Taking::new(put))));
        }
        let number = self.wait(Wait::PutLook { conn, stream });
        t.store(number, StoreOp::Look { name });
    }

    fn taking(&mut self, conn: ConnId, stream: StreamId) -> Option<&mut Taking> {
        match self.conns.get_mut(&conn)?.exchanges.get_mut(&stream)? {
            Exchange::Taking(taking) => Some(taking),
            _ => None,
        }
    }

    /// The store says what it knows of the name.
    pub(super) fn on_put_looked(&mut self, conn: ConnId, stream: StreamId, looked: Result<Looked, Unread>, t: &mut Turn<'_, '_>) {
        let Ok(looked) = looked else { return self.refuse(conn, stream, Code::StoreFailed, t) };
        self.learn_state(&looked);
        let Some(taking) = self.taking(conn, stream) else { return };
        let version = Version(taking.put.version);
        let is_purged = looked.purged.is_some_and(|upto| upto >= version);
        let is_older = looked.bound.is_some_and(|(bound, _)| bound > version);
        // Version 0 stands for none, as if it were purged since ever.
        let is_none = version == Version(0);
        if (is_purged || is_older || is_none) && !Breach::TakeOlderVersion.is_on() {
            return self.refuse(conn, stream, Code::Conflict, t);
        }
        taking.welcome = true;
        self.take_on(conn, stream, t);
    }

    /// A manifest or a content of the object came.
    pub(super) fn on_put_data(&mut self, conn: ConnId, stream: StreamId, frame: &Frame, bytes: Arc<[u8]>, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        let (id, manifest) = match frame {
            Frame::Manifest(head) => {
                let root = ManifestId(head.id.0);
                match Manifest::decode_named(&bytes, &root) {
                    Ok(manifest) if manifest.len() == taking.put.bytes || Breach::StoreAnyManifest.is_on() => {}
                    // Another digest than its head tells makes it unsound too (clause 10.5).
                    _ => return self.refuse(conn, stream, Code::ManifestInvalid, t),
                }
                taking.root = Some(root);
                taking.walk = Some(Walk::whole(root));
                taking.needs = Some(head.id);
                (head.id, true)
            }
            Frame::Chunk(head) => {
                let whole = head.offset == 0 && head.whole == head.bytes;
                let is_wanted = taking.wanted.remove(&head.id) || Breach::StoreUnwanted.is_on();
                if !whole || !is_wanted || !is_named(&bytes, head.id) {
                    return self.refuse(conn, stream, Code::ContentMismatch, t);
                }
                (head.id, taking.is_manifest(&head.id))
            }
            _ => return,
        };
        taking.storing += 1;
        if manifest && !taking.take_manifest(id, &bytes) {
            return self.refuse(conn, stream, Code::ManifestInvalid, t);
        }
        let number = self.wait(Wait::PutStored { conn, stream });
        t.store(number, StoreOp::Store { manifest, id, bytes });
        self.take_on(conn, stream, t);
    }

    /// Does what can be done now: ask the store what it has, or bind the name.
    fn take_on(&mut self, conn: ConnId, stream: StreamId, t: &mut Turn<'_, '_>) {
        loop {
            let Some(taking) = self.taking(conn, stream) else { return };
            let Some(ids) = taking.next_batch() else { break };
            taking.looking += 1;
            let number = self.wait(Wait::PutKnown { conn, stream, ids: ids.clone() });
            t.store(number, StoreOp::Known { ids, most: u32::MAX });
        }
        let Some(taking) = self.taking(conn, stream) else { return };
        if taking.broken {
            return self.refuse(conn, stream, Code::ManifestInvalid, t);
        }
        let (true, false, Some(manifest)) = (taking.is_whole(), taking.binding, taking.root) else { return };
        taking.binding = true;
        let (name, version) = (taking.put.name.clone(), Version(taking.put.version));
        let number = self.wait(Wait::PutBound { conn, stream });
        t.store(number, StoreOp::Bind { name, version, manifest });
    }

    /// The store says which contents it has.
    pub(super) fn on_put_known(&mut self, conn: ConnId, stream: StreamId, ids: &[ContentId], bits: Bits, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        taking.looking -= 1;
        let missing: Vec<ContentId> =
            (0..ids.len()).filter(|at| !bits.get(*at) || Breach::WantWhatIsThere.is_on()).map(|at| ids[at]).collect();
        // A lower manifest that is stored already has to be gone through all the same.
        let stored: Vec<ContentId> = ids.iter().filter(|id| taking.is_manifest(id) && !missing.contains(id)).copied().collect();
        taking.looking += stored.len();
        for id in stored {
            let number = self.wait(Wait::PutRead { conn, stream, id });
            t.store(number, StoreOp::Read { id });
        }
        self.want(conn, stream, missing, t);
    }

    pub(super) fn on_put_read(&mut self, conn: ConnId, stream: StreamId, id: ContentId, got: Got, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        taking.looking -= 1;
        match got {
            Ok((bytes, _)) if ManifestId(id.0).is_of(&bytes) => {
                if !taking.take_manifest(id, &bytes) {
                    return self.refuse(conn, stream, Code::ManifestInvalid, t);
                }
                self.take_on(conn, stream, t);
            }
            _ => self.want(conn, stream, vec![id], t),
        }
    }

    /// Asks the peer for what is missing.
    fn want(&mut self, conn: ConnId, stream: StreamId, ids: Vec<ContentId>, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        // A content that repeats may have been looked for twice at a time; it comes once.
        let ids: Vec<ContentId> = ids.into_iter().filter(|id| taking.wanted.insert(*id)).collect();
        if !ids.is_empty() {
            let frame = Frame::Want(Want { send: true, ids: ids.into() });
            if !self.say(conn, session::Input::Say { stream, frame }, t).wrote {
                // The peer has ended its direction: nothing more can come (R-8-21).
                return self.abort(conn, stream, Code::RequestIncomplete, t);
            }
        }
        self.take_on(conn, stream, t);
    }

    pub(super) fn on_put_stored(&mut self, conn: ConnId, stream: StreamId, result: Result<(), Unstored>, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        taking.storing -= 1;
        match result {
            Err(_) if Breach::AcknowledgeEarly.is_on() => self.take_on(conn, stream, t),
            Ok(()) => self.take_on(conn, stream, t),
            Err(why) => self.refuse(conn, stream, code_of(why), t),
        }
    }

    /// The name leads to the object, and all of it survives a loss of power.
    pub(super) fn on_put_bound(&mut self, conn: ConnId, stream: StreamId, result: Result<(), Unstored>, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        let (version, root) = (taking.put.version, taking.root);
        let result = match result {
            Err(Unstored::Conflict) if Breach::TakeOlderVersion.is_on() => Ok(()),
            Err(Unstored::Full | Unstored::Wrong | Unstored::Failed) if Breach::AcknowledgeEarly.is_on() => Ok(()),
            result => result,
        };
        match (result, root) {
            (Ok(()), Some(root)) => {
                self.state = self.state.max(version);
                let ack = Ack { id: ContentId(root.0), version, copies: COPIES, durable: true };
                self.answer(conn, stream, Frame::Ack(Box::new(ack)), t);
            }
            (Err(why), _) => self.refuse(conn, stream, code_of(why), t),
            (Ok(()), None) => self.refuse(conn, stream, Code::StoreFailed, t),
        }
    }

    /// The peer has sent all that it means to send.
    pub(super) fn on_put_ended(&mut self, conn: ConnId, stream: StreamId, t: &mut Turn<'_, '_>) {
        let Some(taking) = self.taking(conn, stream) else { return };
        if !taking.wanted.is_empty() {
            self.abort(conn, stream, Code::RequestIncomplete, t);
        }
    }
}

const fn code_of(why: Unstored) -> Code {
    match why {
        Unstored::Full => Code::StoreFull,
        Unstored::Conflict => Code::Conflict,
        Unstored::Wrong => Code::ContentMismatch,
        Unstored::Failed => Code::StoreFailed,
    }
}
