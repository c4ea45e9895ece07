"""The switch and the lamp on simulated pins."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from lampd import config
from lampd.devices.panel import Panel, PanelError
from lampd.messages import Light
from lampd.settings import Button, Gpio, PrivacyButton, Relay
from lampd.settings import Light as StatusLight

PINS = replace(
    config.load(board="laptop").gpio,
    button=Button(pin=17, kind="momentary", pull_up=True, debounce_s=0.0),
    relay=Relay(pin=27, active_high=True),
)


@pytest.fixture
def panels() -> Iterator[Any]:
    """Makes panels, and lets go of their pins afterwards."""
    made: list[Panel] = []

    def make(gpio: Gpio = PINS, lit: bool = False) -> Panel:
        made.append(Panel(gpio, lit))
        return made[-1]

    yield make
    for panel in made:
        panel._button.close()
        if panel._relay:
            panel._relay.close()
        if panel._light:
            panel._light.close()


def count(panel: Panel) -> list[int]:
    presses: list[int] = []
    panel.on_press(lambda: presses.append(len(presses)))
    return presses


def level(panel: Panel) -> bool:
    """What the relay's pin has: high or low."""
    return bool(panel._relay.pin.state)


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("lit", [True, False])
def test_the_relay_starts_as_the_lamp_was(panels: Any, active_high: bool, lit: bool) -> None:
    panel = panels(replace(PINS, relay=Relay(27, active_high)), lit)
    assert panel.lit is lit
    assert level(panel) is (lit == active_high)
    assert [state.state for state in panel._relay.pin.states][1:] in ([], [level(panel)]), "without a glitch"


@pytest.mark.parametrize("active_high", [True, False])
def test_the_relay_follows(panels: Any, active_high: bool) -> None:
    panel = panels(replace(PINS, relay=Relay(27, active_high)))
    for lit in (True, True, False, True):
        panel.set(lit)
        assert panel.lit is lit
        assert level(panel) is (lit == active_high)


@pytest.mark.parametrize("pull_up", [True, False])
def test_a_push_of_a_momentary_button_is_one_press(panels: Any, pull_up: bool) -> None:
    panel = panels(replace(PINS, button=Button(17, "momentary", pull_up, 0.0)))
    presses = count(panel)
    for pushed in (1, 2, 3):
        panel.press()
        assert len(presses) == pushed
        assert not panel._button.is_pressed, "the finger has let go"


@pytest.mark.parametrize("pull_up", [True, False])
def test_each_change_of_a_latching_switch_is_one_press(panels: Any, pull_up: bool) -> None:
    panel = panels(replace(PINS, button=Button(17, "latching", pull_up, 0.0)))
    presses = count(panel)
    positions = []
    for moved in (1, 2, 3, 4):
        panel.press()
        positions.append(panel._button.is_pressed)
        assert len(presses) == moved
    assert positions == [True, False, True, False]


def test_a_momentary_button_is_pressed_as_it_goes_down(panels: Any) -> None:
    panel = panels()
    presses = count(panel)
    panel._button.pin.drive_low()
    assert len(presses) == 1
    panel._button.pin.drive_high()
    assert len(presses) == 1


def test_pins_may_be_named_as_the_board_names_them(panels: Any) -> None:
    panel = panels(replace(PINS, button=Button("GPIO5", "momentary", True, 0.0), relay=Relay("BOARD11", True)))
    presses = count(panel)
    panel.press()
    panel.set(True)
    assert len(presses) == 1 and level(panel)


def test_without_a_relay_it_still_knows_the_state(panels: Any) -> None:
    panel = panels(replace(PINS, relay=None), True)
    presses = count(panel)
    assert panel.lit
    panel.set(False)
    panel.press()
    assert not panel.lit and presses == [0]


def test_simulated_pins_say_so(panels: Any) -> None:
    assert panels().simulated


@pytest.mark.parametrize(
    ("button", "relay"),
    [(17, 17), ("GPIO99", 27), (17, "somewhere"), ("GND", 27)],
    ids=["same", "99", "name", "ground"],
)
def test_pins_that_cannot_be_used_are_named(button: int | str, relay: int | str) -> None:
    gpio = replace(PINS, button=Button(button, "momentary", True, 0.0), relay=Relay(relay, True))
    with pytest.raises(PanelError) as error:
        Panel(gpio, False)
    assert f"relay on {relay}, button on {button}" in str(error.value)
    assert "Check the pins" in str(error.value)


@pytest.mark.parametrize(("found", "by_label"), [(None, True), (object(), False)])
def test_a_raspberry_without_lgpio_is_switched_by_libgpiod(
    panels: Any, monkeypatch: pytest.MonkeyPatch, found: object, by_label: bool
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "none")
    with pytest.raises(PanelError) as raised:
        panels(replace(PINS, factory="default", chip="pinctrl-nowhere"))
    assert ("no GPIO chip is labelled 'pinctrl-nowhere'" in str(raised.value)) == by_label


def test_the_privacy_button_is_told_and_the_light_shines(panels: Any) -> None:
    panel = panels(replace(PINS, privacy_button=PrivacyButton(12, debounce_s=0), status_light=StatusLight(16, False)))
    told: list[bool] = []
    panel.on_privacy(lambda: told.append(True))
    panel._privacy.pin.drive_low()
    panel._privacy.pin.drive_high()
    assert told == [True]
    lights: tuple[tuple[Light, bool], ...] = ("on", True), ("off", False)
    for light, shines in lights:
        panel.shine(light)
        assert bool(panel._light.pin.state) is not shines, "active low"


@pytest.mark.parametrize(("light", "changes"), [("hint", 5), ("blinking", 1)])
def test_the_light_blinks(panels: Any, light: Light, changes: int) -> None:
    panel = panels(replace(PINS, status_light=StatusLight(16)))
    panel.shine("on")
    seen = [True]
    end = time.monotonic() + 1.0
    panel.shine(light)
    while time.monotonic() < end:
        if (now := bool(panel._light.pin.state)) != seen[-1]:
            seen.append(now)
        time.sleep(0.01)
    assert len(seen) - 1 >= changes
    assert not panel.complaint


def test_a_light_that_cannot_be_had_does_not_take_the_switch_with_it(panels: Any) -> None:
    panel = panels(replace(PINS, status_light=StatusLight(27)))
    presses = count(panel)
    panel.press()
    assert presses == [0]
    assert "status light" in panel.complaint
    panel.shine(True)


def test_a_relay_that_no_longer_moves_is_named_with_what_to_do(panels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panels()

    def gone(self: object, value: object) -> None:
        raise OSError("the chip is gone")

    monkeypatch.setattr(type(panel._relay.pin), "_set_state", gone)
    with pytest.raises(PanelError, match=r"relay on 27, button on 17: OSError: the chip is gone\. Plug its chip in"):
        panel.set(True)
    assert not panel.lit


def test_a_button_that_is_held_down_is_told(panels: Any) -> None:
    panel = panels()
    assert panel.look(0.0) == ""
    panel._button.pin.drive_low()
    assert panel.look(1.0) == ""
    assert panel.look(62.0) == "the button on 17 is held down: it is stuck, or its wires touch, or `pull_up` is wrong"
    panel._button.pin.drive_high()
    assert panel.look(63.0) == ""


def test_a_real_button_that_presses_without_end_is_not_heeded(panels: Any) -> None:
    panel = panels()
    panel.simulated = False
    presses = count(panel)
    for _ in range(300):
        panel.press()
    assert 100 <= len(presses) <= 130
    assert "faster than a hand" in panel.look(time.monotonic())
