"""What every learner answers, and how a label bears on a wish."""

import math
from typing import NamedTuple, Protocol

from lampd.messages import Said, Tag

WISHES: tuple[Tag, Tag] = ("lit", "dark")


class Wish(NamedTuple):
    """Probabilities, summing to 1, of what an utterance asks of the lamp."""

    lit: float
    dark: float
    nothing: float

    @classmethod
    def of(cls, lit: bool, change: float) -> "Wish":
        """`change` is the probability that a lamp that is `lit` or not should change; what it is, it cannot become."""
        return cls(0.0, change, 1 - change) if lit else cls(change, 0.0, 1 - change)


class Predictor(Protocol):
    """Answers what was said asks of a lamp in a state, and why."""

    @property
    def name(self) -> str: ...

    def predict(self, said: Said, lit: bool) -> Wish:
        """Probabilities of what `said` asks of a lamp that is `lit` or not."""
        ...

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        """What each n-gram of `said` adds to the logit of `wish`; empty where nothing is known of it."""
        ...


ASIDE = 0.1
"""How strongly words that meant one wish say that they do not mean the other: people seldom ask for what is so."""


def bearing(possible: tuple[Tag, ...], wish: Tag) -> bool | None:
    """Whether a label says that the utterance meant `wish`: it did, it did not, or (None) it does not tell."""
    if wish not in possible:
        return False if possible else None
    return True if possible == (wish,) else None


def certainty(possible: tuple[Tag, ...], wish: Tag) -> float:
    """How much a label that bears on `wish` weighs in learning it: 1, or ASIDE where it tells of the other wish."""
    return ASIDE if possible in (("lit",), ("dark",)) and possible != (wish,) else 1.0


def logistic(x: float) -> float:
    return 0.5 * (1 + math.tanh(x / 2))
