"""Shapes and text as SVG: numbers in pixels come in, elements leave. The same input gives the same bytes."""

from collections.abc import Sequence
from html import escape

Point = tuple[float, float]

INK = "#1f2328"
FAINT = "#6e7781"
PAPER = "#ffffff"
# Verdana and DejaVu Sans are equally wide, so text fits where either is installed.
FONT = "Verdana, DejaVu Sans, sans-serif"


def drawing(width: int, height: int, title: str, shapes: Sequence[str]) -> str:
    """A whole file, on white paper, so that it can be read on a dark page."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" font-family="{FONT}" font-size="14" fill="{INK}">',
            f"<title>{escape(title)}</title>",
            rectangle(0, 0, width, height, fill=PAPER),
            *shapes,
            "</svg>\n",
        ]
    )


def text(
    x: float, y: float, words: str, size: int = 14, colour: str = INK, bold: bool = False, anchor: str = "start"
) -> str:
    """One line of words on the base line y; `anchor` is start, middle or end."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def paragraph(x: float, y: float, lines: Sequence[str], size: int = 13, colour: str = INK) -> str:
    """Lines of words under each other, the first on the base line y."""
    return "\n".join(text(x, y + number * (size + 6), line, size, colour) for number, line in enumerate(lines))


def rectangle(
    x: float, y: float, width: float, height: float, fill: str = "none", stroke: str = "none", radius: float = 0
) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="2"/>'
    )


def circle(x: float, y: float, radius: float, fill: str = "none", stroke: str = "none") -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'


def line(points: Sequence[Point], colour: str = INK, width: float = 3, dashed: bool = False) -> str:
    """Straight pieces from point to point, with round corners."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    ends = 'stroke-dasharray="8 8"' if dashed else 'stroke-linecap="round"'
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" {ends} '
        'stroke-linejoin="round"/>'
    )


def polygon(points: Sequence[Point], fill: str = INK, stroke: str = "none") -> str:
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polygon points="{path}" fill="{fill}" stroke="{stroke}" stroke-width="2" stroke-linejoin="round"/>'
