"""One exchange on a stream of requests, of either side: clauses 8.3 and 15.2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import bugs, codes
from .codes import Failure, Violation
from .forms import NEEDS
from .frames import Frame, Parser
from .tables import Machine, argument

if TYPE_CHECKING:
    from .session import Session

EVENTS = {"GetName": "Ask", "GetId": "Ask", "Purge": "Ask"}
"""Frames whose event of clause 15.2 has another name."""


class Exchange:
    """A stream of requests: its machine, its parser, and the frames that came and were not looked at yet."""

    def __init__(self, session: Session, stream: int, state: str) -> None:
        self.session = session
        self.stream = stream
        self.inbound = state == "Fresh"
        self.machine = Machine("exchange", state)
        self.parser = Parser("request" if self.inbound else "answer", session.limits)
        self.came: asyncio.Queue[Frame | None | Exception] = asyncio.Queue()
        self.last = session.now()
        self.taken = (0, 0)
        self.said = self.served = False
        self.all_came = False
        self.task: asyncio.Task | None = None
        self.at_end: Callable[[], None] | None = None
        self.owner = None if self.inbound else asyncio.current_task()

    # What comes.

    def receive(self, data: bytes, end: bool) -> None:
        """Octets of the peer's direction; violations of connection scope are raised."""
        if self.machine.state == "Closed":
            return
        self.last = self.session.now()
        for frame in self.parser.feed(data):
            capability = NEEDS.get(frame.name)
            if capability is not None and not self.session.in_use(capability):
                raise Violation("NotAgreed", frame.name)
            if frame.name == "Cancel":
                self.session.waste()
            if frame.data:
                self._took(len(frame.data))
            self._act(self.machine.fire(EVENTS.get(frame.name, frame.name)), frame)
            if self.machine.state == "Closed":
                return
        if end:
            self.all_came = True
            cut = self.parser.inside()
            if self.inbound and cut and not self.said:
                self.session.waste()
            if cut and bugs.active("cut-closes-connection"):
                raise Violation("Malformed", "a request that is cut")
            self._act(self.machine.fire("Cut" if cut else "End"), None)

    def _took(self, octets: int) -> None:
        counters = self.session.node.counters
        counters.add("came_bytes", octets)
        if not self.inbound:
            counters.add("fetched_bytes", octets)

    def peer_reset(self, error: int) -> None:
        """The peer gave its direction up."""
        self._waste()
        self._act(self.machine.fire("Reset"), None, codes.from_quic(error, True))

    def peer_stopped(self, error: int) -> None:
        """The peer wants no more of this side's direction."""
        self._waste()
        self._act(self.machine.fire("Stop"), None, codes.from_quic(error, True))

    def _waste(self) -> None:
        if self.inbound and not self.said and self.machine.state != "Closed":
            self.session.waste()

    def _act(self, act: str, frame: Frame | None, code: str = "Cancelled") -> None:
        if act == "Pass":
            self.came.put_nowait(frame)
            if self.inbound and self.task is None:
                self.task = self.session.serve(self)
        elif act in ("Ended", "Done"):
            self.came.put_nowait(None)
            if act == "Done":
                self.session.write(self.stream, b"", end=True)
                self.session.over(self)
        elif act == "Abort":
            self._give_up(code)
        elif act.startswith("Fail("):
            self._give_up(codes.VIOLATIONS[argument(act)])
        elif act.startswith("Break("):
            raise Violation(argument(act), f"{frame.name if frame else 'end'} in an exchange")

    # What this side does.

    def say(self, frame: Frame) -> None:
        """Sends part of what this side has to say."""
        act = self.machine.fire("Say")
        if act == "Go":
            self.said = True
            self.session.write(self.stream, frame.encode())
            self.session.node.counters.add("sent_bytes", len(frame.data))
        elif self.machine.state == "Closed":
            raise Failure("Cancelled", "the exchange is over")
        elif act == "Misuse":
            raise RuntimeError(f"{frame.name} said as {self.machine.state}")

    def finish(self) -> None:
        """Ends this side's direction, unless the exchange is over anyway."""
        act = self.machine.fire("Finish")
        if act == "Go":
            self.session.write(self.stream, b"", end=True)
            if self.all_came and self.machine.state == "Replied":
                self._act(self.machine.fire("End"), None)
        elif act == "Misuse" and self.machine.state != "Closed":
            raise RuntimeError(f"finished as {self.machine.state}")

    def abort(self, code: str) -> None:
        """Gives the exchange up, both directions, as far as they are open (R-8-26)."""
        if self.machine.state != "Closed":
            self.machine.fire("Abort")
            self._give_up(code)

    def _give_up(self, code: str) -> None:
        self.session.give_up(self.stream, code)
        self.came.put_nowait(Failure(code, "given up"))
        if self.task is not None and self.inbound:
            self.task.cancel()
        self.session.over(self)

    def fail(self, failure: Failure) -> None:
        """Says `Fail` in place of what is left of the answer (R-14-12)."""
        if failure.code != "NotFound":
            self.session.node.counters.add("refused")
        retryable = codes.CODES[failure.code][1]
        fields = {
            "code": codes.number(failure.code),
            "stay_away": failure.stay_away if retryable else 0,
            "reason": failure.why[:100],
            "absence": failure.absence,
            "origin": failure.absence is not None,
        }
        self.say(Frame("Fail", fields))
        self.finish()

    async def next(self) -> Frame | None:
        """The next frame, or nothing at the end; raises `Failure` for a `Fail` and for an exchange that was given up."""
        got = await self.came.get()
        if isinstance(got, Exception):
            raise got
        if got is not None and got.name == "Fail":
            raise Failure(codes.known(got.fields["code"], True), got.reason, got.stay_away, got.absence)
        return got

    async def room(self) -> None:
        """Waits until QUIC has taken most of what was said (R-16-07)."""
        while self.session.unsent() > self.session.set["octets read ahead for a connection"] and self.machine.state != "Closed":
            await self.session.progress()

    def closed(self) -> None:
        """Both directions have ended."""
        at_end, self.at_end = self.at_end, None
        if at_end is not None:
            at_end()

    def stalled(self, now: float, after: float) -> bool:
        """Whether nothing was sent or came for the declared time (R-8-13)."""
        taken = self.session.taken(self.stream)
        if taken != self.taken:
            self.taken, self.last = taken, now
        return now - self.last >= after
