"""The boards' profiles against each other, and against the pin maps that were published for the boards."""

from pathlib import Path
from typing import Any

import gpiozero
import msgspec
import pytest

from lampd import config
from lampd.board import HEADER_PINS, Board, Gpio, Pin
from lampd.config import ConfigError, shipped

BOARDS = {path.stem: config.read_board(path) for path in sorted(shipped("hardware").glob("*.yaml"))}
WIRED = {name: board for name, board in BOARDS.items() if board.gpio}
RASPBERRIES = sorted(name for name in WIRED if name.startswith("raspberry-pi"))
PARTS = ("button", "relay", "privacy_button", "status_light")

# The 40-pin header, the same on all these boards.
POWER = {1, 2, 4, 17}
GROUND = {6, 9, 14, 20, 25, 30, 34, 39}
# Raspberry Pi's documentation of the header: header pin -> Broadcom number, which is the line's offset too.
BROADCOM = {
    **{3: 2, 5: 3, 7: 4, 8: 14, 10: 15, 11: 17, 12: 18, 13: 27, 15: 22, 16: 23, 18: 24, 19: 10, 21: 9, 22: 25},
    **{23: 11, 24: 8, 26: 7, 27: 0, 28: 1, 29: 5, 31: 6, 32: 12, 33: 13, 35: 19, 36: 16, 37: 26, 38: 20, 40: 21},
}
# Libre Computer's libretech-wiring-tool: header pin -> chip (A aobus-banks, P periphs-banks) and offset.
LE_POTATO = {
    **{3: "A5", 5: "A4", 7: "P98", 8: "P91", 10: "P92", 11: "A8", 12: "A6", 13: "A9", 15: "A10", 16: "P93"},
    **{18: "P94", 19: "P87", 21: "P88", 22: "P79", 23: "P90", 24: "P89", 26: "P80", 27: "P75", 28: "P76"},
    **{29: "P96", 31: "P97", 32: "P95", 33: "P85", 35: "P86", 36: "P81", 37: "P84", 38: "P82", 40: "P83"},
}
TEST_N, CEC = 15, 11  # of Le Potato's header: a strap that is read at reset, and a pin shared with HDMI
# Pins with another purpose that an owner may want: I2C, console, I2S, SPI, the HATs' EEPROM.
SPOKEN_FOR = {3, 5, 8, 10, 12, 35, 38, 40, 19, 21, 23, 24, 26, 27, 28}
CHIPS = {
    "raspberry-pi-3": "pinctrl-bcm2835",
    "raspberry-pi-zero-2-w": "pinctrl-bcm2835",
    "raspberry-pi-4": "pinctrl-bcm2711",
    "raspberry-pi-5": "pinctrl-rp1",
    "le-potato": "periphs-banks",
}
# One revision code of each board, by which gpiozero knows its headers.
REVISIONS = {
    "raspberry-pi-3": 0xA02082,
    "raspberry-pi-4": 0xC03111,
    "raspberry-pi-5": 0xC04170,
    "raspberry-pi-zero-2-w": 0x902120,
}


def gpio(name: str) -> Gpio:
    found = BOARDS[name].gpio
    assert found
    return found


def pins(name: str) -> dict[str, Pin]:
    return {part: getattr(gpio(name).pins, part) for part in PARTS}


def test_the_tables_cover_the_header_and_the_boards() -> None:
    for lines in (BROADCOM, LE_POTATO):
        assert set(lines) | POWER | GROUND == set(range(1, HEADER_PINS + 1))
        assert not set(lines) & (POWER | GROUND) and not POWER & GROUND
        assert len(set(lines.values())) == len(lines)
    assert set(CHIPS) == set(WIRED) == set(BOARDS) - {"laptop"}
    assert set(RASPBERRIES) == set(REVISIONS)


@pytest.mark.parametrize("name", WIRED)
def test_no_pin_is_used_twice(name: str) -> None:
    used = [number for pin in pins(name).values() for number in (pin.pin, pin.ground)]
    assert len(set(used)) == len(used), "each part has a ground of its own"
    assert len({pin.line for pin in pins(name).values()}) == len({pin.offset for pin in pins(name).values()}) == 4


@pytest.mark.parametrize("name", WIRED)
def test_lines_are_on_pins_that_are_free_and_grounds_on_grounds(name: str) -> None:
    for part, pin in pins(name).items():
        assert pin.pin not in POWER | GROUND | SPOKEN_FOR | {TEST_N, CEC}, part
        assert pin.ground in GROUND, part
        assert abs(pin.pin - pin.ground) == 2, f"{part}: not neighbours in a row, as a two-pin plug needs"


