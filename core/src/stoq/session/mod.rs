//! A session: what two nodes say to each other over one QUIC connection, in which order, and what happens when one of them does not keep to it.
//!
//! The driver owns QUIC. It tells the session what happened on streams and in datagrams and does what the session asks for; bytes become frames in
//! a [`FrameReader`] per stream, which the driver keeps beside the stream, so that the same machine serves sockets and a simulation that passes frames
//! as values. Data of manifests and chunks never come by here: once their head is admitted, the driver hands them straight to whoever takes them.
//!
//! ```text
//! control stream, one each way, never closed:  SETTINGS ─▶ CONFIRM ─▶ LOCATION, ROUTE ... ─▶ GOAWAY
//! a stream per request:                        GET_NAME | GET_ID | WANT | PUT | PURGE  ◀─▶  its answer
//! datagrams:                                   PING, PONG, LOCATION, ROUTE
//! ```
//! Before both sides have confirmed what they agree on, nothing but the control stream is read: streams of requests stay in the windows of QUIC. Early
//! data (0-RTT) are the exception: a driver that remembers the client may have them read, and then only what may be repeated is served.
//!
//! Writes pass through; the session keeps none. So a slow reader costs what the driver has in its send buffer for a stream, and the exchange ends when
//! it makes no progress for a while. Nothing that a peer sends makes the session write on a stream without the layer above, except once CONFIRM.
//!
//! It lacks, on purpose: what an answer contains (the layers above), who the peer is (`certs`), and congestion (QUIC).

pub mod agreed;
mod bucket;
pub mod code;
mod config;
mod control;
pub mod exchange;
pub mod frame;
pub mod limits;
pub mod message;
pub mod reader;
mod requests;
pub mod settings;
pub mod states;
pub mod stream;
#[cfg(test)]
mod tests;
pub mod transcript;
pub mod version;
pub mod violation;

pub use agreed::Agreed;
pub use code::{Code, Scope};
pub use config::Config;
pub use exchange::Exchange;
pub use frame::{Frame, Kind};
pub use message::{Effect, Input, Notice, Why};
pub use reader::{FrameReader, Item};
pub use settings::{Capabilities, Roles, Setting, Settings};
pub use stream::{Side, StreamId};
pub use violation::Violation;

use crate::base::Time;
use crate::machine::{Cx, Machine};
use crate::testing::Breach;
use bucket::Bucket;
use limits::{FrameLimits, HELD_MAX};
use states::{Act, Cell, Event, State, cell};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Probes that can wait for an answer at a time.
pub const PROBES_MAX: usize = 4;

/// One side of a session.
#[derive(Clone, Debug)]
pub struct Session {
    config: Arc<Config>,
    side: Side,
    state: State,
    agreed: Agreed,
    /// What is needed until both sides agree, and dropped then.
    opening: Option<Box<Opening>>,
    /// The peer's control stream.
    control: Option<StreamId>,
    /// One-way streams of the peer that are passed over, and are open.
    passed_over: u8,
    /// Requests that this side opened so far.
    opened: u64,
    /// Requests of the peer that are, or may have been, acted on so far: one more than the highest ordinal.
    accepted: u64,
    /// Requests that the peer still accepts, once it leaves.
    peer_accepts: Option<u64>,
    /// Requests of the peer that wait, unread, until the session is open.
    held: Vec<StreamId>,
    exchanges: BTreeMap<StreamId, Exchange>,
    /// How many of the exchanges this side began.
    asking: u16,
    sweeping: bool,
    waste: Bucket,
    probes_heard: Bucket,
    told: Bucket,
    probes: [Option<(u64, Time)>; PROBES_MAX],
    /// Until when the peer will be told of every purge, whatever happens to others.
    lease_until: Time,
}

