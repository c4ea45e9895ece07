"""A clean utterance comes in; what a microphone in some room would have heard of it leaves, of a fixed length.

Another speed, an equaliser, band limits (a telephone's too), a synthetic room, coloured noise, hum, babble, silence
around, soft clipping, and gaps in time and frequency as in SpecAugment (Park et al. 2019), but in the sound itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from lampd.devices.sound import RATE

Samples = NDArray[np.float32]
Sounds = Sequence[NDArray[np.int16]]
Chance = np.random.Generator
FASTER = 1.16
"""At most; as much slower at least."""
LOUDEST, SOFTEST = 5.0, 40.0
"""Noise, in decibels under speech."""
TAIL = RATE * 3 // 10
TELEPHONE = (250.0, 3500.0)
NOISES = ("even", "clatter", "even", "hum", "uneven", "even")


@dataclass(frozen=True)
class Surroundings:
    """Rooms (count, samples) as impulse responses, and noises (count, samples) of unit power."""

    rooms: Samples
    noises: Samples


@dataclass(frozen=True)
class Placed:
    """A row of samples, and where in it the speech is; silence elsewhere."""

    row: Samples
    speech: slice


def surroundings(chance: Chance, rooms: int = 96, noises: int = 36, seconds: int = 20) -> Surroundings:
    """Made up from nothing: rooms of .1 to .7 s, noises from white to brown, some humming, some clattering."""
    return Surroundings(
        np.stack([_room(chance) for _ in range(rooms)]),
        np.stack([_noise(chance, seconds * RATE, NOISES[number % len(NOISES)]) for number in range(noises)]),
    )


def augmented(sound: NDArray[np.int16], length: int, chance: Chance, around: Surroundings, babble: Sounds) -> Samples:
    """`length` samples of zero mean and unit variance, `sound` somewhere in them whole.

    `babble` is other speech, of which some is murmured in the background. `sound` must not be longer than `length`.
    """
    return surrounded(placed(sound, length, chance), chance, around, babble)


def placed(sound: NDArray[np.int16], length: int, chance: Chance) -> Placed:
    """At some speed, somewhere in silence."""
    speech = _quickened(sound, length, chance)
    row = np.zeros(length, np.float32)
    # speech right at the start and right at the end has to be heard as well
    start = round((length - len(speech)) * float(chance.choice([0.0, 1.0, chance.random()], p=[0.2, 0.1, 0.7])))
    row[start : start + len(speech)] = speech / max(float(np.sqrt(np.mean(speech * speech))), 1e-6)
    return Placed(row, slice(start, start + len(speech)))


def surrounded(placed: Placed, chance: Chance, around: Surroundings, babble: Sounds) -> Samples:
    """As a microphone hears it in one of many surroundings; nothing moves in time."""
    row, where = placed.row, placed.speech
    row = _filtered(row, chance, around)
    _gaps(row[where], chance)
    power = max(float(np.mean(row[where] ** 2)), 1e-9)
    if chance.random() < 0.8:
        row += _under(power, chance) * _slice(around.noises[chance.integers(len(around.noises))], len(row), chance)
    if babble and chance.random() < 0.15:
        murmur = sum(_looped(other, len(row), chance) for other in babble)
        row += _under(power, chance) * np.asarray(murmur, np.float32) / len(babble) ** 0.5
    if chance.random() < 0.15:
        drive = chance.uniform(0.2, 1.5)
        row = np.tanh(row * np.float32(drive))
    return normalised(row)


def normalised(row: Samples) -> Samples:
    """Zero mean and unit variance, as transformers' feature extractor makes it."""
    scaled: Samples = (row - row.mean()) / np.sqrt(row.var() + 1e-7)
    return scaled


def _quickened(sound: NDArray[np.int16], length: int, chance: Chance) -> Samples:
    """Faster and higher, or slower and deeper, but no longer than `length`."""
    stretch = min(1 / chance.uniform(1 / FASTER, FASTER), length / len(sound))
    count = max(1, int(len(sound) * stretch))
    places = np.arange(count, dtype=np.float32) * np.float32(len(sound) / count)
    return np.asarray(np.interp(places, np.arange(len(sound), dtype=np.float32), sound), np.float32)


