"""Distances under warped time, against the recursion as it is written."""

import numpy as np
import pytest

from lampd.learners.warping import BAND, distances


def slowly(one: np.ndarray, other: np.ndarray) -> float:
    frames = len(one)
    best = np.full((frames + 1, frames + 1), np.inf)
    best[0, 0] = 0
    for i in range(1, frames + 1):
        for j in range(max(1, i - BAND), min(frames, i + BAND) + 1):
            cost = np.linalg.norm(one[i - 1] - other[j - 1])
            best[i, j] = min(best[i - 1, j] + cost, best[i, j - 1] + cost, best[i - 1, j - 1] + 2 * cost)
    return float(best[frames, frames] / (2 * frames))


@pytest.mark.parametrize("frames", [2, 9, 32])
def test_it_is_the_recursion(frames: int) -> None:
    chance = np.random.default_rng(frames)
    one = chance.normal(size=(frames, 5)).astype(np.float32)
    others = chance.normal(size=(5, frames, 7)).astype(np.float32)
    found = distances(one, others)
    assert found == pytest.approx([slowly(one, others[:, :, number].T) for number in range(7)], rel=1e-4)


def test_the_same_is_near_and_the_same_more_slowly_is_nearer_than_without_warping() -> None:
    time = np.linspace(0, 1, 32)[:, None]
    tune = np.hstack([np.sin(time * k) for k in range(3, 12)]).astype(np.float32)
    late = np.hstack([np.sin(time**1.2 * k) for k in range(3, 12)]).astype(np.float32)
    same, warped = distances(tune, np.stack([tune.T, late.T], axis=2))
    assert same < 1e-2
    assert warped < 0.5 * np.linalg.norm(tune - late, axis=1).mean()


def test_there_may_be_nothing_to_compare_with() -> None:
    assert len(distances(np.zeros((32, 3), np.float32), np.zeros((3, 32, 0), np.float32))) == 0
