"""The fit of the gate: its formulas, and that nothing but the examples bears on it."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from lampd.learners.abandoned import Abandoned
from lampd.learners.gate_fit import FLOOR, L2, Fitter, fit_wish, gate_for
from lampd.learners.ngrams import ngrams
from lampd.messages import Example, Tag


def example(utterance: int, text: str, *possible: Tag) -> Example:
    return Example(0.0, utterance, text, False, possible, "flip")


EVENING = [
    example(1, "hello sunshine", "lit"),
    example(2, "sleep well", "dark"),
    example(3, "pass me the soup", "dark", "nothing"),
    example(4, "where is the bread", "lit", "nothing"),
    example(5, "hello hello sun", "lit"),
    example(6, "sleep tight", "dark"),
]


def bytes_of(examples: list[Example]) -> bytes:
    fitter = Fitter()
    for one in examples:
        fitter.learn(one)
    return fitter.fit(1).to_bytes()


def test_the_same_examples_in_any_order_give_the_same_file() -> None:
    assert bytes_of(EVENING) == bytes_of(EVENING[::-1]) == bytes_of(EVENING[3:] + EVENING[:3])


def test_forgotten_and_revised_examples_leave_no_bit_behind() -> None:
    fitter = Fitter()
    for one in [example(9, "other words at first", "lit"), example(1, "hello sunshine", "dark"), *EVENING]:
        fitter.learn(one)
    fitter.fit(1)
    fitter.forget(9)
    assert fitter.fit(1).to_bytes() == bytes_of(EVENING)


def test_other_examples_give_another_file() -> None:
    assert bytes_of(EVENING) != bytes_of(EVENING[:-1])


def test_learning_says_whether_it_changed_anything() -> None:
    fitter = Fitter()
    assert fitter.learn(EVENING[0])
    assert not fitter.learn(EVENING[0])
    assert not fitter.learn(example(99, "unknown"))
    assert not fitter.learn(example(98, "  ", "lit"))
    assert fitter.learn(example(1, "hello sunshine", "dark"))
    assert fitter.learn(example(1, "hello sunshine"))
    assert not any(fitter.counts().values())


def test_what_rules_one_wish_out_bears_on_the_other_not_at_all() -> None:
    fitter = Fitter()
    for one in EVENING:
        fitter.learn(one)
    before = fitter.fit(1)
    fitter.learn(example(7, "hello there", "dark", "nothing"))
    after = fitter.fit(2)
    assert after.dark.weights.tobytes() == before.dark.weights.tobytes()
    assert after.dark.vocabulary == before.dark.vocabulary
    assert after.lit.probability("hello there") < before.lit.probability("hello there")


def test_it_counts_its_examples_by_what_they_say() -> None:
    fitter = Fitter()
    for one in [*EVENING, example(7, "more soup", "dark", "nothing"), example(8, "soup", "nothing")]:
        fitter.learn(one)
    assert fitter.counts() == {"lit": 2, "dark": 2, "nothing": 1, "not lit": 2, "not dark": 1}
    assert fitter.fit(1).examples == fitter.counts()


def test_a_fit_is_given_up_as_soon_as_it_is_told_to() -> None:
    fitter = Fitter()
    for one in EVENING:
        fitter.learn(one)
    asked: list[int] = []
    with pytest.raises(Abandoned):
        fitter.fit(1, lambda: len(asked) == 3 or asked.append(1) is not None)
    assert len(asked) == 3
    assert fitter.fit(1).to_bytes() == bytes_of(EVENING)


def test_the_gate_of_a_feature_is_its_log_odds() -> None:
    present = sparse.csr_array(np.array([[1.0, 1, 0], [1, 0, 1], [1, 0, 1]]))
    is_it = np.array([1.0, 0, 0])
    yes, no = np.array([2, 2, 1]) / 5, np.array([3, 1, 3]) / 7
    odds = np.abs(np.log(yes) - np.log(no))
    assert gate_for(present, is_it) == pytest.approx(FLOOR + (1 - FLOOR) * odds / odds.mean())


def test_a_gate_that_nothing_sets_apart_is_open() -> None:
    present = sparse.csr_array(np.ones((2, 3)))
    assert gate_for(present, np.array([1.0, 0.0])) == pytest.approx(np.ones(3))


def test_the_fit_is_at_the_minimum_of_its_loss() -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random((30, 50)) < 0.2, rng.random((30, 50)), 0.0)
    is_it = (np.arange(30) < 8).astype(float)

    def loss(z: np.ndarray) -> float:
        """Cross entropy with both classes weighing one half, and (L2 / 2) ||V||^2."""
        p = 1 / (1 + np.exp(-(x @ z[:-1] + z[-1])))
        wrong = np.where(is_it > 0, -np.log(p), -np.log(1 - p))
        return float(wrong[:8].mean() / 2 + wrong[8:].mean() / 2 + L2 / 2 * z[:-1] @ z[:-1])

    best = minimize(loss, np.zeros(51), method="BFGS", options={"gtol": 1e-6, "maxiter": 300}).fun
    fitted = fit_wish(sparse.csr_array(x), is_it, lambda: False)
    assert loss(fitted) == pytest.approx(best, rel=1e-3)
    assert best < 0.9 * loss(np.zeros(51)), "else this shows nothing"


def test_all_of_it_is_the_gate_as_it_is_described() -> None:
    """Log counts times idf, of unit length, gated by r: the same by dense matrices, from the texts to the weights."""
    is_it = np.array([float(one.possible == ("lit",)) for one in EVENING if one.possible != ("lit", "nothing")])
    texts = [one.text for one in EVENING if one.possible != ("lit", "nothing")]
    vocabulary = sorted({ngram for text in texts for ngram in ngrams(text)})
    counts = np.array([[ngrams(text)[ngram] for ngram in vocabulary] for text in texts], float)
    idf = np.log((1 + len(texts)) / (1 + (counts > 0).sum(0))) + 1
    x = np.log1p(counts) * idf
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    r = gate_for(sparse.csr_array((counts > 0).astype(float)), is_it)
    z = fit_wish(sparse.csr_array(x * r), is_it, lambda: False)
    expected = 1 / (1 + np.exp(-(x @ (z[:-1] * r) + z[-1])))

    fitter = Fitter()
    for one in EVENING:
        fitter.learn(one)
    head = fitter.fit(1).lit
    assert {ngram: head.idf[j] for ngram, j in head.vocabulary.items()} == pytest.approx(
        dict(zip(vocabulary, idf, strict=True)), rel=1e-6
    )
    assert [head.probability(text) for text in texts] == pytest.approx(expected, rel=1e-3)
