"""The journal: what is written is there again, whatever happens to the writer."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lampd import schema
from lampd.journal import KEPT, Journal, JournalError, boot_id
from lampd.keeping import SILENCE_EVERY, SOUNDS_KEPT
from lampd.memory import JUDGED, RECENT_S, memory
from lampd.messages import (
    Acted,
    AnyMessage,
    Autonomy,
    Block,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Learning,
    Listening,
    Model,
    Press,
    Resume,
    Speech,
    Tag,
    Tick,
    Transcript,
    Trust,
)
from lampd.schema import VERSION

ONE_OF_EACH: list[AnyMessage] = [
    Lamp(0.25, True),
    Transcript(
        2.5,
        7,
        1.0,
        2.0,
        "hágase la luz ✨ 'quoted' \"twice\"\n",
        0.875,
        cut=True,
        ngrams={"'": 1.0, "á ": 0.062},
        sound=b"\0\xff",
        voice="ear",
    ),
    Directive(
        at=2.5,
        utterance=7,
        ended=2.0,
        wish="lit",
        lit=0.75,
        dark=0.0,
        model="gate 3",
        reason="sure enough",
        was_lit=True,
        act_above=0.625,
        thoughts={"explicit": 0.5, "gate, proven": 0.875},
        losses={"explicit": 0.25},
        because=(3, 1),
    ),
    Acted(2.5, 7, True),
    Flip(4.0, False),
    Correction(4.0, 7, True),
    Example(
        2.5,
        7,
        "hágase la luz",
        False,
        ("dark", "nothing"),
        "correction",
        settled=True,
        ngrams={"'": 1.0, "á ": 0.062},
        sound=b"\0\xff",
        voice="ear",
    ),
    Model(5.0, "gate", 3, "/somewhere/gate-3", {"lit": 2, "dark": 1, "not lit": 0}),
    Listening(6.0, False, 60.0),
    Learning(6.0, False, 60.0),
    Autonomy(6.0, "hint", 60.0),
    Trust(6.0, False, 7),
]


def example(at: float, utterance: int, *possible: Tag, settled: bool = False) -> Example:
    return Example(at, utterance, f"words {utterance}", False, possible, "flip", settled)


def words(at: float, utterance: int) -> Transcript:
    return Transcript(at, utterance, at - 2.0, at - 1.0, f"words {utterance}", 0.5)


def filled(*messages: AnyMessage, boot: str = "boot") -> Journal:
    journal = Journal(":memory:", boot)
    for message in messages:
        journal.write(message)
    return journal


def test_the_types_that_are_kept_are_all_tested_here() -> None:
    assert {type(message) for message in ONE_OF_EACH} == set(KEPT)


@pytest.mark.parametrize("message", ONE_OF_EACH, ids=lambda message: type(message).__name__)
def test_what_is_kept_comes_back_as_it_was(message: AnyMessage, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    # with it an example's n-grams are kept
    journal.write(ONE_OF_EACH[1])
    journal.write(message)
    assert journal.tail(1)[0][1] == message
    journal.close()
    assert Journal(tmp_path / "journal.db", "boot").tail(1)[0][1] == message


def test_every_message_is_numbered_and_only_some_are_kept() -> None:
    journal = filled()
    others = [Tick(1.0), Press(1.0), Resume(1.0, 0, False), Block(1.0, b"ab"), Speech(1.0, 1, 0.0, 1.0, b"ab")]
    numbers = [journal.write(message) for message in [*ONE_OF_EACH, *others, Flip(9.0, True)]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sum(journal.counts().values()) == len(ONE_OF_EACH) + 1


def test_what_belongs_together_is_kept_together_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    together = [Tick(1.0), Flip(1.0, True), Correction(1.0, 7, False)]
    assert journal.write_all(together) == [1, 2, 3]
    journal.db.execute("CREATE TRIGGER full BEFORE INSERT ON correction BEGIN SELECT RAISE(FAIL, 'no room'); END")
    with pytest.raises(sqlite3.Error, match="no room"):
        journal.write_all(together)
    assert journal.counts()["flip"] == 1
    journal.db.execute("DROP TRIGGER full")
    assert journal.write_all(together) == [7, 8, 9], "the numbers of what was not kept are not used again"
    assert [row for (row,) in journal.db.execute("SELECT seq FROM flip")] == [2, 8]


def test_an_utterance_that_was_acted_on_while_it_was_said_has_used_its_number() -> None:
    journal = filled(words(1.0, 6), thought(2.0, 7))
    assert journal.utterance() == 7


def test_numbers_go_on_after_reopening(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    last = [journal.write(message) for message in ONE_OF_EACH][-1]
    journal.close()
    assert Journal(tmp_path / "journal.db", "other boot").write(Flip(1.0, True)) == last + 1


def test_the_present_label_is_the_last_one() -> None:
    journal = filled(
        example(1.0, 1, "lit"),
        example(2.0, 2, "lit", "nothing"),
        example(1.0, 1),
        example(1.0, 1, "dark", settled=True),
        example(3.0, 3, "lit"),
        example(3.0, 3),
    )
    assert [(one.utterance, one.possible) for one in journal.examples()] == [
        (2, ("lit", "nothing")),
        (1, ("dark",)),
        (3, ()),
    ]
    assert journal.known() == {"lit": 0, "dark": 1, "nothing": 0, "not lit": 0, "not dark": 1}
    assert journal.counts()["example"] == 6, "the history of each is kept"


def test_it_knows_the_lamp_and_the_last_utterance() -> None:
    assert (filled().lit(), filled().utterance()) == (False, 0)
    for changes, lit in (
        ([Lamp(0.0, True)], True),
        ([Lamp(0.0, True), Flip(1.0, False)], False),
        ([Flip(1.0, False), Acted(2.0, 1, True)], True),
        ([Acted(2.0, 1, True), Flip(3.0, False), Lamp(0.0, False)], False),
    ):
        assert filled(*changes).lit() is lit
    assert filled(words(3.0, 8), words(5.0, 9), example(5.0, 12, "lit")).utterance() == 12


def test_the_tail_is_the_last_of_all_kinds_in_order() -> None:
    journal = filled(*ONE_OF_EACH, Tick(6.0))
    assert [message for _, message in journal.tail(5)] == ONE_OF_EACH[-5:]
    assert [message for _, message in journal.tail(100)] == ONE_OF_EACH
    assert journal.tail(0) == []


def test_the_tail_tells_the_time_that_people_know() -> None:
    walls = iter([1000.0, 2000.0, 3000.0])
    journal = Journal(":memory:", "boot", wall=lambda: next(walls))
    for message in (Flip(1.0, True), words(3.0, 1), Flip(4.0, False)):
        journal.write(message)
    assert [wall for wall, _ in journal.tail(2)] == [2000.0, 3000.0]


def test_scores_are_counted() -> None:
    acts = [Acted(1.0, 1, True), Acted(9.0, 2, False)]
    hands = [Flip(10.0, True), Correction(10.0, 2, False), Flip(50.0, False)]
    missed = Example(50.0, 3, "words", True, ("dark",), "miss")
    scores = filled(*acts, *hands, missed, example(60.0, 4, "lit")).scores()
    assert scores == {"acts": 2, "corrected": 1, "missed": 2, "flips": 2}


# memory


def test_those_without_a_memory_get_none() -> None:
    journal = filled(*ONE_OF_EACH)
    for stage in ("recorder", "transcriber"):
        assert memory(journal, stage) == []


def test_the_operator_remembers_the_last_acts_and_flips_of_this_boot(tmp_path: Path) -> None:
    last = [Acted(990.0, 2, True), Flip(995.0, False)]
    journal = filled(Flip(500.0, False), words(989.0, 2), *last, Tick(1000.0))
    # it said all of that itself, whatever waits for it
    assert memory(journal, "operator", before=3) == last
    journal.boot = "the next"
    assert memory(journal, "operator") == []


def test_the_trainer_remembers_every_present_label() -> None:
    journal = filled(example(1.0, 1, "lit"), words(5000.0, 2), example(5000.0, 2, "dark"), example(1.0, 1, "dark"))
    assert memory(journal, "trainer") == [example(5000.0, 2, "dark"), example(1.0, 1, "dark")]


def test_the_anticipator_remembers_labels_the_model_and_the_last_minutes() -> None:
    model = ONE_OF_EACH[-2]
    old = [Lamp(1.0, False), words(10.0, 1), Flip(11.0, True), example(10.0, 1, "lit"), model]
    new = [words(1000.0, 2), Acted(1000.5, 2, False), Flip(1003.0, True), Correction(1003.0, 2, False)]
    label = example(1000.0, 2, "dark")
    journal = filled(*old, *new, label, Tick(1010.0))
    found = memory(journal, "anticipator")
    assert found[:3] == [example(10.0, 1, "lit"), label, model]
    assert found[3:] == [Lamp(11.0, True), *new, label], "and how the lamp was before, and what it concluded"


def test_what_bears_on_the_first_words_remembered_is_remembered_too() -> None:
    flip = Flip(1000.0 - RECENT_S - 5.0, True)
    journal = filled(flip, words(1000.0 - RECENT_S - 1.0, 1), words(1000.0 - RECENT_S, 2), Tick(1000.0))
    assert memory(journal, "anticipator") == [flip, words(1000.0 - RECENT_S, 2)]


def test_memory_is_of_the_messages_before_the_one_in_question() -> None:
    later = [words(12.0, 2), example(10.0, 1, "dark"), Flip(13.0, True)]
    journal = filled(words(10.0, 1), example(10.0, 1, "lit"), *later)
    label = example(10.0, 1, "dark")
    # what it said itself it knows, though it was numbered after what it had not handled
    assert memory(journal, "anticipator", before=3) == [label, words(10.0, 1), label]
    assert memory(journal, "anticipator", before=4) == [label, words(10.0, 1), words(12.0, 2), label]
    assert memory(journal, "trainer", before=3) == [example(10.0, 1, "lit")]
    assert memory(journal, "trainer", before=1) == []


def test_a_label_that_was_revised_later_is_remembered_as_it_was() -> None:
    journal = filled(example(10.0, 1, "lit"), Tick(11.0), example(10.0, 1, "dark"))
    assert memory(journal, "trainer", before=3) == [example(10.0, 1, "lit")]


def test_another_boot_has_another_clock(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "monday")
    for message in (words(5000.0, 1), Flip(5001.0, True), example(5000.0, 1, "lit")):
        journal.write(message)
    journal.close()
    tuesday = Journal(tmp_path / "journal.db", "tuesday")
    tuesday.write(words(20.0, 2))
    assert memory(tuesday, "anticipator") == [example(5000.0, 1, "lit"), words(20.0, 2)]


def test_a_new_hub_on_the_same_boot_remembers_the_last_minutes_and_not_the_whole_boot(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    for message in (words(10.0, 1), words(5000.0, 2)):
        journal.write(message)
    journal.close()
    assert memory(Journal(tmp_path / "journal.db", "boot"), "anticipator") == [words(5000.0, 2)]


def thought(at: float, utterance: int) -> Directive:
    return Directive(at, utterance, at, "nothing", 0.5, 0.0, "explicit", "", thoughts={"explicit": utterance / 1000})


def test_the_last_thoughts_are_remembered_whatever_the_boot(tmp_path: Path) -> None:
    thoughts = [thought(5000.0 + i, i) for i in range(1, JUDGED + 6)]
    journal = Journal(tmp_path / "journal.db", "monday")
    for one in thoughts:
        journal.write(one)
    journal.close()
    tuesday = Journal(tmp_path / "journal.db", "tuesday")
    assert memory(tuesday, "anticipator") == thoughts[-JUDGED:]
    assert memory(tuesday, "anticipator", before=3) == thoughts[-JUDGED:], "it said them all itself"
    assert memory(tuesday, "trainer") == []


# files of an older lampd

VERSION_1 = """
CREATE TABLE transcript (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, start REAL,
    "end" REAL, text TEXT, confidence REAL, cut INTEGER);
