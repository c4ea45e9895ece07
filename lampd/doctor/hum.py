"""Sound comes in; whether the mains hum in it leaves: at 50 or 60 Hz, and how much of the room's noise that is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lampd.doctor.levels import Advice

RATE = 16_000
SHORTEST_S = 3.0
MAINS = (50, 60)
HARMONICS = 8
WIDTH = 1
"""Bins of 1 Hz on either side that a harmonic may take: the window's own width, and the mains' drift."""
NEAR, FAR = 4, 12
"""Bins from a harmonic, between which its neighbours lie."""
PROMINENT_DB = 12.0
"""A harmonic this far above the median of its neighbours is one. Noise alone was seen to reach 4 dB."""
LEAST_DB, LEAST_SHARE = -75.0, 0.25
"""Hum that is quieter, or a smaller part of the room's noise, is not worth a word."""


class Hum(NamedTuple):
    """At `hertz` and its multiples: how loud in dB of full scale, and the share of the room's noise that it is."""

    hertz: int
    db: float
    share: float
    harmonics: tuple[int, ...]


def hum(sound: NDArray[np.int16]) -> Hum | None:
    """The hum in 16 kHz sound, where there is one worth a word; None also where the sound is too short to tell.

    Of Hann-windowed frames of a second, half overlapping, the median of each bin's power counts, so that speech, which
    does not stay where it is, hardly does.
    """
    if len(sound) < SHORTEST_S * RATE:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(sound, RATE)[:: RATE // 2].astype(np.float64) / 32768
    window = np.hanning(RATE)
    spectra = np.fft.rfft((frames - frames.mean(1, keepdims=True)) * window)
    power = np.median(2 * np.abs(spectra) ** 2 / (RATE * np.square(window).sum()), axis=0)
    power[:20] = 0.0  # below what is heard: steps, and a slow offset
    found = [one for hertz in MAINS if (one := _at(hertz, power))]
    return max(found, key=lambda one: one.db, default=None)


def _at(hertz: int, power: NDArray[np.float64]) -> Hum | None:
    total, harmonics = 0.0, []
    for multiple in range(hertz, hertz * HARMONICS + 1, hertz):
        band = power[multiple - WIDTH : multiple + WIDTH + 1]
        around = np.r_[power[multiple - FAR : multiple - NEAR], power[multiple + NEAR + 1 : multiple + FAR + 1]]
        if band.max() > 10 ** (PROMINENT_DB / 10) * max(np.median(around), 1e-16):
            total += float(band.sum())
            harmonics.append(multiple)
    share = total / max(float(power.sum()), 1e-16)
    loud = 10 * float(np.log10(max(total, 1e-16)))
    if not {hertz, 2 * hertz} & set(harmonics) or loud < LEAST_DB or share < LEAST_SHARE:
        return None
    return Hum(hertz, loud, min(share, 1.0), tuple(harmonics))


def advice(found: Hum | None) -> list[Advice]:
    """What to do about it."""
    if not found:
        return []
    where = ", ".join(map(str, found.harmonics))
    much = f"{found.share:.0%} of the room's noise, at {found.db:.0f} dB ({where} Hz)"
    source = "keep the microphone and its cable away from power supplies and dimmers, use another supply for the board"
    return [
        Advice("hum", f"The mains hum at {found.hertz} Hz, {much}: {source}, or a USB microphone for an analogue one.")
    ]


def joined(pieces: Sequence[bytes]) -> NDArray[np.int16]:
    """Pieces of 16-bit PCM as one."""
    return np.frombuffer(b"".join(pieces), "<i2")