@pytest.mark.parametrize("name", RASPBERRIES)
def test_lines_of_a_raspberry_pi_are_where_its_maker_and_gpiozero_say(name: str) -> None:
    header = gpiozero.pi_info(REVISIONS[name]).headers["J8"].pins
    for part, pin in pins(name).items():
        assert (pin.offset, pin.line) == (BROADCOM[pin.pin], f"GPIO{pin.offset}"), part
        assert header[pin.pin].name == pin.line, part
        assert header[pin.ground].name == "GND", part


def test_lines_of_the_le_potato_are_where_its_maker_says() -> None:
    for part, pin in pins("le-potato").items():
        assert f"P{pin.offset}" == LE_POTATO[pin.pin], part
        assert pin.line == f"7J1 Header Pin{pin.pin}", part


@pytest.mark.parametrize("name", WIRED)
def test_the_chip_is_named_by_its_label_and_its_edges_are_known(name: str) -> None:
    assert gpio(name).chip == CHIPS[name]
    assert gpio(name).interrupts == (name != "le-potato")


def test_all_boards_are_wired_alike() -> None:
    """So that a board can be replaced by another, and one drawing of a lamp does for all."""

    def wiring(name: str) -> dict[str, dict[str, Any]]:
        chosen = ("pin", "ground", "active", "pull", "debounce_s")
        return {part: {key: getattr(pin, key) for key in chosen} for part, pin in pins(name).items()}

    assert all(wiring(name) == wiring("raspberry-pi-4") for name in WIRED)


@pytest.mark.parametrize("name", WIRED)
def test_levels_pulls_and_debouncing_are_sane(name: str) -> None:
    for part, pin in pins(name).items():
        if part.endswith("button"):
            assert (pin.active, pin.pull) in [("low", "up"), ("high", "down")], f"{part}: at rest it must not float"
            assert pin.active == "low", f"{part}: it is wired to ground"
            assert 0.001 <= pin.debounce_s <= 0.1, part
        else:
            assert (pin.active, pin.pull, pin.debounce_s) == ("high", "none", 0), f"{part}: off while the board is off"
    assert pins(name)["button"].debounce_s <= 0.015, "press to relay takes less than 20 ms"


@pytest.mark.parametrize("name", WIRED)
def test_the_program_uses_the_pins_of_the_profile(name: str) -> None:
    settings = config.load(board=name)
    button, relay = pins(name)["button"], pins(name)["relay"]
    assert settings.gpio.factory == ("libgpiod" if name == "le-potato" else "default"), "gpiozero knows Raspberry Pis"
    assert settings.gpio.chip == gpio(name).chip
    assert (settings.gpio.button.pin, settings.gpio.relay.pin) == (button.line, relay.line)
    assert (settings.gpio.button.pull_up, settings.gpio.relay.active_high) == (True, True)
    assert settings.gpio.button.debounce_s == button.debounce_s
    assert settings.recorder.device == "USB Audio"
    assert 1 <= settings.transcriber.threads <= 2, "of four cores"


def test_the_programs_defaults_are_the_same_pins() -> None:
    settings = config.load(board="laptop")
    assert (settings.gpio.button.pin, settings.gpio.relay.pin) == (BROADCOM[16], BROADCOM[18])


def test_memory_is_that_of_the_least_variant() -> None:
    assert {name: board.memory_mb for name, board in BOARDS.items()} == {
        "laptop": None,
        "le-potato": 1024,
        "raspberry-pi-3": 1024,
        "raspberry-pi-4": 1024,
        "raspberry-pi-5": 1024,
        "raspberry-pi-zero-2-w": 512,
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name:", "nam:"), "nam is not a key; did you mean name?"),
        (("offset: 23", "ofset: 23"), "gpio.pins.button.ofset is not a key; did you mean gpio.pins.button.offset?"),
        (("pin: 16,", "pin: 41,"), "gpio.pins.button.pin: 41 will not do: .*<= 40"),
        (("pull: up", "pull: sideways"), "gpio.pins.button.pull: 'sideways' will not do"),
        (("chip: pinctrl-bcm2711", "chip: null"), "gpio.chip: None will not do"),
        (("factory: default", "factry: default"), "gpio.factry is not a key; did you mean gpio.factory?"),
    ],
)
def test_a_fault_in_a_profile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], said: str
) -> None:
    text = shipped("hardware/raspberry-pi-4.yaml").read_text("utf-8")
    assert change[0] in text
    (tmp_path / "mine.yaml").write_text(text.replace(*change, 1), "utf-8")
    monkeypatch.setattr(
        config, "shipped", lambda name: tmp_path / "mine.yaml" if name.startswith("hardware/mine") else shipped(name)
    )
    with pytest.raises(ConfigError, match=f"mine.yaml: {said}"):
        config.load(board="mine")


def test_a_profile_without_pins_says_nothing_about_them() -> None:
    assert Board(name="bare").layers() == [{}, {}]
    assert msgspec.convert({"name": "bare"}, Board).gpio is None
