"""An origin: it answers by name and by digest, stores, purges, and gives leases; clauses 10 and 11."""

from __future__ import annotations

import argparse
import asyncio
import signal

from . import bugs
from .codes import Failure, Violation
from .exchange import Exchange
from .frames import Frame
from .manifest import Flaw, Manifest, below, decode, walk
from .management import Pages
from .names import chunk_id, manifest_id
from .node import CAPABLE, Node, trust
from .purger import Purger
from .session import Session
from .store import Store
from .transport import configuration, listen

MAX_AGE = 60_000
"""Milliseconds for which an answer of this origin is fresh; nothing on the wire declares another life."""
COPIES_MOST = 1
"""Copies that this origin can keep (R-10-25)."""
STAY_AWAY = 500
"""Milliseconds to stay away, as told for now: clause 4.4."""


class Origin(Node):
    """The node that holds what was stored, and says what names lead to."""

    def __init__(self, store: Store, purger: Purger, *rest, **more) -> None:
        super().__init__(*rest, **more)
        self.store = store
        self.purger = purger
        self.counters.gauges.append(store.gauges)
        store.at_work = lambda: self.counters.add("store_operations")
        self.under_way = {"GetName": 0, "Put": 0, "Purge": 0}

    def lease_for(self, session: Session) -> int:
        return self.purger.lease_for(session)

    def joined(self, session: Session) -> None:
        self.purger.joined(session)

    def left(self, session: Session) -> None:
        super().left(session)
        self.purger.left(session)

    async def answer(self, session: Session, exchange: Exchange) -> None:
        frame = await exchange.next()
        kind = frame.name if frame.name in ("Put", "Purge") else "GetName"
        most = {"Put": "stores", "Purge": "purges"}.get(kind, "requests")
        if self.under_way[kind] >= self.parameters[f"{most} carried out at a time"]:
            raise Failure("Overloaded", stay_away=STAY_AWAY)
        self.under_way[kind] += 1
        exchange.at_end = lambda: self._less(kind)
        does = {"GetName": self._name, "GetId": self._id, "Want": self._want, "Put": self._put, "Purge": self._purge}
        await does[frame.name](session, exchange, frame)

    def _less(self, kind: str) -> None:
        """A request is carried out until both of its directions have ended."""
        self.under_way[kind] -= 1

    def _give(self, exchange: Exchange, frame: Frame) -> None:
        """Says contents, and counts them: octets, and the answer with the first of them."""
        exchange.say(frame)
        if frame.data and not exchange.served:
            exchange.served = True
            self.counters.add("served", level="store")
        self.counters.add("served_bytes", len(frame.data), "store")

    # By name.

    async def _name(self, session: Session, exchange: Exchange, ask: Frame) -> None:
        name = ask.fields["name"]
        known = self.store.lookup(name)
        if known is None:
            raise Failure("NotFound", absence=(self.store.state, 0, MAX_AGE))
        if known.version < ask.lowest:
            raise Failure("NotFound", "an older version only")
        same = ask.manifest_only and ask.known == known.version
        octets = self.store.get(known.manifest)
        if octets is None:
            raise Failure("StoreFailed", stay_away=STAY_AWAY)
        if not same and len(octets) > session.peer["ManifestBytes"]:
            raise Failure("Refused", "the manifest is longer than the settings allow", STAY_AWAY)
        top = decode(octets)
        first, length = self._span(None if ask.manifest_only else ask.range, top.length)
        head = {
            "digest": known.manifest,
            "version": known.version,
            "same": same,
            "word": (0, MAX_AGE, 0, 0),
            "origin": True,
            "no_store": False,
        }
        self._give(exchange, Frame("Manifest", head, b"" if same else octets))
        if not ask.manifest_only:
            for piece in walk(top, first, first + length, self._load):
                await self._chunk(session, exchange, piece.identity)
        exchange.finish()

    @staticmethod
    def _span(asked: tuple[int, int] | None, length: int) -> tuple[int, int]:
        """The range that is asked for, if it lies within (R-10-14)."""
        if asked is None:
            return 0, length
        first, octets = asked
        if first + octets > length:
            if bugs.active("serve-beyond-end") and first < length:
                return first, length - first
            raise Failure("RangeInvalid")
        return first, octets

    def _load(self, digest: bytes) -> bytes:
        octets = self.store.get(digest)
        if octets is None:
            raise Failure("StoreFailed", stay_away=STAY_AWAY)
        return octets

    async def _chunk(self, session: Session, exchange: Exchange, digest: bytes) -> None:
        octets = self._load(digest)
        if len(octets) > session.peer["ChunkBytes"]:
            raise Failure("Refused", "a chunk is longer than the settings allow", STAY_AWAY)
        self._give(exchange, Frame("Chunk", {"digest": digest, "whole": len(octets), "offset": 0}, octets))
        await exchange.room()

    # By digest.

    async def _id(self, session: Session, exchange: Exchange, ask: Frame) -> None:
        octets = self.store.get(ask.digest)
        if octets is None:
            raise Failure("Refused" if bugs.active("inexact-not-found") else "NotFound")
        first, length = self._span(ask.range, len(octets))
        if length > session.peer["ChunkBytes"]:
            raise Failure("Refused", "the content is longer than the settings allow", STAY_AWAY)
        fields = {"digest": ask.digest, "whole": len(octets), "offset": first}
        self._give(exchange, Frame("Chunk", fields, octets[first : first + length]))
        exchange.finish()

    async def _want(self, session: Session, exchange: Exchange, ask: Frame) -> None:
        def can(digest: bytes) -> bool:
            return self.store.has(digest) and self.store.size(digest) <= session.peer["ChunkBytes"]

        bits = [can(digest) for digest in ask.digests]
        self.counters.add("refused", sum(not bit and self.store.has(digest) for bit, digest in zip(bits, ask.digests)))
        have = Frame("Have", {"bits": bits})
        late = bugs.active("chunk-before-have") and ask.send and bits[0]
        if not late:
            exchange.say(have)
        back: set[int] = set()
        for number, digest in enumerate(ask.digests):
            self._cancelled(exchange, back, len(bits))
            if ask.send and bits[number] and number not in back:
                await self._chunk(session, exchange, digest)
            if late:
                exchange.say(have)
                late = False
        exchange.finish()

    @staticmethod
    def _cancelled(exchange: Exchange, back: set[int], count: int) -> None:
        """Takes the `Cancel` that came meanwhile; what it names is not sent any more."""
        while not exchange.came.empty():
            frame = exchange.came.get_nowait()
            if isinstance(frame, Frame) and frame.name == "Cancel":
                end = frame.first + frame.fields["count"]
                if end > count:
                    raise Violation("NotAsked", "a `Cancel` beyond the digests of the `Want`")
                back.update(range(frame.first, end))

    # Stores.

    async def _put(self, session: Session, exchange: Exchange, offer: Frame) -> None:
        if not session.roles() & {"publisher", "origin"}:
            raise Failure("NotAuthorised", "neither a publisher nor an origin")
        if offer.copies > COPIES_MOST:
            raise Failure("CopiesLacking", f"{COPIES_MOST} can be kept")
        name = offer.fields["name"]
        head = await exchange.next()
        if head is None:
            raise Violation("RequestEnded")
        if head.same or manifest_id(head.data) != head.digest:
            raise Failure("ManifestInvalid", "the manifest has another name")
        try:
            top = decode(head.data)
        except Flaw as flaw:
            raise Failure("ManifestInvalid", str(flaw)) from flaw
        if top.length != offer.octets:
            raise Failure("ManifestInvalid", "another length than the offer told")
        self._conflict(name, offer.version, head.digest)
        self.store.keep(head.digest, head.data)
        try:
            await self._gather(exchange, top)
        except Flaw as flaw:
            raise Failure("ManifestInvalid", str(flaw)) from flaw
        self._conflict(name, offer.version, head.digest)
        self.store.publish(name, offer.version, head.digest)
        exchange.say(Frame("Ack", {"durable": True, "copies": 1, "version": offer.version, "digest": head.digest}))
        exchange.finish()

    def _conflict(self, name: str, version: int, digest: bytes) -> None:
        """R-10-18."""
        known = self.store.names.get(name)
        if version <= self.store.purged(name) or version == 0:
            raise Failure("Conflict", "the version is purged")
        if known is not None and (version < known.version or (version == known.version and digest != known.manifest)):
            raise Failure("Conflict", f"there is version {known.version}")

    async def _gather(self, exchange: Exchange, top: Manifest) -> None:
        """Wants whatever the top manifest leads to and this node lacks (R-10-22)."""
        if top.level > 0:
            await self._wanted(exchange, [(digest, None) for digest, _ in top.entries])
            lower = [below(top, number, self.store.get(digest)) for number, (digest, _) in enumerate(top.entries)]
            for manifest in lower:
                await self._gather(exchange, manifest)
            return
        lacking: list[tuple[bytes, int | None]] = [(digest, top.stored(length)) for digest, length in top.entries]
        for group in top.coded.groups if top.coded else ():
            lacking += [(digest, group.shard) for digest in group.parity]
        await self._wanted(exchange, lacking)

    async def _wanted(self, exchange: Exchange, contents: list[tuple[bytes, int | None]]) -> None:
        """Asks for contents and takes them; a length of nothing stands for a manifest."""
        due = {digest: length for digest, length in contents if not self.store.has(digest)}
        queue = list(due)
        for at in range(0, len(queue), 120):
            portion = queue[at : at + 120]
            exchange.say(Frame("Want", {"send": True, "digests": portion}))
            left = set(portion)
            while left:
                frame = await exchange.next()
                if frame is None:
                    raise Violation("RequestEnded", "the publisher ended before all was there")
                digest, octets = frame.digest, frame.data
                named = manifest_id(octets) if due.get(digest) is None else chunk_id(octets)
                if digest not in left or frame.offset or len(octets) != frame.whole or named != digest:
                    raise Violation("NotAsked", "a chunk that is not what was wanted (R-10-21)")
                if due[digest] is not None and len(octets) != due[digest]:
                    raise Flaw("ManifestInvalid", "a chunk of another length")
                self.store.keep(digest, octets)
                left.discard(digest)

    # Purges.

    async def _purge(self, session: Session, exchange: Exchange, ask: Frame) -> None:
        if not session.roles() & {"publisher", "origin"}:
            raise Failure("NotAuthorised", "neither a publisher nor an origin")
        if ask.version > 0:
            self.store.purge(ask.fields["name"], ask.below, ask.version)
        nodes = await self.purger.tell_all(ask, session)
        self.counters.add("purges")
        exchange.say(Frame("Purged", {"version": ask.version, "nodes": nodes}))
        exchange.finish()


