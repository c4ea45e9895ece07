"""Voices are told apart by what they hear with."""

from pathlib import Path

from lampd.voice.folder import NEEDED
from lampd.voice.identity import identity


def test_it_is_that_of_the_weights(tmp_path: Path) -> None:
    for name, weights in (("one", b"1"), ("other", b"2"), ("same", b"1")):
        (tmp_path / name).mkdir()
        for needed in NEEDED:
            (tmp_path / name / needed).write_text("{}")
        (tmp_path / name / "model.safetensors").write_bytes(weights)
    one, other, same = (identity(str(tmp_path / name)) for name in ("one", "other", "same"))
    assert one == same != other
    assert len(one) == 12
    assert identity("bundled") not in (one, other, "")


def test_one_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert identity(str(tmp_path / "nowhere")) == ""
