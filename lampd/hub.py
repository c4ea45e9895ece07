"""The middle of the lamp: what one stage says is journaled, shown to those who watch, and given to those who hear it.

Nothing is given on before it is on disk, unless the disk fails. What has arrived by then is written in one piece, so
that a slow card is waited for once.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from lampd import history
from lampd.ears import Ears
from lampd.inline import Observer, Receipts
from lampd.journal import Journal
from lampd.log import log
from lampd.memory import memory
from lampd.messages import (
    Acted,
    AnyMessage,
    Directive,
    Example,
    Flip,
    Lamp,
    Leaning,
    Level,
    Listening,
    Model,
    PartialTranscript,
    Records,
    Resume,
    Speaking,
    Speech,
    Tick,
    Told,
    Transcript,
)
from lampd.outage import Outage
from lampd.processes import Processes
from lampd.routes import HEARD_BY
from lampd.salvage import FAULTS, NEWEST, is_damage, salvage
from lampd.schema import JournalError, connect
from lampd.settings import Settings
from lampd.standing import Standing
from lampd.strain import Rest

PASSING = (Tick, Level, Leaning)
"""Not worth a line in status."""
STAMPED = (PartialTranscript, Transcript, Directive, Acted)
"""Said without knowing the time: they get that of their arrival here."""

Read = TypeVar("Read")


def beginning(journal: Journal, now: float) -> tuple[Model | None, Directive | None, bool, Standing]:
    """What a hub begins with: the last model, the last thoughts, how the lamp is, and what stands. Raises FAULTS."""
    if max(journal.seq, journal.utterance()) >= NEWEST:
        raise ValueError("it has numbers that no lamp has come to")
    model, thought = journal.last(Model), journal.last(Directive)
    last_model = model[1] if model and isinstance(model[1], Model) else None
    last_thought = thought[1] if thought and isinstance(thought[1], Directive) else None
    return last_model, last_thought, journal.lit(), Standing(journal, now)


class Hub:
    """Routes between five processes by `clock`, in seconds of lamp time, which pass `speed` times as fast as real ones.

    `observers` see every message; `live` lets the stages use the real microphone and button; `outage` is given where
    the journal is in memory, for the disk failed.
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
        outage: Outage | None = None,
    ) -> None:
        self.journal = journal
        self.outage = outage
        self.damage = ""
        self._salvages = True
        self.observers: list[Observer] = list(observers)
        self.clock = clock
        self._speed = speed
        self._tick_s = settings.hub.tick_s
        self._power_up = settings.operator.power_up
        self._next_tick = 0.0
        self.began = clock()
        self.model, self.thought, self.lit, self.standing = beginning(journal, self.began)
        self._records = False
        self._utterance = 0
        self.ears = Ears(self.began)
        self.last_heard: float | None = None
        self.recent: deque[AnyMessage] = deque(maxlen=10)
        self._live = live
        self.rest = Rest(settings.trainer.rest_above_c)
        self.processes = Processes(settings, self._remembered, self.resume, receipts, live)

    def resume(self) -> Resume:
        """Where a stage's life begins; `operator.power_up` decides about the lamp once after each power cut."""
        lit = self.journal.lit()
        if self._power_up != "restore" and not self.journal.knows_this_boot():
            lit = self._power_up == "lit"
        # the journal does not know yet what is being said, or transcribed
        utterance = max(self._utterance, self.journal.utterance())
        return Resume(self.clock(), utterance, lit, self.standing.listens, self._records)

    def _remembered(self, stage: str, before: int | None) -> list[AnyMessage]:
        """What a stage's next life is reminded of; nothing, where the journal cannot be read: the others live on."""
        try:
            return self.reading(lambda: memory(self.journal, stage, before))
        except FAULTS as error:
            self.damage = f"{self.journal.path}: {error}: what it learned cannot be read"
            log.error("journal is damaged", stage=stage, error=str(error))
            return []

    def reading(self, read: Callable[[], Read]) -> Read:
        """What `read` returns, which reads the journal; that is salvaged first where it is damaged. Raises FAULTS."""
        try:
            return read()
        except FAULTS as error:
            if not self._salvaged(error):
                raise
        return read()

    def _salvaged(self, error: Exception) -> bool:
        """Whether the journal was damaged, as `error` tells, and is no longer. Once: what is not well then stays so."""
        path = self.journal.path
        if not path or self.outage or not self._salvages or not is_damage(error):
            return False
        self._salvages = False
        self.journal.db.close()
        try:
            salvage(path, error)
            self.journal.take_over(connect(path))
        except (JournalError, OSError, sqlite3.Error) as failed:
            self.outage = Outage(self.journal, path, failed)
        return True

    def start(self) -> None:
        self.processes.start()

    def post(self, *messages: AnyMessage) -> None:
        """Journal messages, all in one piece, and give each to those who hear it."""
        now = self.clock()
        stamped = [msgspec.structs.replace(one, at=now) if isinstance(one, STAMPED) else one for one in messages]
        for seq, message in zip(self._keep(stamped), stamped, strict=True):
            self._spread(seq, message)

    def _spread(self, seq: int, message: AnyMessage) -> None:
        match message:
            case Lamp() | Flip() | Acted():
                self.lit = message.lit
            case Records():
                self._records = message.records
            case Level():
                self.ears.hear(message)
            case Listening():
                self.ears.begin(message.at)
            case Speaking() | Speech():
                self._utterance = message.utterance
            case Transcript():
                self.last_heard = message.end
            case Model():
                self.model = message
            case Directive():
                self.thought = message
        self.standing.observe(message)
        if not isinstance(message, PASSING):
            self.recent.append(message)
        for observe in self.observers:
            observe(message)
        # learning waits for ticks; a replay's does not depend on the weather
        rests = self._live and isinstance(message, Tick) and self.rest.look(message.at)
        for name in HEARD_BY[type(message)]:
            if not (rests and name == "trainer"):
                self.processes.give(name, seq, message)

    def tell(self, example: Example) -> None:
        """Take its owner's word for what an utterance meant."""
        told = msgspec.structs.replace(example, at=self.clock())
        self.post(told, Told(told.at, told))

    def forget(self, state: Path, utterances: Collection[int]) -> None:
        """Never to have heard `utterances`: in the journal under `state`, in models, and in what stages remember.
        Raises sqlite3.Error or OSError."""
        if self.outage:
            raise sqlite3.OperationalError(f"nothing can be forgotten yet: {self.outage.told}")

        def knows(message: AnyMessage) -> bool:
            return isinstance(message, Model) or getattr(message, "utterance", None) in utterances

        try:
            history.forget(state, self.journal, sorted(utterances))
        finally:
            self._forgotten(knows)

    def _forgotten(self, knows: Callable[[AnyMessage], bool]) -> None:
        """Nobody here is to remember what the journal no longer holds."""
        self.recent = deque((one for one in self.recent if not knows(one)), self.recent.maxlen)
        self.model = self.thought = None
        # an act that is forgotten may have been what told how the lamp is
        self._keep([Lamp(self.clock(), self.lit)])
        for name in ("anticipator", "trainer"):
            self.processes.renew(name, lambda message: not knows(message))

    def _keep(self, messages: Sequence[AnyMessage]) -> list[int]:
        """Journal messages and return their numbers. The lamp works on, and says so, when the disk does not."""
        try:
            return self.journal.write_all(messages)
        except sqlite3.Error as error:
            if self.outage or not self.journal.path:
                raise
            if not self._salvaged(error):
                self.outage = Outage(self.journal, self.journal.path, error)
        return self.journal.write_all(messages)

    def _mend(self, now: float) -> None:
        """Have what was kept in memory on disk again, once that can be."""
        if not self.outage:
            return
        self.outage.trim()
        if not self.outage.over(now):
            return
        knew, self.outage = self.outage.knows, None
        if not knew:
            # what it learned before the outage is known again, and all numbers are others
            self.standing = Standing(self.journal, now)
            for name in ("recorder", "transcriber", "anticipator", "trainer"):
                self.processes.renew(name, lambda message: not hasattr(message, "utterance"))

    def turn(self, until: float, ticking: bool = True) -> None:
        """Route what is said up to lamp time `until`, or for one message; with a tick whenever it is time for one."""
        now = self.clock()
        if ticking and now >= self._next_tick:
            self._next_tick = now + self._tick_s
            self._mend(now)
            self.post(*self.standing.over(now), Tick(now))
        self.processes.tend()
        wait = (min(until, self._next_tick if ticking else until) - self.clock()) / self._speed
        self.post(*self.processes.arrival(min(wait, self._tick_s)))

    def settle(self) -> None:
        """Route until nobody has anything left to handle."""
        while any(one.pending for one in self.processes.children.values()):
            self.turn(self.clock() + 0.05, ticking=False)
