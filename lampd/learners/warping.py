"""How far one sound is from many others when time may be warped (dynamic time warping, Sakoe and Chiba 1978).

    D[i, j] = min(D[i-1, j] + c[i, j], D[i, j-1] + c[i, j], D[i-1, j-1] + 2 c[i, j])

with c the Euclidean distance of two moments; what leaves is D at the end over the sum of the weights on the way, so it
is in the units of c. Paths keep within BAND of the diagonal. All others are gone through at once, an antidiagonal at a
time.
"""

import numpy as np
from numpy.typing import NDArray

BAND = 6

Floats = NDArray[np.float32]


def distances(one: Floats, others: Floats) -> Floats:
    """(N) of `one` (frames, features) to each of `others` (features, frames, N)."""
    features, frames, count = others.shape
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a b
    cost = (-2 * one @ others.reshape(features, frames * count)).reshape(frames, frames, count)
    cost += np.einsum("dtn,dtn->tn", others, others)
    cost += (one * one).sum(1)[:, None, None]
    np.maximum(cost, 0, out=cost)
    np.sqrt(cost, out=cost)
    down, along, across = cost.strides
    never = np.float32(np.inf)
    # row i of these is D[i, k - i] of the antidiagonals k - 2 and k - 1
    before, last = (np.full((frames + 1, count), never, np.float32) for _ in range(2))
    before[0] = 0
    for k in range(2, 2 * frames + 1):
        low, high = max(1, k - frames, (k - BAND + 1) // 2), min(frames, k - 1, (k + BAND) // 2)
        here = np.lib.stride_tricks.as_strided(
            cost[low - 1 :, k - low - 1 :], (high - low + 1, count), (down - along, across), writeable=False
        )
        now = np.full((frames + 1, count), never, np.float32)
        straight = np.minimum(last[low - 1 : high], last[low : high + 1])
        straight += here
        np.minimum(straight, before[low - 1 : high] + 2 * here, out=now[low : high + 1])
        before, last = last, now
    return np.asarray(last[frames] / (2 * frames), np.float32)
