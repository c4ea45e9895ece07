"""Pins on a chip of the kernel's gpio-sim: to be run by pytest as root, in a Linux that has it, with -s for the times.

Sleeps are longer than they look where that Linux is emulated, so what is compared with a time has a wide margin.
"""

import logging
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gpiod
import pytest
from gpiozero import LED, Button, OutputDevice
from gpiozero.exc import (
    GPIOPinInUse,
    PinEdgeDetectUnsupported,
    PinFixedPull,
    PinInvalidPin,
    PinMultiplePins,
    PinPWMUnsupported,
    PinSetInput,
)

from lampd import config
from lampd.devices.libgpiod import LibgpiodFactory
from lampd.devices.libgpiod_pin import ChipError, ChipGone
from lampd.devices.panel import Panel, PanelError

CONFIGFS = Path("/sys/kernel/config/gpio-sim")
LABEL = "lampgpio"
LINES = {17: "BTN", 27: "RELAY", 28: "SWITCH", 29: "SWITCH"}
OWNERS = "gpio: {factory: libgpiod, chip: lampgpio, button: {pin: BTN}, relay: {pin: RELAY}}\n"
ENDS_S = 10.0


class Simulated:
    """A chip that fingers can press the lines of."""

    def __init__(self) -> None:
        subprocess.run(["modprobe", "gpio-sim"], check=True)
        self._config = CONFIGFS / "lampd"
        for offset, name in LINES.items():
            line = self._config / "bank0" / f"line{offset}"
            line.mkdir(parents=True)
            (line / "name").write_text(name)
        (self._config / "bank0" / "num_lines").write_text("32")
        (self._config / "bank0" / "label").write_text(LABEL)
        self.plug(True)

    def plug(self, there: bool) -> None:
        (self._config / "live").write_text(str(int(there)))
        if there:
            name = (self._config / "bank0" / "chip_name").read_text().strip()
            self.device = Path("/dev") / name
            until(self.device.exists)
            self._lines = Path("/sys/devices/platform") / (self._config / "dev_name").read_text().strip() / name

    def remove(self) -> None:
        self.plug(False)
        for folder in [*(self._config / "bank0").glob("line*"), self._config / "bank0", self._config]:
            folder.rmdir()

    def pull(self, offset: int, level: int) -> None:
        (self._lines / f"sim_gpio{offset}" / "pull").write_text("pull-up" if level else "pull-down")

    def value(self, offset: int) -> int:
        return int((self._lines / f"sim_gpio{offset}" / "value").read_text())

    def info(self, offset: int) -> gpiod.LineInfo:
        with gpiod.Chip(str(self.device)) as opened:
            return opened.get_line_info(offset)


def until(reached: Callable[[], Any]) -> None:
    end = time.monotonic() + ENDS_S
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.005)


def watchers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("gpio ")]


@pytest.fixture(scope="module")
def chip() -> Iterator[Simulated]:
    made = Simulated()
    yield made
    made.remove()


@pytest.fixture(params=["kernel", "polled"])
def pins(chip: Simulated, request: pytest.FixtureRequest) -> Iterator[LibgpiodFactory]:
    for offset in LINES:
        chip.pull(offset, 1)
    with LibgpiodFactory(LABEL, edges=request.param) as factory:
        yield factory
    until(lambda: not watchers())


@pytest.fixture
def presses() -> list[float]:
    return []


def watched(pins: LibgpiodFactory, presses: list[float], bounce_s: float | None = 0.01, **more: Any) -> Button:
    button = Button("BTN", bounce_time=bounce_s, pin_factory=pins, **more)
    button.when_pressed = lambda: presses.append(time.monotonic())
    return button


def test_press_hold_and_release(chip: Simulated, pins: LibgpiodFactory, presses: list[float]) -> None:
    button = watched(pins, presses, hold_time=0.1)
    held, released = threading.Event(), threading.Event()
    button.when_held, button.when_released = held.set, released.set
    assert not button.is_pressed and chip.info(17).consumer == "lampd"
    for pressed in (1, 2):
        chip.pull(17, 0)
        assert held.wait(ENDS_S) and len(presses) == pressed
        assert button.is_pressed and not released.is_set()
        chip.pull(17, 1)
        assert released.wait(ENDS_S) and not button.is_pressed
        held.clear()
        released.clear()