CREATE TABLE directive (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, ended REAL,
    wish TEXT, lit REAL, dark REAL, model TEXT, reason TEXT);
CREATE TABLE acted (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, lit INTEGER);
CREATE TABLE flip (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, lit INTEGER);
CREATE TABLE correction (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, lit INTEGER);
CREATE TABLE lamp (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, lit INTEGER);
CREATE TABLE example (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, utterance INTEGER, text TEXT,
    was_lit INTEGER, possible TEXT, cause TEXT, settled INTEGER);
CREATE TABLE model (seq INTEGER PRIMARY KEY, boot TEXT, wall REAL, at REAL, kind TEXT, version INTEGER, path TEXT,
    examples TEXT);
CREATE INDEX example_utterance ON example (utterance);
CREATE VIEW label AS SELECT * FROM example WHERE seq IN (SELECT max(seq) FROM example GROUP BY utterance);
INSERT INTO transcript VALUES (1, 'boot', 9.0, 2.5, 6, 1.0, 2.0, 'hágase la luz', 0.875, 1);
INSERT INTO directive VALUES (2, 'boot', 9.0, 2.5, 6, 2.0, 'lit', 0.75, 0.0, 'gate 3', 'sure enough');
INSERT INTO example VALUES (3, 'boot', 9.0, 2.5, 6, 'hágase la luz', 0, '["lit"]', 'left alone', 1);
PRAGMA user_version=1;
"""
FROM_VERSION_1: list[AnyMessage] = [
    Transcript(2.5, 6, 1.0, 2.0, "hágase la luz", 0.875, cut=True),
    Directive(2.5, 6, 2.0, "lit", 0.75, 0.0, "gate 3", "sure enough", would="lit"),
    Example(2.5, 6, "hágase la luz", False, ("lit",), "left alone", settled=True),
]


def version_1(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(VERSION_1)
    return path


def test_a_journal_of_version_1_is_brought_up_to_date_in_place(tmp_path: Path) -> None:
    path = version_1(tmp_path / "journal.db")
    journal = Journal(path, "boot")
    assert [message for _, message in journal.tail(10)] == FROM_VERSION_1
    numbers = [journal.write(message) for message in ONE_OF_EACH]
    assert numbers[0] == 4
    journal.close()
    again = Journal(path, "boot")
    assert [message for _, message in again.tail(100)] == FROM_VERSION_1 + ONE_OF_EACH
    assert again.db.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_so_is_one_of_version_2(tmp_path: Path) -> None:
    path = version_1(tmp_path / "journal.db")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"{schema.FROM_VERSION_1} PRAGMA user_version=2;")
    again = Journal(path, "boot")
    for message in ONE_OF_EACH:
        again.write(message)
    assert [message for _, message in again.tail(100)] == FROM_VERSION_1 + ONE_OF_EACH
    assert again.known()["lit"] == 1, "labels are still those of the newest examples"


def test_it_is_then_as_if_it_had_been_made_so(tmp_path: Path) -> None:
    old, new = Journal(version_1(tmp_path / "old.db"), "boot"), Journal(tmp_path / "new.db", "boot")
    for kind in KEPT:
        columns = [
            [row[1:3] for row in journal.db.execute(f"PRAGMA table_info({kind.__name__.lower()})")]
            for journal in (old, new)
        ]
        assert columns[0] == columns[1]


def test_where_that_fails_nothing_has_changed(tmp_path: Path) -> None:
    path = version_1(tmp_path / "journal.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE directive ADD COLUMN because TEXT")
    with pytest.raises(JournalError, match=r"journal\.db: .*because"):
        Journal(path, "boot")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert "was_lit" not in [row[1] for row in db.execute("PRAGMA table_info(directive)")]


# faults


def test_a_journal_of_another_version_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal(path, "boot").close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(JournalError, match=rf"journal\.db: a journal of version {VERSION + 1}; .* version {VERSION}"):
        Journal(path, "boot")


def test_what_is_no_journal_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(JournalError, match=r"journal\.db: "):
        Journal(tmp_path / "journal.db", "boot")
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"journal\.db: "):
        Journal(tmp_path / "file" / "journal.db", "boot")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    Journal(tmp_path / "not" / "yet" / "journal.db", "boot").write(Flip(1.0, True))
    assert Journal(tmp_path / "not" / "yet" / "journal.db", "boot").lit()


KILLED = """
import os, sys
from lampd.journal import Journal
from lampd.messages import Flip
journal = Journal(sys.argv[1], "boot")
for number in range(50):
    journal.write(Flip(float(number), number % 2 == 0))
