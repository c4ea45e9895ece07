"""Whether it may be trusted to act: what it did, or would have done, and what the words turned out to mean come in; a
verdict leaves.

A lamp that learns is wrong more often than it will be, and what is wrong teaches it. It is no longer trusted once so
many of its last acts were wrong that this were a chance of less than UNLIKELY even if LEEWAY times its budget were
wrong: P(X >= k) of a binomial X. It is again once it has only hinted EARNED times and would have been right. Whoever
means to make it wrong has it win trust and lose it, again and again: where trust is lost SOON after it was won, it
takes twice as many hints as before to win it again, up to DEAREST, of which the budget may be wrong.
"""

from collections.abc import Mapping
from math import comb

from lampd.learners.wish import bearing
from lampd.messages import Directive, Example, Freedom, Tag

LAST, UNLIKELY, LEEWAY = 20, 0.01, 4
EARNED, DEAREST = 5, 80
SOON = 500
"""Utterances."""
KEPT = 2 * DEAREST


class Conduct:
    """Keeps the last acts since it was last `trusted` or no longer was; `budget` is the share that may be wrong."""

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self.trusted = True
        self._since = self._price = 0
        self._would: dict[int, Tag] = {}
        self._asked: dict[int, Directive] = {}

    def decided(self, directive: Directive) -> None:
        """What it would have done, or wants done: that counts once it is. The relay may rest, or a hand be faster."""
        if directive.wish == "nothing":
            self._count(directive)
        else:
            self._asked[directive.utterance] = directive
            while len(self._asked) > KEPT:
                del self._asked[min(self._asked)]

    def acted(self, utterance: int) -> None:
        """What was wanted because of an utterance is done."""
        if directive := self._asked.pop(utterance, None):
            self._count(directive)

    def _count(self, directive: Directive) -> None:
        # nobody can be judged by the first acts yet
        if directive.would != "nothing" and directive.losses:
            self._would[directive.utterance] = directive.would
            while len(self._would) > KEPT:
                del self._would[min(self._would)]

    def trust(self, trusted: bool, utterance: int) -> None:
        """From now on, after `utterance`, it is trusted or not, whatever it did before."""
        if self.trusted and not trusted:
            again = min(2 * self._price, DEAREST) if utterance - self._since <= SOON else 0
            self._price = max(EARNED, again)
        self.trusted, self._since = trusted, utterance

    def review(self, meant: Mapping[int, Example]) -> bool:
        """Whether it may be trusted now, by what utterances `meant`."""
        told = {utterance: would for utterance, would in sorted(self._would.items()) if utterance > self._since}
        outcomes = (bearing(meant[one].possible, would) for one, would in told.items() if one in meant)
        right = [outcome for outcome in outcomes if outcome is not None]
        if not self.trusted:
            return len(right) >= self._price and right[-self._price :].count(False) <= self._budget * self._price
        last = right[-LAST:]
        return chance(last.count(False), len(last), min(LEEWAY * self._budget, 1.0)) >= UNLIKELY


def freedom(limit: Freedom, trusted: bool) -> Freedom:
    """How far it goes that may go as far as `limit`: to hints at most while it is not trusted."""
    return limit if trusted or limit == "observe" else "hint"


def chance(wrong: int, acts: int, budget: float) -> float:
    """P(X >= wrong) of X ~ Binomial(acts, budget)."""
    fewer = (comb(acts, k) * budget**k * (1 - budget) ** (acts - k) for k in range(wrong))
    return max(0.0, 1 - sum(fewer))
