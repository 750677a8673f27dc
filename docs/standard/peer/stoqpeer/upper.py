"""The upper tester of Annex E.2: one JSON object a line, on standard input and output."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import AsyncExitStack

from blake3 import blake3

from . import client
from .codes import Failure
from .names import formula
from .node import CAPABLE, Node, trust
from .server import Server


class Unknown(Exception):
    """A verb that this implementation does not have."""


class Upper:
    """What a tester drives: one server at most, one session as a client at most."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.server: Server | None = None
        self.stack = AsyncExitStack()
        self.session = None
        self.offset = 0

    async def configure(self, parameters: dict | None = None, role: str | None = None, upstreams=None) -> dict:
        """Sets parameters and the role for what is begun after."""
        for name, value in (parameters or {}).items():
            self.args.parameters.put(f"{name}={value}", "tester")
        self.args.roles = role or self.args.roles
        return {}

    async def listen(self, address: str) -> dict:
        """Begins to serve as an origin."""
        host, _, port = address.rpartition(":")
        self.server = Server(self.args)
        self.server.origin.policy.offset = self.offset
        return {"address": await self.server.listen(host.strip("[]"), int(port))}

    async def connect(self, address: str, name: str | None = None) -> dict:
        """Opens a session as a client."""
        await self.stack.aclose()
        host, _, port = address.rpartition(":")
        policy = trust(self.args.ca, self.args.revoked, self.args.parameters)
        policy.offset = self.offset
        roles = frozenset(self.args.roles.split(",")) - {"origin"} or frozenset({"client"})
        node = Node(roles, CAPABLE, policy, True, self.args.parameters)
        opened = client.session((host.strip("[]"), int(port)), node, self.args.cert, self.args.key, name)
        self.session = await self.stack.enter_async_context(opened)
        return {}

    async def put(self, name: str, version: int, octets) -> dict:
        """Stores octets, in hexadecimal or by the formula of Annex D."""
        content = bytes.fromhex(octets) if isinstance(octets, str) else formula(octets["seed"], octets["length"])
        done = await client.put(self.session, name, version, content, "standard")
        return {"id": done["digest"], "copies": done["copies"], "durable": done["durable"], "sent": done["sent"]}

    async def get(self, name: str | None = None, id: str | None = None, range: list[int] | None = None) -> dict:
        """Fetches by name or by the digest of a manifest."""
        try:
            span = tuple(range) if range else None
            taken = await client.fetch(self.session, name, 0, span, None, False, bytes.fromhex(id) if id else None)
        except Failure as failure:
            return {"code": failure.code}
        return {"length": len(taken.octets), "blake3": blake3(bytes(taken.octets)).hexdigest()}

    async def purge(self, name: str, version: int, below: bool = False) -> dict:
        """Purges a name, or all below it."""
        try:
            return {"nodes": await client.purge(self.session, name, below, version)}
        except Failure as failure:
            return {"code": failure.code}

    async def rotate(self, chain: str, key: str) -> dict:
        """Shows another certificate in handshakes from now on."""
        self.args.cert, self.args.key = chain, key
        if self.server is not None:
            from .transport import configuration

            fresh = configuration(False, chain, key, self.args.parameters["session.idle"])
            self.server.config.certificate, self.server.config.certificate_chain = fresh.certificate, fresh.certificate_chain
            self.server.config.private_key = fresh.private_key
        return {}

    async def clock(self, offset: int) -> dict:
        """Sets the clock off by nanoseconds."""
        self.offset = offset
        nodes = [self.server.origin] if self.server else []
        nodes += [self.session.node] if self.session else []
        for node in nodes:
            node.policy.offset = offset
        return {}

    async def parameters(self) -> dict:
        """Each parameter with its value and its source."""
        held = self.args.parameters
        return {name: {"value": value, "source": held.sources.get(name, "default")} for name, value in held.values.items()}

    async def stop(self, orderly: bool = True) -> dict:
        """Ends the session and the server."""
        await self.stack.aclose()
        self.session = None
        if self.server is not None:
            await self.server.stop(orderly)
            self.server = None
        return {}

    async def line(self, asked: dict) -> dict:
        """One line of the tester."""
        members = {key: value for key, value in asked.items() if key not in ("test", "seq", "verb")}
        verbs = "configure listen connect put get purge rotate clock parameters stop".split()
        if asked.get("verb") not in verbs:
            raise Unknown
        async with asyncio.timeout(9.5):
            return await getattr(self, asked["verb"])(**members)


async def drive(args: argparse.Namespace) -> int:
    """Answers line by line until the input ends."""
    upper, loop = Upper(args), asyncio.get_running_loop()
    while text := await loop.run_in_executor(None, sys.stdin.readline):
        seq = None
        try:
            asked = json.loads(text)
            seq = asked.get("seq")
            answer = {"seq": seq, "ok": True, **await upper.line(asked)}
        except Unknown:
            answer = {"seq": seq, "ok": False, "why": "unknown"}
        except Exception as error:  # every fault is an answer
            answer = {"seq": seq, "ok": False, "why": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    await upper.stop(False)
    return 0
