"""The explicit solution against its own formula, worked out for all examples at once."""

import numpy as np
import pytest

from lampd.learners.explicit import FLOOR, FOREKNOWN, SHARED, UNHEARD, Explicit, K
from lampd.learners.ngrams import ngrams
from lampd.learners.wish import ASIDE, WISHES
from lampd.messages import Example, Said, Tag

EXAMPLES: list[tuple[str, tuple[Tag, ...]]] = [
    ("light on", ("lit",)),
    ("light", ("lit",)),
    ("good night", ("dark",)),
    ("night", ("dark", "nothing")),
    ("on and on", ("lit", "nothing")),
    ("what is on tonight", ("nothing",)),
]


def closed_form(text: str, wish: Tag) -> float:
    """The probability of `wish` from H, Y, F = H^T Y and U of all examples, by matrices."""
    vocabulary = sorted({ngram for said, _ in EXAMPLES for ngram in ngrams(said)} | set(ngrams(text)))
    known = sorted({ngram for said, _ in EXAMPLES for ngram in ngrams(said)})

    def h(said: str) -> np.ndarray:
        counts = np.array([ngrams(said)[ngram] for ngram in vocabulary], float)
        return K * counts / counts.sum()

    other: Tag = WISHES[1 - WISHES.index(wish)]
    # what each label says of the wish (is, is not): its own evidence, and half of that on the other
    says = {
        (wish,): (1, 0),
        (other,): (SHARED, ASIDE),
        (other, "nothing"): (0, 1),
        ("nothing", other): (0, 1),
        (wish, "nothing"): (0, SHARED),
        ("nothing",): (0, 1 + SHARED),
    }
    inputs = np.array([h(said) for said, _ in EXAMPLES])
    targets = np.array([says[possible] for _, possible in EXAMPLES], float)
    evidence = inputs.T @ targets
    f = evidence + FLOOR
    # the floor is shared out among the n-grams that were ever learned and those that might be said
    total = evidence.sum(0) + FLOOR * (len(known) + UNHEARD)
    u = np.log(f) - (K - 1) / K * np.log(total)
    # the K-th part of the last logarithm is what was to be expected before anything was said
    expected = evidence.sum(0) + np.array([0, FOREKNOWN * K])
    u += (np.log(expected) - np.log(total)) / K
    logits = h(text) @ u
    return float(np.exp(logits[0]) / np.exp(logits).sum())


@pytest.mark.parametrize("text", ["light on", "night", "on", "lightning", "xyz"])
@pytest.mark.parametrize(("wish", "lit"), [("lit", False), ("dark", True)])
def test_it_is_the_closed_form_of_all_examples(text: str, wish: Tag, lit: bool) -> None:
    learner = Explicit()
    for number, (said, possible) in enumerate(EXAMPLES):
        learner.learn(Example(0.0, number, said, False, possible, "flip"))
    thought = learner.predict(Said(text), lit)
    assert (thought.lit + thought.dark) == pytest.approx(closed_form(text, wish), abs=1e-12)


def masses(*examples: tuple[str, tuple[Tag, ...]]) -> dict[tuple[Tag, bool], float]:
    """How many examples' worth of evidence there is for and against each wish."""
    learner = Explicit()
    for number, (said, possible) in enumerate(examples):
        learner.learn(Example(0.0, number, said, False, possible, "flip"))
    found = {key: sum(mass.values()) / K for key, mass in learner._mass.items()}
    assert found == pytest.approx({key: total / K for key, total in learner._total.items()})
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("possible", "lit", "not_lit", "dark", "not_dark"),
    [
        (("lit",), 1, 0, SHARED, ASIDE),
        (("dark",), SHARED, ASIDE, 1, 0),
        (("dark", "nothing"), 0, 1, 0, SHARED),
        (("lit", "nothing"), 0, SHARED, 0, 1),
        (("nothing",), 0, 1 + SHARED, 0, 1 + SHARED),
    ],
)
def test_a_label_counts_whole_for_its_wish_half_for_the_other_and_little_aside(
    possible: tuple[Tag, ...], lit: float, not_lit: float, dark: float, not_dark: float
) -> None:
    assert masses(("some words", possible)) == pytest.approx(
        {("lit", True): lit, ("lit", False): not_lit, ("dark", True): dark, ("dark", False): not_dark}
    )


def test_how_long_words_are_does_not_make_them_a_better_witness() -> None:
    assert masses(("ab" * 200, ("lit",))) == pytest.approx(masses(("cd", ("lit",))))


def test_most_speech_is_taken_for_talk_from_the_first_flip_on() -> None:
    learner = Explicit()
    learner.learn(Example(0.0, 1, "light please", False, ("lit",), "flip"))
    assert 0 < learner.predict(Said("completely other words"), False).lit < 0.2


def test_more_of_the_same_makes_it_surer() -> None:
    learner = Explicit()
    sure = []
    for number in range(6):
        learner.learn(Example(0.0, number, "light please", False, ("lit",), "flip"))
        sure.append(learner.predict(Said("light please"), False).lit)
    assert sure == sorted(sure) and len(set(sure)) == len(sure)


def test_it_keeps_nothing_of_what_it_forgot() -> None:
    learner = Explicit()
    kinds: list[tuple[Tag, ...]] = [("lit",), ("dark", "nothing"), ("dark",), ("lit", "nothing")]
    for turn in range(3):
        for number, possible in enumerate(kinds):
            learner.learn(Example(0.0, number, f"the same words {turn}", False, possible, "flip"))
    for number in range(len(kinds)):
        learner.forget(number)
    assert not learner._features and not learner.examples
    assert not any(learner._mass.values())
    assert list(learner._total.values()) == pytest.approx([0] * 4, abs=1e-12)
