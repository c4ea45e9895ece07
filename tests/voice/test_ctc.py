"""From CTC logits to text: the best string, and guesses that are drawn as the posterior has it."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lampd.learners.ngrams import expected, ngrams
from lampd.voice.ctc import SAMPLES, Alphabet, Logits, collapsed, decode, guesses

AB = Alphabet(("", " ", "A", "B"), 0)


def logits_of(*frames: list[float]) -> Logits:
    return np.log(np.maximum(np.array(frames, np.float32), 1e-30))


def random_logits(frames: int) -> Logits:
    return np.random.default_rng(0).normal(size=(frames, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ((2, 2, 2), "A"),
        ((2, 0, 2), "AA"),
        ((0, 0), ""),
        ((2, 1, 1, 3), "A B"),
        ((1, 2, 1, 0, 1, 3, 1), "A B"),
        ((), ""),
    ],
)
def test_paths_collapse(outputs: tuple[int, ...], text: str) -> None:
    assert collapsed(np.array([outputs], np.int64), AB) == [text]


def test_guesses_are_as_frequent_as_they_are_probable() -> None:
    frames = [[0.1, 0.2, 0.4, 0.3], [0.3, 0.1, 0.5, 0.1]]
    chances: Counter[str] = Counter()
    for outputs in itertools.product(range(4), repeat=2):
        chances[collapsed(np.array([outputs]), AB)[0]] += frames[0][outputs[0]] * frames[1][outputs[1]]
    samples = 40_000
    found = Counter(guesses(logits_of(*frames), AB, samples))
    assert found.keys() == chances.keys()
    for text, chance in chances.items():
        # five standard errors
        assert found[text] / samples == pytest.approx(chance, abs=5 * (chance * (1 - chance) / samples) ** 0.5), text


def test_the_counts_expected_of_guesses_are_those_of_all_paths() -> None:
    frames = np.random.default_rng(3).dirichlet(np.ones(4), 4)
    exact: Counter[str] = Counter()
    for outputs in itertools.product(range(4), repeat=len(frames)):
        for ngram, count in ngrams(collapsed(np.array([outputs]), AB)[0]).items():
            exact[ngram] += count * np.prod([frame[output] for frame, output in zip(frames, outputs, strict=True)])
    samples = 40_000
    found = expected(guesses(np.log(frames).astype(np.float32), AB, samples), least=0.0)
    assert found.keys() <= exact.keys()
    # counts of four frames are 4 at most
    assert found | dict.fromkeys(exact.keys() - found.keys(), 0.0) == pytest.approx(exact, abs=10 / samples**0.5)


def test_where_all_is_certain_every_guess_is_the_best_string() -> None:
    logits = np.full((6, 4), -1000, np.float32)
    logits[range(6), [2, 2, 0, 2, 1, 3]] = 0
    assert decode(logits, AB) == ("AA B", pytest.approx(1.0))
    assert {*guesses(logits, AB)} == {"AA B"}


def test_guesses_are_the_same_again_and_fewer_are_the_first_of_more() -> None:
    many = guesses(random_logits(30), AB)
    assert (len(many), many) == (SAMPLES, guesses(random_logits(30), AB))
    assert len({*many}) > 8
    assert guesses(random_logits(30), AB, 8) == many[:8]


def test_no_frame_says_nothing() -> None:
    nothing = np.zeros((0, 4), np.float32)
    assert decode(nothing, AB) == ("", 0.0)
    assert guesses(nothing, AB, 3) == ["", "", ""]


def test_confidence_is_that_of_the_frames_that_speak() -> None:
    logits = logits_of([0.9, 0.0, 0.1, 0.0], [0.2, 0.0, 0.8, 0.0], [0.5, 0.0, 0.1, 0.4], [0.3, 0.0, 0.2, 0.5])
    assert decode(logits, AB) == ("AB", pytest.approx((0.8 * 0.5) ** 0.5))


def test_an_alphabet_is_that_of_its_vocabulary(tmp_path: Path) -> None:
    """Marks are no speech, tokens may be of several letters, and a bracket alone is a letter."""
    tokens = ["<pad>", "<unk>", "[UNK]", "|", "a", "ch", "<", "'"]
    (tmp_path / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    alphabet = Alphabet.of(tmp_path)
    assert alphabet == (("", "", "", " ", "a", "ch", "<", "'"), 0)
    assert collapsed(np.array([[5, 0, 4, 1, 4, 3, 7]]), alphabet) == ["chaa '"]
