"""While the disk takes nothing the journal is in memory, is read as one, and is whole on disk afterwards."""

import sqlite3
from pathlib import Path
from unittest.mock import Mock

import pytest

from lampd import outage
from lampd.child import Handled
from lampd.daemon import open_journal
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.lives import Child
from lampd.memory import memory
from lampd.messages import AnyMessage, Example, Flip, Lamp, Tag, Tick, Transcript
from lampd.outage import Outage
from lampd.settings import Settings
from lampd.status import status


def words(at: float, utterance: int) -> Transcript:
    return Transcript(at, utterance, at - 2.0, at - 1.0, f"words {utterance}", 0.5, ngrams={"w": 1.0}, sound=b"\1")


def example(at: float, utterance: int, possible: Tag = "lit") -> Example:
    return Example(at, utterance, f"words {utterance}", False, (possible,), "flip", True, {"w": 1.0}, b"\1")


BEFORE: list[AnyMessage] = [Lamp(1.0, False), words(10.0, 1), Flip(11.0, True), example(10.0, 1), words(20.0, 2)]
MEANWHILE: list[AnyMessage] = [Flip(30.0, False), words(31.0, 3), example(31.0, 3, "dark")]
FULL = sqlite3.OperationalError("database or disk is full")


def begun(tmp_path: Path) -> tuple[Journal, Outage]:
    path = tmp_path / "journal.db"
    journal = Journal(path, "boot")
    for message in BEFORE:
        journal.write(message)
    one = Outage(journal, path, FULL)
    for message in MEANWHILE:
        journal.write(message)
    return journal, one


def everything(journal: Journal) -> list[AnyMessage]:
    return [message for _, message in journal.tail(1000)]


def test_what_was_kept_before_and_meanwhile_is_read_as_one(tmp_path: Path) -> None:
    journal, _ = begun(tmp_path)
    assert everything(journal) == [*BEFORE, *MEANWHILE]
    assert (journal.lit(), journal.utterance()) == (False, 3), "the operator's and the recorder's next lives need that"
    assert [one.possible for one in journal.examples()] == [("lit",), ("dark",)]
    assert MEANWHILE[1] in memory(journal, "anticipator")
    # a label that is revised replaces the one on disk
    journal.write(example(40.0, 1, "nothing"))
    assert journal.known()["nothing"] == 1
    assert Journal(tmp_path / "journal.db", "boot").counts()["flip"] == 1


def test_afterwards_all_of_it_is_on_disk_in_order(tmp_path: Path) -> None:
    journal, one = begun(tmp_path)
    assert one.over(100.0)
    assert everything(journal) == [*BEFORE, *MEANWHILE]
    last = journal.write(Flip(50.0, True))
    journal.close()
    again = Journal(tmp_path / "journal.db", "boot")
    assert everything(again) == [*BEFORE, *MEANWHILE, Flip(50.0, True)]
    assert again.seq == last


def test_it_is_tried_again_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, one = begun(tmp_path)
    monkeypatch.setattr(outage, "ROOM", 1 << 60)
    assert not one.over(100.0)
    monkeypatch.undo()
    assert not one.over(100.0 + outage.RETRY_S / 2)
    assert one.over(100.0 + outage.RETRY_S)


def test_no_other_journal_is_begun_where_the_one_it_knows_is_gone(tmp_path: Path) -> None:
    journal, one = begun(tmp_path)
    (tmp_path / "journal.db").rename(tmp_path / "on a disk that is unmounted")
    assert not one.over(100.0)
    assert not (tmp_path / "journal.db").exists()
    (tmp_path / "on a disk that is unmounted").rename(tmp_path / "journal.db")
    assert one.over(200.0)
    assert everything(journal) == [*BEFORE, *MEANWHILE]


def test_memory_is_bounded_and_what_was_too_much_is_told(tmp_path: Path) -> None:
    journal, one = begun(tmp_path)
    for number in range(4, outage.MOST):
        journal.write_all([words(30.0 + number, number), example(30.0 + number, number)])
        if number % 100 == 0:
            one.trim()
    kept = journal.db.execute("SELECT count(*) FROM main.transcript").fetchone()[0]
    assert kept < outage.MOST
    assert f"{outage.MOST - 3 - kept} utterances were too many" in one.told
    assert journal.utterance() == outage.MOST - 1
    orphans = "SELECT count(*) FROM main.example WHERE utterance NOT IN (SELECT utterance FROM transcript)"
    assert journal.db.execute(orphans).fetchone() == (0,)
    assert one.over(10_000.0)
    assert not journal.lit()


