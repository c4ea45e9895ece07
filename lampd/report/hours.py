"""For how long it listened: the times of all that happened come in, hours leave."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import NamedTuple

from lampd.journal import Journal

HAPPENED = """
SELECT seq, boot, at, wall, 'words' FROM transcript WHERE utterance > 0
UNION ALL SELECT seq, boot, at, wall, 'act' FROM acted UNION ALL SELECT seq, boot, at, wall, 'flip' FROM flip
UNION ALL SELECT seq, boot, at, wall, 'start' FROM lamp
UNION ALL SELECT seq, boot, at, wall, iif(listens, 'listens', 'deaf') FROM listening ORDER BY seq
"""


class Stretch(NamedTuple):
    """The lamp listened for so many `seconds`, up to the wall time `end`."""

    end: float
    seconds: float


def listened(journal: Journal) -> list[Stretch]:
    """Between two things that happened in one life of the lamp's clock it listened, unless it had been told not to, or
    had to start again. It is the least it can have been: until something happens, nobody writes that it listens."""
    found = []
    deaf = False
    last_boot, last_at = "", 0.0
    for _, boot, at, wall, what in journal.db.execute(HAPPENED):
        if boot == last_boot and at > last_at and what != "start" and not deaf:
            found.append(Stretch(wall, at - last_at))
        last_at = max(at, last_at) if boot == last_boot else at
        last_boot = boot
        deaf = what == "deaf" or (deaf and what != "listens")
    return found


def hours_by_day(stretches: Iterable[Stretch]) -> dict[date, float]:
    """Hours listened by day, in local time."""
    found: defaultdict[date, float] = defaultdict(float)
    for end, seconds in stretches:
        while seconds > 0:
            # midnight belongs to the day before
            day = date.fromtimestamp(end - 0.001)
            part = min(seconds, end - datetime.combine(day, time.min).timestamp())
            found[day] += part / 3600
            end, seconds = end - part, seconds - part
    return dict(found)
