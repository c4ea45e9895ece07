"""Parts as they are drawn: where their terminals are comes in, SVG elements leave."""

from lampd.wiring.svg import INK, PAPER, Point, circle, line, polygon, rectangle, text


def push_button(x: float, top: float, bottom: float, colour: str) -> str:
    """A push-button between the terminals (x, top) and (x, bottom); it reaches 60 to the right."""
    a, b, middle = top - 6, bottom + 6, (top + bottom) / 2
    return "\n".join(
        [
            line([(x, top), (x + 20, top), (x + 20, a)], colour),
            line([(x, bottom), (x + 20, bottom), (x + 20, b)], colour),
            circle(x + 20, a, 4, PAPER, colour),
            circle(x + 20, b, 4, PAPER, colour),
            line([(x + 34, a - 4), (x + 34, b + 4)], colour),
            line([(x + 34, middle), (x + 52, middle)], colour),
            line([(x + 52, middle - 10), (x + 52, middle + 10)], colour, 5),
        ]
    )


def light_emitting_diode(x: float, cathode: float, anode: float, colour: str) -> str:
    """A diode from the terminal (x, anode) up to (x, cathode), its anode below; it reaches 75 to the right."""
    middle, column = (cathode + anode) / 2, x + 34
    rays = [
        line([(column + 18 + off, middle - 4 + off), (column + 32 + off, middle - 14 + off)], colour, 2)
        for off in (0, 9)
    ]
    tips = [
        polygon(
            [
                (column + 36 + off, middle - 17 + off),
                (column + 27 + off, middle - 15 + off),
                (column + 31 + off, middle - 9 + off),
            ],
            colour,
        )
        for off in (0, 9)
    ]
    return "\n".join(
        [
            line([(x, cathode), (column, cathode), (column, middle - 9)], colour),
            line([(x, anode), (column, anode), (column, middle + 9)], colour),
            polygon([(column - 11, middle + 9), (column + 11, middle + 9), (column, middle - 8)], PAPER, colour),
            line([(column - 11, middle - 9), (column + 11, middle - 9)], colour),
            *rays,
            *tips,
        ]
    )


def resistor(x: float, y: float, ohms: str, upright: bool = False) -> str:
    """A resistor with its middle at (x, y), over the wire it is in; its value beside or above it."""
    width, height = (14, 20) if upright else (36, 14)
    value = text(x - 13, y + 5, ohms, 12, anchor="end") if upright else text(x, y - 11, ohms, 12, anchor="middle")
    return rectangle(x - width / 2, y - height / 2, width, height, PAPER, INK) + "\n" + value


def lamp(x: float, y: float, radius: float = 22, colour: str = INK) -> str:
    """A lamp: a circle with a cross."""
    part = radius * 0.7071
    return "\n".join(
        [
            circle(x, y, radius, "#fff3bf", colour),
            line([(x - part, y - part), (x + part, y + part)], colour, 2),
            line([(x - part, y + part), (x + part, y - part)], colour, 2),
        ]
    )


def outlet(x: float, y: float, radius: float, colour: str) -> str:
    """An outlet, seen from the front."""
    holes = [circle(x + side * radius * 0.4, y, 4, colour) for side in (-1, 1)]
    return "\n".join([circle(x, y, radius, PAPER, colour), *holes])


def microphone(x: float, y: float, colour: str = INK) -> str:
    """A microphone on its foot, 40 wide and 60 high around (x, y)."""
    return "\n".join(
        [
            rectangle(x - 9, y - 30, 18, 34, PAPER, colour, 9),
            f'<path d="M {x - 17:g} {y - 6:g} a 17 17 0 0 0 34 0" fill="none" stroke="{colour}" stroke-width="3" '
            'stroke-linecap="round"/>',
            line([(x, y + 11), (x, y + 24)], colour),
            line([(x - 14, y + 24), (x + 14, y + 24)], colour),
        ]
    )


def junction(x: float, y: float, colour: str = INK) -> str:
    """Where wires meet."""
    return circle(x, y, 5, colour)


def earth(points: list[Point]) -> str:
    """A protective conductor, green and yellow."""
    return line(points, "#1a7f37", 4) + "\n" + line(points, "#ffd33d", 4, dashed=True)
