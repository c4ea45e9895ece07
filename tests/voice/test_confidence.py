"""Confidence is the share of characters that are right, where that was measured."""

import json
from pathlib import Path

import numpy as np
import pytest

from lampd.voice import confidence
from lampd.voice.folder import VoiceError


def judged(count: int, seed: int) -> list[tuple[float, int, int]]:
    """A path of probability p is right in p squared of its twenty characters."""
    chance = np.random.default_rng(seed)
    return [(p, int(chance.binomial(20, 1 - p * p)), 20) for p in chance.uniform(0.2, 1, count).tolist()]


def test_it_rises_and_is_what_was_measured() -> None:
    told = confidence.by(confidence.measure(judged(3000, 0)))
    for probability in (0.4, 0.6, 0.9):
        assert told(probability) == pytest.approx(probability**2, abs=0.04)
    every = [told(p) for p in np.linspace(0, 1, 50)]
    assert every == sorted(every)
    assert confidence.off(judged(1000, 1), told) < 0.03 < confidence.off(judged(1000, 1), lambda p: p)


def test_more_errors_than_characters_are_no_less_than_nothing_right() -> None:
    assert set(confidence.measure([(0.1, 30, 20)] * 20)["right"]) == {0.0}


def test_a_voice_that_was_not_measured_says_what_it_said(tmp_path: Path) -> None:
    assert confidence.of(tmp_path)(0.3) == 0.3
    (tmp_path / confidence.MEASURED).write_text(json.dumps({"probability": [0.0, 1.0], "right": [0.0, 0.5]}))
    assert confidence.of(tmp_path)(0.5) == 0.25


@pytest.mark.parametrize("damaged", ["", "{}", '{"probability": [1], "right": []}'])
def test_a_damaged_measurement_is_an_error(tmp_path: Path, damaged: str) -> None:
    (tmp_path / confidence.MEASURED).write_text(damaged)
    with pytest.raises(VoiceError, match=confidence.MEASURED):
        confidence.of(tmp_path)
