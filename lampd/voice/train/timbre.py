"""One synthesiser's voice becomes many: throats of other lengths, whispers; and silence around it is cut off."""

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from lampd.devices.sound import RATE

Samples = NDArray[np.float32]
FRAME = RATE // 100
QUIET, MARGIN = 10 ** (-40 / 20), 2
"""Softer than this share of the loudest frame is silence; so many frames of it are left on either side."""
PEAK = 0.7


def throat(samples: Samples, rate: int, scale: float) -> Samples:
    """16 kHz from `rate` hertz, with pitch and formants multiplied by `scale`, and as much quicker."""
    resampled: Samples = soxr.resample(samples, rate * scale, RATE)
    return resampled


def trimmed(samples: Samples) -> Samples:
    """Without the silence at both ends; empty where all is silence."""
    count = len(samples) // FRAME
    if not count:
        return samples[:0]
    level = np.sqrt((samples[: count * FRAME].reshape(count, FRAME) ** 2).mean(axis=1))
    loud = np.flatnonzero(level > QUIET * level.max())
    if not len(loud):
        return samples[:0]
    return samples[max(0, loud[0] - MARGIN) * FRAME : (loud[-1] + 1 + MARGIN) * FRAME]


def whispered(samples: Samples, chance: np.random.Generator) -> Samples:
    """The same words without a voice: noise through the smoothed spectra, with the lowest tones taken away."""
    size, hop = 512, 128
    if len(samples) < size:
        return samples
    _, _, spectra = signal.stft(samples, RATE, nperseg=size, noverlap=size - hop)
    # wider than the distance of two harmonics, so that no pitch is left
    envelope = signal.fftconvolve(np.abs(spectra), np.hanning(15)[:, None] / 7, mode="same", axes=0).clip(0)
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    envelope *= (frequencies / (frequencies + 400))[:, None]
    noise = chance.normal(size=(2, *envelope.shape))
    _, sound = signal.istft(envelope * (noise[0] + 1j * noise[1]), RATE, nperseg=size, noverlap=size - hop)
    return np.asarray(sound[: len(samples)], np.float32)


def sixteen_bits(samples: Samples) -> NDArray[np.int16]:
    """As loud as it may be, in 16 bits."""
    peak = float(np.abs(samples).max(initial=1e-9))
    return np.asarray(np.round(samples / peak * PEAK * 32767), np.int16)
