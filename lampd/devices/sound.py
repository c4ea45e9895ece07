"""Sound of any rate and number of channels comes in, from files or as it is captured; 16 kHz mono leaves."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
LONGEST_S = 6 * 3600.0
"""Of a file, for all of it is kept in memory: 32 kB a second."""
SLOWEST, FASTEST = 1_000, 1_000_000
"""Rates in hertz that sound has; what is recorded at another is no sound."""
LOUDEST = np.float32(1000)
"""In full scales; what is louder would be infinite once it is resampled."""
PIECE = 1 << 20
"""Samples, of all channels together, that are read at once."""


class SoundError(Exception):
    """A sound file that cannot be read; the text names it."""


def length(path: Path) -> float:
    """Seconds that a sound file says it lasts. Raises SoundError."""
    import soundfile

    try:
        found = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise SoundError(f"{path}: {error}") from None
    return _checked(path, found.frames, found.samplerate)


def read(path: Path) -> NDArray[np.int16]:
    """All samples of a sound file, channels averaged. Raises SoundError."""
    import soundfile

    pieces: list[NDArray[np.int16]] = []
    frames = 0
    try:
        with soundfile.SoundFile(path) as file:
            _checked(path, file.frames, file.samplerate)
            resampler = Resampler(file.samplerate, file.channels)
            while len(piece := file.read(PIECE // file.channels, dtype="float32", always_2d=True)):
                frames += len(piece)
                # a header may say anything
                _checked(path, frames, file.samplerate)
                pieces.append(np.frombuffer(resampler.feed(piece), "<i2"))
            last = resampler.feed(np.zeros((0, file.channels), np.float32), last=True)
            pieces.append(np.frombuffer(last, "<i2"))
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise SoundError(f"{path}: {error}") from None
    return np.concatenate(pieces)


def _checked(path: Path, frames: int, rate: int) -> float:
    """How long so many frames last, in seconds. Raises SoundError."""
    if not SLOWEST <= rate <= FASTEST:
        raise SoundError(f"{path}: {rate} Hz is no rate of sound")
    if frames > LONGEST_S * rate:
        raise SoundError(
            f"{path}: it lasts {frames / rate / 3600:.0f} h, and {LONGEST_S / 3600:.0f} are the most: cut it"
        )
    return frames / rate


class Resampler:
    """Resamples sound that arrives piece by piece at `rate` hertz in `channels` channels, which it averages."""

    def __init__(self, rate: float, channels: int) -> None:
        import soxr

        self._channels = channels
        self._stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32") if rate != RATE else None

    def feed(self, samples: NDArray[np.float32] | NDArray[np.int16], last: bool = False) -> bytes:
        """What is complete after these (frames, channels) samples, float in -1..1 or 16 bits; some follows later, at
        the latest with the `last` ones."""
        scale = np.float32(1 / 32768) if samples.dtype == np.int16 else np.float32(1)
        if samples.dtype != np.int16:
            # what is no number is no sound
            samples = np.clip(np.nan_to_num(samples), -LOUDEST, LOUDEST)
        mono = samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32) * scale
        return _int16(self._stream.resample_chunk(mono, last) if self._stream else mono).tobytes()


def _int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
