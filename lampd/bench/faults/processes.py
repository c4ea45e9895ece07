"""Kill, stop and starve the stages of a lamp that lives through an evening, and its parent: what came of it leaves.

SIGKILL, SIGSTOP, which is a hang, and an address space that no longer grows, at random moments, each stage by itself,
so that several are away at once; meanwhile a finger presses the button in the operator's own process, and a household
lives with the lamp (evening.py). Then all that was posted is looked for, once, in the journal and with those who were
to hear it, and an anticipator that nobody disturbed is told the same and must come to the same labels.
"""

import os
import random
import resource
import signal
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from lampd import child
from lampd.bench.faults import Outcome, Say, evening, finger, parent
from lampd.bench.faults.witness import Witness, judge
from lampd.bench.switch import LIMIT_MS
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.lives import Life
from lampd.messages import Flip
from lampd.processes import SWITCH_HANGS_S
from lampd.routes import STAGES
from lampd.score import quantile

FULL, SHORT = 100, 1
KINDS = ("killed", "stopped", "starved")
LOADING = 0.2
"""The share of kills that are made while a stage still loads."""
RESTS_S = 1.0
"""A stage that is back is left alone for up to this long."""
STARVES_S = 1.5
"""One that needs no more memory for so long is given some again."""
LATE_S = 2.0
"""Begun this much after its time, on a busy machine, a stage is late."""
PRESSES_AFTER_S, PRESSES_UNTIL_S = 1.6, 2.2
"""The finger moves so long after words, when that teaches nothing."""
ENOUGH = 200
"""Presses to tell the 99th percentile by."""
SETTLES_S = 120.0


class Faults:
    """Those of one stage: `made` by kind, how long it was `away` after each, in seconds, how much later than its time
    it was begun, and when faults were made."""

    def __init__(self, name: str, times: int, seed: int) -> None:
        self.name = name
        self._rng = random.Random(f"{seed} {name}")
        self._plan = [kind for kind in KINDS for _ in range(times)]
        self._rng.shuffle(self._plan)
        self._next = 0.0
        self._met: tuple[float, str, Life] | None = None
        self.made: Counter[str] = Counter()
        self.lived_on = 0
        self.away: defaultdict[str, list[float]] = defaultdict(list)
        self.late = [0.0]
        self.at: list[float] = []

    @property
    def over(self) -> bool:
        return not self._plan and not self._met

    def look(self, hub: Hub) -> None:
        """Make the next, where it is time for one."""
        one, now = hub.processes.children[self.name], time.monotonic()
        if self._met:
            since, kind, life = self._met
            if one.life and one.life is not life and one.life.ready:
                self.away[kind].append(now - since)
                self.late.append(one.life.began - one.begin_at)
                self._rest(now)
            elif kind == "starved" and one.life is life and now - since > STARVES_S:
                _limit(life, resource.RLIM_INFINITY)
                self.lived_on += 1
                self._rest(now)
        elif self._plan and one.life and now >= self._next:
            kills = self._plan[-1] == "killed"
            if one.life.ready or (kills and self._rng.random() < LOADING):
                self._make(one.life, self._plan.pop(), now)

    def _rest(self, now: float) -> None:
        self._met = None
        self._next = now + self._rng.uniform(0, RESTS_S)

    def _make(self, life: Life, kind: str, now: float) -> None:
        pid = life.process.pid or 0
        if kind == "starved":
            _limit(life, 1)
        else:
            os.kill(pid, signal.SIGKILL if kind == "killed" else signal.SIGSTOP)
        self.made[kind] += 1
        self.at.append(now)
        self._met = now, kind, life


def _limit(life: Life, size: int) -> None:
    """Let the address space of a process grow to `size` bytes, which may be less than it has."""
    resource.prlimit(life.process.pid or 0, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))


