"""Frames out of octets and back: clause 6.2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from . import bugs
from .codes import Violation
from .forms import CHUNK_MOST, MANIFEST_MOST, NAMES, PLACES, READ, TYPES, WRITE
from .wire import Reader, Short, put_varint, varint_at

FIELDS_MOST = 4_080
"""Octets of the fields of a known frame without data."""
UNKNOWN_MOST = 16_384
"""Octets of the payload of an unknown frame."""
DATA_FIELDS_MOST = {"Manifest": 32 + 8 + 1 + 4 * 8, "Chunk": 32 + 4 + 4}
"""Octets of the fields of a frame with data, at most."""


@dataclass(frozen=True)
class Limits:
    """How long the data of a frame may be for whoever receives it."""

    manifest: int = MANIFEST_MOST
    chunk: int = CHUNK_MOST

    def of(self, name: str) -> int:
        """The limit for the data of a type."""
        return {"Manifest": self.manifest, "Chunk": self.chunk}.get(name, 0)


@dataclass
class Frame:
    """One frame: the name of its type, its fields by name, its data."""

    name: str
    fields: dict = field(default_factory=dict)
    data: bytes = b""

    def __getattr__(self, key: str):
        try:
            return self.__dict__["fields"][key]
        except KeyError:
            raise AttributeError(key) from None

    def encode(self) -> bytes:
        """Type, length, fields and data."""
        payload = WRITE[self.name](self.fields) + self.data
        return put_varint(TYPES[self.name]) + put_varint(len(payload)) + payload


def grease(number: int, octets: int) -> bytes:
    """A frame of a type without meaning, whose payload is zeros (R-6-15)."""
    assert number % 32 == 30
    return put_varint(number) + put_varint(octets) + bytes(octets)


class Parser:
    """Frames of one direction of one stream, whatever the pieces in which their octets come (R-6-20)."""

    def __init__(self, place: str, limits: Limits = Limits()) -> None:
        self.place = place
        self.limits = limits
        self.buffer = bytearray()
        self.skip = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Takes octets and gives each frame that is whole, in turn; raises `Violation` at the first fault."""
        self.buffer += data
        while True:
            if self.skip:
                passed = min(self.skip, len(self.buffer))
                del self.buffer[:passed]
                self.skip -= passed
            frame = None if self.skip else self._next()
            if frame is None:
                if not self.skip or not self.buffer:
                    return
            else:
                yield frame

    def inside(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self.buffer) or self.skip > 0

    def _next(self) -> Frame | None:
        buffer = self.buffer
        if (found := varint_at(buffer, 0)) is None:
            return None
        number, at = found
        name = NAMES.get(number)
        if name is None and number % 2 and not bugs.active("pass-over-critical-frame"):
            raise Violation("CriticalFrame", f"type {number:#x}")
        if name is not None and name not in PLACES[self.place]:
            raise Violation("Unexpected", f"{name} as {self.place}")
        if (found := varint_at(buffer, at)) is None:
            return None
        length, at = found
        if name is None:
            if length > UNKNOWN_MOST:
                raise Violation("TooLarge", f"{length} octets of an unknown frame")
            del buffer[:at]
            self.skip = length
            return self._next() if not length else None
        most = DATA_FIELDS_MOST[name] + self.limits.of(name) if name in DATA_FIELDS_MOST else FIELDS_MOST
        if length > most:
            raise Violation("TooLarge", f"{length} octets of {name}")
        frame = self._read(name, at, length)
        if frame is not None:
            del buffer[: at + length]
        return frame

    def _read(self, name: str, at: int, length: int) -> Frame | None:
        """Reads the fields as soon as they are there, so that a fault of the head does not wait for the data."""
        buffer = self.buffer
        whole = len(buffer) >= at + length
        if name not in DATA_FIELDS_MOST and not whole:
            return None
        reader = Reader(buffer, at, min(len(buffer), at + length))
        try:
            fields = READ[name](reader)
        except Short:
            if whole:
                raise Violation("Malformed", f"{name} ends inside its fields") from None
            return None
        data = at + length - reader.at
        if name not in DATA_FIELDS_MOST:
            if data and not bugs.active("accept-trailing-fields"):
                raise Violation("Malformed", f"{name} has octets behind its fields")
            return Frame(name, fields)
        if data > self.limits.of(name):
            raise Violation("TooLarge", f"{data} octets of data of {name}")
        if name == "Chunk" and fields["offset"] + data > fields["whole"]:
            raise Violation("Malformed", "data beyond the end of the chunk")
        if name == "Manifest" and fields["same"] and data:
            raise Violation("Malformed", "the same manifest with data")
        return Frame(name, fields, bytes(buffer[reader.at : reader.at + data])) if whole else None


def whole_frames(octets: bytes, place: str, limits: Limits = Limits()) -> list[Frame]:
    """The frames of a datagram, which are whole (R-8-08)."""
    parser = Parser(place, limits)
    frames = list(parser.feed(octets))
    if parser.inside():
        raise Violation("Malformed", "a frame that a datagram cuts")
    return frames
