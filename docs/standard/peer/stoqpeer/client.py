"""What a client and a publisher do: clause 10, by name and by digest, from one source."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path

from . import codes
from .codes import Failure
from .exchange import Exchange
from .cut import PROFILES
from .frames import Frame
from .manifest import Flaw, Manifest, below, decode, touched, write
from .names import chunk_id, manifest_id
from .node import Node
from .session import Ended, Session
from .transport import configuration, dial
from .wire import VARINT_MAX, Reader, put_varint

FIRST_ASK = 131_072
"""Octets that are asked for before anything is known of the path (clause 10.2)."""
ASK_MOST = 4 * 1_048_576
WRONG_MOST = 3
"""Wrong contents of one source: the first bound of clause 10.4."""
TROUBLES_MOST = 4
"""Stalls, refusals for now and breaks of one source in a row: the second one."""


@asynccontextmanager
async def session(address: tuple[str, int], node: Node, chain: str, key: str, name: str | None = None, role: str | None = None):
    """An open session with a server, left in good order at the end."""
    config = configuration(True, chain, key, node.parameters["session.idle"])
    opened: Session = await dial(*address, config, lambda quic: Session(quic, node, name, role))
    try:
        await opened.opened
        yield opened
    finally:
        if not opened.keyed:
            node.counters.add("dials_failed")
        opened.leave()
        if opened.ended is None:
            opened.end("NoError")
        await asyncio.sleep(0.05)
        opened._transport.close()


class Taken:
    """The octets of a range that were taken, and the state to resume from (R-10-07, R-10-24)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.state = path.with_name(path.name + ".state") if path else None
        self.digest, self.version, self.first, self.length, self.count = bytes(32), 0, 0, 0, 0
        self.octets = bytearray()
        self.done: list[tuple[int, int]] = []

    def read_state(self, state: bytes) -> None:
        """The reference encoding of clause 10.5: which octets of which range were taken."""
        reader = Reader(state)
        self.digest, self.version = reader.octets(32), reader.varint()
        self.first, self.length, runs = reader.varint(), reader.varint(), reader.varint()
        at, self.done = self.first, []
        for _ in range(runs):
            begin = at + reader.varint()
            at = begin + reader.varint()
            self.done.append((begin, at))

    def lacking(self, begin: int, end: int) -> list[tuple[int, int]]:
        """Which octets from `begin` to just before `end` are wanted and were not taken before."""
        begin, end = max(begin, self.first), min(end, self.first + self.length)
        out = []
        for taken_from, taken_to in [*self.done, (end, end)]:
            if begin < min(taken_from, end):
                out.append((begin, min(taken_from, end)))
            begin = max(begin, taken_to)
        return out

    def resume(self) -> bool:
        """Reads what an earlier attempt left."""
        if self.state is None or not self.state.exists() or not self.path.exists():
            return False
        self.read_state(self.state.read_bytes())
        whole = bool(self.done) and self.done[0][0] == self.first
        self.count = self.done[0][1] - self.first if whole else 0
        self.octets = bytearray(self.path.read_bytes()[: self.count])
        self.done = [(self.first, self.first + len(self.octets))] if self.octets else []
        return True

    def save(self) -> None:
        """Keeps the octets and the state, in the reference encoding of clause 10.5."""
        if self.path is None:
            return
        self.path.write_bytes(self.octets)
        runs = [1, 0, len(self.octets)] if self.octets else [0]
        numbers = [self.version, self.first, self.length, *runs]
        self.state.write_bytes(self.digest + b"".join(map(put_varint, numbers)))


def misbehaved(session: Session, why: str, exchange: Exchange | None = None, poisoned: bool = False) -> Failure:
    """What a node above sent is not what was asked for: it is counted, and the exchange given up."""
    session.node.counters.add("penalised")
    if poisoned:
        session.node.counters.add("poisoned")
    if exchange is not None:
        exchange.abort("ContentMismatch")
    return Failure("ContentMismatch", why)


