"""Examples come in, a fitted gate leaves: LEARNER.md's explicit solution as a gate for each feature, then a convex fit.

For each wish w the examples that bear on it are split into "is" and "is not". With F[j, c] the weight of examples of
class c that hold n-gram j, plus one,

    r[j] = |log P(j | is) - log P(j | is not)|, scaled to mean 1, then r <- .25 + .75 r

for w alone (r_w) and for both wishes together (r_0): what is said for light is like what is said for dark. Then

    U_w = s_0 r_0 * V_0 + s_1 r_w * V_w,   b = PRIOR + B,
    V, B minimise  weighted cross entropy of logistic(x . U_w + b) + 1/2 (||V||^2 + B^2)   by L-BFGS from zero.

Evidence against one wish ("not dark") says nothing about the other: two binary problems that share V_0 stay convex.
"""

from array import array
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from lampd.learners.abandoned import Abandoned
from lampd.learners.gate import Gate
from lampd.learners.ngrams import counts
from lampd.learners.packed import packed
from lampd.learners.wish import WISHES, bearing, certainty
from lampd.messages import Example

Floats = NDArray[np.float64]

VARIANCE = 120.0
"""Of a wish's weights before anything is learned."""
SHARED = 0.5
"""The part of it that the two wishes have in common."""
PRIOR = -1.0
"""The logit of a wish before anything is learned: most speech is not for the lamp."""
FLOOR = 0.25
HALF_LIFE = 500.0
"""After this many newer examples an example counts half."""
STEPS = 60
MEMORY = 5
"""Of L-BFGS, in steps: more costs more than it saves here."""
TOLERANCE = 1e-4
"""Of the loss, relative: less changes no decision that was measured, and costs twice the steps."""


def gate_for(present: sparse.csr_array, is_it: Floats, is_not: Floats) -> Floats:
    """r (V) for `present` (M x V, 0 or 1) and the weights (M) of "is" and "is not"."""
    yes = present.T @ is_it + 1
    no = present.T @ is_not + 1
    odds = np.abs(np.log(yes / yes.sum()) - np.log(no / no.sum()))
    mean = odds.mean()
    r: Floats = FLOOR + (1 - FLOOR) * (odds / mean if mean > 0 else np.ones_like(odds))
    return r


def fit(x: sparse.csr_array, is_it: Floats, weight: Floats, abandon: Callable[[], bool]) -> tuple[Floats, float]:
    """U (V x 2) and b, for features `x` (M x V), targets `is_it` (M x 2, 0 or 1) and their weights (M x 2).

    Raises Abandoned when `abandon()` turns true.
    """
    present = sparse.csr_array((np.ones_like(x.data), x.indices, x.indptr), x.shape)
    yes, no = weight * is_it, weight * (1 - is_it)
    of_both = np.sqrt(VARIANCE * SHARED) * gate_for(present, yes.sum(1), no.sum(1))
    of_each = [np.sqrt(VARIANCE * (1 - SHARED)) * gate_for(present, yes[:, w], no[:, w]) for w in (0, 1)]
    own = np.stack(of_each, axis=1)
    features = x.shape[1]
    transposed = x.T.tocsr()

    def weights(v: Floats) -> Floats:
        both: Floats = of_both[:, None] * v[:features, None]
        return both + own * v[features:-1].reshape(features, 2)

    def loss(v: Floats) -> tuple[float, Floats]:
        if abandon():
            raise Abandoned
        logit = x @ weights(v) + PRIOR + v[-1]
        residual = weight * (1 / (1 + np.exp(-logit)) - is_it)
        back = transposed @ residual
        slope = np.concatenate([of_both * back.sum(1), (own * back).ravel(), [residual.sum()]])
        value = (weight * (np.logaddexp(0, logit) - is_it * logit)).sum() + v @ v / 2
        return float(value), slope + v

    options = {"maxiter": STEPS, "maxcor": MEMORY, "ftol": TOLERANCE}
    v = minimize(loss, np.zeros(3 * features + 1), jac=True, method="L-BFGS-B", options=options).x
    return weights(v), float(PRIOR + v[-1])


class Fitter:
    """Keeps examples, and fits a gate to them when asked."""

    def __init__(self) -> None:
        self._examples: dict[int, Example] = {}

    def learn(self, example: Example) -> bool:
        """Add or replace an example; one with nothing possible is forgotten. False where that changes nothing."""
        old, new = self._examples.get(example.utterance), packed(example)
        if old and (old.possible, old.said) == (new.possible, new.said):
            return False
        self.forget(example.utterance)
        if not example.possible or not counts(example.said):
            return old is not None
        self._examples[example.utterance] = new
        return True

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been there."""
        self._examples.pop(utterance, None)

    def counts(self) -> dict[str, int]:
        """How many examples there are of each tag, and how many only rule one out."""
        counts = {"lit": 0, "dark": 0, "nothing": 0, "not lit": 0, "not dark": 0}
        for example in self._examples.values():
            alone = len(example.possible) == 1
            counts[example.possible[0] if alone else "not dark" if "lit" in example.possible else "not lit"] += 1
        return counts

    def fit(self, version: int, abandon: Callable[[], bool] = lambda: False) -> Gate:
        """The gate for the present examples. Raises Abandoned as soon as `abandon()` is true."""
        examples = [self._examples[utterance] for utterance in sorted(self._examples)]
        bears = [[bearing(one.possible, wish) for wish in WISHES] for one in examples]
        if not any(True in b for b in bears):
            return Gate.untaught(self.counts(), version)
        sure = [[certainty(one.possible, wish) for wish in WISHES] for one in examples]
        age = np.arange(len(examples))[::-1, None]
        tells = np.array([[b is not None for b in both] for both in bears], float)
        weight = np.array(sure) * tells * 0.5 ** (age / HALF_LIFE)
        # in order of utterances: the order in which examples came leaves no trace
        vocabulary: dict[str, int] = {}
        columns, counted, lengths = array("q"), array("d"), array("q")
        for one in examples:
            found = counts(one.said)
            columns.extend(vocabulary.setdefault(ngram, len(vocabulary)) for ngram, _ in found.items())
            counted.extend(count for _, count in found.items())
            lengths.append(len(found))
        column = np.array(columns)
        idf = np.log((1 + len(examples)) / (1 + np.bincount(column))) + 1
        values = np.log1p(counted) * idf[column]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        values /= np.repeat(np.sqrt(np.add.reduceat(values**2, ends[:-1])), lengths)
        x = sparse.csr_array((values, column, ends), (len(examples), len(vocabulary)))
        u, bias = fit(x, np.array([[b is True for b in both] for both in bears], float), weight, abandon)
        return Gate(
            list(vocabulary),
            idf.astype(np.float32),
            float(np.log(1 + len(examples)) + 1),
            u.T.astype(np.float32),
            bias,
            self.counts(),
            version,
        )
