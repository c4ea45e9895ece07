"""A board's whole wiring: its header with the pins that are used, and the parts on them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lampd.board import HEADER_PINS, Board, Pin
from lampd.wiring.svg import FAINT, INK, PAPER, circle, drawing, line, paragraph, rectangle, text
from lampd.wiring.symbols import light_emitting_diode, microphone, outlet, push_button, resistor

MINUS = "\N{MINUS SIGN}"
POWER = {1: "3.3 V", 2: "5 V", 4: "5 V", 17: "3.3 V"}
WIDTH, HEIGHT = 1120, 836
TOP, PITCH = 128, 28
ODD, EVEN, EDGE = 344, 372, 396
"""The columns of the header, and the board's edge."""
CARDS, WORDS = 690, 800
"""Where the parts' cards begin, and the words on them."""
CARD_HEIGHT, TERMINAL = 120, 14
"""A part's two terminals are this far above and below the middle of its card."""


class Part(NamedTuple):
    """How one of the profile's pins is drawn: `move` is how far its card is below the height of its pins."""

    colour: str
    move: float
    title: str
    says: list[str]
    symbol: Callable[[float, str], str]
    """What is drawn for the middle of the card, in the part's colour."""


def _button(middle: float, colour: str) -> str:
    return push_button(CARDS, middle - TERMINAL, middle + TERMINAL, colour)


def _outlet(middle: float, colour: str) -> str:
    return "\n".join(
        [
            line([(650, middle - TERMINAL), (650, middle + TERMINAL)]),
            resistor(650, middle, "10 kΩ", upright=True),
            text(CARDS + 9, middle - TERMINAL + 5, "+", 16, colour, bold=True),
            text(CARDS + 10, middle + TERMINAL + 4, MINUS, 16, bold=True),
            outlet(CARDS + 62, middle, 26, colour),
        ]
    )


def _light(middle: float, colour: str) -> str:
    return light_emitting_diode(CARDS, middle - TERMINAL, middle + TERMINAL, colour)


PARTS = {
    "button": Part(
        "#0969da",
        -140,
        "Button",
        ["the lamp's switch: a push-button", "that closes while it is pressed"],
        _button,
    ),
    "relay": Part(
        "#bc4c00",
        0,
        "Switched outlet",
        ["certified, with a control input", "that takes 3.3 V; or the driver", "of a low-voltage lamp"],
        _outlet,
    ),
    "privacy_button": Part(
        "#8250df",
        0,
        "Privacy button",
        ["a push, and it no longer", "listens, or does again"],
        _button,
    ),
    "status_light": Part(
        "#1a7f37",
        96,
        "Status light",
        ["shines while it listens, blinks", "while it records or hints"],
        _light,
    ),
}


def wiring(board: Board) -> str:
    """The drawing of a board. Raises ValueError where it has no pins, or uses those on the inner side of the header."""
    if not board.gpio or not board.microphone:
        raise ValueError(f"{board.name}: no pins to draw")
    pins: dict[str, Pin] = {name: getattr(board.gpio.pins, name) for name in PARTS}
    if any(number % 2 for pin in pins.values() for number in (pin.pin, pin.ground)):
        raise ValueError(f"{board.name}: wires are drawn from even header pins alone")
    signals = {pin.pin: PARTS[name].colour for name, pin in pins.items()}
    shapes = [
        text(40, 46, f"lampd on {board.name}", 24, bold=True),
        text(40, 72, "Seen from above, not to scale. Unplug the board before you wire it.", 14, FAINT),
        *_board(board.name, board.gpio.chip),
        *_header(signals | {pin.ground: INK for pin in pins.values()}),
        *_microphone(board.microphone.socket),
    ]
    for name, pin in pins.items():
        shapes += _part(PARTS[name], pin)
    # on the wire of the light, before it turns
    shapes.append(resistor(580, row(pins["status_light"].pin), "470 Ω"))
    return drawing(WIDTH, HEIGHT, f"Wiring of lampd on {board.name}", shapes)


def row(pin: int) -> float:
    """The height of a header pin."""
    return TOP + PITCH * ((pin - 1) // 2)


def _board(name: str, chip: str) -> list[str]:
    return [
        rectangle(40, 92, EDGE - 40, 616, "#eaf5ec", "#4c7a57", 14),
        *(circle(66, y, 8, PAPER, "#4c7a57") for y in (118, 682)),
        text(66, 330, name, 18, bold=True),
        paragraph(66, 358, ["40-pin header,", "pin 1 in the corner", chip], 13, FAINT),
    ]


def _header(used: Mapping[int, str]) -> list[str]:
    """All pins with their numbers, those that are `used` in colour."""
    shapes = [rectangle(ODD - 18, TOP - 18, EVEN - ODD + 36, PITCH * 19 + 36, "#6e7781", INK, 4)]
    for pin in range(1, HEADER_PINS + 1):
        x, y = ODD if pin % 2 else EVEN, row(pin)
        if pin in used:
            shapes.append(circle(x, y, 12, used[pin], PAPER))
            shapes.append(text(x, y + 4, str(pin), 11, PAPER, bold=True, anchor="middle"))
        else:
            shapes.append(circle(x, y, 10, "#8c959f"))
            shapes.append(text(x, y + 4, str(pin), 10, PAPER, anchor="middle"))
        if pin in POWER:
            x, anchor = (ODD - 28, "end") if pin % 2 else (EDGE + 10, "start")
            shapes.append(text(x, y + 5, POWER[pin], 12, FAINT, anchor=anchor))
    return shapes


def _part(part: Part, pin: Pin) -> list[str]:
    """A card, the two wires to it with what they are, and the part itself."""
    ends = sorted([(row(pin.pin), pin.line, part.colour), (row(pin.ground), "ground", INK)])
    middle = (ends[0][0] + ends[1][0]) / 2 + part.move
    shapes = [rectangle(CARDS, middle - CARD_HEIGHT / 2, WIDTH - CARDS - 40, CARD_HEIGHT, "#f6f8fa", part.colour, 10)]
    # Of two wires that climb, the upper turns first; of two that fall, the lower: so they do not cross.
    turns = (615, 645) if part.move < 0 else (645, 615)
    for (y, what, colour), turn, at in zip(ends, turns, (middle - TERMINAL, middle + TERMINAL), strict=True):
        shapes.append(line([(EVEN + 13, y), (turn, y), (turn, at), (CARDS, at)], colour))
        shapes.append(text(EDGE + 14, y - 6, what, 13, colour, bold=True))
    first = middle - 9 * len(part.says)
    return [
        *shapes,
        part.symbol(middle, part.colour),
        text(WORDS, first, part.title, 17, part.colour, bold=True),
        paragraph(WORDS, first + 23, part.says, 13),
    ]


def _microphone(socket: str) -> list[str]:
    cable = [(150, 722), (150, 776), (250, 776)]
    return [
        rectangle(126, 694, 48, 28, "#d0d7de", INK, 3),
        text(184, 702, "USB", 12, FAINT),
        line(cable, INK, 4),
        microphone(272, 776),
        text(310, 770, "USB microphone", 17, bold=True),
        paragraph(310, 792, [f"in {socket}"], 13),
    ]
