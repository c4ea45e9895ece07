"""What a section of the report is made of: numbers and sentences, before they are HTML."""

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """Cells are text as it was heard or made; the page escapes them."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


class Section(NamedTuple):
    """`says` holds plain sentences, `picture` an inline SVG of drawing.py or nothing, as while there is too little to
    draw."""

    title: str
    says: Sequence[str]
    picture: str = ""
    tables: Sequence[Table] = ()


def counted(number: int, one: str, many: str = "") -> str:
    """`1 act`, `2 acts`, `no acts`."""
    return f"{number or 'no'} {one if number == 1 else many or one + 's'}"
