"""What is advised about a microphone: on made sounds, on the recorded evening, and `lampctl levels` for real."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from lampd import assembly, config
from lampd.cli.levels import line
from lampd.devices.sound import read
from lampd.doctor import hum
from lampd.doctor.levels import advice, fine, together
from lampd.doctor.listening import EVERY_S, Heard, seconds
from lampd.messages import Block, Level, Tick
from tests.conftest import EVENING
from tests.devices.test_microphone import Room, room
from tests.test_daemon import LAMPCTL, House, house, operator_ready

__all__ = ["house", "room"]

RATE = 16_000
FULL = 32768
Sound = NDArray[np.float64]


def evening(first: int = 0, count: int = 8) -> Sound:
    """Some of its wishes, half a second apart; they peak between -19 and -28 dB."""
    clips = sorted((EVENING / "audio").glob("*.flac"))[first : first + count]
    return np.concatenate([np.r_[np.zeros(RATE // 2), read(clip).astype(float)] for clip in clips])


def noise(db: float, length: int = 10 * RATE) -> Sound:
    return np.random.default_rng(0).normal(size=length) * FULL * 10 ** (db / 20)


def tone(hertz: float, db: float, harmonics: int = 1, length: int = 10 * RATE) -> Sound:
    """A tone of so many dB at its peak, and harmonics that are the weaker the higher they are."""
    times = np.arange(length) / RATE
    waves = (np.sin(2 * np.pi * hertz * k * times) / k for k in range(1, harmonics + 1))
    return np.asarray(FULL * 10 ** (db / 20) * sum(waves))


def pcm(sound: Sound) -> NDArray[np.int16]:
    return np.clip(np.round(sound), -FULL, FULL - 1).astype("<i2")


def levels(sound: Sound) -> list[Level]:
    """What the lamp's own recorder makes of it, a second after the other."""
    recorder = assembly.build("recorder", config.load(board="laptop"))
    samples, found = pcm(sound), []
    for start in range(0, len(samples) - RATE + 1, RATE):
        at = 1 + start / RATE
        recorder.handle(Block(at, samples[start : start + RATE].tobytes()))
        found += [one for one in recorder.handle(Tick(at)) if isinstance(one, Level)]
    return found


SPEECH = evening()
MADE = {
    "speech": (SPEECH, []),
    "speech in a quiet room": (SPEECH + noise(-60, len(SPEECH)), []),
    "too quiet": (SPEECH / 20 + noise(-80, len(SPEECH)), ["quiet"]),
    "clipped": (SPEECH * 30 + noise(-60, len(SPEECH)), ["clipping"]),
    "digital silence": (np.zeros(10 * RATE), ["silence"]),
    "silence with a converter's last bit": (np.random.default_rng(0).integers(-1, 2, 10 * RATE) * 1.0, ["silence"]),
    "an offset": (np.full(10 * RATE, 500.0), ["offset"]),
    "speech in noise": (SPEECH + noise(-35, len(SPEECH)), ["noisy"]),
    "a loud room": (noise(-30), ["noisy"]),
    "nobody speaks": (noise(-60), ["no speech"]),
}


@pytest.mark.parametrize("name", MADE)
def test_advice_fits_the_sound(name: str) -> None:
    sound, expected = MADE[name]
    found = advice(levels(sound), lambda: ["3: the other one"])
    assert [one.about for one in found] == expected
    assert all("3: the other one" in one.do for one in found) == (expected in (["silence"], ["offset"], []))
    assert not hum.hum(pcm(sound))


def test_no_level_at_all_and_some_that_are_missing() -> None:
    [nothing] = advice([None] * 5, lambda: ["3: the other one"])
    assert nothing.about == "nothing"
    assert "3: the other one" in nothing.do
    heard = levels(SPEECH)
    assert advice([None, None, *heard]) == [], "a busy lamp tells some late"
    assert [one.about for one in advice([*heard, *[None] * 4])] == ["gaps"]


def test_what_is_well_is_told_with_its_figures() -> None:
    assert fine(levels(SPEECH + noise(-60, len(SPEECH)))) == (
        "The microphone does well: speech peaks at -24 dB, the room is at -60 dB."
    )


@pytest.mark.parametrize(
    ("hertz", "harmonics", "mains"), [(50, 1, 50), (50.1, 4, 50), (59.9, 3, 60), (100, 3, 50), (120, 2, 60)]
)
@pytest.mark.parametrize("speech", [False, True])
def test_hum_is_found_and_named(hertz: float, harmonics: int, mains: int, speech: bool) -> None:
    sound = SPEECH if speech else np.zeros(10 * RATE)
    sound = sound + noise(-70, len(sound)) + tone(hertz, -50, harmonics, len(sound))
    found = hum.hum(pcm(sound))
    assert found
    assert found.hertz == mains
    assert round(hertz) in found.harmonics
    assert found.db == pytest.approx(-52.5, abs=1.5)
    [one] = hum.advice(found)
    assert f"{mains} Hz" in one.do


def test_what_is_no_hum() -> None:
    assert not hum.hum(pcm(noise(-70) + tone(440, -45))), "a tone"
    assert not hum.hum(pcm(noise(-40) + tone(50, -55, 4))), "a hum below the noise of the room"
    assert not hum.hum(pcm(tone(50, -50, 4, length=2 * RATE))), "too short to tell"
    assert not any(hum.hum(pcm(evening(first, 4))) for first in range(0, 160, 8)), "people"


