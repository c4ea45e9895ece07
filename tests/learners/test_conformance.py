"""What every learner promises, be it the explicit solution or the gate."""

import math
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lampd.learners.explicit import Explicit
from lampd.learners.gate_fit import Fitter
from lampd.learners.wish import Wish
from lampd.messages import Example, Tag


class Learner(Protocol):
    def learn(self, example: Example) -> object: ...
    def forget(self, utterance: int) -> None: ...
    def predict(self, text: str, lit: bool) -> Wish: ...


class Gated(Fitter):
    """The gate as a learner: fitted whenever it is asked."""

    def predict(self, text: str, lit: bool) -> Wish:
        return self.fit(1).predict(text, lit)


LEARNERS = pytest.mark.parametrize("make", [Explicit, Gated], ids=["explicit", "gate"])
Make = Callable[[], Learner]


def example(utterance: int, text: str, *possible: Tag) -> Example:
    return Example(0.0, utterance, text, False, possible, "flip")


EVENING = [
    example(1, "hello sunshine", "lit"),
    example(2, "sleep well", "dark"),
    example(3, "pass me the soup", "dark", "nothing"),
    example(4, "where is the bread", "lit", "nothing"),
    example(5, "hello hello sun", "lit"),
    example(6, "sleep tight", "dark"),
    example(7, "the sun was out all day", "dark", "nothing"),
]
ASKED = ["hello sunshine", "sleep", "the soup", "sun", "something else", "x"]
READY = settings(derandomize=True, deadline=None, max_examples=40, database=None)


def taught(make: Make, examples: list[Example]) -> Learner:
    learner = make()
    for one in examples:
        learner.learn(one)
    return learner


def change(learner: Learner, text: str, lit: bool) -> float:
    """How likely a text asks a lamp that is `lit` or not to change."""
    return max(learner.predict(text, lit)[:2])


def answers(learner: Learner) -> list[float]:
    return [p for text in ASKED for lit in (True, False) for p in learner.predict(text, lit)]


@LEARNERS
def test_one_example_of_each_wish_is_enough_to_be_of_use(make: Make) -> None:
    learner = taught(make, EVENING[:2])
    for text, lit, other in (("hello sunshine", False, "sleep well"), ("sleep well", True, "hello sunshine")):
        meant, aside, talk = (change(learner, said, lit) for said in (text, other, "pass me the bread"))
        assert meant > 0.9 and meant > aside + 0.1 and talk < 0.5


@LEARNERS
def test_nothing_is_likely_before_anything_was_taught(make: Make) -> None:
    assert answers(taught(make, [])) == [0.0, 0.0, 1.0] * (2 * len(ASKED))
    silence = [one for one in EVENING if len(one.possible) == 2]
    assert answers(taught(make, silence)) == answers(make())


@LEARNERS
def test_what_is_said_for_one_wish_is_a_hint_of_the_other(make: Make) -> None:
    learner = taught(make, EVENING[:1])
    assert 0 < change(learner, "hello sunshine", True) < change(learner, "hello sunshine", False)


@LEARNERS
def test_what_is_learned_and_forgotten_might_never_have_been(make: Make) -> None:
    learner = taught(make, EVENING)
    for text in ("hello moon", "sleep well", "never heard before"):
        learner.learn(example(99, text, "lit"))
    learner.forget(99)
    assert answers(learner) == pytest.approx(answers(taught(make, EVENING)), abs=1e-9)


@LEARNERS
def test_all_that_is_forgotten_leaves_nothing(make: Make) -> None:
    learner = taught(make, EVENING)
    for one in EVENING:
        learner.forget(one.utterance)
    assert answers(learner) == answers(make())


@LEARNERS
def test_an_example_with_nothing_possible_is_forgotten(make: Make) -> None:
    learner = taught(make, [*EVENING, example(5, "hello hello sun")])
    rest = [one for one in EVENING if one.utterance != 5]
    assert answers(learner) == pytest.approx(answers(taught(make, rest)), abs=1e-9)


