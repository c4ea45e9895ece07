"""Whether it may be trusted to act: what it did, or would have done, and what the words turned out to mean come in; a
verdict leaves.

A lamp that learns is wrong more often than it will be, and what is wrong teaches it. It is no longer trusted once so
many of its last acts were wrong that this were a chance of less than UNLIKELY even if LEEWAY times its budget were
wrong: P(X >= k) of a binomial X. It is again once it has only hinted EARNED times and would have been right.
"""

from collections.abc import Mapping
from math import comb

from lampd.learners.wish import bearing
from lampd.messages import Directive, Example, Freedom, Tag

LAST, UNLIKELY, LEEWAY = 20, 0.01, 4
EARNED = 5
KEPT = 40


class Conduct:
    """Keeps the last acts since it was last `trusted` or no longer was; `budget` is the share that may be wrong."""

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self.trusted = True
        self._since = 0
        self._would: dict[int, Tag] = {}

    def decided(self, directive: Directive) -> None:
        """What it did or would have done. Its first acts, by which nobody can be judged yet, do not count."""
        if directive.would != "nothing" and directive.losses:
            self._would[directive.utterance] = directive.would
            while len(self._would) > KEPT:
                del self._would[min(self._would)]

    def trust(self, trusted: bool, utterance: int) -> None:
        """From now on, after `utterance`, it is trusted or not, whatever it did before."""
        self.trusted, self._since = trusted, utterance

    def review(self, meant: Mapping[int, Example]) -> bool:
        """Whether it may be trusted now, by what utterances `meant`."""
        told = {utterance: would for utterance, would in sorted(self._would.items()) if utterance > self._since}
        outcomes = (bearing(meant[one].possible, would) for one, would in told.items() if one in meant)
        right = [outcome for outcome in outcomes if outcome is not None]
        if not self.trusted:
            return len(right) >= EARNED and all(right[-EARNED:])
        last = right[-LAST:]
        return chance(last.count(False), len(last), min(LEEWAY * self._budget, 1.0)) >= UNLIKELY


def freedom(limit: Freedom, trusted: bool) -> Freedom:
    """How far it goes that may go as far as `limit`: to hints at most while it is not trusted."""
    return limit if trusted or limit == "observe" else "hint"


def chance(wrong: int, acts: int, budget: float) -> float:
    """P(X >= wrong) of X ~ Binomial(acts, budget)."""
    fewer = (comb(acts, k) * budget**k * (1 - budget) ** (acts - k) for k in range(wrong))
    return max(0.0, 1 - sum(fewer))
