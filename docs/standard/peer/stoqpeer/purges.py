"""What a cache does about purges: clause 11.3, as the family `purge` of Annex D tells it in rows."""

from __future__ import annotations

from dataclasses import dataclass

ATTEMPTS = 2
"""How often a cache asks again after an answer that a purge covers (R-11-09)."""


@dataclass
class Asked:
    """A request to the node above that was not answered yet."""

    origin: bool
    above_floor: int
    least: int = 0
    attempts: int = 0


class Cache:
    """Copies that are all fresh, purges by name, and the floor for hearsay."""

    def __init__(self) -> None:
        self.copies: dict[int, tuple[int, bool]] = {}
        self.purged: dict[int, int] = {}
        self.floor = 0
        self.asked: dict[int, Asked] = {}

    def row(self, row: dict) -> str:
        """What is done at one row."""
        ((what, told),) = row.items()
        return getattr(self, what)(told)

    def _say(self, thing: int) -> str:
        version, absent = self.copies[thing]
        return f"{'absent' if absent else 'served'} {version}"

    def _ask_origin(self, thing: int, least: int = 0, attempts: int = 0) -> str:
        self.asked[thing] = Asked(True, self.floor, least, attempts)
        return f"asked the origin for {least}"

    def ask(self, thing: int) -> str:
        """A `GetName` of an object."""
        if thing in self.copies:
            return self._say(thing)
        self.asked[thing] = Asked(False, self.floor)
        return "asked"

    def ask_origin(self, thing: int) -> str:
        """The same with the flag *from the origin*."""
        return self._ask_origin(thing)

    def answer(self, told: dict) -> str:
        """The answer to what was asked last about an object (R-11-09, R-11-12, R-11-30)."""
        thing, version = told["object"], told["version"]
        asked = self.asked.pop(thing)
        covered = version <= self.purged.get(thing, 0)
        hearsay = version <= self.floor and not (told["origin"] and asked.above_floor == self.floor)
        elsewhere = asked.origin and not told["origin"]
        older = thing in self.copies and version < self.copies[thing][0]
        if covered or hearsay or elsewhere or older:
            if asked.attempts == ATTEMPTS:
                return "refused"
            least = self.purged[thing] + 1 if thing in self.purged else 0
            return self._ask_origin(thing, max(asked.least, least), asked.attempts + 1)
        self.copies[thing] = (version, told["absent"])
        return self._say(thing)

    def purge(self, told: dict) -> str:
        """A purge of an object up to a version."""
        thing, last = told["object"], told["last"]
        self.purged[thing] = max(last, self.purged.get(thing, 0))
        if thing in self.copies and self.copies[thing][0] <= last:
            del self.copies[thing]
        return "acknowledged"

    def purge_all(self, last: int) -> str:
        """A purge of everything up to a version, which raises the floor for hearsay."""
        self.floor = max(self.floor, last)
        self.copies = {thing: copy for thing, copy in self.copies.items() if copy[0] > last}
        return "acknowledged"
