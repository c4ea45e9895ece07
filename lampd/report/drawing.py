"""What matplotlib draws, as SVG that stands in a page: a figure's content comes in, one <svg> element leaves.

Its ids begin with the picture's name, for those of two pictures in a page must not be the same. Its colours are the
page's, which knows whether it is read by day or by night. It holds no address, and the same content gives the same
bytes.
"""

import io
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

COLOURS: dict[str, tuple[str, str]] = {
    "ink": ("#1f2328", "#e6edf3"),
    "faint": ("#6e7781", "#8b949e"),
    "lamp": ("#e0a000", "#f2b705"),
    "hand": ("#4070b0", "#79aef2"),
    "wrong": ("#c03030", "#ff7b72"),
}
"""By name, on light paper and on dark."""
INK, FAINT, LAMP, HAND, WRONG = (light for light, _ in COLOURS.values())

WIDTH = 5.0
"""Inches, of 72 points: as many as a phone is wide in pixels, so that letters are as large as they say."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lampd",
    "text.parse_math": False,
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}
SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"


def picture(name: str, says: str, draw: Callable[[Figure], None], height: float = 2.7) -> str:
    """What `draw` puts on a figure `height` inches high. `says` is for those who do not see it."""
    drawn = io.StringIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        # its owner's own style is not the page's
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        # the reader's own fonts have the letters that matplotlib's lack
        warnings.filterwarnings("ignore", "Glyph")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(drawn, format="svg", transparent=True, metadata=nothing)
    return inlined(drawn.getvalue(), name, says)


def inlined(svg: str, name: str, says: str) -> str:
    """The root element of an SVG file, fit to stand among others of its kind."""
    root = ElementTree.fromstring(svg)
    for parent in [*root.iter()]:
        for child in [*parent]:
            # matplotlib's style element would reach all of the page
            if child.tag in (f"{SVG}metadata", f"{SVG}style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        element.attrib = {
            key.removeprefix(XLINK): _attribute(key.removeprefix(XLINK), value, name)
            for key, value in element.attrib.items()
        }
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": says}
    return ElementTree.tostring(root, encoding="unicode")


def _attribute(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    value = value.replace("url(#", f"url(#{name}-")
    if key == "style":
        value = re.sub(r"font-family:[^;]*;?", "", value)
        for colour, (light, _) in COLOURS.items():
            value = value.replace(light, f"var(--{colour})")
    return value
