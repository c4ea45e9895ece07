"""What a new life of a stage must hear to know what the old one knew: the journal comes in, messages leave.

It hears them as if they happened, and says nothing about them.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from lampd.journal import RECENT, Journal, table
from lampd.messages import (
    Acted,
    AnyMessage,
    Autonomy,
    Directive,
    Flip,
    Lamp,
    Learning,
    Model,
    Transcript,
    Trust,
)

RECENT_S = 90.0
"""Longer than any window of labelling, so that a stage fed this much knows what it knew."""
JUDGED, ACTS, TRUSTS = 2200, 160, 10
"""The last directives, of any boot, the last of those that would have acted, and how often trust was won or lost last:
more than anyone is judged by."""


def memory(journal: Journal, stage: str, before: int | None = None) -> list[AnyMessage]:
    """What `stage` knew when message number `before` came, of all that it heard, and of all that it has said."""
    after = journal.seq + 1
    before = after if before is None else before
    match stage:
        case "operator":
            return _recent(journal, (Flip, Acted), before=after)
        case "anticipator":
            return _anticipators(journal, before, after)
        case "trainer":
            return [*journal.examples(before)]
    return []


def _anticipators(journal: Journal, before: int, after: int) -> list[AnyMessage]:
    """Every label, the last model of each kind, the last thoughts, and, of this boot, what was said in the last minute
    and a half, what bears on that, how the lamp was before, and what was concluded."""
    labels = journal.examples(after)
    since = journal.now - 2 * RECENT_S
    told = [
        *_last(journal, Autonomy, 1, "seq < ?", before),
        *_last(journal, Trust, TRUSTS, "seq < ?", after),
        *_last(journal, Learning, 1, "seq < ? AND NOT (boot = ? AND at >= ?)", before, journal.boot, since),
    ]
    recent = _recent(journal, RECENT, before)
    heard = {message.utterance for message in recent if isinstance(message, Transcript)}
    memory = [*labels, *then(journal, before, after), *told, *_lamp(journal, since, before), *recent]
    # what was not done, for the relay rested or a hand was faster, is nothing to be judged by
    acted = {row[0] for row in journal.db.execute("SELECT utterance FROM acted")}
    memory = [replace(one, would="nothing") if _not_done(one, acted) else one for one in memory]
    return [*memory, *(label for label in labels if label.utterance in heard)]


def _not_done(one: AnyMessage, acted: set[int]) -> bool:
    return isinstance(one, Directive) and one.wish != "nothing" and one.utterance not in acted


def then(journal: Journal, before: int, thought_before: int | None = None) -> list[AnyMessage]:
    """Who thought when message number `before` came, and what had been thought of late: the last model of each kind,
    and the last directives, or those up to another number."""
    # a voice's models lie in a folder of its name
    newest = "seq IN (SELECT max(seq) FROM model WHERE seq < ? AND path LIKE ? GROUP BY kind)"
    models = journal.read(Model, newest, before, f"%/{journal.voice}/%" if journal.voice else "%")
    last = "SELECT seq FROM directive WHERE seq < ? {} ORDER BY seq DESC LIMIT ?"
    acts = last.format("AND would != 'nothing'")
    judged = f"seq IN ({last.format('')}) OR seq IN ({acts})"
    until = thought_before or before
    thoughts = journal.read(Directive, judged, until, JUDGED, until, ACTS)
    return [message for rows in (models, thoughts) for _, message in rows]


def _last(journal: Journal, kind: type[AnyMessage], count: int, condition: str, *values: Any) -> list[AnyMessage]:
    newest = f"seq IN (SELECT seq FROM {table(kind)} WHERE {condition} ORDER BY seq DESC LIMIT ?)"
    return [message for _, message in journal.read(kind, newest, *values, count)]


def _recent(journal: Journal, kinds: Sequence[type[AnyMessage]], before: int) -> list[AnyMessage]:
    """What happened of late on this boot, in order, and what was thought of it; words of the second half of that time
    alone, for what happened before them bears on them."""
    rows: list[tuple[int, AnyMessage]] = []
    for kind in kinds:
        since = journal.now - (RECENT_S if kind is Transcript else 2 * RECENT_S)
        until = journal.seq + 1 if kind is Directive else before
        rows += journal.read(kind, "boot = ? AND at >= ? AND seq < ?", journal.boot, since, until)
    return [message for _, message in sorted(rows, key=lambda row: row[0])]


def _lamp(journal: Journal, at: float, before: int) -> list[Lamp]:
    """The lamp as it last changed before `at` on this boot, if it did."""
    changes: list[tuple[int, float, int]] = []
    for kind in (Lamp, Flip, Acted):
        last = f"SELECT seq, at, lit FROM {table(kind)} WHERE boot = ? AND at < ? AND seq < ? ORDER BY seq DESC LIMIT 1"
        changes += journal.db.execute(last, (journal.boot, at, before))
    return [Lamp(since, bool(lit)) for _, since, lit in sorted(changes)[-1:]]
