"""What is switched: the driver of a low-voltage lamp, and the relay that shares a mains lamp with a wall switch.

Both hang on the same header pins of every board.
"""

from lampd.board import Pin
from lampd.wiring.header import MINUS, PARTS
from lampd.wiring.svg import FAINT, INK, PAPER, circle, drawing, line, paragraph, rectangle, text
from lampd.wiring.symbols import earth, junction, lamp, resistor

RELAY = PARTS["relay"].colour
PLUS, DANGER = "#a40e26", "#cf222e"
LIVE, TRAVELLER, NEUTRAL = "#7d4e00", "#57606a", "#0969da"

STATES = ["Wall switch at 1: lit; at 2: dark.", "While the relay is energised: the other way round."]
INSULATION = ["The dashed red line is reinforced insulation:", "inside the relay, and between the wires."]


def low_voltage(relay: Pin) -> str:
    """A lamp of 12 V, its adapter, and a MOSFET that `relay` drives."""
    shapes = [
        text(40, 46, "A low-voltage lamp", 24, bold=True),
        text(40, 72, "No mains wiring: the adapter is bought whole, and everything here is 12 V or less.", 14, FAINT),
        *_pins(relay, 40, 236, 292, 390),
        line([(350, 236), (350, 292)]),
        resistor(350, 264, "10 kΩ", upright=True),
        *_card(
            390,
            120,
            260,
            270,
            "MOSFET module",
            ["specified for an input", "of 3.3 V, and for the", "current of the lamp"],
        ),
        text(402, 241, "IN", 13, RELAY, bold=True),
        text(402, 297, "GND", 13, bold=True),
        *_card(830, 120, 250, 110, "12 V adapter", ["certified, with a plug"]),
        *_card(830, 280, 250, 110, "12 V lamp", ["LED lamp or strip"]),
        lamp(1030, 335, 26, RELAY),
    ]
    for y, name, colour in [(160, "V+", PLUS), (200, f"V{MINUS}", INK), (320, "OUT+", PLUS), (350, f"OUT{MINUS}", INK)]:
        shapes.append(line([(650, y), (830, y)], colour))
        shapes.append(text(638, y + 5, name, 13, colour, bold=True, anchor="end"))
    shapes.append(rectangle(714, 152, 44, 16, PAPER, PLUS, 3))
    shapes.append(line([(714, 160), (758, 160)], PLUS, 2))
    shapes.append(text(736, 144, "fuse", 12, anchor="middle"))
    return drawing(1120, 430, "Wiring of a low-voltage lamp", shapes)


def two_way(relay: Pin) -> str:
    """A wall switch and an SPDT relay that each change the lamp, drawn at rest with the lamp dark."""
    contact_1, contact_2, common = 214, 274, 244
    lamp_x, lamp_y = 790, 440
    shapes = [
        rectangle(40, 24, 1040, 64, "#ffebe9", DANGER, 10),
        text(60, 52, "An electrician's job: mains voltage kills, and bad wiring burns houses down.", 18, DANGER, True),
        text(60, 76, "The wall switch works with the board unplugged. Drawn at rest: the lamp is dark.", 14, INK),
        # what people may touch
        text(60, 130, "extra-low voltage", 14, FAINT, bold=True),
        *_pins(relay, 60, 228, 260, 240),
        *_card(240, 184, 110, 120, "Driver", ["as for a", "low-voltage", "lamp, 12 V"]),
        line([(350, 228), (420, 228)], PLUS),
        line([(350, 260), (420, 260)]),
        rectangle(420, 212, 44, 64, PAPER, RELAY),
        line([(420, 276), (464, 212)], RELAY, 2),
        text(442, 204, "coil", 13, RELAY, bold=True, anchor="middle"),
        paragraph(60, 380, STATES, 14),
        # what they may not
        line([(515, 110), (515, 560)], DANGER, 3, dashed=True),
        text(540, 130, "mains", 14, DANGER, bold=True),
        paragraph(60, 470, INSULATION, 13, DANGER),
        line([(464, 229), (612, 229)], FAINT, 2, dashed=True),
        text(616, contact_1 - 40, "SPDT relay", 16, RELAY, bold=True, anchor="middle"),
        text(895, contact_1 - 40, "two-way wall switch", 16, bold=True, anchor="middle"),
        line([(650, contact_1), (860, contact_1)], TRAVELLER),
        line([(650, contact_2), (860, contact_2)], TRAVELLER),
        line([(930, common), (1050, common)], LIVE),
        line([(580, common), (550, common), (550, lamp_y), (lamp_x, lamp_y)], LIVE),
        line([(lamp_x, lamp_y), (1050, lamp_y)], NEUTRAL),
        *_changeover(580, contact_1, contact_2, common, ("NC", "NO"), False),
        *_changeover(930, contact_1, contact_2, common, ("1", "2"), True),
        earth([(lamp_x, lamp_y), (lamp_x, 520), (1050, 520)]),
        lamp(lamp_x, lamp_y, 32, INK),
    ]
    for y, name, what, colour in [
        (common, "L", "live, fused", LIVE),
        (lamp_y, "N", "neutral", NEUTRAL),
        (520, "PE", "earth", "#1a7f37"),
    ]:
        shapes.append(junction(1050, y, colour))
        shapes.append(text(1062, y + 5, name, 14, colour, bold=True))
        shapes.append(text(1040, y - 10, what, 12, FAINT, anchor="end"))
    return drawing(1120, 580, "Two-way switching: a wall switch and an SPDT relay share a mains lamp", shapes)


def _pins(relay: Pin, x: float, high: float, low: float, to: float) -> list[str]:
    """The relay's pin and its ground on a piece of board, and wires from them to where the driver begins."""
    shapes = [rectangle(x, high - 44, 120, low - high + 68, "#eaf5ec", "#4c7a57", 10)]
    shapes.append(text(x + 12, high - 20, "board", 14, bold=True))
    for y, number, what, colour in [(high, relay.pin, "relay", RELAY), (low, relay.ground, "ground", INK)]:
        shapes.append(line([(x + 110, y), (to, y)], colour))
        shapes.append(circle(x + 98, y, 12, colour, PAPER))
        shapes.append(text(x + 98, y + 4, str(number), 11, PAPER, bold=True, anchor="middle"))
        shapes.append(text(x + 80, y + 5, what, 12, anchor="end"))
    return shapes


def _card(x: float, y: float, width: float, height: float, title: str, says: list[str]) -> list[str]:
    return [
        rectangle(x, y, width, height, "#f6f8fa", RELAY, 10),
        text(x + 16, y + 30, title, 16, RELAY, bold=True),
        paragraph(x + 16, y + 53, says, 12),
    ]


def _changeover(
    x: float, first: float, second: float, common: float, names: tuple[str, str], mirror: bool
) -> list[str]:
    """Contacts that connect `common` at x to one of two, 70 away: the relay at rest to the first, else the second."""
    side = -1 if mirror else 1
    far, closed = x + 70 * side, second if mirror else first
    shapes = [line([(x, common), (far - 6 * side, closed)], INK, 4)]
    for y, name in zip((first, second), names, strict=True):
        shapes.append(circle(far, y, 6, PAPER, INK))
        shapes.append(text(far, y - 12 if y == first else y + 22, name, 12, bold=True, anchor="middle"))
    shapes.append(circle(x, common, 6, PAPER, INK))
    return shapes
