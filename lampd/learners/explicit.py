"""The explicit solution, updated in place by each example: useful from the first flip for each wish on.

For each of the wishes lit and dark there is a softmax layer of two outputs, "is" and "is not", in the closed form of
Williams and Zhao (arXiv 2311.07498) over one-hot n-grams. With H the inputs, Y the targets and F = H^T Y,

    U[j, i] = log F[j, i] - ((K - 1) / K) * log sum_d F[d, i],      logits = H U,

which is multinomial naive Bayes with fractional counts. Its prior, the K-th part of the last logarithm, leaves the
floor out and counts some foreknown talk in. F is a sum over examples, so an example is added and taken
away again in place. Every input is scaled to the same L1 norm K: an utterance weighs as much as K independent
n-grams, for its hundred overlapping ones are not a hundred witnesses.
"""

import math
from collections import defaultdict

from lampd.learners.ngrams import ngrams
from lampd.learners.wish import WISHES, Wish, bearing, logistic
from lampd.messages import Example

K = 4.0
FLOOR = 0.02
"""Added to every F[j, i], so that no logarithm meets a zero."""
FOREKNOWN = 4
"""Utterances that asked for nothing, taken for granted before any is heard: most speech is not for the lamp."""


def _inputs(text: str) -> dict[str, float]:
    counts = ngrams(text)
    total = counts.total()
    return {ngram: K * count / total for ngram, count in counts.items()}


class Explicit:
    """Learns from one example at a time and predicts at once; keeps the text of what it learned, to unlearn it."""

    name = "explicit"

    def __init__(self) -> None:
        self._examples: dict[int, Example] = {}
        self._features: dict[str, int] = {}
        self._mass: dict[tuple[str, bool], defaultdict[str, float]] = {
            (wish, is_it): defaultdict(float) for wish in WISHES for is_it in (True, False)
        }
        self._total = dict.fromkeys(self._mass, 0.0)

    def learn(self, example: Example) -> None:
        """Add `example`, in place of what its utterance taught before; one with nothing possible is forgotten."""
        self.forget(example.utterance)
        if example.possible:
            self._examples[example.utterance] = example
            self._count(example, 1)

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been learned; unknown ones are ignored."""
        if example := self._examples.pop(utterance, None):
            self._count(example, -1)

    def _count(self, example: Example, sign: int) -> None:
        inputs = _inputs(example.text)
        for wish in WISHES:
            is_it = bearing(example.possible, wish)
            if is_it is None:
                continue
            mass = self._mass[wish, is_it]
            self._total[wish, is_it] += sign * K * bool(inputs)
            for ngram, value in inputs.items():
                mass[ngram] += sign * value
        for ngram in inputs:
            users = self._features.get(ngram, 0) + sign
            if users:
                self._features[ngram] = users
                continue
            # what floating point leaves of a forgotten n-gram is not evidence
            del self._features[ngram]
            for mass in self._mass.values():
                mass.pop(ngram, None)

    def predict(self, text: str, lit: bool) -> Wish:
        """Probabilities of what `text` asks of a lamp that is lit or not; nothing, before any flip taught it."""
        wish = "dark" if lit else "lit"
        if self._total[wish, True] < K / 2:
            return Wish.of(lit, 0.0)
        yes, no = self._mass[wish, True], self._mass[wish, False]
        floor = FLOOR * len(self._features)
        all_yes, all_no = self._total[wish, True] + floor, self._total[wish, False] + floor
        logit = math.log(self._total[wish, True] / (self._total[wish, False] + FOREKNOWN * K))
        inputs = _inputs(text)
        for ngram, value in inputs.items():
            # .get: asking must not add
            odds = (max(yes.get(ngram, 0.0), 0.0) + FLOOR) / (max(no.get(ngram, 0.0), 0.0) + FLOOR)
            logit += value * math.log(odds * all_no / all_yes)
        return Wish.of(lit, logistic(logit) if inputs else 0.0)
