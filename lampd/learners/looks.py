"""Looks at words that are still being said: how likely a change is comes in, what two in a row agree on leaves.

The beginning of a wish may be that of much else. So one look is never enough to act on, and what it takes is learned
from what such pairs of looks turned out to be worth: judge.Judge.early().
"""

import msgspec


class Looks(msgspec.Struct):
    """At one utterance, said to a lamp that was `lit` or not; `asked` once a change was asked for, `acted` once it was
    made."""

    utterance: int = 0
    lit: bool = False
    asked: bool = False
    acted: bool = False
    last: float = 0.0
    steady: float = 0.0
    """The highest that two in a row have agreed on."""

    def see(self, likely: float) -> float:
        """Take another look; what it and the one before agree on."""
        agreed, self.last = min(likely, self.last), likely
        self.steady = max(self.steady, agreed)
        return agreed
