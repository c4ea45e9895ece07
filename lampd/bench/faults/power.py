"""Cut the power under a lamp: kill -9 of all its processes at once, and what a file system that loses all that was not
synced may leave of its files.

The first is a daemon with an evening (running.py), which is started, killed and looked into, again and again, over one
journal. The second are states of its files that are made of what strace saw it write (crash_states.py), each opened by
the lamp's own code (deeds.py). A power cut under a whole system is tests/deploy/boot.py's, in QEMU.
"""

import random
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from lampd.bench.faults import Outcome, Say
from lampd.bench.faults.crash_states import Untraceable, program, states, traced
from lampd.bench.faults.deeds import DEEDS
from lampd.bench.faults.running import Running, stages_are_ready, switch_works
from lampd.journal import Journal, JournalError, boot_id
from lampd.learners.models import ModelError, load
from lampd.messages import Model

FULL, SHORT = 200, 2
STATES = 10
"""Of each deed's files, for each kill of a daemon."""
LIVES_S = 3.0
STARTING = 5
"""One in so many kills is made while it still starts."""
SHOWN: dict[str, tuple[str, ...]] = {
    "Transcript": ("utterance", "at"),
    "Directive": ("utterance", "at"),
    "Acted": ("utterance", "at"),
    "Flip": ("at",),
    "Correction": ("utterance", "at"),
    "Lamp": ("at",),
    "Model": ("kind", "version"),
}
"""What tells one message of a kind from others, as those who watch see it and as the journal has it."""


def run(times: int, seed: int, say: Say) -> Outcome:
    counts: dict[str, float] = {}
    broken: list[str] = []
    _kills(times, seed, say, counts, broken)
    _states(times * STATES, seed, say, counts, broken)
    return Outcome(counts, broken)


def _kills(times: int, seed: int, say: Say, counts: dict[str, float], broken: list[str]) -> None:
    rng = random.Random(f"{seed} power")
    seen: Counter[str] = Counter()
    models = 0
    with tempfile.TemporaryDirectory(prefix="lampd-") as folder:
        lamp = Running(Path(folder))
        last: Left | None = None
        for number in range(1, times + 1):
            lamp.start()
            if number % STARTING:
                lamp.until(stages_are_ready if number % 2 else switch_works)
            time.sleep(rng.uniform(0, LIVES_S))
            lamp.kill()
            if (found := look(lamp.state, lamp.seen, last, broken)) is None:
                break
            last = found
            seen.update(shown["type"] for shown in lamp.seen if shown["type"] in SHOWN)
            models = found.models
            if number % 20 == 0:
                say(f"{number} times killed; {sum(seen.values())} messages were acknowledged")
    counts["kills of all processes"] = times
    counts["messages acknowledged"] = sum(seen.values())
    for kind in ("Transcript", "Flip", "Correction"):
        counts[f"{kind.lower()}s among them"] = seen[kind]
    counts["models published"] = models
    if not seen:
        broken.append("nothing was acknowledged, so that nothing was shown")


class Left:
    """What is known after a kill: the `last` number, whether the lamp is `lit`, and how many models were published."""

    def __init__(self, journal: Journal) -> None:
        self.last, self.lit = journal.seq, journal.lit()
        self.models = journal.counts()["model"]


def look(state: Path, seen: list[dict[str, Any]], before: "Left | None", broken: list[str]) -> "Left | None":
    """What is left in `state` when those who watched have `seen` so much, after what was left `before`; None where
    nothing can be read."""
    if not (state / "journal.db").exists():
        if seen:
            broken.append("there is no journal")
        return before
    try:
        journal = Journal(state / "journal.db", boot_id())
    except JournalError as error:
        broken.append(f"the journal cannot be opened: {error}")
        return None
    with closing(journal):
        if (found := journal.db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            broken.append(f"the journal is damaged: {found}")
        for shown in seen:
            if (fields := SHOWN.get(shown["type"])) and not _has(journal, shown, fields):
                broken.append(f"an acknowledged {shown['type']} is not in the journal: {shown}")
        utterances = [row[0] for row in journal.db.execute("SELECT utterance FROM transcript ORDER BY seq")]
        if utterances != list(range(1, len(utterances) + 1)):
            broken.append(f"utterances are numbered {utterances}")
        if (doubled := _numbers(journal)) > 1:
            broken.append(f"a number was used {doubled} times")
        if before:
            _is_restored(journal, before, broken)
        _models_load(state, journal, broken)
        return Left(journal)


def _has(journal: Journal, shown: dict[str, Any], fields: tuple[str, ...]) -> bool:
    same = " AND ".join(
        f"{field} = ?" if isinstance(shown[field], str | int) else f"abs({field} - ?) < 1e-6" for field in fields
    )
    query = f"SELECT EXISTS (SELECT 1 FROM {shown['type'].lower()} WHERE {same})"
    return bool(journal.db.execute(query, [shown[field] for field in fields]).fetchone()[0])


def _numbers(journal: Journal) -> int:
    """How often the number that was used most often was used."""
    tables = " UNION ALL ".join(f"SELECT seq FROM {name}" for name in journal.counts())
    query = f"SELECT count(*) FROM ({tables}) GROUP BY seq ORDER BY count(*) DESC LIMIT 1"
    return int((journal.db.execute(query).fetchone() or (0,))[0])


def _is_restored(journal: Journal, before: Left, broken: list[str]) -> None:
    first = journal.db.execute("SELECT lit FROM lamp WHERE seq > ? ORDER BY seq LIMIT 1", (before.last,)).fetchone()
    if first and bool(first[0]) != before.lit:
        broken.append(f"the lamp was {'lit' if before.lit else 'dark'} and came back otherwise")


def _models_load(state: Path, journal: Journal, broken: list[str]) -> None:
    for path in sorted(state.rglob("*.safetensors")):
        try:
            load("gate", path)
        except ModelError as error:
            broken.append(f"a torn model would be used: {error}")
    last = journal.last(Model)
    if last and isinstance(last[1], Model) and not Path(last[1].path).exists():
        broken.append(f"the last model that was published is not there: {last[1].path}")


def _states(count: int, seed: int, say: Say, counts: dict[str, float], broken: list[str]) -> None:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    looked = 0
    for name, (_, check) in DEEDS.items():
        with tempfile.TemporaryDirectory(prefix="lampd-", dir=memory) as folder:
            work, left, log = (Path(folder) / one for one in ("work", "left", "log"))
            work.mkdir()
            try:
                deeds = traced(program("lampd.bench.faults.deeds", name, str(work)), work, log)
            except Untraceable as error:
                say(f"what a power cut leaves of files that are not synced was not tried: {error}")
                break
            wrong: Counter[str] = Counter()
            for state in states(deeds, left, count, random.Random(f"{seed} {name}")):
                looked += 1
                wrong.update(check(state.folder, state.said))
            broken += [f"{name}: {what} ({often} of {count} times)" for what, often in wrong.most_common(5)]
        say(f"{name}: {len(deeds)} deeds, {count} states that may be left of them")
    counts["states of files not synced"] = looked
