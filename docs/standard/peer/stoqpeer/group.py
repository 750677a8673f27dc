"""Parity shards of codec 1: clause 9.4; sealed chunks: clause 9.5."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import aead

from .manifest import SEALINGS, Encryption, Flaw, Group
from .names import chunk_id

EXP = [1] * 512
for _i in range(1, 512):
    _x = EXP[_i - 1] << 1
    EXP[_i] = _x ^ 0x11D if _x & 0x100 else _x
LOG = {EXP[i]: i for i in range(255)}


def times(a: int, b: int) -> int:
    """The product in GF(2^8) of the polynomial x^8 + x^4 + x^3 + x^2 + 1."""
    return EXP[LOG[a] + LOG[b]] if a and b else 0


def power(a: int, n: int) -> int:
    """A power, with 0^0 = 1."""
    return 1 if n == 0 else EXP[LOG[a] * n % 255] if a else 0


def invert(matrix: list[list[int]]) -> list[list[int]]:
    """The inverse of a square matrix, by elimination."""
    size = len(matrix)
    rows = [row[:] + [int(i == j) for j in range(size)] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = next(i for i in range(column, size) if rows[i][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        inverse = power(rows[column][column], 254)
        rows[column] = [times(inverse, x) for x in rows[column]]
        for i in range(size):
            if i != column and rows[i][column]:
                factor = rows[i][column]
                rows[i] = [x ^ times(factor, y) for x, y in zip(rows[i], rows[column])]
    return [row[size:] for row in rows]


def parity_rows(k: int, n: int) -> list[list[int]]:
    """The rows of `V T^-1` from k on."""
    t = invert([[power(r, c) for c in range(k)] for r in range(k)])
    rows = []
    for r in range(k, n):
        v = [power(r, c) for c in range(k)]
        row = [0] * k
        for c in range(k):
            for j in range(k):
                row[c] ^= times(v[j], t[j][c])
        rows.append(row)
    return rows


def parity(shards: list[bytes], k: int, n: int) -> list[bytes]:
    """The parity shards of k data shards of one length."""
    out = []
    for row in parity_rows(k, n):
        total = 0
        for factor, shard in zip(row, shards):
            product = shard.translate(bytes(times(factor, x) for x in range(256)))
            total ^= int.from_bytes(product, "big")
        out.append(total.to_bytes(len(shards[0]), "big"))
    return out


def group_of(chunks: list[bytes], k: int, n: int) -> tuple[Group, list[bytes]]:
    """The group of up to k stored chunks, and its parity shards; the code is one of the table of clause 9.4."""
    if not (k >= 1 and k < n <= min(3 * k, 255)):
        raise Flaw("ManifestInvalid", "a code that is not in the table")
    shard = -(-max(map(len, chunks)) // 64) * 64
    padded = [chunk + bytes(shard - len(chunk)) for chunk in chunks] + [bytes(shard)] * (k - len(chunks))
    made = parity(padded, k, n)
    return Group(shard, k * shard - sum(map(len, chunks)), tuple(map(chunk_id, made))), made


CIPHERS = {
    1: (aead.AESGCM, 16),
    2: (aead.AESGCM, 32),
    29: (aead.ChaCha20Poly1305, 32),
    30: (aead.AESGCMSIV, 16),
    31: (aead.AESGCMSIV, 32),
}
"""Number of the cipher to what computes it and to the octets of its key."""


def nonce(rule: int, offset: int) -> bytes:
    """The nonce of a chunk at an offset of its object."""
    return offset.to_bytes(12, "big") if rule == 1 else bytes(12)


def seal(descriptor: Encryption, key: bytes, offset: int, octets: bytes) -> bytes:
    """A sealed chunk (R-9-15)."""
    if descriptor.nonce_rule not in SEALINGS.get(descriptor.aead, ()):
        raise Flaw("ManifestInvalid", "no row of the table of clause 9.5")
    cipher, size = CIPHERS[descriptor.aead]
    assert len(key) == size
    return cipher(key).encrypt(nonce(descriptor.nonce_rule, offset), octets, descriptor.octets())


def open_sealed(descriptor: Encryption, key: bytes, offset: int, octets: bytes) -> bytes:
    """The octets in a sealed chunk; raises `cryptography.exceptions.InvalidTag` if they are not what was sealed."""
    cipher, _ = CIPHERS[descriptor.aead]
    return cipher(key).decrypt(nonce(descriptor.nonce_rule, offset), octets, descriptor.octets())
