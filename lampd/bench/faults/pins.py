"""Directives, hands and restarts at any times; loose wires; a chip that goes, comes back, refuses or is another's.

The operator alone hears messages by the thousand; buttons are debounced as polled ones are, in their own time; and the
operator's process works on a chip that is imagined, for there is none to be unplugged here.
"""

import contextlib
import errno
import math
import os
import queue
import random
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from lampd import child, config
from lampd.bench.faults import Outcome, Say
from lampd.devices.contact import HANDFUL, QUIET_S, STUCK_S, Contact
from lampd.devices.edges import PERIOD_S, Debounce
from lampd.lives import SPAWN
from lampd.messages import Acted, AnyMessage, Correction, Directive, Flip, Lamp, Press, Resume, Tag, Tick, encode
from lampd.settings import Button, Relay, Settings
from lampd.stages.operator import Operator

FULL, SHORT = 100, 5
MESSAGES = 1000
"""That an operator hears, for each time."""
CYCLES = 5
"""Times to one that a chip is unplugged."""
REST_S, CORRECTION_S = 1.0, 10.0
DEBOUNCE_S = 0.01
SAID_S = 10.0
WISHES: tuple[Tag, ...] = ("lit", "dark", "nothing")


def run(times: int, seed: int, say: Say) -> Outcome:
    counts: dict[str, float] = {}
    broken: list[str] = []
    rng = random.Random(seed)
    say(f"{times * MESSAGES} directives, presses and restarts")
    _directed(times, rng, counts, broken)
    say(f"{times} loose wires")
    _loose(times, rng, counts, broken)
    cycles = math.ceil(times / CYCLES)
    for number in range(cycles):
        say(f"chip {number + 1} of {cycles}")
        with TemporaryDirectory(prefix="lampd-") as folder:
            broken += _unplugged(Path(folder), rng)
    counts["chips unplugged, broken, taken and back"] = cycles
    return Outcome(counts, broken)


def _directed(times: int, rng: random.Random, counts: dict[str, float], broken: list[str]) -> None:
    """An operator that hears anything at any time, and dies at any time: its next life remembers what the journal
    remembers of it."""
    moves: list[bool] = []
    kept: list[AnyMessage] = []
    acted, act, pressed, now = -math.inf, None, -math.inf, 100.0
    acts = presses = restarts = corrections = 0

    def begun(at: float, lit: bool) -> Operator:
        operator = Operator(moves.append, CORRECTION_S, rest_s=REST_S)
        last = [next((one for one in reversed(kept) if isinstance(one, kind)), None) for kind in (Flip, Acted)]
        for message in sorted((one for one in last if one), key=kept.index):
            operator.handle(message)
        operator.handle(Resume(at, 0, lit))
        return operator

    operator = begun(now, False)
    lit = False
    for number in range(times * MESSAGES):
        now += rng.choice((0.0, 0.001, 0.1, 0.5, 0.999, 1.0, 3.0, 20.0)) * rng.random() ** rng.choice((0, 1))
        at = now - rng.choice((0.0, 0.0, 0.0, 0.3, 5.0))
        moves.clear()
        kind = rng.random()
        if kind < 0.02:
            restarts += 1
            operator = begun(now, lit)
            if moves != [lit]:
                broken.append(f"message {number}: a restart moved the relay: {moves}")
            continue
        if kind < 0.3:
            wish = rng.choice((None, None, True, False))
            said = operator.handle(Press(at, wish))
            wanted = not lit if wish is None else wish
            if moves != ([wanted] if wanted != lit else []):
                broken.append(f"message {number}: a hand was not obeyed")
            if wanted != lit:
                corrects = act is not None and at - acted <= CORRECTION_S
                if corrects != any(isinstance(one, Correction) for one in said):
                    broken.append(f"message {number}: a hand that reversed an act was{' not' * corrects} told as one")
                corrections += corrects
                act = None
                presses += 1
            # one that changed nothing is not journaled
            pressed, lit = at, wanted
        else:
            ended = at - rng.choice((0.0, 0.5, 5.0))
            said = operator.handle(Directive(at, number, ended, rng.choice(WISHES), 0.9, 0.0, "", ""))
            if moves:
                if at - acted < REST_S:
                    broken.append(f"message {number}: the relay moved {at - acted:.3f} s after an act")
                if ended <= pressed and restarts == 0:
                    broken.append(f"message {number}: words beat a hand that came after them")
                acted, act, lit = at, number, moves[-1]
                acts += 1
            if bool(moves) != any(isinstance(one, Acted) for one in said) or len(moves) > 1:
                broken.append(f"message {number}: the relay moved and {len(said)} was said")
        kept = [*kept[-8:], *(one for one in said if isinstance(one, (Flip, Acted)))]
    counts["messages to an operator"] = times * MESSAGES
    counts["restarts of it"] = restarts
    counts["acts"] = acts
    counts["flips by hand"] = presses
    counts["corrections"] = corrections


