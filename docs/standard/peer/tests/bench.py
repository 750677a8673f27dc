"""A deployment for tests: certificates, an origin, and a client that sends octets of its own making."""

import asyncio
import datetime
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stoqpeer import codes
from stoqpeer.certs import Policy
from stoqpeer.node import Node
from stoqpeer.purger import Purger
from stoqpeer.server import Origin
from stoqpeer.session import Session
from stoqpeer.store import Store
from stoqpeer.transport import configuration, dial, listen


class Authority:
    """An issuer of certificates that live for 40 s, so that no list of revocations is needed (R-13-24)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ed25519.Ed25519PrivateKey.generate()
        self.policy = Policy()
        self.policy.trust(self.key.public_key())
        self.serial = 0

    def issue(self, name: str, roles: str, **other) -> tuple[str, str]:
        """The files of a certificate and its key."""
        key = ed25519.Ed25519PrivateKey.generate()
        self.serial += 1
        now = datetime.datetime.now(datetime.timezone.utc)
        called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anybody")])
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        others = "content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
        bits = dict.fromkeys(f"{others} encipher_only decipher_only".split(), False)
        made = (
            x509.CertificateBuilder()
            .subject_name(called)
            .issuer_name(called)
            .public_key(key.public_key())
            .serial_number(other.get("serial", self.serial))
            .not_valid_before(now - datetime.timedelta(seconds=1))
            .not_valid_after(now + datetime.timedelta(seconds=other.get("life", 39)))
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"stoq://{name}?roles={roles}")]), False)
            .add_extension(x509.KeyUsage(digital_signature=True, **bits), True)
            .add_extension(x509.ExtendedKeyUsage(usages), False)
            .sign(other.get("key", self.key), None)
        )
        chain, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(made.public_bytes(Encoding.PEM))
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(chain), str(secret)


class Raw(Session):
    """A client that sends nothing by itself, and remembers what comes."""

    greets = True

    def _greet(self) -> None:
        if self.greets:
            super()._greet()
        else:
            self.control = self._quic.get_next_available_stream_id(is_unidirectional=True)

    def _keyed(self) -> None:
        if self.greets:
            super()._keyed()
        elif not self.opened.done():
            self.opened.set_result(None)

    def _stream(self, event) -> None:
        self.seen.append(event)
        if self.greets:
            super()._stream(event)

    def raw(self, octets: bytes, end: bool = False, stream: int | None = None) -> int:
        """Sends octets on a stream of requests."""
        stream = self._quic.get_next_available_stream_id() if stream is None else stream
        self._quic.send_stream_data(stream, octets, end)
        self.transmit()
        return stream

    async def answer(self, stream: int) -> bytes | int:
        """The octets that came on a stream until its end, or the code of its reset, less the base."""
        out = bytearray()
        while True:
            while self.seen:
                event = self.seen.pop(0)
                if event.stream_id == stream and hasattr(event, "data"):
                    out += event.data
                    if event.end_stream:
                        return bytes(out)
                elif event.stream_id == stream:
                    return event.error_code - codes.BASE
            if self.ended:
                return -1
            await self.progress()

    async def close_code(self) -> str:
        """The code with which the peer closed the connection."""
        while self.ended is None:
            await self.progress()
        return self.ended


class Bench:
    """`async with` gives an origin and a way to connect to it."""

    def __init__(self, roles: str = "client,publisher") -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.authority = Authority(self.path)
        self.roles = roles
        self.clients: list[Raw] = []

    async def __aenter__(self) -> "Bench":
        self.store = Store(str(self.path / "store"))
        node = Origin(
            self.store, Purger(0.05), frozenset({"origin"}), ["put", "purge", "probes"], self.authority.policy, quiet=True
        )
        config = configuration(False, *self.authority.issue("origin", "origin"), 30.0)
        self.servers: list[Session] = []

        def make(quic) -> Session:
            self.servers.append(Session(quic, node))
            return self.servers[-1]

        self.listener = await listen("::1", 0, config, make)
        return self

    async def connect(self, greets: bool = True, files: tuple[str, str] | None = None, want: str | None = None) -> Raw:
        """A client, once it may send requests; one that does not greet is only connected."""
        roles = frozenset(self.roles.split(","))
        node = Node(roles, ["put", "purge", "probes"], self.authority.policy, quiet=True)
        config = configuration(True, *(files or self.authority.issue("me", self.roles)), 30.0)

        def make(quic) -> Raw:
            raw = Raw(quic, node, want)
            raw.greets, raw.seen = greets, []
            return raw

        host, port = self.listener.transport.get_extra_info("sockname")[:2]
        raw = await dial(host, port, config, make)
        self.clients.append(raw)
        await raw.opened
        return raw

    async def __aexit__(self, *_) -> None:
        for session in [*self.clients, *self.servers]:
            session.end("NoError")
        for client in self.clients:
            client._transport.close()
        self.listener.transport.close()
        await asyncio.sleep(0.01)
        self.folder.cleanup()
