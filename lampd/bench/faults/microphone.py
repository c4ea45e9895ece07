"""Microphones that vanish, come back as others, hang and fall silent, and sound that goes on for hours.

The recorder's process hears a sound server through PortAudio as in the lamp, beside a hub and the operator; the other
stages are not begun. Hours go through the recorder itself, in its own time.
"""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from lampd import assembly, config
from lampd.bench.faults import Outcome, Say
from lampd.bench.faults.sound_server import SoundServer, missing, sound_server
from lampd.devices.sound import read
from lampd.ears import Ears
from lampd.hub import Hub
from lampd.journal import Journal, boot_id
from lampd.messages import AnyMessage, Block, Level, Resume, Speech, Tick
from lampd.stages.recorder import RATE, Recorder
from lampd.status import status

FULL, SHORT = 30, 1
REOPENED_S = 10.0
"""It is heard again this soon after it is back."""
SAID_S = 10.0
"""And within this it is said that it is gone."""
UNHEARD = ("transcriber", "anticipator", "trainer")
BLOCK = RATE // 20
EVENING = Path(__file__).parents[3] / "tests" / "sessions" / "first_evening" / "audio"
SPEECH_A_MINUTE = 200.0
"""More utterances are no speech: the shortest, and the shortest pause after it, take .3 s."""


class Lamp:
    """A hub with an operator and a recorder, which listens to "pulse"."""

    def __init__(self, state: Path) -> None:
        settings = config.load(board="laptop", state_dir=str(state))
        settings = replace(settings, recorder=replace(settings.recorder, device="pulse"))
        self._state = state
        self.hub = Hub(settings, Journal(state / "journal.db", boot_id()), time.monotonic, live=True)
        for name in UNHEARD:
            self.hub.processes.children[name].begin_at = float("inf")
        self.hub.start()

    def complaints(self) -> list[str]:
        found: list[str] = status(self.hub, self._state)["complaints"]
        return [one for one in found if one.startswith(("recorder", "microphone"))]

    def hears(self) -> bool:
        """Whether sound comes, and nothing is said to be wrong."""
        level = self.hub.ears.level(self.hub.clock())
        return level is not None and level.peak_db > -40 and not self.complaints()

    def until(self, reached: Callable[[], object], seconds: float) -> float:
        """Go on until that is so, and say how long it took; infinite where it takes longer than `seconds`."""
        began = time.monotonic()
        while not reached():
            if time.monotonic() - began > seconds:
                return float("inf")
            self.hub.turn(self.hub.clock() + 0.1)
        return time.monotonic() - began

    def close(self) -> None:
        self.hub.processes.stop()
        self.hub.journal.close()


def run(times: int, seed: int, say: Say) -> Outcome:
    counts: dict[str, float] = {}
    broken: list[str] = []
    if lacks := missing():
        broken.append(lacks)
    else:
        with sound_server() as server, TemporaryDirectory(prefix="lampd-") as folder:
            _unplugged(times, random.Random(seed), server, Path(folder), say, counts, broken)
    minutes = times / 2
    for name, sound in sounds(seed):
        say(f"{minutes} minutes of {name}")
        _listened(name, sound, minutes, counts, broken)
    return Outcome(counts, broken)


def _unplugged(
    times: int,
    rng: random.Random,
    server: SoundServer,
    folder: Path,
    say: Say,
    counts: dict[str, float],
    broken: list[str],
) -> None:
    """Make each fault in turn; of each, when it was said and when the lamp heard again."""
    lamp = Lamp(folder)
    plugged = plug(server, rng)
    said, reopened = [0.0], [0.0]  # s
    try:
        if lamp.until(lamp.hears, 60.0) == float("inf"):
            broken.append(f"a microphone that is there is not heard: {lamp.complaints()}")
            return
        for number in range(times):
            fault = FAULTS[number % len(FAULTS)]
            say(f"{number + 1} of {times}: {fault}")
            if fault == "stalls":
                server.stall(True)
            elif fault == "server dies":
                server.kill()
            else:
                server.unplug(plugged)
            said.append(lamp.until(lamp.complaints, SAID_S + 20))
            if said[-1] > SAID_S:
                broken.append(f"{fault}: not said within {SAID_S:.0f} s")
            # it is looked for in vain a few times
            lamp.until(lambda: False, rng.uniform(0.0, 12.0 if times > 1 else 0.5))
            if fault == "stalls":
                server.stall(False)
            else:
                if fault == "server dies":
                    server.start()
                plugged = plug(server, rng)
            reopened.append(lamp.until(lamp.hears, REOPENED_S + 30))
            if reopened[-1] > REOPENED_S:
                broken.append(f"{fault}: heard again after {reopened[-1]:.1f} s: {lamp.complaints()}")
        if times > 1:
            _muted(lamp, server, plugged, broken)
            counts["muted one"] = 1
    finally:
        lamp.close()
    counts["microphones gone"] = times
    counts["s at most until that was said"] = max(said)
    counts["s at most until another was heard"] = max(reopened)


