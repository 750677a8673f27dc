//! Streams of requests: which are accepted, what is said on them, and how they end.

use super::agreed::needed_for;
use super::exchange::Exchange;
use super::exchange::states::{Act as Does, Event as Happens};
use super::frame::{Frame, Kind};
use super::limits::HELD_MAX;
use super::message::{Effect, Notice, Why};
use super::states::{Act, Event, State};
use super::stream::{Place, StreamId, may_travel};
use super::{Code, Context, Scope, Session, Violation};
use crate::base::Span;
use crate::testing::Breach;

impl Session {
    /// The peer opened a stream of requests.
    pub(super) fn on_request(&mut self, stream: StreamId, early: bool, cx: &mut Context<'_>) {
        if self.state == State::Closed {
            return;
        }
        let wrong = stream.is_one_way() || stream.opener() == self.side;
        if wrong || self.exchanges.contains_key(&stream) || self.held.contains(&stream) {
            return self.fail(Violation::Internal, cx);
        }
        match self.judge(if early { Event::EarlyIn } else { Event::RequestIn }) {
            Act::Hold if self.held.len() + self.exchanges.len() - usize::from(self.asking) >= HELD_MAX => {
                self.fail(Violation::RequestsTooMany, cx);
            }
            Act::Hold if Breach::AnswerBeforeConfirmed.is_on() => self.accept(stream, false, cx),
            Act::Hold => {
                if self.held.is_empty() {
                    self.held.reserve_exact(HELD_MAX);
                } else if Breach::HoldAnyAmount.is_on() {
                    self.held.reserve_exact(HELD_MAX << 12);
                }
                self.held.push(stream);
            }
            Act::Go => self.accept(stream, early && self.state < State::Open, cx),
            Act::Refuse => self.give_up(stream, Code::Refused, cx),
            Act::Fail(violation) => self.close(violation.code(), cx),
            _ => {}
        }
    }

    /// Reads a stream of the peer from now on.
    pub(super) fn accept(&mut self, stream: StreamId, early: bool, cx: &mut Context<'_>) {
        if self.exchanges.len() - usize::from(self.asking) >= self.requests_granted() {
            return self.fail(Violation::RequestsTooMany, cx);
        }
        // A QUIC stream is opened together with all before it, so the count is one more than the highest.
        self.accepted = self.accepted.max(stream.ordinal() + 1);
        self.exchanges.insert(stream, Exchange::answering(early, cx.now));
        self.schedule_sweep(cx);
        cx.emit(Effect::Read { stream });
    }

    /// A frame came on a stream.
    pub(super) fn on_frame(&mut self, stream: StreamId, frame: Frame, cx: &mut Context<'_>) {
        if self.control == Some(stream) {
            return self.on_control(frame, cx);
        }
        let Some(kind) = frame.kind() else { return };
        // A stream that is over may have had something under way.
        let Some(exchange) = self.exchanges.get_mut(&stream) else {
            if !stream.is_one_way() && Breach::ErrorForError.is_on() {
                self.fail(Violation::Unexpected, cx);
            }
            return;
        };
        let place = if stream.opener() == self.side { Place::Answer } else { Place::Request };
        if !may_travel(kind, place) {
            if Breach::IgnoreMisplacedFrame.is_on() {
                return;
            }
            return self.fail(Violation::Unexpected, cx);
        }
        let does = exchange.admit(&frame, cx.now);
        if does == Does::Pass && !self.is_agreed(kind) {
            return self.fail(Violation::NotAgreed, cx);
        }
        if let (Does::Pass, Frame::Cancel(_)) = (does, &frame) {
            self.count_waste(cx);
            if self.state == State::Closed {
                return;
            }
        }
        match does {
            Does::Pass => cx.emit(Effect::Up(Notice::Frame { stream, frame })),
            does => self.carry_out(stream, does, Code::Internal, cx),
        }
    }

    /// A stream said something that is no frame, or ended inside one.
    pub(super) fn on_broken(&mut self, stream: StreamId, violation: Violation, cx: &mut Context<'_>) {
        match violation {
            Violation::RequestCut if stream.is_one_way() => self.on_one_way_end(stream, cx),
            violation if Breach::CutClosesConnection.is_on() => self.fail(violation, cx),
            Violation::RequestCut => self.on_end(stream, Happens::Cut, violation.code(), cx),
            violation => self.fail(violation, cx),
        }
    }

