"""What runs in a stage's process: messages come out of one queue, what was handled and said goes into another.

A message is acknowledged together with what it led to, in one piece: a process that dies has either done both or
neither, and the hub gives the message again to the next life. Presses of a real button and blocks of a real microphone
arise here and are handled here, before the hub hears of them.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import deque
from multiprocessing.queues import Queue
from typing import TYPE_CHECKING, NoReturn

import msgspec

from lampd import assembly
from lampd.learners.abandoned import Abandoned
from lampd.messages import AnyMessage, Block, Example, Press, Privacy, Resume, Speaking, Speech, Tick, decode, encode
from lampd.precedence import step_back
from lampd.routes import Stage
from lampd.settings import Settings

if TYPE_CHECKING:
    from lampd.devices.command import Command
    from lampd.devices.panel import Panel

OVERTAKES = (Example, Speaking, Speech)
"""A model that is being fitted to fewer examples, or speech that is heard so far, by these."""
POLL_S = 0.5
"""Between two looks at whether the parent still lives."""


class Handled(msgspec.Struct, frozen=True):
    """A message with number `seq` was handled, and `said` followed. Number 0 is one that arose in the process itself:
    `heard`, or the Resume with which its life began (`ready`). A `note` is for the lamp's owner, and empty once all is
    well again; `output` is what its log shows of it besides."""

    seq: int
    said: list[AnyMessage]
    heard: AnyMessage | None = None
    ready: bool = False
    error: str = ""
    note: str | None = None
    output: str = ""


encode_handled = msgspec.msgpack.Encoder().encode
decode_handled = msgspec.msgpack.Decoder(Handled).decode


class Beginning(msgspec.Struct, frozen=True):
    """All that a stage's process needs to begin: `memory`, encoded messages, is heard without saying anything, then
    `resume`. `live` processes listen to the real microphone and button."""

    name: str
    settings: Settings
    memory: list[bytes]
    resume: Resume
    live: bool


encode_beginning = msgspec.msgpack.Encoder().encode
decode_beginning = msgspec.msgpack.Decoder(Beginning).decode


class Child:
    """One stage between its two queues."""

    def __init__(self, beginning: Beginning, inbox: "Queue[bytes]", outbox: "Queue[bytes]") -> None:
        self._beginning = beginning
        self._inbox, self._outbox = inbox, outbox
        self._waiting: deque[bytes] = deque()
        # a press is handled in the button's own thread
        self._lock = threading.Lock()
        self._now = beginning.resume.at
        self._asked = 0
        self._notes: dict[str, str] = {}
        self.panel: Panel | None = None
        self.command: Command | None = None

    def run(self) -> None:
        """Handle messages until the hub says good night or is gone."""
        name, settings = self._beginning.name, self._beginning.settings
        if name == "operator":
            from lampd.devices.panel import Panel

            self.panel = panel = Panel(settings.gpio, self._beginning.resume.lit)
            # a replay moves nothing in the house
            if settings.actuator.command and self._beginning.live:
                from lampd.devices.command import Command

                self.command = Command(settings.actuator, settings.thing, self._note_command)
            self._stage: Stage = assembly.build(name, settings, self._move, light=panel.shine)
        else:
            self._stage = assembly.build(name, settings, newer=self._newer, note=self._note)
        self._recall()
        self._say(Handled(0, self._stage.handle(self._beginning.resume), self._beginning.resume, ready=True))
        if self.panel:
            self.panel.on_press(self._pressed)
            self.panel.on_privacy(self._privacy_pressed)
        if name == "recorder" and self._beginning.live:
            threading.Thread(target=self._listen, daemon=True).start()
        while True:
            seq, message = self._next()
            if self.panel and isinstance(message, Tick):
                self._look(self.panel, message.at)
            if self.panel and self.panel.simulated and isinstance(message, Press) and message.lit is None:
                self._now, self._asked = message.at, seq
                self.panel.press()
            else:
                self._handle(seq, message)

    def _look(self, panel: "Panel", at: float) -> None:
        """Tell what is wrong with the panel, as it changes; without a relay or a button there is no operator."""
        if (wrong := panel.look(at)) != self._notes.get("panel", ""):
            self._note(wrong, "panel")

    def _recall(self) -> None:
        """Hear what the last life knew, but for what cannot be heard: else no life would begin."""
        for known in self._beginning.memory:
            try:
                self._stage.handle(decode(known))
            except Exception as error:
                self._say(Handled(0, [], error=f"does without something it knew: {type(error).__name__}: {error}"))
        self._beginning.memory.clear()

    def _note(self, text: str, about: str = "", output: str = "") -> None:
        """Tell its owner, in place of what was told about the same before."""
        self._notes[about] = text
        self._say(Handled(0, [], note="; ".join(filter(None, self._notes.values())), output=output))

    def _note_command(self, text: str, output: str) -> None:
        self._note(text, "command", output)

    def _move(self, lit: bool) -> None:
        """The relay first: a command has all the time in the world."""
        if self.panel:
            self.panel.set(lit)
        if self.command:
            self.command.set(lit)

    def _handle(self, seq: int, message: AnyMessage) -> None:
        with self._lock:
            self._now = message.at
            try:
                said = self._stage.handle(message)
            except Abandoned:
                # the tick comes again after the newer data
                self._waiting.append(numbered(seq, encode(message)))
                return
            self._say(Handled(seq, said))

    def _pressed(self) -> None:
        """A finger on the button: the relay moves before anything else happens."""
        # the pin of a simulated button was moved because the hub gave a press with this number
        seq, self._asked = self._asked, 0
        press = Press(self._now if seq else time.monotonic())
        self._by_hand(seq, press)

    def _privacy_pressed(self) -> None:
        self._by_hand(0, Privacy(time.monotonic()))

    def _by_hand(self, seq: int, touch: Press | Privacy) -> None:
        try:
            with self._lock:
                self._say(Handled(seq, self._stage.handle(touch), None if seq else touch))
        except Exception as error:
            # whoever calls back would only log it
            self._fail(error)

    def _listen(self) -> None:
        from lampd.devices.microphone import heard

        recorder = self._beginning.settings.recorder
        try:
            for at, pcm in heard(recorder.device, recorder.deaf_after_s, lambda text: self._note(text, "microphone")):
                with self._lock:
                    if said := self._stage.handle(Block(at, pcm)):
                        self._say(Handled(0, said))
        except Exception as error:
            # the stream may hang for ever when closed: the next process opens another
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        """End the process from a thread of it, which would else live on without that."""
        self._say(Handled(0, [], error=explained(error)))
        time.sleep(POLL_S)
        os._exit(1)

    def _say(self, handled: Handled) -> None:
        try:
            self._outbox.put_nowait(encode_handled(handled))
        except queue.Full:
            # the hub is stuck; what was not acknowledged will be asked for again
            return

    def _next(self) -> tuple[int, AnyMessage]:
        if not self._waiting:
            self._waiting.append(_taken(self._inbox))
        raw = self._waiting.popleft()
        if not raw:
            # the hub says good night
            self._leave(0)
        return _number(raw)

    def _leave(self, code: int) -> NoReturn:
        """Leave the relay as it is, which closing its pin might not, and no command that nobody looks after."""
        if self.command:
            self.command.end()
        os._exit(code)

    def _newer(self) -> bool:
        """Whether something waits that makes what is being done out of date."""
        while True:
            try:
                self._waiting.append(self._inbox.get_nowait())
            except queue.Empty:
                break
        if not all(self._waiting):
            self._leave(0)
        return any(isinstance(_number(raw)[1], OVERTAKES) for raw in self._waiting)


def explained(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def numbered(seq: int, message: bytes) -> bytes:
    return seq.to_bytes(8, "big") + message


def _number(raw: bytes) -> tuple[int, AnyMessage]:
    return int.from_bytes(raw[:8], "big"), decode(memoryview(raw)[8:])


def _taken(inbox: "Queue[bytes]") -> bytes:
    """The next that comes out of it, or nothing where the parent is dead."""
    parent = multiprocessing.parent_process()
    while parent is None or parent.is_alive():
        with contextlib.suppress(queue.Empty):
            return inbox.get(timeout=POLL_S)
    return b""


def _not_said(error: Exception, handled: bytes) -> NoReturn:
    """What is lost on its way to the hub, for want of memory, say, is asked for again of the next life alone."""
    os._exit(1)


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    """A process that has lost one of its threads looks well to the hub, and is not."""
    threading.__excepthook__(failure)
    os._exit(1)


def main(inbox: "Queue[bytes]", outbox: "Queue[bytes]") -> None:
    """Entry point of the process; a Beginning is the first that comes out of its inbox."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    outbox._ignore_epipe = True  # type: ignore[attr-defined]
    outbox._on_queue_feeder_error = _not_said  # type: ignore[attr-defined]
    threading.excepthook = _thread_failed
    try:
        if beginning := _taken(inbox):
            start = decode_beginning(beginning)
            step_back(start.name, start.settings)
            Child(start, inbox, outbox).run()
    except Exception as error:
        outbox.put_nowait(encode_handled(Handled(0, [], error=explained(error))))
        outbox.close()
        outbox.join_thread()
        raise SystemExit(1) from error
