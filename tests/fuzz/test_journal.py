"""Journals that are not what they should be: the lamp begins, knows what can be read, says so and goes on; and what
was there is still there."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lampd import assembly, config, history
from lampd.cli.main import main
from lampd.daemon import open_journal
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.messages import Flip, Transcript
from lampd.salvage import salvage
from lampd.schema import VERSION
from lampd.status import status
from tests.conftest import opened
from tests.fuzz.cases import cases, damaged
from tests.test_why import LIGHT, NIGHT, SOUP, Life

SAID = 40
STAGES = ("operator", "recorder", "transcriber", "anticipator", "trainer")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal of many pages."""
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    journal = Journal(path, "boot")
    life = Life(journal)
    for number in range(SAID):
        life.say(f"{(LIGHT, NIGHT, SOUP)[number % 3]} {number}", flip=number % 3 < 2)
    # as large as sounds are
    journal.db.execute("UPDATE transcript SET sound = zeroblob(32 * 59)")
    journal.db.execute("PRAGMA journal_mode=DELETE")
    journal.db.execute("VACUUM")
    journal.close()
    return path.read_bytes()


def begin(state: Path, data: bytes) -> Hub:
    """A lamp begins with a journal of that content, and lives a little."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    (state / "journal.db").write_bytes(data)
    return lives(state)


def lives(state: Path) -> Hub:
    settings = config.load(board="laptop", state_dir=str(state), control_socket=str(state / "none.sock"))
    journal, outage = open_journal(state / "journal.db", "")
    hub = Hub(settings, journal, lambda: 5000.0, live=False, outage=outage)
    for name in STAGES:
        memory = hub._remembered(name, None)
        if name in ("anticipator", "trainer"):
            stage = assembly.build(name, settings)
            for message in memory:
                stage.handle(message)
    hub.resume()
    hub.post(Transcript(5000.0, hub.journal.utterance() + 1, 4999.0, 5000.0, "after all", 0.5), Flip(5000.0, True))
    shown = hub.reading(lambda: status(hub, state))
    assert shown["lit"]
    assert "after all" in [row.text for row in history.past(hub.journal)]
    kept = list(state.glob("damaged-*/journal.db"))
    assert len(kept) == " ".join(shown["complaints"]).count("it was damaged")
    hub.journal.close()
    return hub


def test_what_they_are_made_from_is_well(whole: bytes, tmp_path: Path) -> None:
    hub = begin(tmp_path / "state", whole)
    assert not hub.outage and not list((tmp_path / "state").glob("damaged-*"))


@cases(1.5)
@given(data=some.data())
def test_a_damaged_journal(whole: bytes, tmp_path: Path, data: some.DataObject) -> None:
    changed = data.draw(damaged(whole))
    begin(tmp_path / "state", changed)
    # and a life after that is as well
    lives(tmp_path / "state")


@cases(0.5)
@given(page=some.integers(1, 60), length=some.integers(1, 4), filled=some.sampled_from([b"\0", b"\xff", b"\x05\x00"]))
def test_damaged_pages(whole: bytes, tmp_path: Path, page: int, length: int, filled: bytes) -> None:
    page %= len(whole) // 4096
    data = bytearray(whole)
    end = min(len(data), 4096 * (page + length))
    data[4096 * page : end] = (filled * 4096 * length)[: end - 4096 * page]
    begin(tmp_path / "state", bytes(data))
    lives(tmp_path / "state")


def test_one_damaged_page_costs_what_is_on_it(whole: bytes, tmp_path: Path) -> None:
    path, lost = tmp_path / "journal.db", []
    for page in range(1, len(whole) // 4096):
        path.write_bytes(whole[: 4096 * page] + b"\xff" * 4096 + whole[4096 * (page + 1) :])
        kept = salvage(path, "damaged for a test")
        assert (kept / path.name).stat().st_size == len(whole)
        journal = Journal(path, "")
        assert journal.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        lost.append(SAID - journal.counts()["transcript"])
        journal.close()
        shutil.rmtree(kept)
    # where the others are is on one page
    assert sorted(lost)[-2] <= 3 and sorted(lost)[-3] > 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE transcript SET at = 'soon' WHERE seq = (SELECT max(seq) FROM transcript)",
        "UPDATE flip SET at = 1e300",
        "UPDATE transcript SET utterance = 9223372036854775807 WHERE seq = (SELECT max(seq) FROM transcript)",
        "UPDATE example SET possible = '[' WHERE seq % 7 = 0",
        "UPDATE directive SET thoughts = x'ff', wish = 'both' WHERE seq % 5 = 0",
        "UPDATE transcript SET text = CAST(x'ff80' AS TEXT) WHERE seq % 5 = 0",
        "UPDATE transcript SET wall = 'today'",
        "UPDATE example SET cause = NULL",
        "DROP TABLE directive",
        "ALTER TABLE transcript DROP COLUMN confidence",
        f"PRAGMA user_version = {VERSION - 2}",
        "PRAGMA user_version = 0",
    ],
)
def test_what_no_lampd_wrote(whole: bytes, tmp_path: Path, sql: str) -> None:
    (tmp_path / "made.db").write_bytes(whole)
    db = sqlite3.connect(tmp_path / "made.db", isolation_level=None)
    db.execute(sql)
    db.close()
    begin(tmp_path / "state", (tmp_path / "made.db").read_bytes())
    lives(tmp_path / "state")


def test_the_journal_of_a_newer_lampd_and_anothers_database_are_left_alone(whole: bytes, tmp_path: Path) -> None:
    for name, sql in (("newer", f"PRAGMA user_version = {VERSION + 1}"), ("other", "CREATE TABLE letters (text)")):
        path = tmp_path / f"{name}.db"
        path.write_bytes(whole if name == "newer" else b"")
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(sql)
        db.close()
        before = path.read_bytes()
        hub = begin(tmp_path / "state", before)
        assert hub.outage and (tmp_path / "state" / "journal.db").read_bytes() == before
        assert ("install that one" if name == "newer" else "move it elsewhere") in hub.outage.told


@pytest.mark.parametrize("data", [b"dear lamp, " * 1000, b"\0" * 100_000, os.urandom(5000), b"SQLite format 3\0"])
def test_what_is_no_journal_is_laid_aside(tmp_path: Path, data: bytes) -> None:
    begin(tmp_path / "state", data)
    [kept] = (tmp_path / "state").glob("damaged-*/journal.db")
    assert kept.read_bytes() == data
    assert not list((tmp_path / "state").glob("*draft*"))


def test_what_is_huge_or_no_file_or_not_ours_does_not_stop_the_lamp(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with (state / "journal.db").open("wb") as file:
        file.truncate(1 << 36)
    lives(state)
    assert [path.stat().st_size for path in state.glob("damaged-*/journal.db")] == [1 << 36]
    shutil.rmtree(state)
    (state / "journal.db").mkdir(parents=True)
    assert lives(state).outage
    shutil.rmtree(state)
    state.mkdir()
    (state / "journal.db").symlink_to(tmp_path / "elsewhere.db")
    assert not lives(state).outage
    assert (tmp_path / "elsewhere.db").exists() and (state / "journal.db").is_symlink()


@pytest.mark.parametrize("is_there", [True, False])
def test_what_may_not_be_read_or_made_does_not_stop_the_lamp(whole: bytes, tmp_path: Path, is_there: bool) -> None:
    """The latter is a place where an encrypted state has not been opened yet."""
    state = tmp_path / "state"
    state.mkdir()
    if is_there:
        (state / "journal.db").write_bytes(whole)
        (state / "journal.db").chmod(0)
    if os.geteuid() == 0:
        opened(state)
        state.chmod(0o777 if is_there else 0o555)
        os.seteuid(65534)
    else:
        state.chmod(0o755 if is_there else 0o555)
    try:
        assert lives(state).outage
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
    state.chmod(0o755)
    if is_there:
        (state / "journal.db").chmod(0o600)
        assert (state / "journal.db").read_bytes() == whole
    else:
        assert not [*state.iterdir()]


def test_lampctl_says_it_in_words(whole: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lampd.yaml"
    file.write_text(f"board: laptop\nstate_dir: {tmp_path}\ncontrol_socket: {tmp_path}/none.sock\n")
    for data in (whole[:9000] + os.urandom(20_000) + whole[29_000:], b"no journal" * 500, whole[:5000]):
        (tmp_path / "journal.db").write_bytes(data)
        for words in ("log", "history", "why", "forget --all --yes", f"backup {tmp_path}/a.lamp --force"):
            assert main(["--config", str(file), *words.split()]) in (0, 1)
            said = capsys.readouterr()
            assert "Traceback" not in said.err and (said.out or "lampctl: " in said.err)


def test_nothing_is_forgotten_in_silence(whole: bytes, tmp_path: Path) -> None:
    begin(tmp_path / "state", whole[:5000] + os.urandom(4096) + whole[9096:])
    journal = Journal(tmp_path / "state" / "journal.db", "")
    with pytest.raises(OSError, match=r"damaged-.*delete it"):
        history.forget(tmp_path / "state", journal, [1, 2, 3])
    journal.close()
