"""How probable the best path was comes in; how much of such text is right leaves.

The geometric mean of the probabilities on a CTC path is no share of anything. On sentences with known words the share
of characters that are right is measured beside it, made to rise with it (isotonic regression), and kept beside the
voice; a voice that nobody measured says what it said.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lampd.voice.folder import VoiceError, read_json

MEASURED = "confidence.json"
POINTS = 12

Confidence = Callable[[float], float]
Judged = Sequence[tuple[float, int, int]]
"""Of utterances: the probability of the best path, errors, and characters there should have been."""


def measure(judged: Judged) -> dict[str, list[float]]:
    """`probability` and the share of characters that is `right` there, at POINTS equally large parts of `judged`."""
    from scipy.optimize import isotonic_regression

    ordered = np.array(sorted(judged), float)
    parts = [part for part in np.array_split(ordered, POINTS) if len(part)]
    right = [1 - min(1.0, part[:, 1].sum() / max(part[:, 2].sum(), 1)) for part in parts]
    rising = isotonic_regression(right, weights=[part[:, 2].sum() + 1 for part in parts]).x
    return {
        "probability": [round(float(part[:, 0].mean()), 4) for part in parts],
        "right": [round(float(one), 4) for one in rising],
    }


def off(judged: Judged, confidence: Confidence) -> float:
    """By how much `confidence` is wrong about the share of right characters, on average over tenths of `judged`."""
    ordered = np.array(sorted(judged), float)
    parts = [part for part in np.array_split(ordered, 10) if len(part)]
    told = [np.mean([confidence(one) for one in part[:, 0]]) for part in parts]
    right = [1 - min(1.0, part[:, 1].sum() / max(part[:, 2].sum(), 1)) for part in parts]
    return float(np.mean(np.abs(np.array(told) - right)))


def by(measured: dict[str, list[float]]) -> Confidence:
    """What was measured, with straight lines between."""
    return lambda probability: float(np.interp(probability, measured["probability"], measured["right"]))


def of(folder: Path) -> Confidence:
    """That of the voice in `folder`. Raises VoiceError where what was kept of it is damaged."""
    path = folder / MEASURED
    if not path.exists():
        return lambda probability: probability
    confidence = by(read_json(path))
    try:
        well = all(0 <= confidence(probability) <= 1 for probability in np.linspace(0, 1, 11))
    except (ValueError, KeyError, TypeError):
        well = False
    if not well:
        raise VoiceError(f"transcriber.voice: {path}: no measurement of how sure the voice may be")
    return confidence
