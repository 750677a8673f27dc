//! The tester: what scripts say. It knows frames and streams, and holds one side of a connection through a [`Port`].
//!
//! A script reads like its purpose: open a session, say this, expect that. What does not come in time, or comes otherwise, ends the script with the verdict
//! that it means; so a script that runs to its end has passed. Everything that was said and heard is in the log.

mod expect;
mod fixture;
mod line;
mod log;

pub use expect::Answer;
pub use fixture::{Fixture, get_name};
pub use line::Got;

use super::case::{Need, Subject};
use super::octets;
use super::port::{BadCertificate, Heard, Hello, Identity, Line, Network, Pixit, Port, Ways, Welcome};
use super::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time, Wire as _};
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{Capabilities, Code, Roles, Setting, Settings, Side, StreamId, transcript, version};
use line::LineState;
use log::Log;
use std::cell::Cell;
use std::collections::BTreeMap;

/// One side of everything that a case says.
pub struct Tester<'p> {
    port: &'p mut dyn Port,
    subject: Subject,
    pixit: Pixit,
    lines: BTreeMap<Line, LineState>,
    log: Log,
    fixture: Option<Fixture>,
    seed: u64,
    need: Cell<Need>,
    is_alive: bool,
    began: Time,
}

/// The roles that a tester has on a good connection: it may ask, store and purge.
pub const ROLES: Roles = Roles(Roles::CLIENT.0 | Roles::PUBLISHER.0);

/// How long a case may take over a network. What comes later is not heard.
const CASE_MAX: Span = Span::secs(60);

impl<'p> Tester<'p> {
    /// A tester in front of a fresh implementation. The seed makes the names of its objects, so that cases on one implementation do not meet.
    pub fn new(port: &'p mut dyn Port, subject: Subject, seed: u64) -> Outcome<Self> {
        port.start(subject)?;
        let (pixit, began) = (*port.pixit(), port.now());
        let (lines, log, need) = (BTreeMap::new(), Log::default(), Cell::new(Need::of(subject)));
        Ok(Self { port, subject, pixit, lines, log, fixture: None, seed, need, is_alive: false, began })
    }

    /// What is set about the implementation.
    pub fn pixit(&self) -> &Pixit {
        self.needs(Need::Configuration);
        &self.pixit
    }

    /// How long the tester waits for a reaction that is due at once.
    pub const fn patience(&self) -> Span {
        self.pixit.patience
    }

    /// How long the tester listens where nothing may come.
    pub const fn hush(&self) -> Span {
        self.pixit.hush
    }

    /// What this case used of the implementation so far.
    pub const fn need(&self) -> Need {
        self.need.get()
    }

    fn needs(&self, need: Need) {
        self.need.set(self.need.get().max(need));
    }

    /// Whether the implementation confirmed a session.
    pub const fn is_alive(&self) -> bool {
        self.is_alive
    }

    /// Somebody has to be there for a pass: silence, a closed connection and a failed handshake are what a peer gives too that does not speak this protocol
    /// at all. A case in which no session was confirmed opens one at its end. In memory it is known who is there.
    pub fn expect_life(&mut self) -> Outcome {
        if self.is_alive || self.port.network().is_none() || self.subject == Subject::Client {
            return Ok(());
        }
        self.session().map(drop).map_err(|miss| miss.before("whoever answers as is due does not open a session either"))
    }

    /// The number from which names and contents of this case are made.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What was said and heard, one line each.
    pub fn take_log(&mut self) -> Vec<String> {
        core::mem::take(&mut self.log.lines)
    }

    /// A name that no other case uses.
    pub fn name(&self, what: &str) -> String {
        format!("conform/{:08x}/{what}", self.seed)
    }

    // Connections.

    /// Connects; nothing is said yet.
    pub fn connect(&mut self, identity: Identity) -> Outcome<Line> {
        let line = self.port.connect(identity)?;
        self.log.note(line, "connected");
        self.lines.insert(line, LineState::new(self.port.side(line)));
        Ok(line)
    }

    /// Tries a handshake of the case's own. Why it failed, if it did.
    pub fn handshake(&mut self, hello: &Hello) -> Outcome<Result<Line, String>> {
        if matches!(hello.identity, Identity::Bad(BadCertificate::Revoked | BadCertificate::NotYetRevoked)) {
            self.needs(Need::Configuration);
        }
        let line = match self.network()?.handshake(hello)? {
            Ok(line) => line,
            Err(why) => return Ok(Err(why)),
        };
        self.log.note(line, "connected");
        self.lines.insert(line, LineState::new(self.port.side(line)));
        Ok(Ok(line))
    }

