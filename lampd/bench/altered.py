"""A clip of speech comes in; the same words leave, softer, higher, whispered, or from across a room."""

import numpy as np
from scipy.signal import butter, fftconvolve, istft, sosfilt, stft

from lampd.bench.scene import Sound
from lampd.devices.sound import RATE

SOFT_DB = -20.0
HIGHER = 1.3
WHISPER_DB = -10.0
"""Of a whisper against the same person's voice; people are 15 to 20 dB apart, but come nearer."""
ENVELOPE = 40
"""Quefrencies, in samples, that belong to the mouth and not to the voice's pitch, which is below 400 Hz."""
WINDOW = 512


def soft(clip: Sound) -> Sound:
    return clip * np.float32(10 ** (SOFT_DB / 20))


def high(clip: Sound) -> Sound:
    """Faster and higher, as a smaller mouth speaks."""
    import soxr

    return np.asarray(soxr.resample(clip, round(HIGHER * RATE), RATE), np.float32)


def whispered(clip: Sound, rng: np.random.Generator) -> Sound:
    """Noise through the moving shape of the mouth: the spectrum's envelope, found by cepstral smoothing."""
    _, _, frames = stft(clip, RATE, nperseg=WINDOW, noverlap=3 * WINDOW // 4)
    cepstrum = np.fft.irfft(np.log(np.abs(frames) + 1e-7), axis=0)
    cepstrum[ENVELOPE : WINDOW - ENVELOPE + 1] = 0
    envelope = np.exp(np.fft.rfft(cepstrum, axis=0).real)
    noise = rng.normal(size=frames.shape) + 1j * rng.normal(size=frames.shape)
    _, breath = istft(envelope * noise, RATE, nperseg=WINDOW, noverlap=3 * WINDOW // 4)
    # without a voice there is little below the first formant
    breath = sosfilt(butter(2, 400, "high", fs=RATE, output="sos"), breath[: len(clip)])
    wanted = float(np.sqrt(np.mean(clip * clip))) * 10 ** (WHISPER_DB / 20)
    return np.asarray(breath * wanted / max(float(np.sqrt(np.mean(breath * breath))), 1e-9), np.float32)


def room(clip: Sound, rng: np.random.Generator, decay_s: float = 0.5, direct_db: float = 0.0) -> Sound:
    """From across a room whose sound decays by 60 dB in `decay_s`, with as much echo as direct sound at 0 dB.

    Exponentially decaying noise (Polack 1988) from 3 ms after the direct sound. The echo follows the clip's length.
    """
    count = round(decay_s * RATE)
    echo = rng.normal(size=count) * 10 ** (-3 * np.arange(count) / count)
    echo[: 3 * RATE // 1000] = 0
    echo *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(echo**2))
    echo[0] = 1
    return np.asarray(fftconvolve(clip, echo), np.float32)
