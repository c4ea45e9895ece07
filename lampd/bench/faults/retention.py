"""How large the journal becomes: utterances a day come in, years leave, by arithmetic and by a run."""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from lampd.bench.faults import Outcome, Say
from lampd.journal import Journal
from lampd.keeping import UTTERANCES_KEPT, WISHES_KEPT, used
from lampd.messages import Acted, AnyMessage, Directive, Example, Flip, Model, Tag, Transcript

UTTERANCES = 200
"""Of a run, for each of its times."""
MOST_MB = 60.0
SOUND, NGRAMS = 1824, 85
"""Bytes of a sound, and n-grams of an utterance, as the bundled voice gives them."""
GAUGES_MB = 3.0
"""A year's, before they are thinned to one in 36."""
WISH = 0.05
"""The share of utterances that are wishes, at 50 a day among 1,000."""


class Sizes(NamedTuple):
    """Bytes: of an utterance with its sound and without, and of what stays for ever of an act and a flip."""

    heard: float
    silenced: float
    act: float


def years(sizes: Sizes, journal_mb: float, utterances: float, wishes: float) -> tuple[float, float, float]:
    """For so many utterances and wishes a day: MB that learners need, days of chatter beside, and MB a year that are
    never dropped."""
    needed = (2 * WISHES_KEPT * sizes.heard + UTTERANCES_KEPT * sizes.silenced) / 1e6
    lasting = 365 * wishes * sizes.act / 1e6 + GAUGES_MB / 36
    days = max(0.0, journal_mb - needed) * 1e6 / (sizes.silenced * (utterances - wishes) + sizes.heard * wishes)
    return needed, UTTERANCES_KEPT / utterances + days, lasting


def table(sizes: Sizes, journal_mb: float) -> list[str]:
    """Lines: by utterances a day, for how many days all is kept, and what never leaves."""
    rows = [f"{'utterances, wishes a day':>26}  MB for learners  days kept whole  MB a year for ever"]
    for utterances, wishes in ((100, 10), (1000, 50), (5000, 50)):
        needed, days, lasting = years(sizes, journal_mb, utterances, wishes)
        rows.append(f"{f'{utterances:,}, {wishes}':>26}  {needed:15.0f}  {days:15.0f}  {lasting:18.1f}")
    return rows


def said(rng: random.Random, number: int) -> list[AnyMessage]:
    """What the journal is told about an utterance: words, thoughts, what was done, what it meant, and a model."""
    at, lit = 30.0 * number, rng.random() < 0.5
    text = "".join(rng.choice("abdefgiklmnoprstuvz ") for _ in range(18))
    ngrams = {f"{text[i % 16 : i % 16 + 2]}{i}": round(rng.random(), 3) for i in range(NGRAMS)}
    thoughts = {name: rng.random() for name in ("explicit", "sound", "gate")}
    wish: Tag = "dark" if lit else "lit"
    wished = rng.random() < WISH
    thought = Directive(at, number, at, "nothing", rng.random(), 0.0, "explicit + sound", "not sure enough", lit)
    thought = replace(thought, wish=wish if wished else "nothing", thoughts=thoughts, losses=thoughts)
    possible: tuple[Tag, ...] = (wish,) if wished else ("dark", "nothing") if lit else ("lit", "nothing")
    label = Example(at, number, text, lit, possible, "left alone" if wished else "silence")
    done: list[AnyMessage] = [Acted(at, number, not lit), Flip(at + 60, lit)] if wished else []
    return [
        Transcript(at, number, at - 2, at - 1, text, 0.8, False, ngrams, rng.randbytes(SOUND), "voice"),
        thought,
        *done,
        label,
        replace(label, settled=True),
        Model(at, "gate", number, f"/var/lib/lampd/models/voice/gate-{number:08}", {"lit": 1, "dark": 1}),
    ]


def run(times: int, seed: int, say: Say) -> Outcome:
    """Write a journal far beyond its size, and look at that, at what is left in it, and at the longest write."""
    rng = random.Random(f"retention {seed}")
    # not to wear a card, nor to measure it
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lampd-retention-", dir=memory) as folder:
        sizes = measured(Path(folder) / "some.db", rng)
        for line in table(sizes, 100.0):
            say(line)
        journal = Journal(Path(folder) / "journal.db", "boot", most_mb=MOST_MB)
        longest = largest = 0.0
        last = times * UTTERANCES
        for number in range(1, last + 1):
            messages = said(rng, number)
            began = time.thread_time()
            journal.write_all(messages)
            longest = max(longest, time.thread_time() - began)
            largest = max(largest, used(journal.db) / 1e6)
        broken = []
        if largest > MOST_MB + 1:
            broken.append(f"the journal came to {largest:.1f} MB, and {MOST_MB:.0f} were allowed")
        wishes = journal.db.execute("SELECT count(*) FROM label WHERE cause = 'left alone'").fetchone()[0]
        newest = journal.db.execute("SELECT count(*) FROM transcript WHERE utterance > ?", (last - UTTERANCES_KEPT,))
        if journal.utterance() != last or newest.fetchone()[0] < min(last, UTTERANCES_KEPT):
            broken.append("of what learners use something was dropped")
        if wishes < min(journal.counts()["acted"], 2 * WISHES_KEPT):
            broken.append(f"{wishes} wishes are left of {journal.counts()['acted']}")
        journal.close()
    counts = {"utterances written": float(last), f"MB at most in a journal of {MOST_MB:.0f}": largest}
    return Outcome(counts | {"ms of processor for the longest write": 1000 * longest}, broken)


def measured(path: Path, rng: random.Random, utterances: int = 400) -> Sizes:
    """What they take in a file at `path`."""
    journal = Journal(path, "boot")
    empty = used(journal.db)
    for number in range(1, utterances + 1):
        journal.write_all([one for one in said(rng, number) if not isinstance(one, (Acted, Flip, Model))])
    heard = used(journal.db) - empty
    journal.db.execute("UPDATE transcript SET sound = x''")
    journal.db.execute("VACUUM")
    silenced = used(journal.db) - empty
    for number in range(10 * utterances):
        journal.write_all([Acted(1.0, number, True), Flip(1.0, False)])
    act = used(journal.db) - empty - silenced
    journal.close()
    return Sizes(heard / utterances, silenced / utterances, act / (10 * utterances))
