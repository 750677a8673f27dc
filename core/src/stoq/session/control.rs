//! The control stream and datagrams: how two sides agree, probe each other, and leave.

use super::agreed::{agree, needed_for};
use super::frame::{Frame, Kind, LEASE_MILLIS_MAX};
use super::limits::{ONE_WAY_MAX, SETTINGS_MAX};
use super::message::{Effect, Notice, Why};
use super::states::{Act, Event, State};
use super::stream::{CONTROL, Place, StreamId, may_travel};
use super::transcript::{EXPORTER_BYTES, confirmation};
use super::version::{is_critical, major_bit};
use super::{Code, Context, Opening, PROBES_MAX, Session, Setting, Settings, Side, Violation, transcript};
use crate::base::wire::VARINT_MAX;
use crate::base::{Purpose, Span};
use crate::testing::Breach;

/// Room that is kept for one setting of grease.
const OURS_MAX: usize = SETTINGS_MAX - 1;

impl Session {
    /// The stream on which this side tells the peer.
    pub(super) fn own_control(&self) -> StreamId {
        StreamId::one_way(self.side, u64::from(Breach::ControlNotFirst.is_on()))
    }

    pub(super) fn greet(&mut self, cx: &mut Context<'_>) {
        let stream = self.own_control();
        let mut ours = self.config.settings.clone();
        if self.config.grease && ours.pairs().len() <= OURS_MAX {
            ours = ours.with_grease(cx.draw(Purpose::Exchange).u64());
        }
        if Breach::OfferWhatIsLacking.is_on() {
            ours = ours.with(Setting::Capabilities, VARINT_MAX);
        }
        if Breach::TellNoRoles.is_on() {
            ours = ours.with(Setting::Roles, 0);
        }
        cx.emit(Effect::OpenControl { stream });
        cx.emit(Effect::Write { stream, frame: Frame::Settings(Box::new(ours.clone())) });
        cx.emit(Effect::Wake { after: self.config.agree_within, why: Why::Agree });
        self.opening = Some(Box::new(Opening { ours, ..Opening::default() }));
    }

    pub(super) fn on_keys(&mut self, major: u8, exporter: [u8; EXPORTER_BYTES], cx: &mut Context<'_>) {
        if let Some(opening) = &mut self.opening {
            opening.keys = Some((major, exporter));
        }
        self.step(Event::Keyed, None, cx);
        if self.state == State::Settling && Breach::ConfirmBeforeSettings.is_on() {
            self.confirm(cx);
        }
    }

    /// Both the keys and the settings of the peer are there: they make something together, or the session ends.
    pub(super) fn confirm(&mut self, cx: &mut Context<'_>) {
        let Some(opening) = &mut self.opening else { return self.fail(Violation::Internal, cx) };
        let Some((major, exporter)) = opening.keys else { return self.fail(Violation::Internal, cx) };
        match agree(major_bit(major), &opening.ours, &opening.theirs) {
            Err(violation) => self.fail(violation, cx),
            Ok(agreed) => {
                let (client, server) = match self.side {
                    Side::Client => (&opening.ours, &opening.theirs),
                    Side::Server => (&opening.theirs, &opening.ours),
                };
                let said = confirmation(self.side, major, &exporter, client, server);
                opening.expected = confirmation(self.side.other(), major, &exporter, client, server);
                self.agreed = agreed;
                cx.emit(Effect::Write { stream: self.own_control(), frame: Frame::Confirm(Box::new(said)) });
                cx.emit(Effect::Up(Notice::Ready));
            }
        }
    }

    /// Both sides agree: what was held is read.
    pub(super) fn open(&mut self, cx: &mut Context<'_>) {
        self.opening = None;
        cx.emit(Effect::Up(Notice::Open(self.agreed)));
        let unread = self.exchanges.iter().filter(|(stream, exchange)| stream.opener() == self.side && !exchange.is_early());
        unread.for_each(|(stream, _)| cx.emit(Effect::Read { stream: *stream }));
        for stream in core::mem::take(&mut self.held) {
            self.accept(stream, false, cx);
        }
        if self.config.grease {
            let draw = cx.draw(Purpose::Exchange).u64();
            let kind = super::version::grease(draw >> 32);
            cx.emit(Effect::Write { stream: self.own_control(), frame: Frame::Unknown { kind, bytes: (draw & 0x1F) as u32 } });
        }
    }

