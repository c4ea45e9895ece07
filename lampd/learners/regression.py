"""Logistic regression of a few inputs with a normal prior."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit(x: Floats, truth: Floats, weight: Floats, mean: Floats, spread: Floats) -> Floats:
    """Weights (D) at the maximum of the likelihood of `truth` (M, 0 or 1) given `x` (M, D), observations counting
    `weight` (M) each, times a normal prior with `mean` and standard deviations `spread` (D); by Newton's method."""
    z, precision = mean.copy(), spread**-2.0
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(x @ z, -50, 50)))
        slope = x.T @ (weight * (p - truth)) + precision * (z - mean)
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(curvature, slope)
        # far from the maximum the likelihood is no parabola
        z -= step * min(1.0, 1.0 / max(float((np.abs(step) / spread).max()), 1e-9))
        if (np.abs(step) / spread).max() < 1e-6:
            break
    return z