def test_it_begins_with_what_can_be_read_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    was = Journal(path, "boot")
    for message in BEFORE:
        was.write(message)
    was.close()

    def refuse(*_: object) -> sqlite3.Connection:
        raise outage.JournalError(f"{path}: attempt to write a readonly database")

    with monkeypatch.context() as patch:
        patch.setattr("lampd.journal.connect", lambda at: refuse() if at == path else was_connect(at))
        journal, one = open_journal(path, "")
    assert one is not None
    assert one.knows
    assert everything(journal) == BEFORE
    assert f"{path}: attempt to write a readonly database: what happens is kept in memory" in one.told
    assert "lampctl doctor" in one.told


was_connect = outage.connect


def test_what_could_not_be_read_at_first_is_numbered_after_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    there = Journal(path, "boot")
    for message in BEFORE:
        there.write(message)
    there.close()
    hidden = tmp_path / "hidden"
    path.parent.rename(hidden)
    path.parent.write_text("not a folder: nothing can be opened in it")
    journal, one = open_journal(path, "")
    assert one is not None
    assert not one.knows
    for message in (Lamp(1.0, False), words(31.0, 1), example(31.0, 1, "dark"), words(35.0, -1)):
        journal.write(message)
    assert not one.over(10.0)
    path.parent.unlink()
    hidden.rename(path.parent)
    assert one.over(20.0)
    assert [message.utterance for message in everything(journal) if isinstance(message, Transcript)] == [1, 2, 3, -1]
    assert [(known.utterance, known.possible) for known in journal.examples()] == [(1, ("lit",)), (3, ("dark",))]


def test_the_hub_goes_on_with_it_and_ends_it_by_itself(settings: Settings, tmp_path: Path) -> None:
    now = 30.0
    journal = Journal(tmp_path / "journal.db", "boot")
    hub = Hub(settings, journal, lambda: now, live=False)
    hub.post(*BEFORE)
    journal.db.execute("CREATE TRIGGER full BEFORE INSERT ON flip BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    hub.post(Tick(30.0), *MEANWHILE)
    assert hub.outage
    assert "disk is full" in hub.outage.told
    assert "make room" in hub.outage.told
    assert [type(message) for message in everything(journal)] == [type(message) for message in [*BEFORE, *MEANWHILE]]
    with pytest.raises(sqlite3.OperationalError, match="nothing can be forgotten yet"):
        hub.forget(tmp_path, [1])
    with sqlite3.connect(tmp_path / "journal.db") as file:
        file.execute("DROP TRIGGER full")
    now = 40.0
    hub.turn(0.0)
    hub.processes.stop()
    assert hub.outage is None
    journal.close()
    assert Journal(tmp_path / "journal.db", "boot").counts()["flip"] == 2


def test_a_stage_that_answered_while_the_hub_waited_for_the_disk_is_not_taken_for_hung() -> None:
    one = Child("anticipator")
    one.life = Mock(ready=True)
    one.given, one.pulse = 1, 100.0
    # the hub has not listened since it gave the message, however long ago that was
    assert not one.is_hung(20.0, listened=100.5)
    assert one.is_hung(20.0, listened=121.0)


def test_what_has_arrived_is_written_in_one_piece(settings: Settings, tmp_path: Path) -> None:
    hub = Hub(settings, Journal(tmp_path / "journal.db", "boot"), lambda: 1.0, live=False)
    commits: list[str] = []
    hub.journal.db.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
    operator = hub.processes.children["operator"]
    operator.life = Mock(ready=True)
    for message in (Flip(1.0, True), Flip(2.0, False), words(3.0, 1)):
        hub.processes._arrivals.put(("operator", operator.life, Handled(0, [message])))
    hub.post(*hub.processes.arrival(1.0))
    assert len(commits) == 1
    assert hub.journal.counts()["flip"] == 2


def test_a_damaged_page_costs_what_was_learned_and_not_the_lamp(settings: Settings, tmp_path: Path) -> None:
    hub = Hub(settings, Journal(tmp_path / "journal.db", "boot"), lambda: 40.0, live=False)
    hub.post(*BEFORE)
    hub.journal.db.execute("UPDATE example SET possible = 'no JSON'")
    assert hub._remembered("operator", None) is not None
    assert hub._remembered("trainer", None) == []
    [kept] = tmp_path.glob("damaged-*/journal.db")
    assert hub.journal.counts()["transcript"] and not hub.outage
    assert f"delete {kept.parent}" in " ".join(status(hub, tmp_path)["complaints"])
