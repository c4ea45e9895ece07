"""How often it is wrong: the journal comes in; wrong acts an hour and wishes missed leave, with 95 % intervals.

Of counts by Byar's approximation to Poisson's exact limits, of shares by Wilson's. Hours are those that the lamp was
up.
"""

import math
from typing import NamedTuple

import msgspec

from lampd.elapsed import first, last
from lampd.journal import Journal

Z = 1.959964  # standard deviations on either side that hold 95 %
DAY_S = 86400.0


class Estimate(NamedTuple):
    """A rate or a share, with the limits of its interval."""

    value: float
    low: float
    high: float


class Rates(msgspec.Struct, frozen=True):
    """Of the last `days`: `wrong` acts, which a hand took back, in `hours` that the lamp was up; and `missed` wishes,
    which a hand had to fulfil, of all `wishes`. The estimates are None where there is nothing to divide by."""

    days: int
    hours: float
    wrong: int
    wrong_an_hour: Estimate | None
    wishes: int
    missed: int
    missed_share: Estimate | None


def rate(count: int, hours: float) -> Estimate:
    """Events an hour (Byar, in Breslow and Day 1987)."""

    def limit(k: int, z: float) -> float:
        return k * (1 - 1 / (9 * k) + z / (3 * math.sqrt(k))) ** 3 if k else 0.0

    return Estimate(count / hours, limit(count, -Z) / hours, limit(count + 1, Z) / hours)


def share(count: int, of: int) -> Estimate:
    """A binomial share (Wilson 1927)."""
    p, z2 = count / of, Z * Z / of
    middle = (p + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(p * (1 - p) / of + z2 / of / 4) / (1 + z2)
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half))


def rates(journal: Journal, days: int, now: float) -> Rates:
    """Of the `days` before `now`, in lamp time of this boot (s)."""
    ups = last(journal, days * DAY_S, now)
    hours = sum(up.end - up.begin for up in ups) / 3600
    wrong = _count(journal, "correction WHERE", first(journal, "correction", ups))
    since = first(journal, "example", ups)
    missed = _count(journal, "label WHERE cause IN ('miss', 'flip') AND", since)
    wishes = missed + _count(journal, "label WHERE cause = 'left alone' AND", since)
    return Rates(
        days=days,
        hours=round(hours, 2),
        wrong=wrong,
        wrong_an_hour=rate(wrong, hours) if hours else None,
        wishes=wishes,
        missed=missed,
        missed_share=share(missed, wishes) if wishes else None,
    )


def _count(journal: Journal, where: str, since: int) -> int:
    count: int = journal.db.execute(f"SELECT count(*) FROM {where} seq >= ?", (since,)).fetchone()[0]
    return count
