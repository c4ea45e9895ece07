"""A pin factory for gpiozero on any gpiochip of Linux, by libgpiod 2: a chip's label comes in, pins leave.

For boards that gpiozero does not know, and for the kernel's gpio-sim; any program with gpiozero can use it:

    from gpiozero import LED, Button
    from lampd.devices.libgpiod import LibgpiodFactory

    pins = LibgpiodFactory("periphs-banks")
    button = Button("7J1 Header Pin16", bounce_time=0.01, pin_factory=pins)
    lamp = LED(94, pin_factory=pins)

or, for all devices of a program, `gpiozero.Device.pin_factory = pins`. There is no PWM and no SPI: gpiozero raises
PinPWMUnsupported and PinSPIUnsupported.
"""

import difflib
import errno
import time
from collections import Counter
from pathlib import Path
from typing import Any

import gpiod
from gpiozero.exc import PinInvalidPin, PinMultiplePins
from gpiozero.pins import BoardInfo, Factory, HeaderInfo, PinInfo

from lampd.devices.edges import FAILURES
from lampd.devices.libgpiod_pin import ChipError, Edges, LibgpiodPin

DEVICES = Path("/dev")
NO_PERMISSION = "this user may not open it; is it in the group gpio?"


class LibgpiodFactory(Factory):  # type: ignore[misc]
    """Pins of the gpiochip with the label `chip`, or of the one at that path.

    A pin is named as the kernel names its line, or by its offset. `edges` says who notices an input's changes: the
    `kernel`, a thread that looks 250 times a second (`polled`), or `auto`: the kernel where the chip has interrupts.
    Either way a change counts once it has held for the pin's `bounce`. `consumer` is what others see holding a line.
    Raises ChipError where the chip cannot be had; `pin` raises PinInvalidPin or PinMultiplePins.
    """

    def __init__(self, chip: str, edges: Edges = "auto", consumer: str = "lampd") -> None:
        super().__init__()
        self._edges, self._consumer = edges, consumer
        self.chip = open_chip(chip)
        self._board = describe(self.chip)
        self.pins: dict[int, LibgpiodPin] = {}

    def close(self) -> None:
        for pin in self.pins.values():
            pin.close()
        self.pins.clear()
        self.chip.close()

    def pin(self, name: int | str) -> LibgpiodPin:
        found = {info.number - 1: info for _, info in self.board_info.find_pin(name)}
        if not found:
            raise PinInvalidPin(f"{self._board.model} has no line {name!r}{self._nearest(str(name))}")
        if len(found) > 1:
            raise PinMultiplePins(f"{self._board.model} has several lines {name!r}: offsets {sorted(found)}")
        [(offset, info)] = found.items()
        if offset not in self.pins:
            self.pins[offset] = LibgpiodPin(self.chip, offset, info, self._edges, self._consumer)
        return self.pins[offset]

    @staticmethod
    def ticks() -> float:
        return time.monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        return later - earlier

    def _get_board_info(self) -> Any:
        return self._board

    def _nearest(self, name: str) -> str:
        lines = self._board.headers["lines"].pins.values()
        near = difflib.get_close_matches(name, [line.name for line in lines], n=3)
        return f" among its {len(lines)}" + (f"; did you mean {' or '.join(near)}?" if near else "")


def open_chip(chip: str) -> gpiod.Chip:
    """The gpiochip with the label `chip`, or at that path; the caller closes it. Raises ChipError."""
    if chip.startswith("/"):
        try:
            return gpiod.Chip(chip)
        except FAILURES as error:
            raise ChipError(f"no GPIO chip at {chip}: {_why(error)}. There are: {', '.join(chips())}") from error
    found = [path for path in _paths() if _label(path) == chip]
    if len(found) == 1:
        return open_chip(found[0])
    if found:
        raise ChipError(f"several GPIO chips are labelled {chip}: {', '.join(found)}. Name one by its path")
    raise ChipError(f"no GPIO chip is labelled {chip!r}. There are: {', '.join(chips())}")


def chips() -> list[str]:
    """The gpiochips that there are, for people: each one's path and label, or why it has none."""
    return [f"{path} ({_label(path) or NO_PERMISSION})" for path in _paths()] or ["none"]


def describe(chip: gpiod.Chip) -> Any:
    """A chip as gpiozero's BoardInfo: one header, `lines`, whose pin n is the line with offset n - 1."""
    about = chip.get_info()
    names = [chip.get_line_info(offset).name or "" for offset in range(about.num_lines)]
    times = Counter(names)
    pins = {
        offset + 1: PinInfo(
            number=offset + 1,
            name=name or str(offset),
            names=frozenset({offset, *([name] if name else []), *([] if times[str(offset)] else [str(offset)])}),
            pull="",
            row=offset + 1,
            col=1,
            interfaces=frozenset({"gpio"}),
        )
        for offset, name in enumerate(names)
    }
    blank = dict.fromkeys(BoardInfo._fields, "")
    header = HeaderInfo(name="lines", rows=len(pins), columns=1, pins=pins)
    return BoardInfo(**{**blank, "model": f"{about.name} ({about.label})", "headers": {"lines": header}})


def _paths() -> list[str]:
    # links are second names of chips that are there
    return sorted(str(path) for path in DEVICES.glob("gpiochip*") if not path.is_symlink())


def _label(path: str) -> str | None:
    try:
        with gpiod.Chip(path) as chip:
            return chip.get_info().label
    except FAILURES:
        return None


def _why(error: Exception) -> str:
    code = getattr(error, "errno", None)
    return NO_PERMISSION if code in (errno.EACCES, errno.EPERM) else getattr(error, "strerror", None) or str(error)
