"""Sounds that nobody speaks, made from nothing: whistles, claps, slammed doors, music; and the chatter of others."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from lampd.bench.scene import Sound, level
from lampd.devices.sound import RATE

Maker = Callable[[np.random.Generator], Sound]
LOUD_DB = -26.0
"""Of a whistle, and of music, of full scale; claps and doors peak above."""


def whistle(rng: np.random.Generator) -> Sound:
    """One to three notes of .15 to .4 s between 900 and 2,800 Hz, gliding, with breath 20 dB below."""
    notes = []
    for _ in range(rng.integers(1, 4)):
        count = round(rng.uniform(0.15, 0.4) * RATE)
        hertz = np.linspace(rng.uniform(900, 2800), rng.uniform(900, 2800), count) * (
            1 + 0.01 * np.sin(np.arange(count) * 35 / RATE)
        )
        tone = np.sin(2 * np.pi * np.cumsum(hertz) / RATE) + 0.1 * rng.normal(size=count)
        notes += [_eased(tone, 0.03), np.zeros(round(rng.uniform(0.03, 0.15) * RATE))]
    return _at(np.concatenate(notes[:-1]), LOUD_DB)


def glide(rng: np.random.Generator, first: float, last: float) -> Sound:
    """One whistled note of .35 to .5 s from `first` to `last` hertz, both a tenth of an octave off at most."""
    count = round(rng.uniform(0.35, 0.5) * RATE)
    ends = np.array([first, last]) * 2 ** rng.uniform(-0.1, 0.1, 2)
    tone = np.sin(2 * np.pi * np.cumsum(np.geomspace(ends[0], ends[1], count)) / RATE) + 0.1 * rng.normal(size=count)
    return _at(_eased(tone, 0.03), LOUD_DB)


def claps(rng: np.random.Generator, count: int | None = None) -> Sound:
    """Two or three claps of two hands .2 to .44 s apart: bursts from 800 to 5,000 Hz that decay within 20 ms."""
    apart = rng.uniform(0.22, 0.4)
    band = butter(2, [800, 5000], "band", fs=RATE, output="sos")
    one = []
    for _ in range(count or rng.integers(2, 4)):
        length = round(apart * rng.uniform(0.9, 1.1) * RATE)
        times = np.arange(length) / RATE
        # the hands, and the room's answer
        burst = rng.normal(size=length) * (np.exp(-times / 0.004) + 0.05 * np.exp(-times / 0.06))
        one.append(sosfilt(band, burst) * rng.uniform(0.7, 1))
    pattern = np.concatenate(one)
    return np.asarray(pattern * 0.4 / np.abs(pattern).max(), np.float32)


def door(rng: np.random.Generator) -> Sound:
    """A slam: a latch, then a thud below 400 Hz that decays within .3 s, and rattling."""
    length = round(0.8 * RATE)
    times = np.arange(length) / RATE
    thud = sosfilt(butter(2, 400, fs=RATE, output="sos"), rng.normal(size=length)) * np.exp(-times / 0.06)
    rattle = 0.1 * rng.normal(size=length) * np.exp(-times / 0.1)
    latch = 0.3 * rng.normal(size=length) * np.exp(-((times - 0.12) ** 2) / 2e-5)
    slam = thud + rattle + latch
    return np.asarray(slam * 0.6 / np.abs(slam).max(), np.float32)


def music(seconds: float, rng: np.random.Generator) -> Sound:
    """Chords of four plucked or bowed notes with eight harmonics, a tune above, and a drum on every beat."""
    beat = round(0.5 * RATE)
    times = np.arange(beat) / RATE
    parts = []
    for number in range(int(seconds * RATE) // beat):
        root = 110 * 2 ** (int(rng.choice([0, 3, 5, 7])) / 12)
        tune = 440 * 2 ** (int(rng.choice([0, 2, 4, 5, 7, 9, 11, 12])) / 12)
        decay = 0.25 if number // 16 % 2 else 2.0
        bar = np.zeros(beat)
        for hertz, loud in [(root, 1), (root * 5 / 4, 0.7), (root * 3 / 2, 0.7), (tune, 1.5)]:
            for harmonic in range(1, 9):
                bar += loud / harmonic**1.5 * np.sin(2 * np.pi * hertz * harmonic * times + rng.uniform(0, 6))
        drum = rng.normal(size=beat) * np.exp(-times / 0.03)
        parts.append(_eased(bar * np.exp(-times / decay), 0.01) + drum)
    return _at(np.concatenate(parts), LOUD_DB)


def typing(seconds: float, rng: np.random.Generator) -> Sound:
    """Keys pressed every .08 to .4 s at arm's length: clicks of 5 ms above 1,500 Hz that peak at -40 dB."""
    sound, at = np.zeros(round(seconds * RATE), np.float32), 0.0
    times = np.arange(RATE // 20) / RATE
    band = butter(2, 1500, "high", fs=RATE, output="sos")
    while (at := at + rng.uniform(0.08, 0.4)) < seconds - 0.1:
        click = sosfilt(band, rng.normal(size=len(times)) * np.exp(-times / 0.005))
        first = round(at * RATE)
        sound[first : first + len(click)] += (0.01 * rng.uniform(0.3, 1) * click / np.abs(click).max()).astype(
            np.float32
        )
    return sound


def chatter(clips: Sequence[Sound], seconds: float, voices: int, loud_db: float, rng: np.random.Generator) -> Sound:
    """`voices` at once, each saying clips drawn from `clips` with up to a second between, together at `loud_db`."""
    length = round(seconds * RATE)
    mix = np.zeros(length, np.float32)
    for _ in range(voices):
        at = 0
        while at < length:
            clip = clips[int(rng.integers(len(clips)))][: length - at]
            mix[at : at + len(clip)] += clip
            at += len(clip) + int(rng.integers(RATE))
    return _at(mix, loud_db)


def _eased(sound: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    count = round(seconds * RATE)
    eased = sound.copy()
    eased[:count] *= np.linspace(0, 1, count)
    eased[-count:] *= np.linspace(1, 0, count)
    return eased


def _at(sound: NDArray[np.float64] | Sound, loud_db: float) -> Sound:
    found = np.asarray(sound, np.float32)
    return found * np.float32(10 ** ((loud_db - level(found)) / 20))
