"""The benchmark of the voice's runtime: its processes, its comparison, its tables."""

from pathlib import Path

import pytest

from lampd.bench import fresh, voice
from lampd.bench.checkpoints import bundled
from lampd.devices.sound import read
from lampd.voice.folder import BUNDLED
from lampd.voice.onnx import PREPARED, OnnxVoice

AUDIO = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio"


def test_the_transcribers_process_is_small_and_hears_soon() -> None:
    """The promise is 120 MB and two seconds; a loaded test machine gets more of them."""
    told = fresh.start(BUNDLED, "onnx")
    assert not told["torch"]
    assert told["peak_mb"] < 120
    assert told["ready_s"] <= told["hearing_s"] < 6
    assert 0 < told["later_s"] < 1


def test_what_does_not_start_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="lacks"):
        fresh.start(tmp_path, "onnx", times=1)


def test_likeness_is_counted_by_kind_and_over_all(tmp_path: Path) -> None:
    clips = [read(AUDIO / f"000{number}.flac") for number in range(1, 7)]
    eight = OnnxVoice(bundled(tmp_path / "int8"))
    assert eight.precision == "int8"
    assert sorted(path.name for path in (tmp_path / "int8").iterdir() if path.suffix != ".json") == [PREPARED]
    exact = OnnxVoice(BUNDLED)
    groups = {"some": clips[:2], "others": clips[2:]}
    same = voice.likeness(exact, exact, groups)
    assert [row["clips"] for row in same.values()] == [2, 4, 6]
    assert {(row["identical"], row["character_error"]) for row in same.values()} == {(1.0, 0.0)}
    other = voice.likeness(eight, exact, groups)
    assert other["all"]["largest_difference"] > 0
    assert other["all"]["character_error"] < 0.2
    assert voice.movement(exact, exact, clips[:2]) == {"largest_difference": 0, "relative_error": 0, "correlation": 1}
    assert 0.5 < voice.movement(eight, exact, clips[:2])["correlation"] < 1
    times = voice.speeds({"exact": exact, "int8": eight}, 1)
    assert all(0 < factor < 1 for factor in times.values())


def test_the_tables_hold_every_voice() -> None:
    row = {"real_time_factor": 0.1, "times_torch_base": 2.0, "resident_mb": 90.0, "peak_mb": 100.0, "file_mb": 6.1}
    like = {"clips": 10, "identical": 0.99, "character_error": 0.001, "largest_difference": 1e-5}
    figures = {
        "runtimes": {"one": row | {"ready_s": 0.3, "hearing_s": 0.5}},
        "likeness": {"one": {"all": like}},
        "base_moved": {"base": {"largest_difference": 0.05, "relative_error": 0.03, "correlation": 0.99912}},
        "consistency": {"digits, mean": {"sound": {"same": 0.5, "different": -0.25, "nearest": 0.913}}},
    }
    said = voice.table(figures)
    assert "| one | 0.1000 | 2.0 | 90 | 100 | 6.1 | 0.30 | 0.50 |" in said
    assert "base: logits are 3.00% of their size away from transformers' and correlate with them by 0.9991" in said
    assert "digits, mean  sound        0.500    -0.250     0.913" in said
    assert "| one: all | 10 | 99.0% | 0.0010 | 1e-05 |" in said
