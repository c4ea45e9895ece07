"""The explicit solution against its own formula, worked out for all examples at once."""

import numpy as np
import pytest

from lampd.learners.explicit import FLOOR, FOREKNOWN, Explicit, K
from lampd.learners.ngrams import ngrams
from lampd.learners.wish import bearing
from lampd.messages import Example, Tag

EXAMPLES: list[tuple[str, tuple[Tag, ...]]] = [
    ("light on", ("lit",)),
    ("light", ("lit",)),
    ("good night", ("dark",)),
    ("night", ("dark", "nothing")),
    ("on and on", ("lit", "nothing")),
]


def closed_form(text: str, wish: Tag) -> float:
    """The probability of `wish` from H, Y, F = H^T Y and U of all examples, by matrices."""
    vocabulary = sorted({ngram for said, _ in EXAMPLES for ngram in ngrams(said)} | set(ngrams(text)))
    known = sorted({ngram for said, _ in EXAMPLES for ngram in ngrams(said)})

    def h(said: str) -> np.ndarray:
        counts = np.array([ngrams(said)[ngram] for ngram in vocabulary], float)
        return K * counts / counts.sum()

    bears = [(said, bearing(possible, wish)) for said, possible in EXAMPLES]
    inputs = np.array([h(said) for said, is_it in bears if is_it is not None])
    targets = np.array([[is_it, not is_it] for _, is_it in bears if is_it is not None], float)
    evidence = inputs.T @ targets
    f = evidence + FLOOR
    # the floor is shared out among the n-grams that were ever learned
    total = evidence.sum(0) + FLOOR * len(known)
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
    thought = learner.predict(text, lit)
    assert (thought.lit + thought.dark) == pytest.approx(closed_form(text, wish), abs=1e-12)


def test_how_long_words_are_does_not_make_them_a_better_witness() -> None:
    learner = Explicit()
    learner.learn(Example(0.0, 1, "ab" * 200, False, ("lit",), "flip"))
    learner.learn(Example(0.0, 2, "cd", False, ("dark",), "flip"))
    masses = {key: sum(mass.values()) for key, mass in learner._mass.items()}
    assert masses["lit", True] == pytest.approx(masses["dark", True]) == pytest.approx(K)


def test_most_speech_is_taken_for_talk_from_the_first_flip_on() -> None:
    learner = Explicit()
    learner.learn(Example(0.0, 1, "light please", False, ("lit",), "flip"))
    assert 0 < learner.predict("completely other words", False).lit < 0.2


def test_more_of_the_same_makes_it_surer() -> None:
    learner = Explicit()
    sure = []
    for number in range(6):
        learner.learn(Example(0.0, number, "light please", False, ("lit",), "flip"))
        sure.append(learner.predict("light please", False).lit)
    assert sure == sorted(sure) and len(set(sure)) == len(sure)


def test_it_keeps_nothing_of_what_it_forgot() -> None:
    learner = Explicit()
    kinds: list[tuple[Tag, ...]] = [("lit",), ("dark", "nothing"), ("dark",), ("lit", "nothing")]
    for turn in range(3):
        for number, possible in enumerate(kinds):
            learner.learn(Example(0.0, number, f"the same words {turn}", False, possible, "flip"))
    for number in range(len(kinds)):
        learner.forget(number)
    assert not learner._features and not learner._examples
    assert not any(learner._mass.values()) and not any(learner._total.values())
