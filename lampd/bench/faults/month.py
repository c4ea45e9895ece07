"""Days of a household that talks a thousand times a day, through the hub and its five processes, in virtual time.

Everything is heard as the ear hears it, n-grams and sound; the recorder gets some noise and the transcriber some sound
each day. Of every process the memory, the open files and the threads are counted at the end of each day, and the time
that fits and thoughts take of the processor; at the end the learning stages are killed, and the owner asks.
"""

import math
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from lampd import config, history, why
from lampd.bench import data
from lampd.bench.faults import Outcome, Say
from lampd.bench.faults.talk import DAY_S, Day, Talk
from lampd.bench.tally import Tally
from lampd.child import Beginning, encode_beginning
from lampd.household import Household
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.memory import memory
from lampd.messages import AnyMessage, Block, Lamp, Model, Speech, Tick, encode
from lampd.score import Outcome as Answer
from lampd.score import Score
from lampd.settings import Settings
from lampd.status import memory_mb, status
from lampd.voice.identity import identity

FULL, SHORT = 30, 2
A_DAY, FEW = 1000, 30
"""Utterances a day; and in the short form, which says nothing of what takes days to fill."""
TICK_S = 10.0
HAND_S = 0.5
"""How closely a hand is watched while it may move."""
NOISE_S, RATE = 5, 16_000
FLAT, AS_BEFORE, NO_WORSE = 1.05, 1.5, 0.05
"""Memory after the first day; the processor's time at the end, of that in the middle; how much less F1 is no chance."""
RESTART_S, BEGINNING_MB, ASKING_S = 20.0, 20.0, 5.0


class Evening(Struct):
    """What was counted at the end of a day, by process; and the day's answers, fits and seconds of the processor."""

    memory: dict[str, float]
    files: dict[str, int]
    threads: dict[str, int]
    answers: list[Answer]
    fits: int
    fitting_s: float
    thinking_s: float