async def resolve(session: Session, name: str, lowest: int = 0, age: int = VARINT_MAX) -> tuple[Manifest, bytes, int]:
    """What a name leads to: the top manifest, its digest and the version (R-10-01)."""
    fields = {
        "manifest_only": True,
        "from_origin": False,
        "lowest": lowest,
        "highest_age": age,
        "known": None,
        "range": None,
        "name": name,
    }
    exchange = session.ask("NameAsked", [Frame("GetName", fields)], True)
    frame = await exchange.next()
    if manifest_id(frame.data) != frame.digest or frame.same:
        raise misbehaved(session, "a manifest with another name", exchange, True)
    if await exchange.next() is not None:
        raise misbehaved(session, "more than the manifest", exchange)
    if frame.version < lowest:
        raise Failure("NotFound", "an older version than will do")
    return read(frame.data), frame.digest, frame.version


def read(octets: bytes) -> Manifest:
    """A manifest that has the right name, or the failure `Manifest` of clause 10.5."""
    try:
        return decode(octets)
    except Flaw as flaw:
        raise Failure(flaw.error, str(flaw)) from flaw


async def by_id(session: Session, digest: bytes) -> bytes:
    """A manifest by its digest."""
    exchange = session.ask("IdAsked", [Frame("GetId", {"digest": digest, "range": None})], True)
    frame = await exchange.next()
    await exchange.next()
    if frame.digest != digest or frame.offset or len(frame.data) != frame.whole or manifest_id(frame.data) != digest:
        raise misbehaved(session, "a manifest with another name", poisoned=True)
    return frame.data


async def wanted(session: Session, entries: list[tuple[bytes, int]]) -> tuple[dict[bytes, bytes], int]:
    """Chunks with one `Want`; what the source has not, or sends wrong, is lacking in the answer, and the wrong ones are counted (R-10-05)."""
    lengths = dict(entries)
    digests = list(lengths)
    exchange = session.ask("WantAsked", [Frame("Want", {"send": True, "digests": digests})], True)
    have = await exchange.next()
    if len(have.bits) != len(digests):
        raise misbehaved(session, "a `Have` of another length", exchange)
    promised = {digest for digest, bit in zip(digests, have.bits) if bit}
    got: dict[bytes, bytes] = {}
    wrong = 0
    while (frame := await exchange.next()) is not None:
        if frame.digest not in promised:
            raise misbehaved(session, "a chunk that was not asked for", exchange)
        promised.discard(frame.digest)
        if frame.offset or len(frame.data) != frame.whole or chunk_id(frame.data) != frame.digest:
            misbehaved(session, "a chunk with another name", poisoned=True)
            wrong += 1
            continue
        if len(frame.data) != lengths[frame.digest]:
            raise Failure("ManifestInvalid", "a chunk has another length than its manifest says")
        got[frame.digest] = frame.data
    return got, wrong


async def fetch(
    session: Session,
    name: str,
    lowest: int,
    span: tuple[int, int] | None,
    out: Path | None,
    resume: bool,
    digest: bytes | None = None,
    age: int = VARINT_MAX,
    taken: Taken | None = None,
) -> Taken:
    """Fetches an object or a range of it, by name or by the digest of its manifest, verified (R-10-02, R-10-04)."""
    begun = taken is not None and taken.digest != bytes(32)
    taken = taken or Taken(out)
    if begun or (resume and taken.resume()):
        top = read(await by_id(session, taken.digest))
    else:
        if digest is not None:
            top, taken.digest = read(await by_id(session, digest)), digest
        else:
            top, taken.digest, taken.version = await resolve(session, name, lowest, age)
        taken.first, taken.length = span or (0, top.length)
    end = taken.first + taken.length
    if end > top.length:
        raise Failure("RangeInvalid", f"the object has {top.length} octets")
    ask = Asker(session, taken, end)
    try:
        await ask.walk(top, 0)
        await ask.flush()
    finally:
        taken.save()
    return taken