def test_quarters_of_a_second_become_seconds() -> None:
    quarters = [Heard(10 + EVERY_S * i, level(-20.0 - i, 0.1 * i), bytes([i])) for i in range(10)]
    whole = list(seconds(quarters))
    assert b"".join(one.pcm for one in whole) == bytes(range(10))
    assert all(after.at - before.at == pytest.approx(1.0) for before, after in pairwise(whole[:-1]))
    assert [one.level is None for one in seconds([Heard(EVERY_S * i, None) for i in range(9)])] == [True, True]
    both = together([level(-20.0, 0.0), level(-300.0, 0.9)])
    assert (both.rms_db, both.speech) == (pytest.approx(-23.01, abs=0.01), 0.9)


def level(db: float, speech: float = 0.0) -> Level:
    return Level(0.0, db, db + 3, 0.0, -60.0, speech)


@pytest.mark.parametrize("db", [-120.0, -60.0, -9.0, 0.0])
def test_a_line_fits_a_terminal(db: float) -> None:
    one = Level(0.0, db, db, 0.5, -100.0, 1.0)
    assert 40 < len(line(one)) < 80
    assert line(None) == "no sound"


# for real


@pytest.fixture
def deaf(house: House) -> Iterator[House]:
    """A lamp whose microphone is not there, on whatever machine."""
    configure(house, recorder={"device": "no such microphone"})
    yield house


def configure(house: House, **more: Any) -> None:
    house.file.write_text(yaml.safe_dump(yaml.safe_load(house.file.read_text()) | more))


def last(output: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def test_neither_a_lamp_nor_a_microphone(deaf: House) -> None:
    told = deaf.ask("levels", "--for", "2s")
    assert told.returncode == 2, told.stdout
    assert "no lampd runs" in told.stderr
    assert "no such microphone" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_lamp_that_hears_nothing(deaf: House) -> None:
    deaf.start()
    deaf.until(lambda: bool(deaf.status()["stages"]["recorder"]["note"]))
    told = deaf.ask("levels", "--for", "2s", "--json")
    assert told.returncode == 1, told.stderr
    end = last(told.stdout)
    assert (end["from"], end["hum"]) == ("lamp", False)
    [one] = end["advice"]
    assert one["about"] == "nothing"
    assert "no such microphone" in one["do"]
    assert all(json.loads(row) == {"level": None} for row in told.stdout.splitlines()[:-1])
    assert deaf.ask("pause", "listening").returncode == 0
    assert "resume listening" in deaf.ask("levels", "--for", "2s").stdout


def run(room: Room, house: House, *words: str) -> "subprocess.Popen[str]":
    """lampctl, where PortAudio finds the room."""
    command = [*LAMPCTL, "--config", str(house.file), *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # tests that run in the background are deaf to Ctrl-C, and so would this be
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(command, env=room._environment, text=True, preexec_fn=listen, **pipes)


def test_a_muted_microphone_is_named_with_the_others(room: Room, house: House) -> None:
    configure(house, recorder={"device": "pulse"})
    levels = run(room, house, "levels", "--for", "4s")
    told, complaints = levels.communicate(timeout=60)
    assert levels.returncode == 1, complaints
    assert "gives digital silence" in told
    assert "pulse (ALSA" in told
    assert "\x1b" not in told and "\r" not in told, "in a pipe"
    assert sum("room" in row for row in told.splitlines()) >= 3


def test_hum_in_what_is_played(room: Room, house: House) -> None:
    configure(house, recorder={"device": "pulse"})
    levels = run(room, house, "levels", "--for", "7s", "--json")
    over = threading.Event()

    def play() -> None:
        while not over.is_set():
            room.play(pcm(noise(-60, 4 * RATE) + tone(50, -30, 3, 4 * RATE)), RATE)

    playing = threading.Thread(target=play)
    playing.start()
    try:
        told, complaints = levels.communicate(timeout=60)
    finally:
        over.set()
        playing.join()
    end = last(told)
    assert levels.returncode == 1, complaints
    assert (end["from"], end["hum"]) == ("microphone", True)
    [found] = [one for one in end["advice"] if one["about"] == "hum"]
    assert "50 Hz" in found["do"]
    loud = [json.loads(row)["level"] for row in told.splitlines()[:-1]]
    assert max(one["rms_db"] for one in loud if one) > -40


def test_a_running_lamp_tells_what_it_hears(room: Room, house: House) -> None:
    configure(house, recorder={"device": "pulse"})
    house.start(**{key: room._environment[key] for key in ("HOME", "PULSE_SERVER", "PULSE_RUNTIME_PATH")})
    house.until(lambda: operator_ready(house) and house.status()["microphone"]["level"])
    before = house.status()["stages"]["recorder"]["pid"]
    levels = run(room, house, "levels", "--for", "3s", "--json")
    told, complaints = levels.communicate(timeout=60)
    end = last(told)
    assert levels.returncode == 1, complaints
    assert (end["from"], [one["about"] for one in end["advice"]]) == ("lamp", ["silence"])
    assert house.status()["stages"]["recorder"]["pid"] == before


def test_it_ends_with_its_advice_when_interrupted(room: Room, house: House) -> None:
    configure(house, recorder={"device": "pulse"})
    levels = run(room, house, "levels")
    assert levels.stdout
    rows = [levels.stdout.readline() for _ in range(3)]
    assert "Ctrl-C" in rows[0]
    levels.send_signal(signal.SIGINT)
    assert levels.wait(30) == 1
    assert "gives digital silence" in levels.stdout.read()


def test_a_reader_that_goes_away_ends_it(room: Room, house: House) -> None:
    configure(house, recorder={"device": "pulse"})
    levels = run(room, house, "levels")
    assert levels.stdout and levels.stderr
    levels.stdout.readline()
    levels.stdout.close()
    end = time.monotonic() + 30
    while levels.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert "Traceback" not in levels.stderr.read()
