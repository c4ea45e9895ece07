"""Measurements arrive; which of the published claims they bear out leaves, each with the numbers that decide it.

[A] arXiv 2311.07498, [B] 2311.07510, [T] the talk (Stanford CS25 V4) by the same authors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lampd.bench.caching import Speed
from lampd.bench.race import Run

WELL_BELOW = 0.8
"""Of the unigram perplexity."""
SATURATED = 1.05
"""Perplexity on half of the text over that on all of it."""
NOTABLE = 1.01
"""Perplexities closer than this are the same."""


@dataclass(frozen=True)
class Claim:
    source: str
    text: str
    where: str
    holds: bool
    numbers: str

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "does not hold"
        return f"[{self.source}] {self.text} ({self.where}): {verdict}; {self.numbers}"


def of_race(where: str, warm: Run, cold: Run, unigram: float) -> Iterator[Claim]:
    """All perplexities are of the test text."""

    def beats(when: str, one: float, other: float) -> Claim:
        return Claim("AB", f"warm beats cold {when}", where, one * NOTABLE < other, f"{one:.1f} against {other:.1f}")

    yield beats("at no gradient", warm.start.test, cold.start.test)
    first, other = warm.epoch(1), cold.epoch(1)
    if first and other:
        yield beats("after one epoch", first.test, other.test)
    ended = "at convergence" if warm.finished and cold.finished else "when time was up"
    yield beats(ended, warm.best.test, cold.best.test)
    numbers = f"{warm.start.test:.1f} against {unigram:.1f}, well below being {WELL_BELOW:.0%}"
    low = warm.start.test < WELL_BELOW * unigram
    yield Claim("B", "no gradient at all is well below unigram", where, low, numbers)


def of_beginnings(where: str, by_share: dict[str, float], by_kind: dict[str, float]) -> Iterator[Claim]:
    half, whole = by_share["0.5"], by_share["1"]
    numbers = ", ".join(f"{value:.1f} on {float(share):.0%}" for share, value in by_share.items())
    numbers += f", saturated being within {SATURATED - 1:.0%} at half"
    yield Claim("T", "the warm start saturates on part of the text", where, half < SATURATED * whole, numbers)
    level, start, tuning, softmax = (by_kind[kind] for kind in ("W = 0", "W start", "W tuning", "W start, softmax"))
    numbers = f"{start:.1f} from the targets to start from, {tuning:.1f} from those to tune by, against {level:.1f}"
    better = min(start, tuning) * NOTABLE < level
    yield Claim("B", "attention's explicit W is better than W = 0", where, better, numbers)
    numbers = f"{start:.1f} against {softmax:.1f}"
    yield Claim("B", "-log softmax is better than softmax when warm", where, start * NOTABLE < softmax, numbers)


def of_caching(speeds: Sequence[Speed]) -> Claim:
    """Ratios must be above 1 for the longest block, and higher for the longer blocks than for the shorter."""
    half = len(speeds) // 2

    def grows(ratios: list[float]) -> bool:
        shorter, longer = ratios[:half], ratios[-half:]
        return ratios[-1] > 1 and sum(longer) > NOTABLE * sum(shorter)

    attention, steps = [speed.features for speed in speeds], [speed.step for speed in speeds]
    numbers = "; ".join(f"{one.length}: {one.features:.2f}, in training {one.step:.2f}" for one in speeds)
    text = "cached comparisons speed up the more, the longer the block"
    return Claim("T", text, "this processor", grows(attention) and grows(steps), numbers)


def of_digits(found: dict[str, Any]) -> Iterator[Claim]:
    warm, cold = found["warm"], found["cold"]
    numbers = f"{cold['epochs']} against {warm['epochs']} to the best by the loss on those to stop by, as published"
    goal = min(warm["accuracy"], cold["accuracy"])
    numbers += f", but {cold['reached']} against {warm['reached']} to {goal:.1%} of the test digits"
    where = "8 x 8 digits"
    yield Claim("A", "cold needs more epochs", where, cold["epochs"] > warm["epochs"], numbers)
    numbers = f"{warm['start']:.1%} against {cold['start']:.1%}"
    yield Claim("A", "warm beats cold at no gradient", where, warm["start"] > cold["start"], numbers)
    numbers = f"{warm['accuracy']:.1%} against {cold['accuracy']:.1%}"
    yield Claim("A", "warm beats cold in the end", where, warm["accuracy"] > cold["accuracy"], numbers)