    /// Has the implementation started anew in front of a tester that receives it like this, for the rest of the case.
    pub fn start_before(&mut self, welcome: &Welcome) -> Outcome {
        self.needs(Need::Configuration);
        let subject = self.subject;
        self.network()?.start_before(subject, welcome)
    }

    /// Has the implementation started anew without a list of revocations.
    pub fn start_without_list(&mut self) -> Outcome {
        self.needs(Need::Configuration);
        let subject = self.subject;
        self.network()?.start_without_list(subject)
    }

    /// What becomes of the next handshake that the implementation begins with the tester, or why it failed; none if it begins none for this long.
    pub fn dialled(&mut self, within: Span) -> Outcome<Option<Result<Line, String>>> {
        let dialled = self.network()?.dialled(within)?;
        if let Some(Ok(line)) = dialled {
            self.log.note(line, "accepted");
            self.lines.insert(line, LineState::new(self.port.side(line)));
        }
        Ok(dialled)
    }

    /// The chain of certificates that the implementation showed, its own first, in DER.
    pub fn shown(&mut self, line: Line) -> Outcome<Vec<Vec<u8>>> {
        self.network()?.shown(line)
    }

    /// What the implementation plays.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// What only a real network has. In memory the case cannot go on.
    pub fn network(&mut self) -> Outcome<&mut dyn Network> {
        self.port.network().ok_or_else(|| Miss::Inconclusive("this needs a network".into()))
    }

    /// Waits for the implementation to connect with the tester.
    pub fn accept(&mut self) -> Outcome<Line> {
        let within = self.late();
        let Some(line) = self.port.accept(within)? else { return Err(Miss::Inconclusive("it did not connect with the tester".into())) };
        self.log.note(line, "accepted");
        self.lines.insert(line, LineState::new(self.port.side(line)));
        Ok(line)
    }

    /// The next connection that the implementation opens with the tester, if it opens one for this long.
    pub fn accept_within(&mut self, within: Span) -> Outcome<Option<Line>> {
        let line = self.port.accept(within)?;
        if let Some(line) = line {
            self.log.note(line, "accepted");
            self.lines.insert(line, LineState::new(self.port.side(line)));
        }
        Ok(line)
    }

    /// What the tester tells of itself unless a case says otherwise.
    pub fn settings(roles: Roles) -> Settings {
        Settings::new(Capabilities::ALL.without(Capabilities::EARLY), roles).with(Setting::Requests, 32)
    }

    /// An open session, as client and publisher.
    pub fn session(&mut self) -> Outcome<Line> {
        self.session_as(ROLES)
    }

    /// An open session to an implementation that was connected to, or, as the server that it dialled, with the roles of an origin.
    pub fn session_as(&mut self, roles: Roles) -> Outcome<Line> {
        self.session_with(roles, &Self::settings(roles))
    }

    /// The same with settings of the case's own.
    pub fn session_with(&mut self, roles: Roles, settings: &Settings) -> Outcome<Line> {
        let line = self.connect(Identity::Certified(roles)).map_err(|miss| miss.before("connecting"))?;
        self.agree(line, settings).map_err(|miss| miss.before("opening a session"))?;
        Ok(line)
    }

    /// Waits for the implementation to connect, and opens a session as an origin.
    pub fn session_from_it(&mut self) -> Outcome<Line> {
        let line = self.accept()?;
        self.agree(line, &Self::settings(Roles::ORIGIN)).map_err(|miss| miss.before("opening a session"))?;
        Ok(line)
    }

    /// Control stream, settings and confirmation, both ways.
    pub fn agree(&mut self, line: Line, settings: &Settings) -> Outcome {
        let control = self.greet(line, &settings.to_bytes())?;
        let theirs = self.their_settings(line)?;
        let confirm = self.confirmation(line, settings, &theirs);
        self.send(line, control, &octets::frame(0x03, &confirm))?;
        self.state(line).in_use = settings.get(Setting::Capabilities) & theirs.get(Setting::Capabilities);
        self.their_confirmation(line, settings, &theirs)?;
        self.settle(line)
    }

