"""Whether what is alike is heard alike, in numbers."""

import numpy as np
import pytest

from lampd.bench.consistency import cosines, figures, nearest
from lampd.learners.ngrams import ngrams


def test_cosines_are_of_logarithms_of_counts() -> None:
    likeness = cosines([{"a": 1.0}, {"a": 1.0, "b": 1.0}, {"b": 3.0}, {}])
    assert likeness[0] == pytest.approx([1, 0.5**0.5, 0, 0])
    assert likeness[3] == pytest.approx([0, 0, 0, 0])


def test_a_consistent_ear_tells_words_apart_and_a_deaf_one_guesses() -> None:
    words = ["three", "seven"] * 10
    heard = figures(cosines([ngrams(word) for word in words]), words, 2)
    assert heard["same"] == pytest.approx(1) and heard["different"] < 0.2
    assert heard["nearest"] == 1.0
    noise = np.random.default_rng(0).random((20, 20))
    assert 0.2 < sum(nearest(noise, words, 2, seed) for seed in range(20)) / 20 < 0.8
