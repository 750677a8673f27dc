"""The fields of each frame: the table of clause 6.2 and Annex B.2, one form for reading and writing."""

from __future__ import annotations

from . import bugs
from .codes import Violation
from .wire import VARINT_MAX, Reader, check_text, put_varint, within

CHUNK_MOST = 1_048_592
"""Octets of the longest chunk as it is stored: 1 MiB and what sealing adds."""
MANIFEST_MOST = 131_072
"""Octets of the longest manifest."""

Fields = dict

TYPES: dict[str, int] = {
    "Settings": 0x01,
    "Ping": 0x02,
    "Confirm": 0x03,
    "Pong": 0x04,
    "GoAway": 0x05,
    "Location": 0x06,
    "Route": 0x08,
    "GetName": 0x11,
    "GetId": 0x13,
    "Want": 0x15,
    "Have": 0x17,
    "Manifest": 0x19,
    "Chunk": 0x1B,
    "Put": 0x1D,
    "Ack": 0x1F,
    "Purge": 0x21,
    "Purged": 0x23,
    "Cancel": 0x25,
    "Fail": 0x27,
}
NAMES = {number: name for name, number in TYPES.items()}

PLACES: dict[str, frozenset[str]] = {
    "control": frozenset("Settings Confirm GoAway Location Route".split()),
    "request": frozenset("GetName GetId Want Manifest Chunk Put Purge Cancel".split()),
    "answer": frozenset("Want Have Manifest Chunk Ack Purged Fail".split()),
    "datagram": frozenset("Ping Pong Location Route".split()),
}
"""Which frame has a mark in which column of the table of clause 6.2."""

NEEDS = {"Put": 0, "Ack": 0, "Purge": 1, "Purged": 1, "Location": 2, "Route": 2, "Ping": 3, "Pong": 3}
"""The bit of the capability that a frame needs: the second table of clause 7.1."""


def _flags(reader: Reader, meaning: int) -> int:
    flags = reader.u8()
    if flags & ~meaning and not bugs.active("ignore-reserved-bits"):
        raise Violation("Malformed", f"reserved bits in {flags:#04x}")
    return flags


def _name(reader: Reader) -> str:
    return reader.text(within(reader.varint(), 1, 1024))


def _put_name(name: str) -> bytes:
    text = name.encode()
    within(len(text), 1, 1024)
    check_text(text)
    return put_varint(len(text)) + text


def _range(reader: Reader) -> tuple[int, int]:
    first, octets = reader.varint(), reader.varint()
    within(octets, 1, VARINT_MAX)
    within(first + octets, 1, VARINT_MAX)
    return first, octets


def _optional(value: tuple[int, ...] | int | None) -> bytes:
    if value is None:
        return b""
    return b"".join(map(put_varint, (value,) if isinstance(value, int) else value))


def _digests(reader: Reader) -> list[bytes]:
    return [reader.octets(32) for _ in range(reader.u8(1, 120))]


