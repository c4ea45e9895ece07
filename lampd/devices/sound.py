"""Sound of any rate and number of channels comes in, from files or as it is captured; 16 kHz mono leaves."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000


class SoundError(Exception):
    """A sound file that cannot be read; the text names it."""


def read(path: Path) -> NDArray[np.int16]:
    """All samples of a sound file, channels averaged. Raises SoundError."""
    import soundfile
    import soxr

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise SoundError(f"{path}: {error}") from None
    mono = samples.mean(axis=1)
    return _int16(soxr.resample(mono, rate, RATE) if rate != RATE else mono)


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
        mono = samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32) * scale
        return _int16(self._stream.resample_chunk(mono, last) if self._stream else mono).tobytes()


def _int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
