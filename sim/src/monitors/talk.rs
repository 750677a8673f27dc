//! One end of a connection, as it is watched: what was said and heard on it, and so what may be said next.

use super::names::Names;
use super::stream::{Asked, Stream};
use super::{Monitor, Sheet};
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::stoq::node;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::limits::HELD_MAX;
use hypermesh_core::stoq::session::{Input, Roles, Setting, Side, StreamId};

/// Questions for a lease that can wait for an answer at a time; older ones make room.
pub(super) const QUESTIONS: usize = 4;

/// What is watched besides the connection itself.
pub struct Scene<'a> {
    /// The node whose end this is.
    pub config: &'a node::Config,
    /// What the node knows of names.
    pub names: &'a mut Names,
    /// Where findings go.
    pub sheet: &'a mut Sheet,
    /// The node's clock.
    pub now: Time,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct Talk {
    pub(super) peer: NodeId,
    pub(super) side: Side,
    /// This end dialled.
    pub(super) dialled: bool,
    pub(super) keyed: bool,
    pub(super) said_settings: bool,
    pub(super) said_confirm: bool,
    pub(super) heard_settings: bool,
    pub(super) heard_confirm: bool,
    pub(super) has_control: bool,
    pub(super) said_goaway: bool,
    pub(super) heard_goaway: bool,
    pub(super) closed: bool,
    /// Streams were given up in this reaction.
    pub(super) gave_up: bool,
    /// What the peer told of itself.
    pub(super) peer_roles: Roles,
    pub(super) peer_requests: u16,
    pub(super) peer_chunk: u32,
    pub(super) peer_manifest: u32,
    /// Requests of the peer that were read, counted from the first of the connection.
    pub(super) read_upto: u64,
    /// A PING of the peer that has no answer.
    pub(super) ping: Option<u64>,
    /// A stream whose direction of this side has to end next.
    pub(super) ending: Option<StreamId>,
    pub(super) streams: Vec<Stream>,
    /// Questions for a lease, and what came of them; caches only.
    pub(super) lease: Option<Box<Lease>>,
}

/// The lease that a cache has of the node above.
#[derive(Clone, Debug, Default)]
pub(super) struct Lease {
    pub(super) questions: [Option<(u64, Time)>; QUESTIONS],
    pub(super) next: usize,
    pub(super) until: Time,
}

impl Talk {
    /// A connection of which nothing was said yet.
    pub const fn new(peer: NodeId, dialled: bool) -> Self {
        Self {
            peer,
            side: if dialled { Side::Client } else { Side::Server },
            dialled,
            keyed: false,
            said_settings: false,
            said_confirm: false,
            heard_settings: false,
            heard_confirm: false,
            has_control: false,
            said_goaway: false,
            heard_goaway: false,
            closed: false,
            gave_up: false,
            peer_roles: Roles(0),
            peer_requests: HELD_MAX as u16,
            peer_chunk: u32::MAX,
            peer_manifest: u32::MAX,
            read_upto: 0,
            ping: None,
            ending: None,
            streams: Vec::new(),
            lease: None,
        }
    }

    /// Who is at the other end.
    pub const fn peer(&self) -> NodeId {
        self.peer
    }

    /// Which end this is.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Whether both sides have confirmed what they agree on, and this one has not closed.
    pub const fn is_open(&self) -> bool {
        self.said_confirm && self.heard_confirm && !self.closed
    }

    /// Whether both settings and confirmation of the peer have come.
    pub const fn has_agreed(&self) -> bool {
        self.heard_settings && self.heard_confirm
    }

    /// Whether this side has closed.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether the peer is a cache that connected to this node, and is in session.
    pub const fn is_below(&self) -> bool {
        !self.dialled && self.is_open() && (self.peer_roles.has(Roles::EDGE) || self.peer_roles.has(Roles::REGIONAL))
    }

    /// Whether this node dialled it, and is in session.
    pub const fn is_above(&self) -> bool {
        self.dialled && self.is_open()
    }

    /// Until when the node above has given a lease.
    pub fn lease_until(&self) -> Time {
        self.lease.as_ref().map_or(Time::ZERO, |lease| lease.until)
    }