    /// Lets the tester's confirmation arrive: over a network a datagram could overtake it, and would be dropped (R-8-32).
    fn settle(&mut self, line: Line) -> Outcome {
        if !self.port.has_path() {
            return Ok(());
        }
        let settle = self.pixit.settle;
        self.port.pause(settle);
        match self.closed(line) {
            None => Ok(()),
            Some(code) => Err(Miss::Fail(format!("the connection was closed ({})", expect::told(code)))),
        }
    }

    /// Opens the control stream and says this payload as `Settings`.
    pub fn greet(&mut self, line: Line, payload: &[u8]) -> Outcome<StreamId> {
        let control = self.open(line, Ways::One)?;
        self.state(line).control = Some(control);
        self.send(line, control, &[octets::varint(CONTROL), octets::frame(0x01, payload)].concat())?;
        Ok(control)
    }

    /// The control stream of the tester.
    pub fn control(&mut self, line: Line) -> StreamId {
        self.state(line).control.expect("a case greets before it speaks on the control stream")
    }

    /// The control stream of the implementation.
    pub fn their_control(&mut self, line: Line) -> StreamId {
        StreamId::one_way(self.port.side(line).other(), 0)
    }

    /// Whether both sides told a capability (R-7-02).
    pub fn is_in_use(&mut self, line: Line, capability: Capabilities) -> bool {
        self.state(line).in_use & capability.0 == capability.0
    }

    /// The first frame of the implementation's control stream, which is `Settings`.
    pub fn their_settings(&mut self, line: Line) -> Outcome<Settings> {
        let control = self.their_control(line);
        match self.expect_frame(line, control)?.0 {
            Frame::Settings(settings) => Ok(*settings),
            other => Err(Miss::Fail(format!("its control stream begins with {other:?} and not with Settings"))),
        }
    }

    /// What the tester has to confirm (clause 7.2).
    pub fn confirmation(&mut self, line: Line, ours: &Settings, theirs: &Settings) -> [u8; 32] {
        let (exporter, side) = (self.port.exporter(line), self.port.side(line));
        let (client, server) = if side == Side::Client { (ours, theirs) } else { (theirs, ours) };
        transcript::confirmation(side, version::MAJOR, &exporter, client, server)
    }

    /// The confirmation of the implementation, which has to be the right one.
    pub fn their_confirmation(&mut self, line: Line, ours: &Settings, theirs: &Settings) -> Outcome {
        let (exporter, side) = (self.port.exporter(line), self.port.side(line));
        let (client, server) = if side == Side::Client { (ours, theirs) } else { (theirs, ours) };
        let right = transcript::confirmation(side.other(), version::MAJOR, &exporter, client, server);
        let control = self.their_control(line);
        match self.expect_frame(line, control)?.0 {
            Frame::Confirm(said) if *said == right => {
                self.is_alive = true;
                Ok(())
            }
            Frame::Confirm(_) => Err(Miss::Fail("its confirmation is not that of clause 7.2".into())),
            other => Err(Miss::Fail(format!("{other:?} came where Confirm is due"))),
        }
    }

    // Streams.

    /// Opens a stream. The case cannot go on where none is granted.
    pub fn open(&mut self, line: Line, ways: Ways) -> Outcome<StreamId> {
        let until = self.port.now() + self.pixit.patience;
        let mut opened = self.port.open(line, ways)?;
        // What was granted may be under way.
        while opened.is_none() && self.port.has_path() && self.port.now() < until {
            opened = self.port.open(line, ways)?;
        }
        opened.ok_or_else(|| Miss::Inconclusive("it grants no further stream".into()))
    }

    /// Opens a stream if one is granted.
    pub fn try_open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>> {
        self.port.open(line, ways)
    }

    /// Sends octets.
    pub fn send(&mut self, line: Line, stream: StreamId, octets: &[u8]) -> Outcome {
        self.log.sent(line, stream, octets, false);
        self.port.write(line, stream, octets, false)
    }

    /// Sends octets and ends the direction.
    pub fn send_last(&mut self, line: Line, stream: StreamId, octets: &[u8]) -> Outcome {
        self.log.sent(line, stream, octets, true);
        self.port.write(line, stream, octets, true)
    }

    /// Says a frame.
    pub fn say(&mut self, line: Line, stream: StreamId, frame: &Frame) -> Outcome {
        self.send(line, stream, &frame.to_bytes())
    }