class Asker:
    """Walks an object and asks for chunks in portions that grow with what the source delivers (R-10-10)."""

    def __init__(self, session: Session, taken: Taken, end: int) -> None:
        self.session = session
        self.taken = taken
        self.end = end
        self.portion = FIRST_ASK
        self.queue: list[tuple[bytes, int, int]] = []
        self.spans: dict[int, int] = {}
        self.queued = 0
        self.wrong = 0

    async def walk(self, manifest: Manifest, begin: int) -> None:
        """Goes through what touches the rest of the range."""
        for number, at in touched(manifest, begin, self.taken.first, self.end):
            digest, length = manifest.entries[number]
            if not self.taken.lacking(at, at + length):
                continue
            if manifest.level == 0:
                self.queue.append((digest, manifest.stored(length), at))
                self.spans[at] = length
                self.queued += length
                if self.queued >= self.portion or len(self.queue) == 120:
                    await self.flush()
            else:
                octets = await by_id(self.session, digest)
                try:
                    lower = below(manifest, number, octets)
                except Flaw as flaw:
                    raise Failure(flaw.error, str(flaw)) from flaw
                await self.walk(lower, at)

    async def flush(self) -> None:
        """Asks for what is queued, again for what came wrong, and takes it in order."""
        queue, self.queue, self.queued = self.queue, [], 0
        spans, self.spans = self.spans, {}
        got: dict[bytes, bytes] = {}
        while lacking := {digest: length for digest, length, _ in queue if digest not in got}:
            more, wrong = await wanted(self.session, list(lacking.items()))
            got.update(more)
            self.wrong += wrong
            if self.wrong >= WRONG_MOST or (not more and not wrong):
                raise Failure("NotFound", "the source has not all chunks, or sends wrong ones")
        for digest, _, at in queue:
            for begin, end in self.taken.lacking(at, at + spans[at]):
                self.taken.octets += got[digest][begin - at : end - at]
                self.taken.done = sorted([*self.taken.done, (begin, end)])
        self.portion = min(2 * self.portion, ASK_MOST)


async def put(session: Session, name: str, version: int, octets: bytes, profile: str, copies: int = 1) -> dict:
    """Stores an object and tells what was acknowledged and sent."""
    top, manifests, chunks = write(octets, PROFILES[profile])
    head = {"digest": top, "version": version, "same": False, "word": None, "origin": False, "no_store": False}
    offer = Frame("Put", {"version": version, "octets": len(octets), "copies": copies, "name": name})
    exchange = session.ask("PutOffered", [offer, Frame("Manifest", head, manifests[top])], False)
    sent = 0
    while (frame := await exchange.next()).name == "Want":
        for digest in frame.digests if frame.send else []:
            content = manifests.get(digest) or chunks.get(digest)
            if content is None or len(content) > session.peer["ChunkBytes"]:
                exchange.abort("Cancelled")
                raise Failure("Cancelled", "the node wants what this side cannot send")
            exchange.say(Frame("Chunk", {"digest": digest, "whole": len(content), "offset": 0}, content))
            sent += len(content)
            await exchange.room()
    exchange.finish()
    if (frame.digest, frame.version) != (top, version):
        raise misbehaved(session, "another object was acknowledged")
    return {"digest": top.hex(), "chunks": len(chunks), "sent": sent, "copies": frame.copies, "durable": frame.durable}


async def purge(session: Session, name: str, below: bool, version: int) -> int:
    """Purges and tells how many nodes answered."""
    fields = {"below": below, "version": version, "name": name}
    exchange = session.ask("PurgeAsked", [Frame("Purge", fields)], True)
    frame = await exchange.next()
    if frame.version != version:
        raise misbehaved(session, "another version was purged")
    return frame.nodes


async def patiently(what, patience: float):
    """Repeats what fails with a retryable code, not before the time to stay away is over (R-14-07), within the bounds of clause 10.4."""
    loop = asyncio.get_running_loop()
    until, wait, wrong, troubles = loop.time() + patience, 0.2, 0, 0
    while True:
        try:
            return await what()
        except (Failure, Ended) as error:
            wrong, troubles = wrong + (error.code == "ContentMismatch"), troubles + 1
            if wrong >= WRONG_MOST or troubles >= TROUBLES_MOST:
                raise Failure("NotFound" if wrong >= WRONG_MOST else "Refused", "no source is left") from error
            again = codes.CODES.get(error.code, (0, True))[1]
            rest = max(wait, error.stay_away / 1_000 if isinstance(error, Failure) else 0)
            if not again or loop.time() + rest > until:
                raise
            await asyncio.sleep(rest)
            wait *= 2


def write_out(taken: Taken, out: Path | None) -> None:
    """Puts the fetched octets where they belong."""
    if out is None:
        os.write(1, bytes(taken.octets))
        return
    taken.path.rename(out)
    taken.state.unlink()
