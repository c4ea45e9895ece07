"""How a button bounces: the changes of its line, not debounced, come in as it is pressed; how long it takes to come to
rest leaves."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from lampd.doctor.check import Check, Lamp
from lampd.doctor.pins import NO_PINS

PRESSES, PATIENCE_S = 10, 30.0
APART_S = 0.05
"""Changes nearer than this belong to one movement of the finger: it is not that fast."""


class Movement(NamedTuple):
    """A press or a release: when it began (s), its changes, and how long they went on."""

    at: float
    changes: int
    settles_s: float


def movements(changes: Iterable[float]) -> list[Movement]:
    """Changes of a line, by their times (s) in order, as what a finger did."""
    found: list[Movement] = []
    last = float("-inf")
    for at in changes:
        if at - last > APART_S:
            found.append(Movement(at, 1, 0.0))
        else:
            began = found[-1]
            found[-1] = Movement(began.at, began.changes + 1, at - began.at)
        last = at
    return found


def judged(found: Sequence[Movement], debounce_s: float) -> Check:
    """Against the debounce that is configured."""
    if not found:
        wiring = "look at its wires, at the header pins in hardware/wiring.md, and at gpio.button.pull_up"
        return Check("button", "bad", f"no press was seen in {PATIENCE_S:.0f} s", wiring)
    bounced = [one for one in found if one.changes > 1]
    longest = max(one.settles_s for one in found)
    told = f"{len(found)} presses and releases, {len(bounced)} of them bounced"
    told += f", {1000 * longest:.1f} ms at most" if bounced else ""
    if longest > debounce_s:
        longer = f"set gpio.button.debounce_s to {1.5 * longest:.3f}, which every press then takes longer"
        return Check("button", "look", f"{told}; gpio.button.debounce_s is {debounce_s}", longer)
    return Check("button", "ok", f"{told}; gpio.button.debounce_s is {debounce_s}")


def seen(read: Callable[[], int], until: float, clock: Callable[[], float] = time.monotonic) -> list[float]:
    """When the level changed, looked at as fast as can be, for no board that polls misses a bounce that it could see;
    until so many presses and releases are over, or until the clock says `until`."""
    changes: list[float] = []
    level = read()
    while (now := clock()) < until:
        if (new := read()) != level:
            level = new
            changes.append(now)
        elif changes and now - changes[-1] > APART_S and len(movements(changes)) >= 2 * PRESSES:
            break
    return changes


def button(lamp: Lamp) -> Check:
    """Asks for presses, and looks at the line meanwhile."""
    gpio = lamp.settings.gpio
    if gpio.factory == "mock":
        return Check("button", "ok", NO_PINS)
    if lamp.answer is not None:
        stop = f"`sudo systemctl stop {lamp.service}`, `lampctl doctor --button`, `sudo systemctl start {lamp.service}`"
        return Check("button", "look", "not measured: the running lamp holds its line", stop)
    from gpiozero.exc import PinError

    from lampd.devices.libgpiod import LibgpiodFactory

    try:
        with LibgpiodFactory(gpio.chip or "", consumer="lampctl doctor") as factory:
            pin = factory.pin(gpio.button.pin)
            pin.input_with_pull("up" if gpio.button.pull_up else "down")
            ask = f"press the button {PRESSES} times within {PATIENCE_S:.0f} s, as you would ..."
            print(ask, file=sys.stderr, flush=True)
            changes = seen(lambda: int(pin.state), time.monotonic() + PATIENCE_S)
    except PinError as error:
        return Check("button", "bad", str(error), "see `pins`")
    return judged(movements(changes), gpio.button.debounce_s)
