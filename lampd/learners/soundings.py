"""Sounds that are remembered, and how far each is from each."""

import numpy as np
from numpy.typing import NDArray

from lampd.learners.warping import distances
from lampd.moments import unpack

FAR = 8.0
"""What is taken for the distance to what nobody has said yet."""

Floats = NDArray[np.float32]


class Soundings:
    """All by one voice: those of two voices cannot be compared."""

    def __init__(self) -> None:
        self.utterances: list[int] = []
        self.apart: Floats = np.zeros((0, 0), np.float32)
        """(N, N), FAR from itself; in the order of `utterances`."""
        self._rows: Floats | None = None
        self._asked = b"", np.zeros(0, np.float32)

    def distances(self, sound: bytes) -> Floats:
        """(N) from `sound` to each."""
        if self._asked[0] != sound or len(self._asked[1]) != len(self.utterances):
            found = np.zeros(0, np.float32) if self._rows is None else distances(unpack(sound), self._rows)
            self._asked = sound, found
        return self._asked[1]

    def add(self, utterance: int, sound: bytes) -> None:
        column = self.distances(sound)
        own = np.array([FAR], np.float32)
        self.apart = np.block([[self.apart, column[:, None]], [column[None], own]])
        new = unpack(sound).T[:, :, None]
        self._rows = new if self._rows is None else np.concatenate([self._rows, new], axis=2)
        self.utterances.append(utterance)

    def drop(self, utterance: int) -> None:
        slot = self.utterances.index(utterance)
        del self.utterances[slot]
        self.apart = np.delete(np.delete(self.apart, slot, axis=0), slot, axis=1)
        self._rows = np.delete(self._rows, slot, axis=2) if self._rows is not None and self.utterances else None
        self._asked = b"", np.zeros(0, np.float32)
