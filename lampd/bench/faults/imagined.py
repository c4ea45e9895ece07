"""A gpiochip that is imagined, where there is none: what gpiod.Chip and its requests do, of a chip without interrupts.

Fingers move its lines, it can be unplugged, and another program may hold a line.
"""

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpiod
from gpiod.line import Direction, Edge, Value

from lampd.devices import libgpiod

LINES = ["GPIO0", "", "BTN", "RELAY", "2", "TWICE", "TWICE"]


class Chip:
    """What gpiod.Chip and its requests do, of a chip without interrupts; `levels` is what fingers do."""

    path = "/dev/gpiochip7"
    levels: dict[int, int]
    settings: dict[int, gpiod.LineSettings]
    asked: list[gpiod.LineSettings]
    failure: OSError | None

    def __init__(self, path: str = path) -> None:
        if path != self.path:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    def __enter__(self) -> "Chip":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        pass

    def get_info(self) -> Any:
        return SimpleNamespace(name="gpiochip7", label="imagined", num_lines=len(LINES))

    def get_line_info(self, offset: int) -> Any:
        return SimpleNamespace(name=LINES[offset] or None, consumer="another lamp", direction=Direction.INPUT)

    def request_lines(self, lines: dict[int, gpiod.LineSettings], consumer: str, events: int) -> "Request":
        assert consumer == "lampd" and events >= 16
        [offset] = lines
        if offset in self.settings:
            raise OSError(errno.EBUSY, "Device or resource busy")
        request = Request(offset)
        request.reconfigure_lines(lines)
        return request


class Request:
    def __init__(self, offset: int) -> None:
        self._offset = offset

    def reconfigure_lines(self, lines: dict[int, gpiod.LineSettings]) -> None:
        settings = lines[self._offset]
        self._check()
        Chip.asked.append(settings)
        if settings.edge_detection is not Edge.NONE:
            raise OSError(errno.ENXIO, "No such device or address")
        Chip.settings[self._offset] = settings
        if settings.direction is Direction.OUTPUT:
            Chip.levels[self._offset] = settings.output_value.value

    def get_value(self, offset: int) -> Value:
        self._check()
        return Value(Chip.levels[offset])

    def set_value(self, offset: int, value: Value) -> None:
        self._check()
        Chip.levels[offset] = value.value

    def release(self) -> None:
        del Chip.settings[self._offset]

    def _check(self) -> None:
        if Chip.failure:
            raise Chip.failure


def imagine(folder: Path) -> None:
    """Have `folder` be all the gpiochips that there are: one, labelled "imagined", that nobody has used yet."""
    Chip.levels = dict.fromkeys(range(len(LINES)), 1)
    Chip.settings, Chip.asked, Chip.failure = {}, [], None
    Chip.path = str(folder / "gpiochip7")
    Path(Chip.path).touch()
    vars(gpiod)["Chip"] = Chip
    libgpiod.DEVICES = folder
