"""A microphone for real: PortAudio records what is played into a PulseAudio server of the test's own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.signal
import soundfile
from numpy.typing import NDArray

from lampd.bench.faults.sound_server import SoundServer, missing
from lampd.devices import microphone
from lampd.devices.microphone import LOST, LOST_WITHIN_S, Losses, MicrophoneError, MicrophoneHangs, ended

CLIP = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio" / "0001.flac"
DEAF_AFTER_S = 2.0

# PortAudio looks for sound servers once, when it is loaded: every recording needs a process with its own environment.
RECORD = f"""
import os, sys, time
from lampd.devices.microphone import Microphone, MicrophoneError
microphone = Microphone(sys.argv[1], {DEAF_AFTER_S})
try:
    with open(sys.argv[2], "wb", buffering=0) as file:
        for pcm in microphone:
            file.write(pcm)
            assert 0 <= time.monotonic() - microphone.at < 5, microphone.at
except MicrophoneError as error:
    print(error, flush=True)
    os._exit(3)
"""


class Room:
    """A sound server with one microphone, in which a sound file can be played."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.sound = home / "recorded.raw"
        socket = home / "native"
        self._environment = os.environ | {
            "HOME": str(home),
            "PULSE_RUNTIME_PATH": str(home),
            "PULSE_STATE_PATH": str(home),
            "PULSE_SERVER": f"unix:{socket}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        server = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        server += ["-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
        server += ["-L", "module-null-sink sink_name=mic norewinds=1 rate=16000 channels=1 format=s16le"]
        self.server = subprocess.Popen(server, env=self._environment, stderr=subprocess.DEVNULL)
        self.recording: subprocess.Popen[str] | None = None
        wait_for(lambda: self._run("pactl", "set-default-source", "mic.monitor") == 0, 10)

    def _run(self, *command: str) -> int:
        return subprocess.run(command, env=self._environment, stderr=subprocess.DEVNULL, timeout=30).returncode

    def record(self, device: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", RECORD, device, str(self.sound)]
        self.recording = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)
        return self.recording

    def recorded(self) -> NDArray[np.int16]:
        raw = self.sound.read_bytes() if self.sound.exists() else b""
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<i2")

    def play(self, samples: NDArray[np.int16], rate: int) -> None:
        soundfile.write(self._home / "played.wav", samples, rate)
        assert self._run("paplay", "--device=mic", "--latency-msec=200", str(self._home / "played.wav")) == 0

    def close(self) -> None:
        for process in (self.recording, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(0.05)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    if missing := [name for name in ("pulseaudio", "paplay", "pactl") if not shutil.which(name)]:
        pytest.skip(f"{missing[0]} is missing: sudo apt install pulseaudio pulseaudio-utils libasound2-plugins")
    try:
        import sounddevice  # noqa: F401
    except OSError:
        pytest.skip("PortAudio is missing: sudo apt install libportaudio2")
    room = Room(tmp_path)
    try:
        yield room
    finally:
        room.close()


def likeness(played: NDArray[np.int16], recorded: NDArray[np.int16]) -> float:
    """The highest normalised cross-correlation of a fifth of a second of what was played with a part of what was
    recorded: the median of all fifths that are not silent, since a busy machine may drop sound now and then."""
    sound, found = recorded.astype(float), []
    energy = np.cumsum(np.append(0.0, sound**2))
    for piece in np.split(played.astype(float), range(3200, len(played), 3200)):
        if piece.std() > 100:
            cross = scipy.signal.correlate(sound, piece, mode="valid", method="fft")
            parts = energy[len(piece) :] - energy[: -len(piece)]
            found.append(np.max(cross / np.linalg.norm(piece) / np.sqrt(np.maximum(parts, len(piece)))))
    return float(np.median(found))


def fate(recording: "subprocess.Popen[str]") -> tuple[str, float]:
    """The last words of a recording, and how long it took to say them."""
    since = time.monotonic()
    words, _ = recording.communicate(timeout=15)
    assert recording.returncode == 3, words
    return words, time.monotonic() - since


def test_hears_what_is_played_until_its_server_is_gone(room: Room) -> None:
    samples, rate = soundfile.read(CLIP, dtype="int16")
    recording = room.record("pulse")
    wait_for(lambda: len(room.recorded()) > 8000, 10)
    room.play(samples, rate)
    end = len(room.recorded()) + 16_000
    wait_for(lambda: len(room.recorded()) > end, 10)
    assert likeness(samples, room.recorded()) > 0.9 > likeness(samples[::-1], room.recorded())

    room.server.kill()
    words, seconds = fate(recording)
    assert "went away" in words or "no sound" in words
    assert seconds < DEAF_AFTER_S + 1


def test_notices_that_a_stalled_server_gives_no_sound(room: Room) -> None:
    recording = room.record("pulse")
    wait_for(lambda: len(room.recorded()) > 8000, 10)
    room.server.send_signal(signal.SIGSTOP)
    words, seconds = fate(recording)
    assert words == f"the microphone has given no sound for {DEAF_AFTER_S} s\n"
    assert DEAF_AFTER_S - 0.5 < seconds < DEAF_AFTER_S + 1


def test_says_which_devices_there_are_when_the_one_wanted_is_not(room: Room) -> None:
    words, _ = fate(room.record("a microphone that is not there"))
    assert "'a microphone that is not there' cannot be opened" in words
    assert "set recorder.device" in words
    assert ": pulse (ALSA" in words


@pytest.mark.parametrize(
    ("recorded", "now", "ago"),
    [(100.0, 100.05, 0.0), (100.0, 100.35, 0.3), (0.0, 100.35, 0.0), (100.2, 100.0, 0.0), (1.0, 100.0, 0.0)],
    ids=["in time", "late", "no time told", "not yet over", "absurd"],
)
def test_sound_is_dated_by_when_it_was_recorded(recorded: float, now: float, ago: float) -> None:
    when = SimpleNamespace(inputBufferAdcTime=recorded, currentTime=now)
    before = time.monotonic()
    assert before - ago <= ended(when, 0.05) <= time.monotonic() - ago + 1e-6


def test_a_busy_processor_is_told_of_and_a_hiccup_is_not() -> None:
    losses = Losses()
    assert losses.complaint(0.0, 0) == losses.complaint(1.0, LOST - 1) == ""
    assert "too busy" in losses.complaint(2.0, LOST)
    assert "too busy" in losses.complaint(LOST_WITHIN_S - 1, LOST)
    assert losses.complaint(LOST_WITHIN_S + 2, LOST) == "", "it is over"


def test_one_that_goes_away_is_looked_for_in_the_same_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner is told as that changes, and no more often."""
    made: list[bool] = []
    lives = [["there is none"], ["there is none"], [b"ab", b"cd", "it went away"], [b"ef", MicrophoneHangs("it hangs")]]

    class Fake:
        at, overflows = 0.0, 0

        def __init__(self, device: object, deaf_after_s: float, anew: bool) -> None:
            made.append(anew)

        def __iter__(self) -> Iterator[bytes]:
            for one in lives[len(made) - 1]:
                if isinstance(one, bytes):
                    yield one
                else:
                    raise one if isinstance(one, MicrophoneHangs) else MicrophoneError(one)

    monkeypatch.setattr(microphone, "Microphone", Fake)
    monkeypatch.setattr(microphone, "REOPENED_S", 0.0)
    told: list[str] = []
    pieces = []
    with pytest.raises(MicrophoneHangs):
        for _, pcm in microphone.heard(None, 2.0, told.append):
            pieces.append(pcm)
    assert pieces == [b"ab", b"cd", b"ef"]
    assert made == [False, True, True, True], "PortAudio looks again only when it begins anew"
    assert told == ["there is none", "", "it went away", ""]


HEARD = """
import os
from lampd.devices import microphone
microphone.REOPENED_S = 0.5
for at, pcm in microphone.heard("pulse", 2.0, lambda text: print(text.split(chr(10))[0], flush=True)):
    if any(pcm):
        os._exit(0)
"""


def test_one_that_comes_after_the_process_is_found_by_it(tmp_path: Path) -> None:
    """PortAudio looks for microphones, and for sound servers, only when it begins."""
    if lacks := missing():
        pytest.skip(lacks)
    server = SoundServer(tmp_path)
    server.kill()
    environment = os.environ | server.environment | {"PYTHONPATH": str(Path(__file__).parents[2])}
    hears = subprocess.Popen([sys.executable, "-c", HEARD], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert hears.stdout
        assert "cannot be opened" in hears.stdout.readline()
        server.start()
        server.plug("module-sine-source", "source_name=mic")
        assert hears.wait(30) == 0
    finally:
        hears.kill()
        server.kill()
