"""A speaker for real: what PortAudio plays into a PulseAudio server of the test's own is recorded there."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lampd.devices.speaker import Silence
from tests.devices.test_microphone import CLIP, Room, likeness, room, wait_for  # noqa: F401 - a fixture

PLAY = """
import sys
from lampd.devices.sound import read
from lampd.devices.speaker import Speaker, SpeakerError
try:
    speaker = Speaker()
    pcm = read(sys.argv[1]).tobytes()
    for begin in range(0, len(pcm), 3200):
        speaker.play(pcm[begin : begin + 3200])
    speaker.close()
except SpeakerError as error:
    sys.exit(str(error))
"""


def test_what_is_played_is_heard(room: Room, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    recording = room.record("pulse")
    wait_for(lambda: len(room.recorded()) > 8000, 10)
    samples, _ = soundfile.read(CLIP, dtype="int16")
    began = time.monotonic()
    command = [sys.executable, "-c", PLAY, str(CLIP)]
    played = subprocess.run(command, env=room._environment, capture_output=True, text=True, timeout=30)
    assert played.returncode == 0, played.stderr
    assert time.monotonic() - began > len(samples) / 16_000 - 1
    end = len(room.recorded()) + 16_000
    wait_for(lambda: len(room.recorded()) > end, 10)
    assert likeness(samples, room.recorded()) > 0.9 > likeness(samples[::-1], room.recorded())
    recording.kill()


def test_without_a_server_there_is_no_output_and_it_says_so(room: Room) -> None:  # noqa: F811
    room.server.kill()
    room.server.wait()
    command = [sys.executable, "-c", PLAY, str(CLIP)]
    played = subprocess.run(command, env=room._environment, capture_output=True, text=True, timeout=60)
    if played.returncode == 0:
        pytest.skip("this machine has a sound card")
    assert "plug in a speaker" in played.stderr


def test_silence_takes_as_long_as_sound() -> None:
    silence, began = Silence(), time.monotonic()
    for _ in range(5):
        silence.play(np.zeros(1600, np.int16).tobytes())
    silence.close()
    assert time.monotonic() - began >= 0.45
