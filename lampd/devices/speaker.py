"""Sound at 16 kHz, mono, comes in piece by piece; the default output device plays it, and its pace is that of time."""

import contextlib
import time
from typing import Any, Protocol

import numpy as np

from lampd.devices.sound import RATE

AHEAD_S = 0.5
"""Sound that the device may hold, against a busy processor."""


class SpeakerError(Exception):
    """No output device can play; the text says what to do."""


class Plays(Protocol):
    def play(self, pcm: bytes) -> None: ...

    def close(self) -> None: ...


class Silence:
    """Takes as long as sound would."""

    def __init__(self) -> None:
        self._due = time.monotonic()

    def play(self, pcm: bytes) -> None:
        self._due += len(pcm) / 2 / RATE
        time.sleep(max(0.0, self._due - time.monotonic()))

    def close(self) -> None:
        pass


class Speaker:
    """The system's default output device. Raises SpeakerError when it is made, and when it fails."""

    def __init__(self) -> None:
        try:
            import sounddevice
        except OSError as error:
            raise SpeakerError(f"playing needs PortAudio ({error}): sudo apt install libportaudio2") from None
        self._resampler: Any = None
        try:
            rate = sounddevice.query_devices(None, "output")["default_samplerate"]
            self._stream = self._opened(sounddevice, rate)
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SpeakerError(f"there is no sound output that works: plug in a speaker ({error})") from None
        self._failure: type[Exception] = sounddevice.PortAudioError

    def _opened(self, sounddevice: Any, rate: float) -> Any:
        """A stream of 16 kHz, or where the device takes no such, of its own rate."""
        try:
            return sounddevice.RawOutputStream(RATE, channels=1, dtype="int16", latency=AHEAD_S)
        except sounddevice.PortAudioError:
            import soxr

            self._resampler = soxr.ResampleStream(RATE, rate, 1, dtype="int16")
            return sounddevice.RawOutputStream(rate, channels=1, dtype="int16", latency=AHEAD_S)

    def play(self, pcm: bytes) -> None:
        """Returns when the device has taken it."""
        if self._resampler:
            pcm = self._resampler.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes()
        try:
            self._stream.write(pcm)
        except self._failure as error:
            raise SpeakerError(f"the sound output went away: {error}") from None

    def close(self) -> None:
        """Returns when all has been heard."""
        with contextlib.suppress(self._failure):
            self._stream.stop()
            self._stream.close()
