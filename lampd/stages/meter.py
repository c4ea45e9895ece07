"""How loud it is, for people: chunks of sound come in; a Level leaves when it is asked for."""

import math

import numpy as np
from numpy.typing import NDArray

from lampd.messages import AnyMessage, Level

FULL = 20 * math.log10(32768)  # dB of one step of 16 bits below full scale


class Meter:
    """How loud it has been since it was last read."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._samples = self._clipped = self._peak = 0
        self._energy = self._speech = 0.0

    def hear(self, chunk: NDArray[np.int16], level: float, speech: float) -> None:
        """A chunk, its level in dB of one step, and the probability that it is speech."""
        self._samples += len(chunk)
        self._energy += len(chunk) * 10 ** (level / 10)
        low, high = int(chunk.min()), int(chunk.max())
        self._peak = max(self._peak, -low, high)
        if low == -32768 or high == 32767:
            self._clipped += int(np.count_nonzero((chunk == -32768) | (chunk == 32767)))
        self._speech = max(self._speech, speech)

    def read(self, at: float, noise: float) -> list[AnyMessage]:
        """The level since it was last read, if anything was heard; the room's `noise` in dB of one step."""
        if not self._samples:
            return []
        rms = 10 * math.log10(self._energy / self._samples) - FULL
        peak = 20 * math.log10(max(self._peak, 1)) - FULL
        level = Level(at, rms, peak, self._clipped / self._samples, noise - FULL, self._speech)
        self._begin()
        return [level]
