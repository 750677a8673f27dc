"""What STOQ needs of QUIC and aioquic does not offer by itself: windows, the exporter, client certificates, IPv6 only.

aioquic 1.7 is pinned, since some of what follows relies on its inside.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable

from aioquic import tls
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.buffer import Buffer
from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE, QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicPacketType, QuicProtocolVersion, encode_quic_version_negotiation, pull_quic_header
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from .settings import ALPN

WINDOW_BEFORE = 65_536
"""Octets of the receive window of a connection before both confirmations have come (R-8-19)."""
WINDOW_AFTER = 8 * 1_048_576
STREAM_WINDOW = 1_048_576
REQUESTS_BEFORE = 16
ONE_WAY = 3


def configuration(is_client: bool, chain: str, key: str, idle: float) -> QuicConfiguration:
    """QUIC version 1 with the token of clause 7.1, datagrams (R-8-35), 1,200 octets a packet (R-8-15), the idle time (R-8-20)."""
    made = QuicConfiguration(
        alpn_protocols=[ALPN],
        is_client=is_client,
        idle_timeout=idle,
        max_data=WINDOW_BEFORE,
        max_stream_data=STREAM_WINDOW,
        max_datagram_frame_size=65_535,
        supported_versions=[QuicProtocolVersion.VERSION_1],
        server_name="stoq.invalid" if is_client else None,
        verify_mode=ssl.CERT_NONE,
    )
    with open(chain, "rb") as file:
        made.certificate, *made.certificate_chain = load_pem_x509_certificates(file.read())
    with open(key, "rb") as file:
        made.private_key = load_key(file.read())
    return made


def load_key(pem: bytes):
    """A private key; one in the second version of PKCS #8 (RFC 5958) loses its public part, which cryptography refuses."""
    try:
        return load_pem_private_key(pem, None)
    except ValueError:
        der = base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-----")))
        if der[0] != 0x30 or der[1] > 0x7F or der[2:5] != b"\2\1\1":
            raise
        at, parts = 5, [b"\2\1\0"]
        for _ in range(2):  # the algorithm and the key itself
            parts.append(der[at : at + 2 + der[at + 1]])
            at += len(parts[-1])
        body = b"".join(parts)
        return load_der_private_key(b"\x30" + bytes([len(body)]) + body, None)


class Connection(QuicConnection):
    """A connection that asks clients for certificates, keeps its windows and derives the exporter of TLS."""

    exporter_master: bytes | None = None

    def __init__(self, **arguments) -> None:
        super().__init__(**arguments)
        for limit, value in ((self._local_max_streams_bidi, REQUESTS_BEFORE), (self._local_max_streams_uni, ONE_WAY)):
            limit.value = limit.sent = value
        self._opened = False

    def grant(self, requests: int) -> None:
        """Grants fewer streams of requests from the beginning, where the setting is low (clause 8.2)."""
        limit = self._local_max_streams_bidi
        limit.value = limit.sent = min(requests, REQUESTS_BEFORE)

    def _initialize(self, peer_cid: bytes) -> None:
        super()._initialize(peer_cid)
        if not self._is_client:
            self.tls._request_client_certificate = True

    def _update_traffic_key(self, direction, epoch, cipher_suite, secret) -> None:
        # RFC 8446, clause 7.1: the exporter's master secret is derived from the same secret, over the same transcript,
        # ClientHello to the server's Finished, as the first traffic secret of the server, which is handed over here.
        if epoch == tls.Epoch.ONE_RTT and self.exporter_master is None:
            self.exporter_master = self.tls.key_schedule.derive_secret(b"exp master")
        super()._update_traffic_key(direction, epoch, cipher_suite, secret)

    def exporter(self, label: bytes, context: bytes, length: int) -> bytes:
        """TLS-Exporter of RFC 8446, clause 7.5."""
        schedule = self.tls.key_schedule
        secret = tls.hkdf_expand_label(
            schedule.algorithm, self.exporter_master, label, schedule.hash_empty_value, schedule.algorithm.digest_size
        )
        digest = tls.hashes.Hash(schedule.algorithm)
        digest.update(context)
        return tls.hkdf_expand_label(schedule.algorithm, secret, b"exporter", digest.finalize(), length)

    def peer_chain(self) -> list:
        """The certificates of the peer, its own first."""
        own = self.tls._peer_certificate
        return [own, *self.tls._peer_certificate_chain] if own is not None else []

    def widen(self, requests: int) -> None:
        """Raises the limits once both confirmations have come (R-8-19)."""
        self._opened = True
        self._local_max_streams_bidi.value += max(0, requests - REQUESTS_BEFORE)
        self._local_max_data.value = max(self._local_max_data.value, self._local_max_data.used + WINDOW_AFTER)

    def _write_connection_limits(self, builder, space) -> None:
        if self._opened:
            super()._write_connection_limits(builder, space)

    def unsent(self) -> int:
        """Octets that were written and not acknowledged (R-16-07)."""
        return sum(len(stream.sender._buffer) for stream in self._streams.values())

    def stop(self, stream: int, error: int) -> None:
        """Stops the peer's direction of a stream, if that is open."""
        found = self._streams.get(stream)
        if found is not None and not found.receiver.is_finished:
            self.stop_stream(stream, error)

    def reset(self, stream: int, error: int) -> None:
        """Resets this side's direction of a stream, if that is open."""
        if stream in self._streams:
            self.reset_stream(stream, error)

    def can_write(self, stream: int) -> bool:
        """Whether this side's direction is open, or can be opened."""
        found = self._streams.get(stream)
        if found is None:
            return not self._stream_is_discarded(stream)
        sender = found.sender
        return not sender.is_finished and sender._reset_error_code is None and sender._buffer_fin is None