    /// The peer opened a one-way stream.
    pub(super) fn on_one_way(&mut self, stream: StreamId, kind: u64, cx: &mut Context<'_>) {
        if self.state == State::Closed {
            return;
        }
        match kind {
            CONTROL if self.control.is_some() => self.fail(Violation::ControlTwice, cx),
            CONTROL => self.control = Some(stream),
            kind if is_critical(kind) && !Breach::PassOverCriticalStream.is_on() => self.fail(Violation::CriticalStream, cx),
            _ if usize::from(self.passed_over) + 1 >= ONE_WAY_MAX && !Breach::AcceptAnyNumberOfStreams.is_on() => {
                self.fail(Violation::StreamsTooMany, cx)
            }
            _ => {
                self.passed_over = self.passed_over.saturating_add(1);
                // There is nothing to learn from it, so its bytes are not even carried.
                if !Breach::ReadMeaninglessStream.is_on() {
                    cx.emit(Effect::Stop { stream, code: Code::Refused });
                }
            }
        }
    }

    /// A one-way stream of the peer ended. Only those that are passed over may.
    pub(super) fn on_one_way_end(&mut self, stream: StreamId, cx: &mut Context<'_>) {
        if self.control == Some(stream) {
            self.control_ended(cx);
        } else {
            self.passed_over = self.passed_over.saturating_sub(1);
        }
    }

    /// A control stream ended, or is no longer wanted.
    pub(super) fn control_ended(&mut self, cx: &mut Context<'_>) {
        if !Breach::LetControlEnd.is_on() {
            self.fail(Violation::ControlEnded, cx);
        }
    }

    /// A frame on the peer's control stream.
    pub(super) fn on_control(&mut self, frame: Frame, cx: &mut Context<'_>) {
        // Frames without meaning are passed over wherever they are.
        let Some(kind) = frame.kind() else { return };
        let early = matches!(self.state, State::Greeting | State::Settling);
        if early && kind != Kind::Settings && Breach::SettingsNotFirst.is_on() {
            return;
        }
        if !may_travel(kind, Place::Control) {
            if Breach::IgnoreMisplacedFrame.is_on() {
                return;
            }
            return self.fail(if early { Violation::SettingsMissing } else { Violation::Unexpected }, cx);
        }
        match frame {
            Frame::Settings(theirs) => self.on_settings(*theirs, cx),
            Frame::Confirm(said) => self.on_confirm(&said, cx),
            Frame::GoAway { accepted } => self.on_go_away(accepted, cx),
            frame => match self.judge(Event::Told) {
                Act::Go => self.on_told(kind, frame, cx),
                Act::Fail(violation) => self.close(violation.code(), cx),
                _ => {}
            },
        }
    }

    fn on_settings(&mut self, theirs: Settings, cx: &mut Context<'_>) {
        let first = matches!(self.state, State::Greeting | State::Settling);
        if !first && Breach::AcceptSecondSettings.is_on() {
            return;
        }
        if first {
            if let Err(violation) = theirs.check() {
                return self.fail(violation, cx);
            }
            if let Some(opening) = &mut self.opening {
                opening.theirs = theirs;
            }
        }
        self.step(Event::Settings, None, cx);
    }

    fn on_confirm(&mut self, said: &[u8; 32], cx: &mut Context<'_>) {
        let agrees = self.opening.as_ref().is_some_and(|opening| transcript::agree(&opening.expected, said));
        if self.state == State::Confirming && !agrees && !Breach::IgnoreConfirmation.is_on() {
            return self.fail(Violation::ConfirmWrong, cx);
        }
        self.step(Event::Confirm, None, cx);
    }

    fn on_go_away(&mut self, accepted: u64, cx: &mut Context<'_>) {
        if self.peer_accepts.is_some_and(|before| accepted > before) && !Breach::AcceptRaisedGoAway.is_on() {
            return self.fail(Violation::GoAwayRaised, cx);
        }
        self.step(Event::GoAway, None, cx);
        if self.state == State::Closed {
            return;
        }
        self.peer_accepts = Some(accepted);
        // What the peer will not look at can be asked elsewhere at once.
        let refused: Vec<StreamId> =
            self.exchanges.keys().copied().filter(|stream| stream.opener() == self.side && stream.ordinal() >= accepted).collect();
        for stream in refused.into_iter().filter(|_| !Breach::KeepRefusedRequests.is_on()) {
            self.on_end(stream, super::exchange::states::Event::Abort, Code::Refused, cx);
        }
        self.drained(cx);
    }

    /// Whether the capability that a frame needs is in use.
    pub(super) fn is_agreed(&self, kind: Kind) -> bool {
        self.agreed.capabilities.has(needed_for(kind)) || Breach::UseWhatIsNotAgreed.is_on()
    }