class Server:
    """An origin that listens."""

    def __init__(self, args: argparse.Namespace) -> None:
        policy = trust(args.ca, args.revoked, args.parameters)
        roles = frozenset(args.roles.split(","))
        self.origin = Origin(Store(args.store), Purger(args.parameters["lease"]), roles, CAPABLE, policy, args.quiet, args.parameters)
        self.config = configuration(False, args.cert, args.key, args.parameters["session.idle"])
        self.sessions: set[Session] = set()
        self.accepts = False
        self.pages = Pages(self.origin.counters, lambda: self.accepts)

    def _make(self, quic) -> Session:
        self.sessions.difference_update([one for one in self.sessions if one.ended is not None])
        session = Session(quic, self.origin)
        self.sessions.add(session)
        return session

    async def listen(self, host: str, port: int) -> str:
        """Begins to listen, and gives the address with its port."""
        self.listener = await listen(host, port, self.config, self._make)
        self.accepts = True
        host, port = self.listener.transport.get_extra_info("sockname")[:2]
        return f"[{host}]:{port}"

    async def tell(self, host: str = "::1", port: int = 0) -> str:
        """Lets this host read counters and health, and gives the address (clause 17)."""
        return await self.pages.open(host, port)

    async def stop(self, orderly: bool = True) -> None:
        """Leaves, in good order or at once (R-8-14, R-8-30)."""
        for session in self.sessions:
            if orderly:
                session.leave()
            else:
                session.end("NoError")
        while any(session.ended is None for session in self.sessions):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
        self.accepts = False
        self.listener.transport.close()
        await self.pages.close()


async def serve(args: argparse.Namespace) -> None:
    """Runs an origin until SIGTERM or SIGINT; then it leaves in good order."""
    server = Server(args)
    print(f"listening on {await server.listen(*args.listen)}", flush=True)
    if args.management is not None:
        print(f"tells of itself at http://{await server.tell(*args.management)}/metrics and /health", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop()
