"""The drawings of the wiring: as they are committed, whole, and with every pin that is used."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from lampd.board import Board, Pin
from lampd.config import read_board, shipped
from lampd.wiring.drawings import drawings
from lampd.wiring.header import wiring

DRAWN = drawings()
FOLDER = shipped("hardware/drawings")
BOARDS = sorted(path.stem for path in shipped("hardware").glob("*.yaml") if path.stem != "laptop")
PARTS = ("button", "relay", "privacy_button", "status_light")
SVG = "{http://www.w3.org/2000/svg}"


def words(name: str) -> list[str]:
    """What is written in a drawing."""
    return [element.text or "" for element in ElementTree.fromstring(DRAWN[name]).iter(f"{SVG}text")]


def pins(board: str) -> list[Pin]:
    gpio = read_board(shipped(f"hardware/{board}.yaml")).gpio
    assert gpio
    return [getattr(gpio.pins, part) for part in PARTS]


def test_every_board_and_both_circuits_are_drawn() -> None:
    assert set(DRAWN) == {f"{board}.svg" for board in BOARDS} | {"low-voltage.svg", "two-way.svg"}


def test_the_drawings_that_ship_are_those_of_the_profiles() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(DRAWN)
    for name, svg in DRAWN.items():
        assert (FOLDER / name).read_text("utf-8") == svg, f"{name}: make wiring"


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_drawing_is_well_formed_and_stays_on_its_paper(name: str) -> None:
    root = ElementTree.fromstring(DRAWN[name])
    assert root.tag == f"{SVG}svg"
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    for element in root.iter(f"{SVG}text"):
        size, written = float(element.attrib["font-size"]), element.text or ""
        # Verdana's letters are some 0.6 of their height wide, bold ones 0.7
        length = len(written) * size * (0.7 if "font-weight" in element.attrib else 0.6)
        left = (
            float(element.attrib["x"])
            - {"start": 0.0, "middle": 0.5, "end": 1.0}[element.attrib["text-anchor"]] * length
        )
        assert left >= 0 and left + length <= width, written
        assert size <= float(element.attrib["y"]) <= height, written
    for path in root.iter(f"{SVG}polyline"):
        for point in path.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width and 0 <= y <= height


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_is_drawn_with_every_pin_that_is_used(board: str) -> None:
    written = words(f"{board}.svg")
    bold = re.findall(r'font-weight="bold">(\d+)<', DRAWN[f"{board}.svg"])
    assert sorted(map(int, bold)) == sorted(number for pin in pins(board) for number in (pin.pin, pin.ground))
    for pin in pins(board):
        assert pin.line in written
    assert written.count("ground") == len(PARTS)
    for number in range(1, 41):
        assert written.count(str(number)) == 1
    for part in ("Button", "Switched outlet", "Privacy button", "Status light", "USB microphone"):
        assert part in written


@pytest.mark.parametrize("name", ["low-voltage.svg", "two-way.svg"])
@pytest.mark.parametrize("board", BOARDS)
def test_the_circuits_hang_on_the_relays_pins_of_every_board(name: str, board: str) -> None:
    relay = pins(board)[PARTS.index("relay")]
    assert {str(relay.pin), str(relay.ground)} <= set(words(name))


def test_what_is_an_electricians_job_says_so() -> None:
    assert any("electrician" in line for line in words("two-way.svg"))
    assert not any("mains" in line.lower() and "No mains" not in line for line in words("low-voltage.svg"))


def test_a_drawing_follows_its_profile() -> None:
    board = read_board(shipped("hardware/raspberry-pi-4.yaml"))
    changed = msgspec.to_builtins(board)
    changed["gpio"]["pins"]["button"] |= {"line": "GPIO25", "offset": 25, "pin": 22}
    svg = wiring(msgspec.convert(changed, Board))
    assert "GPIO25" in svg and "GPIO23" not in svg


def test_a_board_that_cannot_be_drawn_is_named() -> None:
    with pytest.raises(ValueError, match="Laptop: no pins"):
        wiring(read_board(shipped("hardware/laptop.yaml")))
    changed = msgspec.to_builtins(read_board(shipped("hardware/raspberry-pi-4.yaml")))
    changed["gpio"]["pins"]["button"]["pin"] = 11
    with pytest.raises(ValueError, match="Raspberry Pi 4: wires are drawn from even header pins"):
        wiring(msgspec.convert(changed, Board))


def test_the_command_draws_into_the_folder_it_is_given(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "lampd.wiring", str(tmp_path / "here")], timeout=60, check=False)
    assert done.returncode == 0
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "here").iterdir()} == DRAWN


def test_the_guide_shows_every_drawing() -> None:
    guide = shipped("hardware/wiring.md").read_text("utf-8")
    for name in DRAWN:
        assert f"(drawings/{name})" in guide, name


def test_the_guides_table_is_that_of_the_profiles() -> None:
    guide = shipped("hardware/wiring.md").read_text("utf-8")
    parts = zip(PARTS, pins("raspberry-pi-4"), pins("le-potato"), strict=True)
    for part, raspberry, potato in parts:
        name, header = part.replace("_", " "), f"{raspberry.pin}, ground {raspberry.ground}"
        assert f"| {name} | {header} | {raspberry.line} | {potato.line}, {potato.offset} |" in guide
