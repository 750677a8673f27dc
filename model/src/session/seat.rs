//! One side of a session with a driver and an application around it, and what is noted about it.

use super::Ask;
use crate::line::{Line, side};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Time};
use hypermesh_core::machine::{Chance, Cx};
use hypermesh_core::stoq::session::frame::{Ack, Chunk, ContentId, Frame, GetId, Manifest, Name, Purge, Purged, Put};
use hypermesh_core::stoq::session::states::State as Phase;
use hypermesh_core::stoq::session::{Agreed, Code, Effect, Notice, Session, StreamId, Why};
use std::collections::{BTreeMap, BTreeSet};

/// What an application has still to do on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Todo {
    /// Send the manifest of an offer, and end the direction.
    Offer,
    /// Answer a GET_ID.
    Chunk,
    /// Answer a PURGE.
    Purged,
    /// Answer a PUT, once all of it came.
    Ack,
}

/// The tag of requests that offer an object.
pub(super) const OFFERS: u32 = 1;

/// A promise that one side broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A request went up before both sides had confirmed, and may not travel in early data.
    ServedEarly,
    /// Something was sent after the connection was closed.
    SentAfterClose,
    /// A request was sent to a peer that had said that it leaves.
    AskedLeaver,
    /// An exchange ended well at the side that asked, and the other had said nothing.
    EndedUnanswered,
    /// What the machine checks of itself does not hold.
    Counts,
    /// A connection was closed for a violation of the protocol.
    Protocol,
}

/// One side.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The machine.
    pub session: Session,
    end: usize,
    /// Whether frames can be sent.
    pub begun: bool,
    /// Whether the handshake of TLS is complete.
    pub keyed: bool,
    /// Wake-ups that the session asked for.
    pub wakes: BTreeSet<(Time, Why)>,
    /// What the application has still to do.
    pub todo: BTreeMap<StreamId, Todo>,
    /// What was agreed, once the session said so.
    pub opened: Option<Agreed>,
    /// Why this side closed the connection, if it did.
    pub closed_with: Option<Code>,
    /// Exchanges that this side began and that ended well.
    pub ended_well: u8,
    /// The first promise that this side broke.
    pub broken: Option<Broken>,
    /// Streams on which this side has answered, as far as the other may still rely on it.
    pub answered: BTreeSet<StreamId>,
    peer_leaves: bool,
    position: u32,
}

/// The request of an application.
pub(super) fn request(ask: Ask) -> Frame {
    let name = || Name::new("a").expect("it is a name");
    match ask {
        Ask::Get | Ask::GetEarly => Frame::GetId(Box::new(GetId { id: ContentId([1; 32]), range: None })),
        Ask::Purge => Frame::Purge(Box::new(Purge { name: name(), below: false, version: 1 })),
        Ask::Put => Frame::Put(Box::new(Put { name: name(), version: 3, bytes: 900, copies: 1 })),
    }
}

impl Todo {
    /// What the application says.
    pub fn frame(self) -> Frame {
        let id = ContentId([9; 32]);
        match self {
            Self::Offer => Frame::Manifest(Box::new(Manifest::plain(id, 3, 50))),
            Self::Chunk => Frame::Chunk(Chunk::whole(ContentId([1; 32]), 10)),
            Self::Purged => Frame::Purged(Purged { version: 1, nodes: 1 }),
            Self::Ack => Frame::Ack(Box::new(Ack { id, version: 3, copies: 1, durable: true })),
        }
    }
}

impl Seat {
    /// A side that has not begun.
    pub fn new(session: Session, end: usize) -> Self {
        Self {
            session,
            end,
            begun: false,
            keyed: false,
            wakes: BTreeSet::new(),
            todo: BTreeMap::new(),
            opened: None,
            closed_with: None,
            ended_well: 0,
            broken: None,
            answered: BTreeSet::new(),
            peer_leaves: false,
            position: 0,
        }
    }

    /// Whether the session is over.
    pub fn is_closed(&self) -> bool {
        self.session.state() == Phase::Closed
    }

