"""What is remembered of all that was ever learned."""

import random

import pytest

from lampd.journal import Journal
from lampd.learners import kept
from lampd.learners.council import Council
from lampd.learners.kept import Kept, kind
from lampd.messages import Cause, Example, Tag, Transcript

LABELS: list[tuple[tuple[Tag, ...], Cause]] = [
    (("lit",), "flip"),
    (("dark",), "left alone"),
    (("dark", "nothing"), "silence"),
    (("lit", "nothing"), "silence"),
    (("dark", "nothing"), "correction"),
    (("nothing",), "told"),
    ((), "withdrawn"),
]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "WISHES", 5)
    monkeypatch.setattr(kept, "OTHERS", 12)


def example(utterance: int, possible: tuple[Tag, ...], cause: Cause) -> Example:
    return Example(float(utterance), utterance, f"words {utterance}", False, possible, cause, True)


def some(number: int, seed: int = 0) -> list[Example]:
    chance = random.Random(seed)
    return [example(number, *chance.choice(LABELS)) for number in range(1, number + 1)]


def remembered(examples: list[Example]) -> set[int]:
    one, known = Kept(), set()
    for told in examples:
        known.add(told.utterance)
        known.discard(one.learn(told) or 0)
    return known


def newest(examples: list[Example]) -> set[int]:
    """The policy, in other words."""
    by: dict[str, list[int]] = {}
    for told in examples:
        by.setdefault(kind(told.possible, told.cause), []).append(told.utterance)
    most = {"told": len(examples), "other": 12}
    return {utterance for name, found in by.items() for utterance in sorted(found)[-most.get(name, 5) :]}


def test_the_newest_of_each_kind_are_remembered_and_all_that_was_told() -> None:
    examples = some(200)
    assert remembered(examples) == newest(examples)
    assert {u for u in newest(examples) if examples[u - 1].cause == "told"} == {
        one.utterance for one in examples if one.cause == "told"
    }


def test_the_order_in_which_they_are_told_does_not_matter() -> None:
    examples = some(200)
    again = sorted(examples, key=lambda one: (one.utterance * 7919) % 211)
    assert remembered(again) == remembered(examples)


def test_a_label_that_is_revised_counts_as_what_it_is_last() -> None:
    one = Kept()
    for number in range(1, 13):
        assert one.learn(example(number, ("dark", "nothing"), "silence")) is None
    assert one.learn(example(12, ("lit",), "miss")) is None and len(one) == 12
    assert one.learn(example(13, ("dark", "nothing"), "silence")) is None, "there is room for one more"
    assert one.learn(example(14, ("dark", "nothing"), "silence")) == 1


def test_the_journal_reminds_of_what_the_stages_remember() -> None:
    """A life without an end knows what one that begins anew is reminded of."""
    council, journal = Council(0.05), Journal(":memory:", "boot")
    for one in some(300, seed=1):
        journal.write(Transcript(one.at, one.utterance, one.at - 1, one.at, one.text, 0.9))
        journal.write(one)
        council.learn(one)
    reminded = {one.utterance: one.possible for one in journal.examples() if one.possible}
    assert reminded == {utterance: one.possible for utterance, one in council.examples.items()}
    before = journal.examples(before=200)
    assert {one.utterance for one in before} == newest([one for one in some(300, seed=1) if 2 * one.utterance < 200])


def test_another_voices_words_are_no_part_of_it() -> None:
    journal = Journal(":memory:", "boot", voice="new")
    for one in some(300):
        voice = "old" if one.utterance % 3 else "new"
        journal.write(Transcript(one.at, one.utterance, one.at - 1, one.at, one.text, 0.9, voice=voice))
        journal.write(one)
    assert {one.utterance for one in journal.examples()} == newest([o for o in some(300) if o.utterance % 3 == 0])
