"""Manifests: clause 9.3 and Annex B.1, with the groups of clause 9.4 and the descriptors of clause 9.5."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cbor2

from .cut import BY_ID, PROFILES, Profile, cuts
from .names import chunk_id, manifest_id
from .wire import VARINT_MAX

MANIFEST_MOST = 131_072
ENTRIES_MOST = 1_024
LEVEL_MOST = 5
CHUNK_MOST = 1_048_576
SHARD_MOST = 1_048_576
SEAL = 16
"""Octets by which a sealed chunk is longer."""
SEALINGS = {1: (1,), 2: (1,), 29: (1,), 30: (1, 2), 31: (1, 2)}
"""Number of the cipher to its nonce rules: the table of clause 9.5."""


class Flaw(Exception):
    """Content that is not sound, with the error of clause 9.6."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(f"{error}: {why}")
        self.error = error


def _no(why: str) -> Flaw:
    return Flaw("ManifestInvalid", why)


@dataclass(frozen=True)
class Group:
    """One erasure group."""

    shard: int
    padding: int
    parity: tuple[bytes, ...]


@dataclass(frozen=True)
class Coded:
    """How the groups of a manifest are made."""

    codec: int
    k: int
    n: int
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Encryption:
    """With what chunks are sealed."""

    aead: int
    nonce_rule: int
    key_id: bytes

    def octets(self) -> bytes:
        """The canonical encoding of the descriptor, which is the associated data of every chunk (R-9-15)."""
        return cbor2.dumps([self.aead, self.nonce_rule, self.key_id], canonical=True)


@dataclass(frozen=True)
class Manifest:
    """The list of the chunks of an object, or of lower manifests."""

    level: int
    chunker: int
    length: int
    entries: tuple[tuple[bytes, int], ...]
    coded: Coded | None = None
    encryption: Encryption | None = None

    def encode(self) -> bytes:
        """The canonical form (R-6-11)."""
        fields: dict[int, object] = {0: 1, 1: self.level, 2: self.chunker, 3: self.length, 4: [list(e) for e in self.entries]}
        if self.coded is not None:
            groups = [[g.shard, g.padding, list(g.parity)] for g in self.coded.groups]
            fields[5] = [self.coded.codec, self.coded.k, self.coded.n, groups]
        if self.encryption is not None:
            fields[6] = [self.encryption.aead, self.encryption.nonce_rule, self.encryption.key_id]
        return cbor2.dumps(fields, canonical=True)

    def stored(self, length: int) -> int:
        """Octets of a chunk as it is stored."""
        return length + (SEAL if self.encryption is not None else 0)