    /// Lets the session react, and does what it asks for. `answered` are the streams on which the other side has answered.
    pub fn react(
        &mut self,
        line: &mut Line,
        answered: &BTreeSet<StreamId>,
        now: Time,
        react: impl FnOnce(&mut Session, &mut Cx<'_, Effect>),
    ) {
        let was_closed = self.is_closed();
        let (mut out, mut dice) = (Vec::new(), Dice::new(SeedKey::new(1)));
        let chance = Chance::new(&mut dice, self.end as u32, &mut self.position);
        react(&mut self.session, &mut Cx::new(now, NodeId(self.end as u32), chance, &mut out));
        let mut closed = was_closed;
        for effect in out {
            if closed && !matches!(effect, Effect::Up(_) | Effect::Wake { .. }) {
                self.note(Broken::SentAfterClose);
            }
            self.note_effect(&effect);
            closed |= matches!(effect, Effect::Close { .. });
            // What a client says before its own handshake is complete is early data.
            match line.carry_out(self.end, self.end == 0 && !self.keyed, effect) {
                Some(Effect::Wake { after, why }) => {
                    self.wakes.insert((now + after, why));
                }
                Some(Effect::Up(notice)) => self.on_notice(notice, answered),
                _ => {}
            }
        }
        if self.session.check().is_err() {
            self.note(Broken::Counts);
        }
        if self.is_closed() {
            self.wakes.clear();
            self.todo.clear();
        }
    }

    fn note(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
    }

    fn note_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Write { stream, .. } if !stream.is_one_way() && stream.opener() != side(self.end) => {
                self.answered.insert(*stream);
            }
            Effect::OpenRequest { .. } if self.peer_leaves => self.note(Broken::AskedLeaver),
            Effect::OpenRequest { stream, tag: OFFERS } => {
                self.todo.insert(*stream, Todo::Offer);
            }
            Effect::Close { code } => {
                self.closed_with = Some(*code);
                let honest = matches!(code, Code::NoError | Code::SettingsTimeout);
                if !honest {
                    self.note(Broken::Protocol);
                }
            }
            _ => {}
        }
    }

    fn on_notice(&mut self, notice: Notice, answered: &BTreeSet<StreamId>) {
        match notice {
            Notice::Open(agreed) => self.opened = Some(agreed),
            Notice::Frame { stream, frame } => self.on_frame(stream, &frame),
            Notice::Ended { stream } if self.todo.get(&stream) == Some(&Todo::Offer) => {
                self.todo.insert(stream, Todo::Ack);
            }
            Notice::Over { stream, result } => {
                self.todo.remove(&stream);
                let mine = stream.opener() == side(self.end);
                if mine && result.is_ok() {
                    self.ended_well += 1;
                    if !answered.contains(&stream) {
                        self.note(Broken::EndedUnanswered);
                    }
                }
            }
            Notice::PeerLeaves => self.peer_leaves = true,
            _ => {}
        }
    }

    /// A frame of an exchange reached the application.
    fn on_frame(&mut self, stream: StreamId, frame: &Frame) {
        if stream.opener() == side(self.end) {
            // An answer. A PUT that is answered needs nothing more from here.
            self.todo.remove(&stream);
            return;
        }
        // What may be repeated can be served from early data; everything else needs both confirmations.
        let repeatable = matches!(frame, Frame::GetId(_) | Frame::GetName(_) | Frame::Want(_));
        if self.opened.is_none() && !repeatable {
            self.note(Broken::ServedEarly);
        }
        let todo = match frame {
            Frame::GetId(_) => Todo::Chunk,
            Frame::Purge(_) => Todo::Purged,
            // The head of a PUT: answered when the rest of it came.
            Frame::Put(_) => Todo::Offer,
            _ => return,
        };
        self.todo.insert(stream, todo);
    }

    /// What the application can do now: offers of its own, answers to the other side.
    pub fn ready(&self) -> impl Iterator<Item = (StreamId, Todo)> + '_ {
        let mine = side(self.end);
        self.todo.iter().map(|(stream, todo)| (*stream, *todo)).filter(move |(stream, todo)| {
            // The head of a PUT waits for the rest of it at whoever takes it.
            *todo != Todo::Offer || stream.opener() == mine
        })
    }
}
