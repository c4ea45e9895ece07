"""The bit cipher: one vector of D bits per token, the more discernible the more frequent the token (2311.11012).

The number of tokens arrives, in order of falling frequency; first the D one-hot vectors leave, then the two-hot ones,
and so on. The noise that keeps logarithms finite is 2311.07498's.
"""

import torch
from torch import Tensor


def bits(tokens: int, dimension: int) -> Tensor:
    """Z (tokens, dimension): the vectors of zeros and ones of `tokens` tokens, in order, all different, none zero.

    Vectors z of norm d are |B(d-1)[j] - I[i]|, j running fastest, with B(0) the zero vector and I the standard basis;
    B(d) is reversed once it is complete, I once after d = 1. Raises ValueError where 2^dimension - 1 are too few.
    """
    if dimension < 1 or tokens >= 2**dimension:
        raise ValueError(f"{dimension} bits tell {max(0, 2**dimension - 1)} tokens apart, not {tokens}")
    basis = [1 << index for index in range(dimension)]
    found: list[int] = []
    previous, norm = [0], 1
    while len(found) < tokens:
        level: dict[int, None] = {}
        for unit in basis:
            level.update((one ^ unit, None) for one in previous if (one ^ unit).bit_count() == norm)
            if len(found) + len(level) >= tokens:
                break
        if norm == 1:
            basis.reverse()
        found += level
        previous, norm = list(reversed(level)), norm + 1
    words = [[one >> low & 0xFFFFFFFF for low in range(0, dimension, 32)] for one in found[:tokens]]
    packed = torch.tensor(words, dtype=torch.int64).view(tokens, -1, 1)
    return (packed >> torch.arange(32) & 1).flatten(1)[:, :dimension].float()


def normalised(z: Tensor) -> Tensor:
    """E = Z / ||Z||_1, row by row; a row of zeros stays one."""
    norm = z.sum(-1, keepdim=True)
    return z / torch.where(norm > 0, norm, 1)


def noised(e: Tensor, counts: Tensor) -> Tensor:
    """E_n (N, D) of unit row sums without a zero, from E (N, D) and how often each token was seen (N).

    E_n = q_n E_n + (1 - q_n) p with q_n = f_n / (f_n + 1), p = (1 - e) / ||1 - e||_1 and e the mean row of E weighted
    by f. Where p itself has zeros, as for one token of one bit, nothing is left to mix in and E is given back.
    """
    total = counts.sum()
    mean = (e * counts[:, None]).sum(0) / total if total > 0 else e.mean(0)
    rest = (1 - mean).clamp(min=0)
    if rest.sum() == 0:
        return e
    q = (counts / (counts + 1))[:, None]
    return q * e + (1 - q) * rest / rest.sum()
