"""One line of a gpiochip as gpiozero's Pin: it is requested when it is given a function, and released when closed."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from types import MethodType
from typing import Any, Literal
from weakref import WeakMethod, ref

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero.exc import (
    GPIOPinInUse,
    PinEdgeDetectUnsupported,
    PinError,
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPull,
    PinSetInput,
)
from gpiozero.pins import Pin

from lampd.devices.edges import FAILURES, Kernel, Polled, Watch, log

Edges = Literal["auto", "kernel", "polled"]
PULLS = {"floating": Bias.DISABLED, "up": Bias.PULL_UP, "down": Bias.PULL_DOWN}
EDGES = {"none": Edge.NONE, "rising": Edge.RISING, "falling": Edge.FALLING, "both": Edge.BOTH}
LEVELS = {"rising": (1,), "falling": (0,), "both": (0, 1)}
EVENTS = 64  # that the kernel keeps while a callback takes its time


class ChipError(PinError):  # type: ignore[misc]
    """A gpiochip that cannot be found, opened or used; the text says why, and which there are."""


class ChipGone(ChipError):
    """A gpiochip that was there and was unplugged."""


class LibgpiodPin(Pin):  # type: ignore[misc]
    """The line `offset` of `chip`; as gpiozero has it, levels are what the wire has: 0 low, 1 high.

    What the line refuses raises gpiozero's errors, a chip that was unplugged ChipGone.
    """

    def __init__(self, chip: gpiod.Chip, offset: int, info: Any, edges: Edges, consumer: str) -> None:
        super().__init__()
        self._chip, self._offset, self._info = chip, offset, info
        self._how, self._consumer = edges, consumer
        self._where = f"{info.name} of {chip.path}"
        self._lock = Lock()
        self._request: gpiod.LineRequest | None = None
        self._watch: Watch | None = None
        self._callback: ref[Any] | WeakMethod[Any] | None = None
        self._rest()

    def __repr__(self) -> str:
        return str(self._info.name)

    def close(self) -> None:
        """Make the line an input, as all of gpiozero's pins do, and let go of it. Raises nothing."""
        self._forget()
        if self._request:
            try:
                if self._function == "output":
                    self._apply(gpiod.LineSettings(direction=Direction.INPUT))
            except FAILURES:
                log.debug("%s was not made an input", self._where)
            self._request.release()
            self._request = None
        self._rest()

    def output_with_state(self, state: float) -> None:
        """The line drives `state` from its first moment on."""
        self._forget()
        with self._explained():
            self._apply(gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value(int(bool(state)))))
        self._function = "output"

    def input_with_pull(self, pull: str) -> None:
        self._forget()
        self._pull = self._known(pull, PULLS, PinInvalidPull)
        with self._explained():
            self._apply(self._input())
        self._function = "input"

    def _rest(self) -> None:
        self._function, self._pull, self._edges = "input", "floating", "both"
        self._bounce: float | None = None

    def _get_info(self) -> Any:
        return self._info

    def _get_function(self) -> str:
        if self._request:
            return self._function
        with self._explained():
            return "output" if self._chip.get_line_info(self._offset).direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value == "input":
            self.input_with_pull(self._pull)
        elif value == "output":
            self.output_with_state(self._get_state())
        else:
            raise PinInvalidFunction(f"{self._where} can be input or output, not {value!r}")

    def _get_state(self) -> int:
        with self._explained():
            if not self._request:
                self._apply(gpiod.LineSettings())
            known = self._watch.level if self._watch else None
            level = self._read() if known is None else known
        if self._watch and self._watch.failed:
            raise PinError(f"{self._where} is not watched any longer: {self._watch.failed}")
        return level

    def _set_state(self, value: float) -> None:
        if self._get_function() != "output" or not self._request:
            raise PinSetInput(f"{self._where} is an input: it cannot be set")
        with self._explained(), self._lock:
            self._request.set_value(self._offset, Value(int(bool(value))))

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        pull = self._known(value, PULLS, PinInvalidPull)
        if self._function != "input":
            raise PinFixedPull(f"{self._where} is an output: it has no pull")
        self._pull = pull
        self._listen()

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        if value is not None and value < 0:
            raise PinInvalidBounce(f"{self._where}: bounce is in seconds, not {value}")
        self._bounce = value
        self._listen()

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        self._edges = self._known(value, EDGES, PinInvalidEdges)
        self._listen()

    def _get_when_changed(self) -> Any:
        return self._callback() if self._callback else None

    def _set_when_changed(self, value: Any) -> None:
        # held weakly, so that a device that nobody holds is closed
        method = WeakMethod(value) if isinstance(value, MethodType) else ref(value) if value else None
        had, self._callback = self._callback, method
        if bool(had) != bool(method):
            self._listen()

    def _call(self, at: float, level: int) -> None:
        if callback := self._get_when_changed():
            callback(at, level)

    def _forget(self) -> None:
        self._callback = None
        self._unwatch()

    def _unwatch(self) -> None:
        watch, self._watch = self._watch, None
        if watch:
            watch.stop()

    def _listen(self) -> None:
        """Bring the line of an input, and who watches it, in agreement with what was set."""
        if self._function == "output":
            raise PinEdgeDetectUnsupported(f"{self._where} is an output: it has no edges")
        self._unwatch()
        if not self._request and not self._callback:
            return
        with self._explained():
            if not self._callback or self._edges == "none":
                self._apply(self._input())
            elif self._how == "polled" or not self._kernel_watches():
                self._apply(self._input())
                self._watch = Polled(self._where, self._call, self._read, self._bounce or 0.0, LEVELS[self._edges])
        if self._watch:
            self._watch.start()

    def _kernel_watches(self) -> bool:
        settings = self._input()
        settings.edge_detection = EDGES[self._edges]
        settings.debounce_period = timedelta(seconds=self._bounce or 0.0)
        try:
            request = self._apply(settings)
        except FAILURES as error:
            # ENXIO in today's kernels where the chip has no interrupts; others where one cannot be had
            if getattr(error, "errno", None) == errno.ENODEV or self._how == "kernel":
                raise
            log.info("%s has no interrupts (%s): polled", self._where, error)
            return False
        self._watch = Kernel(self._where, self._call, request)
        return True

    def _input(self) -> gpiod.LineSettings:
        return gpiod.LineSettings(direction=Direction.INPUT, bias=PULLS[self._pull])

    def _apply(self, settings: gpiod.LineSettings) -> gpiod.LineRequest:
        with self._lock:
            if self._request:
                self._request.reconfigure_lines({self._offset: settings})
            else:
                self._request = self._chip.request_lines({self._offset: settings}, self._consumer, EVENTS)
            return self._request

    def _read(self) -> int:
        with self._lock:
            if not self._request:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            return int(bool(self._request.get_value(self._offset)))

    def _known(self, value: str, known: dict[str, Any], error: type[Exception]) -> str:
        if value not in known:
            raise error(f"{self._where}: {value!r} is none of {', '.join(known)}")
        return value

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The kernel's errors as gpiozero's."""
        try:
            yield
        except FAILURES as error:
            code = getattr(error, "errno", None)
            if code == errno.ENODEV:
                raise ChipGone(f"{self._where}: the chip is gone") from error
            if code == errno.EBUSY:
                holder = self._chip.get_line_info(self._offset).consumer
                raise GPIOPinInUse(f"{self._where} is in use by {holder or 'the kernel'}") from error
            if code == errno.ENXIO:
                raise PinEdgeDetectUnsupported(f"{self._where} has no interrupts") from error
            raise PinError(f"{self._where}: {error}") from error
