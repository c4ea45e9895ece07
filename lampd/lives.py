"""One stage's processes, one life after another: its queues, what waits for it, and how it is.

Each life has its own pair of queues, for a process that is killed in the middle of a queue operation leaves the queue
unusable.
"""

import contextlib
import multiprocessing
import queue
import threading
import time
from collections import deque
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from typing import Any

from lampd import child
from lampd.messages import AnyMessage, Speech, encode

SPAWN = multiprocessing.get_context("spawn")
DEADLY, FAILED = 12, 4
"""A message that so many lives in a row did not survive is not given to another; one that failed by itself counts as
FAILED of those that someone may have ended, or that had no more memory."""
SPEECHES = 64
"""Of half a megabyte at most, each."""


class Life:
    """One process of a stage, its queues, and a thread that brings what it says to `arrivals`."""

    def __init__(self, beginning: child.Beginning, size: int, arrivals: "queue.SimpleQueue[Any]") -> None:
        self.inbox: Queue[bytes] = SPAWN.Queue(size)
        self.outbox: Queue[bytes] = SPAWN.Queue(2 * size)
        self.process: BaseProcess = SPAWN.Process(
            target=child.main,
            args=(self.inbox, self.outbox),
            name=f"lampd-{beginning.name}",
            daemon=True,
        )
        self.process.start()
        # with our copies of the child's ends closed, the thread below ends when the child does
        self.outbox._writer.close()  # type: ignore[attr-defined]
        self.inbox._reader.close()  # type: ignore[attr-defined]
        # and what is put into the inbox of a dead child is given again to the next, so that needs no traceback
        self.inbox._ignore_epipe = True  # type: ignore[attr-defined]
        self.began = time.monotonic()
        self.ready = self.failed = False
        try:
            # not among its arguments: a pipe takes 64 kB, and the hub would wait until the child has read the rest
            self.inbox.put_nowait(child.encode_beginning(beginning))
            threading.Thread(target=self._bring, args=(beginning.name, arrivals), daemon=True).start()
        except RuntimeError:
            # no thread is to be had
            self.end()
            raise

    def _bring(self, name: str, arrivals: "queue.SimpleQueue[Any]") -> None:
        # a message cut off by the child's death ends the stream too
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                arrivals.put((name, self, child.decode_handled(self.outbox.get())))
        arrivals.put((name, self, None))

    def end(self) -> None:
        self.process.kill()
        self.process.join(2)
        self.inbox.cancel_join_thread()
        with contextlib.suppress(OSError):
            self.inbox.close()


class Child:
    """A stage that lives in a process, one life after another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.life: Life | None = None
        self.pending: deque[tuple[int, AnyMessage]] = deque()
        """Messages not yet acknowledged; the first `given` of them are in the inbox."""
        self.given = 0
        self.restarts = 0
        self.dropped = 0
        self.error = ""
        self.note = ""
        self.pulse = time.monotonic()
        self.time = 0.0
        """Lamp time as far as it has handled what happened."""
        self.begin_at = 0.0
        self.delay = 0.0
        self._blame = (0, 0)

    def silent_for(self) -> float:
        """Seconds since it last handled anything."""
        return time.monotonic() - self.pulse

    def is_hung(self, after: float, listened: float) -> bool:
        """Whether it has been given something and has handled nothing for `after` seconds, when the hub last `listened`
        to all that had been said."""
        return bool(self.life and self.life.ready and self.given and listened - self.pulse > after)

    def shed(self, most: int) -> None:
        """Of what waits for a stage that takes nothing, lose the oldest where it is more than `most`, or SPEECHES that
        wait to be transcribed: sound is large, and what was said long ago teaches nothing."""
        speeches = [waiting for waiting in self.pending if isinstance(waiting[1], Speech)]
        for waiting in [*self.pending][:-most] or speeches[:-SPEECHES]:
            self.pending.remove(waiting)
            self.dropped += 1

    def set_aside(self, failed: bool) -> AnyMessage | None:
        """Take out the message that is to blame for the end of a life, which `failed` by itself or not, if there is
        one."""
        if not self.given:
            return None
        seq = self.pending[0][0]
        blame = (self._blame[1] if self._blame[0] == seq else 0) + (FAILED if failed else 1)
        self._blame = (seq, blame)
        return self.pending.popleft()[1] if blame >= DEADLY else None

    def flush(self, room: int) -> None:
        """Put what waits into the inbox, as far as there is room."""
        while self.life and self.life.ready and self.given < min(len(self.pending), room):
            seq, message = self.pending[self.given]
            try:
                self.life.inbox.put_nowait(child.numbered(seq, encode(message)))
            except queue.Full:
                return
            if self.given == 0:
                self.pulse = time.monotonic()
            self.given += 1
