"""What the log looks like to whom it goes."""

import json
import os
from pathlib import Path

import pytest

from lampd.log import Log


def logged(path: Path) -> list[str]:
    """The lines that a debug message, a warning and an error leave in `path`."""
    with path.open("a") as file:
        log = Log()
        log.to(file, "warning")
        log.info("left out")
        log.warning("stage died", stage="trainer")
        log.error("journal failed", error="two\nlines")
    return path.read_text().splitlines()


def test_a_file_gets_json_with_time_and_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    died, failed = [json.loads(line) for line in logged(tmp_path / "log")]
    assert died["timestamp"]
    assert died["level"] == "warning"
    assert (failed["event"], failed["error"]) == ("journal failed", "two\nlines")


def test_journald_gets_priorities_and_stamps_the_time_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    path.touch()
    status = path.stat()
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    died, failed = logged(path)
    assert died.startswith("<4>{")
    assert json.loads(died[3:]) == {"event": "stage died", "stage": "trainer"}
    assert failed.startswith("<3>{")


def test_stderr_turned_elsewhere_by_a_child_of_systemd_is_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = os.stat(tmp_path)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    assert "timestamp" in json.loads(logged(tmp_path / "log")[0])


def test_a_lamp_that_nobody_reads_goes_on() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as file:
        log = Log()
        log.to(file, "info")
        log.error("journal failed")
        log.warning("stage died")
        # what is left in the file's own buffer
        with pytest.raises(BrokenPipeError):
            file.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)