@LEARNERS
def test_forgetting_the_unknown_changes_nothing(make: Make) -> None:
    learner = taught(make, EVENING)
    learner.forget(12345)
    assert answers(learner) == answers(taught(make, EVENING))


@LEARNERS
def test_a_revised_label_counts_as_if_it_had_been_the_first(make: Make) -> None:
    wrong = example(5, "hello hello sun", "dark")
    assert answers(taught(make, [wrong, *EVENING])) == pytest.approx(answers(taught(make, EVENING)), abs=1e-9)
    learner = taught(make, [one for one in EVENING if one.utterance != 5])
    learner.learn(wrong)
    asked = answers(learner)
    learner.learn(EVENING[4])
    assert answers(learner) != pytest.approx(asked, abs=1e-3)
    assert answers(learner) == pytest.approx(answers(taught(make, EVENING)), abs=1e-9)


@LEARNERS
def test_the_order_of_examples_does_not_matter(make: Make) -> None:
    for turn in range(1, len(EVENING)):
        other = EVENING[turn:] + EVENING[:turn][::-1]
        assert answers(taught(make, other)) == pytest.approx(answers(taught(make, EVENING)), abs=1e-9)


@LEARNERS
def test_evidence_against_a_wish_makes_it_less_likely(make: Make) -> None:
    before = taught(make, EVENING).predict("hello sun", False).lit
    against = [example(100 + i, "hello sun", "dark", "nothing") for i in range(3)]
    assert taught(make, EVENING + against).predict("hello sun", False).lit < before


@LEARNERS
@READY
@given(text=st.text(max_size=60), lit=st.booleans())
def test_probabilities_sum_to_one_and_the_lamp_cannot_become_what_it_is(make: Make, text: str, lit: bool) -> None:
    thought = taught(make, EVENING).predict(text, lit)
    assert sum(thought) == pytest.approx(1, abs=1e-12)
    assert all(0 <= p <= 1 for p in thought)
    assert (thought.lit if lit else thought.dark) == 0.0


@LEARNERS
@READY
@given(texts=st.lists(st.text(max_size=40), min_size=2, max_size=6))
def test_any_unicode_can_be_learned_asked_and_forgotten(make: Make, texts: list[str]) -> None:
    kinds: list[tuple[Tag, ...]] = [("lit",), ("dark",), ("dark", "nothing"), ("lit", "nothing")]
    learner = taught(make, [example(i, text, *kinds[i % 4]) for i, text in enumerate(texts)])
    for text in texts:
        for lit in (True, False):
            assert all(math.isfinite(p) for p in learner.predict(text, lit))
    for i in range(len(texts)):
        learner.forget(i)
    assert answers(learner) == answers(make())


@LEARNERS
@pytest.mark.parametrize("text", ["", " ", "\t\n", "\0", "\u2003", "\0 \0"])
def test_no_words_ask_for_nothing(make: Make, text: str) -> None:
    learner = taught(make, [example(i, one.text, "lit") for i, one in enumerate(EVENING)] + EVENING)
    for lit in (True, False):
        assert learner.predict(text, lit).nothing == 1.0


@LEARNERS
def test_no_words_teach_nothing(make: Make) -> None:
    empty = [example(100 + i, text, "lit") for i, text in enumerate(("", " ", "\0"))]
    assert answers(taught(make, EVENING + empty)) == answers(taught(make, EVENING))


@LEARNERS
def test_words_that_mean_now_this_now_that_give_finite_doubt(make: Make) -> None:
    same = [example(i, "hm", *kind) for i, kind in enumerate([("lit",), ("dark",), ("dark", "nothing")] * 5)]
    learner = taught(make, same)  # type: ignore[arg-type]
    for lit in (True, False):
        assert 0 < learner.predict("hm", lit).nothing < 1


@LEARNERS
@pytest.mark.parametrize("text", ["a", "ab" * 50_000], ids=["one letter", "100,000 letters"])
def test_very_short_and_very_long_words_do_no_harm(make: Make, text: str) -> None:
    learner = taught(make, [*EVENING, example(50, text, "lit")])
    assert learner.predict(text, False).lit > 0.5
    assert all(math.isfinite(p) for p in answers(learner))