    fn on_told(&mut self, kind: Kind, frame: Frame, cx: &mut Context<'_>) {
        if !self.is_agreed(kind) {
            return self.fail(Violation::NotAgreed, cx);
        }
        if self.told.take(self.config.told_per_sec, self.config.told_per_sec, cx.now) || Breach::HearEverything.is_on() {
            cx.emit(Effect::Up(Notice::Heard { frame }));
        }
    }

    pub(super) fn on_datagram(&mut self, frame: Frame, cx: &mut Context<'_>) {
        let Some(kind) = frame.kind() else { return };
        let too_early = self.state == State::Confirming && Breach::HearDatagramsEarly.is_on();
        if self.judge(Event::Datagram) != Act::Go && !too_early {
            return;
        }
        if !may_travel(kind, Place::Datagram) {
            if Breach::IgnoreMisplacedFrame.is_on() {
                return;
            }
            return self.fail(Violation::Unexpected, cx);
        }
        if !self.is_agreed(kind) {
            return self.fail(Violation::NotAgreed, cx);
        }
        match frame {
            Frame::Ping { token } => {
                if self.probes_heard.take(self.config.told_per_sec, self.config.told_per_sec, cx.now) || Breach::AnswerEveryPing.is_on() {
                    let load_permille = self.load_permille();
                    let lease_millis = (self.lease_until.since(cx.now).0 / 1_000_000).min(u64::from(LEASE_MILLIS_MAX)) as u32;
                    let times = if Breach::AnswerPingTwice.is_on() { 2 } else { 1 };
                    (0..times).for_each(|_| cx.emit(Effect::Datagram { frame: Frame::Pong { token, load_permille, lease_millis } }));
                }
            }
            Frame::Pong { token, load_permille, lease_millis } => {
                let any = Breach::BelieveAnyPong.is_on();
                let found = self.probes.iter_mut().find(|probe| probe.is_some_and(|(sent, _)| sent == token || any));
                if let Some((_, at)) = found.and_then(Option::take) {
                    let (rtt, lease) = (cx.now.since(at), Span::millis(u64::from(lease_millis)));
                    cx.emit(Effect::Up(Notice::Probed { rtt, load_permille, lease }));
                }
            }
            frame => self.on_told(kind, frame, cx),
        }
    }

    /// A datagram came that has no meaning here. Before both sides have confirmed it is dropped, whatever is in it (R-8-32).
    pub(super) fn on_broken_datagram(&mut self, violation: Violation, cx: &mut Context<'_>) {
        if self.judge(Event::Datagram) == Act::Go || Breach::HearDatagramsEarly.is_on() {
            self.fail(violation, cx);
        }
    }

    /// Load of this side, as far as one session knows: the peer's requests in thousandths of what it was granted.
    fn load_permille(&self) -> u16 {
        let granted = self.requests_granted().max(1);
        ((self.exchanges.len() - usize::from(self.asking)) * 1000 / granted).min(usize::from(u16::MAX)) as u16
    }

    pub(super) fn on_probe(&mut self, cx: &mut Context<'_>) {
        let open = matches!(self.state, State::Open | State::Draining | State::Leaving | State::Parting);
        if !open || !self.agreed.capabilities.has(needed_for(Kind::Ping)) {
            return;
        }
        let token = cx.draw(Purpose::Exchange).u64();
        // The oldest probe makes room: its answer is lost or too late to be of use.
        let oldest = (0..PROBES_MAX).min_by_key(|at| self.probes[*at].map(|(_, sent)| sent)).unwrap_or_default();
        self.probes[oldest] = Some((token, cx.now));
        cx.emit(Effect::Datagram { frame: Frame::Ping { token } });
    }

    /// The layer above tells the peer something about this node. A place goes in a datagram like a route: what is lost is told again before it ends.
    pub(super) fn on_tell(&mut self, frame: Frame, cx: &mut Context<'_>) {
        let told = matches!(frame.kind(), Some(Kind::Location | Kind::Route));
        let open = matches!(self.state, State::Open | State::Draining | State::Leaving | State::Parting);
        if told && open && self.agreed.capabilities.has(needed_for(Kind::Route)) {
            if frame.wire_bytes() <= super::limits::DATAGRAM_BYTES_MAX {
                cx.emit(Effect::Datagram { frame });
            } else {
                cx.emit(Effect::Write { stream: self.own_control(), frame });
            }
        }
    }

    pub(super) fn go_away(&mut self, cx: &mut Context<'_>) {
        if !Breach::LeaveWithoutGoAway.is_on() {
            cx.emit(Effect::Write { stream: self.own_control(), frame: Frame::GoAway { accepted: self.accepted } });
        }
        cx.emit(Effect::Wake { after: self.config.leave_within, why: Why::Leave });
    }
}
