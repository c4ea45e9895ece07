"""The campaign against the power in its short form, and that it would notice."""

import random
from pathlib import Path

import pytest

from lampd.bench.faults import power
from lampd.bench.faults.crash_states import Deed, Name, Said, Sync, Untraceable, Write, program, states, traced
from lampd.bench.faults.deeds import DEEDS
from lampd.journal import Journal, boot_id
from lampd.messages import Flip, Lamp, Model

A, B, FOLDER = b"a" * 1300, b"b" * 1300, 0


def left(deeds: list[Deed], into: Path) -> set[tuple[tuple[str, bytes], ...]]:
    """What a power cut after all of these deeds may leave: names and contents."""
    found = set()
    for state in states([*deeds, Said("done 1")], into, 300, random.Random(0)):
        if state.said:
            files = sorted(path for path in state.folder.rglob("*") if path.is_file())
            found.add(tuple((str(path.relative_to(into)), path.read_bytes()) for path in files))
    return found


def test_none_of_its_promises_is_broken() -> None:
    outcome = power.run(power.SHORT, 0, print)
    assert outcome.broken == []
    assert outcome.counts["flips among them"]


def test_what_is_synced_is_there_and_of_all_else_any_part_may_be(tmp_path: Path) -> None:
    file: list[Deed] = [Name(1, "one"), Write(1, 0, A)]
    whole = (("one", A),)
    assert left([*file, Sync(1), Sync(FOLDER)], tmp_path / "left") == {whole}
    assert left([*file, Sync(1)], tmp_path / "left") == {whole, ()}
    torn = {dict(state).get("one") for state in left([*file, Sync(FOLDER)], tmp_path / "left")}
    # three sectors, the last of them 276 bytes long
    assert {A, b""} <= torn
    assert len(torn) > 4


def test_a_name_that_is_not_synced_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    old: list[Deed] = [Name(1, "one"), Write(1, 0, A), Sync(1), Sync(FOLDER)]
    new: list[Deed] = [Name(2, "draft"), Write(2, 0, B), Sync(2), Name(2, "one", "draft")]
    assert left([*old, *new], tmp_path / "left") == {(("one", A),), (("one", B),), (("draft", B), ("one", A))}
    assert left([*old, *new, Sync(FOLDER)], tmp_path / "left") == {(("one", B),)}


def test_it_notices_a_model_whose_name_is_not_on_disk(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    try:
        deeds = traced(
            program("lampd.bench.faults.deeds", "models", str(tmp_path / "work")), tmp_path / "work", tmp_path / "log"
        )
    except Untraceable as error:
        pytest.skip(str(error))
    renames = {place for place, deed in enumerate(deeds) if isinstance(deed, Name) and deed.name and deed.before}
    careless = [deed for place, deed in enumerate(deeds) if not (isinstance(deed, Sync) and place - 1 in renames)]
    assert len(careless) == len(deeds) - len(renames)
    wrong = {
        what
        for state in states(careless, tmp_path / "left", 60, random.Random(0))
        for what in DEEDS["models"][1](state.folder, state.said)
    }
    assert any("was published" in what for what in wrong), wrong


def test_it_notices_what_is_not_there_after_a_kill(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", boot_id())
    journal.write_all(
        [Lamp(1.0, True), Flip(2.0, False), Model(3.0, "gate", 1, str(tmp_path / "gone.safetensors"), {})]
    )
    before = power.Left(journal)
    journal.write(Lamp(4.0, True))
    journal.close()
    broken: list[str] = []
    power.look(tmp_path, [{"type": "Flip", "at": 2.0}, {"type": "Flip", "at": 5.0}], before, broken)
    assert [sentence.partition(":")[0] for sentence in broken] == [
        "an acknowledged Flip is not in the journal",
        "the lamp was dark and came back otherwise",
        "the last model that was published is not there",
    ]
