"""`lampctl bench runtimes`: each step works here, and one that dies of a signal is told by its name."""

import subprocess
import sys
from pathlib import Path

import pytest

from lampd.bench import runtimes
from lampd.bench.command import bench

SOUND = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio" / "0000.flac"


def test_both_runtimes_hear_the_same() -> None:
    heard = [runtimes.step(name, SOUND) for name in ("hear", "listen")]
    assert heard[0]["result"] == heard[1]["result"] != ""


def test_what_was_built_for_another_processor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run
    dies = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGILL)"]
    monkeypatch.setattr(subprocess, "run", lambda command, **given: real(dies, **given))
    assert runtimes.step("learn", SOUND)["error"] == "SIGILL"


def test_a_sound_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench("runtimes", ["nowhere.flac"])
    assert "nowhere.flac is no file" in capsys.readouterr().err
