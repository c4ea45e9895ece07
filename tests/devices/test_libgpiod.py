"""The pin factory on a chip that is imagined; on_gpio_sim.py has a real one."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gpiod
import pytest
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero import LED, Button, OutputDevice
from gpiozero.exc import (
    GPIOPinInUse,
    PinEdgeDetectUnsupported,
    PinError,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPin,
    PinInvalidPull,
    PinMultiplePins,
    PinSPIUnsupported,
)

from lampd import config
from lampd.bench.faults.imagined import Chip, imagine
from lampd.devices import libgpiod
from lampd.devices.edges import PERIOD_S, Debounce
from lampd.devices.libgpiod import LibgpiodFactory
from lampd.devices.libgpiod_pin import ChipError, ChipGone
from lampd.devices.panel import Panel, PanelError


@pytest.fixture(autouse=True)
def imagined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for what, name in ((gpiod, "Chip"), (libgpiod, "DEVICES")):
        monkeypatch.setattr(what, name, getattr(what, name))
    imagine(tmp_path)


@pytest.fixture
def pins(imagined: None) -> Iterator[LibgpiodFactory]:
    with LibgpiodFactory("imagined") as factory:
        yield factory
    assert not Chip.settings
    until(lambda: not any(thread.name.startswith("gpio ") for thread in threading.enumerate()))


def until(reached: Callable[[], Any]) -> None:
    end = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_level_counts_once_it_has_held() -> None:
    debounce = Debounce(1, 0.01)
    bouncing = {0.0: 1, 0.004: 0, 0.008: 1, 0.012: 0, 0.016: 0, 0.020: 1, 0.024: 0, 0.028: 0, 0.032: 0}
    assert not any(debounce.look(level, now) for now, level in bouncing.items())
    assert debounce.look(0, 0.035) and debounce.level == 0
    assert not debounce.look(0, 0.04)


def test_a_press_is_known_within_a_look_and_what_it_has_to_hold() -> None:
    debounce = Debounce(1, 0.01)
    assert debounce.due_s(0.0) == PERIOD_S
    now = looks = 0.0
    while not debounce.look(0, now):
        now, looks = now + debounce.due_s(now), looks + 1
    assert now == pytest.approx(0.01) and looks == 3
    assert Debounce(1, 0.0).look(0, 0.0)


def test_a_chip_without_interrupts_is_polled(pins: LibgpiodFactory, caplog: pytest.LogCaptureFixture) -> None:
    presses: list[float] = []
    with caplog.at_level(logging.INFO):
        button = Button("BTN", bounce_time=0.01, pin_factory=pins)
    assert [record.message.split(" of ")[0] for record in caplog.records] == ["BTN"]
    button.when_pressed = lambda: presses.append(time.monotonic())
    for _ in range(2):
        Chip.levels[2] = 0
        until(lambda: button.is_pressed)
        Chip.levels[2] = 1
        until(lambda: not button.is_pressed)
    assert len(presses) == 2
    assert Chip.settings[2].bias is Bias.PULL_UP


def test_the_kernel_is_asked_for_edges_and_their_debouncing_at_once(pins: LibgpiodFactory) -> None:
    Button("BTN", bounce_time=0.01, pin_factory=pins)
    [asked] = [settings for settings in Chip.asked if settings.edge_detection is not Edge.NONE]
    assert (asked.edge_detection, asked.debounce_period.total_seconds()) == (Edge.BOTH, 0.01)


def test_who_wants_the_kernels_edges_is_told_that_there_are_none(imagined: None) -> None:
    with (
        LibgpiodFactory("imagined", edges="kernel") as pins,
        pytest.raises(PinEdgeDetectUnsupported, match=r"BTN of .*gpiochip7 has no interrupts"),
    ):
        Button("BTN", pin_factory=pins)


@pytest.mark.parametrize(("edges", "levels"), [("rising", [1]), ("falling", [0]), ("both", [0, 1]), ("none", [])])
def test_edges(pins: LibgpiodFactory, edges: str, levels: list[int]) -> None:
    pin = pins.pin("BTN")
    pin.input_with_pull("up")
    pin.edges = edges
    seen: list[int] = []

    def changed(_at: float, level: int) -> None:
        seen.append(level)

    pin.when_changed = changed
    for level in (0, 1):
        Chip.levels[2] = level
        time.sleep(0.03)
    assert seen == levels
    pin.close()


def test_an_output_has_its_level_from_the_first_moment_on(pins: LibgpiodFactory) -> None:
    relay = OutputDevice("RELAY", active_high=False, initial_value=True, pin_factory=pins)
    assert [(asked.direction, asked.output_value) for asked in Chip.asked] == [(Direction.OUTPUT, Value.INACTIVE)]
    relay.off()
    assert Chip.levels[3] == 1 and not relay.value
    relay.close()
    assert Chip.asked[-1].direction is Direction.INPUT


def test_lines_have_names_and_offsets(pins: LibgpiodFactory) -> None:
    assert pins.pin(2) is pins.pin("BTN") and pins.pin(1) is pins.pin("1")
    assert pins.pin("2") is pins.pin(4), "a name goes before an offset"
    assert pins.pin(5) is not pins.pin(6)
    assert [pins.pin(offset).info.name for offset in range(7)] == ["GPIO0", "1", "BTN", "RELAY", "2", "TWICE", "TWICE"]
    with pytest.raises(PinMultiplePins, match=r"\[5, 6\]"):
        pins.pin("TWICE")
    with pytest.raises(PinInvalidPin, match=r"gpiochip7 \(imagined\) has no line 'BTM' among its 7; did you mean BTN"):
        pins.pin("BTM")
    assert "RELAY" in f"{pins.board_info.headers['lines']:mono full}"


def test_a_line_is_its_devices_alone(pins: LibgpiodFactory) -> None:
    led = LED("RELAY", pin_factory=pins)
    with pytest.raises(GPIOPinInUse, match="already in use by"):
        LED(3, pin_factory=pins)
    led.close()
    Chip.settings[3] = gpiod.LineSettings()
    with pytest.raises(GPIOPinInUse, match=r"RELAY of .* is in use by another lamp"):
        LED("RELAY", pin_factory=pins)
    Chip.settings.clear()
    LED("RELAY", pin_factory=pins).close()


@pytest.mark.parametrize(
    ("attribute", "value", "error"),
    [
        ("function", "spi", PinInvalidFunction),
        ("pull", "sideways", PinInvalidPull),
        ("bounce", -1, PinInvalidBounce),
        ("edges", "all", PinInvalidEdges),
    ],
)
def test_nonsense_is_refused(pins: LibgpiodFactory, attribute: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        setattr(pins.pin("BTN"), attribute, value)
    with pytest.raises(PinSPIUnsupported):
        pins.spi(port=0)


def test_an_unplugged_chip_is_said_once(pins: LibgpiodFactory, caplog: pytest.LogCaptureFixture) -> None:
    button, relay = Button("BTN", bounce_time=0.01, pin_factory=pins), OutputDevice("RELAY", pin_factory=pins)
    caplog.clear()
    Chip.failure = OSError(errno.ENODEV, "No such device")
    until(lambda: caplog.records)
    time.sleep(0.05)
    assert [record.message.split(" is ")[1:] for record in caplog.records] == [
        ["not watched any longer: its chip", "gone"]
    ]
    for use in (lambda: button.is_pressed, relay.on, lambda: relay.value):
        with pytest.raises(ChipGone, match="the chip is gone"):
            use()


def test_a_line_that_is_no_longer_watched_is_said_though_it_can_be_read(
    pins: LibgpiodFactory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    button = Button("BTN", bounce_time=0.01, pin_factory=pins)
    with monkeypatch.context() as broken:
        broken.setattr(Chip, "failure", ValueError("libgpiod's own"))
        until(lambda: caplog.records)
    with pytest.raises(PinError, match=r"BTN of .* is not watched any longer: libgpiod's own"):
        _ = button.is_pressed


def test_chips_that_are_there_are_named(imagined: None) -> None:
    for chip in ("imagning", ""):
        with pytest.raises(ChipError, match=rf"labelled '{chip}'. There are: .*gpiochip7 \(imagined\)"):
            LibgpiodFactory(chip)
    with pytest.raises(ChipError, match=r"at /dev/gpiochip9: No such file .*gpiochip7 \(imagined\)"):
        LibgpiodFactory("/dev/gpiochip9")


def test_a_chip_that_may_not_be_opened_is_said_so(imagined: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(gpiod, "Chip", refuse)
    with pytest.raises(ChipError, match=r"gpiochip7 \(this user may not open it; is it in the group gpio\?\)"):
        LibgpiodFactory("imagined")


def test_the_panel(imagined: None, tmp_path: Path) -> None:
    (tmp_path / "lampd.yaml").write_text(
        "gpio: {factory: libgpiod, chip: imagined, button: {pin: BTN}, relay: {pin: RELAY}}\n"
    )
    gpio = config.load(tmp_path / "lampd.yaml").gpio
    panel = Panel(gpio, lit=True)
    assert panel.lit and not panel.simulated and Chip.levels[3] == 1
    panel.on_press(lambda: panel.set(False))
    Chip.levels[2] = 0
    until(lambda: not panel.lit)
    with pytest.raises(PanelError, match=r"relay on RELAY, button on BTN: .* is in use by another lamp"):
        Panel(gpio, lit=True)
    panel._button.close()
    panel._relay.close()
