"""Error codes, their scopes and the answers to violations: clause 14."""

from __future__ import annotations

BASE = 0x5354_0000
"""What clause 14 adds to a code to make the application error code of QUIC (R-14-03)."""

CODES: dict[str, tuple[int, bool]] = {
    "NoError": (0x00, True),
    "Internal": (0x01, True),
    "FrameMalformed": (0x02, False),
    "FrameTooLarge": (0x03, False),
    "FrameUnexpected": (0x04, False),
    "FrameCritical": (0x05, False),
    "SettingsMissing": (0x06, False),
    "SettingsRepeated": (0x07, False),
    "SettingsInvalid": (0x08, False),
    "SettingsTimeout": (0x09, True),
    "StreamCreation": (0x0A, False),
    "ControlClosed": (0x0B, True),
    "LimitExceeded": (0x0C, False),
    "VersionUnsupported": (0x0D, False),
    "ExtensionRequired": (0x0E, False),
    "Downgrade": (0x40, False),
    "Unauthenticated": (0x41, False),
    "CertificateEnded": (0x42, False),
    "Flood": (0x43, False),
    "Cancelled": (0x80, False),
    "NotFound": (0x81, False),
    "Purged": (0x82, False),
    "RangeInvalid": (0x83, False),
    "Overloaded": (0x84, True),
    "Refused": (0x85, True),
    "NotAuthorised": (0x86, False),
    "Timeout": (0x87, True),
    "StoreFull": (0x88, True),
    "StoreFailed": (0x89, True),
    "ContentMismatch": (0x8A, True),
    "ManifestInvalid": (0x8B, False),
    "Conflict": (0x8C, False),
    "RequestIncomplete": (0x8D, True),
    "TooEarly": (0x8E, True),
    "CopiesLacking": (0x8F, False),
}
"""Name to number and whether a request may be repeated after it: the table of clause 14.1."""

NAMES = {number: name for name, (number, _) in CODES.items()}

VIOLATIONS: dict[str, str] = {
    "Malformed": "FrameMalformed",
    "TooLarge": "FrameTooLarge",
    "CriticalFrame": "FrameCritical",
    "Unexpected": "FrameUnexpected",
    "NotAgreed": "FrameUnexpected",
    "SettingsMissing": "SettingsMissing",
    "SettingsTwice": "SettingsRepeated",
    "SettingRepeated": "SettingsRepeated",
    "SettingInvalid": "SettingsInvalid",
    "SettingCritical": "ExtensionRequired",
    "CapabilityMissing": "ExtensionRequired",
    "SettingsLate": "SettingsTimeout",
    "ConfirmWrong": "Downgrade",
    "VersionLower": "Downgrade",
    "VersionUnknown": "VersionUnsupported",
    "ControlTwice": "StreamCreation",
    "ControlEnded": "ControlClosed",
    "CriticalStream": "StreamCreation",
    "StreamsTooMany": "LimitExceeded",
    "RequestsTooMany": "LimitExceeded",
    "GoAwayRaised": "FrameUnexpected",
    "Flooded": "Flood",
    "RequestCut": "RequestIncomplete",
    "RequestEnded": "RequestIncomplete",
    "NotAsked": "ContentMismatch",
    "EarlyUnsafe": "TooEarly",
    "Stalled": "Timeout",
    "Internal": "Internal",
}
"""Violation to code: the table of clause 14.2."""

REFUSALS: dict[str, str] = {
    name: "CertificateEnded" if name in ("Expired", "Revoked") else "Unauthenticated"
    for name in (
        "UnknownIssuer Algorithm TooLarge Life NotYet Expired Revoked NoList StaleList WrongKey WrongName WrongRole "
        "NoProof BadProof NoLog TooMany"
    ).split()
}
"""Why a certificate is refused, to the code that ends the session: the table of clause 13.5."""


def scope(number: int) -> str:
    """The scope of a code: `connection`, `session` or `stream` (R-14-01)."""
    return "connection" if number < 0x40 else "session" if number < 0x80 else "stream"


def number(code: str) -> int:
    """The number of a code by its name."""
    return CODES[code][0]


def to_quic(code: str) -> int:
    """The application error code of QUIC for a code by its name (R-14-03)."""
    return BASE + CODES[code][0]


def from_quic(error: int, on_stream: bool) -> str:
    """The code behind an error of QUIC; one that is unknown or in the wrong scope is `Refused` or `Internal` (R-14-08)."""
    return known(error - BASE, on_stream)


def known(value: int, on_stream: bool) -> str:
    """The name of a code by its number, with the same rule for unknown ones."""
    name = NAMES.get(value)
    if name is None or (scope(value) == "stream") != on_stream:
        return "Refused" if on_stream else "Internal"
    return name


class Violation(Exception):
    """A rule that the peer broke, by its name in clause 14.2."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(f"{name}: {why}" if why else name)
        self.name = name
        self.code = VIOLATIONS[name]


class Refusal(Exception):
    """A certificate that is not accepted, by the reason's name in clause 13.5."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(f"{name}: {why}" if why else name)
        self.name = name
        self.code = REFUSALS[name]


class Failure(Exception):
    """An exchange that ends with a code of stream scope."""

    def __init__(self, code: str, why: str = "", stay_away: int = 0, absence: tuple[int, int, int] | None = None) -> None:
        super().__init__(f"{code}: {why}" if why else code)
        self.code = code
        self.why = why
        self.stay_away = stay_away
        self.absence = absence