    /// Purges that this side has sent and that are not answered: name, greatest version, and when.
    pub fn purging(&self) -> impl Iterator<Item = (u64, u64, Time)> {
        let ours = self.streams.iter().filter(|stream| stream.id.opener() == self.side && !stream.begun);
        ours.filter_map(|stream| match stream.asked {
            Asked::Purge { name, upto } => Some((name, upto, stream.since)),
            _ => None,
        })
    }

    /// A stream of requests that is open.
    pub fn stream(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        self.streams.capacity() * size_of::<Stream>() + self.lease.as_ref().map_or(0, |_| size_of::<Lease>())
    }

    /// Something moves on a stream.
    pub fn moves(&mut self, id: StreamId, now: Time) {
        if let Some(stream) = self.stream(id) {
            stream.moved = now;
        }
    }

    fn is_given_up(&mut self, id: StreamId) {
        if let Some(stream) = self.stream(id) {
            stream.was_given_up = true;
        }
    }

    // What is heard.

    /// QUIC, or the peer, says something.
    pub fn hear(&mut self, input: &Input, scene: &mut Scene<'_>) {
        match input {
            Input::Keyed { .. } => self.keyed = true,
            Input::Request { stream, .. } => self.streams.push(Stream::new(*stream, scene.now)),
            Input::Frame { stream, frame } if stream.is_one_way() => self.hear_control(frame),
            Input::Frame { stream, frame } => self.hear_frame(*stream, frame, scene),
            Input::End { stream } => self.ends(*stream, false),
            Input::Reset { stream, .. } => {
                self.is_given_up(*stream);
                self.ends(*stream, false);
            }
            Input::Stop { stream, .. } => self.is_given_up(*stream),
            Input::Progress { stream } => self.moves(*stream, scene.now),
            Input::Datagram { frame: Frame::Ping { token } } => {
                scene.sheet.tried(Monitor::OnePong);
                self.ping = Some(*token);
            }
            Input::Datagram { frame: Frame::Pong { token, lease_millis, .. } } => {
                self.hear_pong(*token, Span::millis(u64::from(*lease_millis)), scene.config.lease);
            }
            _ => {}
        }
    }

    fn hear_control(&mut self, frame: &Frame) {
        match frame {
            Frame::Settings(settings) => {
                self.heard_settings = true;
                self.peer_roles = Roles(settings.get(Setting::Roles) as u8);
                self.peer_requests = settings.get(Setting::Requests).min(u64::from(u16::MAX)) as u16;
                self.peer_chunk = settings.get(Setting::ChunkBytes) as u32;
                self.peer_manifest = settings.get(Setting::ManifestBytes) as u32;
            }
            Frame::Confirm(_) => self.heard_confirm = true,
            Frame::GoAway { .. } => self.heard_goaway = true,
            _ => {}
        }
    }

    fn hear_frame(&mut self, id: StreamId, frame: &Frame, scene: &mut Scene<'_>) {
        let ours = id.opener() == self.side;
        let is_cache = scene.config.cache.is_some();
        let now = scene.now;
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) else { return };
        stream.moved = now;
        match (frame, &mut stream.asked) {
            (frame, Asked::Nothing) if !ours => (stream.asked, stream.since) = (Asked::of(frame), now),
            (Frame::Manifest(head), Asked::Name { name, .. }) if ours && is_cache => {
                if let Some(word) = head.word {
                    scene.names.heard(*name, head.version, stream.since, word.age());
                }
            }
            (Frame::Want(want), Asked::Put { wanted, .. }) if ours => *wanted += want.ids.len() as u32,
            _ => {}
        }
        stream.begun |= ours;
    }

    fn hear_pong(&mut self, token: u64, lease: Span, declared: Span) {
        let Some(known) = &mut self.lease else { return };
        let question = known.questions.iter_mut().find(|question| question.is_some_and(|(sent, _)| sent == token));
        if let Some((_, asked)) = question.and_then(Option::take) {
            // Clocks run unequally fast, so a lease counts for a sixteenth less (R-11-25).
            let lease = lease.0.min(declared.0);
            known.until = known.until.max(asked + Span(lease - lease / 16));
        }
    }
}
