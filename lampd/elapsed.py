"""How long ago things were, whatever the clock on the wall was set to meanwhile: a journal comes in, and what of it is
of the last hour, day or week leaves.

Within one life of the lamp's own clock, a boot, that clock tells. Between two boots it is the clock on the wall: as far
as it went forward, and not at all after a boot that it thought to be before the boot before, or before there was a
lampd, for then it was wrong and never set right. So what counts as the last hour may be of longer ago, and is rather
too much than too little.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lampd.journal import Journal

WRITTEN = 1_761_955_200.0
"""November 2025: no clock is right by which a lampd heard anything before."""
TIMED = ("lamp", "transcript", "directive", "flip")
"""Tables whose rows are written as they happen."""
NEWEST = "SELECT seq, boot, at, wall FROM {} WHERE seq < ? AND boot NOT IN ('', ?) ORDER BY seq DESC LIMIT 1"
"""Before some message, of another boot; what lampctl writes while the lamp is down knows no boot."""


class Up(NamedTuple):
    """The lamp was up in a `boot`, from `begin` to `end` in lamp time."""

    boot: str
    begin: float
    end: float


class Life(NamedTuple):
    """An Up from message number `seq` on, with the time on the wall at its ends, by that clock as it was set last."""

    up: Up
    seq: int
    began: float
    ended: float


def last(journal: Journal, seconds: float, now: float, boot: str = "") -> list[Up]:
    """When the lamp was up in the `seconds` before `now`, lamp time of this `boot` (the journal's); newest first."""
    found: list[Up] = []
    for life, gap in _lives(journal, now, boot or journal.boot):
        seconds -= gap
        if seconds <= 0:
            break
        one, begin, end = life.up
        found.append(Up(one, max(begin, end - seconds), end))
        seconds -= end - begin
    return found


def first(journal: Journal, table: str, ups: list[Up]) -> int:
    """The number of the first row of a table since then, by halves: there may be years of them."""
    since = {up.boot: up.begin for up in ups}
    low, high = 0, journal.seq + 1
    query = f"SELECT boot, at FROM {table} WHERE seq >= ? AND boot != '' ORDER BY seq LIMIT 1"
    while low < high:
        middle = (low + high) // 2
        row = journal.db.execute(query, (middle,)).fetchone()
        if row is None or (row[0] in since and row[1] >= since[row[0]]):
            high = middle
        else:
            low = middle + 1
    return low


def _lives(journal: Journal, now: float, boot: str) -> Iterator[tuple[Life, float]]:
    """Newest first, each with the seconds between it and the one after it."""
    newer = _life(journal, boot, now, journal.wall(), journal.seq + 1)
    yield newer, 0.0
    while older := _before(journal, newer):
        oldest = _before(journal, older)
        was_wrong = older.began < WRITTEN or (oldest is not None and older.began < oldest.ended)
        yield older, 0.0 if was_wrong else max(0.0, newer.began - older.ended)
        newer = older


def _before(journal: Journal, life: Life) -> Life | None:
    """The life before another."""
    rows = (journal.db.execute(NEWEST.format(table), (life.seq, life.up.boot)).fetchone() for table in TIMED)
    found: tuple[int, str, float, float] | None = max((row for row in rows if row), default=None)
    if not found:
        return None
    seq, boot, at, wall = found
    return _life(journal, boot, at, wall, seq)


def _life(journal: Journal, boot: str, end: float, ended: float, seq: int) -> Life:
    """That of a `boot` of which the last that is known is message `seq`, at lamp time `end`."""
    # the lamp says how it is as it comes up
    row = journal.db.execute("SELECT seq, at FROM lamp WHERE boot = ? ORDER BY seq LIMIT 1", (boot,)).fetchone()
    begin_seq, begin = row or (seq, end)
    return Life(Up(boot, min(begin, end), end), begin_seq, ended - max(0.0, end - begin), ended)
