"""How often it is wrong: the journal comes in; wrong acts an hour and wishes missed leave, with 95 % intervals.

Of counts by Byar's approximation to Poisson's exact limits, of shares by Wilson's. Hours are those that the lamp was
up, by its own clock; of the days, the clock on the wall tells.
"""

import math
from typing import NamedTuple

import msgspec

from lampd.journal import Journal

Z = 1.959964  # standard deviations on either side that hold 95 %
DAY_S = 86400.0
UP = ("lamp", "directive", "flip")
"""Tables by whose rows it is known that the lamp was up."""


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


def rates(journal: Journal, days: int, wall: float, now: float) -> Rates:
    """Of the `days` before `wall` (s since 1970), which is `now` in lamp time of this boot (s)."""
    since = wall - days * DAY_S
    hours = _hours(journal, since, now)
    wrong = _count(journal, "correction", since)
    label = "label WHERE cause {} AND seq >= ?"
    first = _first(journal, "example", since)
    missed = _one(journal, label.format("IN ('miss', 'flip')"), first)
    wishes = missed + _one(journal, label.format("= 'left alone'"), first)
    return Rates(
        days=days,
        hours=round(hours, 2),
        wrong=wrong,
        wrong_an_hour=rate(wrong, hours) if hours else None,
        wishes=wishes,
        missed=missed,
        missed_share=share(missed, wishes) if wishes else None,
    )


def _first(journal: Journal, table: str, since: float) -> int:
    """The number of a table's first row since then, by halves: there may be years of them."""
    low, high = 0, journal.seq + 1
    while low < high:
        middle = (low + high) // 2
        row = journal.db.execute(f"SELECT wall FROM {table} WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if row is None or row[0] >= since:
            high = middle
        else:
            low = middle + 1
    return low


def _one(journal: Journal, where: str, first: int) -> int:
    count: int = journal.db.execute(f"SELECT count(*) FROM {where}", (first,)).fetchone()[0]
    return count


def _count(journal: Journal, table: str, since: float) -> int:
    return _one(journal, f"{table} WHERE seq >= ?", _first(journal, table, since))


def _hours(journal: Journal, since: float, now: float) -> float:
    spans: dict[str, tuple[float, float]] = {}
    for table in UP:
        query = f"SELECT boot, min(at), max(at) FROM {table} WHERE seq >= ? GROUP BY boot"
        for boot, first, last in journal.db.execute(query, (_first(journal, table, since),)):
            begin, end = spans.get(boot, (first, last))
            spans[boot] = min(begin, first), max(end, last)
    if journal.boot in spans:
        spans[journal.boot] = spans[journal.boot][0], max(spans[journal.boot][1], now)
    return sum(end - begin for begin, end in spans.values()) / 3600