    /// One direction of a stream is over, or this side gives the whole of it up.
    pub(super) fn on_end(&mut self, stream: StreamId, happens: Happens, code: Code, cx: &mut Context<'_>) {
        if stream.is_one_way() {
            if stream.opener() != self.side && self.state != State::Closed {
                self.on_one_way_end(stream, cx);
            }
            return;
        }
        if let Some(at) = self.held.iter().position(|held| *held == stream) {
            // A stream that was never read: only its place is kept until it ends.
            if happens != Happens::End {
                self.held.remove(at);
                self.give_up(stream, Code::Cancelled, cx);
                self.count_waste(cx);
            }
            return;
        }
        let Some(exchange) = self.exchanges.get_mut(&stream) else { return };
        let theirs = stream.opener() != self.side;
        let waste = theirs && exchange.is_waste() && matches!(happens, Happens::Reset | Happens::Stop | Happens::Cut);
        if happens == Happens::Reset && Breach::StreamErrorCloses.is_on() {
            return self.step(Event::Break, Some(code), cx);
        }
        let does = exchange.react(happens);
        self.carry_out(stream, does, code, cx);
        if waste {
            self.count_waste(cx);
        }
    }

    /// A request that was begun for nothing. Few of them are life; many are an attack (CVE-2023-44487 on HTTP/2).
    fn count_waste(&mut self, cx: &mut Context<'_>) {
        if !self.waste.take(self.config.waste_burst, self.config.waste_per_sec, cx.now) && !Breach::BearAnyWaste.is_on() {
            self.fail(Violation::Flooded, cx);
        }
    }

    /// The peer stops this side's direction.
    pub(super) fn on_stop(&mut self, stream: StreamId, code: Code, cx: &mut Context<'_>) {
        if stream == self.own_control() {
            if self.state != State::Closed {
                self.control_ended(cx);
            }
            return;
        }
        self.on_end(stream, Happens::Stop, code, cx);
    }

    /// Does what the table of exchanges says. `code` is what the event carries.
    fn carry_out(&mut self, stream: StreamId, does: Does, code: Code, cx: &mut Context<'_>) {
        match does {
            Does::Pass | Does::Go | Does::Drop => {}
            Does::Ended => cx.emit(Effect::Up(Notice::Ended { stream })),
            Does::Misuse => cx.emit(Effect::Up(Notice::Misused { stream })),
            Does::Done => self.over(stream, Ok(()), cx),
            Does::Abort => self.over(stream, Err(code), cx),
            Does::Fail(Violation::RequestEnded) if Breach::TakeShortAnswer.is_on() => self.over(stream, Ok(()), cx),
            Does::Fail(violation) => self.over(stream, Err(violation.code()), cx),
            Does::Break(violation) => self.fail(violation, cx),
        }
    }

    /// Forgets an exchange and tells everybody.
    fn over(&mut self, stream: StreamId, result: Result<(), Code>, cx: &mut Context<'_>) {
        let Some(exchange) = self.exchanges.remove(&stream) else { return };
        if stream.opener() == self.side {
            self.asking -= 1;
        }
        match result {
            Ok(()) if exchange.is_finished() => {}
            Ok(()) => cx.emit(Effect::Finish { stream }),
            Err(code) => {
                // A code of another scope is not for a stream to carry.
                let code = if code.scope() == Scope::Stream { code } else { Code::Refused };
                if !exchange.is_finished() {
                    cx.emit(Effect::Reset { stream, code });
                }
                if !exchange.has_peer_ended() && !Breach::AbortOneDirection.is_on() {
                    cx.emit(Effect::Stop { stream, code });
                }
            }
        }
        cx.emit(Effect::Up(Notice::Over { stream, result }));
        self.drained(cx);
    }

    /// Gives up a stream that no exchange is kept for.
    fn give_up(&mut self, stream: StreamId, code: Code, cx: &mut Context<'_>) {
        cx.emit(Effect::Reset { stream, code });
        cx.emit(Effect::Stop { stream, code });
    }

    /// If this was the last exchange, whoever waits for that goes on.
    pub(super) fn drained(&mut self, cx: &mut Context<'_>) {
        if self.exchanges.is_empty() && matches!(self.state, State::Draining | State::Parting) && !Breach::StayForEver.is_on() {
            self.step(Event::Drained, None, cx);
        }
    }

