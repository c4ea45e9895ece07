"""The walk in hardware/first-evening.md leads where it says."""

import re
import shutil
from pathlib import Path
from typing import Any

from tests.walk import DOCUMENT, Shell, blocks, commands, masked, wait_until_well


def test_the_first_evening_goes_as_written(tmp_path: Path, lived: tuple[Path, dict[str, Any]]) -> None:
    state, figures = lived
    steps = [step for block in blocks(DOCUMENT.read_text("utf-8")) for step in commands(block)]
    (replay, told), *steps = steps
    assert replay == "lampctl replay tests/sessions/first_evening --closed-loop --state walk/state"
    answered = re.search(r"answered (\d+) of (\d+)", " ".join(told))
    assert answered
    assert answered.groups() == (str(figures["answered"]), str(figures["asked"]))
    shell = Shell(tmp_path)
    shutil.copytree(state, tmp_path / "walk" / "state")
    try:
        for command, told in steps:
            said = shell.type(command)
            if command.startswith("lampd "):
                wait_until_well(shell)
            assert masked([line.rstrip() for line in said]) == masked(told), command
    finally:
        shell.close()
