"""What its owner does with the past: told, undone, forgotten; on a journal, and on a lamp that runs."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampd import assembly, config, history
from lampd.journal import Journal
from lampd.memory import memory
from lampd.messages import AnyMessage, Example, Lamp, Resume, Said, Told, Transcript
from tests.test_daemon import House, house, operator_ready  # noqa: F401 - a fixture
from tests.test_why import LIGHT, NIGHT, SOUP, Life

SETTINGS = config.load(board="laptop")
SECRET = "the zebra knows about the marmalade"


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Three utterances that are known, in a journal on disk."""
    journal = Journal(tmp_path / "state" / "journal.db", "boot")
    one = Life(journal)
    one.say(LIGHT, flip=True)
    one.say(NIGHT, flip=True)
    one.say(SOUP)
    yield one
    journal.close()


def likely(journal: Journal, text: str, lit: bool = False) -> float:
    """How likely a lamp that remembers what `journal` holds thinks that words ask for a change."""
    stage = assembly.build("anticipator", SETTINGS)
    begun = Resume(10_000.0, journal.utterance(), lit), Lamp(10_000.0, lit)
    for message in [*memory(journal, "anticipator"), *begun]:
        stage.handle(message)
    [directive, *_] = stage.handle(Transcript(10_001.0, 10_000, 10_000.0, 10_001.0, text, 0.9))
    return float(max(directive.lit, directive.dark))  # type: ignore[union-attr]


def known(journal: Journal) -> list[tuple[int, tuple[str, ...], str | None]]:
    return [(row.utterance, row.possible, row.cause) for row in history.past(journal)]


def test_the_past_is_what_was_heard_what_it_meant_and_what_was_done(life: Life) -> None:
    number = life.say(LIGHT)
    rows = history.past(life.journal)
    assert [row.text for row in rows] == [LIGHT, NIGHT, SOUP, LIGHT]
    assert (rows[0].possible, rows[0].cause, rows[0].did) == (("lit",), "flip", "nothing")
    assert (rows[3].utterance, rows[3].possible, rows[3].cause, rows[3].did) == (number, ("lit",), "left alone", "lit")
    assert [row.text for row in history.past(life.journal, 2)] == [SOUP, LIGHT]
    assert [row.text for row in history.past(life.journal, words="SOUP")] == [SOUP]
    assert history.past(life.journal, since=life.journal.seq + 1) == []


def test_what_is_told_holds_and_is_undone(life: Life) -> None:
    before = likely(life.journal, SOUP)
    example = history.told(life.journal, 3, "lit")
    life.journal.write(example)
    assert known(life.journal)[2] == (3, ("lit",), "told")
    assert likely(life.journal, SOUP) > 0.5 > before
    life.journal.write(history.undone(life.journal, life.at))
    assert known(life.journal)[2] == (3, ("dark", "nothing"), "silence")
    assert likely(life.journal, SOUP) == pytest.approx(before)
    with pytest.raises(history.HistoryError, match="nothing was told"):
        history.undone(life.journal, life.at)


def test_what_was_told_long_ago_is_not_undone_by_mistake(life: Life) -> None:
    life.journal.write(history.told(life.journal, 3, "lit"))
    with pytest.raises(history.HistoryError, match="more than a day ago"):
        history.undone(life.journal, life.at + 2 * history.UNDO_S)


def test_what_was_never_said_cannot_be_told_about(life: Life) -> None:
    with pytest.raises(history.HistoryError, match="no utterance 77"):
        history.told(life.journal, 77, "lit")


def test_the_owners_word_is_not_revised_by_what_happens(life: Life) -> None:
    """A flip follows words that were said to mean nothing: it teaches nothing about them."""
    stage = assembly.build("anticipator", SETTINGS)
    said = Transcript(2.0, 1, 1.0, 2.0, LIGHT, 0.9)
    stage.handle(said)
    told = Example(2.0, 1, LIGHT, False, ("nothing",), "told", True)
    stage.handle(Told(3.0, told))
    later: list[AnyMessage] = []
    for message in life.flip_and_silence(4.0):
        later += stage.handle(message)
    assert not [one for one in later if isinstance(one, Example)]


def test_words_told_to_mean_nothing_are_not_acted_on(life: Life) -> None:
    assert likely(life.journal, LIGHT) > 0.5
    life.journal.write(history.told(life.journal, 1, "nothing"))
    assert likely(life.journal, LIGHT) < 0.5


def traces(folder: Path, words: str) -> list[Path]:
    """The files under `folder` that hold any word of `words`, or what it might be kept as."""
    pieces = [word.encode() for word in words.split() if len(word) > 4]
    return [path for path in folder.rglob("*") if path.is_file() and any(one in path.read_bytes() for one in pieces)]


