"""Where levels come from: the running lamp, or the microphone itself while it is down. What is heard leaves, as it
comes, with its sound where there is one to be had."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from lampd import assembly, control
from lampd.doctor.levels import together
from lampd.messages import Block, Level, Tick
from lampd.settings import Settings

EVERY_S = 0.25
"""Between two levels of the microphone's; the lamp's own come at its ticks."""
RATE = 16_000


class Heard(NamedTuple):
    """What was heard until `at`, on the monotonic clock: None where no sound came."""

    at: float
    level: Level | None
    pcm: bytes = b""


def lamps(path: Path) -> Iterator[Heard]:
    """What the lamp that answers at `path` hears, and its time where it hears nothing. Raises control.NotRunning."""
    for message in control.watch(path):
        message.pop("missed", None)
        if message["type"] == "Level":
            yield Heard(message["at"], msgspec.convert(message, Level))
        elif message["type"] == "Tick":
            yield Heard(message["at"], None)


def microphones(settings: Settings) -> Iterator[Heard]:
    """What the microphone hears, through the lamp's own recorder. Raises MicrophoneError; leave the process with
    os._exit, for the microphone is never closed."""
    from lampd.devices.microphone import Microphone

    recorder = assembly.build("recorder", settings)
    microphone = Microphone(settings.recorder.device, settings.recorder.deaf_after_s)
    pcm = b""
    for piece in microphone:
        recorder.handle(Block(microphone.at, piece))
        pcm += piece
        if len(pcm) >= 2 * RATE * EVERY_S:
            levels = [one for one in recorder.handle(Tick(microphone.at)) if isinstance(one, Level)]
            yield Heard(time.monotonic(), levels[-1] if levels else None, pcm)
            pcm = b""


def seconds(heard: Iterable[Heard]) -> Iterator[Heard]:
    """The same a second at a time, the last one cut short where it ends. A second without a level gave no sound."""
    levels: list[Level] = []
    pcm, until = b"", None
    for one in heard:
        until = one.at + 1 if until is None else until
        levels += [one.level] if one.level else []
        pcm += one.pcm
        if one.at >= until - EVERY_S / 10:
            yield Heard(one.at, together(levels) if levels else None, pcm)
            levels, pcm, until = [], b"", max(until + 1, one.at + 0.5)
    if levels:
        yield Heard(levels[-1].at, together(levels), pcm)