def test_a_button_that_closes_to_plus(chip: Simulated, pins: LibgpiodFactory, presses: list[float]) -> None:
    button = watched(pins, presses, pull_up=False)
    assert chip.info(17).bias is gpiod.line.Bias.PULL_DOWN and not button.is_pressed
    chip.pull(17, 1)
    until(lambda: presses and button.is_pressed)


def test_bounces_are_one_press(chip: Simulated, pins: LibgpiodFactory, presses: list[float]) -> None:
    button = watched(pins, presses, bounce_s=0.05)
    for bounce in range(9):
        chip.pull(17, bounce % 2)
        time.sleep(0.003)
    until(lambda: presses)
    time.sleep(0.3)
    assert len(presses) == 1 and button.is_pressed


def test_without_debouncing_bounces_are_many(chip: Simulated, presses: list[float]) -> None:
    with LibgpiodFactory(LABEL) as pins:
        button = watched(pins, presses, bounce_s=None)
        for bounce in range(9):
            chip.pull(17, bounce % 2)
            time.sleep(0.02)
        until(lambda: len(presses) > 2)
        button.close()


def test_a_glitch_is_nothing(chip: Simulated, pins: LibgpiodFactory, presses: list[float]) -> None:
    button = watched(pins, presses, bounce_s=0.1)
    chip.pull(17, 0)
    time.sleep(0.01)
    chip.pull(17, 1)
    time.sleep(0.4)
    assert not presses and not button.is_pressed


def test_how_soon_a_press_is_told_and_what_watching_takes(
    chip: Simulated, pins: LibgpiodFactory, presses: list[float]
) -> None:
    button = watched(pins, presses)
    rng = random.Random(0)
    times: list[float] = []
    for _ in range(200):
        time.sleep(rng.uniform(0.02, 0.04))
        began = time.monotonic()
        chip.pull(17, 0)
        until(lambda: len(presses) > len(times))
        times.append(1000 * (presses[-1] - began))
        chip.pull(17, 1)
        until(lambda: not button.is_pressed)
    times.sort()
    used = time.process_time()
    time.sleep(4)
    used = time.process_time() - used
    print(
        f"\n{button.pin._how}: press to callback {statistics.median(times):.1f} ms median, {times[-2]:.1f} p99, "
        f"{times[-1]:.1f} worst; {100 * used / 4:.2f} % of a processor while nothing happens"
    )
    assert times[0] >= 9.0, "sooner than it can be known"
    assert statistics.median(times) < 40


def test_the_relay(chip: Simulated, pins: LibgpiodFactory) -> None:
    relay = OutputDevice("RELAY", pin_factory=pins)
    for lit in (True, False, True):
        relay.value = lit
        assert (chip.value(27), relay.value) == (lit, lit)
    assert (chip.info(27).consumer, chip.info(27).direction) == ("lampd", gpiod.line.Direction.OUTPUT)
    relay.close()
    assert not chip.info(27).used and chip.info(27).direction is gpiod.line.Direction.INPUT


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("lit", [True, False])
def test_the_relay_begins_as_it_is_to_be(
    chip: Simulated, pins: LibgpiodFactory, monkeypatch: pytest.MonkeyPatch, lit: bool, active_high: bool
) -> None:
    asked: list[tuple[gpiod.line.Direction, bool]] = []
    request_lines = gpiod.Chip.request_lines

    def noted(self: gpiod.Chip, lines: Any, *rest: Any) -> gpiod.LineRequest:
        asked.extend((settings.direction, bool(settings.output_value)) for settings in lines.values())
        return request_lines(self, lines, *rest)

    monkeypatch.setattr(gpiod.Chip, "request_lines", noted)
    relay = OutputDevice("RELAY", active_high=active_high, initial_value=lit, pin_factory=pins)
    assert asked == [(gpiod.line.Direction.OUTPUT, lit == active_high)], "the line was never anything else"
    assert chip.value(27) == (lit == active_high) and relay.value == lit


