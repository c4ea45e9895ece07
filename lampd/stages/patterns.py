"""Chunks of sound come in; the probability that one belongs to a whistled tune or to clapped hands leaves.

A detector of speech is deaf to both, yet a lamp can be called by them. A whistle is one moving line in the spectrum. A
clap is over as suddenly as it began, and high, which a slammed door is not; and one clap is nothing: see TENTATIVE.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
CHUNK = 512
HERTZ = RATE / CHUNK
WINDOW = np.hanning(CHUNK).astype(np.float32)
ABOVE_DB = 15.0
"""Softer sound, against the room's noise, is no pattern."""
WHISTLED = slice(round(700 / HERTZ), round(4000 / HERTZ))
PURE = 0.8
"""Share of the power that a whistle has within NEAR bins of its strongest: it may glide."""
NEAR = 4
WHISTLE_CHUNKS = range(3, 94)
"""A shorter tone may be a ringing cup, a longer one is a kettle or an alarm."""
CLAP_DB = 20.0
"""A clap, over the room's noise and over the sound two chunks before it ..."""
FALL_DB, FALL_CHUNKS = 8.0, 3
"""... and how much it has fallen, how soon."""
HIGH = round(800 / HERTZ)
HIGH_SHARE = 0.5
"""Of a clap's power above 800 Hz."""
CLAP_CHUNKS = 4
"""Sooner after a clap comes no other."""
TENTATIVE = 0.45
"""Of the first clap: an utterance may begin, and is one if something more certain follows."""


class Patterns:
    """Claps follow one another within `apart_s`."""

    def __init__(self, apart_s: float) -> None:
        self._apart = apart_s * RATE / CHUNK
        self._tone = 0  # chunks in a row
        self._claps = 0
        self._since = 0  # chunks since the last clap
        self._recent: deque[tuple[float, float]] = deque(maxlen=3 + FALL_CHUNKS)  # dB, and the share that is high

    def probability(self, chunk: NDArray[np.int16], level: float, noise: float) -> float:
        """Of `chunk` (512), `level` dB loud where the room's noise is `noise` dB."""
        tonal, high = spectrum(chunk) if level > noise + ABOVE_DB else (False, 0.0)
        self._tone = self._tone + 1 if tonal else 0
        self._recent.append((level, high))
        return max(float(self._tone in WHISTLE_CHUNKS), self._clap(noise))

    def _clap(self, noise: float) -> float:
        """Of the chunk that came FALL_CHUNKS ago, once it is known how it went on."""
        self._since += 1
        if len(self._recent) < 3 + FALL_CHUNKS:
            return 0.0
        (long_before, _), (before, _), (level, high), *_, (after, _) = self._recent
        rises = level > max(noise, long_before) + CLAP_DB and level >= before
        if not rises or high < HIGH_SHARE or after > level - FALL_DB or self._since < CLAP_CHUNKS:
            return 0.0
        self._claps = self._claps + 1 if self._since <= self._apart else 1
        self._since = 0
        return TENTATIVE if self._claps == 1 else 1.0


def spectrum(chunk: NDArray[np.int16]) -> tuple[bool, float]:
    """Whether nearly all of `chunk` (512) is one tone that can be whistled, and the share of its power that is high."""
    power = np.abs(np.fft.rfft((chunk - chunk.mean(dtype=np.float32)) * WINDOW)) ** 2
    total = float(power.sum()) + 1e-9
    peak = WHISTLED.start + int(power[WHISTLED].argmax())
    return float(power[peak - NEAR : peak + NEAR + 1].sum()) / total > PURE, float(power[HIGH:].sum()) / total
