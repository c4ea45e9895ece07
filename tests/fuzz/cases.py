"""How often, and with what: bytes that were whole once, and text that nobody would say."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.strategies import SearchStrategy

FEW = 12
"""Inputs of each kind in `make test`; `make fuzz` names its own number."""


def cases(share: float = 1.0) -> settings:
    """So many inputs, or a `share` of that where each takes long."""
    often = int(os.environ.get("LAMPD_FUZZ", FEW))
    # one folder for all inputs of a test: each writes what it reads
    unasked = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    always_the_same = "LAMPD_FUZZ" not in os.environ
    return settings(
        max_examples=max(3, round(often * share)), suppress_health_check=unasked, derandomize=always_the_same
    )


@some.composite
def damaged(draw: some.DrawFn, whole: bytes) -> bytes:
    """`whole`, with bytes changed, cut away, put in or zeroed, in a place or several."""
    data = bytearray(whole)
    for _ in range(draw(some.integers(1, 4))):
        at = draw(some.integers(0, max(0, len(data) - 1)))
        match draw(some.sampled_from(["flip", "number", "cut", "insert", "zero", "drop"])):
            case "flip" if data:
                data[at] ^= 1 << draw(some.integers(0, 7))
            case "number":
                data[at : at + 4] = draw(some.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"99999999"]))
            case "cut":
                del data[at:]
            case "insert":
                data[at:at] = draw(some.binary(max_size=40))
            case "zero":
                length = draw(some.integers(1, 600))
                data[at : at + length] = bytes(len(data[at : at + length]))
            case _:
                del data[at : at + draw(some.integers(1, 600))]
    return bytes(data)


LETTERS: SearchStrategy[str] = some.characters(min_codepoint=0, max_codepoint=0x10FFFF)
"""Of every plane, lone surrogates and controls too."""
AWKWARD = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31m",
    "\x9b31m\x85\u2028\u2029",
    "\u202egnihton\u2066\u200f\ufeff",
    "e" + "\u0301" * 500,
    "\0\r\b\x7f",
    "<script>alert(1)</script>&amp;\"'",
    "$\\frac{$_^{}",
    "\U0001f468\u200d\U0001f4a1 خاموش‌کن ไฟ 点灯",
    "a" * 100_000,
    "ab " * 33_333,
    "\U0010ffff" * 1000,
)
TEXTS: SearchStrategy[str] = some.text(LETTERS, max_size=60) | some.sampled_from(AWKWARD)
WRITABLE: SearchStrategy[str] = TEXTS.map(lambda text: text.encode("utf-8", "replace").decode())
"""What a file or a database may hold."""
