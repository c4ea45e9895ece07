"""Sound files of any rate come in, 16 kHz mono leaves."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000


class SoundError(Exception):
    """A sound file that cannot be read; the text names it."""


def read(path: Path) -> NDArray[np.int16]:
    """All samples of a sound file as 16 kHz mono. Raises SoundError."""
    import soundfile
    import soxr

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise SoundError(f"{path}: {error}") from None
    mono = soxr.resample(samples.mean(axis=1), rate, RATE) if rate != RATE else samples.mean(axis=1)
    return np.asarray(np.clip(np.round(mono * 32768), -32768, 32767), np.int16)