os._exit(9)
"""


def test_a_writer_that_is_killed_loses_nothing_that_it_had_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    died = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    assert died.returncode == 9
    flips = [message for _, message in Journal(path, "boot").tail(1000)]
    assert flips == [Flip(float(number), number % 2 == 0) for number in range(50)]


def test_each_row_is_on_disk_before_write_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "boot")
    assert journal.db.execute("PRAGMA synchronous").fetchone()[0] == 2, "FULL"
    assert journal.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    journal.write(Flip(1.0, True))
    assert not journal.db.in_transaction


def test_others_may_read_while_it_is_written(tmp_path: Path) -> None:
    writer = Journal(tmp_path / "journal.db", "boot")
    reader = Journal(tmp_path / "journal.db", "")
    writer.write(Flip(1.0, True))
    assert reader.lit()


def test_a_boot_has_a_name_that_lasts_as_long_as_its_clock() -> None:
    assert boot_id() == boot_id() != ""


def heard(utterance: int, voice: str, at: float = 5.0) -> Transcript:
    return Transcript(at, utterance, at - 2.0, at - 1.0, "words", 0.5, sound=b"\1\2", voice=voice)


def test_what_another_voice_heard_is_kept_and_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, "boot", "old")
    for message in (heard(1, "old"), example(6.0, 1, "lit"), Model(7.0, "gate", 1, "/old/gate-1", {}), example(7.0, 9)):
        journal.write(message)
    assert [one.utterance for one in memory(journal, "trainer") if isinstance(one, Example)] == [1, 9]
    journal.close()
    new = Journal(path, "boot", "new")
    new.write(heard(2, "new"))
    new.write(example(8.0, 2, "dark"))
    assert [one.utterance for one in memory(new, "trainer") if isinstance(one, Example)] == [9, 2], "9 has no sound"
    assert not any(isinstance(one, Model) for one in memory(new, "anticipator"))
    new.close()
    back = Journal(path, "boot", "old")
    assert [one.utterance for one in memory(back, "trainer") if isinstance(one, Example)] == [1, 9]
    assert [one.path for one in memory(back, "anticipator") if isinstance(one, Model)] == ["/old/gate-1"]
    assert {one.utterance for one in back.examples() if one.sound} == {1}


def test_sounds_are_dropped_in_time_but_for_those_of_wishes() -> None:
    journal = Journal(":memory:", "boot")
    last = SOUNDS_KEPT + 2 * SILENCE_EVERY
    wishes = {5: ("lit",), 6: ("dark",), 7: ("dark", "nothing")}
    journal.db.execute("BEGIN")
    for utterance in range(1, last + 1):
        journal.write(heard(utterance, "a"))
        if utterance in wishes:
            journal.write(example(5.0, utterance, *wishes[utterance]))  # type: ignore[arg-type]
    journal.db.execute("COMMIT")
    kept = [row[0] for row in journal.db.execute("SELECT utterance FROM transcript WHERE sound != x'' ORDER BY seq")]
    assert kept == [5, 6, *range(last - SOUNDS_KEPT + 1, last + 1)]