/// What the two sides tell before they agree.
#[derive(Clone, Debug, Default)]
struct Opening {
    keys: Option<(u8, [u8; transcript::EXPORTER_BYTES])>,
    ours: Settings,
    theirs: Settings,
    /// The CONFIRM that has to come.
    expected: [u8; 32],
}

type Context<'c> = Cx<'c, Effect>;

impl Machine for Session {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Begin => self.step(Event::Begin, None, cx),
            Input::Keyed { major, exporter } => self.on_keys(major, exporter, cx),
            Input::OneWay { stream, kind } => self.on_one_way(stream, kind, cx),
            Input::Request { stream, early } => self.on_request(stream, early, cx),
            Input::Frame { stream, frame } => self.on_frame(stream, frame, cx),
            Input::Broken { stream, violation } => self.on_broken(stream, violation, cx),
            Input::End { stream } => self.on_end(stream, exchange::states::Event::End, Code::NoError, cx),
            Input::Reset { stream, code } => self.on_end(stream, exchange::states::Event::Reset, Code::from_quic(code, true), cx),
            Input::Stop { stream, code } => self.on_stop(stream, Code::from_quic(code, true), cx),
            Input::Datagram { frame } => self.on_datagram(frame, cx),
            Input::BrokenDatagram { violation } => self.on_broken_datagram(violation, cx),
            Input::Progress { stream } => {
                if let Some(exchange) = self.exchanges.get_mut(&stream) {
                    exchange.progress(cx.now);
                }
            }
            Input::Ask { frame, tag, early } => self.on_ask(frame, tag, early, cx),
            Input::Say { stream, frame } => self.on_say(stream, frame, cx),
            Input::Finish { stream } => self.on_finish(stream, cx),
            Input::Abort { stream, code } => self.on_end(stream, exchange::states::Event::Abort, code, cx),
            Input::Probe => self.on_probe(cx),
            Input::Tell { frame } => self.on_tell(frame, cx),
            Input::Leave => {
                self.step(Event::Leave, None, cx);
                self.drained(cx);
            }
            Input::Close { code } => self.step(Event::Break, Some(code), cx),
            Input::Gone => self.step(Event::Gone, None, cx),
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        match why {
            // The table passes over a deadline whose state is over; the two deadlines are told apart by the states in which they count.
            Why::Agree if self.state < State::Open && !Breach::WaitForSettingsForever.is_on() => self.step(Event::Late, None, cx),
            Why::Leave if Breach::StayForEver.is_on() => {}
            Why::Leave if matches!(self.state, State::Draining | State::Parting) => self.step(Event::Late, None, cx),
            Why::Agree | Why::Leave => {}
            Why::Sweep => self.sweep(cx),
        }
    }
}

impl Session {
    /// A session that has not begun.
    pub fn new(config: &Arc<Config>, side: Side) -> Self {
        Self {
            config: config.clone(),
            side,
            state: State::Idle,
            agreed: Agreed::default(),
            opening: None,
            control: None,
            passed_over: 0,
            opened: 0,
            accepted: 0,
            peer_accepts: None,
            held: Vec::new(),
            exchanges: BTreeMap::new(),
            asking: 0,
            sweeping: false,
            waste: Bucket::default(),
            probes_heard: Bucket::default(),
            told: Bucket::default(),
            probes: [None; PROBES_MAX],
            lease_until: Time::ZERO,
        }
    }

    /// The layer above promises to tell the peer of every purge until then, as long as the session lives (clause 11.3). Answers to probes say so.
    pub const fn promise(&mut self, until: Time) {
        self.lease_until = until;
    }

    /// Where it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// What was agreed, or what may be assumed as long as nothing is.
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// What this side takes in one frame: the limits of the readers of its streams.
    pub fn limits(&self) -> FrameLimits {
        let settings = &self.config.settings;
        FrameLimits { chunk_bytes: settings.get(Setting::ChunkBytes) as u32, manifest_bytes: settings.get(Setting::ManifestBytes) as u32 }
    }

