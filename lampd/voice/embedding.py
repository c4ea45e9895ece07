"""An utterance's samples and its CTC logits come in; a small picture of how it sounded leaves, of a fixed size.

MOMENTS moments, evenly spread over the speech, however long it was; of each the first cepstral coefficients of a mel
spectrum (MFCC, Davis and Mermelstein 1980) and how fast they change; the square root of the posterior of each CTC
output; and the logarithm of the duration. Every coefficient is made to have the same mean and deviation in every
utterance, for noise moves the one and lessens the other (Viikki and Laurila 1998). Two utterances of the same are near
one another, moment by moment, once time is warped: learners/warping.py.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lampd.moments import MOMENTS, pack
from lampd.voice.ctc import Logits

CEPSTRA, BANDS = 13, 26
LOWEST, HIGHEST = 80.0, 4000.0
"""Of the mel bands, in hertz."""
RATE, HOP, WINDOW, BINS = 16_000, 160, 400, 512
EMPHASIS = 0.97
"""Of the sample before is taken away: speech has little of its power in high tones."""
SLOPE = 3
"""Changes are measured over so many frames to each side."""
RANGE_DB, ABOVE_DB = 30.0, 6.0
"""Speech is what is within this of the loudest moment, and at least this much above the softest."""
SHARE, NOISY_DB = 0.6, 25.0
"""Where these two are less apart than this, noise fluctuates: speech is what is above this share of the way."""
DEVIATIONS = np.array([3.3, 3.5, 2.6, 2.0, 1.6, 1.5, 1.2, 1.2, 1.1, 1.0, 1.0, 0.9, 0.9])
"""Of the coefficients, as they are near the microphone in a quiet room; the first counts half of its own."""
CHANGE, POSTERIOR, DURATION = 2.0, 10.0, 3.0
"""Weights of changes, posteriors and octaves of duration: `lampctl bench consistency`."""
BLANK = 0.3
"""Of a blank's posterior is kept: it says little."""
OUTPUTS = 32
"""Voices that write more than this have their outputs added up in so many, drawn by lot."""
SHORTEST = WINDOW + 4 * HOP
SMOOTH = np.array([0.25, 0.5, 1.0, 0.5, 0.25])

Floats = NDArray[np.float64]


def embed(samples: NDArray[np.int16], logits: Logits, blank: int) -> bytes:
    """As moments.py packs it; nothing where there are too few `samples` (16 kHz) or `logits` (frames, outputs)."""
    if len(samples) < SHORTEST or len(logits) < 2:
        return b""
    sound = samples / 32768
    start, end = _speech(sound)
    bright = sound - EMPHASIS * np.append(0, sound[:-1])
    cepstra = _cepstra(np.lib.stride_tricks.sliding_window_view(bright, WINDOW)[::HOP][start:end])
    scale = HOP * len(logits) / len(samples)
    outputs = _sampled(_posteriors(logits, blank), start * scale, (end - 1) * scale)
    duration = np.full((MOMENTS, 1), DURATION * np.log2((end - start) * HOP / RATE))
    rows = np.hstack([_sampled(cepstra, 0, len(cepstra) - 1), POSTERIOR * outputs, duration])
    return pack(rows)


def _speech(sound: Floats) -> tuple[int, int]:
    """The first frame that is speech, and the one after the last."""
    power = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    decibels = 10 * np.log10((power * power).mean(1) + 1e-12)
    smooth = np.convolve(np.pad(decibels, 2, "edge"), np.ones(5) / 5, "valid")
    softest, loudest = float(np.percentile(smooth, 5)), float(smooth.max())
    apart = loudest - softest
    above = max(ABOVE_DB, SHARE * (apart if apart < NOISY_DB else 2 * NOISY_DB - apart))
    least = max(loudest - RANGE_DB, softest + above)
    [loud] = np.nonzero(smooth >= min(least, loudest))
    return max(0, min(int(loud[0]), len(smooth) - 2)), max(2, int(loud[-1]) + 1)


def _cepstra(frames: Floats) -> Floats:
    """(frames, 2 CEPSTRA): coefficients and their changes, of zero mean."""
    bands, cosines = _filters()
    power = np.abs(np.fft.rfft(frames * np.hamming(WINDOW), BINS)) ** 2
    found = np.log(power @ bands + 1e-8) @ cosines
    found -= found.mean(0)
    # a steady whistle's small changes are noise
    found *= DEVIATIONS / np.maximum(found.std(0), DEVIATIONS / 2)
    steps = np.arange(-SLOPE, SLOPE + 1)
    padded = np.pad(found, ((SLOPE, SLOPE), (0, 0)), "edge")
    change = sum(step * padded[SLOPE + step : SLOPE + step + len(found)] for step in steps) / (steps**2).sum()
    return np.hstack([found, CHANGE * change])


def _posteriors(logits: Logits, blank: int) -> Floats:
    """Square roots of the probabilities (frames, at most OUTPUTS), smooth in time."""
    posterior = np.exp(logits - logits.max(-1, keepdims=True), dtype=np.float64)
    posterior /= posterior.sum(-1, keepdims=True)
    posterior[:, blank] *= BLANK
    if posterior.shape[1] > OUTPUTS:
        lots = np.random.default_rng(OUTPUTS).integers(OUTPUTS, size=posterior.shape[1])
        posterior = posterior @ np.eye(OUTPUTS)[lots]
    reach = len(SMOOTH) // 2
    padded = np.pad(np.sqrt(posterior), ((reach, reach), (0, 0)))
    return np.asarray(sum(weight * padded[at : at + len(posterior)] for at, weight in enumerate(SMOOTH)), np.float64)


def _sampled(values: Floats, start: float, end: float) -> Floats:
    """MOMENTS rows between rows `start` and `end` of `values`, interpolated."""
    places = np.clip(np.linspace(start, end, MOMENTS), 0, len(values) - 1)
    before = np.minimum(places.astype(int), max(len(values) - 2, 0))
    after = np.minimum(before + 1, len(values) - 1)
    part = (places - before)[:, None]
    sampled: Floats = values[before] * (1 - part) + values[after] * part
    return sampled


@lru_cache(maxsize=1)
def _filters() -> tuple[Floats, Floats]:
    """Triangular mel bands (bins, BANDS), and the orthonormal cosines (BANDS, CEPSTRA) of the transform."""
    low, high = 2595 * np.log10(1 + np.array([LOWEST, HIGHEST]) / 700)
    mel = np.linspace(low, high, BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.fft.rfftfreq(BINS, 1 / RATE)[:, None]
    rising = (hertz - edges[:-2]) / np.diff(edges[:-1])
    falling = (edges[2:] - hertz) / np.diff(edges[1:])
    bands = np.clip(np.minimum(rising, falling), 0, None)
    cosines = np.cos(np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(CEPSTRA)) * np.sqrt(2 / BANDS)
    cosines[:, 0] /= np.sqrt(2)
    return bands, cosines