def _bits(reader: Reader) -> list[bool]:
    count = reader.u8(0, 120)
    octets = reader.octets((count + 7) // 8)
    if count % 8 and octets[-1] >> (count % 8) and not bugs.active("ignore-reserved-bits"):
        raise Violation("Malformed", "the filling of the bits is not zero")
    return [bool(octets[i // 8] >> (i % 8) & 1) for i in range(count)]


def _put_bits(bits: list[bool]) -> bytes:
    octets = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        octets[i // 8] |= bit << (i % 8)
    return bytes([len(bits)]) + bytes(octets)


def _settings(reader: Reader) -> Fields:
    pairs = []
    while reader.left():
        pairs.append((reader.varint(), reader.varint()))
    return {"pairs": pairs}


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def position(reader: Reader) -> Fields:
    """A position: R-12-01."""
    return {
        "sequence": reader.varint(),
        "life": reader.varint(604_800),
        "latitude": within(_signed(reader.fixed(4)), -90_000_000, 90_000_000),
        "longitude": within(_signed(reader.fixed(4)), -179_999_999, 180_000_000),
        "accuracy": reader.u8(0, 3),
    }


def _location(reader: Reader) -> Fields:
    return {"node": reader.octets(32), **position(reader), "signature": reader.octets(64)}


def _route(reader: Reader) -> Fields:
    flags = _flags(reader, 1)
    fields = {
        "node": reader.octets(32),
        "sequence": reader.varint(),
        "life": reader.varint(86_400_000),
        "hops": reader.u8(0, 16),
        "round_trip": reader.varint((1 << 32) - 1),
        "load": reader.varint((1 << 32) - 1),
    }
    return {**fields, "name": _name(reader) if flags & 1 else None}


def _get_name(reader: Reader) -> Fields:
    flags = _flags(reader, 15)
    return {
        "manifest_only": bool(flags & 2),
        "from_origin": bool(flags & 4),
        "lowest": reader.varint(),
        "highest_age": reader.varint(),
        "known": reader.varint() if flags & 8 else None,
        "range": _range(reader) if flags & 1 else None,
        "name": _name(reader),
    }


def _get_id(reader: Reader) -> Fields:
    flags = _flags(reader, 1)
    return {"digest": reader.octets(32), "range": _range(reader) if flags & 1 else None}


def _manifest(reader: Reader) -> Fields:
    digest, version, flags = reader.octets(32), reader.varint(), _flags(reader, 15)
    if flags & 12 and not flags & 2 and not bugs.active("ignore-reserved-bits"):
        raise Violation("Malformed", "bits that a word goes with, without a word")
    word = tuple(reader.varint() for _ in range(4)) if flags & 2 else None
    return {
        "digest": digest,
        "version": version,
        "same": bool(flags & 1),
        "word": word,
        "origin": bool(flags & 4),
        "no_store": bool(flags & 8),
    }


def _chunk(reader: Reader) -> Fields:
    digest, whole = reader.octets(32), reader.varint(CHUNK_MOST)
    return {"digest": digest, "whole": whole, "offset": reader.varint(whole)}


def _fail(reader: Reader) -> Fields:
    flags = _flags(reader, 3)
    if flags & 2 and not flags & 1 and not bugs.active("ignore-reserved-bits"):
        raise Violation("Malformed", "the origin says something without an absence")
    return {
        "code": reader.u8(0x80),
        "stay_away": reader.varint(3_600_000),
        "reason": reader.text(reader.u8(0, 128)),
        "absence": tuple(reader.varint() for _ in range(3)) if flags & 1 else None,
        "origin": bool(flags & 2),
    }


def _cancel(reader: Reader) -> Fields:
    first, count = reader.u8(), reader.u8(1)
    within(first + count, 1, 120)
    return {"first": first, "count": count}


READ = {
    "Settings": _settings,
    "Ping": lambda r: {"token": r.octets(8)},
    "Confirm": lambda r: {"confirmation": r.octets(32)},
    "Pong": lambda r: {"token": r.octets(8), "load": r.varint(65_535), "lease": r.varint(3_600_000)},
    "GoAway": lambda r: {"accepted": r.varint()},
    "Location": _location,
    "Route": _route,
    "GetName": _get_name,
    "GetId": _get_id,
    "Want": lambda r: {"send": bool(_flags(r, 1)), "digests": _digests(r)},
    "Have": lambda r: {"bits": _bits(r)},
    "Manifest": _manifest,
    "Chunk": _chunk,
    "Put": lambda r: {"version": r.varint(), "octets": r.varint(), "copies": r.u8(1, 64), "name": _name(r)},
    "Ack": lambda r: {"durable": bool(_flags(r, 1)), "copies": r.u8(1, 64), "version": r.varint(), "digest": r.octets(32)},
    "Purge": lambda r: {"below": bool(_flags(r, 1)), "version": r.varint(), "name": _name(r)},
    "Purged": lambda r: {"version": r.varint(), "nodes": r.varint((1 << 32) - 1)},
    "Cancel": _cancel,
    "Fail": _fail,
}
"""Type to what reads its fields."""


def _u8(*values: int) -> bytes:
    return bytes(values)


def _put_position(f: Fields) -> bytes:
    places = [(f[key] & 0xFFFF_FFFF).to_bytes(4, "big") for key in ("latitude", "longitude")]
    return put_varint(f["sequence"]) + put_varint(f["life"]) + b"".join(places) + _u8(f["accuracy"])


def _put_route(f: Fields) -> bytes:
    head = _u8(f["name"] is not None) + f["node"] + put_varint(f["sequence"]) + put_varint(f["life"]) + _u8(f["hops"])
    return head + put_varint(f["round_trip"]) + put_varint(f["load"]) + (_put_name(f["name"]) if f["name"] is not None else b"")


def _put_get_name(f: Fields) -> bytes:
    flags = (f["range"] is not None) | f["manifest_only"] << 1 | f["from_origin"] << 2 | (f["known"] is not None) << 3
    head = _u8(flags) + put_varint(f["lowest"]) + put_varint(f["highest_age"])
    return head + _optional(f["known"]) + _optional(f["range"]) + _put_name(f["name"])


def _put_manifest(f: Fields) -> bytes:
    flags = f["same"] | (f["word"] is not None) << 1 | f["origin"] << 2 | f["no_store"] << 3
    return f["digest"] + put_varint(f["version"]) + _u8(flags) + _optional(f["word"])


def _put_fail(f: Fields) -> bytes:
    reason = f["reason"].encode()
    flags = (f["absence"] is not None) | f["origin"] << 1
    return _u8(flags, f["code"]) + put_varint(f["stay_away"]) + _u8(len(reason)) + reason + _optional(f["absence"])


WRITE = {
    "Settings": lambda f: b"".join(put_varint(n) + put_varint(v) for n, v in f["pairs"]),
    "Ping": lambda f: f["token"],
    "Confirm": lambda f: f["confirmation"],
    "Pong": lambda f: f["token"] + put_varint(f["load"]) + put_varint(f["lease"]),
    "GoAway": lambda f: put_varint(f["accepted"]),
    "Location": lambda f: f["node"] + _put_position(f) + f["signature"],
    "Route": _put_route,
    "GetName": _put_get_name,
    "GetId": lambda f: _u8(f["range"] is not None) + f["digest"] + _optional(f["range"]),
    "Want": lambda f: _u8(f["send"], len(f["digests"])) + b"".join(f["digests"]),
    "Have": lambda f: _put_bits(f["bits"]),
    "Manifest": _put_manifest,
    "Chunk": lambda f: f["digest"] + put_varint(f["whole"]) + put_varint(f["offset"]),
    "Put": lambda f: put_varint(f["version"]) + put_varint(f["octets"]) + _u8(f["copies"]) + _put_name(f["name"]),
    "Ack": lambda f: _u8(f["durable"], f["copies"]) + put_varint(f["version"]) + f["digest"],
    "Purge": lambda f: _u8(f["below"]) + put_varint(f["version"]) + _put_name(f["name"]),
    "Purged": lambda f: put_varint(f["version"]) + put_varint(f["nodes"]),
    "Cancel": lambda f: _u8(f["first"], f["count"]),
    "Fail": _put_fail,
}
"""Type to what writes its fields."""
