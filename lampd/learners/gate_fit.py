"""Examples come in, a fitted gate leaves: LEARNER.md's explicit solution as a gate for each feature, then a convex fit.

For each wish the examples that bear on it are split into "is" and "is not". With F[j, c] the number of examples of
class c that hold n-gram j, plus one,

    r[j] = |log P(j | is) - log P(j | is not)|, scaled to mean 1, then r <- .25 + .75 r
    U = r * V,   V minimises  class-balanced cross entropy + (L2 / 2) ||V||^2   by L-BFGS.

Evidence against one wish ("not dark") says nothing about the other, and needs two binary problems to stay convex.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from lampd.learners.abandoned import Abandoned
from lampd.learners.gate import NO_HEAD, Gate, Head
from lampd.learners.ngrams import ngrams
from lampd.learners.wish import WISHES, bearing
from lampd.messages import Example, Tag

Floats = NDArray[np.float64]
Row = tuple[NDArray[np.int64], Floats]
"""Indices of the n-grams of a text, and log(1 + count) of each."""

L2 = 0.02
FLOOR = 0.25
STEPS = 60
MEMORY = 5
"""Of L-BFGS, in steps: more costs more than it saves here."""
TOLERANCE = 1e-4
"""Of the loss, relative: less changes no decision that was measured, and costs twice the steps."""


def gate_for(present: sparse.csr_array, is_it: Floats) -> Floats:
    """r (V) for `present` (M x V, 0 or 1) and the targets `is_it` (M, 0 or 1)."""
    yes = present.T @ is_it + 1
    no = present.T @ (1 - is_it) + 1
    odds = np.abs(np.log(yes / yes.sum()) - np.log(no / no.sum()))
    mean = odds.mean()
    r: Floats = FLOOR + (1 - FLOOR) * (odds / mean if mean > 0 else np.ones_like(odds))
    return r


def fit_wish(x: sparse.csr_array, is_it: Floats, abandon: Callable[[], bool]) -> Floats:
    """V and b (V + 1) that minimise balanced logistic loss + L2 for gated features `x` (M x V), targets `is_it` (M).

    Raises Abandoned when `abandon()` turns true.
    """
    positives = is_it.sum()
    weight = np.where(is_it > 0, 0.5 / positives, 0.5 / (len(is_it) - positives))
    transposed = x.T.tocsr()

    def loss(z: Floats) -> tuple[float, Floats]:
        if abandon():
            raise Abandoned
        margin = x @ z[:-1] + z[-1]
        residual = weight * (1 / (1 + np.exp(-margin)) - is_it)
        value = weight @ (np.logaddexp(0, margin) - is_it * margin) + L2 / 2 * (z[:-1] @ z[:-1])
        return value, np.append(transposed @ residual + L2 * z[:-1], residual.sum())

    fitted: Floats = minimize(
        loss,
        np.zeros(x.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "maxcor": MEMORY, "ftol": TOLERANCE},
    ).x
    return fitted


class Fitter:
    """Keeps examples as sparse counts, and fits again only the wish that new ones bear on."""

    def __init__(self) -> None:
        self._vocabulary: dict[str, int] = {}
        self._ngrams: list[str] = []
        self._rows: dict[int, Row] = {}
        self._examples: dict[int, Example] = {}
        self._heads: dict[Tag, Head] = {}

    def learn(self, example: Example) -> bool:
        """Add or replace an example; one with nothing possible is forgotten. False where that changes nothing."""
        old = self._examples.get(example.utterance)
        if old and (old.possible, old.text) == (example.possible, example.text):
            return False
        self.forget(example.utterance)
        counts = ngrams(example.text)
        if not example.possible or not counts:
            return old is not None
        for ngram in counts:
            if self._vocabulary.setdefault(ngram, len(self._ngrams)) == len(self._ngrams):
                self._ngrams.append(ngram)
        index = np.fromiter((self._vocabulary[ngram] for ngram in counts), np.int64, len(counts))
        self._rows[example.utterance] = index, np.log1p(np.fromiter(counts.values(), float, len(counts)))
        self._examples[example.utterance] = example
        self._spoil(example)
        return True

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been there."""
        if example := self._examples.pop(utterance, None):
            del self._rows[utterance]
            self._spoil(example)

    def _spoil(self, example: Example) -> None:
        for wish in WISHES:
            if bearing(example.possible, wish) is not None:
                self._heads.pop(wish, None)

    def counts(self) -> dict[str, int]:
        """How many examples there are of each tag, and how many only rule one out."""
        counts = {"lit": 0, "dark": 0, "nothing": 0, "not lit": 0, "not dark": 0}
        for example in self._examples.values():
            alone = len(example.possible) == 1
            counts[example.possible[0] if alone else "not dark" if "lit" in example.possible else "not lit"] += 1
        return counts

    def fit(self, version: int, abandon: Callable[[], bool] = lambda: False) -> Gate:
        """The gate for the present examples. Raises Abandoned as soon as `abandon()` is true."""
        for wish in WISHES:
            if wish not in self._heads:
                self._heads[wish] = self._fit(wish, abandon)
        return Gate(self._heads["lit"], self._heads["dark"], self.counts(), version)

    def _fit(self, wish: Tag, abandon: Callable[[], bool]) -> Head:
        bears = {u: bearing(self._examples[u].possible, wish) for u in sorted(self._rows)}
        rows = [self._rows[u] for u, is_it in bears.items() if is_it is not None]
        is_it = np.array([b for b in bears.values() if b is not None], float)
        if not is_it.any() or is_it.all():
            return NO_HEAD
        lengths = np.array([len(index) for index, _ in rows])
        # only n-grams in use, in order of utterances: the order in which examples came leaves no trace, nor do
        # forgotten ones
        index = np.concatenate([index for index, _ in rows])
        first = np.empty(len(self._ngrams), np.int64)
        first[index[::-1]] = np.arange(len(index))[::-1]
        used = index[first[index] == np.arange(len(index))]
        rank = np.empty(len(self._ngrams), np.int64)
        rank[used] = np.arange(len(used))
        column = rank[index]
        frequency = np.bincount(column)
        idf = np.log((1 + len(rows)) / (1 + frequency)) + 1
        values = np.concatenate([value for _, value in rows]) * idf[column]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        norms = np.sqrt(np.add.reduceat(values**2, ends[:-1]))
        r = gate_for(sparse.csr_array((np.ones_like(values), column, ends)), is_it)
        x = sparse.csr_array((values / np.repeat(norms, lengths) * r[column], column, ends))
        z = fit_wish(x, is_it, abandon)
        return Head(
            [self._ngrams[j] for j in used.tolist()],
            idf.astype(np.float32),
            (z[:-1] * r).astype(np.float32),
            z[-1:].astype(np.float32),
        )
