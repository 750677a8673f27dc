"""What every node is: its roles, its trust, and what it says to requests. A client says `NotAuthorised` to all (R-10-23)."""

from __future__ import annotations

import sys

from .certs import SECOND, Policy
from .codes import Failure, Refusal
from .exchange import Exchange
from .management import Counters
from .parameters import Parameters
from .session import Session
from .settings import CAPABILITIES

CAPABLE = ["put", "purge", "probes"]
"""The capabilities that this implementation has."""


def trust(ca: str, revoked: str | None, parameters: Parameters) -> Policy:
    """Trusts the certificates of a file for all roles, and follows a file of revocations."""
    policy = Policy(list_file=revoked)
    policy.bound = round(parameters["certs.revocation-bound"] * SECOND)
    policy.clock_error = round(parameters["certs.clock-error"] * SECOND)
    policy.trust_file(ca)
    policy.follow()
    return policy


class Node:
    """One end of sessions."""

    def __init__(
        self,
        roles: frozenset[str],
        capabilities: list[str],
        policy: Policy,
        quiet: bool = False,
        parameters: Parameters | None = None,
        counters: Counters | None = None,
    ) -> None:
        self.roles = roles
        self.parameters = parameters or Parameters()
        self.capabilities = sum(1 << CAPABILITIES[word] for word in capabilities)
        self.policy = policy
        self.quiet = quiet
        self.counters = counters or Counters()

    async def answer(self, session: Session, exchange: Exchange) -> None:
        """Answers one request, whose first frame came."""
        raise Failure("NotAuthorised", "this node neither stores nor caches")

    def lease_for(self, session: Session) -> int:
        """The lease that a `Pong` tells a peer, in milliseconds (R-11-24)."""
        return 0

    def came(self, session: Session) -> None:
        """A handshake is complete, and the certificate of the peer not judged yet."""
        self.counters.add("connections_dialled" if session.is_client else "connections_accepted")
        self.counters.sessions.add(session)

    def refused(self, refusal: Refusal) -> None:
        """A peer was turned away: its certificate does not count, or it cannot be what it says."""
        kind = "unwelcome" if refusal.name in ("WrongName", "WrongRole") else "certificates_refused"
        self.counters.add(kind)

    def joined(self, session: Session) -> None:
        """A session opened."""

    def left(self, session: Session) -> None:
        """A session ended."""
        self.counters.sessions.discard(session)

    def told(self, session: Session, what: str) -> None:
        """Something worth a line."""
        if not self.quiet:
            who = session.holder.name if session.holder else "?"
            print(f"{who}: {what}", file=sys.stderr, flush=True)
