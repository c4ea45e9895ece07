"""Why: the n-grams and the past utterances that decided."""

import pytest

from lampd.learners.explanation import NGRAMS, UTTERANCES, explain
from lampd.learners.explicit import Explicit
from lampd.learners.ngrams import ngrams
from lampd.learners.wish import Wish
from lampd.messages import Example, Said, Tag


def example(utterance: int, text: str, *possible: Tag) -> Example:
    return Example(0.0, utterance, text, False, possible, "flip")


EVENING = [
    example(1, "hello sunshine", "lit"),
    example(2, "sleep well", "dark"),
    example(3, "pass me the soup", "dark", "nothing"),
    example(4, "hello sunshine", "lit"),
    example(5, "sun", "lit"),
    example(6, "hello", "nothing"),
]


class Told:
    """A learner that says of every n-gram what it was told to."""

    name = "told"

    def __init__(self, parts: dict[str, float]) -> None:
        self._parts = parts

    def predict(self, said: Said, lit: bool) -> Wish:
        return Wish.of(lit, 0.5)

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return self._parts if wish == "lit" else {}


def taught() -> Explicit:
    learner = Explicit()
    for one in EVENING:
        learner.learn(one)
    return learner


def test_it_names_the_weightiest_ngrams_for_and_against() -> None:
    parts = {"a": 0.5, "b": -2.0, "c": 1.0, "d": 0.25, "e": 0.125, "f": 0.0625, "g": 0.5}
    found = explain([Told(parts)], Said("abcdefg"), False, [])
    assert list(found.ngrams.items()) == [("b", -2.0), ("c", 1.0), ("a", 0.5), ("g", 0.5), ("d", 0.25)]
    assert len(found.ngrams) == NGRAMS


def test_it_names_the_utterances_that_taught_it_the_newest_of_equals_first() -> None:
    found = explain([taught()], Said("hello sunshine"), False, EVENING)
    assert found.utterances == [4, 1, 5]
    assert set(found.ngrams) <= set(ngrams("hello sunshine"))


def test_what_was_not_meant_so_taught_nothing_of_it() -> None:
    assert 6 not in explain([taught()], Said("hello sun"), False, EVENING).utterances
    assert explain([taught()], Said("sleep well"), True, EVENING).utterances == [2]


def test_what_keeps_it_still_is_explained_by_what_said_no() -> None:
    found = explain([taught()], Said("pass me the soup"), False, EVENING)
    assert found.utterances[0] == 3
    assert sum(found.ngrams.values()) < 0


def test_it_names_so_many_and_no_more() -> None:
    many = [example(i, "hello", "lit") for i in range(20)]
    assert explain([Told({"h": 1.0})], Said("hello"), False, many).utterances == [19, 18, 17][:UTTERANCES]


@pytest.mark.parametrize("text", ["", "sunshine", "ж"])
def test_who_knows_nothing_explains_nothing(text: str) -> None:
    assert explain([Explicit()], Said(text), False, []) == ({}, [])
    assert explain([Told({})], Said(text), False, EVENING) == ({}, [])


def test_utterances_without_an_ngram_in_common_are_not_named() -> None:
    assert explain([Told({"x": 1.0})], Said("x"), False, EVENING).utterances == []
