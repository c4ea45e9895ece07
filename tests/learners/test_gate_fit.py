"""The fit of the gate: its formulas, and that nothing but the examples bears on it."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import sparse
from scipy.optimize import minimize

from lampd.learners import gate_fit
from lampd.learners.abandoned import Abandoned
from lampd.learners.gate import Gate
from lampd.learners.gate_fit import FLOOR, HALF_LIFE, PRIOR, SHARED, VARIANCE, Fitter, fit, gate_for
from lampd.learners.ngrams import ngrams
from lampd.learners.wish import ASIDE
from lampd.messages import Example, Said, Tag

Floats = np.ndarray


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


def taught(examples: list[Example]) -> Gate:
    fitter = Fitter()
    for one in examples:
        fitter.learn(one)
    return fitter.fit(1)


def bytes_of(examples: list[Example]) -> bytes:
    return taught(examples).to_bytes()


def logistic(z: Floats) -> Floats:
    return 1 / (1 + np.exp(-z))


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


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


def test_what_rules_one_wish_out_says_less_against_the_other() -> None:
    before, after = (taught(EVENING + more) for more in ([], [example(7, "hello there", "dark", "nothing")]))
    lit = [logit(gate.predict(Said("hello there"), False).lit) for gate in (before, after)]
    dark = [logit(gate.predict(Said("hello there"), True).dark) for gate in (before, after)]
    assert lit[1] < lit[0]
    assert lit[0] - lit[1] > dark[0] - dark[1]


def test_what_was_said_long_ago_counts_for_less() -> None:
    """After HALF_LIFE newer examples one counts half: of two that contradict each other the newer one wins."""
    talk = [example(100 + i, f"talk {i}", "nothing") for i in range(int(HALF_LIFE))]
    both = [example(1, "abracadabra", "lit"), example(2, "abracadabra", "dark", "nothing")]
    old_then_new = [both[0], *talk, replace(both[1], utterance=9999)]
    new_then_old = [both[1], *talk, replace(both[0], utterance=9999)]
    close = taught([*both, *talk]).predict(Said("abracadabra"), False).lit
    assert taught(old_then_new).predict(Said("abracadabra"), False).lit < close
    assert close < taught(new_then_old).predict(Said("abracadabra"), False).lit


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
    is_it, is_not = np.array([1.0, 0, 0]), np.array([0, 0.5, 1])
    yes, no = np.array([2, 2, 1]) / 5, np.array([2.5, 1, 2.5]) / 6
    odds = np.abs(np.log(yes) - np.log(no))
    assert gate_for(present, is_it, is_not) == pytest.approx(FLOOR + (1 - FLOOR) * odds / odds.mean())


def test_a_gate_that_nothing_sets_apart_is_open() -> None:
    present = sparse.csr_array(np.ones((2, 3)))
    assert gate_for(present, np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(np.ones(3))


def dense(x: Floats, is_it: Floats, weight: Floats) -> tuple[Floats, Callable[[Floats], tuple[Floats, float]]]:
    """The loss of the module's first lines by dense matrices, minimised to the last digit."""
    present = sparse.csr_array((x > 0).astype(float))
    yes, no = weight * is_it, weight * (1 - is_it)
    r_0 = gate_for(present, yes.sum(1), no.sum(1))
    r = np.stack([gate_for(present, yes[:, w], no[:, w]) for w in (0, 1)], axis=1)
    n = x.shape[1]

    def parts(v: Floats) -> tuple[Floats, float]:
        own = np.sqrt(VARIANCE * (1 - SHARED)) * r * v[n : 3 * n].reshape(n, 2)
        return np.sqrt(VARIANCE * SHARED) * (r_0 * v[:n])[:, None] + own, PRIOR + v[-1]

    def loss(v: Floats) -> float:
        u, b = parts(v)
        z = x @ u + b
        wrong = np.where(is_it > 0, np.logaddexp(0, -z), np.logaddexp(0, z))
        return float((weight * wrong).sum() + v @ v / 2)

    best = minimize(loss, np.zeros(3 * n + 1), method="L-BFGS-B", options={"maxiter": 5000, "maxfun": 10**6}).x
    assert loss(best) < 0.8 * loss(np.zeros(3 * n + 1)), "else this shows nothing"
    return best, parts


def test_the_fit_is_at_the_minimum_of_its_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random((30, 15)) < 0.3, rng.random((30, 15)), 0.0)
    is_it = np.stack([np.arange(30) < 8, np.arange(30) % 3 == 0], axis=1).astype(float)
    weight = rng.random((30, 2))
    best, parts = dense(x, is_it, weight)
    expected = x @ parts(best)[0] + parts(best)[1]

    def error() -> float:
        u, bias = fit(sparse.csr_array(x), is_it, weight, lambda: False)
        return float(np.abs(logistic(x @ u + bias) - logistic(expected)).max())

    assert error() < 0.05
    monkeypatch.setattr(gate_fit, "TOLERANCE", 1e-12)
    monkeypatch.setattr(gate_fit, "STEPS", 1000)
    assert error() < 1e-3


def test_all_of_it_is_the_gate_as_it_is_described() -> None:
    """Log counts times idf, of unit length, weights by certainty and age: the same by dense matrices, from the texts
    to the probabilities."""
    texts = [one.text for one in EVENING]
    vocabulary = sorted({ngram for text in texts for ngram in ngrams(text)})
    counts = np.array([[ngrams(text)[ngram] for ngram in vocabulary] for text in texts], float)
    idf = np.log((1 + len(texts)) / (1 + (counts > 0).sum(0))) + 1
    x = np.log1p(counts) * idf
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    # of lit and of dark: what each of EVENING says, and how surely
    is_it = np.array([[1, 0], [0, 1], [0, 0], [0, 0], [1, 0], [0, 1]], float)
    sure = np.array([[1, ASIDE], [ASIDE, 1], [1, 0], [0, 1], [1, ASIDE], [ASIDE, 1]])
    weight = sure * 0.5 ** (np.arange(6)[::-1, None] / HALF_LIFE)
    best, parts = dense(x, is_it, weight)
    expected = logistic(x @ parts(best)[0] + parts(best)[1])

    gate = taught(EVENING)
    known = {ngram: gate.idf[j] for ngram, j in gate.vocabulary.items()}
    assert known == pytest.approx(dict(zip(vocabulary, idf, strict=True)), rel=1e-6)
    assert gate.unknown == pytest.approx(np.log(1 + len(texts)) + 1)
    assert [gate.predict(Said(text), False).lit for text in texts] == pytest.approx(expected[:, 0], abs=0.02)
    assert [gate.predict(Said(text), True).dark for text in texts] == pytest.approx(expected[:, 1], abs=0.02)
