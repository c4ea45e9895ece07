"""The middle of the lamp: what one stage says is journaled, shown to those who watch, and given to those who hear it.

Nothing is given on before it is on disk, unless the disk fails.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from lampd import history
from lampd.ears import Ears
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
    Leaning,
    Level,
    Listening,
    Model,
    PartialTranscript,
    Records,
    Resume,
    Tick,
    Told,
    Transcript,
)
from lampd.processes import Processes
from lampd.routes import HEARD_BY
from lampd.settings import Settings
from lampd.standing import Standing
from lampd.strain import Rest

PASSING = (Tick, Level, Leaning)
"""Not worth a line in status."""
STAMPED = (PartialTranscript, Transcript, Directive, Acted)
"""Said without knowing the time: they get that of their arrival here."""


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
        self.clock = clock
        self._speed = speed
        self._tick_s = settings.hub.tick_s
        self._power_up = settings.operator.power_up
        self._next_tick = 0.0
        self.began = clock()
        model, thought = journal.last(Model), journal.last(Directive)
        self.model = model[1] if model and isinstance(model[1], Model) else None
        self.thought = thought[1] if thought and isinstance(thought[1], Directive) else None
        self.lit = journal.lit()
        self.standing = Standing(journal, self.began)
        self._records = False
        self.ears = Ears(self.began)
        self.last_heard: float | None = None
        self.journal_error = ""
        self.recent: deque[AnyMessage] = deque(maxlen=10)
        self._live = live
        self.rest = Rest(settings.trainer.rest_above_c)
        self.processes = Processes(settings, journal.memory, self.resume, receipts, live)

    def resume(self) -> Resume:
        """Where a stage's life begins; `operator.power_up` decides about the lamp once after each power cut."""
        lit = self.journal.lit()
        if self._power_up != "restore" and not self.journal.knows_this_boot():
            lit = self._power_up == "lit"
        return Resume(self.clock(), self.journal.utterance(), lit, self.standing.listens, self._records)

    def start(self) -> None:
        self.processes.start()

    def post(self, message: AnyMessage) -> None:
        """Journal a message and give it to those who hear it."""
        if isinstance(message, STAMPED):
            message = msgspec.structs.replace(message, at=self.clock())
        seq = self._keep(message)
        match message:
            case Lamp() | Flip() | Acted():
                self.lit = message.lit
            case Records():
                self._records = message.records
            case Level():
                self.ears.hear(message)
            case Listening():
                self.ears.begin(message.at)
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
        self.post(example)
        self.post(Told(self.clock(), example))

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
        self.recent = deque((one for one in self.recent if not knows(one)), self.recent.maxlen)
        self.model = self.thought = None
        # an act that is forgotten may have been what told how the lamp is
        self._keep(Lamp(self.clock(), self.lit))
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
        now = self.clock()
        if ticking and now >= self._next_tick:
            self._next_tick = now + self._tick_s
            for message in self.standing.over(now):
                self.post(message)
            self.post(Tick(now))
        self.processes.tend()
        wait = (min(until, self._next_tick if ticking else until) - self.clock()) / self._speed
        for message in self.processes.arrival(min(wait, self._tick_s)):
            self.post(message)

    def settle(self) -> None:
        """Route until nobody has anything left to handle."""
        while any(one.pending for one in self.processes.children.values()):
            self.turn(self.clock() + 0.05, ticking=False)
