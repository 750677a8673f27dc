"""What a node tells the host that it runs on: the counters of clause 17.1 and its health, over HTTP/1.1 as in Annex E.3."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable

ROWS: dict[str, str] = {
    "stoq_served_total": "answers with contents, by level",
    "stoq_served_bytes_total": "octets of these, by level",
    "stoq_served_stale_total": "answers beyond their freshness",
    "stoq_refused_total": "requests, or parts of them, that were refused",
    "stoq_unwelcome_total": "connections closed since the peer cannot be what it says",
    "stoq_fetched_bytes_total": "octets of contents that came from above",
    "stoq_poisoned_total": "contents from above that have another name",
    "stoq_penalised_total": "times that a node above misbehaved",
    "stoq_purges_total": "purges that hold here and below",
    "stoq_leases_lost_total": "times that a node above was out of reach for longer than the lease",
    "stoq_certificate_rotations_total": "times that another certificate was shown",
    "stoq_connections_accepted_total": "connections accepted",
    "stoq_connections_dialled_total": "connections opened by this node",
    "stoq_dials_failed_total": "attempts to open one that failed",
    "stoq_certificates_refused_total": "peers whose certificate was refused",
    "stoq_sent_bytes_total": "octets of contents that QUIC took",
    "stoq_came_bytes_total": "octets of contents that came",
    "stoq_store_operations_total": "operations of the store",
    "stoq_connections": "connections that are open",
    "stoq_streams": "streams that are open",
    "stoq_store_bytes": "octets of the store",
    "stoq_store_live_bytes": "octets of these that are needed",
    "stoq_store_contents": "chunks and manifests in the store",
    "stoq_store_rotten": "contents of these that were found damaged",
    "stoq_store_names": "names in the store",
}
"""The rows of the table of clause 17.1, and what they count. Names that end with `_total` are counters, the others gauges."""
LEVELS = ("memory", "disk", "upstream", "store")
BY_LEVEL = ("stoq_served_total", "stoq_served_bytes_total")
HEAD_MOST = 8_192
"""Octets of the head of a question."""
WITHIN = 5.0
"""Seconds for one question and its answer."""
AT_A_TIME = 16
"""Questions that are answered at a time; further ones are turned away with 503."""


class Counters:
    """Counters that only grow (R-17-02), and where gauges are asked for."""

    def __init__(self) -> None:
        self.values = {line: 0 for name in ROWS if name.endswith("_total") for line in lines_of(name)}
        self.sessions: set = set()
        self.gauges: list[Callable[[], dict[str, int]]] = [self._open]

    def _open(self) -> dict[str, int]:
        return {"stoq_connections": len(self.sessions), "stoq_streams": sum(session.streams() for session in self.sessions)}

    def add(self, name: str, by: int = 1, level: str | None = None) -> None:
        """Counts; the name is that of the table without its `stoq_` and `_total`."""
        if by < 0:
            raise ValueError("a counter does not fall")
        line = f"stoq_{name}_total" + (f'{{level="{level}"}}' if level else "")
        self.values[line] += by

    def read(self) -> dict[str, int]:
        """Each row with its value now, in the order of the table; one for each level where it has levels. What nobody has is 0."""
        now = dict(self.values)
        for name in (name for name in ROWS if name not in now and name not in BY_LEVEL):
            now[name] = 0
        for gauge in self.gauges:
            for name, value in gauge().items():
                now[name] += value
        return {line: now[line] for name in ROWS for line in lines_of(name)}

    def page(self) -> str:
        """The text format of Prometheus."""
        told, out = self.read(), []
        for name, what in ROWS.items():
            out += [f"# HELP {name} {what}", f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"]
            out += [f"{line} {told[line]}" for line in lines_of(name)]
        return "\n".join(out) + "\n"


def lines_of(name: str) -> list[str]:
    """The names with labels that a row has."""
    return [f'{name}{{level="{level}"}}' for level in LEVELS] if name in BY_LEVEL else [name]


class Pages:
    """`/metrics` and `/health`, for this host alone (R-17-06)."""

    def __init__(self, counters: Counters, is_well: Callable[[], bool]) -> None:
        self.counters = counters
        self.is_well = is_well
        self.server: asyncio.Server | None = None
        self.under_way: set[asyncio.StreamWriter] = set()

    async def open(self, host: str = "::1", port: int = 0) -> str:
        """Begins to answer, and gives address and port."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"{host} can be reached from another host (R-17-06)")
        self.server = await asyncio.start_server(self._answer, host, port, limit=HEAD_MOST)
        host, port = self.server.sockets[0].getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def close(self) -> None:
        """Answers no more."""
        if self.server is not None:
            self.server.close()
            for writer in list(self.under_way):
                writer.close()
            await asyncio.sleep(0)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.under_way.add(writer)
        try:
            async with asyncio.timeout(WITHIN):
                if len(self.under_way) > AT_A_TIME:
                    writer.write(said(503, "too many questions at a time\n"))
                else:
                    writer.write(await self._reply(reader))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.under_way.discard(writer)
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.LimitOverrunError:
            return said(431, "the head is too long\n")
        words, fields = head[0].split(" "), [line.partition(":")[0].lower() for line in head[1:]]
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return said(400, "no question of HTTP/1.1\n")
        if words[2] == "HTTP/1.1" and fields.count("host") != 1:
            return said(400, "not one field Host\n")
        method, path = words[0], words[1].partition("?")[0]
        if method not in ("GET", "HEAD"):
            return said(405, "GET and HEAD only\n", "Allow: GET, HEAD\r\n")
        return self._page(path, method == "HEAD")

    def _page(self, path: str, only_head: bool) -> bytes:
        if path == "/metrics":
            return said(200, self.counters.page(), kind="text/plain; version=0.0.4; charset=utf-8", only_head=only_head)
        if path == "/health":
            well = self.is_well()
            return said(200 if well else 503, "well\n" if well else "leaving\n", only_head=only_head)
        return said(404, "there are /metrics and /health\n", only_head=only_head)


def said(status: int, text: str, more: str = "", kind: str = "text/plain; charset=utf-8", only_head: bool = False) -> bytes:
    """An answer of HTTP/1.1, behind which the connection is closed."""
    phrases = {
        200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 431: "Request Header Fields Too Large",
        503: "Service Unavailable",
    }
    body = text.encode()
    head = f"HTTP/1.1 {status} {phrases[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    return head.encode() + (b"" if only_head else body)
