"""Household noise is heard, counted before it is learned, and learned as meaning nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lampd import config
from lampd.journal import Journal
from lampd.memory import memory
from lampd.messages import Example, Transcript
from lampd.noise import GAP_S, heard, judged
from lampd.session import SessionError
from lampd.why import thinker
from tests.conftest import EVENING
from tests.test_daemon import House, house, operator_ready

__all__ = ["house"]
SETTINGS = config.load(board="laptop")


def said(number: int, end: float, text: str) -> Transcript:
    return Transcript(end, number, end - 1, end, text, 0.9)


def test_what_would_have_acted_is_counted_before_it_is_learned() -> None:
    journal = Journal(":memory:", "boot")
    journal.write(Example(0.0, 1, "hello sunshine", False, ("lit",), "flip", True))
    mind = thinker(SETTINGS, memory(journal, "anticipator"))
    television = [
        said(1, 10.0, "hello sunshine"),
        said(2, 20.0, "and now the weather"),
        said(3, 1810.0, "hello sunshine"),
    ]
    first, second = judged(television, 3600.0, mind)
    assert (first.utterances, first.would_act) == (2, 1)
    assert (second.utterances, second.would_act) == (1, 0), "it had learned that by then"
    assert first.hours == second.hours == 0.5
    assert first.an_hour is not None
    assert first.an_hour.value == 2.0


def test_recordings_are_heard_one_after_another() -> None:
    clips = [EVENING / "audio" / f"{number:04}.flac" for number in (1, 2)]
    transcripts, seconds = heard(clips, SETTINGS)
    first = soundfile.info(clips[0]).duration
    assert seconds == pytest.approx(sum(soundfile.info(clip).duration for clip in clips) + GAP_S)
    assert [one.start < first for one in transcripts] == [True, False]
    assert all(one.text and one.sound for one in transcripts)


def test_what_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_text("hiss")
    with pytest.raises(SessionError, match=r"noise\.wav"):
        heard([tmp_path / "noise.wav"], SETTINGS)


def test_a_lamp_that_runs_learns_a_recording(house: House, tmp_path: Path) -> None:
    house.start()
    house.until(lambda: operator_ready(house))
    clips = [str(EVENING / "audio" / f"{number:04}.flac") for number in (1, 2)]
    done = house.ask("tv-night", "--json", "--sound", *clips)
    assert done.returncode == 0, done.stderr
    halves = json.loads(done.stdout)["halves"]
    assert sum(half["utterances"] for half in halves) == 2
    assert house.status()["known"]["nothing"] == 2
    rows = [json.loads(line) for line in house.ask("history", "--json").stdout.splitlines()]
    assert [(row["utterance"], row["possible"], row["cause"]) for row in rows] == [
        (-1, ["nothing"], "told"),
        (-2, ["nothing"], "told"),
    ]
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(32_000, np.int16), 16_000)
    assert "0 utterances" in house.ask("tv-night", "--sound", str(silence)).stdout
    assert "there is no such file" in house.ask("tv-night", "--sound", str(tmp_path / "none.wav")).stderr