def test_a_line_may_stay_as_it_was_found(chip: Simulated, pins: LibgpiodFactory) -> None:
    for level in (0, 1):
        chip.pull(27, level)
        relay = OutputDevice("RELAY", initial_value=None, pin_factory=pins)
        assert chip.value(27) == level == relay.value
        relay.close()


def test_lines_by_offset_and_by_name_are_the_same(chip: Simulated, pins: LibgpiodFactory) -> None:
    assert pins.pin(17) is pins.pin("BTN") is pins.pin("17")
    assert repr(pins.pin(3)) == "3" and pins.pin(3).info.name == "3"
    led = LED(27, pin_factory=pins)
    assert "RELAY" in repr(led)
    with pytest.raises(GPIOPinInUse, match="already in use by"):
        LED("RELAY", pin_factory=pins)
    led.close()
    LED("RELAY", pin_factory=pins).close()


def test_a_chip_by_its_path(chip: Simulated) -> None:
    with LibgpiodFactory(str(chip.device)) as pins:
        assert pins.board_info.model == f"{chip.device.name} ({LABEL})"
        assert "BTN" in f"{pins.board_info.headers['lines']:mono full}"


def test_what_a_line_cannot_do_is_refused(pins: LibgpiodFactory, presses: list[float]) -> None:
    button, relay = watched(pins, presses), OutputDevice("RELAY", pin_factory=pins)
    with pytest.raises(PinSetInput):
        button.pin.state = 1
    with pytest.raises(PinFixedPull):
        relay.pin.pull = "up"
    with pytest.raises(PinPWMUnsupported):
        relay.pin.frequency = 100
    with pytest.raises(PinEdgeDetectUnsupported):
        relay.pin.when_changed = presses.append


def test_a_line_in_use_is_said_with_who_has_it(chip: Simulated) -> None:
    with LibgpiodFactory(LABEL, consumer="another lamp") as theirs, LibgpiodFactory(LABEL) as ours:
        led = LED("RELAY", pin_factory=theirs)
        with pytest.raises(GPIOPinInUse, match=rf"RELAY of {chip.device} is in use by another lamp"):
            LED("RELAY", pin_factory=ours)
        led.close()
    with LibgpiodFactory(LABEL) as ours:
        LED("RELAY", pin_factory=ours).close()


def test_a_chip_or_line_that_is_not_there_is_said_with_those_that_are(chip: Simulated) -> None:
    with pytest.raises(ChipError, match=rf"no GPIO chip is labelled 'lampgpoi'.*{chip.device} \({LABEL}\)"):
        LibgpiodFactory("lampgpoi")
    with pytest.raises(ChipError, match=r"no GPIO chip at /dev/gpiochip99: No such file.*lampgpio"):
        LibgpiodFactory("/dev/gpiochip99")
    with LibgpiodFactory(LABEL) as pins:
        with pytest.raises(PinInvalidPin, match=r"no line 'BTM' among its 32; did you mean BTN"):
            Button("BTM", pin_factory=pins)
        for name in (32, -1, "32", ""):
            with pytest.raises(PinInvalidPin):
                Button(name, pin_factory=pins)
        with pytest.raises(PinMultiplePins, match=r"offsets \[28, 29\]"):
            Button("SWITCH", pin_factory=pins)
        Button(29, pin_factory=pins).close()


def test_a_user_without_permission_is_told_of_the_group(chip: Simulated) -> None:
    chip.device.chmod(0o660)
    code = "import sys\nfrom lampd.devices.libgpiod import LibgpiodFactory\nLibgpiodFactory(sys.argv[1])"
    for named in (LABEL, str(chip.device)):
        done = subprocess.run(
            [sys.executable, "-c", code, named],
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
        )
        assert "ChipError" in done.stderr and "is it in the group gpio?" in done.stderr, done.stderr