def ipv6_socket(host: str, port: int) -> socket.socket:
    """A socket that neither sends nor receives over IPv4 (R-8-02)."""
    made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
    made.bind((host, port))
    made.setblocking(False)
    return made


class Listener(asyncio.DatagramProtocol):
    """Accepts connections on one socket."""

    def __init__(self, config: QuicConfiguration, make: Callable[[Connection], QuicConnectionProtocol]) -> None:
        self.config = config
        self.make = make
        self.by_cid: dict[bytes, QuicConnectionProtocol] = {}
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr) -> None:
        buffer = Buffer(data=data)
        try:
            header = pull_quic_header(buffer, host_cid_length=self.config.connection_id_length)
        except ValueError:
            return
        if header.version is not None and header.version not in self.config.supported_versions:
            if header.packet_type != QuicPacketType.VERSION_NEGOTIATION and len(data) >= SMALLEST_MAX_DATAGRAM_SIZE:
                answer = encode_quic_version_negotiation(
                    source_cid=header.destination_cid,
                    destination_cid=header.source_cid,
                    supported_versions=self.config.supported_versions,
                )
                self.transport.sendto(answer, addr)
            return
        protocol = self.by_cid.get(header.destination_cid)
        if protocol is None:
            if len(data) < SMALLEST_MAX_DATAGRAM_SIZE or header.packet_type != QuicPacketType.INITIAL:
                return
            protocol = self._accept(header.destination_cid)
        protocol.datagram_received(data, addr)

    def _accept(self, cid: bytes) -> QuicConnectionProtocol:
        connection = Connection(configuration=self.config, original_destination_connection_id=cid)
        protocol = self.make(connection)
        protocol.connection_made(self.transport)
        protocol._connection_id_issued_handler = lambda new: self.by_cid.__setitem__(new, protocol)
        protocol._connection_id_retired_handler = lambda old: self.by_cid.pop(old, None)
        protocol._connection_terminated_handler = lambda: self._forget(protocol)
        self.by_cid[cid] = self.by_cid[connection.host_cid] = protocol
        return protocol

    def _forget(self, protocol: QuicConnectionProtocol) -> None:
        for cid in [cid for cid, one in self.by_cid.items() if one is protocol]:
            del self.by_cid[cid]


async def listen(host: str, port: int, config: QuicConfiguration, make) -> Listener:
    """Listens on an address of IPv6."""
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_datagram_endpoint(lambda: Listener(config, make), sock=ipv6_socket(host, port))
    return listener


async def dial(host: str, port: int, config: QuicConfiguration, make) -> QuicConnectionProtocol:
    """Opens a connection; the protocol is told when the handshake is complete."""
    loop = asyncio.get_running_loop()
    address = await loop.getaddrinfo(host, port, family=socket.AF_INET6, type=socket.SOCK_DGRAM)
    connection = Connection(configuration=config)
    _, protocol = await loop.create_datagram_endpoint(lambda: make(connection), sock=ipv6_socket("::", 0))
    protocol.connect(address[0][4])
    return protocol
