"""What tests share: where the evening lies, and a small household in text."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from lampd import config
from lampd.bench import data
from lampd.session import Session, Text, Wish
from lampd.settings import Settings

# the same cases everywhere and every time, however busy the machine
hypothesis.settings.register_profile("lampd", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("lampd")

EVENING = Path(__file__).parent / "sessions" / "first_evening"
LONG = ("test_evening.py", "test_walk.py"), ("test_training.py",)
"""What takes longest: files that share a process's fixtures, to be begun first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share its fixtures, so one of `make test`'s processes runs them all."""
    together = {name: group[0] for group in LONG for name in group}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(together.get(item.path.name, str(item.path))))
    items.sort(key=lambda item: item.path.name not in together)


def opened(folder: Path) -> None:
    """Let whoever enter a `folder` of a test's; it stays so, for tests in other processes lie beside it."""
    temporary = Path(tempfile.gettempdir())
    for one in (folder, *folder.parents):
        if temporary in one.parents:
            one.chmod(0o755)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load(board="laptop", state_dir=str(tmp_path / "state"), control_socket=str(tmp_path / "control.sock"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real speech and text that is no part of the repository."""
    if (folder := data.folder()) is None:
        pytest.skip("the data folder is not there: name it in LAMPD_DATA")
    return folder


@pytest.fixture
def household() -> Session:
    """Six rounds of: chatter, a wish for light, chatter, a wish for dark, 20 s apart."""
    said = [
        ("what is for dinner", None),
        ("turn on the light", True),
        ("the train was late again", None),
        ("good night everyone", False),
    ]
    events = []
    for number in range(24):
        words, lit = said[number % 4]
        start = 5.0 + 20.0 * number
        end = start + 1.5
        # never quite the same twice
        text = words + ("", " please", " then")[number % 3]
        events += [Wish(start, lit, start, end), Text(end + 0.5, start, end, text)]
    return Session(title="a small household", events=tuple(events))


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The state that the evening left, for tests to copy, and its figures."""
    state = tmp_path_factory.mktemp("state")
    played = subprocess.run(
        [
            sys.executable,
            "-m",
            "lampd.cli.main",
            "replay",
            str(EVENING),
            "--closed-loop",
            "--json",
            "--state",
            str(state),
        ],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert played.returncode == 0, played.stderr
    return state, json.loads(played.stdout)
