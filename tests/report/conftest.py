"""The recorded evening, heard without mistakes, as a journal on disk; and its report."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lampd import config, session
from lampd.cli.main import main
from lampd.household import Household
from lampd.journal import Journal
from lampd.replay import play, stages_here
from tests.conftest import EVENING

HEARD_S = 0.4
"""From the end of words to their transcript."""


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory after the evening, in which a lamp heard word for word what was said."""
    state = tmp_path_factory.mktemp("evening")
    settings = config.load(board="laptop", state_dir=str(state))
    recorded = session.read(EVENING)
    wishes = recorded.wishes()
    spoken = [one for one in wishes if one.words]
    texts = [session.Text(one.end + HEARD_S, one.start, one.end, one.words) for one in spoken]
    events = sorted([*wishes, *texts], key=lambda event: event.t)
    told = session.Session(recorded.title, tuple(events))
    journal = Journal(state / "journal.db", "replay 0")
    play(told, stages_here(settings, journal, told, True), journal, Household(wishes, 0), text=True)
    journal.db.execute('UPDATE transcript SET at = "end" + 0.3 + (utterance % 9) * 0.05')
    when = "(SELECT at FROM {0} WHERE {0}.utterance = {1}.utterance) + 0.001 * (1 + utterance % {2})"
    for table, before, most in (("directive", "transcript", 40), ("acted", "directive", 4)):
        journal.db.execute(f"UPDATE {table} SET at = {when.format(before, table, most)}")
    journal.close()
    return state


@pytest.fixture
def lampctl(tmp_path: Path) -> Callable[..., int]:
    """`lampctl` for the lamp whose state lies in a folder: its exit code."""

    def run(state: Path, *words: str) -> int:
        file = tmp_path / "lampd.yaml"
        file.write_text(f"board: laptop\nstate_dir: {state}\n")
        return main(["--config", str(file), *words])

    return run


@pytest.fixture(scope="session")
def lived(evening: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, as if it had been lived and not replayed: its clock is that of a boot, and its stages take their time,
    of which what an utterance takes comes from its number."""
    state = tmp_path_factory.mktemp("lived")
    was, journal = Journal(evening / "journal.db", ""), Journal(state / "journal.db", "")
    was.db.backup(journal.db)
    was.close()
    for table in ("transcript", "directive", "acted", "flip", "lamp"):
        journal.db.execute(f"UPDATE {table} SET boot = '7d1c1b9e-9a53-4f0e-8f43-2f2f0d1f8a55'")
    journal.close()
    return state
