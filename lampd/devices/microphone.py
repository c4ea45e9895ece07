"""A microphone comes in by name or number; 16 kHz mono sound leaves, until it fails.

PortAudio reports little of how microphones die: some finish, some fall silent, some hang whoever opens or closes them
next. So the stream lives in threads of its own, the reader waits only so long, and nothing is ever closed. Where one
cannot be opened, or has finished, PortAudio begins anew and opens the next; where one hangs, a new process does.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lampd.devices.sound import Resampler

PIECE_S = 0.05
WAITING_S = 10.0  # of sound while the reader is busy; more is dropped
LATENCY_S = 0.3  # of the card's buffer, against a busy processor; it delays sound by 50 ms
OPENING_S = 15.0  # PortAudio tries every card when it starts, which takes a small board seconds
FIRST_S = 5.0  # for the first sound of one that is open, on a machine that is busy with starting
REOPENED_S = 4.0  # between two tries: one takes 25 ms of a fast processor, and a process of its own fifteen times that
LOST, LOST_WITHIN_S = 5, 60.0  # so many losses of sound in so long are told

_open: list[Any] = []  # streams are called back as long as PortAudio goes on, so they must not be collected


class MicrophoneError(Exception):
    """The microphone is not there, or no longer; the text says what to do. Another try may be made in this process."""


class MicrophoneHangs(MicrophoneError):
    """It was open and gives no sound: PortAudio may hang, and its process is to be left with os._exit."""


class Device(NamedTuple):
    """A device that can record."""

    number: int
    name: str
    api: str
    channels: int
    rate: float

    def __str__(self) -> str:
        return f"{self.number}: {self.name} ({self.api}, {self.channels} channels, {self.rate:.0f} Hz)"


def devices() -> list[Device]:
    """All devices that can record. Raises MicrophoneError where PortAudio is missing."""
    portaudio = _portaudio()
    apis = [api["name"] for api in portaudio.query_hostapis()]
    return [
        Device(found["index"], found["name"], apis[found["hostapi"]], channels, found["default_samplerate"])
        for found in portaudio.query_devices()
        if (channels := found["max_input_channels"]) > 0
    ]


class Microphone:
    """Iterates over pieces of about 50 ms of 16-bit PCM as they are recorded; None is the system's default device.

    Ends only by a MicrophoneError: the device cannot be opened, has gone away, or has given no sound for
    `deaf_after_s`. Leave the process with os._exit: an orderly end closes the stream, which may hang. `anew` ends all
    microphones there were, and finds those that were plugged in since.
    """

    def __init__(self, device: str | int | None, deaf_after_s: float, anew: bool = False) -> None:
        self._device, self._deaf_after_s, self._anew = device, deaf_after_s, anew
        self._pieces: queue.Queue[tuple[float, bytes] | MicrophoneError] = queue.Queue(int(WAITING_S / PIECE_S))
        self.at = 0.0
        """When the piece last given ended, on the monotonic clock."""
        self.overflows = 0
        """Pieces dropped because the reader was busy, and times that the sound card was not read soon enough."""

    def __iter__(self) -> Iterator[bytes]:
        threading.Thread(target=self._start, daemon=True).start()
        patience_s = OPENING_S
        while True:
            try:
                piece = self._pieces.get(timeout=patience_s)
            except queue.Empty:
                raise MicrophoneHangs(f"the microphone has given no sound for {patience_s} s") from None
            if isinstance(piece, MicrophoneError):
                raise piece
            self.at, pcm = piece
            patience_s = self._deaf_after_s if pcm else max(FIRST_S, self._deaf_after_s)
            if pcm:
                yield pcm

    def _start(self) -> None:
        try:
            if self._anew:
                portaudio = _portaudio()
                portaudio._terminate()
                portaudio._initialize()
                _open.clear()
            stream = self._stream()
            _open.append(stream)
            stream.start()
            self._pieces.put((time.monotonic(), b""))
        except MicrophoneError as error:
            self._pieces.put_nowait(error)
        except Exception as error:  # ValueError, PortAudioError and whatever the host's sound system comes up with
            self._pieces.put_nowait(MicrophoneError(self._not_opened(error)))

    def _stream(self) -> Any:
        portaudio = _portaudio()
        rate = portaudio.query_devices(self._device, "input")["default_samplerate"]
        resampler = Resampler(rate, 1)

        def captured(samples: Any, frames: int, when: Any, status: Any) -> None:
            self.overflows += bool(status.input_overflow)
            try:
                self._pieces.put_nowait((ended(when, frames / rate), resampler.feed(samples)))
            except queue.Full:
                self.overflows += 1

        def finished() -> None:
            # A full queue needs no such word: when it has been read, nothing follows.
            if not self._pieces.full():
                self._pieces.put_nowait(MicrophoneError("the microphone or its sound server went away"))

        return portaudio.InputStream(
            samplerate=rate,
            blocksize=int(PIECE_S * rate),
            device=self._device,
            channels=1,
            dtype="int16",
            latency=LATENCY_S,
            callback=captured,
            finished_callback=finished,
        )

    def _not_opened(self, error: Exception) -> str:
        wanted = "the default microphone" if self._device is None else f"the microphone {self._device!r}"
        there = [f"\n  {device}" for device in devices()]
        if not there:
            return f"there is no microphone, so {wanted} cannot be opened: plug one in ({error})"
        return (
            f"{wanted} cannot be opened: {error}\nset recorder.device in the configuration to the number of one of "
            f"these, or to a part of its name that no other has:{''.join(there)}"
        )


def heard(device: str | int | None, deaf_after_s: float, tell: Callable[[str], None]) -> Iterator[tuple[float, bytes]]:
    """Sound of a microphone that is opened again whenever it went away: when each piece ended, and the piece. `tell`
    gets what is wrong as it changes, and nothing once all is well. Raises MicrophoneHangs."""
    told: str | None = None
    tries = 0
    while True:
        microphone = Microphone(device, deaf_after_s, anew=tries > 0)
        losses = Losses()
        try:
            for pcm in microphone:
                if (wrong := losses.complaint(microphone.at, microphone.overflows)) != told:
                    told = wrong
                    tell(wrong)
                yield microphone.at, pcm
        except MicrophoneHangs:
            raise
        except MicrophoneError as error:
            if str(error) != told:
                told = str(error)
                tell(told)
        tries += 1
        time.sleep(REOPENED_S)


class Losses:
    """Whether so much sound is lost that it is worth a word."""

    def __init__(self) -> None:
        self._count = 0
        self._times: deque[float] = deque(maxlen=LOST)

    def complaint(self, now: float, overflows: int) -> str:
        """Of sound that was lost `overflows` times until `now`, in seconds."""
        new, self._count = overflows - self._count, overflows
        self._times.extend([now] * min(new, LOST))
        if len(self._times) < LOST or now - self._times[0] > LOST_WITHIN_S:
            return ""
        return "the processor is too busy to hear everything: end what else runs, or choose a smaller voice"


def ended(when: Any, seconds: float) -> float:
    """When the piece of `seconds` that PortAudio gives now ended, on the monotonic clock.

    A busy processor is given it late, with more behind it. PortAudio's own times tell how late, where it has any.
    """
    now = time.monotonic()
    ago = when.currentTime - when.inputBufferAdcTime - seconds
    return now - ago if when.inputBufferAdcTime > 0 and 0 < ago < WAITING_S else now


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise MicrophoneError(f"recording needs PortAudio ({error}): sudo apt install libportaudio2") from None
    return sounddevice