class House:
    """A hub in virtual time whose files are in `state`, and who lives with it."""

    def __init__(self, settings: Settings, state: Path, seed: int) -> None:
        self._now, self._seed, self._fits = 0.0, seed, 0
        self.settings, self.state = settings, state
        self._began, voice = time.time(), identity(settings.transcriber.voice)
        self.journal = Journal(state / "journal.db", "month", voice, self.wall, settings.keeping.journal_mb)
        self.hub = Hub(settings, self.journal, lambda: self._now, live=False, observers=(self._see,))
        self._household, self._score = Household([]), Score([])
        self.hub.start()
        self.ready()

    def wall(self) -> float:
        return self._began + self._now

    def ready(self) -> None:
        self.hub.post(*self.hub.processes.wait_ready())
        self.hub.settle()

    def _see(self, message: AnyMessage) -> None:
        self._fits += isinstance(message, Model)
        self._household.observe(message)
        self._score.observe(message)

    def say(self, message: AnyMessage) -> None:
        """And whatever follows."""
        self._now = max(self._now, message.at)
        self.hub.post(message)
        self.hub.settle()

    def wait(self, until: float) -> None:
        """While hands do what they have in mind, and time passes."""
        while self._now < until:
            moves = min(self._now + HAND_S, until)
            for press in self._household.due(moves):
                self.say(press)
            self._now = moves
            if int(moves / TICK_S) > int((moves - HAND_S) / TICK_S):
                self.say(Tick(moves))

    def live(self, day: Day) -> Evening:
        """Through a day of talk."""
        self._household, self._score = Household(day.wishes, self._seed), Score(day.wishes)
        self._score.observe(Lamp(self._now, self.hub.lit))
        self._household.observe(Lamp(self._now, self.hub.lit))
        fits, fitting, thinking = self._fits, seconds_of(self.pid("trainer")), seconds_of(self.pid("anticipator"))
        for words in day.heard:
            self.wait(words.at)
            self.say(words)
        self.wait(self._now + 60.0)
        pids = {"hub": os.getpid()} | {name: self.pid(name) for name in self.hub.processes.children}
        return Evening(
            memory={name: memory_mb(pid) or math.nan for name, pid in pids.items()},
            files={name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in pids.items()},
            threads={name: len(os.listdir(f"/proc/{pid}/task")) for name, pid in pids.items()},
            answers=self._score.outcomes,
            fits=self._fits - fits,
            fitting_s=seconds_of(self.pid("trainer")) - fitting,
            thinking_s=seconds_of(self.pid("anticipator")) - thinking,
        )

    def sounds(self, number: int) -> None:
        """Noise for the recorder, and for the transcriber what is no word."""
        chance = np.random.default_rng((self._seed, number))
        at = number * DAY_S + 1.0
        for step in range(NOISE_S * 10):
            self.say(Block(at + step / 10, noise(chance, 30, RATE // 10)))
        self.say(Speech(at + 1.0, self.journal.utterance() + 1, at, at + 1.0, noise(chance, 3000, RATE)))

    def pid(self, name: str) -> int:
        life = self.hub.processes.children[name].life
        return life.process.pid or 0 if life else 0

    def killed(self, name: str) -> tuple[float, float]:
        """Seconds until a stage that was killed is ready again, and the MB that it is reminded of."""
        known = [encode(message) for message in memory(self.journal, name)]
        beginning = Beginning(name, self.settings, known, self.hub.resume(), False)
        size = len(encode_beginning(beginning)) / 1e6
        os.kill(self.pid(name), signal.SIGKILL)
        began = time.monotonic()
        one = self.hub.processes.children[name]
        restarts = one.restarts
        while one.restarts == restarts or not (one.life and one.life.ready):
            self.hub.turn(self._now + 0.05, ticking=False)
        return time.monotonic() - began, size

    def close(self) -> None:
        self.hub.processes.stop()
        self.journal.close()


def noise(chance: np.random.Generator, loud: float, samples: int) -> bytes:
    return chance.normal(0, loud, samples).astype("<i2").tobytes()


def seconds_of(pid: int) -> float:
    """Of the processor, that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(house: House) -> Iterator[tuple[str, float]]:
    """What an owner may ask, with the seconds that the answer takes."""
    from lampd.report.contents import report

    questions: dict[str, Callable[[], Any]] = {
        "status": lambda: status(house.hub, house.state),
        "why": lambda: why.why(house.journal, house.settings),
        "history": lambda: history.past(house.journal, 20),
        "report": lambda: report(house.journal, house.wall(), house.settings.thing),
    }
    for name, question in questions.items():
        began = time.process_time()
        question()
        yield name, time.process_time() - began


def run(times: int, seed: int, say: Say) -> Outcome:
    a_day = FEW if times <= SHORT else A_DAY
    # a month of writing is not to wear a card
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lampd-month-", dir=place) as folder:
        settings = config.load(None, board="laptop", state_dir=folder)
        house = House(settings, Path(folder), seed)
        try:
            return _month(house, times, a_day, Talk(seed, data.folder() if times > SHORT else None), say)
        finally:
            house.close()


def _month(house: House, days: int, a_day: int, talk: Talk, say: Say) -> Outcome:
    evenings: list[Evening] = []
    for number in range(days):
        house.sounds(number)
        evenings.append(house.live(talk.day(number, a_day, house.journal.utterance() + 1)))
        last = evenings[-1]
        say(
            f"day {number + 1}: F1 {Tally.of(last.answers).f1:.2f}; {last.fits} fits in {last.fitting_s:.1f} s, "
            f"thought for {last.thinking_s:.1f} s; MB {', '.join(f'{n} {mb:.1f}' for n, mb in last.memory.items())}"
        )
    broken = [f"{what} of {name}: {had} after a day, {have} at the end" for what, name, had, have in leaked(evenings)]
    restarts = {name: house.killed(name) for name in ("anticipator", "trainer")}
    answers = dict(asked(house))
    if days > SHORT:
        broken += grown(evenings)
        broken += [f"{name} took {s:.0f} s to come back" for name, (s, _) in restarts.items() if s > RESTART_S]
        broken += [f"{name} is reminded of {mb:.0f} MB" for name, (_, mb) in restarts.items() if mb > BEGINNING_MB]
        broken += [f"{name} took {s:.1f} s" for name, s in answers.items() if s > ASKING_S]
    third = max(1, days // 3)
    counts: dict[str, float] = {
        "days": days,
        "utterances": house.journal.counts()["directive"],
        "commands": sum(one.command for evening in evenings for one in evening.answers),
        "% at most that a process grew after the first day": 100 * (growth(evenings) - 1),
        "F1 in the middle": f1(evenings[third : 2 * third]),
        "F1 at the end": f1(evenings[-third:]),
        "false acts": sum(Tally.of(evening.answers).false for evening in evenings[1:]),
        "fits": sum(evening.fits for evening in evenings),
        "s a fit at the end": per_fit(evenings[-third:]),
        "ms a thought at the end": 1000 * per_thought(evenings[-third:], a_day),
        "s to restart the slowest": max(s for s, _ in restarts.values()),
        "MB that it is reminded of": max(mb for _, mb in restarts.values()),
        "s for the slowest of the owner's questions": max(answers.values()),
        "MB of journal": status(house.hub, house.state)["disk"]["journal_mb"],
    }
    return Outcome(counts, broken)


def growth(evenings: list[Evening]) -> float:
    """How many times as large as after the first day a process was at its largest."""
    first = evenings[0].memory
    return max(mb / first[name] for evening in evenings for name, mb in evening.memory.items())


def leaked(evenings: list[Evening]) -> Iterator[tuple[str, str, int, int]]:
    """Files and threads by process that are not as many as after the first day."""
    first, last = evenings[0], evenings[-1]
    for what, had, have in (("files", first.files, last.files), ("threads", first.threads, last.threads)):
        yield from ((what, name, had[name], have[name]) for name in had if have[name] > had[name])


def grown(evenings: list[Evening]) -> list[str]:
    """In sentences, what was to stay as it was and did not."""
    first, third, a_day = evenings[0].memory, len(evenings) // 3, len(evenings[0].answers)
    middle, end = evenings[third : 2 * third], evenings[-third:]
    largest = {name: max(evening.memory[name] for evening in evenings) for name in first}
    broken = [f"{one}: {first[one]} MB, then {mb} MB" for one, mb in largest.items() if mb > FLAT * first[one]]
    for what, before, after in (
        ("a fit", per_fit(middle), per_fit(end)),
        ("a thought", per_thought(middle, a_day), per_thought(end, a_day)),
    ):
        if after > AS_BEFORE * before:
            broken.append(f"{what} took {before:.3f} s in the middle, {after:.3f} s at the end")
    if f1(end) < f1(middle) - NO_WORSE:
        broken.append(f"F1 was {f1(middle):.2f} in the middle, and {f1(end):.2f} at the end")
    return broken


def f1(evenings: list[Evening]) -> float:
    return Tally.total([Tally.of(evening.answers) for evening in evenings]).f1


def per_fit(evenings: list[Evening]) -> float:
    return sum(one.fitting_s for one in evenings) / max(1, sum(one.fits for one in evenings))


def per_thought(evenings: list[Evening], a_day: int) -> float:
    return sum(one.thinking_s for one in evenings) / (a_day * len(evenings))
