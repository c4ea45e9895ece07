"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest

from lampd.durable import write


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "models" / "one"
    write(path, b"first")
    write(path, b"second, and longer")
    write(path, b"")
    assert path.read_bytes() == b""
    assert [file.name for file in path.parent.iterdir()] == ["one"]


def test_who_has_the_old_file_open_still_reads_it_whole(tmp_path: Path) -> None:
    write(tmp_path / "one", b"first")
    with (tmp_path / "one").open("rb") as file:
        write(tmp_path / "one", b"second")
        assert file.read() == b"first"


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_what_fails_half_way_leaves_the_old_file(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one"
    write(path, b"first")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "rename")), full)
    with pytest.raises(OSError, match="no space"):
        write(path, b"second")
    assert path.read_bytes() == b"first"


def test_the_data_is_on_disk_before_its_name_is_and_the_name_before_anyone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(descriptor: int) -> None:
        steps.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", lambda a, b: (steps.append("rename"), rename(a, b)))
    write(tmp_path / "models" / "voice" / "one", b"first")
    assert steps == [tmp_path.name, "models", ".one.draft", "rename", "voice"]
