"""Which utterances make up which batch: rows of like length, in a few fixed shapes, short ones first.

A batch is decided by the seed and the step alone, so that training goes on after a kill with the batch it was at.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lampd.devices.sound import RATE

SHAPES = tuple(round(seconds * RATE) for seconds in (0.6, 0.9, 1.2, 1.6, 2.0, 2.6, 3.4, 4.6, 6.2, 8.0))
"""Samples in a row."""
LOOSE = 1.04
"""At least so much of a row over the utterance in it."""
EASY = round(1.6 * RATE)
"""Rows no longer than this come first."""


@dataclass(frozen=True)
class Batch:
    """Utterances' numbers, one a row, and the samples in each row."""

    numbers: NDArray[np.int64]
    length: int


class Batches:
    """All utterances once an epoch, batch after batch, without an end."""

    def __init__(self, numbers: NDArray[np.int64], lengths: NDArray[np.int64], seconds: float, share: int, seed: int):
        """`lengths` are those of all utterances; a batch has some `seconds` of sound, and rows for `share` processes.

        Raises ValueError where there is not enough for one batch.
        """
        self._seed = seed
        self._shapes: list[tuple[int, int, NDArray[np.int64]]] = []
        wanted = np.searchsorted(np.array(SHAPES), lengths[numbers] * LOOSE)
        for place, length in enumerate(SHAPES):
            rows = max(1, round(seconds * RATE / length / share)) * share
            members = numbers[wanted == place]
            # too few of them for a batch of its own would never be heard: they go into fewer rows
            if rows > len(members):
                rows = len(members) // share * share
            if rows:
                self._shapes.append((length, rows, members))
        self.count = sum(len(members) // rows for _, rows, members in self._shapes)
        if not self.count:
            raise ValueError("there is too little speech for one batch")

    def at(self, step: int, easy: int = 0) -> Batch:
        """The batch of a step; the first `easy` steps of all are of short utterances as far as there are any."""
        epoch, place = divmod(step, self.count)
        return self._epoch(epoch, easy if epoch == 0 else 0)[place]

    @lru_cache(maxsize=2)  # noqa: B019
    def _epoch(self, epoch: int, easy: int) -> list[Batch]:
        chance = np.random.default_rng((self._seed, epoch))
        batches = []
        for length, rows, members in self._shapes:
            mixed = chance.permutation(members)
            batches += [Batch(mixed[at : at + rows], length) for at in range(0, len(mixed) - rows + 1, rows)]
        batches = [batches[index] for index in chance.permutation(len(batches))]
        first = [index for index, batch in enumerate(batches) if batch.length <= EASY][:easy]
        rest = sorted(set(range(len(batches))) - set(first))
        return [batches[index] for index in (*first, *rest)]
