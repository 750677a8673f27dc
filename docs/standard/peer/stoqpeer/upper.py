"""The upper tester of Annex E.2: one JSON object a line, on standard input and output."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from blake3 import blake3

from . import client
from .codes import Failure
from .management import Counters
from .names import formula
from .node import CAPABLE, Node, trust
from .server import Server
from .session import Ended, Session
from .transport import configuration
from .wire import VARINT_MAX

PATIENCE = 30.0
"""Seconds for which a job is tried again where that may help."""
ROLES = frozenset(("client", "publisher", "origin"))
"""What this implementation plays."""
LONG = frozenset(("connect", "put", "get", "purge", "ping"))
"""Verbs that are answered when they are over; others are carried out before the next line is."""
SHORT = frozenset(("configure", "listen", "cancel", "rotate", "clock", "counters", "parameters", "stop"))


class Unknown(Exception):
    """A verb that this implementation does not have."""


class Link:
    """The server that `connect` named, and a session with it: a new one where the last has ended."""

    def __init__(
        self, args: argparse.Namespace, offset: int, address: tuple[str, int], name: str | None, counters: Counters
    ) -> None:
        self.args, self.offset, self.address, self.name, self.counters = args, offset, address, name, counters
        self.lock = asyncio.Lock()
        self.stack = AsyncExitStack()
        self.last: Session | None = None

    async def session(self) -> Session:
        """An open session; all jobs share it."""
        async with self.lock:
            if self.last is None or self.last.machine.state not in ("Confirming", "Open"):
                # One that the server leaves goes on until its last exchange is over.
                if self.last is not None and self.last.ended is not None:
                    await self.stack.aclose()
                policy = trust(self.args.ca, self.args.revoked, self.args.parameters)
                policy.offset = self.offset
                roles = frozenset(self.args.roles.split(",")) - {"origin"} or frozenset({"client"})
                node = Node(roles, CAPABLE, policy, True, self.args.parameters, self.counters)
                dialled = client.session(self.address, node, self.args.cert, self.args.key, self.name, "origin")
                self.last = await self.stack.enter_async_context(dialled)
            return self.last

    async def close(self, orderly: bool) -> None:
        """Ends the session: in good order, when what runs is over, or at once."""
        if self.last is not None and self.last.ended is None:
            self.last.leave() if orderly else self.last.end("NoError")
        while orderly and self.last is not None and self.last.ended is None:
            await asyncio.sleep(0.02)
        await self.stack.aclose()


class Upper:
    """What a tester drives: one server at most, one server above it at most, and any number of jobs."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.revoked = args, args.revoked
        self.server: Server | None = None
        self.link: Link | None = None
        self.jobs: dict[int, asyncio.Task] = {}
        self.store: Path | None = None
        self.offset = 0
        self.alone = Counters()

    # What is set.

    async def configure(
        self, parameters: dict | None = None, role: str | None = None, upstreams=None, names=None, lists: bool = True
    ) -> dict:
        """Sets parameters and the roles for what is begun after. Nobody stands above what this implementation plays but whom `connect` names."""
        if role is not None and not set(role.split(",")) <= ROLES:
            raise ValueError(f"this implementation does not play {role}")
        for name, value in (parameters or {}).items():
            self.args.parameters.put(f"{name}={value}", "tester")
        self.args.roles = role or self.args.roles
        self.args.revoked = self.revoked if lists else None
        return {}

    async def rotate(self, chain: str, key: str) -> dict:
        """Shows another certificate in handshakes from now on."""
        self.args.cert, self.args.key = chain, key
        if self.server is not None:
            fresh = configuration(False, chain, key, self.args.parameters["session.idle"])
            self.server.config.certificate, self.server.config.certificate_chain = fresh.certificate, fresh.certificate_chain
            self.server.config.private_key = fresh.private_key
            self.server.origin.counters.add("certificate_rotations")
        return {}

    async def clock(self, offset: int) -> dict:
        """Sets the clock off by nanoseconds."""
        self.offset = offset
        nodes = [self.server.origin] if self.server else []
        nodes += [self.link.last.node] if self.link and self.link.last else []
        for node in nodes:
            node.policy.offset = offset
        return {}

    async def counters(self) -> dict:
        """Each name of clause 17.1 with its value, one for each level where it has levels."""
        return self.server.origin.counters.read() if self.server else self.alone.read()

    async def parameters(self) -> dict:
        """Each parameter with its value and its source."""
        held = self.args.parameters
        return {name: {"value": value, "source": held.sources.get(name, "default")} for name, value in held.values.items()}

    # What is begun and ended.

    async def listen(self, address: str) -> dict:
        """Begins to serve as an origin, with an empty store."""
        host, _, port = address.rpartition(":")
        self.store = Path(tempfile.mkdtemp(prefix="stoqpeer-"))
        self.args.store, self.args.quiet = str(self.store), True
        self.server = Server(self.args)
        self.server.origin.policy.offset = self.offset
        address = await self.server.listen(host.strip("[]"), int(port))
        return {"address": address, "management": await self.server.tell()}

    async def connect(self, address: str, name: str | None = None) -> dict:
        """Opens a session as a client."""
        host, _, port = address.rpartition(":")
        counters = self.server.origin.counters if self.server else self.alone
        self.link = Link(self.args, self.offset, (host.strip("[]"), int(port)), name, counters)
        await self.link.session()
        return {}

    async def stop(self, orderly: bool = True) -> dict:
        """Ends the session and the server; in good order, jobs that run are finished first."""
        if not orderly:
            for job in self.jobs.values():
                job.cancel()
        server, link = self.server, self.link
        if server is not None:
            await server.stop(orderly)
        if link is not None:
            await link.close(orderly)
            self.link = None if self.link is link else self.link
        if server is not None and self.server is server:
            self.server = None
            shutil.rmtree(self.store, ignore_errors=True)
        return {}

    # Jobs.

    async def _session(self) -> Session:
        while self.link is None:
            await asyncio.sleep(0.01)
        return await self.link.session()

    async def put(self, name: str, version: int, octets) -> dict:
        """Stores octets, in hexadecimal or by the formula of Annex D."""
        content = bytes.fromhex(octets) if isinstance(octets, str) else formula(octets["seed"], octets["length"])

        async def once() -> dict:
            return await client.put(await self._session(), name, version, content, "standard")

        try:
            done = await client.patiently(once, PATIENCE)
        except (Failure, Ended) as failure:
            return {"code": failure.code}
        return {"id": done["digest"], "copies": done["copies"], "durable": done["durable"], "sent": done["sent"]}

    async def get(
        self,
        name: str | None = None,
        id: str | None = None,
        range: list[int] | None = None,
        lowest: int = 0,
        age: int | None = None,
        resume: str | None = None,
    ) -> dict:
        """Fetches by name or by the digest of a manifest."""
        taken = client.Taken(None)
        if resume:
            taken.read_state(bytes.fromhex(resume))
        span, digest = tuple(range) if range else None, bytes.fromhex(id) if id else None
        highest = VARINT_MAX if age is None else age

        async def once() -> None:
            await client.fetch(await self._session(), name, lowest, span, None, False, digest, highest, taken)

        code = {}
        try:
            await client.patiently(once, PATIENCE)
        except (Failure, Ended) as failure:
            code = {"code": failure.code}
        except asyncio.CancelledError:
            for exchange in list(self.link.last.exchanges.values()) if self.link and self.link.last else []:
                if exchange.owner is asyncio.current_task():
                    exchange.abort("Cancelled")
            code = {"code": "Cancelled"}
        octets = bytes(taken.octets)
        return {**(code or {"length": len(octets), "blake3": blake3(octets).hexdigest()}), "octets": octets.hex()}

    async def cancel(self, of: int) -> dict:
        """Gives a job up."""
        if of in self.jobs:
            self.jobs[of].cancel()
        return {}

    async def purge(self, name: str, version: int, below: bool = False) -> dict:
        """Purges a name, or all below it."""

        async def once() -> int:
            return await client.purge(await self._session(), name, below, version)

        try:
            return {"nodes": await client.patiently(once, PATIENCE)}
        except (Failure, Ended) as failure:
            return {"code": failure.code}

    async def ping(self) -> dict:
        """Measures the round trip; an answer that does not come is asked for again."""
        while True:
            try:
                seconds, pong = await (await self._session()).probe(5.0)
            except TimeoutError:
                continue
            except Ended as ended:
                return {"code": ended.code}
            return {"round_trip": round(seconds * 1e9), "load": pong.load}

    # Lines.

    async def _line(self, asked: dict) -> None:
        members = {key: value for key, value in asked.items() if key not in ("test", "seq", "verb")}
        seq = asked.get("seq")
        try:
            if asked.get("verb") not in LONG | SHORT:
                raise Unknown
            answer = {"seq": seq, "ok": True, **await getattr(self, asked["verb"])(**members)}
        except Unknown:
            answer = {"seq": seq, "ok": False, "why": "unknown"}
        except asyncio.CancelledError:
            answer = {"seq": seq, "ok": False, "why": "stopped"}
        except Exception as error:  # every fault is an answer
            answer = {"seq": seq, "ok": False, "why": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)

    async def begin(self, asked: dict) -> None:
        """Begins one line; what can be long is answered later, and a stop in good order too."""
        verb, seq = asked.get("verb"), asked.get("seq")
        if verb in LONG or (verb == "stop" and asked.get("orderly", True)):
            task = asyncio.get_running_loop().create_task(self._line(asked))
            if verb in LONG:
                self.jobs[seq] = task
                task.add_done_callback(lambda _: self.jobs.pop(seq, None))
            await asyncio.sleep(0)
        else:
            await self._line(asked)


async def drive(args: argparse.Namespace) -> int:
    """Carries out line by line until the input ends."""
    upper, loop = Upper(args), asyncio.get_running_loop()
    while text := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            asked = json.loads(text)
        except ValueError:
            continue
        await upper.begin(asked)
    await upper.stop(False)
    return 0