    /// Requests that the peer may have open now; what the driver grants as QUIC streams.
    pub fn requests_granted(&self) -> usize {
        if self.state < State::Open { HELD_MAX } else { self.config.settings.get(Setting::Requests) as usize }
    }

    /// Exchanges under way.
    pub fn exchanges(&self) -> usize {
        self.exchanges.len()
    }

    /// Bytes on the heap, the readers of the driver not included.
    pub fn heap_bytes(&self) -> usize {
        let opening =
            self.opening.as_ref().map_or(0, |opening| size_of::<Opening>() + opening.ours.heap_bytes() + opening.theirs.heap_bytes());
        // A map's node holds eleven entries and is half full at least.
        let nodes = self.exchanges.len().div_ceil(5);
        opening + self.held.capacity() * size_of::<StreamId>() + nodes * 11 * size_of::<(StreamId, Exchange)>()
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        let asking = self.exchanges.keys().filter(|stream| stream.opener() == self.side).count();
        if asking != usize::from(self.asking) {
            return Err("the requests of this side are counted");
        }
        if self.exchanges.len() - asking > self.requests_granted().max(HELD_MAX) {
            return Err("a peer has no more requests open than granted");
        }
        if self.held.len() > HELD_MAX || (self.state >= State::Open && !self.held.is_empty()) {
            return Err("streams are held unread only until the session is open, and not many");
        }
        if self.state == State::Closed && !(self.exchanges.is_empty() && self.opening.is_none()) {
            return Err("a closed session holds nothing");
        }
        if self.exchanges.values().any(|exchange| exchange.state() == exchange::states::State::Closed) {
            return Err("an exchange that is over is forgotten");
        }
        Ok(())
    }

    /// Lets the table decide on an event that concerns the whole session, and does what it says. Acts that concern one request or one frame are the
    /// caller's, see [`Session::judge`].
    fn step(&mut self, event: Event, code: Option<Code>, cx: &mut Context<'_>) {
        match self.judge(event) {
            Act::Greet => self.greet(cx),
            Act::Confirm => self.confirm(cx),
            Act::Open => self.open(cx),
            Act::Announce => cx.emit(Effect::Up(Notice::PeerLeaves)),
            Act::GoAway => self.go_away(cx),
            Act::Close => self.close(Code::NoError, cx),
            Act::Break => self.close(code.unwrap_or(Code::Internal), cx),
            Act::Fail(violation) => self.close(violation.code(), cx),
            Act::Gone => {
                self.forget(Code::Refused, cx);
                cx.emit(Effect::Up(Notice::Closed { code: Code::Internal, by_peer: true }));
            }
            Act::Nothing | Act::Hold | Act::Go | Act::Refuse | Act::Drop => {}
        }
    }

    /// Moves to the next state and tells what is to be done.
    fn judge(&mut self, event: Event) -> Act {
        let Cell { next, act } = cell(self.state, event);
        self.state = next;
        act
    }

    /// Closes the connection for a violation, whatever the state.
    fn fail(&mut self, violation: Violation, cx: &mut Context<'_>) {
        self.step(Event::Break, Some(violation.code()), cx);
    }

    /// Everything ends. The table has already moved on.
    fn close(&mut self, code: Code, cx: &mut Context<'_>) {
        self.forget(Code::Refused, cx);
        cx.emit(Effect::Close { code });
        cx.emit(Effect::Up(Notice::Closed { code, by_peer: false }));
    }

    /// Tells the layer above that its exchanges are over, and holds nothing any more.
    fn forget(&mut self, code: Code, cx: &mut Context<'_>) {
        self.state = State::Closed;
        self.opening = None;
        self.held = Vec::new();
        self.asking = 0;
        for stream in core::mem::take(&mut self.exchanges).into_keys() {
            cx.emit(Effect::Up(Notice::Over { stream, result: Err(code) }));
        }
    }
}