def test_nothing_is_left_of_what_is_forgotten(life: Life, tmp_path: Path) -> None:
    state = tmp_path / "state"
    clean = [likely(life.journal, text) for text in (LIGHT, NIGHT, SECRET)]
    number = life.say(SECRET, flip=True)
    assert likely(life.journal, SECRET) > 0.5
    assert traces(state, SECRET)
    kept = state / "before-2"
    kept.mkdir()
    life.journal.db.execute("VACUUM INTO ?", (str(kept / "journal.db"),))
    (state / "models" / "ear").mkdir(parents=True)
    (state / "models" / "ear" / "gate-1.safetensors").write_text("zebra")
    history.forget(state, life.journal, [number])
    assert traces(state, SECRET) == []
    assert [row.text for row in history.past(life.journal)] == [LIGHT, NIGHT, SOUP]
    assert [likely(life.journal, text) for text in (LIGHT, NIGHT, SECRET)] == pytest.approx(clean)


def test_a_lamp_that_runs_is_told_and_forgets(house: House, tmp_path: Path) -> None:  # noqa: F811
    state = tmp_path / "state"
    journal = Journal(state / "journal.db", "boot")
    life = Life(journal)
    for words in (LIGHT, NIGHT, SECRET, SOUP):
        life.say(words, flip=words in (LIGHT, NIGHT))
    journal.close()
    house.start()
    house.until(lambda: operator_ready(house))
    assert house.ask("relabel", "4", "dark").stdout == "utterance 4 means dark\n"
    assert house.ask("relabel", "99", "dark").returncode == 1
    assert "no utterance 99" in house.ask("relabel", "99", "dark").stderr
    rows = [json.loads(line) for line in house.ask("history", "--json").stdout.splitlines()]
    assert [row["possible"] for row in rows][3] == ["dark"]
    assert house.ask("undo").stdout == "utterance 4 means dark or nothing\n"
    house.until(lambda: house.status()["stages"]["anticipator"]["state"] == "ready")
    pid = house.status()["stages"]["anticipator"]["pid"]
    assert "without --yes" in house.ask("forget", "--words", "zebra").stderr
    told = house.ask("forget", "--words", "zebra", "--yes").stdout.splitlines()
    assert "forgotten: 1" in told
    assert re.fullmatch(rf"“{SECRET}”: lit \d\.\d\d, dark \d\.\d\d; now lit \d\.\d\d, dark \d\.\d\d", told[-1]), told
    assert traces(state, SECRET) == []
    house.until(lambda: house.status()["stages"]["anticipator"]["pid"] not in (None, pid))
    house.until(lambda: all(stage["state"] == "ready" for stage in house.status()["stages"].values()))
    assert "zebra" not in house.ask("history").stdout
    assert house.status()["lit"] == life.lit


def test_a_lamp_that_is_down_forgets_too(house: House, tmp_path: Path) -> None:  # noqa: F811
    journal = Journal(tmp_path / "state" / "journal.db", "boot")
    Life(journal).say(SECRET, flip=True)
    journal.close()
    assert house.ask("relabel", "1", "nothing").stdout == "utterance 1 means nothing\n"
    assert house.ask("forget", "last", "--yes").returncode == 0
    assert traces(tmp_path / "state", SECRET) == []
    assert house.ask("forget", "last", "--yes").returncode == 1
    assert "no duration" in house.ask("forget", "--since", "yesterday", "--yes").stderr


def test_nothing_is_half_forgotten_while_another_program_reads(life: Life, tmp_path: Path) -> None:
    number = life.say(SECRET)
    life.journal.db.execute("PRAGMA busy_timeout=100")
    reader = sqlite3.connect(tmp_path / "state" / "journal.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM transcript").fetchone()
    with pytest.raises(sqlite3.OperationalError, match="forget again"):
        history.forget(tmp_path / "state", life.journal, [number])
    assert [row.utterance for row in history.past(life.journal, words="zebra")] == [number]
    reader.close()
    history.forget(tmp_path / "state", life.journal, [number])
    assert traces(tmp_path / "state", SECRET) == []


def test_words_are_taught_that_were_never_heard(life: Life) -> None:
    before = likely(life.journal, "lumos maxima")
    example = history.taught(life.journal, Said("lumos maxima"), "lit", 0.0)
    life.journal.write(example)
    assert likely(life.journal, "lumos maxima") > 0.5 > before
    assert example.utterance == -1
    life.journal.write(again := history.taught(life.journal, Said("nox"), "dark", 0.0))
    assert again.utterance == -2
    assert life.journal.utterance() == 3, "the recorder goes on counting where it was"
    taught = [row for row in history.past(life.journal) if row.utterance < 0]
    assert [(row.text, row.possible, row.cause) for row in taught] == [
        ("lumos maxima", ("lit",), "told"),
        ("nox", ("dark",), "told"),
    ]
    life.journal.write(history.undone(life.journal, life.at))
    assert likely(life.journal, "lumos maxima") > 0.5
    assert history.past(life.journal)[-1].possible == ()


def test_what_has_no_letters_teaches_nothing(life: Life) -> None:
    with pytest.raises(history.HistoryError, match="no letters"):
        history.taught(life.journal, Said(" ... "), "lit", 0.0)
