"""What became of the wishes that are known: a journal comes in, a record of each wish and of each wrong act leaves."""

from typing import Literal, NamedTuple

import msgspec

from lampd.journal import Journal
from lampd.messages import Tag

By = Literal["lamp", "hand", "nobody"]


class Wish(NamedTuple):
    """An utterance known to have asked for a change, and `by` whom that was made: by the lamp, which was left alone; by
    a hand on the switch; or by nobody, where its owner told afterwards what it had meant. `wall` is in seconds since
    1970."""

    utterance: int
    wall: float
    by: By


class Act(NamedTuple):
    """What the lamp did by itself; `wrong` where a hand took it back, or its owner told that it had not been meant."""

    utterance: int
    wall: float
    lit: bool
    wrong: bool


def acts(journal: Journal) -> list[Act]:
    """All acts, in order."""
    corrected = {utterance for (utterance,) in journal.db.execute("SELECT utterance FROM correction")}
    told: dict[int, list[Tag]] = {
        utterance: msgspec.json.decode(possible)
        for utterance, possible in journal.db.execute("SELECT utterance, possible FROM label WHERE cause = 'told'")
    }
    found = []
    for utterance, wall, lit in journal.db.execute("SELECT utterance, wall, lit FROM acted ORDER BY seq"):
        # its owner's word stands above what a hand did
        did = "lit" if lit else "dark"
        wrong = did not in told[utterance] if utterance in told else utterance in corrected
        found.append(Act(utterance, wall, bool(lit), wrong))
    return found


def wishes(journal: Journal) -> list[Wish]:
    """All known wishes, in the order in which they were said. Below 0 are words that were typed to teach it."""
    right = {act.utterance: act.lit for act in acts(journal) if not act.wrong}
    walls = dict(journal.db.execute("SELECT utterance, wall FROM transcript"))
    query = """SELECT utterance, wall, possible = '["lit"]', cause, was_lit FROM label
        WHERE possible IN ('["lit"]', '["dark"]') AND utterance > 0 ORDER BY utterance"""
    found = []
    for utterance, wall, lit, cause, was_lit in journal.db.execute(query):
        if right.get(utterance) == bool(lit):
            by: By = "lamp"
        elif cause in ("flip", "miss"):
            by = "hand"
        elif lit != was_lit:
            by = "nobody"
        else:
            # told to have asked for what was so already: nothing was to be done
            continue
        found.append(Wish(utterance, walls.get(utterance, wall), by))
    return found
