"""The functions of clauses 11.2 and 12 that need no state: freshness, light, choice."""

from __future__ import annotations

import math
from dataclasses import dataclass

SPAN_MOST = (1 << 64) - 1
RADII = (1.0, 25.0, 250.0, 2_500.0)
"""Kilometres of the classes of accuracy: clause 12.1."""
NEAR_US, NEAR_PERCENT = 2_000, 10
MASK = SPAN_MOST


def use(max_age: int, swr: int, sie: int, ceiling: int, age: int) -> str:
    """What a copy is of use for: `fresh`, `while fetching`, `on error` or `none` (R-11-02, R-11-05)."""
    if age < max_age:
        return "fresh"
    over = age - max_age
    if over < min(swr, ceiling):
        return "while fetching"
    return "on error" if over < min(sie, ceiling) else "none"


def distance(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Kilometres of the great circle between two places in millionths of a degree."""
    (lat_a, lon_a), (lat_b, lon_b) = ([math.radians(x / 1e6) for x in place] for place in (a, b))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6_371.0088 * math.asin(min(1.0, math.sqrt(half)))


def least_round_trip(a: tuple[int, int], b: tuple[int, int], class_a: int, class_b: int) -> float:
    """The seconds that light in fibre needs at least between two claims (R-12-04)."""
    return 2 * 1.468 / 299_792.458 * max(0.0, distance(a, b) - RADII[class_a] - RADII[class_b])


def mix(z: int) -> int:
    """The finaliser of SplitMix64 with Stafford's variant 13."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


@dataclass(frozen=True)
class Server:
    """A server as a router sees it: its number, the predicted round trip in microseconds, its load."""

    node: int
    predicted: int
    load: int


def choose(servers: list[Server], key: int, near_us: int = NEAR_US, near_percent: int = NEAR_PERCENT) -> Server | None:
    """The choice of clause 12.3 (R-12-06, R-12-07)."""
    if not servers:
        return None
    nearest = min(server.predicted for server in servers)
    reach = max(100 * near_us, near_percent * nearest)
    near = [one for one in servers if 100 * (one.predicted - nearest) <= reach]
    bound = -(-5 * (sum(one.load for one in near) + 1) // (4 * len(near))) - 1
    light = [one for one in near if one.load <= bound]
    return min(light, key=lambda one: (-mix(key ^ mix(one.node ^ 0x57A057A057A057A0)), one.node))