def test_a_chip_without_interrupts_is_polled(
    chip: Simulated, presses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    reconfigure = gpiod.LineRequest.reconfigure_lines

    def without(self: gpiod.LineRequest, lines: Any) -> None:
        if any(settings.edge_detection is not gpiod.line.Edge.NONE for settings in lines.values()):
            raise OSError(6, "No such device or address")
        reconfigure(self, lines)

    monkeypatch.setattr(gpiod.LineRequest, "reconfigure_lines", without)
    with LibgpiodFactory(LABEL) as pins:
        button = watched(pins, presses)
        chip.pull(17, 0)
        until(lambda: presses and button.is_pressed)
    with (
        LibgpiodFactory(LABEL, edges="kernel") as pins,
        pytest.raises(PinEdgeDetectUnsupported, match="has no interrupts"),
    ):
        watched(pins, presses)


def test_a_callback_may_fail_or_close_its_button(
    chip: Simulated, pins: LibgpiodFactory, caplog: pytest.LogCaptureFixture
) -> None:
    button = Button("BTN", bounce_time=0.01, pin_factory=pins)
    button.when_pressed = lambda: 1 // 0
    button.when_released = button.close
    chip.pull(17, 0)
    until(lambda: "ZeroDivisionError" in caplog.text)
    chip.pull(17, 1)
    until(lambda: button.closed)
    assert not chip.info(17).used
    Button("BTN", pin_factory=pins).close()


def test_an_unplugged_chip_is_said_once(
    chip: Simulated, pins: LibgpiodFactory, presses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    button, relay = watched(pins, presses), OutputDevice("RELAY", pin_factory=pins)
    with caplog.at_level(logging.INFO):
        chip.plug(False)
        try:
            until(lambda: not watchers())
            time.sleep(0.3)
            assert [record.message for record in caplog.records] == [
                f"BTN of {chip.device} is not watched any longer: its chip is gone"
            ]
            for use in (lambda: button.is_pressed, relay.on, lambda: relay.value, lambda: LED(3, pin_factory=pins)):
                with pytest.raises(ChipGone, match="the chip is gone"):
                    use()
            button.close()
            relay.close()
        finally:
            chip.plug(True)
    with LibgpiodFactory(LABEL) as again:
        button = watched(again, presses)
        chip.pull(17, 0)
        until(lambda: presses and button.is_pressed)


@pytest.fixture
def gpio(tmp_path: Path) -> Any:
    (tmp_path / "lampd.yaml").write_text(OWNERS)
    return config.load(tmp_path / "lampd.yaml").gpio


def test_the_panel(chip: Simulated, gpio: Any, presses: list[float]) -> None:
    chip.pull(17, 1)
    panel = Panel(gpio, lit=True)
    try:
        assert panel.lit and chip.value(27) == 1 and not panel.simulated
        panel.on_press(lambda: panel.set(not panel.lit))

        def level(value: int) -> bool:
            return chip.value(27) == value

        for value in (0, 1):
            chip.pull(17, 0)
            until(partial(level, value))
            chip.pull(17, 1)
            until(lambda: not panel._button.is_pressed)
        with pytest.raises(PanelError, match=r"RELAY of .* is in use by lampd"):
            Panel(gpio, lit=False)
    finally:
        panel._button.close()
        panel._relay.close()


def test_a_panel_whose_chip_is_unplugged_says_so_and_another_takes_over(chip: Simulated, gpio: Any) -> None:
    chip.pull(17, 1)
    panel = Panel(gpio, lit=True)
    assert panel.look(0.0) == ""
    chip.plug(False)
    try:
        for use in (lambda: panel.set(False), lambda: until(lambda: panel.look(1.0))):
            with pytest.raises(PanelError, match=r"relay on RELAY, button on BTN: .* the chip is gone\. Plug"):
                use()
        with pytest.raises(PanelError, match="no GPIO chip is labelled"):
            Panel(gpio, lit=True)
        panel._button.close()
        panel._relay.close()
    finally:
        chip.plug(True)
    again = Panel(gpio, lit=True)
    assert chip.value(27) == 1
    again._button.close()
    again._relay.close()