FAULTS = ("another takes its place", "stalls", "server dies")


def plug(server: SoundServer, rng: random.Random) -> str:
    """A microphone that hums, of a rate and tone of its own."""
    rate, hertz = rng.choice((16_000, 44_100, 48_000)), rng.randrange(100, 1000)
    plugged = server.plug("module-sine-source", "source_name=mic", f"rate={rate}", f"frequency={hertz}")
    server.run("pactl", "set-default-source", "mic")
    return plugged


def _muted(lamp: Lamp, server: SoundServer, plugged: str, broken: list[str]) -> None:
    """One that comes back muted: that is said, and once it is not it is not said any longer."""
    server.unplug(plugged)
    lamp.until(lamp.complaints, SAID_S)
    plug(server, random.Random(0))
    server.run("pactl", "set-source-mute", "mic", "1")
    if lamp.until(lambda: any("muted" in one for one in lamp.complaints()), 40.0) == float("inf"):
        broken.append(f"a microphone that gives zeros is not said to be muted: {lamp.complaints()}")
    server.run("pactl", "set-source-mute", "mic", "0")
    if lamp.until(lamp.hears, REOPENED_S) == float("inf"):
        broken.append(f"one that is no longer muted is complained of: {lamp.complaints()}")


def sounds(seed: int) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """A minute of each, to be heard again and again."""
    seconds = np.arange(60 * RATE) / RATE
    rng = np.random.default_rng(seed)
    yield "digital silence", np.zeros(len(seconds), np.int16)
    yield "one value", np.full(len(seconds), 1234, np.int16)
    yield "a quiet room", rng.normal(0, 8, len(seconds)).astype(np.int16)
    hum = np.sign(np.sin(2 * np.pi * 50 * seconds))
    yield "hum at full scale", (32767 * hum).astype(np.int16)
    beats = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * seconds)
    yield "hum that swells", (32767 * hum * beats).astype(np.int16)
    if files := sorted(EVENING.glob("*.flac"))[:40]:
        # with what is silent cut out
        heard = [sound[np.abs(sound) > 300] for sound in map(read, files)]
        yield "speech without a pause", np.resize(np.concatenate(heard), len(seconds))


def _listened(name: str, sound: NDArray[np.int16], minutes: float, counts: dict[str, float], broken: list[str]) -> None:
    """What a recorder makes of so many minutes of `sound`, and what is said of the microphone."""
    settings = config.load(board="laptop").recorder
    recorder: Any = assembly.build("recorder", config.load(board="laptop"))
    assert isinstance(recorder, Recorder)
    recorder.handle(Resume(0.0, 0, False))
    ears = Ears(0.0)
    speech, held, deaf = 0, 0, False
    began = time.process_time()
    for number in range(int(minutes * 60 * RATE / BLOCK)):
        at = (number + 1) * BLOCK / RATE
        place = number * BLOCK % len(sound)
        said: list[AnyMessage] = recorder.handle(Block(at, sound[place : place + BLOCK].tobytes()))
        if number % 5 == 0:
            said += recorder.handle(Tick(at))
        for one in said:
            speech += isinstance(one, Speech)
            if isinstance(one, Speech) and len(one.pcm) > 2 * RATE * (settings.longest_s + 2):
                broken.append(f"{name}: an utterance of {len(one.pcm) / 2 / RATE:.0f} s")
            if isinstance(one, Level):
                ears.hear(one)
        held = max(held, len(recorder._sound))
        deaf |= bool(ears.complaint(at))
    counts[f"minutes of {name}"] = minutes
    if speech:
        counts[f"utterances a minute in {name}"] = speech / minutes
    is_deaf = name in ("digital silence", "one value")
    if deaf != is_deaf:
        broken.append(f"{name} is {'' if deaf else 'not '}said to be a microphone's fault")
    if speech > SPEECH_A_MINUTE * minutes:
        broken.append(f"{name}: {speech / minutes:.0f} utterances a minute")
    if held > 2 * RATE * (settings.longest_s + 5):
        broken.append(f"{name}: {held / 2 / RATE:.0f} s of sound are kept")
    if (load := (time.process_time() - began) / 60 / minutes) > 0.5:
        broken.append(f"{name}: takes {load:.2f} of a processor")
