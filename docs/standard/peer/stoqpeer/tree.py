"""Trees of hashes: RFC 9162, clause 2.1, as clause 13.6 uses them."""

from __future__ import annotations

import hashlib


def leaf(octets: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + octets).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of a node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two below a count."""
    return 1 << ((count - 1).bit_length() - 1)


def root(leaves: list[bytes]) -> bytes:
    """The root over the octets of leaves."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    k = _split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def inclusion(leaves: list[bytes], index: int) -> list[bytes]:
    """The proof that a leaf is in the tree, from below."""
    if len(leaves) <= 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion(leaves[:k], index), root(leaves[k:])]
    return [*inclusion(leaves[k:], index - k), root(leaves[:k])]


def consistency(leaves: list[bytes], old: int, whole: bool = True) -> list[bytes]:
    """The proof that the tree of the first `old` leaves is a beginning of this one."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = _split(len(leaves))
    if old <= k:
        return [*consistency(leaves[:k], old, whole), root(leaves[k:])]
    return [*consistency(leaves[k:], old - k, False), root(leaves[:k])]


def included(leaf_hash: bytes, index: int, size: int, proof: list[bytes], expected: bytes) -> bool:
    """Whether a proof of inclusion leads to a root (clause 2.1.3.2)."""
    if index >= size:
        return False
    at, last, found = index, size - 1, leaf_hash
    for one in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, one)
        at, last = at >> 1, last >> 1
    return last == 0 and found == expected


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether a proof of consistency leads to both roots (clause 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = proof if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(one, first), node(one, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, one)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
