"""What its owner lets the anticipator do: learn or not, act, hint or only observe; and what it lets itself do."""

from pathlib import Path

import pytest

from lampd.journal import Journal
from lampd.learners.conduct import DEAREST
from lampd.memory import memory
from lampd.messages import (
    HINTS,
    OBSERVES,
    Acted,
    AnyMessage,
    Autonomy,
    Directive,
    Example,
    Flip,
    Freedom,
    Lamp,
    Learning,
    Tag,
    Tick,
    Trust,
)
from lampd.stages.anticipator import Anticipator
from tests.stages.test_anticipator import SETTINGS, decide, example, heard_by, taught, words


@pytest.mark.parametrize(("limit", "reason"), [("hint", HINTS), ("observe", OBSERVES)])
def test_it_keeps_to_its_owners_limit_and_says_what_it_would_do(limit: Freedom, reason: str) -> None:
    stage = taught()
    heard_by(stage, Autonomy(1.0, limit))
    said = decide(stage, words(101, "hello sunshine", 10))
    assert (said.wish, said.would, said.reason) == ("nothing", "lit", reason)
    heard_by(stage, Autonomy(20.0, "act"))
    said = decide(stage, words(102, "hello sunshine", 30))
    assert (said.wish, said.would) == ("lit", "lit")


def examples(said: list[AnyMessage]) -> list[tuple[int, tuple[Tag, ...]]]:
    return [(one.utterance, one.possible) for one in said if isinstance(one, Example)]


def paused(*extra: AnyMessage) -> list[AnyMessage]:
    """Words and a flip before a pause in learning, in it, and after it."""
    return [
        Lamp(0.0, False),
        words(1, "hello sunshine", 10),
        Flip(12.0, True),
        Learning(20.0, False),
        words(2, "sleep well", 30),
        Flip(32.0, False),
        *extra,
        Learning(60.0, True),
        words(3, "good morning", 70),
        Flip(72.0, True),
        Tick(200.0),
    ]


def test_nothing_that_happens_in_a_pause_teaches() -> None:
    said = examples(heard_by(Anticipator(SETTINGS), *paused()))
    assert {utterance for utterance, _ in said} == {1, 3}
    assert ("lit",) in [possible for _, possible in said]


@pytest.mark.parametrize("place", range(1, 11))
def test_a_new_life_knows_of_the_pause(place: int, tmp_path: Path) -> None:
    """Wherever the first is cut off, the second learns what one alone would have."""
    journal = Journal(tmp_path / "journal.db", "boot")
    story = paused()

    def lived(stage: Anticipator, messages: list[AnyMessage]) -> None:
        for message in messages:
            journal.write(message)
            for said in stage.handle(message):
                journal.write(said)

    lived(Anticipator(SETTINGS), story[:place])
    second = Anticipator(SETTINGS)
    heard_by(second, *memory(journal, "anticipator"))
    lived(second, story[place:])
    assert {one.utterance: one.possible for one in journal.examples() if one.possible} == {1: ("lit",), 3: ("lit",)}


def wrong(utterance: int) -> list[AnyMessage]:
    """What it did about an utterance, once it could be judged, and that a hand took it back."""
    losses = {"explicit": 0.1}
    did = Directive(0.0, utterance, 0.0, "lit", 0.9, 0.0, "explicit", "sure enough", losses=losses, would="lit")
    return [did, example(utterance, f"nonsense {utterance}", "dark", "nothing")]


def test_who_was_wrong_too_often_only_hints_until_hints_were_right() -> None:
    stage = taught()
    heard_by(stage, *(message for number in (50, 51, 52) for message in wrong(number)))
    said = heard_by(stage, words(101, "what is for dinner", 10), Tick(30.0))
    assert [one for one in said if isinstance(one, Trust)] == [Trust(30.0, False, 101)]
    hint = decide(stage, words(102, "hello sunshine", 100))
    assert (hint.wish, hint.would, hint.reason) == ("nothing", "lit", HINTS)
    # its owner's word restores it
    heard_by(stage, Trust(110.0, True, 102))
    assert decide(stage, words(103, "hello sunshine", 200)).wish == "lit"


def test_a_new_life_is_trusted_as_the_old_one_was() -> None:
    journal = Journal(":memory:", "boot")
    for message in (*wrong(1), *wrong(2), *wrong(3), Trust(5.0, False, 3), Autonomy(6.0, "act", 60.0)):
        journal.write(message)
    new = Anticipator(SETTINGS)
    heard_by(new, *memory(journal, "anticipator"))
    assert new._freedom == "hint"
    journal.write(Trust(7.0, True, 3))
    newer = Anticipator(SETTINGS)
    heard_by(newer, *memory(journal, "anticipator"))
    assert newer._freedom == "act"
    assert examples(heard_by(newer, Tick(100.0))) == [], "and what it was wrong about before does not count again"


def test_a_new_life_knows_how_often_trust_was_lost() -> None:
    journal = Journal(":memory:", "boot")
    for number in range(1, 12):
        journal.write(Trust(float(number), number % 2 == 0, 10 * number))
    stage = Anticipator(SETTINGS)
    heard_by(stage, *memory(journal, "anticipator"))
    assert not stage._conduct.trusted
    assert stage._conduct._price == DEAREST


def test_a_new_life_does_not_count_what_was_never_done() -> None:
    journal = Journal(":memory:", "boot")
    for message in (message for number in range(1, 10) for message in wrong(number)):
        journal.write(message)
    idle = Anticipator(SETTINGS)
    heard_by(idle, *memory(journal, "anticipator"))
    assert not [one for one in heard_by(idle, words(101, "bread", 10), Tick(30.0)) if isinstance(one, Trust)]
    for number in range(1, 10):
        journal.write(Acted(0.0, number, True))
    busy = Anticipator(SETTINGS)
    heard_by(busy, *memory(journal, "anticipator"))
    said = heard_by(busy, words(101, "bread", 10), Tick(30.0))
    assert [one.trusted for one in said if isinstance(one, Trust)] == [False]
