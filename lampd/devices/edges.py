"""Changes of a line's level: a line that libgpiod holds comes in, calls with the time and the new level leave.

The kernel reports them where the chip has interrupts; `Polled` looks at the line itself where it has none.
"""

import errno
import logging
import os
import select
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from gpiod import EdgeEvent, LineRequest

Change = tuple[float, int]
"""When, in seconds of the monotonic clock, and the level since: 0 or 1."""

PERIOD_S = 0.004
"""Between two looks at a polled line."""

FAILURES = (OSError, ValueError, NotImplementedError)
"""libgpiod's Python turns some of the kernel's errors into the latter."""

log = logging.getLogger(__name__)


class Debounce:
    """A level that is looked at now and then; a change counts once it has held for `period_s` seconds."""

    def __init__(self, level: int, period_s: float) -> None:
        self.level = level
        self._period_s = period_s
        self._since: float | None = None

    def look(self, level: int, now: float) -> bool:
        """Whether the level has changed, now that it was seen as `level`."""
        if level == self.level:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now - self._since < self._period_s:
            return False
        self.level, self._since = level, None
        return True

    def due_s(self, now: float) -> float:
        """Seconds until the next look: fewer where a change is about to count."""
        return PERIOD_S if self._since is None else max(0.0, min(PERIOD_S, self._since + self._period_s - now))


class Watch(ABC):
    """A thread that calls `changed` for each change, until `stop` or until the chip is unplugged, which it logs."""

    def __init__(self, line: str, changed: Callable[[float, int], None]) -> None:
        self._line, self._changed = line, changed
        self._stopped = False
        self.failed = ""
        """Why the line is not watched any longer, though nobody stopped it."""
        self._in_use = threading.Lock()
        self._wake = os.eventfd(0)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"gpio {self._line}", daemon=True).start()

    def stop(self) -> None:
        """The line is in use no longer when this returns; a call that is under way may still be. From any thread."""
        if self._stopped:
            return
        self._stopped = True
        os.eventfd_write(self._wake, 1)
        # a line whose descriptor is being polled would stay busy after its release
        with self._in_use:
            os.close(self._wake)

    @property
    def level(self) -> int | None:
        """The debounced level, where it is known here; else the line knows it."""
        return None

    def _run(self) -> None:
        while True:
            try:
                with self._in_use:
                    if self._stopped:
                        return
                    ready = self._poll.poll(self._wait_ms())
                    if self._stopped:
                        return
                    changes = self._look(ready)
            except FAILURES as error:
                self.failed = _reason(error)
                log.error("%s is not watched any longer: %s", self._line, self.failed)
                return
            for at, level in changes:
                try:
                    self._changed(at, level)
                except Exception:
                    log.exception("%s: what it calls failed", self._line)

    @abstractmethod
    def _wait_ms(self) -> float | None: ...

    @abstractmethod
    def _look(self, ready: list[tuple[int, int]]) -> list[Change]:
        """Raises one of FAILURES where the line cannot be used any longer."""


class Kernel(Watch):
    """Edges that the kernel reports, and debounces if `request` asks for it."""

    def __init__(self, line: str, changed: Callable[[float, int], None], request: LineRequest) -> None:
        super().__init__(line, changed)
        self._request = request
        self._fd = request.fd
        self._poll.register(self._fd, select.POLLIN)

    def _wait_ms(self) -> None:
        return None

    def _look(self, ready: list[tuple[int, int]]) -> list[Change]:
        if dict(ready).get(self._fd, 0) & ~select.POLLIN:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return [
            (event.timestamp_ns / 1e9, int(event.event_type is EdgeEvent.Type.RISING_EDGE))
            for event in self._request.read_edge_events()
        ]


class Polled(Watch):
    """A line that `read` is asked for every 4 ms; of its changes, those `to` the given levels are told."""

    def __init__(
        self,
        line: str,
        changed: Callable[[float, int], None],
        read: Callable[[], int],
        debounce_s: float = 0.0,
        to: tuple[int, ...] = (0, 1),
    ) -> None:
        super().__init__(line, changed)
        self._read, self._to = read, to
        self._debounce = Debounce(read(), debounce_s)

    @property
    def level(self) -> int | None:
        return None if self.failed else self._debounce.level

    def _wait_ms(self) -> float:
        return 1000 * self._debounce.due_s(time.monotonic())

    def _look(self, ready: list[tuple[int, int]]) -> list[Change]:
        level, now = self._read(), time.monotonic()
        return [(now, level)] if self._debounce.look(level, now) and level in self._to else []


def _reason(error: Exception) -> str:
    return "its chip is gone" if getattr(error, "errno", None) == errno.ENODEV else str(error) or type(error).__name__