def run(times: int, seed: int, say: Say) -> Outcome:
    counts: dict[str, float] = {}
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="lampd-") as folder, _as_systemd_begins_it():
        _children(Path(folder), times, seed, say, counts, broken)
    parent.run(max(1, times // 10), seed, say, counts, broken)
    return Outcome(counts, broken)


@contextmanager
def _as_systemd_begins_it() -> Iterator[None]:
    """With the niceness of lampd.service, where that is allowed."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)


def _children(folder: Path, times: int, seed: int, say: Say, counts: dict[str, float], broken: list[str]) -> None:
    settings = evening.settings(str(folder / "state"))
    journal = Journal(folder / "state" / "journal.db", "evening")
    faults = [Faults(name, times, seed) for name in STAGES]
    presses, paused = folder / "presses", folder / "paused"
    presses.touch()
    paused.touch()
    witness = Witness()
    with (
        patch.object(child, "main", finger.main),
        patch.dict(os.environ, {finger.FILE: str(presses), finger.PAUSED: str(paused)}),
    ):
        hub = Hub(settings, journal, time.monotonic, False, (witness.observe,), witness.receive)
        hub.start()
        try:
            hub.post(*hub.processes.wait_ready())
            _live(hub, faults, paused, seed, say, counts, broken)
        finally:
            for message in hub.processes.stop():
                hub.post(message)
    _judge_switch(presses, faults, witness, counts, broken)
    judge(witness, journal, settings, counts, broken)
    journal.close()


def _live(
    hub: Hub, faults: list[Faults], paused: Path, seed: int, say: Say, counts: dict[str, float], broken: list[str]
) -> None:
    """Go on until every fault was made and everything has been answered."""
    night = evening.Evening(hub.clock(), seed)
    hub.observers.append(night.household.observe)
    handles, threads = _handles(), threading.active_count()
    waiting, told = 0, 0
    while not all(one.over for one in faults):
        now = hub.clock()
        hub.post(*night.due(now))
        pressing = PRESSES_AFTER_S < now - night.ended < PRESSES_UNTIL_S
        if pressing == paused.exists():
            paused.unlink() if pressing else paused.touch()
        for one in faults:
            one.look(hub)
        hub.turn(night.next + evening.BLOCK_S)
        waiting = max(waiting, *(len(one.pending) for one in hub.processes.children.values()))
        made = sum(sum(one.made.values()) for one in faults)
        if made >= told + 50:
            told = made
            say(f"{made} faults made")
    paused.touch()
    until = time.monotonic() + SETTLES_S
    stages = hub.processes.children.values()
    while not all(one.life and one.life.ready and not one.pending for one in stages) and time.monotonic() < until:
        hub.turn(hub.clock() + 0.1, ticking=False)
    for kind in KINDS:
        counts[kind] = sum(one.made[kind] for one in faults)
    counts["of those lived on"] = sum(one.lived_on for one in faults)
    counts["s late begun at most"] = max(late for one in faults for late in one.late)
    counts["messages waiting at most"] = waiting
    counts["said"] = night.said
    if counts["s late begun at most"] > LATE_S:
        broken.append(f"a stage was begun {counts['s late begun at most']:.1f} s after its time")
    if left := {one.name: len(one.pending) for one in stages if one.pending or not one.life}:
        broken.append(f"messages still wait, or a stage is down: {left}")
    if _handles() > handles + len(STAGES) or threading.active_count() > threads + len(STAGES):
        broken.append(
            f"handles grew from {handles} to {_handles()}, threads from {threads} to {threading.active_count()}"
        )
    operator = next(one for one in faults if one.name == "operator")
    for kind in KINDS:
        if operator.away[kind]:
            away = sorted(operator.away[kind])
            counts[f"s without a switch when the operator is {kind} (median)"] = quantile(away, 0.5) or 0.0
            counts[f"s then at most ({kind})"] = away[-1]


def _handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def _judge_switch(
    presses: Path, faults: list[Faults], witness: Witness, counts: dict[str, float], broken: list[str]
) -> None:
    """Each press, but those just before the operator was ended, is a flip; and the relay was quick."""
    made = [tuple(map(float, line.split())) for line in presses.read_text().splitlines()]
    ended = next(one.at for one in faults if one.name == "operator")
    flips = sorted(message.at for message in witness.posted if isinstance(message, Flip))
    lost = unacknowledged = 0
    for meant, taken, _ in made:
        if not any(meant <= at <= meant + taken / 1000 + 0.001 for at in flips):
            by_a_fault = any(0 <= at - meant < SWITCH_HANGS_S for at in ended)
            unacknowledged += by_a_fault
            lost += not by_a_fault
    counts["presses"] = len(made)
    counts["unacknowledged when the operator ended"] = unacknowledged
    if lost:
        broken.append(f"{lost} presses moved the relay and are no flips")
    counts["ms from press to relay (p99)"] = quantile(sorted(taken for _, taken, _ in made), 0.99) or 0.0
    # other programs may keep the processor from all of lampd
    p99 = quantile(sorted(taken - woke for _, taken, woke in made), 0.99) or 0.0
    counts["ms of it once the finger has the processor (p99)"] = p99
    if len(made) >= ENOUGH and p99 >= LIMIT_MS:
        broken.append(f"the relay took {p99:.1f} ms after a press (p99)")
