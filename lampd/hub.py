"""The middle of the lamp: what one stage says is journaled, shown to those who watch, and given to those who hear it.

Nothing is given on before it is on disk, unless the disk fails.
"""

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

from lampd import history
from lampd.inline import Observer, Receipts
from lampd.journal import KEPT, Journal
from lampd.log import log
from lampd.messages import (
    Acted,
    AnyMessage,
    Directive,
    Example,
    Flip,
    Lamp,
    Listening,
    Model,
    PartialTranscript,
    Resume,
    Tick,
    Told,
    Transcript,
)
from lampd.processes import Processes
from lampd.routes import HEARD_BY
from lampd.settings import Settings
from lampd.story import fields
from lampd.strain import Rest

STAMPED = (PartialTranscript, Transcript, Directive, Acted)
"""Said without knowing the time: they get that of their arrival here."""

PAGE = os.sysconf("SC_PAGE_SIZE")


class Hub:
    """Routes between five processes by `clock`, in seconds of lamp time, which pass `speed` times as fast as real ones.

    `observers` see every message; `live` lets the stages use the real microphone and button.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        clock: Callable[[], float],
        live: bool,
        observers: tuple[Observer, ...] = (),
        receipts: Receipts | None = None,
        speed: float = 1.0,
    ) -> None:
        self.journal = journal
        self.observers: list[Observer] = list(observers)
        self._clock = clock
        self._speed = speed
        self._tick_s = settings.hub.tick_s
        self._power_up = settings.operator.power_up
        self._next_tick = 0.0
        self._began = clock()
        self._model: Model | None = None
        self._thought: Directive | None = None
        self._lit = journal.lit()
        self._listens = journal.listens()
        self.journal_error = ""
        self._recent: deque[AnyMessage] = deque(maxlen=10)
        self._live = live
        self._rest = Rest(settings.trainer.rest_above_c)
        self.processes = Processes(settings, journal.memory, self.resume, receipts, live)

    def resume(self) -> Resume:
        """Where a stage's life begins; `operator.power_up` decides about the lamp once after each power cut."""
        lit = self.journal.lit()
        if self._power_up != "restore" and not self.journal.knows_this_boot():
            lit = self._power_up == "lit"
        return Resume(self._clock(), self.journal.utterance(), lit, self._listens)

    def start(self) -> None:
        self.processes.start()

    def post(self, message: AnyMessage) -> None:
        """Journal a message and give it to those who hear it."""
        if isinstance(message, STAMPED):
            message = msgspec.structs.replace(message, at=self._clock())
        seq = self._keep(message)
        match message:
            case Lamp() | Flip() | Acted():
                self._lit = message.lit
            case Listening():
                self._listens = message.listens
            case Model():
                self._model = message
            case Directive():
                self._thought = message
        if not isinstance(message, Tick):
            self._recent.append(message)
        for observe in self.observers:
            observe(message)
        # learning waits for ticks; a replay's does not depend on the weather
        rests = self._live and isinstance(message, Tick) and self._rest.look(message.at)
        for name in HEARD_BY[type(message)]:
            if not (rests and name == "trainer"):
                self.processes.give(name, seq, message)

    def tell(self, example: Example) -> None:
        """Take its owner's word for what an utterance meant."""
        self.post(example)
        self.post(Told(self._clock(), example))

    def forget(self, state: Path, utterances: Collection[int]) -> None:
        """Never to have heard `utterances`: in the journal under `state`, in models, and in what stages remember."""

        def knows(message: AnyMessage) -> bool:
            return isinstance(message, Model) or getattr(message, "utterance", None) in utterances

        try:
            history.forget(state, self.journal, sorted(utterances))
        finally:
            self._forgotten(knows)

    def _forgotten(self, knows: Callable[[AnyMessage], bool]) -> None:
        """Nobody here is to remember what the journal no longer holds."""
        self._recent = deque((one for one in self._recent if not knows(one)), self._recent.maxlen)
        self._model = self._thought = None
        # an act that is forgotten may have been what told how the lamp is
        self._keep(Lamp(self._clock(), self._lit))
        for name in ("anticipator", "trainer"):
            self.processes.renew(name, lambda message: not knows(message))

    def _keep(self, message: AnyMessage) -> int:
        """Journal a message and return its number. The lamp works on, and says so, when the disk does not."""
        try:
            self.journal.write(message)
            if isinstance(message, KEPT):
                self.journal_error = ""
        except sqlite3.Error as error:
            if not self.journal_error:
                log.error("journal failed", error=str(error))
            self.journal_error = str(error)
        return self.journal.seq

    def turn(self, until: float, ticking: bool = True) -> None:
        """Route what is said up to lamp time `until`, or for one message; with a tick whenever it is time for one."""
        now = self._clock()
        if ticking and now >= self._next_tick:
            self._next_tick = now + self._tick_s
            self.post(Tick(now))
        self.processes.tend()
        wait = (min(until, self._next_tick if ticking else until) - self._clock()) / self._speed
        for message in self.processes.arrival(min(wait, self._tick_s)):
            self.post(message)

    def settle(self) -> None:
        """Route until nobody has anything left to handle."""
        while any(one.pending for one in self.processes.children.values()):
            self.turn(self._clock() + 0.05, ticking=False)

    def _judged(self) -> dict[str, Any] | None:
        """Who drove when words were last heard, how sure it had to be, and what each learner's loss was."""
        last = self._thought
        return {"driver": last.model, "act_above": last.act_above, "losses": last.losses} if last else None

    def status(self) -> dict[str, Any]:
        """What `lampctl status` shows."""
        stages = {}
        for name, one in self.processes.children.items():
            pid = one.life.process.pid if one.life else None
            stages[name] = {
                "state": "down" if one.life is None else "ready" if one.life.ready else "starting",
                "pid": pid,
                "pulse_s": round(one.silent_for(), 2),
                "restarts": one.restarts,
                "waiting": len(one.pending),
                "dropped": one.dropped,
                "memory_mb": _memory_mb(pid),
                "error": one.error,
                "note": one.note,
            }
        return {
            "lit": self._lit,
            "listens": self._listens,
            "up_s": round(self._clock() - self._began, 1),
            "well": not self.journal_error
            and not self._rest.strain.undervoltage
            and all(stage["state"] == "ready" and not stage["error"] for stage in stages.values()),
            "journal_error": self.journal_error,
            "board": self._rest.strain._asdict() | {"learning_rests": self._rest.rests},
            "stages": stages,
            "hub_memory_mb": _memory_mb(os.getpid()),
            "model": msgspec.to_builtins(self._model) if self._model else None,
            "judged": self._judged(),
            "known": self.journal.known(),
            "scores": self.journal.scores(),
            "recent": [fields(message) for message in self._recent],
        }


def _memory_mb(pid: int | None) -> float | None:
    """Resident memory of a process in MB; None for one that is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return round(int(file.read().split()[1]) * PAGE / 1e6, 1)
    except OSError:
        return None
