//! The smallest machines that keep the contract of a node: one hands out contents to whoever asks, one asks for a number of them and verifies each.
//! Sessions, frames and driver are those of every node; only what a real node decides is left out.

use super::Contents;
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_core::stoq::node::{ConnId, Effect, Input, JobId, Told, Why};
use hypermesh_core::stoq::session::frame::{Bits, Chunk, ContentId, Frame, Want};
use hypermesh_core::stoq::session::{self, Config, Notice, Session, Side, StreamId};
use hypermesh_core::stoq::transfer::Counters;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Contents in one WANT, unless a measurement is about requests.
pub(super) const BATCH: usize = 64;
/// Bytes that are written ahead of what QUIC took, on one stream.
const AHEAD_BYTES: u32 = 1 << 20;

/// A side of the pump.
#[derive(Debug)]
pub(super) struct Pump {
    config: Arc<Config>,
    contents: Arc<Contents>,
    index: BTreeMap<ChunkId, usize>,
    sessions: BTreeMap<ConnId, Session>,
    /// What is still to be sent on each stream, and what was written and not taken.
    sending: BTreeMap<(ConnId, StreamId), (VecDeque<usize>, u32)>,
    /// What is expected on each stream.
    taking: BTreeMap<(ConnId, StreamId), usize>,
    /// The head that came last on each stream.
    heads: BTreeMap<(ConnId, StreamId), ContentId>,
    asks: Asks,
    /// Who waits for an open session.
    waiting: VecDeque<JobId>,
    /// Contents that were not what they should be.
    pub(super) wrong: u64,
}

/// What the asking side still wants.
#[derive(Debug, Default)]
struct Asks {
    to_ask: u64,
    to_come: u64,
    next: usize,
    /// Contents in one WANT.
    batch: usize,
    job: Option<JobId>,
}

type Context<'c> = Cx<'c, Effect>;

impl Pump {
    pub(super) fn new(config: &Arc<Config>, contents: &Arc<Contents>) -> Self {
        Self {
            config: config.clone(),
            contents: contents.clone(),
            index: contents.ids.iter().enumerate().map(|(at, id)| (*id, at)).collect(),
            sessions: BTreeMap::new(),
            sending: BTreeMap::new(),
            taking: BTreeMap::new(),
            heads: BTreeMap::new(),
            asks: Asks::default(),
            waiting: VecDeque::new(),
            wrong: 0,
        }
    }

    /// Asks for so many contents, on so many streams at a time, at most `batch` with one request; `job` is told at the end.
    pub(super) fn ask(&mut self, count: u64, streams: usize, batch: usize, job: JobId, cx: &mut Context<'_>) {
        self.asks = Asks { to_ask: count, to_come: count, next: 0, batch, job: Some(job) };
        if let Some(conn) = self.sessions.keys().next().copied() {
            for _ in 0..streams {
                self.want(conn, cx);
            }
        }
    }

    /// Asks for the next contents.
    fn want(&mut self, conn: ConnId, cx: &mut Context<'_>) {
        let count = (self.asks.to_ask).min(self.asks.batch as u64) as usize;
        if count == 0 {
            return;
        }
        self.asks.to_ask -= count as u64;
        let all = self.contents.ids.len();
        let ids = (0..count).map(|n| ContentId(self.contents.ids[(self.asks.next + n) % all].0)).collect();
        self.asks.next = (self.asks.next + count) % all;
        self.talk(conn, session::Input::Ask { frame: Frame::Want(Want { send: true, ids }), tag: 0, early: false }, cx);
    }

    /// Lets a session react and acts on what it says.
    fn talk(&mut self, conn: ConnId, input: session::Input, cx: &mut Context<'_>) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let mut said = Vec::new();
        session.handle(input, &mut cx.child(&mut said));
        self.said(conn, said, cx);
    }

    fn said(&mut self, conn: ConnId, said: Vec<session::Effect>, cx: &mut Context<'_>) {
        for effect in said {
            match effect {
                session::Effect::Up(notice) => self.heard(conn, notice, cx),
                session::Effect::Wake { after, why } => cx.emit(Effect::Wake { after, why: Why::Session(conn, why) }),
                effect => cx.emit(Effect::Session { conn, effect }),
            }
        }
    }