    /// Begins an exchange with these octets, and leaves this direction open.
    pub fn request(&mut self, line: Line, octets: &[u8]) -> Outcome<StreamId> {
        let stream = self.open(line, Ways::Two)?;
        self.send(line, stream, octets)?;
        Ok(stream)
    }

    /// Asks, and ends this direction: the whole of a `GetName`, a `GetId` or a `Purge`.
    pub fn ask(&mut self, line: Line, frame: &Frame) -> Outcome<StreamId> {
        let stream = self.open(line, Ways::Two)?;
        self.send_last(line, stream, &frame.to_bytes())?;
        Ok(stream)
    }

    /// Resets this direction.
    pub fn reset(&mut self, line: Line, stream: StreamId, code: Code) -> Outcome {
        self.log.note(line, &format!("reset {} with {code:?}", stream.0));
        self.port.reset(line, stream, code.to_quic())
    }

    /// Wants no more of the other direction.
    pub fn stop(&mut self, line: Line, stream: StreamId, code: Code) -> Outcome {
        self.log.note(line, &format!("stop {} with {code:?}", stream.0));
        self.port.stop(line, stream, code.to_quic())
    }

    /// Sends a datagram.
    pub fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome {
        self.log.note(line, &format!("datagram {}", log::hex(octets)));
        self.state(line).said_datagram = Some(octets.to_vec());
        self.port.datagram(line, octets)
    }

    /// Closes the connection.
    pub fn close(&mut self, line: Line, code: Code) {
        self.port.close(line, code.to_quic());
    }

    /// Lets time pass.
    pub fn pause(&mut self, span: Span) {
        self.port.pause(span);
    }

    /// Takes no contents from a connection any more, or takes them again: a slow reader.
    pub fn hold(&mut self, line: Line, held: bool) {
        self.port.hold(line, held);
    }

    /// Keying material of a connection, under the label of clause 7.2.
    pub fn exporter(&self, line: Line) -> [u8; 32] {
        self.port.exporter(line)
    }

    /// The upper tester, where there is one.
    pub fn upper(&mut self) -> &mut dyn Port {
        self.needs(Need::Upper);
        self.port
    }

    fn state(&mut self, line: Line) -> &mut LineState {
        self.lines.get_mut(&line).expect("a line was given by this tester")
    }

    /// How long silence has to last before it is a verdict.
    fn late(&self) -> Span {
        self.pixit.patience + self.pixit.patience
    }

    /// Hears the next thing on a connection, if there is one for this long. Whether there was.
    fn pump(&mut self, line: Line, within: Span) -> bool {
        if self.is_too_long() {
            return false;
        }
        let Some(heard) = self.port.next(line, within) else { return false };
        self.log.heard(line, &heard);
        self.state(line).take(heard);
        true
    }

    /// The same up to a time. Who never stops to speak is not listened to for ever: what had come by then is heard for some more time, and no longer.
    fn pump_until(&mut self, line: Line, until: Time) -> bool {
        let now = self.port.now();
        now <= until + self.pixit.patience && self.pump(line, until.since(now))
    }

    /// Whether the case takes longer than any has to. In memory time costs nothing.
    fn is_too_long(&mut self) -> bool {
        self.port.has_path() && self.port.now().since(self.began) > CASE_MAX
    }

    /// Hears all that has come.
    pub fn drain(&mut self, line: Line) {
        let until = self.port.now();
        while self.pump_until(line, until) {}
    }
}

/// What clears up after a case: every connection is closed.
impl Drop for Tester<'_> {
    fn drop(&mut self) {
        // A node whose invariants broke would panic once more, which ends the process.
        if std::thread::panicking() {
            return;
        }
        for (line, state) in &self.lines {
            if state.closed.is_none() {
                self.port.close(*line, Code::NoError.to_quic());
            }
        }
    }
}

/// What the port said, in the words of the log.
pub(super) fn told(heard: &Heard) -> String {
    match heard {
        Heard::Octets(stream, octets) => format!("{} says {}", stream.0, log::said(octets)),
        Heard::End(stream) => format!("{} ends", stream.0),
        Heard::Reset(stream, code) => format!("{} is reset with {code:#x}", stream.0),
        Heard::Stop(stream, code) => format!("{} is stopped with {code:#x}", stream.0),
        Heard::Datagram(octets) => format!("datagram {}", log::hex(octets)),
        Heard::Closed(code) => code.map_or_else(|| "closed without a code".to_owned(), |code| format!("closed with {code:#x}")),
    }
}