def _loose(times: int, rng: random.Random, counts: dict[str, float], broken: list[str]) -> None:
    """Wires that close and open up to 2,000 times a second for minutes, and are then left alone."""
    most, seconds = 0, 0.0
    for number in range(times):
        contact, debounce = Contact("the button"), Debounce(1, DEBOUNCE_S)
        edges, lasts, now, level = 10 ** rng.uniform(0.5, 3.3), rng.uniform(10, 60), 0.0, 1
        heeded = told = 0
        while now < lasts:
            now += PERIOD_S
            # an odd number of edges since the last look turns it over
            level ^= rng.random() < (1 - math.exp(-2 * edges * PERIOD_S)) / 2
            if debounce.look(level, now) and debounce.level == 0:
                heeded += contact.presses(now)
            told += bool(contact.look(now, not debounce.level))
        if heeded > HANDFUL + lasts + 1:
            broken.append(f"wire {number}: {heeded} presses in {lasts:.0f} s of {edges:.0f} edges a second")
        contact.look(now := now + QUIET_S + 1, False)
        if contact.look(now, False) or not contact.presses(now):
            broken.append(f"wire {number}: the first press afterwards is lost")
        contact.look(now, True)
        if not contact.look(now + STUCK_S + 1, True):
            broken.append(f"wire {number}: that it is stuck is not said")
        most, seconds = max(most, heeded), seconds + lasts
    counts["s of loose wires"] = round(seconds)
    counts["presses of one at most"] = most


def operator(inbox: "Queue[bytes]", outbox: "Queue[bytes]", folder: str, wire: Connection, how: str) -> None:
    """The operator's process, on a chip that is there, `gone`, or `taken`."""
    import gpiod

    from lampd.bench.faults.imagined import Chip, imagine

    imagine(Path(folder))
    if how == "gone":
        os.remove(Chip.path)
    elif how == "taken":
        Chip.settings[3] = gpiod.LineSettings()

    def fingers() -> None:
        while True:
            match wire.recv():
                case "down":
                    Chip.levels[2] = 0
                case "up":
                    Chip.levels[2] = 1
                case "unplug":
                    Chip.failure = OSError(errno.ENODEV, "No such device")
                case "relay":
                    wire.send(Chip.levels[3])

    threading.Thread(target=fingers, daemon=True).start()
    child.main(inbox, outbox)


class Life:
    """One of its lives, and what it says."""

    def __init__(self, folder: Path, lit: bool, how: str = "there") -> None:
        gpio = config.load(board="laptop").gpio
        gpio = replace(
            gpio,
            factory="libgpiod",
            chip="imagined",
            button=Button("BTN", "momentary", True, DEBOUNCE_S),
            relay=Relay("RELAY", True),
        )
        settings: Settings = replace(config.load(board="laptop"), gpio=gpio)
        beginning = child.Beginning("operator", settings, [], Resume(time.monotonic(), 0, lit), True)
        self._inbox, self._outbox = SPAWN.Queue(256), SPAWN.Queue(256)
        self._wire, theirs = SPAWN.Pipe()
        self._inbox.put(child.encode_beginning(beginning))
        arguments = self._inbox, self._outbox, str(folder), theirs, how
        self.process = SPAWN.Process(target=operator, args=arguments, daemon=True)
        self.process.start()

    def next(self) -> child.Handled | None:
        """What it says next, but for what follows from ticks; None where it says nothing."""
        end = time.monotonic() + SAID_S
        while time.monotonic() < end:
            self._inbox.put(child.numbered(1, encode(Tick(time.monotonic()))))
            with contextlib.suppress(queue.Empty):
                handled = child.decode_handled(self._outbox.get(timeout=0.25))
                if handled.seq == 0:
                    return handled
        return None

    def error(self) -> str:
        """Its last word, once it has ended by itself; empty where it has not."""
        handled = self.next()
        self.process.join(SAID_S)
        return handled.error if handled and self.process.exitcode else ""

    def do(self, what: str) -> None:
        self._wire.send(what)

    def relay(self) -> bool:
        self._wire.send("relay")
        level: Any = self._wire.recv() if self._wire.poll(SAID_S) else None
        return bool(level)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self._inbox.cancel_join_thread()


def _unplugged(folder: Path, rng: random.Random) -> list[str]:
    """A chip that is unplugged while the lamp is lit or dark, and what is not as it should be from then on."""
    broken: list[str] = []
    lit = rng.random() < 0.5
    life = Life(folder, lit)
    ready = life.next()
    if not ready or not ready.ready or ready.said[-1:] != [Lamp(ready.said[-1].at, lit)] or life.relay() != lit:
        broken.append(f"it does not come up {'lit' if lit else 'dark'}: {ready}")
    life.do("down")
    flipped = life.next()
    lit = not lit
    if not flipped or [type(one) for one in flipped.said] != [Flip] or life.relay() != lit:
        broken.append(f"its first press is lost: {flipped}")
    life.do("unplug")
    if not named(life.error(), "the chip is gone"):
        broken.append("a chip that is unplugged is not told, or its operator lives on")
    life.end()
    for how, words in (("gone", "no GPIO chip is labelled"), ("taken", "is in use by another lamp")):
        life = Life(folder, lit, how)
        if not named(error := life.error(), words):
            broken.append(f"{how}: {error or 'nothing'} is told")
        life.end()
    life = Life(folder, lit)
    if not (ready := life.next()) or not ready.ready or life.relay() != lit:
        broken.append(f"the lamp is not as it was once its chip is back: {ready}")
    life.end()
    return broken


def named(error: str, words: str) -> bool:
    """Whether it says that, of which pins, and what to do."""
    return words in error and "relay on RELAY, button on BTN" in error and ("Plug" in error or "Check" in error)