    fn heard(&mut self, conn: ConnId, notice: Notice, cx: &mut Context<'_>) {
        match notice {
            Notice::Open(_) => {
                if let Some(job) = self.waiting.pop_front() {
                    cx.emit(Effect::Told { job, told: Told::Pong { rtt: Default::default(), load_permille: 0 } });
                }
            }
            Notice::Frame { stream, frame: Frame::Want(want) } => {
                let mut bits = Bits::zeros(want.ids.len()).expect("a WANT names some contents");
                let found: Vec<usize> = want.ids.iter().filter_map(|id| self.index.get(&ChunkId(id.0)).copied()).collect();
                (0..want.ids.len()).for_each(|at| bits.set(at));
                self.talk(conn, session::Input::Say { stream, frame: Frame::Have(Box::new(bits)) }, cx);
                self.sending.insert((conn, stream), (found.into(), 0));
                self.send(conn, stream, cx);
            }
            Notice::Frame { stream, frame: Frame::Have(bits) } => {
                self.taking.insert((conn, stream), bits.ones());
            }
            Notice::Frame { stream, frame: Frame::Chunk(chunk) } => {
                self.heads.insert((conn, stream), chunk.id);
            }
            Notice::Over { stream, .. } => {
                self.sending.remove(&(conn, stream));
                self.heads.remove(&(conn, stream));
            }
            Notice::Closed { .. } => {
                self.sessions.remove(&conn);
            }
            _ => {}
        }
    }

    /// Sends what may be sent on a stream.
    fn send(&mut self, conn: ConnId, stream: StreamId, cx: &mut Context<'_>) {
        while let Some((waiting, ahead)) = self.sending.get_mut(&(conn, stream)) {
            if *ahead >= AHEAD_BYTES {
                return;
            }
            let Some(at) = waiting.pop_front() else {
                self.sending.remove(&(conn, stream));
                return self.talk(conn, session::Input::Finish { stream }, cx);
            };
            let bytes = self.contents.bytes[at].clone();
            let len = bytes.len() as u32;
            *ahead += len;
            let frame = Frame::Chunk(Chunk::whole(ContentId(self.contents.ids[at].0), len));
            self.talk(conn, session::Input::Say { stream, frame }, cx);
            cx.emit(Effect::Data { conn, stream, bytes, range: 0..len });
        }
    }

    /// A content came.
    fn take(&mut self, conn: ConnId, stream: StreamId, bytes: &[u8], cx: &mut Context<'_>) {
        if self.heads.get(&(conn, stream)).is_none_or(|id| ChunkId::of(bytes).0 != id.0) {
            self.wrong += 1;
        }
        self.asks.to_come = self.asks.to_come.saturating_sub(1);
        let left = self.taking.get_mut(&(conn, stream)).map_or(0, |left| {
            *left = left.saturating_sub(1);
            *left
        });
        if left == 0 {
            self.taking.remove(&(conn, stream));
            self.talk(conn, session::Input::Finish { stream }, cx);
            self.want(conn, cx);
        }
        if self.asks.to_come == 0
            && let Some(job) = self.asks.job.take()
        {
            cx.emit(Effect::Told { job, told: Told::Got { counters: Counters::default() } });
        }
    }
}

impl Machine for Pump {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Accepted { conn, .. } | Input::Dialled { conn, .. } => {
                let side = if matches!(input, Input::Accepted { .. }) { Side::Server } else { Side::Client };
                self.sessions.insert(conn, Session::new(&self.config, side));
                self.talk(conn, session::Input::Begin, cx);
            }
            Input::Session { conn, input } => self.talk(conn, input, cx),
            Input::Body { conn, stream, bytes } => self.take(conn, stream, &bytes, cx),
            Input::Sent { conn, stream, bytes } => {
                if let Some((_, ahead)) = self.sending.get_mut(&(conn, stream)) {
                    *ahead = ahead.saturating_sub(bytes);
                    self.talk(conn, session::Input::Progress { stream }, cx);
                    self.send(conn, stream, cx);
                }
            }
            // The application wants a connection: who asks for a ping is answered when the session is open.
            Input::Job { job, .. } => {
                self.waiting.push_back(job);
                cx.emit(Effect::Dial { server: hypermesh_core::stoq::node::ServerId(0) });
            }
            Input::Leave => cx.emit(Effect::Left),
            Input::NoDial { .. } | Input::Judged { .. } | Input::Done { .. } | Input::Servers(_) | Input::Kept(_) => {}
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        let Why::Session(conn, why) = why else { return };
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let mut said = Vec::new();
        session.wake(why, &mut cx.child(&mut said));
        self.said(conn, said, cx);
    }
}
