"""Names of content: clause 9.2; octets by formula: Annex D.1."""

from __future__ import annotations

from blake3 import blake3

CHUNK = "HyperMesh STOQ 2026-11-22 chunk v1"
MANIFEST = "HyperMesh STOQ 2026-11-22 manifest v1"
NAME = "HyperMesh STOQ 2026-11-22 name v1"
KEY = "HyperMesh STOQ 2026-11-22 key v1"


def _named(context: str, octets: bytes) -> bytes:
    return blake3(octets, derive_key_context=context).digest()


def chunk_id(octets: bytes) -> bytes:
    """The name of a chunk or a parity shard, as it is stored (R-9-08)."""
    return _named(CHUNK, octets)


def manifest_id(octets: bytes) -> bytes:
    """The name of a manifest, over its canonical encoding."""
    return _named(MANIFEST, octets)


def name_id(name: str) -> bytes:
    """The digest of a name that people give."""
    return _named(NAME, name.encode())


def key_id(spki: bytes) -> bytes:
    """The id of a key, over the DER of its SubjectPublicKeyInfo (R-13-25)."""
    return _named(KEY, spki)


def formula(seed: int, length: int, first: int = 0) -> bytes:
    """The octets of the stream with a seed (Annex D.1)."""
    out = bytearray()
    for block in range(first // 32, (first + length + 31) // 32):
        out += blake3(seed.to_bytes(8, "big") + block.to_bytes(8, "big")).digest()
    skip = first % 32
    return bytes(out[skip : skip + length])
