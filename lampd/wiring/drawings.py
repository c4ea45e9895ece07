"""All drawings: the boards' profiles come in, file names with their SVG leave."""

from lampd.config import read_board, shipped
from lampd.wiring.circuits import low_voltage, two_way
from lampd.wiring.header import wiring

ANY_BOARD = "raspberry-pi-4"
"""All boards are wired alike, so the circuits on the relay's pin are drawn once."""


def drawings() -> dict[str, str]:
    """Each drawing by its file's name. Raises ConfigError where a profile cannot be read."""
    boards = {path.stem: read_board(path) for path in sorted(shipped("hardware").glob("*.yaml"))}
    drawn = {f"{name}.svg": wiring(board) for name, board in boards.items() if board.gpio}
    gpio = boards[ANY_BOARD].gpio
    assert gpio
    return drawn | {"low-voltage.svg": low_voltage(gpio.pins.relay), "two-way.svg": two_way(gpio.pins.relay)}
