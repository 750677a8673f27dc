"""Integers on the wire: clause 6.1."""

from __future__ import annotations

import unicodedata

from . import bugs
from .codes import Violation

VARINT_MAX = (1 << 62) - 1


def put_varint(value: int) -> bytes:
    """The shortest form of a varint (R-6-17)."""
    if not 0 <= value <= VARINT_MAX:
        raise ValueError(f"{value} is no varint")
    for power, octets in enumerate((1, 2, 4, 8)):
        if value < 1 << (8 * octets - 2):
            return (value | power << (8 * octets - 2)).to_bytes(octets, "big")
    raise AssertionError("unreachable")


def varint_at(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """A varint and where it ends, or nothing if its octets are not all there yet (R-6-02, R-6-20)."""
    if at >= len(data):
        return None
    octets = 1 << (data[at] >> 6)
    if at + octets > len(data):
        return None
    value = int.from_bytes(data[at : at + octets], "big") & ((1 << (8 * octets - 2)) - 1)
    if octets > 1 and value < 1 << (8 * (octets // 2) - 2) and not bugs.active("accept-long-varint"):
        raise Violation("Malformed", "a varint longer than it needs to be")
    return value, at + octets


class Short(Exception):
    """The octets end before a field does."""


class Reader:
    """Takes fields from octets; what is missing is told with `Short`, since more octets may come."""

    def __init__(self, data: bytes | bytearray, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def left(self) -> int:
        """Octets that were not taken yet."""
        return self.end - self.at

    def octets(self, count: int) -> bytes:
        """The next `count` octets."""
        if self.left() < count:
            raise Short
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def fixed(self, count: int) -> int:
        """An integer of fixed length (R-6-01)."""
        return int.from_bytes(self.octets(count), "big")

    def varint(self, most: int = VARINT_MAX) -> int:
        """A varint of at most `most` (R-6-03)."""
        found = varint_at(self.data[: self.end] if self.end < len(self.data) else self.data, self.at)
        if found is None:
            raise Short
        value, self.at = found
        return within(value, 0, most)

    def u8(self, least: int = 0, most: int = 255) -> int:
        """One octet within bounds (R-6-03)."""
        return within(self.octets(1)[0], least, most)

    def text(self, octets: int) -> str:
        """A name or a reason (R-6-13)."""
        return check_text(self.octets(octets))


def within(value: int, least: int, most: int) -> int:
    """The value, if its limits hold (R-6-03)."""
    if not least <= value <= most:
        raise Violation("Malformed", f"{value} is not within {least} and {most}")
    return value


def check_text(octets: bytes) -> str:
    """Well-formed UTF-8 without control characters (R-6-13)."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Violation("Malformed", "text that is not UTF-8") from error
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise Violation("Malformed", "a control character")
    return text
