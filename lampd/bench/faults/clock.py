"""The clock on the wall is set at every message, by years, either way; begins in 1970; and has days of 23 and of 25
hours: what is decided, concluded, counted, undone and forgotten is compared with a lamp whose clock is right. Its own
begins anew at each boot.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lampd import config, elapsed, history
from lampd.bench.faults import Outcome, Say
from lampd.household import Household
from lampd.journal import Journal
from lampd.messages import AnyMessage, Model
from lampd.rates import rates
from lampd.replay import play, stages_here, state
from lampd.report.hours import Stretch, hours_by_day, listened
from lampd.session import AnyEvent, Session, Text, Wish

FULL, SHORT = 25, 1
BOOTS, ROUNDS = 2, 4
SAID: tuple[tuple[tuple[str, ...], bool | None], ...] = (
    (("what is for dinner", "the train was late again", "have a good time tonight"), None),
    (("turn on the light", "some light please"), True),
    (("my light blue scarf is gone", "is there any soup left", "who was at the door"), None),
    (("good night everyone", "we are leaving now"), False),
)
NOW = 1_795_000_000.0
YEAR_S = 365.25 * 86400
Wall = Callable[[], float]
Clock = Callable[[random.Random], Wall]


class Came(NamedTuple):
    """What an evening came to: what was decided and concluded, and what its owner is told of it."""

    messages: Sequence[AnyMessage]
    known: dict[str, int]
    told: dict[str, Any]


def evening(rng: random.Random, rounds: int) -> Session:
    """Talk and wishes, no two texts quite alike."""
    events: list[AnyEvent] = []
    at = 5.0
    for _ in range(rounds):
        for phrases, lit in SAID:
            text = rng.choice(phrases)
            cut = rng.randrange(len(text))
            end = at + 1.5
            events += [Wish(at, lit, at, end), Text(end + 0.5, at, end, text[:cut] + text[cut + 1 :])]
            at = end + rng.uniform(12.0, 24.0)
    return Session("an evening", tuple(events))


def right(rng: random.Random) -> Wall:
    """A clock that goes on by a second at each look."""
    seconds = iter(range(10**9))
    return lambda: NOW + next(seconds)


def jumping(rng: random.Random) -> Wall:
    """One that is somewhere else, between 1970 and 2105, at each look."""
    return lambda: rng.uniform(0.0, 135 * YEAR_S)


def set_back(rng: random.Random) -> Wall:
    """One that is years behind itself at each look."""
    years = iter(range(10**9))
    return lambda: NOW - next(years) * YEAR_S / 50


def without_battery(rng: random.Random) -> Wall:
    """One that begins in 1970, and is set right some time later."""
    left, seconds = rng.randrange(20, 200), iter(range(10**9))

    def wall() -> float:
        since = next(seconds)
        return since + (NOW if since > left else 0.0)

    return wall


CLOCKS: tuple[Clock, ...] = (jumping, set_back, without_battery)


def lived(seed: int, wall: Wall) -> Came:
    """Some evenings in a house, each a boot of its own."""
    rng = random.Random(f"clock {seed}")
    messages: list[AnyMessage] = []
    with state(config.load(board="laptop"), None) as (settings, journal):
        journal.wall = wall
        for boot in range(BOOTS):
            journal.boot = f"boot {boot}"
            one = evening(rng, ROUNDS)
            stages = stages_here(settings, journal, one)
            household = Household(one.wishes(), seed + boot)
            play(one, stages, journal, household, observers=(messages.append,))
        decided = [message for message in messages if not isinstance(message, Model)]
        return Came(decided, journal.known(), told(journal, one.events[-1].t + 30.0))


def told(journal: Journal, now: float) -> dict[str, Any]:
    """What depends on how long ago things were, at lamp time `now` of the last boot."""
    minute = elapsed.first(journal, "transcript", elapsed.last(journal, 60.0, now))
    hours = listened(journal)
    days = [rates(journal, days, now) for days in (1, 7)]
    to_undo = history.told(journal, journal.utterance(), "nothing")
    journal.write(to_undo)
    return {
        "the last minute": [one.utterance for one in history.past(journal, since=minute)],
        "this boot": round(now, 3),
        "undone": history.undone(journal, now + 60.0).possible,
        "listened": round(sum(stretch.seconds for stretch in hours), 3),
        "by day": round(3600 * sum(hours_by_day(hours).values()), 1),
        "rates": [[one.wishes, one.wrong, round(one.hours, 2)] for one in days],
    }


def agree(what: str, clock: Clock, told: Any, expected: Any, now_h: float) -> bool:
    """Whether what is told by a `clock` is as it should be. After a boot that may have been years ago, days may be of
    the last boot alone, of `now_h` hours."""
    if what != "rates" or clock is not jumping:
        return bool(told == expected)
    pairs = [
        (one, most) for day, whole in zip(told, expected, strict=True) for one, most in zip(day, whole, strict=True)
    ]
    return all(one <= most for one, most in pairs) and all(day[2] >= round(now_h, 2) - 0.01 for day in told)


@contextmanager
def zone(name: str) -> Iterator[None]:
    """In a time zone, while in this context."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def summer_time() -> list[str]:
    """What of three days is lost or told twice, in zones that change their clocks by day, at midnight or by half."""
    broken = []
    for name in ("Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "America/St_Johns"):
        with zone(name):
            for month in range(1, 13):
                for year in (2006, 2018, 2026):
                    first = datetime(year, month, 1, tzinfo=UTC).timestamp()
                    for day in range(28):
                        found = hours_by_day([Stretch(first + 86400 * day + 3 * 86400, 3 * 86400.0)])
                        if abs(sum(found.values()) - 72) > 1e-6 or any(not 0 <= one < 25.5 for one in found.values()):
                            broken.append(f"{name}, {year}-{month:02}-{day + 1:02}: {found}")
    return broken


def run(times: int, seed: int, say: Say) -> Outcome:
    """`times` houses, by each of the clocks."""
    broken = summer_time()
    compared = 0
    for number in range(seed, seed + times):
        undisturbed = lived(number, right(random.Random(number)))
        for clock in CLOCKS:
            came = lived(number, clock(random.Random(f"{clock.__name__} {number}")))
            compared += len(came.messages)
            name = f"house {number}, {clock.__name__.replace('_', ' ')}"
            if came.messages != undisturbed.messages:
                broken.append(f"{name}: something else was decided or concluded")
            if came.known != undisturbed.known:
                broken.append(f"{name}: labels {came.known}, and {undisturbed.known} by a clock that is right")
            for what, value in came.told.items():
                if not agree(what, clock, value, undisturbed.told[what], undisturbed.told["this boot"] / 3600):
                    broken.append(f"{name}: {what}: {value}, and {undisturbed.told[what]} by a clock that is right")
        say(f"house {number}: done")
    counts = {
        "evenings by clocks that are wrong": float(times * BOOTS * len(CLOCKS)),
        "messages compared": float(compared),
        "spans of days with a change of the clock among them": 5.0 * 12 * 3 * 28,
    }
    return Outcome(counts, broken)
