"""Counts of n-grams that need not be whole come in; what the lamp's learners make of them leaves.

With whole counts these are lampd.learners.explicit and the gate of lampd.learners.gate_fit, of whose constants and fit
they are made.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lampd.bench.lattice import Counts
from lampd.learners import explicit, gate_fit
from lampd.learners.wish import WISHES, bearing, certainty
from lampd.messages import Tag

Floats = NDArray[np.float64]
Learner = Callable[[sparse.csr_array, Sequence[Tag], sparse.csr_array], Floats]
"""From counts to learn from (M x V), the tag of each, and counts to judge (N x V): logits (N x 2: lit, dark), minus
infinity where there is nothing to go by."""


def matrix(clips: Sequence[Counts]) -> sparse.csr_array:
    """Counts of V n-grams (clips x V), V being all that occur."""
    vocabulary: dict[str, int] = {}
    columns = [vocabulary.setdefault(ngram, len(vocabulary)) for counts in clips for ngram in counts]
    values = [value for counts in clips for value in counts.values()]
    ends = np.cumsum([0, *map(len, clips)])
    return sparse.csr_array((np.array(values, float), np.array(columns, np.int64), ends), (len(clips), len(vocabulary)))


def _with(x: sparse.csr_array, values: Floats) -> sparse.csr_array:
    return sparse.csr_array((values, x.indices, x.indptr), x.shape)


def _rows(x: sparse.csr_array) -> NDArray[np.int64]:
    """The row of each value."""
    return np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))


def _shares(tag: Tag) -> list[float]:
    """How much an example counts for each wish and each of "is" and "is not"."""
    share = dict.fromkeys([(wish, is_it) for wish in WISHES for is_it in (True, False)], 0.0)
    for wish, other in (WISHES, WISHES[::-1]):
        is_it, weight = bearing((tag,), wish), certainty((tag,), wish)
        if is_it is not None:
            share[wish, is_it] += weight
            share[other, is_it] += explicit.SHARED if weight == 1 else 0.0
    return [*share.values()]


def solved(learned: sparse.csr_array, tags: Sequence[Tag], judged: sparse.csr_array) -> Floats:
    """The explicit solution; a Learner."""

    def inputs(x: sparse.csr_array) -> sparse.csr_array:
        return _with(x, explicit.K * x.data / x.sum(1)[_rows(x)])

    shares = np.array([_shares(tag) for tag in tags]) * (learned.sum(1) > 0)[:, None]
    mass = inputs(learned).T @ shares
    yes, no = mass[:, ::2], mass[:, 1::2]
    total_yes, total_no = explicit.K * shares.sum(0).reshape(2, 2).T
    floor = explicit.FLOOR * (len(np.unique(learned.indices)) + explicit.UNHEARD)
    odds = np.log((yes + explicit.FLOOR) / (no + explicit.FLOOR)) + np.log((total_no + floor) / (total_yes + floor))
    prior = np.log(total_yes / (total_no + explicit.FOREKNOWN * explicit.K))
    logits: Floats = prior + inputs(judged) @ odds
    logits[judged.sum(1) == 0] = -np.inf
    return logits


def gated(learned: sparse.csr_array, tags: Sequence[Tag], judged: sparse.csr_array) -> Floats:
    """The gate, fitted; a Learner."""
    rows = learned.shape[0]
    held_by = np.bincount(learned.indices, minlength=learned.shape[1])
    idf = np.log((1 + rows) / (1 + held_by)) + 1
    used = np.flatnonzero(held_by)

    def features(x: sparse.csr_array) -> sparse.csr_array:
        values = np.log1p(x.data) * idf[x.indices]
        norms = np.sqrt(np.bincount(_rows(x), values**2, x.shape[0]))
        return _with(x, values / norms[_rows(x)])[:, used]

    is_it = np.array([[bearing((tag,), wish) for wish in WISHES] for tag in tags], float)
    weight = np.array([[certainty((tag,), wish) for wish in WISHES] for tag in tags])
    age = np.arange(rows)[::-1, None]
    x = features(learned)
    weights, bias = gate_fit.fit(x, is_it, weight * 0.5 ** (age / gate_fit.HALF_LIFE), lambda: False)
    known = features(judged)
    logits: Floats = known @ weights + bias
    logits[np.diff(known.indptr) == 0] = -np.inf
    return logits


LEARNERS: dict[str, Learner] = {"explicit": solved, "gate": gated}
