"""The control streams of a session, and what else travels one way: clauses 7 and 8.2."""

from __future__ import annotations

from aioquic.quic import events

from . import bugs
from .codes import Refusal, Violation
from .forms import NEEDS
from .frames import Frame, Parser, grease
from .settings import agree, confirmation, judge, ours
from .wire import put_varint, varint_at


class Control:
    """The part of `Session` that speaks on control streams."""

    def _offer(self) -> list[tuple[int, int]]:
        idle = round(self.set["session.idle"] * 1_000)
        return ours(self.node.roles, self.node.capabilities, Requests=self.requests, IdleMillis=idle)

    def _greet(self) -> None:
        assert self.machine.fire("Begin") == "Greet"
        self.control = self._quic.get_next_available_stream_id(is_unidirectional=True)
        settings = Frame("Settings", {"pairs": self._offer()})
        self.write(self.control, put_varint(1) + settings.encode() + grease(62, 5))
        self._after("agree", self.set["session.agree-within"], self._agree_late)

    # One-way streams: clause 8.2.

    def _one_way(self, event) -> None:
        stream = event.stream_id
        if stream != self.peer_control and isinstance(event, events.StreamReset):
            self.one_way.pop(stream, None)
            # aioquic grants another stream with the packet behind the one in which it forgets this one.
            self._loop.call_later(0.02, self.transmit)
            return
        before = self.one_way.setdefault(stream, bytearray())
        if stream == self.peer_control:
            if isinstance(event, events.StreamReset):
                raise Violation("ControlEnded", "reset")
            self._on_control(event.data, event.end_stream)
        elif before is not None:
            before += event.data
            if (found := varint_at(before, 0)) is None:
                return
            kind, at = found
            self.one_way[stream] = None
            if kind == 1:
                if self.control_in is not None:
                    raise Violation("ControlTwice")
                self.control_in, self.peer_control = Parser("control", self.limits), stream
                self._on_control(bytes(before[at:]), event.end_stream)
            elif kind % 2:
                raise Violation("CriticalStream", f"type {kind:#x}")
            else:
                self._quic.stop(stream, self._error("Refused"))

    def _on_control(self, data: bytes, end: bool) -> None:
        for frame in self.control_in.feed(data):
            self._control_frame(frame)
            if self.ended is not None:
                return
        if end:
            raise Violation("ControlEnded")

    def _control_frame(self, frame: Frame) -> None:
        if frame.name == "Settings":
            self._settings(frame)
        elif frame.name == "Confirm":
            if self.machine.state == "Confirming":
                self._check(frame)
            self._session_act(self.machine.fire("Confirm"))
        elif frame.name == "GoAway":
            if self.accepted_by_peer is not None and frame.accepted > self.accepted_by_peer:
                raise Violation("GoAwayRaised")
            self._session_act(self.machine.fire("GoAway"))
            self._peer_leaves(frame.accepted)
        else:
            self._session_act(self.machine.fire("Told"))
            if not self.in_use(NEEDS[frame.name]):
                raise Violation("NotAgreed", frame.name)

    def _settings(self, frame: Frame) -> None:
        if self.peer is not None:
            if bugs.active("accept-second-settings"):
                return
            self._session_act(self.machine.fire("Settings"))
        self.peer = judge(frame.pairs)
        self.agreed = agree(self.own, self.peer)
        self._judge_roles()
        self._session_act(self.machine.fire("Settings"))

    def _judge_roles(self) -> None:
        """R-13-16; the certificate and the settings can come in either order."""
        if self.holder is not None and self.peer is not None and not self.roles() <= self.holder.roles:
            raise Refusal("WrongRole", f"{sorted(self.roles())} of {sorted(self.holder.roles)}")

    def _both(self) -> tuple[bytes, bytes]:
        return (self.own.octets, self.peer.octets) if self.is_client else (self.peer.octets, self.own.octets)

    def _exporter(self) -> bytes:
        return self._quic.exporter(b"EXPORTER-stoq-settings", b"", 32)

    def _confirm(self) -> None:
        self._judge_roles()
        octets = bytearray(confirmation(self._exporter(), "client" if self.is_client else "server", *self._both()))
        octets[0] ^= bugs.active("wrong-confirm")
        self.write(self.control, Frame("Confirm", {"confirmation": bytes(octets)}).encode())
        if self.is_client and not self.opened.done():
            self.opened.set_result(None)

    def _check(self, frame: Frame) -> None:
        expected = confirmation(self._exporter(), "server" if self.is_client else "client", *self._both())
        if frame.confirmation != expected and not bugs.active("ignore-confirm"):
            raise Violation("ConfirmWrong")
