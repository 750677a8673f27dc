"""Bugs that can be planted with `--bug NAME`, so that a conformance suite can be shown to find them."""

from __future__ import annotations

BUGS: dict[str, tuple[str, str]] = {}
"""Name to the requirement that the bug violates and what it does."""

_planted: set[str] = set()


def plant(name: str) -> None:
    """Switches a bug on for the life of the process."""
    if name not in BUGS:
        raise SystemExit(f"no bug {name}; there are: {', '.join(sorted(BUGS))}")
    _planted.add(name)


def active(name: str) -> bool:
    """Whether a bug is planted."""
    return name in _planted


def _bug(name: str, requirement: str, what: str) -> None:
    BUGS[name] = (requirement, what)


_bug("accept-long-varint", "R-6-02", "takes a varint of any length")
_bug("accept-trailing-fields", "R-6-03", "passes over octets behind the last field")
_bug("ignore-reserved-bits", "R-6-06", "passes over bits without a meaning")
_bug("accept-second-settings", "R-6-09", "passes over a second `Settings`")
_bug("pass-over-critical-frame", "R-6-05", "passes over unknown frames of odd types")
_bug("cut-closes-connection", "R-6-07", "closes the connection where a request is cut")
_bug("accept-repeated-setting", "R-7-05", "takes the last one of a setting that comes twice")
_bug("wrong-confirm", "R-7-13", "sends a confirmation with one bit wrong")
_bug("ignore-confirm", "R-7-06", "takes any confirmation of the peer")
_bug("answer-ping-twice", "R-8-24", "answers a probe with two `Pong`")
_bug("chunk-before-have", "R-10-03", "sends a chunk that is wanted before it says what it has")
_bug("code-without-base", "R-14-03", "sends codes without the base that clause 14 adds")
_bug("serve-beyond-end", "R-10-14", "cuts a range at the end of the object")
_bug("inexact-not-found", "R-10-15", "says `Refused` of what it does not have")
