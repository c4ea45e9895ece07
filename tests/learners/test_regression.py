"""The maximum that is found is one."""

import numpy as np
import pytest

from lampd.learners.regression import fit


@pytest.mark.parametrize("seed", range(5))
def test_the_slope_of_the_posterior_is_nought_there(seed: int) -> None:
    chance = np.random.default_rng(seed)
    x = np.hstack([np.ones((60, 1)), chance.normal(size=(60, 2))])
    mean, spread = np.array([-2.0, 10.0, 4.0]), np.array([1.5, 3.0, 3.0])
    truth = (chance.random(60) < 1 / (1 + np.exp(-x @ np.array([-1.0, 3.0, 0.5])))).astype(float)
    weight = chance.random(60)
    z = fit(x, truth, weight, mean, spread)
    slope = x.T @ (weight * (1 / (1 + np.exp(-x @ z)) - truth)) + (z - mean) / spread**2
    assert slope == pytest.approx(np.zeros(3), abs=1e-4)


def test_without_evidence_the_prior_stands() -> None:
    mean = np.array([1.0, -1.0])
    assert fit(np.zeros((0, 2)), np.zeros(0), np.zeros(0), mean, np.ones(2)) == pytest.approx(mean)
