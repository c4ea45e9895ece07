"""Households that make the lamp wrong on purpose: how far they get, and what it takes to be trusted again.

Each is honest until the lamp has its autonomy; then contrary, a third of all utterances being words for a change; then
honest again. Nothing is ever heard twice alike, so that no word that was corrected is known again by its letters alone.
"""

import random
from typing import Literal, get_args

from msgspec import Struct

from lampd.bench.faults.living import AN_HOUR, Living
from lampd.messages import Transcript
from lampd.settings import Settings

Manner = Literal["honest", "takes back every act", "flips at random", "flips at any words"]
CONTRARY: tuple[Manner, ...] = get_args(Manner)[1:]

COMMANDS = 1 / 3
ANY_WORDS = 0.1
"""Of what means nothing is flipped for by those who flip at any words."""
LESSONS, AT_MOST = 180, 1200
"""Utterances in which it is taught, and in which it is to be trusted again."""
WORDS = {True: ("turn on the light", "some light please"), False: ("turn off the light", "good night everybody")}
SYLLABLE = ("bdfgklmnprstvz", "aeiou")
MISHEARD, LETTERS = 0.08, "abcdefghijklmnopqrstuvwxyz"
"""The share of letters, and what they are heard as."""


class Tally(Struct):
    """What was said and done, what of it a hand took back, and how often trust was lost; `before` is how many wrong
    acts there were until it was lost for the first time."""

    utterances: int = 0
    acts: int = 0
    wrong: int = 0
    lost: int = 0
    before: int = 0

    @property
    def hours(self) -> float:
        return self.utterances / AN_HOUR


class House:
    """A lamp, and those who say WORDS to it, and among themselves what is of no language."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.lamp = Living(settings)
        self._rng = random.Random(f"contrary {seed}")

    def live(self, manner: Manner, utterances: int, until_trusted: bool = False) -> Tally:
        """So many utterances, or fewer, until it is trusted, where that is all that is asked."""
        tally, lost = Tally(), self.lamp.lost
        while tally.utterances < utterances and not (until_trusted and self.lamp.trusted):
            asks = self._rng.random() < COMMANDS
            flips, takes_back = self._answer(manner, asks)
            acts = self.lamp.hear([self._said(asks)], flips, takes_back)
            tally.utterances += 1
            tally.acts += acts
            tally.wrong += acts if takes_back else 0
            tally.lost = self.lamp.lost - lost
            tally.before = tally.before if tally.lost else tally.wrong
        return tally

    def _said(self, asks: bool) -> Transcript:
        text = self._rng.choice(WORDS[not self.lamp.lit]) if asks else babble(self._rng)
        heard = "".join(self._rng.choice(LETTERS) if self._rng.random() < MISHEARD else one for one in text)
        return Transcript(2.5, 0, 0.0, 2.0, heard, 0.9)

    def _answer(self, manner: Manner, asks: bool) -> tuple[bool, bool]:
        """Whether a hand flips where nothing is done about what is said, and whether it takes back what is done."""
        match manner:
            case "takes back every act":
                return asks, True
            case "flips at random":
                return asks and self._rng.random() < 0.5, self._rng.random() < 0.5
            case "flips at any words":
                return asks or self._rng.random() < ANY_WORDS, True
        return asks, not asks


def babble(chance: random.Random) -> str:
    words = range(chance.randint(2, 9))
    return " ".join("".join(map(chance.choice, SYLLABLE * chance.randint(1, 3))) for _ in words)


def contrary(settings: Settings, manner: Manner, times: int, seed: int) -> dict[str, Tally]:
    """What a lamp did that was `taught`, then `wronged` for 2 `times` utterances, then asked for trust `again`."""
    house = House(settings, seed)
    return {
        "taught": house.live("honest", min(LESSONS, 3 * times)),
        "wronged": house.live(manner, 2 * times),
        "again": house.live("honest", AT_MOST, until_trusted=True),
    }