def _filtered(row: Samples, chance: Chance, around: Surroundings) -> Samples:
    """All that is linear, in one go."""
    size = fft.next_fast_len(len(row) + TAIL, real=True)
    frequencies = np.fft.rfftfreq(size, 1 / RATE).astype(np.float32)
    octaves = np.log2(np.maximum(frequencies, 40) / 40)
    points = np.linspace(0, octaves[-1], 8)
    decibels = np.interp(octaves, points, chance.normal(0, 4, 8)).astype(np.float32)
    kind = chance.random()
    if kind < 0.15:
        decibels -= _outside(octaves, *TELEPHONE)
    elif kind < 0.45:
        decibels -= _outside(octaves, chance.uniform(40, 250), chance.uniform(3500, 8000))
    for _ in range(int(chance.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))):
        centre, width = chance.uniform(1, octaves[-1]), chance.uniform(0.1, 0.5)
        decibels -= 40 * (np.abs(octaves - centre) < width / 2)
    response: NDArray[np.complex64] = (10 ** (decibels / 20)).astype(np.complex64)
    if chance.random() < 0.5:
        response *= fft.rfft(around.rooms[chance.integers(len(around.rooms))], size)
    return np.asarray(fft.irfft(fft.rfft(row, size) * response, size)[: len(row)], np.float32)


def _outside(octaves: Samples, low: float, high: float) -> Samples:
    """Decibels to take away: 36 an octave below `low` and above `high` hertz."""
    below, above = np.log2(max(low, 40) / 40) - octaves, octaves - np.log2(high / 40)
    taken: Samples = 36 * np.clip(np.maximum(below, above), 0, 2)
    return taken


def _gaps(speech: Samples, chance: Chance) -> None:
    """Up to two moments of 20 to 80 ms are lost, fewer in a short word."""
    if chance.random() < 0.4:
        for _ in range(1 + (len(speech) > RATE)):
            width = int(chance.integers(RATE // 50, RATE * 2 // 25))
            start = int(chance.integers(max(1, len(speech) - width)))
            speech[start : start + width] = 0


def _under(power: float, chance: Chance) -> np.float32:
    """The amplitude of unit noise that is some decibels softer than speech of `power`."""
    return np.float32((power * 10 ** (-chance.uniform(LOUDEST, SOFTEST) / 10)) ** 0.5)


def _slice(noise: Samples, length: int, chance: Chance) -> Samples:
    start = int(chance.integers(len(noise) - length))
    return noise[start : start + length]


def _looped(sound: NDArray[np.int16], length: int, chance: Chance) -> Samples:
    """Unit power, starting anywhere, over and over."""
    around = np.resize(np.roll(sound, int(chance.integers(len(sound)))), length).astype(np.float32)
    return around / max(float(np.sqrt(np.mean(around * around))), 1.0)


def _room(chance: Chance) -> Samples:
    """The direct sound, a few early echoes, and a tail that decays by 60 dB in the room's own time."""
    time = np.arange(TAIL) / RATE
    decay = 10 ** (-3 * time / chance.uniform(0.1, 0.7))
    tail = chance.normal(size=TAIL) * decay * chance.uniform(0.01, 0.12)
    tail[: RATE // 500] = 0
    for _ in range(int(chance.integers(2, 7))):
        tail[chance.integers(RATE // 500, RATE // 25)] += chance.uniform(-0.5, 0.5)
    tail[0] = 1
    return np.asarray(tail, np.float32)


def _noise(chance: Chance, length: int, kind: str) -> Samples:
    """White to brown with some bumps; louder and softer; with mains and its harmonics; or with things that clatter."""
    frequencies = np.fft.rfftfreq(length, 1 / RATE)
    octaves = np.log2(np.maximum(frequencies, 30) / 30)
    decibels = -octaves * chance.uniform(0, 6) + np.interp(octaves, np.linspace(0, 8, 9), chance.normal(0, 4, 9))
    noise = np.fft.irfft(np.fft.rfft(chance.normal(size=length)) * 10 ** (decibels / 20), length)
    noise /= noise.std()
    time = np.arange(length) / RATE
    if kind == "uneven":
        points = np.arange(0, length / RATE + 0.5, chance.uniform(0.1, 0.5))
        noise *= 10 ** (np.interp(time, points, chance.normal(0, 8, len(points))) / 20)
    elif kind == "hum":
        mains = chance.choice([50.0, 60.0])
        for harmonic in range(1, 12):
            noise += chance.exponential(1.0) / harmonic * np.sin(2 * np.pi * mains * harmonic * time + harmonic)
    elif kind == "clatter":
        noise += sum(_struck(chance, length) for _ in range(int(chance.integers(20, 80))))
    return np.asarray(noise / noise.std(), np.float32)


def _struck(chance: Chance, length: int) -> NDArray[np.float64]:
    """One dish or lid: a few tones above one another that die away within a tenth of a second or so."""
    sound, start = np.zeros(length), int(chance.integers(length - RATE // 2))
    time = np.arange(RATE // 2) / RATE
    for _ in range(int(chance.integers(2, 6))):
        tone = np.sin(2 * np.pi * np.exp(chance.uniform(6.2, 8.9)) * time + chance.uniform(0, 2 * np.pi))
        sound[start : start + len(time)] += chance.exponential(2.0) * tone * np.exp(-time / chance.uniform(0.01, 0.12))
    return sound
