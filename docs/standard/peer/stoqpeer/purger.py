"""How an origin tells caches below of a purge, and the leases that bound how long it waits: clause 11.3."""

from __future__ import annotations

import asyncio

from .codes import Failure
from .frames import Frame
from .session import Session


class Purger:
    """The caches in session below this origin."""

    def __init__(self, lease: float) -> None:
        self.lease = lease
        self.caches: set[Session] = set()
        # An origin that came up counts as one whose sessions with caches ended at that moment (R-11-17).
        self.last_end = asyncio.get_running_loop().time()

    @staticmethod
    def _is_cache(session: Session) -> bool:
        return not session.is_client and bool(session.roles() & {"edge", "regional"}) and session.in_use(1)

    def joined(self, session: Session) -> None:
        """A session opened."""
        if self._is_cache(session):
            self.caches.add(session)

    def left(self, session: Session) -> None:
        """A session ended; what the cache was told may be used for one lease more."""
        if session in self.caches:
            self.caches.discard(session)
            self.last_end = asyncio.get_running_loop().time()

    def lease_for(self, session: Session) -> int:
        """The lease for a peer, in milliseconds: none for one that is no cache (R-11-24)."""
        return round(self.lease * 1_000) if session in self.caches else 0

    async def tell_all(self, purge: Frame, by: Session) -> int:
        """Tells every cache below, and waits until each has answered or its lease has passed; gives the nodes that answered."""
        told = await asyncio.gather(*(self._tell(cache, purge) for cache in self.caches if cache is not by))
        loop = asyncio.get_running_loop()
        if purge.version > 0:
            while (rest := self.last_end + self.lease - loop.time()) > 0:
                await asyncio.sleep(rest)
        return 1 + sum(told)

    async def _tell(self, cache: Session, purge: Frame) -> int:
        """One cache; it is closed if it does not answer within 5/2 of the lease (R-11-27)."""
        try:
            async with asyncio.timeout(2.5 * self.lease):
                exchange = cache.ask("PurgeAsked", [Frame("Purge", dict(purge.fields))], True)
                return (await exchange.next()).nodes
        except (TimeoutError, Failure, ConnectionError) as error:
            cache.end("NoError", f"a purge was not answered: {error!r}")
            return 0
