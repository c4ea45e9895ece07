"""The explicit solution, updated in place by each example: useful from the first flip on.

For each of the wishes lit and dark there is a softmax layer of two outputs, "is" and "is not", in the closed form of
Williams and Zhao (arXiv 2311.07498) over one-hot n-grams. With H the inputs, Y the targets and F = H^T Y,

    U[j, i] = log F[j, i] - ((K - 1) / K) * log sum_d F[d, i],      logits = H U,

which is multinomial naive Bayes with fractional counts. F is a sum over examples, so an example is added and taken
away again in place. Every input is scaled to the same L1 norm K: an utterance weighs as much as K independent
n-grams, for its hundred overlapping ones are not a hundred witnesses. What a lamp knows before any flip stands in
four constants: there are other n-grams than those heard, most speech is not for it, what is said for one wish is
like what is said for the other, and people seldom ask for what is so (wish.ASIDE).
"""

import math
from collections import defaultdict
from collections.abc import Mapping

from lampd.learners.ngrams import counts
from lampd.learners.packed import packed
from lampd.learners.wish import WISHES, Wish, bearing, certainty, logistic
from lampd.messages import Example, Said, Tag

K = 4.0
FLOOR = 0.002
"""Added to every F[j, i], so that no logarithm meets a zero."""
UNHEARD = 1000
"""N-grams that might be said and have not been: the floor's mass is theirs too."""
FOREKNOWN = 4
"""Utterances that asked for nothing, taken for granted before any is heard: most speech is not for the lamp."""
SHARED = 0.5
"""What evidence on one wish counts for the other."""


def _inputs(said: Said) -> dict[str, float]:
    found = counts(said)
    total = sum(found.values())
    return {ngram: K * count / total for ngram, count in found.items()}


class Explicit:
    """Learns from one example at a time and predicts at once; keeps its `examples` by utterance, to unlearn them."""

    name = "explicit"

    def __init__(self) -> None:
        self.examples: dict[int, Example] = {}
        self._features: dict[str, int] = {}
        self._mass: dict[tuple[str, bool], defaultdict[str, float]] = {
            (wish, is_it): defaultdict(float) for wish in WISHES for is_it in (True, False)
        }
        self._total = dict.fromkeys(self._mass, 0.0)

    def learn(self, example: Example) -> None:
        """Add `example`, in place of what its utterance taught before; one with nothing possible is forgotten."""
        self.forget(example.utterance)
        if example.possible:
            self.examples[example.utterance] = kept = packed(example)
            self._count(kept, 1)

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been learned; unknown ones are ignored."""
        if example := self.examples.pop(utterance, None):
            self._count(example, -1)

    def _count(self, example: Example, sign: int) -> None:
        inputs = _inputs(example.said)
        for wish, other in (WISHES, WISHES[::-1]):
            is_it = bearing(example.possible, wish)
            if is_it is None or not inputs:
                continue
            weight = certainty(example.possible, wish)
            # what is known of one wish from the other is not handed back to it
            shares = {wish: weight, other: SHARED} if weight == 1 else {wish: weight}
            for receiver, share in shares.items():
                mass = self._mass[receiver, is_it]
                self._total[receiver, is_it] += sign * share * K
                for ngram, value in inputs.items():
                    mass[ngram] += sign * share * value
        for ngram in inputs:
            users = self._features.get(ngram, 0) + sign
            if users:
                self._features[ngram] = users
                continue
            # what floating point leaves of a forgotten n-gram is not evidence
            del self._features[ngram]
            for mass in self._mass.values():
                mass.pop(ngram, None)

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        """What each n-gram of `said` adds to the logit of `wish`; nothing, before any flip taught it."""
        yes, no = self._mass[wish, True], self._mass[wish, False]
        if self._total[wish, True] < K * SHARED / 2:
            return {}
        floor = FLOOR * (len(self._features) + UNHEARD)
        balance = (self._total[wish, False] + floor) / (self._total[wish, True] + floor)
        # .get: asking must not add
        return {
            ngram: value * math.log(balance * (_mass(yes, ngram) + FLOOR) / (_mass(no, ngram) + FLOOR))
            for ngram, value in _inputs(said).items()
        }

    def predict(self, said: Said, lit: bool) -> Wish:
        """Probabilities of what `said` asks of a lamp that is `lit` or not."""
        wish: Tag = "dark" if lit else "lit"
        parts = self.contributions(said, wish)
        if not parts:
            return Wish.of(lit, 0.0)
        prior = math.log(self._total[wish, True] / (self._total[wish, False] + FOREKNOWN * K))
        return Wish.of(lit, logistic(prior + math.fsum(parts.values())))


def _mass(masses: Mapping[str, float], ngram: str) -> float:
    return max(masses.get(ngram, 0.0), 0.0)
