"""A session on one connection: clauses 7, 8 and 15.1."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events

from . import bugs, certs, codes
from .codes import Failure, Refusal, Violation
from .control import Control
from .exchange import Exchange
from .forms import NEEDS
from .frames import Frame, Limits, Parser, whole_frames
from .settings import Agreed, Settings, judge, role_words
from .tables import Machine, argument
from .transport import Connection

HANDSHAKE_WITHIN = 10.0
"""Seconds: R-16-13."""
ACTIVE = frozenset(("Open", "Draining", "Leaving", "Parting"))


@dataclass
class Bucket:
    """Something that is borne at a rate, with a burst."""

    rate: float
    burst: float
    level: float = 0.0
    at: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        """Whether one more is borne."""
        now = time.monotonic()
        self.level = max(0.0, self.level - (now - self.at) * self.rate)
        self.at = now
        if self.level + 1 > self.burst:
            return False
        self.level += 1
        return True


class Ended(ConnectionError):
    """The session is over, with a code by its name, or an error of QUIC."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the session ended with {code}")
        self.code = code


class Session(Control, QuicConnectionProtocol):
    """One connection with one peer; `node` says what this side is and answers requests."""

    def __init__(self, quic: Connection, node, want_name: str | None = None, want_role: str | None = None) -> None:
        super().__init__(quic)
        self.node = node
        self.want = (want_name, want_role)
        self.is_client = quic.configuration.is_client
        self.machine = Machine("session", "Idle")
        self.limits = Limits()
        self.set = node.parameters
        self.requests = round(self.set["session.requests"])
        self.own = judge(self._offer())
        quic.grant(self.requests)
        self.peer: Settings | None = None
        self.agreed: Agreed | None = None
        self.holder: certs.Holder | None = None
        self.control: int | None = None
        self.control_in: Parser | None = None
        self.one_way: dict[int, bytearray | None] = {}
        self.exchanges: dict[int, Exchange] = {}
        self.held: list[tuple[int, events.QuicEvent]] = []
        self.requests_in = 0
        self.unseen: set[int] = set()
        self.left_at = 1 << 62
        self.peer_control = -1
        self.accepted_by_peer: int | None = None
        self.pings: dict[bytes, tuple[float, asyncio.Future]] = {}
        self.waste_left = Bucket(self.set["session.waste-rate"], self.set["session.waste-burst"])
        self.probes_left = Bucket(self.set["session.told-rate"], self.set["session.told-rate"])
        self.opened: asyncio.Future = self._loop.create_future()
        self.opened.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.moved = asyncio.Event()
        self.last_packet = self.now()
        self.timers: dict[str, asyncio.TimerHandle] = {}
        self._after("handshake", HANDSHAKE_WITHIN, self._handshake_late)
        self.ended: str | None = None
        self.keyed = False

    # The clock and what exchanges ask of a session.

    def now(self) -> float:
        """Seconds of a clock that does not jump."""
        return self._loop.time()

    def in_use(self, capability: int) -> bool:
        """Whether both sides told a capability (R-7-02)."""
        return self.agreed is not None and bool(self.agreed.capabilities >> capability & 1)

    def roles(self) -> frozenset[str]:
        """The roles that the peer plays here."""
        return role_words(self.peer["Roles"]) if self.peer else frozenset()

    def write(self, stream: int, data: bytes, end: bool = False) -> None:
        """Sends octets on a stream, if the peer did not stop that direction."""
        if self.ended is None and self._quic.can_write(stream):
            self._quic.send_stream_data(stream, data, end)
            self._transmit_soon()

    def give_up(self, stream: int, code: str) -> None:
        """Resets and stops a stream, as far as it is open (R-8-26)."""
        if self.ended is None:
            error = self._error(code)
            self._quic.reset(stream, error)
            self._quic.stop(stream, error)
            self._transmit_soon()

    def unsent(self) -> int:
        """Octets that wait in QUIC."""
        return self._quic.unsent()

    def streams(self) -> int:
        """Streams that are open, of both sides and all kinds."""
        return len(self._quic._streams)

    async def progress(self) -> None:
        """Waits until packets came, or a moment."""
        self.moved.clear()
        try:
            await asyncio.wait_for(self.moved.wait(), 0.2)
        except TimeoutError:
            pass

    def taken(self, stream: int) -> tuple[int, int]:
        """How far QUIC came with sending on a stream."""
        found = self._quic._streams.get(stream)
        return (found.sender.highest_offset, found.sender._buffer_start) if found else (0, 0)

    def waste(self) -> None:
        """Counts a request that was given up before its answer began, or a `Cancel` (R-14-09)."""
        if not self.waste_left.take():
            raise Violation("Flooded")

    def over(self, exchange: Exchange) -> None:
        """Forgets an exchange; the last one lets a session that leaves end (R-8-30)."""
        if exchange.machine.state == "Closed" and self.exchanges.pop(exchange.stream, None) is not None:
            exchange.closed()
            if not self.exchanges and self.machine.state in ("Draining", "Parting"):
                self._loop.call_soon(self._drained)

    def serve(self, exchange: Exchange) -> asyncio.Task:
        """Lets the node answer a request."""
        return self._loop.create_task(self._serve(exchange))

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self.node.answer(self, exchange)
        except Failure as failure:
            if exchange.machine.state not in ("Closed", "Replied"):
                exchange.fail(failure)
        except Violation as violation:
            if codes.scope(codes.number(violation.code)) == "stream":
                exchange.abort(violation.code)
            else:
                self.end(violation.code, str(violation))
        except asyncio.CancelledError:
            pass
        except Exception as error:  # a fault of this side ends one exchange
            self.node.told(self, f"a fault: {error!r}")
            exchange.abort("StoreFailed")

    # Events of QUIC.

    def datagram_received(self, data, addr) -> None:
        """:meta private:"""
        self.last_packet = self.now()
        super().datagram_received(data, addr)
        if self.ended is None and (closed := self._quic._close_event) is not None:
            # aioquic tells of it when the time to drain is over; here the session ends when it is known.
            self._gone(closed)
        self.moved.set()

    def quic_event_received(self, event: events.QuicEvent) -> None:
        """Every event of QUIC goes to a handler; what breaks a rule ends the session with its code (R-14-04)."""
        try:
            self._event(event)
        except Violation as violation:
            self.end(violation.code, str(violation))
        except Refusal as refusal:
            self.node.refused(refusal)
            self.end(refusal.code, str(refusal))
        except Exception as error:  # a fault of this side
            self.end("Internal", repr(error))

    def _event(self, event: events.QuicEvent) -> None:
        if isinstance(event, events.ConnectionTerminated):
            self._gone(event)
        elif self.ended is not None:
            return
        elif isinstance(event, events.ProtocolNegotiated):
            if not self.is_client:
                self._greet()
        elif isinstance(event, events.HandshakeCompleted):
            if self.is_client:
                self._greet()
            self._keyed()
        elif isinstance(event, events.DatagramFrameReceived):
            self._datagram(event.data)
        elif isinstance(event, (events.StreamDataReceived, events.StreamReset, events.StopSendingReceived)):
            self._stream(event)

    def _keyed(self) -> None:
        act = self.machine.fire("Keyed")
        self.keyed = True
        self.node.came(self)
        self.node.policy.follow()
        self.holder = certs.judge(self._quic.peer_chain(), self.node.policy, self.node.policy.now(), *self.want)
        if act == "Confirm":
            self._confirm()
        self._after("tick", self._tick_every(), self._tick)

    def _stream(self, event) -> None:
        stream = event.stream_id
        by_peer = bool(stream & 1) == self.is_client
        if stream & 2:
            if by_peer:
                self._one_way(event)
            elif stream == self.control:
                raise Violation("ControlEnded", "the peer stopped the control stream")
        elif by_peer:
            self._request(event)
        elif (exchange := self.exchanges.get(stream)) is not None:
            self._feed(exchange, event)

    def _session_act(self, act: str) -> None:
        if act == "Confirm":
            self._confirm()
        elif act == "Open":
            self._quic.widen(self.requests)
            self.node.joined(self)
            held, self.held = self.held, []
            for stream, event in held:
                self._request(event)
        elif act.startswith("Fail("):
            raise Violation(argument(act), "the table of clause 15.1")

    # Streams of requests.

    def _request(self, event) -> None:
        stream = event.stream_id
        exchange = self.exchanges.get(stream)
        if exchange is None:
            index = stream // 4
            self.unseen.update(range(self.requests_in, index + 1))
            self.requests_in = max(self.requests_in, index + 1)
            if index not in self.unseen:
                return
            act = self.machine.fire("RequestIn")
            if act == "Hold":
                self.held.append((stream, event))
                return
            self.unseen.discard(index)
            if act == "Refuse" and index >= self.left_at:
                self.node.counters.add("refused")
                self.give_up(stream, "Refused")
                return
            if act not in ("Go", "Refuse"):
                return
            exchange = self.exchanges[stream] = Exchange(self, stream, "Fresh")
        self._feed(exchange, event)

    def _feed(self, exchange: Exchange, event) -> None:
        if isinstance(event, events.StreamDataReceived):
            exchange.receive(event.data, event.end_stream)
        elif isinstance(event, events.StreamReset):
            exchange.peer_reset(event.error_code)
        else:
            exchange.peer_stopped(event.error_code)

    def ask(self, state: str, frames: list[Frame], finish: bool) -> Exchange:
        """Opens an exchange with its first frames (R-8-18, R-8-23, R-8-28)."""
        act = self.machine.fire("RequestOut")
        outbound = sum(not one.inbound for one in self.exchanges.values())
        if act != "Go" or outbound >= self.peer["Requests"]:
            raise Failure("Refused", "no further request on this connection")
        stream = self._quic.get_next_available_stream_id()
        exchange = self.exchanges[stream] = Exchange(self, stream, state)
        self.write(stream, b"".join(frame.encode() for frame in frames), finish)
        return exchange

    # Datagrams: clause 8.4.

    def _datagram(self, data: bytes) -> None:
        if self.machine.fire("Datagram") != "Go":
            return
        if len(data) > 1_150:
            raise Violation("Malformed", "a datagram of more than 1,150 octets")
        for frame in whole_frames(data, "datagram"):
            if not self.in_use(NEEDS[frame.name]):
                raise Violation("NotAgreed", frame.name)
            if frame.name == "Ping" and self.probes_left.take():
                self._pong(frame.token)
            elif frame.name == "Pong" and frame.token in self.pings:
                sent, waiter = self.pings.pop(frame.token)
                if not waiter.done():
                    waiter.set_result((self.now() - sent, frame))

    def _pong(self, token: bytes) -> None:
        under_way = sum(one.inbound and one.machine.state != "Replied" for one in self.exchanges.values())
        load = min(65_535, 1_000 * under_way // self.requests)
        pong = Frame("Pong", {"token": token, "load": load, "lease": self.node.lease_for(self)})
        for _ in range(2 if bugs.active("answer-ping-twice") else 1):
            self._quic.send_datagram_frame(pong.encode())
        self._transmit_soon()

    async def probe(self, within: float = 5.0) -> tuple[float, Frame]:
        """Sends one `Ping` and gives the round trip in seconds and the `Pong` (R-8-25)."""
        token, waiter = os.urandom(8), self._loop.create_future()
        while len(self.pings) >= 4:
            self.pings.pop(next(iter(self.pings)))
        self.pings[token] = (self.now(), waiter)
        self._quic.send_datagram_frame(Frame("Ping", {"token": token}).encode())
        self.transmit()
        return await asyncio.wait_for(waiter, within)

    # Ends: clauses 8.5 and 14.

    def leave(self) -> None:
        """Leaves in good order (R-8-14, R-8-30)."""
        act = self.machine.fire("Leave")
        if act == "GoAway":
            self.left_at = self.requests_in
            self.write(self.control, Frame("GoAway", {"accepted": self.requests_in}).encode())
            self.transmit()
            self._after("leave", self.set["session.leave-within"], self._drained)
            if not self.exchanges:
                self._drained()
        elif act == "Close":
            self.end("NoError")

    def _drained(self) -> None:
        if self.ended is None and self.machine.state in ("Draining", "Parting"):
            self.machine.fire("Drained")
            self.end("NoError")

    def _peer_leaves(self, accepted: int) -> None:
        self.accepted_by_peer = accepted
        for exchange in [one for one in self.exchanges.values() if not one.inbound and one.stream // 4 >= accepted]:
            exchange.abort("Refused")

    def _error(self, code: str) -> int:
        return codes.number(code) if bugs.active("code-without-base") else codes.to_quic(code)

    def end(self, code: str, why: str = "") -> None:
        """Closes the connection with a code; nothing is sent after that (R-14-05)."""
        if self.ended is not None:
            return
        self.ended = code
        self.machine.fire("Break")
        self.node.told(self, f"closed with {code} {why}".rstrip())
        self._quic.close(error_code=self._error(code))
        self.transmit()
        self._stop(code)

    def _gone(self, event: events.ConnectionTerminated) -> None:
        if self.ended is None:
            own = event.frame_type is None
            self.ended = codes.from_quic(event.error_code, False) if own else f"QUIC {event.error_code:#x}"
            self.machine.fire("Gone")
            self.node.told(self, f"the connection ended with {self.ended} {event.reason_phrase}".rstrip())
        self._stop(self.ended)

    def _stop(self, code: str) -> None:
        for timer in self.timers.values():
            timer.cancel()
        for waiter in [self.opened, *(waiter for _, waiter in self.pings.values())]:
            if not waiter.done():
                waiter.set_exception(Ended(code))
        for exchange in list(self.exchanges.values()):
            exchange.machine.state = "Closed"
            exchange.closed()
            exchange.came.put_nowait(Ended(code))
            if exchange.task is not None:
                exchange.task.cancel()
        self.exchanges.clear()
        self.node.left(self)

    # Timers.

    def _after(self, name: str, seconds: float, what) -> None:
        self.timers[name] = self._loop.call_later(seconds, what)

    def _handshake_late(self) -> None:
        if self.machine.state in ("Idle", "Greeting") and self.holder is None:
            self.end("Internal", "the handshake takes too long")

    def _agree_late(self) -> None:
        if self.machine.state not in ACTIVE and self.machine.fire("Late").startswith("Fail("):
            self.end("SettingsTimeout")

    def _tick_every(self) -> float:
        """Often enough that an exchange is given up at most a quarter of the declared time late (R-8-13)."""
        return min(1.0, self.set["session.stall-after"] / 8, self.set["session.idle"] / 12)

    def _tick(self) -> None:
        self._after("tick", self._tick_every(), self._tick)
        now = self.now()
        for exchange in [one for one in self.exchanges.values() if one.stalled(now, self.set["session.stall-after"])]:
            exchange.abort("Timeout")
        idle = min(self.own["IdleMillis"], (self.peer or self.own)["IdleMillis"]) / 1_000
        if self.is_client and now - self.last_packet >= idle / 3:
            self._quic.send_ping(0)
            self.transmit()
        try:
            self.node.policy.follow()
            certs.judge_again(self.holder, self.node.policy, self.node.policy.now())
        except Refusal as refusal:
            self.node.refused(refusal)
            self.end(refusal.code, str(refusal))
