"""The stages in five processes: messages are given to each through its own queue, and what it says comes back.

Messages that a dead or hung child had not acknowledged are given to its next life, after that has been reminded of what
the old one knew. Nothing here waits for a child, except call().
"""

import contextlib
import queue
import signal
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from lampd import child
from lampd.inline import Receipts
from lampd.lives import Child, Life
from lampd.log import log
from lampd.messages import AnyMessage, Resume, encode
from lampd.routes import DROPPABLE, STAGES
from lampd.settings import Settings

STARTUP_S = 180.0
"""A slow board takes this long, at worst, to load a large voice."""
SWITCH_FIRST_S = 15.0
"""For so long the other stages wait for the operator."""
SWITCH_STARTS_S, SWITCH_HANGS_S = 30.0, 5.0
"""The operator loads little and never thinks: when it takes longer than this, it is started again."""
STUFFED = 4
"""Inboxes full of messages that wait for a stage, before it counts as hung; no more wait for one that is down."""
BROKEN = (-signal.SIGILL, -signal.SIGSEGV, -signal.SIGBUS)
"""How a process ends whose runtime is not for this processor."""


class Processes:
    """Starts the five, gives them messages, starts them again when they die or hang.

    `memory(name, before)` is what a new life of a stage must know of messages numbered below `before`; `resume()` is
    where the lamp is. `receipts` gets (stage, heard, said) as each message has been handled. `live` children use the
    real microphone and button.
    """

    def __init__(
        self,
        settings: Settings,
        memory: Callable[[str, int | None], list[AnyMessage]],
        resume: Callable[[], Resume],
        receipts: Receipts | None = None,
        live: bool = False,
    ) -> None:
        self._settings, self._memory, self._resume = settings, memory, resume
        self._receipts, self._live = receipts, live
        self._start = 0.0
        self._arrivals: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._held: deque[Any] = deque()
        self._listened = time.monotonic()
        self.children = {name: Child(name) for name in STAGES}

    def start(self) -> None:
        """Start the operator, for the switch must work before anything else; tend() starts the others after it."""
        self._start = time.monotonic()
        self._begin(self.children["operator"])

    def _may_begin(self, one: Child, now: float) -> bool:
        """Whether it is time for a stage's next life: not while the operator is loading, at first, and needs the
        processor and the card for itself."""
        operator = self.children["operator"]
        switch_works = one is operator or operator.restarts or (operator.life and operator.life.ready)
        return now >= one.begin_at and bool(switch_works or now - self._start > SWITCH_FIRST_S)

    def _begin(self, one: Child) -> None:
        before = one.pending[0][0] if one.pending else None
        resume = self._resume()
        if one.pending and one.name != "operator":
            # its time goes on where that of its last life stopped, for what waits has happened since
            resume = msgspec.structs.replace(resume, at=min(resume.at, max(one.time, one.pending[0][1].at)))
        memory = [encode(message) for message in self._memory(one.name, before)]
        beginning = child.Beginning(one.name, self._settings, memory, resume, self._live)
        one.given = 0
        one.pulse = time.monotonic()
        try:
            one.life = Life(beginning, self._settings.hub.inbox, self._arrivals)
        except (OSError, RuntimeError) as error:
            # no process, file or thread is to be had: those that live go on
            one.error = f"cannot be started: {error}"
            self._died(one)

    def give(self, name: str, seq: int, message: AnyMessage) -> None:
        """Put a message into a stage's inbox, in its turn; one that may be lost is, when the inbox is full."""
        one = self.children[name]
        if len(one.pending) >= self._settings.hub.inbox and type(message) in DROPPABLE:
            one.dropped += 1
            return
        one.pending.append((seq, message))
        one.flush(self._settings.hub.inbox)
        if not (one.life and one.life.ready):
            one.shed(STUFFED * self._settings.hub.inbox)

    def arrival(self, timeout: float) -> list[AnyMessage]:
        """Wait up to `timeout` seconds for a child to have handled something, and return what was said by all that have
        by then."""
        said: list[AnyMessage] = []
        try:
            arrived = self._held.popleft() if self._held else self._arrivals.get(timeout=max(0.0, timeout))
            while True:
                if said and (callable(arrived) or arrived[2] is None):
                    # a call, or a stage's next life, is to find journaled what was said before
                    self._held.append(arrived)
                    break
                said += self._take(arrived)
                arrived = self._arrivals.get_nowait()
        except queue.Empty:
            self._listened = time.monotonic()
        return said

    def _take(self, arrived: Any) -> list[AnyMessage]:
        if callable(arrived):
            arrived()
            return []
        name, life, handled = arrived
        one = self.children[name]
        if life is not one.life:
            return []
        if handled is None:
            self._died(one)
            return []
        return self._handled(one, handled)

    def hung(self) -> list[Child]:
        """Those who handle nothing. What arrived while the hub waited for the disk is not held against them."""
        after = dict.fromkeys(self.children, self._settings.hub.hang_after_s)
        after["operator"] = min(after["operator"], SWITCH_HANGS_S)
        return [one for name, one in self.children.items() if one.is_hung(after[name], self._listened)]

    def soon(self, call: Callable[[], object]) -> None:
        """Have `call` made by the thread that waits for arrivals. May be called from any thread."""
        self._arrivals.put(call)

    def _handled(self, one: Child, handled: child.Handled) -> list[AnyMessage]:
        one.pulse = time.monotonic()
        if handled.error:
            one.error = handled.error
            if one.life:
                one.life.failed = not handled.error.startswith(MemoryError.__name__)
            log.error("stage failed", stage=one.name, error=handled.error)
        if handled.note is not None:
            if handled.note:
                output = {"output": handled.output} if handled.output else {}
                log.warning("stage says", stage=one.name, note=handled.note, **output)
            elif one.note:
                log.info("stage is well again", stage=one.name)
            one.note = handled.note
        heard = handled.heard
        # mostly the first; a tick whose fit was given up is handled after the data that came meanwhile
        for place, (seq, message) in enumerate(one.pending):
            if handled.seq == seq:
                heard = message
                del one.pending[place]
                one.given -= 1
                break
        if handled.ready and one.life:
            one.life.ready = True
            log.info("stage ready", stage=one.name, seconds=round(one.pulse - one.life.began, 2))
        one.flush(self._settings.hub.inbox)
        if heard:
            one.time = max(one.time, heard.at)
        if heard and self._receipts:
            self._receipts(one.name, heard, handled.said)
        return handled.said

    def _died(self, one: Child) -> None:
        hub = self._settings.hub
        failed = False
        if one.life:
            one.life.end()
            failed = one.life.failed or one.life.process.exitcode in BROKEN
            log.warning("stage died", stage=one.name, exit=one.life.process.exitcode, again_in_s=one.delay)
            if one.name == "transcriber" and not one.life.ready and one.life.process.exitcode in BROKEN:
                self._fall_back(one)
        one.life = None
        if deadly := one.set_aside(failed):
            log.error("message set aside: no life survived it", stage=one.name, message=type(deadly).__name__)
        one.begin_at = time.monotonic() + one.delay
        one.delay = min(max(2 * one.delay, hub.first_restart_s), hub.longest_restart_s)
        one.restarts += 1

    def _fall_back(self, one: Child) -> None:
        """What crashes while it loads the voice would do so for ever: the next life does without ONNX Runtime."""
        if self._settings.transcriber.runtime == "transformers":
            return
        one.note = "hears with transformers, which is slower and takes more memory: ONNX Runtime crashed"
        log.warning("stage says", stage=one.name, note=one.note)
        transcriber = msgspec.structs.replace(self._settings.transcriber, runtime="transformers")
        self._settings = msgspec.structs.replace(self._settings, transcriber=transcriber)

    def tend(self) -> None:
        """Start again what has died, and end what has hung. To be called often."""
        hub, now, hung = self._settings.hub, time.monotonic(), self.hung()
        for one in self.children.values():
            if one.life is None:
                if self._may_begin(one, now):
                    self._begin(one)
                continue
            age = now - one.life.began
            if not one.life.ready:
                if age > (SWITCH_STARTS_S if one.name == "operator" else STARTUP_S):
                    one.error = f"not ready after {age:.0f} s"
                    self._died(one)
            elif one in hung or (len(one.pending) > STUFFED * hub.inbox and age > hub.hang_after_s):
                one.error = f"hung: nothing handled for {one.silent_for():.0f} s"
                self._died(one)
            elif age > hub.longest_restart_s:
                # it has lived long enough for what its last life died of to be forgotten
                one.delay, one.error = 0.0, ""

    def renew(self, name: str, keep: Callable[[AnyMessage], bool]) -> None:
        """A new life for a stage, which is reminded of what the journal holds now; of the messages that wait for it
        those to `keep`."""
        one = self.children[name]
        if one.life:
            one.life.end()
        one.pending = deque(waiting for waiting in one.pending if keep(waiting[1]))
        self._begin(one)

    def call(self, name: str, seq: int, message: AnyMessage) -> list[AnyMessage]:
        """Give a message and wait until it is handled, through as many lives as that takes. For replays in lockstep."""
        self.give(name, seq, message)
        said: list[AnyMessage] = []
        while self.children[name].pending:
            self.tend()
            said += self.arrival(0.05)
        return said

    def wait_ready(self, timeout: float = STARTUP_S) -> list[AnyMessage]:
        """Wait until every stage is ready, and return what they said meanwhile. Raises TimeoutError."""
        until = time.monotonic() + timeout
        said: list[AnyMessage] = []
        while not all(one.life and one.life.ready for one in self.children.values()):
            if time.monotonic() > until:
                late = [one.name for one in self.children.values() if not (one.life and one.life.ready)]
                raise TimeoutError(f"not ready after {timeout:.0f} s: {', '.join(late)}")
            self.tend()
            said += self.arrival(0.05)
        return said

    def stop(self) -> list[AnyMessage]:
        """End all children; those that do not go within two seconds are killed. The operator goes last: a hand may
        still press. Returns what they said meanwhile."""
        lives = [one.life for one in reversed(self.children.values()) if one.life]
        for life in lives:
            with contextlib.suppress(queue.Full, ValueError, OSError):
                life.inbox.put_nowait(b"")
        until = time.monotonic() + 2
        for life in lives:
            life.process.join(max(0.0, until - time.monotonic()))
            life.end()
        said: list[AnyMessage] = []
        ended = 0
        with contextlib.suppress(queue.Empty):
            while ended < len(lives):
                arrived = self._held.popleft() if self._held else self._arrivals.get(timeout=1)
                if not callable(arrived) and arrived[1] in lives:
                    ended += arrived[2] is None
                    said += arrived[2].said if arrived[2] else []
        for one in self.children.values():
            one.life = None
        return said


class Remote:
    """A stage as replays see it, that lives in a process."""

    def __init__(self, processes: Processes, name: str, number: Callable[[], int]) -> None:
        self.processes = processes
        self._name, self._number = name, number

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        return self.processes.call(self._name, self._number(), message)