    /// The layer above begins an exchange.
    pub(super) fn on_ask(&mut self, frame: Frame, tag: u32, early: bool, cx: &mut Context<'_>) {
        let refused = |code| Effect::Up(Notice::Refused { tag, code });
        let Some(exchange) = Exchange::asking(&frame, early, cx.now) else { return cx.emit(refused(Code::Internal)) };
        if early && matches!(frame.kind(), Some(Kind::Put | Kind::Purge)) && !Breach::SendPutEarly.is_on() {
            return cx.emit(refused(Code::TooEarly));
        }
        let needs = frame.kind().map(needed_for).unwrap_or_default();
        let going = matches!(self.state, State::Confirming | State::Open);
        if going && !self.agreed.capabilities.has(needs) {
            return cx.emit(refused(Code::NotAuthorised));
        }
        if self.asking >= self.agreed.requests && !Breach::OpenTooManyRequests.is_on() {
            return cx.emit(refused(Code::Overloaded));
        }
        match self.judge(if early { Event::EarlyOut } else { Event::RequestOut }) {
            Act::Go => self.begin(exchange, frame, tag, cx),
            Act::Refuse if self.state == State::Leaving && Breach::AskAfterGoAway.is_on() => self.begin(exchange, frame, tag, cx),
            _ => cx.emit(refused(Code::Refused)),
        }
    }

    fn begin(&mut self, exchange: Exchange, frame: Frame, tag: u32, cx: &mut Context<'_>) {
        let stream = StreamId::request(self.side, self.opened);
        self.opened += 1;
        self.asking += 1;
        self.exchanges.insert(stream, exchange);
        self.schedule_sweep(cx);
        cx.emit(Effect::OpenRequest { stream, tag });
        cx.emit(Effect::Write { stream, frame });
        if exchange.is_finished() {
            cx.emit(Effect::Finish { stream });
        }
        // Otherwise the answer stays in the window of QUIC until both sides have confirmed what they agree on.
        if exchange.is_early() || self.state >= State::Open {
            cx.emit(Effect::Read { stream });
        }
    }

    /// The layer above goes on with an exchange.
    pub(super) fn on_say(&mut self, stream: StreamId, frame: Frame, cx: &mut Context<'_>) {
        let limits = self.agreed.limits;
        let fits = match &frame {
            Frame::Chunk(chunk) => chunk.bytes <= limits.chunk_bytes,
            Frame::Manifest(manifest) => manifest.bytes <= limits.manifest_bytes,
            _ => true,
        };
        // An exchange may have ended while the layer above was at it.
        let Some(exchange) = self.exchanges.get_mut(&stream) else { return };
        if (fits || Breach::IgnorePeersFrameLimits.is_on()) && exchange.say(&frame, cx.now) {
            cx.emit(Effect::Write { stream, frame });
        } else if exchange.state() != super::exchange::states::State::Settled {
            cx.emit(Effect::Up(Notice::Misused { stream }));
        }
    }

    pub(super) fn on_finish(&mut self, stream: StreamId, cx: &mut Context<'_>) {
        let Some(exchange) = self.exchanges.get_mut(&stream) else { return };
        if exchange.is_finished() {
            return;
        }
        if !exchange.may_finish() {
            return cx.emit(Effect::Up(Notice::Misused { stream }));
        }
        let does = exchange.react(Happens::Finish);
        if matches!(does, Does::Go | Does::Done) {
            cx.emit(Effect::Finish { stream });
        }
        self.carry_out(stream, does, Code::Internal, cx);
    }

    fn schedule_sweep(&mut self, cx: &mut Context<'_>) {
        if !self.sweeping {
            self.sweeping = true;
            cx.emit(Effect::Wake { after: Span(self.config.stall_after.0 / 4), why: Why::Sweep });
        }
    }

    /// Ends what makes no progress, and looks again as long as there is something.
    pub(super) fn sweep(&mut self, cx: &mut Context<'_>) {
        self.sweeping = false;
        let limit = self.config.stall_after;
        let is_stalled = |moved| cx.now.since(moved) >= limit && !Breach::WaitForStalledExchange.is_on();
        let stalled = self.exchanges.iter().filter(|(_, exchange)| is_stalled(exchange.moved()));
        let stalled: Vec<StreamId> = stalled.map(|(stream, _)| *stream).collect();
        for stream in stalled {
            self.on_end(stream, Happens::Abort, Violation::Stalled.code(), cx);
        }
        if !self.exchanges.is_empty() {
            self.schedule_sweep(cx);
        }
    }
}
