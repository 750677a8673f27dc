"""Shows whether the first implementation does something else than the text says: the rows D1 to D12 of questions.md, all of which are mended.

    python defects.py [--hypermesh PATH]

Each line says what was seen. The exit code is 1 if one row contradicts the text.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import shutil
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from interop import Bench
from stoqpeer import client, control, exchange
from stoqpeer.codes import known
from stoqpeer.frames import Frame, Parser
from stoqpeer.manifest import write
from stoqpeer.node import CAPABLE, Node, trust
from stoqpeer.parameters import Parameters
from stoqpeer.server import Server
from stoqpeer.transport import configuration, dial, load_key
from tests.bench import Raw

WITHIN = 3.0
"""Seconds for which an answer is waited for."""


class Prober:
    """Connections to the nodes of a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.found: list[bool] = []

    def row(self, number: str, what: str, seen: object, fine: bool) -> None:
        """One line; `fine` is what the text asks for."""
        self.found.append(fine)
        print(f"{number:4} {'as the text says' if fine else 'CONTRADICTS':17} {what}: {seen}", flush=True)

    async def connect(self, port: int, who: str = "me", roles: str = "client,publisher", greets: bool = True) -> Raw:
        """A client with a certificate of the bench."""
        folder = self.bench.folder / "certs"
        policy = trust(str(folder / "ca.pem"), str(folder / "revoked.stoq"), Parameters())
        node = Node(frozenset(roles.split(",")), CAPABLE, policy, True)

        def make(quic) -> Raw:
            raw = Raw(quic, node)
            raw.greets, raw.seen = greets, []
            return raw

        config = configuration(True, str(folder / f"{who}.pem"), str(folder / f"{who}.key"), 30.0)
        raw = await dial("::1", port, config, make)
        await asyncio.wait_for(raw.opened, WITHIN)
        await asyncio.sleep(0.1)
        return raw

    @staticmethod
    async def closed(raw: Raw, within: float = 0.6) -> str | None:
        """The code of the close, or nothing."""
        try:
            return await asyncio.wait_for(raw.close_code(), within)
        except TimeoutError:
            return None

    @staticmethod
    async def answer(raw: Raw, octets: bytes, end: bool = True) -> list[Frame] | int | None:
        """The frames that answer octets, or the code of a reset."""
        try:
            came = await asyncio.wait_for(raw.answer(raw.raw(octets, end)), WITHIN)
        except TimeoutError:
            return None
        return list(Parser("answer").feed(came)) if isinstance(came, bytes) else came

    def certificate(self, key, signer=None, issuer=None, life: int = 3_600, ca: bool = False) -> x509.Certificate:
        """A certificate of the deployment's issuer, or of another signer."""
        folder = self.bench.folder / "certs"
        now = datetime.datetime.now(datetime.timezone.utc)
        issuer = issuer or x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()).subject
        made = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "between")]))
        made = made.issuer_name(issuer).public_key(key.public_key()).serial_number(4_711)
        made = made.not_valid_before(now - datetime.timedelta(seconds=5)).not_valid_after(now + datetime.timedelta(seconds=life))
        if ca:
            made = made.add_extension(x509.BasicConstraints(True, None), True)
        else:
            uri = x509.UniformResourceIdentifier("stoq://me?roles=client,publisher")
            made = made.add_extension(x509.SubjectAlternativeName([uri]), False)
        return made.sign(signer or load_key((folder / "ca.key").read_bytes()), None)

    async def shown(self, port: int, key, chain: list[x509.Certificate]) -> str:
        """What becomes of a client that shows a chain."""
        folder = self.bench.folder / "certs"
        (folder / "odd.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
        (folder / "odd.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            raw = await self.connect(port, "odd")
            return "accepted" if isinstance(await self.answer(raw, get_id(bytes(32))), list) else str(raw.ended)
        except (ConnectionError, TimeoutError) as error:
            return str(error)


def get_id(digest: bytes) -> bytes:
    """The octets of a `GetId`."""
    return Frame("GetId", {"digest": digest, "range": None}).encode()


def offer(name: str, version: int, octets: bytes, digest: bytes | None = None) -> bytes:
    """`Put` and `Manifest` of an object of one chunk, under its digest or another one."""
    top, manifests, _ = write(octets)
    head = {"digest": digest or top, "version": version, "same": False, "word": None, "origin": False, "no_store": False}
    put = Frame("Put", {"version": version, "octets": len(octets), "copies": 1, "name": name})
    return put.encode() + Frame("Manifest", head, manifests[top]).encode()


async def streams(probe: Prober, origin: int) -> None:
    """D2 to D7 and D12: what an origin does with streams and datagrams."""
    raw = await probe.connect(origin)
    raw.raw(b"\x1exyz", stream=raw._quic.get_next_available_stream_id(True))
    code = await probe.closed(raw)
    probe.row("D2", "one-way stream without meaning, with octets", code or "open", code is None)

    raw = await probe.connect(origin)
    for _ in range(5):
        raw.raw(b"\x1e", True, raw._quic.get_next_available_stream_id(True))
        await asyncio.sleep(0.2)
    probe.row("D3", "five one-way streams, one after the other", raw.ended or "open", raw.ended is None)

    raw = await probe.connect(origin, greets=False)
    raw.raw(b"\x01" + Frame("Settings", {"pairs": [(5, 11), (8, 65)]}).encode(), stream=raw.control)
    await asyncio.sleep(0.2)
    raw._quic.send_datagram_frame(b"\x29\x00")
    raw.transmit()
    code = await probe.closed(raw)
    probe.row("D4", "critical frame in a datagram before `Confirm`", code or "open", code is None)

    raw = await probe.connect(origin)
    got = await probe.answer(raw, offer("d/5", 5, os.urandom(9)))
    probe.row("D5", "`Put` that ends too early", got if isinstance(got, int) else "an answer", got == 0x8D)

    got = await probe.answer(await probe.connect(origin), offer("d/6", 0, b""), False)
    names = [frame.name for frame in got] if isinstance(got, list) else got
    probe.row("D6", "`Put` of version 0", names, names == ["Fail"])

    got = await probe.answer(await probe.connect(origin), offer("d/12", 1, b"abc", bytes(32)), False)
    said = [known(frame.fields["code"], True) if frame.name == "Fail" else frame.name for frame in got] if isinstance(got, list) else got
    probe.row("D12", "`Put` of a manifest with another digest", said, said == ["ManifestInvalid"])

    raw = await probe.connect(origin)
    await client.put(raw, "d/7", 1, os.urandom(800_000), "large")
    entries = (await client.resolve(raw, "d/7"))[0].entries
    usual, control.ours = control.ours, lambda *args, **more: usual(*args, **more, ChunkBytes=65_536)
    raw = await probe.connect(origin)
    control.ours = usual
    long = next(digest for digest, length in entries if length > 65_536)
    got = await probe.answer(raw, Frame("Want", {"send": True, "digests": [long]}).encode())
    promised = isinstance(got, list) and got[0].bits == [True]
    probe.row("D7", "`Have` of a chunk that is too long to be sent", "promised" if promised else "not promised", not promised)


async def certificates(probe: Prober, origin: int) -> None:
    """D9 to D11: which chains are accepted."""
    for key in (rsa.generate_private_key(65_537, 2_048), ec.generate_private_key(ec.SECP384R1())):
        seen = await probe.shown(origin, key, [probe.certificate(key)])
        probe.row("D9", f"holder's key of {type(key).__name__}", seen, seen != "accepted")
    middle, own = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    between = probe.certificate(middle, ca=True)
    holder = probe.certificate(own, middle, between.subject)
    seen = await probe.shown(origin, own, [holder, between])
    probe.row("D10", "an hour below an issuer without a list", seen, seen != "accepted")
    holder = probe.certificate(own, middle, between.subject, 40)
    root = x509.load_pem_x509_certificate((probe.bench.folder / "certs/ca.pem").read_bytes())
    seen = await probe.shown(origin, own, [holder, between, root])
    probe.row("D11", "a chain with the trusted certificate", seen, seen == "accepted")


async def as_client(probe: Prober) -> None:
    """D8: what a client does with a chunk that it did not ask for."""
    folder = probe.bench.folder / "certs"
    args = argparse.Namespace(
        ca=str(folder / "ca.pem"),
        revoked=str(folder / "revoked.stoq"),
        cert=str(folder / "py.pem"),
        key=str(folder / "py.key"),
        roles="origin",
        quiet=True,
        store=str(probe.bench.folder / "liar"),
        parameters=Parameters(),
    )
    args.parameters.put("lease=100ms")
    codes: list[int] = []
    say, reset = exchange.Exchange.say, exchange.Exchange.peer_reset

    def lie(self, frame: Frame) -> None:
        if frame.name == "Chunk":
            frame.fields["digest"] = bytes(32)
        say(self, frame)

    server = Server(args)
    at = await server.listen("::1", 0)
    raw = await probe.connect(int(at.rpartition(":")[2]))
    await client.put(raw, "d/8", 1, b"abc", "standard")
    exchange.Exchange.say = lie
    exchange.Exchange.peer_reset = lambda self, error: (codes.append(error & 0xFF), reset(self, error))[1]
    words = ("get", "d/8", "-o", "d8", "--from", at, "--patience", "1")
    await asyncio.get_running_loop().run_in_executor(None, probe.bench.hm, *words)
    exchange.Exchange.say, exchange.Exchange.peer_reset = say, reset
    await server.stop(False)
    probe.row("D8", "a chunk that was not asked for", [hex(code) for code in codes], bool(codes) and set(codes) == {0x8A})


async def purges(probe: Prober, origin: int, regional: int) -> None:
    """D1: a cache without a store is purged."""
    raw = await probe.connect(origin)
    await client.put(raw, "d/1", 1, b"abc", "standard")
    below = await probe.connect(regional, "client", "client")
    await client.resolve(below, "d/1")
    loop = asyncio.get_running_loop()
    begin = loop.time()
    nodes = await client.purge(raw, "d/1", False, 1)
    probe.row("D1", "a purge with one cache", f"{nodes} nodes after {loop.time() - begin:.1f} s", nodes == 2)


async def probes(bench: Bench) -> int:
    """All rows."""
    probe = Prober(bench)
    origin = bench.node("origin", "origin")
    plain = bench.node("regional", "regional", ("origin", origin, "origin"), store=False)
    await purges(probe, origin, plain)
    await streams(probe, origin)
    await as_client(probe)
    await certificates(probe, origin)
    return probe.found.count(False)


def main() -> int:
    """Runs everything, and ends what it started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hypermesh", default=shutil.which("hypermesh") or "target/release/hypermesh")
    folder = Path(tempfile.mkdtemp(prefix="stoq-defects-"))
    bench = Bench(str(Path(parser.parse_args().hypermesh).resolve()), folder)
    try:
        names = ["origin:origin", "regional:regional", "client:client", "me:client,publisher", "py:origin"]
        bench.hm("certs", "init", "certs", *names)
        bench.start("keep", "", bench.hypermesh, "certs", "keep", "certs")
        wrong = asyncio.run(asyncio.wait_for(probes(bench), 120))
    finally:
        bench.end()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{wrong} rows contradict the text")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
