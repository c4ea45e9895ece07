"""What a board bears: its kernel's sensors come in, how hot it is and whether its power holds leave.

A board that gets too hot slows all its cores down, and one whose power fails loses its card. So learning, which can
wait, stops first.
"""

import contextlib
from pathlib import Path
from typing import NamedTuple

SYS = Path("/sys")
COOLER_C = 5.0
"""Learning goes on this far below where it stopped."""
LOOK_S = 10.0
"""Between two looks at the sensors."""


class Strain(NamedTuple):
    """None is what the board does not tell."""

    temperature_c: float | None = None
    """Of its hottest part that has a sensor."""
    undervoltage: bool | None = None
    """Whether the power supply is too weak at this moment: only Raspberry Pis tell."""


def look(sys: Path = SYS) -> Strain:
    """The sensors under `sys`: thermal zones, in thousandths of a degree, and the Raspberry Pi's alarm."""
    zones = [_number(path) for path in sorted(sys.glob("class/thermal/thermal_zone*/temp"))]
    alarms = [_number(path) for path in sorted(sys.glob("class/hwmon/hwmon*/in0_lcrit_alarm"))]
    hot = [value / 1000 for value in zones if value is not None]
    low = [bool(value) for value in alarms if value is not None]
    return Strain(max(hot) if hot else None, any(low) if low else None)


def _number(path: Path) -> int | None:
    # a sensor may be there and refuse to be read
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return None


class Rest:
    """Whether learning rests, as `strain` was when last looked at; it rests above `above_c`."""

    def __init__(self, above_c: float) -> None:
        self._above_c = above_c
        self._next = float("-inf")
        self.strain = Strain()
        self.rests = False

    def look(self, now: float, sys: Path = SYS) -> bool:
        """Look, if it is time to at `now` (s), and say whether learning rests."""
        if now >= self._next:
            self._next = now + LOOK_S
            self.strain = look(sys)
            limit = self._above_c - (COOLER_C if self.rests else 0)
            hot = self.strain.temperature_c is not None and self.strain.temperature_c > limit
            self.rests = hot or bool(self.strain.undervoltage)
        return self.rests