def _uint(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _no(f"{value!r} is no integer from {least} to {most}")
    return value


def _array(value: object, least: int, most: int) -> list:
    if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
        raise _no(f"no array of {least} to {most}")
    return list(value)


def _octets(value: object, least: int, most: int) -> bytes:
    if type(value) is not bytes or not least <= len(value) <= most:
        raise _no(f"no {least} to {most} octets")
    return value


def _entry(value: object) -> tuple[bytes, int]:
    identity, length = _array(value, 2, 2)
    return _octets(identity, 32, 32), _uint(length, 0, VARINT_MAX)


def _group(value: object) -> Group:
    shard, padding, parity = _array(value, 3, 3)
    names = tuple(_octets(name, 32, 32) for name in _array(parity, 1, 2_048))
    return Group(_uint(shard, 0, SHARD_MOST), _uint(padding, 0, (1 << 64) - 1), names)


def _coded(value: object) -> Coded:
    codec, k, n, groups = _array(value, 4, 4)
    groups = tuple(map(_group, _array(groups, 0, ENTRIES_MOST)))
    return Coded(_uint(codec, 1, 65_535), _uint(k, 1, 1_024), _uint(n, 2, 3_072), groups)


def _encryption(value: object) -> Encryption:
    aead, rule, key = _array(value, 3, 3)
    found = Encryption(_uint(aead, 0, (1 << 64) - 1), _uint(rule, 0, (1 << 64) - 1), _octets(key, 1, 32))
    if found.nonce_rule not in SEALINGS.get(found.aead, ()):
        raise _no("an algorithm and a nonce rule that do not stand together")
    return found


def decode(octets: bytes) -> Manifest:
    """Reads a manifest and judges all that can be judged of it alone (R-6-12, R-9-09 to R-9-14, R-9-18)."""
    if len(octets) > MANIFEST_MOST:
        raise _no("too long")
    try:
        value = cbor2.load(io.BytesIO(octets))
    except Exception as error:  # whatever a reader of CBOR says of octets that are none
        raise _no(f"no CBOR: {type(error).__name__}") from error
    if not isinstance(value, dict) or any(type(key) is not int for key in value):
        raise _no("no map of integers")
    keys = set(value)
    if not {0, 1, 2, 3, 4} <= keys <= {0, 1, 2, 3, 4, 5, 6}:
        raise _no("a key is missing or unknown")
    _uint(value[0], 1, 1)
    manifest = Manifest(
        _uint(value[1], 0, LEVEL_MOST),
        _uint(value[2], 0, 65_535),
        _uint(value[3], 0, VARINT_MAX),
        tuple(map(_entry, _array(value[4], 0, ENTRIES_MOST))),
        _coded(value[5]) if 5 in keys else None,
        _encryption(value[6]) if 6 in keys else None,
    )
    if manifest.encode() != octets:
        raise _no("not in its canonical form")
    _judge(manifest)
    return manifest


def _judge(manifest: Manifest) -> None:
    lengths = [length for _, length in manifest.entries]
    if 0 in lengths:
        raise _no("an entry of length zero")
    if sum(lengths) != manifest.length:
        raise _no("the length is not the sum of the entries")
    if manifest.level > 0:
        if not lengths:
            raise _no("no entries above level 0")
        if manifest.coded is not None:
            raise _no("groups above level 0")
        return
    profile = BY_ID.get(manifest.chunker)
    most, least = (profile.maximum, profile.minimum) if profile else (CHUNK_MOST, 1)
    if any(length > most for length in lengths) or any(length < least for length in lengths[:-1]):
        raise _no("an entry that the chunker does not make")
    if manifest.coded is not None:
        judge_groups(manifest, manifest.coded)


def judge_groups(manifest: Manifest, coded: Coded) -> None:
    """The code and each group against the entries (R-9-14)."""
    most = min(3 * coded.k, 255) if coded.codec == 1 else 3 * coded.k
    if not coded.k + 1 <= coded.n <= most:
        raise _no("a code that is not in the table")
    if len(coded.groups) != -(-len(manifest.entries) // coded.k):
        raise _no("not one group for each k entries")
    for number, group in enumerate(coded.groups):
        stored = [manifest.stored(length) for _, length in manifest.entries[number * coded.k :][: coded.k]]
        shard = -(-max(stored) // 64) * 64
        if group.shard != shard or group.padding != coded.k * shard - sum(stored) or len(group.parity) != coded.n - coded.k:
            raise _no("a group that its entries do not give")


def below(upper: Manifest, entry: int, octets: bytes) -> Manifest:
    """A lower manifest against the one above it (R-9-12)."""
    identity, length = upper.entries[entry]
    if manifest_id(octets) != identity:
        raise Flaw("ContentMismatch", "the octets have another name")
    lower = decode(octets)
    if (lower.level, lower.length, lower.chunker, lower.encryption) != (upper.level - 1, length, upper.chunker, upper.encryption):
        raise _no("not what the manifest above says")
    return lower


@dataclass
class Writer:
    """Makes manifests of a row of chunks, closed by the rule of clause 9.3 (R-9-19)."""

    chunker: int
    made: dict[bytes, bytes] = field(default_factory=dict)
    open: list[list[tuple[bytes, int]]] = field(default_factory=lambda: [[]])

    def add(self, identity: bytes, length: int, level: int = 0) -> None:
        """One more entry at a level."""
        if level == len(self.open):
            self.open.append([])
        entries = self.open[level]
        entries.append((identity, length))
        if len(entries) == ENTRIES_MOST or (len(entries) >= 128 and identity[-1] == 0):
            self._close(level)

    def _close(self, level: int) -> None:
        entries, self.open[level] = self.open[level], []
        octets = Manifest(level, self.chunker, sum(length for _, length in entries), tuple(entries)).encode()
        identity = manifest_id(octets)
        self.made[identity] = octets
        self.add(identity, sum(length for _, length in entries), level + 1)

    def top(self) -> bytes:
        """Closes what is open, from the lowest level up, until one manifest is left, and gives its name."""
        level = 0
        while True:
            higher = any(self.open[level + 1 :])
            if level > 0 and not higher and len(self.open[level]) == 1:
                return self.open[level][0][0]
            if self.open[level] or (level == 0 and not higher):
                self._close(level)
            level += 1


def write(octets: bytes, profile: Profile = PROFILES["standard"]) -> tuple[bytes, dict[bytes, bytes], dict[bytes, bytes]]:
    """The name of the top manifest of an object, its manifests and its chunks, by their names."""
    writer, chunks = Writer(profile.chunker), {}
    for at, length in cuts(octets, profile):
        chunk = octets[at : at + length]
        identity = chunk_id(chunk)
        chunks[identity] = chunk
        writer.add(identity, length)
    return writer.top(), writer.made, chunks


def touched(manifest: Manifest, begin: int, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Entries of a manifest that begins at `begin` of which an octet lies in a range, with where they begin (R-10-02)."""
    at = begin
    for number, (_, length) in enumerate(manifest.entries):
        if at < end and at + length > first:
            yield number, at
        at += length


@dataclass(frozen=True)
class Piece:
    """What a walk comes to: a chunk or a lower manifest, and where in the object it begins."""

    level: int
    identity: bytes
    begin: int
    length: int


def walk(top: Manifest, first: int, end: int, load: Callable[[bytes], bytes], begin: int = 0) -> Iterator[Piece]:
    """The order of a walk over a range; `load` gives the octets of a lower manifest, which was just walked to."""
    for number, at in touched(top, begin, first, end):
        identity, length = top.entries[number]
        yield Piece(top.level - 1, identity, at, length)
        if top.level > 0:
            yield from walk(below(top, number, load(identity)), first, end, load, at)
