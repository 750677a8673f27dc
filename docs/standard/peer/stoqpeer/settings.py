"""Settings, what is in use of them, and their confirmation: clause 7."""

from __future__ import annotations

from dataclasses import dataclass

from blake3 import blake3

from . import bugs
from .codes import Violation
from .forms import WRITE
from .wire import VARINT_MAX

ALPN = "stoq/1"

TABLE: dict[int, tuple[str, int, int, int]] = {
    0x01: ("Majors", 1, 1, (1 << 32) - 1),
    0x02: ("ChunkBytes", 1_048_592, 65_536, 1_048_592),
    0x03: ("Minor", 0, 0, (1 << 32) - 1),
    0x04: ("ManifestBytes", 131_072, 4_096, 131_072),
    0x05: ("Capabilities", 0, 0, VARINT_MAX),
    0x06: ("Requests", 16, 1, 4_096),
    0x07: ("Needs", 0, 0, VARINT_MAX),
    0x08: ("Roles", 1, 0, VARINT_MAX),
    0x0A: ("IdleMillis", 30_000, 1_000, 600_000),
}
"""Number to name, default, lowest and highest: the first table of clause 7.1."""

NUMBERS = {row[0]: number for number, row in TABLE.items()}

CAPABILITIES = {"put": 0, "purge": 1, "routes": 2, "probes": 3, "early data": 4, "erasure groups": 5, "sealing": 6}
ROLES = {"client": 0, "edge": 1, "regional": 2, "origin": 3, "router": 4, "log": 5, "publisher": 6}


def role_bits(roles: set[str] | frozenset[str]) -> int:
    """The setting `Roles` for roles by their words."""
    return sum(1 << ROLES[role] for role in roles)


def role_words(bits: int) -> frozenset[str]:
    """The roles of the setting `Roles`; bits from 7 on have no meaning."""
    return frozenset(word for word, bit in ROLES.items() if bits >> bit & 1)


@dataclass
class Settings:
    """The settings of one side: every value of the table, and the octets that were sent for the confirmation."""

    values: dict[str, int]
    octets: bytes = b""

    def __getitem__(self, name: str) -> int:
        return self.values[name]

    def can(self, capability: int) -> bool:
        """Whether a capability is told, by its bit."""
        return bool(self.values["Capabilities"] >> capability & 1)


def judge(pairs: list[tuple[int, int]]) -> Settings:
    """Pairs as they came, to values (R-7-04, R-7-05, R-7-10, R-7-11)."""
    values = {name: default for name, default, _, _ in TABLE.values()}
    if len(pairs) > 32:
        raise Violation("SettingInvalid", f"{len(pairs)} pairs")
    before = -1
    for number, value in pairs:
        if number == before and not bugs.active("accept-repeated-setting"):
            raise Violation("SettingRepeated", f"setting {number:#x}")
        if number < before:
            again = number in [n for n, _ in pairs[: pairs.index((number, value))]]
            raise Violation("SettingRepeated" if again else "SettingInvalid", "numbers do not rise")
        before = number
        row = TABLE.get(number)
        if row is None:
            if number % 2:
                raise Violation("SettingCritical", f"setting {number:#x}")
            continue
        name, _, lowest, highest = row
        if not lowest <= value <= highest:
            raise Violation("SettingInvalid", f"{name} is {value}")
        values[name] = value
    return Settings(values, WRITE["Settings"]({"pairs": pairs}))


def ours(roles: frozenset[str], capabilities: int, grease: int | None = 30, **more: int) -> list[tuple[int, int]]:
    """The pairs that this side sends, in rising order, one of them without meaning (R-7-08, R-7-16)."""
    told = {"Capabilities": capabilities, "Roles": role_bits(roles), **more}
    pairs = {NUMBERS[name]: value for name, value in told.items() if value != TABLE[NUMBERS[name]][1]}
    if grease is not None:
        pairs[grease] = 0
    return sorted(pairs.items())


@dataclass(frozen=True)
class Agreed:
    """What is in use: R-7-02."""

    minor: int
    capabilities: int


def agree(own: Settings, peer: Settings, major: int = 1) -> Agreed:
    """What two sides have in common, or why they cannot go on (R-7-02, R-7-06, R-7-09, R-7-15)."""
    if not peer["Majors"] >> (major - 1) & 1:
        raise Violation("VersionUnknown", f"the peer does not list version {major}")
    if (own["Majors"] & peer["Majors"]) >> major:
        raise Violation("VersionLower", "both sides list a higher version")
    if peer["Needs"] & ~own["Capabilities"] or own["Needs"] & ~peer["Capabilities"]:
        raise Violation("CapabilityMissing", "one side lacks what the other needs")
    return Agreed(min(own["Minor"], peer["Minor"]), own["Capabilities"] & peer["Capabilities"])


def confirmation(exporter: bytes, speaker: str, client: bytes, server: bytes, token: str = ALPN) -> bytes:
    """The 32 octets of `Confirm` for one speaker, from the fields of both `Settings` frames as sent: clause 7.2."""
    key = blake3(exporter, derive_key_context="stoq/1 2026-11-22 confirmation of the settings of both sides").digest()
    parts = b"".join(len(part).to_bytes(8, "big") + part for part in (token.encode(), client, server))
    return blake3(speaker.encode() + parts, key=key).digest()
