"""`lampctl levels`: what the running lamp hears, or else the microphone, comes in; a meter leaves, and advice.

Exit codes: 0 fine, 1 there is something to do, 2 no lamp runs and no microphone gives sound.
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from lampd import control
from lampd.cli.ask import DEGRADED, DOWN, WELL, complain, load
from lampd.doctor import hum
from lampd.doctor.apart import Failed, apart
from lampd.doctor.levels import Advice, advice, fine
from lampd.doctor.listening import Heard, lamps, microphones, seconds
from lampd.doctor.who import refused
from lampd.messages import Level
from lampd.settings import Settings

FIRST_S = 6
"""Before the first advice."""
KEPT_S, SOUND_S = 600, 20
"""Of levels and of sound that the advice is made from."""
NO_SOUND = "(the lamp's microphone is its own while it runs, so hum is not looked for: stop lampd for that)"


def main(arguments: argparse.Namespace) -> int:
    settings = load(arguments)
    if not settings:
        return DEGRADED
    from lampd.devices.microphone import MicrophoneError

    path = Path(settings.control_socket)
    if word := refused(path):
        complain(word)
        return DOWN
    try:
        answer = control.ask(path, {"ask": "status"})
    except control.NotRunning as error:
        answer, down = None, str(error)
    meter = Meter(arguments.json, settings, answer)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            meter.run(lamps(path) if answer else microphones(settings), arguments.seconds)
        except control.NotRunning as error:
            complain(error)
        except MicrophoneError as error:
            if not meter.heard:
                complain(f"no lampd runs, and {error}\n({down})")
                return _left(DOWN)
            complain(error)
    return _left(meter.end())


def _left(code: int) -> int:
    """A microphone is never closed, for that may hang: leave at once."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(code)


class Meter:
    """Shows what is heard, a line a second, in a terminal on one line; and says what to do about it."""

    def __init__(self, as_json: bool, settings: Settings, answer: control.Request | None) -> None:
        self._json, self._settings, self._answer = as_json, settings, answer
        self._live = sys.stdout.isatty() and not as_json
        self.heard: deque[Level | None] = deque(maxlen=KEPT_S)
        self._sound: deque[bytes] = deque(maxlen=SOUND_S)
        self._told: set[str] = set()
        self._there: list[str] | None = None

    def run(self, heard: Iterator[Heard], for_s: float | None) -> None:
        """Until it is interrupted, or for so many seconds."""
        if not self._json:
            print(f"what {'the lamp' if self._answer else 'the microphone'} hears; Ctrl-C ends it", flush=True)
        end = time.monotonic() + for_s if for_s else float("inf")
        for second in seconds(self._shown(heard)):
            self.heard.append(second.level)
            self._sound.append(second.pcm)
            if self._json:
                level = second.level
                row = {key: round(getattr(level, key), 3) for key in Level.__struct_fields__} if level else None
                print(json.dumps({"level": row}), flush=True)
            elif not self._live:
                print(line(second.level), flush=True)
            if not self._json and len(self.heard) >= FIRST_S:
                self._advise()
            if time.monotonic() >= end:
                return

    def _shown(self, heard: Iterator[Heard]) -> Iterator[Heard]:
        """The same, drawn as it comes where that can be."""
        for one in heard:
            if self._live and one.level:
                print(f"\r{line(one.level):79}", end="", flush=True)
            yield one

    def _advise(self) -> None:
        """What is to be done that was not said before."""
        for one in self._advice():
            if one.about not in self._told:
                self._told.add(one.about)
                print(f"{chr(10) if self._live else ''}  -> {one.do}", flush=True)

    def _advice(self) -> list[Advice]:
        found = []
        if self._answer and not any(self.heard):
            found = self._deaf()
        found = found or advice(self.heard, self._devices)
        return found + hum.advice(hum.hum(hum.joined(self._sound)))

    def _deaf(self) -> list[Advice]:
        """Why a lamp that runs tells no levels, where it knows."""
        with contextlib.suppress(control.NotRunning):
            answer = control.ask(Path(self._settings.control_socket), {"ask": "status"})
            if not answer["listens"]:
                return [Advice("privacy", "The lamp does not listen: privacy button, or `lampctl resume listening`.")]
            recorder = answer["stages"]["recorder"]
            if wrong := recorder["note"] or recorder["error"]:
                return [Advice("nothing", f"The lamp's microphone gives no sound: {wrong}")]
        return []

    def _devices(self) -> list[str]:
        """The microphones that there are, asked for once."""
        if self._there is None:
            self._there = []
            with contextlib.suppress(Failed):
                self._there = apart(listed, limit_s=20)
        return self._there

    def end(self) -> int:
        """The last word, and the exit code."""
        found = self._advice()
        source = "lamp" if self._answer else "microphone"
        if self._json:
            rows = [one._asdict() for one in found]
            print(json.dumps({"from": source, "seconds": len(self.heard), "hum": not self._answer, "advice": rows}))
            return DEGRADED if found else WELL
        print("" if self._live else "--")
        for one in found:
            print(one.do)
        if not found:
            print(fine(self.heard))
        if self._answer:
            print(NO_SOUND)
        return DEGRADED if found else WELL


def line(level: Level | None) -> str:
    """A level in 79 columns."""
    from lampd.cli.view import QUIETEST_DB, bar

    if not level:
        return "no sound"
    speech = "speech" if level.speech > 0.5 else ""
    told = f"{level.rms_db:4.0f} dB  peak {level.peak_db:4.0f}  room {level.noise_db:4.0f}"
    return f"{bar(1 - level.rms_db / QUIETEST_DB)} {told}  {'CLIPPED' if level.clipped else ''} {speech}".rstrip()


def listed() -> list[str]:
    """The devices that can record."""
    from lampd.devices.microphone import devices

    return [str(one) for one in devices()]
