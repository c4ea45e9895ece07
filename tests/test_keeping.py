"""The journal keeps to its size; what is dropped first, and what never."""

from pathlib import Path

import pytest

from lampd import keeping
from lampd.journal import Journal
from lampd.keeping import used
from lampd.messages import Acted, Cause, Directive, Example, Flip, Model, Tag, Transcript


def heard(journal: Journal, number: int, cause: Cause, *possible: Tag) -> None:
    at = 30.0 * number
    journal.write_all([
        Transcript(at, number, at - 2, at - 1, f"words {number}", 0.5, ngrams={f"n{i}": 0.5 for i in range(60)}),
        Directive(at, number, at, "nothing", 0.1, 0.0, "explicit", "not sure enough"),
        Example(at, number, f"words {number}", False, possible, cause, True),
        Model(at, "gate", number, f"models/gate-{number}", {}),
    ])  # fmt: skip


def test_chatter_goes_first_then_old_wishes_and_never_what_is_needed_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "UTTERANCES_KEPT", 100)
    monkeypatch.setattr(keeping, "WISHES_KEPT", 30)
    journal = Journal(tmp_path / "journal.db", "boot", most_mb=0.35)
    journal.write_all([Acted(1.0, 2, True), Flip(2.0, False)])
    largest = 0
    for number in range(1, 1201):
        match number % 10:
            case 1:
                heard(journal, number, "flip", "lit")
            case 2:
                heard(journal, number, "left alone", "dark")
            case 3 if number < 100:
                heard(journal, number, "told", "lit")
            case 4:
                heard(journal, number, "told", "nothing")
            case _:
                heard(journal, number, "silence", "dark", "nothing")
        largest = max(largest, used(journal.db))
        if number == 300:
            wishes = journal.known()
            assert (wishes["lit"], wishes["dark"]) == (40, 30), "there was chatter to drop"
    assert largest < 0.38e6
    left = {number for (number,) in journal.db.execute("SELECT utterance FROM transcript")}
    assert left >= set(range(1101, 1201)), "the newest"
    for last in (1, 2):
        assert left >= set(range(900 + last, 1201, 10)), "and the newest of each wish"
        assert 20 + last not in left
    assert left >= set(range(3, 100, 10)), "and what was told"
    assert 504 not in left, "but for a night of television"
    for table in ("directive", "example"):
        assert {number for (number,) in journal.db.execute(f"SELECT utterance FROM {table}")} == left
    assert journal.utterance() == 1200
    assert (journal.counts()["acted"], journal.counts()["flip"]) == (1, 1)
    assert journal.counts()["model"] <= keeping.MODELS_KEPT + keeping.SILENCE_EVERY


def test_what_is_dropped_cannot_be_read_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "UTTERANCES_KEPT", 10)
    journal = Journal(tmp_path / "journal.db", "boot", most_mb=0.0)
    for number in range(1, 101):
        heard(journal, number, "silence", "dark", "nothing")
    journal.close()
    raw = (tmp_path / "journal.db").read_bytes()
    assert b"words 50" not in raw
    assert b"words 95" in raw
