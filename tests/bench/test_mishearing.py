"""Text is misheard as often, and in the ways, that was measured."""

import random
import statistics
from pathlib import Path

import pytest

from lampd.bench.mishearing import Mishearing
from lampd.voice.comparison import distance

SAID = "turn the light on in the kitchen"
TIMES = 1500


@pytest.fixture(scope="module")
def mishear(data_folder: Path) -> Mishearing:
    return Mishearing(data_folder)


def errors(mishear: Mishearing, noise: float) -> float:
    """Character errors in a text heard many times, as a share."""
    rng = random.Random(1)
    return statistics.fmean(distance(SAID, mishear(SAID, noise, rng)) / len(SAID) for _ in range(TIMES))


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("abc", "abd", 1),
        ("abc", "xabc", 1),
        ("kitten", "sitting", 3),
        ("ab", "ba", 2),
    ],
)
def test_edits_between_texts(a: str, b: str, edits: int) -> None:
    assert distance(a, b) == distance(b, a) == edits


def test_the_measured_rates_are_those_of_the_data(mishear: Mishearing) -> None:
    """Its notes say: median 4 %, 90th percentile 19 %, 99th 53 %."""
    shares = statistics.quantiles(mishear.rates, n=100)
    assert (shares[49], shares[89], shares[98]) == pytest.approx((0.04, 0.19, 0.53), rel=0.25)


def test_it_makes_as_many_errors_as_were_measured(mishear: Mishearing) -> None:
    assert errors(mishear, 1.0) == pytest.approx(statistics.fmean(mishear.rates), rel=0.15)


def test_twice_the_noise_makes_twice_the_errors_up_to_a_limit(mishear: Mishearing) -> None:
    expected = statistics.fmean(min(0.9, 2 * rate) for rate in mishear.rates)
    assert errors(mishear, 2.0) == pytest.approx(expected, rel=0.15)


def test_errors_come_together(mishear: Mishearing) -> None:
    """A rate is drawn for an utterance: many are heard without any fault, some hardly at all."""
    rng = random.Random(2)
    heard = [distance(SAID, mishear(SAID, 1.0, rng)) / len(SAID) for _ in range(TIMES)]
    assert sum(share == 0 for share in heard) > 0.3 * TIMES
    assert sum(share > 0.3 for share in heard) > 0.01 * TIMES


@pytest.mark.parametrize("text", ["", "a", SAID, "Grüße, ж 12!", " \t "])
def test_without_noise_nothing_changes(mishear: Mishearing, text: str) -> None:
    rng = random.Random(3)
    assert {mishear(text, 0.0, rng) for _ in range(200)} == {text}


def test_letters_that_nobody_measured_are_kept_or_lost(mishear: Mishearing) -> None:
    rng = random.Random(4)
    for _ in range(200):
        assert {letter for letter in mishear("жжжж", 5.0, rng)} <= {"ж", *mishear.inserted[0]}


def test_the_same_chance_mishears_the_same(mishear: Mishearing) -> None:
    once, again = random.Random(5), random.Random(5)
    assert [mishear(SAID, 2.0, once) for _ in range(50)] == [mishear(SAID, 2.0, again) for _ in range(50)]
