"""The data folder's clips come in; tasks leave: what each clip says, and splits of those to learn and those to judge.

Two tasks are of phrases by more than fifty people: one is lit, one dark, another and orders to a coffee machine are
chatter. Four are of digits: "three" and "seven" by three speakers, lit and dark, and other digits that are chatter, by
the same three or by three others.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lampd.messages import Tag

CHATTER = 3
"""Clips of chatter to a wish."""
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
TAKES = 8
"""Of each digit of each speaker that serves as chatter."""


class Task(NamedTuple):
    """What each clip says, and whether who says it already tells a wish from chatter."""

    name: str
    clips: dict[Path, Tag]
    telling: bool = False


def tasks(speech: Path) -> list[Task]:
    """The tasks that the clips under `speech` make."""

    def phrases(tag: Tag, *names: str) -> dict[Path, Tag]:
        return {path: tag for name in names for path in sorted((speech / name).glob("*.flac"))}

    def digits(tag: Tag, pattern: str, speakers: Sequence[str]) -> dict[Path, Tag]:
        return {path: tag for who in speakers for path in sorted((speech / "digits" / who).glob(f"{pattern}.flac"))}

    def household(own: Sequence[str], others: Sequence[str]) -> dict[Path, Tag]:
        chatter = digits("nothing", f"[!37]_0[0-{TAKES - 1}]", others)
        return digits("lit", "3_*", own) | digits("dark", "7_*", own) | chatter

    def talk(lit: str, dark: str, chatter: str) -> dict[Path, Tag]:
        return phrases("lit", lit) | phrases("dark", dark) | phrases("nothing", chatter, "coffee")

    some, rest = SPEAKERS[:3], SPEAKERS[3:]
    return [
        Task("jarvis, snowboy", talk("jarvis", "snowboy", "computer")),
        Task("computer, jarvis", talk("computer", "jarvis", "snowboy")),
        Task("digits, same 3", household(some, some)),
        Task("digits, same other 3", household(rest, rest)),
        Task("digits, strangers", household(some, rest), telling=True),
        Task("digits, strangers 2", household(rest, some), telling=True),
    ]


def split(tags: Sequence[Tag], examples: int, seed: int) -> tuple[list[int], list[int]]:
    """Which clips are learned, in a random order, and which are judged; more examples include the fewer."""
    rng = random.Random(f"split {seed}")
    order = rng.sample(range(len(tags)), len(tags))
    wanted = {"lit": examples, "dark": examples, "nothing": 2 * CHATTER * examples}
    learned = [i for tag, many in wanted.items() for i in [i for i in order if tags[i] == tag][:many]]
    rng.shuffle(learned)
    return learned, sorted({*order} - {*learned})
