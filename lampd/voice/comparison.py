"""Two ears and clips come in; how alike they write leaves, and how fast each is."""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lampd.voice.ctc import Ear, decode
from lampd.voice.wav2vec2 import RATE

Samples = NDArray[np.int16]


class Comparison(NamedTuple):
    """Of one ear with another, the reference, on the same clips."""

    clips: int
    identical: float
    """Share of clips with the same text."""
    character_error: float
    """Edits between the texts, a character of the reference's."""
    largest: float
    """Difference of two logits, on any clip, over the largest logit of the reference on it."""
    real_time_factor: float
    reference_real_time_factor: float
    """Seconds of processor time for a second of sound."""


def distance(one: str, other: str) -> int:
    """Insertions, deletions and substitutions (Levenshtein)."""
    row: list[int] = [*range(len(other) + 1)]
    for number, left in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, right in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (left != right))
    return row[-1]


def compare(ear: Ear, reference: Ear, clips: Iterable[Samples]) -> Comparison:
    """How `ear` does beside `reference`, one clip after the other through both. Needs one clip."""
    texts, largest, seconds = [], 0.0, 0.0
    used = [0.0, 0.0]
    for clip in clips:
        heard = []
        for number, one in enumerate((ear, reference)):
            began = time.process_time()
            heard.append(one.logits(clip))
            used[number] += time.process_time() - began
        texts.append([decode(logits, ear.alphabet)[0] for logits in heard])
        if heard[1].size:
            largest = max(largest, float(np.abs(heard[0] - heard[1]).max() / np.abs(heard[1]).max()))
        seconds += len(clip) / RATE
    return Comparison(
        len(texts),
        sum(one == other for one, other in texts) / len(texts),
        sum(distance(one, other) for one, other in texts) / max(1, sum(len(other) for _, other in texts)),
        largest,
        used[0] / seconds,
        used[1] / seconds,
    )


def real_time_factor(ear: Ear, clips: Sequence[Samples], times: int = 3) -> float:
    """Seconds that pass for a second of sound: the best of some `times` through the clips."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        for clip in clips:
            ear.logits(clip)
        taken.append(time.perf_counter() - began)
    return min(taken) / (sum(map(len, clips)) / RATE)


def signals(seconds: float = 2.0, count: int = 8, seed: int = 0) -> list[Samples]:
    """Noise whose level and colour change as those of syllables do, for where there is no sound of people."""
    rng = np.random.default_rng(seed)
    length = int(seconds * RATE)
    clips = []
    for _ in range(count):
        spectrum = np.fft.rfft(rng.normal(size=length))
        hertz = np.fft.rfftfreq(length, 1 / RATE)
        formants = sum(np.exp(-(((hertz - centre) / 200) ** 2)) for centre in rng.uniform(300, 3500, 4))
        beats = np.interp(np.arange(length), np.linspace(0, length, int(8 * seconds)), rng.random(int(8 * seconds)))
        sound = np.fft.irfft(spectrum * (0.02 + formants), length) * beats
        clips.append((6000 * sound / np.abs(sound).max()).astype(np.int16))
    return clips
