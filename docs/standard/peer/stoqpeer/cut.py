"""Where objects are cut: clause 9.1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One row of the table of clause 9.1."""

    chunker: int
    minimum: int
    average: int
    maximum: int
    strict: int
    loose: int


PROFILES = {
    "small": Profile(1, 1_024, 4_096, 16_384, 0x0000D90303530000, 0x0000D90003530000),
    "standard": Profile(2, 4_096, 16_384, 65_536, 0x0000D90F03530000, 0x0000D90303530000),
    "large": Profile(3, 16_384, 65_536, 262_144, 0x0000D90703537000, 0x0000D90F03530000),
}
BY_ID = {profile.chunker: profile for profile in PROFILES.values()}

GEAR = [int.from_bytes(hashlib.md5(bytes([x]) * 64, usedforsecurity=False).digest()[:8], "big") for x in range(256)]
MASK = (1 << 64) - 1


def first_cut(octets: bytes | memoryview, profile: Profile) -> int:
    """How many octets the first chunk has (R-9-02, R-9-04, R-9-05)."""
    w = min(len(octets), profile.maximum)
    h, i, end = 0, profile.minimum, w - w % 2
    centre = min(profile.average, w)
    for stop, mask in ((min(centre, end), profile.strict), (end, profile.loose)):
        for octet in octets[i:stop]:
            h = (h << 1) + GEAR[octet] & MASK
            if not h & mask:
                return i
            i += 1
    return w


def cuts(octets: bytes, profile: Profile) -> Iterator[tuple[int, int]]:
    """Each chunk as its first octet and its length."""
    view, at = memoryview(octets), 0
    while at < len(octets):
        length = first_cut(view[at : at + profile.maximum], profile)
        yield at, length
        at += length
