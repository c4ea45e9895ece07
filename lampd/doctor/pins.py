"""The pins: whether the chip is there, whose its lines are, who may open it. Nothing is moved or claimed."""

import stat
from pathlib import Path
from typing import Any

from lampd.doctor.check import Check, Lamp
from lampd.doctor.who import group, number_of
from lampd.settings import Gpio

LAMPS = {"lampd", "lg"}
"""What its own pin factory, and gpiozero's by lgpio, call themselves."""
NO_PINS = "there are no pins: the keyboard, or `lampctl flip`, is the switch"


def wanted(gpio: Gpio) -> dict[str, int | str]:
    """The lines that the lamp uses, by what is on them."""
    lines = {"button": gpio.button.pin}
    if gpio.relay:
        lines["relay"] = gpio.relay.pin
    if gpio.privacy_button:
        lines["privacy button"] = gpio.privacy_button.pin
    if gpio.status_light:
        lines["status light"] = gpio.status_light.pin
    return lines


def pins(lamp: Lamp) -> Check:
    """The chip and its lines."""
    gpio = lamp.settings.gpio
    if gpio.factory == "mock":
        return Check("pins", "ok", NO_PINS)
    if not gpio.chip:
        return Check(
            "pins", "look", "the configuration names no gpio.chip: not looked at", "set `board:` to this board"
        )
    from gpiozero.exc import PinError

    from lampd.devices.libgpiod import LibgpiodFactory

    try:
        with LibgpiodFactory(gpio.chip) as factory:
            wrong = _access(Path(factory.chip.path))
            lines = {what: _line(factory, name) for what, name in wanted(gpio).items()}
    except PinError as error:
        overlay = "set `board:` to this board, and look that its kernel has the GPIO driver (`ls /dev/gpiochip*`)"
        return Check("pins", "bad", str(error), overlay)
    if wrong:
        return wrong
    found = [verdict(what, name, consumer, lamp.answer is not None) for what, (name, consumer) in lines.items()]
    told = "; ".join(one.found for one in found)
    for worse in ("bad", "look"):
        if first := next((one for one in found if one.verdict == worse), None):
            return first._replace(found=told)
    return Check("pins", "ok", f"{gpio.chip}: {told}")


def _line(factory: Any, name: int | str) -> tuple[str, str | None]:
    """A line's name, and who holds it: None where nobody does."""
    about = factory.chip.get_line_info(factory.pin(name).info.number - 1)
    return str(about.name or name), (about.consumer or "the kernel") if about.used else None


def verdict(what: str, line: str, consumer: str | None, runs: bool) -> Check:
    """On a line that is held by `consumer`, while the lamp runs or does not."""
    if consumer is None and runs:
        why = "the operator's error in `lampctl status` says why"
        return Check("pins", "bad", f"{what} {line} is held by nobody, though lampd runs", why)
    if consumer is None:
        return Check("pins", "ok", f"{what} {line} is free")
    if consumer in LAMPS and runs:
        return Check("pins", "ok", f"{what} {line} is lampd's")
    if consumer in LAMPS:
        other = "another lamp's, or one's that hangs: `ps aux | grep lampd` shows them"
        return Check("pins", "bad", f"{what} {line} is held by {consumer}, though lampd does not run", other)
    free = f"stop what holds it, or take its overlay out of the boot configuration, or put the {what} on another line"
    return Check("pins", "bad", f"{what} {line} is held by {consumer}", free)


def _access(chip: Path) -> Check | None:
    """What is wrong with who may open the chip's file: the service does as the group gpio."""
    about = chip.stat()
    if number_of("lampd") is None or about.st_mode & 0o006 == 0o006:
        return None
    if group(about.st_gid) == "gpio" and about.st_mode & (stat.S_IRGRP | stat.S_IWGRP) == 0o060:
        return None
    rule = "put systemd/60-lampd-gpio.rules into /usr/lib/udev/rules.d, and start the board anew"
    return Check("pins", "bad", f"{chip} is for the group {group(about.st_gid)}, and lampd is in gpio", rule)
