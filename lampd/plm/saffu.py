"""The self-attentive feed-forward unit (2311.07510, equation 1): heads and their contexts arrive, features leave.

With x_h the head's vector and X (K, D) those of its context,

    Q = x_h X^T,      A = -log softmax(Q W),      H = A X (sum)  or  [A_1 X_1, ..., A_K X_K] (cat).

Where attention is uniform, A is log K throughout: features are divided by K log K (sum) or log K (cat), the priming
number, so that contexts of any length speak in one voice. Keys that lie in the future are masked: they have
no comparison, no probability and no weight.
"""

import math

import torch
from torch import Tensor

FLOOR = 1e-6


def comparisons(vectors: Tensor) -> Tensor:
    """G = E E^T (N, N), to look comparisons of static vectors up in."""
    return vectors @ vectors.T


def attention(queries: Tensor, weights: Tensor, valid: Tensor | None = None) -> Tensor:
    """A / log K (..., K) from Q (..., K) and W (K, K); `valid` (..., K) is false where a key is masked.

    Every head must have two keys or more: of one, nothing can be told.
    """
    if valid is None:
        return -(queries @ weights).log_softmax(-1) / math.log(queries.shape[-1])
    logits = (queries * valid) @ weights
    log_share = logits.masked_fill(~valid, -math.inf).log_softmax(-1)
    return -log_share.masked_fill(~valid, 0.0) / valid.sum(-1, keepdim=True).log()


def joined(shares: Tensor, keys: Tensor, join: str) -> Tensor:
    """H from A / log K (..., K) and X (..., K, D): (..., D) for "sum", (..., K D) for "cat"."""
    if join == "sum":
        return (shares.unsqueeze(-2) @ keys).squeeze(-2) / shares.shape[-1]
    return (shares.unsqueeze(-1) * keys).flatten(-2)


def starting_targets(labels: Tensor) -> Tensor:
    """What keys should be compared with before U is known, from E_i of each target (M, D): the same shape.

    V^[m, k] = [log E_im - log(mean E_i) + c] . X[m, k]: this is what stands in brackets.
    """
    labels = labels.clamp(min=FLOOR)
    return labels.log() - labels.mean(0).log()


def tuning_targets(labels: Tensor, outputs: Tensor, u: Tensor) -> Tensor:
    """The same once U is known: (M, D) from U (D, N), or (M, K, D) from a slice for each key, U (K, D, N), for cat.

    V[m, k] = [U y_m - U softmax(H_m U) + c] . X[m, k], of labels y (M, N) and outputs softmax(H U) (M, N).
    """
    return torch.einsum("mn,...dn->m...d", labels - outputs, u)


def offset(keys: int, outputs: int) -> float:
    """c = 2 (1 + 1/K) log N, which lifts targets above zero."""
    return 2 * (1 + 1 / keys) * math.log(max(2, outputs))
